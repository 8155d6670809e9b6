"""Runs the acceptance checks in an environment and makes the proof of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from provenv.environments.running import process_environment
from provenv.environments.store import Environment
from provenv.hooks.types import Check, CheckContext, CheckOutcome
from provenv.proof.report import CheckResult, Proof

TAIL = 20
"""So many of the last lines of a check's output are kept as evidence when it fails."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be proven: an environment, on a torch device; `host` goes into the report."""

    environment: Environment
    device: str
    host: Mapping[str, object]


def prove(subject: Subject, checks: Sequence[Check], *, tell: Callable[[str], None]) -> Proof:
    """Runs every check and makes the proof; `tell` gets the lines that they print.

    A check that crashes, fails to import or is killed is a failed check. An interruption goes on to the
    caller.
    """
    environment = subject.environment
    started = time.monotonic()
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    results = []
    with tempfile.TemporaryDirectory(prefix="provenv-proof-") as scratch:
        for number, check in enumerate(checks):
            # by number: a plugin's name may be no file's name
            folder = Path(scratch) / str(number)
            folder.mkdir()
            results.append(_run(check, subject, folder, tell))
    python, versions = _inventory(environment)
    return Proof(
        target=environment.target,
        lock=environment.lock.name,
        lock_sha256=environment.lock_sha256,
        device=subject.device,
        host=subject.host,
        python=python,
        versions=versions,
        checks=tuple(results),
        when=when,
        seconds=time.monotonic() - started,
    )


@dataclass(slots=True)
class _Output:
    """Streams the lines of a check's programs to the user and keeps the last of them."""

    tell: Callable[[str], None]
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL))
    running: set[subprocess.Popen[str]] = field(default_factory=set)

    def line(self, text: str) -> None:
        self.tail.append(text)
        self.tell(text)

    def end(self) -> None:
        """Ends the programs that still run: an interruption does not reach the thread of a plugin's check."""
        for process in tuple(self.running):
            process.kill()
            process.wait()


def _run(check: Check, subject: Subject, folder: Path, tell: Callable[[str], None]) -> CheckResult:
    output = _Output(tell)

    def run(argv: Sequence[str], variables: Mapping[str, str]) -> int:
        return _stream(argv, {**inside, **variables}, folder, output)

    inside = process_environment(subject.environment, os.environ)
    context = CheckContext(str(subject.environment.python), subject.device, str(folder), run)
    started = time.monotonic()
    try:
        outcome = check.run(context)
    except Exception as error:
        words = " ".join(str(error).split())
        outcome = CheckOutcome(failures=(f"the check itself failed: {type(error).__name__}: {words}",))
    finally:
        output.end()
    failures = outcome.failures
    if failures and output.tail:
        failures = (*failures, "the end of its output:\n" + "\n".join(output.tail))
    return CheckResult(
        check.name, time.monotonic() - started, outcome.metrics, tuple(failures), outcome.skipped
    )


def _stream(argv: Sequence[str], variables: Mapping[str, str], folder: Path, output: _Output) -> int:
    """Runs a program to its end; its exit code (negative: the signal that killed it)."""
    process = subprocess.Popen(
        list(argv),
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdout is not None
    output.running.add(process)
    for line in process.stdout:
        output.line(line.rstrip("\n"))
    code = process.wait()
    output.running.discard(process)
    return code


_INVENTORY = """\
import importlib.metadata, json, platform
found = {}
for one in importlib.metadata.distributions():
    found.setdefault(one.metadata["Name"], one.version)
print(json.dumps([platform.python_version(), found]))
"""


def _inventory(environment: Environment) -> tuple[str, dict[str, str]]:
    """The interpreter's version, and name -> version of every distribution in the environment."""
    done = subprocess.run(
        [str(environment.python), "-I", "-c", _INVENTORY], capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
        return "unknown", {}
    python, versions = json.loads(done.stdout)
    return str(python), {str(name): str(version) for name, version in versions.items()}
