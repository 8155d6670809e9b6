"""Plugins' values looked at down to the last field, words that can't be taken, and waiting with a limit."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from provenv.hooks.answers import answer_hint, fault
from provenv.hooks.limits import MOST, Hang, Patience, Stray, at_once, bounded
from provenv.hooks.telling import shown, words
from provenv.hooks.types import (
    Accelerator,
    Build,
    Builds,
    Detection,
    Device,
    Envelope,
    EnvelopeKey,
    Finding,
    Platform,
    Rejected,
)
from provenv.hooks.words import RESERVED, word_fault

BUILD = Build("cpu", None, ("torch",))


@pytest.mark.parametrize(
    "value",
    [
        Builds((BUILD,), (Rejected("x", "why"),)),
        Detection(True, (Device("v", "n", 4, facts=(("a", "b"),)),), Envelope.of({"driver": "5"})),
        Finding("code", "words", severity="note"),
    ],
)
def test_a_value_of_the_right_types_has_no_fault(value: object) -> None:
    assert fault(value, type(value), strict=True) is None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Builds((BUILD, "cpu")), ".offered[1] is 'cpu', not Build"),  # type: ignore[arg-type]  # wrong by intent
        (Builds((Build("cpu", 7, ("torch",)),)), ".offered[0].index is 7, not str or None"),  # type: ignore[arg-type]  # wrong by intent
        (Detection(1), ".usable is 1, not bool"),  # type: ignore[arg-type]  # wrong by intent
        (Detection(True, facts=(("a",),)), ".facts[0] is ('a',), not tuple[str, str]"),  # type: ignore[arg-type]  # wrong by intent
        (Detection(True, (Device("v", "n", True),)), ".devices[0].memory_mib is True, not int or None"),
        (Envelope((("driver", "5"),)), ".items[0][1] is '5', not tuple[str, ...]"),  # type: ignore[arg-type]  # wrong by intent
        (Finding("c", "m", severity="bad"), "not 'error' or 'warning' or 'note'"),  # type: ignore[arg-type]  # wrong by intent
    ],
)
def test_the_way_to_a_wrong_field_is_told(value: object, said: str) -> None:
    assert said in (fault(value, type(value)) or "")


def test_a_list_is_no_tuple_when_it_is_looked_at_strictly() -> None:
    hint = answer_hint(Platform, "wheel_platform_tags")

    assert fault(["any"], hint) is None
    assert fault(["any"], hint, strict=True) == "['any'], not tuple[str, ...]"


def test_what_a_function_should_answer_is_read_off_its_field() -> None:
    assert answer_hint(Accelerator, "builds") is Builds
    assert fault(None, answer_hint(Accelerator, "accepts")) is None
    assert fault({"a": 1}, answer_hint(Accelerator, "environment")) == "['a'] is 1, not str"


@pytest.mark.parametrize("name", ["cann", "compute-capability", "x86"])
def test_a_word_of_the_envelope(name: str) -> None:
    assert word_fault(EnvelopeKey(name, "V", "help")) is None


@pytest.mark.parametrize("name", ["python", "json", "Cann", "a b", "-a", "a--b", "", "1a"])
def test_what_can_be_no_word_of_the_envelope(name: str) -> None:
    assert word_fault(EnvelopeKey(name, "V", "help"))


def test_every_key_of_a_manifest_and_every_flag_beside_the_words_is_reserved() -> None:
    import argparse

    from provenv.cli import resolve
    from provenv.hooks.manager import plugins
    from provenv.manifest.named_targets import _TARGET_KEYS
    from provenv.manifest.provenv_table import KEYS

    parser = argparse.ArgumentParser()
    resolve.add_arguments(parser)
    words = {key.name for key in plugins().envelope_keys}
    flags = {option[2:] for option in parser._option_string_actions if option.startswith("--")}

    assert {*KEYS, *_TARGET_KEYS, *flags} - words - RESERVED == set()


def test_an_answer_in_time_is_the_answer() -> None:
    assert Patience().call(lambda a, b: a + b, 1, 2, seconds=60) == 3


def test_what_a_function_raises_is_raised() -> None:
    with pytest.raises(SystemExit):
        Patience().call(lambda: (_ for _ in ()).throw(SystemExit(3)), seconds=60)


@pytest.mark.parametrize("raised", [KeyboardInterrupt, GeneratorExit, BaseException])
def test_what_is_no_error_is_no_ctrl_c_of_the_user_when_a_plugin_raises_it(
    raised: type[BaseException],
) -> None:
    def raising() -> None:
        raise raised

    with pytest.raises(Stray, match=f"^{raised.__name__}$"):
        Patience().call(raising, seconds=60)


def test_an_iterator_without_an_end_is_not_read_to_it() -> None:
    with pytest.raises(OverflowError, match="more than 10,000 values"):
        at_once(lambda: itertools.count())()
    assert len(tuple(bounded(range(MOST)))) == MOST


def test_what_a_plugin_prints_is_no_answer_of_provenv_s(capsys: pytest.CaptureFixture[str]) -> None:
    def chatty() -> int:
        print("hello")
        sys.stdout.write("there\n")
        return 1

    assert Patience().call(chatty, seconds=60) == 1
    print("ours")

    assert capsys.readouterr() == ("ours\n", "hello\nthere\n")


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")

    __repr__ = __str__


def test_a_value_or_an_error_that_can_t_be_written_is_told_by_its_type() -> None:
    endless: list[object] = []
    endless.append(endless)

    assert words(Unspeakable()) == "Unspeakable"
    assert shown(Unspeakable()).startswith("<Unspeakable instance at")
    assert shown(endless) == "[[[[[[[...]]]]]]]"
    assert shown(10**6000) == "a int"
    assert len(shown("x" * 10**6)) == len(shown(tuple(range(10**6)))) == 60


def test_a_hang_is_left_alone_and_the_plugin_not_asked_again() -> None:
    patience, stop, asked = Patience(), threading.Event(), []
    started = time.monotonic()
    try:
        with pytest.raises(Hang, match=r"no answer within 0\.05 s"):
            patience.call(stop.wait, seconds=0.05)
        with pytest.raises(Hang):
            patience.call(lambda: asked.append(1), seconds=60)
    finally:
        stop.set()

    assert asked == []
    assert time.monotonic() - started < 30


def test_an_iterator_is_run_to_its_end_within_the_call() -> None:
    def numbers() -> Any:
        yield 1
        yield 2

    assert at_once(numbers)() == (1, 2)
    assert at_once(lambda: [1])() == [1]


def test_the_user_s_own_limit_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROVENV_PLUGIN_SECONDS", "0.05")
    stop = threading.Event()
    try:
        with pytest.raises(Hang, match=r"0\.05 s"):
            Patience().call(stop.wait, seconds=60)
    finally:
        stop.set()
    monkeypatch.setenv("PROVENV_PLUGIN_SECONDS", "soon")
    assert Patience().call(lambda: 1, seconds=60) == 1
