"""A resolution as a PEP 751 lock file: one artifact a package, one fact a line, always the same bytes.

Everything a plain installer needs is in the standard's own keys. `[tool.provenv]` says which target and which
inputs the lock is for; it stands before the packages, where a person looks first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from provenv.addresses import without_credentials
from provenv.atomic import write_text
from provenv.hooks.types import Build, Envelope
from provenv.locks.inputs import SECTIONS, LockInputs
from provenv.locks.portable import path_of, portable_path
from provenv.patterns import regex
from provenv.pypi.artifacts import Artifact
from provenv.resolution import Direct, Package, Resolution
from provenv.targets import Target
from provenv.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

FORMAT = 1
"""The version of `[tool.provenv]`; a change that older readers would misread raises it."""

HEADER = "# Written by `provenv lock`: don't edit it, change the manifest and lock again.\n"

_MARKERS = ("sys_platform", "platform_machine", "implementation_name")
"""The marker variables that tell the machines apart for which a lock is made."""

_PLAIN = regex(r"[^\"\\\x00-\x1f\x7f]*")
_BARE_KEY = regex(r"[A-Za-z0-9_-]+")

# What PEP 440 allows; indexes also hold texts like `>=3.6.*`, with which no installer could read the lock.
_CLAUSE = (
    r"(?:(?:~=|<=|>=|<|>)\s*\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?|(?:==|!=)\s*\d+(?:\.\d+)*(?:\.\*|(?:a|b|rc)\d+)?)"
)
_SPECIFIER = regex(rf"\s*{_CLAUSE}\s*(?:,\s*{_CLAUSE}\s*)*")


def lock_path(folder: Path, target_name: str) -> Path:
    """Where a target's lock stands in the lockfiles folder."""
    return folder / f"pylock.{target_name}.toml"


Blocks: TypeAlias = dict[int, tuple[Package, str]]
"""The texts of packages that other locks of one folder have too, by the identity of the package."""


def render(
    resolution: Resolution,
    inputs: LockInputs,
    lock_dir: Path,
    markers: Mapping[str, str] | None = None,
    *,
    blocks: Blocks | None = None,
) -> str:
    """The lock's whole text. `lock_dir`: the folder it will lie in; paths of its project are relative to it.

    `markers`: the platform's marker environment (`Platform.marker_environment`), by which installers refuse
    the lock on another platform. `blocks`: shared between the locks of a matrix, most of which hold the same
    files. Raises ValueError when an artifact has no hash.
    """
    places = _Places(lock_dir, without_credentials)
    return _document(resolution, inputs, places, markers or {}, {} if blocks is None else blocks)


def render_private(resolution: Resolution, inputs: LockInputs, lock_dir: Path) -> str:
    """As `render`, with the credentials of addresses left in: for an installer alone, never to be kept."""
    return _document(resolution, inputs, _Places(lock_dir, str), {}, {})


def write(text: str, path: Path) -> bool:
    """Write a lock, whole or not at all; False when it was already just that. Raises DiskError."""
    return write_text(path, text)


def requires_python(python: str) -> str:
    """The Pythons that a lock for the full version `python` serves: its minor version, from its patch on."""
    match = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", python)
    if match is None:
        raise ValueError(f"not a Python version: {python!r}")
    minor = f"=={match[1]}.{match[2]}.*"
    return minor if not int(match[3] or 0) else f">={match[0]},{minor}"


@dataclass(frozen=True, slots=True)
class _Places:
    """How addresses are written: paths relative to the lock's folder, URLs cleaned of secrets."""

    lock_dir: Path
    clean: Callable[[str], str]

    def address(self, url: str) -> tuple[str, str]:
        """The key and its value: `path` for a file on this disk, `url` for any other."""
        path = path_of(url)
        return ("url", self.clean(url)) if path is None else ("path", portable_path(path, self.lock_dir))


