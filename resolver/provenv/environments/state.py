"""Does an environment still hold what was installed into it? Folder listings tell, without a process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from provenv.environments.store import Environment
from provenv.sha256 import sha256

META = "conda-meta"
"""Where a conda environment keeps the record of each of its packages."""


def variants_in(prefix: Path) -> frozenset[str]:
    """The canonical names of what was installed from variant wheels, which say so of themselves (PEP 825)."""
    from provenv.standards.names import canonicalize

    library = "Lib" if os.name == "nt" else "lib/python3.*"
    found = prefix.glob(f"{library}/site-packages/*.dist-info/variant.json")
    return frozenset(canonicalize(path.parent.name.partition("-")[0]) for path in found)


def site_packages(prefix: Path, python_version: str) -> Path:
    """Where an environment keeps its packages."""
    if os.name == "nt":
        return prefix / "Lib" / "site-packages"
    minor = ".".join(python_version.split(".")[:2])
    return prefix / "lib" / f"python{minor}" / "site-packages"


def contents(prefix: Path, python_version: str) -> tuple[str, ...]:
    """The names in its site-packages, sorted, less what Python itself puts there; and conda's records."""
    names = [name for name in _names(site_packages(prefix, python_version)) if name != "__pycache__"]
    records = [f"{META}/{name}" for name in _names(prefix / META) if name.endswith(".json")]
    return tuple(sorted([*names, *records]))


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries]
    except OSError:
        return []


def is_untouched(environment: Environment) -> bool:
    """Whether nothing was added, nothing removed, and no local project has changed since it was installed."""
    return contents(environment.prefix, environment.python_version) == environment.contents and all(
        stamp == project_stamp(folder, editable) for folder, editable, stamp in environment.projects
    )


def has_lost(environment: Environment) -> bool:
    """Whether something is gone that was installed; an installer that trusts its records won't restore it."""
    return not set(environment.contents) <= set(contents(environment.prefix, environment.python_version))


def project_stamp(folder: str, editable: bool) -> str:
    """A stamp of a local project by its files' sizes and times.

    An editable project is used where it lies, so that only the files that describe it count.
    """
    project = Path(folder)
    lines = []
    for file in _described(project) if editable else _files(project):
        try:
            status = file.stat()
        except OSError:
            continue
        lines.append(f"{file} {status.st_size} {status.st_mtime_ns}\n")
    return sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _described(project: Path) -> Iterator[Path]:
    return (project / name for name in ("pyproject.toml", "setup.py", "setup.cfg"))


def _files(project: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(project):
        folders[:] = sorted(name for name in folders if not _is_product(name))
        yield from (Path(parent, name) for name in sorted(files))


def _is_product(folder: str) -> bool:
    """Whether a folder holds what tools made there, and a build itself may change."""
    return (
        folder.startswith(".") or folder.endswith(".egg-info") or folder in ("__pycache__", "build", "dist")
    )
