"""Core metadata as the cache keeps them, and why a file has none that can be used."""

from __future__ import annotations

from provenv.errors import BuildError, IndexAnswerError
from provenv.pypi.artifacts import Artifact, Metadata
from provenv.pypi.records import project_of
from provenv.standards.requirements import Requirement
from provenv.typed import cast


class MetadataError(IndexAnswerError):
    """The metadata of one file can't be used, so that its version can't be either; another version may do."""

    kind = "metadata"


class ContradictoryMetadata(IndexAnswerError):
    """The metadata of a file names another project or version than the file's name does."""

    kind = "metadata"


class NeedsBuild(BuildError):
    """What an sdist depends on can only be had by building it."""

    def __init__(self, artifact: Artifact) -> None:
        super().__init__(
            f"what {artifact.filename} depends on can only be had by building it",
            evidence=["neither its PKG-INFO (PEP 643) nor its pyproject.toml says it statically"],
            hints=[f'allow it in the manifest: [tool.provenv] build = ["{project_of(artifact.filename)}"]'],
        )
        self.artifact = artifact


def to_record(metadata: Metadata) -> tuple[object, ...]:
    """Metadata as plain values that the cache keeps."""
    requires = tuple((r.name, r.extras, r.specifier, r.marker, r.url) for r in metadata.requires)
    return metadata.name, metadata.version, metadata.requires_python, requires, metadata.extras


def from_record(record: tuple[object, ...]) -> Metadata:
    """The metadata behind `to_record`."""
    name, version, requires_python, requires, extras = cast(
        "tuple[str, str, str | None, tuple[tuple[str, tuple[str, ...], str, str | None, str | None], ...],"
        " tuple[str, ...]]",
        record,
    )
    return Metadata(name, version, requires_python, tuple(Requirement(*r) for r in requires), extras)
