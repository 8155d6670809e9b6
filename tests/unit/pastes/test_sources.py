"""`--from PATH...`: files, folders, standard input and recordings, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from provenv.errors import InputError
from provenv.hooks import Paste, PasteReader, Reading
from provenv.hooks.manager import plugins
from provenv.host import Host
from provenv.pastes.decoding import decode
from provenv.pastes.gathering import gather
from provenv.pastes.sources import probe_from
from provenv.pastes.understanding import PasteProbe, understand
from provenv.recording import RecordedProbe, RecordingProbe

LIST = "GPU 0: NVIDIA L4 (UUID: GPU-0)\n"
UNAME = "Linux box 6.8.0-1 #1 SMP Wed Feb 7 13:27:48 UTC 2024 x86_64 x86_64 x86_64 GNU/Linux\n"


def detect(*argv: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "provenv", "detect", "--json", "--from", *argv]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=120)


def answer_of(done: subprocess.CompletedProcess[str]) -> Any:  # a document as JSON has it
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_files_folders_and_standard_input_are_one_machine(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "uname.txt").write_text(UNAME)
    version = tmp_path / "version.txt"
    version.write_text("DRIVER version      : 550.54.15\n")

    answer = answer_of(detect(str(folder), str(version), "-", text=LIST))

    assert (answer["os"], answer["arch"], answer["driver"]) == ("linux", "x86_64", "550.54.15")
    assert [gpu["name"] for gpu in answer["gpus"]] == ["NVIDIA L4"]


def test_a_text_in_which_there_is_no_machine_is_refused_with_what_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "poem.txt"
    file.write_text("Shall I compare thee\nto a summer's day?\n")

    done = detect(str(file))

    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert "poem.txt" in error["message"]
    assert error["evidence"] == ["poem.txt begins 'Shall I compare thee'"]
    assert "nvidia-smi" in error["hints"][0]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe"])
def test_an_empty_text_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "empty.txt"
    file.write_bytes(content)

    with pytest.raises(InputError, match="tells of a machine") as caught:
        probe_from([str(file)], plugins())

    assert caught.value.evidence == ("there is no text in it",)


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't read"):
        probe_from([str(tmp_path / "none.txt")], plugins())


def test_a_folders_files_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        (tmp_path / f"node{number}").mkdir()
        (tmp_path / f"node{number}" / "name").write_text(str(number))

    assert [paste.text for paste in gather([str(tmp_path)])] == ["1", "9", "10"]


def test_a_recorded_paste_is_the_same_machine(tmp_path: Path) -> None:
    (tmp_path / "smi.txt").write_text(LIST + UNAME)
    recording = RecordingProbe(probe_from([str(tmp_path / "smi.txt")], plugins()))
    pasted = Host(plugins(), recording)
    seen = (pasted.os, pasted.devices, pasted.usable, pasted.findings)
    recording.save(tmp_path / "box.json")

    replayed = Host(plugins(), probe_from([str(tmp_path / "box.json")], plugins()))

    assert isinstance(replayed.probe, RecordedProbe)
    assert (replayed.os, replayed.devices, replayed.usable, replayed.findings) == seen


def test_a_files_path_tells_which_file_of_the_machine_it_is() -> None:
    pastes = [Paste("dump/proc/driver/nvidia/version", "NVRM"), Paste("dump/sys/class/drm/card0/uevent", "x")]

    probe = PasteProbe(pastes, ())

    assert probe.file("/proc/driver/nvidia/version") == "NVRM"
    assert probe.folder("/sys/class/drm") == ("card0",)
    assert probe.file("/proc/cpuinfo") is None


def test_of_two_answers_the_first_readers_stands_and_a_failing_reader_is_named() -> None:
    def fails(pastes: object) -> Reading:
        raise RuntimeError("no such\nthing")

    readers = [
        PasteReader("first", 10, lambda pastes: Reading({"python": {"system": "Linux"}})),
        PasteReader("broken", 20, fails),
        PasteReader(
            "second", 30, lambda pastes: Reading({"python": {"system": "Windows", "version": "3.12"}})
        ),
    ]

    understood = understand([Paste("-", "text")], readers)
    probe = PasteProbe([Paste("-", "text")], understood.readings)

    assert (probe.python("system"), probe.python("version")) == ("Linux", "3.12")
    assert understood.problems == ("the paste reader broken failed: RuntimeError: no such thing",)


def test_a_file_that_is_padded_with_zeros_is_no_utf_16() -> None:
    assert decode(b"DRIVER=amdgpu\nPCI_ID=1002:73BF\n" + bytes(4000)) == "DRIVER=amdgpu\nPCI_ID=1002:73BF\n"
    assert decode("GPU 0: NVIDIA L4\n".encode("utf-16-le")) == "GPU 0: NVIDIA L4\n"
