"""One build of one target: solve, and again when a direct reference or a prerelease proves to be needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from provenv.errors import InputError, NoSolution
from provenv.hooks.types import Build
from provenv.manifest.values import ManifestRequirement
from provenv.pypi.artifacts import Artifact, Metadata
from provenv.pypi.direct import DirectCandidate
from provenv.resolution import Package, Resolution
from provenv.resolving.candidates import Candidates
from provenv.resolving.catalog import Catalog
from provenv.resolving.explanation import Told, explain_conflict, involved
from provenv.resolving.files import Files
from provenv.resolving.provider import DirectNeeded, Node, PackageProvider
from provenv.resolving.request import Request
from provenv.resolving.routes import Router
from provenv.solver.provider import Requirement, Unavailable
from provenv.solver.solve import Solution, Unsolvable, solve
from provenv.standards.requirements import Requirement as Asked
from provenv.targets import Target


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
    ) -> None:
        self.files = files
        self.catalog = catalog
        self.request = request
        self.router = router
        self.target = target
        self.build = build
        self.direct: dict[str, DirectCandidate] = {}
        self.addresses: dict[str, str] = {}
        self.roots = [self._named(root) for root in request.roots]

    def run(self) -> Resolution:
        """The resolution. Raises Conflict when there is none."""
        shown: frozenset[str] = frozenset()
        while True:
            provider = PackageProvider(
                self.request,
                self.catalog,
                self.router,
                direct=self.direct,
                addresses=self.addresses,
                shown=shown,
                metadata_of=self._metadata,
            )
            try:
                requirements = self._requirements(provider)
                return self._resolution(provider, solve(provider, requirements))
            except DirectNeeded as needed:
                self._take_direct(needed.requirement.name, needed.requirement.url or "", needed.requirement)
            except Unsolvable as unsolvable:
                # Prereleases come in where no stable version leads to a solution: those of the packages that
                # the proof speaks of, no others.
                hidden = {name for name in involved(unsolvable) if provider.hides_prereleases(name)}
                if not hidden:
                    raise Conflict(explain_conflict(unsolvable, provider, self.target)) from None
                shown |= hidden

    def latest(self, name: str) -> str | None:
        """The newest stable version of a package that has a file for the target."""
        found = Candidates(self.catalog.listing(name, self.router.route(name)), self.request.rules)
        stable = found.usable & ~found.listing.prereleases
        return found.listing.versions[(stable & -stable).bit_length() - 1] if stable else None

    def _metadata(self, artifact: Artifact) -> Metadata:
        return self.files.metadata(artifact, self.request.rules.python)

    def _named(self, root: ManifestRequirement) -> ManifestRequirement:
        """A root whose name is known: a direct reference says its name itself."""
        if root.requirement.url is None:
            return root
        candidate = self._take_direct(root.requirement.name, root.requirement.url, root)
        return replace(root, requirement=replace(root.requirement, name=candidate.name))

    def _take_direct(self, name: str, url: str, requirement: ManifestRequirement | Asked) -> DirectCandidate:
        candidate = self.files.direct(requirement, self.request.rules.python)
        known = self.addresses.get(candidate.name)
        if known is not None and known != url:
            origin = requirement.origin if isinstance(requirement, ManifestRequirement) else None
            raise InputError(
                f"{candidate.name} is asked for at two addresses",
                evidence=[known, url],
                hints=["keep one of them, or settle it with an override"],
                origin=origin,
            )
        self.direct[candidate.name] = candidate
        self.addresses[candidate.name] = url
        return candidate

    def _requirements(self, provider: PackageProvider) -> list[Requirement[Node]]:
        requirements: list[Requirement[Node]] = []
        for root in self.roots:
            needs = provider.needs([root.requirement], by="the manifest")
            if isinstance(needs, Unavailable):
                raise InputError(f"the manifest {needs.reason}", origin=root.origin)
            requirements += [Requirement(node, allowed, root) for node, allowed in needs.items()]
        return requirements

    def _resolution(self, provider: PackageProvider, solution: Solution[Node]) -> Resolution:
        versions = solution.versions
        extras: dict[str, list[str]] = {}
        for node in versions:
            if node.extra:
                extras.setdefault(node.name, []).append(node.extra)
        packages = [
            self._package(provider, node, version, sorted(extras.get(node.name, ())))
            for node, version in sorted(versions.items())
            if not node.extra
        ]
        return Resolution(self.target, self.build, tuple(packages), tuple(self._notes(provider, packages)))

    def _package(self, provider: PackageProvider, node: Node, version: int, extras: Sequence[str]) -> Package:
        metadata = provider.metadata(node.name, version)
        assert not isinstance(metadata, Unavailable), "a chosen version is available"
        nodes = (node, *(Node(node.name, extra) for extra in extras))
        needs = {need.name for one in nodes for need in _names(provider.dependencies(one, version))}
        candidate = self.direct.get(node.name)
        artifact = candidate.artifact if candidate else provider.candidates(node.name).artifact(version)
        checked = self.files.checked(artifact) if artifact and not candidate else artifact
        return Package(
            name=node.name,
            version=metadata.version if candidate else artifact.version if artifact else metadata.version,
            artifact=checked,
            requires=tuple(sorted(needs - {node.name})),
            requires_python=metadata.requires_python,
            extras=tuple(extras),
            direct=candidate.direct if candidate else None,
            build_requires=metadata.build_requires,
        )

    def _notes(self, provider: PackageProvider, packages: Sequence[Package]) -> list[str]:
        notes = [
            f"{name} {version} has no extra {extra!r}"
            for name, version, extra in sorted(provider.missing_extras)
            if any(p.name == name and p.version == version for p in packages)
        ]
        for package in packages:
            if package.artifact is not None and package.artifact.yanked is not None:
                reason = f": {package.artifact.yanked}" if package.artifact.yanked else ""
                notes.append(f"{package.name} {package.version} was yanked{reason}")
        return notes


def _names(needs: object) -> Sequence[Node]:
    return tuple(needs) if isinstance(needs, dict) else ()
