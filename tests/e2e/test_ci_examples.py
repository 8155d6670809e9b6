"""The shell lines of docs/ci.md, run as a CI system runs them: a fresh Python, a checkout, loopback alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.distributions import make_wheel, metadata_text
from support.index_server import TestIndex
from support.program import HERE, Desk, little_world
from support.wheelhouse import CHECKOUT, wheelhouse

PAGE = CHECKOUT / "docs" / "ci.md"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
CHECK = """\
from provenv.hooks import Check, CheckOutcome, hookimpl


def run(context):
    code = context.run([context.python, "-c", "import alpha; print('alpha', alpha.__version__)"], {})
    return CheckOutcome(failures=() if code == 0 else ("alpha can't be imported",))


@hookimpl
def provenv_checks():
    yield Check(name="alpha", run=run)
"""
"""A team's own acceptance check, since the tiny project has no torch that could be trained."""


def example(title: str) -> str:
    """The YAML of a section of the page."""
    section = PAGE.read_text(encoding="utf-8").partition(f"## {title}\n")[2]
    found = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert found, f"docs/ci.md has no example for {title}"
    return found[1]


def github_lines() -> list[str]:
    return re.findall(r"^ +- run: (.+)$", example("GitHub Actions"), re.MULTILINE)


def gitlab_lines() -> list[str]:
    script = re.search(r"^  script:\n((?:    - .+\n)+)", example("GitLab"), re.MULTILINE)
    assert script
    return [line.strip().removeprefix("- ") for line in script[1].splitlines()]


def gitlab_variables() -> dict[str, str]:
    block = re.search(r"^  variables:\n((?:    \w+: .+\n)+)", example("GitLab"), re.MULTILINE)
    assert block
    return dict(line.strip().split(": ", 1) for line in block[1].splitlines())


@dataclass(frozen=True)
class Runner:
    """A CI machine: its checkout, its Python (for all jobs, as in a prepared image), its variables."""

    desk: Desk
    python: Path
    house: Path

    def job(self, lines: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the lines of a job as GitHub and GitLab do: in one checkout, until one fails."""
        environment = {
            **self.desk.variables,
            "PATH": f"{self.python / 'bin'}{os.pathsep}{self.desk.variables['PATH']}",
            "CI": "true",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.house),
            "PIP_REQUIREMENT": str(self.house / "team.txt"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            **variables,
        }
        return subprocess.run(
            ["bash", "-e", "-c", "\n".join(lines)],
            cwd=self.desk.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A Python with nothing but pip, and the wheels that its pip may take."""
    root = tmp_path_factory.mktemp("image")
    house = wheelhouse(root / "wheels")
    check = make_wheel(
        "team-check",
        "1.0",
        metadata_text("team-check", "1.0"),
        files={
            "team_check.py": CHECK,
            "team_check-1.0.dist-info/entry_points.txt": "[provenv]\nteam = team_check\n",
        },
    )
    (house / "team_check-1.0-py3-none-any.whl").write_bytes(check)
    (house / "team.txt").write_text("team-check\n")
    venv.create(root / "python", with_pip=True, symlinks=True)
    return root / "python", house


@pytest.fixture
def runner(desk: Desk, image: tuple[Path, Path]) -> Iterator[Runner]:
    """A checkout with a committed lock from a loopback index."""
    with little_world() as index:
        desk.manifest(index, "alpha", table="pip-config = false\n")
        desk.run("lock")
        yield Runner(desk, *image)


JOBS = {"GitHub Actions": github_lines, "GitLab": gitlab_lines}


@pytest.mark.parametrize("system", JOBS)
def test_the_lines_of_an_example_prove_the_project(runner: Runner, system: str) -> None:
    lines = JOBS[system]()
    assert lines == ["python -m pip install provenv", "provenv up --locked"]
    before = runner.desk.lock().read_bytes()
    done = runner.job(lines)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"^{HERE} proven .*on cpu: .*{HERE}\.json$", done.stdout, re.MULTILINE)
    assert re.search(r"^  \| alpha 2\.0$", done.stderr, re.MULTILINE)
    assert not CONTROL.search(done.stdout + done.stderr)
    assert runner.desk.lock().read_bytes() == before
    proof = json.loads((runner.desk.locks / "proofs" / f"{HERE}.json").read_text())
    assert proof["verdict"] == "proven"
    again = runner.job(lines[-1:])
    assert again.returncode == 0


def test_a_stale_lock_ends_the_job_and_its_log_shows_what_changed(runner: Runner) -> None:
    manifest = runner.desk.folder / "pyproject.toml"
    manifest.write_text(manifest.read_text().replace('"alpha"', '"alpha<2"'))
    done = runner.job(github_lines())
    assert done.returncode == 1
    name = runner.desk.lock().name
    assert done.stderr.splitlines() == [
        "error: 1 of 1 locks is missing or stale",
        f"  {name}: + alpha<2 (pyproject.toml:4)",
        f"  {name}: - alpha",
        "hint: run `provenv lock` and commit what it writes",
    ]
    assert not CONTROL.search(done.stdout + done.stderr)
    assert not (runner.desk.folder / ".provenv").exists()


def test_a_missing_lock_ends_the_job(runner: Runner) -> None:
    runner.desk.lock().unlink()
    done = runner.job(gitlab_lines())
    assert done.returncode == 1
    assert f"{runner.desk.lock().name}: there is no lock yet" in done.stderr


def test_an_environment_that_does_not_work_is_not_proven(runner: Runner) -> None:
    lines = github_lines()
    assert runner.job(lines).returncode == 0
    site = runner.desk.site_packages()
    (site / "alpha.py").write_text("raise ImportError('broken')\n")
    done = runner.job(lines[-1:])
    assert done.returncode == 1
    assert "alpha can't be imported" in done.stderr
    proof = json.loads((runner.desk.locks / "proofs" / f"{HERE}.json").read_text())
    assert proof["verdict"] == "failed"


def test_gitlabs_variables_keep_every_cache_in_the_checkout(runner: Runner) -> None:
    told = {
        name: value.replace("$CI_PROJECT_DIR", str(runner.desk.folder))
        for name, value in gitlab_variables().items()
    }
    runner.desk.variables.pop("UV_CACHE_DIR")
    done = runner.job(gitlab_lines(), **told)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (runner.desk.root / "home" / ".cache").joinpath("uv").exists()
    assert (runner.desk.folder / ".cache" / "uv").is_dir()
    assert "paths: [.cache/]" in example("GitLab")


def test_the_page_shows_a_stale_lock_as_it_is_told(desk: Desk) -> None:
    with TestIndex() as index:
        index.add("torch", "2.10")
        desk.manifest(index, "numpy>=2")
        refused = desk.run("up", "--locked", expect=1).err
    for line in (refused.splitlines()[0], refused.splitlines()[-1]):
        assert line in PAGE.read_text(encoding="utf-8").splitlines()
