"""PEP 440 specifiers: clauses, masks and Requires-Python, as examples and against `packaging`."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier as ReferenceInvalid
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from provenv.standards.specifiers import (
    InvalidSpecifier,
    VersionTable,
    contains,
    is_exact_pin,
    mask,
    parse_specifiers,
    python_allows,
)
from provenv.standards.versions import normalize, sort_key

from .strategies import almost_specifiers, almost_versions, clauses, specifiers, versions


def table_of(texts: list[str]) -> VersionTable:
    normal = sorted({normalize(text) for text in texts}, key=sort_key, reverse=True)
    return VersionTable(normal)


@pytest.mark.parametrize(
    ("specifier", "inside", "outside"),
    [
        (">1.0", ["1.0.1", "1.1.dev0"], ["1.0", "1.0+a", "1.0.post1", "1.0.post1+a"]),
        (">1.0.post1", ["1.0.post2", "1.0.post2.dev0"], ["1.0.post1", "1.0.post1+a"]),
        (">1.0a1", ["1.0a2.dev0", "1.0"], ["1.0a1", "1.0a1.post1"]),
        (">1.0.dev1", ["1.0.dev2", "1.0a1.dev0"], ["1.0.dev1", "1.0.dev1+a"]),
        ("<1.0", ["0.9", "0.9.post1"], ["1.0", "1.0rc1", "1.0.dev0"]),
        ("<1.0rc1", ["1.0b1", "1.0rc1.dev0"], ["1.0rc1", "1.0"]),
        ("<1.0.post1", ["1.0", "1.0+a"], ["1.0.post1", "1.0.post1.dev0"]),
        ("<=1.0", ["1.0", "1.0+a"], ["1.0.post1.dev0"]),
        (">=1.0", ["1.0", "1.0+a", "1.0.post1"], ["1.0rc1"]),
        ("==1.0", ["1.0", "1.0.0+a"], ["1.0.post1", "1.0a1"]),
        ("==1.0+a", ["1.0+a"], ["1.0", "1.0+a.1", "1.0+b"]),
        ("!=1.0+a", ["1.0", "1.0+a.1", "1.0+b"], ["1.0+a", "1.0.0+A"]),
        ("==1.0.*", ["1.0", "1.0.dev0", "1.0a1", "1.0.5.post1", "1"], ["1.1.dev0", "1.1", "0.9"]),
        ("!=1.*", ["2.dev0", "0.9"], ["1.0", "1.dev0"]),
        ("==1!1.*", ["1!1.5"], ["1.5"]),
        ("~=1.4.2", ["1.4.2", "1.4.9", "1.4.2.post1"], ["1.4.1", "1.5.dev0", "1.4.2rc1"]),
        ("~=2.0", ["2.9"], ["3.0.dev0", "3.0"]),
        ("~=1.4.0rc1", ["1.4.0rc1", "1.4.5"], ["1.5"]),
        ("===1.0", ["1.0"], ["1.0.0", "v1.0"]),
        ("===1.0+CU1", ["1.0+cu1"], ["1.0"]),
        ("", ["1.0", "1.0a1"], []),
        (">=1,!=1.5,<2", ["1.4"], ["1.5", "2.0"]),
    ],
)
def test_a_specifier_admits_what_pep_440_says(specifier: str, inside: list[str], outside: list[str]) -> None:
    assert [version for version in inside + outside if contains(specifier, version)] == inside


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1.0",
            ">=",
            ">=1.0.*",
            "~=1",
            "~=1.0.*",
            "==1.0a1.*",
            "==1.0+a.*",
            "<1.0+a",
            "~=1.0+a",
            ">=1.0 <2",
        ),
        *("=1.0", "=>1.0", ">=x", "==1.0 .*", "=== a b", "===a;b", ">=1,foo", "!1.0"),
    ],
)
def test_what_is_no_specifier_is_refused(text: str) -> None:
    with pytest.raises(InvalidSpecifier):
        parse_specifiers(text)


def test_clauses_keep_order_and_spelling_but_no_blanks() -> None:
    assert parse_specifiers(" >= 1.0 , < 2.0rc1,") == ((">=", "1.0"), ("<", "2.0rc1"))


def test_bit_i_of_a_mask_stands_for_the_ith_newest_version() -> None:
    table = table_of(["1.0", "1.5rc1", "1.5", "2.0", "1.0+cu1"])
    assert table.texts == ("2.0", "1.5", "1.5rc1", "1.0+cu1", "1.0")
    assert mask("", table) == 0b11111
    assert mask(">1.0", table) == 0b00111
    assert mask("==1.0", table) == 0b11000
    assert mask("!=1.5", table) == 0b11101
    assert mask("===1.5", table) == 0b00010
    assert mask(">3", table) == 0
    assert mask(">1", VersionTable([])) == 0


@pytest.mark.parametrize(
    ("specifier", "pinned"),
    [("==1.0", True), ("===1.0", True), (">=1,==1.5", True), ("==1.*", False), ("~=1.0", False), ("", False)],
)
def test_only_one_named_version_is_a_pin(specifier: str, pinned: bool) -> None:
    assert is_exact_pin(specifier) is pinned


@pytest.mark.parametrize(
    ("requires_python", "python", "allowed"),
    [
        (">=3.8", "3.12.4", True),
        (">=3.8,<3.12", "3.12.0", False),
        ("<3.12", "3.11.9", True),
        ("==3.11.*", "3.11.9", True),
        ("~=3.9", "3.12.0", True),
        (">=3.14", "3.14.0rc1", False),
        ("", "3.12.4", True),
        # Misspellings that real indexes hold.
        (">=3.6.*", "3.6.0", True),
        (">=3.6.*", "3.5.9", False),
        ("<=3.9.*", "3.9.18", True),
        ("<=3.9.*", "3.10.0", False),
        (">3.9.*", "3.9.18", False),
        (">3.9.*", "3.10.0", True),
        ("<4.*", "3.12.0", True),
        ("<4.*", "4.0.0", False),
        (">=2.7,!=3.0*,!=3.1*", "3.1.4", False),
        (">=2.7,!=3.0*,!=3.1*", "3.12.0", True),
        ("=>3.8", "3.7.0", False),
        (">=3.6 <4", "4.0.0", False),
        (">=3.6<3.10", "3.11.0", False),
        (">='3.8'", "3.12.0", True),
        ("'>=3.8'", "3.7.0", False),
        (">=3.8;", "3.7.0", False),
        (">=3.8.", "3.7.0", False),
        ("3", "3.12.0", True),
        ("python>=3.8", "3.7.0", False),
        ("nonsense", "3.12.0", True),
        (">=3.8,nonsense", "3.7.0", False),
    ],
)
def test_requires_python_counts_whole_and_misspellings_are_read_as_meant(
    requires_python: str, python: str, allowed: bool
) -> None:
    assert python_allows(requires_python, python) is allowed


@given(specifiers, versions)
@example(">1.0a1", "1.0a2.dev0")
@example("<0", "0.dev0")
def test_a_version_is_admitted_where_the_reference_admits_it(specifier: str, version: str) -> None:
    try:
        reference = SpecifierSet(specifier)
    except ReferenceInvalid:
        with pytest.raises(InvalidSpecifier):
            contains(specifier, version)
    else:
        assert contains(specifier, version) == reference.contains(version, prereleases=True)


@given(clauses, st.lists(versions, min_size=1, max_size=12))
def test_a_clause_admits_what_the_reference_admits(clause: str, texts: list[str]) -> None:
    try:
        reference = SpecifierSet(clause)
    except ReferenceInvalid:
        with pytest.raises(InvalidSpecifier):
            parse_specifiers(clause)
    else:
        admitted = [text for text in texts if contains(clause, text)]
        assert admitted == [text for text in texts if reference.contains(text, prereleases=True)]


@given(specifiers, almost_versions)
@example("===foo", "FOO")
def test_a_text_that_is_no_version_is_treated_as_by_the_reference(specifier: str, text: str) -> None:
    try:
        reference = SpecifierSet(specifier)
    except ReferenceInvalid:
        return
    assert contains(specifier, text) == reference.contains(text, prereleases=True)


@given(almost_specifiers)
def test_a_text_is_a_specifier_where_the_reference_says_so(text: str) -> None:
    try:
        SpecifierSet(text)
    except ReferenceInvalid:
        with pytest.raises(InvalidSpecifier):
            parse_specifiers(text)
    else:
        parse_specifiers(text)


@given(st.lists(versions, max_size=20), specifiers)
def test_a_mask_is_what_the_reference_filters(texts: list[str], specifier: str) -> None:
    try:
        reference = SpecifierSet(specifier)
    except ReferenceInvalid:
        return
    table = table_of(texts)
    admitted = {text for text in table.texts if reference.contains(Version(text), prereleases=True)}
    found = mask(specifier, table)
    assert {text for i, text in enumerate(table.texts) if found >> i & 1} == admitted
    assert found == mask(specifier, table)


@given(specifiers, st.sampled_from(["3.8.0", "3.11.9", "3.12.4", "3.13.0rc1"]))
def test_requires_python_of_good_form_is_read_as_a_specifier(specifier: str, python: str) -> None:
    try:
        reference = SpecifierSet(specifier)
    except ReferenceInvalid:
        return
    assert python_allows(specifier, python) == reference.contains(python, prereleases=True)


@given(st.one_of(almost_specifiers, st.text(max_size=20)))
def test_requires_python_never_raises(text: str) -> None:
    assert python_allows(text, "3.12.4") in (True, False)
