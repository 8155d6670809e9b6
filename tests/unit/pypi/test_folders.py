"""Flat pages, folders of files, and simple indexes that lie on this disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from provenv.errors import IndexAnswerError, InputError
from provenv.manifest.values import Index
from provenv.pypi.artifacts import Artifact, Project
from support.index_server import TestIndex

from .conftest import MakeFinder


def flat(project: Project) -> list[Artifact]:
    return [artifact for files in project.artifacts for artifact in files]


def test_a_flat_page(index: TestIndex, finder_of: MakeFinder) -> None:
    index.add("torch", "2.0", requires=["numpy"], sdist=True)
    index.add("torch-vision", "1.0", sdist=True)
    place = Index("links", index.flat_url, flat=True)
    for _ in range(2):
        finder = finder_of()
        project = finder.project(place, "torch")
        assert project is not None
        assert [a.filename for a in flat(project)] == ["torch-2.0-py3-none-any.whl", "torch-2.0.tar.gz"]
        assert flat(project)[0].index == index.flat_url
        assert finder.metadata(flat(project)[0]).requires[0].name == "numpy"
        assert finder.project(place, "vision") is None
        assert finder.project(place, "torch-vision") is not None
    assert [r.status for r in index.log if r.path == "/flat/"] == [200, 304]


def test_a_flat_page_that_is_not_there_is_an_error(index: TestIndex, finder_of: MakeFinder) -> None:
    with pytest.raises(IndexAnswerError):
        finder_of().project(Index("links", f"{index.base}/none.html", flat=True), "torch")


@pytest.mark.parametrize("as_url", [True, False])
def test_a_folder_of_files(index: TestIndex, finder_of: MakeFinder, tmp_path: Path, as_url: bool) -> None:
    index.add("torch", "2.0+cpu", requires=["numpy"], sdist=True)
    index.add("torch", "1.0")
    folder = index.write(tmp_path / "wheels here")
    (folder / "notes.txt").write_text("no distribution")
    place = Index("links", folder.as_uri() if as_url else str(folder), flat=True)
    finder = finder_of()
    project = finder.project(place, "torch")
    assert project is not None
    assert project.versions == ("2.0+cpu", "1.0")
    wheel, sdist, _ = flat(project)
    assert wheel.local_path == str(folder.resolve() / "torch-2.0+cpu-py3-none-any.whl")
    assert [finder.metadata(a).requires[0].name for a in (wheel, sdist)] == ["numpy", "numpy"]
    content = index.projects["torch"][0].content
    assert finder.sha256(wheel) == (hashlib.sha256(content).hexdigest(), len(content))
    assert finder.download(wheel, tmp_path).read_bytes() == content
    assert finder.project(place, "absent") is None
    assert index.log == []


def test_a_file_replaced_in_a_folder_is_read_anew(finder_of: MakeFinder, tmp_path: Path) -> None:
    for requires in ("old", "new-one"):
        with TestIndex() as index:
            (served,) = index.add("torch", "2.0", requires=[requires])
            folder = index.write(tmp_path / "wheels")
        finder = finder_of()
        project = finder.project(Index("links", str(folder), flat=True), "torch")
        assert project is not None
        assert finder.metadata(flat(project)[0]).requires[0].name == requires
        assert finder.sha256(flat(project)[0])[0] == hashlib.sha256(served.content).hexdigest()


def test_a_simple_index_on_this_disk(index: TestIndex, finder_of: MakeFinder, tmp_path: Path) -> None:
    (served,) = index.add("torch", "2.0")
    root = tmp_path / "simple"
    index.write(tmp_path / "files")
    (root / "torch").mkdir(parents=True)
    (root / "torch" / "index.html").write_text(
        f'<a href="../../files/{served.filename}#sha256={"a" * 64}">x</a>'
    )
    index.write(root / "bare")
    finder = finder_of()
    project = finder.project(Index("local", root.as_uri()), "torch")
    assert project is not None
    assert flat(project)[0].local_path == str((tmp_path / "files" / served.filename).resolve())
    assert flat(project)[0].hashes == {"sha256": "a" * 64}
    assert finder.project(Index("local", root.as_uri()), "absent") is None


def test_one_file_and_a_local_page_as_find_links(
    index: TestIndex, finder_of: MakeFinder, tmp_path: Path
) -> None:
    (served,) = index.add("torch", "2.0")
    folder = index.write(tmp_path / "wheels")
    page = tmp_path / "links.html"
    page.write_text(f'<a href="wheels/{served.filename}">x</a>')
    for place in (str(folder / served.filename), page.as_uri()):
        project = finder_of().project(Index("links", place, flat=True), "torch")
        assert project is not None
        assert flat(project)[0].local_path == str((folder / served.filename).resolve())


def test_a_missing_find_links_folder_is_a_note_and_a_missing_index_folder_an_error(
    finder_of: MakeFinder, tmp_path: Path
) -> None:
    finder = finder_of()
    assert finder.project(Index("links", str(tmp_path / "none"), flat=True), "torch") is None
    assert any("there is no folder" in note for note in finder.notes)
    with pytest.raises(InputError, match="there is no folder"):
        finder.project(Index("local", (tmp_path / "none").as_uri()), "torch")
