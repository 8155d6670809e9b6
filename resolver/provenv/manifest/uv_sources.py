"""`[tool.uv.sources]`: packages that come from one index, an address, a checkout or a folder."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.manifest.document import Table
from provenv.manifest.draft import Draft
from provenv.manifest.locations import file_url
from provenv.manifest.negation import negated
from provenv.manifest.project import both_markers
from provenv.manifest.spelling import spelling_hints
from provenv.manifest.values import ManifestRequirement, Pin
from provenv.manifest.workspace import member_folder
from provenv.tuples import NamedTuple
from provenv.values import replace

_KEYS = (
    *("index", "git", "url", "path", "workspace", "rev", "tag", "branch", "subdirectory", "editable"),
    *("package", "marker", "extra", "group", "lfs"),
)


class _Direct(NamedTuple):
    """A source that is an address: where it holds, for the requirements of which extra or group."""

    url: str
    editable: bool
    marker: str | None
    extra: str | None
    group: str | None

    def is_for(self, required: ManifestRequirement) -> bool:
        return (self.extra is None or required.extra == self.extra) and (
            self.group is None or required.group == self.group
        )


def read_sources(uv: Table, draft: Draft, left_out: Iterable[str]) -> None:
    """Reads the sources: pins for indexes, addresses for the requirements of these names.

    Raises:
        ManifestError: a source of no known kind, or an index that is not there.
    """
    from provenv.standards.names import canonicalize

    sources = uv.table("sources")
    for written in sources.data if sources else ():
        assert sources is not None
        name = canonicalize(written)
        if name in left_out:
            continue
        value = sources.data[written]
        tables = sources.tables(written) if isinstance(value, list) else [sources.table(written)]
        direct = [found for table in tables if table and (found := _source(table, name, draft))]
        if direct:
            draft.requirements[:] = _with_addresses(draft, name, direct)


def _source(table: Table, name: str, draft: Draft) -> _Direct | None:
    """The address of a source; None for one that became a pin or a warning."""
    for key in table.data:
        if key not in _KEYS:
            draft.warn(f"{table.name}.{key} is not followed: it is not known here", table.origin(key))
    marker, extra, group = (table.string(key) for key in ("marker", "extra", "group"))
    if marker is not None:
        _check_marker(table, marker)
    index = table.string("index")
    if index is not None:
        known = [one.name for one in draft.indexes]
        if index not in known:
            raise table.error(
                f"{name} comes from the index {index!r}, which is not there",
                "index",
                hints=spelling_hints(index, known, "indexes") or ["add it as [[tool.uv.index]]"],
            )
        if name in _asked_for(draft):
            draft.pins.append(Pin(name, index, marker, extra, group, table.origin()))
        else:
            draft.warn(
                f"tool.uv.sources.{name} has no effect, as in uv: nothing in this file requires {name}",
                table.origin(),
            )
        return None
    url = _address(table, name, draft)
    if url is None:
        return None
    editable = table.boolean("editable") or table.boolean("workspace") or False
    return _Direct(url, editable, marker, extra, group)


def _asked_for(draft: Draft) -> set[str]:
    """The names to which uv applies a source: those that the project itself writes down."""
    entries = (*draft.requirements, *draft.constraints, *draft.overrides)
    return {required.requirement.name for required in entries}


def _address(table: Table, name: str, draft: Draft) -> str | None:
    subdirectory = table.string("subdirectory")
    fragment = f"#subdirectory={subdirectory}" if subdirectory else ""
    git, url, path = (table.string(key) for key in ("git", "url", "path"))
    if git is not None:
        revision = table.string("rev") or table.string("tag") or table.string("branch")
        return (
            f"{'' if git.startswith('git+') else 'git+'}{git}{f'@{revision}' if revision else ''}{fragment}"
        )
    if url is not None:
        return url + fragment
    if path is not None:
        return file_url(path, (table.document.folder,)) + fragment
    if table.boolean("workspace"):
        folder = member_folder(table.document, name)
        if folder is None:
            draft.warn(
                f"tool.uv.sources.{name} is not followed: no member of a workspace has that name",
                table.origin(),
            )
        return folder.as_uri() if folder else None
    raise table.error(f"the source of {name} is neither an index, git, url, path nor workspace")


def _with_addresses(draft: Draft, name: str, sources: list[_Direct]) -> list[ManifestRequirement]:
    """The requirements, those of this name taken from their sources, each where its marker holds."""
    found: list[ManifestRequirement] = []
    for required in draft.requirements:
        fitting = [source for source in sources if source.is_for(required)]
        if required.requirement.name != name or required.requirement.url or not fitting:
            found.append(required)
            continue
        marker = required.requirement.marker
        rest: str | None = marker
        for source in fitting:
            requirement = replace(
                required.requirement, url=source.url, specifier="", marker=both_markers(marker, source.marker)
            )
            found.append(replace(required, requirement=requirement, editable=source.editable))
        opposites = [negated(source.marker) if source.marker else None for source in fitting]
        if all(source.marker for source in fitting):
            for opposite in opposites:
                rest = both_markers(rest, opposite)
            if None in opposites:
                draft.warn(f"{name} is taken from its source only: a marker has no opposite", required.origin)
            else:
                found.append(replace(required, requirement=replace(required.requirement, marker=rest)))
    return found


def _check_marker(table: Table, marker: str) -> None:
    from provenv.standards.markers import InvalidMarker, compile_marker

    try:
        compile_marker(marker)
    except InvalidMarker as error:
        raise table.error(f"{marker!r} is no marker: {error}", "marker") from None
