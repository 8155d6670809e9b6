"""The finder over a real index on loopback: every kind of page, metadata and hash, each fetched once."""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from pathlib import Path

import pytest

from provenv.errors import IndexAnswerError, NetworkError
from provenv.manifest.values import Index
from provenv.pypi.artifacts import Artifact, Metadata, Project
from provenv.pypi.cache import VERSION
from provenv.pypi.finder import ContradictoryMetadata, Finder, MetadataError, NeedsBuild
from support.distributions import make_wheel, metadata_text
from support.index_server import Fault, ServedFile, TestIndex

from .conftest import MakeFinder


def at(index: TestIndex, **more: object) -> Index:
    return Index("test", index.url, **more)  # type: ignore[arg-type]  # passed on as they are


def flat(artifacts: Project) -> list[Artifact]:
    return [artifact for files in artifacts.artifacts for artifact in files]


def records(finder: Finder, kind: str) -> list[Path]:
    """The files of the cache of one kind."""
    return [path for path in (finder.cache.folder / VERSION / kind).rglob("*") if path.is_file()]


def found(finder: Finder, index: TestIndex, name: str = "torch") -> list[Artifact]:
    project = finder.project(at(index), name)
    assert project is not None
    return flat(project)


@pytest.mark.parametrize(
    ("formats", "pep658", "ranges"),
    [*itertools.product([("json",), ("html",)], [True, False], [True, False])],
)
def test_every_kind_of_index_says_the_same(
    finder_of: MakeFinder, formats: tuple[str, ...], pep658: bool, ranges: bool
) -> None:
    with TestIndex(formats=formats, pep658=pep658, ranges=ranges) as index:
        index.add("Torch", "2.0", requires=["numpy>=1"], requires_python=">=3.9", yanked="bad", sdist=True)
        index.add("Torch", "2.1", requires=["numpy>=2"], tags=["cp312-cp312-win_amd64", "py3-none-any"])
        finder = finder_of()
        project = finder.project(at(index), "torch")
        assert project is not None
        assert project.versions == ("2.1", "2.0")
        assert [(a.kind, a.tags, a.yanked, a.requires_python) for a in flat(project)] == [
            ("wheel", "cp312-cp312-win_amd64", None, None),
            ("wheel", "py3-none-any", None, None),
            ("wheel", "py3-none-any", "bad", ">=3.9"),
            ("sdist", "", "bad", ">=3.9"),
        ]
        assert [str(finder.metadata(a).requires[0]) for a in flat(project)] == ["numpy>=2"] * 2 + [
            "numpy>=1"
        ] * 2
        served = {file.filename: file.content for file in index.projects["torch"]}
        assert [finder.sha256(a) for a in flat(project)] == [
            (hashlib.sha256(served[a.filename]).hexdigest(), len(served[a.filename])) for a in flat(project)
        ]


def test_metadata_comes_without_the_wheel_where_that_is_possible(finder_of: MakeFinder) -> None:
    big: dict[str, str | bytes] = {"big.bin": os.urandom(200_000)}
    with TestIndex() as index:
        index.add("torch", "2.0", files=big)
        (wheel,) = found(finder_of(), index)
        finder_of().metadata(wheel)
        assert index.requested()[-1] == "/files/torch-2.0-py3-none-any.whl.metadata"
        index.pep658 = False
        finder = finder_of(cache_dir=finder_of().cache.folder / "other")
        (wheel,) = found(finder, index)
        finder.metadata(wheel)
        parts = [request for request in index.log if request.path == "/files/torch-2.0-py3-none-any.whl"]
        assert parts
        assert {part.status for part in parts} == {206}


def test_a_promised_metadata_file_that_is_not_there_is_read_from_the_wheel(
    index: TestIndex, finder_of: MakeFinder
) -> None:
    index.add("torch", "2.0", requires=["a"])
    index.fail("/files/torch-2.0-py3-none-any.whl.metadata", Fault(status=403))
    finder = finder_of()
    (wheel,) = found(finder, index)
    assert [r.name for r in finder.metadata(wheel).requires] == ["a"]


