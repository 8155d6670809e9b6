"""A resolution: the chosen candidate for every package of a target, immutable and ready to be written."""

from __future__ import annotations

from dataclasses import dataclass

from provenv.hooks.types import Build
from provenv.pypi.artifacts import Artifact
from provenv.targets import Target


@dataclass(frozen=True, slots=True)
class Direct:
    """Where a package comes from that no index lists (PEP 610's three kinds).

    `vcs`: `git`, with `commit` the full hash asked for and found. `editable` is for folders only.
    """

    url: str
    vcs: str | None = None
    revision: str | None = None
    commit: str | None = None
    subdirectory: str | None = None
    editable: bool = False
    folder: bool = False


@dataclass(frozen=True, slots=True)
class Package:
    """One chosen package. `requires`: canonical names it needs here, sorted. `by`: who asked, for `why`.

    `artifact` is None only for a folder or a VCS checkout (`direct`). `build_requires`: the pinned
    requirements (`name==version`) that an isolated build of its sdist uses.
    """

    name: str
    version: str
    artifact: Artifact | None
    requires: tuple[str, ...]
    requires_python: str | None = None
    extras: tuple[str, ...] = ()
    direct: Direct | None = None
    build_requires: tuple[str, ...] = ()
    prerelease: bool = False


@dataclass(frozen=True, slots=True)
class Resolution:
    """Everything chosen for one target, packages sorted by name; `notes` are warnings for the user."""

    target: Target
    build: Build | None
    packages: tuple[Package, ...]
    notes: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    """Builds that were tried or rejected before this one, each with its reason."""
