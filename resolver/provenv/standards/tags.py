"""PEP 425 tags: which wheels a CPython on a platform takes, and in which order it prefers them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from provenv.standards.versions import release_of


class Ranks(dict[str, int | None]):
    """Compressed tag set -> `wheel_rank` in a table, found out when it is first asked for."""

    __slots__ = ("_table",)

    def __init__(self, table: Mapping[str, int]) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, tags: str) -> int | None:
        table, single = self._table, expand(tags)
        if table.keys().isdisjoint(single):  # as most are
            rank = None
        else:
            rank = min([table[tag] for tag in single if tag in table])
        self[tags] = rank
        return rank


class TagTable(dict[str, int]):
    """Tag -> rank, 0 the best. Shared: never change it. `ranks`: of the compressed sets asked for so far."""

    __slots__ = ("ranks",)

    def __init__(self, tags: Iterator[str]) -> None:
        super().__init__()
        for tag in tags:
            self.setdefault(tag, len(self))
        self.ranks = Ranks(self)


def compatible_tags(
    full_python: str, platform_tags: Sequence[str], *, free_threaded: bool = False
) -> TagTable:
    """The tags of CPython `full_python` (`3.12.4`) on a platform (its tags best first, without `any`).

    The order is the one of `packaging.tags`: exact ABI, stable ABI, no ABI, older stable ABIs, pure Python.
    `free_threaded`: the interpreter without a GIL, whose ABI is `cp313t`. Raises InvalidVersion.
    """
    major, minor, *_ = (*release_of(full_python), 0)
    return _table(major, minor, tuple(platform_tags), free_threaded)


def wheel_rank(tags: str, table: Mapping[str, int]) -> int | None:
    """The best rank of a compressed tag set (`py2.py3-none-any`), None when no tag of it is in the table."""
    return ranks_in(table)[tags]


def ranks_in(table: Mapping[str, int]) -> Ranks:
    """The ranks of compressed tag sets in a table."""
    return table.ranks if isinstance(table, TagTable) else Ranks(table)


@cache
def expand(tags: str) -> tuple[str, ...]:
    """The single tags of a compressed set, in lower case; empty when it has not three parts."""
    parts = tags.lower().split("-")
    if len(parts) != 3:
        return ()
    if "." not in tags:
        return ("-".join(parts),)
    interpreters, abis, platforms = (part.split(".") for part in parts)
    return tuple([f"{i}-{a}-{p}" for i in interpreters for a in abis for p in platforms])


@cache
def _table(major: int, minor: int, platforms: tuple[str, ...], free_threaded: bool) -> TagTable:
    lowered = tuple(platform.lower() for platform in platforms)
    return TagTable(_tags(major, minor, lowered, free_threaded))


def _tags(major: int, minor: int, platforms: tuple[str, ...], free_threaded: bool) -> Iterator[str]:
    interpreter = f"cp{major}{minor}"
    stable = "abi3t" if free_threaded else "abi3"
    has_stable = (major, minor) >= (3, 2)  # PEP 384; PEP 803 for abi3t
    for abi in (
        interpreter + _abi_flags(major, minor, free_threaded),
        *([stable] if has_stable else []),
        "none",
    ):
        yield from (f"{interpreter}-{abi}-{platform}" for platform in platforms)
    if has_stable:
        for older in range(minor - 1, 1, -1):
            yield from (f"cp{major}{older}-{stable}-{platform}" for platform in platforms)
    pythons = [
        f"py{major}{minor}",
        f"py{major}",
        *(f"py{major}{older}" for older in range(minor - 1, -1, -1)),
    ]
    for python in pythons:
        yield from (f"{python}-none-{platform}" for platform in platforms)
    yield f"{interpreter}-none-any"
    yield from (f"{python}-none-any" for python in pythons)


def _abi_flags(major: int, minor: int, free_threaded: bool) -> str:
    if free_threaded:
        return "t"
    if (major, minor) < (3, 3):
        return "mu"  # pymalloc and, as every Linux distribution built it, wide Unicode
    return "m" if (major, minor) < (3, 8) else ""
