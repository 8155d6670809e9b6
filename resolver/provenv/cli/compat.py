"""`provenv compat`: which torch, vision, audio, CUDA or ROCm and Python go together, and what runs here."""

from __future__ import annotations

import re
import sys

from provenv.cli.flags import add_evidence, add_output
from provenv.cli.target_flags import add_target_flags, check_names, envelope_of
from provenv.compat import Asked, Compatibility, compatibility
from provenv.errors import InputError
from provenv.hooks.manager import plugins
from provenv.hooks.types import ReleaseRow
from provenv.host import Host

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Shows which releases of a package (torch) exist for an accelerator, what goes with each, and which of them run
on this machine, on one that was recorded, or on a target that the flags describe."""

EXAMPLES = """\
examples:
  provenv compat torch                                          what runs on this machine
  provenv compat torch --from gpu-box.json                      what runs on a recorded one
  provenv compat torch --compute-capability 6.1 --driver 580    what a GTX 1080 Ti gets
  provenv compat torch --gfx gfx1100 --python 3.12 -v           every row, for one Python
"""

SHOWN = 12
"""How many rows are shown without `-v`, beside those up to the best one."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    parser.add_argument("package", nargs="?", default="torch", metavar="PACKAGE", help="default: torch")
    add_evidence(parser, "ask about")
    add_target_flags(parser, plugins())
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """0; 1 when none of the rows runs."""
    from provenv.cli.detect import probe_of
    from provenv.cli.output import print_json, warn

    known = plugins()
    check_names(args, known)
    host = Host(known, probe_of(args.sources, known))
    accelerator = None if args.accelerator == "auto" else args.accelerator
    asked = Asked(args.platform, accelerator, args.build, _python(args.python), envelope_of(args, known))
    found = compatibility(args.package.lower(), asked, host, is_host=_is_host(args, asked, host))
    for problem in (*known.problems, *host.problems):
        warn(problem, quiet=args.quiet)
    if args.json:
        print_json(to_json(found))
    else:
        _print(found, every=bool(args.verbose), quiet=args.quiet)
    return 0 if found.best is not None else 1


def _is_host(args: argparse.Namespace, asked: Asked, host: Host) -> bool:
    """Whether the question is about a machine: one was named, or no flag describes another's hardware."""
    if args.sources:
        return True
    if asked.platform or asked.envelope.items:
        return False
    detection = host.detections.get(asked.accelerator or "")
    return asked.accelerator is None or (detection is not None and bool(detection.devices))


def _python(text: str | None) -> str | None:
    if text is None or re.fullmatch(r"3\.\d{1,2}(\.\d{1,2})?", text):
        return text
    threaded = ["free-threaded Pythons are not among those that are locked for"] if text.endswith("t") else []
    raise InputError(
        f"--python: {text!r} is no Python version", evidence=threaded, hints=["write 3.12 or 3.12.4"]
    )


def to_json(found: Compatibility) -> dict[str, object]:
    """The answer as one document; a package that does not go with a row is null there."""
    names = _companions(found)
    best = found.best
    return {
        "accelerator": found.accelerator,
        "best": None if best is None else {found.package: best.version, "build": best.build},
        "rows": [
            {
                found.package: row.version,
                "build": row.build,
                **{name: dict(row.goes_with).get(name) for name in names},
                "python": list(row.python),
                "runs": row.runs,
                "why": row.why,
            }
            for row in found.rows
        ],
        "notes": list(found.notes),
    }


def _companions(found: Compatibility) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for row in found.rows for name, _ in row.goes_with))


