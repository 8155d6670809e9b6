"""A project as its index lists it, its bytes from mirrors that have the same files."""

from __future__ import annotations

from collections.abc import Sequence

from provenv.pypi.artifacts import Artifact, Project, files_of
from provenv.typed import overload
from provenv.values import replace

KeptAt = dict[tuple[str, str], str]
"""(index, canonical address) -> where a mirror keeps the file."""


def backed(origin: Project, mirrors: Sequence[Project], kept_at: KeptAt) -> Project:
    """The index's own project; `kept_at` is told of each file that one of these mirrors has, the first wins.

    The same file: of one name, and of one sha256 where both lists say it.
    """
    return replace(origin, artifacts=_Backed(origin, mirrors, kept_at)) if mirrors else origin


class _Backed(Sequence[tuple[Artifact, ...]]):
    """The files of every version; those of the mirrors are looked at with them."""

    def __init__(self, origin: Project, mirrors: Sequence[Project], kept_at: KeptAt) -> None:
        self._origin, self._mirrors, self._kept_at = origin, mirrors, kept_at
        self._known: set[int] = set()

    def __len__(self) -> int:
        return len(self._origin.versions)

    @overload
    def __getitem__(self, i: int) -> tuple[Artifact, ...]: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[tuple[Artifact, ...]]: ...
    def __getitem__(self, i: int | slice) -> tuple[Artifact, ...] | Sequence[tuple[Artifact, ...]]:
        if isinstance(i, slice):
            return tuple(self[n] for n in range(*i.indices(len(self))))
        if i not in self._known:
            self._known.add(i)
            self._look_for(i)
        return self._origin.artifacts[i]

    def _look_for(self, i: int) -> None:
        at_mirrors: dict[str, list[tuple[Artifact, str]]] = {}
        for mirror in self._mirrors:
            for file in files_of(mirror, self._origin.versions[i]):
                place = self._kept_at.pop((file.index, file.url), file.url)
                at_mirrors.setdefault(file.filename, []).append((file, place))
        for own in self._origin.artifacts[i]:
            for file, place in at_mirrors.get(own.filename, ()):
                if len({file.hashes.get("sha256"), own.hashes.get("sha256")} - {None}) < 2:
                    self._kept_at[own.index, own.url] = place
                    break
