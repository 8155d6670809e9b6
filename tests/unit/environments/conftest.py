"""A bench for environments: a loopback index, a project in an awkward folder, uv's cache apart."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from provenv.environments import store
from provenv.environments.places import Rewrite
from provenv.environments.state import site_packages
from provenv.environments.sync import Installed, Outfit, install
from provenv.hooks.types import Platform
from provenv.locks import pylock
from provenv.resolution import Package
from provenv.settings import NetworkSettings
from support.index_server import TestIndex
from support.locking import TARGET, inputs, resolution

HERE = f"{sys.version_info.major}.{sys.version_info.minor}.0"


def platform() -> Platform:
    windows = os.name == "nt"
    scripts = "Scripts" if windows else "bin"
    return Platform(
        name=TARGET.platform,
        os="windows" if windows else "linux",
        arch="x86_64",
        wheel_platform_tags=lambda envelope: (),
        marker_environment=lambda envelope: {},
        detect=lambda probe: None,
        conda_subdir="",
        conda_virtual_packages=lambda envelope: (),
        scripts=scripts,
        python="Scripts/python.exe" if windows else "bin/python",
        activation=lambda shell, prefix: (f". '{prefix}/{scripts}/activate'",) if shell == "bash" else (),
    )


@dataclass
class Bench:
    """One project with its index; `lines`: what was told while installing."""

    index: TestIndex
    project: Path
    settings: NetworkSettings
    variables: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    python: str = HERE

    @property
    def prefix(self) -> Path:
        return store.prefix_of(self.project, TARGET.name)

    def lock(self, *packages: Package) -> Path:
        target = replace(TARGET, python=self.python)
        folder = self.project / "lockfiles"
        path = pylock.lock_path(folder, TARGET.name)
        pylock.write(pylock.render(resolution(*packages, target=target), inputs(target=target), folder), path)
        return path

    def install(
        self,
        *packages: Package,
        into: Path | None = None,
        python: str | None = None,
        rewrite: Rewrite | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> Installed:
        self.lines.clear()
        return install(
            self.lock(*packages),
            into or self.prefix,
            self.settings,
            Outfit(platform(), self.variables),
            python=python,
            places=lambda lock: nullcontext(rewrite),
            progress=progress or self.lines.append,
        )

    def installed(self, prefix: Path | None = None) -> Sequence[str]:
        """`name-version` of each distribution that the environment holds."""
        folder = site_packages(prefix or self.prefix, HERE)
        return sorted(path.name.removesuffix(".dist-info") for path in folder.glob("*.dist-info"))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    with TestIndex() as index:
        settings = NetworkSettings(
            default_index=index.url, cache_dir=tmp_path / "cache", retries=0, timeout=5.0
        )
        project = tmp_path / "mein Prüfstand"
        project.mkdir()
        yield Bench(index, project, settings)
