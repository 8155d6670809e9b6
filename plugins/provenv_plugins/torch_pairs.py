"""What goes with each torch, and what files need of it without declaring it."""

from __future__ import annotations

from functools import cache

from provenv_plugins.numbers import parse_numbers
from provenv_plugins.tables import rows

COMPANIONS = ("torchvision", "torchaudio", "triton", "torchcodec", "torchtext")

# Asked of every package that is resolved, so that the table is read for these alone.
UNDECLARED = frozenset({"torchaudio", "torchcodec", "torchtext"})


@cache
def companions(torch: str) -> tuple[tuple[str, str], ...]:
    """(package, version) of what goes with a torch: triton's is a specifier, for CUDA builds on Linux."""
    for row in rows("torch_pairs", "pair"):
        if row.text("torch") == torch:
            return tuple((name, row.text(name)) for name in COMPANIONS if row.text(name))
    return ()


@cache
def undeclared(name: str, version: str) -> tuple[str, ...]:
    """The requirements that a version of a package has and its metadata do not say."""
    if name not in UNDECLARED:
        return ()
    own = parse_numbers(version.partition("+")[0])
    return tuple(
        row.text("requires")
        for row in rows("torch_pairs", "needs")
        if row.text("package") == name
        and own is not None
        and _within(own, row.text("first"), row.text("last"))
    )


def _within(version: tuple[int, ...], first: str, last: str) -> bool:
    """Whether a version lies in a span whose ends count as far as they are written; "": it has no end."""
    end = parse_numbers(last) or ()
    return (parse_numbers(first) or ()) <= version and version[: len(end)] <= end


def ended() -> tuple[str, ...]:
    """A sentence for each package that has no releases any more."""
    words = "{package} has ended: its last release, {last}, is for torch {torch}"
    return tuple(
        words.format(package=row.text("package"), last=row.text("last"), torch=row.text("torch"))
        for row in rows("torch_pairs", "ended")
    )
