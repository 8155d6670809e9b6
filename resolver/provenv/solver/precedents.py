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

from collections.abc import Callable, Mapping, Sequence

from provenv.solver.provider import Comparable, P, Provider, Requirement, Unavailable
from provenv.solver.solve import Solution, Solver, Unsolvable
from provenv.solver.straight import Straight
from provenv.typed import Generic, cast
from provenv.values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

STRIDE = 64
"""So many questions lie between two states that are kept, at least (a state costs as much as twenty)."""

Heard: TypeAlias = list[tuple[str, tuple[object, ...], object]]
"""What a provider was asked and told: the method, what it was called with, the answer."""


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


class Hearing(Provider[P]):
    """A provider whose answers are put down in `heard`, and given from there where they are there already.

    `at`: how many of them the solver has been given.
    """

    def __init__(
        self,
        provider: Provider[P],
        heard: Heard,
        answers: Mapping[tuple[P, int], Mapping[P, int] | Unavailable] | None = None,
    ) -> None:
        """`answers`: what `dependencies` said already."""
        known = answers or {}

        def dependencies(package: P, version: int) -> Mapping[P, int] | Unavailable:
            needs = known.get((package, version))
            return provider.dependencies(package, version) if needs is None else needs

        self.heard = heard
        self.at = 0
        self._methods: dict[str, Callable[..., object]] = {
            "count": provider.count,
            "dependencies": dependencies,
            "similar": provider.similar,
            # As a tuple, since the order of the reasons counts: facts are given to the engine in it.
            "unusable": lambda package: tuple(provider.unusable(package).items()),
            "same_version_as": provider.same_version_as,
            "choose": provider.choose,
            "priority": provider.priority,
            "prefetch": provider.prefetch,
        }

    def follow(self, earlier: Heard) -> int:
        """Ask what an earlier solve went on to ask, until an answer differs; how many are the same."""
        methods, heard = self._methods, self.heard
        for entry in earlier[len(heard) :]:
            method, about, before = entry
            answer = methods[method](*about)
            if answer != before:
                heard.append((method, about, answer))
                return len(heard) - 1
            heard.append(entry)
        return len(earlier)

    def close(self) -> None:
        """Let go of the provider: no state that is kept shall keep it."""
        self._methods.clear()

    def _hear(self, method: str, *about: object) -> object:
        at = self.at
        self.at = at + 1
        if at < len(self.heard):
            return self.heard[at][2]
        answer = self._methods[method](*about)
        self.heard.append((method, about, answer))
        return answer

    def count(self, package: P) -> int:
        return cast("int", self._hear("count", package))

    def dependencies(self, package: P, version: int) -> Mapping[P, int] | Unavailable:
        return cast("Mapping[P, int] | Unavailable", self._hear("dependencies", package, version))

    def similar(self, package: P, version: int) -> int:
        return cast("int", self._hear("similar", package, version))

    def unusable(self, package: P) -> Mapping[str, int]:
        return dict(cast("tuple[tuple[str, int], ...]", self._hear("unusable", package)))

    def same_version_as(self, package: P) -> P | None:
        return cast("P | None", self._hear("same_version_as", package))

    def choose(self, package: P, allowed: int) -> int | None:
        return cast("int | None", self._hear("choose", package, allowed))

    def priority(self, package: P, allowed: int, conflicts: int, depth: int) -> Comparable:
        return cast("Comparable", self._hear("priority", package, allowed, conflicts, depth))

    def prefetch(self, required: Mapping[P, int]) -> None:
        self._hear("prefetch", required)
