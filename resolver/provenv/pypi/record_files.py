"""A project out of its records: a version's files are read when they are first looked at."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Sequence
from typing import TypeAlias, cast, overload
from zlib import crc32

from provenv.errors import DiskError
from provenv.pypi.artifacts import Artifact, Project, VariantFiles
from provenv.pypi.cache import MARSHAL_FORMAT, Tail
from provenv.pypi.records import Head, Placing, Row, block_of, read_filename, row_of
from provenv.values import replace

Blocks: TypeAlias = bytes | memoryview | Tail
"""The content of a project's second record."""


class Files(Sequence[tuple[Artifact, ...]]):
    """The files of every version of a project; what is read of a block is put down in the head.

    `blocks` opens the second record. `kept_at` is told where mirrors keep the files that were looked at.
    `again` gives both records once more, for the day on which a block turns out to be damaged or gone.
    """

    def __init__(
        self,
        head: Head,
        index: str,
        kept_at: dict[tuple[str, str], str],
        placing: Placing,
        blocks: Callable[[], Blocks],
        again: Callable[[], tuple[Head, Callable[[], Blocks]] | None],
    ) -> None:
        self._head, self._index, self._kept_at, self._placing = head, index, kept_at, placing
        self._open, self._again = blocks, again
        self._blocks: Blocks | None = None
        self.versions = tuple(head.versions.split("\n")) if head.versions else ()
        self._read: dict[int, tuple[Artifact, ...]] = {}

    def __len__(self) -> int:
        return len(self.versions)

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
            known = self._read[i] = tuple([_artifact(row, self._index) for row in rows])
            for row in rows:
                if row[2] is not None:
                    self._kept_at[self._index, cast("str", row[1])] = cast("str", row[2])
        return known

    def _rows(self, i: int) -> Sequence[Row]:
        packed = self._head.rows.get(i)
        if packed is not None:
            return cast("Sequence[Row]", marshal.loads(packed))
        rows = self._read_rows(*self._block(i), self.versions[i])
        self._head.rows[i] = marshal.dumps(rows, MARSHAL_FORMAT)
        return rows

    def _block(self, i: int) -> tuple[bytes | memoryview, str]:
        """The entries of a version, and what their links start from."""
        if self._blocks is None:
            self._blocks = self._open()
        start, end, checksum = block_of(self._head, i)
        block = self._blocks[start:end]
        if crc32(block) == checksum:
            return block, self._head.base
        found = self._again()
        versions = found[0].versions.split("\n") if found else []
        if found is None or self.versions[i] not in versions:
            raise DiskError(
                f"the cache record of {self._head.name} is damaged",
                evidence=[f"and {self._index} no longer lists version {self.versions[i]}"],
                hints=["run the command again: the record has been replaced"],
            )
        head, blocks = found
        start, end, _ = block_of(head, versions.index(self.versions[i]))
        return blocks()[start:end], head.base

    def _read_rows(self, block: bytes | memoryview, base: str, version: str) -> list[Row]:
        """The usable files of a version."""
        import json

        from provenv.pypi.entries import read_entry

        rows = []
        for entry in json.loads(bytes(block)):
            file = read_entry(entry, base)
            named = read_filename(file.filename, self._head.name) if file else None
            if file and named:  # named by another spelling of the version now and then
                rows.append(row_of(file, named._replace(version=version), *self._placing(file)))
        return rows


def project_of(head: Head, files: Files, index: str, kept_at: dict[tuple[str, str], str]) -> Project:
    """The project in its records; `index`: the canonical address that its artifacts carry."""
    for _, _, rows in head.variants:
        kept_at.update(((index, str(row[1])), row[2]) for row in rows if isinstance(row[2], str))
    return Project(
        head.name,
        index,
        files.versions,
        files,
        head.prereleases,
        head.masks,
        head.tracks,
        head.alternates,
        tuple([_variant_files(*one, index) for one in head.variants]),
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
    return Artifact(*fields)  # type: ignore[arg-type]  # as row_of put them
