"""One target resolved: the builds of its accelerator in order; the first that has a solution wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property

from provenv.hooks.types import Accelerator, Build, Builds, Context, Platform
from provenv.manifest.previews import WHEEL_VARIANTS
from provenv.manifest.values import Manifest
from provenv.resolution import Resolution
from provenv.resolving.attempts import Attempts, Failure, Found
from provenv.resolving.bystanders import Bystanders
from provenv.resolving.candidates import Candidates
from provenv.resolving.catalog import Catalog
from provenv.resolving.files import Files
from provenv.resolving.nodes import Node
from provenv.resolving.offers import builds_for, label_hints
from provenv.resolving.request import Request, make_request
from provenv.resolving.routers import Routers
from provenv.resolving.routes import Router
from provenv.resolving.rules import Strategy
from provenv.resolving.search import Conflict, Search
from provenv.settings import NetworkSettings
from provenv.solver.precedents import Precedents
from provenv.standards.markers import MarkerEnvironment, marker_environment
from provenv.standards.specifiers import mask
from provenv.standards.tags import compatible_tags
from provenv.targets import PROCESSOR, Target
from provenv.typed import TypeVar, cast
from provenv.values import dataclass, field, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.pypi.direct import DirectCandidate
    from provenv.resolving.foresight import Foresight, Outlook
    from provenv.resolving.variants import VariantRules

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Options:
    """How a target is resolved beyond what its manifest says.

    `locked`: name -> version of the old lock, kept wherever it still fits. `aligned`: name -> versions that
    other targets have, taken where the lock has none that fits. `build_any`: every package may be
    built from source. `given`, `turned_down`: see `Request`. `build`: name and index of the old lock's
    build, which is tried first while it still fits. `following`: the targets that will be resolved next.
    """

    locked: Mapping[str, str]
    strategy: Strategy = "highest"
    build_any: bool = False
    given: Mapping[str, DirectCandidate] = field(default_factory=dict)
    build: tuple[str, str | None] | None = None
    turned_down: Callable[[str, str], None] = lambda name, specifier: None
    aligned: Mapping[str, Sequence[str]] = field(default_factory=dict)
    following: Sequence[Target] = ()


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
        self.catalog = Catalog(files.finder, variants=WHEEL_VARIANTS in manifest.previews)
        self.precedents: Precedents[Node] = Precedents()
        self.bystanders = Bystanders(accelerators)
        self._routers = Routers(manifest, settings, self.catalog, self.bystanders.publishes)
        self._asked: dict[int, Callable[[str, str], object]] = {}
        self._searches: dict[str, Search] = {}

    def resolve(self, target: Target, options: Options) -> Resolution:
        """The first build's resolution that there is. Raises NoSolution with the story of every build."""
        platform = self.platforms[target.platform]
        request = self._request(target, platform, options)
        builds = self._builds(request, target, platform, options.build)
        builds = replace(builds, offered=tuple(self._by_major(request, target, builds.offered)))
        attempts = self._attempts(request, target)
        found = attempts.first(builds.offered)
        if found is not None and options.build is None:
            found = attempts.newest(found, builds.offered)
        failures = attempts.failures
        if found is not None:
            self._searches[target.name] = found.search
            self._look_ahead(found, options.following)
            return _told(found.resolution, builds, failures)
        from provenv.resolving.explanation import no_build, unreachable

        network = [error for _, error in failures if not isinstance(error, Conflict)]
        if network and len(network) == len(failures):
            raise unreachable(target, network[0], [name for name, _ in failures])
        context = self._context(target, platform)
        others = label_hints(request.roots, self.accelerators.values(), target, context)
        raise no_build(target, failures, builds, hints=tuple(others))

    def _look_ahead(self, found: Found, following: Sequence[Target]) -> None:
        """Lets come what the next targets will ask for, unless so far the cache had everything."""
        if following and self.files.finder.asked_the_network:
            self._foresight.prefetch(found.resolution, found.search, map(self._outlook, following))

    @cached_property
    def _foresight(self) -> Foresight:
        from provenv.resolving.foresight import Foresight

        return Foresight()

    def _outlook(self, target: Target) -> Outlook:
        from provenv.resolving.foresight import Outlook

        platform = self.platforms[target.platform]
        tags = compatible_tags(target.python, platform.wheel_platform_tags(target.envelope))
        markers = marker_environment(target.python, platform.marker_environment(target.envelope))
        return Outlook(target.python, tags, MarkerEnvironment(markers))

    def _request(self, target: Target, platform: Platform, options: Options) -> Request:
        request = make_request(
            self.manifest,
            target,
            platform,
            self.settings,
            locked=options.locked,
            aligned=options.aligned,
            strategy=options.strategy,
            build_any=options.build_any,
        )
        request = replace(
            request,
            undeclared=self._once(self.accelerators[target.accelerator].undeclared),
            excludes=self._once(self.accelerators[target.accelerator].excludes),
            runtimes=self.bystanders.runtimes(target.accelerator),
            given=options.given,
            turned_down=options.turned_down,
        )
        if WHEEL_VARIANTS in self.manifest.previews and target.packaging == "pip":
            request = replace(request, rules=replace(request.rules, variants=self._variants(request, target)))
        return request

    def _once(self, function: Callable[[str, str], Answer]) -> Callable[[str, str], Answer]:
        """A plugin's function, which is asked the same thing once, whatever the number of targets."""
        known = self._asked.get(id(function))
        if known is None:  # the cache keeps the function, whose the key is as long as it lives
            known = self._asked[id(function)] = cache(function)
        return cast("Callable[[str, str], Answer]", known)

    def _attempts(self, request: Request, target: Target) -> Attempts:
        def router(build: Build, from_find_links: bool) -> Router:
            return self._routers.of(request, target, build, from_find_links=from_find_links)

        def search(limited: Request, router: Router, build: Build) -> Search:
            return Search(self.files, self.catalog, limited, router, target, build, self.precedents)

        runtime = self.accelerators[target.accelerator].runtime
        indexes = frozenset(index.url.rstrip("/") for index in self.manifest.indexes)
        return Attempts(request, router, search, runtime=runtime, indexes=indexes)

    def _variants(self, request: Request, target: Target) -> VariantRules:
        from provenv.features import features_of
        from provenv.resolving.variants import VariantRules

        context = self._context(target, self.platforms[target.platform])
        devices = features_of(context, target.accelerator, self.accelerators)
        processor = {one.namespace for one in features_of(context, PROCESSOR, self.accelerators)[0]}
        own = frozenset(one.namespace for device in devices for one in device) - processor
        rules, runtimes = request.rules, request.runtimes
        return VariantRules(devices, own, rules.environment, self.files.variants, runtimes)

    def _by_major(self, request: Request, target: Target, builds: Iterable[Build]) -> Iterator[Build]:
        """A build of no known major once for each major of the manifest's own variants, then as it is."""
        runtime = self.accelerators[target.accelerator].runtime
        for build in builds:
            if runtime is not None and build.runtime is None and request.rules.variants is not None:
                found = set(self._majors(request, target, build, runtime.name))
                yield from (replace(build, runtime=major) for major in runtime.majors if major in found)
            yield build

    def _majors(self, request: Request, target: Target, build: Build, runtime: str) -> Iterator[str]:
        """The majors that the newest variants of what the manifest names are built for."""
        router, variants = self._routers.of(request, target, build), request.rules.variants
        for root in request.roots:
            if variants is None or root.requirement.url:
                continue
            name = root.requirement.name
            found = Candidates(self.catalog.listing(name, router.route(name)), request.rules)
            asked = root.requirement.specifier
            allowed = mask(asked, found.listing.table) if asked else found.listing.everything
            version = found.choose(allowed)
            for fitting in found.fitting(version) if version is not None else ():
                yield from (m for n, m in variants.carried(fitting.whole).items() if n == runtime)

    def _context(self, target: Target, platform: Platform) -> Context:
        return Context(target.platform, platform.os, platform.arch, target.python, target.envelope)

    def _builds(
        self, request: Request, target: Target, platform: Platform, kept: tuple[str, str | None] | None
    ) -> Builds:
        context = self._context(target, platform)
        pinned = self._routers.of(request, target, None).pinned_index
        return builds_for(self.accelerators[target.accelerator], context, target, self.manifest, pinned, kept)

    def latest(self, target: Target, name: str) -> str | None:
        """The newest stable version that has a file for a target that was resolved, None: there is none."""
        return self._searches[target.name].latest(name)


def _told(found: Resolution, builds: Builds, failures: Sequence[Failure]) -> Resolution:
    """The resolution with what was passed over for it; a build that only the network withheld is a note."""
    assert found.build is not None
    passed = [f"{rejected.build}: {rejected.reason}" for rejected in builds.rejected]
    tried = [f"{name}: {error.message}" for name, error in failures]
    withheld = dict.fromkeys(
        error.message
        for name, error in failures
        if name != found.build.name and not isinstance(error, Conflict)
    )
    notes = [f"{found.build.name} is not the build that would be tried first: {why}" for why in withheld]
    return replace(found, passed_over=(*passed, *tried), notes=(*found.notes, *notes))
