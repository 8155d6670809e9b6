"""What to loosen: the root requirements without which there is a solution, found by trying."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from provenv.solver.explain import Explanation
from provenv.solver.outcome import Solution, Unsolvable
from provenv.solver.provider import P, Provider, Requirement
from provenv.solver.solve import solve
from provenv.typed import Generic
from provenv.values import dataclass, replace

TRIALS = 6
"""How many requirements are tried; each trial is a solve of its own."""


@dataclass(frozen=True, slots=True)
class Remedy(Generic[P]):
    """There is a solution with any version of its package allowed in place of `requirement` (and its equals).

    `version` is the one that the solution has then.
    """

    requirement: Requirement[P]
    version: int


def remedies(
    provider: Provider[P],
    explanation: Explanation[P],
    requirements: Sequence[Requirement[P]],
    most: int = 2,
    attempt: Callable[[Provider[P], Sequence[Requirement[P]]], Solution[P]] = solve,
) -> tuple[Remedy[P], ...]:
    """At most `most` remedies, the strictest requirement first.

    `requirements` are all that the solve was given; `attempt` solves anew (it raises Unsolvable if it can't).
    """
    found: list[Remedy[P]] = []
    for requirement, full in _candidates(provider, explanation)[:TRIALS]:
        looser = [replace(r, allowed=full) if _is_same(r, requirement) else r for r in requirements]
        try:
            solution = attempt(provider, looser)
        except Unsolvable:
            continue
        found.append(Remedy(requirement, solution.versions[requirement.package]))
        if len(found) == most:
            break
    return tuple(found)


def _is_same(one: Requirement[P], other: Requirement[P]) -> bool:
    """Whether they are one requirement, be it once for the package and once for an extra of it."""
    return one == other or (one.origin is not None and one.origin == other.origin)


def _candidates(provider: Provider[P], explanation: Explanation[P]) -> list[tuple[Requirement[P], int]]:
    """The requirements of the conflict that can be loosened, each with the mask of all versions."""
    counted = [(r, provider.count(r.package)) for r in explanation.requirements]
    loosable = [(r, count) for r, count in counted if r.allowed.bit_count() < count]
    loosable.sort(key=lambda item: item[0].allowed.bit_count() / item[1])
    return [(r, (1 << count) - 1) for r, count in loosable]
