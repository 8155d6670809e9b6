"""Machines to test with: what a probe recorded on each would hold, in a few lines."""

from __future__ import annotations

from collections.abc import Mapping

from provenv.recording import RecordedProbe

Answers = Mapping[str, object]


def linux(
    machine: str = "x86_64", libc: str = "glibc 2.35", release: str = "6.8.0-generic", **kinds: Answers
) -> RecordedProbe:
    """A Linux machine; `kinds` are further recorded answers (`file`, `command` ...)."""
    name, version = libc.split()
    facts = {
        "system": "Linux",
        "machine": machine,
        "version": "3.12.4",
        "bits": "64",
        "release": release,
        "libc": name,
        "libc_version": version,
    }
    return _probe(facts, kinds)


def macos(machine: str = "arm64", version: str = "14.5", **kinds: Answers) -> RecordedProbe:
    """A Mac, its processor named as sysctl does."""
    brand = "Apple M1" if machine == "arm64" else "Intel(R) Core(TM) i7-8700B CPU @ 3.20GHz"
    facts = {
        "system": "Darwin",
        "machine": machine,
        "version": "3.12.4",
        "bits": "64",
        "macos_version": version,
    }
    sysctl = {"machdep.cpu.brand_string": brand, "hw.memsize": "17179869184", "hw.ncpu": "8"}
    return _probe(facts, {**kinds, "sysctl": {**sysctl, **kinds.get("sysctl", {})}})


def windows(machine: str = "AMD64", **kinds: Answers) -> RecordedProbe:
    """A Windows machine."""
    facts = {"system": "Windows", "machine": machine, "version": "3.12.4", "bits": "64"}
    return _probe(facts, kinds)


def _probe(facts: Answers, kinds: Mapping[str, Answers]) -> RecordedProbe:
    return RecordedProbe({**kinds, "python": {**facts, **kinds.get("python", {})}})


def nvml(driver: str, cuda: str, *devices: tuple[str, str, int]) -> dict[str, Answers]:
    """What the driver's libraries answer: version, CUDA served, (name, capability, MiB) of each GPU."""
    listed = [
        {"name": name, "capability": capability, "memory": memory} for name, capability, memory in devices
    ]
    return {
        "library": {"provenv: nvidia-driver": {"driver": driver, "cuda": cuda, "devices": listed}},
        "folder": {"/dev": ["null", "nvidia0", "nvidiactl"]},
    }


def kfd(*targets: tuple[int, str]) -> dict[str, Answers]:
    """A KFD topology: a processor as node 0, then (gfx_target_version, name) of each GPU."""
    nodes = "/sys/class/kfd/kfd/topology/nodes"
    file = {f"{nodes}/0/properties": "cpu_cores_count 32\ngfx_target_version 0\nvendor_id 0\n"}
    for number, (version, name) in enumerate(targets, 1):
        file[f"{nodes}/{number}/properties"] = (
            f"simd_count 304\ngfx_target_version {version}\nvendor_id 4098\n"
        )
        file[f"{nodes}/{number}/name"] = f"{name}\n"
    names = [str(number) for number in range(len(targets) + 1)]
    return {"file": file, "folder": {nodes: names, "/dev": ["dri", "kfd", "null"]}}
