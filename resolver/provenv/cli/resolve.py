"""`provenv resolve`: requirements in, one target's answer out, nothing written unless asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from provenv.cli.flags import (
    add_network,
    add_output,
    add_preview,
    file_rule,
    network_flags,
    with_previews,
)
from provenv.cli.output import note, print_json, warn
from provenv.cli.progress import progress
from provenv.cli.target_flags import add_target_flags, with_target
from provenv.errors import InputError, ManifestError
from provenv.hooks.manager import plugins
from provenv.locking import resolver_of
from provenv.manifest.values import Index, Manifest
from provenv.project import Project, open_project
from provenv.resolution import Package, Resolution
from provenv.resolving.resolve import Options
from provenv.standards.variants import Variant
from provenv.targets import Target
from provenv.values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
The answer goes to standard output: name==version lines, a pylock document, or JSON. Without --platform and
the other target flags the target is this machine."""

EXAMPLES = """\
examples:
  provenv resolve 'torch>=2.9' jieba
  provenv resolve -r requirements.in -c constraints.txt --format pylock
  provenv resolve torch --platform linux-x86_64 --accelerator cuda --driver 550 --python 3.12
  provenv resolve corp-tools --index corp=https://pypi.corp.example/simple
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    parser.add_argument("requirement", nargs="*", metavar="REQ", help="a requirement (PEP 508)")
    parser.add_argument(
        "-r",
        "--requirements",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="requirements file",
    )
    parser.add_argument(
        "-c", "--constraints", action="append", type=Path, default=[], metavar="FILE", help="constraints file"
    )
    where = parser.add_argument_group("where packages come from")
    where.add_argument("--default-index", metavar="URL", help="the index asked for everything else")
    where.add_argument(
        "--index",
        action="append",
        default=[],
        metavar="NAME=URL",
        help="a further index, asked before the default",
    )
    where.add_argument(
        "--find-links", action="append", default=[], metavar="DIR", help="a folder or page of files"
    )
    add_target_flags(parser, plugins())
    which = parser.add_argument_group("which versions")
    which.add_argument("--prerelease", choices=("allow", "never", "if-needed"), help="default: if-needed")
    which.add_argument("--resolution", choices=("highest", "lowest", "lowest-direct"), default="highest")
    which.add_argument("--exclude-newer", metavar="DATE", help="only files uploaded before then")
    which.add_argument(
        "--only-binary", action="append", default=[], metavar="NAME", help="never build it; :all:"
    )
    which.add_argument(
        "--no-binary", action="append", default=[], metavar="NAME", help="always build it; :all:"
    )
    add_preview(which)
    which.add_argument("--build-any", action="store_true", help="every package may be built from source")
    add_network(parser)
    add_output(parser)
    parser.add_argument(
        "--format", choices=("requirements", "pylock"), default="requirements", help="of the answer"
    )


def run(args: argparse.Namespace) -> int:
    """Resolves and prints."""
    project = _project(args)
    target = replace(_target(project), build=args.build)
    for warning in project.manifest.warnings:
        place = f"{warning.origin}: " if warning.origin else ""
        warn(f"{place}{warning.message}", quiet=args.quiet)
    with (
        progress(quiet=args.quiet or args.json) as shown,
        resolver_of(project, shown.event, shown.note) as resolver,
    ):
        shown.target(target)
        options = Options({}, strategy=args.resolution, build_any=args.build_any)
        resolution = resolver.resolve(target, options)
        if project.settings.mirrors and (args.json or args.format == "pylock"):
            from provenv.resolving.placing import placed

            resolution = placed(resolution, resolver.files.finder, project.plugins.accelerators.values())
    for text in resolution.notes:
        warn(text, quiet=args.quiet)
    for text in resolution.passed_over if args.verbose else ():
        note(f"passed over {text}")
    if args.json:
        print_json(to_json(resolution, shown.notes))
    elif args.format == "pylock":
        print(_pylock(project, resolution), end="")
    else:
        for package in resolution.packages:
            print(package.pinned)
    return 0


def _target(project: Project) -> Target:
    try:
        (target,) = project.targets()
    except ManifestError as error:
        # these flags stand where a manifest's matrix would: there is no file to point at
        raise InputError(
            "there is no such target",
            evidence=[error.message, *error.evidence],
            hints=["`provenv resolve --help` lists the flags that describe a target"],
        ) from None
    return target


def to_json(resolution: Resolution, notes: Sequence[str] = ()) -> dict[str, object]:
    """The answer as one document; `notes`: what was warned of meanwhile."""
    build = resolution.build
    return {
        "target": resolution.target.name,
        "python": resolution.target.python,
        "build": None if build is None else {"name": build.name, "index": build.index},
        "packages": [_package_json(package) for package in resolution.packages],
        "notes": [*resolution.notes, *notes],
        "passed_over": list(resolution.passed_over),
    }


def _package_json(package: Package) -> Mapping[str, object]:
    artifact = package.artifact
    return {
        "name": package.name,
        "version": package.version,
        "url": artifact.url if artifact else package.direct.url if package.direct else None,
        "sha256": artifact.hashes.get("sha256") if artifact else None,
        "size": artifact.size if artifact else None,
        "index": artifact.index or None if artifact else None,
        "requires": list(package.requires),
        "extras": list(package.extras),
        "prerelease": package.prerelease,
        **({"variant": variant_json(package.variant)} if package.variant.label else {}),
    }


def variant_json(variant: Variant) -> dict[str, object]:
    """A wheel's label and what it is for."""
    return {"label": variant.label, "properties": [str(one) for one in variant.properties]}


