"""docs/plugins.md, step by step: its files are written, its commands run, what they print is what it says."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.plugin_venvs import ROOT, Venv

GUIDE = ROOT / "docs" / "plugins.md"
_FENCE = re.compile(
    r"(?:^File `(?P<path>[^`]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="its commands are for a POSIX shell")


@dataclass(frozen=True)
class Block:
    """A fenced block: a file, commands (`sh`), or what the commands before it print (`text`)."""

    kind: str
    text: str
    path: str | None


def blocks() -> Iterator[Block]:
    for found in _FENCE.finditer(GUIDE.read_text(encoding="utf-8")):
        yield Block(found["kind"], found["text"], found["path"])


@pytest.fixture(scope="module")
def reader(provenv_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """The environment of somebody who follows the guide: it has provenv, and pip."""
    made = Venv(tmp_path_factory.mktemp("reader") / "env").make("--seed")
    made.install(provenv_wheel)
    return made


class Shell:
    """Runs one block of commands after another; each begins in the folder where the last one ended."""

    def __init__(self, venv: Venv, folder: Path) -> None:
        self._venv = venv
        self.folder = folder
        self._place = folder / ".place"

    def run(self, commands: str) -> str:
        script = f"set -euo pipefail\n{commands}\npwd > '{self._place}'\n"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self._venv.variables,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, f"{commands}\n{output}"
        assert "Traceback" not in output, output
        self.folder = Path(self._place.read_text().strip())
        return output


def test_every_step_of_the_guide_does_what_it_says(reader: Venv, tmp_path: Path) -> None:
    shell, output = Shell(reader, tmp_path), ""
    for block in blocks():
        if block.kind == "sh":
            output = shell.run(block.text)
        elif block.kind == "text":
            printed = " ".join(output.split())
            for line in block.text.splitlines():
                assert " ".join(line.split()) in printed, f"{line!r} is not in\n{output}"
        else:
            assert block.path, f"nothing says which file this is:\n{block.text}"
            file = shell.folder / block.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")


def test_the_guide_has_every_check_of_the_suite() -> None:
    from provenv.conformance.events import CHECKS

    rows = re.findall(r"^\| ([a-z, -]+) \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for row in rows for name in row.split(", ")}
    assert set(CHECKS) <= named
