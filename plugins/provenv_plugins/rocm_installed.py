"""Whether an environment's torch runs on a machine's AMD GPUs."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.hooks import Context, Envelope, Finding, Installation, Probe
from provenv_plugins.rocm_builds import choose_builds, compiled_for, releases_for
from provenv_plugins.rocm_detect import OVERRIDE, AmdFacts, detect, read
from provenv_plugins.torch_installed import InstalledTorch, read_torch, replacement


def inspect(probe: Probe, installation: Installation) -> Iterable[Finding]:
    """A build for other GPUs, for CUDA, or for none."""
    torch = read_torch(probe, installation)
    if torch is None or torch.built_for is None:
        return
    facts = read(probe)
    targets = [device.gfx for device in facts.devices if device.gfx]
    if not targets:
        return
    if torch.built_for == "rocm":
        yield from _not_compiled(probe, installation, torch, facts)
    elif installation.accelerator in (None, "rocm") and detect(probe).usable and not _has_nvidia(probe):
        what = "a CPU build" if torch.built_for == "cpu" else f"built for {torch.built_for.upper()}"
        code = "cpu-build-on-gpu-machine" if torch.built_for == "cpu" else "build-for-other-gpus"
        names = ", ".join(dict.fromkeys(device.name for device in facts.devices))
        yield Finding(
            code,
            f"{torch} is {what}, and there is {names} ({', '.join(dict.fromkeys(targets))}) in this machine",
            _other_build(probe, installation, torch, targets),
            "error",
            "torch.cuda.is_available() is False (ROCm builds go by CUDA's name): a script for the GPU stops, "
            "any other trains on the CPU",
        )


def _has_nvidia(probe: Probe) -> bool:
    """A machine with both: a CUDA build is no mistake there."""
    from provenv_plugins.cuda_facts import read as read_nvidia

    return bool(read_nvidia(probe).devices)


def _not_compiled(
    probe: Probe, installation: Installation, torch: InstalledTorch, facts: AmdFacts
) -> Iterable[Finding]:
    codes = () if torch.conda else compiled_for(torch.build, torch.version)
    if not codes or probe.environment(OVERRIDE):
        return
    targets = [device.gfx for device in facts.devices if device.gfx]
    missing = [gfx for gfx in dict.fromkeys(targets) if gfx not in codes]
    if missing:
        yield Finding(
            "gpu-not-in-build",
            f"{torch} is compiled for {', '.join(codes)}, not for {', '.join(missing)}",
            _other_build(probe, installation, torch, targets),
            "error" if len(missing) == len(set(targets)) else "warning",
            "the first kernel on that GPU fails with `invalid device function`",
        )


def _other_build(
    probe: Probe, installation: Installation, torch: InstalledTorch, targets: Iterable[str]
) -> str:
    """The command that installs a build which this machine runs; in words where there is none."""
    os = "windows" if probe.python("system") == "Windows" else "linux"
    envelope = Envelope.of({"gfx": tuple(dict.fromkeys(targets))})
    context = Context(f"{os}-x86_64", os, "x86_64", probe.python("version") or "", envelope)
    return replacement(probe, installation, torch, choose_builds(context), releases_for(context))
