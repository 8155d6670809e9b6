"""A lock made through a mirror is byte for byte the one made without it, whatever kind of mirror it is."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from provenv.locking import lock_project
from provenv.project import NetworkFlags, open_project
from support.distributions import make_wheel, metadata_text
from support.index_server import JSON_TYPE, Fault, TestIndex

CPU = "https://download.pytorch.org/whl/cpu"


@dataclass
class Wheel:
    """A wheel that an index lists. `hashed`: with its sha256. `folder`: where the index keeps it."""

    name: str
    version: str
    folder: str
    requires: tuple[str, ...] = ()
    hashed: bool = True
    filename: str = field(init=False)
    content: bytes = field(init=False)

    def __post_init__(self) -> None:
        tags = "py3-none-any"
        self.filename = f"{self.name}-{self.version}-{tags}.whl"
        text = metadata_text(self.name, self.version, requires=self.requires)
        self.content = make_wheel(self.name, self.version, text, tags=tags)

    def link(self, address: str) -> str:
        digest = f"#sha256={hashlib.sha256(self.content).hexdigest()}" if self.hashed else ""
        return f'<a href="{html.escape(address)}{digest}">{html.escape(self.filename)}</a>\n'


# What a build's index has: labels in the names, a file without a hash, and triton at the root.
BUILD = (
    Wheel("torch", "2.9.0+cpu", "/whl/cpu", ("triton", "alpha")),
    Wheel("torchvision", "0.24.0+cpu", "/whl/cpu", ("torch",), hashed=False),
    Wheel("triton", "3.5.0", "/whl"),
)
# What a default index has: files below their digests.
DEFAULT = (
    Wheel("alpha", "1.0", "/packages/aa/bb", ("beta",)),
    Wheel("beta", "2.0", "/packages/cc/dd", hashed=False),
)

MANIFEST = """\
[project]
name = "demo"
version = "1"
dependencies = ["torchvision"]

[tool.provenv]
platforms = ["linux-x86_64"]
accelerators = ["cpu"]
python = ["3.12"]

