"""`tests/bench/run`: every comparison by turns, then the table."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import installing, matrix, startup
from bench.comparisons import COMPARISONS, Outcome, compare
from bench.replica import NEEDS, NoReplica, replica
from bench.report import machine, table
from bench.tools import make_venv

EXTRAS = {"startup": startup.lines, "matrix": matrix.lines, "install": installing.lines}
"""What is measured beside the comparisons: name -> what yields lines of Markdown."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, and prints Markdown; 0: it ran, 1: there is no replica here."""
    names = [*(comparison.name for comparison in COMPARISONS), *EXTRAS]
    parser = argparse.ArgumentParser(
        prog="tests/bench/run", description=__doc__, epilog=f"names: {', '.join(names)}"
    )
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="names that begin so; may be repeated"
    )
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="of each comparison (default: 5)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the answer into this document")
    args = parser.parse_args(argv)
    with_needed_packages()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped
    chosen = [n for n in names if not args.only or any(n.startswith(prefix) for prefix in args.only)]
    if not chosen:
        parser.error(f"there is none of that name: {', '.join(names)}")
    lines = [f"- {line}" for line in machine()]
    try:
        lines += ["", *table(_outcomes(chosen, args.runs))]
    except NoReplica as problem:
        print(f"no replica: {problem}", file=sys.stderr)
        return 1
    for name, measured in EXTRAS.items():
        if name in chosen:
            _say(name)
            lines += ["", *measured(args.runs)]
    print("\n".join(lines))
    if args.write:
        _put(args.write, lines)
    return 0


def _outcomes(chosen: Sequence[str], runs: int) -> Iterator[Outcome]:
    """The outcomes of the comparisons among the chosen names."""
    wanted = [comparison for comparison in COMPARISONS if comparison.name in chosen]
    if not wanted:
        return
    with replica() as running:
        for comparison in wanted:
            _say(comparison.name)
            outcome = compare(comparison, running, runs)
            if outcome.fault:
                _say(f"  {outcome.fault}")
            elif outcome.verdict:
                _say(f"  {comparison.figure} {outcome.ratio(comparison.figure):.2f}: {outcome.verdict}")
            yield outcome


def with_needed_packages() -> None:
    """Goes on in the replica's own environment where this interpreter lacks what the replica needs."""
    home = make_venv("replica", NEEDS)
    if Path(sys.prefix) != home:
        python = str(home / "bin" / "python")
        os.execv(python, [python, *sys.argv])


def _put(path: Path, lines: Sequence[str]) -> None:
    """Replaces what stands between the document's two marks."""
    begin, end = "<!-- measured -->", "<!-- /measured -->"
    text = path.read_text(encoding="utf-8")
    head, _, rest = text.partition(begin)
    tail = rest.partition(end)[2]
    path.write_text(f"{head}{begin}\n{chr(10).join(lines)}\n{end}{tail}", encoding="utf-8")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
