"""Incompatibilities: terms that can't all hold, each with the cause that makes it so.

Packages are small ints here (the solver numbers them as it meets them).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provenv.solver.terms import ANYTHING
from provenv.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Required:
    """The root requirement with this number asks for `package` in `allowed`."""

    number: int
    package: int
    allowed: int


@dataclass(frozen=True, slots=True)
class Depends:
    """Each of `versions` of `package` needs `child` in `allowed`.

    With `shared` the child is another face of the same project and must have the very same version.
    """

    package: int
    versions: int
    child: int
    allowed: int
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Excluded:
    """`versions` of `package` can't be used; `reason` is None where the provider gave none."""

    package: int
    versions: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Derived:
    """Follows from two others by resolution on one package."""

    left: Incompatibility
    right: Incompatibility


Fact: TypeAlias = Required | Depends | Excluded


class Incompatibility:
    """A set of terms of which at least one must be false, whatever is chosen.

    `terms` pairs a package with a set of choices (see `terms`), each package at most once. No terms at all: a
    contradiction. Never changed, so that solves may share them.
    """

    __slots__ = ("cause", "terms")

    def __init__(self, terms: tuple[tuple[int, int], ...], cause: Fact | Derived) -> None:
        self.terms = terms
        self.cause = cause

    def __repr__(self) -> str:
        return f"Incompatibility({self.terms!r}, {type(self.cause).__name__})"

    def term(self, package: int) -> int:
        """The choices of `package` in this incompatibility; ANYTHING where it is not mentioned."""
        for mentioned, choices in self.terms:
            if mentioned == package:
                return choices
        return ANYTHING


def incompatibility_of(fact: Fact) -> Incompatibility:
    """The incompatibility that a fact amounts to."""
    if isinstance(fact, Required):
        terms = [(fact.package, ~fact.allowed)]
    elif isinstance(fact, Excluded):
        terms = [(fact.package, fact.versions)]
    elif fact.package == fact.child:
        terms = [(fact.package, fact.versions & ~fact.allowed)]
    else:
        terms = [(fact.package, fact.versions), (fact.child, ~fact.allowed)]
    return Incompatibility(tuple(term for term in terms if term[1] != ANYTHING), fact)


def resolve(left: Incompatibility, right: Incompatibility, package: int) -> Incompatibility:
    """The rule of resolution: what follows from both, whichever choice of `package` is made."""
    terms = dict(left.terms)
    for mentioned, choices in right.terms:
        if mentioned == package:
            terms[package] = terms.get(package, ANYTHING) | choices
        elif mentioned in terms:
            terms[mentioned] &= choices
        else:
            terms[mentioned] = choices
    kept = tuple(term for term in terms.items() if term[1] != ANYTHING)
    return Incompatibility(kept, Derived(left, right))


def derivation(root: Incompatibility) -> Iterator[Incompatibility]:
    """`root` and everything it follows from, once each, causes before what they cause."""
    seen: set[int] = set()
    stack: list[tuple[Incompatibility, bool]] = [(root, False)]
    while stack:
        node, causes_done = stack.pop()
        if causes_done:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            if isinstance(node.cause, Derived):
                stack += [(node.cause.right, False), (node.cause.left, False)]


def facts_of(nodes: Iterable[Incompatibility]) -> list[Fact]:
    """The facts among the causes of `nodes`, in their order."""
    return [node.cause for node in nodes if not isinstance(node.cause, Derived)]
