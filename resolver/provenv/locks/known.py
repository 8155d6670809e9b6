"""What was found in a lock before, by its bytes: 150 packages are not read again to call a lock fresh."""

from __future__ import annotations

from pathlib import Path

from provenv import __version__
from provenv.pypi.cache import Cache
from provenv.reads import read_bytes
from provenv.sha256 import sha256
from provenv.tuples import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.locks.reader import Lock

LOCKS = "locks"
"""The kind of cache records."""


class Known(NamedTuple):
    """A lock that was read whole. `digest`: of its inputs; `warnings`: what keeps it from being portable.

    `packages`: how many, conda's among them. `build`: the name of its build.
    """

    digest: str
    warnings: tuple[str, ...]
    packages: int
    build: str | None


def known_lock(path: Path, cache: Cache) -> Known | None:
    """What is known of a lock with these very bytes in this very place, None where nothing is."""
    try:
        digest = sha256(read_bytes(path)).hexdigest()
    except OSError:
        return None
    match cache.get(LOCKS, _key(path, digest)):
        case (str(digest), tuple(warnings), int(packages), None | str() as build):
            return Known(digest, tuple(map(str, warnings)), packages, build)
    return None


def remember_lock(path: Path, lock: Lock, cache: Cache) -> Known:
    """Keep what was found in a lock, and say it."""
    from provenv.locks.reader import local_files

    known = Known(lock.digest, local_files(lock), len(lock.packages) + len(lock.conda), lock.build)
    cache.put(LOCKS, _key(path, lock.sha256), tuple(known))
    return known


def _key(path: Path, sha256: str) -> str:
    """The lock's bytes, its place (paths in it are relative to that), and who read it."""
    return f"{__version__}\n{sha256}\n{path.absolute()}"
