"""The whole program when the world fails: the exit code, the words, and nothing half-written.

Every fault is real: a loopback index that misbehaves, a full file system, a folder that may not be written,
a signal.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.index_server import Fault, TestIndex
from support.program import Desk, files_under, little_world, program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names a Linux machine's targets and paths")

ALPHA = "/files/alpha-2.0-py3-none-any.whl"


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with little_world() as served:
        yield served


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """One that gives up soon: what is tried again, and how often, is the fetch layer's own test."""
    desk = Desk(tmp_path)
    desk.config("timeout = 0.5\nretries = 1\n")
    return desk


def locked_before(desk: Desk, index: TestIndex) -> dict[str, bytes]:
    """The files of a project that has a lock of beta alone, and now asks for alpha too."""
    desk.manifest(index, "beta")
    desk.run("lock")
    desk.manifest(index, "alpha", "beta")
    return files_under(desk.folder)


# --- the network and the index, while locking

LOCK_FAULTS: dict[str, tuple[str, Fault, int, str]] = {
    "404": (
        "/simple/alpha/",
        Fault(status=404, headers={"ETag": "gone"}),
        1,
        "asks for alpha, which is not on http://127.0.0.1",
    ),
    "500": ("/simple/alpha/", Fault(status=500), 4, "127.0.0.1 can't answer"),
    "401": ("/simple/alpha/", Fault(status=401), 4, "127.0.0.1 does not let us in"),
    "timeout": ("/simple/alpha/", Fault(delay=2.5), 3, "127.0.0.1 stopped answering"),
    "dripping": ("/simple/alpha/", Fault(drip=0.4), 3, "127.0.0.1"),
    "truncated": ("/simple/alpha/", Fault(cut=40), 3, "the answer of 127.0.0.1 broke off"),
    "reset": ("/simple/alpha/", Fault(reset=True), 3, "127.0.0.1"),
    "no JSON": ("/simple/alpha/", Fault(body=b'{"files": [oops'), 4, "/simple/alpha/"),
    "another kind of JSON": ("/simple/alpha/", Fault(body=b"[1, 2]"), 4, "/simple/alpha/"),
    "metadata of other bytes": (f"{ALPHA}.metadata", Fault(body=b"Name: evil\n"), 4, "alpha-2.0"),
    "metadata gone": (f"{ALPHA}.metadata", Fault(status=500), 4, "127.0.0.1 can't answer"),
}


@pytest.mark.parametrize(("path", "fault", "code", "words"), LOCK_FAULTS.values(), ids=LOCK_FAULTS.keys())
def test_a_lock_that_fails_says_why_and_changes_nothing(
    desk: Desk, index: TestIndex, path: str, fault: Fault, code: int, words: str
) -> None:
    before = locked_before(desk, index)
    index.fail(path, fault)
    started = time.monotonic()
    told = desk.run("lock", expect=code)
    assert time.monotonic() - started < 20
    assert words in told.err
    assert "\nhint: " in told.err or code == 1
    assert told.out == ""
    assert files_under(desk.folder) == before
    index.fail(path, Fault(times=0))
    assert desk.run("lock", "--json").json["locks"][0]["changes"] == ["+ alpha 2.0"]


def test_a_fault_that_passes_is_not_noticed(desk: Desk, index: TestIndex) -> None:
    before = locked_before(desk, index)
    index.fail("/simple/alpha/", Fault(status=503, times=1))
    index.fail(f"{ALPHA}.metadata", Fault(reset=True, times=1))
    desk.run("lock")
    assert files_under(desk.folder) != before


def closed_port() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/simple"


UNREACHABLE: dict[str, tuple[Callable[[], str], str]] = {
    "no network": (closed_port, "127.0.0.1 refused the connection"),
    "no such host": (lambda: "http://index.invalid/simple", "the host index.invalid can't be found"),
}


