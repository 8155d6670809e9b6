"""What earlier solves learned, for later ones: the next target of a matrix, the next build of a target.

A solve knows nothing but what it was asked and what its provider answered. So a later one takes over all that
an earlier one had learned (incompatibilities, dependencies, who is in whose way) up to the first question
that its own provider answers otherwise: each fact that any of it rests on is then a fact of the later solve
too, and so are the steps. What it comes to is what it would have come to alone, proof and order included.

A solve without any conflict learns nothing: it goes straight (`straight`), and is kept for nobody.

What was learned after that question does not carry, although some of it would be true there: a solve that
knows an incompatibility from the start narrows its choices earlier, meets fewer conflicts, decides in another
order, and so may end with other versions. Then a lock would depend on which targets are locked beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provenv.solver.outcome import Solution, Unsolvable
from provenv.solver.provider import P, Provider, Requirement
from provenv.solver.straight import Straight
from provenv.typed import Generic
from provenv.values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.solver.hearing import Heard, Hearing
    from provenv.solver.solve import Solver

STRIDE = 64
"""So many questions lie between two states that are kept, at least (a state costs as much as twenty)."""


@dataclass(slots=True)
class _Case(Generic[P]):
    """One solve: what it hears, states on its way (number of answers heard -> state), its end.

    `shared`: so many first answers are those of an earlier solve. Without an `end` the provider failed.
    """

    requirements: list[tuple[P, int]]
    preferences: dict[P, int]
    heard: Heard
    shared: int = 0
    states: dict[int, Solver[P]] = field(default_factory=dict)
    end: Solution[P] | Unsolvable[P] | None = None


class Precedents(Generic[P]):
    """Solves that were, and `solve` in their light.

    A state is kept after a setback, `stride` questions or more after the one before.
    """

    def __init__(self, stride: int = STRIDE) -> None:
        self._stride = stride
        self._cases: list[_Case[P]] = []

    def solve(
        self,
        provider: Provider[P],
        requirements: Sequence[Requirement[P]],
        preferences: Mapping[P, int] | None = None,
    ) -> Solution[P]:
        """Exactly what `solve.solve` comes to, without the steps that it shares with an earlier solve."""
        straight = Straight(provider, requirements, preferences or {})
        solution = straight.run()
        if solution is not None:
            return solution
        from provenv.solver.hearing import Hearing  # most solves go straight

        case = _Case([(r.package, r.allowed) for r in requirements], dict(preferences or {}), [])
        hearing = Hearing(provider, case.heard, straight.answers)
        precedent = self._nearest(case, hearing)
        if precedent is not None and precedent.end is not None and len(precedent.heard) == case.shared:
            return _told(precedent.end, requirements)
        self._cases.append(case)
        if precedent is not None:
            case.states = {at: state for at, state in precedent.states.items() if at <= case.shared}
        return self._go_on(case, hearing, requirements)

    def _nearest(self, case: _Case[P], hearing: Hearing[P]) -> _Case[P] | None:
        """The earlier solve that goes the same way furthest; asks what it asked."""
        nearest = None
        for precedent in self._cases:
            if (precedent.requirements, precedent.preferences) != (case.requirements, case.preferences):
                continue
            if nearest is None or precedent.heard[: len(case.heard)] == case.heard:
                nearest, case.shared = precedent, hearing.follow(precedent.heard)
                if precedent.end is not None and case.shared == len(precedent.heard):
                    break
        return nearest

    def _go_on(
        self, case: _Case[P], hearing: Hearing[P], requirements: Sequence[Requirement[P]]
    ) -> Solution[P]:
        """The rest of a solve, from its last state or from the beginning; raises Unsolvable."""
        from provenv.solver.solve import Solver

        hearing.at = kept = max(case.states, default=0)
        if kept:
            solver = case.states[kept].fork(hearing, requirements)
        else:
            solver = Solver(hearing, requirements, case.preferences)
        setbacks = solver.ordering.setbacks
        try:
            while (solution := solver.step()) is None:
                if solver.ordering.setbacks > setbacks and hearing.at >= kept + self._stride:
                    kept, setbacks = hearing.at, solver.ordering.setbacks
                    case.states[kept] = solver.fork(hearing, requirements)
        except Unsolvable as unsolvable:
            # A copy, since the one that is raised holds on to all that was at work.
            case.end = Unsolvable(unsolvable.incompatibility, unsolvable.packages, (), unsolvable.bases)
            raise
        finally:
            hearing.close()
        case.end = solution
        return solution


def _told(end: Solution[P] | Unsolvable[P], requirements: Sequence[Requirement[P]]) -> Solution[P]:
    if isinstance(end, Unsolvable):
        raise Unsolvable(end.incompatibility, end.packages, requirements, end.bases)
    return end
