"""Small universes of packages: drawn from bytes, served from memory, judged by packaging's own semantics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import cast

from packaging.utils import canonicalize_name

from provenv.hooks.manager import plugins
from provenv.hooks.types import Build, Envelope, Platform
from provenv.manifest.adhoc import adhoc_manifest
from provenv.manifest.values import Index, Manifest, ManifestRequirement
from provenv.pypi.artifacts import Artifact, Metadata, Project
from provenv.resolution import Resolution
from provenv.resolving.catalog import Catalog
from provenv.resolving.files import Files
from provenv.resolving.nodes import Node
from provenv.resolving.request import make_request
from provenv.resolving.routes import Router
from provenv.resolving.rules import Prerelease
from provenv.resolving.search import Conflict, Search
from provenv.settings import NetworkSettings
from provenv.solver.precedents import Precedents
from provenv.standards.requirements import parse_requirement
from provenv.standards.versions import prereleases_among, sort_key
from provenv.targets import Target

INDEX = "https://index.example/simple"
LINUX, WINDOWS, ANY = "cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-win_amd64", "py3-none-any"
TARGET = Target("linux", "linux-x86_64", "3.12.0", "cpu", Envelope.of({"glibc": "2.28"}))
MATRIX = (
    TARGET,
    Target("linux-py313", "linux-x86_64", "3.13.0", "cpu", Envelope.of({"glibc": "2.28"})),
    Target("windows", "windows-x86_64", "3.12.0", "cpu", Envelope()),
    Target("windows-py311", "windows-x86_64", "3.11.0", "cpu", Envelope()),
    Target("linux-patched", "linux-x86_64", "3.12.1", "cpu", Envelope.of({"glibc": "2.28"})),
)

NAMES = ("a", "b", "c", "d", "e", "f")
EXTRAS = ("x", "y")
VERSIONS = ("1.0", "1.1", "2.0", "2.0a1", "1.0+x", "1.1.post1", "3.0.dev1", "0.9")
SPECIFIERS = (
    *(
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        ">=1",
        ">=1",
        "<3",
        "!=2.0",
        ">=1.1",
        "<2",
        "==1.0",
        "!=1.1",
        "~=1.0",
        "==1.*",
        ">=2.0a1",
        "<=1.0",
        ">1.0",
    ),
    *("==1.0+x", "===1.1", ">=1,<1.1", ">2", "==2.0a1", "!=1.0,<3"),
)
MARKERS = (
    "",
    "",
    "",
    "",
    "python_version >= '3.12'",
    "sys_platform == 'win32'",
    "python_full_version<'3.12.1'",
)
PYTHONS = (*[None] * 8, ">=3.8", "<3.12", ">=3.12.1", "!=3.11.*")
FILES = (*[(ANY,)] * 6, (LINUX, WINDOWS), (LINUX,), (WINDOWS,), ("sdist",), ("sdist", LINUX), ())
PRERELEASES: tuple[Prerelease, ...] = ("if-needed", "if-needed", "if-needed", "allow", "never")


@dataclass(frozen=True)
class Release:
    """One version of a package. `page_says`: the page has the Requires-Python too, not the metadata alone."""

    version: str
    files: tuple[str, ...] = (ANY,)
    requires: tuple[str, ...] = ()
    extras: tuple[tuple[str, tuple[str, ...]], ...] = ()
    requires_python: str | None = None
    page_says: bool = True
    yanked: bool = False


@dataclass(frozen=True)
class Universe:
    """Packages and a question about them. `prerelease`: the rule, as in a manifest."""

    releases: dict[str, tuple[Release, ...]]
    roots: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    prerelease: Prerelease = "if-needed"

    def solve(self) -> dict[str, str] | None:
        """provenv's answer, None where it says that there is none."""
        found = self.resolution()
        return {p.name: p.version for p in found.packages} if found else None

    def resolution(self) -> Resolution | None:
        outcome = self.outcome()
        return outcome if isinstance(outcome, Resolution) else None

    def outcome(
        self, target: Target = TARGET, precedents: Precedents[Node] | None = None
    ) -> Resolution | tuple[str, frozenset[str]]:
        """The resolution, or the words of the conflict and the packages that it is about."""
        manifest = self._manifest()
        request = make_request(manifest, target, _platform(target), SETTINGS)
        router = Router(manifest, SETTINGS, None, pinned=lambda pin: True)
        memory = Memory(self)
        files = cast(Files, memory)  # a search asks no more of its files than what Memory has
        try:
            return Search(files, Catalog(memory), request, router, target, BUILD, precedents).run()
        except Conflict as conflict:
            return str(conflict), conflict.packages

    def _manifest(self) -> Manifest:
        return replace(
            _empty(),
            requirements=_read(self.roots),
            constraints=_read(self.constraints),
            overrides=_read(self.overrides),
            prerelease=self.prerelease,
        )

    def shuffled(self, random: Random) -> Universe:
        """The same universe, told in another order."""

        def mixed(values: Sequence[str]) -> tuple[str, ...]:
            return tuple(random.sample(values, len(values)))

        def retold(release: Release) -> Release:
            return replace(release, files=mixed(release.files), requires=mixed(release.requires))

        return replace(
            self,
            releases={
                name: tuple(retold(r) for r in random.sample(self.releases[name], len(self.releases[name])))
                for name in random.sample(list(self.releases), len(self.releases))
            },
            roots=mixed(self.roots),
            constraints=mixed(self.constraints),
        )


