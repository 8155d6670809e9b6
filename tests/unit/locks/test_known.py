"""A lock that was read whole is known by its bytes, and only by these."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenv.cli import main
from provenv.locks.known import Known, known_lock, remember_lock
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


def test_what_was_found_is_of_one_place_and_one_content(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    lock, other = tmp_path / "a.toml", tmp_path / "b.toml"
    lock.write_bytes(b"")
    other.write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    remember_lock(lock, empty, cache, Known("sha256:1", ("a warning",)))
    assert known_lock(lock, cache) == Known("sha256:1", ("a warning",))
    assert known_lock(other, cache) is None
    assert known_lock(tmp_path / "absent", cache) is None
    lock.write_bytes(b"x")
    assert known_lock(lock, cache) is None
