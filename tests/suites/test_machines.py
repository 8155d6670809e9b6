"""Real recordings and pastes of machines: each is read as an expert reads it, or refused with the reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from provenv.cli.detect import describe
from provenv.hooks.manager import plugins
from provenv.host import Host
from provenv.pastes.sources import probe_from

MACHINES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "machines"

pytestmark = pytest.mark.skipif(not MACHINES.is_dir(), reason="the recorded machines are not here")

Json = dict[str, Any]  # an answer or a reading as JSON has it

# What the expert's entry has and the texts do not say, or what they say and it has not.
NOT_SAID: Mapping[str, tuple[str, str]] = {
    "cpu-windows-cpuid-icelake": ("os", "six numbers a line: CPUID leaves are the same on every system"),
    "xpu-a770-windows-wrapped": ("os", "a SYCL table without the OpenCL driver's version, which would tell"),
    "xpu-a770-a750-windows": ("os", "a SYCL table without the OpenCL driver's version, which would tell"),
    "xpu-155h-clinfo": ("os", "`clinfo -l` prints the same names on Linux and Windows"),
    "ci-h100-buildkite-580": ("gpus", "its table shows four H100; the entry counts none"),
}
ARCH = {"AMD64": "x86_64", "arm64": "aarch64"}
GPU = ("vendor", "name", "compute_capability", "gfx", "memory_mib", "pci_id", "kernel_driver")


@cache
def readings() -> Mapping[str, Json]:
    found: Mapping[str, Json] = json.loads((MACHINES / "machines.json").read_text(encoding="utf-8"))
    return found


def names() -> list[str]:
    return sorted(readings()) if MACHINES.is_dir() else []


@cache
def detected(name: str) -> Json:
    host = Host(plugins(), probe_from([str(MACHINES / name)], plugins()))
    answer = describe(host)
    assert host.problems == []
    return json.loads(json.dumps(answer))  # type: ignore[no-any-return]  # what a user of --json gets


@pytest.mark.parametrize("name", names())
def test_a_machine_is_read_as_an_expert_reads_it(name: str) -> None:
    expert, answer = readings()[name]["expert"], detected(name)
    left_out = NOT_SAID.get(name, ("", ""))[0]

    told = {key: _normal(key, expert[key]) for key in ("os", "arch") if key in expert}
    told |= {key: expert[key] for key in ("python", "libc", "driver", "cuda_reported") if key in expert}
    told.pop(left_out, None)
    assert {key: _normal(key, answer[key]) for key in told} == told
    assert _torch(answer, expert) == _torch_of(expert)
    if left_out != "gpus":
        assert _gpus(answer["gpus"], expert["gpus"]) == _gpus(expert["gpus"], expert["gpus"])


@pytest.mark.parametrize("name", names())
def test_what_no_text_says_is_not_made_up(name: str) -> None:
    expert, answer = readings()[name]["expert"], detected(name)

    for key in ("driver", "cuda_reported"):
        if key not in expert:
            assert answer[key] is None
    assert {gpu["vendor"] for gpu in answer["gpus"]} - {gpu["vendor"] for gpu in expert["gpus"]} <= (
        {"nvidia"} if NOT_SAID.get(name, ("", ""))[0] == "gpus" else set()
    )


def test_a_reading_that_is_left_out_says_why() -> None:
    assert set(NOT_SAID) <= set(readings())
    assert all(len(why) > 20 for _, why in NOT_SAID.values())


def _normal(key: str, value: str) -> str:
    return ARCH.get(value, value) if key == "arch" else value


def _torch(answer: Json, expert: Json) -> Json:
    """As much of the answer's torch as the expert says of it."""
    return {key: (answer["torch"] or {}).get(key) for key in _torch_of(expert)}


def _torch_of(expert: Json) -> Json:
    return {
        key: value for key, value in expert.get("torch", {}).items() if key in ("version", "cuda", "rocm")
    }


def _gpus(gpus: list[Json], like: list[Json]) -> Counter[tuple[object, ...]]:
    """How many there are of each kind, by the words that the expert has for any of them."""
    words = [word for word in GPU if any(word in gpu for gpu in like)]
    return Counter(tuple(gpu.get(word) for word in words) for gpu in gpus)
