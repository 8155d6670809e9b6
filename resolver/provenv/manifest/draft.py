"""A manifest while it is being read: what its tables and lines have said so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from provenv.errors import Origin
from provenv.hooks.types import Envelope
from provenv.manifest.values import (
    Exclusion,
    FileRule,
    Index,
    Manifest,
    ManifestRequirement,
    ManifestWarning,
    NamedTarget,
    Pin,
)


@dataclass(slots=True)
class Rules:
    """A FileRule while it is being read."""

    everything: bool = False
    names: set[str] = field(default_factory=set)

    def done(self) -> FileRule:
        return FileRule(self.everything, frozenset(self.names))


@dataclass(slots=True)
class Draft:
    """What has been said so far; the fields are those of `Manifest`, growing."""

    path: Path
    kind: Literal["pyproject", "requirements"]
    name: str | None = None
    requires_python: str | None = None
    requirements: list[ManifestRequirement] = field(default_factory=list)
    groups: tuple[str, ...] | None = None
    extras: tuple[str, ...] = ()
    known_groups: list[str] = field(default_factory=list)
    known_extras: list[str] = field(default_factory=list)
    constraints: list[ManifestRequirement] = field(default_factory=list)
    overrides: list[ManifestRequirement] = field(default_factory=list)
    excluded_dependencies: list[str] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    python: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    accelerators: tuple[str, ...] = ()
    lockfiles: str = "lockfiles"
    exclude: tuple[Exclusion, ...] = ()
    envelope: Envelope = Envelope()
    targets: tuple[NamedTarget, ...] = ()
    build: Rules = field(default_factory=Rules)
    no_binary: Rules = field(default_factory=Rules)
    only_binary: Rules = field(default_factory=Rules)
    exclude_newer: str | None = None
    exclude_newer_package: dict[str, str | None] = field(default_factory=dict)
    prerelease: Literal["allow", "never", "if-needed"] | None = None
    prerelease_package: dict[str, str] = field(default_factory=dict)
    use_pip_config: bool = True
    no_index: bool = False
    warnings: list[ManifestWarning] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The manifest's folder, absolute."""
        return self.path.absolute().parent

    def warn(self, message: str, origin: Origin | None = None) -> None:
        """Notes something that is not followed, or not as its author may think; once."""
        warning = ManifestWarning(message, origin)
        if warning not in self.warnings:
            self.warnings.append(warning)

    def finish(self) -> Manifest:
        """The manifest, whole. The default index is asked last, since the others were added for a reason."""
        return Manifest(
            path=self.path,
            kind=self.kind,
            name=self.name,
            requires_python=self.requires_python,
            requirements=tuple(self.requirements),
            groups=self.groups or (),
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
            lockfiles=(self.folder / self.lockfiles).resolve(),
            exclude=self.exclude,
            envelope=self.envelope,
            targets=self.targets,
            build=self.build.done(),
            no_binary=self.no_binary.done(),
            only_binary=self.only_binary.done(),
            exclude_newer=self.exclude_newer,
            exclude_newer_package=tuple(sorted(self.exclude_newer_package.items())),
            prerelease=self.prerelease or "if-needed",
            prerelease_package=tuple(sorted(self.prerelease_package.items())),
            use_pip_config=self.use_pip_config,
            no_index=self.no_index,
            warnings=tuple(self.warnings),
        )
