"""Finds the pasted texts in files, folders and standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from provenv.errors import InputError
from provenv.hooks.types import Paste
from provenv.pastes.cleaning import clean
from provenv.pastes.decoding import decode

STANDARD_INPUT = "-"
FILE_LIMIT = 16 * 2**20
"""Bytes of one file that are read at most; a real machine's largest report has a few hundred thousand."""
FILES_LIMIT = 20_000
"""Files of one folder that are read at most: a whole /sys/class/kfd of 64 GPUs has a tenth of it."""


def gather(sources: Sequence[str]) -> tuple[Paste, ...]:
    """Every text, a folder being all its files. Raises InputError for what can't be read."""
    return tuple(paste for source in sources for paste in _from(source))


def _from(source: str) -> Iterable[Paste]:
    if source == STANDARD_INPUT:
        return [paste(STANDARD_INPUT, sys.stdin.buffer.read(FILE_LIMIT))]
    path = Path(source)
    if path.is_dir():
        return _folder(path)
    return [paste(path.name, _read(path))]


def _folder(folder: Path) -> Iterable[Paste]:
    """In the order of their names; numbers in these count as numbers."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    if len(files) > FILES_LIMIT:
        raise InputError(
            f"{folder} holds {len(files)} files, too many for one machine's report",
            hints=["name the files, or the folder that holds nothing else"],
        )
    for path in sorted(files, key=lambda path: _natural(path.relative_to(folder).as_posix())):
        yield paste(path.relative_to(folder).as_posix(), _read(path))


def _natural(name: str) -> list[tuple[int, int, str]]:
    import re

    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in re.split(r"(\d{1,9})", name)
        if part
    ]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(FILE_LIMIT)
    except OSError as error:
        raise InputError(f"can't read {path}: {error.strerror or error}") from error


def paste(name: str, data: bytes) -> Paste:
    """One text, decoded and cleaned."""
    return Paste(name, clean(decode(data)))
