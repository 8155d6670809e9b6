"""What the metadata of a file ask for: read once, whatever the number of targets, builds and attempts."""

from __future__ import annotations

from collections.abc import Mapping

from provenv.pypi.artifacts import Metadata
from provenv.resolving.nodes import Node
from provenv.standards.markers import MarkerEnvironment, extra_of, may_hold
from provenv.standards.requirements import Requirement
from provenv.standards.specifiers import mask
from provenv.tuples import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.resolving.catalog import Listing


class Asked(NamedTuple):
    """What requirements come to in certain listings.

    `needs`: node -> mask of its versions, as the solver takes them; shared, so never changed. `words`: name
    and mask -> the specifier that made it.
    """

    needs: Mapping[Node, int]
    words: Mapping[tuple[str, int], str]


class Wanted:
    """The requirements that hold on all targets which answer a file's markers alike.

    `names`: the packages that they ask for. `plain`: none of them is asked for at an address.
    """

    __slots__ = ("_asked", "names", "plain", "requirements")

    def __init__(self, requirements: tuple[Requirement, ...]) -> None:
        self.requirements = requirements
        self.names = tuple(dict.fromkeys([requirement.name for requirement in requirements]))
        self.plain = not any(requirement.url for requirement in requirements)
        self._asked: dict[tuple[Listing, ...], Asked] = {}

    def asked(self, listings: Mapping[str, Listing]) -> Asked:
        """What they come to in these listings (by name), if they are plain. Raises InvalidSpecifier."""
        # a listing is equal only to itself, so that this takes no longer than one look-up for each
        key = tuple(map(listings.__getitem__, self.names))
        known = self._asked.get(key)
        if known is None:
            known = self._asked[key] = self._ask(listings)
        return known

    def _ask(self, listings: Mapping[str, Listing]) -> Asked:
        needs: dict[Node, int] = {}
        words: dict[tuple[str, int], str] = {}
        for requirement in self.requirements:
            name, table = requirement.name, listings[requirement.name].table
            allowed = mask(requirement.specifier, table) if requirement.specifier else table.everything
            words.setdefault((name, allowed), requirement.specifier)
            for node in (Node(name), *[Node(name, extra) for extra in requirement.extras]):
                needs[node] = needs.get(node, -1) & allowed
        return Asked(needs, words)


class Wants:
    """What the metadata of one file may ask for with one extra ("": without any) on some target."""

    __slots__ = ("_by_answers", "_markers", "_possible", "metadata")

    def __init__(self, metadata: Metadata, extra: str, environment: MarkerEnvironment) -> None:
        """`environment`: any target's. Raises InvalidMarker for a marker that has no meaning.

        Most requirements are of extras that nobody asks for.
        """
        extras, plain = frozenset({extra}), environment.answers("")
        possible: list[Requirement] = []
        for requirement in metadata.requires:
            marker = requirement.marker
            if marker is None:
                if not extra:
                    possible.append(requirement)
                continue
            needed = extra_of(marker)
            if needed is None:
                _ = environment.evaluate(marker, extras) if extra else plain[marker]
                needed = extra if may_hold(marker, extra) else None
            if needed == extra:
                possible.append(requirement)
        self.metadata = metadata
        self._possible = possible
        self._markers = [r.marker for r in possible if r.marker is not None]
        self._by_answers: dict[tuple[bool, ...], Wanted] = {}

    def wanted(self, extra: str, environment: MarkerEnvironment) -> Wanted:
        """Those that hold in an environment; with an extra only what it adds. Raises InvalidMarker."""
        answers = tuple(map(environment.answers(extra).__getitem__, self._markers))
        known = self._by_answers.get(answers)
        if known is None:
            left = iter(answers)
            held = tuple([r for r in self._possible if r.marker is None or next(left)])
            known = self._by_answers[answers] = Wanted(held)
        return known
