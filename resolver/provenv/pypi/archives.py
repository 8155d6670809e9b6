"""Unpacking source archives: nothing lands outside the archive's own folder, and nothing fills the disk."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from provenv.errors import BuildError, DiskError

if TYPE_CHECKING:
    import tarfile
    import zipfile
    from collections.abc import Iterator

# The largest sdists of real indexes unpack to some hundred MB; a bomb unpacks to far more.
MOST_BYTES = 4 * 1024**3
MOST_MEMBERS = 300_000
METADATA_BYTES = 32 * 1024**2


def unpack(
    archive: Path, into: Path, *, most_bytes: int = MOST_BYTES, most_members: int = MOST_MEMBERS
) -> Path:
    """Unpack a tar (any compression) or zip file into the folder `into` and return the source tree in it.

    The tree is the one top folder, where the archive has one, else `into`. What the archive is, is read from
    its content: the address of a direct reference need not end in a known suffix. Raises BuildError for an
    archive that can't be read, reaches outside, or is over the limits, and DiskError when the disk fails.
    """
    into.mkdir(parents=True, exist_ok=True)
    try:
        with archive.open("rb") as file:
            is_zip = file.read(4) == b"PK\x03\x04"
        if is_zip:
            _unpack_zip(archive, into, most_bytes, most_members)
        else:
            _unpack_tar(archive, into, most_bytes, most_members)
    except OSError as error:
        raise _explained(archive, error) from error
    return _top(into)


def wheel_metadata_text(wheel: Path) -> bytes:
    """The METADATA file of a wheel. Raises BuildError naming the file when it has none or is no zip file."""
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(wheel) as opened:
            names = [n for n in opened.namelist() if n.count("/") == 1 and n.endswith(".dist-info/METADATA")]
            if len(names) != 1:
                found = ", ".join(sorted(names)) or "none"
                raise BuildError(
                    f"{wheel.name} is not a usable wheel",
                    evidence=[f"it must hold one *.dist-info/METADATA file; found: {found}"],
                )
            with opened.open(names[0]) as file:
                return file.read(METADATA_BYTES)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _unreadable(wheel, error) from error
    except OSError as error:
        raise _explained(wheel, error) from error


def _unpack_tar(archive: Path, into: Path, most_bytes: int, most_members: int) -> None:
    import tarfile
    import zlib
    from lzma import LZMAError

    try:
        with tarfile.open(archive, mode="r:*") as opened:
            if not hasattr(tarfile, "data_filter"):
                raise BuildError(
                    f"{archive.name} can't be unpacked safely by this Python",
                    hints=["Python 3.11.4 and newer have the filter that this needs: use one"],
                )
            for member in _bounded_tar(archive, opened, most_bytes, most_members):
                opened.extract(member, into, filter="data")
    except tarfile.FilterError as error:
        raise _outside(archive, str(error)) from error
    except (tarfile.TarError, EOFError, zlib.error, LZMAError, ValueError) as error:
        raise _unreadable(archive, error) from error


def _bounded_tar(
    archive: Path, opened: tarfile.TarFile, most_bytes: int, most_members: int
) -> Iterator[tarfile.TarInfo]:
    total = 0
    for count, member in enumerate(opened, start=1):
        total += member.size
        if total > most_bytes or count > most_members:
            raise _too_big(archive, most_bytes, most_members)
        # A device or pipe has no place in a source tree and would make the filter refuse all of it.
        if member.isfile() or member.isdir() or member.islnk() or member.issym():
            yield member


def _unpack_zip(archive: Path, into: Path, most_bytes: int, most_members: int) -> None:
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            if len(members) > most_members or sum(m.file_size for m in members) > most_bytes:
                raise _too_big(archive, most_bytes, most_members)
            for member in members:
                _refuse_outside(archive, member.filename)
            for member in members:
                _extract_zip_member(opened, member, into)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _unreadable(archive, error) from error


def _extract_zip_member(opened: zipfile.ZipFile, member: zipfile.ZipInfo, into: Path) -> None:
    """As `extract`, and an executable stays one (a `configure` script, say)."""
    place = Path(opened.extract(member, into))
    mode = member.external_attr >> 16
    if mode & 0o100 and place.is_file():
        place.chmod(0o755)


def _refuse_outside(archive: Path, name: str) -> None:
    parts = PurePosixPath(name.replace("\\", "/"))
    drive = len(name) > 1 and name[1] == ":"
    if parts.is_absolute() or drive or ".." in parts.parts:
        raise _outside(archive, f"{name!r} would be outside the destination")


def _top(into: Path) -> Path:
    entries = list(into.iterdir())
    if len(entries) == 1 and entries[0].is_dir():
        return entries[0]
    return into


def _explained(archive: Path, error: OSError) -> BuildError | DiskError:
    # A broken gzip stream is an OSError without a number; what has a number is the disk's or the system's.
    if error.errno is None:
        return _unreadable(archive, error)
    return DiskError(f"{archive.name} can't be unpacked", evidence=[str(error)])


def _unreadable(archive: Path, error: Exception) -> BuildError:
    return BuildError(
        f"{archive.name} is not a whole archive",
        evidence=[str(error) or type(error).__name__],
        hints=["fetch it again; if it stays so, its publisher must replace it"],
    )


def _outside(archive: Path, reason: str) -> BuildError:
    return BuildError(
        f"{archive.name} was refused: it would write outside its own folder",
        evidence=[reason],
        hints=["such an archive is broken or hostile: tell whoever publishes it"],
    )


def _too_big(archive: Path, most_bytes: int, most_members: int) -> BuildError:
    return BuildError(
        f"{archive.name} was refused: it unpacks to more than a source archive can reasonably hold",
        evidence=[f"the limits are {most_bytes:,} bytes and {most_members:,} files"],
    )
