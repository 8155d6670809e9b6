"""What one target accepts, as a value: Python, tags, files that may be built, dates, hashes, pins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from provenv.manifest.values import FileRule
from provenv.pypi.artifacts import Artifact
from provenv.standards.markers import MarkerEnvironment
from provenv.standards.tags import ranks_in
from provenv.values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from provenv.resolving.variants import VariantRules

Prerelease: TypeAlias = 'Literal["allow", "never", "if-needed"]'
Strategy: TypeAlias = 'Literal["highest", "lowest", "lowest-direct"]'

Order = tuple[tuple[int, ...], ...]
"""By which the labels of a version are sorted, the best first."""
END = (1 << 30,)
"""Where the properties of a label end: of two that begin alike the one that has more comes first."""
PLAIN: tuple[Order, str] = ((END, END), "")
"""The rank of a wheel that is no variant: after all of those, the null variant too."""


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """The rules by which a target's candidates are chosen.

    `python`: full version. `tags`: wheel tag -> rank (0 is best). `constraints`: canonical name -> specifier
    texts with their origin. `hashes`: name -> the `algorithm:hex` that a file must have one of. `exact`: name
    -> the specifier texts of the manifest's own `==` pins, for which yanked files may be taken. `locked`:
    name -> the version that the old lock holds, `aligned`: name -> those of other targets, best first.
    `may_build`: which packages may be built from source. `variants`: by which variant wheels are chosen,
    None: they do not exist.
    """

    python: str
    environment: MarkerEnvironment
    tags: Mapping[str, int]
    platform: str = ""
    may_build: FileRule = FileRule()
    no_binary: FileRule = FileRule()
    only_binary: FileRule = FileRule()
    constraints: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    exact: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    direct: frozenset[str] = frozenset()
    locked: Mapping[str, str] = field(default_factory=dict)
    aligned: Mapping[str, Sequence[str]] = field(default_factory=dict)
    exclude_newer: str | None = None
    exclude_newer_package: Mapping[str, str | None] = field(default_factory=dict)
    prerelease: Prerelease = "if-needed"
    prerelease_package: Mapping[str, Prerelease] = field(default_factory=dict)
    strategy: Strategy = "highest"
    variants: VariantRules | None = None

    def prerelease_of(self, name: str) -> Prerelease:
        """The prerelease rule of one package."""
        return self.prerelease_package.get(name, self.prerelease)

    def cutoff_of(self, name: str) -> str | None:
        """The time from which on files of a package do not exist (`YYYY-MM-DDTHH:MM:SSZ`)."""
        return self.exclude_newer_package.get(name, self.exclude_newer)

    def builds(self, name: str) -> bool:
        """Whether a source distribution of this package is a candidate."""
        if self.only_binary.covers(name) and not name_overrides(self.may_build, name):
            return False
        return self.may_build.covers(name) or self.no_binary.covers(name)

    def target_words(self) -> str:
        """The target as reasons name it: `Python 3.12 on linux-x86_64`."""
        return f"Python {'.'.join(self.python.split('.')[:2])} on {self.platform}"

    def lowest_first(self, name: str) -> bool:
        """Whether the oldest version is tried first."""
        return self.strategy == "lowest" or (self.strategy == "lowest-direct" and name in self.direct)


class Terms:
    """What a target's rules say of the files of any package, and `named`: of which they say more."""

    __slots__ = ("builds", "cutoff", "named", "no_wheels", "oldest_first", "prerelease", "ranks", "rules")

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.ranks = ranks_in(rules.tags)
        self.builds, self.no_wheels = rules.builds(""), rules.no_binary.covers("")
        self.cutoff, self.prerelease = rules.exclude_newer, rules.prerelease
        self.oldest_first = rules.strategy == "lowest"
        self.named = {
            *(*rules.locked, *rules.aligned, *rules.exact, *rules.constraints, *rules.hashes),
            *(*rules.exclude_newer_package, *rules.prerelease_package),
            *(*rules.may_build.names, *rules.no_binary.names, *rules.only_binary.names),
            *(rules.direct if rules.strategy == "lowest-direct" else ()),
        }


@lru_cache(maxsize=64)
def terms_of(rules: Rules) -> Terms:
    """The terms of a target's rules, made once."""
    return Terms(rules)


def name_overrides(rule: FileRule, name: str) -> bool:
    """Whether a rule names this package itself, not only everything."""
    return name in rule.names


def has_wanted_hash(artifact: Artifact, hashes: frozenset[str]) -> bool | None:
    """Whether a file has one of the `algorithm:hex` digests that the manifest gives.

    None: its index says no digest of any of these algorithms, so only the file itself can tell.
    """
    algorithms = {text.partition(":")[0] for text in hashes}
    said = {f"{name}:{digest}" for name, digest in artifact.hashes.items() if name in algorithms}
    return not said.isdisjoint(hashes) if said else None
