"""How an explanation words packages, versions and requirements: the `Describer`, and help to write one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from provenv.solver.provider import P, Requirement
from provenv.typed import Protocol, TypeVar

T = TypeVar("T")

RANGES = 3
"""So many ranges are told as they are."""

REASONS = 3
"""So many reasons are told why versions of one package can't be used, those of most versions."""
SHARE = 10
"""A reason is left out that has not even so many hundredths of the versions of the foremost."""


class Describer(Protocol[P]):
    """Subclass it explicitly: `spell` and `requested` are needed, the rest has defaults.

    All texts are parts of a sentence, without a capital or a full stop of their own.
    """

    def spell(self, package: P, mask: int) -> str:
        """A set of versions, not empty: `2.0`, `>=1,<2`, `1.0 or >=3`; the empty text for all of them."""
        ...

    def requested(self, requirement: Requirement[P]) -> str:
        """A root requirement as its author wrote it: `a<2`."""
        ...

    def asked(self, requirement: Requirement[P]) -> str:
        """Who asks for it, and what for, ending in the requirement."""
        return f"your manifest asks for {self.requested(requirement)}"

    def versions(self, package: P, mask: int) -> str:
        """The subject of a sentence: `b 2.0`, `b >=1,<2`, `every version of b`."""
        text = self.spell(package, mask)
        return f"{package} {text}" if text else f"every version of {package}"

    def wanted(self, package: P, mask: int) -> str:
        """What can or can't be had: `b 2.0`, `b>=1,<2`, `b`."""
        text = self.spell(package, mask)
        return f"{package}{text}" if text[:1] in ("", "<", ">") else f"{package} {text}"

    def needed(self, package: P, versions: int, child: P, allowed: int) -> str:
        """What these versions of `package` depend on: `b>=2`, as their authors wrote it.

        `allowed` may be the union of what the single versions need; it is 0 where no version of `child` fits.
        """
        return self.wanted(child, allowed) if allowed else str(child)

    def unmet(self, package: P) -> str:
        """Said after a requirement that no version of `package` fits."""
        return "which no version satisfies"

    def why_unusable(self, package: P, versions: int) -> str:
        """Said after `versions`, which `Provider.choose` found no choice among."""
        return "can't be used"

    def note(self, package: P) -> str | None:
        """What else one must know about a package of the conflict; a line of its own at the end."""
        return None


def runs(mask: int, order: Sequence[int]) -> list[tuple[int, int]]:
    """`mask` as runs of neighbours: (first, last) places in `order`, which lists versions from old to new.

    For wording a set of versions as ranges, whatever order they are tried in.
    """
    found: list[tuple[int, int]] = []
    for place, version in enumerate(order):
        if mask >> version & 1:
            if found and found[-1][1] == place - 1:
                found[-1] = (found[-1][0], place)
            else:
                found.append((place, place))
    return found


def spell_ranges(mask: int, order: Sequence[int], texts: Sequence[str]) -> str:
    """A set of versions as a person would write it: `2.0`, `>=1.0,<2.0`, `<1.0 or >=3.0`; `` for all of them.

    `order` lists the version numbers from old to new, `texts[v]` is version v. An upper end is open (`<2.0`,
    the next version there is), and of many ranges only their ends are told: `1.0 to 3.0 (7 of 9 versions)`.
    """
    if all(mask >> version & 1 for version in order):
        return ""
    pieces = []
    found = runs(mask, order)
    if len(found) > RANGES:
        oldest, newest = found[0][0], found[-1][1]
        many = f"{mask.bit_count()} of {newest - oldest + 1} versions"
        return f"{texts[order[oldest]]} to {texts[order[newest]]} ({many})"
    for first, last in found:
        low = f">={texts[order[first]]}" if first else ""
        high = f"<{texts[order[last + 1]]}" if last + 1 < len(order) else ""
        single = first == last
        pieces.append(texts[order[first]] if single else ",".join(filter(None, (low, high))))
    return listed(pieces, "or")


def most_telling(reasons: Iterable[T], count: Callable[[T], int]) -> list[T]:
    """The reasons worth telling, those of most versions first. `count`: how many versions a reason has."""
    ranked = sorted(reasons, key=count, reverse=True)[:REASONS]
    return [reason for reason in ranked if 100 * count(reason) >= SHARE * count(ranked[0])]


def listed(items: Sequence[str], word: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"
