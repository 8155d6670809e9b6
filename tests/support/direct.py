"""Direct references for tests: what they point to, and the callables that a resolver of them gets."""

from __future__ import annotations

import urllib.request
from collections.abc import Sequence
from pathlib import Path

from provenv.errors import NetworkError, Origin
from provenv.manifest.values import ManifestRequirement
from provenv.standards.requirements import Requirement
from support.distributions import make_wheel, metadata_text

ORIGIN = Origin("pyproject.toml", 7)
STATIC = '[project]\nname = "pkg"\nversion = "1.0"\ndependencies = ["numpy>=2"]\n'


def download(url: str, to: Path) -> None:
    """The plain stand-in for the fetcher."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            to.write_bytes(answer.read())
    except OSError as error:
        raise NetworkError(f"{url} can't be fetched", evidence=[str(error)]) from error


def nothing_needed(requirements: Sequence[str], prefix: Path) -> tuple[str, ...]:
    raise AssertionError(f"asked to provide {requirements}")


def asked(
    url: str, name: str = "pkg", *, hashes: tuple[str, ...] = (), editable: bool = False, specifier: str = ""
) -> ManifestRequirement:
    requirement = Requirement(name, specifier=specifier, url=url)
    return ManifestRequirement(requirement, f"{name} @ {url}", ORIGIN, hashes=hashes, editable=editable)


def wheel(folder: Path, name: str = "pkg", version: str = "1.0", filename: str | None = None) -> Path:
    path = folder / (filename or f"{name}-{version}-py3-none-any.whl")
    path.write_bytes(make_wheel(name, version, metadata_text(name, version, requires=["numpy>=2"])))
    return path


def folder(place: Path, pyproject: str = STATIC) -> Path:
    place.mkdir(parents=True)
    (place / "pyproject.toml").write_text(pyproject)
    return place
