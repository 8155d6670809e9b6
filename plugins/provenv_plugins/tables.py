"""The vendor tables: TOML files beside the plugins, each read once and only by the plugin that needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from provenv.hooks.values import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table, its values taken by kind. Raises TypeError when the table holds another kind."""

    values: Mapping[str, object]

    def text(self, key: str, default: str = "") -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise TypeError(f"{key} is {value!r}, not text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise TypeError(f"{key} is {value!r}, not a list")
        return tuple(map(str, value))


@cache
def table(file: str) -> Mapping[str, object]:
    """A whole table, e.g. `cuda_builds`."""
    import tomli

    return tomli.loads((Path(__file__).parent / f"{file}.toml").read_text(encoding="utf-8"))


def rows(file: str, kind: str) -> Iterable[Row]:
    """The rows of one kind, in the file's order: `rows("cuda_builds", "archs")`."""
    found = table(file).get(kind, [])
    return (Row(values) for values in found) if isinstance(found, list) else ()
