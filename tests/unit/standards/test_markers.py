"""PEP 508 markers: evaluation, extras, sets and errors, as examples and against `packaging`."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.markers import InvalidMarker as ReferenceInvalid
from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName

from provenv.standards.markers import (
    InvalidMarker,
    MarkerEnvironment,
    compile_marker,
    extra_of,
    marker_environment,
    mentions_extra,
)

from .strategies import almost_markers, markers

LINUX = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "platform_release": "6.8.0",
    "platform_version": "#1 SMP",
}
ENVIRONMENT = marker_environment("3.12.4", LINUX)
ENVIRONMENTS = [
    ENVIRONMENT,
    marker_environment("3.9.0", {**LINUX, "sys_platform": "win32", "platform_release": "6.8.0-45-generic"}),
    marker_environment("3.12.0rc1", {**LINUX, "os_name": "nt", "platform_release": ""}),
    marker_environment("3.14.0a1+", LINUX),
]


def test_the_environment_of_a_python_on_a_platform_is_whole() -> None:
    assert ENVIRONMENT == {
        **LINUX,
        "implementation_name": "cpython",
        "implementation_version": "3.12.4",
        "platform_python_implementation": "CPython",
        "python_full_version": "3.12.4",
        "python_version": "3.12",
    }
    assert marker_environment("3.12.4", {})["platform_release"] == ""


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ('python_version >= "3.8"', True),
        ('python_version < "3.8"', False),
        ("python_version == '3.12.*'", True),
        ('python_version ~= "3.10"', True),
        ('python_full_version < "3.12.4"', False),
        ('"3.8" <= python_version', True),
        ('"3.13" <= python_version', False),
        ('python_version in "3.11 3.12"', True),
        ('python_version not in "3.11 3.12"', False),
        ('sys_platform == "linux"', True),
        ('sys.platform == "linux"', True),
        ('"linux" in sys_platform', True),
        ('"win" not in sys_platform', True),
        ('platform_release >= "5.4"', True),
        ('sys_platform >= "a"', False),  # strings have no order but equality
        ('os_name == "nt" or sys_platform == "linux" and python_version > "3"', True),
        ('(os_name == "nt" or sys_platform == "linux") and python_version < "3"', False),
        ('python_implementation == "CPython"', True),
        ('platform_version == "#1 SMP"', True),
    ],
)
def test_a_marker_is_evaluated_by_pep_508(marker: str, holds: bool) -> None:
    assert compile_marker(marker).evaluate(ENVIRONMENT) is holds


@pytest.mark.parametrize(
    ("marker", "extras", "holds"),
    [
        ('extra == "foo"', set(), False),
        ('extra == "foo"', {"foo"}, True),
        ('extra == "Foo_Bar"', {"foo.bar"}, True),
        ('"foo" == extra', {"bar", "foo"}, True),
        ('extra != "foo"', set(), True),
        ('extra != "foo"', {"foo"}, False),
        ('extra != "foo"', {"foo", "bar"}, True),  # for one of the extras, as pip reads it
        ('extra == "foo" and extra == "bar"', {"foo", "bar"}, False),
        ('extra == ""', set(), True),
        ('extra == ""', {"foo"}, False),
        ('"Foo.Bar" in extras', {"foo-bar", "x"}, True),
        ('"a" in extras and "b" not in extras', {"a"}, True),
        ('"a" in extras', set(), False),
    ],
)
def test_an_extra_stands_for_each_active_one_in_turn(marker: str, extras: set[str], holds: bool) -> None:
    assert compile_marker(marker).evaluate(ENVIRONMENT, extras) is holds


@pytest.mark.parametrize("operator", ["in", "not in", "==", "!=", "<", ">=", "~=", "==="])
@pytest.mark.parametrize("form", ['"{name}" {op} {sets}', '{sets} {op} "{name}"'])
@pytest.mark.parametrize("sets", ["extras", "dependency_groups"])
@pytest.mark.parametrize("name", ["Foo_Bar", "x"])
def test_sets_are_asked_as_in_the_reference(operator: str, form: str, sets: str, name: str) -> None:
    text = form.format(name=name, op=operator, sets=sets)
    marker, active = compile_marker(text), {"foo.bar"}
    everything: dict[str, str | AbstractSet[str]] = {
        **ENVIRONMENT,
        "extras": active,
        "dependency_groups": active,
    }
    try:
        expected = Marker(text).evaluate(everything, "lock_file")
    except UndefinedComparison:
        with pytest.raises(InvalidMarker):
            marker.evaluate(ENVIRONMENT, active, active)
    else:
        assert marker.evaluate(ENVIRONMENT, active, active) is expected


def test_dependency_groups_are_a_set_of_their_own() -> None:
    marker = compile_marker('"Dev" in dependency_groups and "dev" not in extras')
    assert marker.evaluate(ENVIRONMENT, groups={"dev"})
    assert not marker.evaluate(ENVIRONMENT, {"dev"})


@pytest.mark.parametrize(
    ("marker", "column"),
    [
        ("", 1),
        ("python_version", 15),
        ('python_version >= "3.8', 19),
        ('python_versions >= "3.8"', 1),
        ('os_name == "a" and', 19),
        ('os_name == "a" xor os_name == "b"', 16),
        ('(os_name == "a"', 1),
        ('os_name not "a"', 13),
        ('os_name = "a"', 9),
        ('os_name == "\\x"', 12),
        ("(" * 5000 + 'os_name == "a"' + ")" * 5000, 102),
    ],
)
def test_a_malformed_marker_names_the_column(marker: str, column: int) -> None:
    with pytest.raises(InvalidMarker) as raised:
        compile_marker(marker)
    assert raised.value.column == column


@pytest.mark.parametrize(
    "marker",
    ['sys_platform ~= "linux"', '"a" == "b"', 'extras == "a"', '"a" ~= extras', 'os_name === "posix"'],
)
def test_a_comparison_without_a_meaning_is_an_error(marker: str) -> None:
    with pytest.raises(InvalidMarker) as raised:
        compile_marker(marker).evaluate(ENVIRONMENT)
    assert raised.value.column is None


def test_a_marker_tells_what_it_looks_at() -> None:
    text = '"x" == extra or os.name == "nt" and python_implementation != "PyPy"'
    assert compile_marker(text).variables == {"extra", "os_name", "platform_python_implementation"}
    assert mentions_extra(text)
    assert not mentions_extra('os_name == "extra"')


def test_an_environment_remembers_by_text_and_by_extras_where_they_matter() -> None:
    environment = MarkerEnvironment(ENVIRONMENT)
    for _ in range(2):
        assert environment.evaluate('extra == "a"', frozenset({"a"}))
        assert not environment.evaluate('extra == "a"')
        assert environment.evaluate('os_name == "posix"', frozenset({"a"}))
        assert environment.evaluate('os_name == "posix"')
    assert environment != MarkerEnvironment(ENVIRONMENT)


@given(st.one_of(markers, almost_markers))
@example('os_name=="\\x41"')
@example('os_name == "a\nb"')
@example("python_version >= '3' and'a'in os_name")
def test_a_text_is_a_marker_where_the_reference_says_so(text: str) -> None:
    try:
        Marker(text)
    except ReferenceInvalid:
        with pytest.raises(InvalidMarker):
            compile_marker(text)
    else:
        compile_marker(text)


@given(markers, st.sampled_from(ENVIRONMENTS), st.sampled_from([None, "foo", "Foo_Bar"]))
@example('python_version == "=3.12"', ENVIRONMENT, None)
@example('"linux" == "sys_platform"', ENVIRONMENT, None)
@example('"Foo_Bar" == "extra"', ENVIRONMENT, "foo-bar")
def test_a_marker_holds_where_the_reference_says_so(
    text: str, environment: dict[str, str], extra: str | None
) -> None:
    extras = frozenset() if extra is None else frozenset({extra})
    try:
        reference = Marker(text).evaluate({**environment, "extra": extra or ""})
    except (UndefinedComparison, UndefinedEnvironmentName):
        with pytest.raises(InvalidMarker):
            compile_marker(text).evaluate(environment, extras)
        with pytest.raises(InvalidMarker):
            MarkerEnvironment(environment).evaluate(text, extras)
    else:
        assert compile_marker(text).evaluate(environment, extras) is reference
        assert MarkerEnvironment(environment).evaluate(text, extras) is reference


@given(markers)
def test_the_normal_spelling_means_the_same(text: str) -> None:
    marker = compile_marker(text)
    again = compile_marker(str(marker))
    assert again.tree == marker.tree
    assert str(again) == str(marker)
    if "\\" not in text:
        assert str(marker) == str(Marker(text))


@pytest.mark.parametrize(
    ("marker", "extra"),
    [
        ("extra == 'Test_it'", "test-it"),
        ("python_version < '3.9' and extra == 'test'", "test"),
        ("python_version < '3.9' or extra == 'test'", None),
        ("(python_version < '3.9' or os_name == 'nt') and extra == 'test'", None),
        ("os_name ~= 'posix' and extra == 'test'", None),
        ("'test' in extras and extra == 'test'", None),
        ("os_name == 'a\"b' and extra == 'test'", None),
        ("'linux' == 'linux' and extra == 'test'", None),
        ("os_name == 'nt' and 'linux' == 'linux' and extra == 'test'", None),
        ("python_version < '3.9'", None),
        ("extra != 'test'", None),
    ],
)
def test_a_look_at_a_marker_tells_which_extra_it_needs(marker: str, extra: str | None) -> None:
    assert extra_of(str(compile_marker(marker))) == extra


@given(markers)
def test_a_marker_that_needs_an_extra_never_holds_without_it(text: str) -> None:
    marker = compile_marker(f"{text} and extra == 'test'")
    if extra_of(str(marker)) == "test":
        assert [marker.evaluate(one, extras) for one in ENVIRONMENTS for extras in (set(), {"other"})] == [
            False
        ] * 8
