"""Texts with labels from files of the user's own: CSV, TSV, JSON and JSON lines, in any usual encoding."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from demo.corpus import Corpus
from demo.errors import DemoError

DELIMITERS = (",", "\t", ";", "|")
LARGEST_CELL = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the two columns (or keys) that are read; case and surrounding spaces don't count."""

    text: str = "text"
    label: str = "label"


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds, and how many of its rows were left out because a label is missing."""

    corpus: Corpus
    unlabelled: int


def read_table(path: Path, columns: Columns = Columns()) -> Table:
    """Read a file by its extension, or by its first sign where that says nothing.

    Empty texts stay: a classifier must say something about them too. Raises DemoError for what can't be read.
    """
    text = _decode(path)
    rows = list(_json_rows(path, text) if _is_json(path, text) else _csv_rows(path, text, columns))
    if not rows:
        raise DemoError(f"{path} has no rows")
    pairs = [_pair(path, place, row, columns) for place, row in rows]
    labelled = [(text, label) for text, label in pairs if label]
    if not labelled:
        raise DemoError(f"{path}: no row has a {columns.label!r}")
    return Table(
        Corpus(tuple(t for t, _ in labelled), tuple(n for _, n in labelled)), len(pairs) - len(labelled)
    )


def _decode(path: Path) -> str:
    """The text of a file: by its byte order mark, else UTF-8, else GB 18030 (and with it GBK and GB 2312)."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DemoError(f"{path} can't be read: {error.strerror}") from None
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DemoError(f"{path} is neither UTF-8, UTF-16 with a byte order mark nor GB 18030; save it as UTF-8")


def _is_json(path: Path, text: str) -> bool:
    suffix = path.suffix.lower()
    if suffix in (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".tab"):
        return suffix in (".json", ".jsonl", ".ndjson")
    return text.lstrip().startswith(("{", "["))


def _csv_rows(path: Path, text: str, columns: Columns) -> Iterator[tuple[str, dict[str, object]]]:
    """Each row with its place; the delimiter is the first that makes the header hold both columns."""
    # A cell may be larger than csv's default of 128 KiB, and NUL bytes are noise from a broken export.
    csv.field_size_limit(LARGEST_CELL)
    text = text.replace("\0", "")
    first = "\t" if path.suffix.lower() in (".tsv", ".tab") else ","
    header: list[str] = []
    for delimiter in (first, *DELIMITERS):
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            names = [_key(name) for name in next(reader, [])]
            header = header or names
            if {_key(columns.text), _key(columns.label)} <= set(names):
                for cells in reader:
                    if any(cell.strip() for cell in cells):
                        yield f"line {reader.line_num}", dict(zip(names, cells, strict=False))
                return
        except csv.Error as error:
            raise DemoError(f"{path}:{reader.line_num}: {error}") from None
    raise DemoError(_missing(path, columns, header))


def _json_rows(path: Path, text: str) -> Iterator[tuple[str, dict[str, object]]]:
    """The rows of a list of objects, of an object that holds such a list or two columns, or of JSON lines."""
    try:
        document = json.loads(text)
    except ValueError as error:
        if path.suffix.lower() != ".json" or len(text.splitlines()) > 1:
            yield from _json_lines(path, text, error)
            return
        raise DemoError(f"{path} is not JSON: {error}") from None
    for number, row in enumerate(_objects(document), start=1):
        yield f"row {number}", _object(path, f"row {number}", row)


def _json_lines(path: Path, text: str, whole: ValueError) -> Iterator[tuple[str, dict[str, object]]]:
    # Not splitlines(): U+2028 and its like may stand inside a JSON string.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            if path.suffix.lower() == ".json":
                raise DemoError(f"{path} is not JSON: {whole}") from None
            raise DemoError(f"{path}:{number}: not JSON: {error}") from None
        yield f"line {number}", _object(path, f"line {number}", row)


def _objects(document: object) -> Iterable[object]:
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list)]
        if len(lists) == 1:
            return lists[0]
        if len(lists) > 1 and len(lists) == len(document) and len({len(column) for column in lists}) == 1:
            return [dict(zip(document, cells, strict=True)) for cells in zip(*lists, strict=True)]
    return [document]


def _object(path: Path, place: str, row: object) -> dict[str, object]:
    if not isinstance(row, dict):
        raise DemoError(
            f"{path}: {place} is no object with keys, but {json.dumps(row, ensure_ascii=False):.60}"
        )
    return {_key(str(name)): value for name, value in row.items()}


def _pair(path: Path, place: str, row: dict[str, object], columns: Columns) -> tuple[str, str]:
    """The text and the label of a row; a missing label is an empty one."""
    names = (_key(columns.text), _key(columns.label))
    if names[0] not in row and names[1] not in row:
        raise DemoError(_missing(path, columns, list(row), place))
    text, label = row.get(names[0]), row.get(names[1])
    if isinstance(text, (list, dict)) or isinstance(label, (list, dict)):
        raise DemoError(f"{path}: {place}: a text and a label are needed, not a list or an object")
    return "" if text is None else str(text), _label(label)


def _label(value: object) -> str:
    """A label as text: 1, 1.0 and "1" are one label."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _key(name: str) -> str:
    return name.strip().strip("\ufeff").casefold()


def _missing(path: Path, columns: Columns, found: Iterable[str], place: str = "") -> str:
    names = ", ".join(repr(name) for name in found) or "nothing"
    where = f"{path}: {place}" if place else str(path)
    return (
        f"{where}: needs columns {columns.text!r} and {columns.label!r}, but has {names}; "
        "name yours with --text-column and --label-column"
    )
