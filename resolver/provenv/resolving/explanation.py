"""Why there is no resolution: the solver's proof in the words of packages, targets and builds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provenv.errors import NoSolution, ProvenvError
from provenv.hooks.types import Builds
from provenv.manifest.values import ManifestRequirement
from provenv.resolving.candidates import SOURCE_ONLY
from provenv.resolving.provider import PRERELEASE, DirectNeeded, Node, PackageProvider
from provenv.resolving.runtimes import OfBuild
from provenv.solver.describe import Describer, spell_ranges
from provenv.solver.explain import Explanation, explain
from provenv.solver.incompatibility import Depends, derivation, facts_of
from provenv.solver.provider import Provider, Requirement
from provenv.solver.remedies import remedies
from provenv.solver.solve import Solution, Unsolvable, solve
from provenv.targets import Target
from provenv.values import dataclass, replace

REASONS = 3
"""So many reasons are told why versions of one package can't be used, those of most versions first."""


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
        written = provider.words.get((package.name, mask))
        if written:
            return written
        versions = provider.candidates(package.name).listing.versions
        return spell_ranges(mask, range(len(versions) - 1, -1, -1), versions)

    def requested(self, requirement: Requirement[Node]) -> str:
        root = requirement.origin
        if isinstance(root, OfBuild):
            return f"{root.runtime} (build {root.build})"
        return root.text if isinstance(root, ManifestRequirement) else str(requirement.package)

    def asked(self, requirement: Requirement[Node]) -> str:
        root = requirement.origin
        if isinstance(root, OfBuild):
            return str(root)
        place = str(root.origin) if isinstance(root, ManifestRequirement) else "the manifest"
        return f"{place} asks for {self.requested(requirement)}"

    def unmet(self, package: Node) -> str:
        provider = self.provider
        if package.name in provider.direct:
            asked = provider.words.get((package.name, 0))
            told = f"which is {provider.direct[package.name].version} at {provider.addresses[package.name]}"
            return f"{told} and not {asked}" if asked else told
        listing = provider.candidates(package.name).listing
        if not listing.found:
            return f"which is not on {_places(provider, package.name)}"
        if not listing.versions:
            return f"of which {_places(provider, package.name)} has no version"
        return f"which no version satisfies (the newest is {listing.versions[0]})"

    def why_unusable(self, package: Node, versions: int) -> str:
        reasons = self.provider.candidates(package.name).reasons(versions)
        most_first = sorted(reasons, key=lambda reason: (-reasons[reason].bit_count(), reason))
        return ", or ".join(most_first[:REASONS])

    def note(self, package: Node) -> str | None:
        runtimes = self.provider.request.runtimes
        if package.extra or package.name in self.provider.direct or package.name in runtimes:
            return None
        why = self.provider.route(package.name).why
        return f"note: {why}, from {_places(self.provider, package.name)} alone" if why else None


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
    told = explain(unsolvable, PackageDescriber(provider))
    hints = [*_allowances(told, provider), *_loosened(unsolvable, told, provider)]
    return Told(f"no solution for target {target.name}", told.lines, tuple(hints[:2]), involved(unsolvable))


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
            yield f"loosen {root.text} ({root.origin}): with {name} {version} there is a solution"


def _allowances(told: Explanation[Node], provider: PackageProvider) -> Iterator[str]:
    """What the manifest could allow, where the story speaks of it: builds from source, prereleases."""
    story = "\n".join(told.lines)
    for name in sorted(
        {node.name for node in told.packages} - {*provider.direct, *provider.request.runtimes}
    ):
        if SOURCE_ONLY in story:
            listing = provider.candidates(name).listing
            reasons = provider.candidates(name).reasons(listing.everything)
            if any(SOURCE_ONLY in reason and reason in story for reason in reasons):
                yield f'allow a build from source: [tool.provenv] build = ["{name}"]'
        if PRERELEASE in story and PRERELEASE in provider.unusable(Node(name)):
            yield f'allow prereleases: [tool.provenv.prerelease-package] {name} = "allow"'


def _places(provider: PackageProvider, name: str) -> str:
    from provenv.addresses import redact

    route = provider.route(name)
    return " or ".join(redact(index.url) for index in (*route.indexes, *route.flats)) or "any index"


STORIES = 3
"""How many builds' conflicts are told in full; of the others the conclusion."""


def no_build(
    target: Target,
    failures: Sequence[tuple[str, ProvenvError]],
    builds: Builds,
    hints: Sequence[str] = (),
) -> NoSolution:
    """The error when no build of the accelerator has a resolution: for each of them why not."""
    stories: dict[tuple[str, ...], list[str]] = {}
    mends = dict.fromkeys(hints)
    conflicts = [(name, error) for name, error in failures if isinstance(error, NoSolution)]
    for place, (name, conflict) in enumerate(conflicts):
        lines = ("no solution", *conflict.evidence) if place < STORIES else (_conclusion(conflict),)
        stories.setdefault(lines, []).append(name)
        mends = mends or dict.fromkeys(conflict.hints)
    for name, error in failures:
        if (name, error) not in conflicts:
            stories.setdefault((error.message,), []).append(name)
            mends.update(dict.fromkeys(error.hints))
    evidence = [f"{rejected.build}: {rejected.reason}" for rejected in builds.rejected]
    for (first, *more), names in stories.items():
        evidence += [f"{', '.join(dict.fromkeys(names))}: {first}", *(f"  {line}" for line in more)]
    return NoSolution(f"no environment for target {target.name}", evidence=evidence, hints=tuple(mends))


def unreachable(target: Target, first: ProvenvError, names: Sequence[str]) -> ProvenvError:
    """The error when every build was withheld by the network: the first one's, with what it means here."""
    from provenv.addresses import redact

    tried = ", ".join(dict.fromkeys(names))
    index = redact(first.index).rstrip("/") if first.index else None
    other = "or name" if first.hints else "name"
    mirror = [f'{other} a mirror of it in your settings: [mirrors] "{index}" = "..."'] if index else []
    return type(first)(
        first.message,
        evidence=[
            *first.evidence,
            f"no build for target {target.name} can be had without it (tried {tried})",
        ],
        hints=[*first.hints, *mirror],
        origin=first.origin,
    )


def _conclusion(error: ProvenvError) -> str:
    """The last line of a proof, without what it follows from."""
    found = [line for line in error.evidence if line.startswith("so ")]
    return found[-1].removeprefix("so ").rstrip(".") if found else error.message
