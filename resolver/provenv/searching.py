"""What a live probe looks for on the disk: programs on PATH, distributions in an environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from provenv.hooks.installations import Distribution
from provenv.standards.names import canonicalize

# Where the packages of an environment, a conda prefix or a distribution's own Python (Debian) lie.
_FOLDERS = (
    *("lib/python3.*/site-packages", "lib64/python3.*/site-packages", "Lib/site-packages"),
    *("lib/python3.*/dist-packages", "lib/python3/dist-packages", "local/lib/python3.*/dist-packages"),
)


def executables_on_path(name: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Every program of this name on PATH, in its order; a folder that stands there twice counts once."""
    endings = [""]
    if os.name == "nt":
        endings = environ.get("PATHEXT", ".COM;.EXE;.BAT;.CMD").lower().split(";")
    seen: set[str] = set()
    found = []
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        try:
            place = os.path.realpath(folder)
            hit = next((p for p in (Path(folder, name + end) for end in endings) if _runs(p)), None)
        except (OSError, ValueError):
            continue
        if folder and hit and place not in seen:
            found.append(str(hit))
        seen.add(place)
    return tuple(found)


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def installed_distributions(prefix: str) -> tuple[Distribution, ...]:
    """Every distribution in an environment's folders of packages, in order of name.

    Where two say the same name, both are there: an installation that was broken off leaves that behind.
    """
    found = {
        one
        for pattern in _FOLDERS
        for folder in _matching(Path(prefix), pattern)
        for one in _in_folder(folder)
    }
    return tuple(sorted(found, key=lambda one: (one.name, one.folder, one.version)))


def _matching(prefix: Path, pattern: str) -> list[Path]:
    try:
        return sorted(prefix.glob(pattern))
    except (OSError, ValueError):
        return []


def _in_folder(folder: Path) -> Iterator[Distribution]:
    try:
        names = os.listdir(folder)  # noqa: PTH208  # names alone, and thousands of them
    except OSError:
        return
    for name in names:
        # PEP 376 and PEP 427: NAME-VERSION.dist-info; setuptools' older NAME-VERSION[-pyX.Y].egg-info
        if match := re.fullmatch(r"([^-]+)-([^-]+)(?:-py[\d.]+)?\.(?:dist|egg)-info", name):
            yield Distribution(canonicalize(match[1]), match[2], str(folder))
