"""PEP 508 requirements: parts, legacy forms and errors, as examples and against `packaging`."""

from __future__ import annotations

from importlib.metadata import distributions

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement as ReferenceInvalid
from packaging.requirements import Requirement as Reference
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from provenv.standards.markers import MarkerEnvironment, marker_environment
from provenv.standards.requirements import InvalidRequirement, Requirement, parse_requirement

from .strategies import almost_requirements, requirements


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("numpy", Requirement("numpy")),
        (" Foo.Bar [ B , a_c ] >= 1.0 , < 2 ", Requirement("foo-bar", ("a-c", "b"), ">=1.0,<2")),
        ("foo (>=1,<2)", Requirement("foo", (), ">=1,<2")),
        ("foo()", Requirement("foo")),
        ("foo[]==1.*", Requirement("foo", (), "==1.*")),
        ("foo>=1,", Requirement("foo", (), ">=1")),
        ("foo===a,==1", Requirement("foo", (), "===a,==1")),
        ("foo;python_version<'3.8'", Requirement("foo", (), "", 'python_version < "3.8"')),
        ("foo[x]>1 ; extra == 'A_B'", Requirement("foo", ("x",), ">1", 'extra == "a-b"')),
        ("foo@https://index.example/f.zip", Requirement("foo", url="https://index.example/f.zip")),
        (
            "foo[x] @ git+https://host.example/r@v1#egg=foo ; os.name == 'nt'",
            Requirement("foo", ("x",), "", 'os_name == "nt"', "git+https://host.example/r@v1#egg=foo"),
        ),
        ("foo @ ../foo-1.0.zip ", Requirement("foo", url="../foo-1.0.zip")),
    ],
)
def test_a_requirement_has_these_parts(text: str, requirement: Requirement) -> None:
    assert parse_requirement(text) == requirement


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "expected a package name"),
        ("-foo", 1, "expected a package name"),
        ("foo bar", 5, "expected a version, a semicolon or the end"),
        ("foo >=1 <2", 9, "expected a comma, a semicolon or the end"),
        ("foo>=1.0.*", 4, "`.*` goes with a plain release after `==` or `!=` only"),
        ("foo~=1", 4, "`~=` needs two release numbers at least"),
        ("foo>=", 4, "'' is not a version"),
        ("foo>=1.0+a", 4, "a local label goes with `==` and `!=` only"),
        ("foo[a", 4, "expected `]` for the `[`"),
        ("foo[a,]", 7, "expected an extra after the comma"),
        ("foo[a b]", 4, "expected a comma or `]`"),
        ("foo (>=1", 5, "expected `)` for the `(`"),
        ("foo @", 6, "expected a URL after `@`"),
        ("foo @ https://index.example/f.zip os_name", 35, "expected a semicolon or the end"),
        ("foo; os_name", 13, "expected one of <, <=, !=, ==, >=, >, ~=, ===, in, not in"),
        ("foo; os_name == 'a' foo", 21, "expected `and`, `or` or the end of the marker"),
        ("./foo", 1, "expected a package name"),
        ("fooé", 1, "expected a package name"),
    ],
)
def test_a_malformed_requirement_says_what_and_where(text: str, column: int, message: str) -> None:
    with pytest.raises(InvalidRequirement) as raised:
        parse_requirement(text)
    assert raised.value.column == column
    assert message in str(raised.value)


@given(st.one_of(requirements, requirements, almost_requirements))
@example("foo===a, >=1")
@example("foo=== ,>=1")
@example("foo >=\n1")
@example("foo>=1\n")
@example("foo==1.0;")
@example("foo- @ x")
def test_a_requirement_is_read_as_the_reference_reads_it(text: str) -> None:
    try:
        reference = Reference(text)
    except ReferenceInvalid:
        with pytest.raises(InvalidRequirement):
            parse_requirement(text)
        return
    requirement = parse_requirement(text)
    assert requirement.name == canonicalize_name(reference.name)
    assert requirement.extras == tuple(sorted({canonicalize_name(extra) for extra in reference.extras}))
    assert SpecifierSet(requirement.specifier) == reference.specifier
    assert requirement.url == reference.url
    assert (requirement.marker is None) == (reference.marker is None)
    if requirement.marker is not None and "\\" not in text:
        assert requirement.marker == str(reference.marker)


@given(requirements)
def test_what_a_requirement_spells_is_read_as_itself(text: str) -> None:
    try:
        requirement = parse_requirement(text)
    except InvalidRequirement:
        return
    # The reference takes names that end in `_`, which have no spelling of their own.
    assume(not any(name.endswith("-") for name in (requirement.name, *requirement.extras)))
    assert parse_requirement(str(requirement)) == requirement


def test_what_installed_projects_require_is_read_as_the_reference_reads_it() -> None:
    texts = {text for distribution in distributions() for text in distribution.requires or ()}
    assert len(texts) > 50
    environment = marker_environment("3.12.4", {"sys_platform": "linux", "platform_machine": "x86_64"})
    target = MarkerEnvironment(environment)
    for text in texts:
        reference, requirement = Reference(text), parse_requirement(text)
        assert requirement.name == canonicalize_name(reference.name)
        assert SpecifierSet(requirement.specifier) == reference.specifier
        assert (requirement.marker or "") == str(reference.marker or "")
        if reference.marker is None or requirement.marker is None:
            continue
        for extra in ("", "test", "dev"):
            expected = reference.marker.evaluate({**environment, "extra": extra})
            assert target.evaluate(requirement.marker, frozenset({extra} if extra else ())) is expected
