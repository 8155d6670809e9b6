"""PEP 503 names: known spellings, and the whole input space against `packaging`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import InvalidName, canonicalize_name

from provenv.standards.names import canonicalize, is_valid_name


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("Django", "django"),
        ("zope.interface", "zope-interface"),
        ("ruamel.yaml.clib", "ruamel-yaml-clib"),
        ("foo__-..bar", "foo-bar"),
        ("jaraco_context", "jaraco-context"),
    ],
)
def test_every_spelling_has_one_canonical_name(name: str, canonical: str) -> None:
    assert canonicalize(name) == canonical


@pytest.mark.parametrize("name", ["", "-a", "a-", "a b", "é", "a/b", "a\n", "."])
def test_a_name_needs_letters_or_digits_at_both_ends(name: str) -> None:
    assert not is_valid_name(name)


@given(st.one_of(st.text(max_size=8), st.text("aA0._-", max_size=8)))
def test_names_are_read_as_the_reference_reads_them(name: str) -> None:
    assert canonicalize(name) == canonicalize_name(name)
    try:
        canonicalize_name(name, validate=True)
    except InvalidName:
        assert not is_valid_name(name)
    else:
        assert is_valid_name(name)
