"""What would mend a conflict: the edits and flags that its reasons point at, as they are to be written."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from provenv.errors import Origin
from provenv.manifest.values import ManifestRequirement
from provenv.resolving.candidates import (
    NO_WHEEL,
    OTHER_HASH,
    OTHER_PYTHON,
    SOURCE_ONLY,
    TOO_NEW,
    YANKED,
    bits,
)
from provenv.resolving.nodes import Node
from provenv.resolving.provider import PRERELEASE, PackageProvider
from provenv.resolving.request import Request
from provenv.solver.explain import Explanation
from provenv.standards.requirements import Requirement
from provenv.values import replace

COMMAND_LINE = "the command line"
Solves: TypeAlias = Callable[[Request], "Mapping[Node, int] | None"]
"""The versions of a solution for another request, None where there is none."""

ROUNDS = 3
"""So often the days are searched: a trial may look at further packages, whose uploads are more days."""
TRIALS = 4
"""So many overrides are tried."""
YANKED_SHARE = 10
"""Of what is asked for, so many a part must be yanked for that to be of interest."""
TOLD = 2
"""So many versions are named that were published on a day."""


def advice(told: Explanation[Node], provider: PackageProvider, solves: Solves) -> Iterator[str]:
    """Hints for what the conflict says of packages that are not there or whose versions can't be used."""
    named = Ways(told, provider)
    known = {*provider.direct, *provider.request.runtimes}
    for name in sorted({node.name for node in told.unmet} & provider.direct.keys()):
        yield from _at_address(name, provider)
    for name in sorted({node.name for node in told.packages} & provider.request.overrides.keys()):
        yield from _overrides(name, provider, solves)
    unmet = sorted({node.name for node in told.unmet} - known)
    own = {requirement.package.name for requirement in told.requirements}
    yield from _absent([name for name in unmet if name in own], provider, named, by_manifest=True)
    asked: dict[str, int] = {}
    for node, versions in told.unusable.items():
        asked[node.name] = asked.get(node.name, 0) | versions
    for name in sorted(asked.keys() - known):
        yield from _usable(name, asked[name], provider, named, solves)
        yield from _constraints(name, asked[name], provider, solves)
    for name in sorted({node.name for node in told.packages} & provider.excluded):
        yield f"name an index or an address with {name} for this accelerator ({named.index}), or leave it out"
    yield from _absent([name for name in unmet if name not in own], provider, named, by_manifest=False)


def _absent(
    names: Sequence[str], provider: PackageProvider, ways: Ways, *, by_manifest: bool
) -> Iterator[str]:
    """What could be wrong where no index has a package, or no file of it."""
    for name in names:
        listing, route = provider.candidates(name).listing, provider.route(name)
        if listing.found and not listing.versions and route.locals is None:
            yield f"the page of {name} lists no file that can be used: is the index's address right?"
        if not listing.found:
            from provenv.resolving.lookalikes import not_found

            yield from not_found(name, provider, ways.index, by_manifest=by_manifest)


class Ways:
    """How a user writes what would mend a conflict: in the manifest that they have, or as a flag."""

    def __init__(self, told: Explanation[Node], provider: PackageProvider) -> None:
        origins = [r.origin.origin for r in told.requirements if isinstance(r.origin, ManifestRequirement)]
        self.file = next((origin.file for origin in origins if origin.file != COMMAND_LINE), None)
        kind = provider.request.kind
        self.is_table = kind != "requirements"
        # an environment.yml has no place for it, and may stand beside a pyproject.toml
        self.table = "[tool.provenv]" if kind == "pyproject" else "in a pyproject.toml, [tool.provenv]"

    def build(self, name: str) -> str:
        if self.is_table:
            return f'{self.table} build = ["{name}"]'
        return f"`--no-binary {name}` in {self.file}" if self.file else "`--build-any`"

    def prerelease(self, name: str) -> str:
        if self.is_table:
            return f'{self.table} prerelease-package.{name} = "allow"'
        return f"`--all-releases {name}` in {self.file}" if self.file else "`--prerelease allow`"

    def python(self, version: str) -> str:
        return f'{self.table} python = ["{version}"]' if self.is_table else f"`--python {version}`"

    def exclude_newer(self, day: str) -> str:
        return f'{self.table} exclude-newer = "{day}"' if self.is_table else f"`--exclude-newer {day}`"

    def envelope(self, word: str, value: str) -> str:
        return f'{self.table} {word} = "{value}"' if self.is_table else f"`--{word} {value}`"

    @property
    def index(self) -> str:
        if self.is_table:
            return f'{self.table} indexes = [{{ name = "...", url = "..." }}]'
        return f"`--extra-index-url URL` in {self.file}" if self.file else "`--index NAME=URL`"


