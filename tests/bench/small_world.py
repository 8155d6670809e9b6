"""A made-up index, the same on every machine, of the size and shape of W2: no network, nothing recorded."""

from __future__ import annotations

import random
from pathlib import Path

from support.index_server import TestIndex

PACKAGES, VERSIONS = 120, 12
PLATFORMS = (
    *("manylinux_2_17_x86_64.manylinux2014_x86_64", "manylinux_2_28_aarch64", "macosx_11_0_arm64"),
    *("win_amd64", "musllinux_1_2_x86_64", "macosx_10_12_x86_64"),
)
MARKERS = (
    *("", "", "", "", ' ; python_version < "3.12"', ' ; sys_platform == "win32"'),
    *(' ; platform_system == "Linux" and platform_machine == "x86_64"', ' ; extra == "more"'),
)


def fill(index: TestIndex) -> None:
    """Publishes the packages: each needs some of those after it, a third have a wheel for each platform."""
    draw = random.Random(7)
    tags = [f"cp3{minor}-cp3{minor}-{platform}" for minor in range(9, 14) for platform in PLATFORMS]
    for number in range(PACKAGES):
        later = range(number + 1, min(number + 18, PACKAGES))
        needs = [(f"pack-{n}", draw.choice(MARKERS)) for n in draw.sample(later, min(4, len(later)))]
        for version in range(VERSIONS):
            lowest = max(0, version - draw.randrange(1, 6))
            requires = [f"{name}>=1.{lowest},<2{marker}" for name, marker in needs]
            index.add(
                f"pack-{number}",
                f"1.{version}",
                requires=[*requires, *(f"pack-{n}[more]" for n in later[:1] if number % 9 == 0)],
                extras={"more": []},
                requires_python=">=3.9",
                tags=tags if number % 3 == 0 else ("py3-none-any",),
            )
    index.max_age = 3600


def write_project(folder: Path, index: TestIndex) -> None:
    """A project with a few of them as requirements, for twelve targets."""
    roots = [f"pack-{number}" for number in range(6)]
    (folder / "pyproject.toml").write_text(
        f"""\
[project]
name = "bench"
version = "1"
dependencies = {roots!r}

[tool.provenv]
pip-config = false
python = ["3.11", "3.12", "3.13"]
platforms = ["linux-x86_64", "linux-aarch64", "macos-arm64", "windows-x86_64"]
accelerators = ["cpu"]

[[tool.provenv.indexes]]
name = "world"
url = "{index.url}"
default = true
"""
    )
