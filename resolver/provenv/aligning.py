"""The versions that a matrix has already: what a target prefers where its manifest says `align`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from provenv.locks.freshness import examine
from provenv.locks.reader import Lock
from provenv.project import Project
from provenv.targets import Target

if TYPE_CHECKING:
    from provenv.resolution import Package, Resolution


class Neighbours:
    """What the targets of a matrix are locked with: as they were solved in this run, or by their locks.

    `locks`: the locks that were read, None for one that there is not; the others are read when they are
    asked for. `solved`: resolution and text by the target's name, growing.
    """

    def __init__(
        self,
        project: Project,
        locks: Mapping[str, Lock | None],
        solved: Mapping[str, tuple[Resolution, str]],
    ) -> None:
        self._project = project
        self._locks = dict(locks)
        self._solved = solved

    def versions_before(self, target: Target) -> Mapping[str, Sequence[str]]:
        """Name -> the versions that the targets before this one in the matrix have, the first's first."""
        found: dict[str, dict[str, None]] = {}
        for earlier in self._project.matrix.targets:
            if earlier.name == target.name:
                break
            for package in self._packages(earlier):
                if package.direct is None:  # what lies at an address is no version to choose
                    found.setdefault(package.name, {})[package.version] = None
        return {name: tuple(versions) for name, versions in found.items()}

    def _packages(self, target: Target) -> Sequence[Package]:
        if target.name in self._solved:
            return self._solved[target.name][0].packages
        if target.name not in self._locks:
            project = self._project
            self._locks[target.name], _ = examine(project.lock_path(target), project.lock_inputs(target))
        lock = self._locks[target.name]
        return lock.packages if lock else ()
