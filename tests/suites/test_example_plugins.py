"""The plugins of plugins/examples, installed from their wheels beside provenv's, and a lock with each."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.index_server import TestIndex
from support.plugin_venvs import ROOT, Venv, build

EXAMPLES = ROOT / "plugins" / "examples"
NAMES = ("provenv-xpu", "provenv-npu")
LINUX = "cp312-cp312-manylinux_2_28_x86_64"
ARM = "cp312-cp312-manylinux_2_28_aarch64"
WINDOWS = "cp312-cp312-win_amd64"


@pytest.fixture(scope="module")
def examples(venv: Venv, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venv]:
    """The environment with both plugins in it."""
    out = tmp_path_factory.mktemp("examples")
    venv.install(*(build(EXAMPLES / name, out) for name in NAMES), deps=False)
    yield venv
    venv.uninstall(*NAMES)


@pytest.fixture
def xpu_index() -> Iterator[TestIndex]:
    """What stands for https://download.pytorch.org/whl/xpu: torch's builds, and a stale copy of numpy."""
    with TestIndex() as index:
        for torch, triton in (("2.9.1", "pytorch-triton-xpu==3.5.0"), ("2.12.0", "triton-xpu==3.7.1")):
            requires = [triton, "intel-sycl-rt==2025.3.2", "numpy"]
            index.add("torch", f"{torch}+xpu", tags=[LINUX, WINDOWS], requires=requires)
        index.add("pytorch-triton-xpu", "3.5.0", tags=[LINUX, WINDOWS])
        index.add("triton-xpu", "3.7.1", tags=[LINUX, WINDOWS])
        index.add("numpy", "1.0")
        yield index


@pytest.fixture
def cpu_index() -> Iterator[TestIndex]:
    """What stands for https://download.pytorch.org/whl/cpu."""
    with TestIndex() as index:
        for torch in ("2.8.0", "2.9.0", "2.12.0", "2.15.0"):
            index.add("torch", f"{torch}+cpu", tags=[LINUX, ARM], requires=["numpy"])
        yield index


@pytest.fixture
def default() -> Iterator[TestIndex]:
    """What stands for the default index."""
    with TestIndex() as index:
        index.add("numpy", "2.1")
        index.add("intel-sycl-rt", "2025.3.2")
        index.add("triton-xpu", "0.0.2")
        index.add("torch", "2.15.0", tags=[LINUX, ARM], requires=["numpy"])
        pairs = {
            "2.8.0.post4": "2.8.0+cpu",
            "2.9.0.post2": "2.9.0+cpu",
            "2.9.0.post6": "2.9.0+cpu",
            "2.9.0.post9": "2.9.0+cpu",
            "2.12.0": "2.12.0",
        }
        for torch_npu, torch in pairs.items():
            requires = [f"torch=={torch}", "pyyaml"]
            index.add("torch-npu", torch_npu, tags=[LINUX, ARM], requires=requires)
        index.add("pyyaml", "6.0")
        yield index


class Desk:
    """A project and the user's settings: the canonical addresses answered by indexes on loopback."""

    def __init__(self, folder: Path, venv: Venv, **mirrors: TestIndex) -> None:
        self.folder, self.venv = folder, venv
        canonical = {
            "xpu": "https://download.pytorch.org/whl/xpu",
            "cpu": "https://download.pytorch.org/whl/cpu",
        }
        self.config = folder / "config.toml"
        rows = (f'"{canonical[name]}" = "{index.url}"\n' for name, index in mirrors.items())
        self.config.write_text(f"pip-config = false\nkeyring = false\n[mirrors]\n{''.join(rows)}")

    def lock(self, default: TestIndex, table: str, *, expect: int = 0) -> Any:
        """Locks torch for one target; the answer of `provenv lock --json`."""
        (self.folder / "pyproject.toml").write_text(
            f'[project]\nname = "project"\nversion = "1"\ndependencies = ["torch"]\n[tool.provenv]\n{table}'
            f'[[tool.provenv.indexes]]\nname = "loop"\nurl = "{default.url}"\ndefault = true\n'
        )
        done = self.venv.provenv(
            "lock", "--json", cwd=self.folder, expect=expect, PROVENV_CONFIG=str(self.config)
        )
        return done.json

    def packages(self, target: str) -> dict[str, dict[str, Any]]:
        """The packages of a lock, by name."""
        text = (self.folder / "lockfiles" / f"pylock.{target}.toml").read_text()
        return {package["name"]: package for package in tomllib.loads(text)["packages"]}


def matrix(platform: str, accelerator: str, promised: str = "") -> str:
    return f'platforms = ["{platform}"]\npython = ["3.12"]\naccelerators = ["{accelerator}"]\n{promised}'


@pytest.mark.parametrize("name", NAMES)
def test_an_example_passes_its_own_tests_and_the_conformance_suite(
    examples: Venv, tmp_path: Path, name: str
) -> None:
    tests = examples.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=EXAMPLES / name)
    assert " passed" in tests.out
    assert "skipped" not in tests.out


