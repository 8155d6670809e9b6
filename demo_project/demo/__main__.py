"""`python -m demo`: fine-tune a Chinese text classifier, on the bundled reviews or on texts of your own."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from demo.devices import device_title, open_device
from demo.errors import DemoError
from demo.experiment import run
from demo.files import Columns
from demo.report import document, table, write_json
from demo.tasks import bundled_task, own_task
from demo.verdict import bundled_threshold, failures

THREADS = 1
"""A second thread makes steps as small as these slower, and sums in one order have the same last bits."""

EXAMPLES = """examples:
  python -m demo                                        the bundled reviews
  python -m demo --data train.csv --test test.csv --json report.json
  python -m demo --data reviews.jsonl --device cuda     a fifth of the texts is held out
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description="Fine-tune a Chinese text classifier from pre-trained word vectors.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data", type=Path, metavar="FILE", help="texts with labels: CSV, TSV, JSON or JSON lines"
    )
    parser.add_argument(
        "--test", type=Path, metavar="FILE", help="test texts; without: a fifth of --data is held out"
    )
    parser.add_argument("--text-column", default="text", metavar="NAME", help="default: text")
    parser.add_argument("--label-column", default="label", metavar="NAME", help="default: label")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a report")
    parser.add_argument(
        "--device", metavar="NAME", help="cpu, cuda, cuda:1, mps, xpu, npu ...; default: the best here"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="default: 0; on a CPU a seed gives the same figures again"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress and no table")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0: done, 1: the run on the bundled reviews is not sound, 2: a mistake in the input."""
    _print_any_text()
    options = parser().parse_args(arguments)
    try:
        return _run(options)
    except DemoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _run(options: argparse.Namespace) -> int:
    def say(line: str) -> None:
        if not options.quiet:
            print(line, file=sys.stderr, flush=True)

    if options.test and not options.data:
        raise DemoError("--test needs --data: the texts to learn from")
    if options.seed < 0:
        raise DemoError(f"a seed is a number from 0, not {options.seed}")
    if options.json and not options.json.parent.is_dir():
        raise DemoError(f"{options.json}: there is no folder {options.json.parent}")
    torch.set_num_threads(THREADS)
    device = open_device(options.device)
    if options.data:
        task = own_task(options.data, options.test, Columns(options.text_column, options.label_column))
    else:
        task = bundled_task()
    say(f"torch {torch.__version__} on {device} ({device_title(device)}), seed {options.seed}")
    for warning in task.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    result = run(task, device=device, seed=options.seed, progress=say)
    threshold = None if options.data else bundled_threshold()
    reasons = failures(result, threshold) if threshold else []
    if options.json:
        judged = {"threshold": round(threshold.accuracy, 6) if threshold else None, "failures": reasons}
        write_json(options.json, {**document(task, result, device, options.seed), **judged})
    if not options.quiet:
        print(table(result))
    for reason in reasons:
        print(f"failed: {reason}", file=sys.stderr)
    return int(bool(reasons))


def _print_any_text() -> None:
    """A label that the terminal's encoding hasn't (cp1252 has no 好) is shown with ?, not as an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
