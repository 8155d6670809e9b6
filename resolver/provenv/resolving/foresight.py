"""What the further targets of a matrix will likely ask for, fetched while others are solved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from provenv.pypi.artifacts import Artifact
from provenv.resolution import Package, Resolution
from provenv.resolving.catalog import Listing
from provenv.resolving.search import Search
from provenv.standards.markers import InvalidMarker, MarkerEnvironment
from provenv.standards.specifiers import python_allows
from provenv.standards.tags import ranks_in


class Outlook(NamedTuple):
    """What is known of a target before it is solved."""

    python: str
    tags: Mapping[str, int]
    environment: MarkerEnvironment


class Foresight:
    """Looks ahead from one target's resolution to others: most have its versions, in other wheels.

    Without it each target would wait for a far index at each step away from the manifest.
    """

    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()

    def prefetch(self, resolution: Resolution, search: Search, others: Iterable[Outlook]) -> None:
        """Lets the metadata come of the wheels that others would take.

        Only where the index has them apart: nobody's guess is worth a whole wheel.
        """
        packages = {package.name: package for package in resolution.packages}
        found = ((package, self._listing(package, search)) for package in resolution.packages)
        choices = [(package, listing) for package, listing in found if listing is not None]
        rules = search.request.rules
        own = Outlook(rules.python, rules.tags, rules.environment)
        for other in others if choices else ():
            needed = _needed(packages, search, other.environment)
            for package, listing in choices:
                wheel = _likely(listing, package.version, own, other) if package.name in needed else None
                if wheel is not None and wheel.metadata is not None:
                    search.catalog.source.prefetch_metadata(wheel)

    def _listing(self, package: Package, search: Search) -> Listing | None:
        """Where a package's version has several wheels, unless it was looked at before.

        What follows a build has other versions, or lies elsewhere, where the build is another.
        """
        name, router = package.name, search.router
        if package.direct is not None or router.follows_build(name) or (name, package.version) in self._seen:
            return None
        self._seen.add((name, package.version))
        listing = search.catalog.listing(name, router.route(name))
        return listing if len(listing.files(listing.versions.index(package.version))) > 1 else None


def _needed(packages: Mapping[str, Package], search: Search, environment: MarkerEnvironment) -> set[str]:
    """Which packages of a resolution are asked for in another environment."""
    needed: set[str] = set()
    todo = [name for name in search.request.rules.direct if name in packages]
    while todo:
        name = todo.pop()
        if name not in needed:
            needed.add(name)
            todo += _asked_for(packages[name], packages, search, environment)
    return needed


def _asked_for(
    package: Package, packages: Mapping[str, Package], search: Search, environment: MarkerEnvironment
) -> Sequence[str]:
    artifact, extras = package.artifact, frozenset(package.extras)
    metadata = search.catalog.read.get((artifact.index, artifact.url)) if artifact else None
    if metadata is None:
        return [name for name in package.requires if name in packages]
    try:
        return [
            r.name
            for r in metadata.requires
            if r.name in packages and (r.marker is None or environment.evaluate(r.marker, extras))
        ]
    except InvalidMarker:  # told when the target is solved
        return ()


def _likely(listing: Listing, version: str, own: Outlook, other: Outlook) -> Artifact | None:
    """The wheel of a version for another target; None where it has none, or has newer versions to take."""
    at = listing.versions.index(version)
    for newer in {0, at - 1} if at else ():
        files = () if listing.prereleases >> newer & 1 else listing.files(newer)
        if _best(files, other) is not None and _best(files, own) is None:
            return None
    return _best(listing.files(at), other)


def _best(files: Iterable[Artifact], target: Outlook) -> Artifact | None:
    """The best plain wheel for a target, by tags and build number."""
    ranks, best, rank = ranks_in(target.tags), None, (0, (0, ""))
    for file in files:
        if file.kind != "wheel" or (found := ranks[file.tags]) is None or file.yanked is not None:
            continue
        if file.requires_python and not python_allows(file.requires_python, target.python):
            continue
        theirs = (-found, file.build_number or (0, ""))
        if best is None or theirs > rank:
            best, rank = file, theirs
    return best
