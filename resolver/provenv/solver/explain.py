"""From the proof that there is no solution to prose: who asks for what, where that meets, what follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeAlias

from provenv.solver.core import Core, asked_of, core_of
from provenv.solver.describe import Describer, listed
from provenv.solver.incompatibility import (
    Depends,
    Derived,
    Excluded,
    Fact,
    Incompatibility,
    Required,
    derivation,
)
from provenv.solver.provider import P, Requirement
from provenv.solver.solve import Unsolvable
from provenv.values import dataclass

CLAUSES = 3
"""How many clauses a reader takes in before a conclusion must be drawn; the last one may have one more."""

Chain: TypeAlias = tuple[Fact, ...]


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
    core = core_of(unsolvable.incompatibility)
    telling = _Telling(unsolvable, core, describer)
    facts = [node.cause for node in derivation(core.proof) if not isinstance(node.cause, Derived)]
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
        if isinstance(fact, Excluded) and (versions := fact.versions & asked_of(facts, fact.package))
    }
    unmet = frozenset(unsolvable.packages[package] for package in _unmet(facts))
    needs = tuple(
        (unsolvable.packages[fact.package], fact.versions, unsolvable.packages[fact.child], fact.allowed)
        for fact in facts
        if isinstance(fact, Depends) and not fact.shared
    )
    return Explanation((*telling.lines(), *notes), names, requirements, unusable, unmet, needs)


def _unmet(facts: Iterable[Fact]) -> Iterator[int]:
    """The packages of which a fact asks for no version that there is."""
    for fact in facts:
        if isinstance(fact, Required) and not fact.allowed:
            yield fact.package
        if isinstance(fact, Depends) and not fact.allowed:
            yield fact.child


@dataclass(slots=True)
class _Step:
    """One conclusion: the facts it is drawn from, and the earlier conclusions."""

    node: Incompatibility
    facts: list[Fact]
    earlier: list[Incompatibility]


def steps_of(proof: Incompatibility) -> list[_Step]:
    """The conclusions worth telling, in order: few enough to read, with few enough facts each."""
    nodes = [node for node in derivation(proof) if isinstance(node.cause, Derived)]
    uses: dict[int, int] = {}
    for node in nodes:
        assert isinstance(node.cause, Derived)
        for premise in (node.cause.left, node.cause.right):
            uses[id(premise)] = uses.get(id(premise), 0) + 1
    drafts: dict[int, _Step] = {}
    told: list[_Step] = []
    for node in nodes:
        assert isinstance(node.cause, Derived)
        premises = [node.cause.left, node.cause.right]
        inlined = [p for p in premises if id(p) in drafts and uses[id(p)] == 1]
        step = _draft(node, premises, drafts, inlined)
        most = CLAUSES if node.terms else CLAUSES + 1
        while inlined and len(chains_of(step.facts)) + len(step.earlier) > most:
            inlined.remove(max(inlined, key=lambda premise: len(drafts[id(premise)].facts)))
            step = _draft(node, premises, drafts, inlined)
        told += [drafts[id(p)] for p in premises if id(p) in drafts and p not in inlined]
        drafts[id(node)] = step
    last = [drafts[id(proof)]] if id(proof) in drafts else [_Step(proof, [_fact(proof)], [])]
    position = {id(node): at for at, node in enumerate(nodes)}
    unique = {id(step.node): step for step in told}
    return sorted(unique.values(), key=lambda step: position[id(step.node)]) + last


def _fact(node: Incompatibility) -> Fact:
    assert not isinstance(node.cause, Derived)
    return node.cause


def _draft(
    node: Incompatibility,
    premises: list[Incompatibility],
    drafts: dict[int, _Step],
    inlined: list[Incompatibility],
) -> _Step:
    facts: list[Fact] = []
    earlier: list[Incompatibility] = []
    for premise in premises:
        if id(premise) not in drafts:
            facts.append(_fact(premise))
        elif premise in inlined:
            facts += drafts[id(premise)].facts
            earlier += drafts[id(premise)].earlier
        else:
            earlier.append(premise)
    return _Step(node, list(dict.fromkeys(facts)), list(dict.fromkeys(earlier)))


def chains_of(facts: list[Fact]) -> list[Chain]:
    """The facts joined into `a depends on b, which depends on c`; those that start at a root first."""
    chains: list[Chain] = [(fact,) for fact in facts]
    at = 0
    while at < len(chains):
        following = next((chain for chain in chains if _follows(chains[at], chain)), None)
        if following is None:
            at += 1
            continue
        joined = chains[at] + following
        chains = [chain for chain in chains if chain not in (chains[at], following)] + [joined]
        at = 0
    return sorted(chains, key=_chain_rank)


def _chain_rank(chain: Chain) -> tuple[int, int, int, int]:
    """Root requirements as they were given, then what is said of the same versions side by side."""
    head = chain[0]
    if isinstance(head, Required):
        return 0, head.number, 0, 0
    return 1, head.package, head.versions, -len(chain)


def _follows(chain: Chain, other: Chain) -> bool:
    """Whether what `chain` ends with is what `other` is about, all of it."""
    end, head = chain[-1], other[0]
    if isinstance(end, Excluded) or isinstance(head, Required) or chain is other:
        return False
    package, allowed = (end.package, end.allowed) if isinstance(end, Required) else (end.child, end.allowed)
    return head.package == package and allowed != 0 and allowed & head.versions == allowed


def _same_subject(one: Fact, other: Fact) -> bool:
    if not isinstance(one, Depends) or not isinstance(other, Depends) or one.shared or other.shared:
        return False
    return (one.package, one.versions) == (other.package, other.versions)


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
        steps = steps_of(self.core.proof)
        self._give_numbers(steps)
        lines: list[str] = []
        for before, step in zip([None, *steps], steps, strict=False):
            lines += self._step(step, before)
        return lines

    def _give_numbers(self, steps: list[_Step]) -> None:
        """Number the conclusions that are drawn on anywhere but in the very next step."""
        for before, step in zip([None, *steps], steps, strict=False):
            for node in step.earlier:
                if before is None or node is not before.node:
                    self.number[id(node)] = 0
        for step in steps:
            if id(step.node) in self.number:
                self.number[id(step.node)] = 1 + max(self.number.values())

    def _step(self, step: _Step, before: _Step | None) -> list[str]:
        chains = chains_of(step.facts)
        clauses = [
            self._chain(chain, chain_before)
            for chain_before, chain in zip([None, *chains], chains, strict=False)
        ]
        clauses += [
            f"{self._conclusion(node)} ({self.number[id(node)]})"
            for node in step.earlier
            if before is None or node is not before.node
        ]
        number = self.number.get(id(step.node))
        label = f" ({number})" if number else ""
        conclusion = self._conclusion(step.node) if step.node.terms else self._verdict()
        return [*(f"{clause};" for clause in clauses), f"so {conclusion}{label}."]

    def _verdict(self) -> str:
        facts = [node.cause for node in derivation(self.core.proof)]
        numbers = sorted({fact.number for fact in facts if isinstance(fact, Required)})
        requested = list(dict.fromkeys(self.describer.requested(self.requirements[n]) for n in numbers))
        together = " together" if len(numbers) > 1 else ""
        return f"{listed(requested)} can't be had{together}"

    def _chain(self, chain: Chain, before: Chain | None) -> str:
        came = chain[0]
        if before and _same_subject(before[0], came):
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
        if fact.shared:
            return f"{subject} goes with {self.describer.wanted(self.packages[fact.child], fact.allowed)}"
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
        return "" if fact.shared else f", which depends on {self._object(fact)}"

    def _object(self, fact: Depends) -> str:
        package, child = self.packages[fact.package], self.packages[fact.child]
        text = self.describer.needed(package, fact.versions, child, fact.allowed)
        return text if fact.allowed else f"{text}, {self.describer.unmet(child)}"

    def _reasons(self, fact: Excluded, among: int) -> str:
        package = self.packages[fact.package]
        parts = [(versions & among, reason) for versions, reason in self.core.reasons[fact.package]]
        return listed(
            [
                f"{self.describer.versions(package, versions)} {self._reason(package, versions, reason)}"
                for versions, reason in parts
                if versions
            ]
        )

    def _reason(self, package: P, versions: int, reason: str | None) -> str:
        return self.describer.why_unusable(package, versions) if reason is None else reason

    def _conclusion(self, node: Incompatibility) -> str:
        """An incompatibility in words."""
        having = [(self.packages[p], choices) for p, choices in node.terms if choices >= 0]
        wanting = [(self.packages[p], ~choices) for p, choices in node.terms if choices < 0]
        held = listed([self.describer.wanted(*term) for term in having])
        missing = listed([self.describer.wanted(*term) for term in wanting if term[1]], "or")
        if not missing:
            return f"{held} can't be had{' together' if len(having) > 1 else ''}"
        if not having:
            return f"{missing} is needed"
        return f"{held} {'together need' if len(having) > 1 else 'needs'} {missing}"
