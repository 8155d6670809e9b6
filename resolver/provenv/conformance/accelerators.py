"""What is asked of an accelerator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from provenv.conformance.asking import Asker, spell
from provenv.conformance.grid import STRANGE, contexts
from provenv.conformance.recorded import EMPTY, Machine
from provenv.conformance.sound import (
    TORCH_DEVICE,
    builds_faults,
    detection_faults,
    features_faults,
    finding_faults,
    is_pattern,
)
from provenv.hooks.installations import Distribution, Installation
from provenv.hooks.types import Accelerator, Context, Detection, Finding, Platform

OF_CONTEXT = ("environment", "conda_virtual_packages", "conda_constraints")
_PACKAGES = ("torch", "numpy", "")
_VERSIONS = ("2.9.1", "2.9.1+cpu", "0", "1!2.0rc1", "no version")
_INSTALLATIONS = (
    Installation("", ()),
    Installation(
        "/envs/one",
        (
            Distribution("numpy", "2.1.0"),
            Distribution("torch", "2.9.1+cpu"),
            Distribution("torchvision", "?"),
        ),
    ),
    # what a broken-off upgrade, a build by hand and a half-written METADATA leave behind
    Installation(
        "C:\\envs\\a b",
        (
            Distribution("torch", "2.10.0a0+git1c57644"),
            Distribution("torch", "2.6.0+cu124", "C:\\envs\\a b\\Lib\\site-packages"),
            Distribution("torchaudio", ""),
            Distribution("torchvision", "0.21.0+rocm6.2.4"),
            Distribution("nvidia-cublas-cu12", "12.4.5.8"),
            Distribution("nvidia-cudnn-cu13", "no version"),
            Distribution("triton", "\u0663.\u0661"),
        ),
    ),
)
_ADDRESSES = ("https://index.example/simple", "file:///mirror", "", "no address")


def check_accelerator(
    ask: Asker, accelerator: Accelerator, platforms: Sequence[Platform], machines: Sequence[Machine]
) -> None:
    """Asks everything that provenv may ever ask of it, and more."""
    _check_fields(ask, accelerator)
    accepted = [platform for platform in platforms if _accepts(ask, platform)]
    for os, arch in STRANGE:
        list(ask.ask("accepts", os, arch))
    for context in contexts(accepted, accelerator.envelope):
        _check_context(ask, context)
    for machine in machines:
        _check_machine(ask, accelerator, machine, accepted, platforms)
    for package in _PACKAGES:
        for version in _VERSIONS:
            list(ask.ask("undeclared", package, version))
            for refusal in ask.ask("excludes", package, version):
                told = refusal is None or refusal.strip()
                ask.expect("totals", "excludes", told, "a refusal says why, in words")
    for address in _ADDRESSES:
        list(ask.ask("publishes", address))


def _check_fields(ask: Asker, accelerator: Accelerator) -> None:
    device, family = accelerator.torch_device, accelerator.family
    ask.expect("fields", "torch_device", TORCH_DEVICE.fullmatch(device), f"{device!r} is no torch device")
    wrong = [name for name in family if not is_pattern(name)]
    ask.expect("fields", "family", not wrong, f"no canonical names (PEP 503): {', '.join(wrong)}")
    ask.expect("names", "name", accelerator.name != "auto", "`auto` stands for whatever is usable")


def _accepts(ask: Asker, platform: Platform) -> bool:
    for refusal in ask.ask("accepts", platform.os, platform.arch):
        ask.expect("totals", "accepts", refusal is None or refusal.strip(), "a refusal says why, in words")
        return refusal is None
    return False


def _check_context(ask: Asker, context: Context) -> None:
    for builds in ask.ask("builds", context):
        ask.events.ran("builds")
        for fault in builds_faults(builds):
            ask.expect("builds", "builds", False, f"{fault} (for {spell(context)})")
        some = builds.offered or builds.rejected
        ask.expect("builds", "builds", some, f"neither offers nor rejects anything for {context.platform}")
    for field in OF_CONTEXT:
        list(ask.ask(field, context))
    for features in ask.ask("features", context):
        for fault in features_faults(features):
            ask.expect("features", "features", False, f"{fault} (for {spell(context)})")
        if features:
            ask.events.ran("features")
    list(ask.ask("releases", "torch", context))


def _check_machine(
    ask: Asker,
    accelerator: Accelerator,
    machine: Machine,
    accepted: Sequence[Platform],
    platforms: Sequence[Platform],
) -> None:
    words = {key.name: key for key in accelerator.envelope}
    for detection in ask.ask("detect", machine):
        _check_detection(ask, accelerator, machine, detection)
        for fault in (*detection_faults(detection, words), *finding_faults(detection.findings)):
            ask.expect("machines", "detect", False, f"{fault} (on {machine})")
        here = [p for p in platforms if p.detect(machine) is not None]
        strange = here and not any(platform in accepted for platform in here)
        said = f"it is usable on {machine}, a platform that it does not accept"
        ask.expect("machines", "detect", not (strange and detection.usable), said)
    for findings in ask.ask("diagnose", machine):
        _check_findings(ask, "diagnose", machine, findings)
    for installation in (*_INSTALLATIONS, replace(_INSTALLATIONS[-1], accelerator=accelerator.name)):
        for findings in ask.ask("inspect", machine, installation):
            _check_findings(ask, "inspect", machine, findings)


def _check_findings(ask: Asker, field: str, machine: Machine, findings: Iterable[Finding]) -> None:
    ask.events.ran("findings")
    for fault in finding_faults(findings):
        ask.expect("findings", field, False, f"{fault} (on {machine})")


def _check_detection(ask: Asker, accelerator: Accelerator, machine: Machine, detection: Detection) -> None:
    if accelerator.torch_device == "cpu":
        return  # a machine has a processor even where it says nothing
    ask.expect("machines", "detect", detection.devices or not detection.usable, "usable, and no device named")
    if machine.name == EMPTY:
        ask.expect("machines", "detect", not detection.usable, "an empty machine has a usable device")
        ask.expect("machines", "detect", not detection.devices, "an empty machine has a device")
