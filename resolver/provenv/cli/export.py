"""`provenv export`: a lock in the form of another tool."""

from __future__ import annotations

from pathlib import Path

from provenv.cli.flags import add_network, add_output, add_project, add_targets, open_from
from provenv.cli.output import note, warn
from provenv.errors import InputError
from provenv.locks.reader import Lock, local_files, read
from provenv.manifest.spelling import spelling_hints
from provenv.project import Project
from provenv.targets import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Writes the lock of one target in another form. Of a conda target: `explicit` (conda, mamba, micromamba),
`environment-yml`, `pixi` (a pixi.lock); of a pip target: the forms that plugins bring. A lock is itself a
standard file, which pip, uv or conda-lock and micromamba read as it is."""

EXAMPLES = """\
examples:
  provenv export --target lab --format explicit -o lab.txt
  micromamba create -n lab -f lab.txt
  provenv export --target lab --format environment-yml
"""

CONDA = ("explicit", "environment-yml", "pixi")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    add_project(parser)
    add_targets(parser, several=False)
    parser.add_argument("--format", required=True, metavar="NAME", help="explicit, environment-yml, pixi")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write it there (default: print it)"
    )
    add_network(parser)
    add_output(parser, json=False)


def run(args: argparse.Namespace) -> int:
    """Writes or prints."""
    project = open_from(args)
    target = _target(project, args.target, args.format)
    lock = read(project.lock_path(target))
    for text in local_files(lock):
        warn(text, quiet=args.quiet)
    rendered = render(project, target, lock, args.format)
    if args.output is None:
        print(rendered, end="")
        return 0
    from provenv.atomic import write_text

    write_text(args.output, rendered)
    note(f"{target.name} written to {args.output}", quiet=args.quiet)
    return 0


def render(project: Project, target: Target, lock: Lock, form: str) -> str:
    """A lock in another form. Raises InputError for a form that its packaging has not."""
    if target.packaging == "conda" and form in CONDA:
        from provenv.conda.virtual import spelled
        from provenv.locks.conda_exports import FORMATS

        virtual = tuple(spelled(one) for one in project.virtual_packages(target))
        return FORMATS[form](lock, project.platform(target).conda_subdir, virtual)
    known = CONDA if target.packaging == "conda" else tuple(project.plugins.lock_formats)
    if form not in known:
        raise InputError(
            f"a {target.packaging} target has no form {form!r}",
            evidence=[f"its forms: {', '.join(known)}"] if known else ["no plugin brings one"],
            hints=spelling_hints(form, known, "forms")
            or (f"its lock is a standard file, which pip and uv install as it is: {lock.path}",),
        )
    import tomli

    document = tomli.loads(lock.path.read_text(encoding="utf-8"))
    return project.plugins.lock_formats[form].render(document)


def _target(project: Project, name: str | None, form: str) -> Target:
    """The target that is named, else the one whose packaging has the form and whose lock is there."""
    if name:
        (target,) = project.targets([name])
        return target
    packaging = "conda" if form in CONDA else "pip"
    fitting = [target for target in project.targets() if target.packaging == packaging]
    locked = [target for target in fitting if project.lock_path(target).exists()]
    if len(locked) == 1:
        return locked[0]
    if not fitting:
        raise InputError(
            f"no target is a {packaging} target, and {form!r} is a form of those",
            hints=["`provenv manifest` shows the targets"],
        )
    names = ", ".join(target.name for target in locked or fitting)
    if not locked:
        raise InputError(f"no {packaging} target is locked", evidence=[names], hints=["run `provenv lock`"])
    raise InputError(
        f"several {packaging} targets are locked", evidence=[names], hints=["name one: --target"]
    )
