"""Where the benchmarks keep their things, and the environment in which every tool is run."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "bench"
WORKLOADS = SHARED / "workloads"
PYTHONS = ("3.11", "3.12", "3.13")
MACOS = "14.0"
"""What a lock for macOS promises unless the manifest says otherwise; uv's own default is 13.0."""


def home() -> Path:
    """The folder of recorded pages, tools and caches; it grows to a few GB."""
    named = os.environ.get("PROVENV_BENCH_HOME")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(named) if named else Path(base) / "provenv-bench"


def fresh(path: Path) -> Path:
    """A folder, empty."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


@cache
def interpreters() -> dict[str, Path]:
    """Minor version -> a real interpreter of it: no shim of pyenv's, which costs more than a resolve does."""
    found: dict[str, Path] = {}
    folders = [*(Path.home() / ".pyenv" / "versions").glob("*/bin")]
    folders += [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    for folder in folders:
        for minor in PYTHONS:
            path = folder / f"python{minor}"
            if minor not in found and path.is_file() and folder.name != "shims" and _runs(path):
                found[minor] = path
    return found


def _runs(path: Path) -> bool:
    return subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0


@cache
def environment() -> dict[str, str]:
    """What a tool sees: real interpreters first on PATH, the replica's certificate, nobody's settings."""
    folders = dict.fromkeys(str(path.parent) for path in interpreters().values())
    user = home() / "user"
    user.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": os.pathsep.join([*folders, "/usr/bin", "/bin"]),
        "HOME": str(user),
        "LANG": "C.UTF-8",
        "SSL_CERT_FILE": str(home() / "replica" / "nginx" / "ca.pem"),
        "PIP_CERT": str(home() / "replica" / "nginx" / "ca.pem"),
        "REQUESTS_CA_BUNDLE": str(home() / "replica" / "nginx" / "ca.pem"),
        "PIP_CONFIG_FILE": os.devnull,
        "XDG_CONFIG_DIRS": str(user),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "POETRY_CACHE_DIR": str(home() / "caches" / "poetry"),
        "NO_COLOR": "1",
        "MACOSX_DEPLOYMENT_TARGET": MACOS,
    }
