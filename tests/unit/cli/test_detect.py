"""`provenv detect` and `provenv plugin list`, as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from provenv import __version__
from provenv.hooks.manager import plugins
from provenv.host import Host
from provenv.recording import RecordingProbe
from support import machines


def provenv(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "provenv", *argv], capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def gpu_box(tmp_path: Path) -> Path:
    """A recorded machine with two unlike GPUs."""
    gpus = (("NVIDIA GeForce RTX 3090", "8.6", 24576), ("NVIDIA GeForce GTX 1080 Ti", "6.1", 11264))
    recording = RecordingProbe(machines.linux(**machines.nvml("550.54.14", "12.4", *gpus)))
    host = Host(plugins(), recording)
    assert host.usable
    assert host.findings
    recording.save(tmp_path / "gpu-box.json")
    return tmp_path / "gpu-box.json"


def test_a_recorded_machine_is_shown_as_one_document(gpu_box: Path) -> None:
    done = provenv("detect", "--from", str(gpu_box), "--json")

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    (finding,) = answer.pop("findings")
    features = answer.pop("features")
    assert answer == {
        "os": "linux",
        "arch": "x86_64",
        "libc": "glibc-2.35",
        "python": "3.12.4",
        "gpus": [
            {
                "vendor": "nvidia",
                "name": "NVIDIA GeForce RTX 3090",
                "compute_capability": "8.6",
                "memory_mib": 24576,
            },
            {
                "vendor": "nvidia",
                "name": "NVIDIA GeForce GTX 1080 Ti",
                "compute_capability": "6.1",
                "memory_mib": 11264,
            },
        ],
        "driver": "550.54.14",
        "cuda_reported": "12.4",
        "torch": None,
        "usable": ["cuda", "cpu"],
    }
    assert [name for name, texts in features.items() if texts] == ["cuda", "cpu"]
    assert features["cuda"][0] == "nvidia :: cuda_version_lower_bound :: 12.4"
    codes = [text for text in features["cuda"] if ":: sm_arch ::" in text]
    assert (codes[0], codes[-1]) == ("nvidia :: sm_arch :: 61_real", "nvidia :: sm_arch :: 80_virtual")
    assert "nvidia :: sm_arch :: 86_real" in codes
    assert finding["code"] == "nvidia-driver-older-than-newest-builds"
    assert set(finding) == {"code", "message", "remedy", "severity"}


def test_the_table_names_the_devices_and_what_they_promise(gpu_box: Path) -> None:
    done = provenv("detect", "--from", str(gpu_box))

    assert done.returncode == 0, done.stderr
    assert "compute-capability 6.1 8.6, driver 550.54.14" in done.stdout
    assert "NVIDIA GeForce GTX 1080 Ti" in done.stdout
    assert "[nvidia-driver-older-than-newest-builds]" in done.stdout


def test_this_machine_recorded_is_the_same_machine(tmp_path: Path) -> None:
    file = tmp_path / "here.json"
    live = provenv("detect", "--json", "--record", str(file))
    assert live.returncode == 0, live.stderr

    replayed = provenv("detect", "--json", "--from", str(file))

    assert json.loads(replayed.stdout) == json.loads(live.stdout)


def test_a_file_that_is_none_is_an_input_error(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text("hello")

    done = provenv("detect", "--from", str(file), "--json")

    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["kind"] == "input"


def test_the_plugins_are_listed_with_their_distribution() -> None:
    done = provenv("plugin", "list", "--json")

    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    assert listed["problems"] == []
    cuda = {"kind": "accelerator", "name": "cuda", "distribution": "provenv", "plugin": "cuda"}
    assert {**cuda, "version": __version__, "module": "provenv_plugins.cuda"} in listed["plugins"]
