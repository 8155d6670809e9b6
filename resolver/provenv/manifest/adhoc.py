"""A manifest from a command line: requirements as arguments, files of them, files of constraints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from provenv.errors import Origin
from provenv.manifest.draft import Draft
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
        reader.read(path, draft.requirements, None, ())
    for path in constraints:
        reader.read(path, draft.constraints, Origin(COMMAND_LINE), ())
    return draft.finish()
