"""Runs the conformance suite on an installed plugin, in a process of its own, and gathers what came of it."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Literal

from provenv.conformance.events import CHECKS, Check
from provenv.hooks.entry_points import EntryPoint

SECONDS = 10.0
"""How long one call may take. Real ones take milliseconds: replayed probes answer at once."""
_START = 60.0
"""Seconds for the child's own start, which is not the plugin's."""
_MOST_HANGS = 4
"""After so many functions that hang the rest is not tried."""

Outcome = Literal["pass", "fail", "skip"]


@dataclass(slots=True)
class Report:
    """What the suite found of one plugin. `ran`: the checks for which there was something to check."""

    entry: EntryPoint
    ran: set[Check] = field(default_factory=set)
    faults: dict[Check, list[str]] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not self.faults

    def outcome(self, check: Check) -> Outcome:
        """A check's outcome; `skip` where the plugin has nothing of the kind."""
        return "fail" if check in self.faults else "pass" if check in self.ran else "skip"

    def add(self, check: Check, text: str) -> None:
        """A fault, once."""
        known = self.faults.setdefault(check, [])
        if text not in known:
            known.append(text)

    def to_json(self) -> dict[str, object]:
        """As `--json` prints it."""
        checks = [
            {"name": name, "what": what, "outcome": self.outcome(name), "reasons": self.faults.get(name, [])}
            for name, what in CHECKS.items()
        ]
        return {**asdict(self.entry), "passed": self.passed, "checks": checks}


def check_plugin(entry: EntryPoint, *, seconds: float = SECONDS) -> Report:
    """The report on one plugin; a call that takes longer than `seconds` is a fault, and is not made again."""
    report = Report(entry)
    hanging: list[str] = []
    while len(hanging) < _MOST_HANGS:
        key = _run(report, hanging, seconds)
        if key is None or key in hanging:  # one that is called again all the same
            break
        hanging.append(key)
    report.ran |= {"time", "network", "disk", "processes", "probe", "output"} if report.ran else set()
    return report


def _run(report: Report, hanging: list[str], seconds: float) -> str | None:
    """One run of the child; the key of the function that hangs or dies, None when all was asked."""
    with _child(report.entry, hanging) as child:
        key, words = "", f"the start of {report.entry.module}"
        try:
            for event in _events(child, seconds):
                if "call" in event:
                    key, words = str(event["call"]), str(event["words"])
                elif event.get("done"):
                    return None
                else:
                    _note(report, event)
        except queue.Empty:
            report.add("time", f"{words} does not end within {seconds:g} seconds")
        else:
            child.wait()
            report.add("totals", f"{words} takes the process down (exit code {child.returncode})")
        finally:
            child.kill()
        return key if key and key != "import" else None


def _note(report: Report, event: dict[str, object]) -> None:
    for check in CHECKS:
        if event.get("ran") == check:
            report.ran.add(check)
        elif event.get("fault") == check:
            report.add(check, str(event["text"]))


def _child(entry: EntryPoint, hanging: list[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUTF8": "1"}
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "provenv.conformance.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=environment,
    )
    assert child.stdin is not None, "it was asked for"
    with child.stdin as orders:
        json.dump({"entry": asdict(entry), "skipped": hanging}, orders)
    return child


def _events(child: subprocess.Popen[str], seconds: float) -> Iterator[dict[str, object]]:
    """The child's events until it ends. Raises queue.Empty when none comes in time."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert child.stdout is not None, "it was asked for"
        for line in child.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    limit = _START
    while (line := lines.get(timeout=limit)) is not None:
        limit = seconds
        yield json.loads(line)
