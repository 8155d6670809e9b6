"""A user's files as the evidence of an answer: who looks at one looks through here, and may look again.

While a journal is kept, every look goes into it with what was found. An answer that rests on nothing else
(but the command line, the environment and the installed code, which `provenv.cli.again` compares besides)
is true for as long as all of them find the same. What can't be looked at again at little cost, such as
hardware, an index or the clock, makes the answer unsure: `unsure()`.
"""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False  # as a type checker knows it; the import of typing is a tenth of a short command
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    AnyPath = str | Path
    Journal = dict[tuple[str, str], str | int | None]
    """(question, path) -> what was found."""

PASSING = frozenset(("_", "OLDPWD", "SHLVL"))
"""Variables that shells change by themselves; no answer rests on one unless a file names it."""

_journal: Journal | None = None


def keep_journal() -> None:
    """From now on every look is noted."""
    global _journal
    _journal = {}


def take_journal() -> Journal | None:
    """What was looked at since `keep_journal`; None when the answer is unsure. It is kept no longer."""
    global _journal
    journal, _journal = _journal, None
    return journal


def unsure() -> None:
    """Say that the answer rests on more than files: what is noted so far is thrown away."""
    global _journal
    _journal = None


def holds(journal: Journal) -> bool:
    """Whether every look of a journal finds the same now."""
    return all(_QUESTIONS[question](path) == found for (question, path), found in journal.items())


def read_bytes(path: AnyPath) -> bytes:
    """What is in a file; raises OSError (ValueError for a path that can be none)."""
    place = os.fspath(path)
    try:
        with open(place, "rb") as file:  # noqa: PTH123  # as of here: pathlib's import is most of a start
            data = file.read()
    except OSError as error:
        _note("bytes", place, error.errno)
        raise
    if _journal is not None:
        # what comes through a pipe is there only once
        _note("bytes", place, digest(data)) if _kind(place) == stat.S_IFREG else unsure()
    return data


def exists(path: AnyPath) -> bool:
    """Whether something is there; no, too, for a path that no system can have (a name of 5,000 letters)."""
    return _look("kind", path) is not None


def is_file(path: AnyPath) -> bool:
    """Whether a file is there, behind whatever link."""
    return _look("kind", path) == stat.S_IFREG


def is_folder(path: AnyPath) -> bool:
    """Whether a folder is there, behind whatever link."""
    return _look("kind", path) == stat.S_IFDIR


def real_path(path: AnyPath) -> Path:
    """The path without links and dots, absolute; of one that is not there, as far as it is."""
    from pathlib import Path

    return Path(str(_look("real", path)))


def variable(name: str) -> str | None:
    """A variable that a file names, which may be any."""
    if name in PASSING:
        unsure()
    return os.environ.get(name)


def digest(data: bytes) -> str:
    """A digest by which what was read is known again."""
    try:
        from _blake2 import blake2b  # what hashlib hands out, without the start of OpenSSL that costs as much
    except ImportError:  # an interpreter that was built without
        from hashlib import blake2b
    return blake2b(data, digest_size=20).hexdigest()


def _look(question: str, path: AnyPath) -> str | int | None:
    place = os.fspath(path)
    found = _QUESTIONS[question](place)
    _note(question, place, found)
    return found


def _note(question: str, place: str, found: str | int | None) -> None:
    if _journal is not None and _journal.setdefault((question, place), found) != found:
        unsure()  # it changed while the answer was made


def _content(place: str) -> str | int | None:
    if _kind(place) not in (stat.S_IFREG, None):
        return None
    try:
        with open(place, "rb") as file:  # noqa: PTH123
            return digest(file.read())
    except OSError as error:
        return error.errno


def _kind(place: str) -> int | None:
    try:
        return stat.S_IFMT(os.stat(place).st_mode)  # noqa: PTH116
    except (OSError, ValueError):
        return None


_QUESTIONS: dict[str, Callable[[str], str | int | None]] = {
    "bytes": _content,
    "kind": _kind,
    "real": os.path.realpath,
}
