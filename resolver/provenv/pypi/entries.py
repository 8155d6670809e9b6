"""One file of a page as PEP 691 writes it: read, cleaned and checked when somebody looks at it."""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Iterable, Iterator, Mapping

from provenv.pypi.cache import MARSHAL_FORMAT
from provenv.pypi.listing import Entry, Listed, absolute, clean_hashes, is_distribution

UTC_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z", re.ASCII)


def read_entry(entry: object, base: str) -> Listed | None:
    """An item of a page's `files`, None when it is broken or no distribution. `base`: as in `read_block`."""
    if not isinstance(entry, dict):
        return None
    filename, link = entry.get("filename"), entry.get("url")
    if not isinstance(filename, str) or not isinstance(link, str) or not is_distribution(filename):
        return None
    try:
        url = absolute(base, link)
    except ValueError:
        return None
    hashes, size, requires_python = entry.get("hashes"), entry.get("size"), entry.get("requires-python")
    return Listed(
        filename,
        url,
        clean_hashes(hashes) if isinstance(hashes, dict) else {},
        size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        requires_python if isinstance(requires_python, str) and requires_python.strip() else None,
        _yanked(entry.get("yanked")),
        _upload_time(entry.get("upload-time")),
        _metadata(entry),
    )


def read_block(block: bytes | memoryview, base: str) -> Iterator[Listed]:
    """The usable files of a block of entries. `base`: what their links start from."""
    for content in marshal.loads(block):
        try:
            entry = json.loads(content)
        except (ValueError, RecursionError):  # the page's reader did not look into it
            continue
        file = read_entry(entry, base)
        if file is not None:
            yield file


def write_block(entries: Iterable[Entry]) -> bytes:
    """Entries as `read_block` reads them."""
    return marshal.dumps([content for _, content in entries], MARSHAL_FORMAT)


def write_entry(file: Listed) -> bytes:
    """A file as `read_entry` reads it, in JSON."""
    metadata = file.metadata
    told = {
        "filename": file.filename,
        "url": file.url,
        "hashes": dict(file.hashes),
        "size": file.size,
        "requires-python": file.requires_python,
        "yanked": file.yanked,
        "upload-time": file.uploaded,
        "core-metadata": {"sha256": metadata} if metadata else metadata == "",
    }
    told = {name: value for name, value in told.items() if value not in (None, False, {})}
    return json.dumps(told).encode()


def _yanked(value: object) -> str | None:
    if isinstance(value, str):
        return value
    return "" if value is True else None


def _metadata(entry: Mapping[str, object]) -> str | None:
    # PEP 714: the new key wins; the old ones are what indexes served before it.
    for key in ("core-metadata", "dist-info-metadata", "data-dist-info-metadata"):
        value = entry.get(key)
        if isinstance(value, dict):
            return clean_hashes(value).get("sha256", "")
        if isinstance(value, bool):
            return "" if value else None
    return None


def _upload_time(value: object) -> str | None:
    """RFC 3339 in UTC and whole seconds, so that text compares as time does; None when it is no time."""
    if not isinstance(value, str):
        return None
    if match := UTC_TIME.fullmatch(value):
        return f"{match[1]}Z"
    from datetime import UTC, datetime

    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        return None
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}Z"
