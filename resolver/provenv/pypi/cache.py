"""The private cache: checksummed records in one versioned folder, safe for many processes at once.

A record is written beside its place and moved there (`os.replace`), so a reader sees the old one or the
new one and never half of either. A record that is damaged, cut short, or of another version is a miss. A
cache that can't be written (a full or read-only disk) costs time and never an answer: `Cache.note` says
so once.
"""

from __future__ import annotations

import itertools
import marshal
import os
import time
from _thread import get_ident
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from zlib import crc32

from provenv.tuples import NamedTuple

VERSION = "v1"
MAGIC = b"prov"
HEADER_SIZE = 20
# The newest format that every supported interpreter reads and writes alike.
MARSHAL_FORMAT = 4
ABANDONED_AFTER = 24 * 3600.0  # seconds; a temporary file as old as this has lost its writer


WRITTEN_AT_ONCE = 256 * 1024
"""Bytes. Every write lets other threads run, who then keep this one waiting."""
READ_AT_ONCE = 64 * 1024
"""Bytes. The tail of a longer record stays on the disk: megabytes, of which a few files are asked for."""


class Tail:
    """The tail of a long record, read part by part; a part that is not there any more is empty."""

    __slots__ = ("_path", "_start")

    def __init__(self, path: str, start: int) -> None:
        self._path, self._start = path, start

    def __getitem__(self, part: slice) -> bytes:
        first, end = int(part.start or 0), int(part.stop)
        try:
            with open(self._path, "rb", buffering=0) as file:  # noqa: PTH123 - as for the folder below
                file.seek(self._start + first)
                return file.read(end - first) or b""
        except OSError:
            return b""


class Record(NamedTuple):
    """One record; `written` is Unix time. `head` is checked, `tail` is not: its parts have checksums."""

    head: object
    tail: memoryview | Tail
    written: float


class Cache:
    """Records by kind and key under `folder`; every method is safe from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.note: str | None = None
        """Why records are not being kept, once that was found out."""
        self._root = os.path.join(folder, VERSION)  # noqa: PTH118 - hot path: a Path costs ten times as much
        self._serial = itertools.count()
        self._swept = False

    def get(self, kind: str, key: str) -> object | None:
        """The value put under a key, None where there is none or it can't be trusted."""
        record = self.read(kind, key)
        return None if record is None else record.head

    def put(self, kind: str, key: str, value: object) -> None:
        """Keep a value of None, bool, int, float, str, bytes and tuples and dicts of them."""
        self.write(kind, key, value)

    def read(self, kind: str, key: str, *, at_once: int = READ_AT_ONCE) -> Record | None:
        """The whole record under a key, None where there is none or its head can't be trusted.

        `at_once`: bytes; the tail of a longer record stays on the disk.
        """
        try:
            path = self._path(kind, key)
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError:
            return None
        try:
            status = os.fstat(descriptor)
            content = os.read(descriptor, min(status.st_size, at_once))
            if len(content) < status.st_size:
                missing = _head_end(content) - len(content)
                content += os.read(descriptor, missing) if missing > 0 else b""
        except OSError:
            return None
        finally:
            os.close(descriptor)
        return _unpack(content, key, status, path)

    def write(
        self, kind: str, key: str, head: object, tail: Sequence[bytes] = (), *, written: float | None = None
    ) -> bool:
        """Keep a record; False when the disk did not take it.

        `tail`: its parts. `written`: Unix time, None: now.
        """
        try:
            with self.temporary() as path:
                with path.open("wb", buffering=WRITTEN_AT_ONCE) as file:
                    file.write(_pack(key, head, sum(map(len, tail))))
                    file.writelines(tail)
                if written is not None:
                    os.utime(path, (written, written))
                self._place(path, self._path(kind, key))
        except OSError as problem:
            self._fail(problem)
            return False
        return True

    def touch(self, kind: str, key: str) -> None:
        """Let a record count as written now: what it says was found to be true still."""
        with suppress(OSError):
            os.utime(self._path(kind, key))

    def remove(self, kind: str, key: str) -> None:
        """Forget a record."""
        with suppress(OSError):
            Path(self._path(kind, key)).unlink()

    @contextmanager
    def temporary(self) -> Iterator[Path]:
        """A path for a file in the making, on the cache's own disk; what is left there at the end is removed.

        Raises OSError when the cache can't be written.
        """
        folder = Path(self._root, "tmp")
        if not self._swept:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._swept = True
            _sweep(folder)
        path = folder / f"{os.getpid()}-{get_ident()}-{next(self._serial)}"
        try:
            yield path
        finally:
            with suppress(OSError):
                path.unlink()

    def clear(self) -> int:
        """Remove every record, of other versions of the cache too; how many bytes that freed."""
        freed = 0
        for path in self._files():
            with suppress(OSError):
                size = path.stat().st_size
                path.unlink()
                freed += size
        return freed

    def size(self) -> tuple[int, int]:
        """How many files the cache holds, and how many bytes these take."""
        sizes = []
        for path in self._files():
            with suppress(OSError):
                sizes.append(path.stat().st_size)
        return len(sizes), sum(sizes)

    def _files(self) -> Iterator[Path]:
        for version in self.folder.glob("v[0-9]*"):
            yield from (path for path in version.rglob("*") if path.is_file() and not path.is_symlink())

    def _path(self, kind: str, key: str) -> str:
        from provenv.sha256 import sha256

        digest = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{self._root}/{kind}/{digest[:2]}/{digest[2:42]}"

    def _place(self, made: Path, place: str) -> None:
        try:
            made.replace(place)
        except FileNotFoundError:
            Path(place).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            made.replace(place)

    def _fail(self, problem: OSError) -> None:
        if self.note is None:
            reason = problem.strerror or str(problem)
            self.note = (
                f"the cache in {self.folder} can't be written ({reason}); nothing is kept for the next run"
            )


