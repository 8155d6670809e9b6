"""The demo is a project of its own: its package is found in its folder, its needs in an environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence

import pytest

from support.demo import PROJECT, demo_python

if str(PROJECT) not in sys.path:
    sys.path.insert(0, str(PROJECT))


@pytest.fixture(scope="session")
def demo() -> Callable[[Sequence[str]], subprocess.CompletedProcess[str]]:
    """Runs `python -m demo` with these arguments."""

    def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [demo_python(), "-m", "demo", *arguments],
            cwd=PROJECT,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONUTF8": "1"},
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def evaluate() -> Callable[[str], object]:
    """Runs a program that assigns `answer`, the demo importable, and returns that answer through JSON."""

    def run(program: str) -> object:
        done = subprocess.run(
            [demo_python(), "-c", f"{program}\nimport json\nprint(json.dumps(answer))\n"],
            cwd=PROJECT,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run
