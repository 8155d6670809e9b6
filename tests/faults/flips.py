"""Flipped bits in the cache: every one is found, whatever kind of file it is in, and changes no answer."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from faults.world import NAMES, Picture, busy_world, locks_of, write_manifest
from support.index_server import TestIndex
from support.program import Desk


@dataclass
class Tally:
    """What came of the flips. `kinds`: by kind of cache file, how many."""

    kinds: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.kinds.items()))
        return f"{self.kinds.total()} flips ({kinds}), {len(self.problems)} problems"


def flip_often(folder: Path, count: int, random: Random, tell: Callable[[str], None] = print) -> Tally:
    """`count` flips, as many in each kind of cache file, one of each kind at once; `folder` is empty."""
    tally = Tally()
    # One version of each project, so that every byte of a page is looked at; no page grows old, so that
    # only the damage makes anybody ask again.
    with busy_world(["2.0"]) as index:
        index.max_age = 1_000_000
        cases = [_case(folder / "index", index, ""), _case(folder / "flat page", index, index.flat_url)]
        while tally.kinds.total() < count:
            for before, good in cases:
                for problem in _flip_once(before, good, random, tally):
                    tally.problems.append(problem)
                    tell(problem)
    return tally


def _case(folder: Path, index: TestIndex, mirror: str) -> tuple[Picture, dict[str, bytes]]:
    """A desk with a full cache and no lock, and the lock that is to come."""
    desk = Desk(folder / "desk")
    write_manifest(desk, index, NAMES[0])
    if mirror:
        desk.config(f'[mirrors]\n"{index.url}" = "{mirror}"\n')
    desk.run("lock")
    good = locks_of(desk)
    desk.lock().unlink()
    return Picture.taken(desk, folder / "before"), good


def _flip_once(before: Picture, good: dict[str, bytes], random: Random, tally: Tally) -> Iterator[str]:
    """One flipped bit in one file of every kind, and a lock on top of that."""
    before.restore()
    desk = before.desk
    flipped = []
    for kind, files in sorted(kinds(desk.cache).items()):
        path = random.choice([file for file in files if file.exists()])
        if kind == "v1/files":  # it is looked at by who has no record of what was found in it
            (desk.cache / "v1/pages" / path.relative_to(desk.cache / kind)).unlink(missing_ok=True)
        flipped.append((path, flip(path, random)))
        tally.kinds[kind] += 1
    answer = desk.run("lock", expect=None)
    if answer.code:
        yield f"lock ends with {answer.code} after {flipped}: {answer.text}"
    elif locks_of(desk) != good:
        yield f"another lock after {flipped}"
    for path, damaged in flipped:
        if path.exists() and path.read_bytes() == damaged:
            yield f"a flipped bit in {path.relative_to(desk.cache)} was not found"


def kinds(cache: Path) -> dict[str, list[Path]]:
    """The files of a cache by the folder that says what they are."""
    found: dict[str, list[Path]] = {}
    for path in sorted(cache.rglob("*")):
        if path.is_file():
            parts = path.relative_to(cache).parts
            found.setdefault("/".join(parts[: 2 if parts[0].startswith("v") else 1]), []).append(path)
    return found


def flip(path: Path, random: Random) -> bytes:
    """Flip one bit of a file, which keeps its time; its bytes then."""
    content = bytearray(path.read_bytes())
    at = random.randrange(len(content))
    content[at] ^= 1 << random.randrange(8)
    times = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    return bytes(content)
