"""Resolutions made by hand from tiny real files, for the tests of locks and environments."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from provenv.hooks.types import Build, Envelope
from provenv.locks.inputs import LockInputs
from provenv.pypi.artifacts import Artifact
from provenv.resolution import Direct, Package, Resolution
from provenv.targets import Target
from support.distributions import ANY, file_stem, make_sdist, make_wheel, metadata_text
from support.index_server import ServedFile, TestIndex

MARKERS = {"sys_platform": "linux", "platform_machine": "x86_64", "os_name": "posix", "platform_release": ""}
TARGET = Target("linux-x86_64-cpu-py311", "linux-x86_64", "3.11.0", "cpu", Envelope.of({"glibc": "2.28"}))


def wheel(
    index: TestIndex | Path, name: str, version: str = "1.0", *, requires: Sequence[str] = (), tags: str = ANY
) -> Artifact:
    """A tiny real wheel, served by a loopback index or lying in a folder."""
    content = make_wheel(name, version, metadata_text(name, version, requires=requires), tags=tags)
    return _artifact(index, name, version, f"{file_stem(name, version)}-{tags}.whl", content, tags)


def sdist(index: TestIndex | Path, name: str, version: str = "1.0", **options: object) -> Artifact:
    """A tiny real sdist, served by a loopback index or lying in a folder."""
    content = make_sdist(name, version, **options)  # type: ignore[arg-type]  # passed through as they are
    return _artifact(index, name, version, f"{file_stem(name, version)}.tar.gz", content, "")


def _artifact(
    place: TestIndex | Path, name: str, version: str, filename: str, content: bytes, tags: str
) -> Artifact:
    if isinstance(place, Path):
        place.mkdir(parents=True, exist_ok=True)
        (place / filename).write_bytes(content)
        url, index = (place / filename).as_uri(), place.as_uri()
    else:
        place.add_file(name, ServedFile(filename, content))
        url, index = place.file_url(filename), place.url
    return Artifact(
        filename=filename,
        url=url,
        kind="wheel" if filename.endswith(".whl") else "sdist",
        version=version,
        tags=tags,
        size=len(content),
        hashes={"sha256": hashlib.sha256(content).hexdigest()},
        uploaded="2020-01-01T00:00:00Z",
        index=index,
    )


def package(
    artifact: Artifact, *requires: str, direct: Direct | None = None, builds: Sequence[str] = ()
) -> Package:
    """The package of an artifact, its name read off the file's."""
    name = artifact.filename.split("-")[0].replace("_", "-")
    return Package(
        name, artifact.version, artifact, tuple(requires), direct=direct, build_requires=tuple(builds)
    )


def resolution(*packages: Package, target: Target = TARGET, build: Build | None = None) -> Resolution:
    return Resolution(target, build, tuple(sorted(packages, key=lambda p: p.name)))


def inputs(*requirements: str, target: Target = TARGET) -> LockInputs:
    return LockInputs(target, requirements=tuple(sorted(requirements)))
