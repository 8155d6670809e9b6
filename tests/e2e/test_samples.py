"""The sample locks in the repository are what provenv writes today."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from support.index_server import TestIndex
from support.program import Desk

SAMPLES = Path(__file__).resolve().parents[2] / "lockfiles" / "samples"
PLATFORMS = (
    "cp312-cp312-manylinux_2_28_x86_64",
    "cp312-cp312-macosx_14_0_arm64",
    "cp312-cp312-win_amd64",
)


def sample_world() -> TestIndex:
    """What the samples' manifest asks for: one package with a wheel for each platform, the rest for all."""
    index = TestIndex()
    index.add(
        "classifier",
        "1.4.2",
        requires=["segmenter>=0.40", "numbers-core>=2"],
        extras={"reports": ["plotter"]},
    )
    index.add("segmenter", "0.42.1")
    index.add("plotter", "3.1", requires=["numbers-core"])
    index.add("numbers-core", "2.4.0", tags=PLATFORMS)
    return index


@pytest.mark.skipif(sys.platform == "win32", reason="the samples' line ends are the repository's")
def test_the_sample_locks_are_what_is_written_today(tmp_path: Path) -> None:
    """`PROVENV_RENEW_SAMPLES=1` writes them anew."""
    desk = Desk(tmp_path)
    shutil.copy(SAMPLES / "pyproject.toml", desk.folder)
    with sample_world() as index:
        desk.config(f'[mirrors]\n"https://index.example/simple" = "{index.url}"\n')
        desk.run("lock")
    made = {path.name: path.read_text() for path in desk.folder.glob("pylock.*.toml")}
    if os.environ.get("PROVENV_RENEW_SAMPLES"):
        for name, text in made.items():
            (SAMPLES / name).write_text(text)
    committed = {path.name: path.read_text() for path in SAMPLES.glob("pylock.*.toml")}
    assert {n: _plain(text) for n, text in made.items()} == {n: _plain(text) for n, text in committed.items()}
    desk.run("check", SAMPLES)


def _plain(text: str) -> str:
    """Without what hangs on this machine's zlib: the sizes and hashes of the test's own wheels."""
    return re.sub(r"(size = )\d+|(sha256 = )\"[0-9a-f]{64}\"", r"\1\2…", text)
