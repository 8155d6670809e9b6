"""The order of decision: the provider's priorities, corrected by who has been in whose way."""

from __future__ import annotations

from heapq import heappop, heappush

from provenv.solver.incompatibility import Depends, Incompatibility
from provenv.solver.propagation import Propagation
from provenv.solver.provider import Comparable, P, Provider
from provenv.typed import Generic

PATIENCE = 5
"""After so many conflicts between two packages they change places (the figure is uv's); then after twice as
many, and so on."""


class Ordering(Generic[P]):
    """Which package is decided next, and which decisions are taken back to decide others before them.

    `packages` and `depth` are by number: the provider's name of a package, and its distance from the root.
    `setbacks`: how many conflicts and versions that could not be decided there were so far.
    """

    def __init__(self, provider: Provider[P], engine: Propagation) -> None:
        self.packages: list[P] = []
        self.depth: list[int] = []
        self.setbacks = 0
        self._provider = provider
        self._engine = engine
        self._conflicts: list[int] = []
        # Entries go stale when the package's choices or conflicts change; then there is a newer one.
        self._heap: list[tuple[Comparable, P, int, int, int]] = []
        # By package, choices and conflicts: after each step back most of them come up again.
        self._priorities: dict[tuple[int, int, int], Comparable] = {}
        self._counted: dict[tuple[int, int], int] = {}
        self._patience: dict[tuple[int, int], int] = {}
        self._gave_way: set[tuple[int, int]] = set()

    def fork(self, provider: Provider[P], engine: Propagation) -> Ordering[P]:
        """A copy that goes its own way, with a copy of the engine."""
        twin = Ordering(provider, engine)
        twin.packages = [*self.packages]
        twin.depth = [*self.depth]
        twin.setbacks = self.setbacks
        twin._conflicts = [*self._conflicts]
        twin._heap = [*self._heap]
        twin._priorities = dict(self._priorities)
        twin._counted = dict(self._counted)
        twin._patience = dict(self._patience)
        twin._gave_way = {*self._gave_way}
        return twin

    def add_package(self, package: P, depth: int) -> None:
        self.packages.append(package)
        self.depth.append(depth)
        self._conflicts.append(0)

    def next(self) -> int | None:
        """The required package to decide now; None when all are decided."""
        self._refresh()
        solution = self._engine.solution
        while self._heap:
            _, _, package, allowed, conflicts = self._heap[0]
            fresh = solution.choices[package] == allowed and self._conflicts[package] == conflicts
            if fresh and not solution.decided[package]:
                return package
            heappop(self._heap)
        return None

    def _refresh(self) -> None:
        """Bring the heap up to date with what changed, and let the provider know."""
        solution = self._engine.solution
        choices, decided, known = solution.choices, solution.decided, self._priorities
        required: dict[P, int] = {}
        for package in solution.changed:
            allowed = choices[package]
            if allowed >= 0 and not decided[package]:
                name = self.packages[package]
                conflicts = self._conflicts[package]
                key = (package, allowed, conflicts)
                priority = known.get(key)
                if priority is None:
                    priority = self._provider.priority(name, allowed, conflicts, self.depth[package])
                    known[key] = priority
                    required[name] = allowed
                heappush(self._heap, (priority, name, package, allowed, conflicts))
        solution.changed.clear()
        if required:
            self._provider.prefetch(required)

    def learn(self) -> None:
        """Count the conflicts of the last propagation."""
        clashes = self._engine.clashes
        while clashes:
            self.setbacks += 1
            self._count(*clashes.pop(0))

    def blame(self, package: int, failing: Incompatibility) -> None:
        """A version of `package` was not decided, because `failing` would not allow it now."""
        self.setbacks += 1
        need = failing.cause
        if not isinstance(need, Depends) or len(failing.terms) < 2:
            return  # No other package is in the way.
        culprit = self._engine.solution.culprit(need.child, ~need.allowed)
        if culprit is None:
            return
        if culprit == need.child and self._should_give_way(package, need):
            self._gave_way.add((package, culprit))
            self._change_places(package, culprit)
        else:
            self._count(package, culprit)

    def _should_give_way(self, package: int, need: Depends) -> bool:
        """Whether the decided child is to wait for its parent: once, if it had a version that would do."""
        child = need.child
        direct = self.depth[child] == 0 < self.depth[package]
        seen = {(package, child), (child, package)} & self._gave_way
        history = self._engine.solution.history[child]
        before = history[-2].choices if len(history) > 1 else -1
        return not direct and not seen and bool(before & need.allowed)

    def _count(self, affected: int, culprit: int) -> None:
        pair = (affected, culprit)
        count = self._counted[pair] = self._counted.get(pair, 0) + 1
        if count >= self._patience.get(pair, PATIENCE):
            self._patience[pair] = 2 * count
            self._change_places(affected, culprit)

    def _change_places(self, affected: int, culprit: int) -> None:
        """Let `affected` be decided before `culprit` from now on."""
        solution = self._engine.solution
        self._conflicts[affected] += 1
        self._conflicts[culprit] -= 1
        solution.changed[affected] = None
        solution.changed[culprit] = None
        if solution.decided[culprit]:
            self._engine.backtrack(solution.decisions.index(culprit))
