"""Answers: the classical examples of PubGrub's documentation, preference, laziness, refusals."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from provenv.solver.outcome import Unsolvable
from provenv.solver.provider import Provider, Requirement
from provenv.solver.solve import solve
from support.little_index import LittleIndex


def test_no_conflicts() -> None:
    index = LittleIndex({"foo 1.0.0": "bar>=1.0.0,<2.0.0", "bar 1.0.0": "", "bar 2.0.0": ""})
    assert index.answer("foo>=1.0.0,<2.0.0") == {"foo": "1.0.0", "bar": "1.0.0"}


def test_avoiding_conflict_during_decision_making() -> None:
    index = LittleIndex(
        {
            "foo 1.1.0": "bar>=2.0.0,<3.0.0",
            "foo 1.0.0": "",
            "bar 1.0.0": "",
            "bar 1.1.0": "",
            "bar 2.0.0": "",
        }
    )
    answer = index.answer("foo>=1.0.0,<2.0.0", "bar>=1.0.0,<2.0.0")
    assert answer == {"foo": "1.0.0", "bar": "1.1.0"}


def test_performing_conflict_resolution() -> None:
    index = LittleIndex(
        {"foo 2.0.0": "bar>=1.0.0,<2.0.0", "foo 1.0.0": "", "bar 1.0.0": "foo>=1.0.0,<2.0.0"},
    )
    assert index.answer("foo>=1.0.0") == {"foo": "1.0.0"}


def test_conflict_resolution_with_a_partial_satisfier() -> None:
    index = LittleIndex(
        {
            "foo 1.1.0": "left>=1.0.0,<2.0.0, right>=1.0.0,<2.0.0",
            "foo 1.0.0": "",
            "left 1.0.0": "shared>=1.0.0",
            "right 1.0.0": "shared<2.0.0",
            "shared 2.0.0": "",
            "shared 1.0.0": "target>=1.0.0,<2.0.0",
            "target 2.0.0": "",
            "target 1.0.0": "",
        }
    )
    answer = index.answer("foo>=1.0.0,<2.0.0", "target>=2.0.0,<3.0.0")
    assert answer == {"foo": "1.0.0", "target": "2.0.0"}


def test_what_is_asked_for_directly_is_newest_and_leaves_give_way() -> None:
    index = LittleIndex({"app 2": "lib<2", "app 1": "lib", "lib 2": "", "lib 1": ""})
    assert index.answer("app") == {"app": "2", "lib": "1"}


def test_a_leaf_gives_way_even_if_it_was_decided_before_its_parent() -> None:
    """`array` comes before `frame` by name and depth, but `frame` needs it."""
    index = LittleIndex(
        {"app 1": "array, frame", "array 2": "", "array 1": "", "frame 2": "array<2", "frame 1": ""},
    )
    assert index.answer("app") == {"app": "1", "array": "1", "frame": "2"}
    assert index.answer("array", "frame") == {"array": "1", "frame": "2"}


def test_a_direct_requirement_does_not_give_way_to_an_indirect_one() -> None:
    index = LittleIndex(
        {"app 1": "frame", "array 2": "", "array 1": "", "frame 2": "array<2", "frame 1": ""},
    )
    assert index.answer("app", "array") == {"app": "1", "array": "2", "frame": "1"}


def test_packages_that_keep_conflicting_are_decided_earlier() -> None:
    """Without that every `sdk` is tried against the newest `array`, down to one too old to have a bound."""
    releases: dict[str, str | None] = {f"sdk {n}": f"sdkcore=={n}" for n in range(1, 60)}
    releases |= {f"sdkcore {n}": "array<9" if n > 1 else "" for n in range(1, 60)}
    releases |= {f"array {n}": "" for n in range(1, 12)}
    index = LittleIndex(releases)
    assert index.answer("array", "sdk") == {"array": "8", "sdk": "59", "sdkcore": "59"}
    assert len(index.asked_for) < 20


def test_choices_of_an_older_solution_are_tried_first() -> None:
    index = LittleIndex({"a 3": "b<3", "a 2": "b", "a 1": "b", "b 3": "", "b 2": "", "b 1": ""})
    assert index.answer("a", preferences={"a": "2", "b": "1"}) == {"a": "2", "b": "1"}
    assert index.answer("a>=3", preferences={"a": "2", "b": "3"}) == {"a": "3", "b": "2"}


def test_only_what_is_needed_is_looked_at() -> None:
    index = LittleIndex({"a 2": "b", "a 1": "c", "b 2": "", "b 1": "c", "c 1": "", "d 1": ""})
    index.answer("a")
    assert index.asked_for == ["a 2", "b 2"]


def test_no_version_is_looked_at_twice() -> None:
    index = LittleIndex(
        {f"p{n} {v}": ", ".join(f"p{m}<{v}" for m in range(n)) for n in range(6) for v in range(1, 6)},
    )
    with pytest.raises(Unsolvable):
        index.answer("p5<5")
    assert len(index.asked_for) == len(set(index.asked_for))


def test_unusable_versions_are_passed_over() -> None:
    index = LittleIndex({"a 3": "", "a 2": None, "a 1": ""}, {"a>=3": "has no file"})
    assert index.answer("a") == {"a": "1"}
    assert index.asked_for == ["a 2", "a 1"]


def test_a_package_may_depend_on_itself() -> None:
    index = LittleIndex({"a 2": "a<2", "a 1": "a", "b 1": "b"})
    assert index.answer("a", "b") == {"a": "1", "b": "1"}


def test_a_circle_of_packages_is_fine() -> None:
    index = LittleIndex({"a 1": "b", "b 1": "c", "c 1": "a"})
    assert index.answer("a") == {"a": "1", "b": "1", "c": "1"}


def test_packages_that_share_a_version_never_part() -> None:
    releases: dict[str, str | None] = {f"a {n}": "" for n in range(1, 1001)}
    releases |= {f"a[x] {n}": "[a], b" for n in range(1, 1001)} | {"b 1": "", "c 1": "a<3"}
    index = LittleIndex(releases)
    assert index.answer("a[x]", "c") == {"a": "2", "a[x]": "2", "b": "1", "c": "1"}
    assert sorted(index.asked_for) == ["a 2", "a[x] 2", "b 1", "c 1"]


def test_the_same_package_may_be_asked_for_twice() -> None:
    index = LittleIndex({f"a {n}": "" for n in range(1, 6)})
    assert index.answer("a<4", "a>=2") == {"a": "3"}


def test_nothing_asked_for_is_nothing_chosen() -> None:
    assert LittleIndex({"a 1": ""}).answer() == {}


class Picky(Provider[str]):
    """Finds no version of `a` usable below bit 2, and remembers what it was told to prefetch."""

    def __init__(self) -> None:
        self.prefetched: list[dict[str, int]] = []

    def count(self, package: str) -> int:
        return 4

    def dependencies(self, package: str, version: int) -> Mapping[str, int]:
        return {"b": 0b11} if package == "a" else {}

    def choose(self, package: str, allowed: int) -> int | None:
        if package == "a":
            allowed &= ~0b11
        return super().choose(package, allowed) if allowed else None

    def prefetch(self, required: Mapping[str, int]) -> None:
        self.prefetched.append(dict(required))


def test_a_provider_may_find_none_of_the_allowed_versions_usable() -> None:
    assert dict(solve(Picky(), [Requirement("a", 0b1111)]).versions) == {"a": 2, "b": 0}
    with pytest.raises(Unsolvable):
        solve(Picky(), [Requirement("a", 0b11)])


def test_packages_are_announced_before_they_are_decided() -> None:
    provider = Picky()
    solve(provider, [Requirement("a", 0b1111), Requirement("c", 0b1)])
    assert provider.prefetched == [{"a": 0b1111, "c": 0b1}, {"b": 0b11}]
