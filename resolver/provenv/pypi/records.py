"""A project as a cache record: a small head that is read at once, and the files of each version when
asked for.

The head holds what ordering and filtering versions needs; the tail holds one block per version, each with
its own checksum. Record layouts are versioned by `LAYOUT`: a head of another layout is a miss.
"""

from __future__ import annotations

import marshal
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import TypeAlias, cast, overload
from zlib import crc32

from provenv.errors import DiskError
from provenv.pypi.artifacts import Artifact, Project, VariantFiles
from provenv.pypi.cache import MARSHAL_FORMAT, Tail
from provenv.pypi.listing import Listed, Page
from provenv.tuples import NamedTuple
from provenv.values import replace

LAYOUT = 2
BLOCK = struct.Struct("<II")
"""Where a version's rows end in the tail, and their checksum."""

Row: TypeAlias = tuple[object, ...]
"""`(filename, url, source, kind, version, tags, build number, size, hashes, requires-python, yanked,
uploaded, metadata)`; `source`: where a mirror keeps the file, None for the address itself."""
Placing: TypeAlias = Callable[[Listed], tuple[str, str | None]]
"""A listed file -> its canonical address, and where a mirror keeps it (None: right there)."""


class Named(NamedTuple):
    """What a file name says of a file."""

    kind: str
    version: str
    tags: str = ""
    build_number: tuple[int, str] | tuple[()] = ()


class Head(NamedTuple):
    """The head of a project's record. `lifetime`: seconds for which the page is taken as true unasked."""

    layout: int
    name: str
    lifetime: float
    etag: str | None
    last_modified: str | None
    versions: tuple[str, ...]
    keys: tuple[tuple[object, ...], ...]
    requires_python: tuple[tuple[str | None, ...], ...]
    blocks: bytes
    tracks: tuple[str, ...]
    alternates: tuple[str, ...]
    absent: bool = False
    """The index said that it has no such project."""
    variants: tuple[tuple[str, tuple[object, ...], tuple[Row, ...]], ...] = ()
    """Version, its key, and the rows of its variant wheels and of the JSONs that tell of them."""


def read_head(value: object) -> Head | None:
    """The head in a record of the cache, None when it has another layout."""
    if isinstance(value, tuple) and len(value) == len(Head._fields) and value[0] == LAYOUT:
        return Head(*value)
    return None


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


def pack(name: str, page: Page, placing: Placing) -> tuple[Head, bytes]:
    """A page as a record; its validators are for the caller to fill in."""
    from provenv.standards.versions import sort_key

    grouped: dict[tuple[object, ...], tuple[str, list[Row], dict[str | None, None]]] = {}
    strays: list[Listed] = []
    for file in page.files:
        named = read_filename(file.filename, name)
        if named is None:
            strays.append(file)
            continue
        key = sort_key(named.version)
        version, rows, pythons = grouped.setdefault(key, (named.version, [], {}))
        pythons[file.requires_python] = None
        if named.version != version:  # another spelling of it
            named = named._replace(version=version)
        rows.append(_row(file, named, *placing(file)))
    ordered = sorted(grouped.items(), reverse=True)
    blocks, tail = _blocks(rows for _, (_, rows, _) in ordered)
    shared: dict[tuple[str | None, ...], tuple[str | None, ...]] = {}
    pythons_of = (tuple(pythons) for _, (_, _, pythons) in ordered)
    head = Head(
        LAYOUT,
        name,
        0.0,
        None,
        None,
        tuple(version for _, (version, _, _) in ordered),
        tuple(key for key, _ in ordered),
        tuple(shared.setdefault(pythons, pythons) for pythons in pythons_of),
        blocks,
        page.tracks,
        page.alternates,
        variants=_variants(name, strays, placing),
    )
    return head, tail


def _variants(
    name: str, files: Sequence[Listed], placing: Placing
) -> tuple[tuple[str, tuple[object, ...], tuple[Row, ...]], ...]:
    """The rows of the variant wheels among files that are no other distributions."""
    if not files:
        return ()
    from provenv.pypi.variant_pages import variant_files

    return tuple(
        (found[0][1].version, key, tuple(_row(file, named, *placing(file)) for file, named in found))
        for key, found in variant_files(name, files)
    )


def _row(file: Listed, named: Named, url: str, source: str | None) -> Row:
    return (
        file.filename,
        url,
        source,
        named.kind,
        named.version,
        named.tags,
        named.build_number,
        file.size,
        tuple(file.hashes.items()),
        file.requires_python,
        file.yanked,
        file.uploaded,
        file.metadata,
    )


