"""Explanations, word for word."""

from __future__ import annotations

import pytest

from provenv.solver.explain import explain
from provenv.solver.outcome import Unsolvable
from provenv.solver.provider import Requirement
from provenv.solver.solve import solve
from support.little_index import LittleIndex


def told(index: LittleIndex, *requirements: str) -> list[str]:
    return list(index.refusal(*requirements).lines)


def test_linear_error_reporting() -> None:
    index = LittleIndex(
        {
            "foo 1.0.0": "bar>=2.0.0,<3.0.0",
            "bar 2.0.0": "baz>=3.0.0,<4.0.0",
            "baz 1.0.0": "",
            "baz 3.0.0": "",
        }
    )
    assert told(index, "foo>=1.0.0,<2.0.0", "baz>=1.0.0,<2.0.0") == [
        (
            "your manifest asks for foo>=1.0.0,<2.0.0, which depends on bar>=2.0.0,<3.0.0, "
            "which depends on baz>=3.0.0,<4.0.0;"
        ),
        "your manifest asks for baz>=1.0.0,<2.0.0;",
        "so foo>=1.0.0,<2.0.0 and baz>=1.0.0,<2.0.0 can't be had together.",
    ]


def test_branching_error_reporting() -> None:
    index = LittleIndex(
        {
            "foo 1.0.0": "a>=1.0.0,<2.0.0, b>=1.0.0,<2.0.0",
            "foo 1.1.0": "x>=1.0.0,<2.0.0, y>=1.0.0,<2.0.0",
            "a 1.0.0": "b>=2.0.0,<3.0.0",
            "b 1.0.0": "",
            "b 2.0.0": "",
            "x 1.0.0": "y>=2.0.0,<3.0.0",
            "y 1.0.0": "",
            "y 2.0.0": "",
        }
    )
    explanation = index.refusal("foo>=1.0.0,<2.0.0")
    assert list(explanation.lines) == [
        "your manifest asks for foo>=1.0.0,<2.0.0;",
        "foo 1.1.0 depends on x>=1.0.0,<2.0.0, which depends on y>=2.0.0,<3.0.0;",
        "it also depends on y>=1.0.0,<2.0.0;",
        "foo 1.0.0 depends on a>=1.0.0,<2.0.0, which depends on b>=2.0.0,<3.0.0;",
        "it also depends on b>=1.0.0,<2.0.0;",
        "so foo>=1.0.0,<2.0.0 can't be had.",
    ]
    assert explanation.packages == ("a", "b", "foo", "x", "y")
    assert [requirement.origin for requirement in explanation.requirements] == ["foo>=1.0.0,<2.0.0"]


def test_versions_that_need_different_things_are_told_together_where_that_suffices() -> None:
    """The example of PubGrub's announcement: menus, dropdowns and icons."""
    releases: dict[str, str | None] = {f"menu 1.{n}": "dropdown>=2.0" for n in range(1, 6)}
    releases |= {f"dropdown 2.{n}": "icons>=2.0" for n in range(4)}
    releases |= {"menu 1.0": "dropdown<2.0", "dropdown 1.8": "intl<4.0"}
    releases |= {"icons 2.0": "", "icons 1.0": "", "intl 5.0": "", "intl 4.0": "", "intl 3.0": ""}
    assert told(LittleIndex(releases), "menu", "icons<2.0", "intl>=5.0") == [
        "your manifest asks for menu;",
        "your manifest asks for icons<2.0;",
        "your manifest asks for intl>=5.0;",
        "every version of menu depends on dropdown;",
        "dropdown >=2.0 depends on icons>=2.0;",
        "dropdown 1.8 depends on intl<4.0;",
        "so menu, icons<2.0 and intl>=5.0 can't be had together.",
    ]


def test_a_thousand_versions_that_pin_each_other_are_one_clause() -> None:
    releases: dict[str, str | None] = {f"sdk {n}": f"core=={n}" for n in range(1, 300)}
    releases |= {f"core {n}": f"lib<{2 + n % 5}" for n in range(1, 300)}
    releases |= {f"lib {n}": "" for n in range(1, 12)}
    assert told(LittleIndex(releases), "sdk", "lib>=10") == [
        "your manifest asks for sdk, which depends on core, which depends on lib<6;",
        "your manifest asks for lib>=10;",
        "so sdk and lib>=10 can't be had together.",
    ]


def test_two_requirements_on_one_package() -> None:
    index = LittleIndex({"a 1": "", "a 2": ""})
    assert told(index, "a<2", "a>=2") == [
        "your manifest asks for a<2;",
        "your manifest asks for a>=2;",
        "so a<2 and a>=2 can't be had together.",
    ]


def test_requirements_that_have_no_part_in_it_are_not_mentioned() -> None:
    index = LittleIndex(
        {"a 1": "c<2", "b 1": "c>=2, d", "c 1": "", "c 2": "", "d 1": "e", "e 1": "", "f 1": "d"}
    )
    assert told(index, "a", "b", "d", "e", "f") == [
        "your manifest asks for a, which depends on c<2;",
        "your manifest asks for b, which depends on c>=2;",
        "so a and b can't be had together.",
    ]


