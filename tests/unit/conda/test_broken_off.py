"""Installing where things go wrong half-way: kills, ctrl-C, full disks, closed folders, many at once."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.conda_channel import MINOR, SITE, served
from support.conda_desk import CondaDesk
from support.index_server import Fault, TestIndex
from support.program import program

IMPORTS = "import tiny, above, json, ssl"


@pytest.fixture
def locked(desk: CondaDesk, archives: Path, index: TestIndex) -> CondaDesk:
    index.add("above", "1.0")
    desk.conda([archives], f"python {MINOR}.*", "tiny <2", "activated", pypi=["above"], index=index)
    desk.run("lock")
    return desk


def wait_for(seen: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Until it is seen, or the process has ended before."""
    until = time.monotonic() + 120
    while not seen() and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.002)


def is_whole(desk: CondaDesk) -> bool:
    return (desk.prefix / ".provenv.json").exists()


MOMENTS: dict[str, Callable[[CondaDesk], Path]] = {
    "fetching": lambda desk: desk.cache / "conda" / "packages",
    "linking": lambda desk: desk.prefix / "lib",
    "records": lambda desk: desk.prefix / "conda-meta" / "base-lib-2.0-0.json",
    "wheels": lambda desk: desk.prefix / SITE / "above.py",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_moment_is_mended_by_the_next(locked: CondaDesk, moment: str) -> None:
    sign = MOMENTS[moment](locked)
    process = locked.start("install")
    wait_for(sign.exists, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    if process.returncode != 0:
        assert not is_whole(locked)
        assert "there is no environment to use" in locked.run("run", "python", "-V", expect=7).err
    locked.run("install")
    locked.run("run", "--", "python", "-c", IMPORTS)
    assert not locked.run("install", "--json").json["changed"]


def test_a_kill_while_an_environment_changes_is_mended_too(
    locked: CondaDesk, archives: Path, index: TestIndex
) -> None:
    locked.run("install")
    locked.conda([archives], f"python {MINOR}.*", "tiny >=2", "base-lib 1.0", pypi=["above"], index=index)
    locked.run("lock")
    process = locked.start("install")
    wait_for(lambda: not is_whole(locked), process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    locked.run("install")
    assert (locked.prefix / "lib" / "base.txt").read_text() == f"{locked.prefix}/lib\n"
    assert not (locked.prefix / "etc" / "conda").exists()
    code = "import tiny, importlib.metadata as m; print(m.version('tiny'))"
    assert locked.run("run", "--", "python", "-c", code).out == "2.0\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_at_once_and_leaves_nothing_whole(
    desk: CondaDesk, archives: Path, tmp_path: Path, number: int
) -> None:
    with served(archives.parent, stuck="activated-1.0-0.conda") as (url, asked):
        desk.conda([f"{url}/{archives.name}"], "activated")
        desk.run("lock")
        process = desk.start("install")
        wait_for(lambda: any("activated-1.0" in path for path in asked), process)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted" in err and "Traceback" not in err
    assert not is_whole(desk)


def test_a_wheel_that_can_not_be_had_leaves_nothing_whole(locked: CondaDesk, index: TestIndex) -> None:
    path = "/files/above-1.0-py3-none-any.whl"
    index.fail(path, Fault(status=404))
    told = locked.run("install", expect=4).err
    assert "an index did not give a file" in told
    assert not is_whole(locked)
    index.fail(path, Fault(times=0))
    locked.run("install")
    locked.run("run", "--", "python", "-c", IMPORTS)


def test_a_wheel_that_is_not_the_locked_one_is_refused(locked: CondaDesk, index: TestIndex) -> None:
    index.projects["above"][0].content += b"tampered"
    assert "a file is not the one that was locked" in locked.run("install", expect=4).err
    assert not is_whole(locked)


def test_eight_processes_share_one_package_cache(locked: CondaDesk) -> None:
    running = [locked.start("install", "--into", str(locked.root / f"env{n}")) for n in range(8)]
    for process in running:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, out + err
    for n in range(8):
        python = locked.root / f"env{n}" / "bin" / "python"
        subprocess.run([python, "-I", "-c", IMPORTS], check=True)


def test_two_processes_make_one_environment(locked: CondaDesk) -> None:
    running = [locked.start("install") for _ in range(3)]
    for process in running:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, out + err
    locked.run("run", "--", "python", "-c", IMPORTS)


# --- the disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 30 MB: a Python needs more."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", place], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system may be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def test_an_environment_on_a_full_disk(locked: CondaDesk, small_disk: Path) -> None:
    told = locked.run("install", "--into", small_disk / "environment", expect=5).err
    assert "the disk is full" in told
    assert not (small_disk / "environment" / ".provenv.json").exists()
    locked.run("install")


def test_a_cache_on_a_full_disk(locked: CondaDesk, small_disk: Path) -> None:
    told = locked.run("install", "--cache-dir", small_disk / "cache", expect=5).err
    assert "the disk is full" in told
    assert not is_whole(locked)
    locked.run("install")
    locked.run("run", "--", "python", "-c", IMPORTS)


def test_a_file_where_the_cache_should_be(locked: CondaDesk) -> None:
    (locked.cache / "conda").mkdir(parents=True, exist_ok=True)
    (locked.cache / "conda" / "packages").write_text("in the way")
    told = locked.run("install", expect=5).err
    assert str(locked.cache / "conda" / "packages") in told and "hint: " in told


def test_a_folder_that_may_not_be_written(locked: CondaDesk) -> None:
    bound = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if subprocess.run([*bound, "true"], capture_output=True).returncode:
        pytest.skip("root may write everywhere, and nothing here takes that away from a command")
    place = locked.root / "closed"
    place.mkdir()
    with closed(place):
        done = subprocess.run(
            [*bound, program(), "install", "--into", str(place / "environment")],
            cwd=locked.folder, env=locked.variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 5, done.stderr
    assert "Permission denied" in done.stderr or "may not be written" in done.stderr


@contextlib.contextmanager
def closed(folder: Path) -> Iterator[None]:
    folder.chmod(0o555)
    try:
        yield
    finally:
        folder.chmod(0o755)
