"""Why there is no resolution: the solver's proof in the words of packages, targets and builds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from provenv.errors import NoSolution, ProvenvError
from provenv.hooks.types import Builds
from provenv.resolving.provider import Node, PackageProvider
from provenv.resolving.wording import say_versions
from provenv.solver.incompatibility import Depends, Excluded, Required, derivation, facts_of
from provenv.solver.solve import Unsolvable
from provenv.targets import Target


@dataclass(frozen=True, slots=True)
class Told:
    """A conflict in words. `packages`: the canonical names that it speaks of."""

    message: str
    lines: tuple[str, ...]
    hints: tuple[str, ...]
    packages: frozenset[str]


def involved(unsolvable: Unsolvable[Node]) -> frozenset[str]:
    """The packages that the proof speaks of."""
    names: set[str] = set()
    for fact in facts_of(derivation(unsolvable.incompatibility)):
        names.add(unsolvable.packages[fact.package].name)
        if isinstance(fact, Depends):
            names.add(unsolvable.packages[fact.child].name)
    return frozenset(names)


def explain_conflict(unsolvable: Unsolvable[Node], provider: PackageProvider, target: Target) -> Told:
    """The proof in prose."""
    lines = []
    for fact in facts_of(derivation(unsolvable.incompatibility)):
        package = unsolvable.packages[fact.package]
        if isinstance(fact, Required):
            lines.append(f"{unsolvable.requirements[fact.number].origin} asks for {package}")
        elif isinstance(fact, Excluded):
            lines.append(f"{package} {_say(provider, package, fact.versions)} {fact.reason}")
        else:
            child = unsolvable.packages[fact.child]
            lines.append(
                f"{package} {_say(provider, package, fact.versions)} needs {child} "
                f"{_say(provider, child, fact.allowed)}"
            )
    return Told(f"no solution for target {target.name}", tuple(lines), (), involved(unsolvable))


def _say(provider: PackageProvider, package: Node, mask: int) -> str:
    if package.name in provider.direct:
        return provider.direct[package.name].version
    return say_versions(mask, provider.candidates(package.name).listing.versions)


def no_build(target: Target, failures: Sequence[tuple[str, ProvenvError]], builds: Builds) -> NoSolution:
    """The error when no build of the accelerator has a resolution: for each of them why not."""
    evidence = [f"{rejected.build}: {rejected.reason}" for rejected in builds.rejected]
    for name, error in failures:
        evidence += [f"{name}: {error.message}", *(f"  {line}" for line in error.evidence)]
    hints = [hint for _, error in failures[-1:] for hint in error.hints]
    return NoSolution(f"no environment for target {target.name}", evidence=evidence, hints=hints)
