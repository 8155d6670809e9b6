"""`check` and `install` on a real project: locked from a loopback index in the default one's place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.index_server import TestIndex

MANIFEST = """\
[project]
name = "team"
version = "1"
dependencies = [
    "alpha",
    "beta<2",
]

[tool.provenv]
accelerators = ["cpu"]
"""


@dataclass
class Team:
    """A project folder, and the commands in it."""

    folder: Path
    index: TestIndex
    variables: dict[str, str] = field(default_factory=dict)

    def provenv(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "provenv", *arguments],
            cwd=self.folder,
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def answer(self, *arguments: str | Path, code: int = 0) -> dict[str, object]:
        done = self.provenv(*arguments, "--json")
        assert done.returncode == code, done.stderr + done.stdout
        told: dict[str, object] = json.loads(done.stdout)
        return told

    def manifest(self, text: str) -> None:
        (self.folder / "pyproject.toml").write_text(text)

    @property
    def lock(self) -> Path:
        return next((self.folder / "lockfiles").glob("pylock.*.toml"))


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    with TestIndex() as index:
        index.add("alpha", "1.0", requires=["beta"])
        index.add("beta", "1.0")
        index.add("beta", "2.0")
        index.add("gamma", "1.0")
        folder = tmp_path / "das Projekt"
        folder.mkdir()
        home = tmp_path / "home"
        home.mkdir()
        variables = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": index.url,
            "PIP_FIND_LINKS": "",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "XDG_CONFIG_DIRS": str(home),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "UV_CACHE_DIR": str(tmp_path / "uv"),
        }
        made = Team(folder, index, variables)
        made.manifest(MANIFEST)
        yield made


def test_a_project_goes_from_manifest_to_environment(team: Team) -> None:
    assert team.provenv("check").returncode == 1
    assert team.provenv("install").returncode == 7
    assert team.provenv("lock").returncode == 0
    assert team.provenv("check").returncode == 0
    told = team.answer("install")
    assert told["changed"] is True
    assert told["lock"] == str(team.lock)
    done = subprocess.run([str(told["python"]), "-c", "import alpha, beta; print(beta.__version__)"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout == "1.0\n"
    assert team.answer("install")["changed"] is False
    assert (team.folder / ".provenv" / ".gitignore").read_text() == "*\n"
    assert team.index.base not in team.lock.read_text()


def test_a_change_of_the_manifest_is_told_and_followed(team: Team) -> None:
    team.provenv("lock")
    team.answer("install")
    team.manifest(MANIFEST.replace('"beta<2"', '"gamma"'))
    stale = team.answer("check", code=1)
    assert stale["fresh"] is False
    locks = stale["locks"]
    assert isinstance(locks, list)
    assert locks[0]["reasons"] == ["+ gamma (pyproject.toml:6)", "- beta<2"]
    assert "the lock is stale" in team.provenv("install").stderr
    team.provenv("lock")
    assert team.answer("check")["fresh"] is True
    told = team.answer("install")
    names = [p.name for p in Path(str(told["prefix"])).rglob("*.dist-info")]
    assert sorted(names) == ["alpha-1.0.dist-info", "beta-1.0.dist-info", "gamma-1.0.dist-info"]


def test_check_prints_what_changed(team: Team) -> None:
    team.provenv("lock")
    team.manifest(MANIFEST.replace('"alpha"', '"alpha>=1"'))
    done = team.provenv("check")
    name = team.lock.name.removeprefix("pylock.").removesuffix(".toml")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [f"{name}: stale", "  + alpha>=1 (pyproject.toml:5)", "  - alpha"]


def test_a_damaged_lock_is_stale_and_not_installed(team: Team) -> None:
    team.provenv("lock")
    whole = team.lock.read_text()
    team.lock.write_text(whole[: len(whole) // 2])
    done = team.provenv("check")
    assert done.returncode == 1
    assert "is no lock that can be used" in done.stdout
    assert team.provenv("install").returncode == 2


def test_a_damaged_lock_of_another_platform_is_passed_over(team: Team) -> None:
    team.provenv("lock")
    here = team.lock.name.removeprefix("pylock.").removesuffix(".toml")
    other = "macos-arm64" if "linux" in here else "linux-x86_64"
    own = here[: here.index("-cpu")]
    team.manifest(MANIFEST + f'platforms = ["{own}", "{other}"]\n')
    there = team.lock.with_name(team.lock.name.replace(own, other))
    there.write_text("half a")
    told = team.answer("install", "--target", here)
    assert told["target"] == here
    told = team.answer("install")
    assert told["target"] == here
    others = told["others"]
    assert isinstance(others, list)
    assert f"it is for {other}, and this machine is {own}" in [one["reason"] for one in others]


def test_a_lock_of_local_files_is_warned_of(team: Team) -> None:
    team.index.write(team.folder / "wheels")
    team.variables |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": (team.folder / "wheels").as_uri()}
    del team.variables["PIP_INDEX_URL"]
    assert team.provenv("lock").returncode == 0
    done = team.provenv("check")
    assert done.returncode == 0
    assert "alpha 1.0 is locked to" in done.stderr
    assert "the lock is not portable" in done.stderr
    assert team.answer("install")["changed"] is True


def test_a_named_target_and_place(team: Team, tmp_path: Path) -> None:
    team.provenv("lock")
    name = team.lock.name.removeprefix("pylock.").removesuffix(".toml")
    told = team.answer("install", "--target", name, "--into", tmp_path / "there")
    assert told["prefix"] == str(tmp_path / "there")
    run = team.provenv("run", "--", "python", "-c", "import sys; print(sys.prefix)")
    assert run.stdout.strip() == str(tmp_path / "there")
    wrong = team.provenv("install", "--target", f"{name}x")
    assert wrong.returncode == 2
    assert f"did you mean {name}?" in wrong.stderr
