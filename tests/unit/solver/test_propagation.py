"""Unit propagation and conflict resolution, with decisions made by the test."""

from __future__ import annotations

import pytest

from provenv.solver.incompatibility import Depends, Excluded, Fact, Required, incompatibility_of
from provenv.solver.propagation import Contradiction, Propagation


def engine_of(packages: int, *facts: Fact) -> Propagation:
    engine = Propagation()
    for _ in range(packages):
        engine.add_package()
    for fact in facts:
        engine.add(incompatibility_of(fact))
    engine.propagate()
    return engine


def test_requirements_spread_through_dependencies_of_all_versions() -> None:
    engine = engine_of(3, Required(0, 0, 0b11), Depends(0, 0b11, 1, 0b1), Depends(1, 0b1, 2, 0b110))
    assert engine.solution.choices == [0b11, 0b1, 0b110]


def test_a_dependency_of_some_versions_waits_until_they_alone_are_left() -> None:
    engine = engine_of(2, Required(0, 0, 0b11), Depends(0, 0b01, 1, 0b1))
    assert engine.solution.choices[1] == -1
    engine.decide(0, 0)
    engine.propagate()
    assert engine.solution.choices[1] == 0b1


def test_versions_whose_dependencies_are_out_of_the_question_are_ruled_out() -> None:
    engine = engine_of(2, Required(0, 0, 0b11), Required(1, 1, 0b01), Depends(0, 0b01, 1, 0b10))
    assert engine.solution.choices == [0b10, 0b01]


def test_a_conflict_undoes_the_decision_to_blame_and_jumps_over_the_others() -> None:
    facts = [Required(0, 0, 0b11), Required(1, 1, 0b11), Required(2, 2, 0b11)]
    facts += [Depends(0, 0b01, 3, 0b01), Depends(2, 0b01, 3, 0b10), Depends(2, 0b10, 3, 0b10)]
    engine = engine_of(4, *facts[:3])
    engine.decide(0, 0)
    engine.decide(1, 0)
    for fact in facts[3:]:
        engine.add(incompatibility_of(fact))
    engine.decide(2, 0)
    engine.propagate()
    # Neither version of 2 goes with version 0 of 0; the decision on 1 has nothing to do with it.
    assert engine.solution.choices[0] == 0b10
    assert engine.solution.decisions == []


def test_a_jump_stops_at_the_level_that_a_partial_satisfier_needs() -> None:
    """The version that is left of 2 is left by both decisions, so the first must stand."""
    engine = engine_of(3, Required(0, 0, 0b11), Required(1, 1, 0b11), Required(2, 2, 0b111))
    engine.add(incompatibility_of(Depends(0, 0b01, 2, 0b011)))
    engine.add(incompatibility_of(Depends(1, 0b01, 2, 0b110)))
    for package in (0, 1):
        engine.decide(package, 0)
        engine.propagate()
    assert engine.solution.choices[2] == 0b010
    engine.add(incompatibility_of(Excluded(2, 0b010, "is gone")))
    engine.propagate()
    assert engine.solution.decisions == [0]
    assert engine.solution.choices == [0b01, 0b10, 0b001]


def test_a_conflict_names_who_failed_and_whose_decision_made_it_fail() -> None:
    engine = engine_of(3, Required(0, 0, 0b11), Required(1, 1, 0b11))
    engine.decide(0, 0)
    engine.propagate()
    engine.add(incompatibility_of(Depends(0, 0b01, 2, 0b01)))
    engine.add(incompatibility_of(Depends(1, 0b01, 2, 0b10)))
    engine.decide(1, 0)
    engine.propagate()
    assert engine.clashes == [(1, 0)]
    assert engine.solution.choices[1] == 0b10


def test_facts_that_contradict_each_other_are_proved_to() -> None:
    with pytest.raises(Contradiction) as caught:
        engine_of(2, Required(0, 0, 0b1), Depends(0, 0b1, 1, 0b1), Excluded(1, 0b1, "is gone"))
    assert caught.value.incompatibility.terms == ()


def test_would_fail_asks_of_one_version() -> None:
    engine = engine_of(2, Required(0, 0, 0b11), Required(1, 1, 0b01))
    need = incompatibility_of(Depends(0, 0b01, 1, 0b10))
    assert engine.would_fail(need, 0, 0)
    assert not engine.would_fail(need, 0, 1)


def test_linked_packages_narrow_each_other() -> None:
    engine = engine_of(2)
    engine.link(0, 1, 3)
    engine.add(incompatibility_of(Required(0, 0, 0b111)))
    engine.propagate()
    assert engine.solution.choices == [0b111, 0b111]
    engine.add(incompatibility_of(Excluded(1, 0b001, "is gone")))
    engine.propagate()
    assert engine.solution.choices == [0b110, 0b110]
    engine.decide(0, 2)
    engine.propagate()
    assert engine.solution.choices == [0b100, 0b100]


def test_a_base_does_not_call_for_its_follower() -> None:
    engine = engine_of(2, Required(0, 1, 0b11))
    engine.link(0, 1, 2)
    engine.decide(1, 1)
    engine.propagate()
    assert engine.solution.choices == [~0b01, 0b10]
