"""One process at a time changes an environment, on every system, and a dead one never blocks the next."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from provenv.errors import DiskError, InstallError
from provenv.sha256 import sha256
from provenv.values import dataclass

_LONGEST_WAIT = 3600.0


@dataclass(frozen=True, slots=True)
class Right:
    """The right to change one environment; a child that inherits `descriptor` holds it too while it lives."""

    descriptor: int

    @property
    def unfinished(self) -> bool:
        """Whether the change before this one was broken off."""
        return os.fstat(self.descriptor).st_size > 0

    def begin(self) -> None:
        """From here on the change counts as unfinished, until `finish`."""
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        os.write(self.descriptor, b"unfinished\n")

    def finish(self) -> None:
        os.ftruncate(self.descriptor, 0)


@contextlib.contextmanager
def exclusive(prefix: Path, folder: Path, waiting: Callable[[], None]) -> Iterator[Right]:
    """Hold the right to change the environment at `prefix`; `waiting` is called once when another holds it.

    The right hangs on an open file in `folder`, so the system takes it back from a process that dies.
    Raises DiskError, and InstallError after an hour's wait.
    """
    descriptor = _open(folder / f"{_key(prefix)}.lock")
    try:
        if not _take(descriptor):
            waiting()
            _wait(descriptor, prefix)
        yield Right(descriptor)
    finally:
        os.close(descriptor)


def _key(prefix: Path) -> str:
    return sha256(os.path.normcase(prefix.resolve()).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _open(path: Path) -> int:
    from provenv.atomic import disk_error

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        told = disk_error("write", path, error)
        elsewhere = "`--cache-dir DIR` keeps the cache elsewhere, UV_CACHE_DIR that of uv"
        raise DiskError(told.message, hints=[*told.hints, elsewhere]) from error


def _wait(descriptor: int, prefix: Path) -> None:
    end = time.monotonic() + _LONGEST_WAIT
    while not _take(descriptor):
        if time.monotonic() > end:
            raise InstallError(
                f"another process has been changing {prefix} for an hour",
                hints=["end that process, then install again"],
            )
        time.sleep(0.1)


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _take(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
