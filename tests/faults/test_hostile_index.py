"""An index that means no good: an error or a bounded time, never a hang, a crash, or memory without end."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.index_server import Fault, ServedFile, TestIndex
from support.program import Answer, Desk

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names a Linux machine's targets and paths")

ZEROS = bytes(1 << 20)
JSON = "application/vnd.pypi.simple.v1+json"
BOUND = 120.0
"""Seconds; each of these takes about one on a quiet machine, and no end of time when it goes wrong."""


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with TestIndex() as served:
        served.add("alpha", "1.0")
        yield served


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def resolve(desk: Desk, index: TestIndex, *arguments: str, expect: int) -> Answer:
    """`provenv resolve` with at most 1.5 GB of memory."""
    limits = ("--default-index", index.url, "--json")
    return desk.run("resolve", *arguments, *limits, expect=expect, timeout=BOUND, memory=1500 << 20)


def bomb(megabytes: int, start: bytes = b"") -> bytes:
    """Some kilobytes that inflate to that many megabytes."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        file.write(start)
        for _ in range(megabytes):
            file.write(ZEROS)
    return packed.getvalue()


def message(answer: Answer) -> str:
    error = answer.json["error"]
    return "\n".join([error["message"], *error["evidence"]])


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("/simple/alpha/", "redirected without end"),
        ("http://127.0.0.1:1/", "refused the connection"),
        ("file:///etc/hostname", "redirected to what is no web address"),
        ("", "answered 302"),
    ],
)
def test_redirects_that_lead_nowhere(desk: Desk, index: TestIndex, place: str, words: str) -> None:
    desk.config("retries = 0\n")
    index.fail("/simple/alpha/", Fault(status=302, headers={"Location": place} if place else {}))
    answer = resolve(desk, index, "alpha", expect=3 if "refused" in words else 4)
    assert words in message(answer)


def test_a_page_of_very_many_files(desk: Desk, index: TestIndex) -> None:
    files = [
        {"filename": name, "url": f"/files/{name}", "hashes": {"sha256": f"{number:064x}"}}
        for number in range(60_000)
        for name in [f"alpha-2.{number}-py3-none-any.whl"]
    ]
    own = {"filename": "alpha-1.0-py3-none-any.whl", "url": "/files/alpha-1.0-py3-none-any.whl", "hashes": {}}
    page = {"meta": {"api-version": "1.1"}, "name": "alpha", "files": [*files, own]}
    index.pages["/simple/alpha/"] = (JSON, json.dumps(page).encode())
    answer = resolve(desk, index, "alpha<2", expect=0)
    assert [package["version"] for package in answer.json["packages"]] == ["1.0"]


@pytest.mark.parametrize(
    "version",
    [
        "1." + "9" * 1_000_000,
        ".".join(["1"] * 300_000),
        "1.0+" + "a." * 300_000 + "b",
        "1.0.post" + "1" * 5000,
    ],
    ids=["digits", "parts", "local", "post"],
)
def test_a_version_of_a_megabyte(desk: Desk, index: TestIndex, version: str) -> None:
    files = [
        {"filename": f"alpha-{version}-py3-none-any.whl", "url": "/files/long.whl", "hashes": {}},
        {
            "filename": "alpha-1.0-py3-none-any.whl",
            "url": "/files/alpha-1.0-py3-none-any.whl",
            "hashes": {},
            "requires-python": f"!={version}",
        },
    ]
    page = {"meta": {"api-version": "1.1"}, "name": "alpha", "files": files}
    index.pages["/simple/alpha/"] = (JSON, json.dumps(page).encode())
    answer = resolve(desk, index, "alpha==1.0", expect=0)
    assert [package["version"] for package in answer.json["packages"]] == ["1.0"]


def test_what_an_index_says_can_not_fill_the_screen_or_move_the_cursor(desk: Desk, index: TestIndex) -> None:
    index.add("beta", "1.0", requires=["alpha>=2", "nowhere" + "x" * 100_000], requires_python=">=3.99")
    told = desk.run("resolve", "beta", "--default-index", index.url, expect=1).err
    assert max(map(len, told.splitlines())) < 2500
    index.projects["alpha"][0].yanked = "\x1b[2J\x1b]0;owned\x07 gone"
    told = desk.run("resolve", "alpha==1.0", "--default-index", index.url).err
    assert "alpha 1.0 was yanked: \\x1b[2J" in told
    assert "\x1b" not in told


def test_extras_that_ask_for_each_other_without_end(desk: Desk, index: TestIndex) -> None:
    ring = {f"e{n}": [f"ring[e{(n + 1) % 300}]"] for n in range(300)}
    dense = {f"e{n}": [f"dense[e{other}]" for other in range(50)] for n in range(50)}
    index.add("ring", "1.0", extras=ring)
    index.add("dense", "1.0", extras=dense)
    answer = resolve(desk, index, "ring[e0]", "dense[e0]", expect=0)
    assert [package["name"] for package in answer.json["packages"]] == ["dense", "ring"]


def test_packages_that_need_each_other_in_a_ring(desk: Desk, index: TestIndex) -> None:
    for n in range(100):
        index.add(f"r{n}", "1.0", requires=[f"r{(n + 1) % 100}[x]"], extras={"x": [f"r{(n + 7) % 100}[x]"]})
    assert len(resolve(desk, index, "r0", expect=0).json["packages"]) == 100


@pytest.mark.parametrize(
    ("path", "megabytes"), [("/files/alpha-1.0-py3-none-any.whl.metadata", 300), ("/simple/alpha/", 700)]
)
def test_an_answer_that_inflates_without_end(desk: Desk, index: TestIndex, path: str, megabytes: int) -> None:
    body = bomb(megabytes, b"Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\nRequires-Dist: ")
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/html"}
    index.fail(path, Fault(body=body, headers=headers))
    assert "is too long" in message(resolve(desk, index, "alpha", expect=4))


def test_a_wheel_whose_metadata_inflate_without_end(desk: Desk, index: TestIndex) -> None:
    index.pep658 = False
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("bomb-1.0.dist-info/METADATA", "w") as member:
            member.write(b"Metadata-Version: 2.1\nName: bomb\nVersion: 1.0\n\n")
            for _ in range(300):
                member.write(ZEROS)
        archive.writestr("bomb-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    index.add_file("bomb", ServedFile("bomb-1.0-py3-none-any.whl", wheel.getvalue()))
    assert "its METADATA would be" in message(resolve(desk, index, "bomb", expect=1))


def test_an_sdist_whose_metadata_inflate_without_end(desk: Desk, index: TestIndex) -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return bytes(size)

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo("bomb-1.0/PKG-INFO")
        member.size = 300 << 20
        archive.addfile(member, Endless())
    index.add_file("bomb", ServedFile("bomb-1.0.tar.gz", packed.getvalue()))
    assert "its PKG-INFO is over" in message(resolve(desk, index, "bomb", "--build-any", expect=1))
