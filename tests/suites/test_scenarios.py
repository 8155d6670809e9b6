"""Machines and targets that no other table has, each with the torch that an expert would take and why.

The reasons are those of the facts about drivers, compiled archs, ROCm targets, macOS and wheel tags in the
plugins' tables; every row is asked as `provenv compat torch` asks it.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from provenv.compat import Asked, Compatibility, compatibility
from provenv.hooks.manager import plugins
from provenv.hooks.types import Envelope
from provenv.host import Host
from provenv.recording import RecordedProbe
from provenv_plugins.jetson import cuda_of
from support import machines
from support.machines import kfd, nvml

PLUGINS = plugins()
ARM = {"platform": "linux-aarch64"}
WINDOWS = {"platform": "windows-x86_64"}

Words = dict[str, str | tuple[str, ...]]


class Target(NamedTuple):
    """What a target promises, and the accelerator, torch and build that it should get."""

    words: Words
    accelerator: str
    torch: str | None
    build: str | None
    why: str


TARGETS = {
    "K80 on 470": Target(
        {"driver": "470", "compute_capability": "3.7"},
        "cuda",
        "2.6.0",
        "cu118",
        "470 serves CUDA 11 alone, and cu118 is known to hold code for 3.7 up to torch 2.6",
    ),
    "K40 on 470": Target(
        {"driver": "470", "compute_capability": "3.5"},
        "cpu",
        "2.15.0",
        "cpu",
        "no build of torch 2 has code for 3.5: the oldest is 3.7, of the same major and a higher minor",
    ),
    "K80 on 495": Target(
        {"driver": "495", "compute_capability": "3.7"}, "cpu", "2.15.0", "cpu", "495 no longer drives Kepler"
    ),
    "GTX 750 Ti on 535": Target(
        {"driver": "535", "compute_capability": "5.0"},
        "cuda",
        "2.14.1",
        "cu126",
        "CUDA 12 by minor-version compatibility; of the 12.x builds cu126 alone has 5.0",
    ),
    "TITAN V on 590": Target(
        {"driver": "590", "compute_capability": "7.0"}, "cpu", "2.15.0", "cpu", "590 no longer drives Volta"
    ),
    "TITAN V on 580": Target(
        {"driver": "580", "compute_capability": "7.0"},
        "cuda",
        "2.14.1",
        "cu126",
        "580 still drives it, and no CUDA 13 build has code for 7.0",
    ),
    "T4 on 450": Target(
        {"driver": "450", "compute_capability": "7.5"},
        "cuda",
        "2.7.1",
        "cu118",
        "450.80.02 is the floor of CUDA 11, and cu118 ends with torch 2.7.1",
    ),
    "T4 on 450.51.06": Target(
        {"driver": "450.51.06", "compute_capability": "7.5"},
        "cpu",
        "2.15.0",
        "cpu",
        "older than the floor of minor-version compatibility, 450.80.02",
    ),
    "V100 on 418": Target(
        {"driver": "418", "compute_capability": "7.0"}, "cpu", "2.15.0", "cpu", "CUDA 10: before torch 2"
    ),
    "H100 on 515": Target(
        {"driver": "515", "compute_capability": "9.0"}, "cuda", "2.7.1", "cu118", "cu118 has code for 9.0"
    ),
    "L40S on 545": Target(
        {"driver": "545", "compute_capability": "8.9"},
        "cuda",
        "2.14.1",
        "cu126",
        "it reports CUDA 12.3, which is no limit within the major; 8.6 code runs on 8.9",
    ),
    "RTX 4090 on 525.60.13": Target(
        {"driver": "525.60.13", "compute_capability": "8.9"}, "cuda", "2.14.1", "cu126", "CUDA 12's floor"
    ),
    "RTX 3060 laptop, Windows, 516.94": Target(
        {**WINDOWS, "driver": "516.94", "compute_capability": "8.6"},
        "cuda",
        "2.7.1",
        "cu118",
        "Windows needs 528.33 for CUDA 12, 452.39 for CUDA 11",
    ),
    "GTX 1080, Windows, 581.29": Target(
        {**WINDOWS, "driver": "581.29", "compute_capability": "6.1"}, "cuda", "2.14.1", "cu126", "Pascal"
    ),
    "RTX PRO 6000, Windows, 572.16": Target(
        {**WINDOWS, "driver": "572.16", "compute_capability": "12.0"},
        "cuda",
        "2.11.0",
        "cu128",
        "12.0 needs cu128 or newer; on Windows cu129 ends with 2.9.0 and cu128 with 2.11.0",
    ),
    "P100 and H100 on 580": Target(
        {"driver": "580", "compute_capability": ("6.0", "9.0")}, "cuda", "2.14.1", "cu126", "it has both"
    ),
    "V100 and RTX 5090 on 580": Target(
        {"driver": "580", "compute_capability": ("7.0", "12.0")},
        "cuda",
        "2.10.0",
        "cu128",
        "cu128 of torch 2.8 to 2.10 alone has code for 7.0 and 12.0",
    ),
    "B200 on 570": Target(
        {"driver": "570", "compute_capability": "10.0"},
        "cuda",
        "2.13.0",
        "cu129",
        "CUDA 12 with code for 10.0: cu128 to 2.11.0, cu129 (unadvertised) to 2.13.0",
    ),
    "B300 on 575": Target(
        {"driver": "575", "compute_capability": "10.3"}, "cuda", "2.13.0", "cu129", "10.0 code runs on 10.3"
    ),
    "B300 on 580": Target(
        {"driver": "580", "compute_capability": "10.3"}, "cuda", "2.15.0", "cu132", "10.0 code runs on 10.3"
    ),
    "RTX PRO 6000 on 580": Target(
        {"driver": "580", "compute_capability": "12.0"}, "cuda", "2.15.0", "cu132", "580 serves CUDA 13"
    ),
    "GB10 (DGX Spark)": Target(
        {**ARM, "driver": "580", "compute_capability": "12.1"}, "cuda", "2.15.0", "cu132", "12.0 code"
    ),
    "GB200 on 570": Target(
        {**ARM, "driver": "570", "compute_capability": "10.0"}, "cuda", "2.13.0", "cu129", "as B200"
    ),
    "GH200 on 550": Target(
        {**ARM, "driver": "550", "compute_capability": "9.0"}, "cuda", "2.14.1", "cu126", "8.0 and 9.0"
    ),
    "T4G (Graviton) on 580": Target(
        {**ARM, "driver": "580", "compute_capability": "7.5"},
        "cpu",
        "2.15.0",
        "cpu",
        "aarch64 builds begin with 8.0",
    ),
    "Xavier, JetPack 5": Target(
        {**ARM, "cuda": "11.4", "compute_capability": "7.2"}, "cpu", "2.15.0", "cpu", "no build for it"
    ),
    "Orin, JetPack 6, Python 3.12": Target(
        {**ARM, "cuda": "12.6", "compute_capability": "8.7", "python": "3.12"},
        "cpu",
        "2.15.0",
        "cpu",
        "Jetson's own wheels are for Python 3.10, and no server build before CUDA 13.2 is for 8.7",
    ),
    "Orin, JetPack 7.2": Target(
        {**ARM, "cuda": "13.2", "compute_capability": "8.7"}, "cuda", "2.15.0", "cu132", "8.0 code from 13.2"
    ),
    "Thor, JetPack 7.0": Target(
        {**ARM, "cuda": "13.0", "compute_capability": "11.0"}, "cuda", "2.15.0", "cu132", "11.0 is in"
    ),
    "A CUDA alone, 12.9": Target(
        {"cuda": "12.9", "compute_capability": "8.9"}, "cuda", "2.14.1", "cu126", "CUDA 12"
    ),
    "WSL2 on 472.39": Target(
        {"driver": "472.39", "compute_capability": "7.5"}, "cuda", "2.7.1", "cu118", "CUDA 11 alone"
    ),
    "CentOS 7 and a V100": Target(
        {"driver": "535", "compute_capability": "7.0", "glibc": "2.17"},
        "cuda",
        "2.6.0",
        "cu124",
        "the last torch for glibc 2.17; its cu126 needs 2.28",
    ),
    "Ubuntu 18.04 (glibc 2.27) and an MI210": Target(
        {"gfx": "gfx90a", "glibc": "2.27"}, "rocm", "2.6.0", "rocm6.1", "its rocm6.2.4 needs glibc 2.28"
    ),
    "MI210": Target({"gfx": "gfx90a"}, "rocm", "2.14.1", "rocm7.14", "the newest, and it is compiled in"),
    "MI350X": Target({"gfx": "gfx950"}, "rocm", "2.14.1", "rocm7.14", "as MI210"),
    "MI100": Target({"gfx": "gfx908"}, "rocm", "2.14.1", "rocm7.14", "as MI210"),
    "Vega 64": Target(
        {"gfx": "gfx900"}, "rocm", "2.9.1", "rocm6.3", "from 6.4 on rocBLAS has no library for gfx900"
    ),
    "MI300X and MI50": Target(
        {"gfx": ("gfx942", "gfx906")}, "rocm", "2.9.1", "rocm6.3", "the last that runs both"
    ),
    "Cezanne APU": Target({"gfx": "gfx90c"}, "cpu", "2.15.0", "cpu", "in no build of anybody"),
    "RX 580": Target({"gfx": "gfx803"}, "cpu", "2.15.0", "cpu", "in no build of anybody"),
    "RX 5700 XT": Target(
        {"gfx": "gfx1010"}, "rocm", "2.12.0", "amd-multi-arch", "AMD's index has it, PyTorch's never had"
    ),
    "Strix Halo": Target({"gfx": "gfx1151"}, "rocm", "2.14.1", "rocm7.14", "compiled in from rocm7.2 on"),
    "Strix Halo on Windows": Target(
        {**WINDOWS, "gfx": "gfx1151"}, "rocm", "2.12.0", "amd-multi-arch", "AMD's builds alone"
    ),
    "Krackan Point": Target({"gfx": "gfx1152"}, "rocm", "2.12.0", "amd-multi-arch", "AMD's index alone"),
    "RX 9070 on Windows": Target(
        {**WINDOWS, "gfx": "gfx1201"}, "rocm", "2.12.0", "amd-multi-arch", "AMD's builds alone"
    ),
    "MI300X on Windows": Target(
        {**WINDOWS, "gfx": "gfx942"}, "cpu", "2.15.0", "cpu", "Linux alone has builds for it"
    ),
    "M4 on macOS 26": Target(
        {"platform": "macos-arm64", "macos": "26.0"}, "mps", "2.15.0", "mps", "26 follows 15"
    ),
    "M1 on macOS 12.6": Target(
        {"platform": "macos-arm64", "macos": "12.6"}, "mps", "2.4.1", "mps", "MPS needs 13 from 2.5 on"
    ),
    "M1 on macOS 11": Target(
        {"platform": "macos-arm64", "macos": "11.7"}, "cpu", "2.11.0", "cpu", "wheels for 11 end with 2.11"
    ),
    "Intel Mac, Python 3.13": Target(
        {"platform": "macos-x86_64", "python": "3.13"}, "cpu", None, None, "2.2.2 is for Python 3.8 to 3.12"
    ),
    "aarch64, glibc 2.17": Target(
        {**ARM, "glibc": "2.17"}, "cpu", "2.5.1", "cpu", "aarch64 needs 2.28 from torch 2.6 on"
    ),
    "no SSE4.1": Target({"cpu_level": "x86-64-v1"}, "cpu", "2.0.1", "cpu", "SIGILL from 2.1 on"),
    "Alpine and an A100": Target(
        {"musl": "1.2", "driver": "580", "compute_capability": "8.0"}, "cpu", None, None, "no musl wheel"
    ),
    "Python 3.9 and an H100": Target(
        {"driver": "580", "compute_capability": "9.0", "python": "3.9"},
        "cuda",
        "2.8.0",
        "cu128",
        "2.8 ends 3.9",
    ),
    "Python 3.10 and an H100": Target(
        {"driver": "580", "compute_capability": "9.0", "python": "3.10"}, "cuda", "2.14.1", "cu130", "2.14"
    ),
    "Python 3.14 and a P100": Target(
        {"driver": "580", "compute_capability": "6.0", "python": "3.14"}, "cuda", "2.14.1", "cu126", "cu126"
    ),
    "GTX 980 on 470": Target(
        {"driver": "470", "compute_capability": "5.2"}, "cuda", "2.7.1", "cu118", "5.0 code, CUDA 11"
    ),
    "MX150 on 535": Target(
        {"driver": "535", "compute_capability": "6.1"}, "cuda", "2.14.1", "cu126", "6.0 code runs on 6.1"
    ),
    "Quadro P2000 and RTX 4070 on 550": Target(
        {"driver": "550", "compute_capability": ("6.1", "8.9")}, "cuda", "2.14.1", "cu126", "cu126 has both"
    ),
    "Quadro P2000 and RTX 5070 on 580": Target(
        {"driver": "580", "compute_capability": ("6.1", "12.0")},
        "cpu",
        "2.15.0",
        "cpu",
        "no build has code for 6.x and 12.0",
    ),
    "V100 and B200 on 580": Target(
        {"driver": "580", "compute_capability": ("7.0", "10.0")},
        "cuda",
        "2.10.0",
        "cu128",
        "as beside a 5090",
    ),
    "Quadro K2200 on Windows, 580.88": Target(
        {**WINDOWS, "driver": "580.88", "compute_capability": "5.0"}, "cuda", "2.14.1", "cu126", "Maxwell"
    ),
    "RX 9070 XT, Python 3.9": Target(
        {"gfx": "gfx1201", "python": "3.9"}, "rocm", "2.8.0", "rocm6.4", "2.8 is the last for 3.9"
    ),
    "M1 on macOS 13, Python 3.9": Target(
        {"platform": "macos-arm64", "macos": "13", "python": "3.9"}, "mps", "2.8.0", "mps", "both end at 2.8"
    ),
    "Python 3.15": Target({"python": "3.15"}, "cpu", "2.15.0", "cpu", "2.15 is the first for it"),
    "Windows on Arm, Python 3.10": Target(
        {"platform": "windows-arm64", "python": "3.10"}, "cpu", None, None, "its wheels begin with 3.11"
    ),
}


def best(found: Compatibility) -> tuple[str, str | None, str | None]:
    row = found.best
    return found.accelerator, row.version if row else None, row.build if row else None


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_gets_what_an_expert_would_take(name: str) -> None:
    target = TARGETS[name]
    words = dict(target.words)
    platform, python = words.pop("platform", "linux-x86_64"), words.pop("python", None)
    envelope = Envelope.of({word.replace("_", "-"): value for word, value in words.items()})
    asked = Asked(str(platform), None, None, str(python) if python else None, envelope)

    found = compatibility("torch", asked, Host(PLUGINS, machines.linux()), is_host=False)

    assert best(found) == (target.accelerator, target.torch, target.build), target.why


class Machine(NamedTuple):
    """A recording, what it should get, and the findings that must be told."""

    probe: RecordedProbe
    best: tuple[str, str | None, str | None]
    findings: tuple[str, ...] = ()


JETSON = {"file": {"/etc/nv_tegra_release": "# R36 (release), REVISION: 4.0"}}
OLDER = "nvidia-driver-older-than-newest-builds"
MACHINES = {
    "A100 on 535 with CUDA 13's compatibility package": Machine(
        machines.linux(**nvml("535.161.08", "13.0", ("NVIDIA A100-SXM4-80GB", "8.0", 81920))),
        ("cuda", "2.15.0", "cu132"),
    ),
    "a MIG slice of an H100": Machine(
        machines.linux(**nvml("550.90.07", "12.4", ("NVIDIA H100 80GB HBM3 MIG 1g.10gb", "9.0", 9856))),
        ("cuda", "2.14.1", "cu126"),
        (OLDER,),
    ),
    "a vGPU of an L40S": Machine(
        machines.linux(**nvml("580.95.05", "13.0", ("NVIDIA L40S-48C", "8.9", 49152))),
        ("cuda", "2.15.0", "cu132"),
    ),
    "P100 and H100 on 590": Machine(
        machines.linux(
            **nvml("590.48.01", "13.1", ("Tesla P100-PCIE-16GB", "6.0", 16384), ("NVIDIA H100", "9.0", 81559))
        ),
        ("cuda", "2.15.0", "cu132"),
        ("gpu-left-out",),
    ),
    "Quadro P2000 beside an RTX 5070": Machine(
        machines.linux(
            **nvml(
                "580.95.05", "13.0", ("Quadro P2000", "6.1", 5120), ("NVIDIA GeForce RTX 5070", "12.0", 12227)
            )
        ),
        ("cuda", "2.15.0", "cu132"),
        ("gpu-left-out",),
    ),
    "GT 710 beside an RTX 3090 on 470": Machine(
        machines.linux(
            **nvml("470.256.02", "11.4", ("NVIDIA GeForce GT 710", "3.5", 2002), ("NVIDIA A", "8.6", 24576))
        ),
        ("cuda", "2.7.1", "cu118"),
        ("gpu-left-out", OLDER),
    ),
    "TITAN V on 590": Machine(
        machines.linux(**nvml("590.48.01", "13.1", ("NVIDIA TITAN V", "7.0", 12288))),
        ("cpu", "2.15.0", "cpu"),
        ("gpu-without-build",),
    ),
    "WSL2 with an old driver of Windows": Machine(
        machines.linux(
            release="5.15.153.1-microsoft-standard-WSL2",
            **{
                **nvml("472.39", "11.4", ("NVIDIA GeForce RTX 2070", "7.5", 8192)),
                "folder": {"/dev": ["dxg", "null"]},
            },
        ),
        ("cuda", "2.7.1", "cu118"),
        (OLDER,),
    ),
    "Thor on JetPack 7": Machine(
        machines.linux(
            "aarch64",
            "glibc 2.39",
            "6.8.12-tegra",
            **{**nvml("580.00", "13.0", ("NVIDIA Thor", "11.0", 125772)), **JETSON},
        ),
        ("cuda", "2.15.0", "cu132"),
    ),
    "Orin of which only its Jetson Linux is known": Machine(
        machines.linux(
            "aarch64",
            "glibc 2.35",
            "5.15.148-tegra",
            library={"provenv: nvidia-driver": {"devices": [{"name": "Orin", "capability": "8.7"}]}},
            **JETSON,
        ),
        ("cuda", "2.9.1", "jp6-cu126"),
    ),
    "RX 7600 with an override": Machine(
        machines.linux(
            environment={"HSA_OVERRIDE_GFX_VERSION": "11.0.0"}, **kfd((110002, "hotpink_bonefish"))
        ),
        ("rocm", "2.14.1", "rocm7.14"),
        ("hsa-override-in-use",),
    ),
    "Strix Halo": Machine(machines.linux(**kfd((110501, "strix halo"))), ("rocm", "2.14.1", "rocm7.14")),
    "Cezanne": Machine(
        machines.linux(**kfd((90012, "renoir"))), ("cpu", "2.15.0", "cpu"), ("gpu-without-build",)
    ),
    "M4 on macOS 26": Machine(machines.macos(version="26.1"), ("mps", "2.15.0", "mps")),
    "a Python under Rosetta": Machine(
        machines.macos("x86_64", "15.3", sysctl={"sysctl.proc_translated": "1", "hw.optional.arm64": "1"}),
        ("cpu", "2.2.2", "cpu"),
        ("python-under-rosetta",),
    ),
    "Graviton": Machine(
        machines.linux("aarch64", "glibc 2.34"),
        ("cpu", "2.15.0", "cpu"),
    ),
    "a processor without SSE4.1": Machine(
        machines.linux(
            file={
                "/proc/cpuinfo": "processor : 0\nmodel name : old\nflags : fpu cx8 cmov fxsr mmx sse sse2\n"
            }
        ),
        ("cpu", "2.0.1", "cpu"),
        ("cpu-too-old",),
    ),
}


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_gets_what_an_expert_would_take(name: str) -> None:
    machine = MACHINES[name]
    host = Host(PLUGINS, machine.probe)

    assert best(compatibility("torch", Asked(), host, is_host=True)) == machine.best
    assert tuple(finding.code for finding in host.findings if finding.code in machine.findings) == (
        machine.findings
    )


@pytest.mark.parametrize(
    ("told", "release", "cuda"),
    [
        ("# R38 (release), REVISION: 2.0", "6.8.12-tegra", "13.0"),
        ("# R36 (release), REVISION: 4.0", "5.15.148-tegra", "12.6"),
        ("", "5.15.148-tegra", "12.6"),
        ("# R35 (release), REVISION: 4.1", "5.10.120-tegra", "11.4"),
        ("", "4.9.253-tegra", "10.2"),
        ("", "6.8.0-generic", None),
    ],
)
def test_a_jetson_promises_the_cuda_of_its_system(told: str, release: str, cuda: str | None) -> None:
    probe = machines.linux("aarch64", release=release, file={"/etc/nv_tegra_release": told})

    assert cuda_of(probe) == cuda


@pytest.mark.parametrize(
    ("driver", "gpu", "reason"),
    [
        (
            "470.256.02 11.4",
            ("NVIDIA GeForce GT 710", "3.5", 2002),
            "is compiled for compute capability 3.7, 5.0",
        ),
        ("418.226.00 10.1", ("Tesla K80", "3.7", 11441), "450.80.02 or newer"),
        ("418.226.00 10.1", ("Tesla T4", "7.5", 15109), "450.80.02 or newer"),
        ("590.48.01 13.1", ("Tesla K80", "3.7", 11441), "no longer drive compute capability 3.7"),
        (
            "580.95.05 13.0",
            ("NVIDIA X", "15.0", 81920),
            "torch 2.15.0 is compiled for compute capability 7.5",
        ),
    ],
)
def test_a_gpu_without_a_build_is_told_what_keeps_it_from_every_one(
    driver: str, gpu: tuple[str, str, int], reason: str
) -> None:
    host = Host(PLUGINS, machines.linux(**nvml(*driver.split(), gpu)))

    (found,) = (finding for finding in host.findings if finding.code == "gpu-without-build")

    assert reason in found.message
