"""A TOML file whose tables are read key by key, and whose mistakes are told with their line."""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from provenv import reads
from provenv.errors import ManifestError, Origin
from provenv.manifest.lines import TomlLines
from provenv.manifest.spelling import spelling_hints

Keys = tuple[str | int, ...]


def shown_path(path: Path) -> str:
    """A path as the user would name it: relative below the working folder, else as given."""
    plain = Path(os.path.normpath(path))
    try:
        return plain.absolute().relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return str(plain)


def read_bytes(path: Path, *, origin: Origin | None = None) -> bytes:
    """The bytes of a user's file.

    Raises:
        ManifestError: there is no such file, or it can't be read; `origin` is where it was named.
    """
    try:
        return reads.read_bytes(path)
    except FileNotFoundError:
        raise ManifestError(f"there is no file {shown_path(path)}", origin=origin) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ManifestError(f"{shown_path(path)} can't be read: {reason}", origin=origin) from None


_TOML_HINTS = {
    "Unclosed array": "put a comma between its values, and ] behind the last one",
    "Invalid value": "texts stand in quotes, lists in [ ], and one comma between two values",
    "Expected '=' after a key": "a line is `key = value` or `[table]`; a text goes on in quotes",
    "Illegal character '\\n'": "close the text with the quote that it begins with",
    "Cannot overwrite a value": "this key is there already: keep one of the two",
    "Cannot declare": "this table is there already: put both together",
}
"""How the TOML reader's complaint begins -> what mends it."""


class Document:
    """One TOML file: its values, and where each stands."""

    def __init__(self, path: Path, shown: str, text: str, data: Mapping[str, object]) -> None:
        self.path = path
        self.shown = shown
        self.text = text
        self.data = data

    @cached_property
    def lines(self) -> TomlLines:
        """Where everything stands; made when it is first asked for."""
        return TomlLines(self.text)

    @property
    def folder(self) -> Path:
        """The folder of the file, absolute."""
        return self.path.absolute().parent

    @property
    def top(self) -> Table:
        """The whole file as a table."""
        return Table(self, (), self.data)

    def origin(self, *keys: str | int) -> Origin:
        """The place of a key or element, or of what is around it."""
        return Origin(self.shown, self.lines.nearest(*keys))


def read_toml(path: Path) -> Document:
    """Reads a TOML file.

    Raises:
        ManifestError: the file can't be read, is not UTF-8, or is not TOML; with the line.
    """
    import tomli

    data, shown = read_bytes(path).removeprefix(BOM_UTF8), shown_path(path)
    try:
        text = data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ManifestError(
            "TOML is UTF-8, and this line is not",
            hints=["save the file as UTF-8"],
            origin=Origin(shown, line),
        ) from None
    try:
        return Document(path, shown, text, tomli.loads(text))
    except tomli.TOMLDecodeError as error:
        marker = re.search(r"^<{7} ", text, re.MULTILINE)
        if marker:
            line = text.count("\n", 0, marker.start()) + 1
            raise ManifestError(
                "a merge has left its conflict markers here",
                hints=["keep what you want of both sides and delete the lines of <, = and >"],
                origin=Origin(shown, line),
            ) from None
        raise ManifestError(
            f"not valid TOML: {error.msg}",
            hints=[hint for said, hint in _TOML_HINTS.items() if error.msg.startswith(said)],
            origin=Origin(shown, error.lineno),
        ) from None
    except (
        ValueError,
        RecursionError,
    ) as error:  # a number of 5,000 digits, brackets in brackets without end
        raise ManifestError(f"TOML that can't be read: {error}", origin=Origin(shown)) from None


