"""METADATA out of a wheel by reading parts of it."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenv.pypi import ranges
from provenv.pypi.known_metadata import MetadataError
from provenv.pypi.ranges import wheel_metadata
from support.distributions import make_wheel, metadata_text

METADATA = metadata_text("a", "1.0", requires=["b>=2"])
PLACE = "a-1.0.dist-info/METADATA"


def reader(content: bytes, reads: list[tuple[int, int]] | None = None) -> Callable[[int, int], bytes]:
    def read(start: int, end: int) -> bytes:
        assert 0 <= start <= end <= len(content)
        if reads is not None:
            reads.append((start, end))
        return content[start:end]

    return read


def archive(files: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
        packed.comment = comment
    return buffer.getvalue()


def metadata_of(content: bytes) -> bytes:
    return wheel_metadata(reader(content), len(content), "a-1.0-py3-none-any.whl")


def test_the_metadata_of_a_wheel() -> None:
    assert metadata_of(make_wheel("a", "1.0", METADATA)).decode() == METADATA


def test_a_large_wheel_is_read_in_small_parts() -> None:
    import os

    files: dict[str, str | bytes] = {"a/big.bin": os.urandom(3_000_000)}
    content = make_wheel("a", "1.0", METADATA, files=files)
    reads: list[tuple[int, int]] = []
    assert wheel_metadata(reader(content, reads), len(content), "x").decode() == METADATA
    assert sum(end - start for start, end in reads) < 20_000


def test_a_directory_beyond_the_tail_and_metadata_at_the_start() -> None:
    files = {PLACE: METADATA.encode()} | {f"a/{'x' * 100}{n}.py": b"" for n in range(2_000)}
    assert metadata_of(archive(files)).decode() == METADATA


@pytest.mark.parametrize("comment", [b"", b"c" * 10_000, b"PK\x05\x06 is no end", b"c" * 65_535])
def test_a_comment_at_the_end(comment: bytes) -> None:
    content = archive({PLACE: METADATA.encode()}, comment=comment)
    if comment.startswith(b"PK"):
        with pytest.raises(MetadataError):
            metadata_of(content)
    else:
        assert metadata_of(content).decode() == METADATA


def test_stored_metadata() -> None:
    assert metadata_of(archive({PLACE: METADATA.encode()}, method=zipfile.ZIP_STORED)).decode() == METADATA


def test_zip64() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed, packed.open(PLACE, "w", force_zip64=True) as entry:
        entry.write(METADATA.encode())
    assert metadata_of(buffer.getvalue()).decode() == METADATA


def test_a_zip64_directory_record() -> None:
    content = archive({PLACE: METADATA.encode()})
    start = int.from_bytes(content[-6:-2], "little")
    length = int.from_bytes(content[-10:-6], "little")
    record = (
        b"PK\x06\x06" + (44).to_bytes(8, "little") + b"\x2d\0\x2d\0" + b"\0" * 8
        + (1).to_bytes(8, "little") * 2 + length.to_bytes(8, "little") + start.to_bytes(8, "little")
    )  # fmt: skip
    locator = b"PK\x06\x07" + b"\0" * 4 + (start + length).to_bytes(8, "little") + (1).to_bytes(4, "little")
    end = b"PK\x05\x06" + b"\0" * 4 + b"\xff\xff" * 2 + b"\xff" * 8 + b"\0\0"
    wide = content[: start + length] + record + locator + end
    assert zipfile.ZipFile(io.BytesIO(wide)).namelist() == [PLACE]
    assert metadata_of(wide).decode() == METADATA


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "it has none"),
        ({"a/METADATA": b"x"}, "it has none"),
        ({"x/a-1.0.dist-info/METADATA": b"x"}, "it has none"),
        ({PLACE: b"x", "b-1.0.dist-info/METADATA": b"y"}, "a-1.0.dist-info/METADATA, b-1.0"),
    ],
)
def test_a_wheel_has_one_metadata_file(files: dict[str, bytes], words: str) -> None:
    with pytest.raises(MetadataError) as caught:
        metadata_of(archive(files))
    assert words in caught.value.evidence[0]


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"PK\x05\x06", b"\0" * 100_000, b"PK\x05\x06" + b"\xff" * 18]
)
def test_what_is_no_zip_file(content: bytes) -> None:
    with pytest.raises(MetadataError, match=r"a-1\.0-py3-none-any\.whl is no zip file"):
        metadata_of(content)


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(MetadataError) as caught:
        metadata_of(archive({PLACE: b"\0" * (ranges.LARGEST + 1)}))
    assert "would be" in caught.value.evidence[0]


def test_a_bomb_that_lies_about_its_size_is_not_unpacked() -> None:
    bomb = archive({PLACE: b"\0" * (ranges.LARGEST + 1)})
    lying = bomb.replace((ranges.LARGEST + 1).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    with pytest.raises(MetadataError):
        metadata_of(lying)


@given(st.data())
def test_a_damaged_wheel_is_an_error_or_the_same_metadata(data: st.DataObject) -> None:
    content = bytearray(make_wheel("a", "1.0", METADATA))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(MetadataError):
        assert metadata_of(bytes(content)).decode() == METADATA
