"""Machines in, detections and findings out."""

import json
from pathlib import Path

import pytest
from provenv_xpu.detect import detect, diagnose

from provenv.hooks import Envelope, Paste
from provenv.recording import RecordedProbe, load_probe

MACHINES = Path(__file__).parent / "machines"
LINUX = {"system": "Linux", "machine": "x86_64"}


def card(device, **more):
    """A Linux machine with one Intel card."""
    files = {
        f"/sys/class/drm/card0/device/{name}": f"0x{id_}\n"
        for name, id_ in (("vendor", "8086"), ("device", device))
    }
    folders = {"/sys/class/drm": ["card0", "card0-HDMI-A-1"], "/dev/dri": ["card0", "renderD128"]}
    return RecordedProbe({"python": LINUX, "file": files, "folder": folders, **more})


def codes(probe):
    return [finding.code for finding in diagnose(probe)]


ANSWERS = {"library": {"provenv-xpu: level-zero": {"code": 0, "drivers": 1}}}


def test_a_card_beside_an_old_integrated_gpu_is_usable_and_promises_its_family():
    found = detect(load_probe(MACHINES / "arc-a770-ubuntu.json"))

    assert found.usable
    assert [device.name for device in found.devices] == ["Intel UHD Graphics 770", "Intel Arc A770 Graphics"]
    assert found.envelope == Envelope.of({"intel-gpu": "alchemist"})
    assert codes(load_probe(MACHINES / "arc-a770-ubuntu.json")) == []


def test_windows_tells_of_its_adapters_in_the_registry():
    found = detect(load_probe(MACHINES / "arc-a770-windows.json"))

    assert found.usable
    assert [(device.name, device.memory_mib) for device in found.devices] == [
        ("Intel Arc A770 Graphics", 16288)
    ]
    assert dict(found.facts) == {"intel-driver": "31.0.101.5186"}
    assert dict(found.devices[0].facts) == {"pci_id": "8086:56a0", "family": "alchemist"}


@pytest.mark.parametrize(
    "line",
    [
        "[level_zero:gpu][level_zero:0] Intel(R) Level-Zero, {} 12.55.8 [1.3.29735]",
        "[ext_oneapi_level_zero:gpu:0] Intel(R) Level-Zero, {} 1.3 [1.3.29735]",
    ],
)
def test_wsl_has_no_drm_and_sycl_ls_tells(line):
    other = "[opencl:cpu][opencl:0] Intel(R) OpenCL, Intel(R) Core(TM) i9 OpenCL 3.0 (Build 0) [2024.18]"
    listed = f"{other}\n{line.format('Intel(R) Arc(TM) A750 Graphics')}\n"
    probe = RecordedProbe(
        {"python": LINUX, "command": {"sycl-ls": listed}, "folder": {"/dev": ["dxg", "null"]}}
    )

    found = detect(probe)

    assert found.usable
    assert [device.name for device in found.devices] == ["Intel Arc A750 Graphics"]
    assert dict(found.facts) == {"intel-driver": "1.3.29735"}
    assert codes(probe) == []


def test_xpu_smi_tells_of_cards_by_id_and_by_name():
    cards = [{"device_name": "Intel(R) Data Center GPU Max 1550"}, {"pci_device_id": "0xe20b"}]
    listed = json.dumps({"device_list": cards})
    found = detect(RecordedProbe({"python": LINUX, "command": {"xpu-smi discovery -j": listed}}))

    assert [device.name for device in found.devices] == [
        "Intel Data Center GPU Max 1550",
        "Intel Arc B580 Graphics",
    ]
    assert found.envelope == Envelope.of({"intel-gpu": ("battlemage", "ponte-vecchio")})


def test_a_gpu_that_pytorch_does_not_list_is_not_usable():
    probe = card("9a49", **ANSWERS)

    assert not detect(probe).usable
    assert codes(probe) == ["xpu-not-listed"]


def test_a_gpu_that_no_table_has_is_named_by_its_id_and_not_usable():
    found = detect(card("ffff", **ANSWERS))

    assert not found.usable
    assert [device.name for device in found.devices] == ["Intel GPU 8086:ffff"]


def test_without_level_zero_it_is_not_usable_and_the_package_is_named():
    probe = card("e20b")

    assert not detect(probe).usable
    (finding,) = diagnose(probe)
    assert finding.code == "xpu-level-zero-missing"
    assert "libze-intel-gpu1" in finding.remedy


def test_a_container_without_device_nodes_is_told_so():
    probe = card("e20b", folder={"/sys/class/drm": ["card0"], "/dev": ["null"]})

    assert codes(probe) == ["xpu-device-node-missing"]


@pytest.mark.parametrize("system", ["Darwin", None])
def test_another_system_has_none(system):
    probe = RecordedProbe({"python": {"system": system} if system else {}})

    assert not detect(probe).usable
    assert codes(probe) == []


XPU_SMI = """\
| Device ID | Device Information                          |
| 0         | Device Name: Intel(R) Arc(TM) A770 Graphics |
|           | Vendor Name: Intel(R) Corporation           |
"""
TORCH = (
    "* [0] _XpuDeviceProperties(name='Intel(R) Arc(TM) Pro B60 Graphics', type='gpu', device_id=0xE211, "
    "driver_version='1.15.38308+1', total_memory=24480MB, local_mem_size=128KB)"
)


class Pasted(RecordedProbe):
    """A machine that is known by one text."""

    def __init__(self, text):
        super().__init__({"python": LINUX})
        self.text = text

    def pastes(self):
        return (Paste("-", self.text),)


@pytest.mark.parametrize(
    ("text", "name", "memory"),
    [
        (XPU_SMI, "Intel Arc A770 Graphics", None),
        (
            '{"device_list": [{"device_name": "Intel(R) Arc(TM) A770 Graphics", "pci_device_id": "0x56a0"}]}',
            "Intel Arc A770 Graphics",
            None,
        ),
        (TORCH, "Intel Arc Pro B60 Graphics", 24480),
    ],
    ids=["xpu-smi's table", "xpu-smi's JSON", "torch's report"],
)
def test_what_tools_print_of_a_card_tells_of_it(text, name, memory):
    found = detect(Pasted(text))

    assert found.usable
    assert [(device.name, device.memory_mib) for device in found.devices] == [(name, memory)]
