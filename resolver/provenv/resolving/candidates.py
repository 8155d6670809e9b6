"""The versions of one package that one target can use, and in words why not the others."""

from __future__ import annotations

from collections.abc import Mapping

from provenv.pypi.artifacts import Artifact
from provenv.pypi.direct import DirectCandidate
from provenv.resolving.catalog import Listing
from provenv.resolving.rules import Rules, has_wanted_hash
from provenv.standards.specifiers import contains, mask, python_allows
from provenv.standards.tags import wheel_rank

_Rank = tuple[bool, bool, bool, int]
"""Source distribution, yanked, not on the index that has the package (but in find-links), rank of the tag."""

SOURCE_ONLY = "may not be built from source"
"""In a reason: a source distribution would serve if it were allowed."""


class Candidates:
    """One project as one target sees it.

    `usable`: bitmask of the versions that have a file for this target (prereleases included). `reasons`: why
    a version is not usable, in words -> the bitmask of versions it is true for.
    """

    __slots__ = ("_artifacts", "_rules", "listing", "locked", "name", "reasons", "usable", "yanked")

    def __init__(self, listing: Listing, rules: Rules) -> None:
        self.listing = listing
        self.name = listing.name
        self.reasons: dict[str, int] = {}
        self.usable = 0
        self.yanked = 0
        self._rules = rules
        self._artifacts: dict[int, Artifact] = {}
        self.locked = self._locked()
        exempt = self._exempt_from_yanks()
        for i, files in enumerate(listing.files):
            found = self._best(files, may_be_yanked=bool(exempt >> i & 1))
            if isinstance(found, str):
                self.reasons[found] = self.reasons.get(found, 0) | 1 << i
            else:
                self.usable |= 1 << i
                self._artifacts[i] = found
                if found.yanked is not None:
                    self.yanked |= 1 << i
        self._apply_constraints()

    def artifact(self, version: int) -> Artifact:
        """The file that this target would install of a usable version."""
        return self._artifacts[version]

    def order(self, allowed: int, prereleases: bool) -> int | None:
        """Which of the allowed versions to try: the old lock's, then stable ones, then prereleases."""
        allowed &= self.usable
        if not prereleases:
            allowed &= ~self.hidden_prereleases()
        if not allowed:
            return None
        if self.locked & allowed:
            return self.locked.bit_length() - 1
        group = allowed & ~self.yanked or allowed
        if self._rules.prerelease_of(self.name) != "allow":
            group = group & ~self.listing.prereleases or group
        if self._rules.lowest_first(self.name):
            return group.bit_length() - 1
        return (group & -group).bit_length() - 1

    def hidden_prereleases(self) -> int:
        """The prereleases that are not looked at as long as stable versions may lead to a solution.

        None where the rule allows them, and where no usable stable version exists.
        """
        rule = self._rules.prerelease_of(self.name)
        prereleases = self.listing.prereleases & self.usable
        if rule == "never":
            return prereleases
        if rule == "allow" or prereleases == self.usable:
            return 0
        return prereleases & ~self.locked

    def _locked(self) -> int:
        version = self._rules.locked.get(self.name)
        if version is None or version not in self.listing.versions:
            return 0
        return 1 << self.listing.versions.index(version)

    def _exempt_from_yanks(self) -> int:
        exempt = self.locked
        for text in self._rules.exact.get(self.name, ()):
            exempt |= mask(text, self.listing.table)
        return exempt

    def _apply_constraints(self) -> None:
        for specifier, origin in self._rules.constraints.get(self.name, ()):
            out = self.usable & ~mask(specifier, self.listing.table)
            if out:
                words = f"is left out by the constraint {self.name}{specifier} ({origin})"
                self.reasons[words] = self.reasons.get(words, 0) | out
                self.usable &= ~out

    def _best(self, files: tuple[Artifact, ...], *, may_be_yanked: bool) -> Artifact | str:
        """The best file of one version, or the most telling reason why there is none."""
        best: tuple[_Rank, tuple[int, str], Artifact] | None = None
        refusal = "has no files"
        for artifact in files:
            rank = self._rank(artifact)
            if rank is None:
                refusal = self._unfit(artifact, refusal)
                continue
            problem = self._problem(artifact, may_be_yanked)
            if problem:
                refusal = problem
                continue
            build = artifact.build_number or (0, "")
            if best is None or rank < best[0] or (rank == best[0] and build > best[1]):
                best = (rank, build, artifact)
        return best[2] if best is not None else refusal

    def _rank(self, artifact: Artifact) -> _Rank | None:
        """How good a file is for this target, lowest best; None: it is of no use."""
        rules = self._rules
        if artifact.kind == "sdist":
            tag = 0 if rules.builds(self.name) else None
        else:
            tag = None if rules.no_binary.covers(self.name) else wheel_rank(artifact.tags, rules.tags)
        if tag is None:
            return None
        elsewhere = artifact.index != self.listing.where[0]
        return artifact.kind == "sdist", artifact.yanked is not None, elsewhere, tag

    def _unfit(self, artifact: Artifact, before: str) -> str:
        """Why a file of this kind is of no use, unless a file that otherwise fits said more before."""
        rules = self._rules
        if artifact.kind == "sdist":
            return f"has no wheel for {rules.target_words()} and {SOURCE_ONLY}"
        if rules.no_binary.covers(self.name):
            return "has wheels only, and `--no-binary` asks for a source distribution"
        return f"has no wheel for {rules.target_words()}" if before == "has no files" else before

    def _problem(self, artifact: Artifact, may_be_yanked: bool) -> str | None:
        rules = self._rules
        if artifact.requires_python and not python_allows(artifact.requires_python, rules.python):
            return f"requires Python {artifact.requires_python}"
        if artifact.yanked is not None and not may_be_yanked:
            return f"was yanked{f' ({artifact.yanked})' if artifact.yanked else ''}"
        cutoff = rules.cutoff_of(self.name)
        if cutoff is not None and not artifact.url.startswith("file:"):
            if artifact.uploaded is None:
                return f"has no upload time, and only files from before {cutoff} count"
            if artifact.uploaded >= cutoff:
                return f"was published on {artifact.uploaded[:10]}, and only files from before {cutoff} count"
        hashes = rules.hashes.get(self.name)
        if hashes and has_wanted_hash(artifact, hashes) is False:
            return "has no file with a hash that the manifest gives"
        return None


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
