"""What a machine says of its NVIDIA driver and GPUs: by NVML or libcuda, then /proc, then nvidia-smi."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from provenv.hooks import Device, Probe
from provenv.hooks.values import dataclass, replace
from provenv_plugins.nvidia_names import capability_of_name

QUERY = ("name", "driver_version", "memory.total", "compute_cap")


@dataclass(frozen=True, slots=True)
class NvidiaFacts:
    """`driver`: its version; `cuda`: the newest CUDA it serves; `how`: who said so; `error`: its words."""

    driver: str | None = None
    cuda: str | None = None
    devices: tuple[Device, ...] = ()
    how: tuple[str, ...] = ()
    error: str | None = None
    unusable: bool = False
    """A paste shows that nothing can reach the GPUs: no driver is bound to them, or there is no libcuda."""


def read(probe: Probe) -> NvidiaFacts:
    """The first of the ways that knows the devices; a driver version known otherwise is kept beside it."""
    if probe.pastes():
        return _from_pastes(probe)
    if not has_traces(probe):
        return NvidiaFacts()
    facts = _from_library(probe)
    for source in (_from_proc, _from_smi):
        if facts.devices and facts.driver:
            break
        facts = _joined(facts, source(probe))
    return replace(facts, devices=tuple(map(_with_capability, facts.devices)))


def _from_pastes(probe: Probe) -> NvidiaFacts:
    from provenv_plugins.nvidia_pastes import read_pastes

    pasted = read_pastes(probe.pastes())
    devices = tuple(map(_with_capability, pasted.devices))
    return NvidiaFacts(pasted.driver, pasted.cuda, devices, pasted.how, pasted.error, pasted.unusable)


def has_traces(probe: Probe) -> bool:
    """Whether it is worth asking at all: a driver's folder or device node, a Jetson's file, or Windows."""
    if probe.python("system") == "Windows":
        return True
    if probe.python("system") != "Linux":
        return False
    return bool(
        probe.file("/proc/driver/nvidia/version")
        or is_jetson(probe)
        or {"nvidiactl", "nvidia0", "dxg"} & set(probe.folder("/dev"))
        or probe.command(["nvidia-smi", "-L"], seconds=20.0)
    )


def is_jetson(probe: Probe) -> bool:
    """A Jetson module: its kernel's release says tegra, its system has NVIDIA's release file."""
    if probe.pastes():
        from provenv_plugins.nvidia_pastes import read_pastes

        return read_pastes(probe.pastes()).jetson
    return "tegra" in (probe.python("release") or "") or probe.file("/etc/nv_tegra_release") is not None


def is_wsl(probe: Probe) -> bool:
    """The Windows Subsystem for Linux, whose NVIDIA driver is the one of Windows."""
    return "microsoft" in (probe.python("release") or "").lower()


def _joined(first: NvidiaFacts, second: NvidiaFacts) -> NvidiaFacts:
    new = (second.driver and not first.driver) or (second.devices and not first.devices)
    return NvidiaFacts(
        first.driver or second.driver,
        first.cuda or second.cuda,
        first.devices or second.devices,
        (*first.how, *second.how) if new else first.how,
        first.error or second.error,
    )


def _from_library(probe: Probe) -> NvidiaFacts:
    answer = probe.library(_script(), seconds=30.0)
    if not answer:
        return NvidiaFacts()
    found = answer.get("devices")
    devices = (
        [_device(entry) for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []
    )
    error = answer.get("error")
    return NvidiaFacts(
        _text(answer.get("driver")),
        _text(answer.get("cuda")),
        tuple(filter(None, devices)),
        ("NVML" if answer.get("driver") else "libcuda",),
        _text(error),
    )


@cache
def _script() -> str:
    return Path(__file__).with_name("nvml.py").read_text(encoding="utf-8")


def _device(entry: Mapping[object, object]) -> Device | None:
    name = _text(entry.get("name"))
    memory = entry.get("memory")
    facts = (("mig", "on"),) if entry.get("mig") else ()
    size = memory if isinstance(memory, int) else None
    return Device("nvidia", name, size, _text(entry.get("capability")), facts=facts) if name else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _from_proc(probe: Probe) -> NvidiaFacts:
    version = probe.file("/proc/driver/nvidia/version") or ""
    # "NVIDIA UNIX x86_64 Kernel Module  550.54.14  ..." or "... Open Kernel Module for x86_64  580.65.06 ..."
    found = re.search(r"Kernel Module\s+(?:for \S+\s+)?(\d+\.\d[\d.]*)", version)
    folder = "/proc/driver/nvidia/gpus"
    texts = [probe.file(f"{folder}/{name}/information") or "" for name in probe.folder(folder)]
    names = [model[1].strip() for text in texts if (model := re.search(r"^Model:(.*)$", text, re.MULTILINE))]
    devices = tuple(Device("nvidia", name) for name in names)
    return NvidiaFacts(found[1] if found else None, None, devices, ("/proc/driver/nvidia",))


def _from_smi(probe: Probe) -> NvidiaFacts:
    # compute_cap is asked for again without, since drivers before 510 refuse the whole query for it
    error = ""
    for fields in (QUERY, QUERY[:-1]):
        argv = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
        answer = probe.command(argv, seconds=20.0)
        if answer is not None and answer.exit_code == 0:
            return _smi_facts(answer.stdout.splitlines())
        error = " ".join((answer.stdout + answer.stderr).split()) if answer else ""
    return NvidiaFacts(error=error or None)


def _smi_facts(lines: Iterable[str]) -> NvidiaFacts:
    table = [[cell.strip() for cell in line.split(",")] for line in lines if line.count(",") >= 2]
    devices = []
    for name, _, memory, *capability in table:
        known = capability[0] if capability and re.fullmatch(r"\d+\.\d+", capability[0]) else None
        devices.append(Device("nvidia", name, int(memory) if memory.isdigit() else None, known))
    driver = next((row[1] for row in table if re.fullmatch(r"\d+(\.\d+)+", row[1])), None)
    return NvidiaFacts(driver, None, tuple(devices), ("nvidia-smi",))


def _with_capability(device: Device) -> Device:
    if device.compute_capability is not None:
        return device
    return replace(device, compute_capability=capability_of_name(device.name))
