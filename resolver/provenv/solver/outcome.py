"""What a solve comes to: a solution, or the proof that there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provenv.solver.provider import P, Requirement
from provenv.typed import Generic
from provenv.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.solver.incompatibility import Incompatibility


@dataclass(frozen=True, slots=True)
class Solution(Generic[P]):
    """A version for every package that is needed, in the order of decision.

    `tried`: how many versions had their dependencies looked at.
    """

    versions: Mapping[P, int]
    tried: int

    @property
    def order(self) -> tuple[P, ...]:
        return tuple(self.versions)


class Unsolvable(Exception, Generic[P]):
    """There is no solution. `incompatibility` is the proof; `explain` turns it into prose.

    `packages[n]` is the package that the proof calls n, `requirements` what was asked for. `bases`: whose
    version each package has that shares one.
    """

    def __init__(
        self,
        incompatibility: Incompatibility,
        packages: Sequence[P],
        requirements: Sequence[Requirement[P]],
        bases: Mapping[int, int],
    ) -> None:
        super().__init__("no choice of versions satisfies all requirements")
        self.incompatibility = incompatibility
        self.packages = tuple(packages)
        self.requirements = tuple(requirements)
        self.bases = bases
