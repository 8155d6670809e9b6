"""What the solver asks, answered from the indexes: one target, one build, the ecosystem's rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Self

from provenv.errors import InputError
from provenv.pypi.artifacts import Artifact, Metadata
from provenv.pypi.direct import DirectCandidate
from provenv.pypi.metadata import MetadataError
from provenv.resolving.candidates import Candidates, misfits
from provenv.resolving.catalog import Asked, Catalog, Listing
from provenv.resolving.request import Request
from provenv.resolving.routes import Route, Router
from provenv.resolving.variants import Fitting
from provenv.solver.provider import Provider, Unavailable
from provenv.standards.markers import InvalidMarker, MarkerEnvironment
from provenv.standards.requirements import Requirement, parse_requirement
from provenv.standards.specifiers import InvalidSpecifier, contains, mask, python_allows
from provenv.standards.variants import Variant
from provenv.tuples import NamedTuple
from provenv.values import replace


class Node(NamedTuple):
    """A package as the solver sees it; with an extra it stands for what that extra adds."""

    name: str
    extra: str = ""

    def __str__(self) -> str:
        return f"{self.name}[{self.extra}]" if self.extra else self.name


Asker = tuple[Node, int]
"""A package and which of its versions."""

PRERELEASE = "is a prerelease"


_NO_VARIANT = Variant()


class DirectNeeded(Exception):
    """A direct reference turned up while solving: the solve starts again with it known."""

    def __init__(self, requirement: Requirement, asker: str, by: str) -> None:
        """`asker`: the name of the package whose metadata has it, "" for the manifest; `by`: it in words."""
        super().__init__(str(requirement))
        self.requirement = requirement
        self.asker = asker
        self.by = by


class PackageProvider(Provider[Node]):
    """The solver's provider for one target and one build.

    `direct`, `addresses`, `refused`: as `Directs` has them. `place_of`: an address as `addresses` has it.
    `askers`: name -> who asks for it at an address. `shown`: packages whose
    prereleases are looked at. `turned_away`: packages of which a version was looked at that carries another
    major than the build. `excluded`: packages that the accelerator has no use for. `missing_extras`: extras
    that were asked for and that the package does not have.
    """

    def __init__(
        self,
        request: Request,
        catalog: Catalog,
        router: Router,
        *,
        direct: Mapping[str, DirectCandidate],
        addresses: Mapping[str, str],
        refused: Mapping[str, str],
        shown: frozenset[str],
        metadata_of: Callable[[Artifact], Metadata],
        place_of: Callable[[str], str],
    ) -> None:
        self.request = request
        self.catalog = catalog
        self.router = router
        self.direct = direct
        self.addresses = addresses
        self.refused = refused
        self.shown = shown
        self.askers: dict[str, set[Asker]] = {}
        self.missing_extras: set[tuple[str, str, str]] = set()
        self.turned_away: set[str] = set()
        self.excluded: set[str] = set()
        self._metadata_of = metadata_of
        self._place_of = place_of
        self._words: dict[tuple[str, int], str] = {}
        self._said: list[Mapping[tuple[str, int], str]] = []
        self._special = _special(request, direct)
        self._routes: dict[str, Route] = {}
        self._extras: dict[str, set[str]] = {}
        self._alike: dict[Node, dict[frozenset[tuple[Node, int]], int]] = {}
        self._candidates: dict[str, Candidates] = {}
        self._environments: dict[Variant, MarkerEnvironment] = {}
        self._metadata: dict[tuple[str, int], Metadata | Unavailable] = {}
        self._needed: dict[tuple[Node, int], Mapping[Node, int] | Unavailable] = {}

    def under(self, request: Request) -> Self:
        """The same packages for another request, for trying what that would change."""
        from copy import copy

        twin = copy(self)
        twin.request = request
        twin._special = _special(request, self.direct)
        twin._alike, twin._candidates = {}, {}
        twin._metadata, twin._needed = {}, {}
        return twin

    # -- the solver's questions

    def count(self, package: Node) -> int:
        if package.name in self.direct:
            return 1
        return len(self.candidates(package.name).listing.versions)

    def unusable(self, package: Node) -> Mapping[str, int]:
        if package.name in self.direct:
            return misfits(self.direct[package.name], self.request.rules)
        found = self.candidates(package.name)
        hidden = self.hidden_prereleases(package.name)
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
            if package.name in self.direct or package.name not in self._candidates:
                continue
            if package.extra:
                self._extras.setdefault(package.name, set()).add(package.extra)
            found = self._candidates[package.name]
            version = found.choose(allowed)
            if version is not None:
                self.catalog.source.prefetch_metadata(found.artifact(version), self._look_ahead)

    def expect(self, requirements: Iterable[Requirement]) -> None:
        """Lets the pages come of what will be asked for."""
        wanted = (r for r in requirements if r.name not in self.request.excluded)
        self._prefetch_pages(r.name for one in wanted for r in self._overridden(one) if not r.url)

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
            self.expect(r for r in wanted if not self.router.looks(r.name))

    def dependencies(self, package: Node, version: int) -> Mapping[Node, int] | Unavailable:
        known = self._needed.get((package, version))
        if known is None:
            known = self._needed[package, version] = self._dependencies(package, version)
        return known

    def _dependencies(self, package: Node, version: int) -> Mapping[Node, int] | Unavailable:
        found = self._described(package, version)
        if isinstance(found, Unavailable):
            return found
        if why := self._excluded(package.name, version, found.version):
            return Unavailable(why)
        if self.lacks_extra(package, version):
            self.missing_extras.add((package.name, found.version, package.extra))
        try:
            wanted = self._wanted(found, package, version)
        except InvalidMarker as error:
            return Unavailable(f"has metadata that can't be used: {error}")
        needs = self._shared(wanted) or self.needs(
            wanted, asker=(package, version), by=f"{package} {found.version}"
        )
        if isinstance(needs, Unavailable):
            return needs
        variant = self.variant(package.name, version)
        whole = variant.whole if variant else _NO_VARIANT
        carried = self.carried(package.name, self.labelled(package.name, found.version), whole)
        return {**needs, **carried} if carried else needs

    def _excluded(self, name: str, version: int, text: str) -> str | None:
        """Why the accelerator has no use for a version's file; None for one of which nobody knows that.

        What is compiled here or not at all is for whoever uses it; and without a label a version says
        nothing of files other than those of the default index.
        """
        labelled = self.labelled(name, text)
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
        wanted = self._wanted(found, package, version)
        return ",".join(dict.fromkeys(r.specifier for r in wanted if r.name == child and r.specifier))

    def _wanted(self, found: Metadata, package: Node, version: int) -> tuple[Requirement, ...]:
        """What the metadata ask for here, and what they are known to lack; with an extra only what it adds.

        Raises InvalidMarker.
        """
        extra, environment = package.extra, self._environment(package.name, version)
        possible = self.catalog.requires(found, extra, environment)
        if extra:
            extras = frozenset({extra})
            holds = [
                r.marker is not None
                and environment.evaluate(r.marker, extras)
                and not environment.evaluate(r.marker)
                for r in possible
            ]
            return self.catalog.chosen(possible, holds)
        wanted = self.catalog.chosen(
            possible, [r.marker is None or environment.evaluate(r.marker) for r in possible]
        )
        undeclared = self.request.undeclared(package.name, self.labelled(package.name, found.version))
        return wanted + tuple(map(parse_requirement, undeclared)) if undeclared else wanted

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
            listing = self.catalog.listing(name, self.route(name))
            known = self._candidates[name] = Candidates(listing, self.request.rules)
        return known

    def route(self, name: str) -> Route:
        """Where a package is looked for."""
        known = self._routes.get(name)
        if known is None:
            known = self._routes[name] = self.router.route(name)
        return known

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
            found = self.catalog.read.get(key) or self._metadata_of(artifact)
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

    def needs(
        self, requirements: Iterable[Requirement], *, asker: Asker | None = None, by: str
    ) -> dict[Node, int] | Unavailable:
        """Requirements as the solver takes them: package -> bitmask; several on one package are joined.

        `asker`: whose they are (None: the manifest's), `by`: it in words. Raises DirectNeeded.
        """
        wanted = [self._overridden(r) for r in requirements if r.name not in self.request.excluded]
        flat = [r for group in wanted for r in group]
        self._prefetch_pages(r.name for r in flat if not r.url)
        needs: dict[Node, int] = {}
        for requirement in flat:
            allowed = self._allowed(requirement, asker, by)
            if isinstance(allowed, Unavailable):
                return allowed
            extras = (*requirement.extras, *self.request.extras.get(requirement.name, ()))
            for node in (Node(requirement.name), *(Node(requirement.name, e) for e in extras)):
                needs[node] = needs.get(node, -1) & allowed
        return needs

    def _shared(self, wanted: tuple[Requirement, ...]) -> Mapping[Node, int] | None:
        """What `needs` makes of these, if nothing of this target's makes it another than for all targets."""
        known = self.catalog.asked.get(id(wanted))
        if known is None:
            names = {requirement.name for requirement in wanted}
            if any(requirement.url for requirement in wanted) or not self._special.isdisjoint(names):
                return None
            self._prefetch_pages(requirement.name for requirement in wanted)
            listings = {name: self.candidates(name).listing for name in names}
            needs, words = _plain_needs(wanted, listings)
            known = self.catalog.asked[id(wanted)] = Asked(wanted, listings, needs, words)
        elif not self._special.isdisjoint(known.listings):
            return None
        if any(self.candidates(name).listing is not listing for name, listing in known.listings.items()):
            return None
        self._said.append(known.words)
        return known.needs

    @property
    def words(self) -> Mapping[tuple[str, int], str]:
        """(package, bitmask) -> the specifier text that made it first, for explanations."""
        for said in self._said:
            for key, text in said.items():
                self._words.setdefault(key, text)
        self._said.clear()
        return self._words

    def _prefetch_pages(self, names: Iterable[str]) -> None:
        for name in dict.fromkeys(names):
            if name not in self.direct and name not in self._candidates:
                self.catalog.prefetch(name, self.route(name))

    def _overridden(self, requirement: Requirement) -> list[Requirement]:
        """What stands in its place: itself, or the overrides of its package (none: nobody gets it)."""
        overrides = self.request.overrides.get(requirement.name)
        if overrides is None:
            return [requirement]
        return [
            replace(
                o.requirement,
                extras=tuple(sorted({*requirement.extras, *o.requirement.extras})),
                marker=None,
            )
            for o in overrides
        ]

    def _allowed(self, requirement: Requirement, asker: Asker | None, by: str) -> int | Unavailable:
        name = requirement.name
        if requirement.url and requirement.url in self.refused:
            return Unavailable(self.refused[requirement.url])
        if requirement.url and asker:
            self.askers.setdefault(name, set()).add(asker)
        if name in self.direct:
            return self._direct_allowed(requirement)
        placed = self.request.placed.get(name)
        if requirement.url or placed:
            needed = placed[0].requirement if placed else requirement
            raise DirectNeeded(needed, asker[0].name if asker else "", by)
        listing = self.candidates(name).listing
        allowed = mask(requirement.specifier, listing.table) if requirement.specifier else listing.everything
        self._said.append({(name, allowed): requirement.specifier})
        return allowed

    def _direct_allowed(self, requirement: Requirement) -> int | Unavailable:
        candidate, address = self.direct[requirement.name], self.addresses[requirement.name]
        if requirement.url:
            try:
                place = self._place_of(requirement.url)
            except InputError as error:
                return Unavailable(f"asks for {requirement.name}, but {error.message}")
            if place != address:
                return Unavailable(f"asks for {requirement.name} at {place}, not at {address}")
        fits = not requirement.specifier or contains(requirement.specifier, candidate.version)
        if not fits and requirement.name in self.request.given:
            self.request.turned_down(requirement.name, requirement.specifier)
        self._said.append({(requirement.name, int(fits)): requirement.specifier})
        return int(fits)


def _special(request: Request, direct: Iterable[str]) -> set[str]:
    """The packages of which this target has its own opinion."""
    return {*direct, *request.overrides, *request.placed, *request.excluded, *request.extras}


def _plain_needs(
    requirements: Iterable[Requirement], listings: Mapping[str, Listing]
) -> tuple[dict[Node, int], dict[tuple[str, int], str]]:
    """What requirements without addresses ask for in these listings, and in which words they do."""
    needs: dict[Node, int] = {}
    words: dict[tuple[str, int], str] = {}
    for requirement in requirements:
        name, listing = requirement.name, listings[requirement.name]
        allowed = mask(requirement.specifier, listing.table) if requirement.specifier else listing.everything
        words.setdefault((name, allowed), requirement.specifier)
        for node in (Node(name), *(Node(name, extra) for extra in requirement.extras)):
            needs[node] = needs.get(node, -1) & allowed
    return needs, words
