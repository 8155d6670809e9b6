"""Extras as a person sees them: not packages of their own with an equal version, but the package with more.

The engine that solves knows `a[x]` as a package whose version is `a`'s, fact by fact. For telling, `a[x] >=2`
is two things: that the extra is chosen, and that `a` is >=2. Nothing is then left to say of their sharing.
`bases` says which package an extra is of: number of `a[x]` -> number of `a`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from provenv.solver.incompatibility import Depends, Fact, Incompatibility, Required
from provenv.solver.terms import ANYTHING

CHOSEN = 1
"""The only choice of an extra beside its absence."""

_Terms = list[tuple[int, int]]


def parts_of(fact: Fact, bases: Mapping[int, int]) -> Iterator[Incompatibility]:
    """The incompatibilities that a fact amounts to: two where it asks for an extra."""
    subject: _Terms = []
    if not isinstance(fact, Required):
        subject = _held(fact.package, fact.versions, bases)
    if not isinstance(fact, Required | Depends):
        yield from _joined(subject, fact)
        return
    asked = fact.package if isinstance(fact, Required) else fact.child
    if asked in bases:
        yield from _joined([*subject, (asked, ~CHOSEN)], fact)
    yield from _joined([*subject, (bases.get(asked, asked), ~fact.allowed)], fact)


def _held(package: int, versions: int, bases: Mapping[int, int]) -> _Terms:
    """What holds where `package` is at one of `versions`."""
    if package in bases:
        return [(package, CHOSEN), (bases[package], versions)]
    return [(package, versions)]


def _joined(terms: Iterable[tuple[int, int]], fact: Fact) -> Iterator[Incompatibility]:
    """All of the terms as one incompatibility; none where they can't all hold anyway."""
    joined: dict[int, int] = {}
    for package, choices in terms:
        joined[package] = joined.get(package, ANYTHING) & choices
    if all(joined.values()):
        yield Incompatibility(tuple(term for term in joined.items() if term[1] != ANYTHING), fact)
