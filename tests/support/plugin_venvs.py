"""Environments with provenv and plugins installed as a user installs them: from wheels, beside each other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.distributions import file_stem, make_wheel, metadata_text

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).parent / ("uv.exe" if os.name == "nt" else "uv")


def uv(*arguments: str | Path, cwd: Path | None = None) -> str:
    """Run uv; what it says. Fails where it fails."""
    done = subprocess.run(
        [str(UV), *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def build(project: Path, out: Path) -> Path:
    """The wheel of a project, as its own build backend makes it."""
    uv("build", "--wheel", "--quiet", "--out-dir", out / project.name, project)
    (wheel,) = (out / project.name).glob("*.whl")
    return wheel


@dataclass(frozen=True)
class Done:
    """What a program said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Venv:
    """A virtual environment with a home folder of its own beside it."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def bin(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        return self.bin / ("python.exe" if os.name == "nt" else "python")

    def make(self, *options: str) -> Venv:
        uv("venv", "--quiet", "--python", sys.executable, *options, self.folder)
        home = self.folder.parent / f"{self.folder.name}-home"
        home.mkdir()
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TMPDIR", "LANG") if name in os.environ}
        self.variables = {
            **kept,
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "VIRTUAL_ENV": str(self.folder),
            "PIP_CONFIG_FILE": os.devnull,
            "UV_PYTHON_DOWNLOADS": "never",
        }
        return self

    def install(self, *what: str | Path, deps: bool = True) -> None:
        options = () if deps else ("--no-deps", "--offline")
        uv("pip", "install", "--quiet", "--python", self.python, *options, *what)

    def uninstall(self, *names: str) -> None:
        uv("pip", "uninstall", "--quiet", "--python", self.python, *names)

    def run(
        self, *argv: str | Path, cwd: Path, expect: int | None = 0, variables: Mapping[str, str] | None = None
    ) -> Done:
        """Run a program of the environment; no run may end with a traceback."""
        done = subprocess.run(
            [str(self.bin / argv[0]), *map(str, argv[1:])],
            cwd=cwd,
            env={**self.variables, **(variables or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        answer = Done(done.returncode, done.stdout, done.stderr)
        assert expect is None or answer.code == expect, f"exit code {answer.code}\n{answer.text}"
        return answer

    def provenv(self, *arguments: str | Path, cwd: Path, expect: int | None = 0, **variables: str) -> Done:
        answer = self.run("provenv", *arguments, cwd=cwd, expect=expect, variables=variables)
        assert "Traceback" not in answer.text, answer.text
        return answer


def plugin_wheel(out: Path, distribution: str, source: str, *, entry: str | None = None) -> Path:
    """The wheel of a distribution with one plugin module, which may be as bad as it likes."""
    module = distribution.replace("-", "_")
    stem = file_stem(distribution, "1.0")
    files = {
        f"{module}.py": source,
        f"{stem}.dist-info/entry_points.txt": f"[provenv]\n{entry or module} = {module}\n",
    }
    content = make_wheel(distribution, "1.0", metadata_text(distribution, "1.0"), files=files)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{stem}-py3-none-any.whl"
    path.write_bytes(content)
    return path
