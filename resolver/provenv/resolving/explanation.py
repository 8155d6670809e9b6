"""Why there is no resolution: the solver's proof in the words of packages, targets and builds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from provenv.errors import NoSolution, ProvenvError
from provenv.hooks.types import Builds
from provenv.manifest.values import ManifestRequirement
from provenv.resolving.candidates import bits
from provenv.resolving.nodes import DirectNeeded, Node
from provenv.resolving.provider import PackageProvider
from provenv.resolving.request import Request
from provenv.resolving.runtimes import OfBuild
from provenv.solver.describe import Describer, most_telling, spell_ranges
from provenv.solver.explain import Explanation, explain
from provenv.solver.incompatibility import Depends, derivation, facts_of
from provenv.solver.outcome import Solution, Unsolvable
from provenv.solver.provider import Provider, Requirement
from provenv.solver.remedies import remedies
from provenv.solver.solve import solve
from provenv.targets import Target
from provenv.values import dataclass, replace

HINTS = 3
"""So many hints are given at most, those for what can't be used first."""
TRIALS = 4
"""So many requirements are left out to see whether there is a solution without them."""


@dataclass(frozen=True, slots=True)
class Told:
    """A conflict in words. `packages`: the canonical names that the whole proof speaks of."""

    message: str
    lines: tuple[str, ...]
    hints: tuple[str, ...]
    packages: frozenset[str]


class PackageDescriber(Describer[Node]):
    """Words the packages of one search."""

    def __init__(self, provider: PackageProvider) -> None:
        self.provider = provider

    def spell(self, package: Node, mask: int) -> str:
        provider = self.provider
        if package.name in provider.direct:
            return provider.direct[package.name].version
        runtime = provider.request.runtimes.get(package.name)
        if runtime is not None:
            every = range(len(runtime.majors) - 1, -1, -1)
            return spell_ranges(mask, every, runtime.majors)
        # where nothing fits, any requirement that nothing fits would be the one
        written = provider.demands.words.get((package.name, mask)) if mask else ""
        if written:
            return written
        versions = provider.candidates(package.name).listing.versions
        return spell_ranges(mask, range(len(versions) - 1, -1, -1), versions)

    def requested(self, requirement: Requirement[Node]) -> str:
        root = requirement.origin
        if isinstance(root, OfBuild):
            return f"{root.runtime} (build {root.build})"
        if isinstance(root, ManifestRequirement):
            return plain(root, requirement.package)
        return str(requirement.package)

    def asked(self, requirement: Requirement[Node]) -> str:
        root = requirement.origin
        if isinstance(root, OfBuild):
            return str(root)
        if not isinstance(root, ManifestRequirement):
            return f"the manifest asks for {self.requested(requirement)}"
        marker = root.requirement.marker
        where = f" (where {marker})" if marker else ""
        return f"{root.origin} asks for {self.requested(requirement)}{where}"

    def needed(self, package: Node, versions: int, child: Node, allowed: int) -> str:
        """As the versions' own metadata have it, where they all say the same."""
        provider = self.provider
        overrides = provider.request.overrides.get(child.name)
        if overrides:
            return f"{overrides[0].text} (the override {overrides[0].origin})"
        texts = {provider.specifier_of(package, version, child.name) for version in bits(versions)}
        text = texts.pop() if len(texts) == 1 else None
        return f"{child}{text}" if text else super().needed(package, versions, child, allowed)

    def unmet(self, package: Node) -> str:
        provider = self.provider
        if package.name in provider.direct:
            named = (r for r in provider.request.roots if r.requirement.url)
            origin = next((f" ({r.origin})" for r in named if r.requirement.name == package.name), "")
            version, address = provider.direct[package.name].version, provider.addresses[package.name]
            return f"which is {version} at {address}{origin}"
        listing = provider.candidates(package.name).listing
        if not listing.found:
            return f"which is not on {_places(provider, package.name)}"
        if not listing.versions:
            return f"of which {_places(provider, package.name)} has no version"
        return f"which no version satisfies (the newest is {listing.versions[0]})"

    def why_unusable(self, package: Node, versions: int) -> str:
        reasons = self.provider.candidates(package.name).reasons(versions)
        if len(reasons) < 2:
            return "".join(reasons)
        foremost = most_telling(sorted(reasons), lambda reason: reasons[reason].bit_count())
        told = [f"{self.spell(package, reasons[reason])} {reason}" for reason in foremost]
        told += ["others for other reasons"] if len(foremost) < len(reasons) else []
        return f"can't be used: {'; '.join(told)}"

    def note(self, package: Node) -> str | None:
        runtimes = self.provider.request.runtimes
        if package.extra or package.name in self.provider.direct or package.name in runtimes:
            return None
        why = self.provider.route(package.name).why
        return f"{NOTE}{why}, from {_places(self.provider, package.name)} alone" if why else None


def plain(root: ManifestRequirement, package: Node) -> str:
    """A requirement as it was written, of the one extra that is meant and without its marker."""
    requirement = root.requirement
    if package.extra and len(requirement.extras) > 1:
        return str(replace(requirement, extras=(package.extra,), marker=None))
    if requirement.marker is None:
        return root.text
    return root.text.rpartition(" ;" if requirement.url else ";")[0].strip() or root.text


def involved(unsolvable: Unsolvable[Node]) -> frozenset[str]:
    """The packages that the proof speaks of."""
    names: set[str] = set()
    for fact in facts_of(derivation(unsolvable.incompatibility)):
        names.add(unsolvable.packages[fact.package].name)
        if isinstance(fact, Depends):
            names.add(unsolvable.packages[fact.child].name)
    return frozenset(names)


