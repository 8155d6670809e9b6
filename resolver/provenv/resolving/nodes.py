"""Packages as the solver sees them, and who asks for them."""

from __future__ import annotations

from provenv.standards.requirements import Requirement
from provenv.tuples import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias


class Node(NamedTuple):
    """A package as the solver sees it; with an extra it stands for what that extra adds."""

    name: str
    extra: str = ""

    def __str__(self) -> str:
        return f"{self.name}[{self.extra}]" if self.extra else self.name


Asker: TypeAlias = tuple[Node, int]
"""A package and which of its versions."""


class DirectNeeded(Exception):
    """A direct reference turned up while solving: the solve starts again with it known."""

    def __init__(self, requirement: Requirement, asker: str, by: str) -> None:
        """`asker`: the name of the package whose metadata has it, "" for the manifest; `by`: it in words."""
        super().__init__(str(requirement))
        self.requirement = requirement
        self.asker = asker
        self.by = by
