"""What Windows says of GPUs without their maker's driver."""

from __future__ import annotations

import pytest

from provenv.recording import RecordedProbe, command_line
from provenv_plugins.windows_displays import BASIC, COMMAND, Display, displays, stopped, without_driver

IDS = r"PCI\VEN_10DE&DEV_2684&REV_A1 PCI\VEN_10DE&CC_030000 PCI\CC_0300"


def windows(answer: object, **registry: str) -> RecordedProbe:
    keys = {f"{BASIC}|{name.lstrip('_')}": value for name, value in registry.items()}
    return RecordedProbe(
        {"python": {"system": "Windows"}, "command": {command_line(COMMAND): answer}, "registry": keys}
    )


def told(service: str, code: str = "0", ids: str = IDS, name: str = "a name") -> RecordedProbe:
    return windows(f"VEN_10DE&DEV_2684&SUBSYS_889D1043&REV_A1|{service}|{code}|{ids}|{name}\r\n")


@pytest.mark.parametrize(
    ("probe", "seen"),
    [
        (told("nvlddmkm"), Display("10de:2684", "a name", has_driver=True)),
        (told("nvlddmkm", "43"), Display("10de:2684", "a name", has_driver=True, problem="43")),
        (told("BasicDisplay"), Display("10de:2684", "a name", has_driver=False)),
        (told("", "28"), Display("10de:2684", "a name", has_driver=False, problem="28")),
        (told("nvlddmkm", "28"), Display("10de:2684", "a name", has_driver=False, problem="28")),
        (told("nvlddmkm", name="a | b"), Display("10de:2684", "a | b", has_driver=True)),
        (told("", "28", r"PCI\CC_120000"), Display("10de:2684", "a name", has_driver=False, problem="28")),
    ],
)
def test_a_display_is_read_with_its_driver_and_problem(probe: RecordedProbe, seen: Display) -> None:
    assert displays(probe, "10de") == (seen,)
    assert displays(probe, "1002") == ()


@pytest.mark.parametrize(
    "probe",
    [
        told("HDAudBus", ids=r"PCI\CC_040300 PCI\CC_0403"),
        windows("rubbish\n|||\nVEN_10DE|x|0|PCI\\CC_0300|half an id\n"),
        windows({"exit_code": None, "stdout": "", "stderr": "no answer within 15 seconds"}),
        windows(None),
        RecordedProbe({"python": {"system": "Linux"}}),
    ],
)
def test_what_is_no_display_or_no_answer_is_none(probe: RecordedProbe) -> None:
    assert displays(probe, "10de") == ()


def test_without_powershell_the_devices_of_windows_own_driver_are_known() -> None:
    listed = {
        "_0": r"PCI\VEN_1002&DEV_747E&SUBSYS_0&REV_C8\4&2283f625&0&0008",
        "_1": r"ROOT\BasicDisplay\0000",
    }
    probe = windows(None, **listed)

    assert displays(probe, "1002") == (Display("1002:747e", "", has_driver=False),)


def test_the_first_gpu_without_a_driver_is_told() -> None:
    good, bad = Display("10de:1", "GOOD", has_driver=True), Display("10de:2", "BAD", has_driver=False)

    assert without_driver([good]) is None
    assert without_driver([good, bad]) == (
        "there is a GPU 10de:2 in this machine without a driver of its maker's; Windows shows it as 'BAD'"
    )


@pytest.mark.parametrize(
    ("code", "said", "remedy"),
    [
        ("22", "code 22, it is disabled", "enable it in Device Manager (devmgmt.msc)"),
        ("43", "code 43, its driver reported a fault, and Windows stopped it", "anew"),
        ("47", "code 47, Device Manager says more", "anew"),
    ],
)
def test_a_gpu_that_windows_does_not_run_is_told_with_the_code(code: str, said: str, remedy: str) -> None:
    (finding,) = stopped([Display("10de:1", "X", has_driver=True, problem=code)], "anew")

    assert finding.message == f"Windows does not run X: {said}"
    assert (finding.remedy, finding.severity) == (remedy, "error")


def test_a_gpu_that_runs_or_has_no_driver_is_not_stopped() -> None:
    assert not [*stopped([Display("a:1", "", True), Display("a:2", "", False, "28")], "anew")]
