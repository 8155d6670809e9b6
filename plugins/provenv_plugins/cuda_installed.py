"""Whether an environment's torch runs on a machine's NVIDIA driver and GPUs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from provenv.hooks import Context, Device, Envelope, Finding, Installation, Probe
from provenv_plugins.cuda_builds import choose_builds, compiled_for, covers, releases_for
from provenv_plugins.cuda_carriers import carried
from provenv_plugins.cuda_detect import (
    MACHINES,
    SYSTEMS,
    driver_words,
    served_together,
    visible_devices,
)
from provenv_plugins.cuda_drivers import driver_fault, floor, numbers
from provenv_plugins.cuda_facts import NvidiaFacts, is_jetson, read
from provenv_plugins.cuda_library_path import stale
from provenv_plugins.nvidia_driver_command import driver_remedy
from provenv_plugins.pytorch import FAMILY
from provenv_plugins.torch_builds import releases
from provenv_plugins.torch_installed import InstalledTorch, read_torch, replacement


def inspect(probe: Probe, installation: Installation) -> Iterable[Finding]:
    """A build for another driver or other GPUs, or for none; CUDA libraries of two majors."""
    torch = read_torch(probe, installation)
    yield from stale(probe, torch)
    yield from _two_majors(probe, installation, torch)
    if torch is None:
        return
    facts = read(probe)
    devices = visible_devices(facts.devices, probe)
    if torch.built_for == "cpu" and installation.accelerator in (None, "cuda"):
        yield from _cpu_build(probe, installation, torch, facts, devices)
    elif torch.built_for == "cuda":
        yield from _without_gpu(probe, installation, torch, facts)
        fault = _driver_fault(probe, torch, facts)
        if fault:
            yield _driver_too_old(probe, installation, torch, facts, fault)
        else:
            yield from _not_compiled(probe, installation, torch, facts, devices)


def _two_majors(probe: Probe, installation: Installation, torch: InstalledTorch | None) -> Iterable[Finding]:
    by_major: dict[str, list[str]] = {}
    for one in installation.distributions:
        if one.name not in FAMILY and (major := carried(one.name, one.version)):
            by_major.setdefault(major, []).append(f"{one.name} {one.version}")
    if torch and torch.built_for == "cuda":
        by_major.setdefault(torch.runtime.split(".")[0], []).insert(0, str(torch))
    if len(by_major) < 2:
        return
    words = "; ".join(f"CUDA {major}: {_few(names)}" for major, names in sorted(by_major.items()))
    own = torch.runtime.split(".")[0] if torch and torch.built_for == "cuda" else max(by_major, key=int)
    strangers = [name.split()[0] for major, names in by_major.items() if major != own for name in names]
    leftover = all(name.startswith("nvidia-") for name in strangers)
    again = f"pip uninstall -y {' '.join(strangers)}" if leftover else f"take all of them for CUDA {own}"
    yield Finding(
        "two-cuda-majors",
        f"{installation.prefix or 'the environment'} holds libraries of two CUDA majors: {words}",
        "provenv install" if installation.accelerator else again,
        "warning",
        "they share folders (nvidia/cudnn, nvidia/nccl) and overwrite each other's files; a process that "
        "loads both may crash",
    )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _cpu_build(
    probe: Probe, installation: Installation, torch: InstalledTorch, facts: NvidiaFacts, devices: list[Device]
) -> Iterable[Finding]:
    kept, _ = served_together(facts, devices, probe)
    if kept:
        names = ", ".join(dict.fromkeys(device.name for device in devices))
        yield Finding(
            "cpu-build-on-gpu-machine",
            f"{torch} is a CPU build, and there is {names} in this machine",
            _other_build(probe, installation, torch, facts, kept),
            "error",
            "torch.cuda.is_available() is False: a script for the GPU stops, any other trains on the CPU",
        )


def _without_gpu(
    probe: Probe, installation: Installation, torch: InstalledTorch, facts: NvidiaFacts
) -> Iterable[Finding]:
    """Only where the machine was looked at: a paste that names no GPU may have left it out."""
    if facts.devices or facts.driver or facts.error or probe.pastes():
        return
    yield Finding(
        "cuda-build-without-gpu",
        f"{torch} is built for CUDA {torch.runtime}, and there is no NVIDIA GPU to be seen",
        "in a container: start it with `--gpus all`; on a machine without one: a target for the cpu",
        "error" if installation.accelerator == "cuda" else "note",
        "it trains on the processor, with gigabytes of libraries that are of no use there",
    )


def _driver_fault(probe: Probe, torch: InstalledTorch, facts: NvidiaFacts) -> str | None:
    words = driver_words(facts, probe)
    if not words or probe.python("torch_cuda_available") == "True":
        return None  # nothing is known of the driver, or torch itself says that it works
    return driver_fault(int(torch.runtime.split(".")[0]), _system(probe), Envelope.of(words))


def _driver_too_old(
    probe: Probe, installation: Installation, torch: InstalledTorch, facts: NvidiaFacts, fault: str
) -> Finding:
    major = int(torch.runtime.split(".")[0])
    kept, _ = served_together(facts, visible_devices(facts.devices, probe), probe)
    other = _other_build(probe, installation, torch, facts, kept)
    have = f"driver {facts.driver}" if facts.driver else f"one for CUDA {facts.cuda}"
    least = floor(major, _system(probe))
    return Finding(
        "nvidia-driver-too-old-for-build",
        f"{torch} is built for CUDA {torch.runtime}, which needs NVIDIA driver {least} or newer; this "
        f"machine has {have}",
        f"{driver_remedy(probe, facts.devices)}; or keep the driver: {other}",
        "error",
        "torch.cuda.is_available() is False (`The NVIDIA driver on your system is too old`)",
    )


def _not_compiled(
    probe: Probe, installation: Installation, torch: InstalledTorch, facts: NvidiaFacts, devices: list[Device]
) -> Iterable[Finding]:
    codes = _compiled(probe, torch)
    known = [device for device in devices if device.compute_capability]
    missing = [
        device for device in known if not covers(codes, device.compute_capability or "", _cuda_of(torch))
    ]
    if not codes or not missing:
        return
    capabilities = dict.fromkeys(device.compute_capability or "" for device in missing)
    names = ", ".join(dict.fromkeys(device.name for device in missing))
    yield Finding(
        "gpu-not-in-build",
        f"{torch} is compiled for compute capability {', '.join(codes)}, not for {', '.join(capabilities)} "
        f"({names})",
        _other_build(probe, installation, torch, facts, tuple(d.compute_capability or "" for d in known)),
        "error" if len(missing) == len(known) else "warning",
        "the first kernel on that GPU fails with `no kernel image is available for execution on the device`",
    )


def _compiled(probe: Probe, torch: InstalledTorch) -> tuple[str, ...]:
    """What PyTorch's own build of this torch is compiled for; () for a build that may be another's."""
    platform = f"{_system(probe)}-{_arch(probe)}"
    if torch.conda or (is_jetson(probe) and not torch.label):
        return ()
    own = next((dict(r.default_builds).get(platform) for r in releases() if r.torch == torch.version), None)
    return compiled_for(torch.build, platform, torch.version) if torch.build in (torch.label, own) else ()


def _cuda_of(torch: InstalledTorch) -> tuple[int, int]:
    major, minor = numbers(torch.runtime)[:2]
    return major, minor


def _other_build(
    probe: Probe,
    installation: Installation,
    torch: InstalledTorch,
    facts: NvidiaFacts,
    capabilities: Sequence[str],
) -> str:
    """The command that installs a build which this machine runs; in words where there is none."""
    words = {
        **driver_words(facts, probe),
        **({"compute-capability": tuple(capabilities)} if capabilities else {}),
    }
    os, arch = _system(probe), _arch(probe)
    context = Context(f"{os}-{arch}", os, arch, probe.python("version") or "", Envelope.of(words))
    return replacement(probe, installation, torch, choose_builds(context), releases_for(context))


def _system(probe: Probe) -> str:
    return SYSTEMS.get(probe.python("system") or "", "linux")


def _arch(probe: Probe) -> str:
    return MACHINES.get((probe.python("machine") or "x86_64").lower(), "x86_64")
