"""Requirements that are an address or a path: wheels, archives, folders and checkouts, named or not."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from provenv.errors import ManifestError, Origin
from provenv.patterns import regex
from provenv.reads import exists, is_file, real_path, unsure
from provenv.standards.requirements import Requirement
from provenv.values import replace

_URL = regex(r"(?:https?|file|ftp|(?:git|hg|svn|bzr)\+[a-z0-9]+):", re.IGNORECASE)
_SCP = regex(r"(?:git\+)?(?P<user>[\w.-]+)@(?P<host>[\w.-]+):(?P<path>[^/\d].*)")
_SCHEME = regex(r"[A-Za-z][A-Za-z0-9+.-]+:")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar")
_EXTRAS = regex(r"(?P<path>.+?)\s*\[(?P<extras>[^\[\]]*)\]")
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")


def is_location(text: str) -> bool:
    """Whether a requirement without a name in front is an address or a path, as pip tells them."""
    head = text.split(";")[0].strip()
    if _URL.match(head) or _SCP.match(head):
        return True
    if re.match(r"[A-Za-z0-9][\w.-]*\s*(\[[^\]]*\])?\s*@", head):
        return False
    path = _EXTRAS.fullmatch(head)
    bare = path["path"] if path else head
    return bare.startswith((".", "/", "~")) or "/" in bare or "\\" in bare or bare.lower().endswith(_ARCHIVES)


def location(text: str, origin: Origin, folders: tuple[Path, ...]) -> Requirement:
    """The requirement that an address or path stands for; its name is "" where only the project says it.

    `folders`: where a relative path may start, best first.

    Raises:
        ManifestError: it is an address that nothing can be fetched from.
    """
    _refuse_other_machines(text, origin)
    target, marker = _split_marker(text)
    target = re.sub(r"^file:(?!/)", "", target, flags=re.IGNORECASE)
    if _URL.match(target):
        return _named_by(Requirement("", marker=marker, url=target), origin)
    found = _EXTRAS.fullmatch(target)
    path_text, extras = (found["path"], found["extras"]) if found else (target, "")
    requirement = Requirement("", extras=_extras(extras), marker=marker, url=file_url(path_text, folders))
    return _named_by(requirement, origin)


def _refuse_other_machines(text: str, origin: Origin) -> None:
    """Refuses what looks like an address and is none that pip or uv would take."""
    if _URL.match(text):
        return
    scp = _SCP.match(text)
    if scp:
        meant = f"git+ssh://{scp['user']}@{scp['host']}/{scp['path']}"
        raise ManifestError(f"{text!r} is no address", hints=[f"did you mean {meant!r}?"], origin=origin)
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if scheme:
        hint = f"a git repository is written 'git+https://{text[scheme.end() :]}'"
        raise ManifestError(
            f"nothing can be fetched from {scheme[1]}: addresses ({text!r})", hints=[hint], origin=origin
        )
    if re.match(r"[A-Za-z]:[\\/]", text) and os.name != "nt":
        raise ManifestError(
            f"{text!r} is a path of a Windows machine",
            hints=["write a path relative to this file, or the package's name"],
            origin=origin,
        )


def hash_in(url: str | None) -> tuple[str, ...]:
    """The hash that an address itself asks for, as `#sha256=…`."""
    found = re.search(r"[#&]sha(256|384|512)=([0-9a-fA-F]{64,128})\b", url or "")
    return (f"sha{found[1]}:{found[2].lower()}",) if found else ()


def missing_path(requirement: Requirement) -> Path | None:
    """The path of a `file:` address at which there is nothing, None when all is well."""
    if requirement.url is None or not requirement.url.lower().startswith("file:"):
        return None
    path = _path_of(requirement.url)
    return None if exists(path) else path


def file_url(text: str, folders: tuple[Path, ...]) -> str:
    """The `file:` URL of a path, from the first folder where it is a project or file, else anything."""
    bare, hash_sign, fragment = text.partition("#")
    if bare.startswith("~"):
        unsure()  # the system's list of users says where a home is
    # os.path's, for the same reason as in `exists`: another's home that is not there is no error either
    choices = [folder / os.path.expanduser(bare) for folder in folders]  # noqa: PTH111
    chosen = next(
        (p for p in choices if is_file(p) or any(exists(p / name) for name in _PROJECT_FILES)),
        next((p for p in choices if exists(p)), choices[-1]),
    )
    return real_path(chosen).as_uri() + hash_sign + fragment


def absolute_url(url: str, folder: Path) -> str | None:
    """A direct reference with the project's folder in place of a tool's own placeholder for it.

    None where it is neither an address nor a path.
    """
    root = real_path(folder).as_uri()
    # hatch's and pdm's ways of saying "beside this file"
    for placeholder in ("{root:uri}", "file:///${PROJECT_ROOT}", "file://${PROJECT_ROOT}", "file://{root}"):
        url = url.replace(placeholder, root)
    if not _SCHEME.match(url):
        is_path = "/" in url or url.startswith(".") or exists(folder / url)
        return file_url(url, (folder,)) if is_path else None
    # `file:../lib` and `file:lib` are no absolute addresses; uv and pip take them from the folder
    relative = re.fullmatch(r"file:(?!/)(.+)", url, re.IGNORECASE)
    return file_url(relative[1], (folder,)) if relative else url


def _split_marker(text: str) -> tuple[str, str | None]:
    """pip: a marker follows `; ` after an address, and `;` after a path."""
    pattern = r"\s+;|;\s+" if _URL.match(text) else r"\s*;\s*"
    parts = re.split(pattern, text, maxsplit=1)
    return (parts[0].strip(), parts[1].strip() or None) if len(parts) == 2 else (text.strip(), None)


def _named_by(requirement: Requirement, origin: Origin) -> Requirement:
    """The name that the address itself says: an `egg` fragment or a wheel's file name."""
    from provenv.standards.names import canonicalize

    if requirement.marker is not None:
        _check_marker(requirement.marker, origin)
    try:
        parts = urlsplit(requirement.url or "")
    except ValueError as error:
        raise ManifestError(f"{requirement.url!r} is no address: {error}", origin=origin) from None
    egg = re.search(r"(?:^|&)egg=([^&]+)", parts.fragment)
    if egg:
        named = re.fullmatch(r"([A-Za-z0-9][\w.-]*?)(?:\[([^\]]*)\])?", unquote(egg[1]).strip())
        if named:
            extras = _extras(named[2] or "") or requirement.extras
            return replace(requirement, name=canonicalize(named[1]), extras=extras)
    filename = unquote(parts.path.rsplit("/", 1)[-1])
    if filename.lower().endswith(".whl") and filename.count("-") >= 4:
        return replace(requirement, name=canonicalize(filename.split("-", 1)[0]))
    return requirement


def _check_marker(marker: str, origin: Origin) -> None:
    from provenv.standards.markers import InvalidMarker, compile_marker

    try:
        compile_marker(marker)
    except InvalidMarker as error:
        raise ManifestError(f"{marker!r} is no marker: {error}", origin=origin) from None


def _extras(text: str) -> tuple[str, ...]:
    from provenv.standards.names import canonicalize

    return tuple(sorted({canonicalize(extra.strip()) for extra in text.split(",") if extra.strip()}))


def _path_of(url: str) -> Path:
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(url).path))