@pytest.mark.parametrize(("address", "words"), UNREACHABLE.values(), ids=UNREACHABLE.keys())
def test_an_index_that_can_not_be_reached(
    desk: Desk, index: TestIndex, address: Callable[[], str], words: str
) -> None:
    locked_before(desk, index)
    lock = desk.lock().read_bytes()
    desk.manifest(address(), "alpha")
    told = desk.run("lock", expect=3).err
    assert words in told
    assert "provenv config" in told
    assert desk.lock().read_bytes() == lock
    problem = desk.run("lock", "--json", expect=3).json["error"]
    assert problem["kind"] == "network"


def test_a_proxy_that_is_not_there(desk: Desk) -> None:
    address = closed_port().removesuffix("/simple")
    desk.config(f'retries = 0\nproxy = "{address}"\n')
    desk.manifest("http://index.example/simple", "alpha")
    told = desk.run("lock", expect=3).err
    assert address.removeprefix("http://") in told


def test_offline_names_what_the_cache_does_not_have(desk: Desk, index: TestIndex) -> None:
    locked_before(desk, index)
    told = desk.run("lock", "--offline", expect=3).err
    assert f"{index.url}/alpha/ is not in the cache, and provenv is offline" in told


def test_a_file_without_a_hash_that_is_not_the_one_the_manifest_wants(desk: Desk, index: TestIndex) -> None:
    index.hashes = False
    (desk.folder / "requirements.in").write_text(
        f"--index-url {index.url}\nbeta==1.5 --hash=sha256:{'0' * 64}\n"
    )
    told = desk.run("lock", "-r", "requirements.in", expect=None)
    assert told.code in (1, 4)
    assert "beta" in told.err
    assert "hash" in told.err
    assert not desk.locks.exists()


def test_a_file_of_another_size_than_its_index_says(desk: Desk, index: TestIndex) -> None:
    index.hashes = False
    index.projects["beta"][1].size = 7
    desk.manifest(index, "beta")
    told = desk.run("lock", expect=4).err
    assert "beta-1.5-py3-none-any.whl is not the file that its index describes" in told
    assert not desk.locks.exists()


def test_a_secret_in_an_address_is_in_no_message(desk: Desk) -> None:
    address = closed_port().replace("http://", "http://user:hunter2@")
    desk.manifest(address, "alpha")
    for line in (["lock"], ["lock", "--json"], ["lock", "-v"], ["manifest"], ["manifest", "--json"]):
        assert "hunter2" not in desk.run(*line, expect=None).text


# --- the network and the index, while installing

INSTALL_FAULTS: dict[str, tuple[Fault, int, str]] = {
    "404": (Fault(status=404), 4, "an index did not give a file that it had when this was locked"),
    "500": (Fault(status=500), 4, "an index did not give a file"),
    "timeout": (Fault(delay=2.5), 3, "a file could not be fetched"),
    "truncated": (Fault(cut=100), 3, "a file could not be fetched"),
    "other bytes": (Fault(body=b"PK" * 600), 4, "a file is not the one that was locked"),
}


@pytest.mark.parametrize(("fault", "code", "words"), INSTALL_FAULTS.values(), ids=INSTALL_FAULTS.keys())
def test_an_install_that_fails_says_why_and_leaves_nothing_that_looks_whole(
    desk: Desk, index: TestIndex, fault: Fault, code: int, words: str
) -> None:
    desk.manifest(index, "alpha")
    desk.run("lock")
    index.fail(ALPHA, fault)
    told = desk.run("install", expect=code).err
    assert words in told
    assert "alpha" in told
    assert "\nhint: " in told
    refused = desk.run("run", "python", "-V", expect=7).err
    assert "`provenv install`" in refused
    index.fail(ALPHA, Fault(times=0))
    desk.run("install")
    assert desk.installed() == ["alpha-2.0", "beta-1.5"]


