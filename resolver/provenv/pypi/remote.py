"""A file that lies on an index: its size, parts of it, or all of it, checked against what the index says."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from provenv.addresses import redact
from provenv.errors import IndexAnswerError
from provenv.pypi.failures import disk_error
from provenv.pypi.fetch import Answer, Fetcher
from provenv.typed import TypeVar

TAIL = 16_384
"""Bytes from the end of a wheel that are read first: they hold the directory and METADATA of most."""
BLOCK = 1024 * 1024


class NoRanges(Exception):
    """The server does not serve parts of files."""


class Parts:
    """Parts of a remote file by range requests; what was read is not asked for again.

    Raises NoRanges from the start for a server that does not serve them.
    """

    def __init__(self, fetcher: Fetcher, url: str) -> None:
        self._fetcher, self._url = fetcher, url
        answer = fetcher.part(url, f"bytes=-{TAIL}")
        if answer.status in (
            416,
            501,
        ):  # no suffix ranges here: ask for a first byte, which tells the size too
            answer = fetcher.part(url, "bytes=0-0")
        start, end, self.size = _content_range(answer)
        self._parts = [(start, end, answer.body)]

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` up to, not including, `end`."""
        for known_start, known_end, body in self._parts:
            if known_start <= start and end <= known_end:
                return body[start - known_start : end - known_start]
        if end <= start:
            return b""
        answer = self._fetcher.part(self._url, f"bytes={start}-{end - 1}")
        if _content_range(answer) != (start, end, self.size):
            raise IndexAnswerError(
                f"{redact(self._url)} changed while it was read",
                evidence=[
                    f"asked for bytes {start} to {end} of {self.size}",
                    f"got {answer.headers.get('content-range')}",
                ],
                hints=["run the command again"],
            )
        self._parts.append((start, end, answer.body))
        return answer.body


def _content_range(answer: Answer) -> tuple[int, int, int]:
    """Start, end (not included) and whole size out of a Content-Range that fits its body."""
    import re

    said = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers.get("content-range", "").strip())
    if answer.status != 206 or said is None:
        raise NoRanges
    start, last, size = map(int, said.groups())
    if last + 1 - start != len(answer.body):
        raise NoRanges
    return start, last + 1, size


class Digest:
    """What is checked of a file's bytes: sha256 always, and what its index gives."""

    def __init__(self, filename: str, hashes: Mapping[str, str], size: int | None) -> None:
        self.filename, self.size, self._expected = filename, size, hashes
        algorithms = {"sha256", *hashes}
        self._states = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        self.received = 0

    def update(self, chunk: bytes) -> None:
        """Take more bytes; raises IndexAnswerError when they are more than the index says."""
        self.received += len(chunk)
        if self.size is not None and self.received > self.size:
            raise self._wrong("size", f"{self.size} bytes", "more")
        for state in self._states.values():
            state.update(chunk)

    def sha256(self) -> str:
        """The digest of all bytes; raises IndexAnswerError when size or hash is not the index's."""
        if self.size is not None and self.received != self.size:
            raise self._wrong("size", f"{self.size} bytes", f"{self.received} bytes")
        for name, expected in self._expected.items():
            found = self._states[name].hexdigest()
            if found != expected:
                raise self._wrong(name, expected, found)
        return self._states["sha256"].hexdigest()

    def _wrong(self, what: str, expected: str, found: str) -> IndexAnswerError:
        return IndexAnswerError(
            f"{self.filename} is not the file that its index describes",
            evidence=[f"its {what} should be {expected}", f"and is {found}"],
            hints=[
                "the file was damaged on its way or replaced: try again, then tell whoever runs the index"
            ],
        )


class Blake2b(Digest):
    """A digest that keeps blake2b of 256 bits too, by which some hosts place their files."""

    def __init__(self, filename: str, hashes: Mapping[str, str], size: int | None) -> None:
        super().__init__(filename, hashes, size)
        self._blake2b = hashlib.blake2b(digest_size=32)

    def update(self, chunk: bytes) -> None:
        super().update(chunk)
        self._blake2b.update(chunk)

    def blake2b(self) -> str:
        """The digest of all bytes, in hex; raises IndexAnswerError as `sha256` does."""
        self.sha256()
        return self._blake2b.hexdigest()


AnyDigest = TypeVar("AnyDigest", bound=Digest)


def hash_file(path: Path, digest: Digest) -> str:
    """The sha256 of a file on this disk, checked as a download is."""
    with path.open("rb") as file:
        while chunk := file.read(BLOCK):
            digest.update(chunk)
    return digest.sha256()


def hash_remote(fetcher: Fetcher, url: str, digest: Callable[[], AnyDigest]) -> AnyDigest:
    """The digest of a remote file, by reading it once; nothing is kept of it.

    `digest` makes an empty one, for each attempt.
    """

    def take(chunks: Iterator[bytes], answer: Answer) -> AnyDigest:
        taken = digest()
        for chunk in chunks:
            taken.update(chunk)
        taken.sha256()
        return taken

    return fetcher.stream(url, take)


def save(
    fetcher: Fetcher, url: str, to: Path, filename: str, hashes: Mapping[str, str], size: int | None
) -> tuple[str, int]:
    """Download a file to `to`, whole and checked or not at all; its sha256 and size.

    Raises IndexAnswerError for wrong bytes, DiskError when the disk does not take them.
    """
    part = to.with_name(f".{to.name}.{os.getpid()}.part")

    def take(chunks: Iterator[bytes], answer: Answer) -> tuple[str, int]:
        digest = Digest(filename, hashes, size)
        with part.open("wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
        return digest.sha256(), digest.received

    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        found = fetcher.stream(url, take)
        part.replace(to)
    except OSError as problem:
        raise disk_error(problem, str(to)) from None
    finally:
        with suppress(OSError):
            part.unlink()
    return found
