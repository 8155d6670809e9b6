"""The table of torch releases: which row a machine or a target takes, and why not the rows above it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from provenv.compat import Asked, Compatibility, compatibility
from provenv.errors import InputError, ManifestError
from provenv.hooks.manager import plugins
from provenv.hooks.types import Context, Envelope, Probe, ReleaseRow
from provenv.host import Host
from provenv.pastes.sources import probe_from
from support import machines
from support.machines import kfd, nvml

PLUGINS = plugins()


def ask(
    platform: str | None = "linux-x86_64",
    accelerator: str | None = None,
    python: str | None = None,
    build: str | None = None,
    **words: str | tuple[str, ...],
) -> Compatibility:
    """What a target that promises these words gets."""
    envelope = Envelope.of({name.replace("_", "-"): value for name, value in words.items()})
    asked = Asked(platform, accelerator, build, python, envelope)
    return compatibility("torch", asked, Host(PLUGINS, machines.linux()), is_host=False)


def of_machine(probe: Probe, build: str | None = None, **words: str) -> Compatibility:
    """What a recorded machine gets."""
    envelope = Envelope.of({name.replace("_", "-"): value for name, value in words.items()})
    return compatibility("torch", Asked(build=build, envelope=envelope), Host(PLUGINS, probe), is_host=True)


def row(found: Compatibility, torch: str, build: str) -> ReleaseRow:
    return next(row for row in found.rows if (row.version, row.build) == (torch, build))


def best(found: Compatibility) -> tuple[str, str | None, str | None]:
    taken = found.best
    return (found.accelerator, taken.version if taken else None, taken.build if taken else None)


@dataclass
class Case:
    """`why`: of the newest torch, (build, words) that tell why it is not taken."""

    words: dict[str, str | tuple[str, ...]]
    best: tuple[str, str | None, str | None]
    why: tuple[str, str, str] | None = None


CASES = {
    "1080 Ti on 580": Case(
        {"driver": "580", "compute_capability": "6.1"},
        ("cuda", "2.14.1", "cu126"),
        ("2.15.0", "cu130", "is compiled for compute capability 7.5, 8.0, 8.6, 9.0, 10.0, 12.0, not for 6.1"),
    ),
    "1080 Ti on 595": Case(
        {"driver": "595", "compute_capability": "6.1"},
        ("cpu", "2.15.0", "cpu"),
        ("2.14.1", "cu126", "580 is the last that does"),
    ),
    "V100 on 535": Case(
        {"driver": "535", "compute_capability": "7.0"},
        ("cuda", "2.14.1", "cu126"),
        ("2.15.0", "cu132", "needs NVIDIA driver 580.65.06 or newer; this target promises 535"),
    ),
    "A100 on 470": Case(
        {"driver": "470", "compute_capability": "8.0"},
        ("cuda", "2.7.1", "cu118"),
        ("2.14.1", "cu126", "needs NVIDIA driver 525.60.13 or newer"),
    ),
    "A100 on 550": Case(
        {"driver": "550", "compute_capability": "8.0"},
        ("cuda", "2.14.1", "cu126"),
        ("2.15.0", "cu130", "this target promises 550"),
    ),
    "5090 on 570": Case(
        {"driver": "570", "compute_capability": "12.0"},
        ("cuda", "2.13.0", "cu129"),
        ("2.14.1", "cu126", "not for 12.0"),
    ),
    "5090 on 580": Case({"driver": "580", "compute_capability": "12.0"}, ("cuda", "2.15.0", "cu132")),
    "1080 Ti and 3090": Case(
        {"driver": "580", "compute_capability": ("6.1", "8.6")},
        ("cuda", "2.14.1", "cu126"),
        ("2.15.0", "cu130", "not for 6.1"),
    ),
    "GH200": Case(
        {"platform": "linux-aarch64", "driver": "580", "compute_capability": "9.0"},
        ("cuda", "2.15.0", "cu132"),
    ),
    "Jetson Orin on JetPack 6": Case(
        {"platform": "linux-aarch64", "cuda": "12.6", "compute_capability": "8.7"},
        ("cuda", "2.9.1", "jp6-cu126"),
        ("2.14.1", "cu126", "a Jetson module runs server and desktop builds from CUDA 13.2 on"),
    ),
    "Windows and RTX 5090": Case(
        {"platform": "windows-x86_64", "driver": "581.29", "compute_capability": "12.0"},
        ("cuda", "2.15.0", "cu132"),
    ),
    "WSL2 on 576": Case({"driver": "576.57", "compute_capability": "8.6"}, ("cuda", "2.14.1", "cu126")),
    "MI300X": Case({"gfx": "gfx942"}, ("rocm", "2.14.1", "rocm7.14")),
    "MI50": Case(
        {"gfx": "gfx906"},
        ("rocm", "2.9.1", "rocm6.3"),
        ("2.14.0", "rocm7.2", "its rocBLAS has no library for it"),
    ),
    "gfx1103": Case(
        {"gfx": "gfx1103"}, ("rocm", "2.14.1", "rocm7.14"), ("2.13.0", "rocm7.2", "rocBLAS has no library")
    ),
    "RX 6700 XT": Case(
        {"gfx": "gfx1031"},
        ("rocm", "2.12.0", "amd-multi-arch"),
        ("2.14.1", "rocm7.14", "HSA_OVERRIDE_GFX_VERSION=10.3.0"),
    ),
    "Polaris": Case(
        {"gfx": "gfx803"}, ("cpu", "2.15.0", "cpu"), ("2.14.1", "rocm7.14", "not compiled for gfx803")
    ),
    "M1 on macOS 15": Case({"platform": "macos-arm64", "macos": "15.1"}, ("mps", "2.15.0", "mps")),
    "M1 on macOS 13": Case(
        {"platform": "macos-arm64", "macos": "13.6"},
        ("mps", "2.8.0", "mps"),
        ("2.15.0", "mps", "its MPS needs macOS 14.0 or newer; this target promises 13.6"),
    ),
    "M1 on macOS 12.0": Case(
        {"platform": "macos-arm64", "macos": "12.0"},
        ("cpu", "2.11.0", "cpu"),
        ("2.12.0", "cpu", "has wheels for macOS 14 and newer"),
    ),
    "Intel Mac": Case(
        {"platform": "macos-x86_64"},
        ("cpu", "2.2.2", "cpu"),
        ("2.3.0", "cpu", "ended on Intel Macs with 2.2.2"),
    ),
    "CentOS 7 with a T4 on 535": Case(
        {"driver": "535", "compute_capability": "7.5", "glibc": "2.17"},
        ("cuda", "2.6.0", "cu124"),
        ("2.14.1", "cu126", "needs glibc 2.28; this target promises 2.17"),
    ),
    "CentOS 7": Case({"glibc": "2.17"}, ("cpu", "2.6.0", "cpu"), ("2.7.0", "cpu", "needs glibc 2.28")),
    "Raspberry Pi": Case({"platform": "linux-aarch64"}, ("cpu", "2.15.0", "cpu")),
    "Alpine": Case({"musl": "1.2"}, ("cpu", None, None), ("2.15.0", "cpu", "no wheel for musl")),
    "Windows on Arm": Case(
        {"platform": "windows-arm64"}, ("cpu", "2.15.0", "cpu"), ("2.6.0", "cpu", "from 2.7 on")
    ),
    "a CUDA major alone": Case({"cuda": "12"}, ("cuda", "2.14.1", "cu126")),
    "a driver alone": Case({"driver": "550"}, ("cuda", "2.14.1", "cu126")),
    "a capability alone": Case({"compute_capability": "8.6"}, ("cuda", "2.15.0", "cu132")),
}


@pytest.mark.parametrize("name", CASES)
def test_a_target_takes_the_row_that_a_specialist_would(name: str) -> None:
    case = CASES[name]

    found = ask(**case.words)  # type: ignore[arg-type]  # words of the envelope, and the platform

    assert best(found) == case.best
    if found.best is not None:
        assert found.best.runs is True
    if case.why is not None:
        torch, build, words = case.why
        refused = row(found, torch, build)
        assert refused.runs is False
        assert words in refused.why
    assert all(bool(r.why) for r in found.rows if r.runs is False)


def test_what_the_table_takes_is_what_a_lock_is_offered_first() -> None:
    for case in CASES.values():
        found = ask(**case.words)  # type: ignore[arg-type]  # as above
        if found.best is None or found.accelerator == "cpu":
            continue
        words = {k.replace("_", "-"): v for k, v in case.words.items() if k != "platform"}
        platform = PLUGINS.platforms[str(case.words.get("platform", "linux-x86_64"))]
        envelope = platform.defaults.merged(Envelope.of(words))
        context = Context(platform.name, platform.os, platform.arch, "", envelope)
        builds = PLUGINS.accelerators[found.accelerator].builds(context)
        assert builds.offered[0].name == found.best.build


def test_without_any_hardware_a_row_is_neither_good_nor_bad() -> None:
    cuda, rocm = ask(accelerator="cuda"), ask(accelerator="rocm")

    assert {r.runs for r in cuda.rows} == {None}
    assert "needs NVIDIA driver 580.65.06 or newer and a GPU of compute capability 7.5" in cuda.rows[0].why
    assert best(cuda) == ("cuda", "2.15.0", "cu132")
    assert {r.runs for r in rocm.rows} == {None}
    assert best(ask(accelerator="cpu")) == ("cpu", "2.15.0", "cpu")


def test_a_python_leaves_the_rows_that_have_wheels_for_it() -> None:
    found = ask(driver="580", compute_capability="9.0", python="3.10")

    assert best(found) == ("cuda", "2.14.1", "cu130")
    assert "is for Python 3.11 to 3.15; this target has 3.10" in row(found, "2.15.0", "cu132").why


def test_a_row_says_what_goes_with_its_torch() -> None:
    found = ask(driver="580", compute_capability="9.0")

    assert dict(row(found, "2.14.0", "cu126").goes_with) == {
        "torchvision": "0.29.0",
        "torchaudio": "2.11.0",
        "triton": "~=3.8.0",
        "torchcodec": "0.16.0",
    }
    assert row(found, "2.14.0", "cu126").python == ("3.10", "3.11", "3.12", "3.13", "3.14")
    assert any("torchtext has ended" in note and "torch 2.3" in note for note in found.notes)
    assert dict(row(found, "2.3.0", "cu121").goes_with)["torchtext"] == "0.18.0"


def test_a_build_may_be_asked_about_alone() -> None:
    found = ask(driver="580", build="cu126")

    assert {r.build for r in found.rows} == {"cu126"}
    assert best(ask(build="rocm6.4")) == ("rocm", "2.9.1", "rocm6.4")
    assert best(of_machine(machines.linux(), build="cu126")) == ("cuda", None, None)
    with pytest.raises(InputError, match="there is no build cu999"):
        ask(build="cu999", accelerator="cuda")


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        (machines.linux(), ("cpu", "2.15.0", "cpu")),
        (machines.linux(libc="glibc 2.17"), ("cpu", "2.6.0", "cpu")),
        (machines.linux(libc="musl 1.2"), ("cpu", None, None)),
        (
            machines.linux(**nvml("550.54.14", "12.4", ("NVIDIA GeForce RTX 4090", "8.9", 24564))),
            ("cuda", "2.14.1", "cu126"),
        ),
        (
            machines.linux(**nvml("595.58.03", "13.2", ("NVIDIA GeForce GTX 1080 Ti", "6.1", 11264))),
            ("cpu", "2.15.0", "cpu"),
        ),
        (machines.linux(**kfd((90402, "ip discovery"))), ("rocm", "2.14.1", "rocm7.14")),
        (machines.macos(version="13.6"), ("mps", "2.8.0", "mps")),
        (machines.macos("x86_64", "14.4"), ("cpu", "2.2.2", "cpu")),
    ],
)
def test_a_machine_takes_the_row_that_its_hardware_runs(
    probe: Probe, expected: tuple[str, str | None, str | None]
) -> None:
    assert best(of_machine(probe)) == expected


def test_hidden_gpus_are_said_to_be_hidden() -> None:
    probe = machines.linux(
        environment={"CUDA_VISIBLE_DEVICES": ""}, **nvml("580.82.07", "13.0", ("NVIDIA L4", "8.9", 23034))
    )

    found = of_machine(probe)

    assert best(found) == ("cpu", "2.15.0", "cpu")
    assert "CUDA_VISIBLE_DEVICES" in row(found, "2.15.0", "cu132").why


def test_a_flag_corrects_a_machine() -> None:
    old = machines.linux(**nvml("550.54.14", "12.4", ("NVIDIA GeForce RTX 5090", "12.0", 32607)))

    assert best(of_machine(old)) == ("cuda", "2.13.0", "cu129")
    assert best(of_machine(old, driver="580")) == ("cuda", "2.15.0", "cu132")


def test_what_there_is_no_table_of_is_an_error() -> None:
    host = Host(PLUGINS, machines.linux())
    with pytest.raises(InputError, match="no accelerator plugin has a table of the releases of numpy"):
        compatibility("numpy", Asked(), host, is_host=True)
    with pytest.raises(InputError, match="there is no cuda on macos-arm64"):
        ask("macos-arm64", "cuda")
    with pytest.raises(ManifestError, match="bad value for driver"):
        ask(driver="new")


def provenv(*argv: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "provenv", *argv],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "COLUMNS": "120", **variables},
    )


def test_the_answer_is_one_document() -> None:
    flags = ("--platform", "linux-x86_64", "--compute-capability", "6.1", "--driver", "580")
    done = provenv("compat", "torch", *flags, "--json")

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["accelerator"], answer["best"]) == ("cuda", {"torch": "2.14.1", "build": "cu126"})
    first = answer["rows"][0]
    assert first["torch"] == "2.15.0"
    assert (first["torchvision"], first["torchaudio"], first["runs"]) == ("0.29.2", "2.11.0", False)
    assert first["python"] == ["3.11", "3.12", "3.13", "3.14", "3.15"]


def test_the_table_shows_a_newcomer_the_row_to_take(tmp_path: Path) -> None:
    done = provenv("compat", "--platform", "linux-x86_64", "--compute-capability", "6.1", "--driver", "580")

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split()[:5] == ["runs", "torch", "build", "torchvision", "torchaudio"]
    assert any(line.split()[:3] == ["yes", "2.14.1", "cu126"] for line in lines)
    beside = "with torchvision 0.29.1 and torchaudio 2.11.0; for Python 3.10 to 3.14"
    assert lines[-1] == f"cuda: take torch 2.14.1, build cu126 ({beside})"
    reason = "[1] this torch is compiled for compute capability 7.5, 8.0, 8.6, 9.0, 10.0, 12.0, not for 6.1"
    assert reason in lines
    assert [line.split()[-1] for line in lines if line.startswith("no ")] == ["[1]"] * 12
    assert "torchtext has ended" in done.stderr


def test_where_nothing_runs_the_answer_is_no() -> None:
    done = provenv("compat", "torch", "--platform", "linux-x86_64", "--musl", "1.2", "--json")

    assert done.returncode == 1
    assert json.loads(done.stdout)["best"] is None


def test_a_narrow_terminal_loses_companions_and_wraps_the_reasons() -> None:
    flags = ("--platform", "linux-x86_64", "--compute-capability", "6.1", "--driver", "580")
    done = provenv("compat", "torch", *flags, COLUMNS="80")

    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "torchcodec" not in done.stdout
    assert "(torchcodec with a wider terminal, or with --json)" in done.stderr


def test_what_was_passed_over_for_the_processor_is_told() -> None:
    found = ask(driver="595", compute_capability="6.1")

    assert best(found) == ("cpu", "2.15.0", "cpu")
    assert "not cuda: driver 590 and newer no longer drive compute capability 6.1" in "\n".join(found.notes)


def test_a_free_threaded_python_is_refused_in_words() -> None:
    done = provenv("compat", "torch", "--python", "3.13t")

    assert done.returncode == 2
    assert "free-threaded Pythons are not among those that are locked for" in done.stderr


CSV = """\
name, driver_version, memory.total [MiB], compute_cap
NVIDIA L4, 550.54.14, 23034 MiB, 8.9
"""


@pytest.mark.parametrize(
    ("platform", "assumed"), [(None, True), ("linux-x86_64", False), ("windows-x86_64", False)]
)
def test_a_paste_that_tells_no_platform_is_taken_for_the_commonest(
    platform: str | None, assumed: bool, tmp_path: Path
) -> None:
    paste = tmp_path / "nvidia-smi.txt"
    paste.write_text(CSV)
    host = Host(PLUGINS, probe_from([str(paste)], PLUGINS))

    found = compatibility("torch", Asked(platform), host, is_host=True)

    assert best(found) == ("cuda", "2.14.1", "cu126")
    words = "nothing tells the platform: linux-x86_64 is assumed (--platform names another)"
    assert (words in found.notes) is assumed
