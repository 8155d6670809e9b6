"""Unit propagation and conflict resolution: the engine of PubGrub, without any choosing."""

from __future__ import annotations

from provenv.solver.incompatibility import Depends, Incompatibility, incompatibility_of, resolve
from provenv.solver.partial_solution import Assignment, PartialSolution
from provenv.solver.terms import ANYTHING

_SATISFIED, _CONTRADICTED, _OPEN = range(3)


class Contradiction(Exception):
    """There is no solution. `incompatibility` has no terms; its causes are the proof."""

    def __init__(self, incompatibility: Incompatibility) -> None:
        super().__init__("no solution")
        self.incompatibility = incompatibility


class Propagation:
    """Incompatibilities, indexed by package, and the partial solution that they narrow.

    `clashes` collects a pair of packages for each conflict: the one whose decision failed, and the one whose
    earlier decision made it fail; whoever reads it clears it.
    """

    def __init__(self) -> None:
        self.solution = PartialSolution()
        self.clashes: list[tuple[int, int]] = []
        self._watched: list[list[Incompatibility]] = []
        self._fresh: list[Incompatibility] = []
        self._queue: dict[int, None] = {}
        # Taken from `_watched` while they can't matter: length of the trail by then, package, what was taken.
        self._asleep: list[tuple[int, int, Incompatibility]] = []
        self._partners: dict[int, list[tuple[int, int, int]]] = {}
        self._retired: set[Incompatibility] = set()

    def fork(self) -> Propagation:
        """A copy that goes its own way."""
        twin = Propagation()
        twin.solution = self.solution.fork()
        twin.clashes = [*self.clashes]
        twin._watched = [[*watched] for watched in self._watched]
        twin._fresh = [*self._fresh]
        twin._queue = dict(self._queue)
        twin._asleep = [*self._asleep]
        twin._partners = {package: [*pairs] for package, pairs in self._partners.items()}
        twin._retired = {*self._retired}
        return twin

    def add_package(self) -> int:
        """Make room for one more package; its number."""
        self.solution.add_package()
        self._watched.append([])
        return len(self._watched) - 1

    def add(self, incompatibility: Incompatibility) -> None:
        """Take it into account from the next `propagate` on."""
        for package, _ in incompatibility.terms:
            self._watched[package].append(incompatibility)
        self._fresh.append(incompatibility)

    def retire(self, incompatibility: Incompatibility) -> None:
        """Leave one out from now on: a wider one stands in its place."""
        self._retired.add(incompatibility)

    def would_fail(self, incompatibility: Incompatibility, package: int, version: int) -> bool:
        """Whether all terms would hold if that version were chosen now."""
        choices = self.solution.choices
        for mentioned, term in incompatibility.terms:
            left = 1 << version if mentioned == package else choices[mentioned]
            if left & term != left:
                return False
        return True

    def revisit(self, incompatibility: Incompatibility) -> None:
        """Look at one again that was added before."""
        self._fresh.append(incompatibility)

    def link(self, follower: int, base: int, count: int) -> None:
        """`follower` must have the version of `base` (both have `count` versions) whenever it is chosen.

        The incompatibilities that say so are made when they are needed: one per set that either is narrowed
        to, in place of one per version.
        """
        pair = (follower, base, (1 << count) - 1)
        self._partners.setdefault(follower, []).append(pair)
        self._partners.setdefault(base, []).append(pair)

    def bases(self) -> dict[int, int]:
        """Each follower's base."""
        return {follower: base for pairs in self._partners.values() for follower, base, _ in pairs}

    def decide(self, package: int, version: int) -> None:
        self.solution.decide(package, version)
        self._queue[package] = None

    def backtrack(self, level: int) -> None:
        self.solution.backtrack(level)
        self._queue.clear()
        length = len(self.solution.trail)
        asleep = self._asleep
        while asleep and asleep[-1][0] > length:
            _, package, incompatibility = asleep.pop()
            self._watched[package].append(incompatibility)

    def propagate(self) -> None:
        """Derive all that follows by unit propagation, learning from each conflict on the way.

        Raises Contradiction when no choice is left to undo.
        """
        while (conflict := self._next_conflict()) is not None:
            learned = self._resolve_conflict(conflict)
            if learned is conflict:
                self.revisit(learned)
            else:
                self.add(learned)

    def _next_conflict(self) -> Incompatibility | None:
        while True:
            while self._fresh:
                incompatibility = self._fresh.pop()
                if self._relation(incompatibility) is _SATISFIED:
                    return incompatibility
            if not self._queue:
                return None
            package = next(iter(self._queue))
            del self._queue[package]
            conflict = self._examine(package)
            if conflict is not None:
                return conflict
            for follower, base, every in self._partners.get(package, ()):
                self._align(follower, base, every)

    def _examine(self, package: int) -> Incompatibility | None:
        """Look at what mentions a package that changed, newest first: that is the most general."""
        watched = self._watched[package]
        for at in range(len(watched) - 1, -1, -1):
            incompatibility = watched[at]
            if incompatibility in self._retired:
                _drop(watched, at)
                continue
            relation = self._relation(incompatibility)
            if relation is _SATISFIED:
                return incompatibility
            if relation is _CONTRADICTED:
                _drop(watched, at)
                self._asleep.append((len(self.solution.trail), package, incompatibility))
        return None

    def _relation(self, incompatibility: Incompatibility) -> int:
        """How its terms stand; where all but one hold, the opposite of that one is derived."""
        unit = -1
        term = ANYTHING
        choices = self.solution.choices
        for package, wanted in incompatibility.terms:
            left = choices[package]
            common = left & wanted
            if not common:
                return _CONTRADICTED
            if common != left:
                if unit >= 0:
                    return _OPEN
                unit, term = package, wanted
        if unit < 0:
            return _SATISFIED
        self.solution.derive(unit, ~term, incompatibility)
        self._queue[unit] = None
        return _CONTRADICTED

    def _align(self, follower: int, base: int, every: int) -> None:
        """State of a linked pair what its present choices call for."""
        choices = self.solution.choices
        wanted = choices[follower]
        if wanted >= 0 and choices[base] & ~wanted:
            self._share(follower, base, wanted)
        missing = every & ~choices[base]
        if wanted & missing:
            self._share(follower, base, missing)

    def _share(self, follower: int, base: int, versions: int) -> None:
        self.add(incompatibility_of(Depends(follower, versions, base, versions, shared=True)))

    def _resolve_conflict(self, conflict: Incompatibility) -> Incompatibility:
        """Find what is at the bottom of a conflict, and jump back to where knowing it would have helped."""
        while conflict.terms:
            latest, level = self._satisfiers(conflict)
            if latest.cause is None or level < latest.level:
                if level:
                    decisions = self.solution.decisions
                    self.clashes.append((decisions[latest.level - 1], decisions[level - 1]))
                self.backtrack(level)
                return conflict
            conflict = resolve(conflict, latest.cause, latest.package)
        raise Contradiction(conflict)

    def _satisfiers(self, conflict: Incompatibility) -> tuple[Assignment, int]:
        """The step that made the last term hold, and the level at which all else held already."""
        solution = self.solution
        steps = [solution.satisfier(package, term) for package, term in conflict.terms]
        latest = max(steps, key=lambda step: step.index)
        level = max((step.level for step in steps if step is not latest), default=0)
        if latest.cause is not None:
            # The step may have needed what was known of its package before.
            before = conflict.term(latest.package) | latest.cause.term(latest.package)
            if before != ANYTHING:
                level = max(level, solution.satisfier(latest.package, before).level)
        return latest, level


def _drop(watched: list[Incompatibility], at: int) -> None:
    """Remove one from the part of the list that a backward scan has not to visit any more."""
    last = watched.pop()
    if at < len(watched):
        watched[at] = last
