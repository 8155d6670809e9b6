"""Whether CUDA can be used on a machine, what it promises, and what is wrong where it can't."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from provenv.hooks import Context, Detection, Device, Envelope, Finding, Probe
from provenv_plugins.cuda_drivers import newest_cuda, numbers
from provenv_plugins.cuda_facts import NvidiaFacts, is_jetson, is_wsl, read
from provenv_plugins.jetson import cuda_of as jetson_cuda
from provenv_plugins.nvidia_driver_command import driver_remedy
from provenv_plugins.pci_bus import has_display
from provenv_plugins.windows_displays import displays, stopped, without_driver

VENDOR_ID = "10de"
SYSTEMS = {"Linux": "linux", "Windows": "windows"}
MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "arm64"}


def detect(probe: Probe) -> Detection:
    """The devices, and the driver and compute capabilities that one build of torch serves together."""
    facts = read(probe)
    visible = visible_devices(facts.devices, probe)
    kept, _ = served_together(facts, visible, probe)
    envelope = {**driver_words(facts, probe), **({"compute-capability": kept} if kept else {})}
    said = (("driver", facts.driver), ("cuda_reported", facts.cuda))
    return Detection(
        bool(kept) and facts.error is None and not facts.unusable,
        facts.devices,
        Envelope.of(envelope),
        how=facts.how,
        facts=tuple((name, value) for name, value in said if value),
    )


def driver_words(facts: NvidiaFacts, probe: Probe) -> dict[str, Sequence[str]]:
    """What the machine promises of its driver: its version, or the CUDA it serves where that says more."""
    if is_jetson(probe):
        # JetPack numbers its drivers by itself (540.4.0, 580.00), so that they say nothing
        cuda = facts.cuda or jetson_cuda(probe)
        return {"cuda": (cuda,)} if cuda else {}
    driver = {"driver": (facts.driver,)} if facts.driver else {}
    if facts.cuda is None:
        return dict(driver)
    # A forward-compatibility package gives an old kernel driver a newer CUDA: libcuda knows, NVML does not.
    if driver and numbers(newest_cuda(Envelope.of(driver)))[0] >= numbers(facts.cuda)[0]:
        return dict(driver)
    return {"cuda": (facts.cuda,)}


def visible_devices(devices: Sequence[Device], probe: Probe) -> list[Device]:
    """The devices that CUDA_VISIBLE_DEVICES leaves to a process: all, those at some positions, or none."""
    value = probe.environment("CUDA_VISIBLE_DEVICES")
    if value is None:
        return list(devices)
    chosen = []
    for word in (part.strip() for part in value.split(",")):
        if word.startswith(("GPU-", "MIG-")):
            return list(devices)  # which device has which UUID is not asked
        if not word.isdigit() or int(word) >= len(devices):
            break  # CUDA ignores what follows an entry that is none
        chosen.append(devices[int(word)])
    return chosen


def served_together(
    facts: NvidiaFacts, devices: Iterable[Device], probe: Probe
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The compute capabilities that one build runs together, newest first; and those left out, with why."""
    known = sorted({d.compute_capability for d in devices if d.compute_capability}, key=numbers, reverse=True)
    kept: list[str] = []
    left: list[tuple[str, str]] = []
    for capability in known:
        reason = _refused(facts, [*kept, capability], probe)
        if reason is None:
            kept.append(capability)
        else:
            left.append((capability, reason))
    return tuple(sorted(kept, key=numbers)), tuple(left)


def _refused(facts: NvidiaFacts, capabilities: Sequence[str], probe: Probe) -> str | None:
    """Why no build runs all of these, of which the last is the one in question; None when one does."""
    from provenv_plugins.cuda_builds import choose_builds, is_newer_than_builds

    os = SYSTEMS.get(probe.python("system") or "", "linux")
    arch = MACHINES.get((probe.python("machine") or "x86_64").lower(), "x86_64")
    context = partial(Context, f"{os}-{arch}", os, arch, "")
    words = driver_words(facts, probe)
    builds = choose_builds(context(Envelope.of({**words, "compute-capability": tuple(capabilities)})))
    if builds.offered:
        return None
    alone = choose_builds(context(Envelope.of({**words, "compute-capability": capabilities[-1:]})))
    if alone.offered:
        return f"no one build runs it and {', '.join(capabilities[:-1])} together"
    own = context(Envelope.of({"compute-capability": capabilities[-1:]}))
    whatever_driver = choose_builds(own)
    rejected = (alone if whatever_driver.offered else whatever_driver).rejected
    if not rejected:
        return f"there is no CUDA build for {os} on {arch}"
    # the oldest build asks for least: what it lacks is what is wrong
    return rejected[0 if is_newer_than_builds(own) else -1].reason


