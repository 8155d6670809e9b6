"""The cache of unpacked conda packages: each file is checked before it is linked, and what is damaged goes.

py-rattler checks an archive when it unpacks it, and takes on trust what it unpacked before. A package's own
list (`info/paths.json`) has the sha256 of what it installs; of all else, that list included, a record is made
when it is first used.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from provenv.pypi.cache import Cache
from provenv.resolution import CondaPackage

KIND = "conda-packages"
LIST = Path("info", "paths.json")


def stem(package: CondaPackage) -> str:
    """`numpy-2.3.5-py313hf6604e3_0`, by which caches and records call it."""
    return re.sub(r"\.(conda|tar\.bz2)$", "", package.filename)


def discard_damaged(packages: Sequence[CondaPackage], folder: Path, records: Cache) -> tuple[str, ...]:
    """Remove from the cache in `folder` what is not as it was unpacked, to be fetched anew; its stems."""
    kept = _unpacked(packages, folder)
    with ThreadPoolExecutor() as pool:
        whole = pool.map(lambda pair: _is_whole(pair[1], records.get(KIND, _key(*pair))), kept)
        damaged = [pair for pair, good in zip(kept, whole, strict=True) if not good]
    for package, place in damaged:
        shutil.rmtree(place, ignore_errors=True)
        place.with_name(f"{place.name}.lock").unlink(missing_ok=True)
        records.remove(KIND, _key(package, place))
    return tuple(stem(package) for package, _ in damaged)


def remember(packages: Sequence[CondaPackage], folder: Path, records: Cache) -> None:
    """Record what was just unpacked and linked, as far as it is not on record."""
    for package, place in _unpacked(packages, folder):
        if records.get(KIND, _key(package, place)) is None:
            listed = _listed(place)
            others = (path for path in _files(place) if path not in listed)
            records.put(KIND, _key(package, place), tuple((path, _sha256(place / path)) for path in others))


def _unpacked(packages: Sequence[CondaPackage], folder: Path) -> list[tuple[CondaPackage, Path]]:
    by_stem = {stem(package): package for package in packages}
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    # rattler may add a hash of where the package is from
    named = ((by_stem.get(re.sub(r"(?<=.)-[0-9a-f]{32,}$", "", path.name)), path) for path in found)
    return [(package, path) for package, path in named if package is not None and path.is_dir()]


def _key(package: CondaPackage, place: Path) -> str:
    return f"{place.name} {package.sha256 or package.md5}"


def _is_whole(place: Path, record: object) -> bool:
    """Whether every file is there with the bytes that the package's list and our record know."""
    try:
        own = tuple(record) if isinstance(record, tuple) else ()
        if any(_sha256(place / path) != digest for path, digest in own):
            return False
        listed = _listed(place)
        return all(_is_as_listed(place / path, digest) for path, digest in listed.items())
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return False


def _is_as_listed(path: Path, digest: str) -> bool:
    return path.is_symlink() or _sha256(path) == digest


def _listed(place: Path) -> Mapping[str, str]:
    """Path -> sha256, of the files of which the package's own list says it. Raises OSError, ValueError."""
    try:
        entries = json.loads((place / LIST).read_bytes())["paths"]
    except FileNotFoundError:  # packages older than conda 4.3
        return {}
    return {one["_path"]: one["sha256"] for one in entries if one.get("sha256")}


def _files(place: Path) -> Iterator[str]:
    for parent, _, names in os.walk(place):
        paths: Iterable[Path] = (Path(parent, name) for name in sorted(names))
        yield from (path.relative_to(place).as_posix() for path in paths if not path.is_symlink())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
