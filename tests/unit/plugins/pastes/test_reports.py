"""torch's collect_env and its like, of several ages, tongues and makers."""

from __future__ import annotations

import re

import pytest

from support.pasted import codes, detected

NEW = """\
Collecting environment information...
PyTorch version: 2.4.0+cu121
Is debug build: False
CUDA used to build PyTorch: 12.1
ROCM used to build PyTorch: N/A

OS: Ubuntu 22.04.4 LTS (x86_64)
GCC version: (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0
Libc version: glibc-2.35

Python version: 3.10.12 (main, Nov 20 2023, 15:14:05) [GCC 11.4.0] (64-bit runtime)
Python platform: Linux-5.15.0-100-generic-x86_64-with-glibc2.35
Is CUDA available: True
CUDA runtime version: 12.1.105
GPU models and configuration:
GPU 0: NVIDIA GeForce RTX 3090
GPU 1: NVIDIA GeForce RTX 3090

Nvidia driver version: 535.129.03
cuDNN version: Could not collect
HIP runtime version: N/A

CPU:
Architecture:                       x86_64
Model name:                         AMD EPYC 7313 16-Core Processor
Flags:                              fpu vme de pse tsc msr sse sse2
Virtualization:                     AMD-V

Versions of relevant libraries:
[pip3] numpy==1.26.4
[pip3] torch==2.4.0
[pip3] torchvision==0.19.0
[conda] Could not collect
"""
BANNERS = """\
==============================
        System Info
==============================
OS                           : Ubuntu 24.04.2 LTS (x86_64)
Libc version                 : glibc-2.39

==============================
       PyTorch Info
==============================
PyTorch version              : 2.7.0+cu128
CUDA used to build PyTorch   : 12.8
Python version               : 3.12.3 (main, Jun 18 2025, 17:59:45) [GCC 13.3.0] (64-bit runtime)
Is CUDA available            : True
GPU models and configuration :
GPU 0: NVIDIA H100 80GB HBM3
GPU 1: NVIDIA H100 80GB HBM3
  MIG 7g.80gb     Device  0:

Nvidia driver version        : 570.124.06
"""
OLD = """\
    PyTorch version: 1.4.0
    Is debug build: No
    CUDA used to build PyTorch: 10.1

    OS: CentOS Linux 7 (Core)
    Python version: 3.7
    Is CUDA available: Yes
    CUDA runtime version: 10.1.243
    GPU models and configuration: GPU 0: Tesla V100-SXM2-32GB
    GPU 1: Tesla V100-SXM2-32GB
    Nvidia driver version: 418.87.01

    Versions of relevant libraries:
    [conda] pytorch                   1.4.0           py3.7_cuda10.1.243_cudnn7.6.3_0    pytorch
"""


def test_a_report_is_read_whole() -> None:
    answer = detected(NEW)

    gpu = {
        "vendor": "nvidia",
        "name": "NVIDIA GeForce RTX 3090",
        "compute_capability": "8.6",
        "memory_mib": None,
    }
    findings = answer.pop("findings")
    answer.pop("features", None)  # the processor's, which another test looks at
    assert answer == {
        "os": "linux",
        "arch": "x86_64",
        "libc": "glibc-2.35",
        "python": "3.10.12",
        "gpus": [gpu, gpu],
        "driver": "535.129.03",
        "cuda_reported": None,
        "torch": {"version": "2.4.0+cu121", "cuda": "12.1"},
        "usable": ["cuda", "cpu"],
    }
    assert [f["message"] for f in findings if f["code"] == "paste-leaves-open"] == [
        "the texts do not say a GPU's memory"
    ]


def test_banners_and_padding_change_nothing() -> None:
    answer = detected(BANNERS)

    assert (answer["python"], answer["libc"], answer["driver"]) == ("3.12.3", "glibc-2.39", "570.124.06")
    assert answer["torch"] == {"version": "2.7.0+cu128", "cuda": "12.8"}
    assert [gpu.get("mig_devices") for gpu in answer["gpus"]] == [None, "7g.80gb"]


