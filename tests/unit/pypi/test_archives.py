"""Source archives: whatever they hold, only their own folder is written, and not without end."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from provenv.errors import BuildError, DiskError
from provenv.pypi.archives import unpack, wheel_metadata_text
from support.distributions import make_archive, make_wheel, metadata_text


def tar(path: Path, members: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload] # the mode is a variable here
        for info, content in members:
            info.size = len(content) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(content))
    return path


def file(name: str, content: bytes = b"text") -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_is_unpacked_whatever_its_compression_and_name(tmp_path: Path, mode: str) -> None:
    archive = tar(
        tmp_path / "download", [file("pkg-1.0/pyproject.toml"), file("pkg-1.0/src/a.py", b"a = 1")], mode
    )
    tree = unpack(archive, tmp_path / "into")
    assert tree == tmp_path / "into" / "pkg-1.0"
    assert (tree / "src" / "a.py").read_bytes() == b"a = 1"


def test_a_zip_is_unpacked_and_an_executable_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "pkg.zip"
    with zipfile.ZipFile(path, "w") as archive:
        script = zipfile.ZipInfo("pkg-1.0/configure")
        script.external_attr = (stat.S_IFREG | 0o755) << 16
        archive.writestr(script, "#!/bin/sh\n")
        archive.writestr("pkg-1.0/setup.py", "")
    tree = unpack(path, tmp_path / "into")
    assert tree.name == "pkg-1.0"
    assert os.access(tree / "configure", os.X_OK)
    assert not os.access(tree / "setup.py", os.X_OK)


def test_an_archive_without_one_top_folder_is_its_own_tree(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "pkg.zip", {"setup.py": b"", "pkg/__init__.py": b""})
    assert unpack(archive, tmp_path / "into") == tmp_path / "into"


@pytest.mark.parametrize(
    "members",
    [
        pytest.param([file("../evil")], id="parent"),
        pytest.param([file("pkg/../../evil")], id="parent-inside"),
        pytest.param([link("pkg/out", "../../.."), file("pkg/out/evil")], id="through-a-symlink"),
        pytest.param([link("pkg/out", "/etc")], id="absolute-symlink"),
        pytest.param([link("pkg/out", "../../outside", tarfile.LNKTYPE)], id="hard-link"),
    ],
)
def test_a_tar_that_reaches_outside_is_refused(
    tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]]
) -> None:
    (tmp_path / "outside").write_text("untouched")
    with pytest.raises(BuildError, match=r"evil\.tar\.gz was refused"):
        unpack(tar(tmp_path / "evil.tar.gz", members), tmp_path / "deep" / "into")
    assert not list(tmp_path.rglob("evil"))
    assert (tmp_path / "outside").read_text() == "untouched"


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/evil", "C:\\evil", "..\\evil"])
def test_a_zip_that_reaches_outside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BuildError, match=r"evil\.zip was refused"):
        unpack(zipped(tmp_path / "evil.zip", {name: b"x"}), tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []


def test_what_is_no_file_folder_or_link_is_left_out(tmp_path: Path) -> None:
    pipe = tarfile.TarInfo("pkg/pipe")
    pipe.type = tarfile.FIFOTYPE
    tree = unpack(tar(tmp_path / "pkg.tar.gz", [(pipe, b""), file("pkg/setup.py")]), tmp_path / "into")
    assert [entry.name for entry in tree.iterdir()] == ["setup.py"]


@pytest.mark.parametrize("form", ["tar", "zip"])
def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_does(tmp_path: Path, form: str) -> None:
    content = b"0" * 100_000
    if form == "tar":
        archive = tar(tmp_path / "bomb", [file("p/a", content), file("p/b", content)])
    else:
        archive = zipped(tmp_path / "bomb", {"p/a": content, "p/b": content})
    with pytest.raises(BuildError, match="unpacks to more"):
        unpack(archive, tmp_path / "into", most_bytes=150_000)
    assert sum(path.stat().st_size for path in tmp_path.rglob("p/*")) <= 150_000
    with pytest.raises(BuildError, match="unpacks to more"):
        unpack(archive, tmp_path / "into2", most_members=1)


@pytest.mark.parametrize(
    "content", [b"", b"<html>not found</html>", b"PK\x03\x04 half a zip", b"\x1f\x8b half"]
)
def test_what_is_no_archive_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pkg-1.0.tar.gz").write_bytes(content)
    with pytest.raises(BuildError, match=r"pkg-1\.0\.tar\.gz is not a whole archive"):
        unpack(tmp_path / "pkg-1.0.tar.gz", tmp_path / "into")


def test_an_archive_cut_short_is_not_whole(tmp_path: Path) -> None:
    whole = make_archive("pkg-1.0", {"setup.py": os.urandom(50_000)})
    (tmp_path / "pkg.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BuildError, match="not a whole archive"):
        unpack(tmp_path / "pkg.tar.gz", tmp_path / "into")


def test_a_missing_archive_is_the_disks_fault(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="pkg"):
        unpack(tmp_path / "pkg.tar.gz", tmp_path / "into")


def test_the_metadata_of_a_wheel_are_read(tmp_path: Path) -> None:
    text = metadata_text("pkg", "1.0", requires=["numpy>=2"])
    (tmp_path / "pkg-1.0-py3-none-any.whl").write_bytes(make_wheel("pkg", "1.0", text))
    assert wheel_metadata_text(tmp_path / "pkg-1.0-py3-none-any.whl").decode() == text


@pytest.mark.parametrize("members", [{}, {"a-1.dist-info/METADATA": b"", "b-1.dist-info/METADATA": b""}])
def test_a_wheel_without_one_metadata_file_is_not_usable(tmp_path: Path, members: dict[str, bytes]) -> None:
    with pytest.raises(BuildError, match=r"pkg\.whl is not a usable wheel"):
        wheel_metadata_text(zipped(tmp_path / "pkg.whl", members))


def test_a_wheel_that_is_no_zip_is_named(tmp_path: Path) -> None:
    (tmp_path / "pkg.whl").write_bytes(b"not a zip")
    with pytest.raises(BuildError, match=r"pkg\.whl is not a whole archive"):
        wheel_metadata_text(tmp_path / "pkg.whl")
