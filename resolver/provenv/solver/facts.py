"""The facts known so far, each as wide as it is known to be: one incompatibility for many versions."""

from __future__ import annotations

from typing import TypeAlias

from provenv.solver.incompatibility import Depends, Excluded, Incompatibility, incompatibility_of
from provenv.solver.propagation import Propagation
from provenv.values import replace

FactKey: TypeAlias = tuple[int, int | str | None, int, bool]


def key_of(fact: Depends | Excluded) -> FactKey:
    """Equal for facts that differ in nothing but the versions they are about."""
    if isinstance(fact, Excluded):
        return fact.package, fact.reason, 0, True
    return fact.package, fact.child, fact.allowed, fact.shared


class FactStore:
    """Gives facts to the engine; one that says the same of more versions replaces an earlier one."""

    def __init__(self, engine: Propagation) -> None:
        self._engine = engine
        self._facts: dict[FactKey, Incompatibility] = {}
        self._versions: dict[FactKey, int] = {}

    def fork(self, engine: Propagation) -> FactStore:
        """The same facts, for a copy of the engine."""
        twin = FactStore(engine)
        twin._facts = dict(self._facts)
        twin._versions = dict(self._versions)
        return twin

    def __getitem__(self, key: FactKey) -> Incompatibility:
        return self._facts[key]

    def add(self, fact: Depends | Excluded) -> FactKey:
        """Make it known, if it is news; `self[key]` is then what says it."""
        key = key_of(fact)
        before = self._versions.get(key, 0)
        versions = before | fact.versions
        if versions != before or key not in self._facts:
            if before:
                self._engine.retire(self._facts[key])
                fact = replace(fact, versions=versions)
            self._versions[key] = versions
            self._facts[key] = incompatibility_of(fact)
            self._engine.add(self._facts[key])
        return key
