"""Decisions, derivations, and going back."""

from __future__ import annotations

from provenv.solver.incompatibility import Required, incompatibility_of
from provenv.solver.partial_solution import PartialSolution
from provenv.solver.terms import ANYTHING

CAUSE = incompatibility_of(Required(0, 0, 1))


def solution_of(packages: int) -> PartialSolution:
    solution = PartialSolution()
    for _ in range(packages):
        solution.add_package()
    return solution


def test_derivations_narrow_and_the_satisfier_is_the_first_step_that_suffices() -> None:
    solution = solution_of(1)
    for choices in (~0b1000, 0b0111, 0b0110):
        solution.derive(0, choices, CAUSE)
    assert solution.choices == [0b0110]
    assert solution.satisfier(0, 0b0111).index == 1
    assert solution.satisfier(0, ~0b1000).index == 0
    assert solution.satisfier(0, 0b0110).index == 2


def test_backtracking_restores_what_was_known_at_that_level() -> None:
    solution = solution_of(3)
    solution.derive(0, 0b11, CAUSE)
    solution.decide(0, 1)
    solution.derive(1, 0b110, CAUSE)
    solution.decide(1, 2)
    solution.derive(2, 0b1, CAUSE)
    solution.changed.clear()
    solution.backtrack(1)
    assert solution.choices == [0b10, 0b110, ANYTHING]
    assert solution.decided == [True, False, False]
    assert solution.decisions == [0]
    assert list(solution.changed) == [2, 1]
    solution.backtrack(0)
    assert solution.choices == [0b11, ANYTHING, ANYTHING]
    assert solution.level == 0


def test_the_culprit_is_the_decision_that_narrowed_a_package() -> None:
    solution = solution_of(3)
    solution.derive(2, 0b111, CAUSE)
    solution.decide(0, 0)
    solution.decide(1, 0)
    solution.derive(2, 0b011, CAUSE)
    assert solution.culprit(2, 0b011) == 1
    assert solution.culprit(2, 0b111) is None
