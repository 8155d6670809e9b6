"""Whether a machine can use a conda lock: what its packages ask of it, and what its accelerator takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from provenv.conda.virtual import spelled, virtual_packages
from provenv.hooks.types import Accelerator, Context, Platform, VirtualPackage
from provenv.host import Host
from provenv.resolution import CondaPackage

if TYPE_CHECKING:
    import rattler


def unfit(
    packages: Sequence[CondaPackage],
    platform: Platform,
    accelerator: Accelerator,
    context: Context,
    host: Host,
) -> Iterator[str]:
    """Why the packages of a lock don't run on a machine; `context` holds what the machine has.

    Packages ask for virtual packages (`__cuda >=12.8`), which CONDA_OVERRIDE_* may change here as for conda.
    The accelerator's plugin says which builds its driver and devices take.
    """
    from rattler import MatchSpec

    from provenv.conda.records import record_of

    here = virtual_packages(platform, accelerator, context, override=host.probe.environment)
    has = {one.name: one for one in here}
    for package in packages:
        for text in package.asks:
            name = text.split()[0]
            if name not in has:
                yield f"{package.name} needs {text}, and this machine has no {name}"
            elif not MatchSpec(text).matches(_record(has[name])):
                yield f"{package.name} needs {text}, and this machine has {spelled(has[name])}"
    by_name = {package.name: package for package in packages}
    for constraint in accelerator.conda_constraints(context):
        spec = MatchSpec(constraint)
        wanted = by_name.get(spec.name.normalized if spec.name else "")
        if wanted and not spec.matches(record_of(wanted)):
            yield (
                f"{wanted.name} {wanted.version} ({wanted.build}) is no build for this machine's "
                f"{accelerator.name} ({context.envelope})"
            )


def _record(package: VirtualPackage) -> rattler.PackageRecord:
    from rattler import BuildString, PackageRecord

    return PackageRecord(
        name=package.name,
        version=package.version,
        build=BuildString(package.build),
        build_number=0,
        subdir="noarch",
    )
