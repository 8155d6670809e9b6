"""A page as records: what is read at once, and what when it is looked at."""

from __future__ import annotations

import json

from provenv.pypi.artifacts import Artifact, Project
from provenv.pypi.entries import read_block, write_block
from provenv.pypi.listing import Listed
from provenv.pypi.pages import parse_json
from provenv.pypi.record_files import Files, project_of
from provenv.pypi.records import pack

URL = "https://index.example/simple/torch/"


def place(file: Listed) -> tuple[str, str | None]:
    return file.url, None


def project(*filenames: str, **urls: str) -> Project:
    """The project torch on a page of these files; `urls`: where some lie, with `_` for `-` and `.`."""
    entries = [
        {"filename": name, "url": urls.get(name.replace("-", "_").replace(".", "_"), name)}
        for name in filenames
    ]
    page = parse_json(json.dumps({"files": entries}).encode(), URL)
    head, blocks = pack("torch", page)
    files = Files(head, URL, {}, place, lambda: b"".join(blocks), lambda: None)
    return project_of(head, files, URL, {}, place)


def names(files: tuple[Artifact, ...]) -> list[str]:
    return [file.filename for file in files]


def test_files_are_those_of_their_version_in_the_pages_order() -> None:
    found = project(
        "torch-1.0-py3-none-any.whl",
        "torch-2.0-cp312-cp312-win_amd64.whl",
        "torch-2.0-1-cp312-cp312-win_amd64.whl",
        "torch-2.0.tar.gz",
        "torch-2.0-cp313-cp313-win_amd64.whl",
    )
    assert found.versions == ("2.0", "1.0")
    assert [names(files) for files in found.artifacts] == [
        [
            "torch-2.0-cp312-cp312-win_amd64.whl",
            "torch-2.0-1-cp312-cp312-win_amd64.whl",
            "torch-2.0.tar.gz",
            "torch-2.0-cp313-cp313-win_amd64.whl",
        ],
        ["torch-1.0-py3-none-any.whl"],
    ]


def test_all_spellings_of_a_version_are_one() -> None:
    found = project("torch-1.0-py3-none-any.whl", "torch-1.0.0.tar.gz", "torch-v1-py2-none-any.whl")
    assert found.versions == ("1.0",)
    assert {file.version for file in found.artifacts[0]} == {"1.0"}
    assert len(found.artifacts[0]) == 3


def test_files_of_other_projects_and_names_that_are_none_have_no_version() -> None:
    found = project(
        "torch-1.0-py3-none-any.whl",
        "other-2.0-py3-none-any.whl",
        "torch-3.0-py3-none.whl",
        "torch-four-py3-none-any.whl",
        "torch-5.0.exe",
        f"torch-{'6' * 500}.tar.gz",
        "torch-7.0-..-none-any.whl",
        "../torch-8.0.tar.gz",
    )
    assert found.versions == ("1.0",)


def test_a_version_whose_files_turn_out_to_be_of_no_use_has_none() -> None:
    found = project(
        "torch-1.0-py3-none-any.whl",
        "torch-2.0-py3-none-any.whl",
        torch_2_0_py3_none_any_whl="ftp://files.example/torch-2.0-py3-none-any.whl",
    )
    assert [
        (version, len(files)) for version, files in zip(found.versions, found.artifacts, strict=True)
    ] == [
        ("2.0", 0),
        ("1.0", 1),
    ]


def test_a_broken_file_beside_a_good_one_of_its_version_is_left_out() -> None:
    found = project("torch-1.0-py3-none-any.whl", "torch-1.0-py3-none..x-any.whl")
    assert names(found.artifacts[0]) == ["torch-1.0-py3-none-any.whl"]


def test_an_entry_that_can_not_be_read_is_left_out() -> None:
    good = b'{"filename": "torch-1.0-py3-none-any.whl", "url": "a"}'
    block = write_block([("x", b'{"filename": '), ("y", good), ("z", b"\xff"), ("w", b"[" * 100_000)])
    assert [file.filename for file in read_block(block, URL)] == ["torch-1.0-py3-none-any.whl"]


def test_prereleases_are_marked() -> None:
    found = project("torch-1.0.tar.gz", "torch-2.0rc1.tar.gz", "torch-2.0.dev1.tar.gz")
    assert (found.versions, found.prereleases) == (("2.0rc1", "2.0.dev1", "1.0"), 0b011)
