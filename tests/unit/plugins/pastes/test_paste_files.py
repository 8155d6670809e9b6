"""The pastes of tests/data/pastes: each is read as its file says, and nothing is made up."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from provenv.doctor.checkup import check_up
from provenv.hooks.manager import plugins
from provenv.host import Host
from support.pasted import codes, detected, probe_of

FOLDER = Path(__file__).resolve().parents[3] / "data" / "pastes"
Case = Mapping[str, Any]  # a table of such a file


def cases() -> dict[str, Case]:
    found: dict[str, Case] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["paste"]:
            assert case["name"] not in found, case["name"]
            found[case["name"]] = case
    return found


CASES = cases()
SIMPLE = ("os", "arch", "libc", "python", "driver", "cuda_reported", "torch")


def bytes_of(case: Case) -> bytes:
    text: str = case["text"].replace("\n", case.get("line_end", "\n"))
    return text.encode(case.get("encoding", "utf-8"))


def gpu(told: Mapping[str, Any]) -> tuple[object, ...]:
    kind = told.get("compute_capability") or told.get("gfx")
    return told["vendor"], told["name"] or "", kind or "", told["memory_mib"] or 0


@pytest.mark.parametrize("name", CASES)
def test_a_paste_is_read_as_an_expert_reads_it(name: str) -> None:
    case = CASES[name]

    answer = detected(bytes_of(case))

    expected = {key: case.get(key) for key in SIMPLE}
    if "torch" in case:  # an empty table: the text says that there is none
        expected["torch"] = {"version": None, **case["torch"]}
    assert {key: answer[key] for key in SIMPLE} == expected
    assert [gpu(one) for one in answer["gpus"]] == [
        tuple([*row, "", "", 0][: len(row)] + ["", "", "", 0][len(row) :]) for row in case.get("gpus", [])
    ]
    assert answer["usable"] == case["usable"]
    assert sorted(codes(answer)) == sorted(case.get("findings", []))


@pytest.mark.parametrize("name", CASES)
def test_the_doctor_finds_in_a_paste_what_is_there_and_no_more(name: str) -> None:
    case = CASES[name]
    host = Host(plugins(), probe_of(bytes_of(case)))

    checkup = check_up(host, None)

    usual = {"paste-leaves-open", "nvidia-driver-older-than-newest-builds"}
    found = {finding.code for finding in checkup.findings} - usual
    assert sorted(found) == sorted({*case.get("findings", []), *case.get("doctor", [])})
    assert checkup.stops is case.get("stops", False)
    assert host.problems == []
