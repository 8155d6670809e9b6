"""Probes: the live machine, its recording, and the recording replayed somewhere else."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from provenv.errors import InputError
from provenv.hooks.manager import plugins
from provenv.hooks.types import CommandResult, Probe
from provenv.host import Host
from provenv.probe import LiveProbe
from provenv.recording import RecordedProbe, RecordingProbe, load_probe
from provenv.scrubbing import Identity, scrub
from support import machines


def test_a_live_probe_reads_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"one\xff\n")
    (tmp_path / "a").mkdir()
    probe = LiveProbe()

    assert probe.file(str(tmp_path / "b")) == "one\ufffd\n"
    assert probe.folder(str(tmp_path)) == ("a", "b")


def test_what_is_not_there_is_none_and_never_an_error(tmp_path: Path) -> None:
    probe = LiveProbe()

    assert probe.file(str(tmp_path / "none")) is None
    assert probe.file(str(tmp_path)) is None
    assert probe.file("nul\0name") is None
    assert probe.folder(str(tmp_path / "none")) == ()
    assert probe.command(["no-such-program-anywhere"]) is None
    assert probe.environment("NO_SUCH_VARIABLE_ANYWHERE") is None
    assert probe.python("favourite_colour") is None
    if sys.platform != "win32":
        assert probe.registry(r"HKLM\SOFTWARE", "x") is None


class Winreg(ModuleType):
    """The part of Python's winreg that the probe uses, over a dict; there is no Windows here to ask.

    As its documentation has it: `OpenKey(key, sub_key)` gives a handle that is a context manager,
    `QueryValueEx(key, value_name)` a tuple of value and type; both raise OSError for what is not there.
    """

    HKEY_CURRENT_USER = 0x80000001
    HKEY_LOCAL_MACHINE = 0x80000002

    def __init__(self, keys: Mapping[tuple[int, str], Mapping[str, tuple[object, int]]]) -> None:
        super().__init__("winreg")
        self.opened = 0
        self._keys = keys

    def OpenKey(  # noqa: N802  (winreg's own name)
        self, key: int, sub_key: str, reserved: int = 0, access: int = 0x20019
    ) -> AbstractContextManager[Mapping[str, tuple[object, int]]]:
        if "\0" in sub_key:
            raise ValueError("embedded null character")
        if (key, sub_key) not in self._keys:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        self.opened += 1
        return self._handle(self._keys[key, sub_key])

    @contextmanager
    def _handle(self, values: Mapping[str, tuple[object, int]]) -> Iterator[Mapping[str, tuple[object, int]]]:
        yield values
        self.opened -= 1

    def QueryValueEx(  # noqa: N802  (winreg's own name)
        self, key: Mapping[str, tuple[object, int]], value_name: str
    ) -> tuple[object, int]:
        if value_name not in key:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return key[value_name]


REG_SZ, REG_BINARY, REG_DWORD, REG_MULTI_SZ, REG_QWORD = 1, 3, 4, 7, 11
DISPLAY = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}\0000"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Winreg:
    made = Winreg(
        {
            (Winreg.HKEY_LOCAL_MACHINE, DISPLAY): {
                "DriverDesc": ("NVIDIA GeForce RTX 4070", REG_SZ),
                "HardwareInformation.qwMemorySize": (12878610432, REG_QWORD),
                "HardwareInformation.MemorySize": (b"\x00\x00\xf0\xff", REG_BINARY),
                "UserModeDriverName": (["a.dll", "b.dll"], REG_MULTI_SZ),
                "Empty": (None, REG_BINARY),
            },
            (Winreg.HKEY_CURRENT_USER, r"Software\X"): {"on": (0, REG_DWORD)},
        }
    )
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "winreg", made)
    return made


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("DriverDesc", "NVIDIA GeForce RTX 4070"),
        ("HardwareInformation.qwMemorySize", "12878610432"),
        ("HardwareInformation.MemorySize", "0000f0ff"),
        ("UserModeDriverName", "a.dll\nb.dll"),
        ("Empty", ""),
        ("NoSuchValue", None),
    ],
)
def test_a_value_of_the_registry_is_a_text_whatever_its_type(
    registry: Winreg, value: str, answer: str | None
) -> None:
    assert LiveProbe().registry(rf"HKLM\{DISPLAY}", value) == answer


def test_the_registry_s_roots_and_keys_that_are_not_there(registry: Winreg) -> None:
    probe = LiveProbe()

    assert probe.registry(r"HKCU\Software\X", "on") == "0"
    assert probe.registry(r"HKLM\Software\X", "on") is None
    assert probe.registry(r"HKZZ\Software\X", "on") is None
    assert probe.registry("HKLM\\nul\0key", "on") is None
    assert registry.opened == 0


def test_a_command_is_run_once_however_often_it_is_asked(tmp_path: Path) -> None:
    script = f"import pathlib; p = pathlib.Path({str(tmp_path / 'n')!r}); p.open('a').write('x')"
    probe = LiveProbe()

    assert probe.command([sys.executable, "-c", script]) == probe.command([sys.executable, "-c", script])
    assert (tmp_path / "n").read_text() == "x"


def test_a_command_answers_with_its_code_and_both_streams() -> None:
    script = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"

    assert LiveProbe().command([sys.executable, "-c", script]) == CommandResult(3, "out\n", "err\n")


def test_a_command_that_hangs_is_given_up_in_time() -> None:
    before = time.monotonic()

    answer = LiveProbe().command([sys.executable, "-c", "import time; time.sleep(60)"], seconds=0.5)

    assert answer is not None
    assert answer.exit_code is None
    assert time.monotonic() - before < 20


def test_a_library_script_answers_with_its_object() -> None:
    script = "import ctypes, json; print(json.dumps({'size': ctypes.sizeof(ctypes.c_int)}))"

    assert LiveProbe().library(script) == {"size": 4}


def program(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(os.name == "nt", reason="a program is told by its ending there")
def test_every_program_of_a_name_is_found_in_the_order_of_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = program(tmp_path / "b" / "tool"), program(tmp_path / "a" / "tool")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "tool").write_text("not to be run")
    (tmp_path / "link").symlink_to(tmp_path / "b")
    folders = [tmp_path / name for name in ("none", "b", "c", "link", "a", "b")]
    monkeypatch.setenv("PATH", os.pathsep.join(["", *map(str, folders)]))

    assert LiveProbe().executables("tool") == (first, second)
    assert LiveProbe().executables("no-such-tool") == ()


def test_a_path_that_is_not_there_yet_lies_on_the_disk_of_its_parent(tmp_path: Path) -> None:
    probe = LiveProbe()
    here = probe.disk(str(tmp_path))

    assert here is not None
    assert 0 < here[1] <= here[0]
    there = probe.disk(str(tmp_path / "a" / "b"))
    assert there is not None
    assert there[0] == here[0]
    assert probe.exists("nul\0name") in (False, None)


@pytest.mark.parametrize(
    "folder", ["lib/python3.12/site-packages", "Lib/site-packages", "lib/python3/dist-packages"]
)
def test_distributions_are_told_by_their_metadata_folders(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    for name in (
        "torch-2.9.0+cu128.dist-info",
        "ruamel.yaml-0.18.6.dist-info",
        "Some_Thing-1.0-py3.12.egg-info",
        "torch-2.8.0.dist-info",
        "torch",
        "~orch-2.7.0",
    ):
        (place / name).mkdir(parents=True)

    found = LiveProbe().distributions(str(tmp_path))

    assert [(one.name, one.version) for one in found] == [
        ("ruamel-yaml", "0.18.6"),
        ("some-thing", "1.0"),
        ("torch", "2.8.0"),
        ("torch", "2.9.0+cu128"),
    ]
    assert {one.folder for one in found} == {str(place)}
    assert LiveProbe().distributions(str(tmp_path / "none")) == ()
    assert LiveProbe().distributions("") == ()


@pytest.mark.parametrize(
    "script",
    [
        "import os; os.abort()",
        "import ctypes; ctypes.string_at(0)",
        "print('no json')",
        "print('[1]')",
        "raise SystemExit(1)",
        "import time; time.sleep(60)",
    ],
)
def test_a_library_script_that_crashes_hangs_or_babbles_is_none(script: str) -> None:
    assert LiveProbe().library(script, seconds=2.0) is None


def test_the_interpreter_s_facts_are_its_own() -> None:
    probe = LiveProbe()

    assert probe.python("version") == ".".join(map(str, sys.version_info[:3]))
    assert probe.python("executable") == sys.executable
    assert probe.python("bits") in ("32", "64")
    if sys.platform == "linux":
        assert probe.python("system") == "Linux"
        assert probe.python("libc") in ("glibc", "musl")


def answers_of(probe: Probe, folder: Path) -> list[object]:
    return [
        probe.python("version"),
        probe.python("nothing"),
        probe.file(str(folder / "a.txt")),
        probe.file(str(folder / "none")),
        probe.folder(str(folder)),
        probe.command([sys.executable, "-c", "print('it''s', 1)"]),
        probe.command(["no-such-program-anywhere"]),
        probe.environment("PROVENV_TEST_WORD"),
        probe.registry(r"HKLM\SOFTWARE", "x"),
        probe.sysctl("hw.memsize"),
        probe.library("# test: one\nprint('{\"one\": 1}')"),
        probe.exists(str(folder / "a.txt")),
        probe.exists(str(folder / "none")),
        probe.executables("python-of-this-test"),
        probe.executables("no-such-program-anywhere"),
        probe.disk(str(folder)) is not None,
        probe.distributions(str(folder)),
        probe.library("# test: none\nraise SystemExit(1)"),
    ]


def test_a_recording_answers_as_the_machine_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENV_TEST_WORD", "yes")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text("text\n")
    (folder / "Lib" / "site-packages" / "torch-2.9.0+cpu.dist-info").mkdir(parents=True)
    recording = RecordingProbe(LiveProbe())
    said = answers_of(recording, folder)

    recording.save(tmp_path / "probe.json")
    monkeypatch.delenv("PROVENV_TEST_WORD")
    (folder / "a.txt").unlink()

    assert answers_of(load_probe(tmp_path / "probe.json"), folder) == said


def test_a_recording_of_a_machine_gives_the_same_detection(tmp_path: Path) -> None:
    gpu = ("NVIDIA GeForce RTX 4090", "8.9", 24564)
    recording = RecordingProbe(machines.linux(**machines.nvml("550.54.14", "12.4", gpu)))
    live = Host(plugins(), recording)
    before = (live.platform, live.envelope, live.detections, live.findings)

    recording.save(tmp_path / "probe.json")
    replayed = Host(plugins(), load_probe(tmp_path / "probe.json"))

    assert (replayed.platform, replayed.envelope, replayed.detections, replayed.findings) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "it is no JSON"),
        ("[]", 'it is no object with "provenv-probe": 1'),
        ('{"provenv-probe": 2}', 'it is no object with "provenv-probe": 1'),
        ('{"provenv-probe": 1, "file": []}', "its file is no object"),
        ("Collecting environment information...", "it is no JSON"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "probe.json"
    file.write_text(text)

    with pytest.raises(InputError) as caught:
        load_probe(file)

    assert said in caught.value.evidence[0]
    assert "detect --record" in caught.value.hints[0]


def test_a_recording_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't read the recorded probe"):
        load_probe(tmp_path / "none.json")


def test_answers_of_the_wrong_kind_are_no_answers() -> None:
    probe = RecordedProbe(
        {
            "file": {"/a": 7},
            "folder": {"/b": "x"},
            "command": {"c": 1},
            "library": {"d": []},
            "distributions": {"/e": [["torch"], "x", ["torch", 2]]},
            "exists": {"/f": "yes"},
            "executables": {"g": "x"},
            "disk": {"/h": [1]},
        }
    )

    assert probe.file("/a") is None
    assert probe.folder("/b") == ()
    assert probe.command(["c"]) is None
    assert probe.distributions("/e") == ()
    assert (probe.exists("/f"), probe.executables("g"), probe.disk("/h")) == (None, None, None)
    assert probe.library("# d") is None


WANG = Identity("wangfang", "/home/wangfang", "lab-gpu-7.corp.example")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("/home/wangfang/env/bin/python", "/home/user/env/bin/python"),
        ("Linux lab-gpu-7 6.8.0 #1 SMP", "Linux host 6.8.0 #1 SMP"),
        ("lab-gpu-7.corp.example", "host"),
        ("owner: wangfang (1000)", "owner: user (1000)"),
        ("wangfangs-tool 1.0", "wangfangs-tool 1.0"),
        (
            "GPU 0: NVIDIA A100 (UUID: GPU-8f6d2b1c-1234-5678-9abc-def012345678)",
            "GPU 0: NVIDIA A100 (UUID: GPU-00000000-0000-0000-0000-000000000000)",
        ),
        (
            "    Serial Number       : 1320523041234\n    Bus : 0x01",
            "    Serial Number       : (removed)\n    Bus : 0x01",
        ),
        ("Serial Number (system): C02XG0FDJGH5", "Serial Number (system): (removed)"),
        ("<serial>1320523041234</serial>", "<serial>(removed)</serial>"),
        ("http://wang:pw@proxy.example:8080", "http://***@proxy.example:8080"),
        ("link/ether 3c:ec:ef:12:34:56", "link/ether 00:00:00:00:00:00"),
        ("00000000:01:00.0 driver 550.54.14", "00000000:01:00.0 driver 550.54.14"),
    ],
)
def test_people_and_the_single_machine_are_taken_out(text: str, kept: str) -> None:
    assert scrub({"a": [text, 1, None]}, WANG) == {"a": [kept, 1, None]}


def test_names_that_say_nothing_of_anybody_stay() -> None:
    text = "admin on ubuntu, /home/admin/x"

    assert scrub(text, Identity("admin", "/home/admin", "ubuntu")) == text


def test_a_saved_recording_holds_no_name_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "wangfang"))
    monkeypatch.setenv("USER", "wangfang")
    monkeypatch.setenv("LOGNAME", "wangfang")
    monkeypatch.setenv("WHERE", os.path.expanduser("~/env"))  # noqa: PTH111  # as the code under test does
    recording = RecordingProbe(LiveProbe())
    recording.environment("WHERE")
    recording.environment("USER")

    recording.save(tmp_path / "probe.json")

    document = json.loads((tmp_path / "probe.json").read_text())
    assert document["environment"] == {"USER": "user", "WHERE": "/home/user/env"}


def test_a_gpu_s_serial_is_taken_out_and_its_parts_still_belong_together() -> None:
    one, other = "unique_id 10123456789012345678\n", "unique_id 10999999999999999999\n"

    first, again, second = (str(scrub(text, WANG)) for text in (one, one, other))

    assert first == again != second
    assert len(first.split()[1]) == 6
    assert scrub("unique_id 0\n", WANG) == "unique_id 0\n"  # a processor has none


def test_where_a_recording_comes_from_is_kept_when_it_is_recorded_again(tmp_path: Path) -> None:
    file = tmp_path / "made.json"
    file.write_text('{"provenv-probe": 1, "provenance": "made up", "python": {"system": "Linux"}}')

    RecordingProbe(load_probe(file)).save(tmp_path / "again.json")

    assert load_probe(tmp_path / "again.json").provenance == "made up"
    file.write_text('{"provenv-probe": 1, "provenance": ["made up"]}')
    with pytest.raises(InputError, match="is no recorded probe"):
        load_probe(file)
