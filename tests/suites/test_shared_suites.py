"""The resolver suites of other projects: packse, resolvelib's and Poetry's cases, through `provenv resolve`.

The other kinds of index (HTML or JSON alone, no metadata files, sdists that must be built) are asked a fixed
half of packse's scenarios; `PROVENV_FULL=1` asks them all.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

SUITES = Path(__file__).resolve().parents[2].parent / "shared" / "suites"
FULL = os.environ.get("PROVENV_FULL") == "1"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not SUITES.is_dir(), reason="the suites of other projects are not beside this checkout"
    ),
]

BASE = {
    "packse": (),
    "packse, each operating system": ("--projected",),
    "resolvelib": ("--suite", "resolvelib"),
    "poetry": ("--suite", "poetry"),
}
INDEXES = {
    "html": ("--formats", "html"),
    "json": ("--formats", "json"),
    "no metadata files": ("--no-pep658",),
    "sdists to build": ("--sdist-metadata", "dynamic"),
}
CASES = {"packse": 70, "packse, each operating system": 80, "resolvelib": 10, "poetry": 25}
"""How many cases a suite has at least: none may be lost."""


def runner(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "run_packse.py", "--tool", "provenv", *arguments],
        cwd=SUITES,
        env={**os.environ, "PROVENV": str(Path(sysconfig.get_path("scripts")) / "provenv")},
        capture_output=True,
        text=True,
        check=False,
    )


def failures(tmp_path: Path, *arguments: str) -> tuple[int, list[str]]:
    """How many cases passed, and what is wrong with the others."""
    report = tmp_path / "report.json"
    jobs = str(os.cpu_count() or 2)
    done = runner(*arguments, "--expect", "policies/provenv.json", "--jobs", jobs, "--json", str(report))
    assert report.exists(), done.stderr
    results = json.loads(report.read_text())
    wrong = [f"{r['id']}: {r['why']}" for r in results if r["verdict"] == "FAIL"]
    return sum(r["verdict"] == "PASS" for r in results), wrong


def half() -> str:
    """A pattern of every second scenario, by its name alone."""
    names = [line.split("\t")[0].rpartition("/")[2] for line in runner("--list").stdout.splitlines()]
    return "|".join(re.escape(n) for n in names if hashlib.sha256(n.encode()).digest()[0] % 2)


@pytest.mark.parametrize("suite", BASE)
def test_every_case_of_a_suite_passes(suite: str, tmp_path: Path) -> None:
    passed, wrong = failures(tmp_path, *BASE[suite])
    assert wrong == []
    assert passed >= CASES[suite]


@pytest.mark.parametrize("kind", INDEXES)
def test_every_kind_of_index_gives_the_same_answers(kind: str, tmp_path: Path) -> None:
    some = () if FULL else ("--only", half())
    passed, wrong = failures(tmp_path, *INDEXES[kind], *some)
    assert wrong == []
    assert passed >= (CASES["packse"] if FULL else 25)
