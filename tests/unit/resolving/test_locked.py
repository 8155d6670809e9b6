"""The old lock's versions are kept; the answer is the same whatever the order of the input."""

from __future__ import annotations

from itertools import permutations

import pytest

from provenv.resolving.resolve import Options
from support.index_server import TestIndex
from support.resolving import Ask


@pytest.fixture
def ab(index: TestIndex) -> TestIndex:
    for version in ("1.0", "2.0", "3.0"):
        index.add("a", version, requires=["b"])
        index.add("b", version)
    return index


def test_locked_versions_are_kept(ab: TestIndex, ask: Ask) -> None:
    ask.options = Options({"a": "1.0", "b": "2.0"})
    assert ask("a") == {"a": "1.0", "b": "2.0"}


def test_a_locked_version_gives_way_where_it_no_longer_fits(ab: TestIndex, ask: Ask) -> None:
    ask.options = Options({"a": "1.0", "b": "2.0"})
    assert ask("a>1") == {"a": "3.0", "b": "2.0"}
    assert ask("a", constraints=["b!=2.0"]) == {"a": "1.0", "b": "3.0"}


@pytest.mark.parametrize("locked", ["9.9", "not a version", "1.0+local"])
def test_a_locked_version_that_is_gone_is_forgotten(ab: TestIndex, ask: Ask, locked: str) -> None:
    ask.options = Options({"a": locked})
    assert ask("a") == {"a": "3.0", "b": "3.0"}


def test_a_locked_package_that_nobody_needs_any_more_is_left_out(ab: TestIndex, ask: Ask) -> None:
    ask.options = Options({"a": "1.0", "b": "2.0"})
    assert ask("b") == {"b": "2.0"}


def test_a_locked_version_may_force_the_others(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", requires=["b<2"])
    index.add("a", "2.0", requires=["b>=2"])
    index.add("b", "1.0")
    index.add("b", "2.0")
    ask.options = Options({"b": "1.0"})
    # the manifest's own package is as new as possible before what it needs keeps its place
    assert ask("a") == {"a": "2.0", "b": "2.0"}
    ask.options = Options({"a": "1.0", "b": "1.0"})
    assert ask("a") == {"a": "1.0", "b": "1.0"}


def test_what_the_manifest_names_is_as_new_as_possible_before_the_others(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", requires=["b"])
    index.add("a", "2.0", requires=["b<2"])
    index.add("b", "1.0")
    index.add("b", "2.0")
    assert ask("a") == {"a": "2.0", "b": "1.0"}


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("highest", {"a": "3.0", "b": "3.0"}),
        ("lowest", {"a": "1.0", "b": "1.0"}),
        ("lowest-direct", {"a": "1.0", "b": "3.0"}),
    ],
)
def test_the_strategy(ab: TestIndex, ask: Ask, strategy: str, expected: dict[str, str]) -> None:
    ask.options = Options({}, strategy=strategy)  # type: ignore[arg-type]  # of the table above
    assert ask("a") == expected


def test_the_order_of_requirements_does_not_matter(index: TestIndex, ask: Ask) -> None:
    for version in ("1.0", "2.0"):
        index.add("a", version, requires=[f"c<={version}"])
        index.add("b", version, requires=[f"c>={version}"])
        index.add("c", version)
    index.add("d", "1.0", requires=["c<2"])
    for asked, expected in (
        (("a", "b", "c"), {"a": "2.0", "b": "2.0", "c": "2.0"}),
        (("a", "b", "d"), {"a": "2.0", "b": "1.0", "c": "1.0", "d": "1.0"}),
    ):
        assert [ask(*order) for order in permutations(asked)] == [expected] * 6


def test_the_order_of_requirements_does_not_change_what_an_error_says(index: TestIndex, ask: Ask) -> None:
    for name, bound in (("a", ">=2"), ("b", "<2"), ("d", "!=1")):
        index.add(name, "1.0", requires=[f"c{bound}"])
    for version in ("1.0", "2.0"):
        index.add("c", version)
    assert len({str(ask.error(*order)) for order in permutations(("a", "b", "d"))}) == 1
