"""Direct references: a URL, a path or a commit becomes one candidate, checked against what was asked for.

Naming a source directly in a manifest is the user's consent to build that source, as it is for pip and uv:
there is no version to fall back to. A reference in another package's metadata is nobody's consent; it is
taken as a wheel, or where the manifest's `build` names the package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from provenv.errors import BuildError, IndexAnswerError, InputError, NoSolution, Origin, ProvenvError
from provenv.manifest.values import ManifestRequirement
from provenv.pypi.artifacts import Artifact, Metadata
from provenv.pypi.build_environment import Provision
from provenv.pypi.builds import Records, build_metadata
from provenv.pypi.direct_sources import Download, Source, Sources
from provenv.pypi.references import Reference, parse_reference
from provenv.resolution import Direct
from provenv.settings import NetworkSettings
from provenv.standards.names import canonicalize
from provenv.standards.requirements import Requirement
from provenv.values import dataclass, replace


@dataclass(frozen=True, slots=True)
class DirectCandidate:
    """What a direct reference turned out to be. `artifact` (sha256 and size known): None for folders, VCS."""

    name: str
    version: str
    metadata: Metadata
    direct: Direct
    artifact: Artifact | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A requirement with a URL, whoever wrote it."""

    requirement: Requirement
    url: str
    hashes: tuple[str, ...]
    editable: bool
    consent: bool


class DirectResolver:
    """Resolves direct references; fetches and builds each source once in its life. Close it, or use `with`.

    `locked`: (`Direct.url`, revision) -> commit of an existing lock, kept although a branch may have moved.
    `may_build`: whether the manifest's `build` covers a canonical name. `variant`: see `build_metadata`.
    Not for several threads at once.
    """

    def __init__(
        self,
        *,
        download: Download,
        provision: Provision,
        settings: NetworkSettings | None = None,
        records: Records | None = None,
        locked: Mapping[tuple[str, str | None], str] | None = None,
        may_build: Callable[[str], bool] = lambda name: False,
        variant: str = "",
    ) -> None:
        self._provision = provision
        self._records = records
        self._may_build = may_build
        self._variant = variant
        self._sources = Sources(download, settings, records, locked or {})
        self._built: dict[tuple[Direct, str | None, str], Metadata] = {}

    def __enter__(self) -> DirectResolver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove every folder that was made."""
        self._sources.close()

    def resolve(
        self,
        requirement: ManifestRequirement | Requirement,
        *,
        python: str,
        origin: Origin | None = None,
        base: Path | None = None,
    ) -> DirectCandidate:
        """The one candidate behind a requirement with a URL. `python`: the target's, for what must be built.

        A relative path counts from `base` (default: the current folder). Raises InputError for an address
        that is none or a name that is not the one asked for, NoSolution for a version outside the specifier,
        IndexAnswerError for a wrong hash, and NetworkError, DiskError and BuildError as they come.
        """
        place = origin or (requirement.origin if isinstance(requirement, ManifestRequirement) else None)
        try:
            return self._resolve(self._asked(requirement), python, base or Path.cwd(), place)
        except ProvenvError as error:
            error.origin = error.origin or place
            raise

    def _asked(self, requirement: ManifestRequirement | Requirement) -> _Asked:
        if isinstance(requirement, ManifestRequirement):
            inner = requirement.requirement
            hashes = tuple(text.lower() for text in requirement.hashes)
            editable, consent = requirement.editable, True
        else:
            inner, hashes, editable = requirement, (), False
            consent = self._may_build(inner.name)
        if inner.url is None:
            raise InputError(f"{inner} is not a direct reference")
        return _Asked(inner, inner.url, hashes, editable, consent)

    def _resolve(self, asked: _Asked, python: str, base: Path, origin: Origin | None) -> DirectCandidate:
        from provenv.standards.versions import normalize

        reference = parse_reference(asked.url, base, origin)
        if not asked.consent and not reference.is_wheel:
            raise _not_allowed(asked.requirement, reference)
        source = self._sources.find(reference, asked.hashes, origin)
        if asked.editable and not source.direct.folder and source.direct.vcs is None:
            raise InputError(
                f"{reference.shown} can't be installed editable: it is a file",
                hints=["remove -e, or name a folder"],
            )
        metadata = self._metadata(source, asked, python)
        _check_name(metadata, asked, reference)
        _check_version(metadata, asked, reference)
        return DirectCandidate(
            name=metadata.name,
            version=normalize(metadata.version),
            metadata=metadata,
            direct=replace(source.direct, editable=asked.editable and source.direct.folder),
            artifact=None if source.artifact is None else _versioned(source.artifact, metadata, reference),
        )

    def _metadata(self, source: Source, asked: _Asked, python: str) -> Metadata:
        from provenv.pypi.metadata import parse_metadata

        if source.static is not None:
            return parse_metadata(source.static, source.label)
        key = (source.direct, source.identity, python)
        if key not in self._built:
            name = asked.requirement.name
            self._built[key] = build_metadata(
                source.tree,
                python=python,
                provision=self._provision,
                label=f"{name} ({source.label})" if name else source.label,
                subdirectory=source.direct.subdirectory,
                identity=source.identity,
                variant=self._variant,
                records=self._records,
            )
        return self._built[key]


def _not_allowed(requirement: Requirement, reference: Reference) -> BuildError:
    return BuildError(
        f"{requirement.name} would have to be built from source, which the manifest does not allow",
        evidence=[f"a package asks for it from {reference.shown}"],
        hints=[
            f'add it to [tool.provenv]: build = ["{requirement.name}"], or name that address in the manifest'
        ],
    )


def _check_name(metadata: Metadata, asked: _Asked, reference: Reference) -> None:
    wanted = asked.requirement.name or reference.egg
    if wanted and canonicalize(wanted) != metadata.name:
        raise InputError(
            f"{reference.shown} is not {wanted}",
            evidence=[f"its metadata say that it is {metadata.name} {metadata.version}"],
            hints=[f"ask for {metadata.name} @ {reference.shown}, or correct the address"],
        )


def _check_version(metadata: Metadata, asked: _Asked, reference: Reference) -> None:
    from provenv.standards.specifiers import contains

    specifier = asked.requirement.specifier
    if specifier and not contains(specifier, metadata.version):
        raise NoSolution(
            f"{metadata.name}{specifier} can't come from {reference.shown}",
            evidence=[f"it holds {metadata.name} {metadata.version}"],
            hints=["name a revision or file of a version that fits, or widen the requirement"],
        )


def _versioned(artifact: Artifact, metadata: Metadata, reference: Reference) -> Artifact:
    """The artifact with its version; a wheel's file name must say what its metadata say.

    The name alone may have a local version: so are the wheels of flash-attn and its kin released, and pip and
    uv take them.
    """
    from provenv.standards.filenames import parse_wheel
    from provenv.standards.versions import normalize, sort_key

    if artifact.kind == "wheel":
        named = parse_wheel(artifact.filename)
        said = (metadata.name, sort_key(metadata.version))
        versions = (named.version, named.version.partition("+")[0]) if named else ()
        if named is None or said not in [(named.name, sort_key(version)) for version in versions]:
            raise IndexAnswerError(
                f"{reference.shown} is not what its file name says",
                evidence=[f"its metadata say that it is {metadata.name} {metadata.version}"],
                hints=["tell whoever publishes this file; do not install it"],
            )
    return artifact._replace(version=normalize(metadata.version))
