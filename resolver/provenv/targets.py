"""Manifest x plugins -> Targets: the matrix, one immutable value a cell."""

from __future__ import annotations

from provenv.hooks.types import Context, Envelope, Probe
from provenv.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from provenv.hooks.manager import Plugins
    from provenv.manifest.values import Manifest

PROCESSOR = "cpu"
"""The accelerator that every machine has besides its own."""


@dataclass(frozen=True, slots=True)
class Target:
    """One cell of the matrix. `python` is a full version (`3.12` in a manifest means 3.12.0)."""

    name: str
    platform: str
    python: str
    accelerator: str
    envelope: Envelope
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    build: str | None = None
    """The build that the manifest pins (`cu126`), None: the accelerator's order decides."""
    packaging: Literal["pip", "conda"] = "pip"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A cell of the product that is no target, and why, in words."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """The targets in the manifest's order, the named ones last; and the cells that were left out.

    `problems`: a line for every plugin that failed while it looked at this machine. `passed_over`: what
    `auto` did not take, a line for each platform where there was a choice.
    """

    targets: tuple[Target, ...]
    left_out: tuple[LeftOut, ...] = ()
    problems: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()


def target_name(platform: str, accelerator: str, python: str) -> str:
    """`linux-x86_64-cpu-py311`."""
    return f"{platform}-{accelerator}-py{''.join(python.split('.')[:2])}"


def context_of(target: Target, plugins: Plugins) -> Context:
    """What an accelerator is told of a target."""
    platform = plugins.platforms[target.platform]
    return Context(platform.name, platform.os, platform.arch, target.python, target.envelope)


def make_targets(manifest: Manifest, plugins: Plugins, probe: Probe) -> Matrix:
    """The whole matrix: platforms x pythons x accelerators less `exclude`, and the named targets.

    What the manifest leaves open is this machine's: its platform, its interpreter's minor version, the
    accelerators that are usable here (with the hardware that was found) and cpu. A lock is for a team, so
    glibc and macOS are what the manifest declares or the plugin's default, not this machine's; only where the
    platform itself is left open may an older machine lower them.

    Raises ManifestError for a name, word or Python that nothing knows, a named target that no plugin accepts,
    two targets of one name, and when no target is left.
    """
    from provenv.matrix import MatrixMaker

    return MatrixMaker(manifest, plugins, probe).matrix()
