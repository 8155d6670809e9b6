"""A project out of its records: a version's files are read when they are first looked at."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping, Sequence
from zlib import crc32

from provenv.errors import DiskError
from provenv.pypi.artifacts import Artifact, Project, VariantFiles
from provenv.pypi.cache import MARSHAL_FORMAT, Tail
from provenv.pypi.records import Head, Placing, artifact_of, block_of, read_filename
from provenv.typed import cast, overload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

Row: TypeAlias = tuple[object, ...]
"""The fields of an `Artifact`."""
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
            rows, sources = self._rows(i % len(self))
            known = self._read[i] = tuple([Artifact._make(row) for row in rows])
            for url, source in sources.items():
                self._kept_at[self._index, url] = source
        return known

    def _rows(self, i: int) -> tuple[Sequence[Row], Mapping[str, str]]:
        """The files of a version, and where mirrors keep some of them, by address."""
        packed = self._head.rows.get(i)
        if packed is None:
            block, base = self._block(i)
            found = self._read_files(block, base, self.versions[i])
            packed = self._head.rows[i] = marshal.dumps(found, MARSHAL_FORMAT)
        return cast("tuple[Sequence[Row], Mapping[str, str]]", marshal.loads(packed))

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

    def _read_files(
        self, block: bytes | memoryview, base: str, version: str
    ) -> tuple[list[Row], dict[str, str]]:
        from provenv.pypi.entries import read_block

        rows: list[Row] = []
        sources: dict[str, str] = {}
        for file in read_block(block, base):
            named = read_filename(file.filename, self._head.name)
            if named is not None:
                url, source = self._placing(file)
                # now and then it is named by another spelling of the version
                artifact = artifact_of(file, named._replace(version=version), url, self._index)
                rows.append(tuple(artifact))
                if source is not None:
                    sources[url] = source
        return rows, sources


def project_of(
    head: Head, files: Files, index: str, kept_at: dict[tuple[str, str], str], placing: Placing
) -> Project:
    """The project in its records; `index`: the canonical address that its artifacts carry."""
    variants: Sequence[VariantFiles] = ()
    if head.variants:
        from provenv.pypi.entries import read_block
        from provenv.pypi.variant_pages import variant_files

        variants = variant_files(head.name, read_block(head.variants, head.base), index, kept_at, placing)
    return Project(
        head.name,
        index,
        files.versions,
        files,
        head.prereleases,
        head.masks,
        head.tracks,
        head.alternates,
        tuple(variants),
    )
