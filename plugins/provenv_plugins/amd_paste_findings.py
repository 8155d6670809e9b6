"""What a paste shows of AMD GPUs that a run on them, or a reader of the paste, should know."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.hooks import Finding, Probe
from provenv_plugins.amd_pastes import read_pastes
from provenv_plugins.rocm_access import driver_missing, no_permission, partitioned
from provenv_plugins.rocm_detect import OVERRIDE, gfx_of_name


def paste_findings(probe: Probe) -> Iterable[Finding]:
    """An override that shows in a wrong target, a driver that ROCm can't use, nodes that share a card."""
    pasted = read_pastes(probe.pastes())
    if pasted.forbidden:
        yield no_permission()
    if pasted.unloaded:
        names = ", ".join(dict.fromkeys(device.name or "a GPU of AMD's" for device in pasted.devices))
        yield driver_missing(f"{names} is in this machine, and" if names else "rocminfo says that")
    for device in dict.fromkeys(pasted.devices):
        native = gfx_of_name(device.name)
        if device.gfx and native and device.gfx != native and not probe.environment(OVERRIDE):
            yield Finding(
                "hsa-override-in-use",
                f"{device.name} is a {native} and says {device.gfx}: {OVERRIDE} is in effect",
                f"unset {OVERRIDE}",
                "warning",
            )
        driver = dict(device.facts).get("kernel_driver")
        if driver and driver != "amdgpu":
            yield Finding(
                "amd-driver-not-amdgpu",
                f"{device.name or dict(device.facts).get('pci_id', 'the GPU')} is driven by {driver}; ROCm "
                "needs amdgpu",
                "load amdgpu in its place, where the GPU is new enough for it",
                "error",
            )
    for device in dict.fromkeys(pasted.devices):
        if device.vendor != "amd":
            yield Finding(
                "amd-like-accelerator",
                f"{device.name} ({device.gfx or 'target unknown'}) is no GPU of AMD's although its software "
                "looks like ROCm: only its maker's own torch runs on it",
                "install the torch of the maker's toolkit",
                "warning",
            )
    yield from partitioned(paste.text for paste in probe.pastes() if "simd_count" in paste.text)
    unknown = [device for device in pasted.devices if device.gfx is None and device.vendor == "amd"]
    if unknown:
        name = unknown[0].name or dict(unknown[0].facts).get("pci_id") or "a GPU"
        yield Finding(
            "gpu-target-open",
            f"nothing says which gfx target {name} is: what ROCm can do with it stays open",
            "rocminfo | grep gfx",
            "note",
        )
