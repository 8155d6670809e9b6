"""One page of files, whatever it was written in: the plain values between a page's parser and a project."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from provenv.patterns import regex
from provenv.pypi.addresses import split_login
from provenv.standards.names import canonicalize
from provenv.tuples import NamedTuple
from provenv.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from msgspec import Raw

HEX_LENGTHS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 128}
FILE_SUFFIXES = (".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz", "-variants.json")
"""What can be a wheel, an sdist or the JSON of wheel variants; any other file (`.egg`, `.exe`) is not."""

LONGEST_NAME = (
    400  # characters; no file system takes a name longer than 255 bytes, and versions must stay cheap
)
ODD_IN_LINKS = frozenset("#@[")
FROM_THE_TOP = regex(r"/(?!/)(?:[A-Za-z0-9_+~%=!,()-]|/(?!\.)|\.)*", re.ASCII)
"""A link that begins at its host's top, as a mirror's do, and that nothing has to be done to."""
SEPARATORS = frozenset("/\\\0\n\r")


class Listed(NamedTuple):
    """One file as a page lists it; the fields are those of `Artifact`. `url` is absolute."""

    filename: str
    url: str
    hashes: Mapping[str, str] = {}
    size: int | None = None
    requires_python: str | None = None
    yanked: str | None = None
    uploaded: str | None = None
    metadata: str | None = None


Entry: TypeAlias = "tuple[str, bytes | Raw]"
"""A file's name, and what PEP 691 has for the file, in JSON."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page's files, in its order; what the page says of them is read when one is looked at (`entries`).

    `base`: what links start from. `tracks`, `alternates`: PEP 708's addresses.
    """

    entries: Sequence[Entry]
    base: str
    tracks: tuple[str, ...] = ()
    alternates: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Listed, ...]:
        """Every usable file."""
        from provenv.pypi.entries import read_block, write_block

        return tuple(read_block(write_block(self.entries), self.base))


def page_of(
    files: Iterable[Listed], base: str, *, tracks: Sequence[str] = (), alternates: Sequence[str] = ()
) -> Page:
    """A page of files that were read from something else than JSON."""
    from provenv.pypi.entries import write_entry

    entries = [(file.filename, write_entry(file)) for file in files]
    return Page(entries, base, tuple(tracks), tuple(alternates))


class FlatPage:
    """A page of files of many projects, by project."""

    def __init__(self, page: Page) -> None:
        self._base = page.base
        self._wheels: dict[str, list[Entry]] = {}
        self._sdists: list[tuple[str, Entry]] = []
        for entry in page.entries:
            filename = entry[0]
            if filename.endswith(".whl"):
                name = canonicalize(filename.partition("-")[0])
                self._wheels.setdefault(name, []).append(entry)
            else:
                self._sdists.append((canonicalize(filename), entry))

    def of(self, name: str) -> Page:
        """The files that may be of the project `name` (canonical): an sdist's name does not end clearly."""
        sdists = (entry for start, entry in self._sdists if start.startswith(f"{name}-"))
        return Page((*self._wheels.get(name, ()), *sdists), self._base)


def is_distribution(filename: str) -> bool:
    """Whether a file may be a wheel, an sdist or the JSON of wheel variants, by its name alone."""
    return (
        filename.endswith(FILE_SUFFIXES) and len(filename) <= LONGEST_NAME and SEPARATORS.isdisjoint(filename)
    )


def absolute(base: str, link: str) -> str:
    """A page's link as an absolute address without fragment; raises ValueError when it is none.

    A user name in a link would end in a lock, so it is dropped as a password is.
    """
    if link.startswith(("https://", "http://")) and not ODD_IN_LINKS.intersection(link):
        return link
    if FROM_THE_TOP.fullmatch(link) and (top := _top(base)):
        return top + link
    from urllib.parse import urljoin, urlsplit

    url = link if link.startswith(("https://", "http://")) else urljoin(base, link)
    if "[" in url:
        urlsplit(url)  # a broken IPv6 host is a ValueError
    url = split_login(url.partition("#")[0])[0]
    # What lies on this disk is no business of a page on the network.
    own = ("https://", "http://", "file:") if base.startswith("file:") else ("https://", "http://")
    if not url.startswith(own):
        raise ValueError(f"not an address to fetch from: {link}")
    return url


@lru_cache(16)
def _top(base: str) -> str:
    """The scheme and host of a page on the network, "" of one on this disk."""
    from urllib.parse import urljoin

    return split_login(urljoin(base, "/"))[0][:-1] if base.startswith(("https://", "http://")) else ""


def clean_hashes(hashes: Mapping[object, object]) -> dict[str, str]:
    """The digests that are what they say: a known algorithm and that many hex digits."""
    return {
        name: digest.lower()
        for name, digest in hashes.items()
        if isinstance(name, str)
        and isinstance(digest, str)
        and len(digest) == HEX_LENGTHS.get(name)
        and _is_hex(digest)
    }


def _is_hex(text: str) -> bool:
    try:
        bytes.fromhex(text)
    except ValueError:
        return False
    return text.isalnum()  # not the blanks that `fromhex` passes over