@dataclass
class Memory:
    """A universe as the index and the files of a search."""

    universe: Universe
    known: dict[str, Metadata] = field(default_factory=dict)

    def project(self, index: Index, name: str) -> Project | None:
        releases = self.universe.releases.get(name)
        if releases is None:
            return None
        newest_first = sorted(releases, key=lambda release: sort_key(release.version), reverse=True)
        versions = tuple(release.version for release in newest_first)
        return Project(
            name,
            index.url,
            versions,
            [self._artifacts(name, release, index.url) for release in newest_first],
            prereleases_among(versions),
        )

    def _artifacts(self, name: str, release: Release, index: str) -> tuple[Artifact, ...]:
        return tuple(self._artifact(name, release, kind, index) for kind in release.files)

    def _artifact(self, name: str, release: Release, kind: str, index: str) -> Artifact:
        filename = filename_of(name, release.version, kind)
        self.known[filename] = _metadata(name, release)
        return Artifact(
            filename,
            f"{index}/{filename}",
            "sdist" if kind == "sdist" else "wheel",
            release.version,
            tags="" if kind == "sdist" else kind,
            size=1,
            hashes={"sha256": "0"},
            requires_python=release.requires_python if release.page_says else None,
            yanked="" if release.yanked else None,
            index=index,
        )

    def prefetch_project(self, index: Index, name: str) -> None:
        """Everything is at hand."""

    def prefetch_metadata(self, artifact: Artifact, then: object = None) -> None:
        """Everything is at hand."""

    def metadata(self, artifact: Artifact, python: str = "") -> Metadata:
        return self.known[artifact.filename]

    def checked(self, artifact: Artifact, hashes: frozenset[str]) -> Artifact:
        return artifact

    def place(self, url: str) -> str:
        return url


SETTINGS = NetworkSettings(INDEX)
BUILD = Build("cpu", None, ())


def filename_of(name: str, version: str, kind: str) -> str:
    """The name of a release's file of a kind: tags of a wheel, or `sdist`."""
    return f"{name}-{version}.tar.gz" if kind == "sdist" else f"{name}-{version}-{kind}.whl"


def _metadata(name: str, release: Release) -> Metadata:
    requires = [*release.requires]
    for extra, added in release.extras:
        for text in added:
            requirement, _, marker = text.partition(";")
            clause = f'extra == "{extra}"'
            requires.append(
                f"{requirement} ; ({marker}) and {clause}" if marker else f"{requirement} ; {clause}"
            )
    parsed = tuple(parse_requirement(text) for text in requires)
    extras = tuple(canonicalize_name(extra) for extra, _ in release.extras)
    return Metadata(name, release.version, release.requires_python, parsed, extras)


@cache
def _read(texts: tuple[str, ...]) -> tuple[ManifestRequirement, ...]:
    return adhoc_manifest(texts, [], []).requirements if texts else ()


@cache
def _empty() -> Manifest:
    return replace(adhoc_manifest([], [], []), use_pip_config=False, path=Path("requirements.in"))


@cache
def _platform(target: Target) -> Platform:
    return plugins().platforms[target.platform]


# --- drawing them


def universe_of(data: bytes) -> Universe:
    """A universe from bytes: each decision takes one; none left means 0, the plainest."""
    stream = iter(data)

    def draw(choices: int) -> int:
        return next(stream, 0) % choices

    names = NAMES[: 2 + draw(5)]
    releases = {name: _releases(name, names, draw) for name in names if draw(24) != 23}
    roots = tuple(_requirement(names, draw) for _ in range(1 + draw(3)))
    constraints = tuple(_requirement(names, draw, extras=False) for _ in range((0, 0, 0, 1, 2)[draw(5)]))
    overrides = (_requirement(names, draw),) if draw(8) == 7 else ()
    prerelease = PRERELEASES[draw(len(PRERELEASES))]
    return Universe(releases, roots, constraints, overrides, prerelease)


def _releases(name: str, names: Sequence[str], draw: Callable[[int], int]) -> tuple[Release, ...]:
    pool = list(VERSIONS)
    return tuple(_release(pool.pop(draw(len(pool))), names, draw) for _ in range(1 + draw(5)))


def _release(version: str, names: Sequence[str], draw: Callable[[int], int]) -> Release:
    return Release(
        version,
        FILES[draw(len(FILES))],
        tuple(_requirement(names, draw) for _ in range(draw(3))),
        tuple(
            (extra, tuple(_requirement(names, draw) for _ in range(draw(3))))
            for extra in EXTRAS[: (0, 0, 1, 2)[draw(4)]]
        ),
        PYTHONS[draw(len(PYTHONS))],
        page_says=draw(4) != 3,
        yanked=draw(6) == 5,
    )


def _requirement(names: Sequence[str], draw: Callable[[int], int], *, extras: bool = True) -> str:
    name = names[draw(len(names))]
    extra = ("", "", "", "[x]", "[y]", "[x,y]")[draw(6)] if extras else ""
    specifier = "" if draw(2) == 0 else SPECIFIERS[draw(len(SPECIFIERS))]
    marker = MARKERS[draw(len(MARKERS))]
    return f"{name}{extra}{specifier}" + (f" ; {marker}" if marker else "")


def every_requirement(universe: Universe) -> Iterator[tuple[str, int, int]]:
    """Where a requirement of metadata stands: package, number of the release, number of the requirement."""
    for name, releases in universe.releases.items():
        for number, release in enumerate(releases):
            yield from ((name, number, at) for at in range(len(release.requires)))
