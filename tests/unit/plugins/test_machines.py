"""What is detected on machines in one way or another, and what is offered to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenv.hooks import Builds, Context
from provenv.hooks.manager import plugins
from provenv.host import Host
from provenv.recording import load_probe
from support import machines
from support.machines import kfd, nvml

PLUGINS = plugins()
ROOT = Path(__file__).resolve().parents[3]


def machine(name: str) -> Host:
    """One of tests/data/machines; all of them are under test in tests/suites/test_rebuilt_machines.py."""
    return Host(PLUGINS, load_probe(ROOT / "tests" / "data" / "machines" / f"{name}.json"))


def builds_on(host: Host) -> Builds:
    """What the machine's best accelerator offers it."""
    platform = PLUGINS.platforms[host.platform or ""]
    best = host.usable[0]
    envelope = platform.defaults.merged(host.envelope).merged(host.detections[best].envelope)
    python = host.python or ""
    return PLUGINS.accelerators[best].builds(
        Context(platform.name, platform.os, platform.arch, python, envelope)
    )


@pytest.mark.parametrize(
    ("name", "build", "on_default_index", "constraints"),
    [
        ("rtx-4090-driver-550", "cu126", False, ()),
        ("rtx-5090-driver-580", "cu132", True, ("torch>=2.15.0,<2.16",)),
        ("windows-rtx-5090-driver-581", "cu132", False, ()),
        ("m1-macos-13", "mps", True, ("torch<2.9",)),
        ("plain-vm", "cpu", False, ()),
    ],
)
def test_a_build_comes_from_its_index_with_what_else_it_asks_for(
    name: str, build: str, on_default_index: bool, constraints: tuple[str, ...]
) -> None:
    first = builds_on(machine(name)).offered[0]

    assert (first.name, first.index is None, first.constraints) == (build, on_default_index, constraints)


def test_a_gpu_that_is_left_out_is_named_with_the_reason() -> None:
    host = machine("rtx-5090-and-gtx-1080-ti")

    (finding,) = host.findings

    assert "GTX 1080 Ti (compute capability 6.1)" in finding.message
    assert "no one build runs it and 12.0 together" in finding.message


def test_a_dropped_gpu_is_told_the_last_driver() -> None:
    (finding,) = machine("gtx-1080-ti-driver-595").findings

    assert "580 is the last" in finding.message


def test_an_igpu_is_hidden_by_the_command_that_is_given() -> None:
    (finding,) = machine("rx-9060-xt-behind-igpu").findings

    assert finding.remedy == "export HIP_VISIBLE_DEVICES=1"


SMI = "nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap --format=csv,noheader,nounits"
OLD_SMI = "nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader,nounits"


def test_nvidia_smi_is_asked_where_the_libraries_say_nothing() -> None:
    probe = machines.linux(
        folder={"/dev": ["nvidiactl"]},
        command={SMI: "NVIDIA L40S, 550.90.07, 46068, 8.9\nNVIDIA L40S, 550.90.07, 46068, 8.9\n"},
    )

    found = PLUGINS.accelerators["cuda"].detect(probe)

    assert str(found.envelope) == "compute-capability 8.9, driver 550.90.07"
    assert [(d.name, d.memory_mib) for d in found.devices] == [("NVIDIA L40S", 46068)] * 2
    assert found.how == ("nvidia-smi",)


def test_a_driver_that_does_not_say_the_capability_is_helped_by_the_name() -> None:
    failed = {"exit_code": 2, "stdout": 'Field "compute_cap" is not a valid field to query.\n', "stderr": ""}
    probe = machines.linux(
        folder={"/dev": ["nvidiactl"]},
        command={SMI: failed, OLD_SMI: "Tesla P100-PCIE-16GB, 470.57.02, 16280\n"},
    )

    found = PLUGINS.accelerators["cuda"].detect(probe)

    assert str(found.envelope) == "compute-capability 6.0, driver 470.57.02"


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("NVIDIA GeForce RTX 4090", "8.9"),
        ("NVIDIA GeForce GTX 1080 Ti", "6.1"),
        ("NVIDIA A100-SXM4-80GB", "8.0"),
        ("Tesla T4", "7.5"),
        ("NVIDIA RTX A6000", "8.6"),
        ("NVIDIA RTX 6000 Ada Generation", "8.9"),
        ("Quadro RTX 6000", "7.5"),
        ("NVIDIA GeForce RTX 3070 Laptop GPU", "8.6"),
        ("NVIDIA L40S", "8.9"),
        ("Graphics Device", None),
    ],
)
def test_names_are_matched_whole(name: str, capability: str | None) -> None:
    from provenv_plugins.cuda_facts import capability_of_name

    assert capability_of_name(name) == capability


