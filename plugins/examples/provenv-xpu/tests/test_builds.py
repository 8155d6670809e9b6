"""Targets in, builds out."""

import pytest
from provenv_xpu import accepts, check_family, features
from provenv_xpu.builds import choose, releases
from provenv_xpu.families import families, table

from provenv.hooks import Context, Envelope


def target(os="linux", python="3.12.0", **promised):
    envelope = Envelope.of({word.replace("_", "-"): value for word, value in promised.items()})
    return Context(f"{os}-x86_64", os, "x86_64", python, envelope)


@pytest.mark.parametrize("os", ["linux", "windows"])
def test_there_is_one_build_from_pytorch_s_index(os):
    (build,) = choose(target(os)).offered

    assert build.index == "https://download.pytorch.org/whl/xpu"
    assert build.locals == ("xpu", "")
    assert build.constraints == ()
    assert {"triton-xpu", "pytorch-triton-xpu", "torch"} <= set(build.packages)


@pytest.mark.parametrize(
    ("gpus", "constraints"),
    [
        ("alchemist", ("torch>=2.5",)),
        ("battlemage", ("torch>=2.7",)),
        (("battlemage", "panther-lake"), ("torch>=2.12",)),
    ],
)
def test_a_promised_gpu_keeps_torch_to_the_releases_that_list_it(gpus, constraints):
    (build,) = choose(target(intel_gpu=gpus)).offered

    assert build.constraints == constraints


@pytest.mark.parametrize(
    ("promised", "said"),
    [
        ({"intel_gpu": "tiger-lake"}, "does not list 11th generation Core (Tiger Lake)"),
        ({"glibc": "2.17"}, "need glibc 2.28; this target promises 2.17"),
        ({"musl": "1.2"}, "no wheel for musl"),
    ],
)
def test_why_there_is_none(promised, said):
    answer = choose(target(**promised))

    assert answer.offered == ()
    assert said in answer.rejected[0].reason


def test_linux_and_windows_on_x86_64_alone():
    assert accepts("linux", "x86_64") is None
    assert accepts("windows", "x86_64") is None
    assert "macos on arm64" in accepts("macos", "arm64")


def test_a_family_is_one_of_the_table():
    assert check_family("battlemage") is None
    assert "known are panther-lake, battlemage" in check_family("arc")


def test_every_id_is_in_one_family_and_spelt_as_sysfs_does():
    ids = [id_ for family in families() for id_ in family.ids]

    assert len(ids) == len(set(ids))
    assert all(len(id_) == 4 and int(id_, 16) and id_ == id_.lower() for id_ in ids)


def test_the_name_of_triton_changes_after_2_9():
    found = {row.version: dict(row.goes_with) for row in releases("torch", target()).rows}

    assert found["2.9.1"]["pytorch-triton-xpu"] == "3.5.0"
    assert found["2.12.0"] == {"torchvision": "0.27.0", "triton-xpu": "3.7.1"}
    assert next(iter(found)) == "2.14.0"
    assert len(found) == len(table("builds")["release"])


def test_a_release_before_the_promised_gpu_does_not_run():
    rows = {row.version: row for row in releases("torch", target(intel_gpu="panther-lake")).rows}

    assert rows["2.9.1"].why == "the promised GPU is listed from torch 2.12 on"
    assert rows["2.12.0"].runs


@pytest.mark.parametrize(
    ("promised", "facts"),
    [
        ({}, ()),
        ({"intel_gpu": "battlemage"}, ("intel :: device_ip :: 20.1.0",)),
        ({"intel_gpu": "alder-raptor-lake"}, ()),
    ],
)
def test_the_promised_gpu_is_a_fact_for_wheel_variants(promised, facts):
    assert features(target(**promised)) == facts
