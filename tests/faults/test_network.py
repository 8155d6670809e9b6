"""What can go wrong between here and an index: each a clear error, and a cache as good as before."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from provenv.errors import DiskError, IndexAnswerError, NetworkError, ProvenvError
from provenv.manifest.values import Index
from provenv.pypi.artifacts import Artifact
from provenv.pypi.finder import Finder
from provenv.settings import NetworkSettings
from support.index_server import Fault, TestIndex

PAGE = "/simple/torch/"
WHEEL = "/files/torch-2.0-py3-none-any.whl"


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with TestIndex() as served:
        served.add("torch", "2.0", requires=["numpy"], files={"big.bin": os.urandom(100_000)})
        yield served


def finder(cache: Path, **more: object) -> Finder:
    values = {"timeout": 0.5, "retries": 0, "keyring": False, "cache_dir": cache, **more}
    return Finder(NetworkSettings("https://index.example/simple", **values))  # type: ignore[arg-type]  # passed on as they are


def lookup(url: str, cache: Path, **more: object) -> None:
    with finder(cache, **more) as asked:
        asked.project(Index("test", url), "torch")


def wheel_of(asked: Finder, index: TestIndex) -> Artifact:
    project = asked.project(Index("test", index.url), "torch")
    assert project is not None
    return project.artifacts[0][0]


def files_under(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@contextmanager
def silent_server() -> Iterator[str]:
    """A port that takes connections and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/simple"


def test_a_host_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"the host nowhere\.invalid can't be found") as caught:
        lookup("https://nowhere.invalid/simple", tmp_path)
    assert "https://nowhere.invalid/simple/torch/" in caught.value.evidence[0]
    assert caught.value.hints


def test_a_refused_connection(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(NetworkError, match=r"127\.0\.0\.1 refused the connection"):
        lookup(f"http://127.0.0.1:{port}/simple", tmp_path)


def test_a_proxy_that_is_not_there(tmp_path: Path, index: TestIndex) -> None:
    with pytest.raises(NetworkError):
        lookup(index.url, tmp_path, proxy="http://user:secret@127.0.0.1:9")


@pytest.mark.parametrize("proxy", ["nonsense://127.0.0.1:9", "127.0.0.1 9"])
def test_a_proxy_setting_of_no_use(tmp_path: Path, index: TestIndex, proxy: str) -> None:
    with pytest.raises(ProvenvError) as caught:
        lookup(index.url, tmp_path, proxy=proxy)
    assert caught.value.exit_code == 2
    assert "proxy" in caught.value.message


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:notaport/simple", "ftp://index.example/simple", "http:///simple"]
)
def test_an_address_that_is_none(tmp_path: Path, url: str) -> None:
    with pytest.raises(ProvenvError) as caught:
        lookup(url, tmp_path, retries=3)
    assert url in str(caught.value)


def test_a_host_that_never_answers(tmp_path: Path) -> None:
    started = time.monotonic()
    with silent_server() as url, pytest.raises(NetworkError, match="stopped answering"):
        lookup(url, tmp_path)
    assert time.monotonic() - started < 30


def test_a_body_that_drips_is_given_up(tmp_path: Path, index: TestIndex) -> None:
    index.fail(PAGE, Fault(drip=0.1))
    started = time.monotonic()
    with pytest.raises(NetworkError, match="stopped answering"):
        lookup(index.url, tmp_path)
    assert time.monotonic() - started < 30


def test_headers_that_drip_are_given_up(tmp_path: Path) -> None:
    with dripping_headers() as url:
        started = time.monotonic()
        with pytest.raises(NetworkError, match="stopped answering"):
            lookup(url, tmp_path)
        assert time.monotonic() - started < 30