def _blocks(groups: Iterable[Sequence[Row]]) -> tuple[bytes, bytes]:
    """The rows of every version as the blocks of a head and a tail."""
    packed = [marshal.dumps(rows, MARSHAL_FORMAT) for rows in groups]  # type: ignore[arg-type]  # plain values
    ends = accumulate(map(len, packed))
    blocks = b"".join(BLOCK.pack(end, crc32(rows)) for end, rows in zip(ends, packed, strict=True))
    return blocks, b"".join(packed)


def _block(head: Head, i: int) -> tuple[int, int, int]:
    """Start, end and checksum of the rows of version `i`."""
    start = BLOCK.unpack_from(head.blocks, (i - 1) * BLOCK.size)[0] if i else 0
    end, checksum = BLOCK.unpack_from(head.blocks, i * BLOCK.size)
    return start, end, checksum


class Files(Sequence[tuple[Artifact, ...]]):
    """The files of every version of a project, read from the tail of its record when they are first looked
    at.

    `kept_at` is told where mirrors keep the files that were looked at. `again` gives all rows by version once
    more, for the day on which a block turns out to be damaged.
    """

    def __init__(
        self,
        head: Head,
        tail: bytes | memoryview | Tail,
        index: str,
        kept_at: dict[tuple[str, str], str],
        again: Callable[[], Mapping[str, tuple[Row, ...]]],
    ) -> None:
        self._head, self._tail, self._index, self._kept_at, self._again = head, tail, index, kept_at, again
        self._read: dict[int, tuple[Artifact, ...]] = {}

    def __len__(self) -> int:
        return len(self._head.versions)

    @overload
    def __getitem__(self, i: int) -> tuple[Artifact, ...]: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[tuple[Artifact, ...]]: ...
    def __getitem__(self, i: int | slice) -> tuple[Artifact, ...] | Sequence[tuple[Artifact, ...]]:
        if isinstance(i, slice):
            return tuple(self[n] for n in range(*i.indices(len(self))))
        known = self._read.get(i)
        if known is None:
            if not -len(self) <= i < len(self):
                raise IndexError(i)
            rows = self._rows(i % len(self))
            known = self._read[i] = tuple(_artifact(row, self._index) for row in rows)
            self._kept_at.update(
                ((self._index, str(row[1])), row[2]) for row in rows if isinstance(row[2], str)
            )
        return known

    def _rows(self, i: int) -> tuple[Row, ...]:
        start, end, checksum = _block(self._head, i)
        block = self._tail[start:end]
        if crc32(block) == checksum:
            return cast("tuple[Row, ...]", marshal.loads(block))
        rows = self._again().get(self._head.versions[i])
        if rows is None:
            raise DiskError(
                f"the cache record of {self._head.name} is damaged",
                evidence=[f"and {self._index} no longer lists version {self._head.versions[i]}"],
                hints=["run the command again: the record has been replaced"],
            )
        return rows


def rows_by_version(head: Head, tail: bytes | memoryview | Tail) -> dict[str, tuple[Row, ...]]:
    """Every row of a record that was just made."""
    spans = (_block(head, i) for i in range(len(head.versions)))
    return {
        version: marshal.loads(tail[start:end])
        for version, (start, end, _) in zip(head.versions, spans, strict=True)
    }


def project(
    head: Head,
    tail: bytes | memoryview | Tail,
    index: str,
    kept_at: dict[tuple[str, str], str],
    again: Callable[[], Mapping[str, tuple[Row, ...]]],
) -> Project:
    """The project in a record; `index`: the canonical address that its artifacts carry."""
    files = Files(head, tail, index, kept_at, again)
    for _, _, rows in head.variants:
        kept_at.update(((index, str(row[1])), row[2]) for row in rows if isinstance(row[2], str))
    return Project(
        head.name,
        index,
        head.versions,
        head.keys,
        files,
        head.requires_python,
        head.tracks,
        head.alternates,
        tuple(_variant_files(*one, index) for one in head.variants),
    )


def _variant_files(version: str, key: tuple[object, ...], rows: Sequence[Row], index: str) -> VariantFiles:
    from provenv.standards.filenames import split_variant

    found = [_artifact(row, index) for row in rows]
    wheels = (replace(one, variant=split_variant(one.filename)[1]) for one in found if one.kind == "wheel")
    return VariantFiles(version, key, tuple(wheels), tuple(one for one in found if one.kind == "variants"))


def _artifact(row: Row, index: str) -> Artifact:
    filename, url, _, kind, version, tags, build, size, hashes, python, yanked, uploaded, metadata = row
    known = dict(cast("tuple[tuple[str, str], ...]", hashes))
    fields = (
        filename,
        url,
        kind,
        version,
        tags,
        build,
        size,
        known,
        python,
        yanked,
        uploaded,
        metadata,
        index,
    )
    return Artifact(*fields)  # type: ignore[arg-type]  # as _row put them
