"""Sets of versions in words."""

from __future__ import annotations

import pytest

from provenv.solver.describe import Describer, listed, runs, spell_ranges
from provenv.solver.provider import Requirement

# Tried newest first, but the prerelease 4.0a1 last.
TEXTS = ["3.0", "2.0", "1.1", "1.0", "4.0a1"]
OLD_TO_NEW = [3, 2, 1, 0, 4]


def mask_of(*texts: str) -> int:
    return sum(1 << TEXTS.index(text) for text in texts)


@pytest.mark.parametrize(
    ("versions", "text"),
    [
        (TEXTS, ""),
        (["2.0"], "2.0"),
        (["4.0a1"], "4.0a1"),
        (["1.0", "1.1"], "<2.0"),
        (["1.1", "2.0"], ">=1.1,<3.0"),
        (["3.0", "4.0a1"], ">=3.0"),
        (["1.0", "2.0", "3.0"], "1.0 or >=2.0,<4.0a1"),
        (["1.0", "2.0", "4.0a1"], "1.0, 2.0 or 4.0a1"),
    ],
)
def test_versions_are_spelled_as_ranges_in_the_order_of_age(versions: list[str], text: str) -> None:
    assert spell_ranges(mask_of(*versions), OLD_TO_NEW, TEXTS) == text


def test_of_many_ranges_the_ends_are_told() -> None:
    mask = sum(1 << n for n in range(0, 20, 2))
    order = list(reversed(range(20)))
    assert spell_ranges(mask, order, [str(20 - n) for n in range(20)]) == "2 to 20 (10 of 19 versions)"


def test_runs_are_places_in_the_order() -> None:
    assert runs(mask_of("1.0", "2.0", "3.0"), OLD_TO_NEW) == [(0, 0), (2, 3)]


def test_lists_read_as_a_person_writes_them() -> None:
    assert [listed(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


class Ranges(Describer[str]):
    def spell(self, package: str, mask: int) -> str:
        return spell_ranges(mask, OLD_TO_NEW, TEXTS)

    def requested(self, requirement: Requirement[str]) -> str:
        return str(requirement.origin)


def test_the_defaults_of_a_describer() -> None:
    describer = Ranges()
    some = mask_of("1.0", "1.1")
    assert describer.versions("b", some) == "b <2.0"
    assert describer.versions("b", mask_of(*TEXTS)) == "every version of b"
    assert describer.wanted("b", some) == "b<2.0"
    assert describer.wanted("b", mask_of("2.0")) == "b 2.0"
    assert describer.wanted("b", mask_of(*TEXTS)) == "b"
    assert describer.needed("a", 1, "b", some) == "b<2.0"
    assert describer.needed("a", 1, "b", 0) == "b"
    assert describer.asked(Requirement("b", some, "b~=1.0")) == "your manifest asks for b~=1.0"
