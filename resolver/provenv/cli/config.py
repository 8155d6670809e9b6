"""`provenv config`: the network settings in force, and who said each of them."""

from __future__ import annotations

import os

from provenv.cli.flags import add_network, add_output
from provenv.cli.output import print_json, table
from provenv.config.load import explained_settings
from provenv.config.pip_files import Machine, pip_files
from provenv.config.user_config import user_config_path
from provenv.manifest.document import shown_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Flags come first, then the user's config.toml, then pip's configuration (variables, pip.conf at all its
levels). They say where bytes come from; a lock holds the canonical addresses. Passwords are not shown."""

EXAMPLES = """\
examples:
  provenv config
  provenv config --no-pip-config --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    add_network(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Prints the settings."""
    _, said = explained_settings(
        use_pip_config=not args.no_pip_config, cache_dir=args.cache_dir, offline=args.offline
    )
    user_file = user_config_path(os.environ)
    files = [shown_path(file) for file in pip_files(Machine(os.environ))]
    if args.json:
        print_json(
            {
                "settings": [{"key": one.key, "value": one.value, "source": one.source} for one in said],
                "config_file": {"path": str(user_file), "exists": user_file.is_file()},
                "pip_files": files,
            }
        )
        return 0
    print(table(("setting", "value", "said by"), [(one.key, one.value, one.source) for one in said]))
    if not args.quiet:
        print(f"\nyour own settings: {user_file}{'' if user_file.is_file() else ' (not there)'}")
        print(f"pip's files: {', '.join(files) or 'none'}")
    return 0
