"""Targets in, pairs of torch and torch-npu out."""

import pytest
from provenv_npu import accepts, check_cann, features, undeclared
from provenv_npu.builds import choose, pairs, releases, serving
from provenv_npu.cann import cann_key

from provenv.hooks import Context, Envelope


def target(python="3.11.0", arch="aarch64", **promised):
    return Context(f"linux-{arch}", "linux", arch, python, Envelope.of(promised))


@pytest.mark.parametrize(
    ("cann", "python", "newest"),
    [
        ("9.1.0", "3.12.0", ("torch==2.12.0", "torch-npu==2.12.0")),
        ("9.0.0", "3.11.0", ("torch==2.9.0", "torch-npu==2.9.0.post2")),
        ("8.5.0", "3.11.0", ("torch==2.9.0", "torch-npu==2.9.0")),
        ("8.3.RC1", "3.11.0", ("torch==2.8.0", "torch-npu==2.8.0")),
        ("8.0.RC2", "3.10.0", ("torch==2.3.1", "torch-npu==2.3.1")),
    ],
)
def test_the_newest_pair_of_a_promised_cann(cann, python, newest):
    first = choose(target(python, cann=cann)).offered[0]

    assert first.constraints == newest
    assert first.index == "https://download.pytorch.org/whl/cpu"
    assert "torch-npu" not in first.packages
    assert first.locals == ("cpu", "")


def test_all_pairs_of_one_cann_and_no_other_newest_torch_first():
    names = [build.name for build in choose(target(cann="9.0.0")).offered]

    assert names == ["torch2.9.0-cann9.0.0", "torch2.8.0-cann9.0.0", "torch2.7.1-cann9.0.0"]


def test_without_a_promise_the_newest_torch_comes_first():
    offered = choose(target()).offered

    assert offered[0].name == "torch2.12.0-cann9.1.0"
    assert len(offered) == len([pair for pair in pairs() if not pair.python or "3.11" in pair.python])


@pytest.mark.parametrize(
    ("promised", "serves"),
    [
        ("8.3.RC2", "8.3.RC1"),
        ("8.0.1", "8.0.0"),
        ("8.0.RC1", "8.0.RC1"),
        ("8.4.0", None),
        ("9.1.0-beta.1", None),
    ],
)
def test_a_cann_between_two_of_the_table_is_served_by_the_one_before_it(promised, serves):
    assert serving(promised) == serves


@pytest.mark.parametrize(
    ("promised", "said"),
    [
        ({"cann": "8.4.0"}, "is for CANN 9.1.0; this target promises 8.4.0"),
        ({"glibc": "2.17"}, "need glibc 2.28; this target promises 2.17"),
        ({"musl": "1.2"}, "no wheel for musl"),
    ],
)
def test_why_there_is_none(promised, said):
    answer = choose(target(**promised))

    assert answer.offered == ()
    assert said in answer.rejected[0].reason


def test_a_python_that_a_pair_is_not_for_is_the_reason():
    answer = choose(target("3.13.0", cann="8.2.RC1"))

    reasons = {rejected.build: rejected.reason for rejected in answer.rejected}
    assert reasons["torch2.6.0-cann8.2.RC1"] == (
        "torch-npu 2.6.0 is for Python 3.9 to 3.11; this target has 3.13"
    )


def test_what_no_table_pairs_is_not_offered():
    reasons = {rejected.build: rejected.reason for rejected in choose(target()).rejected}

    assert "for which CANN it is, no table says" in reasons["torch-npu-2.14.0"]


def test_the_order_of_cann_versions():
    texts = [
        "7.0.RC1",
        "7.0.0",
        "8.0.RC1",
        "8.0.RC3",
        "8.0.0",
        "8.0.1",
        "8.3.RC1",
        "9.0.0-beta.2",
        "9.0.0",
        "10.0.0",
    ]

    assert sorted(texts, key=cann_key) == texts
    assert check_cann("9.1.0") is None
    assert "no CANN version" in check_cann("newest")


def test_torch_brings_torch_npu():
    assert undeclared("torch", "2.9.0+cpu") == ("torch-npu",)
    assert undeclared("numpy", "2.1") == ()


def test_linux_alone():
    assert accepts("linux", "aarch64") is None
    assert "windows" in accepts("windows", "x86_64")


def test_the_table_of_pairs_says_what_decides():
    (row,) = [row for row in releases("torch", target()).rows if row.version == "2.12.0"]

    assert row.goes_with == (("torch-npu", "2.12.0"),)
    assert (row.runs, row.why) == (None, "where CANN 9.1.0 is installed")


@pytest.mark.parametrize(
    ("promised", "facts"),
    [
        ({}, ()),
        ({"cann": "9.1.0"}, ("ascend :: cann_version :: 9.1.0",)),
        ({"cann": "8.3.RC1"}, ("ascend :: cann_version :: 8.3.rc1",)),
    ],
)
def test_the_promised_cann_is_a_fact_for_wheel_variants(promised, facts):
    assert features(target(**promised)) == facts
