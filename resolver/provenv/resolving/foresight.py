"""What the further targets of a matrix will likely ask for, fetched while others are solved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from provenv.pypi.artifacts import Artifact
from provenv.resolution import Package, Resolution
from provenv.resolving.catalog import Listing
from provenv.resolving.search import Search
from provenv.standards.markers import InvalidMarker, MarkerEnvironment, may_hold, mentions_extra
from provenv.standards.specifiers import python_allows
from provenv.standards.tags import ranks_in
from provenv.tuples import NamedTuple


class Outlook(NamedTuple):
    """What is known of a target before it is solved."""

    python: str
    tags: Mapping[str, int]
    environment: MarkerEnvironment


class _Choice(NamedTuple):
    """The wheels of one version. `newer`: those of newer versions that were none for the target at hand."""

    name: str
    wheels: Sequence[Artifact]
    newer: Sequence[Sequence[Artifact]]


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
        choices = [choice for package in resolution.packages if (choice := self._choice(package, search))]
        asked = _asked_for(resolution.packages, search) if choices else {}
        for other in others if choices else ():
            needed = _needed(asked, search.request.rules.direct, other.environment)
            for name, wheels, newer in choices:
                if name in needed and not any(_best(files, other) for files in newer):
                    wheel = _best(wheels, other)
                    if wheel is not None and wheel.metadata is not None:
                        search.catalog.source.prefetch_metadata(wheel)

    def _choice(self, package: Package, search: Search) -> _Choice | None:
        """What others may choose from, unless it was looked at before.

        What follows a build has other versions, or lies elsewhere, where the build is another.
        """
        name, version, router = package.name, package.version, search.router
        if package.direct is not None or router.follows_build(name) or (name, version) in self._seen:
            return None
        self._seen.add((name, version))
        listing = search.catalog.listing(name, router.route(name))
        at = listing.versions.index(version)
        wheels = _wheels(listing, at)
        if len(wheels) < 2:
            return None
        rules = search.request.rules
        own = Outlook(rules.python, rules.tags, rules.environment)
        newer = [_wheels(listing, n) for n in {0, at - 1} if 0 <= n < at and not listing.prereleases >> n & 1]
        return _Choice(name, wheels, [files for files in newer if _best(files, own) is None])


def _wheels(listing: Listing, version: int) -> list[Artifact]:
    return [file for file in listing.files(version) if file.kind == "wheel" and file.yanked is None]


def _asked_for(packages: Iterable[Package], search: Search) -> dict[str, list[tuple[str, str | None]]]:
    """Name -> the packages that it may ask for on some target or other, and by which markers."""
    names = {package.name for package in packages}
    found: dict[str, list[tuple[str, str | None]]] = {}
    for package in packages:
        artifact = package.artifact
        metadata = search.catalog.read.get((artifact.index, artifact.url)) if artifact else None
        if metadata is None:
            found[package.name] = [(name, None) for name in package.requires if name in names]
            continue
        extras = ("", *package.extras)
        found[package.name] = [
            (r.name, r.marker)
            for r in metadata.requires
            if r.name in names and (r.marker is None or any(may_hold(r.marker, extra) for extra in extras))
        ]
    return found


def _needed(
    asked: Mapping[str, Sequence[tuple[str, str | None]]],
    roots: Iterable[str],
    environment: MarkerEnvironment,
) -> set[str]:
    """Which of these are asked for in another environment; as for extras, rather one too many."""
    needed: set[str] = set()
    todo = [name for name in roots if name in asked]
    while todo:
        name = todo.pop()
        if name not in needed:
            needed.add(name)
            todo += [
                child for child, marker in asked[name] if child not in needed and _holds(marker, environment)
            ]
    return needed


def _holds(marker: str | None, environment: MarkerEnvironment) -> bool:
    try:
        return marker is None or mentions_extra(marker) or environment.evaluate(marker)
    except InvalidMarker:  # told when the target is solved
        return False


def _best(files: Iterable[Artifact], target: Outlook) -> Artifact | None:
    """The best of these wheels for a target, by tags and build number."""
    ranks, best, rank = ranks_in(target.tags), None, (0, (0, ""))
    for file in files:
        if (found := ranks[file.tags]) is None:
            continue
        if file.requires_python and not python_allows(file.requires_python, target.python):
            continue
        theirs = (-found, file.build_number or (0, ""))
        if best is None or theirs > rank:
            best, rank = file, theirs
    return best
