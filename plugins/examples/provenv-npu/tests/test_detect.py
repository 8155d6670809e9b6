"""Machines in, detections and findings out."""

import json
from pathlib import Path

import pytest
from provenv_npu.detect import detect, diagnose, read_npu_smi

from provenv.hooks import Envelope
from provenv.recording import RecordedProbe, load_probe

ATLAS = Path(__file__).parent / "machines" / "atlas-910b4.json"

# vllm-project/vllm-ascend #12980: two chips a card, a column more
A3 = (ATLAS.parent / "npu-smi-a3.txt").read_text(encoding="utf-8")
INFERENCE = """\
| npu-smi 23.0.3                   Version: 23.0.3                                               |
| 0     310P3               | OK            | NA          38                0    / 0             |
| 0     0                   | 0000:01:00.0  | 0           1573 / 21534                           |
"""


def atlas(**changes):
    """The recorded server with some answers changed."""
    answers = json.loads(ATLAS.read_text(encoding="utf-8"))
    return RecordedProbe(
        {kind: answers.get(kind, {}) for kind in answers if kind != "provenv-probe"} | changes
    )


def codes(probe):
    return [finding.code for finding in diagnose(probe)]


def test_two_cards_with_their_memory_driver_and_cann():
    found = detect(load_probe(ATLAS))

    assert found.usable
    assert [(device.name, device.memory_mib) for device in found.devices] == [("Ascend 910B4", 32768)] * 2
    assert found.envelope == Envelope.of({"cann": "9.0.0"})
    assert dict(found.facts) == {"npu-driver": "24.1.1"}
    assert codes(load_probe(ATLAS)) == []


def test_every_chip_of_a_card_counts():
    found = list(read_npu_smi(A3))

    assert [(npu.name, npu.health, npu.memory_mib, npu.trains) for npu in found] == [
        ("Ascend910", "OK", 65536, True),
        ("Ascend910", "Warning", 65536, True),
    ]


def test_a_card_that_is_not_well_is_told_of():
    assert codes(atlas(command={"npu-smi info": A3})) == ["npu-unhealthy"]


def test_an_inference_card_is_no_device_to_train_on():
    probe = atlas(command={"npu-smi info": INFERENCE})

    assert not detect(probe).usable
    assert detect(probe).devices[0].memory_mib == 21534
    assert codes(probe) == ["npu-does-not-train"]


def test_without_npu_smi_the_device_nodes_tell():
    found = detect(atlas(command={}))

    assert found.usable
    assert [device.name for device in found.devices] == [
        "Ascend NPU (/dev/davinci0)",
        "Ascend NPU (/dev/davinci1)",
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"file": {}}, "npu-cann-missing"),
        ({"environment": {}}, "npu-environment-unset"),
        ({"folder": {"/dev": ["null"]}}, "npu-device-node-missing"),
    ],
)
def test_what_is_missing_is_told_of(change, code):
    assert codes(atlas(**change)) == [code]


def test_a_cann_that_no_torch_npu_is_listed_for_is_told_of():
    path = "/usr/local/Ascend/ascend-toolkit/latest/aarch64-linux/ascend_toolkit_install.info"

    assert codes(atlas(file={path: "version=5.1.RC1\n"})) == ["npu-cann-unknown"]


def test_another_machine_has_none():
    for system in ("Linux", "Windows", "Darwin"):
        probe = RecordedProbe({"python": {"system": system}})
        assert not detect(probe).usable
        assert codes(probe) == []
