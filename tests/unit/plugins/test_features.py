"""What each accelerator supports, in the form of the wheel-variant drafts, from a target's envelope."""

from __future__ import annotations

import pytest

from provenv.features import features_here, features_of
from provenv.hooks.manager import plugins
from provenv.hooks.types import Context, Envelope
from provenv.host import Host
from provenv.recording import RecordedProbe
from provenv.standards.variants import grouped
from support import machines


def supported(
    accelerator: str, os: str = "linux", arch: str = "x86_64", **promised: object
) -> dict[str, tuple[str, ...]]:
    """`namespace :: feature` -> values, of a target with one device."""
    (device,) = devices(accelerator, os, arch, **promised)
    return device


def devices(
    accelerator: str, os: str = "linux", arch: str = "x86_64", **promised: object
) -> list[dict[str, tuple[str, ...]]]:
    words = {word.replace("_", "-"): value for word, value in promised.items()}
    context = Context(f"{os}-{arch}", os, arch, "3.12.0", Envelope.of(words))  # type: ignore[arg-type]  # strings, or lists of them
    lists = features_of(context, accelerator, plugins().accelerators)
    return [{" :: ".join(key): values for key, values in grouped(one).items()} for one in lists]


def test_a_driver_s_cuda_is_the_newest_lower_bound_and_below_every_upper_bound() -> None:
    found = supported("cuda", driver="570")

    lower, upper = (found[f"nvidia :: cuda_version_{bound}_bound"] for bound in ("lower", "upper"))
    assert lower[:4] == ("12.8", "12.7", "12.6", "12.5")
    assert {"12.0", "12", "11.8", "11"} <= set(lower)
    assert "12.9" not in lower
    assert upper[-2:] == ("12.10", "12.9")
    assert {"13", "13.0"} <= set(upper)
    assert "12" not in upper


def test_the_promised_cuda_counts_where_no_driver_is_promised() -> None:
    assert supported("cuda", cuda="12.9")["nvidia :: cuda_version_lower_bound"][0] == "12.9"


def test_a_driver_before_cuda_11_supports_nothing() -> None:
    assert "nvidia :: cuda_version_lower_bound" not in supported("cuda", cuda="10.2")


@pytest.mark.parametrize(
    ("capability", "codes"),
    [
        ("7.5", ("75_real", "74_real", "73_real", "71_real", "70_real", "70_virtual")),
        ("9.0", ("90_real", "90_virtual")),
        ("12.0", ("120_real", "120_virtual")),
        ("8.7", ("87_real", "80_virtual")),  # a Jetson
    ],
)
def test_a_gpu_runs_the_code_of_its_major_up_to_its_minor(capability: str, codes: tuple[str, ...]) -> None:
    assert supported("cuda", driver="580", compute_capability=[capability])["nvidia :: sm_arch"] == codes


def test_no_code_is_supported_where_no_gpu_is_promised() -> None:
    assert "nvidia :: sm_arch" not in supported("cuda", driver="580")


def test_several_gpus_are_several_devices_each_with_the_processor() -> None:
    found = devices("cuda", driver="580", compute_capability=["8.0", "9.0"], cpu_level="x86-64-v2")

    assert [one["nvidia :: sm_arch"][0] for one in found] == ["80_real", "90_real"]
    assert [one["x86_64 :: level"] for one in found] == [("v2", "v1")] * 2


def test_an_amd_gpu_is_its_target_and_the_promised_rocm() -> None:
    assert supported("rocm", gfx=["gfx942"])["amd :: gfx_arch"] == ("gfx942",)
    assert "amd :: rocm_version" not in supported("rocm", gfx=["gfx942"])
    assert supported("rocm", gfx=["gfx942"], rocm="6.4.1")["amd :: rocm_version"] == ("6.4",)


