"""PEP 440 versions: order, normal form and parts, as examples and against `packaging`."""

from __future__ import annotations

import marshal

import pytest
from hypothesis import example, given
from packaging.version import InvalidVersion as ReferenceInvalid
from packaging.version import Version

from provenv.standards.versions import (
    InvalidVersion,
    is_prerelease,
    local_of,
    normalize,
    release_of,
    sort_key,
)

from .strategies import almost_versions, versions


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("1.0", "1.0"),
        ("v1.0.0", "1.0.0"),
        ("1.0-ALPHA.2", "1.0a2"),
        ("1.0c1", "1.0rc1"),
        ("1.0pre", "1.0rc0"),
        ("1.0-1", "1.0.post1"),
        ("1.0.r4", "1.0.post4"),
        ("1.0DEV", "1.0.dev0"),
        ("0!1.0", "1.0"),
        ("2!01.02", "2!1.2"),
        ("2.7.1+CU128-Ubuntu_01", "2.7.1+cu128.ubuntu.1"),
        (" 1.0\n", "1.0"),
    ],
)
def test_a_version_has_one_normal_form(text: str, normal: str) -> None:
    assert normalize(text) == normal


@pytest.mark.parametrize(
    "text", ["", "1..2", ".1", "1.", "1.0foo", "1.0+", "1.0+a..b", "1 .0", "٣.1", "9" * 5000]
)
def test_what_is_no_version_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidVersion) as raised:
        sort_key(text)
    assert raised.value.text == text


def test_the_order_is_the_one_of_pep_440() -> None:
    ordered = [
        *(
            "0.9",
            "1.0.dev1",
            "1.0a1.dev1",
            "1.0a1",
            "1.0a1.post1",
            "1.0b1",
            "1.0rc1",
            "1.0",
            "1.0+a",
            "1.0+a.1",
        ),
        *("1.0+1", "1.0.post1.dev1", "1.0.post1", "1.0.1", "1.1", "1.10", "1!0.1"),
    ]
    keys = [sort_key(text) for text in ordered]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_equal_versions_have_equal_keys() -> None:
    assert sort_key("1.0") == sort_key("v1") == sort_key("1.0.0") == sort_key("0!1")


def test_parts_of_a_version_are_told_from_its_key() -> None:
    assert local_of(sort_key("1.0+CU_128")) == "cu.128"
    assert local_of(sort_key("1.0")) is None
    assert release_of("1!1.0.0rc1.dev2+5.6") == (1, 0, 0)
    assert [is_prerelease(sort_key(t)) for t in ("1.0a1", "1.0.dev1", "1.0.post1.dev1", "1.0.post1")] == [
        *(True, True, True, False)
    ]


@given(versions)
def test_a_version_is_read_as_the_reference_reads_it(text: str) -> None:
    reference, key = Version(text), sort_key(text)
    assert normalize(text) == str(reference)
    assert is_prerelease(key) == reference.is_prerelease
    assert local_of(key) == reference.local
    assert release_of(text) == reference.release
    assert marshal.loads(marshal.dumps(key)) == key


@given(versions, versions)
@example("1.0.dev1", "1.0a0.dev1")
@example("1.0+1", "1.0+a")
def test_versions_are_ordered_as_the_reference_orders_them(left: str, right: str) -> None:
    keys, references = (sort_key(left), sort_key(right)), (Version(left), Version(right))
    assert (keys[0] < keys[1]) == (references[0] < references[1])
    assert (keys[0] == keys[1]) == (references[0] == references[1])


@given(almost_versions)
@example("1.0a-")
@example("1.0a--1")
@example("1.0-dev")
@example("1.0.poſt1")
def test_a_text_is_a_version_where_the_reference_says_so(text: str) -> None:
    try:
        reference = Version(text)
    except ReferenceInvalid:
        with pytest.raises(InvalidVersion):
            sort_key(text)
    else:
        assert normalize(text) == str(reference)
