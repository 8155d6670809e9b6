"""Whatever is pasted, no reader fails, and an answer comes in time."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.pasted import detected

WORDS = (
    "NVIDIA-SMI 550.54.14",
    "Driver Version:",
    "CUDA Version: 12.4",
    "|",
    "   0  NVIDIA A100  On",
    "00000000:01:00.0",
    "  512MiB / 24564MiB",
    "GPU 0: ",
    "MIG 1g.10gb     Device  0:",
    "Name:   gfx90a",
    "Marketing Name:   ",
    "Device Type: GPU",
    "PyTorch version: ",
    "2.4.0+cu121",
    "+rocm6.",
    "CUDA used to build PyTorch: 99.9",
    "Python version: 3",
    "OS: (x86_64)",
    "GPU models and configuration:",
    "simd_count 4",
    "gfx_target_version 99999999999",
    "<gpu id=",
    "<product_name>",
    "<fb_memory_usage><total>",
    "name, memory.total [MiB]",
    '{"card0": {',
    '"GFX Version": "',
    "E: PCI_ID=10DE:",
    "Slot:\t",
    "Class:\tVGA compatible controller",
    "01:00.0 3D controller: ",
    "AdapterRAM=",
    "PNPDeviceID=PCI\\VEN_10DE&DEV_",
    "Chipset Model: ",
    "npu-smi",
    "| 0     910B | OK |",
    "HL-SMI",
    "[level_zero:gpu:0]",
    "flags : fpu",
    "processor : 0",
    "HKEY_LOCAL_MACHINE",
    "[pip3] torch==",
    "torch.__version__",
    "\\n",
    "\x1b[31m",
    "> ",
    "# ",
    "\n",
    "\n\n",
    " ",
    "999999999999999999999999999999",
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_any_shuffle_of_familiar_words_gets_an_answer(words: list[str]) -> None:
    answer = detected("".join(words))

    assert "cpu" in answer["usable"]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    assert detected(data)["usable"] == ["cpu"]


@pytest.mark.parametrize(
    "text",
    [
        "GPU 0: x " * 20_000,
        "| 0 a " * 20_000,
        "\n" * 200_000,
        (" " * 300 + "\n") * 600,
        "Name: gfx90a " * 10_000,
        "a: " * 50_000,
        "9" * 200_000,
        "/usr" * 50_000,
        '{"card0": ' * 3_000,
        "|\n" * 60_000,
        "+----------\n" * 30_000,
        "GPU UUID: x\n" * 20_000,
        "filename: /nvidia.ko\n" * 20_000,
    ],
    ids=lambda text: repr(text[:10]),
)
@pytest.mark.timeout(60)
def test_a_large_text_of_one_thing_takes_no_minutes(text: str) -> None:
    assert "cpu" in detected(text)["usable"]


@pytest.mark.timeout(60)
def test_a_log_that_tells_of_a_gpu_a_thousand_times_tells_of_one() -> None:
    answer = detected("NVIDIA L4, 23034 MiB, 550.54.15, 3 %\n" * 5_000)

    assert [(gpu["name"], gpu["memory_mib"]) for gpu in answer["gpus"]] == [("NVIDIA L4", 23034)]


def test_files_in_any_order_are_one_machine() -> None:
    texts = [
        "GPU 0: NVIDIA L4 (UUID: GPU-0)\nGPU 1: NVIDIA L4 (UUID: GPU-1)\n",
        "name, memory.total [MiB]\nNVIDIA L4, 23034 MiB\nNVIDIA L4, 23034 MiB\n",
        "NVIDIA-SMI version  : 550.54.15\nDRIVER version      : 550.54.15\nCUDA Version        : 12.4\n",
        "Linux box 6.8.0-1 #1 SMP Wed Feb 7 13:27:48 UTC 2024 aarch64 aarch64 aarch64 GNU/Linux\n",
    ]
    answers = []
    for seed in range(6):
        random.Random(seed).shuffle(texts)
        answer = detected(*texts)
        answer["findings"].sort(key=lambda finding: finding["code"])
        answers.append(answer)

    assert all(answer == answers[0] for answer in answers)
    assert [gpu["memory_mib"] for gpu in answers[0]["gpus"]] == [23034, 23034]
    assert (answers[0]["driver"], answers[0]["cuda_reported"], answers[0]["arch"]) == (
        "550.54.15",
        "12.4",
        "aarch64",
    )
