"""A lock that was read whole is known by its bytes, and only by these."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from provenv.cli import main
from provenv.locks.known import Known, known_lock, remember_lock
from provenv.locks.reader import read
from provenv.pypi.cache import Cache

FLAGS = ("-q", "--cache-dir", "cache")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lock of a project without requirements, which was checked once."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\n[tool.provenv]\npip-config = false\naccelerators = ["cpu"]\n'
        'platforms = ["linux-x86_64"]\npython = ["3.12"]\n'
    )
    monkeypatch.chdir(tmp_path)
    assert main(["lock", *FLAGS]) == 0
    assert main(["check", *FLAGS]) == 0
    return tmp_path / "lockfiles" / "pylock.linux-x86_64-cpu-py312.toml"


def test_a_checked_lock_is_known_with_its_digest(project: Path, tmp_path: Path) -> None:
    known = known_lock(project, Cache(tmp_path / "cache"))
    assert known is not None
    assert f'digest = "{known.digest}"' in project.read_text()
    assert known.warnings == ()


def test_a_lock_that_was_damaged_since_is_stale(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project.write_text(project.read_text() + "\n<<<<<<< ours\n")
    assert main(["check", *FLAGS]) == 1
    assert "conflict markers of a merge" in capsys.readouterr().out


def test_a_known_lock_is_stale_when_the_manifest_changes(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "pyproject.toml"
    manifest.write_text(
        manifest.read_text().replace("[tool.provenv]", 'dependencies = ["rich"]\n[tool.provenv]')
    )
    assert main(["check", *FLAGS]) == 1
    assert "+ rich" in capsys.readouterr().out


def test_what_was_found_is_of_one_place_and_one_content(project: Path, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    other = tmp_path / "b.toml"
    other.write_bytes(project.read_bytes())
    lock = read(project)

    assert (
        remember_lock(project, lock, cache) == known_lock(project, cache) == Known(lock.digest, (), 0, "cpu")
    )

    assert known_lock(other, cache) is None
    assert known_lock(tmp_path / "absent", cache) is None
    project.write_bytes(b"x")
    assert known_lock(project, cache) is None


@pytest.mark.parametrize("command", ["check", "lock"])
def test_nothing_is_parsed_to_find_a_known_lock_fresh(project: Path, command: str) -> None:
    program = f"""
import sys
from provenv.cli import main
code = main([{command!r}, *{FLAGS!r}])
print(code, "provenv.locks.reader" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False"]


def test_locking_says_the_same_of_a_known_lock(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for cache in ("cache", "other", "other"):  # known by `check`, unknown, known by `lock`
        assert main(["lock", "--json", "--cache-dir", cache]) == 0
        told.append(capsys.readouterr().out)

    assert told[0] == told[1] == told[2]
    assert '"fresh"' in told[0]
