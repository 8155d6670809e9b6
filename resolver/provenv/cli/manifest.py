"""`provenv manifest`: what was understood of a manifest, and which targets it makes."""

from __future__ import annotations

from provenv.addresses import redact
from provenv.cli.flags import add_output, add_project, project_path, with_previews
from provenv.cli.output import print_json, table, warn
from provenv.errors import ManifestError, Origin
from provenv.hooks.manager import plugins
from provenv.manifest.document import shown_path
from provenv.manifest.read import read_manifest
from provenv.manifest.values import FileRule, Index, Manifest, ManifestRequirement, ManifestWarning
from provenv.manifest.vocabulary import vocabulary_of
from provenv.targets import LeftOut, Matrix, Target, make_targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Every requirement with its file and line, the constraints, indexes and targets, and a warning for everything
that is not followed. Nothing is fetched. A manifest that can't be read is refused with its file and line
(exit code 2)."""

EXAMPLES = """\
examples:
  provenv manifest                         the project in this folder
  provenv manifest ../other --json         as one JSON document
  provenv manifest -r requirements.txt     a requirements file and all that it includes
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's flags."""
    add_project(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Prints what was understood."""
    manifest = with_previews(read_manifest(project_path(args), vocabulary_of(plugins())), args)
    matrix, problem = _matrix(manifest)
    warnings = (*manifest.warnings, *([problem] if problem else []))
    if args.json:
        print_json(manifest_json(manifest, matrix, warnings))
        return 0
    _print(manifest, matrix)
    for warning in warnings:
        place = f"{warning.origin}: " if warning.origin else ""
        warn(redact(f"{place}{warning.message}"), quiet=args.quiet)
    return 0


def _matrix(manifest: Manifest) -> tuple[Matrix, ManifestWarning | None]:
    """The targets. A manifest that names none can be understood although this machine makes none of it."""
    from provenv.probe import LiveProbe

    try:
        return make_targets(manifest, plugins(), LiveProbe()), None
    except ManifestError as error:
        if manifest.targets or manifest.platforms or manifest.accelerators or manifest.python:
            raise
        message = "; ".join((error.message, *error.evidence))
        return Matrix(()), ManifestWarning(message, error.origin)


def manifest_json(
    manifest: Manifest, matrix: Matrix, warnings: tuple[ManifestWarning, ...]
) -> dict[str, object]:
    """The document of `--json`; addresses without credentials."""
    return {
        "path": shown_path(manifest.path),
        "kind": manifest.kind,
        "name": manifest.name,
        "requires_python": manifest.requires_python,
        "requirements": [_requirement(r) for r in manifest.requirements],
        "conda": _conda(manifest),
        "constraints": [_requirement(r) for r in manifest.constraints],
        "overrides": [_requirement(r) for r in manifest.overrides],
        "excluded_dependencies": list(manifest.excluded_dependencies),
        "groups": {"known": list(manifest.known_groups), "selected": list(manifest.groups)},
        "extras": {"known": list(manifest.known_extras), "selected": list(manifest.extras)},
        "indexes": [_index(index, manifest) for index in manifest.indexes],
        "targets": [_target(target) for target in matrix.targets],
        "left_out": [_left_out(cell) for cell in matrix.left_out],
        "lockfiles": shown_path(manifest.lockfiles),
        "build": _rule(manifest.build),
        "no_binary": _rule(manifest.no_binary),
        "only_binary": _rule(manifest.only_binary),
        "exclude_newer": manifest.exclude_newer,
        "preview": list(manifest.previews),
        "exclude_newer_package": dict(manifest.exclude_newer_package),
        "prerelease": manifest.prerelease,
        "prerelease_package": dict(manifest.prerelease_package),
        "align": manifest.align,
        "pip_config": manifest.use_pip_config,
        "no_index": manifest.no_index,
        "warnings": [{"message": redact(w.message), **_place(w.origin)} for w in warnings],
    }


def _conda(manifest: Manifest) -> dict[str, object] | None:
    """What conda targets take from channels; None where the manifest has none."""
    table = manifest.conda
    if table is None:
        return None
    return {
        "channels": [redact(channel) for channel in table.channels],
        "dependencies": [
            {"text": spec.text, "selector": spec.selector, **_place(spec.origin)}
            for spec in table.dependencies
        ],
        "map": dict(table.names),
        "channel_priority": table.channel_priority,
        "variables": dict(table.variables),
    }


def _requirement(required: ManifestRequirement) -> dict[str, object]:
    parsed = required.requirement
    return {
        "text": redact(required.text),
        **_place(required.origin),
        "name": parsed.name or None,
        "extras": list(parsed.extras),
        "specifier": parsed.specifier,
        "marker": parsed.marker,
        "url": redact(parsed.url) if parsed.url else None,
        "editable": required.editable,
        "hashes": list(required.hashes),
        "group": required.group,
        "extra": required.extra,
    }


def _index(index: Index, manifest: Manifest) -> dict[str, object]:
    return {
        "name": index.name,
        "url": redact(index.url),
        **_place(index.origin),
        "default": index.default,
        "explicit": index.explicit,
        "flat": index.flat,
        "packages": list(index.packages),
        "pins": [
            {
                "package": pin.package,
                "marker": pin.marker,
                "extra": pin.extra,
                "group": pin.group,
                **_place(pin.origin),
            }
            for pin in manifest.pins
            if pin.index == index.name
        ],
    }


def _target(target: Target) -> dict[str, object]:
    return {
        "name": target.name,
        "platform": target.platform,
        "python": target.python,
        "accelerator": target.accelerator,
        "build": target.build,
        "packaging": target.packaging,
        "groups": list(target.groups),
        "extras": list(target.extras),
        "envelope": {word: list(values) for word, values in target.envelope.items},
    }


def _left_out(cell: LeftOut) -> dict[str, object]:
    return {"name": cell.name, "reason": cell.reason}


def _rule(rule: FileRule) -> list[str]:
    return [*([":all:"] if rule.everything else []), *sorted(rule.names)]


def _place(origin: Origin | None) -> dict[str, object]:
    return {"file": origin.file if origin else None, "line": origin.line if origin else None}


def _print(manifest: Manifest, matrix: Matrix) -> None:
    print(f"{shown_path(manifest.path)}: {len(manifest.requirements)} requirements")
    parts = {
        "requirements": manifest.requirements,
        "constraints": manifest.constraints,
        "overrides": manifest.overrides,
    }
    for title, entries in parts.items():
        if entries:
            rows = [(str(r.origin), _asked_by(r), redact(r.text)) for r in entries]
            print(f"\n{table(('where', '', title), rows)}")
    if manifest.indexes:
        print(
            f"\n{table(('indexes', 'address', 'for'), [_index_row(i, manifest) for i in manifest.indexes])}"
        )
    if matrix.targets:
        cells = [(t.name, t.python, ", ".join(t.groups), str(t.envelope)) for t in matrix.targets]
        print(f"\n{table(('targets', 'python', 'groups', 'promises'), cells)}")


def _asked_by(required: ManifestRequirement) -> str:
    if required.group:
        return f"group {required.group}"
    return f"extra {required.extra}" if required.extra else ""


def _index_row(index: Index, manifest: Manifest) -> tuple[str, str, str]:
    words = [word for word in ("default", "explicit", "flat") if getattr(index, word)]
    pins = [pin.package for pin in manifest.pins if pin.index == index.name]
    return index.name, redact(index.url), ", ".join((*words, *index.packages, *dict.fromkeys(pins)))
