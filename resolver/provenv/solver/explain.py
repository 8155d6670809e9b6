"""From the proof that there is no solution to prose: who asks for what, where that meets, what follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from provenv.solver.cases import Cases, cases_of
from provenv.solver.core import Core, asked_of, core_of, union
from provenv.solver.describe import Describer, listed, most_telling
from provenv.solver.incompatibility import Depends, Excluded, Fact, Incompatibility, Required
from provenv.solver.outcome import Unsolvable
from provenv.solver.provider import P, Requirement
from provenv.solver.steps import Chain, Step, chains_of, same_subject, steps_of
from provenv.typed import Generic
from provenv.values import dataclass

STEPPED = 6
"""A story of more lines is told by the versions of one package, where it has one to tell by."""


@dataclass(frozen=True, slots=True)
class Explanation(Generic[P]):
    """Why there is no solution: lines of prose, the last of the proof being the conclusion, then notes.

    `packages` and `requirements` are those without which there would be a solution. `unusable`: the versions
    that something asks for and that can't be used, by package; `unmet`: the packages of which something asks
    for versions that there are not. `needs`: which versions of a package ask for which of another.
    """

    lines: tuple[str, ...]
    packages: tuple[P, ...]
    requirements: tuple[Requirement[P], ...]
    unusable: Mapping[P, int]
    unmet: frozenset[P]
    needs: tuple[tuple[P, int, P, int], ...]


def explain(unsolvable: Unsolvable[P], describer: Describer[P]) -> Explanation[P]:
    """Tell the core of the conflict, step by step."""
    core = core_of(unsolvable.incompatibility, unsolvable.bases)
    telling = _Telling(unsolvable, core, describer)
    facts = core.facts
    numbers = sorted({fact.number for fact in facts if isinstance(fact, Required)})
    packages = {fact.package: None for fact in facts} | {
        fact.child: None for fact in facts if isinstance(fact, Depends)
    }
    names = tuple(sorted(unsolvable.packages[package] for package in packages))
    notes = filter(None, (describer.note(name) for name in names))
    requirements = tuple(unsolvable.requirements[number] for number in numbers)
    unusable = {
        unsolvable.packages[fact.package]: versions
        for fact in facts
        if isinstance(fact, Excluded)
        and (versions := fact.versions & asked_of(facts, fact.package, core.bases))
    }
    unmet = frozenset(unsolvable.packages[package] for package in _unmet(facts))
    needs = tuple(
        (unsolvable.packages[fact.package], fact.versions, unsolvable.packages[fact.child], fact.allowed)
        for fact in facts
        if isinstance(fact, Depends)
    )
    return Explanation((*telling.lines(), *notes), names, requirements, unusable, unmet, needs)


def _unmet(facts: Iterable[Fact]) -> Iterator[int]:
    """The packages of which a fact asks for no version that there is."""
    for fact in facts:
        if isinstance(fact, Required) and not fact.allowed:
            yield fact.package
        if isinstance(fact, Depends) and not fact.allowed:
            yield fact.child


class _Telling(Generic[P]):
    """Words steps with the describer."""

    def __init__(self, unsolvable: Unsolvable[P], core: Core, describer: Describer[P]) -> None:
        self.packages = unsolvable.packages
        self.requirements = unsolvable.requirements
        self.core = core
        self.describer = describer
        self.number: dict[int, int] = {}
        self.asked: set[Required] = set()

    def lines(self) -> list[str]:
        """Step by step; where that takes long and it is shorter so, the versions of one package by reason."""
        told = self._in_steps()
        if len(told) > STEPPED:
            cases = cases_of(self.core)
            self.asked.clear()
            by_reason = self._by_reason(cases) if cases and cases.cases else told
            if len(by_reason) < len(told):
                return by_reason
        return told

    def _by_reason(self, cases: Cases) -> list[str]:
        lines = self._clauses(cases.asked)
        for case in cases.cases:
            lines += self._clauses(case.facts)
        lines += [self._reasons(fact, fact.versions) for fact in cases.unusable]
        if cases.rest:
            number = cases.rest.bit_count()
            few = "another version" if number == 1 else f"{number} other versions"
            lines.append(f"{few} of {self.packages[cases.package]} can't be had for reasons like these")
        return [*(f"{line};" for line in lines), f"so {self._verdict()}."]

    def _in_steps(self) -> list[str]:
        steps = steps_of(self.core.proof, self.core.bases)
        self._give_numbers(steps)
        lines: list[str] = []
        for before, step in zip([None, *steps], steps, strict=False):
            lines += self._step(step, before)
        return lines

    def _give_numbers(self, steps: list[Step]) -> None:
        """Number the conclusions that are drawn on anywhere but in the very next step."""
        for before, step in zip([None, *steps], steps, strict=False):
            for node in step.earlier:
                if before is None or node is not before.node:
                    self.number[id(node)] = 0
        for step in steps:
            if id(step.node) in self.number:
                self.number[id(step.node)] = 1 + max(self.number.values())

    def _step(self, step: Step, before: Step | None) -> list[str]:
        clauses = self._clauses(step.facts)
        clauses += [
            f"{self._conclusion(node)} ({self.number[id(node)]})"
            for node in step.earlier
            if before is None or node is not before.node
        ]
        number = self.number.get(id(step.node))
        label = f" ({number})" if number else ""
        conclusion = self._conclusion(step.node) if step.node.terms else self._verdict()
        return [*(f"{clause};" for clause in clauses), f"so {conclusion}{label}."]

    def _clauses(self, facts: Sequence[Fact]) -> list[str]:
        chains = chains_of(facts, self.core.bases)
        return [self._chain(chain, before) for before, chain in zip([None, *chains], chains, strict=False)]

    def _verdict(self) -> str:
        numbers = sorted({fact.number for fact in self.core.facts if isinstance(fact, Required)})
        requested = list(dict.fromkeys(self.describer.requested(self.requirements[n]) for n in numbers))
        together = " together" if len(requested) > 1 else ""
        return f"{listed(requested)} can't be had{together}"

    def _chain(self, chain: Chain, before: Chain | None) -> str:
        came = chain[0]
        if before and same_subject(before[0], came):
            assert isinstance(came, Depends)
            text = f"it also depends on {self._object(came)}"
        else:
            text = self._head(came)
        for fact in chain[1:]:
            text += self._link(came, fact)
            came = fact
        return text

    def _head(self, fact: Fact) -> str:
        package = self.packages[fact.package]
        if isinstance(fact, Required):
            requirement = self.requirements[fact.number]
            if fact in self.asked:
                return f"{self.describer.requested(requirement)} is asked for, as said"
            self.asked.add(fact)
            text = self.describer.asked(requirement)
            return text if fact.allowed else f"{text}, {self.describer.unmet(package)}"
        if isinstance(fact, Excluded):
            return self._reasons(fact, fact.versions)
        subject = self.describer.versions(package, fact.versions)
        return f"{subject} depends on {self._object(fact)}"

    def _link(self, came: Fact, fact: Fact) -> str:
        """A further fact about what the text so far ends with."""
        if isinstance(fact, Excluded):
            assert not isinstance(came, Excluded)
            parts = self.core.reasons[fact.package]
            if len(parts) == 1:
                return f", which {self._reason(self.packages[fact.package], *parts[0])}"
            return f", but {self._reasons(fact, came.allowed)}"
        assert isinstance(fact, Depends)
        return f", which depends on {self._object(fact)}"

    def _object(self, fact: Depends) -> str:
        package, child = self.packages[fact.package], self.packages[fact.child]
        if fact.child in self.core.bases and self._adds(fact):
            return str(child)
        text = self.describer.needed(package, fact.versions, child, fact.allowed)
        return text if fact.allowed else f"{text}, {self.describer.unmet(child)}"

    def _adds(self, fact: Depends) -> bool:
        """Whether a package asks for an extra of itself, and for nothing that its version is not already."""
        bases = self.core.bases
        same = bases.get(fact.package, fact.package) == bases.get(fact.child, fact.child)
        return same and not fact.versions & ~fact.allowed

    def _reasons(self, fact: Excluded, among: int) -> str:
        package = self.packages[fact.package]
        known = [(versions & among, reason) for versions, reason in self.core.reasons[fact.package]]
        parts = [part for part in known if part[0]]
        told = most_telling(parts, lambda part: part[0].bit_count())
        clauses = [
            f"{self.describer.versions(package, versions)} {self._reason(package, versions, reason)}"
            for versions, reason in parts
            if (versions, reason) in told
        ]
        more = union(versions for versions, _ in parts) & ~union(versions for versions, _ in told)
        if more:
            clauses.append(f"{more.bit_count()} more can't be used either")
        return listed(clauses)

    def _reason(self, package: P, versions: int, reason: str | None) -> str:
        return self.describer.why_unusable(package, versions) if reason is None else reason

    def _conclusion(self, node: Incompatibility) -> str:
        """An incompatibility in words."""
        bases = self.core.bases
        having = {p: choices for p, choices in node.terms if choices >= 0 and p not in bases}
        wanting = {p: ~choices for p, choices in node.terms if choices < 0 and p not in bases}
        extras = [(p, choices >= 0) for p, choices in node.terms if p in bases]
        with_extras = {bases[p] for p, chosen in extras if chosen}
        held = listed(
            [self._held(p, having.get(bases[p])) for p, chosen in extras if chosen]
            + [self._held(p, choices) for p, choices in having.items() if p not in with_extras]
        )
        missing = listed(
            [str(self.packages[p]) for p, chosen in extras if not chosen]
            + [self._held(p, choices) for p, choices in wanting.items() if choices],
            "or",
        )
        several = len(with_extras | having.keys()) > 1
        if not missing:
            return f"{held} can't be had{' together' if several else ''}"
        if not held:
            return f"{missing} is needed"
        return f"{held} {'together need' if several else 'needs'} {missing}"

    def _held(self, package: int, choices: int | None) -> str:
        name = self.packages[package]
        return str(name) if choices is None else self.describer.wanted(name, choices)
