"""The little world in which the fault harness breaks things: an index, a project, and how they stand."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from provenv.environments.store import load, prefix_of
from provenv.locks.reader import parse
from support.index_server import TestIndex
from support.program import HERE, Desk

NAMES = tuple(f"pack{n}" for n in range(10))
"""Each needs the next."""


def busy_world(versions: Sequence[str] = ("1.0", "1.5", "2.0")) -> TestIndex:
    """An index of which the cache keeps pages, metadata had in every way, hashes and builds."""
    index = TestIndex()
    for number, name in enumerate(NAMES):
        needs = [f"{NAMES[number + 1]}>=1"] if number + 1 < len(NAMES) else ["static", "built", "unhashed"]
        for version in versions:
            body = {f"{name}/__init__.py": f"# {version}\n", f"{name}/data.bin": name.encode() * 4000}
            index.add(name, version, requires=needs, files=body)
    index.add("static", "1.0", tags=(), sdist=True)
    index.add("built", "1.0", tags=(), sdist=True, static=False)
    for file in index.add("unhashed", "1.0"):
        file.hashes = {"md5": hashlib.md5(file.content).hexdigest()}
        file.metadata = None
    return index


def write_manifest(desk: Desk, index: TestIndex, *dependencies: str) -> None:
    """The project's manifest, which may build what has to be built."""
    desk.manifest(index, *dependencies, table='build = ["static", "built"]\n')


def locks_of(desk: Desk) -> dict[str, bytes]:
    """Every file in the folder of locks but temporary ones."""
    found = sorted(desk.locks.glob("*")) if desk.locks.exists() else []
    return {path.name: path.read_bytes() for path in found if not path.name.startswith(".")}


def leftovers(folder: Path) -> list[str]:
    """Temporary files that nobody took away."""
    # os.walk, since children of a killed program may be at work there still
    names = (name for _, _, files in os.walk(folder) for name in files)
    return sorted(name for name in names if name.startswith(".provenv-") and name.endswith(".tmp"))


@dataclass(frozen=True)
class Picture:
    """A desk as it was at one moment, to begin from again and again."""

    desk: Desk
    kept: Path

    @classmethod
    def taken(cls, desk: Desk, kept: Path) -> Picture:
        shutil.copytree(desk.root, kept, symlinks=True)
        return cls(desk, kept)

    def restore(self) -> None:
        """Put everything back."""
        shutil.rmtree(self.desk.root)
        shutil.copytree(self.kept, self.desk.root, symlinks=True)


def broken_files(desk: Desk) -> Iterator[str]:
    """What is wrong with an environment that says it is whole; nothing when it doesn't say so."""
    environment = load(prefix_of(desk.folder, HERE))
    if environment is None:
        return
    lock = parse(desk.lock().read_bytes(), desk.lock())
    if hashlib.sha256(desk.lock().read_bytes()).hexdigest() == environment.lock_sha256:
        wanted = sorted(f"{package.name}-{package.version}" for package in lock.packages)
        if desk.installed() != wanted:
            yield f"it holds {desk.installed()}, and its lock {wanted}"
    for record in sorted(desk.site_packages().glob("*.dist-info/RECORD")):
        for path, digest, _ in csv.reader(record.read_text().splitlines()):
            yield from _broken(desk.site_packages() / path, digest)


def _broken(path: Path, digest: str) -> Iterator[str]:
    if not path.is_file():
        yield f"{path.name} is not there"
    elif digest:
        kind, _, wanted = digest.partition("=")
        found = base64.urlsafe_b64encode(hashlib.new(kind, path.read_bytes()).digest()).decode().rstrip("=")
        if found != wanted:
            yield f"{path.name} has other bytes than were installed"