def _print(found: Compatibility, *, every: bool, quiet: bool) -> None:
    from provenv.cli.output import BOLD, GREEN, note, paint

    rows = list(found.rows) if every else _shown(found)
    reasons = {reason: f"[{number}]" for number, reason in enumerate(dict.fromkeys(_reasons(rows, found)), 1)}
    names = [name for name in _companions(found) if any(dict(row.goes_with).get(name) for row in rows)]
    left_out = _print_table(rows, found, names, reasons)
    for reason, number in reasons.items():
        print(_wrapped(f"{number} {reason}", len(number) + 1))
    print(paint(_wrapped(_verdict(found), 2), BOLD + GREEN if found.best else BOLD, sys.stdout))
    if len(rows) < len(found.rows):
        note(f"({len(found.rows) - len(rows)} more rows with -v)", quiet=quiet)
    if left_out:
        note(f"({', '.join(left_out)} with a wider terminal, or with --json)", quiet=quiet)
    for text in found.notes:
        note(f"note: {text}", quiet=quiet)


def _print_table(
    rows: list[ReleaseRow], found: Compatibility, names: list[str], reasons: dict[str, str]
) -> list[str]:
    """Prints the rows; the companions for which the terminal has no room, the last ones, are its answer."""
    from provenv.cli.output import BOLD, DIM, GREEN, paint, table, width

    left_out: list[str] = []
    while True:
        header = ("runs", found.package, "build", *names, "Python", "why" if reasons else "")
        numbers = [reasons.get(_reason(row, found), "") for row in rows]
        cells = [_cells(row, names, number) for row, number in zip(rows, numbers, strict=True)]
        lines = table(header, cells).splitlines()
        plain = [header, *cells]
        room = sum(max(width(line[i]) for line in plain) + 2 for i in range(len(header))) - 2
        if room <= _columns() or len(names) < 3:
            break
        left_out.insert(0, names.pop())
    print(lines[0])
    for row, line in zip(rows, lines[1:], strict=True):
        colour = BOLD + GREEN if row is found.best else "" if row.runs is not False else DIM
        print(paint(line, colour, sys.stdout))
    return left_out


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size((120, 24)).columns


def _wrapped(text: str, indent: int) -> str:
    import textwrap

    return textwrap.fill(text, max(_columns(), 40), subsequent_indent=" " * indent, break_on_hyphens=False)


def _reasons(rows: list[ReleaseRow], found: Compatibility) -> list[str]:
    return [reason for row in rows if (reason := _reason(row, found))]


def _reason(row: ReleaseRow, found: Compatibility) -> str:
    """Why a row does not run, in words that are the same for every version of which they hold."""
    words = row.why.replace(f"{found.package} {row.version}, the last of it, is", f"{found.package} is")
    return words.replace(f"{found.package} {row.version} ", f"this {found.package} ")


def _shown(found: Compatibility) -> list[ReleaseRow]:
    """The newest rows, and then the best with what follows it."""
    rows = list(found.rows)
    if found.best is None:
        return rows[:SHOWN]
    at = rows.index(found.best)
    return rows[: at + SHOWN] if at < SHOWN else [*rows[: SHOWN // 2], *rows[at : at + SHOWN // 2]]


def _cells(row: ReleaseRow, names: list[str], why: str) -> tuple[str, ...]:
    runs = {True: "yes", False: "no", None: "?"}[row.runs]
    span = row.python if len(row.python) < 2 else (f"{row.python[0]} to {row.python[-1]}",)
    others = (dict(row.goes_with).get(name, "-") for name in names)
    return (runs, row.version or "?", row.build, *others, "".join(span) or "?", why)


def _verdict(found: Compatibility) -> str:
    best = found.best
    if best is None:
        return f"none of these runs on {found.accelerator} there"
    words = " ".join(filter(None, (found.package, best.version)))
    unsure = "" if best.runs else ", if the hardware fits"
    beside = [f"{name} {version}" for name, version in best.goes_with[:2]]
    python = f"for Python {best.python[0]} to {best.python[-1]}" if best.python else ""
    more = "; ".join(filter(None, (f"with {' and '.join(beside)}" if beside else "", python)))
    return f"{found.accelerator}: take {words}, build {best.build}{unsure}{f' ({more})' if more else ''}"
