"""The default index keeps files on a host of their own; a first lock by any mirror has their addresses."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provenv.config.default_index import default_index
from provenv.config.file_hosts import file_host
from provenv.errors import IndexAnswerError
from provenv.locking import lock_project
from provenv.project import NetworkFlags, open_project
from support.index_server import ServedFile, TestIndex

MANIFEST = """\
[project]
name = "demo"
version = "1"
dependencies = ["alpha", "gamma"]

[tool.provenv]
platforms = ["linux-x86_64"]
accelerators = ["cpu"]
python = ["3.12"]
build = ["gamma"]
"""


def digest(file: ServedFile) -> str:
    return hashlib.blake2b(file.content, digest_size=32).hexdigest()


def below_digest(file: ServedFile) -> str:
    hexed = digest(file)
    return f"{hexed[:2]}/{hexed[2:4]}/{hexed[4:]}/{file.filename}"


def fill(index: TestIndex) -> list[ServedFile]:
    """A wheel that needs another, whose version has an epoch, and an sdist."""
    return [
        *index.add("alpha", "1.0", requires=["beta"]),
        *index.add("beta", "1!2.0"),
        *index.add("gamma", "3.0", tags=(), sdist=True),
    ]


@pytest.fixture
def mirror() -> Iterator[TestIndex]:
    with TestIndex() as host:
        yield host


Lock = Callable[..., str]


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lock:
    """`lock(mirror)`: the text of a first lock on a machine with this mirror of the default index alone."""
    made: list[Path] = []

    def run(place: str, *, cache: str | None = None, offline: bool = False) -> str:
        folder = tmp_path / f"machine-{len(made)}"
        made.append(folder)
        folder.mkdir()
        config = folder / "config.toml"
        config.write_text(
            f"retries = 0\npip-config = false\n[mirrors]\n{default_index()!r} = {place!r}\n", encoding="utf-8"
        )
        monkeypatch.setenv("PROVENV_CONFIG", str(config))
        (folder / "pyproject.toml").write_text(MANIFEST)
        flags = NetworkFlags(cache_dir=tmp_path / (cache or folder.name) / "cache", offline=offline)
        (done,) = lock_project(open_project(folder, network=flags))
        return done.path.read_text(encoding="utf-8")

    return run


def at(index: TestIndex, file: ServedFile, path: str) -> None:
    """Let the pages say that a file lies at this path of the mirror's host, and let it lie there."""
    file.url = f"{index.base}{path}"
    plain = path.partition("?")[0]
    index.pages[plain] = ("application/octet-stream", file.content)
    if file.metadata is not None:
        index.pages[f"{plain}.metadata"] = ("application/octet-stream", file.metadata)


PLACES: dict[str, Callable[[ServedFile], str]] = {
    "as the index": lambda file: f"/packages/{below_digest(file)}",
    "Artifactory": lambda file: f"/artifactory/api/pypi/remote/packages/packages/{below_digest(file)}",
    "signed": lambda file: f"/packages/{below_digest(file)}?signature=abc/def&expires=1",
    "devpi": lambda file: (
        f"/root/mirror/+f/{file.hashes['sha256'][:3]}/{file.hashes['sha256'][3:16]}/{file.filename}"
    ),
    "Nexus": lambda file: f"/repository/mirror/packages/{file.filename.split('-')[0]}/{file.filename}",
    "by sha256": lambda file: (
        f"/blobs/{file.hashes['sha256'][:2]}/{file.hashes['sha256'][2:]}/{file.filename}"
    ),
    "beside the pages": lambda file: f"/simple/{file.filename.split('-')[0]}/{file.filename}",
    "all in one folder": lambda file: f"/files/{file.filename}",
}


@pytest.fixture
def expected(lock: Lock) -> str:
    """The lock through a mirror that keeps the host's order; its addresses are those of the index's own pages
    (tests/e2e holds them against these)."""
    with TestIndex() as host:
        files = fill(host)
        for file in files:
            at(host, file, f"/packages/{below_digest(file)}")
        text = lock(host.url)
    found = {
        one["url"]
        for package in tomllib.loads(text)["packages"]
        for one in (*package.get("wheels", ()), *filter(None, (package.get("sdist"),)))
    }
    host_of_files = file_host(default_index())
    assert host_of_files is not None
    assert found == {f"{host_of_files}/{below_digest(file).replace('!', '%21')}" for file in files}
    return text


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("formats", ["json", "html"])
def test_wherever_a_mirror_keeps_its_files(
    kind: str, formats: str, expected: str, lock: Lock, mirror: TestIndex
) -> None:
    mirror.formats = (formats,)
    for file in fill(mirror):
        at(mirror, file, PLACES[kind](file))

    assert lock(mirror.url) == expected


def test_files_on_another_host_of_the_mirrors(expected: str, lock: Lock, mirror: TestIndex) -> None:
    with TestIndex() as content:
        for file in fill(mirror):
            at(content, file, f"/blobs/{file.filename}")

        assert lock(mirror.url) == expected


def test_a_flat_page(expected: str, lock: Lock, mirror: TestIndex) -> None:
    fill(mirror)

    assert lock(mirror.flat_url) == expected


def test_a_folder(expected: str, lock: Lock, mirror: TestIndex, tmp_path: Path) -> None:
    fill(mirror)

    assert lock(str(mirror.write(tmp_path / "wheels"))) == expected


def test_pages_without_hashes_and_sizes(expected: str, lock: Lock, mirror: TestIndex) -> None:
    mirror.hashes = mirror.sizes = False
    fill(mirror)

    assert lock(mirror.url) == expected


def test_a_mirror_in_the_hosts_order_is_asked_for_no_file_as_a_whole(lock: Lock, mirror: TestIndex) -> None:
    files = fill(mirror)
    for file in files:
        at(mirror, file, f"/packages/{below_digest(file)}")

    lock(mirror.url)

    whole = [one.path for one in mirror.log if one.path.endswith(".whl") and one.method == "GET"]
    assert whole == []


def test_what_was_read_for_its_digest_is_not_read_again(lock: Lock, mirror: TestIndex) -> None:
    fill(mirror)
    first = lock(mirror.url, cache="shared")
    del mirror.log[:]

    assert lock(mirror.url, cache="shared", offline=True) == first
    assert mirror.log == []


def test_a_file_that_is_another_than_the_page_says_is_refused(lock: Lock, mirror: TestIndex) -> None:
    alpha = fill(mirror)[0]
    alpha.hashes = {"sha256": "0" * 64}

    with pytest.raises(IndexAnswerError, match=r"alpha-1\.0-py3-none-any\.whl is not the file"):
        lock(mirror.url)
