"""Which builds are offered for what a target promises, in which order, and why the others are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provenv.hooks import Builds, Context, Envelope
from provenv.hooks.manager import plugins

PLUGINS = plugins()
FACTS = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "pytorch-index.json"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"


def offer(accelerator: str, platform: str, python: str = "3.12.0", **words: str | tuple[str, ...]) -> Builds:
    known = PLUGINS.platforms[platform]
    promised = Envelope.of({name.replace("_", "-"): value for name, value in words.items()})
    context = Context(platform, known.os, known.arch, python, known.defaults.merged(promised))
    return PLUGINS.accelerators[accelerator].builds(context)


def reasons(builds: Builds) -> dict[str, str]:
    return {rejected.build: rejected.reason for rejected in builds.rejected}


@pytest.mark.parametrize(
    ("platform", "index", "locals_"),
    [
        ("linux-x86_64", CPU_INDEX, ("cpu", "")),
        ("linux-aarch64", CPU_INDEX, ("cpu", "")),
        ("macos-arm64", None, ("", "cpu")),
        ("macos-x86_64", None, ("", "cpu")),
        ("windows-x86_64", None, ("", "cpu")),
        ("windows-arm64", CPU_INDEX, ()),
    ],
)
def test_the_cpu_build_is_where_no_cuda_comes_with_it(
    platform: str, index: str | None, locals_: tuple[str, ...]
) -> None:
    (build,) = offer("cpu", platform).offered

    limits = ("torch<2.3",) if platform == "macos-x86_64" else ()
    assert (build.name, build.index, build.locals, build.constraints) == ("cpu", index, locals_, limits)
    assert {"torch", "torchvision", "torchaudio", "triton"} <= set(build.packages)


@pytest.mark.parametrize(
    ("platform", "level", "limits"),
    [
        ("linux-x86_64", "x86-64-v1", ("torch<2.1",)),  # no SSE4.1: SIGILL from 2.1 on
        ("linux-x86_64", "x86-64-v2", ()),
        ("linux-aarch64", "armv8.0", ("torch>=2.11",)),  # Raspberry Pi 4: SIGILL in 2.0 to 2.10
        ("linux-aarch64", "armv8.2", ()),
    ],
)
def test_an_old_processor_is_kept_from_the_torch_that_it_can_t_run(
    platform: str, level: str, limits: tuple[str, ...]
) -> None:
    (build,) = offer("cpu", platform, cpu_level=level).offered

    assert build.constraints == limits


def test_without_a_promise_a_current_driver_is_assumed_and_said() -> None:
    builds = offer("cuda", "linux-x86_64")

    assert [(b.name, b.index) for b in builds.offered[:3]] == [
        ("cu132", None),
        ("cu132", "https://download.pytorch.org/whl/cu132"),
        ("cu130", "https://download.pytorch.org/whl/cu130"),
    ]
    assert "580 or newer, is assumed" in builds.offered[0].needs
    assert "no compute capability" in builds.offered[0].needs


def test_the_default_index_s_builds_are_bounded_to_the_releases_that_are_of_them() -> None:
    offered = offer("cuda", "linux-x86_64", "3.11.0").offered
    default = {build.name: build.constraints for build in offered if build.index is None}

    assert default == {
        "cu132": ("torch>=2.15.0,<2.16",),
        "cu130": ("torch>=2.11.0,<2.15.0",),
        "cu128": ("torch>=2.8.0,<2.11.0",),
        "cu126": ("torch>=2.7.0,<2.8.0",),
        "cu124": ("torch>=2.5.0,<2.7.0",),
        "cu121": ("torch>=2.1.0,<2.5.0",),
        "cu117": ("torch<2.1.0",),
    }


def test_the_default_index_has_cuda_for_aarch64_from_2_11_on_and_none_for_windows() -> None:
    aarch64 = [b for b in offer("cuda", "linux-aarch64", "3.11.0").offered if b.index is None]
    windows = [b for b in offer("cuda", "windows-x86_64").offered if b.index is None]

    assert [(b.name, b.constraints) for b in aarch64] == [
        ("cu132", ("torch>=2.15.0,<2.16",)),
        ("cu130", ("torch>=2.11.0,<2.15.0",)),
    ]
    assert windows == []


def test_a_v100_never_gets_a_torch_that_dropped_it() -> None:
    offered = offer("cuda", "linux-x86_64", driver="580", compute_capability="7.0").offered
    limits = {build.name: build.constraints for build in offered if build.index}

    assert offered[0].name == "cu126"
    assert limits["cu128"] == ("torch>=2.8.0,<2.11.0",)
    assert limits["cu129"] == ("torch<2.9.0",)
    assert "cu130" not in limits


def test_the_reported_cuda_is_no_limit_within_a_major() -> None:
    by_driver = offer("cuda", "linux-x86_64", driver="525.60.13")
    by_cuda = offer("cuda", "linux-x86_64", cuda="12.0")

    assert [b.name for b in by_driver.offered] == [b.name for b in by_cuda.offered]
    assert by_driver.offered[0].name == "cu126"
    assert "cu129" in {b.name for b in by_driver.offered}
    assert set(reasons(by_driver)) == {"cu130", "cu132", "cu117"}


@pytest.mark.parametrize(
    ("os", "driver", "names"),
    [
        ("linux-x86_64", "525", True),
        ("linux-x86_64", "525.60.11", False),
        ("windows-x86_64", "528.33", True),
        ("windows-x86_64", "527.41", False),
    ],
)
def test_cuda_12_has_its_own_floor_on_each_system(os: str, driver: str, names: bool) -> None:
    assert ("cu126" in {b.name for b in offer("cuda", os, driver=driver).offered}) is names


def test_a_driver_that_is_too_old_is_told_the_one_it_takes() -> None:
    builds = offer("cuda", "linux-x86_64", "3.14.0", driver="470", compute_capability="8.0")

    assert builds.offered == ()
    assert reasons(builds)["cu126"] == "it needs NVIDIA driver 525.60.13 or newer; this target promises 470"
    assert "is for Python 3.9 to 3.13; this target has 3.14" in reasons(builds)["cu118"]


def test_python_3_10_gets_the_last_torch_that_it_has() -> None:
    first = offer("cuda", "linux-x86_64", "3.10.0", driver="580").offered[0]

    assert (first.name, first.constraints) == ("cu130", ("torch>=2.11.0,<2.15.0",))


def test_centos_7_gets_no_build_that_needs_a_newer_glibc() -> None:
    builds = offer("cuda", "linux-x86_64", "3.11.0", driver="535", glibc="2.17")

    assert "cu128" in reasons(builds)
    assert reasons(builds)["cu128"].endswith("needs glibc 2.28; this target promises 2.17")
    assert {"cu124", "cu118"} <= {b.name for b in builds.offered}


@pytest.mark.parametrize(
    ("accelerator", "words", "first", "not_offered"),
    [
        ("cuda", {"driver": "535"}, "cu124", "cu126"),
        ("rocm", {"gfx": "gfx90a"}, "rocm6.1", "rocm6.2.4"),
    ],
)
def test_the_builds_of_torch_2_6_that_needed_a_newer_glibc_are_not_for_an_old_one(
    accelerator: str, words: dict[str, str], first: str, not_offered: str
) -> None:
    """PyTorch's blog of 2.6: cu126 and rocm6.2.4 alone were built for manylinux 2.28."""
    builds = offer(accelerator, "linux-x86_64", "3.12.0", glibc="2.27", **words)

    assert builds.offered[0].name == first
    assert reasons(builds)[not_offered].endswith("needs glibc 2.28; this target promises 2.27")


