"""A mirror changes where bytes come from, never the addresses that a lock says."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenv.errors import InputError, NetworkError
from provenv.manifest.values import Index
from provenv.pypi.addresses import behind_mirror, in_flat
from provenv.pypi.artifacts import Artifact
from provenv.pypi.finder import Finder
from support.index_server import Fault, TestIndex

from .conftest import MakeFinder

CPU = "https://download.pytorch.org/whl/cpu"
CORP = Index("corp", "https://index.example/simple")
FILENAME = "torch-2.0+cpu-py3-none-any.whl"


def first(finder: Finder, index: Index = CORP, name: str = "torch") -> Artifact:
    project = finder.project(index, name)
    assert project is not None
    return project.artifacts[0][0]


def check(finder: Finder, wheel: Artifact, bytes_at: str) -> None:
    """Everything about a file works through the mirror."""
    assert finder.fetch_url(wheel) == bytes_at
    assert finder.metadata(wheel).requires[0].name == "numpy"
    assert len(finder.sha256(wheel)[0]) == 64


def test_a_folder_stands_in_for_the_pytorch_index(
    index: TestIndex, finder_of: MakeFinder, tmp_path: Path
) -> None:
    index.add("torch", "2.0+cpu", requires=["numpy"])
    folder = index.write(tmp_path / "wheels")
    finder = finder_of(mirrors=((CPU, (str(folder),)),))
    wheel = first(finder, Index("cpu", CPU))
    assert (wheel.url, wheel.index) == (f"{CPU}/torch-2.0%2Bcpu-py3-none-any.whl", CPU)
    check(finder, wheel, (folder.resolve() / FILENAME).as_uri())
    assert finder.project(Index("cpu", CPU), "absent") is None


def test_a_file_replaced_in_a_mirrors_folder_is_read_anew(
    index: TestIndex, finder_of: MakeFinder, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        index.projects.clear()
        index.add("torch", "2.0+cpu", requires=[name])
        folder = index.write(tmp_path / "wheels")
        finder = finder_of(mirrors=((CPU, (str(folder),)),))
        assert finder.metadata(first(finder, Index("cpu", CPU))).requires[0].name == name


def test_a_simple_mirror_with_files_beside_its_pages(index: TestIndex, finder_of: MakeFinder) -> None:
    index.add("torch", "2.0+cpu", requires=["numpy"])
    for _ in range(2):
        finder = finder_of(mirrors=((CORP.url, (index.url,)),))
        wheel = first(finder)
        assert wheel.url == "https://index.example/files/torch-2.0%2Bcpu-py3-none-any.whl"
        assert wheel.index == CORP.url
        check(finder, wheel, index.file_url(FILENAME))
        assert finder.project(CORP, "absent") is None


def test_a_mirror_whose_links_lead_to_the_indexs_own_files(index: TestIndex, finder_of: MakeFinder) -> None:
    with TestIndex() as files:
        (served,) = files.add("torch", "2.0+cpu", requires=["numpy"])
        served.url = files.file_url(FILENAME)
        index.add_file("torch", served)
        finder = finder_of(mirrors=((CORP.url, (index.url,)),))
        wheel = first(finder)
        assert wheel.url == files.file_url(FILENAME)
        check(finder, wheel, wheel.url)


@pytest.mark.parametrize("place", ["flat/", "flat"])
def test_a_flat_page_as_a_mirror(index: TestIndex, finder_of: MakeFinder, place: str) -> None:
    index.add("torch", "2.0+cpu", requires=["numpy"])
    index.fail("/flat", Fault(status=301, headers={"Location": "/flat/"}))
    for _ in range(2):
        finder = finder_of(mirrors=((CPU, (f"{index.base}/{place}",)),))
        wheel = first(finder, Index("cpu", CPU))
        assert wheel.url == f"{CPU}/torch-2.0%2Bcpu-py3-none-any.whl"
        check(finder, wheel, index.file_url(FILENAME))


def test_mirrors_are_asked_in_order_and_one_that_is_down_is_passed_over(
    index: TestIndex, finder_of: MakeFinder, tmp_path: Path
) -> None:
    with TestIndex() as second:
        index.add("torch", "2.0", requires=["numpy"])
        second.add("torch", "1.0", requires=["numpy"])
        second.add("only-there", "1.0", requires=["numpy"])
        finder = finder_of(mirrors=((CORP.url, (index.url, second.url)),))
        assert first(finder).version == "2.0"
        assert first(finder, name="only-there").version == "1.0"
        down = finder_of(
            mirrors=((CORP.url, ("http://127.0.0.1:9/simple", second.url)),),
            cache_dir=tmp_path / "b",
            retries=0,
        )
        assert first(down).version == "1.0"
        with pytest.raises(NetworkError, match=r"127\.0\.0\.1 refused"):
            down.project(CORP, "absent")


def test_a_mirror_folder_that_is_not_there_is_an_error(finder_of: MakeFinder, tmp_path: Path) -> None:
    finder = finder_of(mirrors=((CORP.url, (str(tmp_path / "none"),)),))
    with pytest.raises(InputError, match="there is no folder"):
        finder.project(CORP, "torch")


def test_an_artifact_of_a_lock_finds_its_bytes_at_the_mirror(index: TestIndex, finder_of: MakeFinder) -> None:
    index.add("torch", "2.0+cpu", requires=["numpy"])
    finder = finder_of(mirrors=((CORP.url, (index.url,)),))
    locked = Artifact(
        FILENAME,
        "https://index.example/files/torch-2.0%2Bcpu-py3-none-any.whl",
        "wheel",
        "2.0+cpu",
        index=CORP.url,
    )
    assert finder.fetch_url(locked) == index.file_url(FILENAME)
    elsewhere = locked._replace(url="https://files.example/aa/bb/torch-2.0%2Bcpu-py3-none-any.whl")
    assert finder.fetch_url(elsewhere) == index.file_url(FILENAME)
    replaced = elsewhere._replace(hashes={"sha256": "0" * 64})
    assert finder.fetch_url(replaced) == replaced.url
    foreign = Artifact("other-1-py3-none-any.whl", "https://x.example/other", "wheel", "1", index=CORP.url)
    assert finder.fetch_url(foreign) == foreign.url


def test_a_lock_made_behind_a_mirror_and_without_it_says_the_same(
    index: TestIndex, finder_of: MakeFinder, tmp_path: Path
) -> None:
    index.add("torch", "2.0", requires=["numpy"])
    with TestIndex() as mirror:
        mirror.projects = index.projects
        own = first(finder_of(), Index("corp", index.url))
        mirrored = first(
            finder_of(mirrors=((index.url, (mirror.url,)),), cache_dir=tmp_path / "b"),
            Index("corp", index.url),
        )
        assert mirrored == own
        assert mirror.log != []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://m.example/base/torch/torch-1.whl", "https://o.example/simple/torch/torch-1.whl"),
        ("http://m.example/base/files/torch-1.whl", "https://o.example/simple/files/torch-1.whl"),
        ("http://m.example/packages/aa/torch-1.whl", "https://o.example/packages/aa/torch-1.whl"),
    ],
)
def test_the_address_behind_a_simple_mirror(url: str, expected: str) -> None:
    assert behind_mirror("https://o.example/simple/", "http://m.example/base", "torch", url) == expected


def test_the_address_that_a_flat_mirror_stands_for() -> None:
    assert in_flat(f"{CPU}/", "torch-2.0+cpu.whl") == f"{CPU}/torch-2.0%2Bcpu.whl"
