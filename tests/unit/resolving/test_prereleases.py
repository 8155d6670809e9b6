"""Prereleases: only where no stable version leads to a solution."""

from __future__ import annotations

import pytest

from provenv.errors import NoSolution
from provenv.resolving.resolve import Options
from support.index_server import TestIndex
from support.resolving import Ask


def publish(index: TestIndex, name: str, *versions: str, **more: object) -> None:
    for version in versions:
        index.add(name, version, **more)  # type: ignore[arg-type]  # as `add` takes them


def test_a_stable_version_comes_before_a_newer_prerelease(index: TestIndex, ask: Ask) -> None:
    publish(index, "a", "1.0", "2.0rc1", "2.0.dev3")
    assert ask("a") == {"a": "1.0"}


def test_a_stable_version_comes_first_even_where_the_specifier_names_a_prerelease(
    index: TestIndex, ask: Ask
) -> None:
    publish(index, "a", "1.0", "1.1", "2.0rc1")
    assert ask("a>=1.0rc1") == {"a": "1.1"}


def test_what_was_chosen_says_whether_it_is_a_prerelease(index: TestIndex, ask: Ask) -> None:
    publish(index, "a", "2.0.dev1")
    publish(index, "b", "1.0.post1")
    assert [(p.name, p.prerelease) for p in ask.resolution("a", "b").packages] == [("a", True), ("b", False)]


@pytest.mark.parametrize("asked", ["a>=2.0rc1", "a==2.0rc1", "a>1.5"])
def test_a_prerelease_is_taken_where_no_stable_version_fits(index: TestIndex, ask: Ask, asked: str) -> None:
    publish(index, "a", "1.0", "2.0rc1")
    assert ask(asked) == {"a": "2.0rc1"}


def test_a_package_that_has_nothing_else_offers_its_prereleases(index: TestIndex, ask: Ask) -> None:
    publish(index, "a", "1.0", "2.0", requires=["b"])
    publish(index, "b", "0.1b1", "0.2b1")
    assert ask("a") == {"a": "2.0", "b": "0.2b1"}


def test_prereleases_are_all_there_is_where_the_stable_ones_have_no_file_for_the_target(
    index: TestIndex, ask: Ask
) -> None:
    publish(index, "a", "1.0", tags=["cp312-cp312-win_amd64"])
    publish(index, "a", "2.0rc1")
    assert ask("a") == {"a": "2.0rc1"}


def test_a_stable_release_of_the_parent_without_the_need_comes_first(index: TestIndex, ask: Ask) -> None:
    publish(index, "a", "2.0", requires=["b>=2.0rc1"])
    publish(index, "a", "1.0", requires=["b"])
    publish(index, "b", "1.0", "2.0rc1")
    assert ask("a") == {"a": "1.0", "b": "1.0"}


def test_an_indirect_prerelease_is_taken_where_nothing_else_leads_to_a_solution(
    index: TestIndex, ask: Ask
) -> None:
    publish(index, "a", "1.0", requires=["b>=2.0rc1"])
    publish(index, "b", "1.0", "2.0rc1", "2.0rc2")
    assert ask("a") == {"a": "1.0", "b": "2.0rc2"}


def test_only_the_packages_that_need_them_get_prereleases(index: TestIndex, ask: Ask) -> None:
    publish(index, "a", "1.0", requires=["b>=2.0rc1", "c"])
    publish(index, "b", "1.0", "2.0rc1")
    publish(index, "c", "1.0", "1.1rc1")
    publish(index, "d", "1.0", "2.0a1")
    assert ask("a", "d") == {"a": "1.0", "b": "2.0rc1", "c": "1.0", "d": "1.0"}


def test_several_packages_can_need_prereleases(index: TestIndex, ask: Ask) -> None:
    publish(index, "a", "1.0", requires=["b>=2.0rc1"])
    publish(index, "b", "1.0")
    publish(index, "b", "2.0rc1", requires=["c>=2.0rc1"])
    publish(index, "c", "1.0", "2.0rc1")
    assert ask("a") == {"a": "1.0", "b": "2.0rc1", "c": "2.0rc1"}


def test_allow_takes_the_newest_of_all(index: TestIndex, ask: Ask) -> None:
    publish(index, "a", "1.0", "2.0rc1", requires=["b"])
    publish(index, "b", "1.0", "2.0.dev1")
    assert ask("a", prerelease="allow") == {"a": "2.0rc1", "b": "2.0.dev1"}


@pytest.mark.parametrize("versions", [("1.0", "2.0rc1"), ("2.0rc1",)])
def test_never_means_never(index: TestIndex, ask: Ask, versions: tuple[str, ...]) -> None:
    publish(index, "a", *versions)
    error = ask.error("a>=2.0rc1", prerelease="never")
    assert isinstance(error, NoSolution)
    assert "is a prerelease" in str(error)


def test_the_rule_can_be_set_per_package(index: TestIndex, ask: Ask) -> None:
    for name in ("a", "b"):
        publish(index, name, "1.0", "2.0rc1")
    assert ask("a", "b", prerelease_package=(("a", "allow"),)) == {"a": "2.0rc1", "b": "1.0"}
    assert ask("a", "b", prerelease="allow", prerelease_package=(("a", "if-needed"),)) == {
        "a": "1.0",
        "b": "2.0rc1",
    }
    with pytest.raises(NoSolution):
        ask("a>1", prerelease="allow", prerelease_package=(("a", "never"),))


def test_a_constraint_to_a_prerelease_is_enough(index: TestIndex, ask: Ask) -> None:
    publish(index, "a", "1.0", "2.0rc1")
    assert ask("a", constraints=["a==2.0rc1"]) == {"a": "2.0rc1"}


def test_a_post_release_is_stable(index: TestIndex, ask: Ask) -> None:
    publish(index, "a", "1.0", "1.0.post1")
    assert ask("a") == {"a": "1.0.post1"}


def test_a_locked_prerelease_is_kept(index: TestIndex, ask: Ask) -> None:
    publish(index, "a", "1.0", "2.0rc1")
    ask.options = Options({"a": "2.0rc1"})
    assert ask("a") == {"a": "2.0rc1"}
    with pytest.raises(NoSolution):
        ask("a>1", prerelease="never")


def test_lowest_takes_the_oldest_stable_version(index: TestIndex, ask: Ask) -> None:
    publish(index, "a", "1.0rc1", "1.0", "2.0")
    ask.options = Options({}, strategy="lowest")
    assert ask("a") == {"a": "1.0"}
