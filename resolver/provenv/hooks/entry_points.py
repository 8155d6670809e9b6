"""The installed plugins' entry points, kept in a record so that a scan of every distribution is rare.

The scan (importlib.metadata) costs tens of milliseconds and its import alone as much; the record is one small
text file per interpreter and search path, and holds good while no entry of the path has changed.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

from provenv.search_path import search_path_state
from provenv.values import dataclass

GROUP = "provenv"
_HEAD = "provenv plugins 1"


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """One entry point of the group `provenv`: `name = module:attribute`, and the distribution that has it."""

    name: str
    module: str
    attribute: str
    distribution: str


def find_entry_points(cache_dir: Path) -> tuple[EntryPoint, ...]:
    """Every installed entry point of the group, sorted; from the record in `cache_dir` where it holds."""
    state = search_path_state()
    file = cache_dir / "plugins" / f"{zlib.crc32(_search_path_name().encode()):08x}.txt"
    recorded = _read(file, state)
    if recorded is not None:
        return recorded
    found = scan()
    _write(file, state, found)
    return found


def scan() -> tuple[EntryPoint, ...]:
    """Every installed entry point of the group, found through importlib.metadata."""
    from importlib.metadata import entry_points

    found = {
        EntryPoint(
            point.name,
            point.module,
            point.attr or "",
            point.dist.name if point.dist else "an unknown distribution",
        )
        for point in entry_points(group=GROUP)
    }
    return tuple(sorted(found, key=lambda point: (point.distribution, point.name, point.module)))


def _search_path_name() -> str:
    return "\n".join([sys.executable, sys.version, *sys.path])


def _read(file: Path, state: str) -> tuple[EntryPoint, ...] | None:
    """The recorded entry points; None when there is no record, a damaged one, or one of another state."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    head, _, rest = text.partition("\n")
    checksum, _, body = rest.partition("\n")
    recorded, separator, lines = body.partition("\n\n")
    if head != _HEAD or checksum != _checksum(body) or not separator or recorded != state:
        return None
    rows = [line.split("\t") for line in lines.splitlines()]
    return tuple(EntryPoint(*row) for row in rows) if all(len(row) == 4 for row in rows) else None


def _write(file: Path, state: str, found: tuple[EntryPoint, ...]) -> None:
    from contextlib import suppress

    from provenv.atomic import write_text
    from provenv.errors import DiskError

    rows = [(point.name, point.module, point.attribute, point.distribution) for point in found]
    body = f"{state}\n\n" + "\n".join("\t".join(row) for row in rows)
    with suppress(DiskError):  # the record only saves time
        write_text(file, f"{_HEAD}\n{_checksum(body)}\n{body}", durable=False)


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
