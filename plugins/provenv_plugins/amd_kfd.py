"""AMD's kernel topology (/sys/class/kfd) as a folder of pasted files, or as the text of some of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from provenv.hooks import Device, Paste
from provenv_plugins.rocm_detect import AMD, VIDEO_MEMORY, gfx_of_version
from provenv_plugins.sightings import told


def kfd_devices(pastes: Sequence[Paste]) -> Iterable[Device]:
    """The GPUs of a topology. Nodes are told by their folder, or by the order of several in one text."""
    banks = _banks(pastes)
    for paste in pastes:
        folder, _, file = paste.name.rpartition("/")
        if "simd_count" not in paste.text or (file not in ("properties", "") and "/mem_banks/" in paste.name):
            continue
        for text in _nodes(paste.text):
            if (device := _device(_values(text), banks.get(folder, 0))) is not None:
                yield device


def _nodes(text: str) -> list[str]:
    """A text's nodes: each begins with its `cpu_cores_count`."""
    parts = re.split(r"^(?=cpu_cores_count )", text, flags=re.MULTILINE)
    return [part for part in parts if "simd_count" in part]


def _values(text: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+) (\d{1,20})\s*$", text, re.MULTILINE))


def _device(values: dict[str, str], memory: int) -> Device | None:
    """A node with compute units; one without is a processor."""
    if int(values.get("simd_count", "0")) == 0 or values.get("vendor_id", AMD) != AMD:
        return None
    # kernels before 5.12 have no gfx_target_version
    version = int(values.get("gfx_target_version", "0"))
    local = int(values.get("local_mem_size", "0")) // 2**20
    shared = int(values.get("cpu_cores_count", "0")) > 0  # an APU's node has both kinds of cores
    size = 0 if shared else local or memory
    number = int(values.get("device_id", "0"))
    facts = {
        "kfd_memory_mib": str(size) if size else None,
        "pci_id": f"1002:{number:04x}" if number else None,
    }
    return Device("amd", "", gfx=gfx_of_version(version) if version else None, facts=told(facts))


def _banks(pastes: Iterable[Paste]) -> dict[str, int]:
    """A node's folder -> the MiB of its video memory banks."""
    found: dict[str, int] = {}
    for paste in pastes:
        node, mark, _ = paste.name.partition("/mem_banks/")
        values = _values(paste.text) if mark else {}
        if values.get("heap_type") in VIDEO_MEMORY:
            found[node] = found.get(node, 0) + int(values.get("size_in_bytes", "0")) // 2**20
    return found