def _document(
    resolution: Resolution, inputs: LockInputs, places: _Places, markers: Mapping[str, str], blocks: Blocks
) -> str:
    parts = [_head(resolution.target, markers), *_tool(resolution, inputs)]
    parts += [_block(p, places, blocks) for p in sorted(resolution.packages, key=lambda p: p.name)]
    # A lock without packages needs its key all the same (PEP 751), and that before the first table.
    if not resolution.packages:
        parts[0] += "packages = []\n"
    return HEADER + "\n".join(parts)


def _head(target: Target, markers: Mapping[str, str]) -> str:
    told = [f"{name} == '{markers[name]}'" for name in _MARKERS if markers.get(name)]
    lines = ['lock-version = "1.0"']
    if told:
        lines.append(f"environments = [{_quote(' and '.join(told))}]")
    lines += [f"requires-python = {_quote(requires_python(target.python))}", 'created-by = "provenv"']
    return "\n".join(lines) + "\n"


def _tool(resolution: Resolution, inputs: LockInputs) -> Iterator[str]:
    target = resolution.target
    counted = (
        "packages",
        str(len(resolution.packages)),
    )  # a lock cut short between two of them is valid TOML
    yield _table("tool.provenv", [("format", str(FORMAT)), counted])
    yield _table("tool.provenv.target", _target_lines(target))
    if target.envelope.items:
        yield _table("tool.provenv.envelope", _envelope_lines(target.envelope))
    if resolution.build:
        yield _table("tool.provenv.build", _build_lines(resolution.build))
    lists = [(name, _array(inputs.section(name))) for name in SECTIONS if inputs.section(name)]
    yield _table("tool.provenv.inputs", [("digest", _quote(inputs.digest())), *lists])
    if inputs.rules:
        yield _table("tool.provenv.inputs.rules", [(key, _quote(value)) for key, value in inputs.rules])


def _target_lines(target: Target) -> Iterator[tuple[str, str]]:
    yield "name", _quote(target.name)
    yield "platform", _quote(target.platform)
    yield "python", _quote(target.python)
    yield "accelerator", _quote(target.accelerator)
    if target.build:
        yield "build", _quote(target.build)
    if target.packaging != "pip":
        yield "packaging", _quote(target.packaging)
    if target.groups:
        yield "groups", _list(target.groups)
    if target.extras:
        yield "extras", _list(target.extras)


def _envelope_lines(envelope: Envelope) -> Iterator[tuple[str, str]]:
    for word, values in envelope.items:
        yield word, _quote(values[0]) if len(values) == 1 else _list(values)


def _build_lines(build: Build) -> Iterator[tuple[str, str]]:
    yield "name", _quote(build.name)
    if build.index:
        yield "index", _quote(without_credentials(build.index))


def _block(package: Package, places: _Places, blocks: Blocks) -> str:
    """`_package`, once for all locks that have the very same."""
    known = blocks.get(id(package))
    if known is None:
        known = blocks[id(package)] = (package, _package(package, places))  # which keeps it alive
    return known[1]


def _package(package: Package, places: _Places) -> str:
    blocks = [_table("packages", _package_lines(package), array=True), _source(package, places)]
    extra = list(_package_tool_lines(package))
    if extra:
        blocks.append(_table("packages.tool.provenv", extra))
    return "\n".join(blocks)


def _package_lines(package: Package) -> Iterator[tuple[str, str]]:
    artifact = package.artifact
    yield "name", _quote(package.name)
    # PEP 751: a source tree's version isn't fixed by anything in the lock, so it must not be claimed here.
    if artifact:
        yield "version", _quote(package.version)
    if package.requires_python and _SPECIFIER.fullmatch(package.requires_python):
        yield "requires-python", _quote(package.requires_python)
    if package.requires:
        lines = "".join(f"    {{ name = {_quote(name)} }},\n" for name in package.requires)
        yield "dependencies", f"[\n{lines}]"
    if artifact and not package.direct and artifact.index and not artifact.index.startswith("file:"):
        yield "index", _quote(without_credentials(artifact.index))


