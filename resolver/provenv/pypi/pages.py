"""Index pages in JSON: PEP 691, with PEP 592, 658/714, 700 and 708; HTML is handed to `html_pages`."""

from __future__ import annotations

import json
import re

from provenv.errors import IndexAnswerError
from provenv.pypi.listing import Entry, Page

JSON_TYPES = ("application/vnd.pypi.simple.v1+json", "application/json")
HTML_TYPES = ("application/vnd.pypi.simple.v1+html", "text/html", "application/xhtml+xml")
ACCEPT = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01"
)
_DECODER = json.JSONDecoder()
_BLANKS = re.compile(r"[ \t\n\r]*")


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
    """A PEP 691 project page, its files as they stand there. Raises IndexAnswerError."""
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        page = _Json(text).page()
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
        text,
        page["files"],
        url,
        _addresses(meta.get("tracks")) or _addresses(page.get("tracks")),
        _addresses(page.get("alternate-locations")),
    )


class _Json:
    """A page's JSON, read member by member: the objects of a page of megabytes take ten times its bytes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def page(self) -> object:
        """The whole of it; where it is an object, its `files` are a list of entries. Raises ValueError."""
        self._pass_blanks()
        if not self._text.startswith("{", self._at):
            return json.loads(self._text)
        members: dict[str, object] = {}
        more = self._begins("}")
        while more:
            name = self._value()
            if not isinstance(name, str):
                raise self._error("a name before this")
            self._expect(":")
            is_list = name == "files" and self._text.startswith("[", self._at)
            members[name] = self._entries() if is_list else self._value()
            more = self._goes_on("}")
        if self._at < len(self._text):
            raise self._error("nothing more")
        return members

    def _entries(self) -> list[Entry]:
        """The items of a list that have a file name."""
        text, decode, found = self._text, _DECODER.raw_decode, []
        more = self._begins("]")
        while more:
            start = self._at
            value, end = decode(text, start)
            if isinstance(value, dict) and isinstance(filename := value.get("filename"), str):
                found.append((filename, start, end))
            if text.startswith(",{", end):  # as most of them do
                self._at = end + 1
            else:
                self._at = end
                more = self._goes_on("]")
        return found

    def _value(self) -> object:
        value, self._at = _DECODER.raw_decode(self._text, self._at)
        return value

    def _begins(self, closing: str) -> bool:
        """Steps into an object or a list; whether there is anything in it."""
        self._at += 1
        self._pass_blanks()
        empty = self._text.startswith(closing, self._at)
        if empty:
            self._at += 1
            self._pass_blanks()
        return not empty

    def _goes_on(self, closing: str) -> bool:
        """Steps over what follows an item; whether another one follows."""
        self._pass_blanks()
        more = self._text.startswith(",", self._at)
        if not more and not self._text.startswith(closing, self._at):
            raise self._error(f"',' or {closing!r}")
        self._at += 1
        self._pass_blanks()
        return more

    def _expect(self, sign: str) -> None:
        self._pass_blanks()
        if not self._text.startswith(sign, self._at):
            raise self._error(repr(sign))
        self._at += 1
        self._pass_blanks()

    def _pass_blanks(self) -> None:
        blanks = _BLANKS.match(self._text, self._at)
        self._at = blanks.end() if blanks else self._at

    def _error(self, wanted: str) -> ValueError:
        return json.JSONDecodeError(f"Expecting {wanted}", self._text, self._at)


def _addresses(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _newer(url: str, major: str) -> IndexAnswerError:
    return IndexAnswerError(
        f"the page {url} speaks version {major} of the simple API",
        evidence=["this provenv knows version 1"],
        hints=["upgrade provenv: pip install --upgrade provenv"],
    )
