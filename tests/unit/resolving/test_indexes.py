"""Where packages come from: indexes, pins, find-links, the accelerator's build, this machine's pip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provenv.cli import main
from provenv.errors import IndexAnswerError, NetworkError, NoSolution
from provenv.manifest.values import Index, Pin
from support.index_server import Fault, TestIndex
from support.resolving import Ask

CPU_INDEX = "https://download.pytorch.org/whl/cpu"


@pytest.fixture
def other() -> Iterator[TestIndex]:
    with TestIndex() as found:
        yield found


def indexes(first: TestIndex, *more: Index) -> dict[str, tuple[Index, ...]]:
    return {"indexes": (*more, Index("default", first.url, default=True))}


# --- projects that are not there, indexes that fail


def test_a_project_that_does_not_exist_is_a_dead_end(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0")
    index.add("a", "2.0", requires=["missing"])
    assert ask("a") == {"a": "1.0"}


def test_a_direct_one_that_does_not_exist_is_no_solution(index: TestIndex, ask: Ask) -> None:
    error = ask.error("missing")
    assert isinstance(error, NoSolution)
    assert f"missing, which is not on {index.url}" in str(error)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_index_that_fails_is_an_error_though_another_version_could_do(
    index: TestIndex, ask: Ask, status: int
) -> None:
    index.add("a", "1.0")
    index.add("a", "2.0", requires=["b"])
    index.fail("/simple/b/", Fault(status=status))
    error = ask.error("a")
    assert isinstance(error, IndexAnswerError)
    assert str(status) in str(error)


def test_a_mirror_is_proposed_of_the_index_that_failed_and_of_no_other(index: TestIndex, ask: Ask) -> None:
    with TestIndex() as other:
        other.add("a", "1.0", requires=["b"])
        index.fail("/simple/b/", Fault(status=503))
        error = ask.error("a", indexes=(Index("other", other.url), Index("main", index.url, default=True)))
    assert error.hints[1:] == (f'or name a mirror of it in your settings: [mirrors] "{index.url}" = "..."',)


def test_metadata_that_the_index_fails_to_give_are_an_error(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0")
    index.add("a", "2.0")
    index.fail("/files/a-2.0-py3-none-any.whl.metadata", Fault(status=500))
    assert isinstance(ask.error("a"), IndexAnswerError)


def test_exit_codes_tell_the_faults_apart(index: TestIndex, capsys: pytest.CaptureFixture[str]) -> None:
    index.add("a", "1.0")
    index.fail("/simple/b/", Fault(status=503))
    command = ["resolve", "--no-pip-config", "--platform", "linux-x86_64", "--accelerator", "cpu", "--json"]
    here = ["--default-index", index.url]
    refused = ["--default-index", "http://127.0.0.1:9/simple"]
    assert main([*command, *here, "a"]) == 0
    assert main([*command, *here, "a>1"]) == 1
    assert main([*command, *here, "a>"]) == 2
    assert main([*command, *refused, "a"]) == 3
    assert main([*command, *here, "b"]) == 4
    capsys.readouterr()


def test_a_refused_connection_is_an_error_of_the_network(index: TestIndex, ask: Ask) -> None:
    nobody = Index("default", "http://127.0.0.1:9/simple", default=True)
    assert isinstance(ask.error("a", indexes=(nobody,)), NetworkError)


# --- several indexes


def test_the_first_index_that_has_the_package_is_the_only_one(
    index: TestIndex, other: TestIndex, ask: Ask
) -> None:
    index.add("a", "2.0")
    index.add("b", "1.0")
    other.add("a", "1.0")
    first = indexes(index, Index("first", other.url))
    assert ask("a", "b", **first) == {"a": "1.0", "b": "1.0"}
    assert isinstance(ask.error("a>1", **first), NoSolution)
    assert index.paths("/simple/a/") == 0


def test_an_index_that_fails_is_not_passed_over(index: TestIndex, other: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0")
    other.fail("/simple/a/", Fault(status=500))
    assert isinstance(ask.error("a", **indexes(index, Index("first", other.url))), IndexAnswerError)


def test_a_pinned_package_comes_from_its_index_and_nowhere_else(
    index: TestIndex, other: TestIndex, ask: Ask
) -> None:
    index.add("a", "2.0")
    index.add("b", "2.0", requires=["a"])
    other.add("a", "1.0")
    other.add("b", "3.0")
    corp = Index("corp", other.url, explicit=True)
    assert ask("b", pins=(Pin("a", "corp"),), **indexes(index, corp)) == {"a": "1.0", "b": "2.0"}
    assert isinstance(ask.error("a>1", pins=(Pin("a", "corp"),), **indexes(index, corp)), NoSolution)


def test_patterns_of_an_index_pin_packages(index: TestIndex, other: TestIndex, ask: Ask) -> None:
    for name in ("corp-a", "a"):
        index.add(name, "2.0")
        other.add(name, "1.0")
    corp = Index("corp", other.url, packages=("corp-*",))
    assert ask("corp-a", "a", **indexes(index, corp)) == {"a": "2.0", "corp-a": "1.0"}


def test_a_pin_holds_where_its_marker_does(index: TestIndex, other: TestIndex, ask: Ask) -> None:
    index.add("a", "2.0")
    other.add("a", "1.0")
    corp = Index("corp", other.url, explicit=True)
    for marker, version in (("sys_platform == 'win32'", "2.0"), ("sys_platform == 'linux'", "1.0")):
        assert ask("a", pins=(Pin("a", "corp", marker=marker),), **indexes(index, corp)) == {"a": version}


# --- find-links


@pytest.mark.parametrize("flat", ["folder", "page"])
def test_find_links_stand_beside_the_index(
    index: TestIndex, other: TestIndex, ask: Ask, tmp_path: Path, flat: str
) -> None:
    index.add("a", "1.0")
    other.add("a", "2.0")
    other.add("b", "1.0")
    url = other.write(tmp_path / "wheels").as_uri() if flat == "folder" else other.flat_url
    assert ask("a", "b", **indexes(index, Index("links", url, flat=True))) == {"a": "2.0", "b": "1.0"}


def test_for_the_same_version_the_indexs_file_is_preferred(
    index: TestIndex, other: TestIndex, ask: Ask, tmp_path: Path
) -> None:
    index.add("a", "1.0")
    other.add("a", "1.0", tags=["cp312-cp312-manylinux_2_28_x86_64", "py3-none-any"])
    links = Index("links", other.write(tmp_path / "wheels").as_uri(), flat=True)
    package = ask.package("a", **indexes(index, links))
    assert package.artifact and package.artifact.url == index.file_url("a-1.0-py3-none-any.whl")


def test_a_wheel_of_find_links_comes_before_building_the_indexs_sdist(
    index: TestIndex, other: TestIndex, ask: Ask, tmp_path: Path
) -> None:
    index.add("a", "1.0", tags=(), sdist=True)
    other.add("a", "1.0")
    links = Index("links", other.write(tmp_path / "wheels").as_uri(), flat=True)
    package = ask.package("a", **indexes(index, links))
    assert package.artifact and package.artifact.url == (tmp_path / "wheels/a-1.0-py3-none-any.whl").as_uri()
    assert package.artifact.hashes["sha256"]


def test_without_an_index_only_find_links_are_asked(
    index: TestIndex, other: TestIndex, ask: Ask, tmp_path: Path
) -> None:
    index.add("a", "2.0")
    other.add("a", "1.0")
    other.add("torch", "2.0")
    links = Index("links", other.write(tmp_path / "wheels").as_uri(), flat=True)
    assert ask("a", "torch", no_index=True, **indexes(index, links)) == {"a": "1.0", "torch": "2.0"}
    assert index.log == []


# --- the accelerator's build


@pytest.fixture
def cpu_index(other: TestIndex, bare_machine: Path) -> TestIndex:
    """A mirror of the CPU build's index."""
    bare_machine.write_text(f'retries = 0\n[mirrors]\n"{CPU_INDEX}" = "{other.url}"\n')
    return other


