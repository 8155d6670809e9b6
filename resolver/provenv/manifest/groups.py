"""`[dependency-groups]`: PEP 735, with groups that include groups."""

from __future__ import annotations

from provenv.manifest.document import Table
from provenv.manifest.entries import entry
from provenv.manifest.spelling import spelling_hints
from provenv.manifest.values import ManifestRequirement
from provenv.values import replace


def read_groups(table: Table | None) -> dict[str, tuple[ManifestRequirement, ...]]:
    """Every group by its normalised name, with what it includes; a requirement keeps its own place.

    Raises:
        ManifestError: an entry is neither a requirement nor an include, a group is not there, or a cycle.
    """
    if table is None:
        return {}
    groups = _Groups(table)
    return {name: groups.members(name, ()) for name in groups.written}


class _Groups:
    def __init__(self, table: Table) -> None:
        from provenv.standards.names import canonicalize, is_valid_name

        self._table = table
        self.written: dict[str, str] = {}
        self._done: dict[str, tuple[ManifestRequirement, ...]] = {}
        for written in table.data:
            if not is_valid_name(written):
                raise table.error(
                    f"{written!r} can't name a group", written, hints=["letters, digits, - _ and . will do"]
                )
            name = canonicalize(written)
            if name in self.written:
                raise table.error(f"the group {written!r} is the group {self.written[name]!r} again", written)
            self.written[name] = written

    def members(self, name: str, within: tuple[str, ...]) -> tuple[ManifestRequirement, ...]:
        """A group's requirements; `within`: the groups that are being read, outermost first."""
        if name not in self._done:
            key = self.written[name]
            items = self._table.data[key]
            if not isinstance(items, list):
                raise self._table.error(f"the group {key!r} must be an array of requirements", key)
            found: list[ManifestRequirement] = []
            for position, item in enumerate(items):
                found += self._entry(name, position, item, (*within, name))
            self._done[name] = tuple(found)
        return self._done[name]

    def _entry(
        self, name: str, position: int, item: object, within: tuple[str, ...]
    ) -> tuple[ManifestRequirement, ...]:
        from provenv.standards.names import canonicalize

        key = self.written[name]
        if isinstance(item, str):
            return (
                entry(
                    item, self._table.origin(key, position), group=name, folder=self._table.document.folder
                ),
            )
        if (
            not isinstance(item, dict)
            or set(item) != {"include-group"}
            or not isinstance(item["include-group"], str)
        ):
            raise self._table.error(
                f'a group holds requirements and {{include-group = "NAME"}} only, not {item!r}', key, position
            )
        included = canonicalize(item["include-group"])
        if included not in self.written:
            raise self._table.error(
                f"the group {key!r} includes {item['include-group']!r}, which is no group",
                key,
                position,
                hints=spelling_hints(included, self.written, "groups"),
            )
        if included in within:
            cycle = " includes ".join((*within[within.index(included) :], included))
            raise self._table.error(f"groups include each other in a circle: {cycle}", key, position)
        return tuple(replace(member, group=name) for member in self.members(included, within))
