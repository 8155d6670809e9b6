"""Real packages without a download: what is installed in an environment, packed for a channel or an index."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement

from support.conda_channel import MINOR, SITE, Archive, archive

CONDA_NAMES = {"torch": "pytorch", "typing-extensions": "typing_extensions"}
"""conda-forge's names, where they are others than PyPI's."""

# What no model needs to be trained, and half of what torch weighs.
_LEFT_OUT = re.compile(r"torch/(include|share|test|lib/[^/]+\.a)\b|(^|/)(__pycache__|tests)/")
_INSTALLERS = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json")


def installed(python: Path) -> dict[str, Distribution]:
    """The distributions beside an environment's interpreter, by canonical name."""
    site = python.parent.parent / SITE
    return {_canonical(one.name): one for one in distributions(path=[str(site)])}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needs(one: Distribution, present: Iterable[str]) -> Iterator[Requirement]:
    """What a distribution requires here, of those that are present (beside a CPU torch no CUDA)."""
    environment = {**default_environment(), "extra": ""}
    for requirement in map(Requirement, one.requires or ()):
        wanted = requirement.marker is None or requirement.marker.evaluate(environment)  # type: ignore[arg-type]  # its strings
        if wanted and _canonical(requirement.name) in present:
            yield requirement


def with_needs(names: Iterable[str], present: dict[str, Distribution]) -> list[str]:
    """These distributions and all that they require."""
    found: list[str] = []
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.append(name)
            todo += [_canonical(r.name) for r in needs(present[name], present)]
    return sorted(found)


def as_conda(one: Distribution, present: dict[str, Distribution], **more: object) -> Archive:
    """A distribution as conda-forge would pack it for this Python."""
    name = _canonical(one.name)
    files = {f"{SITE}/{path}": content for path, content in _files(one)}
    files[f"{SITE}/{_info(one)}/INSTALLER"] = b"conda"
    files[f"{SITE}/{_info(one)}/RECORD"] = b""
    depends = [f"python >={MINOR},<{MINOR}.99"]
    for requirement in needs(one, present):
        other = _canonical(requirement.name)
        depends.append(f"{CONDA_NAMES.get(other, other)} {requirement.specifier}".strip())
    options: dict[str, object] = {
        "depends": depends,
        "build": f"py{MINOR.replace('.', '')}_0",
        "purls": [f"pkg:pypi/{name}"],
        **more,
    }
    # conda's versions have no local part: the build says it
    version = one.version.partition("+")[0]
    return archive(CONDA_NAMES.get(name, name), version, files=files, **options)  # type: ignore[arg-type]  # passed through


def as_wheel(one: Distribution) -> tuple[str, bytes]:
    """A pure distribution as the wheel that it came in: its file name and its bytes."""
    packed, record = io.BytesIO(), io.StringIO()
    lines = csv.writer(record, lineterminator="\n")
    with zipfile.ZipFile(packed, "w") as wheel:
        for path, content in _files(one):
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            lines.writerow([path, f"sha256={digest}", len(content)])
            wheel.writestr(path, content)
        lines.writerow([f"{_info(one)}/RECORD", "", ""])
        wheel.writestr(f"{_info(one)}/RECORD", record.getvalue())
    return f"{_info(one).removesuffix('.dist-info')}-py3-none-any.whl", packed.getvalue()


def _info(one: Distribution) -> str:
    return next(file.parts[-2] for file in one.files or () if file.name == "METADATA")


def _files(one: Distribution) -> Iterator[tuple[str, bytes]]:
    """Its files below the folder of packages, without what an installer has added."""
    for file in sorted(one.files or (), key=str):
        own = file.parts[0] != ".." and file.name not in _INSTALLERS
        if own and not _LEFT_OUT.search(file.as_posix()):
            yield file.as_posix(), Path(str(file.locate())).read_bytes()
