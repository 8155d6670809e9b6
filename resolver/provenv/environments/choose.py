"""Which of several locks is for this machine, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from provenv.errors import InstallError
from provenv.targets import Target


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


def choose_lock(
    candidates: Iterable[Candidate],
    unfit: Callable[[Target], str | None],
    rank: Callable[[Target], tuple[int, ...]],
) -> Choice:
    """The best of those that fit: `unfit` says why a target can't run here, `rank` is lowest for the best.

    Of equal ones the first is taken. Raises InstallError with every reason when none fits or none is locked.
    """
    fitting: list[Candidate] = []
    others: list[tuple[str, str]] = []
    for candidate in candidates:
        reason = unfit(candidate.target)
        if reason is None and not candidate.path.is_file():
            reason = f"it has no lock yet ({candidate.path})"
        if reason is None:
            fitting.append(candidate)
        else:
            others.append((candidate.target.name, reason))
    if not fitting:
        raise _nothing_fits(others)
    chosen = min(fitting, key=lambda candidate: rank(candidate.target))
    passed = [
        (other.target.name, f"it fits too, but {chosen.target.name} is preferred")
        for other in fitting
        if other != chosen
    ]
    return Choice(chosen, (*passed, *others))


def _nothing_fits(others: list[tuple[str, str]]) -> InstallError:
    unlocked = any(reason.startswith("it has no lock yet") for _, reason in others)
    mend = "write the missing locks with `provenv lock`" if unlocked else "name a target with `--target NAME`"
    return InstallError(
        "no lock fits this machine",
        evidence=[f"{name}: {reason}" for name, reason in others] or ["the manifest has no target"],
        hints=[mend, "or add this machine's platform or accelerator to [tool.provenv]"],
    )
