"""A manifest while it is being read: what its tables and lines have said so far."""

from __future__ import annotations

from pathlib import Path

from provenv.errors import Origin
from provenv.hooks.types import Envelope
from provenv.manifest.document import shown_path
from provenv.manifest.values import (
    CondaTable,
    Exclusion,
    FileRule,
    Index,
    Manifest,
    ManifestRequirement,
    ManifestWarning,
    NamedTarget,
    Pin,
)
from provenv.reads import real_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


class Rules:
    """A FileRule while it is being read."""

    def __init__(self) -> None:
        self.everything = False
        self.names: set[str] = set()

    def done(self) -> FileRule:
        return FileRule(self.everything, frozenset(self.names))


class Draft:
    """What has been said so far; the attributes are the fields of `Manifest`, growing."""

    def __init__(self, path: Path, kind: Literal["pyproject", "requirements", "environment"]) -> None:
        self.path = path
        self.kind = kind
        self.name: str | None = None
        self.requires_python: str | None = None
        self.requirements: list[ManifestRequirement] = []
        self.groups: tuple[str, ...] = ()
        self.extras: tuple[str, ...] = ()
        self.known_groups: list[str] = []
        self.known_extras: list[str] = []
        self.constraints: list[ManifestRequirement] = []
        self.overrides: list[ManifestRequirement] = []
        self.excluded_dependencies: list[str] = []
        self.indexes: list[Index] = []
        self.pins: list[Pin] = []
        self.python: tuple[str, ...] = ()
        self.platforms: tuple[str, ...] = ()
        self.accelerators: tuple[str, ...] = ()
        self.lockfiles = "lockfiles"
        self.exclude: tuple[Exclusion, ...] = ()
        self.envelope = Envelope()
        self.targets: tuple[NamedTarget, ...] = ()
        self.build = Rules()
        self.no_binary = Rules()
        self.only_binary = Rules()
        self.exclude_newer: str | None = None
        self.exclude_newer_package: dict[str, str | None] = {}
        self.prerelease: Literal["allow", "never", "if-needed"] = "if-needed"
        self.prerelease_package: dict[str, str] = {}
        self.align = False
        self.use_pip_config = True
        self.no_index = False
        self.previews: tuple[str, ...] = ()
        self.conda: CondaTable | None = None
        self.warnings: list[ManifestWarning] = []

    @property
    def folder(self) -> Path:
        """The manifest's folder, absolute."""
        return self.path.absolute().parent

    def warn(self, message: str, origin: Origin | None = None) -> None:
        """Notes something that is not followed, or not as its author may think; once."""
        warning = ManifestWarning(message, origin)
        if warning not in self.warnings:
            self.warnings.append(warning)

    def warn_of_missing_paths(self) -> None:
        """Tells of requirements that lie on this disk at a place where there is nothing."""
        for required in self.requirements:
            url = required.requirement.url
            if url and url.startswith("file:"):
                from provenv.manifest.locations import missing_path

                path = missing_path(required.requirement)
                if path is not None:
                    self.warn(f"there is nothing at {shown_path(path)}", required.origin)

    def finish(self) -> Manifest:
        """The manifest, whole. The default index is asked last, since the others were added for a reason."""
        self.warn_of_missing_paths()
        return Manifest(
            path=self.path,
            kind=self.kind,
            name=self.name,
            requires_python=self.requires_python,
            requirements=tuple(self.requirements),
            groups=self.groups,
            extras=self.extras,
            known_groups=tuple(self.known_groups),
            known_extras=tuple(self.known_extras),
            constraints=tuple(self.constraints),
            overrides=tuple(self.overrides),
            excluded_dependencies=tuple(self.excluded_dependencies),
            indexes=tuple(sorted(self.indexes, key=lambda index: index.default)),
            pins=tuple(self.pins),
            python=self.python,
            platforms=self.platforms,
            accelerators=self.accelerators,
            lockfiles=real_path(self.folder / self.lockfiles),
            exclude=self.exclude,
            envelope=self.envelope,
            targets=self.targets,
            build=self.build.done(),
            no_binary=self.no_binary.done(),
            only_binary=self.only_binary.done(),
            exclude_newer=self.exclude_newer,
            exclude_newer_package=tuple(sorted(self.exclude_newer_package.items())),
            prerelease=self.prerelease,
            prerelease_package=tuple(sorted(self.prerelease_package.items())),
            align=self.align,
            use_pip_config=self.use_pip_config,
            no_index=self.no_index,
            previews=self.previews,
            conda=self.conda,
            warnings=tuple(self.warnings),
        )
