"""Requirements as the solver takes them: a package, and a bitmask of its versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from provenv.errors import InputError
from provenv.resolving.catalog import Listings
from provenv.resolving.directs import Directs
from provenv.resolving.nodes import Asker, DirectNeeded, Node
from provenv.resolving.request import Request
from provenv.resolving.wanted import Wanted
from provenv.solver.provider import Unavailable
from provenv.standards.requirements import Requirement
from provenv.standards.specifiers import contains, mask
from provenv.values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self


class Demands:
    """What requirements ask for on one target, with one build's packages.

    `askers`: name -> who asks for it at an address.
    """

    def __init__(self, request: Request, listings: Listings, directs: Directs) -> None:
        self.askers: dict[str, set[Asker]] = {}
        self._request = request
        self._listings = listings
        self._directs = directs
        self._special = _special(request, directs)
        self._words: dict[tuple[str, int], str] = {}
        self._said: list[Mapping[tuple[str, int], str]] = []

    def under(self, request: Request) -> Self:
        """The same for another request; the words that were said stay known to both."""
        from copy import copy

        twin = copy(self)
        twin._request = request
        twin._special = _special(request, self._directs)
        return twin

    @property
    def words(self) -> Mapping[tuple[str, int], str]:
        """(package, bitmask) -> the specifier text that made it first, for explanations."""
        for said in self._said:
            for key, text in said.items():
                self._words.setdefault(key, text)
        self._said.clear()
        return self._words

    def shared(self, wanted: Wanted) -> Mapping[Node, int] | None:
        """What `of` makes of these, where nothing of this target's makes it another than for all targets."""
        if not wanted.plain or not self._special.isdisjoint(wanted.names):
            return None
        asked = self._listings.asked(wanted)
        self._said.append(asked.words)
        return asked.needs

    def of(
        self, requirements: Iterable[Requirement], *, asker: Asker | None = None, by: str
    ) -> dict[Node, int] | Unavailable:
        """Package -> bitmask; several requirements of one package are joined.

        `asker`: whose they are (None: the manifest's), `by`: it in words. Raises DirectNeeded.
        """
        flat = self._standing(requirements)
        needs: dict[Node, int] = {}
        for requirement in flat:
            allowed = self._allowed(requirement, asker, by)
            if isinstance(allowed, Unavailable):
                return allowed
            extras = (*requirement.extras, *self._request.extras.get(requirement.name, ()))
            for node in (Node(requirement.name), *(Node(requirement.name, e) for e in extras)):
                needs[node] = needs.get(node, -1) & allowed
        return needs

    def expect(self, requirements: Iterable[Requirement]) -> None:
        """Lets the pages come of what will be asked for."""
        self._standing(requirements)

    def _standing(self, requirements: Iterable[Requirement]) -> list[Requirement]:
        """What stands in the place of requirements; their pages are let come."""
        wanted = [self._overridden(r) for r in requirements if r.name not in self._request.excluded]
        flat = [r for group in wanted for r in group]
        self._prefetch(r.name for r in flat if not r.url)
        return flat

    def _prefetch(self, names: Iterable[str]) -> None:
        for name in dict.fromkeys(names):
            if name not in self._directs.candidates:
                self._listings.prefetch(name)

    def _overridden(self, requirement: Requirement) -> list[Requirement]:
        """What stands in its place: itself, or the overrides of its package (none: nobody gets it)."""
        overrides = self._request.overrides.get(requirement.name)
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
        if requirement.url and requirement.url in self._directs.refused:
            return Unavailable(self._directs.refused[requirement.url])
        if requirement.url and asker:
            self.askers.setdefault(name, set()).add(asker)
        if name in self._directs.candidates:
            return self._direct_allowed(requirement)
        placed = self._request.placed.get(name)
        if requirement.url or placed:
            needed = placed[0].requirement if placed else requirement
            raise DirectNeeded(needed, asker[0].name if asker else "", by)
        listing = self._listings[name]
        allowed = mask(requirement.specifier, listing.table) if requirement.specifier else listing.everything
        self._said.append({(name, allowed): requirement.specifier})
        return allowed

    def _direct_allowed(self, requirement: Requirement) -> int | Unavailable:
        name = requirement.name
        candidate, address = self._directs.candidates[name], self._directs.addresses[name]
        if requirement.url:
            try:
                place = self._directs.place(requirement.url)
            except InputError as error:
                return Unavailable(f"asks for {name}, but {error.message}")
            if place != address:
                return Unavailable(f"asks for {name} at {place}, not at {address}")
        fits = not requirement.specifier or contains(requirement.specifier, candidate.version)
        if not fits and name in self._request.given:
            self._request.turned_down(name, requirement.specifier)
        self._said.append({(name, int(fits)): requirement.specifier})
        return int(fits)


def _special(request: Request, directs: Directs) -> set[str]:
    """The packages of which this target has its own opinion."""
    given = (directs.candidates, request.overrides, request.placed, request.excluded, request.extras)
    return {name for names in given for name in names}
