"""The versions of one package that one target can use, and in words why not the others."""

from __future__ import annotations

from provenv.pypi.artifacts import Artifact
from provenv.resolving.catalog import Listing
from provenv.resolving.rules import Rules, wanted_hash
from provenv.standards.specifiers import mask, python_allows
from provenv.standards.tags import wheel_rank

_WORST = 1 << 30

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
        rules = self._rules
        best: Artifact | None = None
        best_rank: tuple[int, tuple[int, str]] = (_WORST, (0, ""))
        refusal = "has no files"
        builds = rules.builds(self.name)
        no_binary = rules.no_binary.covers(self.name)
        for artifact in files:
            if artifact.kind == "wheel":
                rank = wheel_rank(artifact.tags, rules.tags)
                if no_binary:
                    refusal = "has wheels only, and `--no-binary` asks for a source distribution"
                    continue
                if rank is None:
                    refusal = _later(refusal, f"has no wheel for {self._target_words()}")
                    continue
            elif not builds:
                refusal = f"has no wheel for {self._target_words()} and {SOURCE_ONLY}"
                continue
            else:
                rank = _WORST - 1
            problem = self._problem(artifact, may_be_yanked)
            if problem:
                refusal = problem
                continue
            build = artifact.build_number or (0, "")
            if best is None or (rank, (-build[0], build[1])) < best_rank:
                best, best_rank = artifact, (rank, (-build[0], build[1]))
        return best if best is not None else refusal

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
        if hashes and not wanted_hash(artifact, hashes):
            return "has no file with a hash that the manifest gives"
        return None

    def _target_words(self) -> str:
        minor = ".".join(self._rules.python.split(".")[:2])
        return f"Python {minor} on {self._rules.platform}"


def _later(refusal: str, reason: str) -> str:
    """Keeps a reason that came from a file which otherwise fits: it says more than a missing wheel."""
    return reason if refusal == "has no files" else refusal