def _at_address(name: str, provider: PackageProvider) -> Iterator[str]:
    for root in provider.request.roots:
        if root.requirement.name == name and root.requirement.url:
            yield f"name the address of another {name} ({root.origin}), or {name} alone, to have an index's"


def _overrides(name: str, provider: PackageProvider, solves: Solves) -> Iterator[str]:
    """The overrides of a package, where there is a solution without them."""
    request = provider.request
    rest = {other: group for other, group in request.overrides.items() if other != name}
    if solves(replace(request, overrides=rest)) is not None:
        texts = [f"{override.text} ({override.origin})" for override in request.overrides[name]]
        yield f"loosen the override {', '.join(texts)}: without it there is a solution"


def settled(told: Explanation[Node], provider: PackageProvider, solves: Solves) -> Iterator[str]:
    """An override with which there is a solution, for packages that several others can't agree on."""
    request = provider.request
    if request.kind != "pyproject":
        return
    for name, text in _disputed(told, provider)[:TRIALS]:
        override = ManifestRequirement(Requirement(name, specifier=text), "", Origin("a trial"))
        if solves(replace(request, overrides={**request.overrides, name: (override,)})) is not None:
            yield (
                f"or settle {name} against what the others ask for, at your own risk: "
                f'[tool.provenv] overrides = ["{name}{text}"]'
            )
            return


def _disputed(told: Explanation[Node], provider: PackageProvider) -> list[tuple[str, str]]:
    """Packages that several others ask for, each with what one of them asks for, as it is written."""
    texts: dict[str, dict[str, None]] = {}
    for parent, versions, child, allowed in told.needs:
        text = provider.specifier_of(parent, (versions & -versions).bit_length() - 1, child.name)
        if allowed and text and not child.extra:
            texts.setdefault(child.name, {})[text] = None
    return [(name, text) for name in sorted(texts) if len(texts[name]) > 1 for text in texts[name]]


def _usable(name: str, asked: int, provider: PackageProvider, ways: Ways, solves: Solves) -> Iterator[str]:
    """What could be done for the versions of one package that can't be used."""
    found = provider.candidates(name)
    versions, rules = found.listing.versions, provider.request.rules
    hidden = provider.unusable(Node(name)).get(PRERELEASE, 0) & asked
    if hidden and found.choose(hidden) is not None:
        yield f"allow prereleases: {ways.prerelease(name)}"
    reasons = found.reasons(asked & ~provider.hidden_prereleases(name))
    if any(reason.startswith(TOO_NEW) for reason in reasons):
        yield from _later(name, provider, ways, solves)
    newest_first = sorted(reasons.items(), key=lambda item: item[1] & -item[1])
    for reason, mask in newest_first:
        newest = (mask & -mask).bit_length() - 1
        if SOURCE_ONLY in reason:
            yield f"allow a build from source: {ways.build(name)}"
        elif reason.startswith(OTHER_PYTHON):
            python = python_for(reason.removeprefix(OTHER_PYTHON).strip(), rules.python)
            if python:
                bare = f" (a bare {python.rpartition('.')[0]} is its .0)" if python.count(".") > 1 else ""
                yield f"{name} {versions[newest]} is for Python {python}{bare}: {ways.python(python)}"
        elif reason.startswith(NO_WHEEL):
            from provenv.resolving.wheels_elsewhere import told_of

            # a release may have its builds as versions of their own: 2.1 for macOS, 2.1+cpu for Linux
            release = versions[newest].partition("+")[0]
            builds = [n for n in bits(mask) if versions[n].partition("+")[0] == release]
            where = told_of([file for n in builds for file in found.listing.files(n)], rules)
            choice = ways.python(where.pythons[-1]) if where.pythons else ""
            choice = ways.envelope(*where.word) if where.word else choice
            if where.words:
                yield f"{name} {versions[newest]} has wheels {where}{f': {choice}' if choice else ''}"
            here = found.choose(found.listing.everything)
            if here is not None:
                yield f"the newest {name} with a file for {rules.target_words()} is {versions[here]}"
        elif reason == OTHER_HASH:
            files = found.listing.files(newest)
            said = [f"{f.filename} has {a}:{h}" for f in files for a, h in f.hashes.items() if a == "sha256"]
            yield f"if it was replaced on purpose, correct the hash: {', '.join(said[:TOLD])}"
        elif reason.startswith(YANKED) and mask.bit_count() * YANKED_SHARE >= asked.bit_count():
            yield f"to have {name} {versions[newest]} all the same, ask for {name}=={versions[newest]}"


