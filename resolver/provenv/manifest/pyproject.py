"""A `pyproject.toml` as a manifest: the standard tables, provenv's own, and those of other tools."""

from __future__ import annotations

from pathlib import Path

from provenv.errors import ManifestError
from provenv.manifest.document import Document, read_toml
from provenv.manifest.draft import Draft
from provenv.manifest.dynamic import requirement_files_hint
from provenv.manifest.foreign import warn_of_other_tools
from provenv.manifest.project import read_project
from provenv.manifest.provenv_table import read_provenv
from provenv.manifest.values import Manifest
from provenv.manifest.vocabulary import Vocabulary


def read_pyproject(path: Path, vocabulary: Vocabulary | None) -> Manifest:
    """Reads the file whole.

    Raises:
        ManifestError: with the file, the line and what mends it.
    """
    document = read_toml(path)
    if not isinstance(document.data.get("project", {}), dict):
        raise document.top.error("`project` must be a table", "project")
    if "project" not in document.data:
        _refuse_other_formats(document)
    draft = Draft(path, "pyproject")
    read_project(document, draft)
    if document.top.deep("tool", "uv") is not None:
        from provenv.manifest.uv_tables import read_uv

        read_uv(document, draft)
    read_provenv(document, draft, vocabulary)
    warn_of_other_tools(document, draft)
    return draft.finish()


# Where tools of their own form keep what a project requires, when there is no [project] table.
_OTHER_FORMS = (
    (
        "poetry",
        ("tool", "poetry", "dependencies"),
        "write the dependencies as [project] dependencies (poetry 2 reads these too)",
    ),
    (
        "poetry",
        ("tool", "poetry"),
        "write the dependencies as [project] dependencies (poetry 2 reads these too)",
    ),
    ("pixi", ("tool", "pixi"), "list what comes from PyPI in [project] dependencies"),
    ("flit's old form", ("tool", "flit", "metadata"), "flit 3 reads [project]: see flit's `Upgrading` page"),
    ("enscons", ("tool", "enscons"), "write the dependencies as [project] dependencies"),
)


def _refuse_other_formats(document: Document) -> None:
    """Refuses a file without [project] that says what it requires elsewhere, or nowhere."""
    folder = document.folder
    for tool, keys, hint in _OTHER_FORMS:
        if document.top.deep(*keys) is not None:
            raise ManifestError(
                f"no [project] table: this project is described in {tool}, as [{'.'.join(keys)}]",
                hints=[hint, *requirement_files_hint(folder)],
                origin=document.origin(*keys),
            )
    if "dependency-groups" in document.data or document.top.deep("tool", "provenv") is not None:
        return
    legacy = next((name for name in ("setup.py", "setup.cfg") if (folder / name).exists()), None)
    reason = (
        f"{legacy} describes this project"
        if legacy
        else "it only configures tools, and names nothing to install"
        if document.data
        else "it is empty"
    )
    raise ManifestError(
        "no [project] table, no [dependency-groups] and no [tool.provenv]",
        evidence=[reason],
        hints=["add a [project] table with `dependencies`", *requirement_files_hint(folder)],
        origin=document.origin(*list(document.data)[:1]),
    )
