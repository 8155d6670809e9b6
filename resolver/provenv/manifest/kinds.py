"""What a path is: a manifest that can be read, or something else, which is named with what to do about it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from provenv.errors import ManifestError, Origin
from provenv.manifest.document import shown_path
from provenv.manifest.dynamic import requirement_files_hint
from provenv.manifest.spelling import nearest
from provenv.reads import exists, is_file, is_folder, read_bytes
from provenv.tuples import NamedTuple


class Found(NamedTuple):
    """A manifest's file, and which reader takes it."""

    path: Path
    kind: Literal["pyproject", "requirements", "environment"]


class _Other(NamedTuple):
    """A kind of file that is no manifest: what it is, what to do, and a pattern of the line that shows it."""

    matches: Callable[[str], bool]
    what: str
    hint: str
    telling: str = ""


def _named(*names: str) -> Callable[[str], bool]:
    return lambda name: name in names


def _ending(*endings: str) -> Callable[[str], bool]:
    return lambda name: name.endswith(endings)


_LIST_THEM = "list the requirements in [project] dependencies of a pyproject.toml"
_OTHERS = (
    _Other(
        _named("pixi.toml"),
        "a pixi workspace, whose packages come from conda channels",
        _LIST_THEM,
        r"\[(?:[\w.-]+\.)?(?:dependencies|pypi-dependencies)\]",
    ),
    _Other(_named("pixi.lock"), "pixi's lock", "give the manifest that it was made from"),
    _Other(
        lambda name: re.fullmatch(r"pylock(\.[^.]+)?\.toml", name) is not None,
        "a lock (PEP 751), not a manifest",
        "give the manifest that it was made from, or install it as it is: `uv pip sync FILE`",
    ),
    _Other(
        _ending("uv.lock", "poetry.lock", "pdm.lock", "pipfile.lock", "conda-lock.yml", "conda-lock.yaml"),
        "another tool's lock, not a manifest",
        "give the manifest that it was made from",
    ),
    _Other(_named("uv.toml"), "uv's settings, not a manifest", "give the pyproject.toml that they are for"),
    _Other(
        _named("pipfile"),
        "a Pipfile",
        f"{_LIST_THEM}; `pipenv requirements` prints them",
        r"\[packages\]",
    ),
    _Other(
        _named("setup.py"),
        "a program, which would have to be run to know what the project requires",
        _LIST_THEM,
        r".*\binstall_requires\b",
    ),
    _Other(_named("setup.cfg"), "setuptools' old form", _LIST_THEM, r"install_requires\b"),
    _Other(_named("tox.ini", "noxfile.py"), "a test runner's configuration", _LIST_THEM),
    _Other(_ending(".whl", ".tar.gz", ".zip"), "a package's archive", "name it in a requirements file"),
    _Other(_ending(".ipynb"), "a notebook", _LIST_THEM),
    _Other(_ending(".py"), "a program", _LIST_THEM),
    _Other(_ending(".json"), "a JSON file", _LIST_THEM),
)
_RAPIDS = _Other(
    _ending(".yaml", ".yml"),
    "the input of rapids-dependency-file-generator, from which many environments are made",
    "give one of the files that it writes (a pyproject.toml or requirements.txt)",
    r"dependencies\s*:",
)
_YAML = _Other(_ending(".yaml", ".yml"), "a YAML file of no kind that says what to install", _LIST_THEM)
_MANIFESTS = ("pyproject.toml", "requirements.txt or .in", "environment.yml")


def find_manifest(path: Path) -> Found:
    """The manifest that a path means: the file itself, or a folder's pyproject.toml.

    Raises:
        ManifestError: there is none, or it is of a kind that can't be read.
    """
    if not exists(path):
        raise _missing(path)
    if is_folder(path):
        return _in_folder(path)
    if not is_file(path):
        raise ManifestError(f"{shown_path(path)} is no file")
    name = path.name.lower()
    other = next((other for other in _OTHERS if other.matches(name)), None)
    if other is None and name.endswith((".yaml", ".yml")):
        other = _yaml_kind(path)
        if other is None:
            return Found(path, "environment")
    if other is not None:
        raise _refusal(path, other)
    return Found(path, "pyproject" if name.endswith(".toml") else "requirements")


def _in_folder(folder: Path) -> Found:
    manifest = folder / "pyproject.toml"
    if is_file(manifest):
        return Found(manifest, "pyproject")
    for name in ("environment.yml", "environment.yaml"):
        if is_file(folder / name):
            return Found(folder / name, "environment")
    others = [name for name in ("pixi.toml", "setup.py", "setup.cfg", "Pipfile") if is_file(folder / name)]
    hints = [hint.removeprefix("or ") for hint in requirement_files_hint(folder)]
    raise ManifestError(
        f"there is no pyproject.toml in {_folder_name(folder)}",
        evidence=[f"there is {' and '.join(others)}, which provenv does not read as a manifest"]
        if others
        else [],
        hints=hints or [*_above(folder), "give a project's folder, or `-r FILE` for a requirements file"],
        origin=Origin(shown_path(manifest)),
    )


def _above(folder: Path) -> list[str]:
    """The hint that a folder above this one is a project, as it is for who works in a subfolder."""
    for steps, parent in enumerate(folder.absolute().parents, start=1):
        if (parent / "pyproject.toml").is_file() and folder.absolute() == Path.cwd():
            return [f"a folder above has one: give `{'/'.join(['..'] * steps)}` as the project"]
    return []


def _folder_name(folder: Path) -> str:
    shown = shown_path(folder)
    return "this folder" if shown == "." else shown


def _missing(path: Path) -> ManifestError:
    near = None
    if exists(path.parent) and path.parent.is_dir():
        near = nearest(path.name, (entry.name for entry in path.parent.iterdir()))
    hints = [f"did you mean {shown_path(path.parent / near)}?"] if near else []
    return ManifestError("there is no such file or folder", hints=hints, origin=Origin(shown_path(path)))


def _yaml_kind(path: Path) -> _Other | None:
    """What another YAML file than a conda environment is; None for one of those."""
    if path.stem.lower() == "environment":
        return None
    keys = {m[1] for m in re.finditer(r"^([\w-]+)\s*:", _text(path), re.MULTILINE)}
    if {"files", "dependencies"} <= keys:
        return _RAPIDS
    return None if {"dependencies", "channels"} & keys else _YAML


def _refusal(path: Path, other: _Other) -> ManifestError:
    line = 1
    if other.telling:
        found = re.search(rf"^{other.telling}", _text(path), re.MULTILINE)
        line = _text(path).count("\n", 0, found.start()) + 1 if found else 1
    return ManifestError(
        f"{path.name} is {other.what}",
        hints=[
            other.hint.replace("FILE", shlex.quote(shown_path(path))),
            f"provenv reads {' and '.join(_MANIFESTS)}",
        ],
        origin=Origin(shown_path(path), line),
    )


def _text(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8", "replace")
    except OSError:
        return ""
