"""`provenv plugin check`: the conformance suite, as a table."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from provenv.cli.output import DIM, GREEN, RED, note, paint, print_json, table
from provenv.conformance.events import CHECKS
from provenv.conformance.suite import Report, check_plugin
from provenv.errors import InputError, PluginError
from provenv.hooks.entry_points import EntryPoint, scan
from provenv.hooks.manager import plugins
from provenv.manifest.spelling import spelling_hints
from provenv.standards.names import canonicalize

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

SHOWN = 5
"""So many reasons of one check are shown without `-v`."""


def run_check(args: argparse.Namespace) -> int:
    """0 when every plugin behind the name passes, else 1. Raises InputError for a name that nothing has."""
    if not args.seconds > 0:
        raise InputError(f"--seconds takes a number above 0, not {args.seconds:g}")
    entries, clash = _find(args.name)
    reports = [check_plugin(entry, seconds=args.seconds) for entry in entries]
    for report in reports:
        if clash is not None and any(_is_about(line, report.entry) for line in clash.evidence):
            report.add("names", f"{clash.message}: {' and '.join(clash.evidence)}")
    passed = all(report.passed for report in reports)
    if args.json:
        print_json({"passed": passed, "plugins": [report.to_json() for report in reports]})
    else:
        for report in reports:
            _print(report, args)
    return 0 if passed else 1


def _is_about(line: str, entry: EntryPoint) -> bool:
    return f"({entry.module}, from {entry.distribution})" in line


def _find(name: str) -> tuple[Sequence[EntryPoint], PluginError | None]:
    """The entry points of this name, of this distribution, or behind a value of this name; and a clash."""
    entries, clash = scan(), None
    try:
        sources = plugins().sources
    except PluginError as error:
        sources, clash = {}, error
    modules = {source.module for (_, given), source in sources.items() if given == name}
    found = (
        [entry for entry in entries if entry.name == name]
        or [entry for entry in entries if canonicalize(entry.distribution) == canonicalize(name)]
        or [entry for entry in entries if entry.module in modules or entry.module == name]
    )
    if not found:
        known = sorted({word for entry in entries for word in (entry.name, entry.distribution)})
        raise InputError(f"no plugin {name!r} is installed", hints=spelling_hints(name, known, "plugins"))
    return found, clash


def _print(report: Report, args: argparse.Namespace) -> None:
    entry = report.entry
    print(f"plugin {entry.name} ({entry.module}, from {entry.distribution})")
    colours = {"pass": GREEN, "fail": RED, "skip": DIM}
    rows = [
        (name, paint(outcome, colours[outcome], sys.stdout), what)
        for name, what in CHECKS.items()
        for outcome in (report.outcome(name),)
    ]
    if not args.quiet:
        print(table(("check", "", "what is looked at"), rows))
    for line in _reasons(report, everything=bool(args.verbose)):
        print(line)
    note(f"{entry.name} passes" if report.passed else f"{entry.name} does not pass", quiet=args.quiet)


def _reasons(report: Report, *, everything: bool) -> Iterator[str]:
    for name, reasons in report.faults.items():
        shown = reasons if everything else reasons[:SHOWN]
        yield from (f"{name}: {reason}" for reason in shown)
        if len(shown) < len(reasons):
            yield f"{name}: and {len(reasons) - len(shown)} more (-v shows all)"
