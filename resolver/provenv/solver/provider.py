"""What the solver asks of an ecosystem: a `Provider` of packages, versions and dependencies.

Version i of a package is bit i of a mask, in the order in which versions should be tried (0 first). A package
is any value that is hashable, sortable among its kind and constant; its order settles ties, so that the order
of the input never matters.
"""

from __future__ import annotations

from collections.abc import Mapping

from provenv.typed import Generic, Protocol, TypeVar
from provenv.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Sortable(Protocol):
    """A package identity: hashable, and comparable with its like."""

    def __hash__(self) -> int: ...

    # Any: a str compares with a str, a tuple with a tuple; no common type says so.
    def __lt__(self, other: Any, /) -> bool: ...


class Comparable(Protocol):
    """A priority: comparable with what the same provider returns for other packages."""

    def __lt__(self, other: Any, /) -> bool: ...  # Any: as above


P = TypeVar("P", bound=Sortable)


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Instead of dependencies: this version can't be used. `reason` reads after the version's name.

    For example `has no file for linux-aarch64`, or `needs Python >=3.13`. Versions with an equal reason
    are told together.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Requirement(Generic[P]):
    """What must hold whatever else is chosen: `package` at one of the versions in the mask `allowed`.

    `origin` is the caller's own (a text, an object): the describer words it, the solver never looks at it.
    The same package may be required several times, each with its origin.
    """

    package: P
    allowed: int
    origin: object = None


class Provider(Protocol[P]):
    """Subclass it explicitly: `count` and `dependencies` are needed, the rest has defaults.

    Every answer must stay the same during one solve. The solver asks as late as it can, and the same thing
    at most once.
    """

    def count(self, package: P) -> int:
        """How many versions the package has (bits 0 to count - 1); 0 if it does not exist. May block.

        Asked only for packages that are in a `same_version_as` relation, and by `remedies`.
        """
        ...

    def dependencies(self, package: P, version: int) -> Mapping[P, int] | Unavailable:
        """What this version needs: package -> mask of the versions that will do (0: none does). May block."""
        ...

    def similar(self, package: P, version: int) -> int:
        """The mask of versions that are known to have the very same dependencies, `version` among them.

        Asked after `dependencies` answered with a mapping. Versions that can't be used may be in it too,
        which makes shorter explanations; a version whose dependencies are not known yet may not.
        """
        return 1 << version

    def unusable(self, package: P) -> Mapping[str, int]:
        """Versions known from the start to be out: reason (as in `Unavailable`) -> mask.

        Asked when the package is first seen. Another way is to leave them out of
        every mask; then no explanation can name them.
        """
        return {}

    def same_version_as(self, package: P) -> P | None:
        """The package whose version this one must have whenever it is chosen: `a` for `a[extra]`.

        Both must number their versions alike, and `choose` must treat them alike. `dependencies` need not
        name the other one.
        """
        return None

    def choose(self, package: P, allowed: int) -> int | None:
        """The version (a bit number in `allowed`, never 0) to try; None: none of them is usable.

        It should be the first of `allowed` in one fixed order of taste: then the answer is the best in the
        sense of `solve`.
        """
        return (allowed & -allowed).bit_length() - 1

    def priority(self, package: P, allowed: int, conflicts: int, depth: int) -> Comparable:
        """Which required package is decided next: the one with the lowest value (ties: by package).

        `depth` is 0 for what is required directly, else 1 more than the depth of the package first seen to
        need it.
        `conflicts` rises when the package keeps losing its versions to earlier decisions (decide it earlier),
        falls when it is the one to blame (decide it later), and may be negative.
        The default: what has no choice left, then what is required directly, then by conflicts and depth.
        """
        return (allowed & (allowed - 1) != 0, depth > 0, -conflicts, depth)

    def prefetch(self, required: Mapping[P, int]) -> None:
        """Told before each decision which undecided packages are newly required, or have fewer versions left.

        `required`: package -> mask still allowed; what was told before is left out. A good moment to start
        fetching what `dependencies` will be asked for; must not block.
        """
        return
