"""Explanations, word for word."""

from __future__ import annotations

from provenv.solver.explain import explain
from provenv.solver.provider import Requirement
from provenv.solver.solve import Unsolvable, solve
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
        "foo 1.0.0 depends on a>=1.0.0,<2.0.0, which depends on b>=2.0.0,<3.0.0;",
        "it also depends on b>=1.0.0,<2.0.0;",
        "so foo 1.0.0 can't be had.",
        "your manifest asks for foo>=1.0.0,<2.0.0;",
        "foo 1.1.0 depends on x>=1.0.0,<2.0.0, which depends on y>=2.0.0,<3.0.0;",
        "it also depends on y>=1.0.0,<2.0.0;",
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
        "every version of menu depends on dropdown;",
        "dropdown >=2.0 depends on icons>=2.0;",
        "dropdown 1.8 depends on intl<4.0;",
        "so menu needs intl 3.0 or icons 2.0.",
        "your manifest asks for menu;",
        "your manifest asks for icons<2.0;",
        "your manifest asks for intl>=5.0;",
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


def test_a_conclusion_that_is_drawn_on_later_has_a_number() -> None:
    releases: dict[str, str | None] = {}
    for version, names, end in (("1", "abc", "x"), ("2", "def", "y")):
        releases[f"foo {version}"] = ", ".join(names)
        for name, bound in zip(names, ("<3", "!=2", ">=2"), strict=True):
            releases[f"{name} 1"] = end + bound
        releases |= {f"{end} {n}": "" for n in (1, 2, 3)}
    assert told(LittleIndex(releases), "foo") == [
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