def test_a_file_that_was_changed_after_locking_is_refused(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha")
    desk.run("lock")
    served = index.projects["alpha"][1]
    other = index.add("alpha", "2.0", files={"alpha.py": "import evil\n"})[0]
    served.content = other.content
    told = desk.run("install", expect=4).err
    assert "a file is not the one that was locked" in told
    assert "find out who changed it" in told
    assert "alpha-2.0" not in desk.installed()


def test_a_failed_update_leaves_an_environment_that_does_not_look_whole(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "beta")
    desk.run("lock")
    desk.run("install")
    desk.manifest(index, "alpha", "beta")
    desk.run("lock")
    index.fail(ALPHA, Fault(status=500))
    desk.run("install", expect=4)
    desk.run("run", "python", "-V", expect=7)
    index.fail(ALPHA, Fault(times=0))
    desk.run("install")
    assert desk.run("run", "python", "-c", "import alpha, beta").code == 0


# --- the disk


@pytest.fixture(params=["mounted", "preloaded"])
def small_disk(request: pytest.FixtureRequest, tmp_path: Path, desk: Desk) -> Iterator[Path]:
    """A file system of 2 MB; and a folder for which a preloaded library says that its disk is full."""
    place = tmp_path / "small"
    place.mkdir()
    if request.param == "preloaded":
        library = tmp_path / "full_disk.so"
        source = Path(__file__).with_name("full_disk.c")
        compiler = shutil.which("cc") or pytest.skip("there is no C compiler")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        desk.variables |= {"LD_PRELOAD": str(library), "FULL_DISK": str(place)}
        yield place
        return
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system may be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(place: Path) -> Path:
    """Take all the space that is left."""
    ballast = place / "ballast"
    if not place.is_mount():
        ballast.touch()
        return ballast
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(b"\0" * 4096):
            pass
    return ballast


def test_a_full_disk_leaves_the_old_lock(desk: Desk, index: TestIndex, small_disk: Path) -> None:
    desk.manifest(index, "beta", table=f'lockfiles = "{small_disk / "locks"}"\n')
    desk.run("lock")
    before = files_under(small_disk)
    desk.manifest(index, "alpha", "beta", table=f'lockfiles = "{small_disk / "locks"}"\n')
    ballast = fill(small_disk)
    told = desk.run("lock", expect=5).err
    assert f"can't write {small_disk / 'locks' / desk.lock().name}: the disk is full" in told
    assert "hint: free some space" in told
    ballast.unlink()
    assert files_under(small_disk) == before
    desk.run("lock")


def test_a_cache_on_a_full_disk_breaks_no_lock(desk: Desk, index: TestIndex, small_disk: Path) -> None:
    desk.manifest(index, "alpha")
    fill(small_disk)
    cache = small_disk / "cache"
    told = desk.run("lock", "--cache-dir", cache)
    assert "warning: " in told.err
    assert "can't be written" in told.err
    assert desk.lock().is_file()
    assert files_under(cache) == {}


def test_an_environment_on_a_full_disk_is_not_whole_and_mends(
    desk: Desk, index: TestIndex, small_disk: Path
) -> None:
    desk.manifest(index, "alpha")
    desk.run("lock")
    place = small_disk / "environment"
    ballast = fill(small_disk)
    told = desk.run("install", "--into", place, expect=5).err
    assert "full" in told or "No space left" in told
    assert "hint: " in told
    desk.run("run", "python", "-V", expect=7)
    ballast.unlink()
    desk.run("install", "--into", place)
    desk.run("run", "python", "-c", "import alpha")


def test_a_file_that_may_not_grow_is_no_half_lock(desk: Desk, index: TestIndex) -> None:
    before = locked_before(desk, index)
    done = subprocess.run(
        [program(), "lock"],
        cwd=desk.folder,
        env=desk.variables,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    assert f"can't write {desk.lock()}" in done.stderr
    assert files_under(desk.folder) == before


@pytest.fixture
def bound() -> list[str]:
    """What keeps a command to permissions, also when root runs it."""
    if os.geteuid() != 0:
        return []
    prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if shutil.which("setpriv") is None or subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("root may write everywhere, and nothing here takes that away from a command")
    return prefix


@contextlib.contextmanager
def closed(folder: Path, mode: int = 0o555) -> Iterator[None]:
    """A folder that may not be written (or read) for a while."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(mode)
    try:
        yield
    finally:
        folder.chmod(0o755)


def run_bound(desk: Desk, bound: list[str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*bound, program(), *map(str, arguments)],
        cwd=desk.folder,
        env=desk.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_locks_that_may_not_be_written(desk: Desk, index: TestIndex, bound: list[str]) -> None:
    before = locked_before(desk, index)
    with closed(desk.locks):
        done = run_bound(desk, bound, "lock")
    assert done.returncode == 5
    assert f"can't write {desk.lock()}: permission denied" in done.stderr
    assert "hint: check who owns it" in done.stderr
    assert files_under(desk.folder) == before


def test_a_lock_that_may_not_be_read(desk: Desk, index: TestIndex, bound: list[str]) -> None:
    locked_before(desk, index)
    desk.lock().chmod(0)
    for command in ("install", "check", "lock", "tree"):
        done = run_bound(desk, bound, command)
        assert done.returncode == 5, f"{command}: {done.stderr}"
        assert "permission denied" in done.stderr.lower()


def test_a_manifest_that_may_not_be_read(desk: Desk, index: TestIndex, bound: list[str]) -> None:
    desk.manifest(index, "alpha").chmod(0)
    done = run_bound(desk, bound, "lock")
    assert done.returncode == 2, done.stderr
    assert "pyproject.toml can't be read: Permission denied" in done.stderr


def test_a_cache_that_may_not_be_written_breaks_nothing(
    desk: Desk, index: TestIndex, bound: list[str]
) -> None:
    desk.manifest(index, "alpha")
    with closed(desk.cache.parent):
        done = run_bound(desk, bound, "lock")
    assert done.returncode == 0
    assert "can't be written" in done.stderr
    assert desk.lock().is_file()


def test_a_cache_folder_that_is_a_file(desk: Desk, index: TestIndex) -> None:
    manifest = desk.manifest(index, "alpha")
    refused = desk.run("lock", "--cache-dir", manifest, expect=2).err
    assert f"--cache-dir: {manifest} is a file" in refused


def test_a_project_that_may_not_be_written(desk: Desk, index: TestIndex, bound: list[str]) -> None:
    desk.manifest(index, "alpha")
    desk.run("lock")
    with closed(desk.folder):
        done = run_bound(desk, bound, "install")
    assert done.returncode == 5, done.stderr
    assert str(desk.folder / ".provenv") in done.stderr
    assert not (desk.folder / ".provenv").exists()


# --- ctrl-C, and a CI system that cancels a job

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-C", "SIGTERM"])


FOREVER = 1000
"""More often than anybody asks for a path; it counts down when one begins to."""


def hanging(index: TestIndex, path: str, delay: float = 10) -> Fault:
    """Let a path be answered late."""
    fault = Fault(delay=delay, times=FOREVER)
    index.fail(path, fault)
    return fault


def started(desk: Desk, ready: Callable[[], bool], *arguments: str) -> subprocess.Popen[str]:
    """The program, running, when `ready` says so."""
    running = desk.start(*arguments)
    deadline = time.monotonic() + 30
    while not ready():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return running


def interrupted(desk: Desk, number: signal.Signals, ready: Callable[[], bool], *arguments: str) -> str:
    """Send a signal once `ready` says so; what was said until the end, which must come soon."""
    running = started(desk, ready, *arguments)
    running.send_signal(number)
    sent = time.monotonic()
    _, told = running.communicate(timeout=30)
    assert time.monotonic() - sent < 9  # what it waits for takes 10 seconds
    assert running.returncode == 130
    assert "Traceback" not in told
    return told


def kill(desk: Desk, ready: Callable[[], bool], *arguments: str) -> None:
    """End it as a full memory does."""
    running = started(desk, ready, *arguments)
    running.kill()
    running.communicate()


@SIGNALS
def test_an_interrupted_lock_leaves_everything_as_it_was(
    desk: Desk, index: TestIndex, number: signal.Signals
) -> None:
    before = locked_before(desk, index)
    desk.config("timeout = 30\n")
    fault = hanging(index, "/simple/alpha/")
    told = interrupted(desk, number, lambda: fault.times != FOREVER, "lock")
    assert told.endswith("interrupted: nothing was left half-written\n")
    assert files_under(desk.folder) == before
    index.fail("/simple/alpha/", Fault(times=0))
    desk.run("lock")


@SIGNALS
def test_an_interrupted_install_is_mended_by_the_next(
    desk: Desk, index: TestIndex, number: signal.Signals
) -> None:
    desk.manifest(index, "alpha")
    desk.run("lock")
    fault = hanging(index, ALPHA)
    interrupted(desk, number, lambda: fault.times != FOREVER, "install")
    assert "`provenv install`" in desk.run("run", "python", "-V", expect=7).err
    assert processes_in(desk.folder) == []
    index.fail(ALPHA, Fault(times=0))
    desk.run("install")
    assert desk.installed() == ["alpha-2.0", "beta-1.5"]


def processes_in(folder: Path) -> list[str]:
    """The processes that work in a folder or name it."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and str(folder).encode() in (entry / "cmdline").read_bytes():
                found.append(entry.name)
    return found


def test_a_killed_install_is_mended_by_the_next(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha")
    desk.run("lock")
    fault = hanging(index, ALPHA, delay=3)
    kill(desk, lambda: fault.times != FOREVER, "install")
    desk.run("run", "python", "-V", expect=7)
    index.fail(ALPHA, Fault(times=0))
    desk.run("install")
    assert desk.run("run", "python", "-c", "import alpha").code == 0


def test_a_killed_lock_leaves_the_old_one(desk: Desk, index: TestIndex) -> None:
    before = locked_before(desk, index)
    fault = hanging(index, "/simple/alpha/")
    kill(desk, lambda: fault.times != FOREVER, "lock")
    assert files_under(desk.folder) == before
    index.fail("/simple/alpha/", Fault(times=0))
    desk.run("lock")


# --- files that lie about


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda text: b"", "stale"),
    "cut": (lambda text: text[: len(text) // 2], "stale"),
    "not TOML": (lambda text: b"\x00\xff garbage", "stale"),
    "a conflict of git's": (lambda text: b"<<<<<<< ours\n" + text, "stale"),
}


@pytest.mark.parametrize(("damage", "state"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_lock_is_told_and_locked_anew(
    desk: Desk, index: TestIndex, damage: Callable[[bytes], bytes], state: str
) -> None:
    desk.manifest(index, "alpha")
    desk.run("lock")
    good = desk.lock().read_bytes()
    desk.lock().write_bytes(damage(good))
    assert state in desk.run("check", expect=1).out
    refused = desk.run("install", expect=None)
    assert refused.code in (1, 2)
    assert desk.lock().name in refused.err
    assert "provenv lock" in refused.err
    desk.run("lock")
    assert desk.lock().read_bytes() == good


def test_a_damaged_cache_is_a_miss(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha")
    desk.run("lock")
    good = desk.lock().read_bytes()
    for path in desk.cache.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-3] + b"\x00\x00\x00")
    desk.lock().unlink()
    desk.run("lock")
    assert desk.lock().read_bytes() == good


def test_a_python_that_this_machine_does_not_have(desk: Desk, index: TestIndex) -> None:
    desk.manifest(index, "alpha", table='python = ["3.99"]\n')
    desk.run("lock")
    told = desk.run("install", expect=7).err
    assert "this target is for Python 3.99" in told
    assert "hint: install one" in told