def test_what_no_version_satisfies_and_what_does_not_exist() -> None:
    index = LittleIndex({"a 1": "b>=9", "b 1": "", "c 1": "nowhere>=2"})
    assert told(index, "a") == [
        "your manifest asks for a, which depends on b>=9, which no version satisfies;",
        "so a can't be had.",
    ]
    assert told(index, "c") == [
        "your manifest asks for c, which depends on nowhere>=2, which does not exist;",
        "so c can't be had.",
    ]
    assert told(index, "nowhere") == [
        "your manifest asks for nowhere, which does not exist;",
        "so nowhere can't be had.",
    ]


def test_unusable_versions_are_told_by_reason() -> None:
    one = LittleIndex({"a 1": "b", "b 1": None, "b 2": None})
    assert told(one, "a") == [
        "your manifest asks for a, which depends on b, which has broken metadata;",
        "so a can't be had.",
    ]
    several = LittleIndex(
        {"a 1": "b>=2", "b 1": None, "b 2": "", "b 3": None, "b 4": ""},
        {"b==2": "has no file for linux-aarch64", "b==4": "needs Python >=3.13"},
    )
    assert told(several, "a") == [
        (
            "your manifest asks for a, which depends on b>=2, but b 4 needs Python >=3.13, "
            "b 3 has broken metadata and b 2 has no file for linux-aarch64;"
        ),
        "so a can't be had.",
    ]


def test_the_shared_version_of_an_extra_goes_without_saying_within_a_chain() -> None:
    index = LittleIndex({"a 1": "b<2", "a 2": "b<2", "a[x] 1": "[a]", "a[x] 2": "[a]", "b 1": "", "b 2": ""})
    assert told(index, "a[x]", "b>=2") == [
        "your manifest asks for a[x], which depends on b<2;",
        "your manifest asks for b>=2;",
        "so a[x] and b>=2 can't be had together.",
    ]


def two_worlds() -> LittleIndex:
    """Each version of foo fails for a reason that takes three requirements."""
    releases: dict[str, str | None] = {}
    for version, names, end in (("1", "abc", "x"), ("2", "def", "y")):
        releases[f"foo {version}"] = ", ".join(names)
        for name, bound in zip(names, ("<3", "!=2", ">=2"), strict=True):
            releases[f"{name} 1"] = end + bound
        releases |= {f"{end} {n}": "" for n in (1, 2, 3)}
    return LittleIndex(releases)


def test_versions_that_fail_for_reasons_of_their_own_are_told_one_after_the_other() -> None:
    assert told(two_worlds(), "foo") == [
        "your manifest asks for foo;",
        "foo 2 depends on d, which depends on y<3;",
        "it also depends on e, which depends on y!=2;",
        "it also depends on f, which depends on y>=2;",
        "foo 1 depends on c, which depends on x>=2;",
        "it also depends on a, which depends on x<3;",
        "it also depends on b, which depends on x!=2;",
        "so foo can't be had.",
    ]


def test_a_conclusion_that_is_drawn_on_later_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provenv.solver.explain.STEPPED", 99)
    assert told(two_worlds(), "foo") == [
        "foo 1 depends on c, which depends on x>=2;",
        "it also depends on a, which depends on x<3;",
        "it also depends on b, which depends on x!=2;",
        "so foo 1 can't be had (1).",
        "foo 2 depends on d, which depends on y<3;",
        "it also depends on e, which depends on y!=2;",
        "it also depends on f, which depends on y>=2;",
        "so foo 2 can't be had.",
        "your manifest asks for foo;",
        "foo 1 can't be had (1);",
        "so foo can't be had.",
    ]


def flow(ends: dict[str, str | None], broken_from: int = 31) -> LittleIndex:
    """Thirty versions with five extras and one of them all, which has v in it from `broken_from` on."""
    releases: dict[str, str | None] = {"base 1": ""}
    for n in range(1, 31):
        extras = "vwxyz" if n >= broken_from else "wxyz"
        releases[f"flow {n}"] = "base"
        releases |= {f"flow[{x}] {n}": f"[flow], end_{x}" for x in "vwxyz"}
        releases[f"flow[all] {n}"] = ", ".join(["[flow]", *(f"flow[{x}]=={n}" for x in extras)])
    return LittleIndex({**releases, **{f"end_{x} 1": "" for x in "vwxyz"}, **ends})


def test_an_extra_that_can_t_be_had_is_named_once_for_all_versions() -> None:
    assert told(flow({"end_y 1": None}), "flow[all]") == [
        (
            "your manifest asks for flow[all], which depends on flow[y], which depends on end_y, "
            "which has broken metadata;"
        ),
        "so flow[all] can't be had.",
    ]


