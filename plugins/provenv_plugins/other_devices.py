"""Devices of makers that no accelerator plugin here serves: named, with their driver, and no more.

Where a plugin for such a maker is installed, what it finds stands in place of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from provenv.hooks import Device, Finding, Paste, Reading
from provenv.hooks.adapters import windows_adapters
from provenv.hooks.pci import PciDevice, pci_devices
from provenv.hooks.reports import environment_report, named_gpus
from provenv_plugins.intel_pastes import intel_devices, intel_driver, intel_system
from provenv_plugins.npu_pastes import npu_devices, npu_driver
from provenv_plugins.sightings import told

# PCI vendors of graphics and accelerators; a server's management controller (ASPEED, Matrox) is neither.
VENDORS = {
    "8086": "intel",
    "15ad": "vmware",
    "1234": "qemu",
    "1af4": "virtio",
    "1b36": "qemu",
    "1414": "microsoft",
    "80ee": "virtualbox",
    "1da3": "intel-habana",
    "19e5": "huawei",
    "1ed5": "moore-threads",
    "1eed": "iluvatar",
    "9999": "metax",
    "cabc": "cambricon",
    "1d94": "hygon",
}
_WORDS = (
    ("intel", r"^Intel\b"),
    ("vmware", r"^VMware\b"),
    ("huawei", r"^Huawei\b"),
    ("virtio", r"^Red Hat\b"),
)


def read(pastes: Sequence[Paste]) -> Reading:
    """Every such device, and the first driver of one."""
    texts = tuple(paste.text for paste in pastes)
    devices = (*npu_devices(texts), *intel_devices(texts))
    makers = {device.vendor for device in devices}
    devices += tuple(device for device in _reported(texts) if device.vendor not in makers)
    makers |= {device.vendor for device in devices}
    listed = [device for device in (*_pci(pastes), *_adapters(texts)) if device.vendor not in makers]
    driver = npu_driver(texts) or intel_driver(texts)
    system = "Linux" if npu_devices(texts) else intel_system(texts)
    answers = {"python": {"system": system}} if system else {}
    findings = (*_software(texts), *_virtual(listed))
    return Reading(answers, (*devices, *listed), told({"driver": driver}), findings)


# A maker's package beside torch -> whose devices it drives.
SOFTWARE = {
    "torch-npu": "Huawei Ascend NPUs",
    "habana-torch-plugin": "Intel Gaudi HPUs",
    "intel-extension-for-pytorch": "Intel GPUs (XPU)",
    "torch-neuronx": "AWS Trainium and Inferentia",
    "torch-xla": "Google TPUs",
    "torch-musa": "Moore Threads GPUs",
    "torch-mlu": "Cambricon MLUs",
}


def _software(texts: Sequence[str]) -> Iterable[Finding]:
    """Packages that tell of a device where no tool names it; torch-npu even answers for CUDA."""
    for name, devices in SOFTWARE.items():
        pattern = rf"^\s*(?:\[(?:pip3?|conda)\]\s+)?{name.replace('-', '[-_]')}(?:==|\s+)(\d\S*)"
        found = next((hit for text in texts if (hit := re.search(pattern, text, re.MULTILINE | re.I))), None)
        if found:
            yield Finding(
                "other-accelerator-software",
                f"{name} {found[1]} is installed, which drives {devices}: there may be such devices that no "
                "text names, and what torch says of CUDA may be its doing",
                severity="note",
            )


# How the makers name their devices, where a report written for NVIDIA's lists them.
REPORTED = (
    ("moore-threads", r"MTT \w+"),
    ("metax", r"MetaX .*|MXC\d+.*"),
    ("cambricon", r"(?:Cambricon )?MLU\d+.*"),
    ("iluvatar", r"Iluvatar .*"),
    ("intel", r"(?:Intel\b.*|.*\bIntel\(R\) (?:Arc|UHD|Iris|Data Center GPU).*)"),
)


def _reported(texts: Iterable[str]) -> Iterable[Device]:
    for text in texts:
        report = environment_report(text)
        names = [gpu.name for gpu in report.gpus] if report else named_gpus(text)
        for name in names:
            yield from (Device(maker, name) for maker, words in REPORTED if re.fullmatch(words, name))


def _virtual(devices: Sequence[Device]) -> Iterable[Finding]:
    for device in devices:
        if device.vendor in ("vmware", "qemu", "virtio", "virtualbox", "microsoft"):
            yield Finding(
                "display-is-virtual",
                f"{device.name or 'the display adapter'} ({device.vendor}) is virtual: nothing to train on",
                severity="note",
            )
            return


def _pci(pastes: Sequence[Paste]) -> Iterable[Device]:
    for found in pci_devices(pastes):
        vendor = _vendor(found)
        if found.display and vendor:
            facts = told({"kernel_driver": found.driver, "pci_id": found.pci_id, "pci_slot": found.bus_slot})
            yield Device(vendor, found.name, facts=facts)


def _vendor(found: PciDevice) -> str | None:
    by_words = next((vendor for vendor, words in _WORDS if re.search(words, found.vendor)), None)
    return VENDORS.get(found.vendor_id) or by_words


def _adapters(texts: Iterable[str]) -> Iterable[Device]:
    for text in texts:
        for found in windows_adapters(text):
            vendor = VENDORS.get(found.vendor_id) or (
                "intel" if not found.vendor_id and "Intel" in found.name else None
            )
            if vendor:
                # what Windows calls the memory of a GPU without its own is the system's
                yield Device(vendor, found.name, facts=told({"pci_id": found.pci_id}))