@pytest.mark.parametrize("absent", [404, 403, 410])
def test_a_project_that_is_absent_is_none(index: TestIndex, finder_of: MakeFinder, absent: int) -> None:
    index.absent = absent
    assert finder_of().project(at(index), "nothing") is None


def test_a_redirected_page_and_relative_links_from_there(index: TestIndex, finder_of: MakeFinder) -> None:
    index.add("torch", "2.0")
    index.fail("/moved/torch/", Fault(status=301, headers={"Location": "/simple/torch/"}))
    project = finder_of().project(Index("old", f"{index.base}/moved"), "torch")
    assert project is not None
    assert flat(project)[0].url == index.file_url("torch-2.0-py3-none-any.whl")


def test_files_that_belong_to_no_version_of_the_project_are_left_out(
    index: TestIndex, finder_of: MakeFinder
) -> None:
    for filename in (
        "other-1.0-py3-none-any.whl",
        "torch-one-py3-none-any.whl",
        "torch-1.0.tar.gz.asc",
        "torch-1.0-py3-none-any-x86_64_v3.whl",
        "torch-1.0-py3.whl",
        "torchvision-1.0.tar.gz",
    ):
        index.add_file("torch", ServedFile(filename, b"x"))
    index.add("torch", "1.0.0")
    index.add("torch", "1.0", tags=(), sdist=True)
    project = finder_of().project(at(index), "torch")
    assert project is not None
    assert [[a.filename for a in files] for files in project.artifacts] == [
        ["torch-1.0.0-py3-none-any.whl", "torch-1.0.tar.gz"]
    ]
    assert {a.version for a in flat(project)} == set(project.versions)


def test_versions_are_newest_first_by_pep_440(index: TestIndex, finder_of: MakeFinder) -> None:
    versions = ["1.10", "1.9", "1!0.1", "2.0rc1", "2.0", "2.0.dev1", "2.0+cpu", "2.0.post1", "2.0+cu128"]
    for version in versions:
        index.add("torch", version)
    project = finder_of().project(at(index), "torch")
    assert project is not None
    assert project.versions == (
        "1!0.1", "2.0.post1", "2.0+cu128", "2.0+cpu", "2.0", "2.0rc1", "2.0.dev1", "1.10", "1.9",
    )  # fmt: skip
    assert project.prereleases == 0b001100000


def test_metadata_that_had_to_be_fetched_ahead_is_told_and_what_was_known_is_not(
    index: TestIndex, finder_of: MakeFinder
) -> None:
    index.add("torch", "2.0", requires=["a"])
    finder, told = finder_of(), list[Metadata]()
    (wheel,) = found(finder, index)
    finder.prefetch_metadata(wheel, told.append)
    metadata = finder.metadata(wheel)
    finder.prefetch_metadata(wheel, told.append)
    finder_of().prefetch_metadata(wheel, told.append)
    assert told == [metadata]


# --- remembering


def test_a_page_is_asked_for_once_in_a_run_and_conditionally_in_the_next(
    index: TestIndex, finder_of: MakeFinder
) -> None:
    index.add("torch", "2.0")
    finder = finder_of()
    finder.prefetch_project(at(index), "torch")
    first = found(finder, index)
    assert found(finder, index) == first
    assert index.paths("/simple/torch/") == 1
    assert found(finder_of(), index) == first
    assert [request.status for request in index.log] == [200, 304]
    index.add("torch", "3.0")
    project = finder_of().project(at(index), "torch")
    assert project is not None
    assert project.versions == ("3.0", "2.0")


def test_a_page_with_a_lifetime_is_not_asked_for_again_until_it_ends(
    index: TestIndex, finder_of: MakeFinder
) -> None:
    index.max_age = 600
    index.add("torch", "2.0")
    found(finder_of(), index)
    assert finder_of().project(at(index), "absent") is None
    found(finder_of(), index)
    assert index.paths("/simple/torch/") == 1
    (record,) = [path for path in records(finder_of(), "pages") if b"torch" in path.read_bytes()]
    for shift in (-700, +700):  # it ended; the clock was set back
        os.utime(record, (time.time() + shift,) * 2)
        seen = index.paths("/simple/torch/")
        found(finder_of(), index)
        assert index.paths("/simple/torch/") == seen + 1


