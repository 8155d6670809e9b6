"""Platforms: wheel tags against packaging's own, markers, detection, activation in real shells."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging import tags

from provenv.hooks import Envelope
from provenv.hooks.manager import plugins
from provenv.recording import RecordedProbe
from support import machines

PLATFORMS = plugins().platforms


def envelope(**words: str) -> Envelope:
    return Envelope.of(words)


@pytest.mark.parametrize(("glibc", "arch"), [("2.28", "x86_64"), ("2.17", "x86_64"), ("2.39", "aarch64")])
def test_linux_tags_are_those_of_packaging_for_that_glibc(
    monkeypatch: pytest.MonkeyPatch, glibc: str, arch: str
) -> None:
    manylinux = importlib.import_module("packaging._manylinux")
    monkeypatch.setattr(manylinux, "_get_glibc_version", lambda: tuple(map(int, glibc.split("."))))
    monkeypatch.setattr(manylinux, "_have_compatible_abi", lambda executable, archs: True)
    expected = [*manylinux.platform_tags([arch]), f"linux_{arch}"]

    assert list(PLATFORMS[f"linux-{arch}"].wheel_platform_tags(envelope(glibc=glibc))) == expected


def test_this_machine_s_tags_are_those_of_packaging_the_plain_one_last() -> None:
    if sys.platform != "linux":
        pytest.skip("compares with the running Linux")
    from provenv.host import Host
    from provenv.probe import LiveProbe

    host = Host(plugins(), LiveProbe())

    assert host.platform is not None
    found = PLATFORMS[host.platform].wheel_platform_tags(host.envelope)
    # packaging puts the plain tag first; a file that says which glibc it needs is the better one for a lock
    plain = [tag for tag in tags.platform_tags() if tag.startswith("linux_")]
    assert list(found) == [tag for tag in tags.platform_tags() if tag not in plain] + plain


def test_musl_takes_musllinux_and_no_manylinux() -> None:
    found = PLATFORMS["linux-x86_64"].wheel_platform_tags(envelope(musl="1.2"))

    assert found == ("musllinux_1_2_x86_64", "musllinux_1_1_x86_64", "musllinux_1_0_x86_64", "linux_x86_64")


@pytest.mark.parametrize("arch", ["arm64", "x86_64"])
@pytest.mark.parametrize("version", ["11.0", "12.3", "14.0", "26.1"])
def test_macos_tags_are_those_of_packaging(arch: str, version: str) -> None:
    major, minor = map(int, version.split("."))

    found = PLATFORMS[f"macos-{arch}"].wheel_platform_tags(envelope(macos=version))

    assert list(found) == list(tags.mac_platforms((major, minor), arch))


def test_an_old_intel_mac_takes_the_tags_of_its_own_version_and_below() -> None:
    found = PLATFORMS["macos-x86_64"].wheel_platform_tags(envelope(macos="10.13"))

    assert list(found) == list(tags.mac_platforms((10, 13), "x86_64"))


@pytest.mark.parametrize(("name", "tag"), [("windows-x86_64", "win_amd64"), ("windows-arm64", "win_arm64")])
def test_windows_takes_its_one_tag(name: str, tag: str) -> None:
    assert PLATFORMS[name].wheel_platform_tags(Envelope()) == (tag,)


@pytest.mark.parametrize(
    ("name", "system", "sys_platform", "machine"),
    [
        ("linux-x86_64", "Linux", "linux", "x86_64"),
        ("linux-aarch64", "Linux", "linux", "aarch64"),
        ("macos-arm64", "Darwin", "darwin", "arm64"),
        ("macos-x86_64", "Darwin", "darwin", "x86_64"),
        ("windows-x86_64", "Windows", "win32", "AMD64"),
        ("windows-arm64", "Windows", "win32", "ARM64"),
    ],
)
def test_markers_name_the_machine_as_its_own_python_would(
    name: str, system: str, sys_platform: str, machine: str
) -> None:
    found = PLATFORMS[name].marker_environment(PLATFORMS[name].defaults)

    assert found["platform_system"] == system
    assert found["sys_platform"] == sys_platform
    assert found["platform_machine"] == machine
    assert found["os_name"] == ("nt" if system == "Windows" else "posix")
    assert set(found) >= {"platform_release", "platform_version"}


@pytest.mark.parametrize(
    ("macos", "darwin"), [("11", "20.0.0"), ("14.5", "23.0.0"), ("15.0", "24.0.0"), ("26.0", "25.0.0")]
)
def test_macos_markers_have_darwin_s_release(macos: str, darwin: str) -> None:
    found = PLATFORMS["macos-arm64"].marker_environment(envelope(macos=macos))

    assert found["platform_release"] == darwin


@pytest.mark.parametrize(
    ("probe", "name", "promises"),
    [
        (machines.linux(), "linux-x86_64", {"glibc": "2.35"}),
        (machines.linux("aarch64", "musl 1.2"), "linux-aarch64", {"musl": "1.2"}),
        (machines.macos(version="15.6.1"), "macos-arm64", {"macos": "15.6"}),
        (machines.macos("x86_64", "12.7"), "macos-x86_64", {"macos": "12.7"}),
        (machines.windows(), "windows-x86_64", {}),
        (machines.windows("ARM64"), "windows-arm64", {}),
    ],
)
def test_a_machine_is_of_one_platform_and_promises_its_library(
    probe: RecordedProbe, name: str, promises: dict[str, str]
) -> None:
    found = {key: platform.detect(probe) for key, platform in PLATFORMS.items()}

    assert {key: value for key, value in found.items() if value is not None} == {name: Envelope.of(promises)}


def test_a_32_bit_python_is_of_no_platform_and_is_told_so() -> None:
    probe = machines.linux("aarch64", python={"bits": "32"})
    platform = PLATFORMS["linux-aarch64"]

    assert platform.detect(probe) is None
    assert [finding.code for finding in platform.diagnose(probe)] == ["python-32-bit"]


def test_a_translated_python_is_told_to_use_an_arm64_one() -> None:
    probe = machines.macos("x86_64", sysctl={"sysctl.proc_translated": "1"})

    codes = [(f.code, f.severity) for f in PLATFORMS["macos-x86_64"].diagnose(probe)]

    assert codes == [("python-under-rosetta", "error")]


def test_a_true_intel_mac_has_nothing_to_be_told() -> None:
    assert not list(PLATFORMS["macos-x86_64"].diagnose(machines.macos("x86_64")))


HARD_NAMES = [
    "plain",
    "with space",
    "it's",
    'a "quoted" one',
    "dollar $HOME `id`",
    "back\\slash",
    "Müller-环境",
]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("name", HARD_NAMES)
def test_the_activation_lines_work_in_a_real_shell(tmp_path: Path, shell: str, name: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    scripts = tmp_path / name / "bin"
    scripts.mkdir(parents=True)
    (scripts / "activate").write_text("ACTIVATED=yes\n")
    (scripts / "activate.fish").write_text("set ACTIVATED yes\n")
    lines = PLATFORMS["linux-x86_64"].activation(shell, str(tmp_path / name))

    script = "\n".join([*lines, 'echo "$ACTIVATED"'])
    done = subprocess.run(
        [shell, "-c", script], capture_output=True, text=True, check=False, env={**os.environ}
    )

    assert done.stdout == "yes\n", done.stderr


def test_powershell_takes_every_quotation_mark_twice() -> None:
    lines = PLATFORMS["windows-x86_64"].activation("powershell", "C:\\it's\\d\u2019or")

    assert lines == ("& 'C:\\it''s\\d\u2019\u2019or\\Scripts\\activate.ps1'",)


def test_cmd_keeps_spaces_and_percent_signs() -> None:
    lines = PLATFORMS["windows-x86_64"].activation("cmd", "C:\\my env\\50%")

    assert lines == ('call "C:\\my env\\50%%%%\\Scripts\\activate.bat"',)


def test_an_unknown_shell_has_no_lines() -> None:
    assert PLATFORMS["linux-x86_64"].activation("tcsh", "/env") == ()


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("linux-x86_64", {"glibc": "2.28"}, {"__glibc": "2.28", "__linux": "4.18", "__unix": "0"}),
        ("macos-arm64", {"macos": "14"}, {"__osx": "14.0", "__unix": "0"}),
        ("windows-x86_64", {}, {"__win": "10.0"}),
    ],
)
def test_conda_s_virtual_packages_follow_the_promise(
    name: str, words: dict[str, str], expected: dict[str, str]
) -> None:
    packages = PLATFORMS[name].conda_virtual_packages(Envelope.of(words))

    assert {p.name: p.version for p in packages if p.name != "__archspec"} == expected


@pytest.mark.parametrize(
    ("name", "word", "bad"),
    [("linux-x86_64", "glibc", "two"), ("linux-x86_64", "glibc", "2"), ("macos-arm64", "macos", "sonoma")],
)
def test_a_bad_promise_is_refused_with_an_example(name: str, word: str, bad: str) -> None:
    key = next(key for key in PLATFORMS[name].envelope if key.name == word)

    assert "such as" in str(key.check(bad))
    assert key.check("2.28") is None


def test_windows_tells_of_what_stops_a_newcomer_there() -> None:
    probe = machines.windows(
        registry={r"HKLM\SYSTEM\CurrentControlSet\Control\FileSystem|LongPathsEnabled": "0"},
        executables={"python": [r"C:\Users\user\AppData\Local\Microsoft\WindowsApps\python.exe"]},
        python={"bits": "32", "machine": "x86"},
    )

    found = [
        (one.code, one.severity, "-Path 'HKLM:\\SYSTEM" in one.remedy)
        for one in PLATFORMS["windows-x86_64"].diagnose(probe)
    ]

    assert found == [
        ("python-32-bit", "error", False),
        ("windows-long-paths-off", "warning", True),
        ("python-store-alias", "warning", False),
    ]


def test_windows_says_nothing_of_what_no_one_looked_at() -> None:
    assert list(PLATFORMS["windows-x86_64"].diagnose(machines.windows())) == []
