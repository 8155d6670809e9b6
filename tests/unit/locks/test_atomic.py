"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provenv.atomic import write_bytes, write_text
from provenv.errors import DiskError

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX permissions and limits")


def test_a_file_is_made_with_its_folders(tmp_path: Path) -> None:
    place = tmp_path / "ein Ordner" / "ü.txt"
    assert write_text(place, "a\nb\n")
    assert place.read_bytes() == b"a\nb\n"
    assert list(place.parent.iterdir()) == [place]


def test_the_same_bytes_are_not_written_again(tmp_path: Path) -> None:
    place = tmp_path / "x"
    write_bytes(place, b"1")
    inode = place.stat().st_ino
    assert not write_bytes(place, b"1")
    assert place.stat().st_ino == inode
    assert write_bytes(place, b"2")


@posix
def test_permissions_are_kept_and_new_files_follow_the_umask(tmp_path: Path) -> None:
    place = tmp_path / "x"
    old = os.umask(0o027)
    try:
        write_bytes(place, b"1")
    finally:
        os.umask(old)
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    place.chmod(0o604)
    write_bytes(place, b"2")
    assert stat.S_IMODE(place.stat().st_mode) == 0o604


@posix
def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"1")
    link.symlink_to(real)
    write_bytes(link, b"2")
    assert link.is_symlink()
    assert real.read_bytes() == b"2"


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskError, match=r"can't write .*file"):
        write_bytes(tmp_path / "file" / "x", b"1")


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(DiskError, match=r"can't write"):
        write_bytes(tmp_path / "x", b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@posix
def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the full disk: the write itself fails half-way."""
    place = tmp_path / "x"
    place.write_bytes(b"old")
    script = (
        "import resource, signal, sys; from pathlib import Path; from provenv.atomic import write_bytes;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "write_bytes(Path(sys.argv[1]), b'n' * 100_000)"
    )
    done = subprocess.run([sys.executable, "-c", script, place], capture_output=True, text=True, check=False)
    assert "DiskError: can't write" in done.stderr
    assert place.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [place]


def test_what_a_killed_writer_left_goes_with_a_later_write_and_a_present_ones_stays(tmp_path: Path) -> None:
    old, young = tmp_path / ".provenv-0a1b.tmp", tmp_path / ".provenv-2c3d.tmp"
    for path in (old, young):
        path.write_bytes(b"half")
    hours_ago = time.time() - 2 * 3600
    os.utime(old, (hours_ago, hours_ago))
    write_bytes(tmp_path / "x", b"1")
    assert sorted(path.name for path in tmp_path.iterdir()) == [young.name, "x"]
