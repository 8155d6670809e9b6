"""Index pages in HTML: PEP 503 with the attributes of PEP 592, 658/714 and 708, and flat pages of links.

pypi-simple reads such pages too, but gives up a whole page for one link that is no address, and takes six
times as long for the large ones; the standard library's parser is enough.
"""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import unquote, urljoin

from provenv.errors import IndexAnswerError
from provenv.pypi.listing import Listed, Page, absolute, clean_hashes, is_distribution, page_of

Attributes = dict[str, str]


def parse_html(body: bytes, url: str, charset: str | None = None) -> Page:
    """Every link of a page that leads to a wheel or an sdist. `url`: the page's own address.

    Raises IndexAnswerError for what can't be read, and for a newer major version of the simple API.
    """
    reader = _Reader()
    try:
        reader.feed(_decoded(body, charset))
        reader.close()
    except AssertionError as problem:  # html.parser's word for a broken declaration
        raise IndexAnswerError(f"the page {url} can't be read as HTML", evidence=[str(problem)]) from None
    version = reader.meta("pypi:repository-version") or ["1.0"]
    if version[0].strip().partition(".")[0] != "1":
        raise IndexAnswerError(
            f"the page {url} speaks version {version[0]} of the simple API",
            evidence=["this provenv knows version 1"],
            hints=["upgrade provenv: pip install --upgrade provenv"],
        )
    base = _joined(url, reader.base)
    files = (_file(base, attributes) for attributes in reader.links)
    return page_of(
        (file for file in files if file is not None),
        base,
        tracks=reader.meta("pypi:tracks"),
        alternates=reader.meta("pypi:alternate-locations"),
    )


class _Reader(HTMLParser):
    """Collects a page's links, base and meta tags."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[Attributes] = []
        self.base = ""
        self._metas: list[Attributes] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in attributes:
            self.links.append(attributes)
        elif tag == "base" and not self.base:
            self.base = attributes.get("href", "")
        elif tag == "meta":
            self._metas.append(attributes)

    def meta(self, name: str) -> list[str]:
        """The contents of every meta tag of a name."""
        return [meta["content"] for meta in self._metas if meta.get("name") == name and "content" in meta]


def _decoded(body: bytes, charset: str | None) -> str:
    try:
        return body.decode(charset or "utf-8-sig", "replace")
    except LookupError:  # a charset that nobody knows
        return body.decode("utf-8", "replace")


def _joined(url: str, base: str) -> str:
    try:
        joined = urljoin(url, base)
    except ValueError:
        return url
    return url if joined.startswith("file:") and not url.startswith("file:") else joined


def _file(base: str, attributes: Attributes) -> Listed | None:
    """One anchor, None when it leads to no distribution."""
    link, _, fragment = attributes["href"].strip().partition("#")
    filename = unquote(link.partition("?")[0].rpartition("/")[2])
    if not is_distribution(filename):
        return None
    try:
        url = absolute(base, link)
    except ValueError:
        return None
    algorithm, _, digest = fragment.partition("&")[0].partition("=")
    return Listed(
        filename,
        url,
        clean_hashes({algorithm: digest}),
        None,
        attributes.get("data-requires-python", "").strip() or None,
        attributes.get("data-yanked"),
        None,
        _metadata(attributes),
    )


def _metadata(attributes: Attributes) -> str | None:
    # PEP 714: the new name wins over the old one.
    for name in ("data-core-metadata", "data-dist-info-metadata"):
        if name in attributes:
            algorithm, _, digest = attributes[name].partition("=")
            return None if algorithm == "false" else clean_hashes({algorithm: digest}).get("sha256", "")
    return None
