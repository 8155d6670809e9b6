"""Yanked files (PEP 592): for `==` and `===` in the manifest itself, and for a version that a lock holds."""

from __future__ import annotations

import pytest

from provenv.errors import NoSolution
from provenv.resolving.resolve import Options
from support.index_server import TestIndex
from support.resolving import Ask


@pytest.fixture
def yanked(index: TestIndex) -> TestIndex:
    """`a` 1.0, and 2.0 that was yanked."""
    index.add("a", "1.0")
    index.add("a", "2.0", yanked="broken on import")
    return index


def test_a_yanked_version_is_passed_over(yanked: TestIndex, ask: Ask) -> None:
    assert ask("a") == {"a": "1.0"}


@pytest.mark.parametrize("asked", ["a>=2", "a~=2.0", "a==2.*", "a>1.5,<3"])
def test_a_range_does_not_take_a_yanked_version(yanked: TestIndex, ask: Ask, asked: str) -> None:
    error = ask.error(asked)
    assert isinstance(error, NoSolution)
    assert "was yanked (broken on import)" in str(error)


@pytest.mark.parametrize("asked", ["a==2.0", "a==2", "a===2.0", "a==2.0,>1"])
def test_an_exact_pin_of_the_manifest_takes_a_yanked_version_and_says_so(
    yanked: TestIndex, ask: Ask, asked: str
) -> None:
    found = ask.resolution(asked)
    assert [p.version for p in found.packages] == ["2.0"]
    assert found.notes == ("a 2.0 was yanked: broken on import",)


def test_an_exact_pin_in_other_metadata_takes_no_yanked_version(yanked: TestIndex, ask: Ask) -> None:
    yanked.add("b", "1.0", requires=["a"])
    yanked.add("b", "2.0", requires=["a==2.0"])
    assert ask("b") == {"a": "1.0", "b": "1.0"}


def test_an_exact_pin_of_the_manifest_serves_others_too(yanked: TestIndex, ask: Ask) -> None:
    yanked.add("b", "2.0", requires=["a>=2"])
    assert ask("b", "a==2.0") == {"a": "2.0", "b": "2.0"}


@pytest.mark.parametrize("where", ["constraints", "overrides"])
def test_constraints_and_overrides_are_the_manifest_too(yanked: TestIndex, ask: Ask, where: str) -> None:
    yanked.add("b", "1.0", requires=["a"])
    assert ask("b", **{where: ["a==2.0"]}) == {"a": "2.0", "b": "1.0"}


def test_a_version_of_the_old_lock_is_kept_though_it_was_yanked(yanked: TestIndex, ask: Ask) -> None:
    ask.options = Options({"a": "2.0"})
    assert ask("a") == {"a": "2.0"}


def test_a_pin_that_admits_a_stable_local_build_prefers_what_is_not_yanked(
    index: TestIndex, ask: Ask
) -> None:
    index.add("a", "1.0")
    index.add("a", "1.0+fast", yanked="")
    assert ask("a==1.0") == {"a": "1.0"}


def test_one_yanked_file_leaves_the_others_of_its_version(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", tags=["cp312-cp312-manylinux_2_28_x86_64"], yanked="wrong flags")
    index.add("a", "1.0")
    for asked in ("a", "a==1.0"):
        package = ask.package("a", asked)
        assert package.artifact and package.artifact.filename == "a-1.0-py3-none-any.whl"


def test_a_yank_without_a_reason(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", yanked="")
    assert ask.resolution("a==1.0").notes == ("a 1.0 was yanked",)
    assert "was yanked" in str(ask.error("a"))


@pytest.mark.parametrize("formats", [("html",), ("json",)])
def test_html_and_json_pages_say_it_alike(yanked: TestIndex, ask: Ask, formats: tuple[str, ...]) -> None:
    yanked.formats = formats
    assert ask("a") == {"a": "1.0"}
