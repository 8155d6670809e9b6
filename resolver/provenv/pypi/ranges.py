"""The METADATA of a wheel that lies somewhere else, by reading only the parts of the file that hold it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import TypeAlias

from provenv.pypi.known_metadata import MetadataError
from provenv.pypi.metadata import LARGEST
from provenv.tuples import NamedTuple

Read: TypeAlias = Callable[[int, int], bytes]
"""`read(start, end)`: exactly the bytes of the file from `start` up to, not including, `end`."""

LARGEST_DIRECTORY = 128 * 1024 * 1024
END = b"PK\x05\x06"
END_64 = b"PK\x06\x06"
ENTRY = b"PK\x01\x02"
STORED, DEFLATED = 0, 8
UNKNOWN = 0xFFFFFFFF
"""What a 32-bit field of a zip file says when the true figure is in its zip64 part."""


class Entry(NamedTuple):
    """One file of a zip archive, as its central directory says."""

    name: str
    method: int
    compressed: int
    size: int
    checksum: int
    offset: int


def wheel_metadata(read: Read, size: int, filename: str) -> bytes:
    """The METADATA file of a wheel of `size` bytes; raises MetadataError for what is no wheel."""
    try:
        entries = _central_directory(read, size)
        return _content(read, size, _metadata_entry(entries, filename))
    except (struct.error, zlib.error, IndexError) as problem:
        raise MetadataError(f"{filename} is no zip file that can be read", evidence=[str(problem)]) from None
    except _NotAZip as problem:
        raise MetadataError(f"{filename} is no zip file that can be read", evidence=[str(problem)]) from None


class _NotAZip(Exception):
    """What is wrong with the archive, in words."""


def _central_directory(read: Read, size: int) -> list[Entry]:
    tail_start = max(0, size - 65_557)  # the longest comment, and the record before it
    near = max(tail_start, size - 8_192)
    tail = read(near, size)
    at = tail.rfind(END)
    if at < 0 and near > tail_start:
        near, tail = tail_start, read(tail_start, size)
        at = tail.rfind(END)
    if at < 0:
        raise _NotAZip("it has no end of central directory record")
    length, start = struct.unpack_from("<II", tail, at + 12)
    if UNKNOWN in (length, start):
        length, start = _directory_64(read, near, tail, at)
    if length > LARGEST_DIRECTORY or start + length > size:
        raise _NotAZip(f"its central directory would be {length} bytes at {start}, and the file has {size}")
    directory = tail[start - near : start - near + length] if start >= near else read(start, start + length)
    return _entries(directory)


def _directory_64(read: Read, near: int, tail: bytes, at: int) -> tuple[int, int]:
    """Length and start of the central directory of a zip64 archive, by the locator before its end record."""
    if at < 20 or tail[at - 20 : at - 16] != b"PK\x06\x07":
        raise _NotAZip("its zip64 locator is missing")
    (place,) = struct.unpack_from("<Q", tail, at - 12)
    record = tail[place - near :][:56] if place >= near else read(place, place + 56)
    if record[:4] != END_64:
        raise _NotAZip("its zip64 record is missing")
    length, start = struct.unpack_from("<QQ", record, 40)
    return length, start


def _entries(directory: bytes) -> list[Entry]:
    entries, at = [], 0
    while directory[at : at + 4] == ENTRY:
        (method,) = struct.unpack_from("<H", directory, at + 10)
        checksum, compressed, size = struct.unpack_from("<III", directory, at + 16)
        name_length, extra_length, comment_length = struct.unpack_from("<HHH", directory, at + 28)
        (offset,) = struct.unpack_from("<I", directory, at + 42)
        name = directory[at + 46 : at + 46 + name_length]
        if UNKNOWN in (compressed, size, offset):
            extra = directory[at + 46 + name_length :][:extra_length]
            size, compressed, offset = _wide(extra, size, compressed, offset)
        entries.append(Entry(name.decode("utf-8", "replace"), method, compressed, size, checksum, offset))
        at += 46 + name_length + extra_length + comment_length
    return entries


def _wide(extra: bytes, *values: int) -> list[int]:
    """The 64-bit figures of a zip64 extra field, in the place of those that are `UNKNOWN`."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            wide = iter(struct.unpack_from(f"<{length // 8}Q", extra, at + 4))
            return [next(wide, value) if value == UNKNOWN else value for value in values]
        at += 4 + length
    return list(values)


def _metadata_entry(entries: list[Entry], filename: str) -> Entry:
    found = [e for e in entries if e.name.endswith(".dist-info/METADATA") and e.name.count("/") == 1]
    if len(found) != 1:
        names = ", ".join(sorted(entry.name for entry in found)) or "none"
        raise MetadataError(
            f"{filename} is no usable wheel",
            evidence=[f"it must have one *.dist-info/METADATA; it has {names}"],
        )
    return found[0]


def _content(read: Read, size: int, entry: Entry) -> bytes:
    if max(entry.size, entry.compressed) > LARGEST:
        raise _NotAZip(f"its METADATA would be {max(entry.size, entry.compressed)} bytes")
    # The local header repeats the name; its extra field may be longer than the directory's, so read
    # generously.
    end = min(size, entry.offset + 30 + len(entry.name.encode()) + 1_024 + entry.compressed)
    part = read(entry.offset, end)
    if part[:4] != b"PK\x03\x04":
        raise _NotAZip("its METADATA is not where its directory says")
    name_length, extra_length = struct.unpack_from("<HH", part, 26)
    start = 30 + name_length + extra_length
    if start + entry.compressed > len(part):
        part += read(end, min(size, entry.offset + start + entry.compressed))
    packed = part[start : start + entry.compressed]
    content = _unpacked(packed, entry)
    if len(content) != entry.size or zlib.crc32(content) != entry.checksum:
        raise _NotAZip("its METADATA does not have the length and checksum that its directory says")
    return content


def _unpacked(packed: bytes, entry: Entry) -> bytes:
    if entry.method == STORED:
        return packed
    if entry.method == DEFLATED:
        return zlib.decompressobj(-15).decompress(packed, entry.size + 1)
    raise _NotAZip(f"its METADATA is packed by method {entry.method}, and deflate is known")