def test_extras_that_fail_in_some_versions_each_are_told_with_these() -> None:
    index = flow({"end_v 1": None, "end_w 1": "base>=2"}, broken_from=21)
    assert told(index, "flow[all]") == [
        "your manifest asks for flow[all];",
        "flow[all] >=21 depends on flow[v], which depends on end_v, which has broken metadata;",
        (
            "flow[all] <21 depends on flow[w], which depends on end_w, which depends on base>=2, "
            "which no version satisfies;"
        ),
        "so flow[all] can't be had.",
    ]


def test_extras_of_one_package_that_conflict() -> None:
    index = flow({"end_v 1": "base<1", "end_w 1": "base>=1"})
    assert told(index, "flow[w]", "flow[v]") == [
        (
            "your manifest asks for flow[v], which depends on end_v, which depends on base<1, "
            "which no version satisfies;"
        ),
        "so flow[v] can't be had.",
    ]
    index = flow({"end_v 1": "u<2", "end_w 1": "u>=2", "u 1": "", "u 2": ""})
    assert told(index, "flow[w]", "flow[v]") == [
        "your manifest asks for flow[w], which depends on end_w, which depends on u>=2;",
        "your manifest asks for flow[v], which depends on end_v, which depends on u<2;",
        "so flow[w] and flow[v] can't be had together.",
    ]


def test_an_extra_of_a_dependency() -> None:
    releases: dict[str, str | None] = {"top 1": "flow[all], base", "top 2": "flow[all]", "end_z 1": None}
    assert told(flow(releases), "top") == [
        (
            "your manifest asks for top, which depends on flow[all], which depends on flow[z], "
            "which depends on end_z, which has broken metadata;"
        ),
        "so top can't be had.",
    ]


def test_an_extra_against_its_own_package() -> None:
    assert told(flow({}), "flow[all]<2", "flow>=2") == [
        "your manifest asks for flow[all]<2;",
        "your manifest asks for flow>=2;",
        "so flow[all]<2 and flow>=2 can't be had together.",
    ]


def test_an_extra_may_narrow_its_own_package() -> None:
    index = LittleIndex(
        {"a 1": "", "a 2": "", "a[x] 1": "[a]", "a[x] 2": "[a], a<2", "b 1": "a>=2", "c 1": "a[x]"}
    )
    assert told(index, "c", "b") == [
        "your manifest asks for c, which depends on a[x];",
        "your manifest asks for b, which depends on a>=2;",
        "a[x] 2 depends on a<2;",
        "so c and b can't be had together.",
    ]


def test_of_many_reasons_a_few_are_told_those_tried_first() -> None:
    index = LittleIndex({f"a {n}": f"missing_{n}" for n in range(1, 13)})
    assert told(index, "a") == [
        "your manifest asks for a;",
        "a 12 depends on missing_12, which does not exist;",
        "a 11 depends on missing_11, which does not exist;",
        "a 10 depends on missing_10, which does not exist;",
        "a 9 depends on missing_9, which does not exist;",
        "8 other versions of a can't be had for reasons like these;",
        "so a can't be had.",
    ]


def test_versions_that_can_t_be_used_are_told_after_those_that_can() -> None:
    index = LittleIndex(
        {f"a {n}": f"missing_{n // 4}, b" for n in range(1, 13)} | {"b 1": ""},
        {"a<4": "needs Python <3.9", "a==2": "is broken"},
    )
    assert told(index, "a", "b") == [
        "your manifest asks for a;",
        "a 12 depends on missing_3, which does not exist;",
        "a >=8,<12 depends on missing_2, which does not exist;",
        "a >=4,<8 depends on missing_1, which does not exist;",
        "a <4 needs Python <3.9;",
        "so a can't be had.",
    ]


class Manifest(LittleIndex):
    def asked(self, requirement: Requirement[str]) -> str:
        text, line = requirement.origin
        return f"your manifest (pyproject.toml:{line}) asks for {text}"

    def requested(self, requirement: Requirement[str]) -> str:
        return requirement.origin[0]

    def note(self, package: str) -> str | None:
        return "b 3 is left out: it was published after 2026-11-01" if package == "b" else None


def test_origins_and_notes_are_the_describers() -> None:
    index = Manifest({"a 1": "b>=2", "b 2": "", "b 1": ""})
    requirements = [
        Requirement(*index.mask("a"), origin=("a", 7)),
        Requirement(*index.mask("b<2"), origin=("b~=1.0", 12)),
    ]
    try:
        solve(index, requirements)
    except Unsolvable as unsolvable:
        explanation = explain(unsolvable, index)
    assert list(explanation.lines) == [
        "your manifest (pyproject.toml:7) asks for a, which depends on b>=2;",
        "your manifest (pyproject.toml:12) asks for b~=1.0;",
        "so a and b~=1.0 can't be had together.",
        "b 3 is left out: it was published after 2026-11-01",
    ]
    assert list(explanation.requirements) == requirements