@pytest.mark.parametrize(
    ("level", "values", "flag", "lacks"),
    [
        ("x86-64-v1", ("v1",), "sse2", "sse4_2"),
        ("x86-64-v3", ("v3", "v2", "v1"), "avx2", "avx512f"),
        ("x86-64-v4", ("v4", "v3", "v2", "v1"), "avx512f", "sha_ni"),
    ],
)
def test_a_level_of_x86_64_holds_the_older_ones_and_their_instructions(
    level: str, values: tuple[str, ...], flag: str, lacks: str
) -> None:
    found = supported("cpu", cpu_level=level)

    assert found["x86_64 :: level"] == values
    assert found[f"x86_64 :: {flag}"] == ("on",)
    assert f"x86_64 :: {lacks}" not in found


@pytest.mark.parametrize(
    ("os", "promised", "versions"),
    [
        ("linux", {}, ("8a",)),
        ("linux", {"cpu_level": "armv8.2"}, ("8.2a", "8.1a", "8a")),
        ("linux", {"cpu_level": "x86-64-v4"}, ("8a",)),
        ("linux", {"cpu_level": "armv9.0"}, ("9.0a", "8.5a", "8.4a", "8.3a", "8.2a", "8.1a", "8a")),
        ("macos", {}, ("8.4a", "8.3a", "8.2a", "8.1a", "8a")),
    ],
)
def test_a_version_of_armv8_holds_the_older_ones(
    os: str, promised: dict[str, str], versions: tuple[str, ...]
) -> None:
    arch = "arm64" if os == "macos" else "aarch64"

    assert supported("cpu", os, arch, **promised)["aarch64 :: version"] == versions


def test_what_nobody_promises_is_the_oldest_processor() -> None:
    assert supported("cpu")["x86_64 :: level"] == ("v1",)


@pytest.mark.parametrize("level", ["v3", "x86-64-v5", "armv7.0", "armv8", "", "x86_64-v3"])
def test_another_level_is_refused(level: str) -> None:
    (key,) = plugins().accelerators["cpu"].envelope

    assert "is no level of a processor" in (key.check(level) or "")


V2 = "cx8 cmov fpu fxsr mmx sse sse2 cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"
CPUINFO = {"/proc/cpuinfo": f"processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: {V2}\n"}


def here(probe: RecordedProbe) -> dict[str, dict[str, list[str]]]:
    """Accelerator -> `namespace :: feature` -> values, of a machine."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, texts in features_here(Host(plugins(), probe)).items():
        for text in texts:
            feature, _, value = text.rpartition(" :: ")
            found.setdefault(name, {}).setdefault(feature, []).append(value)
    return found


def test_a_machine_supports_what_its_devices_and_its_processor_are() -> None:
    gpus = machines.nvml("570.86", "12.8", ("RTX 3090", "8.6", 24576), ("GTX 1080 Ti", "6.1", 11264))

    found = here(machines.linux(**gpus, file=CPUINFO))

    assert set(found) == {"cuda", "cpu"}
    assert found["cuda"]["nvidia :: cuda_version_lower_bound"][0] == "12.8"
    assert {"86_real", "61_real"} <= set(found["cuda"]["nvidia :: sm_arch"])
    assert found["cpu"]["x86_64 :: level"] == ["v2", "v1"]


def test_a_machine_with_rocm_says_which_is_installed() -> None:
    recorded = machines.kfd((110000, "Navi 31"))
    files = {**recorded["file"], "/opt/rocm/.info/version": "6.4.1-83\n"}

    found = here(machines.linux(folder=recorded["folder"], file=files))

    assert found["rocm"] == {"amd :: gfx_arch": ["gfx1100"], "amd :: rocm_version": ["6.4"]}


def test_a_machine_without_a_gpu_supports_its_processor_alone() -> None:
    assert set(here(machines.linux(file=CPUINFO))) == {"cpu"}
    assert here(machines.macos())["cpu"]["aarch64 :: version"][0] == "8.4a"
    assert here(machines.windows())["cpu"]["x86_64 :: level"] == ["v1"]
