"""A resolution: the chosen candidate for every package of a target, immutable and ready to be written."""

from __future__ import annotations

from collections.abc import Mapping

from provenv.hooks.types import Build
from provenv.pypi.artifacts import Artifact
from provenv.standards.variants import PLAIN, Variant
from provenv.targets import Target
from provenv.values import dataclass, field


@dataclass(frozen=True, slots=True)
class Direct:
    """Where a package comes from that no index lists (PEP 610's three kinds).

    `vcs`: `git`, with `commit` the full hash asked for and found. `editable` is for folders only.
    """

    url: str
    vcs: str | None = None
    revision: str | None = None
    commit: str | None = None
    subdirectory: str | None = None
    editable: bool = False
    folder: bool = False


@dataclass(frozen=True, slots=True)
class Package:
    """One chosen package. `requires`: canonical names it needs here, sorted. `by`: who asked, for `why`.

    `artifact` is None only for a folder or a VCS checkout (`direct`). `build_requires`: the pinned
    requirements (`name==version`) that an isolated build of its sdist uses.
    """

    name: str
    version: str
    artifact: Artifact | None
    requires: tuple[str, ...]
    requires_python: str | None = None
    extras: tuple[str, ...] = ()
    direct: Direct | None = None
    build_requires: tuple[str, ...] = ()
    prerelease: bool = False
    variant: Variant = PLAIN
    """What a variant wheel is built for, all of it (PEP 825)."""

    @property
    def pinned(self) -> str:
        """As a requirement: `name==version`, or `name @ address` for a direct reference."""
        direct = self.direct
        if direct is None:
            return f"{self.name}=={self.version}"
        scheme = f"{direct.vcs}+" if direct.vcs else ""
        commit = f"@{direct.commit}" if direct.commit else ""
        folder = f"#subdirectory={direct.subdirectory}" if direct.subdirectory else ""
        return f"{self.name} @ {scheme}{direct.url}{commit}{folder}"


@dataclass(frozen=True, slots=True)
class CondaPackage:
    """One chosen conda package, by its canonical address.

    `depends`: match specs, as its channel has them. `purls`: the PyPI distributions that it holds, None where
    the channel doesn't say. `noarch`: `python`, `generic` or None. `site_packages`: where this Python keeps
    modules, relative to the environment, where it says so.
    """

    name: str
    version: str
    build: str
    build_number: int
    subdir: str
    channel: str
    url: str
    md5: str
    sha256: str | None = None
    size: int | None = None
    depends: tuple[str, ...] = ()
    noarch: str | None = None
    purls: tuple[str, ...] | None = None
    site_packages: str | None = None
    asks: tuple[str, ...] = ()
    """What it asks of the machine: match specs of virtual packages, `__cuda >=12.8`."""
    platform: str = ""
    """The subdir of the environment it is for, where a lock has several; "" else."""

    @property
    def filename(self) -> str:
        """`numpy-2.3.5-py313hf6604e3_0.conda`."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def requires(self) -> tuple[str, ...]:
        """The names of the packages that it depends on, virtual ones left out."""
        names = {text.split()[0].partition("[")[0].lower() for text in self.depends if text.strip()}
        return tuple(sorted(name for name in names if not name.startswith("__")))


@dataclass(frozen=True, slots=True)
class Resolution:
    """Everything chosen for one target, packages sorted by name; `notes` are warnings for the user.

    `conda`: the conda packages of a target of that packaging; `packages` come on top of them.
    """

    target: Target
    build: Build | None
    packages: tuple[Package, ...]
    notes: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    """Builds that were tried or rejected before this one, each with its reason."""
    conda: tuple[CondaPackage, ...] = ()
    channels: tuple[str, ...] = ()
    """The canonical addresses of the conda channels, in their order."""
    provided: Mapping[str, str] = field(default_factory=dict)
    """PyPI name -> the conda package that brings it."""
    roots: tuple[tuple[str, str], ...] = ()
    """What the manifest asks a conda target for: a conda or PyPI name, and `main`, its group or its extra."""
    variables: tuple[tuple[str, str], ...] = ()
