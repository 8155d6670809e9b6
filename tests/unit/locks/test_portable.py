"""Addresses without secrets, and paths that travel."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenv.addresses import without_credentials
from provenv.locks.portable import path_of, portable_path


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("https://u:p@a.example/x", "https://a.example/x"),
        ("https://token@a.example/x", "https://a.example/x"),
        ("http://u:@a.example:8080/", "http://a.example:8080/"),
        ("git+https://u:p%40@g.example/r@v1", "git+https://g.example/r@v1"),
        ("ssh://git@g.example/r@v1", "ssh://git@g.example/r@v1"),
        ("git+ssh://git@g.example/r", "git+ssh://git@g.example/r"),
        ("git+ssh://u:p@g.example/r", "git+ssh://u@g.example/r"),
        ("https://a.example/r@v1", "https://a.example/r@v1"),
        ("two https://u:p@a.example and https://t@b.example", "two https://a.example and https://b.example"),
    ],
)
def test_credentials_are_cut_and_nothing_else(given: str, expected: str) -> None:
    assert without_credentials(given) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/me/project/locks/w.whl", "./w.whl"),
        ("/home/me/project/wheels/w.whl", "../wheels/w.whl"),
        ("/home/me/project/locks/../wheels/./w.whl", "../wheels/w.whl"),
        ("/home/me/other/w.whl", "/home/me/other/w.whl"),
        ("wheels/w.whl", "./wheels/w.whl"),
    ],
)
def test_paths_below_the_project_are_relative(path: str, expected: str) -> None:
    assert portable_path(Path(path), Path("/home/me/project/locks")) == expected


def test_the_root_is_no_project() -> None:
    assert portable_path(Path("/opt/w.whl"), Path("/locks")) == "/opt/w.whl"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("file:///a/b%20c/%C3%BC.whl", Path("/a/b c/ü.whl")),
        ("file://localhost/a", Path("/a")),
        ("file:///a#egg=x", Path("/a")),
        ("https://a.example/x", None),
    ],
)
def test_file_urls_are_paths(url: str, expected: Path | None) -> None:
    assert path_of(url) == expected
