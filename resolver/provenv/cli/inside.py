"""What `run`, `shell` and `env` have in common: the environment they are about, found without a plugin."""

from __future__ import annotations

from pathlib import Path

from provenv.cli.output import warn
from provenv.environments.store import Environment, environment_of, home, outdated

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_environment(parser: argparse.ArgumentParser) -> None:
    """`--project`, `--target`, `-q`."""
    parser.add_argument(
        "--project",
        type=Path,
        metavar="PATH",
        help="a project folder or a manifest (default: this folder or one above it)",
    )
    parser.add_argument("--target", metavar="NAME", help="its environment, not the one installed last")
    parser.add_argument("-q", "--quiet", action="store_true", help="print results and errors only")


def environment_from(args: argparse.Namespace) -> Environment:
    """The environment that these flags name, with a warning when its lock has changed since it was installed.

    Raises InstallError when there is none that is whole.
    """
    environment = environment_of(_folder(args.project), args.target)
    if outdated(environment):
        warn(
            f"{environment.lock.name} has changed since it was installed: `provenv install`", quiet=args.quiet
        )
    return environment


def _folder(project: Path | None) -> Path:
    """The project's folder: the nearest one upwards that has environments, when none is named."""
    if project is not None:
        place = project.absolute()
        return place.parent if place.is_file() else place
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if home(folder).is_dir()), here)
