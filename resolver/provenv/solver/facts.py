"""The facts known so far, each as wide as it is known to be: one incompatibility for many versions."""

from __future__ import annotations

from provenv.solver.incompatibility import Depends, Excluded, Incompatibility, incompatibility_of
from provenv.solver.propagation import Propagation
from provenv.values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

FactKey: TypeAlias = tuple[int, int | str | None, int, bool]


def key_of(fact: Depends | Excluded) -> FactKey:
    """Equal for facts that differ in nothing but the versions they are about."""
    if isinstance(fact, Excluded):
        return fact.package, fact.reason, 0, True
    return fact.package, fact.child, fact.allowed, fact.shared


class FactStore:
    """Gives facts to the engine; one that says the same of more versions replaces an earlier one.

    `said`: what says each of them now.
    """

    def __init__(self, engine: Propagation) -> None:
        self._engine = engine
        self.said: dict[FactKey, Incompatibility] = {}
        self._versions: dict[FactKey, int] = {}

    def fork(self, engine: Propagation) -> FactStore:
        """The same facts, for a copy of the engine."""
        twin = FactStore(engine)
        twin.said = dict(self.said)
        twin._versions = dict(self._versions)
        return twin

    def add(self, fact: Depends | Excluded) -> FactKey:
        """Make it known, if it is news; `said[key]` is then what says it."""
        key = key_of(fact)
        before = self._versions.get(key, 0)
        versions = before | fact.versions
        if versions != before or key not in self.said:
            if before:
                self._engine.retire(self.said[key])
                fact = replace(fact, versions=versions)
            self._versions[key] = versions
            self.said[key] = incompatibility_of(fact)
            self._engine.add(self.said[key])
        return key
