"""The matrix: what a manifest and a machine make together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from provenv.errors import ManifestError, Origin
from provenv.hooks.manager import plugins
from provenv.hooks.types import Envelope
from provenv.manifest.values import Exclusion, Manifest, NamedTarget
from provenv.recording import RecordedProbe
from provenv.targets import Matrix, Target, make_targets
from support import machines

PLUGINS = plugins()
BARE = Manifest(Path("pyproject.toml"), "pyproject", "demo", None, (), ("train",), ())
NVIDIA_4090 = machines.linux(**machines.nvml("550.54.14", "12.4", ("NVIDIA GeForce RTX 4090", "8.9", 24564)))
BOTH = machines.linux(
    **{
        **machines.nvml("550.54.14", "12.4", ("NVIDIA GeForce RTX 4090", "8.9", 24564)),
        "file": machines.kfd((110000, "navi31"))["file"],
        "folder": {
            **machines.kfd((110000, "navi31"))["folder"],
            "/dev": ["dri", "kfd", "null", "nvidia0", "nvidiactl"],
        },
    }
)
SLOT = "/sys/bus/pci/devices/0000:01:00.0"
NO_DRIVER = machines.linux(
    file={
        **machines.kfd((110000, "navi31"))["file"],
        f"{SLOT}/vendor": "0x10de\n",
        f"{SLOT}/device": "0x2684\n",
        f"{SLOT}/class": "0x030000\n",
    },
    folder={**machines.kfd((110000, "navi31"))["folder"], "/sys/bus/pci/devices": ["0000:01:00.0"]},
)
TOO_OLD = "cu117: it needs NVIDIA driver 450.80.02 or newer; this target promises 390"
NOT_LOADED = "there is an NVIDIA GPU in this machine, and no NVIDIA driver is loaded"
NOWHERE = RecordedProbe({})


def matrix(probe: RecordedProbe = NOWHERE, **words: object) -> Matrix:
    return make_targets(replace(BARE, **words), PLUGINS, probe)


def one(probe: RecordedProbe = NOWHERE, **words: object) -> Target:
    (target,) = matrix(probe, **words).targets
    return target


def names(found: Matrix) -> list[str]:
    return [target.name for target in found.targets]


def test_a_manifest_that_says_nothing_is_for_this_machine_and_its_usable_accelerators() -> None:
    found = matrix(NVIDIA_4090)

    assert found.targets == (
        Target(
            "linux-x86_64-cuda-py312",
            "linux-x86_64",
            "3.12.0",
            "cuda",
            Envelope.of({"glibc": "2.28", "driver": "550.54.14", "compute-capability": ("8.9",)}),
            ("train",),
        ),
        Target(
            "linux-x86_64-cpu-py312",
            "linux-x86_64",
            "3.12.0",
            "cpu",
            Envelope.of({"glibc": "2.28"}),
            ("train",),
        ),
    )
    assert found.left_out == ()


def test_the_product_is_in_the_manifest_s_order_and_what_does_not_exist_is_left_out_with_the_reason() -> None:
    found = matrix(
        platforms=("linux-x86_64", "macos-arm64"), accelerators=("mps", "cpu"), python=("3.12", "3.11")
    )

    assert names(found) == [
        "linux-x86_64-cpu-py312",
        "linux-x86_64-cpu-py311",
        "macos-arm64-mps-py312",
        "macos-arm64-cpu-py312",
        "macos-arm64-mps-py311",
        "macos-arm64-cpu-py311",
    ]
    assert [cell.name for cell in found.left_out] == ["linux-x86_64-mps-py312", "linux-x86_64-mps-py311"]
    assert "Apple" in found.left_out[0].reason


def test_what_is_declared_is_the_same_on_every_machine() -> None:
    words = {"platforms": ("linux-x86_64",), "accelerators": ("cuda", "cpu"), "python": ("3.12",)}

    assert matrix(NVIDIA_4090, **words) == matrix(machines.macos(), **words) == matrix(NOWHERE, **words)


def test_a_declared_platform_keeps_the_default_floor_on_an_older_machine() -> None:
    old = machines.linux(libc="glibc 2.17")

    target = one(old, platforms=("linux-x86_64",), accelerators=("cpu",))

    assert target.envelope == Envelope.of({"glibc": "2.28"})


@pytest.mark.parametrize(
    ("libc", "promised"),
    [
        ("glibc 2.17", {"glibc": "2.17"}),
        ("glibc 2.39", {"glibc": "2.28"}),
        ("musl 1.2", {"musl": "1.2"}),
    ],
)
def test_an_open_platform_is_lowered_to_this_machine_and_never_raised(
    libc: str, promised: dict[str, str]
) -> None:
    target = one(machines.linux(libc=libc), accelerators=("cpu",))

    assert target.envelope == Envelope.of(promised)


def test_musl_takes_the_place_of_the_default_glibc() -> None:
    target = one(
        platforms=("linux-x86_64",),
        accelerators=("cpu",),
        python=("3.12",),
        envelope=Envelope.of({"musl": "1.2"}),
    )

    assert target.envelope == Envelope.of({"musl": "1.2"})


def test_top_level_words_reach_only_the_targets_that_know_them() -> None:
    found = matrix(
        platforms=("linux-x86_64", "macos-arm64"),
        accelerators=("cuda", "cpu"),
        python=("3.12",),
        envelope=Envelope.of({"driver": "550", "macos": "13"}),
    )

    assert {target.name: str(target.envelope) for target in found.targets} == {
        "linux-x86_64-cuda-py312": "driver 550, glibc 2.28",
        "linux-x86_64-cpu-py312": "glibc 2.28",
        "macos-arm64-cpu-py312": "macos 13",
    }


def named(**words: object) -> NamedTarget:
    base = NamedTarget("train", "linux-x86_64", "3.11", "cuda", origin=Origin("pyproject.toml", 7))
    return replace(base, **words)


def test_a_named_target_stands_beside_the_matrix_with_its_own_words() -> None:
    own = Envelope.of({"driver": "470", "compute-capability": ("8.0", "8.6")})
    found = matrix(
        platforms=("linux-x86_64",),
        accelerators=("cpu",),
        python=("3.12",),
        envelope=Envelope.of({"driver": "550", "glibc": "2.31"}),
        targets=(named(envelope=own, build="cu118", groups=(), extras=("gpu",)),),
    )

    assert names(found) == ["linux-x86_64-cpu-py312", "train"]
    assert found.targets[1] == Target(
        "train",
        "linux-x86_64",
        "3.11.0",
        "cuda",
        Envelope.of({"glibc": "2.31", "driver": "470", "compute-capability": ("8.0", "8.6")}),
        (),
        ("gpu",),
        "cu118",
    )


def test_a_named_target_takes_what_it_leaves_open_from_the_matrix() -> None:
    found = matrix(
        platforms=("linux-aarch64", "linux-x86_64"),
        accelerators=("cpu", "cuda"),
        python=("3.13",),
        targets=(named(platform=None, python=None, accelerator=None),),
    )

    assert found.targets[-1].platform == "linux-aarch64"
    assert found.targets[-1].python == "3.13.0"
    assert found.targets[-1].accelerator == "cpu"
    assert found.targets[-1].groups == ("train",)


def refusal(probe: RecordedProbe = NOWHERE, **words: object) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        matrix(probe, **words)
    return caught.value


LINUX_CPU = {"platforms": ("linux-x86_64",), "accelerators": ("cpu",), "python": ("3.12",)}


def test_a_named_target_that_nothing_accepts_is_an_error_with_its_place() -> None:
    error = refusal(**LINUX_CPU, targets=(named(accelerator="mps"),))

    assert error.message == "no plugin accepts target train"
    assert "Apple" in error.evidence[0]
    assert error.origin == Origin("pyproject.toml", 7)


def test_a_named_target_says_only_words_that_its_plugins_know() -> None:
    error = refusal(**LINUX_CPU, targets=(named(envelope=Envelope.of({"drivr": "550"})),))

    assert error.message == "unknown word 'drivr' in target train"
    assert error.hints == ("did you mean 'driver'?",)
    assert "gfx" not in error.evidence[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"driver": "new"}, "'new' is no version such as 550"),
        ({"driver": ("550", "560")}, "driver takes one value, and 2 were given"),
        ({"compute-capability": ("8",)}, "'8' is no version such as 8.6"),
    ],
)
def test_a_bad_value_is_an_error_that_says_what_is_wanted(words: dict[str, str], said: str) -> None:
    error = refusal(**LINUX_CPU, targets=(named(envelope=Envelope.of(words)),))

    assert said in error.evidence[0]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ({"platforms": ("linux-x64",)}, "there is no platform 'linux-x64'", "did you mean 'linux-x86_64'?"),
        ({"accelerators": ("cud",)}, "there is no accelerator 'cud'", "did you mean 'cuda'?"),
        ({"python": ("3.x",)}, "'3.x' is no Python version to lock for", "write a minor or full version"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest_right_one(
    words: dict[str, tuple[str, ...]], message: str, hint: str
) -> None:
    error = refusal(**{**LINUX_CPU, **words})

    assert error.message == message
    assert hint in error.hints[0]


def test_exclusions_leave_their_cells_out_without_a_word() -> None:
    found = matrix(
        platforms=("linux-x86_64", "windows-x86_64"),
        accelerators=("cuda", "cpu"),
        python=("3.12.4", "3.11"),
        exclude=(
            Exclusion(platform="windows-x86_64", accelerator="cuda"),
            Exclusion(python="3.12", platform="linux-x86_64"),
        ),
    )

    assert names(found) == [
        "linux-x86_64-cuda-py311",
        "linux-x86_64-cpu-py311",
        "windows-x86_64-cpu-py312",
        "windows-x86_64-cpu-py311",
    ]
    assert found.left_out == ()


def test_a_python_is_the_first_patch_that_requires_python_allows() -> None:
    assert one(**LINUX_CPU, requires_python=">=3.12.3").python == "3.12.3"
    assert one(**LINUX_CPU, requires_python=">=3.9").python == "3.12.0"
    assert one(**{**LINUX_CPU, "python": ("3.12.7",)}).python == "3.12.7"


def test_a_python_that_requires_python_excludes_is_left_out_and_an_error_when_named() -> None:
    found = matrix(**{**LINUX_CPU, "python": ("3.9", "3.12")}, requires_python=">=3.10")

    assert names(found) == ["linux-x86_64-cpu-py312"]
    assert found.left_out[0].reason == "requires-python '>=3.10' excludes Python 3.9"
    error = refusal(**LINUX_CPU, requires_python=">=3.12", targets=(named(accelerator="cpu"),))
    assert "excludes Python 3.11" in error.evidence[0]


def test_two_targets_of_one_name_are_an_error() -> None:
    error = refusal(**{**LINUX_CPU, "python": ("3.12", "3.12.4")})

    assert error.message == "two targets are named linux-x86_64-cpu-py312"


def test_no_target_at_all_is_an_error_with_every_reason() -> None:
    error = refusal(**{**LINUX_CPU, "accelerators": ("mps",)})

    assert error.message == "the manifest leaves no target to lock"
    assert error.evidence[0].startswith("linux-x86_64-mps-py312: ")


def test_a_machine_that_no_plugin_knows_is_asked_for_platforms() -> None:
    error = refusal(RecordedProbe({"python": {"system": "FreeBSD", "machine": "amd64"}}))

    assert error.message == "this machine's platform is not known to any plugin"
    assert "FreeBSD" in error.evidence[1]


@pytest.mark.parametrize(
    ("probe", "words", "chosen"),
    [
        (NVIDIA_4090, {}, "cuda"),
        (machines.linux(), {}, "cpu"),
        (machines.linux(), {"envelope": Envelope.of({"driver": "550"})}, "cuda"),
        (machines.linux(), {"envelope": Envelope.of({"gfx": ("gfx1100",)})}, "rocm"),
        (machines.linux(), {"envelope": Envelope.of({"driver": "390"})}, "cpu"),
        (machines.macos(), {}, "mps"),
        (machines.linux(), {"platforms": ("macos-arm64",)}, "mps"),
        (
            machines.linux(),
            {"platforms": ("macos-arm64",), "envelope": Envelope.of({"macos": "12.0"})},
            "cpu",
        ),
        (NVIDIA_4090, {"platforms": ("windows-x86_64",)}, "cpu"),
    ],
)
def test_auto_is_the_promised_hardware_or_what_is_usable_here(
    probe: RecordedProbe, words: dict[str, object], chosen: str
) -> None:
    assert one(probe, accelerators=("auto",), **words).accelerator == chosen


@pytest.mark.parametrize(
    ("probe", "words", "passed_over"),
    [
        (NVIDIA_4090, {}, ()),
        (machines.linux(), {}, ()),
        (
            machines.linux(),
            {"envelope": Envelope.of({"driver": "550", "gfx": ("gfx1100",)})},
            ("on linux-x86_64 auto is cuda; passed over: rocm (cuda comes before it)",),
        ),
        (
            machines.linux(),
            {"envelope": Envelope.of({"driver": "390"})},
            (f"on linux-x86_64 auto is cpu; passed over: cuda ({TOO_OLD})",),
        ),
        (BOTH, {}, ("on linux-x86_64 auto is cuda; passed over: rocm (cuda comes before it)",)),
        (
            NO_DRIVER,
            {},
            (f"on linux-x86_64 auto is rocm; passed over: cuda ({NOT_LOADED})",),
        ),
    ],
)
def test_auto_says_what_it_passed_over(
    probe: RecordedProbe, words: dict[str, object], passed_over: tuple[str, ...]
) -> None:
    manifest = replace(BARE, accelerators=("auto",), python=("3.11", "3.12"), **words)

    assert make_targets(manifest, PLUGINS, probe).passed_over == passed_over


def test_a_plugin_that_fails_while_it_looks_is_named_and_the_rest_goes_on() -> None:
    def explode(probe: object) -> None:
        raise RuntimeError("boom")

    cuda = replace(PLUGINS.accelerators["cuda"], detect=explode)
    broken = replace(PLUGINS, accelerators={**PLUGINS.accelerators, "cuda": cuda})

    found = make_targets(BARE, broken, NVIDIA_4090)

    assert names(found) == ["linux-x86_64-cpu-py312"]
    assert found.problems == (
        "plugin cuda (provenv_plugins.cuda, from provenv) failed on accelerator cuda: RuntimeError: boom",
    )
