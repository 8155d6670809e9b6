"""An answer given again: the same command line, where all that its answer rests on is as it was.

`provenv check` and `provenv lock` are mostly run where nothing has changed. What they said then, and every
look at a file by which they came to it (`provenv.reads`), is kept in one small file per command line and
folder; the next run looks at these files again instead of reading the manifest. Kept is a yes alone, exit
code 0, with its warnings. The module imports next to nothing, which is its whole gain.
"""

from __future__ import annotations

import marshal
import os
import sys

from provenv import __version__, reads
from provenv.config.folders import cache_folder
from provenv.search_path import search_path_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

    Words = tuple[tuple[int, str], ...]
    """1 for standard output, 2 for standard error, and what was written to it; in order."""

_HEAD = b"provenv answer 1\n"
_MARSHAL_FORMAT = 4


def repeated(run: Callable[[], int]) -> int:
    """The exit code of `run`, or of what it said before, said again."""
    try:
        state = _state()
    except OSError:  # the working folder has been deleted
        return run()
    said = _recall(state)
    if said is not None and _say(said):
        return 0
    heard: list[tuple[int, str]] = []
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Heard(sys.stdout, 1, heard), _Heard(sys.stderr, 2, heard)
    reads.keep_journal()
    try:
        code = run()
    finally:
        sys.stdout, sys.stderr = streams
        journal = reads.take_journal()
    if code == 0 and journal is not None:
        _keep(state, journal, tuple(heard))
    return code


class _Heard:
    """A stream whose words are kept too, with its number."""

    def __init__(self, stream: TextIO, number: int, heard: list[tuple[int, str]]) -> None:
        self._stream = stream
        self._number = number
        self._heard = heard

    def write(self, text: str) -> int:
        self._heard.append((self._number, text))
        return self._stream.write(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def _say(words: Words) -> bool:
    """False when a stream did not take them: the long way knows how that is told."""
    try:
        for number, text in words:
            (sys.stdout if number == 1 else sys.stderr).write(text)
        sys.stdout.flush()
    except (OSError, ValueError):
        return False
    return True


def _state() -> tuple[object, ...]:
    """All but files and code on which an answer rests: it is of the same command line in the same place."""
    variables = (f"{name}={value}" for name, value in os.environ.items() if name not in reads.PASSING)
    environment = "\0".join(sorted(variables)).encode("utf-8", "surrogateescape")
    return (
        tuple(sys.orig_argv),
        tuple(sys.argv),
        os.getcwd(),  # noqa: PTH109
        __version__,
        sys.version,
        search_path_state(),
        reads.digest(environment),  # not itself: it may hold passwords
        os.geteuid() if hasattr(os, "geteuid") else None,
        (sys.stdout.isatty(), sys.stderr.isatty()),
    )


def _code() -> tuple[tuple[str, int, int], ...]:
    """What the answer was made by, by size and time as Python itself knows a changed module: the files of all
    that is imported, and the tables beside provenv's own."""
    modules = [(name, getattr(module, "__file__", None)) for name, module in list(sys.modules.items())]
    folders = {os.path.dirname(file) for name, file in modules if file and name.startswith("provenv")}  # noqa: PTH120
    tables = (
        entry.path for folder in folders for entry in os.scandir(folder) if entry.name.endswith(".toml")
    )
    return tuple((file, *_size_and_time(file)) for file in sorted({*tables, *(f for _, f in modules if f)}))


def _size_and_time(file: str) -> tuple[int, int]:
    try:
        status = os.stat(file)  # noqa: PTH116
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _recall(state: tuple[object, ...]) -> Words | None:
    """What was said in the same state, if code and files are as they were then too."""
    place = _place(state)
    try:
        with open(place, "rb") as file:  # noqa: PTH123
            kept = _unpacked(file.read())
        if kept is None:
            os.unlink(place)  # noqa: PTH108  # damaged
            return None
    except (OSError, ValueError):
        return None
    then, code, journal, words = kept
    if then != state or any(_size_and_time(file) != (size, time) for file, size, time in code):
        return None
    return words if reads.holds(journal) else None


def _unpacked(content: bytes) -> tuple[Any, ...] | None:
    start = len(_HEAD) + 40
    if content[:start] != _HEAD + reads.digest(content[start:]).encode():
        return None
    try:
        return tuple(marshal.loads(content[start:]))
    except (EOFError, TypeError, ValueError):  # written by an interpreter with another format
        return None


def _keep(state: tuple[object, ...], journal: reads.Journal, words: Words) -> None:
    from contextlib import suppress
    from pathlib import Path

    from provenv.atomic import write_bytes
    from provenv.errors import DiskError

    with suppress(OSError, DiskError):  # it only saves time
        packed = marshal.dumps((state, _code(), journal, words), _MARSHAL_FORMAT)  # type: ignore[arg-type]  # plain
        write_bytes(Path(_place(state)), _HEAD + reads.digest(packed).encode() + packed, durable=False)


def _place(state: tuple[object, ...]) -> str:
    """One file per command line and folder, in the cache that the command line names, else the user's own."""
    words = sys.argv[1:]
    folder = cache_folder(os.environ)
    for word, value in zip(words, [*words[1:], ""], strict=True):
        if word.startswith("--cache-dir="):
            folder = word.partition("=")[2]
        elif word == "--cache-dir":
            folder = value
    name = reads.digest("\n".join(map(repr, state[:3])).encode("utf-8", "surrogatepass"))
    return os.path.join(folder, "answers", name)  # noqa: PTH118
