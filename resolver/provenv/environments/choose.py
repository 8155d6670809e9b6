"""Which of several locks is for this machine, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from provenv.errors import InstallError, ProvenvError
from provenv.targets import Target
from provenv.values import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A target with the place of its lock."""

    target: Target
    path: Path


Unfit: TypeAlias = Callable[[Candidate], str | None]
"""Why a candidate can't run here; None when it can."""


@dataclass(frozen=True)
class Choice:
    """The lock for this machine. `before`: why each that was preferred to it is not; `after`: the rest."""

    chosen: Candidate
    before: tuple[tuple[str, str], ...] = ()
    after: tuple[Candidate, ...] = ()
    unfit: Unfit = lambda candidate: None

    @cached_property
    def others(self) -> tuple[tuple[str, str], ...]:
        """Why each target but the chosen one is not taken; their locks are read when this is first asked."""
        return (*self.before, *((candidate.target.name, self._after(candidate)) for candidate in self.after))

    def _after(self, candidate: Candidate) -> str:
        try:
            reason = _reason(candidate, self.unfit)
        except ProvenvError as error:  # whatever is wrong with it, it was not to be taken
            reason = error.message
        return reason or f"it fits too, but {self.chosen.target.name} is preferred"


def choose_lock(candidates: Sequence[Candidate], unfit: Unfit) -> Choice:
    """The first that fits; candidates stand in order of preference.

    Raises InstallError with every reason when none fits or none is locked.
    """
    before: list[tuple[str, str]] = []
    for number, candidate in enumerate(candidates):
        reason = _reason(candidate, unfit)
        if reason is None:
            return Choice(candidate, tuple(before), tuple(candidates[number + 1 :]), unfit)
        before.append((candidate.target.name, reason))
    raise _nothing_fits(before)


def _reason(candidate: Candidate, unfit: Unfit) -> str | None:
    reason = unfit(candidate)
    if reason is None and not candidate.path.is_file():
        return f"it has no lock yet ({candidate.path})"
    return reason


def _nothing_fits(others: list[tuple[str, str]]) -> InstallError:
    unlocked = any(reason.startswith("it has no lock yet") for _, reason in others)
    mend = "write the missing locks with `provenv lock`" if unlocked else "name a target with `--target NAME`"
    return InstallError(
        "no lock fits this machine",
        evidence=[f"{name}: {reason}" for name, reason in others] or ["the manifest has no target"],
        hints=[mend, "or add this machine's platform or accelerator to [tool.provenv]"],
    )
