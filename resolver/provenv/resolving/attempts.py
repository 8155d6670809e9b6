"""One target's builds tried in order: which of them gives the resolution, and why the others do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from provenv.errors import IndexAnswerError, NetworkError, NoSolution, ProvenvError
from provenv.hooks.types import Build, Runtime
from provenv.resolution import Resolution
from provenv.resolving.request import Request, with_constraints
from provenv.resolving.routes import Router
from provenv.resolving.search import Conflict, Search
from provenv.tuples import NamedTuple
from provenv.values import replace

Failure = tuple[str, ProvenvError]
"""A build's name, and why it gave no resolution."""


class Found(NamedTuple):
    """A build's resolution, and the search that led to it."""

    resolution: Resolution
    search: Search

    @property
    def build(self) -> Build:
        """The build that it is of."""
        return self.search.build


class Attempts:
    """What came of a target's builds so far. `failures`: those that gave no resolution, in order."""

    def __init__(
        self,
        request: Request,
        router: Callable[[Build, bool], Router],
        search: Callable[[Request, Router, Build], Search],
        *,
        runtime: Runtime | None,
        indexes: frozenset[str],
    ) -> None:
        """`router(build, from_find_links)`, `search(request, router, build)`: make one for the target.

        `runtime`: the accelerator's. `indexes`: the manifest's own, without a slash at the end.
        """
        self.failures: list[Failure] = []
        self._request = request
        self._router = router
        self._new_search = search
        self._runtime = runtime
        self._indexes = indexes

    def first(self, builds: Sequence[Build]) -> Found | None:
        """The first build's resolution, if another runtime's major does not do better by the manifest.

        Builds of a major that holds a package of the manifest back count only where no other major does.
        Raises Conflict when no build could do better than the one that failed.
        """
        second_best: Found | None = None
        unwanted: set[str | None] = set()
        for build in builds:
            if build.runtime in unwanted:
                continue
            try:
                found = self._with_build(build)
            except Conflict:
                if second_best is None:
                    raise
                continue
            if found is None:
                continue
            held_back = self._held_back(found)
            if not held_back:
                return found
            second_best = second_best or found
            unwanted.add(build.runtime)
            self.failures.append((build.name, NoSolution(held_back)))
        return second_best

    def newest(self, found: Found, builds: Sequence[Build]) -> Found:
        """What was found, or a later build's with a newer version of what builds are ranked by.

        The order of builds is of what they should have; an index may have less: a mirror that lags, a
        torchvision that is not there yet. What the manifest or a lock says of the package or of the build's
        index leaves the order as it is.
        """
        taken = found.build
        if taken.newest is None or not _ranked_by_index(self._request, taken.newest[0]):
            return found
        if (taken.index or "").rstrip("/") in self._indexes:
            return found
        best = found
        for build in builds[builds.index(taken) + 1 :]:
            if build.newest is None or not _is_newer(build.newest[1], best.resolution, build.newest[0]):
                continue
            name = build.newest[0]
            try:
                other = self._with_build(build)
            except Conflict:
                break
            version = _version_of(other.resolution, name) if other else None
            if other is None or version is None or not _is_newer(version, best.resolution, name):
                continue
            if not self._held_back(other):
                passed = f"its index has {name} {_version_of(best.resolution, name)} at most"
                self.failures.append((best.build.name, NoSolution(passed)))
                best = other
        return best

    def _with_build(self, build: Build) -> Found | None:
        """The resolution with one build, from the user's find-links first where these hold it.

        Raises Conflict when no other build could do better; any other failure is put down.
        """
        for from_find_links in (True, False) if any(build.locals) else (False,):
            router = self._router(build, from_find_links)
            name = build.name
            try:
                search = self._search(router, build)
                return Found(search.run(), search)
            except Conflict as error:
                if router.used_find_links:
                    name = f"{build.name} (find-links)"
                self.failures.append((name, error))
                if not (_follows(build, error.packages) or error.packages & self._request.runtimes.keys()):
                    raise
            except (NetworkError, IndexAnswerError) as error:
                # Another build may lie elsewhere (the default index has one, too); what is taken is told.
                self.failures.append((name, error))
            if from_find_links and not router.used_find_links:
                break
        return None

    def _search(self, router: Router, build: Build) -> Search:
        own = None
        if self._runtime is not None and build.runtime in self._runtime.majors:
            own = self._runtime.name, build.runtime
        limited = replace(with_constraints(self._request, build), own_major=own)
        if limited.rules.variants is not None:
            variants = replace(limited.rules.variants, own_major=own)
            limited = replace(limited, rules=replace(limited.rules, variants=variants))
        return self._new_search(limited, router, build)

    def _held_back(self, found: Found) -> str:
        """In words, what the manifest names and gets in another version only for the build's runtime.

        "" where the runtime makes no difference: that is looked into when a version was turned away for it.
        """
        search = found.search
        if not search.turned_away:
            return ""
        free = replace(search.request, runtimes={}, own_major=None)
        try:
            newest = self._new_search(free, search.router, search.build).run()
        except ProvenvError:
            return ""
        chosen = {package.name: package.version for package in newest.packages}
        behind = [
            f"{package.name} {package.version} instead of {chosen[package.name]}"
            for package in found.resolution.packages
            if package.name in self._request.rules.direct and chosen.get(package.name) != package.version
        ]
        name, major = search.request.own_major or ("", "")
        return f"with {name} {major} there is only {', '.join(behind)}" if behind else ""


def _ranked_by_index(request: Request, name: str) -> bool:
    """Whether it is for the indexes alone to say how new a package is: nothing else asks for an older one."""
    rules = request.rules
    said = any(root.requirement.name == name and root.requirement.specifier for root in request.roots)
    known = name in rules.locked or name in rules.constraints or name in request.overrides
    return not said and not known and not rules.lowest_first(name)


def _version_of(resolution: Resolution, name: str) -> str | None:
    """The version of a package in a resolution."""
    return next((package.version for package in resolution.packages if package.name == name), None)


def _is_newer(version: str, than: Resolution, name: str) -> bool:
    """Whether a version is newer than what a resolution has, local labels aside."""
    from provenv.standards.versions import sort_key

    own = _version_of(than, name)
    return own is not None and sort_key(version.partition("+")[0]) > sort_key(own.partition("+")[0])


def _follows(build: Build, packages: Iterable[str]) -> bool:
    """Whether any of these packages follows the build, so that another build could make a difference."""
    return any(fnmatchcase(name, pattern) for name in packages for pattern in build.packages)
