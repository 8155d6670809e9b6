"""Versions as a person would say them: `<2`, `1.4 and 1.5`, not a list of four hundred."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

SPELLED_OUT = 3
"""Up to so many single versions are named one by one."""


def runs(mask: int, count: int) -> Iterator[tuple[int, int]]:
    """The runs of set bits below `count`, as (first, last), lowest first."""
    i = 0
    while i < count:
        if mask >> i & 1:
            first = i
            while i + 1 < count and mask >> (i + 1) & 1:
                i += 1
            yield first, i
        i += 1


def say_versions(mask: int, versions: Sequence[str]) -> str:
    """The versions of a mask in words; `versions` are all there are, newest first. "" for all of them.

    One version is `1.2`; a run that reaches the newest is `>=1.2`, one that reaches the oldest `<=1.2`, any other
    `>=1.2,<=1.5`; several are joined by "or".
    """
    count = len(versions)
    everything = (1 << count) - 1
    mask &= everything
    if mask == everything:
        return ""
    parts: list[str] = []
    for first, last in reversed(list(runs(mask, count))):
        newest, oldest = versions[first], versions[last]
        if first == last:
            parts.append(f"=={newest}")
        elif first == 0:
            parts.append(f">={oldest}")
        elif last == count - 1:
            parts.append(f"<={newest}")
        else:
            parts.append(f">={oldest},<={newest}")
    if len(parts) > SPELLED_OUT:
        inverse = say_versions(everything & ~mask, versions)
        if inverse.count(" or ") < len(parts) - 1:
            return f"other than {inverse}"
        parts = [*parts[: SPELLED_OUT - 1], f"{len(parts) - SPELLED_OUT + 1} more ranges"]
    return " or ".join(parts)
