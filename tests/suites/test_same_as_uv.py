"""The same packages and versions as uv, for W1, W2 and W4 on twelve targets, on one recorded index.

The pages are recorded from the default index the first time (`tests/bench`'s replica keeps them), so that
both see the very same.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.places import PYTHONS, environment, home
from bench.projects import PLATFORMS, project_text, requirements
from bench.replica import URL, NoReplica, replica
from support.plugin_venvs import UV

pytestmark = pytest.mark.slow

DIFFERENCES: dict[tuple[str, str], str] = {}
"""(workload, package) -> why it may differ: a rule of ours that is another than uv's. There is none today;
uv is told what our locks promise of macOS (see `bench.places`)."""


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    """The replica's address."""
    try:
        with replica():
            yield URL
    except NoReplica as problem:
        pytest.skip(f"no recorded pages and no replica: {problem}")


def run(*command: object, cwd: Path) -> None:
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module", params=["W1", "W2", "W4"])
def locked(request: pytest.FixtureRequest, index: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with provenv's locks of a workload, and its requirements."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "pyproject.toml").write_text(project_text(request.param, index))
    (folder / "requirements.in").write_text("\n".join(requirements(request.param)))
    (folder / "workload").write_text(request.param)
    run(sys.executable, "-m", "provenv", "lock", "-q", "--cache-dir", folder / "cache", cwd=folder)
    return folder


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_packages_and_versions_are_uvs(locked: Path, platform: str, python: str) -> None:
    answer = locked / f"{platform}-{python}.txt"
    run(
        *(UV, "pip", "compile", "-q", "requirements.in", "-o", answer, "--no-header", "--no-annotate"),
        *("--python-platform", PLATFORMS[platform][0], "--python-version", python),
        *("--default-index", URL, "--cache-dir", home() / "caches" / "uv"),
        cwd=locked,
    )
    theirs = dict(line.split("==") for line in answer.read_text().split())
    lock = locked / "lockfiles" / f"pylock.{platform}-cpu-py{python.replace('.', '')}.toml"
    packages = tomllib.loads(lock.read_text())["packages"]
    ours = {package["name"]: package["version"] for package in packages}
    known = {name for workload, name in DIFFERENCES if workload == (locked / "workload").read_text()}
    differing = {
        name: (ours.get(name), theirs.get(name))
        for name in sorted({*ours, *theirs})
        if ours.get(name) != theirs.get(name) and name not in known
    }
    assert differing == {}
