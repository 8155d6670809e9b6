"""Index pages in JSON: PEP 691, with PEP 592, 658/714, 700 and 708; HTML is handed to `html_pages`."""

from __future__ import annotations

import json
import re

import msgspec

from provenv.errors import IndexAnswerError
from provenv.pypi.listing import Page

JSON_TYPES = ("application/vnd.pypi.simple.v1+json", "application/json")
HTML_TYPES = ("application/vnd.pypi.simple.v1+html", "text/html", "application/xhtml+xml")
ACCEPT = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01"
)


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


class _Page(msgspec.Struct, rename="kebab"):
    """A project page, its files as they stand there."""

    files: list[msgspec.Raw]
    meta: object = None
    tracks: object = None
    alternate_locations: object = None


class _Name(msgspec.Struct, gc=False):
    filename: object = None


class _Names(msgspec.Struct):
    """The names of a page's files."""

    files: list[_Name]


_READ_PAGE, _READ_NAMES = msgspec.json.Decoder(_Page), msgspec.json.Decoder(_Names)


def parse_json(body: bytes, url: str) -> Page:
    """A PEP 691 project page, its files as they stand there. Raises IndexAnswerError."""
    try:
        page, names = _READ_PAGE.decode(body), _READ_NAMES.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        page, names = _patiently(body, url)
    meta = page.meta if isinstance(page.meta, dict) else {}
    major = str(meta.get("api-version", "1.0")).partition(".")[0]
    if major != "1":
        raise _newer(url, major)
    named = zip(names.files, page.files, strict=True)
    return Page(
        [(name.filename, file) for name, file in named if isinstance(name.filename, str)],
        url,
        _addresses(meta.get("tracks")) or _addresses(page.tracks),
        _addresses(page.alternate_locations),
    )


def _patiently(body: bytes, url: str) -> tuple[_Page, _Names]:
    """A page that is not all that it should be: what there is of it, or the error that says what is wrong."""
    try:
        page = json.loads(body)
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
    files = [file for file in page["files"] if isinstance(file, dict)]
    raw = [msgspec.Raw(json.dumps(file).encode()) for file in files]
    told = (page.get(name) for name in ("meta", "tracks", "alternate-locations"))
    return _Page(raw, *told), _Names([_Name(file.get("filename")) for file in files])


def _addresses(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _newer(url: str, major: str) -> IndexAnswerError:
    return IndexAnswerError(
        f"the page {url} speaks version {major} of the simple API",
        evidence=["this provenv knows version 1"],
        hints=["upgrade provenv: pip install --upgrade provenv"],
    )
