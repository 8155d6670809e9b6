"""What is asked of a platform."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath, PureWindowsPath

from provenv.conformance.asking import Asker
from provenv.conformance.grid import PREFIXES, SHELLS, envelopes
from provenv.conformance.recorded import EMPTY, Machine
from provenv.conformance.sound import MARKERS, TAG, envelope_faults, finding_faults
from provenv.hooks.types import Envelope, Platform


def check_platform(ask: Asker, platform: Platform, machines: Sequence[Machine]) -> None:
    """Asks everything that provenv may ever ask of it, and more."""
    _check_fields(ask, platform)
    for envelope in envelopes(platform.defaults, platform.envelope):
        _check_envelope(ask, platform, envelope)
    for shell in SHELLS:
        for prefix in PREFIXES:
            list(ask.ask("activation", shell, prefix))
    for machine in machines:
        _check_machine(ask, platform, machine)


def _check_fields(ask: Asker, platform: Platform) -> None:
    words = {key.name: key for key in platform.envelope}
    for fault in envelope_faults(platform.defaults, words, "it promises"):
        ask.expect("fields", "defaults", False, fault)
    for field in ("os", "arch", "conda_subdir"):
        ask.expect("fields", field, getattr(platform, field).strip(), "it is empty")
    for field in ("scripts", "python"):
        path = getattr(platform, field)
        rooted = PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()
        ask.expect("fields", field, path and not rooted, f"{path!r} is no path inside an environment")


def _check_envelope(ask: Asker, platform: Platform, envelope: Envelope) -> None:
    for tags in ask.ask("wheel_platform_tags", envelope):
        wrong = [tag for tag in tags if not TAG.fullmatch(tag)]
        some = tags or envelope != platform.defaults
        ask.expect("fields", "wheel_platform_tags", some, f"no wheel fits it ({envelope})")
        ask.expect("fields", "wheel_platform_tags", not wrong, f"no platform tags: {', '.join(wrong)}")
        ask.expect("fields", "wheel_platform_tags", len(set(tags)) == len(tags), "a tag stands twice")
    for markers in ask.ask("marker_environment", envelope):
        said = f"it says {', '.join(sorted(markers))}; PEP 508 has {', '.join(sorted(MARKERS))} for it"
        ask.expect("fields", "marker_environment", set(markers) == MARKERS, said)
    for packages in ask.ask("conda_virtual_packages", envelope):
        wrong = [package.name for package in packages if not package.name.startswith("__")]
        ask.expect("fields", "conda_virtual_packages", not wrong, f"no virtual packages: {', '.join(wrong)}")


def _check_machine(ask: Asker, platform: Platform, machine: Machine) -> None:
    words = {key.name: key for key in platform.envelope}
    for found in ask.ask("detect", machine):
        if machine.name == EMPTY:
            ask.expect("machines", "detect", found is None, "an empty machine is of this platform")
        for fault in envelope_faults(found or Envelope(), words, f"{machine} promises"):
            ask.expect("machines", "detect", machine.rubbish, fault)
    for findings in ask.ask("diagnose", machine):
        ask.events.ran("findings")
        for fault in finding_faults(findings):
            ask.expect("findings", "diagnose", False, f"{fault} (on {machine})")
