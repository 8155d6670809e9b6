"""Where a package is looked for: by a pin, by the accelerator's build, else on the first index with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from provenv.hooks.types import Build
from provenv.manifest.values import Index, Manifest, Pin
from provenv.settings import NetworkSettings
from provenv.standards.requirements import parse_requirement
from provenv.values import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """Where one package is looked for.

    `indexes` are asked in order, and the first that has the package is the only one (no dependency
    confusion). Files of `flats` (find-links) stand beside what that index has. `locals`: patterns of the
    local version labels that a file may carry (`""`: none), None for any. `why` words an exclusive route for
    explanations and notes.
    """

    indexes: tuple[Index, ...]
    flats: tuple[Index, ...] = ()
    locals: tuple[str, ...] | None = None
    why: str = ""

    def admits(self, local: str | None) -> bool:
        """Whether a version with this local label may be taken by this route."""
        return self.locals is None or any(fnmatchcase(local or "", pattern) for pattern in self.locals)


class Router:
    """Gives every package its route, for one target and one build.

    `pinned(pin)` says whether a pin's marker, group and extra hold for the target. With `from_find_links` the
    build's packages come from the user's own find-links (`used_find_links` tells) where `held(name, route)`
    says that these hold them. `publishes(url)`: the packages (patterns) that a build's index is good for, ()
    for any other index; where others are asked too, nothing else is taken from it.
    """

    def __init__(
        self,
        manifest: Manifest,
        settings: NetworkSettings,
        build: Build | None,
        *,
        pinned: Callable[[Pin], bool],
        from_find_links: bool = False,
        held: Callable[[str, Route], bool] = lambda name, route: False,
        publishes: Callable[[str], tuple[str, ...]] = lambda url: (),
    ) -> None:
        self._build = build
        self.used_find_links = False
        self._from_find_links = from_find_links
        self._held = held
        self._publishes = publishes
        self._by_name = {index.name: index for index in manifest.indexes}
        self._pins = {pin.package: pin.index for pin in reversed(manifest.pins) if pinned(pin)}
        self._patterns = [(pattern, index) for index in manifest.indexes for pattern in index.packages]
        self.default = default_index(manifest, settings)
        self.flats = (
            *(index for index in manifest.indexes if index.flat and not index.packages),
            *settings.find_links,
        )
        self._no_index = manifest.no_index or settings.no_index
        self._general = () if self._no_index else tuple(self._search_order(manifest, settings))
        self._only = {index.url: publishes(index.url) for index in (*self._general, *self.flats)}
        if all(self._only[index.url] for index in self._general):
            self._only = {}  # there is nowhere else to take the rest from

    def _search_order(self, manifest: Manifest, settings: NetworkSettings) -> Iterable[Index]:
        yield from (i for i in manifest.indexes if not (i.default or i.explicit or i.flat or i.packages))
        # An index of this machine's own can hold a team's private names, so it is asked before the public
        # one; a folder on this disk can't be what a lock for everybody means, so it only fills in what is
        # missing.
        yield from (i for i in settings.extra_indexes if not i.url.startswith("file:"))
        yield self.default
        yield from (i for i in settings.extra_indexes if i.url.startswith("file:"))

    def looks(self, name: str) -> bool:
        """Whether `route` looks at a page to know where this package is looked for."""
        return self._from_find_links and self.follows_build(name)

    def follows_build(self, name: str) -> bool:
        """Whether the build has a say in this package's route."""
        patterns = self._build.packages if self._build else ()
        return any(fnmatchcase(name, p) for p in patterns) and self.pinned_index(name) is None

    def route(self, name: str) -> Route:
        """Where this package (canonical name) is looked for."""
        pinned = self.pinned_index(name)
        if pinned is not None:
            why = f"the manifest pins {name} to the index {pinned.name}"
            return Route((), (pinned,), why=why) if pinned.flat else Route((pinned,), why=why)
        build = self._build
        if build is None or not any(fnmatchcase(name, pattern) for pattern in build.packages):
            return Route(self._good_for(name, self._general), self._good_for(name, self.flats))
        accepted = build.locals or None
        if self._from_find_links and build.locals:
            labelled = tuple(pattern for pattern in build.locals if pattern)
            local = Route((), self.flats, labelled, f"{name} follows the build {build.name} (find-links)")
            if labelled and self._held(name, local):
                self.used_find_links = True
                return local
        why = f"{name} follows the build {build.name}"
        if any(parse_requirement(text).name == name for text in build.constraints):
            why += f" (which needs {build.needs})"
        if build.index is None or self._no_index:
            general, flats = self._good_for(name, self._general), self._good_for(name, self.flats)
            return Route(general, flats, accepted, why)
        return Route((Index(build.name, build.index, explicit=True),), (), accepted, why)

    def _good_for(self, name: str, indexes: tuple[Index, ...]) -> tuple[Index, ...]:
        return tuple(
            index
            for index in indexes
            if not (only := self._only.get(index.url)) or any(fnmatchcase(name, p) for p in only)
        )

    def of_a_build(self, name: str, route: Route) -> bool:
        """Whether a route leads to an index that holds this package as its own build's, such as cu126's."""
        return any(
            fnmatchcase(name, pattern) for index in route.indexes for pattern in self._publishes(index.url)
        )

    def pinned_index(self, name: str) -> Index | None:
        """The index that the manifest pins a package to."""
        if name in self._pins:
            return self._by_name[self._pins[name]]
        return next((index for pattern, index in self._patterns if fnmatchcase(name, pattern)), None)


def default_index(manifest: Manifest, settings: NetworkSettings) -> Index:
    """The index for everything that nobody routes elsewhere: the manifest's own, or the public one."""
    chosen = next((index for index in manifest.indexes if index.default), None)
    return chosen or Index("default", settings.default_index, default=True)
