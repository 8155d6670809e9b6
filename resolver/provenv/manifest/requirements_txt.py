"""Requirements files as pip reads them: requirements, options, and the files that they include."""

from __future__ import annotations

import os
import re
from pathlib import Path

from provenv.errors import ManifestError, Origin
from provenv.manifest.document import read_bytes, shown_path
from provenv.manifest.draft import Draft
from provenv.manifest.entries import entry
from provenv.manifest.locations import hash_in, is_location, location, missing_path
from provenv.manifest.requirements_lines import LogicalLine, decode, logical_lines
from provenv.manifest.requirements_options import PER_REQUIREMENT, Option, read_options, split_line
from provenv.manifest.run_options import apply_option
from provenv.manifest.values import Manifest, ManifestRequirement
from provenv.patterns import regex
from provenv.reads import exists, is_folder, real_path
from provenv.values import replace

_HASH = regex(r"(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})", re.IGNORECASE)
_WEB = regex(r"https?:", re.IGNORECASE)


def read_requirements(path: Path) -> Manifest:
    """A requirements file, with all that it includes, as a manifest.

    Raises:
        ManifestError: a line that pip would refuse, or that can't be followed; with its file and line.
    """
    draft = Draft(path, "requirements")
    if path.stem != "requirements":
        # two files of one folder must not overwrite each other's locks
        draft.lockfiles = f"lockfiles/{path.stem}"
    RequirementsReader(draft).read(path, draft.requirements, None, ())
    if "constraints" in path.name.lower():
        draft.warn(
            f"{path.name} looks like a constraints file, and is read as requirements: everything in it is "
            "asked for; to limit versions only, name it in a `-c` line",
            Origin(shown_path(path), 1),
        )
    return draft.finish()


def read_constraints(path: Path, origin: Origin | None = None) -> tuple[ManifestRequirement, ...]:
    """The constraints of a file; `origin` is where it was named.

    Raises:
        ManifestError: as for a requirements file.
    """
    draft = Draft(path, "requirements")
    RequirementsReader(draft).read(path, draft.constraints, origin, ())
    return tuple(draft.constraints)


def read_requirement_lines(path: Path, origin: Origin) -> tuple[ManifestRequirement, ...]:
    """The requirements alone of a file that a pyproject.toml names at `origin`.

    Raises:
        ManifestError: as for a requirements file.
    """
    draft = Draft(path, "requirements")
    RequirementsReader(draft).read(path, draft.requirements, origin, ())
    return tuple(draft.requirements)