def test_alpine_has_no_gpu_build_at_all() -> None:
    builds = offer("cuda", "linux-x86_64", musl="1.2")

    assert builds.offered == ()
    assert "musl" in reasons(builds)["cu126"]


def test_several_capabilities_must_all_be_run_by_one_build() -> None:
    both = offer("cuda", "linux-x86_64", driver="580", compute_capability=("6.1", "12.0"))

    assert both.offered == ()
    assert reasons(both)["cu132"].endswith("not for 6.1")
    assert reasons(both)["cu126"].endswith("not for 12.0")


@pytest.mark.parametrize(
    ("capability", "cuda", "runs"),
    [
        ("8.9", (12, 6), True),  # code for 8.6
        ("6.1", (12, 6), True),  # code for 6.0
        ("7.2", (12, 6), False),  # Xavier: not what 7.0 code is for
        ("8.7", (12, 6), False),  # Orin
        ("8.7", (13, 2), True),  # from CUDA 13.2 on
        ("10.0", (12, 6), False),  # another major
        ("3.5", (12, 6), False),
    ],
)
def test_machine_code_runs_within_its_major_and_a_jetson_stands_apart(
    capability: str, cuda: tuple[int, int], runs: bool
) -> None:
    from provenv_plugins.cuda_builds import covers

    assert covers(("5.0", "6.0", "7.0", "7.5", "8.0", "8.6", "9.0"), capability, cuda) is runs


def test_thor_runs_no_build_for_datacentre_blackwell() -> None:
    from provenv_plugins.cuda_builds import covers

    assert not covers(("8.0", "9.0", "10.0", "12.0"), "11.0", (12, 8))
    assert covers(("8.0", "9.0", "10.0", "11.0", "12.0"), "11.0", (13, 0))


def test_a_target_that_compiled_in_is_not_yet_a_target_that_works() -> None:
    builds = offer("rocm", "linux-x86_64", gfx="gfx906")

    assert builds.offered[0].name == "rocm6.3"
    assert "rocBLAS has no library" in reasons(builds)["rocm7.2"]