def _constraints(name: str, asked: int, provider: PackageProvider, solves: Solves) -> Iterator[str]:
    """The constraint without which there is a solution."""
    request, rules = provider.request, provider.request.rules
    for specifier, origin in rules.constraints.get(name, ()):
        rest = tuple(one for one in rules.constraints[name] if one != (specifier, origin))
        solution = solves(
            replace(request, rules=replace(rules, constraints={**rules.constraints, name: rest}))
        )
        if solution is not None and Node(name) in solution:
            version = provider.candidates(name).listing.versions[solution[Node(name)]]
            text = f"{name}{specifier} ({origin})"
            yield f"loosen the constraint {text}: with {name} {version} there is a solution"


def _later(name: str, provider: PackageProvider, ways: Ways, solves: Solves) -> Iterator[str]:
    """The earliest exclude-newer with which there is a solution, and what was published then."""
    from provenv.manifest.times import cutoff as end_of

    request = provider.request
    cutoff = request.rules.cutoff_of(name) or ""

    def solution(day: str) -> bool:
        rules = replace(request.rules, exclude_newer=end_of(day), exclude_newer_package={})
        return solves(replace(request, rules=rules)) is not None

    day = ""
    for _ in range(ROUNDS):
        uploads = _uploads(provider, cutoff)
        days = sorted(uploads)
        # Whatever is let in stays in: the later, the more solutions.
        first = bisect_left(days, True, key=solution)
        if first == len(days) or days[first] == day:
            break
        day = days[first]
    if day:
        published = ", ".join(uploads[day][:TOLD])
        yield f"from {day} on there is a solution ({published}): {ways.exclude_newer(day)}"


def _uploads(provider: PackageProvider, cutoff: str) -> dict[str, list[str]]:
    """What exclude-newer hides of the packages that were looked at: day -> versions published then."""
    found: dict[str, dict[str, None]] = {}
    for name in provider.catalog.found():
        listing = provider.candidates(name).listing
        for number, version in enumerate(listing.versions):
            for file in listing.files(number):
                if file.uploaded and file.uploaded >= cutoff:
                    found.setdefault(file.uploaded[:10], {})[f"{name} {version}"] = None
    return {day: list(versions) for day, versions in found.items()}


def python_for(requires_python: str, target: str) -> str | None:
    """The Python nearest to the target's that a version is for: a minor version, or one with its patch."""
    from provenv.standards.specifiers import python_allows

    minor = int(target.split(".")[1])
    patch = next((p for p in range(1, 40) if python_allows(requires_python, f"3.{minor}.{p}")), None)
    if patch is not None:
        return f"3.{minor}.{patch}"
    others = sorted(range(7, 20), key=lambda other: (abs(other - minor), other))
    return next((f"3.{other}" for other in others if python_allows(requires_python, f"3.{other}.0")), None)
