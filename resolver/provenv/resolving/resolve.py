"""One target resolved: the builds of its accelerator in order; the first that has a solution wins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from provenv.errors import IndexAnswerError, NetworkError, ProvenvError
from provenv.hooks.types import Accelerator, Build, Builds, Context, Platform
from provenv.manifest.values import Manifest, Pin
from provenv.resolution import Resolution
from provenv.resolving.candidates import Candidates
from provenv.resolving.catalog import Catalog
from provenv.resolving.explanation import no_build
from provenv.resolving.files import Files
from provenv.resolving.request import Request, make_request
from provenv.resolving.routes import Route, Router
from provenv.resolving.rules import Strategy
from provenv.resolving.search import Conflict, Search
from provenv.settings import NetworkSettings
from provenv.targets import Target


@dataclass(frozen=True, slots=True)
class Options:
    """How a target is resolved beyond what its manifest says.

    `locked`: name -> version of the old lock, kept wherever it still fits. `build_any`: every package may be
    built from source.
    """

    locked: Mapping[str, str]
    strategy: Strategy = "highest"
    build_any: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """A build, and whether its packages come from the user's own find-links."""

    build: Build
    from_find_links: bool = False

    def __str__(self) -> str:
        return f"{self.build.name} (find-links)" if self.from_find_links else self.build.name


class Resolver:
    """Resolves the targets of one manifest; what does not depend on the target is shared between them."""

    def __init__(
        self,
        manifest: Manifest,
        settings: NetworkSettings,
        platforms: Mapping[str, Platform],
        accelerators: Mapping[str, Accelerator],
        files: Files,
    ) -> None:
        self.manifest = manifest
        self.settings = settings
        self.platforms = platforms
        self.accelerators = accelerators
        self.files = files
        self.catalog = Catalog(files.finder)
        self._searches: dict[str, Search] = {}

    def resolve(self, target: Target, options: Options) -> Resolution:
        """The first build's resolution that there is. Raises NoSolution with the story of every build."""
        platform = self.platforms[target.platform]
        request = make_request(
            self.manifest,
            target,
            platform,
            self.settings,
            locked=options.locked,
            strategy=options.strategy,
            build_any=options.build_any,
        )
        builds = self._builds(target, platform)
        failures: list[tuple[Attempt, ProvenvError]] = []
        for attempt in self._attempts(builds):
            try:
                found = self._attempt(request, target, attempt)
            except Conflict as error:
                failures.append((attempt, error))
                if not _follows(attempt.build, error.packages):
                    raise  # no other build could help
            except (NetworkError, IndexAnswerError) as error:
                # What this build's index fails to say, another build may not need; but no failure is hidden.
                if not failures:
                    raise
                failures.append((attempt, error))
            else:
                passed = [f"{r.build}: {r.reason}" for r in builds.rejected]
                tried = [f"{attempt}: {error.message}" for attempt, error in failures]
                return replace(found, passed_over=(*passed, *tried))
        raise no_build(target, [(str(a), e) for a, e in failures], builds)

    def _builds(self, target: Target, platform: Platform) -> Builds:
        context = Context(target.platform, platform.os, platform.arch, target.python, target.envelope)
        builds = self.accelerators[target.accelerator].builds(context)
        if target.build is None:
            return builds
        offered = tuple(build for build in builds.offered if build.name == target.build)
        return Builds(offered, tuple(r for r in builds.rejected if offered or r.build == target.build))

    def _attempts(self, builds: Builds) -> Iterator[Attempt]:
        flats = (*self.settings.find_links, *(index for index in self.manifest.indexes if index.flat))
        for build in builds.offered:
            if flats and any(build.locals):
                yield Attempt(build, from_find_links=True)
            yield Attempt(build)

    def _attempt(self, request: Request, target: Target, attempt: Attempt) -> Resolution:
        def held(name: str, route: Route) -> bool:
            return bool(Candidates(self.catalog.listing(name, route), request.rules).usable)

        def pinned(pin: Pin) -> bool:
            if pin.extra is not None and pin.extra not in target.extras:
                return False
            if pin.group is not None and pin.group not in target.groups:
                return False
            return pin.marker is None or request.rules.environment.evaluate(pin.marker)

        router = Router(
            self.manifest,
            self.settings,
            attempt.build,
            pinned=pinned,
            from_find_links=attempt.from_find_links,
            held=held,
        )
        search = Search(self.files, self.catalog, request, router, target, attempt.build)
        found = search.run()
        self._searches[target.name] = search
        return found

    def latest(self, target: Target, name: str) -> str | None:
        """The newest stable version that has a file for a target that was resolved, None where there is none."""
        return self._searches[target.name].latest(name)


def _follows(build: Build, packages: Iterable[str]) -> bool:
    """Whether any of these packages follows the build, so that another build could make a difference."""
    return any(fnmatchcase(name, pattern) for name in packages for pattern in build.packages)
