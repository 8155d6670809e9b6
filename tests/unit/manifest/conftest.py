"""A project folder that is the working folder, so that files are named as a user would name them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provenv.errors import ManifestError
from provenv.hooks.types import EnvelopeKey
from provenv.manifest.read import read_manifest
from provenv.manifest.values import Manifest
from provenv.manifest.vocabulary import Vocabulary

WORDS = Vocabulary(
    platforms=("linux-x86_64", "macos-arm64", "windows-x86_64"),
    accelerators=("cpu", "cuda", "rocm", "mps", "auto"),
    envelope_words=(
        EnvelopeKey(
            "driver", "VERSION", "", check=lambda v: None if v[0].isdigit() else f"{v!r} is no version"
        ),
        EnvelopeKey("compute-capability", "X.Y", "", multiple=True),
        EnvelopeKey("glibc", "VERSION", ""),
    ),
)

Write = Callable[[str, str | bytes], Path]
Read = Callable[[str], Manifest]
Refuse = Callable[[str], ManifestError]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Write:
    def write_file(name: str, content: str | bytes) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture
def project(write: Write) -> Read:
    """Reads a pyproject.toml of this text."""
    return lambda text: read_manifest(write("pyproject.toml", text), WORDS)


@pytest.fixture
def refused(write: Write) -> Refuse:
    """The error that a pyproject.toml of this text is refused with."""

    def refuse(text: str) -> ManifestError:
        with pytest.raises(ManifestError) as caught:
            read_manifest(write("pyproject.toml", text), WORDS)
        return caught.value

    return refuse


@pytest.fixture
def requirements(write: Write) -> Read:
    """Reads a requirements.txt of this text."""
    return lambda text: read_manifest(write("requirements.txt", text))


@pytest.fixture
def requirements_refused(write: Write) -> Refuse:
    """The error that a requirements.txt of this text is refused with."""

    def refuse(text: str) -> ManifestError:
        with pytest.raises(ManifestError) as caught:
            read_manifest(write("requirements.txt", text))
        return caught.value

    return refuse
