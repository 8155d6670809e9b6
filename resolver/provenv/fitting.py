"""Which targets' locks this machine can use, best first, and why it can't use the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from provenv.envelopes import version_tuple
from provenv.hooks.types import Accelerator, Context, Envelope, Platform
from provenv.host import Host
from provenv.resolution import CondaPackage
from provenv.targets import Target
from provenv.values import dataclass


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a machine can use a target's lock: `reasons` say why not, none means that it can."""

    target: Target
    reasons: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """No reason speaks against it."""
        return not self.reasons


def fit(
    target: Target,
    host: Host,
    *,
    build: str | None = None,
    versions: Mapping[str, str] | None = None,
    conda: Sequence[CondaPackage] = (),
) -> Fit:
    """Whether the host can use a lock of this target.

    `build` and `versions` (canonical name -> version) are what the lock holds; where they are given, the
    lock's own build must run on the host's hardware, else some build must. `conda`: its conda packages, which
    must find in the host what they ask for. The host's Python does not matter, since an environment brings
    its own.
    """
    reasons = list(_platform_reasons(target, host))
    if not reasons:
        reasons += _accelerator_reasons(target, host, build, versions or {})
    if not reasons and conda:
        from provenv.conda.fitting import unfit

        accelerator = host.plugins.accelerators[target.accelerator]
        platform = host.plugins.platforms[target.platform]
        reasons += unfit(conda, platform, accelerator, _context(target, host, platform, accelerator), host)
    return Fit(target, tuple(reasons))


def wrong_platform(target: Target, host: Host) -> str | None:
    """Why a target's files can't even be installed on a machine; None when they can."""
    if host.platform is None:
        return "no plugin knows this machine's platform"
    if target.platform != host.platform:
        return f"it is for {target.platform}, and this machine is {host.platform}"
    return None


def best_first(targets: Iterable[Target], host: Host) -> list[Target]:
    """The order in which a machine takes them: by accelerator, its own minor Python first, newest Python."""
    accelerators = list(host.plugins.accelerators)
    own = version_tuple(host.python or "")[:2]

    def rank(target: Target) -> tuple[object, ...]:
        known = target.accelerator in accelerators
        place = accelerators.index(target.accelerator) if known else len(accelerators)
        python = version_tuple(target.python)[:2]
        return (place, python != own, tuple(-part for part in python), target.name)

    return sorted(targets, key=rank)


def _platform_reasons(target: Target, host: Host) -> Iterable[str]:
    wrong = wrong_platform(target, host)
    if wrong is not None:
        yield wrong
    else:
        yield from _word_reasons(target, host, host.plugins.platforms[target.platform])


def _word_reasons(target: Target, host: Host, platform: Platform) -> Iterable[str]:
    """The platform's words (glibc, musl, macOS) are floors: the machine must have as much of the same."""
    words = [key.name for key in platform.envelope]
    if not any(host.envelope.one(word) for word in words):
        return  # a recording that does not say it is no ground for a refusal
    for word in words:
        promised, here = target.envelope.one(word), host.envelope.one(word)
        if promised is None:
            continue
        if here is None:
            yield f"it needs {word} {promised} or newer, and this machine has {host.envelope}"
        elif version_tuple(here) < version_tuple(promised):
            yield f"it needs {word} {promised} or newer, and this machine has {here}"


def _accelerator_reasons(
    target: Target, host: Host, build: str | None, versions: Mapping[str, str]
) -> Sequence[str]:
    accelerator = host.plugins.accelerators.get(target.accelerator)
    if accelerator is None:
        return [f"no plugin knows the accelerator {target.accelerator}"]
    detection = host.detection(target.accelerator)
    if detection is None or not detection.usable:
        found = [
            finding.message for finding in accelerator.diagnose(host.probe) if finding.severity == "error"
        ]
        return found or [f"no usable {target.accelerator} device was found here"]
    if build is None:
        return []
    platform = host.plugins.platforms[target.platform]
    builds = accelerator.builds(_context(target, host, platform, accelerator))
    limits = [offered.constraints for offered in builds.offered if offered.name == build]
    if not limits:
        return [f"build {build}: {r.reason}" for r in builds.rejected if r.build == build] or [
            f"build {build} is not among those that run here"
        ]
    if any(all(_holds(limit, versions) for limit in constraints) for constraints in limits):
        return []
    return [f"here build {build} needs {' or '.join(', '.join(limit) for limit in limits)}"]


def _context(target: Target, host: Host, platform: Platform, accelerator: Accelerator) -> Context:
    """The target as this machine has it: what was found of the accelerator goes before what is promised."""
    detection = host.detection(target.accelerator)
    found = detection.envelope if detection else Envelope()
    promised = target.envelope
    if found.items:
        own = {key.name for key in accelerator.envelope}
        promised = Envelope(tuple(item for item in promised.items if item[0] not in own))
    envelope = promised.merged(host.envelope).merged(found)
    return Context(platform.name, platform.os, platform.arch, target.python, envelope)


def _holds(constraint: str, versions: Mapping[str, str]) -> bool:
    """Whether a lock's versions keep a build's constraint; one about a package that is not locked holds."""
    from provenv.standards.requirements import parse_requirement
    from provenv.standards.specifiers import contains

    requirement = parse_requirement(constraint)
    version = versions.get(requirement.name)
    return version is None or contains(requirement.specifier, version)