def _package_tool_lines(package: Package) -> Iterator[tuple[str, str]]:
    if package.artifact is None:
        yield "version", _quote(package.version)
    if package.extras:
        yield "extras", _list(package.extras)
    if package.build_requires:
        yield "build-requires", _array(package.build_requires)
    if package.variant.label:
        yield "variant", _quote(package.variant.label)
        yield "variant-properties", _array([str(one) for one in package.variant.properties])


def _source(package: Package, places: _Places) -> str:
    if package.artifact is None:
        return _tree(package, places)
    lines = list(_artifact_lines(package.artifact, places))
    if package.direct:
        if package.direct.subdirectory:
            lines.append(("subdirectory", _quote(package.direct.subdirectory)))
        return _table("packages.archive", [line for line in lines if line[0] != "name"])
    if package.artifact.kind == "wheel":
        return _table("packages.wheels", lines, array=True)
    return _table("packages.sdist", lines)


def _tree(package: Package, places: _Places) -> str:
    direct = package.direct
    if direct is None:
        raise ValueError(f"{package.name} has neither an artifact nor a source tree")
    if direct.vcs:
        return _table("packages.vcs", _vcs_lines(direct, places))
    lines = [("path", _quote(places.address(direct.url)[1]))]
    if direct.editable:
        lines.append(("editable", "true"))
    if direct.subdirectory:
        lines.append(("subdirectory", _quote(direct.subdirectory)))
    return _table("packages.directory", lines)


def _vcs_lines(direct: Direct, places: _Places) -> Iterator[tuple[str, str]]:
    if not direct.vcs or not direct.commit:
        raise ValueError(f"{direct.url} is locked to no commit")
    url = direct.url.removeprefix(f"{direct.vcs}+")
    key, address = places.address(url)
    yield "type", _quote(direct.vcs)
    yield key, _quote(address)
    if direct.revision:
        yield "requested-revision", _quote(direct.revision)
    yield "commit-id", _quote(direct.commit)
    if direct.subdirectory:
        yield "subdirectory", _quote(direct.subdirectory)


def _artifact_lines(artifact: Artifact, places: _Places) -> Iterator[tuple[str, str]]:
    # No upload-time: most mirrors do not say it, and a lock must not tell who was asked.
    key, address = places.address(artifact.url.partition("#")[0])
    # PEP 751: the name may be left out where the address ends in it; a `+` is often percent-encoded there.
    if not address.endswith(f"/{artifact.filename}"):
        yield "name", _quote(artifact.filename)
    yield key, _quote(address)
    if artifact.size is not None:
        yield "size", str(artifact.size)
    hashes = artifact.hashes
    if not hashes:
        raise ValueError(f"{artifact.filename} has no hash")
    # The strongest that everybody knows, alone; others only where an index has no such.
    chosen = ["sha256"] if "sha256" in hashes else sorted(hashes)
    yield "hashes", "{ " + ", ".join(f"{name} = {_quote(hashes[name])}" for name in chosen) + " }"


def _table(
    name: str, lines: Sequence[tuple[str, str]] | Iterator[tuple[str, str]], *, array: bool = False
) -> str:
    header = f"[[{name}]]" if array else f"[{name}]"
    return f"{header}\n" + "".join(f"{_key(key)} = {value}\n" for key, value in lines)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _quote(key)


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_quote, values))}]"


def _array(values: Sequence[str]) -> str:
    return "[\n" + "".join(f"    {_quote(value)},\n" for value in values) + "]"


def _quote(text: str) -> str:
    """A TOML basic string."""
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    return '"' + "".join(_escape(char) for char in text) + '"'


def _escape(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return f"\\u{ord(char):04x}" if char < " " or char == "\x7f" else char