def test_list_says_which_distribution_each_is_from(examples: Venv, tmp_path: Path) -> None:
    listed = examples.provenv("plugin", "list", "--json", cwd=tmp_path).json

    found = {(p["name"], p["distribution"]) for p in listed["plugins"] if p["kind"] == "accelerator"}
    assert {("xpu", "provenv-xpu"), ("npu", "provenv-npu"), ("cuda", "provenv")} <= found
    assert listed["problems"] == []


@pytest.mark.parametrize("platform", ["linux-x86_64", "windows-x86_64"])
def test_a_lock_for_an_intel_gpu(
    examples: Venv, tmp_path: Path, xpu_index: TestIndex, default: TestIndex, platform: str
) -> None:
    desk = Desk(tmp_path, examples, xpu=xpu_index)

    (locked,) = desk.lock(default, matrix(platform, "xpu"))["locks"]

    assert (locked["target"], locked["build"]) == (f"{platform}-xpu-py312", "xpu")
    packages = desk.packages(locked["target"])
    versions = {name: package["version"] for name, package in packages.items()}
    assert versions == {
        "torch": "2.12.0+xpu",
        "triton-xpu": "3.7.1",
        "intel-sycl-rt": "2025.3.2",
        "numpy": "2.1",
    }
    # a mirror changes where bytes come from, never what a lock says
    assert packages["torch"]["index"] == "https://download.pytorch.org/whl/xpu"
    assert packages["numpy"]["index"] == default.url


def test_an_intel_gpu_that_torch_does_not_list_is_told_of(
    examples: Venv, tmp_path: Path, xpu_index: TestIndex, default: TestIndex
) -> None:
    desk = Desk(tmp_path, examples, xpu=xpu_index)

    answer = desk.lock(default, matrix("linux-x86_64", "xpu", 'intel-gpu = ["tiger-lake"]\n'), expect=1)

    assert "does not list 11th generation Core (Tiger Lake)" in str(answer["error"])


@pytest.mark.parametrize(
    ("platform", "cann", "torch", "torch_npu"),
    [
        ("linux-aarch64", "9.0.0", "2.9.0+cpu", "2.9.0.post2"),
        ("linux-x86_64", "9.0.0", "2.9.0+cpu", "2.9.0.post2"),
        ("linux-x86_64", "9.1.0", "2.12.0+cpu", "2.12.0"),
        ("linux-aarch64", "", "2.12.0+cpu", "2.12.0"),
    ],
)
def test_a_lock_for_an_ascend_npu_pairs_torch_npu_with_torch_and_cann(
    examples: Venv,
    tmp_path: Path,
    cpu_index: TestIndex,
    default: TestIndex,
    platform: str,
    cann: str,
    torch: str,
    torch_npu: str,
) -> None:
    desk = Desk(tmp_path, examples, cpu=cpu_index)
    promised = f'cann = "{cann}"\n' if cann else ""

    (locked,) = desk.lock(default, matrix(platform, "npu", promised))["locks"]

    packages = desk.packages(locked["target"])
    versions = {name: package["version"] for name, package in packages.items()}
    assert versions == {"torch": torch, "torch-npu": torch_npu, "numpy": "2.1", "pyyaml": "6.0"}
    assert packages["torch"]["index"] == "https://download.pytorch.org/whl/cpu"
    assert packages["torch-npu"]["index"] == default.url
    assert {need["name"] for need in packages["torch"]["dependencies"]} == {"numpy", "torch-npu"}


def test_a_cann_that_no_torch_npu_is_for_is_told_of(
    examples: Venv, tmp_path: Path, cpu_index: TestIndex, default: TestIndex
) -> None:
    desk = Desk(tmp_path, examples, cpu=cpu_index)

    answer = desk.lock(default, matrix("linux-aarch64", "npu", 'cann = "8.4.0"\n'), expect=1)

    assert "this target promises 8.4.0" in str(answer["error"])


def test_the_words_of_a_plugin_are_flags_too(
    examples: Venv, tmp_path: Path, cpu_index: TestIndex, default: TestIndex
) -> None:
    desk = Desk(tmp_path, examples, cpu=cpu_index)
    target = ("--platform", "linux-aarch64", "--python", "3.12", "--accelerator", "npu", "--cann", "9.0.0")

    done = examples.provenv(
        *("resolve", "torch", "--default-index", default.url, *target),
        cwd=tmp_path,
        PROVENV_CONFIG=str(desk.config),
    )

    assert done.out.split() == ["numpy==2.1", "pyyaml==6.0", "torch==2.9.0+cpu", "torch-npu==2.9.0.post2"]


def test_two_machines_are_told_apart_by_their_recordings(examples: Venv, tmp_path: Path) -> None:
    machines = {
        "xpu": EXAMPLES / "provenv-xpu" / "tests" / "machines" / "arc-a770-ubuntu.json",
        "npu": EXAMPLES / "provenv-npu" / "tests" / "machines" / "atlas-910b4.json",
    }
    for name, machine in machines.items():
        found = examples.provenv("detect", "--from", machine, "--json", cwd=tmp_path).json
        assert found["usable"] == [name, "cpu"]
