"""Packages on this disk: flat folders of files, and simple indexes written out as folders."""

from __future__ import annotations

import os
from pathlib import Path

from provenv.errors import DiskError, InputError
from provenv.pypi.listing import Listed, Page, is_distribution, page_of


def local_path(place: str) -> Path | None:
    """The path behind a `file:` address or a plain path, None for an address on a network."""
    if place.startswith("file:"):
        from urllib.parse import urlsplit
        from urllib.request import url2pathname

        return Path(url2pathname(urlsplit(place).path))
    if "://" in place:
        return None
    return Path(place).expanduser()


def scan_folder(folder: Path) -> Page:
    """The files of a folder, sorted by name, with their sizes and no hashes (these are had when one is
    chosen).

    A folder with no distribution in it is an empty page. Raises InputError when there is no such folder and
    DiskError when it can't be read.
    """
    try:
        with os.scandir(folder) as entries:
            found = [
                (entry.name, entry.stat().st_size)
                for entry in entries
                if is_distribution(entry.name) and entry.is_file()
            ]
    except FileNotFoundError:
        raise InputError(
            f"there is no folder {folder} to take packages from",
            hints=["correct the path, or remove it from the find-links, indexes or mirrors that name it"],
        ) from None
    except OSError as problem:
        raise DiskError(
            f"the folder {folder} can't be read",
            evidence=[problem.strerror or str(problem)],
            hints=["check its permissions"],
        ) from None
    base = folder.resolve()
    return page_of(
        (Listed(name, (base / name).as_uri(), {}, size) for name, size in sorted(found)), base.as_uri()
    )


def flat_page(path: Path) -> Page:
    """The files at a path: of a folder, of an HTML page of links, or the one file that it is."""
    if path.is_file():
        if is_distribution(path.name):
            address = path.resolve().as_uri()
            return page_of([Listed(path.name, address, {}, path.stat().st_size)], address)
        return read_page(path)
    return scan_folder(path)


def project_page(folder: Path, name: str) -> Page | None:
    """The page of one project in a simple index that lies on this disk; None when it has no such project.

    A project is a folder with an `index.html`, or with the files themselves.
    """
    place = folder / name
    if not place.is_dir():
        return None
    page = place / "index.html"
    return read_page(page) if page.is_file() else scan_folder(place)


def read_page(path: Path) -> Page:
    """The links of an HTML file on this disk; raises DiskError when it can't be read."""
    from provenv.pypi.html_pages import parse_html

    try:
        body = path.read_bytes()
    except OSError as problem:
        raise DiskError(f"{path} can't be read", evidence=[problem.strerror or str(problem)]) from None
    return parse_html(body, path.resolve().as_uri())