def _pylock(project: Project, resolution: Resolution) -> str:
    from provenv.locks.inputs import lock_inputs
    from provenv.locks.pylock import render

    target = resolution.target
    markers = project.platform(target).marker_environment(target.envelope)
    return render(resolution, lock_inputs(project.manifest, target), Path.cwd(), markers)


def _project(args: argparse.Namespace) -> Project:
    from provenv.manifest.adhoc import adhoc_manifest

    manifest = adhoc_manifest(args.requirement, args.requirements, args.constraints)
    if not manifest.requirements and not args.requirements:
        raise InputError(
            "there is nothing to resolve", hints=["name requirements, or a file of them with -r"]
        )
    return open_project(with_previews(_with_flags(manifest, args), args), network=network_flags(args))


def _with_flags(manifest: Manifest, args: argparse.Namespace) -> Manifest:
    indexes = [_named_index(text) for text in args.index]
    kept = [index for index in manifest.indexes if not (args.default_index and index.default)]
    if args.default_index:
        kept.append(Index("default", _address(args.default_index), default=True))
    flats = [Index(f"find-links-{n}", _address(text), flat=True) for n, text in enumerate(args.find_links, 1)]
    return replace(
        with_target(manifest, args, plugins()),
        indexes=(*indexes, *kept, *flats),
        no_binary=file_rule(args.no_binary, manifest.no_binary),
        only_binary=file_rule(args.only_binary, manifest.only_binary),
        prerelease=args.prerelease or manifest.prerelease,
        exclude_newer=_cutoff(args.exclude_newer) if args.exclude_newer else manifest.exclude_newer,
    )


def _cutoff(text: str) -> str:
    from provenv.manifest.times import EXPECTED, cutoff

    moment = cutoff(text)
    if moment is None:
        raise InputError(f"--exclude-newer: {text!r} is no time", hints=[f"write {EXPECTED}"])
    return moment


def _named_index(text: str) -> Index:
    name, separator, url = text.partition("=")
    if not separator or "://" in name:
        raise InputError(
            f"--index {text}: an index needs a name", hints=["write it as NAME=URL: --index corp=https://…"]
        )
    return Index(name, _address(url))


def _address(text: str) -> str:
    return text if "://" in text else Path(text).absolute().as_uri()
