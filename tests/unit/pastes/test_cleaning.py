"""What a text's way here added is taken off, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenv.pastes.cleaning import LONGEST_LINE, clean
from provenv.pastes.decoding import decode

LINES = "alpha: 1\nbeta: 2\ngamma: 3\n\ndelta: 4\nepsilon: 5\nzeta: 6"


def each(prefix: str) -> str:
    return "\n".join(prefix + line for line in LINES.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        each("> "),
        each("> > "),
        each("# "),
        each("// "),
        each("+"),
        each("2024-07-08T16:55:45.31Z "),
        each("[2024-07-08 16:55:45] "),
        each("Jul  8 16:55:45 box app[17]: "),
        each("[   12.345678] "),
        each("web-1  | "),
        "\n".join(f"{number:4}  {line}" for number, line in enumerate(LINES.split("\n"), 98)),
        "\n".join(f"{number} | {line}" for number, line in enumerate(LINES.split("\n"), 1)),
        LINES.replace("\n\n", "\n").replace("\n", "\n\n"),
        "\x1b[1;31m" + LINES.replace("beta", "\x1b[0mbeta"),
        LINES.replace("\n", "\\n"),
        LINES.replace("beta", "be\u200bta").replace(" ", "\u00a0"),
    ],
    ids=lambda text: repr(text[:14]),
)
def test_what_stands_before_every_line_is_taken_off(text: str) -> None:
    assert [line.strip() for line in clean(text).split("\n") if line.strip()] == [
        line for line in LINES.split("\n") if line
    ]


@pytest.mark.parametrize(
    "text",
    [
        ">>> import torch\n>>> torch.__version__\n'2.3.0'",
        "# R35 (release), REVISION: 4.1",
        "C:\\nvidia\\new> dir",
        "| a | b |\n| 1 | 2 |\n| 3 | 4 |\n| 5 | 6 |",
        "0  NVIDIA L4\n0  NVIDIA L4\n0  NVIDIA L4\n0  NVIDIA L4\n0  NVIDIA L4",
        "a < b & c > d",
        "-- Device #0: x",
    ],
)
def test_what_belongs_to_a_text_stays(text: str) -> None:
    assert clean(text) == text


def test_entities_are_characters_again() -> None:
    assert clean("PCI\\VEN_10DE&amp;DEV_25A0 &lt;b&gt; &#124;&nbsp;x") == "PCI\\VEN_10DE&DEV_25A0 <b> | x"


def test_a_line_without_end_is_cut_off() -> None:
    assert len(clean("x" * 100_000)) == LONGEST_LINE


@given(st.text())
def test_any_text_can_be_cleaned(text: str) -> None:
    clean(text)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\r\ufeff")))
def test_utf8_is_decoded_as_it_is(text: str) -> None:
    assert decode(b"\xef\xbb\xbf" + text.encode()) == text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "gb18030"])
def test_every_encoding_of_a_windows_console_is_known(encoding: str) -> None:
    text = "驱动 Driver Version: 550.54.14\n" * 3

    assert decode(text.encode(encoding)) == text


def test_a_text_cut_in_the_middle_of_a_character_is_still_utf8() -> None:
    data = ("GPU 名称: NVIDIA L4\n" * 40).encode() + "名".encode()[:2]

    assert decode(data).startswith("GPU 名称: NVIDIA L4\n")


@given(st.binary())
def test_any_bytes_can_be_decoded(data: bytes) -> None:
    assert "\r" not in decode(data)