def _pack(key: str, head: object, tail: int) -> bytes:
    """A record up to its tail, of so many bytes."""
    packed = marshal.dumps(head, MARSHAL_FORMAT)  # type: ignore[arg-type]  # a ValueError says so
    lengths = len(packed).to_bytes(4, "little") + tail.to_bytes(8, "little")
    return b"".join((MAGIC, _checksum(key, lengths, packed), lengths, packed))


def _head_end(content: bytes) -> int:
    """Where a record's head ends, by its first bytes."""
    return HEADER_SIZE + int.from_bytes(content[8:12], "little")


def _unpack(content: bytes, key: str, status: os.stat_result, path: str) -> Record | None:
    view = memoryview(content)
    if len(content) < HEADER_SIZE or view[:4] != MAGIC:
        return None
    lengths = view[8:HEADER_SIZE]
    end = _head_end(content)
    packed = view[HEADER_SIZE:end]
    whole = end + int.from_bytes(lengths[4:], "little") == status.st_size
    if not whole or view[4:8] != _checksum(key, lengths, packed):
        return None
    try:
        tail = view[end:] if len(content) == status.st_size else Tail(path, end)
        return Record(marshal.loads(packed), tail, status.st_mtime)
    except (EOFError, ValueError, TypeError):  # written by an interpreter with another format
        return None


def _checksum(key: str, lengths: bytes | memoryview, packed: bytes | memoryview) -> bytes:
    # The key takes part, so that a record which landed in another's place is not taken for it.
    start = crc32(key.encode("utf-8", "surrogatepass"))
    return crc32(packed, crc32(lengths, start)).to_bytes(4, "little")


def _sweep(folder: Path) -> None:
    """Remove what killed processes left behind."""
    before = time.time() - ABANDONED_AFTER
    for path in folder.iterdir():
        with suppress(OSError):
            if path.stat().st_mtime >= before:
                continue
            if path.is_dir():
                import shutil

                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
