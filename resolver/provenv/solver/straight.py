"""A solve in which nothing conflicts, without the engine: most solves are like that.

As long as no version is turned down there is nothing to learn, and all that the engine derives is what is
left of each package. So the very decisions of `Solver` are taken here on plain masks, in its order (what is
decided next does not depend on how the engine got there); the first conflict ends it, and the engine begins
anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

from provenv.solver.outcome import Solution
from provenv.solver.provider import Comparable, P, Provider, Requirement, Unavailable
from provenv.solver.terms import ANYTHING
from provenv.typed import Generic


class _Conflict(Exception):
    """No version of some package is left."""


class Straight(Generic[P]):
    """One attempt. `answers`: the dependencies that the provider was asked for, so that none is asked twice.

    `_choices`: what is left of each package that was met, as in `terms`. `_links`: extra and base of each
    pair that must have the same version, and the mask of all versions.
    """

    def __init__(
        self, provider: Provider[P], requirements: Sequence[Requirement[P]], preferences: Mapping[P, int]
    ) -> None:
        self.answers: dict[tuple[P, int], Mapping[P, int] | Unavailable] = {}
        self._provider = provider
        self._requirements = requirements
        self._preferences = preferences
        self._choices: dict[P, int] = {}
        self._depth: dict[P, int] = {}
        self._links: dict[P, list[tuple[P, P, int]]] = {}
        self._changed: dict[P, None] = {}
        self._decided: dict[P, int] = {}
        self._heap: list[tuple[Comparable, P, int]] = []

    def run(self) -> Solution[P] | None:
        """The solution that `Solver` finds; None where it meets a conflict on its way."""
        try:
            ordered = sorted(self._requirements, key=lambda asked: (asked.package, asked.allowed))
            for requirement in ordered:
                self._meet(requirement.package, 0)
            for requirement in ordered:
                self._narrow(requirement.package, requirement.allowed)
            while (package := self._next()) is not None:
                self._decide(package)
        except _Conflict:
            return None
        return Solution(self._decided, len(self._decided))

    def _meet(self, package: P, depth: int) -> None:
        """One that may have been met before, as the base of an extra."""
        if package in self._choices:
            return
        choices = ANYTHING
        self._depth[package] = depth
        for versions in self._provider.unusable(package).values():
            choices &= ~versions
        self._choices[package] = choices
        base = self._provider.same_version_as(package)
        if base is not None:
            self._meet(base, depth)
            link = (package, base, (1 << self._provider.count(package)) - 1)
            self._links.setdefault(package, []).append(link)
            self._links.setdefault(base, []).append(link)

    def _narrow(self, package: P, allowed: int) -> None:
        before = self._choices[package]
        left = before & allowed
        if not left:
            raise _Conflict
        if left == before:
            return
        self._choices[package] = left
        self._changed[package] = None
        for extra, base, every in self._links.get(package, ()):
            self._narrow(extra, self._choices[base] | ~every)
            if self._choices[extra] >= 0:
                self._narrow(base, self._choices[extra])

    def _next(self) -> P | None:
        """The required package to decide now, as `Ordering` has it where nobody is in anybody's way."""
        choices, heap, required = self._choices, self._heap, {}
        for package in self._changed:
            allowed = choices[package]
            if allowed >= 0 and package not in self._decided:
                priority = self._provider.priority(package, allowed, 0, self._depth[package])
                heappush(heap, (priority, package, allowed))
                required[package] = allowed
        self._changed.clear()
        if required:
            self._provider.prefetch(required)
        while heap:
            _, package, allowed = heap[0]
            if choices[package] == allowed and package not in self._decided:
                return package
            heappop(heap)
        return None

    def _decide(self, package: P) -> None:
        allowed = self._choices[package]
        version = self._preferences.get(package)
        if version is None or not allowed >> version & 1:
            version = self._provider.choose(package, allowed)
        if version is None:
            raise _Conflict
        needs = self.answers[package, version] = self._provider.dependencies(package, version)
        if isinstance(needs, Unavailable):
            raise _Conflict
        depth = self._depth[package] + 1
        choices = self._choices
        for child in sorted([child for child in needs if child not in choices]):
            self._meet(child, depth)
        self._decided[package] = version
        self._narrow(package, 1 << version)
        for child, versions in needs.items():
            if choices[child] & ~versions:
                self._narrow(child, versions)
