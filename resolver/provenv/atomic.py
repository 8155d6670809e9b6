"""Writing files whole or not at all: a reader sees the old bytes or the new ones, never half of either."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from pathlib import Path

from provenv.errors import DiskError

_MARK = ".provenv-"
_ABANDONED_AFTER = 3600.0  # seconds

_WORDS = {
    errno.ENOSPC: ("the disk is full", "free some space there, or name another folder"),
    errno.EDQUOT: ("the disk quota is used up", "free some space there, or name another folder"),
    errno.EACCES: ("permission denied", "check who owns it and whether it may be written"),
    errno.EPERM: ("permission denied", "check who owns it and whether it may be written"),
    errno.EROFS: ("the file system is read-only", "name a folder that can be written"),
    errno.ENAMETOOLONG: ("the name is too long", "name a shorter path"),
    errno.ENOTDIR: (
        "a part of the path is a file, not a folder",
        "move that file away, or name another path",
    ),
    errno.EISDIR: ("there is a folder of that name", "move that folder away, or name another path"),
}


def disk_error(action: str, path: Path, error: OSError) -> DiskError:
    """The DiskError for an OSError: `action` says what could not be done (`write`, `read`, `make`)."""
    words, hint = _WORDS.get(error.errno or 0, (error.strerror or str(error), ""))
    return DiskError(f"can't {action} {path}: {words}", hints=(hint,) if hint else ())


def write_text(path: Path, text: str, *, durable: bool = True) -> bool:
    """Write UTF-8 text with `\\n` line ends; see `write_bytes`."""
    return write_bytes(path, text.encode("utf-8"), durable=durable)


def write_bytes(path: Path, data: bytes, *, durable: bool = True) -> bool:
    """Make `path` hold `data`, in one step. False when it held just that already and was not touched.

    Missing folders are made; a symbolic link is followed; an existing file keeps its permissions. `durable`
    waits until the disk has the bytes (a cache needs no such promise). Raises DiskError, and then `path` is
    as it was; so it is after an interruption.
    """
    try:
        place = path.resolve() if path.is_symlink() else path
        if _holds(place, data):
            return False
        place.parent.mkdir(parents=True, exist_ok=True)
        _replace(place, data, durable)
    except OSError as error:
        raise disk_error("write", path, error) from error
    return True


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


def _replace(path: Path, data: bytes, durable: bool) -> None:
    _sweep(path.parent)
    temporary = _temporary(path)
    # O_EXCL: never through somebody's link; a new file's permissions are what the umask leaves.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(temporary, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        _move(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _temporary(path: Path) -> Path:
    """A name beside the file that nobody else takes, and that doesn't grow with the file's own."""
    return path.with_name(f"{_MARK}{os.urandom(6).hex()}.tmp")


def _sweep(folder: Path) -> None:
    """Remove what writers left that were killed on the way."""
    before = time.time() - _ABANDONED_AFTER
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if (
                entry.name.startswith(_MARK)
                and entry.name.endswith(".tmp")
                and entry.stat().st_mtime < before
            ):
                Path(entry).unlink(missing_ok=True)


def _move(source: Path, target: Path) -> None:
    # Windows refuses while another process (a virus scanner, a reader) has the target open; that passes.
    for pause in (0.01, 0.05, 0.2, 0.5) if os.name == "nt" else ():
        try:
            source.replace(target)
        except PermissionError:
            time.sleep(pause)
        else:
            return
    source.replace(target)
