"""What uv installs from: the lock itself, or a private copy with other addresses for the same files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from provenv.environments.places import Rewrite
from provenv.locks.portable import path_of
from provenv.locks.reader import Lock
from provenv.resolution import Package, Resolution
from provenv.standards.filenames import split_variant
from provenv.values import dataclass, replace


@dataclass(frozen=True, slots=True)
class Step:
    """One call of uv: the packages it installs, and the pins that builds in it must keep to."""

    packages: tuple[Package, ...]
    build_constraints: tuple[str, ...]
    exact: bool
    """It also removes what the lock doesn't name; the last step does."""


def steps(lock: Lock) -> Iterator[Step]:
    """The calls that install a lock: one, unless two packages were built with pins that contradict each
    other.

    uv has one list of build constraints a call. So those that don't go together are built and installed in
    calls of their own before, and the last call finds them installed.
    """
    common: dict[str, str] = {}
    for package in lock.packages:
        pins = _pins(package.build_requires)
        if all(common.get(name, pin) == pin for name, pin in pins.items()):
            common |= pins
        else:
            yield Step((package,), package.build_requires, exact=False)
    yield Step(lock.packages, tuple(sorted(common.values())), exact=True)


def _pins(requirements: Sequence[str]) -> dict[str, str]:
    return {pin.partition("==")[0].strip(): pin for pin in requirements}


def write_copy(lock: Lock, packages: Sequence[Package], rewrite: Rewrite | None, folder: Path) -> Path:
    """A copy of a lock for uv alone: these packages, from these addresses. It may hold secrets."""
    from provenv.locks.pylock import render_private

    chosen = tuple(_fetched_from(package, rewrite) for package in packages) if rewrite else tuple(packages)
    chosen = tuple(_plainly_named(package) for package in chosen)
    text = render_private(Resolution(lock.target, None, chosen), lock.inputs, folder)
    path = folder / "pylock.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _fetched_from(package: Package, rewrite: Rewrite) -> Package:
    if package.artifact is None:
        return package
    return replace(package, artifact=package.artifact._replace(url=rewrite(package.artifact)))


def is_variant(package: Package) -> bool:
    """Whether its file is a variant wheel (PEP 825), whose name no installer knows yet."""
    return package.artifact is not None and package.artifact.variant != ""


def _plainly_named(package: Package) -> Package:
    """A variant wheel under the name that it has without its label: the same file, by its hash."""
    if package.artifact is None or not is_variant(package):
        return package
    plain, _ = split_variant(package.artifact.filename)
    return replace(package, artifact=package.artifact._replace(filename=plain))


def needs_build(package: Package) -> bool:
    """Whether installing it runs a build backend."""
    return package.artifact is None or package.artifact.kind == "sdist"


def local_projects(lock: Lock) -> tuple[tuple[str, str, bool], ...]:
    """The local projects of a lock: name, folder, and whether it is used where it lies (editable)."""
    found = []
    for package in lock.packages:
        folder = path_of(package.direct.url) if package.direct and package.direct.folder else None
        if package.direct and folder:
            place = folder / (package.direct.subdirectory or "")
            found.append((package.name, str(place), package.direct.editable))
    return tuple(found)
