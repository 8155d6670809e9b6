"""A folder of wheels from which `pip install provenv` works without an index: the checkout and its needs."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.distributions import file_stem

CHECKOUT = Path(__file__).parents[2]


def wheelhouse(folder: Path) -> Path:
    """Build the checkout's wheel and pack what is installed of its dependencies."""
    folder.mkdir()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    for distribution in _needed("provenv"):
        _pack(distribution, folder)
    return folder


def _needed(name: str) -> Iterator[importlib.metadata.Distribution]:
    """The installed distributions that this one needs, directly or not."""
    seen, waiting = {name}, [(name, frozenset[str]())]
    while waiting:
        current, extras = waiting.pop()
        for text in importlib.metadata.requires(current) or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker and not any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                continue
            needed = canonicalize_name(requirement.name)
            waiting += (
                [(needed, frozenset(requirement.extras))] if needed not in seen or requirement.extras else []
            )
            if needed not in seen:
                yield importlib.metadata.distribution(needed)
            seen.add(needed)


def _pack(distribution: importlib.metadata.Distribution, folder: Path) -> None:
    """An installed distribution as the wheel that it came from, as far as its RECORD tells."""
    stem = file_stem(distribution.name, distribution.version)
    tag = next(
        line.split(": ")[1]
        for line in (distribution.read_text("WHEEL") or "").splitlines()
        if line.startswith("Tag: ")
    )
    with zipfile.ZipFile(folder / f"{stem}-{tag}.whl", "w") as archive:
        names = []
        for file in distribution.files or ():
            name = file.as_posix()
            if name.endswith((".pyc", "/RECORD", "/INSTALLER", "/REQUESTED", "/direct_url.json")):
                continue
            if "../bin/" in name:
                if _is_made_by_installer(distribution, Path(name).name):
                    continue
                name = f"{stem}.data/scripts/{Path(name).name}"
            archive.write(file.locate(), name)
            names.append(name)
        record = next(f.as_posix() for f in distribution.files or () if f.as_posix().endswith("/RECORD"))
        archive.writestr(record, "".join(f"{name},,\n" for name in [*names, record]))


def _is_made_by_installer(distribution: importlib.metadata.Distribution, name: str) -> bool:
    return any(point.name == name for point in distribution.entry_points.select(group="console_scripts"))
