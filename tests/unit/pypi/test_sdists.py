"""What an sdist says of its dependencies without being built, and when its word may not be taken."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from provenv.pypi import sdists
from provenv.pypi.artifacts import Artifact, Metadata
from provenv.pypi.known_metadata import MetadataError, NeedsBuild
from provenv.pypi.sdists import static_metadata
from provenv.standards.requirements import Requirement
from support.distributions import make_archive, make_sdist, metadata_text

OLD = metadata_text("a", "1.0", requires=["old"], metadata_version="2.1")


def read(folder: Path, content: bytes, filename: str = "a-1.0.tar.gz") -> Metadata:
    (folder / filename).write_bytes(content)
    artifact = Artifact(filename, (folder / filename).as_uri(), "sdist", "1.0")
    return static_metadata(folder / filename, artifact)


def test_a_static_pkg_info_is_taken(tmp_path: Path) -> None:
    content = make_sdist("a", "1.0", requires=["b>1"], extras={"x": ["c"]}, requires_python=">=3.8")
    assert read(tmp_path, content) == Metadata(
        "a",
        "1.0",
        ">=3.8",
        (Requirement("b", specifier=">1"), Requirement("c", marker='extra == "x"')),
        ("x",),
    )


def test_an_old_pkg_info_needs_a_build(tmp_path: Path) -> None:
    with pytest.raises(NeedsBuild) as caught:
        read(tmp_path, make_sdist("a", "1.0", requires=["b"], static=False))
    assert caught.value.artifact.filename == "a-1.0.tar.gz"
    assert 'build = ["a"]' in caught.value.hints[0]


def pyproject(tmp_path: Path, text: str) -> Metadata:
    return read(tmp_path, make_archive("a-1.0", {"PKG-INFO": OLD, "pyproject.toml": text}))


def test_a_static_pyproject_is_taken_where_pkg_info_is_old(tmp_path: Path) -> None:
    found = pyproject(
        tmp_path,
        """[project]
name = "A"
dynamic = ["version"]
requires-python = ">=3.9"
dependencies = ["b>1"]
[project.optional-dependencies]
X_y = ["c ; python_version < '4' or os_name == 'nt'"]
""",
    )
    assert (found.name, found.version, found.requires_python) == ("a", "1.0", ">=3.9")
    assert found.extras == ("x-y",)
    assert [str(r) for r in found.requires] == [
        "b>1",
        'c; (python_version < "4" or os_name == "nt") and extra == "x-y"',
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not toml [",
        "[tool.poetry]\nname = 'a'\n",
        "[project]\nname = 'a'\ndynamic = ['dependencies']\n",
        "[project]\nname = 'a'\ndynamic = ['version', 'optional-dependencies']\ndependencies = []\n",
        "[project]\nname = 'a'\ndynamic = ['requires-python']\n",
        "[project]\nname = 'a'\ndynamic = 'dependencies'\n",
        "[project]\nname = 'a'\ndependencies = 'b'\n",
        "[project]\nname = 'a'\noptional-dependencies = ['b']\n",
        "[project]\ndependencies = []\n",
        "project = 3\n",
    ],
)
def test_a_pyproject_that_leaves_dependencies_open_needs_a_build(tmp_path: Path, text: str) -> None:
    with pytest.raises(NeedsBuild):
        pyproject(tmp_path, text)


def test_an_invalid_requirement_in_a_pyproject_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match=r"a-1\.0\.tar\.gz"):
        pyproject(tmp_path, "[project]\nname='a'\ndependencies=['b>>1']\n")


def test_a_zip_and_other_compressions(tmp_path: Path) -> None:
    text = metadata_text("a", "1.0", requires=["b"], metadata_version="2.2")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("a-1.0/setup.py", "")
        packed.writestr("a-1.0/PKG-INFO", text)
    assert read(tmp_path, buffer.getvalue(), "a-1.0.zip").requires == (Requirement("b"),)
    for mode in ("bz2", "xz"):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode=f"w:{mode}") as archive:
            info = tarfile.TarInfo("./a-1.0/PKG-INFO")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
        assert read(tmp_path, buffer.getvalue(), f"a-1.0.tar.{mode}").requires == (Requirement("b"),)


def test_a_pkg_info_deeper_down_is_not_the_projects(tmp_path: Path) -> None:
    deep = metadata_text("other", "9", metadata_version="2.2")
    content = make_archive("a-1.0", {"a.egg-info/PKG-INFO": deep, "vendor/PKG-INFO": deep})
    with pytest.raises(NeedsBuild):
        read(tmp_path, content)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x1f\x8b\x08\x00broken", b"PK\x03\x04"])
@pytest.mark.parametrize("filename", ["a-1.0.tar.gz", "a-1.0.zip"])
def test_what_is_no_archive_names_the_file(tmp_path: Path, content: bytes, filename: str) -> None:
    with pytest.raises(MetadataError) as caught:
        read(tmp_path, content, filename)
    assert filename in caught.value.message


def test_a_truncated_archive_names_the_file(tmp_path: Path) -> None:
    import os

    whole = make_archive("a-1.0", {"a.bin": os.urandom(50_000), "PKG-INFO": OLD})
    with pytest.raises(MetadataError, match=r"a-1\.0\.tar\.gz"):
        read(tmp_path, whole[: len(whole) // 2])


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdists, "MOST_BYTES", 1_000_000)
    with pytest.raises(MetadataError) as caught:
        read(tmp_path, make_archive("a-1.0", {"zeros": b"\0" * 2_000_000, "PKG-INFO": OLD}))
    assert "unpacks to over" in caught.value.evidence[0]


def test_enormous_metadata_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdists, "LARGEST", 10_000)
    with pytest.raises(MetadataError) as caught:
        read(tmp_path, make_archive("a-1.0", {"PKG-INFO": OLD + "x" * 20_000}))
    assert "PKG-INFO is over" in caught.value.evidence[0]
