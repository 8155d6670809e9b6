"""Flags that several commands share, so that each means the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from provenv.errors import InputError
from provenv.manifest.previews import PREVIEWS
from provenv.manifest.spelling import spelling_hints
from provenv.manifest.values import FileRule, Manifest
from provenv.project import NetworkFlags, Project, open_project
from provenv.standards.names import canonicalize
from provenv.values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_project(parser: argparse.ArgumentParser) -> None:
    """`[PROJECT]`, `-r FILE` or `-f FILE`: where the manifest is."""
    parser.add_argument(
        "project",
        nargs="?",
        type=Path,
        default=None,
        metavar="PROJECT",
        help="a project folder or a manifest (default: this folder)",
    )
    parser.add_argument(
        "-r",
        "--requirements",
        type=Path,
        default=None,
        metavar="FILE",
        help="a requirements.txt or .in file as the manifest",
    )
    parser.add_argument(
        "-f",
        "--file",
        type=Path,
        default=None,
        metavar="FILE",
        help="an environment.yml (or any other manifest) as the manifest",
    )
    add_preview(parser)


def add_preview(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """`--preview NAME`, which may be given several times."""
    parser.add_argument(
        "--preview",
        action="append",
        default=[],
        metavar="NAME",
        help="try out what is not settled yet: wheel-variants",
    )


def with_previews(manifest: Manifest, args: argparse.Namespace) -> Manifest:
    """The manifest with the previews of `--preview` besides its own. Raises InputError for an unknown one."""
    for name in args.preview:
        if name not in PREVIEWS:
            hints = spelling_hints(name, PREVIEWS, "previews")
            raise InputError(f"--preview: there is no preview {name!r}", hints=hints)
    return replace(manifest, previews=tuple(sorted({*manifest.previews, *args.preview})))


def project_path(args: argparse.Namespace) -> Path:
    """The manifest's path that `add_project`'s flags name."""
    given = [path for path in (args.project, args.requirements, args.file) if path is not None]
    if len(given) > 1:
        raise InputError(
            f"two manifests were given: {given[0]} and {given[1]}",
            hints=["give one of them; a project's own file can include others with `-r` lines"],
        )
    found: Path = given[0] if given else Path()
    return found


def open_from(args: argparse.Namespace, *, machine: Sequence[str] | None = None) -> Project:
    """The project that these flags name, opened on this machine or on one that was recorded."""
    probe = None
    if machine:
        from provenv.hooks.manager import plugins
        from provenv.pastes.sources import probe_from

        probe = probe_from(machine, plugins(args.cache_dir))
    project = open_project(project_path(args), network=network_flags(args), probe=probe)
    return previewed(project, args)


def previewed(project: Project, args: argparse.Namespace) -> Project:
    """The project with the previews that the flags ask for."""
    return replace(project, manifest=with_previews(project.manifest, args)) if args.preview else project


def network_flags(args: argparse.Namespace) -> NetworkFlags:
    """What `add_network`'s flags say; what is brought up to date is asked for anew.

    Raises InputError where the cache's folder is a file, or `--offline` and `--refresh` are both given.
    """
    if args.cache_dir is not None and args.cache_dir.exists() and not args.cache_dir.is_dir():
        raise InputError(f"--cache-dir: {args.cache_dir} is a file", hints=["name a folder"])
    if args.offline and args.refresh:
        raise InputError(
            "--offline uses the cache alone, and --refresh asks the indexes anew", hints=["give one of them"]
        )
    refresh = args.refresh or bool(getattr(args, "upgrade", None))
    return NetworkFlags(not args.no_pip_config, args.cache_dir, args.offline, refresh)


def file_rule(given: Sequence[str], base: FileRule) -> FileRule:
    """`--only-binary`/`--no-binary`: comma-separated names, `:all:`; `:none:` forgets what was said."""
    rule = base
    for name in (part.strip() for text in given for part in text.split(",")):
        if name == ":none:":
            rule = FileRule()
        elif name == ":all:":
            rule = FileRule(True, rule.names)
        elif name:
            rule = FileRule(rule.everything, rule.names | {canonicalize(name)})
    return rule


def add_targets(parser: argparse.ArgumentParser, *, several: bool = True) -> None:
    """`--target NAME…`: which targets of the matrix."""
    text = (
        "only this target (may be given several times)"
        if several
        else "this target, not the one that fits best"
    )
    parser.add_argument(
        "--target", action="append" if several else "once", metavar="NAME", default=None, help=text
    )


def add_evidence(parser: argparse.ArgumentParser, what: str) -> None:
    """`--from PATH…`, which may be repeated: a machine by its recording or by what was pasted of it."""
    parser.add_argument(
        "--from",
        dest="sources",
        action="extend",
        nargs="+",
        metavar="PATH",
        help=f"{what} a machine's recording or what was pasted of it (files, folders, `-`), not this one",
    )


def add_network(parser: argparse.ArgumentParser) -> None:
    """The flags that say how the network is reached."""
    group = parser.add_argument_group("network")
    group.add_argument(
        "--no-pip-config", action="store_true", help="do not read pip's configuration of this machine"
    )
    group.add_argument("--cache-dir", type=Path, metavar="DIR", help="keep the cache there")
    group.add_argument("--offline", action="store_true", help="use the cache alone")
    group.add_argument(
        "--refresh", action="store_true", help="ask the indexes again, however young the cache's pages are"
    )


def add_output(parser: argparse.ArgumentParser, *, json: bool = True) -> None:
    """`-q`, `-v` and, where a command answers something, `--json`."""
    group = parser.add_argument_group("output")
    amount = group.add_mutually_exclusive_group()
    amount.add_argument("-q", "--quiet", action="store_true", help="print results and errors only")
    amount.add_argument("-v", "--verbose", action="count", default=0, help="say more")
    if json:
        group.add_argument("--json", action="store_true", help="print one JSON document")
