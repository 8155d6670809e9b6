"""What was found in a lock before, by its bytes: 150 packages are not read again to call a lock fresh."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from provenv import __version__
from provenv.pypi.cache import Cache

LOCKS = "locks"
"""The kind of cache records."""


class Known(NamedTuple):
    """A lock that was read whole. `digest`: of its inputs; `warnings`: what keeps it from being portable."""

    digest: str
    warnings: tuple[str, ...]


def known_lock(path: Path, cache: Cache) -> Known | None:
    """What is known of a lock with these very bytes in this very place, None where nothing is."""
    import hashlib

    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
    match cache.get(LOCKS, _key(path, sha256)):
        case (str(digest), tuple(warnings)):
            return Known(digest, tuple(map(str, warnings)))
    return None


def remember_lock(path: Path, sha256: str, cache: Cache, known: Known) -> None:
    """Keep what was found in the lock with these bytes."""
    cache.put(LOCKS, _key(path, sha256), tuple(known))


def _key(path: Path, sha256: str) -> str:
    """The lock's bytes, its place (paths in it are relative to that), and who read it."""
    return f"{__version__}\n{sha256}\n{path.absolute()}"
