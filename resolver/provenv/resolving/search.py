"""One build of one target: solve, and again when a direct reference or a prerelease proves to be needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from provenv.errors import InputError, NoSolution
from provenv.hooks.types import Build
from provenv.pypi.artifacts import Artifact, Metadata
from provenv.resolution import Package, Resolution
from provenv.resolving.candidates import Candidates
from provenv.resolving.catalog import Catalog
from provenv.resolving.directs import Directs
from provenv.resolving.files import Files
from provenv.resolving.nodes import DirectNeeded, Node
from provenv.resolving.provider import PackageProvider
from provenv.resolving.request import Request
from provenv.resolving.routes import Router
from provenv.resolving.runtimes import RuntimeProvider, required
from provenv.solver.outcome import Solution, Unsolvable
from provenv.solver.precedents import Precedents
from provenv.solver.provider import Requirement, Unavailable
from provenv.standards.variants import Variant
from provenv.standards.versions import is_prerelease, sort_key
from provenv.targets import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.resolving.explanation import Told


class Conflict(NoSolution):
    """No solution with one build. `packages`: canonical names of those that the proof speaks of."""

    def __init__(self, told: Told) -> None:
        super().__init__(told.message, evidence=told.lines, hints=told.hints)
        self.packages = told.packages


class Search:
    """The search for one target's resolution with one build's packages."""

    def __init__(
        self,
        files: Files,
        catalog: Catalog,
        request: Request,
        router: Router,
        target: Target,
        build: Build,
        precedents: Precedents[Node] | None = None,
    ) -> None:
        """`precedents`: the solves of other targets and builds. `turned_away`, after `run`: whether a version
        was not taken for the runtime's major it carries.

        `hopeless`: packages whose prereleases alone led to no solution.
        """
        self.files = files
        self.catalog = catalog
        self.request = request
        self.router = router
        self.target = target
        self.build = build
        self.precedents: Precedents[Node] = precedents or Precedents()
        self.turned_away = False
        self.hopeless: list[frozenset[str]] = []
        self.directs = Directs(files, request)
        self.roots = [self.directs.named(root) for root in request.roots]

    def run(self) -> Resolution:
        """The resolution. Raises Conflict when there is none."""
        provider, solution = self._with_as_few_prereleases(*self._any_solution())
        self.turned_away = bool(provider.turned_away)
        return self._resolution(provider, solution)

    def _any_solution(self) -> tuple[RuntimeProvider, Solution[Node]]:
        """The first solution, with the prereleases that stood in the way of one. Raises Conflict."""
        shown: frozenset[str] = frozenset()
        first: Conflict | None = None
        while True:
            provider = self._provider(shown)
            try:
                solution = self._solve(provider)
            except DirectNeeded as needed:
                self.directs.take(needed)
            except Unsolvable as unsolvable:
                from provenv.resolving.explanation import explain_conflict, involved

                # Prereleases come in where no stable version leads to a solution: those of the packages that
                # the proof speaks of, no others.
                hidden = {name for name in involved(unsolvable) if provider.hides_prereleases(name)}
                if hidden:
                    self.hopeless.append(shown)
                    shown |= hidden
                    continue
                first = first or Conflict(explain_conflict(unsolvable, provider, self.target))
                if not self.directs.drop():
                    raise first from None
            else:
                stray = self._stray(provider, solution)
                if stray is None:
                    return provider, solution
                self.directs.drop(stray)

    def _with_as_few_prereleases(
        self, provider: RuntimeProvider, solution: Solution[Node]
    ) -> tuple[RuntimeProvider, Solution[Node]]:
        """A solution in which every package with a prerelease needs it: without, there is none.

        A proof speaks of several packages where one of them would do. What was decided last gives way first.
        """
        needed: set[str] = set()
        while True:
            excepted = frozenset(_excepted(provider, solution))
            name = next((name for name in _excepted(provider, solution) if name not in needed), None)
            if name is None:
                return provider, solution
            fewer = self._stable(excepted - {name})
            if fewer is None:
                needed.add(name)
            else:
                provider, solution = fewer

    def _stable(self, shown: frozenset[str]) -> tuple[RuntimeProvider, Solution[Node]] | None:
        """A solution with the prereleases of these packages only, and the direct references taken so far."""
        if any(shown <= hopeless for hopeless in self.hopeless):
            return None
        provider = self._provider(shown)
        try:
            solution = self._solve(provider)
        except (DirectNeeded, Unsolvable):
            self.hopeless.append(shown)
            return None
        return None if self._stray(provider, solution) else (provider, solution)

    def _solve(self, provider: RuntimeProvider) -> Solution[Node]:
        return self.precedents.solve(provider, self._requirements(provider))

    def _provider(self, shown: frozenset[str]) -> RuntimeProvider:
        return RuntimeProvider(
            self.request,
            self.catalog,
            self.router,
            directs=self.directs,
            shown=shown,
            metadata_of=self._metadata,
        )

    def _stray(self, provider: PackageProvider, solution: Solution[Node]) -> str | None:
        """A package that is taken from an address for which nobody of the solution asks."""
        for name in sorted(self.directs.attempts()):
            asked = not provider.demands.askers.get(name, set()).isdisjoint(solution.versions.items())
            if Node(name) in solution.versions and not asked:
                return name
        return None

    def latest(self, name: str) -> str | None:
        """The newest stable version of a package that has a file for the target."""
        found = Candidates(self.catalog.listing(name, self.router.route(name)), self.request.rules)
        latest = found.choose(~found.listing.prereleases)
        return None if latest is None else found.listing.versions[latest]

    def _metadata(self, artifact: Artifact) -> Metadata:
        return self.files.metadata(artifact, self.request.rules.python)

    def _requirements(self, provider: PackageProvider) -> list[Requirement[Node]]:
        requirements = required(self.request, self.build)
        provider.demands.expect(root.requirement for root in self.roots)
        # By what they say, so that the order of the input has no say in an explanation either.
        for root in sorted(self.roots, key=lambda r: (r.requirement.name, r.text, str(r.origin))):
            needs = provider.demands.of([root.requirement], by="the manifest")
            if isinstance(needs, Unavailable):
                raise InputError(f"the manifest {needs.reason}", origin=root.origin)
            requirements += [Requirement(node, allowed, root) for node, allowed in needs.items()]
        return requirements

    def _resolution(self, provider: PackageProvider, solution: Solution[Node]) -> Resolution:
        versions = solution.versions
        extras: dict[str, list[str]] = {}
        for node in versions:
            if node.extra and not provider.lacks_extra(node, versions[node]):
                extras.setdefault(node.name, []).append(node.extra)
        packages = [
            self._package(provider, node, version, sorted(extras.get(node.name, ())))
            for node, version in sorted(versions.items())
            if not node.extra and node.name not in self.request.runtimes
        ]
        return Resolution(self.target, self.build, tuple(packages), tuple(self._notes(provider, packages)))

    def _package(self, provider: PackageProvider, node: Node, version: int, extras: Sequence[str]) -> Package:
        """Made once for all targets that choose the same file and need the same of it."""
        metadata = provider.metadata(node.name, version)
        assert not isinstance(metadata, Unavailable), "a chosen version is available"
        needs = [provider.dependencies(node, version)]
        if extras:
            needs += [provider.dependencies(Node(node.name, extra), version) for extra in extras]
        rules = self.request.rules
        if node.name in self.directs.candidates or node.name in rules.hashes or rules.variants is not None:
            return self._made(provider, node, version, metadata, extras, needs)
        artifact = provider.candidates(node.name).artifact(version)
        # By identity, since to hash them takes as long as to make another.
        key = (node.name, id(artifact), id(metadata), *extras, *map(id, needs))
        known = self.catalog.packages.get(key)
        if known is None:
            package = self._made(provider, node, version, metadata, extras, needs)
            known = self.catalog.packages[key] = (package, (artifact, metadata, needs))  # kept alive
        return known[0]

    def _made(
        self,
        provider: PackageProvider,
        node: Node,
        version: int,
        metadata: Metadata,
        extras: Sequence[str],
        dependencies: Iterable[Mapping[Node, int] | Unavailable],
    ) -> Package:
        needs = {need.name for one in dependencies for need in _names(one)}
        candidate = self.directs.candidates.get(node.name)
        artifact = candidate.artifact if candidate else provider.candidates(node.name).artifact(version)
        variant = provider.variant(node.name, version)
        hashes = self.request.rules.hashes.get(node.name, frozenset())
        checked = self.files.checked(artifact, hashes) if artifact and not candidate else artifact
        return Package(
            name=node.name,
            version=metadata.version if candidate else artifact.version if artifact else metadata.version,
            artifact=checked,
            requires=tuple(sorted(needs - {node.name, *self.request.runtimes})),
            requires_python=metadata.requires_python,
            extras=tuple(extras),
            direct=candidate.direct if candidate else None,
            build_requires=metadata.build_requires,
            variant=variant.whole if variant else Variant(),
            # what is given may have a version of another kind (`9e`)
            prerelease=node.name not in self.request.given and is_prerelease(sort_key(metadata.version)),
        )

    def _notes(self, provider: PackageProvider, packages: Sequence[Package]) -> list[str]:
        notes = [
            f"{name} {version} has no extra {extra!r}"
            for name, version, extra in sorted(provider.missing_extras)
            if any(p.name == name and p.version == version for p in packages)
        ]
        for package in packages:
            notes += self._variant_notes(provider, package)
            if package.artifact is not None and package.artifact.yanked is not None:
                reason = f": {package.artifact.yanked}" if package.artifact.yanked else ""
                notes.append(f"{package.name} {package.version} was yanked{reason}")
        undated = [p.name for p in packages if self._is_undated(p)]
        if undated:
            notes.append(
                f"the index gives no upload times, so that exclude-newer can't hold back {', '.join(undated)}"
            )
        return notes

    def _variant_notes(self, provider: PackageProvider, package: Package) -> Iterator[str]:
        """Why none of a package's variant wheels is taken, where that is worth knowing."""
        if package.artifact is None or package.direct is not None or self.request.rules.variants is None:
            return
        found = provider.candidates(package.name)
        version = found.listing.versions.index(package.artifact.version)
        yield from found.variant_notes(version)

    def _is_undated(self, package: Package) -> bool:
        """Whether `exclude-newer` could not be applied to a package."""
        artifact = package.artifact
        if artifact is None or artifact.uploaded is not None or package.direct is not None:
            return False
        return artifact.local_path is None and self.request.rules.cutoff_of(package.name) is not None


def _excepted(provider: PackageProvider, solution: Solution[Node]) -> Iterator[str]:
    """The packages that have a prerelease only because it was let in, last decided first."""
    for node in reversed(solution.order):
        if node.extra or node.name not in provider.shown or node.name in provider.direct:
            continue
        if provider.candidates(node.name).hidden_prereleases() >> solution.versions[node] & 1:
            yield node.name


def _names(needs: object) -> Sequence[Node]:
    return tuple(needs) if isinstance(needs, dict) else ()