def test_refresh_asks_again(index: TestIndex, finder_of: MakeFinder) -> None:
    index.max_age = 600
    index.add("torch", "2.0")
    found(finder_of(), index)
    found(finder_of(refresh=True), index)
    assert [request.status for request in index.log] == [200, 304]


def test_metadata_is_fetched_once_for_all_runs(index: TestIndex, finder_of: MakeFinder) -> None:
    index.add("torch", "2.0", requires=["a"], extras={"x": ["b"]}, sdist=True)
    expected = [finder_of().metadata(a) for a in found(finder_of(), index)]
    seen = len(index.log)
    finder = finder_of()
    assert [finder.metadata(a) for a in found(finder, index)] == expected
    assert index.requested()[seen:] == ["/simple/torch/"]


def test_metadata_belongs_to_index_file_and_hash(finder_of: MakeFinder) -> None:
    with TestIndex() as cpu, TestIndex() as cuda:
        cpu.add("torchvision", "0.21.0", requires=["a"])
        cuda.add("torchvision", "0.21.0", requires=["b"])
        finder = finder_of()
        names = [finder.metadata(found(finder, i, "torchvision")[0]).requires[0].name for i in (cpu, cuda)]
        assert names == ["a", "b"]
        cpu.projects.clear()
        cpu.add("torchvision", "0.21.0", requires=["replaced"])
        finder = finder_of()
        assert finder.metadata(found(finder, cpu, "torchvision")[0]).requires[0].name == "replaced"


def test_a_damaged_block_of_files_is_fetched_again(index: TestIndex, finder_of: MakeFinder) -> None:
    index.max_age = 600
    index.add("torch", "2.0")
    index.add("torch", "1.0")
    good = found(finder_of(), index)
    (known,) = records(finder_of(), "pages")
    known.unlink()  # else no block is needed
    (record,) = records(finder_of(), "files")
    content = bytearray(record.read_bytes())
    content[-5] ^= 1
    record.write_bytes(content)
    os.utime(record)
    assert found(finder_of(), index) == good
    assert index.paths("/simple/torch/") == 2
    assert found(finder_of(), index) == good
    assert index.paths("/simple/torch/") == 2


def test_what_was_looked_at_is_in_the_first_record(index: TestIndex, finder_of: MakeFinder) -> None:
    index.max_age = 600
    index.add("torch", "2.0")
    index.add("torch", "1.0")
    with finder_of() as finder:
        project = finder.project(at(index), "torch")
        assert project is not None
        newest = project.artifacts[0]
        project.masks[">=1"] = 0b11
    (record,) = records(finder, "pages")
    written = record.stat().st_mtime
    (blocks,) = records(finder, "files")
    blocks.unlink()
    with finder_of() as finder:
        project = finder.project(at(index), "torch")
        assert project is not None
        assert (project.artifacts[0], project.masks) == (newest, {">=1": 0b11})
    assert index.paths("/simple/torch/") == 1
    assert record.stat().st_mtime == written  # it is no younger than the page
    found(finder_of(), index)  # all of them: the blocks are needed
    assert index.paths("/simple/torch/") == 2


