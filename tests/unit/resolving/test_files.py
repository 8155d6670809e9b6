"""Which versions have a file for the target, and which file is taken: locals, wheels, sdists."""

from __future__ import annotations

import pytest

from provenv.errors import NoSolution
from provenv.manifest.values import FileRule
from provenv.resolving.resolve import Options
from support.distributions import make_sdist
from support.index_server import ServedFile, TestIndex
from support.resolving import Ask

LINUX, WINDOWS = "cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-win_amd64"
BUILD_A = FileRule(names=frozenset({"a"}))
ALL = FileRule(everything=True)


def filename(ask: Ask, *asked: str, **manifest: object) -> str:
    artifact = ask.package("a", *asked, **manifest).artifact
    assert artifact
    return artifact.filename


# --- local versions


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("a", "1.0+cpu"),
        ("a==1.0", "1.0+cpu"),
        ("a<=1.0", "1.0+cpu"),
        ("a==1.0+cpu", "1.0+cpu"),
        ("a===1.0", "1.0"),
        ("a!=1.0+cpu", "1.0"),
        ("a>=1.0,<1.1", "1.0+cpu"),
    ],
)
def test_local_versions_are_matched_as_pep_440_says(
    index: TestIndex, ask: Ask, asked: str, expected: str
) -> None:
    index.add("a", "1.0")
    index.add("a", "1.0+cpu")
    assert ask(asked) == {"a": expected}


@pytest.mark.parametrize("asked", ["a==1.0+other", "a>1.0"])
def test_a_local_version_satisfies_no_other_label_and_is_not_greater(
    index: TestIndex, ask: Ask, asked: str
) -> None:
    index.add("a", "1.0+cpu")
    assert isinstance(ask.error(asked), NoSolution)


# --- no file for the target


def test_an_older_version_with_a_file_is_tried(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", tags=[LINUX])
    index.add("a", "2.0", tags=[WINDOWS])
    assert ask("a") == {"a": "1.0"}


def test_it_may_be_a_dependency_that_has_no_file(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0")
    index.add("a", "2.0", requires=["b>=2"])
    index.add("b", "1.0")
    index.add("b", "2.0", tags=[WINDOWS])
    assert ask("a") == {"a": "1.0"}


def test_no_version_with_a_file_says_so(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", tags=[WINDOWS])
    assert "has no wheel for Python 3.12 on linux-x86_64" in str(ask.error("a"))


def test_the_envelope_decides_which_tags_fit(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", tags=["py3-none-manylinux_2_28_x86_64"])
    index.add("a", "2.0", tags=["py3-none-manylinux_2_34_x86_64"])
    assert ask("a") == {"a": "1.0"}


def test_the_best_tag_is_taken(index: TestIndex, ask: Ask) -> None:
    index.add(
        "a", "1.0", tags=["py3-none-any", LINUX, "cp311-abi3-manylinux_2_17_x86_64", WINDOWS], sdist=True
    )
    assert filename(ask, "a", build=ALL) == f"a-1.0-{LINUX}.whl"


def test_the_highest_build_number_is_taken(index: TestIndex, ask: Ask) -> None:
    (file,) = index.add("a", "1.0")
    for build in ("9", "10", "10b", "10a"):
        index.add_file("a", ServedFile(f"a-1.0-{build}-py3-none-any.whl", file.content, file.metadata))
    assert filename(ask, "a") == "a-1.0-10b-py3-none-any.whl"


# --- source distributions


def test_an_sdist_newer_than_the_newest_wheel_is_no_candidate(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0")
    index.add("a", "2.0", tags=(), sdist=True)
    assert ask("a") == {"a": "1.0"}
    error = ask.error("a>=2")
    assert "may not be built from source" in str(error)
    assert "allow a build from source: `--build-any`" in error.hints


@pytest.mark.parametrize("rule", [BUILD_A, ALL])
def test_an_sdist_is_a_candidate_where_the_manifest_lets_it_be_built(
    index: TestIndex, ask: Ask, rule: FileRule
) -> None:
    index.add("a", "1.0")
    index.add("a", "2.0", tags=(), sdist=True)
    assert filename(ask, "a", build=rule) == "a-2.0.tar.gz"


def test_build_names_single_packages(index: TestIndex, ask: Ask) -> None:
    for name in ("a", "b"):
        index.add(name, "1.0")
        index.add(name, "2.0", tags=(), sdist=True)
    assert ask("a", "b", build=BUILD_A) == {"a": "2.0", "b": "1.0"}
    ask.options = Options({}, build_any=True)
    assert ask("a", "b") == {"a": "2.0", "b": "2.0"}


def test_only_binary_refuses_what_might_be_built(index: TestIndex, ask: Ask) -> None:
    for name in ("a", "b"):
        index.add(name, "1.0")
        index.add(name, "2.0", tags=(), sdist=True)
    ask.options = Options({}, build_any=True)
    assert ask("a", "b", only_binary=BUILD_A) == {"a": "1.0", "b": "2.0"}
    assert ask("a", "b", only_binary=ALL) == {"a": "1.0", "b": "1.0"}


def test_only_binary_for_all_leaves_what_build_names(index: TestIndex, ask: Ask) -> None:
    for name in ("a", "b"):
        index.add(name, "1.0")
        index.add(name, "2.0", tags=(), sdist=True)
    assert ask("a", "b", only_binary=ALL, build=BUILD_A) == {"a": "2.0", "b": "1.0"}


def test_no_binary_takes_the_sdist_although_a_wheel_fits(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", sdist=True)
    index.add("a", "2.0")
    assert filename(ask, "a", no_binary=BUILD_A) == "a-1.0.tar.gz"
    assert "--no-binary" in str(ask.error("a>=2", no_binary=BUILD_A))


def test_a_wheel_comes_before_an_sdist_of_its_version(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", sdist=True)
    assert filename(ask, "a", build=ALL) == "a-1.0-py3-none-any.whl"


def test_an_sdist_serves_where_the_wheels_are_for_others(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", tags=[WINDOWS], sdist=True, requires=["b"])
    index.add("b", "1.0")
    assert ask("a", build=BUILD_A) == {"a": "1.0", "b": "1.0"}


def test_an_sdist_without_static_metadata_is_built(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", tags=(), sdist=True, static=False, requires=["b"])
    index.add("b", "1.0")
    assert ask("a", build=BUILD_A) == {"a": "1.0", "b": "1.0"}


def test_metadata_belong_to_the_file_of_the_target(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", tags=[LINUX], requires=["b"])
    index.add("a", "1.0", tags=[WINDOWS], requires=["c"])
    index.add_file("a", ServedFile("a-1.0.tar.gz", make_sdist("a", "1.0", requires=["d"])))
    for name in ("b", "c", "d"):
        index.add(name, "1.0")
    assert set(ask("a")) == {"a", "b"}
    ask.target = {"platforms": ("windows-x86_64",)}
    assert set(ask("a")) == {"a", "c"}
    ask.target = {"platforms": ("macos-arm64",)}
    assert set(ask("a", build=BUILD_A)) == {"a", "d"}
