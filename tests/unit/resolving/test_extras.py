"""Extras: a package and its extras share one version; a missing one warns."""

from __future__ import annotations

import pytest

from provenv.errors import NoSolution
from support.index_server import TestIndex
from support.resolving import Ask


@pytest.fixture(autouse=True)
def leaves(index: TestIndex) -> None:
    for name in ("x", "y", "z"):
        index.add(name, "1.0")


def test_an_extra_adds_its_requirements(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", requires=["x"], extras={"more": ["y"], "other": ["z"]})
    assert set(ask("a")) == {"a", "x"}
    package = ask.package("a", "a[more]")
    assert (package.requires, package.extras) == (("x", "y"), ("more",))


@pytest.mark.parametrize("asked", ["a[Big_More]", "a[big.more]", "a[BIG-MORE]"])
@pytest.mark.parametrize("provided", ["big-more", "Big_More", "big..more"])
def test_names_of_extras_are_normalised_on_both_sides(
    index: TestIndex, ask: Ask, asked: str, provided: str
) -> None:
    index.add("a", "1.0", extras={provided: ["x"]})
    assert set(ask(asked)) == {"a", "x"}


def test_a_missing_extra_is_a_warning(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0")
    index.add("a", "2.0")
    found = ask.resolution("a[nope]")
    assert [(p.version, p.extras) for p in found.packages] == [("2.0", ())]
    assert found.notes == ("a 2.0 has no extra 'nope'",)


def test_the_newest_version_is_taken_although_an_older_one_has_the_extra(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", extras={"more": ["x"]})
    index.add("a", "2.0")
    assert ask("a[more]") == {"a": "2.0"}


def test_an_extra_and_its_package_share_one_version(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", extras={"more": ["x"]})
    index.add("a", "2.0", extras={"more": ["x"]})
    index.add("b", "1.0", requires=["a<2"])
    assert ask("a[more]", "b") == {"a": "1.0", "b": "1.0", "x": "1.0"}
    index.add("c", "1.0", requires=["a[more]>=2"])
    assert isinstance(ask.error("b", "c"), NoSolution)


def test_an_extra_may_limit_its_own_package(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", extras={"more": ["x"]})
    index.add("a", "2.0", extras={"more": ["x>=2"]})
    assert ask("a[more]") == {"a": "1.0", "x": "1.0"}
    assert ask("a") == {"a": "2.0"}


def test_self_referential_extras_recurse(index: TestIndex, ask: Ask) -> None:
    index.add(
        "a", "1.0", extras={"all": ["a[more,other]"], "more": ["x"], "other": ["a[deep]"], "deep": ["y"]}
    )
    package = ask.package("a", "a[all]")
    assert package.requires == ("x", "y")
    assert package.extras == ("all", "deep", "more", "other")


def test_extras_that_ask_for_each_other_come_to_an_end(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", extras={"one": ["a[two]", "x"], "two": ["a[one]", "y"]})
    assert set(ask("a[one]")) == {"a", "x", "y"}


def test_extras_of_several_requirements_come_together(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", extras={"more": ["x"], "other": ["y"]})
    index.add("b", "1.0", requires=["a[other]"])
    assert ask.package("a", "a[more]", "b").extras == ("more", "other")


def test_an_extras_requirement_has_its_own_marker(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", extras={"more": ["x; sys_platform == 'win32'", "y; sys_platform == 'linux'"]})
    assert set(ask("a[more]")) == {"a", "y"}


def test_an_extra_may_ask_for_another_packages_extra(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", extras={"more": ["b[deep]"]})
    index.add("b", "1.0", extras={"deep": ["x"]})
    assert set(ask("a[more]")) == {"a", "b", "x"}
    assert set(ask("a")) == {"a"}
