"""Many processes at one cache and one environment, clocks that are wrong, and other versions of provenv."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.world import NAMES, broken_files, busy_world, locks_of, write_manifest
from support.index_server import TestIndex
from support.program import HERE, Desk, files_under

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names a Linux machine's targets and paths")


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with busy_world() as served:
        served.max_age = 1_000_000
        yield served


def ended(running: list[subprocess.Popen[str]]) -> list[int]:
    """The exit codes of programs, once all have ended; none may have shown a traceback."""
    told = [one.communicate(timeout=300) for one in running]
    assert not any("Traceback" in text for pair in told for text in pair), told
    return [one.returncode for one in running]


def test_sixteen_processes_fill_one_cache_at_once(tmp_path: Path, index: TestIndex) -> None:
    desks = [Desk(tmp_path / f"desk{number}") for number in range(16)]
    for desk in desks:
        write_manifest(desk, index, NAMES[0])
    shared = tmp_path / "cache"
    codes = ended([desk.start("lock", "--cache-dir", shared) for desk in desks])
    assert codes == [0] * 16
    assert len({json.dumps(sorted(locks_of(desk).items()), default=repr) for desk in desks}) == 1
    # what sixteen have written is whole: the next one asks for nothing
    before = len(index.log)
    desks[0].lock().unlink()
    desks[0].run("lock", "--cache-dir", shared)
    assert locks_of(desks[0]) == locks_of(desks[1])
    assert index.log[before:] == []


def test_eight_processes_install_into_one_environment_at_once(tmp_path: Path, index: TestIndex) -> None:
    desk = Desk(tmp_path)
    write_manifest(desk, index, NAMES[0])
    desk.run("lock")
    assert ended([desk.start("install") for _ in range(8)]) == [0] * 8
    assert list(broken_files(desk)) == []
    desk.run("run", "python", "-c", f"import {NAMES[0]}, built, static")


@pytest.mark.parametrize("years", [10, -10])
def test_a_clock_that_is_wrong_by_years(tmp_path: Path, index: TestIndex, years: int) -> None:
    """To files that were written with another clock, this one is set back (or far ahead)."""
    desk = Desk(tmp_path)
    write_manifest(desk, index, NAMES[0])
    desk.run("lock")
    desk.run("install")
    when = time.time() + years * 365 * 86400
    for path in [*desk.cache.rglob("*"), *desk.locks.rglob("*"), desk.folder / "pyproject.toml"]:
        os.utime(path, (when, when))
    assert desk.run("check").code == 0
    index.add(NAMES[3], "3.0", requires=["static"])
    asked = len(index.log)
    desk.lock().unlink()
    desk.run("lock")
    # a page from the future is no more to be trusted than an old one
    assert len(index.log) > asked
    assert f'name = "{NAMES[3]}"\nversion = "3.0"' in desk.lock().read_text()
    desk.run("install")
    assert list(broken_files(desk)) == []


def test_what_other_versions_of_provenv_keep_is_neither_read_nor_touched(
    tmp_path: Path, index: TestIndex
) -> None:
    desk = Desk(tmp_path)
    write_manifest(desk, index, NAMES[0])
    desk.run("lock")
    good = locks_of(desk)
    for version in ("v0", "v2"):
        for path in [path for path in (desk.cache / "v1").rglob("*") if path.is_file()]:
            other = desk.cache / version / path.relative_to(desk.cache / "v1")
            other.parent.mkdir(parents=True, exist_ok=True)
            other.write_bytes(b"prov" + b"\xff" * 40)
    others = files_under(desk.cache / "v0", desk.cache / "v2")
    desk.lock().unlink()
    desk.run("lock")
    assert locks_of(desk) == good
    assert files_under(desk.cache / "v0", desk.cache / "v2") == others


def test_an_environment_of_a_newer_provenv_is_made_anew(tmp_path: Path, index: TestIndex) -> None:
    desk = Desk(tmp_path)
    write_manifest(desk, index, NAMES[9])
    desk.run("lock")
    desk.run("install")
    note = desk.folder / ".provenv" / HERE / ".provenv.json"
    told = json.loads(note.read_text())
    note.write_text(json.dumps({**told, "format": told["format"] + 1, "lock": 7}))
    desk.run("run", "python", "-V", expect=7)
    desk.run("install")
    desk.run("run", "python", "-c", f"import {NAMES[9]}")
