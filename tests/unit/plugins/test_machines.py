"""Many machines: what is detected on each, and the build that a specialist would choose for it and why."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from provenv.hooks import Builds, Context, Probe
from provenv.hooks.manager import plugins
from provenv.host import Host
from support import machines
from support.machines import kfd, nvml

PLUGINS = plugins()


@dataclass
class Case:
    """`chosen`: accelerator, build, whether it is the default index's, its constraints. `findings`: codes."""

    probe: Probe
    usable: list[str]
    chosen: tuple[str, str, bool, tuple[str, ...]]
    findings: list[str] = field(default_factory=list)


OLDER = "nvidia-driver-older-than-newest-builds"
DEFAULT_215 = ("torch>=2.15.0,<2.16",)

CASES = {
    # CUDA 12 drivers run cu126 whatever CUDA they report, and of the 12.x it alone reaches torch 2.14.1.
    "4090 on 550": Case(
        machines.linux(**nvml("550.54.14", "12.4", ("NVIDIA GeForce RTX 4090", "8.9", 24564))),
        ["cuda", "cpu"],
        ("cuda", "cu126", False, ()),
        [OLDER],
    ),
    "A100 on 550": Case(
        machines.linux(**nvml("550.54.15", "12.4", ("NVIDIA A100-SXM4-80GB", "8.0", 81920))),
        ["cuda", "cpu"],
        ("cuda", "cu126", False, ()),
        [OLDER],
    ),
    # 470 serves CUDA 11 alone, and cu118 ended with torch 2.7.1.
    "A100 on 470": Case(
        machines.linux(**nvml("470.82.01", "11.4", ("NVIDIA A100-SXM4-40GB", "8.0", 40536))),
        ["cuda", "cpu"],
        ("cuda", "cu118", False, ()),
        [OLDER],
    ),
    # The driver serves CUDA 13, but no CUDA 13 build has Pascal code: the arch list decides.
    "1080 Ti on 580": Case(
        machines.linux(**nvml("580.95.05", "13.0", ("NVIDIA GeForce GTX 1080 Ti", "6.1", 11264))),
        ["cuda", "cpu"],
        ("cuda", "cu126", False, ()),
    ),
    # 590 and newer drive no Pascal at all.
    "1080 Ti on 595": Case(
        machines.linux(**nvml("595.58.03", "13.2", ("NVIDIA GeForce GTX 1080 Ti", "6.1", 11264))),
        ["cpu"],
        ("cpu", "cpu", False, ()),
        ["gpu-without-build"],
    ),
    "V100 on 535": Case(
        machines.linux(**nvml("535.104.05", "12.2", ("Tesla V100-SXM2-16GB", "7.0", 16384))),
        ["cuda", "cpu"],
        ("cuda", "cu126", False, ()),
        [OLDER],
    ),
    # sm_120 needs cu128 or later, the driver CUDA 12: the last build of both is cu129, to torch 2.13.
    "5090 on 570": Case(
        machines.linux(**nvml("570.124.06", "12.8", ("NVIDIA GeForce RTX 5090", "12.0", 32607))),
        ["cuda", "cpu"],
        ("cuda", "cu129", False, ()),
        [OLDER],
    ),
    "5090 on 580": Case(
        machines.linux(**nvml("580.65.06", "13.0", ("NVIDIA GeForce RTX 5090", "12.0", 32607))),
        ["cuda", "cpu"],
        ("cuda", "cu132", True, DEFAULT_215),
    ),
    "H200 on 580": Case(
        machines.linux(**nvml("580.82.07", "13.0", *[("NVIDIA H200", "9.0", 143771)] * 8)),
        ["cuda", "cpu"],
        ("cuda", "cu132", True, DEFAULT_215),
    ),
    "1080 Ti and 3090 on 580: one build runs both": Case(
        machines.linux(
            **nvml(
                "580.95.05",
                "13.0",
                ("NVIDIA GeForce RTX 3090", "8.6", 24576),
                ("NVIDIA GeForce GTX 1080 Ti", "6.1", 11264),
            )
        ),
        ["cuda", "cpu"],
        ("cuda", "cu126", False, ()),
    ),
    "1080 Ti and 5090 on 580: none does, the newer card is kept": Case(
        machines.linux(
            **nvml(
                "580.95.05",
                "13.0",
                ("NVIDIA GeForce RTX 5090", "12.0", 32607),
                ("NVIDIA GeForce GTX 1080 Ti", "6.1", 11264),
            )
        ),
        ["cuda", "cpu"],
        ("cuda", "cu132", True, DEFAULT_215),
        ["gpu-left-out"],
    ),
    "MIG slice of an A100 on 535": Case(
        machines.linux(**nvml("535.54.03", "12.2", ("NVIDIA A100-SXM4-80GB", "8.0", 19968))),
        ["cuda", "cpu"],
        ("cuda", "cu126", False, ()),
        [OLDER],
    ),
    "GH200 on 580": Case(
        machines.linux("aarch64", **nvml("580.82.07", "13.0", ("NVIDIA GH200 480GB", "9.0", 97871))),
        ["cuda", "cpu"],
        ("cuda", "cu132", True, DEFAULT_215),
    ),
    "DGX Spark": Case(
        machines.linux("aarch64", **nvml("580.95.05", "13.0", ("NVIDIA GB10", "12.1", 122502))),
        ["cuda", "cpu"],
        ("cuda", "cu132", True, DEFAULT_215),
    ),
    # JetPack 6: no server build runs on Orin; Jetson's own are for Python 3.10, which is this system's.
    "Jetson Orin on JetPack 6": Case(
        machines.linux(
            "aarch64",
            release="5.15.148-tegra",
            python={"version": "3.10.12"},
            file={
                "/proc/driver/nvidia/version": "NVRM version: NVIDIA Open Kernel Module for aarch64  540.4.0"
            },
            library={
                "provenv: nvidia-driver": {
                    "cuda": "12.6",
                    "devices": [{"name": "Orin", "capability": "8.7", "memory": 62841}],
                }
            },
        ),
        ["cuda", "cpu"],
        ("cuda", "jp6-cu126", False, ()),
    ),
    "Jetson Thor on JetPack 7": Case(
        machines.linux(
            "aarch64", release="6.8.12-tegra", **nvml("580.00", "13.0", ("NVIDIA Thor", "11.0", 125772))
        ),
        ["cuda", "cpu"],
        ("cuda", "cu132", True, DEFAULT_215),
    ),
    "Windows and an RTX 4070 on 560": Case(
        machines.windows(
            library={
                "provenv: nvidia-driver": {
                    "driver": "560.94",
                    "cuda": "12.6",
                    "devices": [{"name": "NVIDIA GeForce RTX 4070", "capability": "8.9", "memory": 12282}],
                }
            }
        ),
        ["cuda", "cpu"],
        ("cuda", "cu126", False, ()),
        [OLDER],
    ),
    "Windows and an RTX 5090 on 581: the default index has no CUDA there": Case(
        machines.windows(
            library={
                "provenv: nvidia-driver": {
                    "driver": "581.29",
                    "cuda": "13.0",
                    "devices": [{"name": "NVIDIA GeForce RTX 5090", "capability": "12.0", "memory": 32607}],
                }
            }
        ),
        ["cuda", "cpu"],
        ("cuda", "cu132", False, ()),
    ),
    "WSL2": Case(
        machines.linux(
            release="6.6.87.2-microsoft-standard-WSL2",
            folder={"/dev": ["dxg", "null"]},
            library={
                "provenv: nvidia-driver": {
                    "driver": "576.57",
                    "cuda": "12.9",
                    "devices": [
                        {"name": "NVIDIA GeForce RTX 3070 Laptop GPU", "capability": "8.6", "memory": 8192}
                    ],
                }
            },
        ),
        ["cuda", "cpu"],
        ("cuda", "cu126", False, ()),
        [OLDER],
    ),
    # A forward-compatibility package: the kernel's driver is 535, and libcuda serves 13.0 nevertheless.
    "H100 on 535 with cuda-compat": Case(
        machines.linux(**nvml("535.183.06", "13.0", ("NVIDIA H100 80GB HBM3", "9.0", 81559))),
        ["cuda", "cpu"],
        ("cuda", "cu132", True, DEFAULT_215),
    ),
    "driver mismatch": Case(
        machines.linux(
            library={
                "provenv: nvidia-driver": {"error": "Driver/library version mismatch", "cuda_error": 803}
            },
            folder={"/dev": ["nvidiactl"]},
        ),
        ["cpu"],
        ("cpu", "cpu", False, ()),
        ["nvidia-driver-mismatch"],
    ),
    "container without device nodes": Case(
        machines.linux(
            file={
                "/proc/driver/nvidia/version": (
                    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 2024\n"
                ),
                "/.dockerenv": "",
            }
        ),
        ["cpu"],
        ("cpu", "cpu", False, ()),
        ["nvidia-device-nodes-missing"],
    ),
    "NVIDIA card and no driver": Case(
        machines.linux(
            folder={"/sys/bus/pci/devices": ["0000:00:00.0", "0000:01:00.0"]},
            file={
                "/sys/bus/pci/devices/0000:00:00.0/vendor": "0x8086\n",
                "/sys/bus/pci/devices/0000:00:00.0/class": "0x060000\n",
                "/sys/bus/pci/devices/0000:01:00.0/vendor": "0x10de\n",
                "/sys/bus/pci/devices/0000:01:00.0/class": "0x030000\n",
            },
        ),
        ["cpu"],
        ("cpu", "cpu", False, ()),
        ["nvidia-driver-missing"],
    ),
    "every GPU hidden": Case(
        machines.linux(
            environment={"CUDA_VISIBLE_DEVICES": ""},
            **nvml("580.82.07", "13.0", ("NVIDIA L4", "8.9", 23034)),
        ),
        ["cpu"],
        ("cpu", "cpu", False, ()),
        ["cuda-devices-hidden"],
    ),
    "plain VM": Case(machines.linux(), ["cpu"], ("cpu", "cpu", False, ())),
    "Raspberry Pi": Case(machines.linux("aarch64"), ["cpu"], ("cpu", "cpu", False, ())),
    "MI300X": Case(
        machines.linux(**kfd(*[(90402, "ip discovery")] * 8)),
        ["rocm", "cpu"],
        ("rocm", "rocm7.14", False, ()),
    ),
    "RX 7900 XTX": Case(
        machines.linux(**kfd((110000, "ip discovery"))), ["rocm", "cpu"], ("rocm", "rocm7.14", False, ())
    ),
    # rocBLAS dropped gfx906 with 6.4 although the later builds still list it.
    "MI50": Case(machines.linux(**kfd((90006, "vega20"))), ["rocm", "cpu"], ("rocm", "rocm6.3", False, ())),
    # gfx1103 is compiled into rocm7.2 without a rocBLAS library for it; from 7.14 on it has one.
    "gfx1103": Case(
        machines.linux(**kfd((110003, "ip discovery"))), ["rocm", "cpu"], ("rocm", "rocm7.14", False, ())
    ),
    # In no build of PyTorch's; AMD's own index for the family is all there is.
    "RX 6700 XT": Case(
        machines.linux(**kfd((100301, "navy_flounder"))),
        ["rocm", "cpu"],
        ("rocm", "amd-multi-arch", False, ()),
    ),
    "RX 9060 XT behind a Raphael iGPU": Case(
        machines.linux(**kfd((100306, "raphael"), (120000, "ip discovery"))),
        ["rocm", "cpu"],
        ("rocm", "rocm7.14", False, ()),
        ["gpu-left-out"],
    ),
    # The processor's own GPU has AMD's older torch alone, which must not hold the card back.
    "RX 7900 XTX behind a Raphael iGPU": Case(
        machines.linux(**kfd((100306, "raphael"), (110000, "ip discovery"))),
        ["rocm", "cpu"],
        ("rocm", "rocm7.14", False, ()),
        ["gpu-left-out"],
    ),
    # One build runs both: nothing is lost, so nothing is left out.
    "RX 7800 XT and a 780M": Case(
        machines.linux(**kfd((110003, "phoenix"), (110001, "ip discovery"))),
        ["rocm", "cpu"],
        ("rocm", "rocm7.14", False, ()),
    ),
    "Radeon RX 580": Case(
        machines.linux(**kfd((80003, "polaris10"))), ["cpu"], ("cpu", "cpu", False, ()), ["gpu-without-build"]
    ),
    "M1 on macOS 13": Case(
        machines.macos(version="13.6"),
        ["mps", "cpu"],
        ("mps", "mps", True, ("torch<2.9",)),
        ["macos-too-old-for-mps"],
    ),
    "M2 on macOS 15": Case(machines.macos(version="15.1"), ["mps", "cpu"], ("mps", "mps", True, ())),
    "Intel Mac": Case(machines.macos("x86_64", "14.4"), ["cpu"], ("cpu", "cpu", True, ())),
    "M1 under Rosetta": Case(
        machines.macos("x86_64", sysctl={"sysctl.proc_translated": "1", "hw.optional.arm64": "1"}),
        ["cpu"],
        ("cpu", "cpu", True, ()),
        ["python-under-rosetta"],
    ),
}


