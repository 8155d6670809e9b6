"""The solver: decisions over unit propagation, until everything required is decided or nothing can be.

What it promises, for a provider whose `choose` takes the first allowed version in one fixed order of taste:
a solution if there is one, always the same one, and of all solutions the best in the order of decision: the
first package of `Solution.order` is at the best version that it has in any solution, the second at the best
that it has in any solution with that first choice, and so on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy

from provenv.solver.facts import FactKey, FactStore
from provenv.solver.incompatibility import (
    Depends,
    Excluded,
    Required,
    incompatibility_of,
)
from provenv.solver.ordering import Ordering
from provenv.solver.outcome import Solution, Unsolvable
from provenv.solver.propagation import Contradiction, Propagation
from provenv.solver.provider import P, Provider, Requirement, Unavailable
from provenv.typed import Generic


def solve(
    provider: Provider[P],
    requirements: Sequence[Requirement[P]],
    preferences: Mapping[P, int] | None = None,
) -> Solution[P]:
    """Choose versions such that all requirements hold, transitively; raises Unsolvable.

    `preferences` (package -> version, from an older solution) are tried before what the provider chooses.
    """
    return Solver(provider, requirements, preferences or {}).run()


class Solver(Generic[P]):
    """One solve: numbers the packages, feeds the engine with facts as they become known, and decides.

    It knows nothing but what it was given and what the provider answered: equal answers, equal steps.
    """

    def __init__(
        self, provider: Provider[P], requirements: Sequence[Requirement[P]], preferences: Mapping[P, int]
    ) -> None:
        self.provider = provider
        self.requirements = requirements
        self.preferences = preferences
        self.engine = Propagation()
        self.ordering = Ordering(provider, self.engine)
        self.numbers: dict[P, int] = {}
        self.facts = FactStore(self.engine)
        self.known: dict[tuple[int, int], list[FactKey]] = {}
        self.chosen: dict[tuple[int, int], int | None] = {}
        self._require()

    def run(self) -> Solution[P]:
        """All steps. Raises Unsolvable."""
        solution = None
        while solution is None:
            solution = self.step()
        return solution

    def step(self) -> Solution[P] | None:
        """One decision with all that follows from those before; the solution where none is left to take."""
        try:
            self.engine.propagate()
        except Contradiction as proof:
            packages = self.ordering.packages
            bases = self.engine.bases()
            raise Unsolvable(proof.incompatibility, packages, self.requirements, bases) from None
        self.ordering.learn()
        package = self.ordering.next()
        if package is None:
            return self._solution()
        self._decide(package)
        return None

    def fork(self, provider: Provider[P], requirements: Sequence[Requirement[P]]) -> Solver[P]:
        """A copy that goes its own way, with a provider that would have answered everything so far alike.

        `requirements` say the same as those of this solve; only their origins may differ.
        """
        twin = copy(self)
        twin.provider = provider
        twin.requirements = requirements
        twin.engine = self.engine.fork()
        twin.ordering = self.ordering.fork(provider, twin.engine)
        twin.facts = self.facts.fork(twin.engine)
        twin.numbers = dict(self.numbers)
        twin.known = dict(self.known)
        twin.chosen = dict(self.chosen)
        return twin

    def _solution(self) -> Solution[P]:
        solution = self.engine.solution
        packages = self.ordering.packages
        chosen = {packages[p]: solution.choices[p].bit_length() - 1 for p in solution.decisions}
        return Solution(chosen, len(self.known))

    def _require(self) -> None:
        # Sorted, so that the order of the input does not matter; `number` keeps pointing into the input.
        ordered = sorted(enumerate(self.requirements), key=lambda item: (item[1].package, item[1].allowed))
        for number, requirement in ordered:
            package = self._number(requirement.package, 0)
            self.engine.add(incompatibility_of(Required(number, package, requirement.allowed)))

    def _number(self, package: P, depth: int) -> int:
        """The package's number; one that is new is introduced to the engine, with what is known of it."""
        number = self.numbers.get(package)
        if number is not None:
            return number
        number = self.numbers[package] = self.engine.add_package()
        self.ordering.add_package(package, depth)
        for reason, versions in self.provider.unusable(package).items():
            if versions:
                self.facts.add(Excluded(number, versions, reason))
        base = self.provider.same_version_as(package)
        if base is not None:
            self.engine.link(number, self._number(base, depth), self.provider.count(package))
        return number

    def _decide(self, package: int) -> None:
        """Choose a version, unless what it needs is out of the question already: then say just that."""
        allowed = self.engine.solution.choices[package]
        version = self._choose(package, allowed)
        if version is None:
            self.facts.add(Excluded(package, allowed, None))
            return
        needs = [*map(self.facts.said.__getitem__, self._dependencies(package, version))]
        failing = [need for need in needs if self.engine.would_fail(need, package, version)]
        if not failing:
            self.engine.decide(package, version)
            return
        for need in failing:
            self.engine.revisit(need)
        self.ordering.blame(package, failing[0])

    def _choose(self, package: int, allowed: int) -> int | None:
        """The version to try; the provider is asked once, since most decisions are taken again after a step
        back."""
        key = (package, allowed)
        if key not in self.chosen:
            name = self.ordering.packages[package]
            preferred = self.preferences.get(name)
            if preferred is not None and allowed >> preferred & 1:
                return preferred
            self.chosen[key] = self.provider.choose(name, allowed)
        return self.chosen[key]

    def _dependencies(self, package: int, version: int) -> list[FactKey]:
        """What choosing this version entails; the provider is asked once."""
        known = self.known.get((package, version))
        if known is None:
            known = self.known[package, version] = [
                self.facts.add(fact) for fact in self._ask(package, version)
            ]
        return known

    def _ask(self, package: int, version: int) -> Sequence[Depends | Excluded]:
        name = self.ordering.packages[package]
        needs = self.provider.dependencies(name, version)
        if isinstance(needs, Unavailable):
            return [Excluded(package, 1 << version, needs.reason)]
        versions = self.provider.similar(name, version) | 1 << version
        depth = self.ordering.depth[package] + 1
        numbered = [(self._number(child, depth), needs[child]) for child in sorted(needs)]
        return [
            Depends(package, versions, child, allowed)
            for child, allowed in numbered
            if child != package or versions & ~allowed
        ]
