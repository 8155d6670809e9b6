"""Bytes of a pasted file to text, whatever editor or terminal wrote them."""

from __future__ import annotations

import codecs
import contextlib

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes) -> str:
    """The text, its line ends plain. Never raises: what no encoding explains is replaced.

    UTF-8, UTF-16 and UTF-32 with or without a mark, then GB18030 (Chinese Windows), then Latin-1.
    """
    return _text(data).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _text(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if guessed := _unmarked_utf16(data):
        return data.decode(guessed, "replace")
    # a text cut at either end may have parts of a character there
    start = next((place for place in range(min(4, len(data))) if data[place] & 0xC0 != 0x80), 0)
    with contextlib.suppress(UnicodeDecodeError):
        return codecs.getincrementaldecoder("utf-8")().decode(data[start:])
    with contextlib.suppress(UnicodeDecodeError):
        return data.decode("gb18030")
    # a cut in the middle of a character must not turn a whole UTF-8 text into another encoding's
    text = data.decode("utf-8", "replace")
    return text if text.count("\ufffd") <= 1 + len(text) // 100 else data.decode("latin-1")


def _unmarked_utf16(data: bytes) -> str | None:
    """PowerShell's `>` without its mark: of mostly ASCII text every other byte is zero.

    Zeros in both places are padding, as copies of sysfs files have it.
    """
    head = data[:4096]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if len(head) >= 8 and max(even, odd) > len(head) // 5 and min(even, odd) * 4 < max(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    return None