def explain_conflict(unsolvable: Unsolvable[Node], provider: PackageProvider, target: Target) -> Told:
    """The proof in prose, with what would mend it."""
    from provenv.resolving.advice import advice, settled

    told = explain(unsolvable, PackageDescriber(provider))

    def solves(request: Request) -> Mapping[Node, int] | None:
        try:
            return solve(provider.under(request), unsolvable.requirements).versions
        except (ProvenvError, DirectNeeded, Unsolvable):
            return None

    hints = dict.fromkeys((*advice(told, provider, solves), *_loosened(unsolvable, told, provider)))
    hints = hints or dict.fromkeys((*_left_out(unsolvable, told, provider), *settled(told, provider, solves)))
    return Told(
        f"no solution for target {target.name}", told.lines, tuple(hints)[:HINTS], involved(unsolvable)
    )


def _left_out(
    unsolvable: Unsolvable[Node], told: Explanation[Node], provider: PackageProvider
) -> Iterator[str]:
    """Requirements of the manifest without which there would be a solution."""
    describer = PackageDescriber(provider)
    dropped = []
    for requirement in told.requirements[:TRIALS] if len(told.requirements) > 1 else ():
        rest = [other for other in unsolvable.requirements if other != requirement]
        with suppress(ProvenvError, DirectNeeded, Unsolvable):
            solve(provider, rest)
            dropped.append(f"without {describer.requested(requirement)}")
    if dropped:
        without = " or ".join(dropped)
        yield f"nothing that the manifest asks for can be loosened; {without} there is a solution"


def _loosened(
    unsolvable: Unsolvable[Node], told: Explanation[Node], provider: PackageProvider
) -> Iterator[str]:
    """Requirements of the manifest that would have a solution if they were not so strict."""

    def attempt(same: Provider[Node], requirements: Sequence[Requirement[Node]]) -> Solution[Node]:
        try:
            return solve(same, requirements)
        except (ProvenvError, DirectNeeded):
            # a suggestion that can't be checked is none
            raise unsolvable from None

    own = tuple(r for r in told.requirements if isinstance(r.origin, ManifestRequirement))
    told = replace(told, requirements=own)
    for remedy in remedies(provider, told, unsolvable.requirements, attempt=attempt):
        root = remedy.requirement.origin
        if isinstance(root, ManifestRequirement):
            name = remedy.requirement.package.name
            there = provider.direct.get(name)
            version = there.version if there else provider.candidates(name).listing.versions[remedy.version]
            text = f"{plain(root, Node(name))} ({root.origin})"
            yield f"loosen {text}: with {name} {version} there is a solution"


def _places(provider: PackageProvider, name: str) -> str:
    from provenv.addresses import redact

    route = provider.route(name)
    return " or ".join(redact(index.url) for index in (*route.indexes, *route.flats)) or "any index"


NOTE = "note: "
STORIES = 3
"""How many builds' conflicts are told in full; of the others the conclusion."""


def no_build(
    target: Target,
    failures: Sequence[tuple[str, ProvenvError]],
    builds: Builds,
    hints: Sequence[str] = (),
) -> NoSolution:
    """The error when no build of the accelerator has a resolution: for each of them why not."""
    conflicts = [(name, error) for name, error in failures if isinstance(error, NoSolution)]
    alike: dict[tuple[str, ...], list[tuple[str, NoSolution]]] = {}
    for name, conflict in conflicts:
        alike.setdefault(_gist(conflict), []).append((name, conflict))
    evidence = [f"{rejected.build}: {rejected.reason}" for rejected in builds.rejected]
    for place, group in enumerate(alike.values()):
        names, (_, first) = ", ".join(dict.fromkeys(name for name, _ in group)), group[0]
        if place >= STORIES:
            evidence.append(f"{names}: {_conclusion(first)}")
            continue
        lines = first.evidence if len(group) == 1 else [t for t in first.evidence if not t.startswith(NOTE)]
        evidence += [f"{names}: no solution", *(f"  {line}" for line in lines)]
    mends = dict.fromkeys(hints or next((error.hints for _, error in conflicts if error.hints), ()))
    for name, error in failures:
        if (name, error) not in conflicts:
            evidence.append(f"{name}: {error.message}")
            mends.update(dict.fromkeys(error.hints))
    if any("promises" in rejected.reason for rejected in builds.rejected):
        mends["let the target promise what a rejected build needs, where its machines have it"] = None
    return NoSolution(f"no environment for target {target.name}", evidence=evidence, hints=tuple(mends))


def _gist(conflict: NoSolution) -> tuple[str, ...]:
    """What builds' stories have in common that differ only in what is newest where they look."""
    told = (line for line in conflict.evidence if not line.startswith(NOTE))
    return tuple(re.sub(r" \(the newest is [^)]*\)", "", line) for line in told)


def unreachable(target: Target, first: ProvenvError, names: Sequence[str]) -> ProvenvError:
    """The error when every build was withheld by the network: the first one's, with what it means here."""
    from provenv.addresses import redact

    tried = list(dict.fromkeys(names))
    without = [f"no build for target {target.name} can be had without it (tried {', '.join(tried)})"]
    index = redact(first.index).rstrip("/") if first.index else None
    other = "or name" if first.hints else "name"
    mirror = [f'{other} a mirror of it in your settings: [mirrors] "{index}" = "..."'] if index else []
    return type(first)(
        first.message,
        evidence=[*first.evidence, *(without if len(tried) > 1 else [])],
        hints=[*first.hints, *mirror],
        origin=first.origin,
    )


def _conclusion(error: ProvenvError) -> str:
    """The last line of a proof, without what it follows from."""
    found = [line for line in error.evidence if line.startswith("so ")]
    return found[-1].removeprefix("so ").rstrip(".") if found else error.message
