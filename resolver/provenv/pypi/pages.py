"""Index pages in JSON: PEP 691, with PEP 592, 658/714, 700 and 708; HTML is handed to `html_pages`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from provenv.errors import IndexAnswerError
from provenv.pypi.listing import Listed, Page, absolute, clean_hashes, is_distribution

JSON_TYPES = ("application/vnd.pypi.simple.v1+json", "application/json")
HTML_TYPES = ("application/vnd.pypi.simple.v1+html", "text/html", "application/xhtml+xml")
ACCEPT = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01"
)
UTC_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z", re.ASCII)


def parse_page(body: bytes, content_type: str, url: str) -> Page:
    """A page of files by its content type, found at `url`; raises IndexAnswerError when it is none."""
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip().lower()
    if kind in JSON_TYPES:
        return parse_json(body, url)
    if kind in HTML_TYPES or (not kind and body.lstrip()[:1] == b"<"):
        from provenv.pypi.html_pages import parse_html

        charset = re.search(r"charset=[\"']?([\w-]+)", parameters)
        return parse_html(body, url, charset[1] if charset else None)
    if match := re.fullmatch(r"application/vnd\.pypi\.simple\.v(\d+)\+\w+", kind):
        raise _newer(url, match[1])
    raise IndexAnswerError(
        f"the page {url} is neither JSON nor HTML",
        evidence=[f"its content type is {kind or 'not given'}"],
        hints=["check the index's address: it should end where the project names begin (often /simple)"],
    )


def parse_json(body: bytes, url: str) -> Page:
    """A PEP 691 project page; entries that make no sense are left out. Raises IndexAnswerError."""

    def taken(value: dict[str, object]) -> object:
        # at once, since the objects of a page of megabytes take ten times its bytes
        return _file(value, url) if "filename" in value else value

    try:
        page = json.loads(body, object_hook=taken)
    except (ValueError, RecursionError) as problem:
        raise IndexAnswerError(
            f"the page {url} says it is JSON and is not",
            evidence=[str(problem)],
            hints=["try again; if it stays so, tell whoever runs this index"],
        ) from None
    if not isinstance(page, dict) or not isinstance(page.get("files"), list):
        raise IndexAnswerError(
            f"the page {url} is JSON, but not a project page (PEP 691)",
            evidence=['it has no list "files"'],
            hints=["check the index's address: it should end where the project names begin (often /simple)"],
        )
    meta = page.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    major = str(meta.get("api-version", "1.0")).partition(".")[0]
    if major != "1":
        raise _newer(url, major)
    return Page(
        files=tuple(file for file in page["files"] if isinstance(file, Listed)),
        tracks=_addresses(meta.get("tracks")) or _addresses(page.get("tracks")),
        alternates=_addresses(page.get("alternate-locations")),
    )


def _file(entry: Mapping[str, object], base: str) -> Listed | None:
    """One entry of `files`, None when it is broken or no distribution."""
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


def _addresses(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _newer(url: str, major: str) -> IndexAnswerError:
    return IndexAnswerError(
        f"the page {url} speaks version {major} of the simple API",
        evidence=["this provenv knows version 1"],
        hints=["upgrade provenv: pip install --upgrade provenv"],
    )
