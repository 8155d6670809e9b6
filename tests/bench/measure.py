"""What a command costs: processor time with that of its children, wall time, peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.places import environment

# A process begins with its parent's peak memory, so that a small one must start what is measured. It takes a
# list of argument lists and runs them one after the other.
_STARTER = """
import json, os, resource, sys, time
began = time.perf_counter()
for argv in json.loads(sys.argv[1]):
    child = os.posix_spawn(argv[0], argv, os.environ)
    status = os.waitpid(child, 0)[1]
    if status:
        break
wall = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, wall, used.ru_maxrss]))
"""
LONGEST = 1200
"""Seconds that a command may take."""


@dataclass(frozen=True)
class Cost:
    """Seconds of processor and wall time, and peak memory in MiB (of the largest process)."""

    cpu: float
    wall: float
    memory: float


class Failed(Exception):
    """A command that did not do what it was measured for."""


def cost(commands: Sequence[Sequence[str]], folder: Path, extra: Mapping[str, str] | None = None) -> Cost:
    """What these commands cost together, one after the other. Raises Failed."""
    starter = [sys.executable, "-I", "-S", "-c", _STARTER, json.dumps([list(c) for c in commands])]
    try:
        done = subprocess.run(
            starter,
            cwd=folder,
            env=environment() | dict(extra or {}),
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"took longer than {LONGEST} s") from None
    try:
        code, cpu, wall, kilobytes = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise Failed(done.stderr.strip()) from None
    if code:
        said = done.stderr.strip() or done.stdout.strip()
        raise Failed(f"exit code {code}: {said[-600:]}")
    return Cost(cpu, wall, kilobytes / 1024)
