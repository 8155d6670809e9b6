"""The versions of one package that one target can use, and in words why not the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from provenv.pypi.artifacts import Artifact
from provenv.resolving.catalog import Listing
from provenv.resolving.rules import PLAIN, Order, Rules, has_wanted_hash, terms_of
from provenv.standards.specifiers import contains, mask, python_allows
from provenv.standards.tags import wheel_rank
from provenv.standards.variants import NULL
from provenv.values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.pypi.direct import DirectCandidate
    from provenv.resolving.variants import Choice, Fitting

_Rank = tuple[bool, bool, bool, tuple[Order, str], int]
"""Source distribution, yanked, not on the index that has the package (but in find-links), then how good its
variant is, and its tag."""

REASONS = 3
"""So many variants of a version are told with the reason why they are not for the target."""

SOURCE_ONLY = "may not be built from source"
"""In a reason: a source distribution would serve if it were allowed."""
NO_WHEEL, OTHER_PYTHON = "has no wheel for", "requires Python"
YANKED, TOO_NEW = "was yanked", "was published on"
OTHER_HASH = "has no file with a hash that the manifest gives"
"""How reasons begin that something could be done about."""


class Candidates:
    """One project as one target sees it. A version's files are looked at when it is first considered.

    `left_out`: versions that the constraints rule out, in words -> bitmask. `_first`: those that are simply
    tried newest first.
    """

    __slots__ = (
        *("_alike", "_aligned", "_builds", "_choices", "_chosen", "_cutoff", "_exempt", "_first", "_limit"),
        *("_looked_at", "_no_wheels", "_oldest_first", "_prerelease", "_ranks", "_rules"),
        *("left_out", "listing", "locked", "name"),
    )

    def __init__(self, listing: Listing, rules: Rules) -> None:
        self.listing = listing
        self.name = name = listing.name
        self._rules = rules
        self._looked_at: dict[int, Artifact | str] = {}
        self._chosen: dict[int, int | None] = {}
        self._choices: dict[int, dict[str, Choice]] = {}
        terms = terms_of(rules)
        self._ranks = terms.ranks
        self._builds, self._no_wheels, self._cutoff = terms.builds, terms.no_wheels, terms.cutoff
        self._prerelease, self._oldest_first = terms.prerelease, terms.oldest_first
        self.locked = self._exempt = 0
        self._aligned: tuple[int, ...] = ()
        self.left_out: dict[str, int] = {}
        self._limit = listing.everything
        if name in terms.named:
            self._particulars(rules)
        plain = self._prerelease != "allow" and not (self.locked or self._aligned or self._oldest_first)
        self._first = self._limit & ~listing.prereleases if plain else 0
        # A version that has the same files for all platforms is looked at once for all of them.
        self._alike: dict[int, Artifact] | None = None
        if rules.variants is None and name not in rules.hashes:
            shared = rules.python, self._builds, self._no_wheels, self._cutoff
            self._alike = listing.alike.setdefault(shared, {})

    def _particulars(self, rules: Rules) -> None:
        """What the rules say of just this package."""
        name = self.name
        self.locked = self._locked_in(rules)
        self._builds, self._no_wheels = rules.builds(name), rules.no_binary.covers(name)
        self._cutoff, self._prerelease = rules.cutoff_of(name), rules.prerelease_of(name)
        self._oldest_first = rules.lowest_first(name)
        self._exempt = self._exempt_from_yanks()
        self._aligned = self._aligned_with(rules)
        self.left_out = self._left_out()
        self._limit &= ~_union(self.left_out.values())

    def artifact(self, version: int) -> Artifact:
        """The file that this target would install of a version that `choose` gave."""
        found = self._looked_at.get(version) or self._look_at(version)
        assert not isinstance(found, str), f"{self.name} {self.listing.versions[version]} {found}"
        return found

    def variant(self, version: int) -> Fitting | None:
        """What the file of a version is a variant for, None where it is a plain one."""
        artifact = self.artifact(version)
        return self._choices[version][artifact.index].fitting[artifact.variant] if artifact.variant else None

    def fitting(self, version: int) -> Iterator[Fitting]:
        """Every variant of a version that `choose` gave which the target could take."""
        for choice in self._choices.get(version, {}).values():
            yield from choice.fitting.values()

    def variant_notes(self, version: int) -> Iterator[str]:
        """What is wrong with a version's variant wheels, or why none for the target's device is taken."""
        taken, called = self.artifact(version).variant, f"{self.name} {self.listing.versions[version]}"
        for choice in self._choices.get(version, {}).values():
            if choice.problem:
                yield f"the variant wheels of {called} were passed over: {choice.problem}"
            elif choice.missed and taken in ("", NULL):
                what = "the null variant" if taken else "the plain wheel"
                missed = "; ".join(f"{label}: {choice.unfit[label]}" for label in choice.missed[:REASONS])
                yield f"{what} of {called} is taken, since none for the device fits ({missed})"

    def choose(self, allowed: int) -> int | None:
        """Which of the allowed versions to try: the old lock's, those of other targets' (where the manifest
        aligns them), stable ones, prereleases, yanked ones.

        A version that has no file for the target is passed over; None where none has one.
        """
        first = allowed & self._first
        if first:  # the newest stable one it is nearly always
            version = (first & -first).bit_length() - 1
            found = self._looked_at.get(version) or self._look_at(version)
            if not isinstance(found, str) and found.yanked is None:
                return version
        if allowed not in self._chosen:
            self._chosen[allowed] = self._choose(allowed & self._limit)
        return self._chosen[allowed]

    def _choose(self, allowed: int) -> int | None:
        if self.locked & allowed and self._has_file(self.locked.bit_length() - 1):
            return self.locked.bit_length() - 1
        yanked: int | None = None
        for version in self._in_order(allowed):
            found = self._looked_at.get(version) or self._look_at(version)
            if isinstance(found, str):
                continue
            if found.yanked is None:
                return version
            if yanked is None:
                yanked = version
        return yanked

    def hidden_prereleases(self) -> int:
        """The prereleases that are not looked at as long as stable versions may lead to a solution.

        None where the rule allows them, and where no stable version has a file for the target.
        """
        prereleases = self.listing.prereleases & self._limit
        rule = self._prerelease
        if rule == "never" or not prereleases:
            return prereleases
        if rule == "allow" or self.choose(~prereleases) is None:
            return 0
        return prereleases & ~self.locked

    def reasons(self, versions: int) -> dict[str, int]:
        """Why versions have no file for the target, in words -> bitmask; those that have one are left out."""
        found: dict[str, int] = {}
        for version in bits(versions & self.listing.everything):
            reason = self._look_at(version)
            if isinstance(reason, str):
                found[reason] = found.get(reason, 0) | 1 << version
        return found

    def _in_order(self, allowed: int) -> Iterator[int]:
        yield from (version for version in self._aligned if allowed >> version & 1)
        prereleases = 0 if self._prerelease == "allow" else self.listing.prereleases
        for group in (allowed & ~prereleases, allowed & prereleases):
            yield from reversed(list(bits(group))) if self._oldest_first else bits(group)

    def _has_file(self, version: int) -> bool:
        return not isinstance(self._look_at(version), str)

    def _look_at(self, version: int) -> Artifact | str:
        found = self._looked_at.get(version)
        if found is not None:
            return found
        if self._alike is not None and version in self._alike:
            found = self._alike[version]
        else:
            files = self.listing.files(version)
            if self._rules.variants is not None:
                files = [*files, *self._variants(version)]
            found = self._best(version, files, may_be_yanked=bool(self._exempt >> version & 1))
            if self._alike is not None and isinstance(found, Artifact) and all(map(_is_for_all, files)):
                self._alike[version] = found
        self._looked_at[version] = found
        return found

    def _locked_in(self, rules: Rules) -> int:
        version = rules.locked.get(self.name)
        if version is None or version not in self.listing.versions:
            return 0
        return 1 << self.listing.versions.index(version)

    def _aligned_with(self, rules: Rules) -> tuple[int, ...]:
        """What other targets have of this package; where their label is not for this target, another one.

        A prerelease that they needed is none that this target needs.
        """
        versions, prereleases = self.listing.versions, self.listing.prereleases
        hidden = 0 if self._prerelease == "allow" else prereleases
        found: list[int] = []
        for wanted in rules.aligned.get(self.name, ()):
            public, _, _ = wanted.partition("+")
            alike = [n for n, version in enumerate(versions) if version.partition("+")[0] == public]
            found += sorted((n for n in alike if not hidden >> n & 1), key=lambda n: versions[n] != wanted)
        return tuple(found)

    def _exempt_from_yanks(self) -> int:
        exempt = self.locked
        for text in self._rules.exact.get(self.name, ()):
            exempt |= mask(text, self.listing.table)
        return exempt

    def _left_out(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for specifier, origin in self._rules.constraints.get(self.name, ()):
            out = self.listing.everything & ~mask(specifier, self.listing.table)
            if out:
                found[f"is left out by the constraint {self.name}{specifier} ({origin})"] = out
        return found

    def _variants(self, version: int) -> Iterator[Artifact]:
        """The variant wheels of a version that the target supports."""
        rules, tags = self._rules.variants, self._rules.tags
        for files in self.listing.variants(version) if rules is not None else ():
            assert rules is not None
            # Only then is the variants JSON asked for.
            wheels = tuple(wheel for wheel in files.wheels if wheel_rank(wheel.tags, tags) is not None)
            if wheels:
                choice = rules.choose(replace(files, wheels=wheels))
                self._choices.setdefault(version, {})[wheels[0].index] = choice
                yield from (wheel for wheel in wheels if wheel.variant in choice.fitting)

    def _best(self, version: int, files: Sequence[Artifact], *, may_be_yanked: bool) -> Artifact | str:
        """The best file of one version, or the most telling reason why there is none."""
        best: tuple[_Rank, tuple[int, str], Artifact] | None = None
        for artifact in files:
            if (self._ranks[artifact.tags] is None) if artifact.kind == "wheel" else not self._builds:
                continue  # most of the many files of a package with extension modules
            rank = self._rank(version, artifact)
            if rank is None or self._problem(artifact, may_be_yanked):
                continue
            build = artifact.build_number or (0, "")
            if best is None or rank < best[0] or (rank == best[0] and build > best[1]):
                best = (rank, build, artifact)
        return best[2] if best is not None else self._refusal(version, files, may_be_yanked)

    def _refusal(self, version: int, files: Sequence[Artifact], may_be_yanked: bool) -> str:
        """Why none of a version's files will do: what the last of them that says anything says."""
        refusal = self._no_variant(version) or "has no files"
        for artifact in files:
            if self._rank(version, artifact) is None:
                # neither a build nor a wheel for another platform would help there
                refusal = self._other_python(artifact) or self._unfit(artifact, refusal)
            else:
                refusal = self._problem(artifact, may_be_yanked) or refusal
        return refusal

    def _no_variant(self, version: int) -> str:
        """Why none of a version's variant wheels is for the target, "" where it has none that is not."""
        choices = self._choices.get(version, {}).values()
        reasons = [f"{label}: {why}" for choice in choices for label, why in choice.unfit.items()]
        if not reasons:
            return ""
        more = f" and {len(reasons) - REASONS} more" if len(reasons) > REASONS else ""
        return f"has no variant that the target supports ({'; '.join(reasons[:REASONS])}{more})"

    def _rank(self, version: int, artifact: Artifact) -> _Rank | None:
        """How good a file is for this target, lowest best; None: it is of no use."""
        if artifact.kind == "sdist":
            tag = 0 if self._builds else None
        else:
            tag = None if self._no_wheels else self._ranks[artifact.tags]
        if tag is None:
            return None
        elsewhere = artifact.index != self.listing.where[0]
        variant = PLAIN
        if artifact.variant:
            variant = self._choices[version][artifact.index].fitting[artifact.variant].rank
        return artifact.kind == "sdist", artifact.yanked is not None, elsewhere, variant, tag

    def _unfit(self, artifact: Artifact, before: str) -> str:
        """Why a file of this kind is of no use, unless a file that otherwise fits said more before."""
        rules = self._rules
        if artifact.kind == "sdist":
            return f"{NO_WHEEL} {rules.target_words()} and {SOURCE_ONLY}"
        if self._no_wheels:
            return "has wheels only, and `--no-binary` asks for a source distribution"
        return f"{NO_WHEEL} {rules.target_words()}" if before == "has no files" else before

    def _other_python(self, artifact: Artifact) -> str | None:
        wanted = artifact.requires_python
        if wanted and not python_allows(wanted, self._rules.python):
            return f"{OTHER_PYTHON} {wanted}"
        return None

    def _problem(self, artifact: Artifact, may_be_yanked: bool) -> str | None:
        rules = self._rules
        other_python = self._other_python(artifact)
        if other_python is not None:
            return other_python
        if artifact.yanked is not None and not may_be_yanked:
            return f"{YANKED}{f' ({artifact.yanked})' if artifact.yanked else ''}"
        cutoff = self._cutoff
        if cutoff is not None and not artifact.url.startswith("file:"):
            from provenv.manifest.times import last_moment

            if artifact.uploaded is None:
                if self.listing.dated:
                    return f"has no upload time, which exclude-newer ({last_moment(cutoff)}) asks for"
            elif artifact.uploaded >= cutoff:
                return f"{TOO_NEW} {artifact.uploaded[:10]}, and exclude-newer is {last_moment(cutoff)}"
        hashes = rules.hashes.get(self.name)
        if hashes and has_wanted_hash(artifact, hashes) is False:
            return OTHER_HASH
        return None


def _is_for_all(artifact: Artifact) -> bool:
    """Whether a file is as good on one platform as on another, and in one lock as in another."""
    return artifact.yanked is None and (artifact.kind == "sdist" or artifact.tags.endswith("-any"))


def bits(mask: int) -> Iterator[int]:
    """The numbers of the set bits, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _union(masks: Iterable[int]) -> int:
    union = 0
    for one in masks:
        union |= one
    return union


def misfits(candidate: DirectCandidate, rules: Rules) -> Mapping[str, int]:
    """Why the target can't use a direct candidate, in words -> 1, its only version; empty: it can."""
    artifact, metadata = candidate.artifact, candidate.metadata
    found = []
    if artifact is not None and artifact.kind == "wheel" and wheel_rank(artifact.tags, rules.tags) is None:
        found.append(f"is a wheel for {artifact.tags}, not for {rules.target_words()}")
    if metadata.requires_python and not python_allows(metadata.requires_python, rules.python):
        found.append(f"requires Python {metadata.requires_python}")
    found += [
        f"is left out by the constraint {candidate.name}{specifier} ({origin})"
        for specifier, origin in rules.constraints.get(candidate.name, ())
        if not contains(specifier, candidate.version)
    ]
    return dict.fromkeys(found, 1)
