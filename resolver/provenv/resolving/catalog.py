"""What the indexes list of each project, merged and indexed once for all targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from provenv.manifest.values import Index
from provenv.pypi.artifacts import Artifact, Metadata, Project, VariantFiles
from provenv.resolving.routes import Route
from provenv.standards.markers import MarkerEnvironment, may_hold
from provenv.standards.requirements import Requirement
from provenv.standards.specifiers import VersionTable
from provenv.standards.versions import is_prerelease, local_of
from provenv.tuples import NamedTuple

if TYPE_CHECKING:
    from provenv.resolving.provider import Node


class Source(Protocol):
    """What the catalog needs of `pypi.finder.Finder`."""

    def project(self, index: Index, name: str) -> Project | None: ...

    def prefetch_project(self, index: Index, name: str) -> None: ...

    def metadata(self, artifact: Artifact) -> Metadata: ...

    def prefetch_metadata(
        self, artifact: Artifact, then: Callable[[Metadata], None] | None = None
    ) -> None: ...


class Listing:
    """All versions of one project by one route, newest first.

    `prereleases`, `everything`: bitmasks over `versions`. `found`: whether any index or folder knows the
    project, `where`: which ones.
    """

    __slots__ = (
        "_dated",
        "_places",
        "_variants",
        "everything",
        "found",
        "name",
        "prereleases",
        "table",
        "versions",
        "where",
    )

    def __init__(self, name: str, projects: list[Project], route: Route, *, variants: bool = False) -> None:
        merged: dict[str, tuple[tuple[object, ...], list[tuple[Project, int]]]] = {}
        for project in projects:
            for i, (version, key) in enumerate(zip(project.versions, project.keys, strict=True)):
                if route.locals is None or route.admits(local_of(key)):
                    merged.setdefault(version, (key, []))[1].append((project, i))
        self._variants: dict[str, list[VariantFiles]] = {}
        for one in (one for project in projects if variants for one in project.variants):
            if route.locals is None or route.admits(local_of(one.key)):
                merged.setdefault(one.version, (one.key, []))
                self._variants.setdefault(one.version, []).append(one)
        newest_first = sorted(merged.items(), key=lambda item: item[1][0], reverse=True)
        self.name = name
        self.found = bool(projects)
        self.where = tuple(project.index for project in projects)
        self.versions = tuple(version for version, _ in newest_first)
        self.table = VersionTable([key for _, (key, _) in newest_first], self.versions)
        self.everything = (1 << len(self.versions)) - 1
        self.prereleases = sum(1 << i for i, (_, (key, _)) in enumerate(newest_first) if is_prerelease(key))
        self._dated: bool | None = None
        self._places = tuple(places for _, (_, places) in newest_first)

    @property
    def dated(self) -> bool:
        """Whether any file has an upload time: some indexes give none at all (they are older than that)."""
        if self._dated is None:
            files = (file for version in range(len(self.versions)) for file in self.files(version))
            self._dated = any(file.uploaded is not None for file in files)
        return self._dated

    def files(self, version: int) -> list[Artifact]:
        """The files of one version, made when they are asked for: most versions are never looked at."""
        return [artifact for project, i in self._places[version] for artifact in project.artifacts[i]]

    def variants(self, version: int) -> Sequence[VariantFiles]:
        """The variant wheels of one version, by the places that have them; none where nobody asks."""
        return self._variants.get(self.versions[version], ())


class Asked(NamedTuple):
    """What a tuple of plain requirements comes to wherever they lead to the same listings.

    `needs`: node -> mask of its versions, as the solver takes them; shared, so never changed. `words`: name
    and mask -> the specifier that made it. `requirements`: whose these are, kept so that no other tuple takes
    its place in the memory.
    """

    requirements: tuple[Requirement, ...]
    listings: Mapping[str, Listing]
    needs: Mapping[Node, int]
    words: Mapping[tuple[str, int], str]


class Catalog:
    """Listings by route and name; the pages behind them are fetched once, whatever the number of targets.

    `variants`: variant wheels are listed too. `asked`: what requirements come to, by the tuple of `chosen`.
    `read`: the metadata of wheels, by index and address.
    """

    def __init__(self, source: Source, *, variants: bool = False) -> None:
        self.source = source
        self._with_variants = variants
        self._listings: dict[str, list[tuple[Route, Listing]]] = {}
        self._requires: dict[tuple[int, str], tuple[Metadata, tuple[Requirement, ...]]] = {}
        self._chosen: dict[tuple[int, tuple[bool, ...]], tuple[object, tuple[Requirement, ...]]] = {}
        self.asked: dict[int, Asked] = {}
        self.read: dict[tuple[str, str], Metadata] = {}

    def listing(self, name: str, route: Route) -> Listing:
        """What this route has of a project; empty, and not `found`, where nothing knows it."""
        listings = self._listings.setdefault(name, [])
        for known, listing in listings:  # one or two, quicker to compare than to hash
            if known == route:
                return listing
        listing = Listing(name, self._projects(name, route), route, variants=self._with_variants)
        listings.append((route, listing))
        return listing

    def found(self) -> tuple[str, ...]:
        """The names of the projects that were looked for and are there, sorted."""
        return tuple(
            sorted(
                name for name, known in self._listings.items() if any(listing.found for _, listing in known)
            )
        )

    def requires(
        self, metadata: Metadata, extra: str, environment: MarkerEnvironment
    ) -> tuple[Requirement, ...]:
        """The requirements that may hold with an extra ("": without any) on some target or other.

        Most requirements are of extras that nobody asks for. `environment`: any target's; InvalidMarker is
        raised here as it would be there.
        """
        known = self._requires.get((id(metadata), extra))
        if known is None:
            extras = frozenset({extra} if extra else ())
            markers = [r.marker for r in metadata.requires if r.marker is not None]
            for marker in markers:
                environment.evaluate(marker, extras)
            possible = (r for r in metadata.requires if r.marker is None or may_hold(r.marker, extra))
            # the metadata are kept with it, since the key is theirs only as long as they live
            known = self._requires[id(metadata), extra] = (metadata, tuple(possible))
        return known[1]

    def chosen(self, possible: Sequence[Requirement], holds: Sequence[bool]) -> tuple[Requirement, ...]:
        """Those of `requires` that hold on a target: the very same tuple for every target that has the same.

        `needs` and others remember by it what follows.
        """
        key = (id(possible), tuple(holds))
        known = self._chosen.get(key)
        if known is None:
            picked = tuple(r for r, held in zip(possible, holds, strict=True) if held)
            known = self._chosen[key] = (possible, picked)
        return known[1]

    def prefetch(self, name: str, route: Route) -> None:
        """Starts fetching the page that `listing` will want first."""
        if not any(known == route for known, _ in self._listings.get(name, ())):
            for index in (*route.indexes[:1], *route.flats):
                self.source.prefetch_project(index, name)

    def _projects(self, name: str, route: Route) -> list[Project]:
        found: list[Project] = []
        for index in route.indexes:
            project = self.source.project(index, name)
            if project is not None:
                found.append(project)
                break
        flats = (self.source.project(flat, name) for flat in route.flats)
        return [*found, *(project for project in flats if project is not None)]
