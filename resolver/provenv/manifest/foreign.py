"""Tables of other tools that change what a project's author gets: each that is not followed is named."""

from __future__ import annotations

from collections.abc import Iterator

from provenv.manifest.document import Document, Table
from provenv.manifest.draft import Draft

# What of a tool's table says what to install, and from where; the rest is about building and running.
_KEYS: dict[str, tuple[str, ...]] = {
    "poetry": ("dependencies", "dev-dependencies", "group", "source", "extras"),
    "pdm": ("dev-dependencies", "source", "overrides", "resolution"),
    "pixi": (
        *("dependencies", "pypi-dependencies", "host-dependencies", "build-dependencies", "feature"),
        *("environments", "target", "system-requirements", "pypi-options", "workspace", "project"),
        *("constraints", "dependency-overrides"),
    ),
    "rye": ("dev-dependencies", "sources", "lockfile"),
    "conda-lock": ("dependencies", "channels", "platforms", "extra-dependencies"),
    "pip-tools": ("index-url", "extra-index-url", "find-links", "constraint", "pip-args"),
}
_WHY = {
    "pixi": "it speaks of conda environments",
    "conda-lock": "it speaks of conda environments",
}
_HATCH_ENVIRONMENT = ("dependencies", "extra-dependencies", "features", "dependency-groups", "matrix")


def warn_of_other_tools(document: Document, draft: Draft) -> None:
    """Adds a warning for every table of another tool that is not followed."""
    for tool, keys in _KEYS.items():
        table = document.top.deep("tool", tool)
        for key in keys:
            if table is not None and table.data.get(key):
                reason = _WHY.get(tool, "only the standard tables and [tool.provenv] say what to install")
                draft.warn(f"tool.{tool}.{key} is not followed: {reason}", table.origin(key))
    for table, key in _hatch_environments(document):
        draft.warn(
            f"{table.name}.{key} is not followed: it is for hatch's own environment", table.origin(key)
        )


def _hatch_environments(document: Document) -> Iterator[tuple[Table, str]]:
    environments = document.top.deep("tool", "hatch", "envs")
    for name in environments.data if environments else ():
        table = environments.deep(name) if environments else None
        for key in _HATCH_ENVIRONMENT:
            if table is not None and table.data.get(key):
                yield table, key