def test_the_builds_packages_come_from_its_index_alone(
    index: TestIndex, cpu_index: TestIndex, ask: Ask
) -> None:
    index.add("torch", "2.9", requires=["numpy"])
    index.add("numpy", "2.0")
    cpu_index.add("torch", "2.8+cpu", requires=["numpy"])
    cpu_index.add("torch", "2.9+cu128")
    cpu_index.add("numpy", "1.0")
    found = ask.resolution("torch")
    assert {p.name: p.version for p in found.packages} == {"numpy": "2.0", "torch": "2.8+cpu"}
    assert found.build and found.build.name == "cpu"
    torch = found.packages[1].artifact
    assert torch and torch.index == CPU_INDEX and torch.url.startswith("https://download.pytorch.org/whl/")
    assert cpu_index.paths("/simple/torch/") > 0
    assert index.paths("/simple/torch/") == 0


def test_a_pin_of_the_manifest_beats_the_build(index: TestIndex, cpu_index: TestIndex, ask: Ask) -> None:
    index.add("torch", "2.7+corp1")
    cpu_index.add("torch", "2.8+cpu")
    corp = Index("corp", index.url, explicit=True)
    assert ask("torch", pins=(Pin("torch", "corp"),), **indexes(index, corp)) == {"torch": "2.7+corp1"}
    assert cpu_index.log == []


