"""A proof as steps: conclusions few enough to read, each drawn from few enough chains of facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from provenv.solver.incompatibility import (
    Depends,
    Derived,
    Excluded,
    Fact,
    Incompatibility,
    Required,
    derivation,
)
from provenv.values import dataclass

CLAUSES = 3
"""How many clauses a reader takes in before a conclusion must be drawn; the last one may have one more."""

Chain: TypeAlias = tuple[Fact, ...]


@dataclass(slots=True)
class Step:
    """One conclusion: the facts it is drawn from, and the earlier conclusions."""

    node: Incompatibility
    facts: list[Fact]
    earlier: list[Incompatibility]


def steps_of(proof: Incompatibility, bases: Mapping[int, int]) -> list[Step]:
    """The conclusions worth telling, in order: few enough to read, with few enough facts each."""
    nodes = [node for node in derivation(proof) if isinstance(node.cause, Derived)]
    uses: dict[int, int] = {}
    for node in nodes:
        assert isinstance(node.cause, Derived)
        for premise in (node.cause.left, node.cause.right):
            uses[id(premise)] = uses.get(id(premise), 0) + 1
    drafts: dict[int, Step] = {}
    told: list[Step] = []
    for node in nodes:
        assert isinstance(node.cause, Derived)
        premises = [node.cause.left, node.cause.right]
        inlined = [p for p in premises if id(p) in drafts and uses[id(p)] == 1]
        step = _draft(node, premises, drafts, inlined)
        most = CLAUSES if node.terms else CLAUSES + 1
        while inlined and len(chains_of(step.facts, bases)) + len(step.earlier) > most:
            inlined.remove(max(inlined, key=lambda premise: len(drafts[id(premise)].facts)))
            step = _draft(node, premises, drafts, inlined)
        told += [drafts[id(p)] for p in premises if id(p) in drafts and p not in inlined]
        drafts[id(node)] = step
    last = [drafts[id(proof)]] if id(proof) in drafts else [Step(proof, [_fact(proof)], [])]
    position = {id(node): at for at, node in enumerate(nodes)}
    unique = {id(step.node): step for step in told}
    return sorted(unique.values(), key=lambda step: position[id(step.node)]) + last


def _fact(node: Incompatibility) -> Fact:
    assert not isinstance(node.cause, Derived)
    return node.cause


def _draft(
    node: Incompatibility,
    premises: list[Incompatibility],
    drafts: dict[int, Step],
    inlined: list[Incompatibility],
) -> Step:
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
    return Step(node, list(dict.fromkeys(facts)), list(dict.fromkeys(earlier)))


def chains_of(facts: Sequence[Fact], bases: Mapping[int, int]) -> list[Chain]:
    """The facts joined into `a depends on b, which depends on c`; those that start at a root first."""
    chains: list[Chain] = [(fact,) for fact in facts]
    at = 0
    while at < len(chains):
        following = next((chain for chain in chains if _follows(chains[at], chain, bases)), None)
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


def _follows(chain: Chain, other: Chain, bases: Mapping[int, int]) -> bool:
    """Whether what `chain` ends with is what `other` is about, all of it; an extra is its package too."""
    end, head = chain[-1], other[0]
    if isinstance(end, Excluded) or isinstance(head, Required) or chain is other:
        return False
    package, allowed = (end.package, end.allowed) if isinstance(end, Required) else (end.child, end.allowed)
    about = head.package in (package, bases.get(package))
    return about and allowed != 0 and allowed & head.versions == allowed


def same_subject(one: Fact, other: Fact) -> bool:
    if not isinstance(one, Depends) or not isinstance(other, Depends):
        return False
    return (one.package, one.versions) == (other.package, other.versions)
