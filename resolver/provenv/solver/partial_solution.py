"""The partial solution: decisions, and what follows from them, in the order in which they came to be."""

from __future__ import annotations

from bisect import bisect_left

from provenv.solver.incompatibility import Incompatibility
from provenv.solver.terms import ANYTHING


class Assignment:
    """One step: from here on `package` is within `choices`. A decision has no `cause`."""

    __slots__ = ("cause", "choices", "index", "level", "package")

    def __init__(
        self, package: int, choices: int, index: int, level: int, cause: Incompatibility | None
    ) -> None:
        self.package = package
        self.choices = choices
        self.index = index
        self.level = level
        self.cause = cause


class PartialSolution:
    """What is decided and derived so far, with decision levels (level 0: facts, no decision).

    `choices[p]` is what is left for package p. `changed` collects (in order) the packages whose choices
    changed; whoever reads it clears it.
    """

    __slots__ = ("changed", "choices", "decided", "decisions", "history", "trail")

    def __init__(self) -> None:
        self.choices: list[int] = []
        self.history: list[list[Assignment]] = []
        self.decided: list[bool] = []
        self.trail: list[Assignment] = []
        self.decisions: list[int] = []
        self.changed: dict[int, None] = {}

    @property
    def level(self) -> int:
        return len(self.decisions)

    def fork(self) -> PartialSolution:
        """A copy that goes its own way."""
        twin = PartialSolution()
        twin.choices = [*self.choices]
        twin.history = [[*steps] for steps in self.history]
        twin.decided = [*self.decided]
        twin.trail = [*self.trail]
        twin.decisions = [*self.decisions]
        twin.changed = dict(self.changed)
        return twin

    def add_package(self) -> None:
        self.choices.append(ANYTHING)
        self.history.append([])
        self.decided.append(False)

    def decide(self, package: int, version: int) -> None:
        self.decisions.append(package)
        self.decided[package] = True
        self._assign(package, 1 << version, None)

    def derive(self, package: int, choices: int, cause: Incompatibility) -> None:
        """Narrow the package's choices to those that are in `choices` as well."""
        self._assign(package, self.choices[package] & choices, cause)

    def _assign(self, package: int, choices: int, cause: Incompatibility | None) -> None:
        step = Assignment(package, choices, len(self.trail), len(self.decisions), cause)
        self.trail.append(step)
        self.history[package].append(step)
        self.choices[package] = choices
        self.changed[package] = None

    def backtrack(self, level: int) -> None:
        """Forget every decision above `level`, with all that came after it."""
        trail = self.trail
        while trail and trail[-1].level > level:
            package = trail.pop().package
            history = self.history[package]
            history.pop()
            self.choices[package] = history[-1].choices if history else ANYTHING
            self.changed[package] = None
        for package in self.decisions[level:]:
            self.decided[package] = False
        del self.decisions[level:]

    def satisfier(self, package: int, choices: int) -> Assignment:
        """The first step after which `package` is within `choices`; it must be so by now."""
        history = self.history[package]
        at = bisect_left(history, True, key=lambda step: step.choices & choices == step.choices)
        return history[at]

    def culprit(self, package: int, choices: int) -> int | None:
        """The package whose decision brought `package` within `choices`; None if no decision did."""
        level = self.satisfier(package, choices).level
        return self.decisions[level - 1] if level else None