def test_the_build_comes_from_find_links_where_these_hold_it(
    index: TestIndex, cpu_index: TestIndex, ask: Ask, tmp_path: Path
) -> None:
    cpu_index.add("torch", "2.9+cpu")
    with TestIndex() as mine:
        mine.add("torch", "2.8+cpu")
        mine.add("torch", "2.9")
        links = Index("links", mine.write(tmp_path / "wheels").as_uri(), flat=True)
    assert ask("torch", **indexes(index, links)) == {"torch": "2.8+cpu"}
    assert ask("torch>=2.9", **indexes(index, links)) == {"torch": "2.9+cpu"}


def test_find_links_without_the_builds_label_leave_it_to_its_index(
    index: TestIndex, cpu_index: TestIndex, ask: Ask, tmp_path: Path
) -> None:
    cpu_index.add("torch", "2.8+cpu")
    with TestIndex() as mine:
        mine.add("torch", "2.9")
        mine.add("torch", "2.9+cpu", tags=["cp311-cp311-manylinux_2_28_x86_64"])
        links = Index("links", mine.write(tmp_path / "wheels").as_uri(), flat=True)
    assert ask("torch", **indexes(index, links)) == {"torch": "2.8+cpu"}


# --- this machine's pip configuration


def pip_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "pip.conf").write_text(f"[global]\n{text}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))


def test_a_remote_extra_index_is_asked_before_the_default_one(
    index: TestIndex, other: TestIndex, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("a", "2.0")
    other.add("a", "1.0")
    pip_says(tmp_path, monkeypatch, f"extra-index-url = {other.url}")
    assert ask("a") == {"a": "2.0"}
    ask.pip_config = True
    assert ask("a") == {"a": "1.0"}


def test_a_folder_as_extra_index_only_fills_in_what_is_missing(
    index: TestIndex, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("a", "1.0")
    with TestIndex() as mine:
        for name in ("a", "b"):
            mine.add(name, "2.0")
            mine.write(tmp_path / "simple" / name)
    pip_says(tmp_path, monkeypatch, f"extra-index-url = {(tmp_path / 'simple').as_uri()}")
    ask.pip_config = True
    assert ask("a", "b") == {"a": "1.0", "b": "2.0"}


def test_find_links_of_pip_are_beside_the_index(
    index: TestIndex, other: TestIndex, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("a", "1.0")
    other.add("a", "2.0")
    pip_says(tmp_path, monkeypatch, f"find-links = {other.write(tmp_path / 'wheels')}")
    ask.pip_config = True
    assert ask("a") == {"a": "2.0"}


def test_pips_no_index_leaves_find_links_alone(
    index: TestIndex, other: TestIndex, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("a", "2.0")
    other.add("a", "1.0")
    pip_says(tmp_path, monkeypatch, f"no-index = true\nfind-links = {other.write(tmp_path / 'wheels')}")
    ask.pip_config = True
    assert ask("a") == {"a": "1.0"}
