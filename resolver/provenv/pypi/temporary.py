"""Temporary folders that go away, and a disk that fails told as what it is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from provenv.errors import DiskError


@contextlib.contextmanager
def temporary_folder(purpose: str) -> Iterator[Path]:
    """A new folder, removed at the end with everything in it. Raises DiskError when none can be made."""
    import tempfile

    with disk_errors("a temporary folder can't be made"):
        # What a build leaves without permissions must not turn an answer into an error.
        folder = tempfile.TemporaryDirectory(prefix=f"provenv-{purpose}-", ignore_cleanup_errors=True)
    with folder as name:
        yield Path(name)


@contextlib.contextmanager
def disk_errors(message: str) -> Iterator[None]:
    """Raise DiskError with this message for every OSError inside."""
    try:
        yield
    except OSError as error:
        raise DiskError(
            message,
            evidence=[str(error)],
            hints=["check room and permissions, there and in the temporary folder (TMPDIR names another)"],
        ) from error