[[tool.provenv.indexes]]
name = "own"
url = "{default}"
default = true
"""


def serve(host: TestIndex, wheels: tuple[Wheel, ...], root: str, base: str = "", raw: bool = False) -> None:
    """Pages of these wheels below `root`, their files at their places, or links to them at `base`."""
    for name in {wheel.name for wheel in wheels}:
        links = [
            wheel.link(f"{base}{wheel.folder}/{wheel.filename if raw else quote(wheel.filename)}")
            for wheel in wheels
            if wheel.name == name
        ]
        host.pages[f"{root}/{name}/"] = ("text/html", f"<!DOCTYPE html>{''.join(links)}".encode())
    for wheel in wheels:
        host.pages[f"{wheel.folder}/{wheel.filename}"] = ("application/octet-stream", wheel.content)


def serve_flat(host: TestIndex, wheels: tuple[Wheel, ...], root: str) -> None:
    """One page with links to all of these wheels, beside it."""
    links = "".join(wheel.link(quote(wheel.filename)) for wheel in wheels)
    host.pages[f"{root}/"] = ("text/html", f"<!DOCTYPE html>{links}".encode())
    for wheel in wheels:
        host.pages[f"{root}/{wheel.filename}"] = ("application/octet-stream", wheel.content)


def write(folder: Path, wheels: tuple[Wheel, ...]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for wheel in wheels:
        (folder / wheel.filename).write_bytes(wheel.content)
    return folder


@pytest.fixture
def origin() -> Iterator[TestIndex]:
    """The default index; its pages say upload times and sizes, as JSON, and its files are on its own host."""
    with TestIndex() as host:
        for wheel in DEFAULT:
            digest = hashlib.sha256(wheel.content).hexdigest()
            hashes = f'{{"sha256": "{digest}"}}' if wheel.hashed else "{}"
            page = (
                f'{{"meta": {{"api-version": "1.1"}}, "name": "{wheel.name}", "files": [{{"filename": '
                f'"{wheel.filename}", "url": "../..{wheel.folder}/{wheel.filename}", "hashes": {hashes}, '
                f'"size": {len(wheel.content)}, "upload-time": "2025-01-02T03:04:05.123456Z"}}]}}'
            )
            host.pages[f"/simple/{wheel.name}/"] = (JSON_TYPE, page.encode())
            host.pages[f"{wheel.folder}/{wheel.filename}"] = ("application/octet-stream", wheel.content)
        yield host


@pytest.fixture
def mirror() -> Iterator[TestIndex]:
    with TestIndex() as host:
        yield host


Lock = Callable[..., Mapping[str, bytes]]


@pytest.fixture
def lock(tmp_path: Path, origin: TestIndex, monkeypatch: pytest.MonkeyPatch) -> Lock:
    """`lock(mirrors)`: a fresh project locked on a machine with these mirrors alone."""
    machines: list[Path] = []

    def made(
        mirrors: Mapping[str, str | list[str]], *, project: str | None = None, notes: list[str] | None = None
    ) -> Mapping[str, bytes]:
        folder = tmp_path / f"machine-{len(machines)}"
        machines.append(folder)
        folder.mkdir()
        lines = [f'"{url}" = {place!r}' for url, place in mirrors.items()]
        config = folder / "config.toml"
        config.write_text("\n".join(["retries = 0", "pip-config = false", "[mirrors]", *lines]) + "\n")
        monkeypatch.setenv("PROVENV_CONFIG", str(config))
        home = tmp_path / (project or folder.name) / "project"
        home.mkdir(parents=True, exist_ok=True)
        (home / "pyproject.toml").write_text(MANIFEST.format(default=origin.url))
        done = lock_project(open_project(home, network=NetworkFlags(False, folder / "cache")))
        if notes is not None:
            notes += [note for locked in done for note in locked.notes]
        return {locked.path.name: locked.path.read_bytes() for locked in done}

    return made


@pytest.fixture
def canonical(origin: TestIndex, lock: Lock) -> Mapping[str, bytes]:
    """The lock of a machine that asks the default index itself, and the PyTorch index by its own layout: with
    the addresses that the real pages say, as far as the recorded ones show."""
    with TestIndex() as pytorch:
        serve(pytorch, BUILD, "/whl/cpu")
        found = lock({CPU: f"{pytorch.base}/whl/cpu"})
    (text,) = found.values()
    for wheel in BUILD:
        assert f'"https://download.pytorch.org{wheel.folder}/{quote(wheel.filename)}"'.encode() in text
    for wheel in DEFAULT:
        assert f'"{origin.base}{wheel.folder}/{wheel.filename}"'.encode() in text
    return found


def test_full_simple_mirrors(
    canonical: Mapping[str, bytes], lock: Lock, origin: TestIndex, mirror: TestIndex
) -> None:
    serve(mirror, BUILD, "/whl/cpu")
    serve(mirror, DEFAULT, "/simple")
    asked = len(origin.log)

    assert lock({CPU: f"{mirror.base}/whl/cpu", origin.url: mirror.url}) == canonical
    assert len(origin.log) == asked


def test_a_mirror_that_writes_a_plus_as_it_is(
    canonical: Mapping[str, bytes], lock: Lock, mirror: TestIndex
) -> None:
    serve(mirror, BUILD, "/whl/cpu", raw=True)

    assert lock({CPU: f"{mirror.base}/whl/cpu"}) == canonical


def test_a_flat_page_stands_in_for_a_builds_index(
    canonical: Mapping[str, bytes], lock: Lock, mirror: TestIndex
) -> None:
    serve_flat(mirror, BUILD, "/pytorch-wheels/cpu")

    assert lock({CPU: f"{mirror.base}/pytorch-wheels/cpu/"}) == canonical


def test_a_folder_stands_in_for_a_builds_index(
    canonical: Mapping[str, bytes], lock: Lock, tmp_path: Path
) -> None:
    assert lock({CPU: str(write(tmp_path / "wheels", BUILD))}) == canonical


def test_a_mirror_below_other_paths_is_told_where_the_files_stand(
    canonical: Mapping[str, bytes], lock: Lock, origin: TestIndex, mirror: TestIndex
) -> None:
    """As Artifactory has them: pages and files lie elsewhere than on the index."""
    moved = tuple(Wheel(w.name, w.version, f"/files/deep{w.folder}", w.requires, w.hashed) for w in DEFAULT)
    serve(mirror, BUILD, "/whl/cpu")
    serve(mirror, moved, "/api/simple")
    mirrors = {
        CPU: f"{mirror.base}/whl/cpu",
        origin.url: f"{mirror.base}/api/simple",
        f"{origin.base}/packages": f"{mirror.base}/files/deep/packages",
    }

    assert lock(mirrors) == canonical


def test_what_an_earlier_lock_says_of_a_file_stays_whatever_the_mirror(
    lock: Lock, origin: TestIndex, mirror: TestIndex, tmp_path: Path
) -> None:
    """A flat page tells nothing of the folders in which the default index keeps its files."""
    serve(mirror, BUILD, "/whl/cpu")
    serve_flat(mirror, DEFAULT, "/flat-default")
    pytorch = {CPU: f"{mirror.base}/whl/cpu"}
    before = lock(pytorch, project="team")
    manifest = tmp_path / "team" / "project" / "pyproject.toml"

    manifest.write_text(manifest.read_text().replace('"torchvision"', '"torchvision", "beta"'))
    after = lock({**pytorch, origin.url: f"{mirror.base}/flat-default/"}, project="team")

    (old,), (new,) = before.values(), after.values()
    assert b"upload-time" not in old
    assert [line for line in new.splitlines() if b"url = " in line] == [
        line for line in old.splitlines() if b"url = " in line
    ]


def test_a_mirror_that_lags_gives_the_bytes_that_it_has_and_the_index_the_rest(
    canonical: Mapping[str, bytes], lock: Lock, origin: TestIndex, mirror: TestIndex
) -> None:
    newer = Wheel("beta", "1.9", "/old")
    serve(mirror, BUILD, "/whl/cpu")
    serve(mirror, (DEFAULT[0], newer), "/simple")  # alpha, and of beta an old release alone
    del origin.log[:]

    lags = lock({CPU: f"{mirror.base}/whl/cpu", origin.url: [mirror.url, origin.url]})

    assert lags == canonical
    asked = [request.path for request in origin.log if request.path.startswith("/packages/")]
    assert {path.removesuffix(".metadata") for path in asked} == {"/packages/cc/dd/beta-2.0-py3-none-any.whl"}
    assert "/simple/beta/" in mirror.requested()


def test_where_the_index_itself_is_down_the_mirror_alone_counts(
    lock: Lock, origin: TestIndex, mirror: TestIndex
) -> None:
    serve(mirror, BUILD, "/whl/cpu")
    serve(mirror, DEFAULT, "/simple")
    for wheel in DEFAULT:
        origin.fail(f"/simple/{wheel.name}/", Fault(status=503))

    (text,) = lock({CPU: f"{mirror.base}/whl/cpu", origin.url: [mirror.url, origin.url]}).values()

    assert b'name = "beta"' in text
    assert mirror.base.encode() not in text


def test_a_file_that_differs_at_the_mirror_is_taken_from_the_index(
    canonical: Mapping[str, bytes], lock: Lock, origin: TestIndex, mirror: TestIndex
) -> None:
    other = Wheel("alpha", "1.0", "/packages/aa/bb", ("beta", "gamma"))
    serve(mirror, BUILD, "/whl/cpu")
    serve(mirror, (other,), "/simple")

    assert lock({CPU: f"{mirror.base}/whl/cpu", origin.url: [mirror.url, origin.url]}) == canonical


def test_addresses_that_nothing_but_the_mirrors_layout_tells_are_said_to_be_made_out(
    lock: Lock, origin: TestIndex, mirror: TestIndex
) -> None:
    serve(mirror, BUILD, "/whl/cpu")
    serve(mirror, DEFAULT, "/simple")
    notes: list[str] = []

    lock({CPU: f"{mirror.base}/whl/cpu", origin.url: mirror.url}, notes=notes)

    (note,) = notes
    assert note == (
        f"where {origin.url} itself keeps alpha and 1 more is made out from the places at its mirror; if it "
        "keeps files elsewhere, name that place under [mirrors] (docs/network.md)"
    )


def test_named_places_of_files_and_the_builds_indexes_are_no_guess(
    lock: Lock, origin: TestIndex, mirror: TestIndex
) -> None:
    serve(mirror, BUILD, "/whl/cpu")
    serve(mirror, DEFAULT, "/simple")
    notes: list[str] = []
    named = {f"{origin.base}/packages": f"{mirror.base}/packages"}

    lock({CPU: f"{mirror.base}/whl/cpu", origin.url: mirror.url, **named}, notes=notes)

    assert notes == []
