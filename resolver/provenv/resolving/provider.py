"""What the solver asks, answered from the indexes: one target, one build, the ecosystem's rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from provenv.pypi.artifacts import Artifact, Metadata
from provenv.pypi.known_metadata import MetadataError
from provenv.resolving.candidates import Candidates, misfits
from provenv.resolving.catalog import Catalog
from provenv.resolving.demands import Demands
from provenv.resolving.directs import Directs
from provenv.resolving.nodes import Node
from provenv.resolving.request import Request
from provenv.resolving.routes import Route, Router
from provenv.resolving.wanted import Wanted
from provenv.solver.provider import Provider, Unavailable
from provenv.standards.markers import InvalidMarker, MarkerEnvironment
from provenv.standards.requirements import parse_requirement
from provenv.standards.specifiers import InvalidSpecifier, mask, python_allows
from provenv.standards.variants import Variant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from provenv.resolving.variants import Fitting

PRERELEASE = "is a prerelease"

_NO_VARIANT = Variant()


class PackageProvider(Provider[Node]):
    """The solver's provider for one target and one build.

    `direct`: what is taken from an address, by name. `demands`: what requirements ask for here. `shown`:
    packages whose prereleases are looked at. `turned_away`: packages of which a version was looked at that
    carries another major than the build. `excluded`: packages that the accelerator has no use for.
    `missing_extras`: extras that were asked for and that the package does not have.
    """

    def __init__(
        self,
        request: Request,
        catalog: Catalog,
        router: Router,
        *,
        directs: Directs,
        shown: frozenset[str],
        metadata_of: Callable[[Artifact], Metadata],
    ) -> None:
        self.catalog = catalog
        self.router = router
        self.direct = directs.candidates
        self.addresses = directs.addresses
        self.shown = shown
        self.listings = catalog.listings(router)
        self._ask_for(request)
        self.demands = Demands(request, self.listings, directs)
        self.missing_extras: set[tuple[str, str, str]] = set()
        self.turned_away: set[str] = set()
        self.excluded: set[str] = set()
        self._metadata_of = metadata_of
        self._extras: dict[str, set[str]] = {}
        self._environments: dict[Variant, MarkerEnvironment] = {}
        self._alike: dict[Node, dict[frozenset[tuple[Node, int]], int]] = {}
        self._candidates: dict[str, Candidates] = {}
        self._metadata: dict[tuple[str, int], Metadata | Unavailable] = {}
        self._needed: dict[tuple[Node, int], Mapping[Node, int] | Unavailable] = {}

    def under(self, request: Request) -> Self:
        """The same packages for another request, for trying what that would change."""
        from copy import copy

        twin = copy(self)
        twin._ask_for(request)
        twin.demands = self.demands.under(request)
        twin._alike, twin._candidates = {}, {}
        twin._metadata, twin._needed = {}, {}
        return twin

    def _ask_for(self, request: Request) -> None:
        self.request = request
        self.runtimes = request.runtimes
        self._undisputed = self.catalog.undisputed(
            self.listings, request.undeclared, request.excludes, request.runtimes
        )

    # -- the solver's questions

    def count(self, package: Node) -> int:
        if package.name in self.direct:
            return 1
        return len(self.candidates(package.name).listing.versions)

    def unusable(self, package: Node) -> Mapping[str, int]:
        name = package.name
        if name in self.direct:
            return misfits(self.direct[name], self.request.rules)
        found = self.candidates(name)
        hidden = 0 if name in self.shown else found.hidden_prereleases()
        return {**found.left_out, PRERELEASE: hidden} if hidden else found.left_out

    def same_version_as(self, package: Node) -> Node | None:
        return Node(package.name) if package.extra else None

    def choose(self, package: Node, allowed: int) -> int | None:
        if package.name in self.direct:
            return 0
        return self.candidates(package.name).choose(allowed)

    def priority(
        self, package: Node, allowed: int, conflicts: int, depth: int
    ) -> tuple[bool, bool, int, int]:
        """What has no choice left, then what the manifest names, then by conflicts and depth."""
        several = allowed & (allowed - 1) != 0
        return (several, package.name not in self.request.rules.direct, -conflicts, depth)

    def prefetch(self, required: Mapping[Node, int]) -> None:
        for package, allowed in required.items():
            found = self._candidates.get(package.name)
            if found is None:
                continue
            if package.extra:
                self._extras.setdefault(package.name, set()).add(package.extra)
            version = found.choose(allowed)
            if version is not None:
                artifact = found.artifact(version)
                if (artifact.index, artifact.url) not in self.catalog.read:
                    self.catalog.source.prefetch_metadata(artifact, self._look_ahead)

    def _look_ahead(self, metadata: Metadata) -> None:
        """Lets the pages come of what a version will ask for when it is decided; called by any thread.

        A far index is waited for once for each step away from the manifest, not once for each package.
        """
        environment = self.request.rules.environment
        extras = frozenset(self._extras.get(metadata.name, ()))
        with suppress(InvalidMarker):  # told when the version is decided
            holds = (r.marker is None or environment.evaluate(r.marker, extras) for r in metadata.requires)
            wanted = [r for r, held in zip(metadata.requires, holds, strict=True) if held]
            # To look at a page for a route is for the thread that solves.
            self.demands.expect(r for r in wanted if not self.router.looks(r.name))

    def dependencies(self, package: Node, version: int) -> Mapping[Node, int] | Unavailable:
        known = self._needed.get((package, version))
        if known is None:
            known = self._needed[package, version] = self._dependencies(package, version)
        return known

    def _dependencies(self, package: Node, version: int) -> Mapping[Node, int] | Unavailable:
        found = self._described(package, version)
        if isinstance(found, Unavailable):
            return found
        rules = self.request.rules
        own = package.name in self.direct or rules.variants is not None
        wants = None if own else self._undisputed.get((id(found), package.extra))
        if wants is not None:
            with suppress(InvalidMarker):
                shared = self.demands.shared(wants.wanted(package.extra, rules.environment))
                if shared is not None:
                    return shared
        needs, undisputed = self._disputed(found, package, version)
        if undisputed and not own:
            wants = self.catalog.wants(found, package.extra, rules.environment)
            self._undisputed[id(found), package.extra] = wants
        return needs

    def _disputed(
        self, found: Metadata, package: Node, version: int
    ) -> tuple[Mapping[Node, int] | Unavailable, bool]:
        """What a version needs where the accelerator may have a say in it; whether it has none."""
        name, extra = package
        labelled = self.labelled(name, found.version)
        if why := self._excluded(name, version, labelled):
            return Unavailable(why), False
        missing = extra != "" and extra not in found.extras
        if missing:
            self.missing_extras.add((name, found.version, extra))
        try:
            wanted = self._wanted(found, package, version)
            undeclared = () if extra else self.request.undeclared(name, labelled)
        except InvalidMarker as error:
            return Unavailable(f"has metadata that can't be used: {error}"), False
        needs = self.demands.shared(wanted) if not undeclared else None
        if needs is None:
            requirements = (*wanted.requirements, *map(parse_requirement, undeclared))
            by = f"{package} {found.version}"
            own = self.demands.of(requirements, asker=(package, version), by=by)
            if isinstance(own, Unavailable):
                return own, False
            needs = own
        variant = self.variant(name, version)
        carried = self.carried(name, labelled, variant.whole if variant else _NO_VARIANT)
        if carried:
            return {**needs, **carried}, False
        said = missing or undeclared or self.request.excludes(name, labelled) is not None
        return needs, not said

    def _excluded(self, name: str, version: int, labelled: str) -> str | None:
        """Why the accelerator has no use for a version's file; None for one of which nobody knows that.

        What is compiled here or not at all is for whoever uses it; and without a label a version says
        nothing of files other than those of the default index.
        """
        why = self.request.excludes(name, labelled)
        if why is None or (name in self.direct and "+" not in labelled):
            return None
        file = self.direct[name].artifact if name in self.direct else self.candidates(name).artifact(version)
        if file is None or file.kind != "wheel" or file.tags.endswith("-none-any"):
            return None
        if "+" not in labelled and file.index != self.router.default.url.rstrip("/"):
            return None
        self.excluded.add(name)
        return why

    def specifier_of(self, package: Node, version: int, child: str) -> str:
        """The specifier by which a version asks for another package; "" where it has none."""
        if child in self.request.overrides:
            return ""
        found = self._described(package, version)
        if isinstance(found, Unavailable):
            return ""
        asked = self._wanted(found, package, version).requirements
        if not package.extra:
            undeclared = self.request.undeclared(package.name, self.labelled(package.name, found.version))
            asked = (*asked, *map(parse_requirement, undeclared))
        return ",".join(dict.fromkeys(r.specifier for r in asked if r.name == child and r.specifier))

    def _wanted(self, found: Metadata, package: Node, version: int) -> Wanted:
        """What the metadata ask for here; with an extra only what it adds. Raises InvalidMarker."""
        environment = self._environment(package.name, version)
        return self.catalog.wants(found, package.extra, environment).wanted(package.extra, environment)

    def similar(self, package: Node, version: int) -> int:
        needs = self.dependencies(package, version)
        assert not isinstance(needs, Unavailable), "asked of versions that have dependencies"
        alike, key = self._alike.setdefault(package, {}), frozenset(needs.items())
        alike[key] = alike.get(key, 0) | 1 << version
        return alike[key]

    def carried(self, name: str, version: str, variant: Variant) -> Mapping[Node, int]:
        """What a version of a package, as this variant, needs that is no package of an index."""
        return {}

    # -- what stands behind the answers

    def labelled(self, name: str, version: str) -> str:
        """A version with the label that the name of a wheel at an address says beside its metadata.

        flash-attn's `flash_attn-2.8.3+cu12torch2.8cxx11abiTRUE-cp312-cp312-linux_x86_64.whl` holds a 2.8.3.
        """
        artifact = self.direct[name].artifact if name in self.direct else None
        if artifact is None or artifact.kind != "wheel" or "+" in version:
            return version
        _, plus, label = artifact.filename.split("-")[1].partition("+")
        return f"{version}{plus}{label.lower().replace('_', '.')}"

    def lacks_extra(self, package: Node, version: int) -> bool:
        """Whether a version does not have the extra that the node stands for."""
        if not package.extra:
            return False
        found = self._described(package, version)
        return not isinstance(found, Unavailable) and package.extra not in found.extras

    def hidden_prereleases(self, name: str) -> int:
        """The prereleases of a package that would fit but are not looked at in this search."""
        if name in self.direct or name in self.shown:
            return 0
        return self.candidates(name).hidden_prereleases()

    def hides_prereleases(self, name: str) -> bool:
        """Whether looking at a package's prereleases could still help, and the rules allow it."""
        if self.request.rules.prerelease_of(name) != "if-needed":
            return False
        hidden = self.hidden_prereleases(name)
        return bool(hidden) and self.candidates(name).choose(hidden) is not None

    def variant(self, name: str, version: int) -> Fitting | None:
        """What the file of a version is a variant for, None where it is a plain one."""
        if self.request.rules.variants is None or name in self.direct:
            return None
        return self.candidates(name).variant(version)

    def _environment(self, name: str, version: int) -> MarkerEnvironment:
        """What the markers of a version's dependencies are asked in, its variant included (PEP 825)."""
        plain = self.request.rules.environment
        if self.request.rules.variants is None:
            return plain
        found = self.variant(name, version)
        variant = found.supported if found else Variant()
        if variant not in self._environments:
            values = {**plain.values, "variant_label": variant.label}
            self._environments[variant] = MarkerEnvironment(values, variant.sets())
        return self._environments[variant]

    def candidates(self, name: str) -> Candidates:
        """The versions of a package as this target sees them."""
        known = self._candidates.get(name)
        if known is None:
            known = self._candidates[name] = Candidates(self.listings[name], self.request.rules)
        return known

    def route(self, name: str) -> Route:
        """Where a package is looked for."""
        return self.listings.route(name)

    def metadata(self, name: str, version: int) -> Metadata | Unavailable:
        """The core metadata of the file that this target would install, or why it can't be used."""
        if name in self.direct:
            return self.direct[name].metadata
        known = self._metadata.get((name, version))
        if known is None:
            known = self._metadata[name, version] = self._indexed_metadata(name, version)
        return known

    def _indexed_metadata(self, name: str, version: int) -> Metadata | Unavailable:
        artifact = self.candidates(name).artifact(version)
        key = artifact.index, artifact.url
        try:
            found = self.catalog.read.get(key) or self.catalog.interned(self._metadata_of(artifact))
        except MetadataError as error:
            why = f" ({'; '.join(error.evidence)})" if error.evidence else ""
            what = error.message.removesuffix(" can't be used")
            return Unavailable(f"can't be used: {what}{why}")
        if artifact.kind == "wheel":  # what a build says of an sdist may depend on the Python
            self.catalog.read[key] = found
        if found.requires_python and not python_allows(found.requires_python, self.request.rules.python):
            return Unavailable(f"requires Python {found.requires_python}")
        return found

    def _described(self, package: Node, version: int) -> Metadata | Unavailable:
        """The metadata that tell what a node needs: an extra of what is given is told by an index."""
        if package.extra and package.name in self.request.given:
            return self._indexed(package.name) or self.metadata(package.name, version)
        return self.metadata(package.name, version)

    def _indexed(self, name: str) -> Metadata | None:
        """What an index says of the version that is given, where it has a file of it for this target."""
        found = self.candidates(name)
        try:
            version = found.choose(mask(f"=={self.direct[name].version}", found.listing.table))
            return None if version is None else self._metadata_of(found.artifact(version))
        except (InvalidSpecifier, MetadataError):
            return None
