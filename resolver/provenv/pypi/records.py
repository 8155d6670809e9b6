"""A project as two cache records: its files as its page has them, and what runs found out about it.

That of kind `FILES` is its page: a head (the versions, how the page is asked for again), and one block per
version with a checksum in the head, which is read when a version is first looked at. That of kind `PROJECTS`
is the same head, with the files of the versions that some run looked at, cleaned and checked, and more that
a run needs not find out again; where it is there nothing else is read. Their layout is versioned by `LAYOUT`:
a record of another layout is a miss.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from itertools import accumulate, islice
from zlib import crc32

from provenv import __version__
from provenv.pypi.artifacts import Artifact
from provenv.pypi.listing import Entry, Listed, Page, is_distribution
from provenv.tuples import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

PROJECTS, FILES = "pages", "files"
"""The kinds of cache records."""
LAYOUT = 4
UNNAMED = "/"
MOST = 2000
"""So many versions' files, specifiers and files' metadata of a project are kept at most."""
BLOCK = struct.Struct("<II")
"""Where a version's entries end among all, and their checksum."""

Placing: TypeAlias = Callable[[Listed], tuple[str, str | None]]
"""A listed file -> its canonical address, and where a mirror keeps it (None: right there)."""


class Named(NamedTuple):
    """What a file name says of a file."""

    kind: Literal["wheel", "sdist", "variants"]
    version: str
    tags: str = ""
    build_number: tuple[int, str] | tuple[()] = ()


class Head(NamedTuple):
    """The first record of a project.

    `maker`: the version of provenv that made `rows` and `masks`. `base`: what the page's links start from.
    `lifetime`: seconds for which the page is taken as true unasked. `versions`: newest first, a line each;
    `prereleases`: a bit for each of them that is one. `absent`: the index said that it has no such project.
    `variants`: a block of what may be variant wheels, or the JSONs that tell of them; b"" where none is.
    `rows`, by version: the files of those that were looked at, packed; `masks`: the specifiers that were
    asked for, and the versions that satisfy them; `said`: what files' metadata say, see `files`. All three
    grow.
    """

    layout: int
    maker: str
    name: str
    base: str
    lifetime: float
    etag: str | None
    last_modified: str | None
    versions: str
    prereleases: int
    blocks: bytes
    tracks: tuple[str, ...]
    alternates: tuple[str, ...]
    absent: bool
    variants: bytes
    rows: dict[int, bytes]
    masks: dict[str, int]
    said: dict[str, tuple[object, ...]]

    @property
    def size(self) -> int:
        """How much was found out besides the page."""
        return len(self.rows) + len(self.masks) + len(self.said)

    def trimmed(self) -> Head:
        """The same with no more than `MOST` of each."""
        return self._replace(
            rows=dict(islice(tuple(self.rows.items()), MOST)),
            masks=dict(islice(tuple(self.masks.items()), MOST)),
            said=dict(islice(tuple(self.said.items()), MOST)),
        )


def read_head(value: object) -> Head | None:
    """The head in a record of the cache, None when it has another layout."""
    if not (isinstance(value, tuple) and len(value) == len(Head._fields) and value[0] == LAYOUT):
        return None
    head = Head._make(value)
    return head if head.maker == __version__ else head._replace(maker=__version__, rows={}, masks={})


def read_filename(filename: str, name: str) -> Named | None:
    """What a file name says, None when it is no usable wheel or sdist of the project `name` (canonical)."""
    from provenv.standards.filenames import InvalidFilename, parse_sdist, parse_wheel

    try:
        if filename.endswith(".whl"):
            wheel = parse_wheel(filename)
            if wheel is None or wheel.name != name:
                return None
            return Named("wheel", wheel.version, wheel.tags, wheel.build)
        return Named("sdist", parse_sdist(filename, name).version)
    except InvalidFilename:
        return None


def project_of(filename: str) -> str | None:
    """The canonical name of a file's project, as well as its name tells; None for no distribution."""
    from provenv.standards.filenames import InvalidFilename, parse_sdist, parse_wheel, split_variant

    filename = split_variant(filename)[0]
    try:
        found = parse_wheel(filename) if filename.endswith(".whl") else parse_sdist(filename)
    except InvalidFilename:
        return None
    return found.name if found else None


def pack(name: str, page: Page) -> tuple[Head, list[bytes]]:
    """A page as a head, whose validators are for the caller to fill in, and the blocks of its versions."""
    from provenv.pypi.entries import write_block
    from provenv.standards.filenames import may_be_variant
    from provenv.standards.versions import prereleases_among, sort_key

    grouped: dict[tuple[object, ...], tuple[str, list[Entry]]] = {}
    strays: list[Entry] = []
    start = UNNAMED
    entries: list[Entry] = []
    for entry in page.entries:
        filename = entry[0]
        # Pages are sorted, and a version has dozens of wheels: what the first says is true of the next.
        if not (filename.startswith(start) and filename.count("-") == 4 and filename.endswith(".whl")):
            if not is_distribution(filename):
                continue
            named = read_filename(filename, name)
            if named is None:
                strays.append(entry)
                continue
            _, entries = grouped.setdefault(sort_key(named.version), (named.version, []))
            start = _start(filename)
        entries.append(entry)
    ordered = sorted(grouped.items(), reverse=True)
    blocks = [write_block(entries) for _, (_, entries) in ordered]
    ends = accumulate(map(len, blocks))
    head = Head(
        LAYOUT,
        __version__,
        name,
        page.base,
        0.0,
        None,
        None,
        "\n".join(version for _, (version, _) in ordered),
        prereleases_among(version for _, (version, _) in ordered),
        b"".join(BLOCK.pack(end, crc32(block)) for end, block in zip(ends, blocks, strict=True)),
        page.tracks,
        page.alternates,
        absent=False,
        variants=write_block(strays) if any(may_be_variant(entry[0]) for entry in strays) else b"",
        rows={},
        masks={},
        said={},
    )
    return head, blocks


def _start(filename: str) -> str:
    """A wheel's name up to its version and a dash; of any other file what no name begins with."""
    if not filename.endswith(".whl"):
        return UNNAMED
    return filename[: filename.index("-", filename.index("-") + 1) + 1]


def artifact_of(file: Listed, named: Named, url: str, index: str, variant: str = "") -> Artifact:
    """A listed file as the index's artifact at its canonical address."""
    return Artifact(
        file.filename,
        url,
        named.kind,
        named.version,
        named.tags,
        named.build_number,
        file.size,
        file.hashes,
        file.requires_python,
        file.yanked,
        file.uploaded,
        file.metadata,
        index,
        variant,
    )


def block_of(head: Head, i: int) -> tuple[int, int, int]:
    """Start, end and checksum of the entries of version `i`."""
    start = BLOCK.unpack_from(head.blocks, (i - 1) * BLOCK.size)[0] if i else 0
    end, checksum = BLOCK.unpack_from(head.blocks, i * BLOCK.size)
    return start, end, checksum
