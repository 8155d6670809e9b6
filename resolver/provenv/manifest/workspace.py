"""The members of a uv workspace, found on the disk by the name in their own pyproject.toml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from provenv.errors import ManifestError
from provenv.manifest.document import Document, read_toml
from provenv.reads import unsure


def member_folder(document: Document, name: str) -> Path | None:
    """The folder of the member with this canonical name, in the workspace that the document belongs to."""
    from provenv.standards.names import canonicalize

    unsure()  # a new member is found by a search of the folders
    for folder in _members(document):
        project = _data(folder).get("project")
        written = project.get("name") if isinstance(project, dict) else None
        if isinstance(written, str) and canonicalize(written) == name:
            return folder
    return None


def _members(document: Document) -> Iterator[Path]:
    """The members' folders, the workspace's own first."""
    for root, data in _possible_roots(document):
        workspace = _inner(_inner(_inner(data, "tool"), "uv"), "workspace")
        patterns = workspace.get("members")
        if not isinstance(patterns, list):
            continue
        yield root
        excluded = workspace.get("exclude")
        for pattern in patterns:
            for folder in sorted(root.glob(str(pattern))) if pattern else ():
                is_out = any(folder.match(str(p)) for p in excluded) if isinstance(excluded, list) else False
                if (folder / "pyproject.toml").is_file() and not is_out:
                    yield folder
        return


def _possible_roots(document: Document) -> Iterator[tuple[Path, dict[str, object]]]:
    yield document.folder, dict(document.data)
    for folder in document.folder.parents:
        if (folder / "pyproject.toml").is_file():
            yield folder, _data(folder)


def _data(folder: Path) -> dict[str, object]:
    """A folder's pyproject.toml; empty where it can't be read, since nobody asked for that file."""
    try:
        return dict(read_toml(folder / "pyproject.toml").data)
    except ManifestError:
        return {}


def _inner(data: dict[str, object], key: str) -> dict[str, object]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}