def test_what_another_version_made_of_a_page_is_made_anew(
    index: TestIndex, finder_of: MakeFinder, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.max_age = 600
    index.add("torch", "2.0")
    with finder_of() as finder:
        project = finder.project(at(index), "torch")
        assert project is not None
        project.masks[">=3"] = 0b1  # as a version would that reads specifiers wrongly
    monkeypatch.setattr("provenv.pypi.records.__version__", "0")
    project = finder_of().project(at(index), "torch")
    assert project is not None
    assert (project.versions, project.masks) == (("2.0",), {})
    assert index.paths("/simple/torch/") == 1


def test_a_needed_build_is_remembered(index: TestIndex, finder_of: MakeFinder) -> None:
    index.add("torch", "2.0", tags=(), sdist=True, static=False)
    for _ in range(2):
        finder = finder_of()
        with pytest.raises(NeedsBuild):
            finder.metadata(found(finder, index)[0])
    assert index.paths("/files/torch-2.0.tar.gz") == 1


def test_an_sdist_is_downloaded_once_for_metadata_and_build(
    index: TestIndex, finder_of: MakeFinder, tmp_path: Path
) -> None:
    index.add("torch", "2.0", tags=(), sdist=True)
    finder = finder_of()
    (sdist,) = found(finder, index)
    finder.metadata(sdist)
    assert finder.download(sdist, tmp_path / "here.tar.gz").read_bytes() == index.projects["torch"][0].content
    assert index.paths("/files/torch-2.0.tar.gz") == 1
    finder.close()
    assert [p.name for p in finder.cache.folder.rglob("*") if "torch" in p.name] == []


# --- hashes


def test_a_file_without_a_hash_is_hashed_once(index: TestIndex, finder_of: MakeFinder) -> None:
    index.hashes = index.sizes = False
    (served,) = index.add("torch", "2.0")
    expected = (hashlib.sha256(served.content).hexdigest(), len(served.content))
    for _ in range(2):
        finder = finder_of()
        assert finder.sha256(found(finder, index)[0]) == expected
    assert index.paths("/files/torch-2.0-py3-none-any.whl") == 1


def test_a_size_that_the_page_does_not_give_is_asked_for_without_the_file(
    index: TestIndex, finder_of: MakeFinder
) -> None:
    index.sizes = False
    (served,) = index.add("torch", "2.0")
    for _ in range(2):
        finder = finder_of()
        assert finder.sha256(found(finder, index)[0])[1] == len(served.content)
    asked = [r.method for r in index.log if r.path == "/files/torch-2.0-py3-none-any.whl"]
    assert asked == ["HEAD"]


def test_other_hashes_are_checked_when_the_sha256_is_found_out(
    index: TestIndex, finder_of: MakeFinder
) -> None:
    (served,) = index.add("torch", "2.0")
    served.hashes = {"md5": "0" * 32}
    finder = finder_of()
    with pytest.raises(IndexAnswerError, match="is not the file that its index describes") as caught:
        finder.sha256(found(finder, index)[0])
    assert caught.value.evidence[0] == f"its md5 should be {'0' * 32}"


@pytest.mark.parametrize("lie", ["hash", "larger", "smaller"])
def test_a_download_that_is_not_what_the_index_says_leaves_nothing(
    index: TestIndex, finder_of: MakeFinder, tmp_path: Path, lie: str
) -> None:
    (served,) = index.add("torch", "2.0")
    if lie == "hash":
        served.hashes = {"sha256": "0" * 64}
    else:
        served.size = len(served.content) + (1 if lie == "larger" else -1)
    finder = finder_of()
    to = tmp_path / "to"
    with pytest.raises(IndexAnswerError, match=r"torch-2\.0-py3-none-any\.whl is not the file"):
        finder.download(found(finder, index)[0], to / "x.whl")
    assert list(to.iterdir()) == []


def test_a_metadata_file_with_another_hash_is_refused(index: TestIndex, finder_of: MakeFinder) -> None:
    index.add("torch", "2.0")
    index.fail("/files/torch-2.0-py3-none-any.whl.metadata", Fault(body=b"Name: evil\n"))
    finder = finder_of()
    with pytest.raises(IndexAnswerError, match=r"whl\.metadata is not the file"):
        finder.metadata(found(finder, index)[0])


def test_a_wheel_of_another_size_than_the_page_says_is_refused(
    index: TestIndex, finder_of: MakeFinder
) -> None:
    index.pep658 = False
    (served,) = index.add("torch", "2.0")
    served.size = 5
    finder = finder_of()
    with pytest.raises(IndexAnswerError, match="is not the file"):
        finder.metadata(found(finder, index)[0])


# --- metadata that can't be used


def test_unusable_metadata_is_an_error_in_every_run_and_fetched_once(
    index: TestIndex, finder_of: MakeFinder
) -> None:
    index.add("torch", "2.0", requires=["b>>1"])
    for _ in range(2):
        finder = finder_of()
        with pytest.raises(MetadataError) as caught:
            finder.metadata(found(finder, index)[0])
        assert "torch-2.0-py3-none-any.whl" in caught.value.message
        assert "b>>1" in caught.value.evidence[0]
    assert index.paths("/files/torch-2.0-py3-none-any.whl.metadata") == 1


def test_metadata_of_another_version_names_the_file(index: TestIndex, finder_of: MakeFinder) -> None:
    text = metadata_text("torch", "1.9")
    index.add_file(
        "torch", ServedFile("torch-2.0-py3-none-any.whl", make_wheel("torch", "2.0", text), text.encode())
    )
    finder = finder_of()
    with pytest.raises(ContradictoryMetadata, match=r"torch-2\.0-py3-none-any\.whl contradicts"):
        finder.metadata(found(finder, index)[0])


# --- offline, progress


def test_offline_takes_what_the_cache_has_and_names_what_it_has_not(
    index: TestIndex, finder_of: MakeFinder
) -> None:
    index.add("torch", "2.0")
    (wheel,) = found(finder_of(), index)
    metadata = finder_of().metadata(wheel)
    seen = len(index.log)
    finder = finder_of(offline=True)
    assert found(finder, index) == [wheel]
    assert finder.metadata(wheel) == metadata
    with pytest.raises(NetworkError, match="is not in the cache, and provenv is offline"):
        finder.project(at(index), "numpy")
    assert len(index.log) == seen


def test_every_fetched_page_and_file_is_told(index: TestIndex, tmp_path: Path) -> None:
    from provenv.pypi.fetch import Event
    from provenv.settings import NetworkSettings

    index.add("torch", "2.0", files={"big.bin": os.urandom(3_000_000)})
    events: list[Event] = []
    words: list[str] = []
    settings = NetworkSettings("https://index.example/simple", cache_dir=tmp_path)
    with Finder(settings, on_event=words.append, on_progress=events.append) as finder:
        (wheel,) = found(finder, index)
        finder.download(wheel, tmp_path / "x.whl")
    assert words == [f"{index.url}/torch/", wheel.url]
    assert [e.state for e in events if e.what == wheel.url][0::100] == ["started"]
    assert any(e.state == "progress" and e.total == wheel.size for e in events)


def test_many_pages_come_at_once(index: TestIndex, finder_of: MakeFinder) -> None:
    names = [f"p{n}" for n in range(12)]
    for name in names:
        index.add(name, "1.0")
        index.fail(f"/simple/{name}/", Fault(delay=1.0))
    finder = finder_of()
    finder.project(at(index), "nothing")  # one connection is open and idle
    finder.prefetch_project(at(index), "nothing too")
    time.sleep(0.1)
    started = time.monotonic()
    for name in names:
        finder.prefetch_project(at(index), name)
    assert all(finder.project(at(index), name) for name in names)
    assert time.monotonic() - started < 12 * 1.0 / 2


def test_the_warm_path_imports_nothing_of_the_network(index: TestIndex, finder_of: MakeFinder) -> None:
    import subprocess
    import sys

    index.max_age = 600
    index.add("torch", "2.0", requires=["a"])
    with finder_of() as finder:
        finder.metadata(found(finder, index)[0])
    script = f"""
import sys
from pathlib import Path
from provenv.manifest.values import Index
from provenv.pypi.finder import Finder
from provenv.settings import NetworkSettings
with Finder(NetworkSettings("https://index.example", cache_dir=Path({str(finder.cache.folder)!r}))) as finder:
    finder.prefetch_project(Index("t", {index.url!r}), "torch")
    (wheel,) = finder.project(Index("t", {index.url!r}), "torch").artifacts[0]
    finder.prefetch_metadata(wheel)
    assert finder.metadata(wheel).requires[0].name == "a"
    assert finder.sha256(wheel)
unwanted = ["httpx", "httpcore", "ssl", "socket", "json", "packaging", "concurrent", "logging", "email"]
print([name for name in unwanted if name in sys.modules])
"""
    seen = len(index.log)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert len(index.log) == seen
