"""On which line of a TOML text each key and each element of an array stands.

The TOML parser gives values without positions, so the text is read a second time by a scanner that knows
TOML's shapes and no values. It is given text that the parser took, and answers None where it loses its way.
"""

from __future__ import annotations

import contextlib
import re
from bisect import bisect_right

from provenv.patterns import regex

Path = tuple[str | int, ...]

_BLANK = regex(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = regex(r"[ \t]*")
_BARE_KEY = regex(r"[A-Za-z0-9_-]+")
_STRING = regex(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = regex(r"[^\s,\]}#]+(?: \d[^\s,\]}#]*)?")


class _Lost(Exception):
    """The text is not the TOML that the scanner knows."""


class TomlLines:
    """Where everything in a TOML text stands.

    A path is the keys from the top, with the position (from 0) for an element of an array or of an array of
    tables: `("tool", "provenv", "indexes", 0, "url")`.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._lines: dict[Path, int] = {}
        self._sizes: dict[Path, int] = {}
        with contextlib.suppress(_Lost, RecursionError):
            self._scan()

    def line(self, *path: str | int) -> int | None:
        """The line, from 1, where this path's key or element begins; None when it is not in the text."""
        return self._lines.get(path)

    def nearest(self, *path: str | int) -> int | None:
        """The line of this path, or of the nearest table or array around it that is in the text."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return None

    def _note(self, path: Path, position: int) -> None:
        self._lines.setdefault(path, bisect_right(self._starts, position))

    def _scan(self) -> None:
        table: Path = ()
        at = self._blank(0)
        while at < len(self._text):
            if self._text[at] == "[":
                table, at = self._header(at)
            else:
                at = self._pair(table, at)
            at = self._blank(at)

    def _header(self, at: int) -> tuple[Path, int]:
        """A `[table]` or `[[array of tables]]` line: the path that follows it, and the place after it."""
        start = at
        is_array = self._text.startswith("[[", at)
        keys, at = self._keys(at + (2 if is_array else 1))
        path: Path = ()
        for depth, key in enumerate(keys):
            path = (*path, key)
            last = depth == len(keys) - 1
            self._note(path, start)
            if last and is_array:
                self._sizes[path] = self._sizes.get(path, 0) + 1
            if path in self._sizes:
                path = (*path, self._sizes[path] - 1)
                self._note(path, start)
        return path, self._expect("]]" if is_array else "]", at)

    def _pair(self, table: Path, at: int) -> int:
        """`key = value` or `a.b = value`."""
        start = at
        keys, at = self._keys(at)
        path = table
        for key in keys:
            path = (*path, key)
            self._note(path, start)
        return self._value(path, self._blank(self._expect("=", at)))

    def _value(self, path: Path, at: int) -> int:
        opening = self._text[at : at + 1]
        if opening == "[":
            return self._array(path, at)
        if opening == "{":
            return self._inline_table(path, at)
        match = _STRING.match(self._text, at) or _SCALAR.match(self._text, at)
        if match is None:
            raise _Lost
        return match.end()

    def _array(self, path: Path, at: int) -> int:
        at = self._blank(at + 1)
        position = 0
        while not self._text.startswith("]", at):
            self._note((*path, position), at)
            at = self._blank(self._value((*path, position), at))
            if not self._text.startswith(("]", ","), at):
                raise _Lost
            if self._text[at] == ",":
                at = self._blank(at + 1)
            position += 1
        return at + 1

    def _inline_table(self, path: Path, at: int) -> int:
        at = self._blank(at + 1)
        while not self._text.startswith("}", at):
            at = self._blank(self._pair(path, at))
            if not self._text.startswith(("}", ","), at):
                raise _Lost
            if self._text[at] == ",":
                at = self._blank(at + 1)
        return at + 1

    def _keys(self, at: int) -> tuple[list[str], int]:
        """A dotted key, and the place of what follows it."""
        keys: list[str] = []
        while True:
            at = self._space(at)
            match = _BARE_KEY.match(self._text, at) or _STRING.match(self._text, at)
            if match is None:
                raise _Lost
            keys.append(_key_text(match.group()))
            at = self._space(match.end())
            if not self._text.startswith(".", at):
                return keys, at
            at += 1

    def _blank(self, at: int) -> int:
        match = _BLANK.match(self._text, at)
        return match.end() if match else at

    def _space(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def _expect(self, token: str, at: int) -> int:
        if not self._text.startswith(token, at):
            raise _Lost
        return at + len(token)


def _key_text(written: str) -> str:
    if written.startswith("'"):
        return written[1:-1]
    if written.startswith('"'):
        if "\\" not in written:
            return written[1:-1]
        import tomli

        return str(tomli.loads(f"key = {written}")["key"])
    return written
