"""The processor: its level, its cores, and the ones that torch's wheels are too new for."""

from __future__ import annotations

import pytest

from provenv.hooks.manager import plugins
from provenv.recording import RecordedProbe
from support import machines

CPU = plugins().accelerators["cpu"]
V1 = "fpu cx8 cmov fxsr mmx sse sse2"
V2 = f"{V1} cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"
V3 = f"{V2} avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"
V4 = f"{V3} avx512f avx512bw avx512cd avx512dq avx512vl"


def x86(flags: str) -> RecordedProbe:
    core = f"processor\t: 0\nmodel name\t: Some CPU @ 2GHz\nflags\t\t: {flags}\n\n"
    memory = "MemTotal:       16384000 kB\nMemFree: 1 kB\n"
    return machines.linux(file={"/proc/cpuinfo": core + core.replace(": 0", ": 1"), "/proc/meminfo": memory})


def arm(features: str) -> RecordedProbe:
    text = f"processor\t: 0\nFeatures\t: {features}\nCPU architecture: 8\n\nModel\t: Raspberry Pi\n"
    return machines.linux("aarch64", file={"/proc/cpuinfo": text})


@pytest.mark.parametrize(
    ("probe", "level", "codes"),
    [
        (x86(V4), "x86-64-v4", []),
        (x86(V3), "x86-64-v3", []),
        (x86(V2), "x86-64-v2", ["cpu-without-avx2"]),
        (x86(V1), "x86-64-v1", ["cpu-too-old"]),
        (x86(V4.replace("avx2", "")), "x86-64-v2", ["cpu-without-avx2"]),
        (arm("fp asimd evtstrm crc32 cpuid"), "armv8.0", ["cpu-armv8.0"]),
        (arm("fp asimd atomics fphp asimdhp"), "armv8.2", []),
    ],
)
def test_the_level_decides_what_is_told(probe: RecordedProbe, level: str, codes: list[str]) -> None:
    (device,) = CPU.detect(probe).devices

    assert dict(device.facts)["level"] == level
    assert [finding.code for finding in CPU.diagnose(probe)] == codes


def test_cores_and_memory_are_counted() -> None:
    (device,) = CPU.detect(x86(V3)).devices

    assert (device.name, device.memory_mib, dict(device.facts)["cores"]) == ("Some CPU @ 2GHz", 16000, "2")


def test_a_mac_says_its_processor_by_sysctl() -> None:
    (device,) = CPU.detect(machines.macos()).devices

    assert (device.name, device.memory_mib, device.facts) == ("Apple M1", 16384, (("cores", "8"),))


def test_a_processor_is_usable_even_where_nothing_says_which() -> None:
    found = CPU.detect(RecordedProbe({}))

    assert found.usable
    assert found.devices == ()