@contextmanager
def dripping_headers() -> Iterator[str]:
    """A server whose status line never ends, one byte at a time."""
    stop = threading.Event()

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with closing(connection):
            connection.recv(10_000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not stop.wait(0.1):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/simple"
        finally:
            stop.set()


PASSING = {
    "500": Fault(status=500, times=2),
    "503 with Retry-After": Fault(status=503, headers={"Retry-After": "0"}, times=2),
    "429": Fault(status=429, times=1),
    "cut": Fault(cut=20, times=2),
    "reset": Fault(reset=True, times=2),
    "stall": Fault(delay=0.8, times=1),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_what_passes_is_tried_again(tmp_path: Path, index: TestIndex, fault: Fault) -> None:
    index.fail(PAGE, fault)
    with finder(tmp_path, retries=3) as asked:
        assert wheel_of(asked, index).filename == "torch-2.0-py3-none-any.whl"


def test_retry_after_is_waited_for(tmp_path: Path, index: TestIndex) -> None:
    index.fail(PAGE, Fault(status=429, headers={"Retry-After": "1"}, times=1))
    started = time.monotonic()
    lookup(index.url, tmp_path, retries=1)
    assert 1 <= time.monotonic() - started < 30


LASTING: dict[str, tuple[Fault, type[ProvenvError], str]] = {
    "500": (Fault(status=500), IndexAnswerError, "can't answer"),
    "400": (Fault(status=400), IndexAnswerError, "can't answer"),
    "429": (Fault(status=429), IndexAnswerError, "too many requests"),
    "401": (Fault(status=401), IndexAnswerError, "does not let us in"),
    "cut": (Fault(cut=20), NetworkError, "broke off"),
    "reset": (Fault(reset=True), NetworkError, "broke off|can't be reached"),
    "JSON that is none": (Fault(body=b"{'files"), IndexAnswerError, "says it is JSON and is not"),
    "an empty body": (Fault(body=b""), IndexAnswerError, "says it is JSON and is not"),
    "JSON of something else": (Fault(body=b'{"message": "hi"}'), IndexAnswerError, "not a project page"),
    "text": (Fault(headers={"Content-Type": "text/plain"}), IndexAnswerError, "neither JSON nor HTML"),
    "a loop": (Fault(status=302, headers={"Location": PAGE}), IndexAnswerError, "redirected without end"),
    "a redirect to a file": (
        Fault(status=302, headers={"Location": "file:///etc/passwd"}),
        IndexAnswerError,
        "redirected to what is no web address",
    ),
    "broken gzip": (Fault(headers={"Content-Encoding": "gzip"}), NetworkError, "can't be unpacked"),
    "a newer API": (
        Fault(body=b'{"meta": {"api-version": "9.0"}, "files": []}'),
        IndexAnswerError,
        "version 9 of the simple API",
    ),
}


@pytest.mark.parametrize(("fault", "kind", "words"), LASTING.values(), ids=LASTING.keys())
def test_what_stays_is_a_clear_error_and_the_cache_is_as_good_as_before(
    tmp_path: Path, index: TestIndex, fault: Fault, kind: type[ProvenvError], words: str
) -> None:
    index.etag = False  # each answer is a whole page
    with finder(tmp_path) as asked:
        before = wheel_of(asked, index)
    kept = files_under(tmp_path)
    index.fail(PAGE, fault)
    with pytest.raises(kind, match=words) as caught:
        lookup(index.url, tmp_path)
    assert "127.0.0.1" in str(caught.value)
    assert files_under(tmp_path) == kept
    with finder(tmp_path, offline=True) as asked:
        assert wheel_of(asked, index) == before
    index.fail(PAGE, Fault(times=0))
    with finder(tmp_path) as asked:
        assert wheel_of(asked, index) == before


FILE_FAULTS: dict[str, tuple[Fault, type[ProvenvError], str]] = {
    "404": (Fault(status=404), IndexAnswerError, "does not have torch-2.0-py3-none-any.whl"),
    "cut": (Fault(cut=5_000), NetworkError, "broke off"),
    "other bytes": (Fault(body=b"x" * 100), IndexAnswerError, "is not the file that its index describes"),
}


@pytest.mark.parametrize(("fault", "kind", "words"), FILE_FAULTS.values(), ids=FILE_FAULTS.keys())
def test_a_download_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, index: TestIndex, fault: Fault, kind: type[ProvenvError], words: str
) -> None:
    target = tmp_path / "to" / "torch.whl"
    target.parent.mkdir()
    target.write_text("the old one")
    index.fail(WHEEL, fault)
    with finder(tmp_path / "cache") as asked, pytest.raises(kind, match=words):
        asked.download(wheel_of(asked, index), target)
    assert files_under(target.parent) == {"torch.whl": b"the old one"}


def test_a_download_that_broke_off_is_tried_again_from_its_start(tmp_path: Path, index: TestIndex) -> None:
    index.fail(WHEEL, Fault(cut=5_000, times=2))
    with finder(tmp_path / "cache", retries=2) as asked:
        got = asked.download(wheel_of(asked, index), tmp_path / "torch.whl")
    assert got.read_bytes() == index.projects["torch"][0].content


def test_a_secret_in_an_address_is_in_no_error(tmp_path: Path) -> None:
    with pytest.raises(NetworkError) as caught:
        lookup("http://user:hunter2@127.0.0.1:9/simple", tmp_path)
    assert "hunter2" not in str(caught.value)


# --- certificates


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    words = (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    command = ["openssl", *words.split(), "-keyout", str(key), "-out", str(cert)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no openssl program here to make a certificate with")
    return cert, key


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    with TestIndex(certificate=certificate) as index:
        index.add("torch", "2.0")
        started = time.monotonic()
        with pytest.raises(NetworkError, match="certificate was not accepted") as caught:
            lookup(index.url, tmp_path, retries=10)
        assert time.monotonic() - started < 20, "another attempt can't mend it"
        assert any("trusted-host" in hint for hint in caught.value.hints)


@pytest.mark.parametrize("how", ["cert", "host", "host and port", "REQUESTS_CA_BUNDLE"])
def test_a_certificate_that_the_settings_name(
    tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    with TestIndex(certificate=certificate) as index:
        index.add("torch", "2.0")
        port = index.base.rpartition(":")[2]
        settings: dict[str, dict[str, object]] = {
            "cert": {"cert": certificate[0]},
            "host": {"trusted_hosts": ("127.0.0.1",)},
            "host and port": {"trusted_hosts": (f"127.0.0.1:{port}",)},
        }
        if how == "REQUESTS_CA_BUNDLE":
            monkeypatch.setenv(how, str(certificate[0]))
        lookup(index.url, tmp_path, **settings.get(how, {}))
        assert index.log[0].status == 200


@pytest.mark.parametrize("setting", ["cert", "client_cert"])
def test_a_certificate_file_that_is_not_there(tmp_path: Path, index: TestIndex, setting: str) -> None:
    with pytest.raises(ProvenvError, match=r"none\.pem can't be read") as caught:
        lookup(index.url, tmp_path, **{setting: tmp_path / "none.pem"})
    assert caught.value.exit_code == 2


# --- the disk, and ctrl-C

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX limits and signals")


def python(script: str, *, expect: Callable[[int], bool] = lambda code: code == 0) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert expect(done.returncode), done.stderr
    return done.stdout


def prelude(index: TestIndex, cache: Path) -> str:
    return f"""
import sys
from pathlib import Path
from provenv.errors import ProvenvError
from provenv.manifest.values import Index
from provenv.pypi.finder import Finder
from provenv.settings import NetworkSettings
cache = Path({str(cache)!r})
settings = NetworkSettings("https://index.example/simple", cache_dir=cache, retries=1, timeout=20)
finder = Finder(settings)
wheel = finder.project(Index("t", {index.url!r}), "torch").artifacts[0][0]
"""


@needs_posix
def test_a_full_disk_breaks_no_lookup_and_a_download_says_so(tmp_path: Path, index: TestIndex) -> None:
    out = python(
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        + prelude(index, tmp_path / "cache")
        + f"""
print(finder.metadata(wheel).requires[0].name, finder.sha256(wheel)[1] == wheel.size)
print(finder.notes[0])
try:
    finder.download(wheel, Path({str(tmp_path / "to" / "x.whl")!r}))
except ProvenvError as problem:
    print(problem.exit_code, problem)
finder.close()
"""
    )
    lines = out.splitlines()
    assert lines[0] == "numpy True"
    assert "can't be written (File too large)" in lines[1]
    assert lines[2].startswith("5 ")
    assert "x.whl can't be written" in lines[2]
    assert files_under(tmp_path) == {}


@needs_posix
def test_a_cache_that_may_not_be_written_breaks_no_lookup(tmp_path: Path, index: TestIndex) -> None:
    blocked = tmp_path / "file" / "cache"
    (tmp_path / "file").write_text("in the way")
    with finder(blocked) as asked:
        wheel = wheel_of(asked, index)
        assert asked.metadata(wheel).requires[0].name == "numpy"
        assert "can't be written" in asked.notes[0]


@needs_posix
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    folder = tmp_path / "wheels"
    folder.mkdir(mode=0)
    with finder(tmp_path) as asked, pytest.raises(DiskError, match="can't be read"):
        asked.project(Index("links", str(folder), flat=True), "torch")


@needs_posix
@pytest.mark.parametrize("what", ["download", "prefetch"])
def test_ctrl_c_ends_at_once_and_leaves_no_half_file(tmp_path: Path, index: TestIndex, what: str) -> None:
    index.fail(WHEEL, Fault(drip=0.0005))
    index.fail("/simple/numpy/", Fault(delay=15))
    target = tmp_path / "to"
    work = {
        "download": f"finder.download(wheel, Path({str(target / 'x.whl')!r}))",
        "prefetch": "t = Index('t', index); finder.prefetch_project(t, 'numpy'); finder.project(t, 'numpy')",
    }
    script = (
        prelude(index, tmp_path / "cache")
        + f"""
index = {index.url!r}
print("ready", flush=True)
with finder:
    {work[what]}
"""
    )
    running = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert running.stdout is not None
    assert running.stdout.readline() == b"ready\n"
    before = files_under(tmp_path)
    time.sleep(0.7)
    running.send_signal(signal.SIGINT)
    started = time.monotonic()
    assert running.wait(30) != 0
    assert time.monotonic() - started < 10
    # what was found out about a page is kept; nothing else is there, or gone
    after = files_under(tmp_path)
    assert {name: after.get(name) for name in before} == before
    assert all("/pages/" in name for name in after.keys() - before.keys())


@needs_posix
def test_a_killed_run_leaves_a_cache_that_the_next_one_can_use(tmp_path: Path, index: TestIndex) -> None:
    script = (
        prelude(index, tmp_path)
        + """
import os
for round in range(10_000):
    finder.cache.put("test", "key", ("x" * 10_000, round))
    if round == 5:
        print("ready", flush=True)
"""
    )
    for _ in range(5):
        running = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert running.stdout is not None
        running.stdout.readline()
        time.sleep(0.01)
        running.kill()
        running.wait()
        with finder(tmp_path) as asked:
            value = asked.cache.get("test", "key")
            assert isinstance(value, tuple)
            assert value[0] == "x" * 10_000
            assert wheel_of(asked, index).filename == "torch-2.0-py3-none-any.whl"
