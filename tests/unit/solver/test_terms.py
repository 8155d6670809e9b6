"""Sets of choices as integers, checked against plain sets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from provenv.solver.terms import ANYTHING

WIDTH = 8
ABSENT = "absent"
choices = st.integers(-(1 << WIDTH), (1 << WIDTH) - 1)


def plain(term: int) -> set[object]:
    """The set that a term stands for, among WIDTH versions and absence."""
    versions: set[object] = {version for version in range(WIDTH) if term >> version & 1}
    return versions | {ABSENT} if term < 0 else versions


@given(choices, choices)
def test_the_operators_are_those_of_sets(one: int, other: int) -> None:
    assert plain(one & other) == plain(one) & plain(other)
    assert plain(one | other) == plain(one) | plain(other)
    assert plain(~one) == plain(ANYTHING) - plain(one)
    assert (one & other == one) == (plain(one) <= plain(other))