class RequirementsReader:
    """Reads files into one draft; what a line asks for goes into the list that its file was included for."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._needs_hashes: Origin | None = None

    def read(
        self, path: Path, into: list[ManifestRequirement], origin: Origin | None, within: tuple[Path, ...]
    ) -> None:
        """Reads one file; `within`: the files that include it, outermost first."""
        shown = shown_path(path)
        if exists(path) and is_folder(path):
            raise ManifestError(f"{shown} is a folder, not a requirements file", origin=origin)
        if origin and not exists(path):
            raise ManifestError(f"there is no file {shown}", hints=_files_like(path), origin=origin)
        decoded = decode(read_bytes(path, origin=origin), shown)
        if decoded.doubtful:
            self._draft.warn("not UTF-8: what it says here can't be read", Origin(shown, decoded.doubtful))
        here = (*within, real_path(path))
        for line in logical_lines(decoded.text, os.environ):
            self.take_line(line, Origin(shown, line.number), path, into, here)
        if not within and self._needs_hashes:
            self._check_hashes(self._needs_hashes)

    def take_line(
        self,
        line: LogicalLine,
        origin: Origin,
        path: Path,
        into: list[ManifestRequirement],
        within: tuple[Path, ...],
    ) -> None:
        """Takes one line of the file at `path`, whose folder is where relative paths start."""
        if line.unset:
            names = ", ".join(line.unset)
            self._draft.warn(f"the variable {names} is not set, and stays as it is written", origin)
        text, option_text = split_line(line.text)
        options = read_options(option_text, origin) if option_text else []
        if text:
            written = split_line(line.written)[0] or line.written
            self._requirement(text, written, options, origin, path, into)
            return
        for option in options:
            if option.name in ("--requirement", "--constraint"):
                self._include(option, origin, path, into, within)
            elif option.name == "--editable":
                self._editable(option, line, origin, path, into)
            elif option.name == "--require-hashes":
                self._needs_hashes = origin
            elif option.name in PER_REQUIREMENT:
                self._draft.warn(f"{option.name} follows no requirement here, and is left out", origin)
            else:
                apply_option(option, self._draft, origin, path.absolute().parent)
                self._requirement_behind(option, origin, path, into)

    def _requirement(
        self,
        text: str,
        written: str,
        options: list[Option],
        origin: Origin,
        path: Path,
        into: list[ManifestRequirement],
    ) -> None:
        folder = path.absolute().parent
        hashes: list[str] = []
        for option in options:
            self._leftover(option, origin)
            if option.name == "--hash":
                hashes.append(_hash(option.value, origin))
            elif option.name in PER_REQUIREMENT:
                self._draft.warn(f"{option.name} is not followed: builds run with the project's own", origin)
            elif option.name in ("--requirement", "--constraint", "--editable"):
                raise ManifestError(f"{option.name} needs a line of its own", origin=origin)
            else:
                # pip ignores such an option without a word; its author meant what it says
                apply_option(option, self._draft, origin, folder)
                self._draft.warn(
                    f"{option.name} stands behind a requirement, where pip ignores it; it is followed here, "
                    "for every requirement: give it a line of its own",
                    origin,
                )
        if is_location(text):
            required = self._location(text, written, origin, folder, editable=False)
            required = replace(required, hashes=tuple(hashes) or required.hashes)
        else:
            required = entry(text, origin, shown=written, hashes=tuple(hashes), folder=folder)
        self._take(required, into)

    def _editable(
        self, option: Option, line: LogicalLine, origin: Origin, path: Path, into: list[ManifestRequirement]
    ) -> None:
        text = option.value
        if option.rest.startswith(";"):
            text = f"{text} {option.rest}"
        else:
            self._leftover(option, origin)
        folder = path.absolute().parent
        if not is_location(text) and re.match(r"[A-Za-z0-9][\w.-]*\s*(\[[^\]]*\])?\s*@", text):
            required = replace(entry(text, origin, shown=line.written, folder=folder), editable=True)
        else:
            required = self._location(text, line.written, origin, folder, editable=True)
        self._take(required, into)

    def _location(
        self, text: str, written: str, origin: Origin, folder: Path, *, editable: bool
    ) -> ManifestRequirement:
        requirement = location(text, origin, _starts(folder))
        if missing_path(requirement) is not None and not editable and not _clearly_a_path(text):
            return entry(text, origin, shown=written)
        return ManifestRequirement(requirement, written, origin, hash_in(requirement.url), editable)

    def _take(self, required: ManifestRequirement, into: list[ManifestRequirement]) -> None:
        if into is not self._draft.constraints:
            into.append(required)
            return
        if required.editable or not required.requirement.name:
            raise ManifestError(
                f"{required.text!r} can't be a constraint: a constraint has a name and limits its versions",
                origin=required.origin,
            )
        # what a constraint limits is the package; pip takes no extras here, since they would mean nothing
        into.append(replace(required, requirement=replace(required.requirement, extras=())))

    def _include(
        self,
        option: Option,
        origin: Origin,
        path: Path,
        into: list[ManifestRequirement],
        within: tuple[Path, ...],
    ) -> None:
        if _WEB.match(option.value):
            raise _from_the_web(option, origin)
        self._leftover(option, origin)
        named = option.value
        if named.lower().startswith("file:"):
            from urllib.parse import urlsplit
            from urllib.request import url2pathname

            named = url2pathname(urlsplit(named).path)
        included = path.parent / named
        if real_path(included) in within:
            chain = " includes ".join(shown_path(p) for p in (*within, real_path(included)))
            raise ManifestError(f"requirements files include each other in a circle: {chain}", origin=origin)
        target = self._draft.constraints if option.name == "--constraint" else into
        self.read(included, target, origin, within)

    def _requirement_behind(
        self, option: Option, origin: Origin, path: Path, into: list[ManifestRequirement]
    ) -> None:
        """`--extra-index-url URL torch`: pip leaves the requirement out unsaid, and its author meant it."""
        if not option.rest:
            return
        try:
            self._requirement(option.rest, option.rest, [], origin, path, into)
        except ManifestError:
            self._leftover(option, origin)
        else:
            self._draft.warn(
                f"{option.rest!r} stands behind {option.name}, where pip ignores it; it is read here: give "
                "it a line of its own",
                origin,
            )

    def _leftover(self, option: Option, origin: Origin) -> None:
        if option.rest:
            self._draft.warn(
                f"{option.rest!r} after {option.name} {option.value} belongs to nothing, and is left out",
                origin,
            )

    def _check_hashes(self, asked: Origin) -> None:
        for required in self._draft.requirements:
            if not required.hashes:
                raise ManifestError(
                    f"{required.text!r} has no hash, and --require-hashes ({asked}) asks for one",
                    hints=["`pip hash FILE` prints one, or take --require-hashes out"],
                    origin=required.origin,
                )


def _starts(folder: Path) -> tuple[Path, ...]:
    """Where a relative path of a file in this folder starts: as pip has it in the working folder, else beside
    the file; beside it at once when the file belongs to another project than the one that is worked in."""
    here = Path.cwd()
    return (here, folder) if folder.is_relative_to(here) else (folder,)


def _clearly_a_path(text: str) -> bool:
    head = text.split(";")[0].strip()
    return head.startswith((".", "/", "~")) or not re.search(r"[=<>!~]=|[<>]", head)


def _hash(value: str, origin: Origin) -> str:
    if not _HASH.fullmatch(value):
        raise ManifestError(
            f"{value!r} is no hash",
            hints=["write --hash=sha256:… with 64 hexadecimal digits (sha384 and sha512 will do as well)"],
            origin=origin,
        )
    return value.lower()


def _from_the_web(option: Option, origin: Origin) -> ManifestError:
    what = "constraints" if option.name == "--constraint" else "requirements"
    address = option.value.rstrip("/")
    stray = f"; the words {option.rest!r} after it belong to nothing" if option.rest else ""
    if address.endswith("/simple") or "/whl/" in address:
        return ManifestError(
            f"{option.value} is an index, not a {what} file{stray}",
            hints=[f"did you mean `--extra-index-url {option.value}`?"],
            origin=origin,
        )
    return ManifestError(
        f"{what} at an address are not read: what is there may change between two locks{stray}",
        hints=[f"save {option.value} beside this file and name the copy"],
        origin=origin,
    )


def _files_like(path: Path) -> tuple[str, ...]:
    from provenv.manifest.spelling import nearest

    try:
        names = [p.name for p in path.parent.iterdir() if p.is_file()]
    except OSError:
        return ()
    best = nearest(path.name, names)
    return (f"did you mean {best!r}?",) if best else ()
