"""`tests/bench/instructions`: holds the instructions of a warm lock against the committed figure.

The figure is how many times the instructions of a small fixed program a warm lock of twelve targets takes in
the same interpreter, so that it moves little from one machine or build of Python to another. It fails when
that has grown by more than 10 %. `--renew` writes what it is now into instructions.toml: do that in the
commit that has a good reason to make it grow, or that makes it shrink.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.places import ROOT

FIGURES = Path(__file__).with_suffix(".toml")
TOLERANCE = 1.10
CALIBRATION = """
words = {}
for number in range(60_000):
    text = f"{number % 997}.{number}"
    words.setdefault(text[:3], []).append(text)
print(sum(len(group) for _, group in sorted(words.items())))
"""
Counter = Callable[[Sequence[str], Path], int]
"""A command and its folder -> its user-space instructions."""


def main(argv: Sequence[str] | None = None) -> int:
    """Counts and compares; 0: within the figure, 1: more, 2: nothing counts instructions here."""
    parser = argparse.ArgumentParser(prog="tests/bench/instructions", description=__doc__)
    parser.add_argument("--renew", action="store_true", help="write the figure of this Python anew")
    args = parser.parse_args(argv)
    _with_environment()
    count = counter()
    if count is None:
        print("neither perf nor valgrind counts instructions here: install valgrind", file=sys.stderr)
        return 2
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    known = tomllib.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    found = round(measure(count), 2)
    if args.renew:
        known[minor] = found
        lines = [f'"{key}" = {value}\n' for key, value in sorted(known.items())]
        FIGURES.write_text(
            "# A warm lock over the calibration, by Python; see instructions.py.\n" + "".join(lines)
        )
    if minor not in known:
        print(f"there is no figure for Python {minor}: `tests/bench/instructions --renew` writes it")
        return 2
    print(f"Python {minor}: {found} times the calibration's instructions, {known[minor]} committed")
    if found <= known[minor] * TOLERANCE:
        return 0
    print(
        f"a warm lock takes {found / known[minor] - 1:.0%} more instructions than committed (10 % may be).\n"
        "Find out why (`tests/bench/profile`), or, if there is a good reason, run\n"
        "`tests/bench/instructions --renew` and commit tests/bench/instructions.toml"
    )
    return 1


def measure(count: Counter) -> float:
    """The instructions of a warm lock, over those of the calibration."""
    from bench.small_world import fill, write_project
    from support.index_server import TestIndex

    with tempfile.TemporaryDirectory(prefix="provenv-bench-") as name, TestIndex() as index:
        folder = Path(name)
        fill(index)
        write_project(folder, index)
        lock = [sys.executable, "-m", "provenv", "lock", "--quiet", "--cache-dir", str(folder / "cache")]
        for _ in range(2):  # fills the cache; compiles what only a warm run imports
            shutil.rmtree(folder / "lockfiles", ignore_errors=True)
            subprocess.run(lock, cwd=folder, check=True, env=_variables())
        asked = len(index.log)
        shutil.rmtree(folder / "lockfiles")
        warm = count(lock, folder)
        assert len(index.log) == asked, "the run was not warm"
        return warm / count([sys.executable, "-c", CALIBRATION], folder)


def counter() -> Counter | None:
    """perf where it counts, else callgrind, which is installed where that can be done; None: neither."""
    if shutil.which("perf"):
        try:
            _by_perf([sys.executable, "-c", ""], Path.cwd())
        except (LookupError, subprocess.CalledProcessError):
            pass  # a virtual machine without counters, or no permission
        else:
            return _by_perf
    if not shutil.which("valgrind") and shutil.which("apt-get") and os.getuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "valgrind"], check=False, stdout=sys.stderr)
    return _by_callgrind if shutil.which("valgrind") else None


def _by_perf(command: Sequence[str], folder: Path) -> int:
    said = _run(["perf", "stat", "-x,", "-e", "instructions:u", *command], folder)
    found = re.search(r"^(\d+),", said, re.MULTILINE)
    if found is None:
        raise LookupError(said)
    return int(found[1])


def _by_callgrind(command: Sequence[str], folder: Path) -> int:
    said = _run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command], folder)
    found = re.search(r"Collected : (\d+)", said)
    assert found is not None, said
    return int(found[1])


def _run(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, env=_variables(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    return done.stderr.decode()


def _variables() -> dict[str, str]:
    """The environment, without what makes one run differ from another."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON", "PROVENV_"))}
    return {**kept, "PYTHONHASHSEED": "0", "PYTHONPATH": ""}


def _with_environment() -> None:
    """Goes on in the checkout's own environment, which has provenv."""
    home = ROOT / ".venv"
    if home.is_dir() and Path(sys.prefix) != home:
        python = str(home / "bin" / "python")
        os.execv(python, [python, *sys.argv])
