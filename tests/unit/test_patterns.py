"""A pattern is the compiled one as soon as it is asked for anything."""

from __future__ import annotations

import re

import pytest

from provenv.patterns import regex


def test_it_matches_as_the_compiled_one() -> None:
    lazy = regex(r"(?P<a>x+)y", re.IGNORECASE)
    for _ in range(2):
        assert [m.span() for m in lazy.finditer("xy XXY")] == [(0, 2), (3, 6)]
        assert lazy.sub(r"<\1>", "xy") == "<x>"
        assert lazy.fullmatch("XY") is not None
        assert (lazy.pattern, lazy.groups, lazy.groupindex["a"]) == (r"(?P<a>x+)y", 1, 1)


def test_what_no_pattern_has_it_has_not() -> None:
    with pytest.raises(AttributeError):
        regex("x").absent  # type: ignore[attr-defined]  # noqa: B018
