"""One target resolved: the builds of its accelerator in order; the first that has a solution wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from provenv.errors import IndexAnswerError, NetworkError, NoSolution, ProvenvError
from provenv.features import PROCESSOR, features_of
from provenv.hooks.types import Accelerator, Build, Builds, Context, Platform
from provenv.manifest.previews import WHEEL_VARIANTS
from provenv.manifest.values import Manifest, Pin
from provenv.pypi.direct import DirectCandidate
from provenv.resolution import Resolution
from provenv.resolving.candidates import Candidates
from provenv.resolving.catalog import Catalog
from provenv.resolving.explanation import no_build, unreachable
from provenv.resolving.files import Files
from provenv.resolving.offers import builds_for, label_hints
from provenv.resolving.provider import Node
from provenv.resolving.request import Request, make_request, with_constraints
from provenv.resolving.routes import Route, Router
from provenv.resolving.rules import Strategy
from provenv.resolving.search import Conflict, Search
from provenv.resolving.variants import VariantRules
from provenv.settings import NetworkSettings
from provenv.solver.precedents import Precedents
from provenv.standards.specifiers import mask
from provenv.targets import Target
from provenv.values import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Options:
    """How a target is resolved beyond what its manifest says.

    `locked`: name -> version of the old lock, kept wherever it still fits. `aligned`: name -> versions that
    other targets have, taken where the lock has none that fits. `build_any`: every package may be
    built from source. `given`, `turned_down`: see `Request`. `build`: name and index of the old lock's
    build, which is tried first while it still fits.
    """

    locked: Mapping[str, str]
    strategy: Strategy = "highest"
    build_any: bool = False
    given: Mapping[str, DirectCandidate] = field(default_factory=dict)
    build: tuple[str, str | None] | None = None
    turned_down: Callable[[str, str], None] = lambda name, specifier: None
    aligned: Mapping[str, Sequence[str]] = field(default_factory=dict)


Failure = tuple[str, ProvenvError]
"""A build's name, and why it gave no resolution."""


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
        known = (accelerator.runtime for accelerator in accelerators.values())
        self._runtimes = {runtime.name: runtime for runtime in known if runtime is not None}
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
            aligned=options.aligned,
            strategy=options.strategy,
            build_any=options.build_any,
        )
        accelerator = self.accelerators[target.accelerator]
        request = replace(
            request,
            undeclared=accelerator.undeclared,
            runtimes=self._runtimes,
            given=options.given,
            turned_down=options.turned_down,
        )
        if WHEEL_VARIANTS in self.manifest.previews and target.packaging == "pip":
            request = replace(request, rules=replace(request.rules, variants=self._variants(request, target)))
        builds = self._builds(request, target, platform, options.build)
        builds = replace(builds, offered=tuple(self._by_major(request, target, builds.offered)))
        failures: list[Failure] = []
        found = self._first(request, target, builds.offered, failures)
        if found is not None and options.build is None:
            found = self._newest(request, target, found, builds.offered, failures)
        if found is not None:
            return _told(found, builds, failures)
        network = [error for _, error in failures if not isinstance(error, Conflict)]
        if network and len(network) == len(failures):
            raise unreachable(target, network[0], [name for name, _ in failures])
        context = self._context(target, platform)
        others = label_hints(request.roots, self.accelerators.values(), target, context)
        raise no_build(target, failures, builds, hints=tuple(others))

    def _first(
        self, request: Request, target: Target, builds: Sequence[Build], failures: list[Failure]
    ) -> Resolution | None:
        """The first build's resolution, if another runtime's major does not do better by the manifest.

        Builds of a major that holds a package of the manifest back count only where no other major does.
        """
        second_best: tuple[Resolution, Search] | None = None
        unwanted: set[str | None] = set()
        for build in builds:
            if build.runtime in unwanted:
                continue
            try:
                found = self._with_build(request, target, build, failures)
            except Conflict:
                if second_best is None:
                    raise
                continue
            if found is None:
                continue
            held_back = self._held_back(request, target, found)
            if not held_back:
                return found
            second_best = second_best or (found, self._searches[target.name])
            unwanted.add(build.runtime)
            failures.append((build.name, NoSolution(held_back)))
        if second_best is None:
            return None
        found, self._searches[target.name] = second_best
        return found

    def _newest(
        self,
        request: Request,
        target: Target,
        found: Resolution,
        builds: Sequence[Build],
        failures: list[Failure],
    ) -> Resolution:
        """The resolution, or a later build's with a newer version of what builds are ranked by.

        The order of builds is of what they should have; an index may have less: a mirror that lags, a
        torchvision that is not there yet. What the manifest or a lock says of the package or of the build's
        index leaves the order as it is.
        """
        taken = found.build
        if taken is None or taken.newest is None or not _ranked_by_index(request, taken.newest[0]):
            return found
        if (taken.index or "").rstrip("/") in {index.url.rstrip("/") for index in self.manifest.indexes}:
            return found
        best, search = found, self._searches[target.name]
        for build in builds[builds.index(taken) + 1 :]:
            if build.newest is None or not _is_newer(build.newest[1], best, build.newest[0]):
                continue
            name = build.newest[0]
            try:
                other = self._with_build(request, target, build, failures)
            except Conflict:
                break
            version = _version_of(other, name) if other else None
            if other is None or version is None or not _is_newer(version, best, name):
                continue
            if not self._held_back(request, target, other):
                passed = NoSolution(f"its index has {name} {_version_of(best, name)} at most")
                failures.append((best.build.name if best.build else "", passed))
                best, search = other, self._searches[target.name]
        self._searches[target.name] = search
        return best

    def _with_build(
        self, request: Request, target: Target, build: Build, failures: list[Failure]
    ) -> Resolution | None:
        """The resolution with one build, from the user's find-links first where these hold it.

        Raises Conflict when no other build could do better; any other failure is put down.
        """
        for from_find_links in (True, False) if any(build.locals) else (False,):
            router = self._router(request, target, build, from_find_links=from_find_links)
            name = build.name
            try:
                return self._search(request, router, target, build)
            except Conflict as error:
                if router.used_find_links:
                    name = f"{build.name} (find-links)"
                failures.append((name, error))
                if not (_follows(build, error.packages) or error.packages & self._runtimes.keys()):
                    raise
            except (NetworkError, IndexAnswerError) as error:
                # Another build may lie elsewhere (the default index has one, too); what is taken is told.
                failures.append((name, error))
            if from_find_links and not router.used_find_links:
                break
        return None

    def _variants(self, request: Request, target: Target) -> VariantRules:
        context = self._context(target, self.platforms[target.platform])
        devices = features_of(context, target.accelerator, self.accelerators)
        processor = {one.namespace for one in features_of(context, PROCESSOR, self.accelerators)[0]}
        own = frozenset(one.namespace for device in devices for one in device) - processor
        return VariantRules(devices, own, request.rules.environment, self.files.variants.read, self._runtimes)

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
        router, variants = self._router(request, target, build), request.rules.variants
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
        pinned = self._router(request, target, None).pinned_index
        return builds_for(self.accelerators[target.accelerator], context, target, self.manifest, pinned, kept)

    def _router(
        self, request: Request, target: Target, build: Build | None, *, from_find_links: bool = False
    ) -> Router:
        def held(name: str, route: Route) -> bool:
            listing = self.catalog.listing(name, route)
            return Candidates(listing, request.rules).choose(listing.everything) is not None

        def pinned(pin: Pin) -> bool:
            if pin.extra is not None and pin.extra not in target.extras:
                return False
            if pin.group is not None and pin.group not in target.groups:
                return False
            return pin.marker is None or request.rules.environment.evaluate(pin.marker)

        return Router(
            self.manifest,
            self.settings,
            build,
            pinned=pinned,
            held=held,
            from_find_links=from_find_links,
            publishes=self._publishes,
        )

    def _publishes(self, url: str) -> tuple[str, ...]:
        """What is taken from an index of this address, as the first accelerator that knows it says."""
        known = (accelerator.publishes(url) for accelerator in self.accelerators.values())
        return next(filter(None, known), ())

    def _search(self, request: Request, router: Router, target: Target, build: Build) -> Resolution:
        runtime = self.accelerators[target.accelerator].runtime
        own = None
        if runtime is not None and build.runtime in runtime.majors:
            own = runtime.name, build.runtime
        limited = replace(with_constraints(request, build), own_major=own)
        if limited.rules.variants is not None:
            variants = replace(limited.rules.variants, own_major=own)
            limited = replace(limited, rules=replace(limited.rules, variants=variants))
        search = Search(self.files, self.catalog, limited, router, target, build, self.precedents)
        found = search.run()
        self._searches[target.name] = search
        return found

    def _held_back(self, request: Request, target: Target, found: Resolution) -> str:
        """In words, what the manifest names and gets in another version only for the build's runtime.

        "" where the runtime makes no difference: that is looked into when a version was turned away for it.
        """
        search = self._searches[target.name]
        if not search.turned_away or found.build is None:
            return ""
        free = replace(search.request, runtimes={}, own_major=None)
        try:
            newest = Search(
                self.files, self.catalog, free, search.router, target, found.build, self.precedents
            ).run()
        except ProvenvError:
            return ""
        chosen = {package.name: package.version for package in newest.packages}
        behind = [
            f"{package.name} {package.version} instead of {chosen[package.name]}"
            for package in found.packages
            if package.name in request.rules.direct and chosen.get(package.name) != package.version
        ]
        name, major = search.request.own_major or ("", "")
        return f"with {name} {major} there is only {', '.join(behind)}" if behind else ""

    def latest(self, target: Target, name: str) -> str | None:
        """The newest stable version that has a file for a target that was resolved, None: there is none."""
        return self._searches[target.name].latest(name)


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


def _follows(build: Build, packages: Iterable[str]) -> bool:
    """Whether any of these packages follows the build, so that another build could make a difference."""
    return any(fnmatchcase(name, pattern) for name in packages for pattern in build.packages)
