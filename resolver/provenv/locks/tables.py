"""Typed access to a parsed TOML table: what has another type than it must is told, not guessed at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class Bad(Exception):
    """Something in a lock is not what it must be; `package` counts the package it is in, from 0."""

    def __init__(self, message: str, package: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.package = package


class Table:
    """A TOML table whose values are asked for by type; an absent table is an empty one, which is false."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def __bool__(self) -> bool:
        return bool(self._values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def get(self, key: str) -> object:
        """The value as it is, None when there is none."""
        return self._values.get(key)

    def text(self, key: str) -> str:
        """A string that must be there."""
        value = self.maybe_text(key)
        if value is None:
            raise Bad(f"`{key}` is missing")
        return value

    def maybe_text(self, key: str) -> str | None:
        """A string, or None when it is absent."""
        value = self._values.get(key)
        if value is not None and not isinstance(value, str):
            raise Bad(f"`{key}` is no string")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; a lone string is a list of one."""
        value = self._values.get(key, [])
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise Bad(f"`{key}` is no list of strings")
        return tuple(items)

    def integer(self, key: str) -> int:
        """A number that must be there."""
        value = self.maybe_integer(key)
        if value is None:
            raise Bad(f"`{key}` is missing")
        return value

    def maybe_integer(self, key: str) -> int | None:
        """A number, or None when it is absent."""
        value = self._values.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise Bad(f"`{key}` is no number")
        return value

    def table(self, key: str, *, missing: str | None = None) -> Table:
        """A table; when it is absent an empty one, or Bad(missing) where that is given."""
        value = self._values.get(key)
        if value is None:
            if missing:
                raise Bad(missing)
            return Table({})
        if not isinstance(value, Mapping):
            raise Bad(f"`{key}` is no table")
        return Table(value)

    def tables(self, key: str) -> list[Table]:
        """A list of tables, empty when it is absent."""
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            raise Bad(f"`{key}` is no list of tables")
        return [Table(item) for item in value]
