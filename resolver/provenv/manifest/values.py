"""What a manifest says, as immutable values: the same for a pyproject.toml and a requirements file."""

from __future__ import annotations

from pathlib import Path

from provenv.errors import Origin
from provenv.hooks.types import Envelope
from provenv.standards.requirements import Requirement
from provenv.values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


@dataclass(frozen=True, slots=True)
class ManifestRequirement:
    """A requirement as a user wrote it, and where.

    `text` is the user's own text (continuations joined, comment and options removed). `hashes` are those that
    a requirements file gives (`sha256:…`); when there are any, the chosen file must have one of them.
    `editable` and local paths have their address in `requirement.url` (a `file:` URL); an unnamed path's or
    URL's name is found when it is resolved, and until then `requirement.name` is "".
    """

    requirement: Requirement
    text: str
    origin: Origin
    hashes: tuple[str, ...] = ()
    editable: bool = False
    group: str | None = None
    """The dependency group it came by; None for `[project] dependencies` and requirements files."""
    extra: str | None = None
    """The extra of the project it came by."""


@dataclass(frozen=True, slots=True)
class Index:
    """Where packages are published.

    `url`: the canonical address (a lock says it). `packages`: patterns of canonical names that come from here
    and nowhere else. `explicit`: asked only for packages that a pin names. `flat`: a page or folder of files
    (`--find-links`), not a simple index. `marker`-limited pins (as uv has them) are in `Pin`.
    """

    name: str
    url: str
    packages: tuple[str, ...] = ()
    default: bool = False
    explicit: bool = False
    flat: bool = False
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Pin:
    """A package that comes from one index only, where its marker holds (`tool.uv.sources` has such)."""

    package: str
    index: str
    marker: str | None = None
    extra: str | None = None
    group: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class NamedTarget:
    """`[tool.provenv.targets.NAME]`: one target beside the matrix. None: the matrix's own default."""

    name: str
    platform: str | None
    python: str | None
    accelerator: str | None
    envelope: Envelope = Envelope()
    build: str | None = None
    packaging: Literal["pip", "conda"] = "pip"
    groups: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class CondaSpec:
    """A conda package as a user asked for it, and where: a match spec, `conda-forge::numpy >=2`.

    `selector`: on which platforms it is asked for (`linux`, `not win`); None: on all.
    """

    text: str
    origin: Origin
    selector: str | None = None


@dataclass(frozen=True, slots=True)
class CondaTable:
    """`[tool.provenv.conda]`: what the conda targets take from conda channels.

    `channels`: names, URLs and absolute `file:` URLs of folders, first is asked first. `names`: conda name ->
    PyPI name where the built-in rules are wrong. `variables`: what a process in the environment gets.
    """

    channels: tuple[str, ...]
    dependencies: tuple[CondaSpec, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    channel_priority: Literal["strict", "flexible", "disabled"] = "strict"
    variables: tuple[tuple[str, str], ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A product cell left out: every word given must match (platform, accelerator, python)."""

    platform: str | None = None
    accelerator: str | None = None
    python: str | None = None


@dataclass(frozen=True, slots=True)
class ManifestWarning:
    """Something in a manifest that is not followed, or not as its author may think, and where."""

    message: str
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class FileRule:
    """`--only-binary`/`--no-binary`/`build`: `all` and exceptions by canonical name."""

    everything: bool = False
    names: frozenset[str] = frozenset()

    def covers(self, name: str) -> bool:
        return self.everything or name in self.names


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest, whole. `requirements` holds everything of all groups and extras; `selected()` filters.

    `exclude_newer`: an RFC 3339 time or date as text normalised to `YYYY-MM-DDTHH:MM:SSZ`, files uploaded at
    or after it do not exist; per package in `exclude_newer_package` (None lifts it for that package).
    `prerelease`: the global rule, with exceptions per package.
    """

    path: Path
    kind: Literal["pyproject", "requirements", "environment"]
    name: str | None
    requires_python: str | None
    requirements: tuple[ManifestRequirement, ...]
    groups: tuple[str, ...]
    """The dependency groups that targets take unless they say otherwise."""
    extras: tuple[str, ...]
    known_groups: tuple[str, ...] = ()
    known_extras: tuple[str, ...] = ()
    constraints: tuple[ManifestRequirement, ...] = ()
    overrides: tuple[ManifestRequirement, ...] = ()
    excluded_dependencies: tuple[str, ...] = ()
    indexes: tuple[Index, ...] = ()
    """In the order in which they are asked; at most one with `default`."""
    pins: tuple[Pin, ...] = ()
    python: tuple[str, ...] = ()
    """As written (`3.12` or `3.12.4`); empty: this interpreter's minor version."""
    platforms: tuple[str, ...] = ()
    accelerators: tuple[str, ...] = ()
    lockfiles: Path = Path("lockfiles")
    """Absolute, resolved against the manifest's folder."""
    exclude: tuple[Exclusion, ...] = ()
    envelope: Envelope = Envelope()
    """Envelope words at the top level of [tool.provenv]: every target's, unless it says otherwise."""
    targets: tuple[NamedTarget, ...] = ()
    build: FileRule = FileRule()
    no_binary: FileRule = FileRule()
    only_binary: FileRule = FileRule()
    exclude_newer: str | None = None
    exclude_newer_package: tuple[tuple[str, str | None], ...] = ()
    prerelease: Literal["allow", "never", "if-needed"] = "if-needed"
    prerelease_package: tuple[tuple[str, str], ...] = ()
    align: bool = False
    """Whether targets prefer the versions of those before them in the matrix to newer ones."""
    use_pip_config: bool = True
    no_index: bool = False
    previews: tuple[str, ...] = ()
    """What is tried out before it is settled (`manifest.previews`), sorted."""
    conda: CondaTable | None = None
    warnings: tuple[ManifestWarning, ...] = field(default=(), compare=False)

    @classmethod
    def read(cls, path: Path | str) -> Manifest:
        """Reads a project folder, a pyproject.toml or a requirements file.

        The names of platforms, accelerators and envelope words are checked against the installed plugins.
        Raises ManifestError with file, line and what mends it.
        """
        from provenv.project import read_checked

        return read_checked(Path(path))

    def selected(
        self, groups: tuple[str, ...] | None = None, extras: tuple[str, ...] | None = None
    ) -> tuple[ManifestRequirement, ...]:
        """`[project] dependencies` and those of these groups and extras (None: the manifest's own)."""
        chosen_groups = self.groups if groups is None else groups
        chosen_extras = self.extras if extras is None else extras
        return tuple(
            r
            for r in self.requirements
            if (r.group is None or r.group in chosen_groups) and (r.extra is None or r.extra in chosen_extras)
        )