def test_an_old_report_is_read_with_its_yes_and_no() -> None:
    answer = detected(OLD)

    assert (answer["os"], answer["python"], answer["driver"]) == ("linux", "3.7", "418.87.01")
    assert answer["torch"] == {"version": "1.4.0", "cuda": "10.1"}
    assert [gpu["name"] for gpu in answer["gpus"]] == ["Tesla V100-SXM2-32GB"] * 2


def test_a_report_in_a_string_literal_is_the_report() -> None:
    text = "{'pretty_env_info': '" + NEW.replace("\n", "\\n") + "'}"

    assert detected(text)["gpus"] == detected(NEW)["gpus"]


@pytest.mark.parametrize("end", ["Python platform", "Is CUDA available", "GPU 1:", "cuDNN"])
def test_a_report_cut_anywhere_tells_what_stands_before(end: str) -> None:
    cut = NEW[: NEW.index(end)]

    answer = detected(cut)

    assert answer["torch"] == {"version": "2.4.0+cu121", "cuda": "12.1"}
    assert (answer["os"], answer["arch"], answer["libc"]) == ("linux", "x86_64", "glibc-2.35")
    assert len(answer["gpus"]) == len(re.findall(r"^GPU \d", cut, re.MULTILINE))


@pytest.mark.parametrize(
    ("architecture", "flags"),
    [
        ("架构：", "标记："),
        ("Architektur:", "Markierungen:"),
        ("Architecture :", "Drapeaux :"),
        ("アーキテクチャ:", "フラグ:"),
    ],
)
def test_lscpu_speaks_any_language(architecture: str, flags: str) -> None:
    old = "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge cmov fxsr mmx sse sse2"
    text = f"{architecture}      x86_64\nCPU(s): 2\n{flags}     {old}\nNUMA node0 CPU(s): 0,1\n"

    answer = detected(text)

    assert (answer["os"], answer["arch"]) == ("linux", "x86_64")
    assert codes(answer) == {"cpu-too-old"}


def test_flags_that_a_terminal_has_wrapped_prove_nothing() -> None:
    text = "Architecture: x86_64\nFlags: fpu vme de pse tsc msr ap\nic sep sse sse2 avx2\nBogoMIPS: 2\n"

    assert codes(detected(text)) == set()


def test_a_cpu_build_on_a_gpu_machine_is_an_error() -> None:
    text = NEW.replace("2.4.0+cu121", "2.4.0+cpu").replace("PyTorch: 12.1", "PyTorch: Could not collect")

    answer = detected(text.replace("Is CUDA available: True", "Is CUDA available: False"))

    assert answer["torch"] == {"version": "2.4.0+cpu"}
    assert "cpu-build-on-gpu-machine" in codes(answer)


def test_a_build_that_was_not_compiled_for_the_gpu_is_an_error() -> None:
    text = NEW.replace("NVIDIA GeForce RTX 3090", "NVIDIA GeForce RTX 5090").replace(
        "535.129.03", "570.86.15"
    )

    assert "gpu-not-in-build" in codes(detected(text))


def test_a_driver_that_is_too_old_for_the_build_is_an_error() -> None:
    text = NEW.replace("535.129.03", "470.57.02").replace(
        "Is CUDA available: True", "Is CUDA available: False"
    )

    assert "nvidia-driver-too-old-for-build" in codes(detected(text))


def test_a_container_without_its_gpus_is_told() -> None:
    text = NEW.replace(
        "GPU 0: NVIDIA GeForce RTX 3090\nGPU 1: NVIDIA GeForce RTX 3090\n", "Could not collect\n"
    )
    text = text.replace("Is CUDA available: True", "Is CUDA available: False").replace(
        "535.129.03", "Could not collect"
    )

    answer = detected(text)

    assert (answer["gpus"], answer["driver"]) == ([], None)
    assert "cuda-build-without-gpu" in codes(answer)


def test_no_torch_is_another_answer_than_no_word_of_it() -> None:
    without = NEW.replace("2.4.0+cu121", "N/A").replace("PyTorch: 12.1", "PyTorch: N/A")

    assert detected(without)["torch"] == {"version": None}
    assert detected("OS: Ubuntu 22.04\n")["torch"] is None


