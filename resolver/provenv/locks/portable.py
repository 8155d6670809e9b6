"""What may stand in a file that travels between machines: relative paths, and addresses without secrets."""

from __future__ import annotations

import os
from pathlib import Path


def path_of(url: str) -> Path | None:
    """The path of a `file:` URL on this disk, None for any other address."""
    if not url.startswith("file:"):
        return None
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    parts = urlsplit(url)
    host = f"//{parts.netloc}" if parts.netloc not in ("", "localhost") else ""
    return Path(url2pathname(host + parts.path))


def portable_path(path: Path, base: Path) -> str:
    """`path` in POSIX form, relative to `base` where both lie in one project, else absolute.

    One project is everything below the folder that holds `base`: lockfiles lie in a folder beside the
    manifest, or in one beside the manifest's own folder.
    """
    folder = Path(os.path.normpath(base.absolute()))
    place = Path(os.path.normpath(path if path.is_absolute() else base / path))
    project = folder.parent
    if project.parent != project and place.is_relative_to(project):
        # A path that begins with a dot can't be taken for a name or an address.
        relative = os.path.relpath(place, folder).replace(os.sep, "/")
        return relative if relative.startswith(".") else f"./{relative}"
    return place.as_posix()
