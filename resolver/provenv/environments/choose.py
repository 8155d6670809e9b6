"""Which of several locks is for this machine, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from provenv.errors import InstallError
from provenv.targets import Target
from provenv.values import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A target with the place of its lock."""

    target: Target
    path: Path


@dataclass(frozen=True, slots=True)
class Choice:
    """The lock for this machine; `others`: why each of the rest is not, in words."""

    chosen: Candidate
    others: tuple[tuple[str, str], ...] = ()


def choose_lock(candidates: Sequence[Candidate], unfit: Callable[[Candidate], str | None]) -> Choice:
    """The first that fits; candidates stand in order of preference, `unfit` says why one can't run here.

    Raises InstallError with every reason when none fits or none is locked.
    """
    chosen: Candidate | None = None
    others: list[tuple[str, str]] = []
    for candidate in candidates:
        reason = unfit(candidate)
        if reason is None and not candidate.path.is_file():
            reason = f"it has no lock yet ({candidate.path})"
        if reason is None and chosen is None:
            chosen = candidate
            continue
        if reason is None and chosen is not None:
            reason = f"it fits too, but {chosen.target.name} is preferred"
        others.append((candidate.target.name, reason or ""))
    if chosen is None:
        raise _nothing_fits(others)
    return Choice(chosen, tuple(others))


def _nothing_fits(others: list[tuple[str, str]]) -> InstallError:
    unlocked = any(reason.startswith("it has no lock yet") for _, reason in others)
    mend = "write the missing locks with `provenv lock`" if unlocked else "name a target with `--target NAME`"
    return InstallError(
        "no lock fits this machine",
        evidence=[f"{name}: {reason}" for name, reason in others] or ["the manifest has no target"],
        hints=[mend, "or add this machine's platform or accelerator to [tool.provenv]"],
    )
