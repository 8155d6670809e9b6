"""Projects on this disk in a conda lock: its format has no place for them, so `custom_metadata` has one.

conda-lock and micromamba install what else there is; `provenv install` builds these on top.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from provenv.locks.portable import path_of, portable_path
from provenv.locks.tables import Table
from provenv.resolution import Direct, Package


def is_local(package: Package) -> bool:
    """Whether it is a folder on this disk."""
    return package.artifact is None and package.direct is not None and package.direct.folder


def written(packages: Iterable[Package], lock_dir: Path) -> list[dict[str, object]]:
    """The local projects among these, as a lock holds them; paths of its own project are relative to it."""
    return [
        _entry(package, package.direct, lock_dir)
        for package in packages
        if package.direct and is_local(package)
    ]


def _entry(package: Package, direct: Direct, lock_dir: Path) -> dict[str, object]:
    path = path_of(direct.url)
    found: dict[str, object] = {
        "name": package.name,
        "version": package.version,
        "path": portable_path(path, lock_dir) if path else direct.url,
        "editable": direct.editable,
        "subdirectory": direct.subdirectory,
        "dependencies": list(package.requires),
        "extras": list(package.extras),
        "build-requires": list(package.build_requires),
        "requires-python": package.requires_python,
    }
    return {key: value for key, value in found.items() if value}


def read(entries: object, lock_dir: Path) -> Iterator[Package]:
    """The packages that `written` has written. Raises Bad for anything else."""
    for entry in Table({"local": entries}).tables("local"):
        path = Path(os.path.normpath(lock_dir.absolute() / entry.text("path")))
        yield Package(
            name=entry.text("name"),
            version=entry.text("version"),
            artifact=None,
            requires=entry.texts("dependencies"),
            requires_python=entry.maybe_text("requires-python"),
            extras=entry.texts("extras"),
            direct=Direct(
                path.as_uri(),
                subdirectory=entry.maybe_text("subdirectory"),
                editable=entry.get("editable") is True,
                folder=True,
            ),
            build_requires=entry.texts("build-requires"),
        )
