"""The static metadata of a source distribution (PEP 643), read without unpacking or running it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from provenv.errors import DiskError
from provenv.pypi.artifacts import Artifact, Metadata
from provenv.pypi.known_metadata import MetadataError, NeedsBuild
from provenv.pypi.metadata import (
    LARGEST,
    decode,
    metadata_from_fields,
    parse_headers,
    parse_metadata,
    static_sdist_fields,
)
from provenv.standards.requirements import InvalidRequirement

MOST_MEMBERS = 300_000
MOST_BYTES = 4 * 1024**3
"""How much an archive may unpack to before it is taken for a bomb."""


def static_metadata(path: Path, artifact: Artifact) -> Metadata:
    """What an sdist on this disk depends on, where it says so for certain. `name`: the project's
    canonical name.

    First by PKG-INFO (PEP 643), then by `[project]` of pyproject.toml (PEP 621) where dependencies and
    optional dependencies are not dynamic. Raises NeedsBuild where neither says it, and MetadataError for
    a broken archive.
    """
    found = _read_files(path, artifact.filename)
    if "PKG-INFO" in found:
        fields = parse_headers(decode(found["PKG-INFO"]))
        if static_sdist_fields(fields):
            return metadata_from_fields(fields, artifact.filename)
    if "pyproject.toml" in found:
        metadata = _from_pyproject(decode(found["pyproject.toml"]), artifact)
        if metadata is not None:
            return metadata
    raise NeedsBuild(artifact)


def _from_pyproject(text: str, artifact: Artifact) -> Metadata | None:
    """What `[project]` says, None when it leaves dependencies to the build backend or makes no sense."""
    from provenv.pypi.static import project_text

    try:
        found = project_text(text, artifact.version)
    except InvalidRequirement as problem:
        raise MetadataError(
            f"the pyproject.toml of {artifact.filename} can't be used", evidence=[str(problem)]
        ) from None
    return None if found is None else parse_metadata(found, artifact.filename)


def _read_files(path: Path, filename: str) -> dict[str, bytes]:
    """PKG-INFO and pyproject.toml of the archive's one top folder, as far as they are there."""
    import tarfile
    import zipfile
    import zlib
    from lzma import LZMAError

    found: dict[str, bytes] = {}
    try:
        for member, content in _members(path, filename):
            folder, _, name = member.removeprefix("./").partition("/")
            if folder and name in ("PKG-INFO", "pyproject.toml") and name not in found:
                found[name] = content.read(LARGEST + 1)
                if len(found[name]) > LARGEST:
                    raise MetadataError(
                        f"{filename} can't be used", evidence=[f"its {name} is over {LARGEST} bytes"]
                    )
            if len(found) == 2:
                break
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        LZMAError,
        EOFError,
        NotImplementedError,
    ) as problem:
        raise MetadataError(
            f"{filename} is no archive that can be read", evidence=[str(problem) or type(problem).__name__]
        ) from None
    except OSError as problem:
        if problem.errno is None:  # gzip, bz2 and lzma raise bare OSErrors for bad data
            raise MetadataError(
                f"{filename} is no archive that can be read", evidence=[str(problem)]
            ) from None
        raise DiskError(f"{path} can't be read", evidence=[problem.strerror or str(problem)]) from None
    return found


def _members(path: Path, filename: str) -> Iterator[tuple[str, IO[bytes]]]:
    """Every regular file of the archive with its opened content; ends with MetadataError for a bomb."""
    import tarfile
    import zipfile

    if filename.endswith(".zip"):
        with zipfile.ZipFile(path) as packed:
            for entry in packed.infolist()[:MOST_MEMBERS]:
                if entry.filename.count("/") == 1:
                    with packed.open(entry) as content:
                        yield entry.filename, content
        return
    with tarfile.open(path, mode="r:*") as archive:
        total = 0
        for count, member in enumerate(archive):
            total += member.size
            if count > MOST_MEMBERS or total > MOST_BYTES:
                raise MetadataError(
                    f"{filename} can't be used", evidence=[f"it unpacks to over {MOST_BYTES} bytes"]
                )
            opened = archive.extractfile(member) if member.isfile() else None
            if opened is not None:
                yield member.name, opened
