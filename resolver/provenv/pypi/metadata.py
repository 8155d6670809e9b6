"""Core metadata: what a METADATA or PKG-INFO text says, as far as a resolver needs it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from provenv.pypi.artifacts import Artifact, Metadata
from provenv.pypi.known_metadata import ContradictoryMetadata, MetadataError
from provenv.pypi.records import project_of, read_filename
from provenv.standards.filenames import split_variant
from provenv.standards.names import canonicalize, is_valid_name
from provenv.standards.requirements import InvalidRequirement, Requirement, parse_requirement
from provenv.standards.versions import InvalidVersion, sort_key

LARGEST = 20 * 1024 * 1024
"""Bytes of metadata that are read at most; the largest of real indexes are under one million."""
DEPENDENCY_FIELDS = frozenset({"requires-dist", "requires-python", "provides-extra"})


def parse_headers(text: str) -> dict[str, list[str]]:
    """The header fields up to the first empty line, by lower-case name, folded lines joined by line feeds.

    Lines that are no header are skipped, as real files have some.
    """
    fields: dict[str, list[str]] = {}
    last: list[str] = []
    for line in re.split(r"\r\n|\r|\n", text.lstrip("\ufeff")):
        if not line:
            break
        if line[0] in " \t":
            if last:
                last[-1] += "\n" + line.strip()
            continue
        name, colon, value = line.partition(":")
        if colon:
            last = fields.setdefault(name.strip().lower(), [])
            last.append(value.strip())
    return fields


def decode(content: bytes) -> str:
    """Metadata as text: UTF-8, as the standard says, or Latin-1, as some old files are."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def parse_metadata(text: str, label: str) -> Metadata:
    """Core metadata out of a METADATA or PKG-INFO text. `label`: the file that errors name.

    Raises MetadataError for what no valid project could be: no name, no version, a requirement that PEP
    508 rejects.
    """
    return metadata_from_fields(parse_headers(text), label)


def metadata_from_fields(fields: dict[str, list[str]], label: str) -> Metadata:
    """As `parse_metadata`, from header fields."""
    major = _first(fields, "metadata-version", label).partition(".")[0]
    if major not in ("1", "2"):
        raise _unusable(label, f"its Metadata-Version is {major}, and versions 1 and 2 are known")
    name, version = _first(fields, "name", label), _first(fields, "version", label)
    if not is_valid_name(name):
        raise _unusable(label, f"its Name is {name[:100]!r}")
    try:
        sort_key(version)
    except InvalidVersion as problem:
        raise _unusable(label, str(problem)) from None
    requires_python = next((value for value in fields.get("requires-python", []) if value), None)
    requires = tuple(parse_requirements(fields.get("requires-dist", []), label))
    extras = tuple(dict.fromkeys(canonicalize(extra) for extra in fields.get("provides-extra", []) if extra))
    return Metadata(canonicalize(name), version, requires_python, requires, extras)


def parse_requirements(texts: Sequence[str], label: str) -> list[Requirement]:
    """Requirements of one file; raises MetadataError naming the first that PEP 508 rejects."""
    found = []
    for text in texts:
        try:
            found.append(parse_requirement(" ".join(text.split())))
        except InvalidRequirement as problem:
            raise _unusable(label, f"its requirement {text[:200]!r} is not valid: {problem}") from None
    return found


def static_sdist_fields(fields: dict[str, list[str]]) -> bool:
    """Whether an sdist's PKG-INFO says for certain what any wheel built from it depends on (PEP 643)."""
    version = re.fullmatch(r"(\d+)\.(\d+)", fields.get("metadata-version", [""])[0])
    if version is None or (int(version[1]), int(version[2])) < (2, 2):
        return False
    return DEPENDENCY_FIELDS.isdisjoint(name.lower() for name in fields.get("dynamic", []))


def check_against(metadata: Metadata, artifact: Artifact) -> Metadata:
    """The metadata, when its name and version are the file's own; raises ContradictoryMetadata."""
    named = read_filename(split_variant(artifact.filename)[0], metadata.name)
    if named is None:
        raise _contradiction(artifact, "project", metadata.name, project_of(artifact.filename) or "another")
    if sort_key(metadata.version) != sort_key(artifact.version):
        raise _contradiction(artifact, "version", metadata.version, artifact.version)
    return metadata


def _first(fields: dict[str, list[str]], name: str, label: str) -> str:
    value = next((value for value in fields.get(name, []) if value), "")
    if not value:
        raise _unusable(label, f"it has no {name.title()}")
    return value


def _unusable(label: str, reason: str) -> MetadataError:
    return MetadataError(f"the metadata of {label} can't be used", evidence=[reason])


def _contradiction(artifact: Artifact, what: str, found: str, expected: str) -> ContradictoryMetadata:
    return ContradictoryMetadata(
        f"the metadata of {artifact.filename} contradicts its file name",
        evidence=[
            f"the file is of {what} {expected}, its metadata says {found}",
            f"it is listed by {artifact.index}",
        ],
        hints=["tell whoever published it; exclude this version with a constraint until it is mended"],
    )