ROCM = (
    NEW.replace("2.4.0+cu121", "2.4.0+rocm6.1")
    .replace("CUDA used to build PyTorch: 12.1", "CUDA used to build PyTorch: N/A")
    .replace("ROCM used to build PyTorch: N/A", "ROCM used to build PyTorch: 6.1.40091-a8dbc0c19")
    .replace("\nGPU 0: NVIDIA GeForce RTX 3090\nGPU 1: NVIDIA GeForce RTX 3090\n", " {}\n")
)


@pytest.mark.parametrize(
    ("line", "gpu"),
    [
        ("AMD Instinct MI300X (gfx942:sramecc+:xnack-)", ("amd", "AMD Instinct MI300X", "gfx942")),
        ("AMD Radeon PRO W6800NoGCNArchNameOnOldPyTorch", ("amd", "AMD Radeon PRO W6800", "gfx1030")),
        ("Radeon RX 7900 XTX (gfx1100)", ("amd", "Radeon RX 7900 XTX", "gfx1100")),
        ("K100_AI (gfx928:sramecc+:xnack-)", ("hygon", "K100_AI", "gfx928")),
    ],
)
def test_a_rocm_report_names_the_target(line: str, gpu: tuple[str, str, str]) -> None:
    answer = detected(ROCM.format(line).replace("535.129.03", "Could not collect"))

    assert [(g["vendor"], g["name"], g.get("gfx")) for g in answer["gpus"]] == [gpu]
    assert answer["torch"] == {"version": "2.4.0+rocm6.1", "rocm": "6.1.40091-a8dbc0c19"}
    assert (gpu[0] == "amd") is ("rocm" in answer["usable"])


def test_a_check_env_report_counts_the_gpus_of_a_line() -> None:
    text = (
        "Python: 3.12.9 (main, Feb  5 2025) [GCC 11.4.0]\nCUDA available: True\n"
        "GPU 0,1,2,3: NVIDIA CUDA Thing\n"
        "GPU 0,1,2,3 Compute Capability: 9.0\nCUDA Driver Version: 550.127.08\nPyTorch: 2.6.0+cu124\n"
        "sglang: 0.4.3\nulimit soft: 1048576\n"
    )

    answer = detected(text)

    assert [(gpu["name"], gpu["compute_capability"]) for gpu in answer["gpus"]] == [
        ("NVIDIA CUDA Thing", "9.0")
    ] * 4
    assert (answer["os"], answer["python"], answer["driver"]) == ("linux", "3.12.9", "550.127.08")
    assert answer["torch"] == {"version": "2.6.0+cu124", "cuda": "12.4"}


@pytest.mark.parametrize(
    ("system", "platform", "expected"),
    [
        ("macOS 14.7.3 (arm64)", "macOS-14.7.3-arm64-arm-64bit", ("darwin", "arm64", ["mps", "cpu"])),
        ("macOS 12.6 (x86_64)", "macOS-12.6-x86_64-i386-64bit", ("darwin", "x86_64", ["cpu"])),
        ("Microsoft Windows 11 Pro", "Windows-10-10.0.22631-SP0", ("windows", None, ["cpu"])),
        ("Microsoft Windows 10 (10.0.19045 64 bitar)", "Windows-10-10.0.19045", ("windows", None, ["cpu"])),
        ("Fedora Linux 38 (riscv64)", "Linux-6.1.80-riscv64-with-glibc2.37", ("linux", "riscv64", ["cpu"])),
        ("Alpine Linux (x86_64)", "Linux-6.1.0-x86_64-with-musl1.2.4", ("linux", "x86_64", ["cpu"])),
    ],
)
def test_every_system_is_told_from_its_report(
    system: str, platform: str, expected: tuple[str, str | None, list[str]]
) -> None:
    text = f"PyTorch version: 2.5.1\nOS: {system}\nPython platform: {platform}\nIs CUDA available: False\n"

    answer = detected(text)

    assert (answer["os"], answer["arch"], answer["usable"]) == expected
