"""`provenv plugin`: who provides what; a new plugin; whether a plugin is fit."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from provenv.cli.flags import add_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Platforms, accelerators, lock formats, checks and index credentials all come from plugins: provenv's own, and
anybody's. docs/plugins.md builds one from nothing."""
EXAMPLES = """\
examples:
  provenv plugin list                            what there is, and which distribution provides it
  provenv plugin new tpu --kind accelerator      write a plugin that installs and tests itself
  provenv plugin check tpu                       the conformance suite, on an installed plugin
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`list`, `new NAME --kind KIND`, `check NAME`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", title="actions")
    add = partial(actions.add_parser, formatter_class=parser.formatter_class, allow_abbrev=False)
    listing = add("list", help="list what the installed plugins provide")
    add_output(listing)
    _add_new(add("new", help="write a new plugin"))
    _add_check(add("check", help="put a plugin to the conformance suite"))


def _add_new(parser: argparse.ArgumentParser) -> None:
    from provenv.scaffold.create import KINDS

    parser.description = "Writes a small distribution with tests into a new folder NAME."
    parser.add_argument("name", metavar="NAME", help="of the accelerator, platform ... that it provides")
    parser.add_argument("--kind", required=True, choices=KINDS, help="what it provides")
    parser.add_argument(
        "--into", type=Path, default=Path(), metavar="DIR", help="make the folder there (default: here)"
    )
    add_output(parser)


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.description = "Asks an installed plugin all that provenv may ever ask, and watches what it does."
    parser.add_argument(
        "name", metavar="NAME", help="an entry point, a distribution, or something that it provides"
    )
    parser.add_argument(
        "--seconds", type=float, default=10.0, metavar="N", help="how long one call may take (default: 10)"
    )
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """0 when all is well, 1 when a plugin was left out or did not pass."""
    if args.action == "new":
        from provenv.cli.plugin_new import run_new

        return run_new(args)
    if args.action == "check":
        from provenv.cli.plugin_check import run_check

        return run_check(args)
    return _list(args)


def _list(args: argparse.Namespace) -> int:
    from provenv.cli.output import print_json, table, warn
    from provenv.hooks.manager import plugins

    known = plugins()
    rows = sorted(
        (kind, name, s.distribution, _version(s.distribution), s.plugin, s.module)
        for (kind, name), s in known.sources.items()
    )
    names = ("kind", "name", "distribution", "version", "plugin", "module")
    if args.json:
        provided = [dict(zip(names, row, strict=True)) for row in rows]
        print_json({"plugins": provided, "problems": list(known.problems)})
    else:
        print(table(names, rows))
        for problem in known.problems:
            warn(problem, quiet=args.quiet)
    return 1 if known.problems else 0


def _version(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return "?"
