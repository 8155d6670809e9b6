"""What the indexes list of each project, merged and indexed once for all targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from provenv.manifest.values import Index
from provenv.pypi.artifacts import Artifact, Metadata, Project, VariantFiles
from provenv.resolution import Package
from provenv.resolving.routes import Route, Router
from provenv.resolving.wanted import Asked, Wanted, Wants
from provenv.standards.markers import MarkerEnvironment
from provenv.standards.specifiers import VersionTable
from provenv.standards.versions import local_of, prereleases_among, sort_key
from provenv.typed import Protocol


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
    project, `where`: which ones. `alike`: the files that `Candidates` found to be right for all platforms.
    """

    __slots__ = (
        "_dated",
        "_files",
        "_variants",
        "alike",
        "everything",
        "found",
        "name",
        "prereleases",
        "table",
        "versions",
        "where",
    )

    def __init__(self, name: str, projects: list[Project], route: Route, *, variants: bool = False) -> None:
        self.name = name
        self.found = bool(projects)
        self.where = tuple(project.index for project in projects)
        self.alike: dict[object, dict[int, Artifact]] = {}
        self._dated: bool | None = None
        self._variants: dict[str, list[VariantFiles]] = {}
        if len(projects) == 1 and route.locals is None and not (variants and projects[0].variants):
            # as nearly all of them are: nothing to merge, and all is in order
            (project,) = projects
            self.versions, self.prereleases = project.versions, project.prereleases
            self.table = VersionTable(self.versions, project.masks)
            self._files: Callable[[int], Sequence[Artifact]] = project.artifacts.__getitem__
        else:
            self._merge(projects, route, variants=variants)
        self.everything = self.table.everything

    def _merge(self, projects: list[Project], route: Route, *, variants: bool) -> None:
        merged: dict[str, list[tuple[Project, int]]] = {}
        for project in projects:
            for i, version in enumerate(project.versions):
                if route.locals is None or route.admits(local_of(sort_key(version))):
                    merged.setdefault(version, []).append((project, i))
        for one in (one for project in projects if variants for one in project.variants):
            if route.locals is None or route.admits(local_of(one.key)):
                merged.setdefault(one.version, [])
                self._variants.setdefault(one.version, []).append(one)
        self.versions = tuple(sorted(merged, key=sort_key, reverse=True))
        self.table = VersionTable(self.versions)
        self.prereleases = prereleases_among(self.versions)
        places = [merged[version] for version in self.versions]
        self._files = lambda version: [file for of, i in places[version] for file in of.artifacts[i]]

    @property
    def dated(self) -> bool:
        """Whether any file has an upload time: some indexes give none at all (they are older than that)."""
        if self._dated is None:
            files = (file for version in range(len(self.versions)) for file in self.files(version))
            self._dated = any(file.uploaded is not None for file in files)
        return self._dated

    def files(self, version: int) -> Sequence[Artifact]:
        """The files of one version, made when they are asked for: most versions are never looked at."""
        return self._files(version)

    def variants(self, version: int) -> Sequence[VariantFiles]:
        """The variant wheels of one version, by the places that have them; none where nobody asks."""
        return self._variants.get(self.versions[version], ())


class Catalog:
    """Listings by route and name; the pages behind them are fetched once, whatever the number of targets.

    `variants`: variant wheels are listed too. `read`: the metadata of wheels, by index and address.
    `packages`: those of other targets' resolutions, by all that they say.
    """

    def __init__(self, source: Source, *, variants: bool = False) -> None:
        self.source = source
        self._with_variants = variants
        self._listings: dict[str, list[tuple[Route, Listing]]] = {}
        self._by_router: dict[int, Listings] = {}
        self._wants: dict[tuple[int, str], Wants] = {}
        self._undisputed: dict[tuple[int, ...], tuple[dict[tuple[int, str], Wants], object]] = {}
        self.read: dict[tuple[str, str], Metadata] = {}
        self.packages: dict[tuple[object, ...], tuple[Package, object]] = {}
        self._same: dict[tuple[str, str], list[Metadata]] = {}

    def listing(self, name: str, route: Route) -> Listing:
        """What this route has of a project; empty, and not `found`, where nothing knows it."""
        listings = self._listings.setdefault(name, [])
        for known, listing in listings:  # one or two, quicker to compare than to hash
            if known == route:
                return listing
        listing = Listing(name, self._projects(name, route), route, variants=self._with_variants)
        listings.append((route, listing))
        return listing

    def listings(self, router: Router) -> Listings:
        """The listings to which a router leads, the same for all targets that have that router."""
        known = self._by_router.get(id(router))
        if known is None:  # it keeps the router, whose the key is as long as it lives
            known = self._by_router[id(router)] = Listings(self, router)
        return known

    def found(self) -> tuple[str, ...]:
        """The names of the projects that were looked for and are there, sorted."""
        return tuple(
            sorted(
                name for name, known in self._listings.items() if any(listing.found for _, listing in known)
            )
        )

    def interned(self, metadata: Metadata) -> Metadata:
        """The first metadata that said the same: the wheels of a version mostly have equal ones."""
        same = self._same.setdefault((metadata.name, metadata.version), [])
        for one in same:
            if one == metadata:
                return one
        same.append(metadata)
        return metadata

    def wants(self, metadata: Metadata, extra: str, environment: MarkerEnvironment) -> Wants:
        """What metadata may ask for with an extra ("": without any). Raises InvalidMarker as `Wants` does."""
        known = self._wants.get((id(metadata), extra))
        if known is None:
            # it keeps the metadata, since the key is theirs only as long as they live
            known = self._wants[id(metadata), extra] = Wants(metadata, extra, environment)
        return known

    def undisputed(self, listings: Listings, *opinions: object) -> dict[tuple[int, str], Wants]:
        """What metadata (by id, with an extra) want where nobody has a say but they themselves.

        To be filled by who finds that out; shared by all that have these listings and these opinions (an
        accelerator's functions and runtimes), which are known by identity.
        """
        key = (id(listings), *map(id, opinions))
        known = self._undisputed.get(key)
        if known is None:  # it keeps them, whose the key is as long as they live
            known = self._undisputed[key] = ({}, (listings, opinions))
        return known[0]

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


class Listings(dict[str, Listing]):
    """The listings to which one router leads, by name; each is looked for when it is first asked for."""

    def __init__(self, catalog: Catalog, router: Router) -> None:
        super().__init__()
        self._catalog = catalog
        self._router = router
        self._routes: dict[str, Route] = {}
        self._asked: dict[Wanted, Asked] = {}

    def __missing__(self, name: str) -> Listing:
        listing = self[name] = self._catalog.listing(name, self.route(name))
        return listing

    def route(self, name: str) -> Route:
        """Where a package is looked for."""
        known = self._routes.get(name)
        if known is None:
            known = self._routes[name] = self._router.route(name)
        return known

    def asked(self, wanted: Wanted) -> Asked:
        """What plain requirements come to here. Raises InvalidSpecifier."""
        known = self._asked.get(wanted)
        if known is None:
            for name in wanted.names:
                self.prefetch(name)
            known = self._asked[wanted] = wanted.asked(self)
        return known

    def prefetch(self, name: str) -> None:
        """Starts fetching what looking a package up will want first."""
        if name not in self:
            self._catalog.prefetch(name, self.route(name))
