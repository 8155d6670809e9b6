"""Index pages in HTML: PEP 503 with the attributes of PEP 592, 658/714 and 708, and flat pages of links."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from provenv.errors import IndexAnswerError
from provenv.pypi.listing import Listed, Page, absolute, clean_hashes, is_distribution


def parse_html(body: bytes, url: str, charset: str | None = None) -> Page:
    """Every link of a page that leads to a wheel or an sdist. `url`: the page's own address.

    Raises IndexAnswerError for a page of a newer major version of the simple API.
    """
    from pypi_simple.errors import UnsupportedRepoVersionError
    from pypi_simple.html import RepositoryPage

    try:
        page = RepositoryPage.from_html(body, base_url=url, from_encoding=charset or "utf-8")
    except UnsupportedRepoVersionError as problem:
        raise IndexAnswerError(
            f"the page {url} speaks version {problem.declared_version} of the simple API",
            evidence=["this provenv knows version 1"],
            hints=["upgrade provenv: pip install --upgrade provenv"],
        ) from None
    except (ValueError, AssertionError) as problem:  # a link or version that can't be read at all
        raise IndexAnswerError(f"the page {url} can't be read", evidence=[str(problem)]) from None
    files = (
        _file(link.url, {k: v for k, v in link.attrs.items() if isinstance(v, str)}) for link in page.links
    )
    return Page(
        files=tuple(file for file in files if file is not None),
        tracks=tuple(page.tracks),
        alternates=tuple(page.alternate_locations),
    )


def _file(link: str, attributes: dict[str, str]) -> Listed | None:
    """One anchor, None when it leads to no distribution."""
    try:
        url = absolute("", link)
        filename = unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError:
        return None
    if not is_distribution(filename):
        return None
    algorithm, _, digest = link.partition("#")[2].partition("&")[0].partition("=")
    requires_python = attributes.get("data-requires-python", "").strip()
    return Listed(
        filename,
        url,
        clean_hashes({algorithm: digest}),
        None,
        requires_python or None,
        attributes.get("data-yanked"),
        None,
        _metadata(attributes),
    )


def _metadata(attributes: dict[str, str]) -> str | None:
    # PEP 714: the new name wins over the old one.
    for name in ("data-core-metadata", "data-dist-info-metadata"):
        if name in attributes:
            algorithm, _, digest = attributes[name].partition("=")
            if algorithm == "false":
                return None
            return clean_hashes({algorithm: digest}).get("sha256", "")
    return None
