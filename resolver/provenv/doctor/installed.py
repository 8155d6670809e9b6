"""What is installed in the environments of a machine, judged by the plugins that know it."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.doctor.pythons import active_environment
from provenv.hooks.installations import Distribution, Installation
from provenv.hooks.types import Finding
from provenv.host import Host

# What a paste tells of as a fact of its interpreter.
TOLD = ("torch", "torchaudio", "torchvision")


def active_installation(host: Host, *, own: bool) -> Installation | None:
    """The activated environment, else (`own`) the one that provenv runs in; of a paste the one it tells of.

    None where nothing of it is known.
    """
    probe = host.probe
    if probe.pastes():
        told = ((name, probe.python(name)) for name in TOLD)
        found = probe.distributions("") or tuple(Distribution(name, text) for name, text in told if text)
        return Installation("", found) if found else None
    prefix = active_environment(probe)[1] or (probe.python("prefix") if own else None)
    found = probe.distributions(prefix) if prefix else ()
    return Installation(prefix, found) if prefix and found else None


def judge(host: Host, installation: Installation) -> tuple[Finding, ...]:
    """What the accelerators' plugins find wrong with it on this machine, each thing once."""
    found: dict[Finding, None] = {}
    for name, accelerator in host.plugins.accelerators.items():
        with host.watch("accelerator", name):
            found.update(dict.fromkeys(_checked(accelerator.inspect(host.probe, installation))))
    return tuple(found)


def _checked(findings: Iterable[Finding]) -> list[Finding]:
    listed = list(findings)
    for finding in listed:
        if not isinstance(finding, Finding):
            raise TypeError(f"it answered {finding!r:.60}, not a Finding")
    return listed
