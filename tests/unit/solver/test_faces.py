"""What the facts about extras amount to for telling."""

from __future__ import annotations

from provenv.solver.core import core_of, forced, refute
from provenv.solver.faces import parts_of
from provenv.solver.incompatibility import Depends, Excluded, Fact, Required, derivation, facts_of

FLOW, ALL, END = range(3)
BASES = {ALL: FLOW}


def terms(fact: Fact) -> list[tuple[tuple[int, int], ...]]:
    return [part.terms for part in parts_of(fact, BASES)]


def test_who_asks_for_an_extra_asks_for_its_package_too() -> None:
    assert terms(Required(0, ALL, 0b10)) == [((ALL, ~1),), ((FLOW, ~0b10),)]
    assert terms(Depends(END, 1, ALL, 0b10)) == [((END, 1), (ALL, ~1)), ((END, 1), (FLOW, ~0b10))]


def test_what_an_extra_asks_for_it_asks_for_where_it_is_chosen() -> None:
    assert terms(Depends(ALL, 0b11, END, 1)) == [((ALL, 1), (FLOW, 0b11), (END, ~1))]
    assert terms(Excluded(ALL, 0b11, None)) == [((ALL, 1), (FLOW, 0b11))]


def test_an_extra_that_asks_for_its_own_version_says_nothing() -> None:
    assert terms(Depends(ALL, 0b11, FLOW, 0b11)) == []
    assert terms(Depends(ALL, 0b11, FLOW, 0b01)) == [((ALL, 1), (FLOW, 0b10))]


def test_a_package_without_the_extra_is_free_of_what_the_extra_asks_for() -> None:
    facts = [Required(0, FLOW, 0b11), Depends(ALL, 0b11, END, 0)]
    assert refute(facts, BASES) is None
    assert refute([*facts, Required(1, ALL, 0b11)], BASES) is not None


def test_that_versions_are_shared_is_no_fact_of_the_core() -> None:
    shared = [Depends(ALL, 1 << n, FLOW, 1 << n, shared=True) for n in range(40)]
    facts = [Required(0, ALL, (1 << 40) - 1), Depends(FLOW, (1 << 40) - 1, END, 0)]
    proof = refute([*shared, *facts])
    assert proof is not None
    assert any(isinstance(fact, Depends) and fact.shared for fact in facts_of(derivation(proof)))
    core = core_of(proof, BASES)
    assert set(core.facts) == set(facts)
    assert core.bases == BASES


def test_what_must_be_had_is_what_all_versions_ask_for() -> None:
    facts = [Required(0, END, 0b11), Depends(END, 0b11, ALL, 0b110), Depends(FLOW, 0b10, 7, 0b1)]
    assert forced(facts, BASES) == {END: 0b11, ALL: 0b110, FLOW: 0b110}