def diagnose(probe: Probe) -> Iterable[Finding]:
    """What keeps CUDA from working, and what is left out although it works."""
    facts = read(probe)
    if facts.error is not None:
        yield _driver_error(facts.error, probe)
    elif not facts.devices and not probe.pastes():  # a paste may have left them out
        yield from _no_devices(facts, probe)
    if probe.pastes():
        from provenv_plugins.nvidia_paste_findings import paste_findings

        yield from paste_findings(probe)
    visible = visible_devices(facts.devices, probe)
    if facts.devices and not visible:
        yield Finding(
            "cuda-devices-hidden",
            f"CUDA_VISIBLE_DEVICES={probe.environment('CUDA_VISIBLE_DEVICES')!r} hides every GPU",
            "unset CUDA_VISIBLE_DEVICES"
            if probe.python("system") != "Windows"
            else "set CUDA_VISIBLE_DEVICES=",
            "error",
        )
    kept, left = served_together(facts, visible, probe)
    for capability, reason in left:
        yield _left_out(facts, capability, reason, bool(kept))
    served = newest_cuda(Envelope.of(driver_words(facts, probe)))
    if kept and facts.driver and not is_jetson(probe) and numbers(served)[0] < 13:
        yield Finding(
            "nvidia-driver-older-than-newest-builds",
            f"driver {facts.driver} runs CUDA {numbers(served)[0]} builds; the newest torch is built for "
            "CUDA 13, which needs driver 580 or newer",
            driver_remedy(probe, facts.devices),
            "note",
        )


def _driver_error(error: str, probe: Probe) -> Finding:
    if "mismatch" in error.lower():
        return Finding(
            "nvidia-driver-mismatch",
            f"the NVIDIA driver's kernel module and its libraries are of different versions ({error})",
            "sudo reboot",
            "error",
        )
    if "couldn't communicate with the NVIDIA driver" in error or "driver not loaded" in error.lower():
        return Finding(
            "nvidia-driver-not-loaded",
            f"no NVIDIA driver is running ({error.partition('. ')[0]})",
            f"sudo modprobe nvidia; where that fails: {driver_remedy(probe)}"
            if probe.python("system") != "Windows" and not is_wsl(probe)
            else driver_remedy(probe),
            "error",
        )
    return Finding(
        "nvidia-driver-error", f"the NVIDIA driver answers: {error}", driver_remedy(probe), "error"
    )


def _no_devices(facts: NvidiaFacts, probe: Probe) -> Iterable[Finding]:
    if probe.python("system") == "Windows":
        found = displays(probe, VENDOR_ID)
        if missing := without_driver(found):
            yield Finding("nvidia-driver-missing", missing, driver_remedy(probe), "error")
        yield from stopped(found, driver_remedy(probe))
    elif facts.driver:
        contained = probe.file("/.dockerenv") is not None or probe.file("/run/.containerenv") is not None
        yield Finding(
            "nvidia-device-nodes-missing",
            f"the NVIDIA driver {facts.driver} is loaded, but its devices are not reachable from here",
            "start the container with `--gpus all` (NVIDIA Container Toolkit)"
            if contained
            else "sudo nvidia-modprobe -u",
            "error",
        )
    elif probe.python("system") == "Linux" and has_display(probe, VENDOR_ID):
        yield Finding(
            "nvidia-driver-missing",
            "there is an NVIDIA GPU in this machine, and no NVIDIA driver is loaded",
            driver_remedy(probe),
            "error",
        )


def _left_out(facts: NvidiaFacts, capability: str, reason: str, others: bool) -> Finding:
    names = sorted({device.name for device in facts.devices if device.compute_capability == capability})
    what = f"{', '.join(names)} (compute capability {capability})"
    if others:
        return Finding("gpu-left-out", f"{what} is left out: {reason}", "train on the other GPUs", "warning")
    return Finding("gpu-without-build", f"no CUDA build of torch runs on {what}: {reason}", "", "error")