class Table:
    """One table of a document. Every reader answers None for an absent key and raises ManifestError, with the
    line, for a value of another kind."""

    __slots__ = ("data", "document", "keys")

    def __init__(self, document: Document, keys: Keys, data: Mapping[str, object]) -> None:
        self.document = document
        self.keys = keys
        self.data = data

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def __iter__(self) -> Iterable[str]:
        return iter(self.data)

    @property
    def name(self) -> str:
        """The table as a header would name it, `tool.provenv`."""
        return ".".join(str(key) for key in self.keys if isinstance(key, str))

    def origin(self, *keys: str | int) -> Origin:
        """The place of a key of this table, or of the table."""
        return self.document.origin(*self.keys, *keys)

    def error(
        self, message: str, *keys: str | int, hints: Sequence[str] = (), evidence: Sequence[str] = ()
    ) -> ManifestError:
        """An error at a key of this table."""
        return ManifestError(message, evidence=evidence, hints=hints, origin=self.origin(*keys))

    def called(self, key: str) -> str:
        """A key's whole name, for messages."""
        return f"{self.name}.{key}" if self.keys else key

    def allow_only(self, known: Iterable[str]) -> None:
        """Refuses the first key that is not known, with the nearest right spelling."""
        known = list(known)
        for key in self.data:
            if key not in known:
                where = f" in [{self.name}]" if self.keys else ""
                raise self.error(f"unknown key {key!r}{where}", key, hints=spelling_hints(key, known, "keys"))

    def _kind(self, key: str, expected: str, hints: Sequence[str] = ()) -> ManifestError:
        return self.error(
            f"{self.called(key)} must be {expected}, not {_said(self.data[key])}", key, hints=hints
        )

    def string(self, key: str) -> str | None:
        """A string."""
        value = self.data.get(key)
        if value is None or isinstance(value, str):
            return value
        hints = [f'put it in quotes: {key} = "{value}"'] if isinstance(value, (int, float)) else []
        raise self._kind(key, "a string", hints)

    def required_string(self, key: str) -> str:
        """A string that may not be absent or empty."""
        value = self.string(key)
        if not value:
            raise self.error(f"[{self.name}] needs {key!r}", key)
        return value

    def boolean(self, key: str) -> bool | None:
        """`true` or `false`."""
        value = self.data.get(key)
        if value is None or isinstance(value, bool):
            return value
        raise self._kind(key, "true or false")

    def number(self, key: str) -> float | None:
        """A number."""
        value = self.data.get(key)
        if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            return value
        raise self._kind(key, "a number")

    def strings(self, key: str) -> tuple[str, ...] | None:
        """An array of strings."""
        value = self.data.get(key)
        if value is None:
            return None
        if isinstance(value, str):
            raise self._kind(key, "an array of strings", [f'write {key} = ["{value}"]'])
        if not isinstance(value, list):
            raise self._kind(key, "an array of strings")
        for position, item in enumerate(value):
            if not isinstance(item, str):
                hints = [f'put it in quotes: "{item}"'] if isinstance(item, (int, float)) else []
                raise self.error(
                    f"{self.called(key)} holds strings, not {_said(item)}", key, position, hints=hints
                )
        return tuple(value)

    def table(self, key: str) -> Table | None:
        """A table, as `[name]` or inline."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self._kind(key, "a table")
        return Table(self.document, (*self.keys, key), value)

    def tables(self, key: str) -> tuple[Table, ...]:
        """An array of tables, as `[[name]]` or inline; empty when it is absent."""
        value = self.data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._kind(key, "an array of tables", [f"write [[{self.called(key)}]]"])
        for position, item in enumerate(value):
            if not isinstance(item, dict):
                raise self.error(f"{self.called(key)} holds tables, not {_said(item)}", key, position)
        return tuple(Table(self.document, (*self.keys, key, i), item) for i, item in enumerate(value))

    def subtables(self, key: str) -> dict[str, Table]:
        """A table of tables, by name; empty when it is absent."""
        outer = self.table(key)
        if outer is None:
            return {}
        found: dict[str, Table] = {}
        for name in outer.data:
            inner = outer.table(name)
            if inner is not None:
                found[name] = inner
        return found

    def deep(self, *keys: str) -> Table | None:
        """The table some keys down, None where one of them is absent or no table."""
        here: Table | None = self
        for key in keys:
            if here is None or not isinstance(here.data.get(key), dict):
                return None
            here = here.table(key)
        return here


def _said(value: object) -> str:
    """A value of the wrong kind, in words."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f"the string {value!r}"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array"
    return f"`{value}`"
