"""Virtual packages: what a target promises of its machine, in conda's form."""

from __future__ import annotations

from collections.abc import Callable

from provenv.hooks.types import Accelerator, Context, Platform, VirtualPackage
from provenv.values import replace

OVERRIDE = "CONDA_OVERRIDE_"


def virtual_packages(
    platform: Platform,
    accelerator: Accelerator,
    context: Context,
    *,
    override: Callable[[str], str | None] = lambda name: None,
) -> tuple[VirtualPackage, ...]:
    """What the platform's and the accelerator's plugin say for a target's envelope, sorted by name.

    `override`: the value of an environment variable, for a target of this machine: CONDA_OVERRIDE_GLIBC=2.31
    replaces a version, an empty value takes the package away (CEP 30). None of them adds an accelerator to a
    target that has another.
    """
    found = {one.name: one for one in platform.conda_virtual_packages(context.envelope)}
    found |= {one.name: one for one in accelerator.conda_virtual_packages(context)}
    for name, one in list(found.items()):
        said = override(f"{OVERRIDE}{name.removeprefix('__').upper()}")
        if said is None:
            continue
        if not said.strip():
            del found[name]
        elif name == "__archspec":
            found[name] = replace(one, build=said.strip())
        else:
            found[name] = replace(one, version=said.strip())
    return tuple(found[name] for name in sorted(found))


def spelled(package: VirtualPackage) -> str:
    """`__cuda 12.9`, `__archspec 1 x86_64`."""
    build = f" {package.build}" if package.build not in ("", "0") else ""
    return f"{package.name} {package.version}{build}"
