"""`provenv plugin`: who provides what."""

from __future__ import annotations

import argparse

from provenv.cli.flags import add_output
from provenv.hooks.manager import plugins

DESCRIPTION = "Platforms, accelerators, lock formats, checks and index credentials all come from plugins."
EXAMPLES = """\
examples:
  provenv plugin list          what there is, and which distribution provides it
  provenv plugin list --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`list`."""
    parser.add_argument("action", choices=("list",), help="list what the installed plugins provide")
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """0 when every plugin could be used, 1 when some were left out."""
    from provenv.cli.output import print_json, table, warn

    known = plugins()
    rows = [(kind, name, s.distribution, s.plugin, s.module) for (kind, name), s in known.sources.items()]
    rows.sort()
    if args.json:
        names = ("kind", "name", "distribution", "plugin", "module")
        provided = [dict(zip(names, row, strict=True)) for row in rows]
        print_json({"plugins": provided, "problems": list(known.problems)})
    else:
        print(table(("kind", "name", "distribution", "plugin", "module"), rows))
        for problem in known.problems:
            warn(problem, quiet=args.quiet)
    return 1 if known.problems else 0
