"""A file that is fetched when it is first needed, and the digests that it must have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from provenv.errors import IndexAnswerError, InputError
from provenv.pypi.temporary import disk_errors


class LazyFile:
    """A file on this disk, or one that a function fetches once."""

    def __init__(self, source: Path | Callable[[], Path]) -> None:
        self._source = source
        self._digests: dict[str, str] = {}

    def path(self) -> Path:
        if callable(self._source):
            self._source = self._source()
        return self._source

    def size(self) -> int:
        return self.path().stat().st_size

    def known(self, algorithm: str, digest: str) -> None:
        """Take a digest as true, so that the file need not be fetched for it."""
        self._digests[algorithm] = digest

    def digest(self, algorithm: str) -> str:
        """The digest in hex. Raises InputError for an algorithm that nobody knows, DiskError."""
        import hashlib

        if algorithm not in self._digests:
            try:
                with disk_errors(f"{self.path().name} can't be read"), self.path().open("rb") as file:
                    self._digests[algorithm] = hashlib.file_digest(file, algorithm).hexdigest()
            except (ValueError, TypeError) as error:
                raise InputError(f"{algorithm} is not a hash that a file can be checked by") from error
        return self._digests[algorithm]


def check_digests(file: LazyFile, shown: str, every: Sequence[str], any_of: Sequence[str]) -> None:
    """Check a file against `algorithm:hex` texts in lower case: all of `every` must fit and one of `any_of`.

    An empty `any_of` asks for nothing. Raises IndexAnswerError, with the digests that the file has.
    """
    given = [*every, *any_of]
    found = {f"{name}:{file.digest(name)}" for name in sorted({text.partition(":")[0] for text in given})}
    if found.issuperset(every) and (not any_of or found.intersection(any_of)):
        return
    raise IndexAnswerError(
        f"{shown} does not have the hash that is asked for",
        evidence=[f"asked for: {', '.join(given)}", f"the file's: {', '.join(sorted(found))}"],
        hints=["if the file was replaced on purpose, correct the hash; otherwise do not install it"],
    )
