"""`[tool.provenv.conda]`: channels, conda packages and names for the targets of `packaging = "conda"`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal, TypeAlias

from provenv.errors import ManifestError, Origin
from provenv.manifest.document import Table
from provenv.manifest.draft import Draft
from provenv.manifest.spelling import spelling_hints
from provenv.manifest.values import CondaSpec, CondaTable
from provenv.patterns import regex
from provenv.reads import unsure, variable

KEYS = ("channels", "dependencies", "map", "channel-priority")

Priority: TypeAlias = Literal["strict", "flexible", "disabled"]
_PRIORITIES: tuple[Priority, ...] = ("strict", "flexible", "disabled")
_SPEC = regex(
    r"(?:(?P<channel>[^\s:\[\]]+(?:://[^\s\[\]]+?)?)::)?"
    r"(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)"
    r"(?P<rest>(?:\s*(?:[=<>!~]|\[[^\]=]*=|\s[\d*^.]).*|\s*))"
)
_CHANNEL_NAME = regex(r"[A-Za-z0-9_][\w.+/-]*")


def read_conda(table: Table, draft: Draft) -> None:
    """Reads the table into a draft that already knows its targets.

    Raises:
        ManifestError: an unknown key, a spec or channel that is none, a conda target without channels.
    """
    conda = table.table("conda")
    if conda is None:
        first = next(target for target in draft.targets if target.packaging == "conda")
        raise ManifestError(
            f"target {first.name} is a conda environment, and there is no [tool.provenv.conda]",
            hints=['add it: channels = ["conda-forge"], dependencies = ["python 3.12.*"]'],
            origin=first.origin,
        )
    conda.allow_only(KEYS)
    channels = conda.strings("channels")
    if not channels:
        raise conda.error(
            "[tool.provenv.conda] names no channel", "channels", hints=['channels = ["conda-forge"]']
        )
    origin = conda.origin
    draft.conda = CondaTable(
        channels=tuple(
            channel(text, draft.folder, origin("channels", position))
            for position, text in enumerate(channels)
        ),
        dependencies=tuple(
            conda_spec(text, origin("dependencies", position))
            for position, text in enumerate(conda.strings("dependencies") or ())
        ),
        names=_names(conda.table("map")),
        channel_priority=_priority(conda),
        origin=conda.origin(),
    )


def conda_spec(text: str, origin: Origin) -> CondaSpec:
    """A match spec whose form is right; the library that solves has the last word on its versions.

    Raises:
        ManifestError: it is none, with the nearest right spelling.
    """
    written = text.strip()
    if not _SPEC.fullmatch(written) or re.fullmatch(r"[\d.]+", written):
        raise ManifestError(f"{text!r} is not a conda requirement", hints=_spec_hints(written), origin=origin)
    # conda allows a space behind an operator, `numpy >= 2, < 3`
    return CondaSpec(re.sub(r"\s+(?=,)|(?<=[=<>!~,|])\s+", "", written), origin)


def _spec_hints(text: str) -> tuple[str, ...]:
    pypi = re.match(r"([A-Za-z0-9._-]+)\s*\[[^\]=]*\]", text)
    if pypi:
        return (f"conda packages have no extras: write {pypi[1]!r}, or list it in [project] dependencies",)
    if " @ " in text or text.startswith(("git+", "-")):
        return ("what comes from an address belongs into [project] dependencies",)
    return ('write a name and what it may be: "numpy >=2", "python 3.13.*", "conda-forge::numpy"',)


def spec_name(text: str) -> str:
    """The conda name that a match spec asks for, lower case as conda compares them."""
    match = _SPEC.fullmatch(text.strip())
    return match["name"].lower() if match else ""


def spec_python(specs: tuple[CondaSpec, ...]) -> str | None:
    """The Python that these specs pin to a minor version (`3.13` or `3.13.2`), None: they don't."""
    for spec in specs:
        match = _SPEC.fullmatch(spec.text)
        if match and match["name"].lower() == "python":
            version = re.match(r"\s*(?:={0,2}|\s)\s*(3\.\d+(?:\.\d+)?)(?:\.\*)?(?:\s|=|$)", match["rest"])
            between = re.match(
                r"\s*>=\s*(3\.(\d+))(?:\.\d+)?\s*,\s*<\s*3\.(\d+)(?:\.0?a?0)?\s*$", match["rest"]
            )
            if version:
                return version[1]
            if between and int(between[3]) == int(between[2]) + 1:
                return between[1]
    return None


def channel(text: str, folder: Path, origin: Origin) -> str:
    """A channel as the manifest means it: a name, an address, a folder as its absolute `file:` URL.

    Raises:
        ManifestError: it is none of these, or names a variable that is not set.
    """
    written = _filled(text.strip(), origin)
    if "://" in written:
        scheme = written.partition("://")[0].lower()
        if scheme not in ("https", "http", "file", "s3", "oci", "gcs"):
            raise ManifestError(f"{text!r} is no address of a channel", origin=origin)
        return written.rstrip("/")
    if written.startswith((".", "/", "~", "\\")) or re.match(r"[A-Za-z]:[\\/]", written):
        if written.startswith("~"):
            unsure()  # the system's list of users says where a home is
        path = Path(written).expanduser()
        return Path(os.path.normpath(folder / path)).as_uri()
    if written == "local":
        raise ManifestError(
            "`local` is another folder on every machine",
            hints=["name the folder where your packages are built, such as ./conda-bld"],
            origin=origin,
        )
    if not _CHANNEL_NAME.fullmatch(written):
        raise ManifestError(
            f"{text!r} names no channel",
            hints=['a name ("conda-forge"), an address or a folder ("./channel")'],
            origin=origin,
        )
    return written.rstrip("/")


def _filled(text: str, origin: Origin) -> str:
    """The text with `${NAME}` filled in, as pip does it in requirements files."""

    def value(match: re.Match[str]) -> str:
        found = variable(match[1])
        if found is None:
            raise ManifestError(f"the variable {match[1]} in {text!r} is not set", origin=origin)
        return found

    return re.sub(r"\$\{([A-Za-z_]\w*)\}", value, text)


def _names(table: Table | None) -> tuple[tuple[str, str], ...]:
    from provenv.manifest.provenv_table import package_name

    found: dict[str, str] = {}
    for written in table.data if table else ():
        assert table is not None
        value = table.required_string(written)
        found[written.lower()] = package_name(table, value, written)
    return tuple(sorted(found.items()))


def _priority(table: Table) -> Priority:
    value = table.string("channel-priority") or "strict"
    for known in _PRIORITIES:
        if value == known:
            return known
    raise table.error(
        f"channel-priority is strict, flexible or disabled, not {value!r}",
        "channel-priority",
        hints=spelling_hints(value, _PRIORITIES, "priorities"),
    )
