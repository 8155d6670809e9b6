"""`provenv plugin new`: writes a plugin."""

from __future__ import annotations

from provenv.cli.output import note, print_json
from provenv.errors import PluginError
from provenv.hooks.entry_points import scan
from provenv.hooks.manager import plugins
from provenv.scaffold.create import new_plugin, write_plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def run_new(args: argparse.Namespace) -> int:
    """0: written. Raises InputError for a name that is bad or taken, and for a folder that is there."""
    plugin = new_plugin(args.name, args.kind, _taken())
    folder = args.into / args.name
    files = write_plugin(plugin, folder)
    if args.json:
        print_json(
            {
                "name": plugin.name,
                "kind": plugin.kind,
                "distribution": plugin.distribution,
                "module": plugin.module,
                "folder": str(folder.absolute()),
                "files": [file.relative_to(folder).as_posix() for file in files],
            }
        )
        return 0
    print(f"wrote {plugin.distribution} into {folder}")
    for line in (
        f"  cd {folder}",
        "  pip install -e '.[test]'",
        "  pytest",
        f"  provenv plugin check {plugin.name}",
    ):
        note(line, quiet=args.quiet)
    return 0


def _taken() -> dict[tuple[str, str], object]:
    """(kind, name) -> who has it: every value, and every entry point, of the installed plugins."""
    points = {("plugin", p.name): f"plugin {p.name} ({p.module}, from {p.distribution})" for p in scan()}
    try:
        return {**points, **plugins().sources}
    except PluginError:  # two others clash; that is not this plugin's trouble
        return dict(points)
