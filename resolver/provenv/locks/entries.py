"""The `[[packages]]` of a lock (PEP 751) read back as values."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from provenv.locks.tables import Bad, Table
from provenv.patterns import regex
from provenv.pypi.artifacts import Artifact
from provenv.resolution import Direct, Package
from provenv.standards.filenames import split_variant
from provenv.standards.names import canonicalize
from provenv.standards.variants import InvalidVariants, Variant, parse_property
from provenv.standards.versions import InvalidVersion, sort_key

_PRERELEASE = regex(r"[^+]*?(?:a|b|rc|\.dev)\d")


def read_packages(table: Table, folder: Path) -> tuple[Package, ...]:
    """The packages of a lock in this folder. Raises Bad with the number of the entry that can't be used."""
    packages = []
    for number, entry in enumerate(table.tables("packages")):
        try:
            packages.append(_package(entry, folder))
        except Bad as error:
            raise Bad(error.message, number) from error
    return tuple(packages)


def _package(table: Table, folder: Path) -> Package:
    name = table.text("name")
    tool = table.table("tool").table("provenv")
    version = table.maybe_text("version") or tool.text("version")
    artifact = _artifact(table, version, folder)
    return Package(
        name=name,
        version=version,
        artifact=artifact,
        requires=tuple(dependency.text("name") for dependency in table.tables("dependencies")),
        requires_python=table.maybe_text("requires-python"),
        extras=tool.texts("extras"),
        direct=_direct(table, artifact, folder),
        build_requires=tool.texts("build-requires"),
        prerelease=_PRERELEASE.match(version) is not None,
        variant=_variant(artifact, tool),
    )


def _artifact(table: Table, version: str, folder: Path) -> Artifact | None:
    wheels = table.tables("wheels")
    if len(wheels) > 1:
        raise Bad("it has several wheels for one package, and one was chosen")
    source = wheels[0] if wheels else table.table("sdist") or table.table("archive")
    if not source:
        return None
    url = _address(source, folder)
    filename = source.maybe_text("name") or unquote(url.rsplit("/", 1)[-1])
    hashes = source.table("hashes")
    artifact = Artifact(
        filename=filename,
        url=url,
        kind="wheel" if filename.endswith(".whl") else "sdist",
        version=version,
        size=source.maybe_integer("size"),
        hashes={algorithm: hashes.text(algorithm) for algorithm in hashes},
        requires_python=table.maybe_text("requires-python"),
        uploaded=_time(source.get("upload-time")),
        index=table.maybe_text("index") or "",
    )
    if not artifact.hashes:
        raise Bad(f"{filename} has no hash")
    return _with_tags(artifact, table.text("name")) if artifact.kind == "wheel" else artifact


def _with_tags(artifact: Artifact, name: str) -> Artifact:
    """PEP 427: name-version(-build)?-python-abi-platform.whl, and PEP 825 with a label at its end"""
    plain, label = split_variant(artifact.filename)
    parts = plain.removesuffix(".whl").split("-")
    if len(parts) not in (5, 6):
        raise Bad(f"{artifact.filename} is no wheel's name")
    if not _is_of(parts[0], parts[1], name, artifact.version):
        raise Bad(f"it says {name} {artifact.version}, and its file is {artifact.filename}")
    number = re.match(r"(\d+)(.*)", parts[2]) if len(parts) == 6 else None
    build = (int(number[1]), number[2]) if number else ()
    return artifact._replace(tags="-".join(parts[-3:]), build_number=build, variant=label)


def _is_of(file_name: str, file_version: str, name: str, version: str) -> bool:
    """Whether a wheel's name is that of this package and version, as an installer will ask too."""
    if canonicalize(file_name) != canonicalize(name):
        return False
    try:
        return file_version == version or sort_key(file_version.replace("_", "-")) == sort_key(version)
    except InvalidVersion:
        return False


def _variant(artifact: Artifact | None, tool: Table) -> Variant:
    label = tool.maybe_text("variant") or ""
    if label != (artifact.variant if artifact else ""):
        raise Bad(f"its variant is {label!r}, and its file is of another")
    try:
        return Variant(label, tuple(parse_property(text) for text in tool.texts("variant-properties")))
    except InvalidVariants as error:
        raise Bad(f"a property of its variant is none: {error}") from None


def _direct(table: Table, artifact: Artifact | None, folder: Path) -> Direct | None:
    archive, directory, vcs = table.table("archive"), table.table("directory"), table.table("vcs")
    if artifact:
        return Direct(artifact.url, subdirectory=archive.maybe_text("subdirectory")) if archive else None
    if vcs:
        return Direct(
            url=_address(vcs, folder),
            vcs=vcs.text("type"),
            revision=vcs.maybe_text("requested-revision"),
            commit=vcs.text("commit-id"),
            subdirectory=vcs.maybe_text("subdirectory"),
        )
    if directory:
        return Direct(
            url=_address(directory, folder),
            subdirectory=directory.maybe_text("subdirectory"),
            editable=directory.get("editable") is True,
            folder=True,
        )
    raise Bad("it names no file and no source tree")


def _address(table: Table, folder: Path) -> str:
    path = table.maybe_text("path")
    # normpath, not resolve: a symbolic link in the project stays what the user called it.
    return table.text("url") if path is None else Path(os.path.normpath(folder / path)).as_uri()


def _time(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise Bad("an upload-time is no time")
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