def test_an_unserved_target_is_told_of_the_override_only_where_it_may_work() -> None:
    assert (
        "HSA_OVERRIDE_GFX_VERSION=10.3.0" in reasons(offer("rocm", "linux-x86_64", gfx="gfx1031"))["rocm7.2"]
    )
    assert "OVERRIDE" not in reasons(offer("rocm", "linux-x86_64", gfx="gfx1010"))["rocm7.2"]


def test_from_7_14_on_the_rocm_libraries_follow_the_build_too() -> None:
    offered = {build.name: build.packages for build in offer("rocm", "linux-x86_64").offered}

    assert "rocm-*" in offered["rocm7.14"]
    assert "rocm-*" not in offered["rocm7.2"]


def test_rocm_on_windows_is_a_matter_of_the_gpu_family() -> None:
    offered = offer("rocm", "windows-x86_64", gfx="gfx1201").offered

    assert [b.name for b in offered] == ["amd-multi-arch", "amd-gfx120X-all"]
    assert offered[0].extras == (("torch", "device-gfx1201"), ("torchvision", "device-gfx1201"))
    assert offered[1].extras == ()
    assert "promises no gfx" in reasons(offer("rocm", "windows-x86_64"))["rocm"]
    assert "none for gfx942" in reasons(offer("rocm", "windows-x86_64", gfx="gfx942"))["rocm"]


@pytest.mark.parametrize(
    ("macos", "constraints"),
    [("26.0", ()), ("14", ()), ("13", ("torch<2.9",)), ("13.7", ("torch<2.9",)), ("12.3", ("torch<2.5",))],
)
def test_mps_takes_the_newest_torch_that_serves_the_macos(macos: str, constraints: tuple[str, ...]) -> None:
    (build,) = offer("mps", "macos-arm64", macos=macos).offered

    assert (build.name, build.index, build.constraints) == ("mps", None, constraints)


def test_a_macos_before_mps_is_refused() -> None:
    builds = offer("mps", "macos-arm64", macos="12.0")

    assert builds.offered == ()
    assert "12.3" in reasons(builds)["mps"]


@pytest.mark.parametrize("accelerator", ["cuda", "rocm"])
def test_every_file_of_the_recorded_index_is_one_that_the_tables_offer(accelerator: str) -> None:
    if not FACTS.exists():
        pytest.skip("the recorded index is not here")
    tags = {"_x86_64": "linux-x86_64", "_aarch64": "linux-aarch64", "win_amd64": "windows-x86_64"}
    missing = set()
    for build, projects in json.loads(FACTS.read_text())["indexes"].items():
        for filename, entry in projects.get("torch", {}).items():
            version, _, local = entry["version"].partition("+")
            platform = next((name for tag, name in tags.items() if filename.endswith(f"{tag}.whl")), None)
            if (
                local != build
                or platform is None
                or not build.startswith(("cu", "rocm")[accelerator == "rocm"])
            ):
                continue
            if version not in published(accelerator, build, platform):
                missing.add((build, platform, version))

    assert missing == set()


def published(accelerator: str, build: str, platform: str) -> tuple[str, ...]:
    from provenv_plugins.tables import rows

    rows_ = rows(f"{accelerator}_builds", "build")
    return next(
        (r.texts("torch") for r in rows_ if (r.text("name"), r.text("platform")) == (build, platform)), ()
    )


@pytest.mark.parametrize("table", ["cuda_builds", "rocm_builds"])
def test_every_published_version_has_its_compiled_targets_and_every_row_its_source(table: str) -> None:
    from provenv_plugins import cuda_builds, rocm_builds
    from provenv_plugins.tables import rows
    from provenv_plugins.torch_builds import releases

    known = {release.torch for release in releases()}
    for row in rows(table, "build"):
        name, platform = row.text("name"), row.text("platform")
        assert row.text("source")
        for torch in row.texts("torch"):
            assert torch in known
            compiled = (
                cuda_builds.compiled_for(name, platform, torch)
                if table == "cuda_builds"
                else rocm_builds.compiled_for(name, torch)
            )
            assert compiled, (name, platform, torch)


def test_the_cpu_and_the_platforms_read_no_table() -> None:
    import subprocess
    import sys

    script = (
        "import sys\n"
        "from provenv.hooks.manager import collect\n"
        "from provenv.hooks.entry_points import scan\n"
        "from provenv.hooks import Context, Envelope\n"
        "found = collect(scan())\n"
        "found.accelerators['cpu'].builds(Context('linux-x86_64', 'linux', 'x86_64', '3.12.0', Envelope()))\n"
        "print([m for m in sys.modules if m.endswith(('_builds', 'tomli'))])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
