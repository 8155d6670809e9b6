"""The tools that are compared: each in an environment of its own, and provenv as a wheel of this checkout."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from bench.places import ROOT, environment, home, interpreters

PEERS = ("uv", "pip", "poetry", "nab")


def python() -> Path:
    """The interpreter of every tool that is written in Python."""
    return interpreters().get("3.12") or Path(sys.executable)


@cache
def make_venv(name: str, packages: Sequence[str]) -> Path:
    """An environment with these packages, made once; as new as they are on that day."""
    folder = home() / "venvs" / name
    stamp = folder / ".installed"
    if not stamp.exists():
        _say(f"installing {' '.join(packages)}")
        subprocess.run([python(), "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "-qq", "--upgrade"]
        subprocess.run([*pip, *packages], check=True)
        stamp.touch()
    return folder


@cache
def program(name: str) -> str:
    """A peer's program."""
    return str(make_venv(name, (name,)) / "bin" / name)


@cache
def provenv() -> str:
    """provenv's program, installed as users install it: not editable, its modules compiled."""
    folder = make_venv("provenv", (str(ROOT),))
    stamp = folder / ".checkout"
    state = _checkout()
    if not stamp.exists() or stamp.read_text() != state:
        pip = [folder / "bin" / "python", "-m", "pip", "install", "-qq"]
        subprocess.run([*pip, ROOT], check=True)  # what it needs, which may have become more
        subprocess.run([*pip, "--force-reinstall", "--no-deps", ROOT], check=True)
        stamp.write_text(state)
    return str(folder / "bin" / "provenv")


def _checkout() -> str:
    """A digest of what is installed."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes())
    for folder in ("resolver", "plugins/provenv_plugins", "demo_project/demo"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def version_of(name: str) -> str:
    """A tool's version, in a few words."""
    path = provenv() if name == "provenv" else program(name)
    said = subprocess.run([path, "--version"], env=environment(), capture_output=True, text=True, check=True)
    words = said.stdout.replace("(version ", "").replace(")", "").split()
    return f"{name} {words[1]}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
