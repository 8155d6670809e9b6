"""A manifest from a command line: requirements as arguments, files of them, files of constraints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from provenv.errors import ManifestError, Origin
from provenv.manifest.document import shown_path
from provenv.manifest.draft import Draft
from provenv.manifest.kinds import find_manifest
from provenv.manifest.requirements_lines import LogicalLine
from provenv.manifest.requirements_txt import RequirementsReader
from provenv.manifest.values import Manifest

COMMAND_LINE = "the command line"


def adhoc_manifest(
    requirements: Sequence[str], files: Sequence[Path], constraints: Sequence[Path]
) -> Manifest:
    """Everything together as one manifest; a relative path in an argument counts from the working folder.

    Raises:
        ManifestError: as for a requirements file; an argument's place is the command line.
    """
    first = files[0] if files else Path("requirements.in")
    draft = Draft(first, "requirements")
    reader = RequirementsReader(draft)
    for text in requirements:
        line = LogicalLine(1, text, text, ())
        reader.take_line(line, Origin(COMMAND_LINE), Path.cwd() / "argument", draft.requirements, ())
    for path in files:
        refuse_other_kinds(path)
        reader.read(path, draft.requirements, None, ())
        if not draft.requirements:
            draft.warn("it asks for nothing", Origin(shown_path(path)))
    for path in constraints:
        reader.read(path, draft.constraints, Origin(COMMAND_LINE), ())
    return draft.finish()


def refuse_other_kinds(path: Path) -> None:
    """Refuses what is no requirements file, by its name. Raises ManifestError."""
    if path.exists() and find_manifest(path).kind != "requirements":
        raise ManifestError(
            "it is a manifest, not a requirements file",
            hints=[
                f"`provenv lock {shown_path(path)}` locks it",
                "`-r` takes a requirements.txt or .in file",
            ],
            origin=Origin(shown_path(path)),
        )