@pytest.mark.parametrize(
    ("version", "gfx"),
    [(90010, "gfx90a"), (90402, "gfx942"), (100306, "gfx1036"), (110501, "gfx1151"), (120001, "gfx1201")],
)
def test_kfd_s_decimal_versions_are_targets(version: int, gfx: str) -> None:
    from provenv_plugins.rocm_detect import gfx_of_version

    assert gfx_of_version(version) == gfx


def test_rocminfo_is_read_where_kfd_has_no_targets() -> None:
    agents = (
        "*******\nAgent 1\n*******\n  Name:                    AMD Ryzen 9\n"
        "  Marketing Name:          AMD Ryzen 9\n  Device Type:             CPU\n"
        "*******\nAgent 2\n*******\n  Name:                    gfx1100\n"
        "  Marketing Name:          Radeon RX 7900 XTX\n  Device Type:             GPU\n"
    )
    probe = machines.linux(command={"rocminfo": agents}, folder={"/dev": ["kfd"]})

    found = PLUGINS.accelerators["rocm"].detect(probe)

    assert [(d.name, d.gfx) for d in found.devices] == [("Radeon RX 7900 XTX", "gfx1100")]
    assert found.usable
    assert found.how == ("rocminfo",)


def test_an_override_does_not_change_what_fits_and_is_told() -> None:
    machine = kfd((100301, "navy_flounder"))
    probe = machines.linux(**machine, environment={"HSA_OVERRIDE_GFX_VERSION": "10.3.0"})
    host = Host(PLUGINS, probe)

    assert [finding.code for finding in host.findings] == ["hsa-override-in-use"]
    assert str(host.detections["rocm"].envelope) == "gfx gfx1031"


def test_a_radeon_on_windows_is_known_by_its_name() -> None:
    key = r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}\0000"
    host = Host(PLUGINS, machines.windows(registry={f"{key}|DriverDesc": "AMD Radeon RX 7900 XTX"}))

    assert host.usable == ("rocm", "cpu")
    assert [b.name for b in builds_on(host).offered] == ["amd-multi-arch", "amd-gfx110X-all"]


def test_several_accelerators_are_in_the_order_of_preference() -> None:
    nvidia, amd = nvml("580.82.07", "13.0", ("NVIDIA L4", "8.9", 23034)), kfd((110000, "ip discovery"))
    folder = {**amd["folder"], "/dev": ["kfd", "nvidia0", "nvidiactl"]}
    probe = machines.linux(library=nvidia["library"], file=amd["file"], folder=folder)

    assert Host(PLUGINS, probe).usable == ("cuda", "rocm", "cpu")


@pytest.mark.parametrize(
    ("release", "name", "capability", "command"),
    [
        (
            "ID=ubuntu\nID_LIKE=debian\n",
            "NVIDIA L4",
            "8.9",
            "sudo ubuntu-drivers install nvidia:580 && sudo reboot",
        ),
        (
            'ID=linuxmint\nID_LIKE="ubuntu debian"\n',
            "NVIDIA L4",
            "8.9",
            "sudo ubuntu-drivers install nvidia:580",
        ),
        (
            "ID=debian\n",
            "NVIDIA L4",
            "8.9",
            "sudo apt-get install -y nvidia-open && sudo reboot (from NVIDIA's",
        ),
        ('ID=rocky\nID_LIKE="rhel centos fedora"\n', "Tesla P100", "6.0", "sudo dnf install -y cuda-drivers"),
        ('ID="opensuse-leap"\n', "NVIDIA L4", "8.9", "sudo zypper install -y nvidia-open"),
        ("ID=arch\n", "NVIDIA L4", "8.9", "sudo pacman -S --needed nvidia-open nvidia-utils && sudo reboot"),
        ("ID=nixos\n", "NVIDIA L4", "8.9", "install driver 580 (Ubuntu: `sudo ubuntu-drivers"),
    ],
)
def test_a_driver_is_updated_by_the_command_of_the_system(
    release: str, name: str, capability: str, command: str
) -> None:
    probe = machines.linux(
        file={"/etc/os-release": release}, **nvml("550.54.14", "12.4", (name, capability, 16384))
    )

    (finding,) = Host(PLUGINS, probe).findings

    assert finding.code == "nvidia-driver-older-than-newest-builds"
    assert finding.remedy.startswith(command)