def builds_on(host: Host) -> Builds:
    """What the machine's best accelerator offers it."""
    platform = PLUGINS.platforms[host.platform or ""]
    best = host.usable[0]
    envelope = platform.defaults.merged(host.envelope).merged(host.detections[best].envelope)
    python = host.python or ""
    return PLUGINS.accelerators[best].builds(
        Context(platform.name, platform.os, platform.arch, python, envelope)
    )


@pytest.mark.parametrize("name", CASES)
def test_a_machine_gets_the_build_that_a_specialist_would_choose(name: str) -> None:
    case = CASES[name]
    host = Host(PLUGINS, case.probe)

    first = builds_on(host).offered[0]

    assert list(host.usable) == case.usable
    assert (host.usable[0], first.name, first.index is None, first.constraints) == case.chosen
    assert [finding.code for finding in host.findings] == case.findings
    assert host.problems == []


def test_a_gpu_that_is_left_out_is_named_with_the_reason() -> None:
    host = Host(PLUGINS, CASES["1080 Ti and 5090 on 580: none does, the newer card is kept"].probe)

    (finding,) = host.findings

    assert "GTX 1080 Ti (compute capability 6.1)" in finding.message
    assert "no one build runs it and 12.0 together" in finding.message


def test_a_dropped_gpu_is_told_the_last_driver() -> None:
    (finding,) = Host(PLUGINS, CASES["1080 Ti on 595"].probe).findings

    assert "580 is the last" in finding.message


def test_an_igpu_is_hidden_by_the_command_that_is_given() -> None:
    (finding,) = Host(PLUGINS, CASES["RX 9060 XT behind a Raphael iGPU"].probe).findings

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
