"""The installed `provenv` program, run as a user runs it: a process with a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.index_server import TestIndex

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
HERE = f"linux-x86_64-cpu-py{PYTHON.replace('.', '')}"
"""The cpu target of a Linux machine with this interpreter."""


@dataclass(frozen=True)
class Answer:
    """What a run of the program said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass
class Desk:
    """A user's place: a home folder with nothing of this machine's settings, and a project in `folder`."""

    root: Path
    folder: Path = field(init=False)
    variables: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.root / "project"
        self.folder.mkdir(parents=True)
        (self.root / "home").mkdir()
        kept = ("PATH", "SYSTEMROOT", "TMPDIR", "LANG")
        self.variables = {name: os.environ[name] for name in kept if name in os.environ}
        self.variables |= {
            "HOME": str(self.root / "home"),
            "PIP_CONFIG_FILE": os.devnull,
            "UV_CACHE_DIR": str(self.root / "uv-cache"),
            "UV_PYTHON_DOWNLOADS": "never",
            "SHELL": "/bin/bash",
        }

    @property
    def cache(self) -> Path:
        return self.root / "home" / ".cache" / "provenv"

    @property
    def locks(self) -> Path:
        return self.folder / "lockfiles"

    def lock(self, target: str = HERE) -> Path:
        return self.locks / f"pylock.{target}.toml"

    def site_packages(self, target: str = HERE) -> Path:
        return self.folder / ".provenv" / target / "lib" / f"python{PYTHON}" / "site-packages"

    def installed(self, target: str = HERE) -> list[str]:
        """`name-version` of every distribution in the environment."""
        found = self.site_packages(target).glob("*.dist-info")
        return sorted(path.name.removesuffix(".dist-info") for path in found)

    def manifest(self, index: TestIndex | str, *dependencies: str, table: str = "", more: str = "") -> Path:
        """Write the project's pyproject.toml: for this machine's cpu unless `table` says otherwise."""
        url = index if isinstance(index, str) else index.url
        matrix = "" if "platforms" in table else 'platforms = ["linux-x86_64"]\n'
        matrix += "" if "accelerators" in table else 'accelerators = ["cpu"]\n'
        matrix += "" if "python =" in table.split("[")[0] + "[" else f'python = ["{PYTHON}"]\n'
        path = self.folder / "pyproject.toml"
        path.write_text(
            f'[project]\nname = "project"\nversion = "0"\ndependencies = {json.dumps(dependencies)}\n{more}'
            f"[tool.provenv]\n{matrix}{table}\n"
            f'[[tool.provenv.indexes]]\nname = "loop"\nurl = "{url}"\ndefault = true\n'
        )
        return path

    def config(self, text: str) -> Path:
        """Write the user's config.toml."""
        path = self.root / "home" / ".config" / "provenv" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(
        self,
        *arguments: str | Path,
        expect: int | None = 0,
        cwd: Path | None = None,
        variables: Mapping[str, str] | None = None,
        stdin: str = "",
        timeout: float = 120,
        memory: int | None = None,
    ) -> Answer:
        """Run `provenv …` in the project's folder; fails unless it ends with `expect` (None: anything).

        `memory`: bytes of data that it may have at most.
        """
        done = subprocess.run(
            [program(), *map(str, arguments)],
            cwd=cwd or self.folder,
            env={**self.variables, **(variables or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            preexec_fn=None if memory is None else lambda: _limit_memory(memory),
        )
        answer = Answer(done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in answer.text, answer.text
        assert expect is None or answer.code == expect, f"exit code {answer.code}\n{answer.text}"
        return answer

    def start(self, *arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
        """Start `provenv …` in the project's folder, in a process group of its own."""
        return subprocess.Popen(
            [program(), *map(str, arguments)],
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,
        )


def little_world() -> TestIndex:
    """alpha needs beta, alpha[fast] gamma too; older versions of alpha and beta are there."""
    index = TestIndex()
    index.add("alpha", "1.0", requires=["beta>=1"])
    index.add("alpha", "2.0", requires=["beta>=1"], extras={"fast": ["gamma"]})
    index.add("beta", "1.0")
    index.add("beta", "1.5")
    index.add("gamma", "1.0")
    return index


def _limit_memory(size: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def program() -> str:
    """The `provenv` of the interpreter that runs the tests."""
    name = "provenv.exe" if os.name == "nt" else "provenv"
    path = Path(sysconfig.get_path("scripts")) / name
    assert path.exists(), f"{path} is not there: install the checkout first"
    return str(path)


def files_under(*folders: Path) -> dict[str, bytes]:
    """Every file with its bytes, to tell whether anything changed."""
    return {
        str(path): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
