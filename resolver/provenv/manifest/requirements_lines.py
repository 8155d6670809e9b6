"""The logical lines of a requirements file: decoded, joined, without comments, as pip reads them."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping

from provenv.errors import ManifestError, Origin
from provenv.patterns import regex
from provenv.reads import PASSING, unsure
from provenv.tuples import NamedTuple

# pip's order: the UTF-16 mark is the beginning of the UTF-32 one
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CODING = regex(rb"^#.*?coding[:=]\s*([-\w.]+)")
_COMMENT = regex(r"(^|\s+)#.*$")
# pip fills in upper-case names in braces only, so that no other `$` is touched
_VARIABLE = regex(r"\$\{([A-Z0-9_]+)\}")


class Decoded(NamedTuple):
    """A file's text; `doubtful` is the line of the first byte that no encoding explains."""

    text: str
    doubtful: int | None = None


class LogicalLine(NamedTuple):
    """A line with its continuations: the first one's number, the text as written, and filled in."""

    number: int
    written: str
    text: str
    unset: tuple[str, ...]


def decode(data: bytes, shown: str) -> Decoded:
    """The text of a requirements file: by its byte order mark, else its `coding` comment, else its zeros
    (UTF-16), else UTF-8.

    Raises:
        ManifestError: the file is not what its mark or comment says, or not text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return Decoded(_decoded(data[len(mark) :], encoding, shown))
    for number, line in enumerate(data.split(b"\n")[:2], start=1):
        coding = _CODING.match(line)
        if coding:
            return Decoded(_decoded(data, coding.group(1).decode("ascii"), shown, number))
    if b"\0" in data:
        return Decoded(_decoded(data, _zeros_encoding(data, shown), shown))
    try:
        return Decoded(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Decoded(data.decode("utf-8", "replace"), data.count(b"\n", 0, error.start) + 1)


def _decoded(data: bytes, encoding: str, shown: str, line: int | None = None) -> str:
    if encoding.startswith("utf-16") and len(data) % 2 and data.endswith(b"\n"):
        # an editor or a script that knew nothing of UTF-16 has added a newline of one byte
        data = data[:-1]
    try:
        return data.decode(encoding)
    except LookupError:
        raise ManifestError(
            f"the file calls itself {encoding!r}, which is no encoding",
            hints=["save it as UTF-8 and take the `coding` comment out"],
            origin=Origin(shown, line),
        ) from None
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "ignore").count("\n")
        raise ManifestError(
            f"the file is not {encoding}, as its beginning says",
            hints=["save it as UTF-8"],
            origin=Origin(shown, before + 1),
        ) from None


def _zeros_encoding(data: bytes, shown: str) -> str:
    """UTF-16 without a mark: ASCII text in it has a zero at every second byte."""
    sample = data[:400]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > 0.6 * len(sample[1::2]) and not even:
        return "utf-16-le"
    if even > 0.6 * len(sample[::2]) and not odd:
        return "utf-16-be"
    raise ManifestError("this is a binary file, not a requirements file", origin=Origin(shown, 1))


def logical_lines(text: str, environ: Mapping[str, str]) -> Iterator[LogicalLine]:
    """The lines that say something."""
    for number, joined in _joined(text):
        written = _COMMENT.sub("", joined).strip()
        if written:
            filled, unset = _filled_in(written, environ)
            yield LogicalLine(number, written, filled, unset)


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Joins lines at a backslash; a comment line is never continued, and ends a continuation."""
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), start=1):
        is_comment = _COMMENT.match(line)
        if line.endswith("\\") and not is_comment:
            first = first if parts else number
            parts.append(line.strip("\\"))
            continue
        yield first if parts else number, "".join((*parts, f" {line}" if is_comment else line))
        parts.clear()
    if parts:
        yield first, "".join(parts)


def _filled_in(line: str, environ: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """A line with `${NAME}` filled in; a variable that is unset or empty stays as it is written."""
    names = dict.fromkeys(_VARIABLE.findall(line))
    if not PASSING.isdisjoint(names):
        unsure()
    unset = tuple(name for name in names if not environ.get(name))
    return _VARIABLE.sub(lambda m: environ.get(m.group(1)) or m.group(), line), unset
