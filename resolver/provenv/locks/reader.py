"""A lock file read back as a value: the target, the packages with their artifacts, the inputs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from provenv.atomic import disk_error
from provenv.errors import InputError, Origin
from provenv.hooks.types import Envelope
from provenv.locks.entries import read_packages
from provenv.locks.inputs import LockInputs
from provenv.locks.pylock import FORMAT
from provenv.locks.tables import Bad, Table
from provenv.reads import read_bytes
from provenv.resolution import CondaPackage, Package
from provenv.sha256 import sha256
from provenv.targets import Target
from provenv.values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


@dataclass(frozen=True, slots=True)
class Lock:
    """One `pylock.<target>.toml` or `<target>.conda-lock.yml`, read.

    `sha256`: of the file's bytes. `build`: name and canonical index.

    The packages are those that were written, except for what a lock doesn't keep (yanked, metadata); an
    artifact with a path has its absolute `file:` URL.
    """

    path: Path
    sha256: str
    target: Target
    build: str | None
    build_index: str | None
    packages: tuple[Package, ...]
    inputs: LockInputs
    digest: str
    conda: tuple[CondaPackage, ...] = ()
    """The conda packages of a `conda-lock.yml`; `packages` come on top of them."""
    channels: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    provided: Mapping[str, str] = field(default_factory=dict)
    """PyPI name -> the conda package that brings it, where they are called differently."""

    @property
    def versions(self) -> dict[str, str]:
        """Canonical name -> version: what a relock prefers."""
        conda = {package.name: package.version for package in self.conda}
        return conda | {package.name: package.version for package in self.packages}


def read(path: Path) -> Lock:
    """Read a lock that provenv wrote.

    Raises InputError when it is none (another tool's, damaged, of a newer format), with the line; DiskError
    when it can't be read. A missing file is an InputError too; ask `path.exists()` first where that is no
    mistake.
    """
    try:
        data = read_bytes(path)
    except FileNotFoundError as error:
        raise InputError(f"there is no lock {path}", hints=("make it with `provenv lock`",)) from error
    except OSError as error:
        raise disk_error("read", path, error) from error
    return parse(data, path)


def parse(data: bytes, path: Path) -> Lock:
    """The lock in these bytes; `path` is where it lies, for messages and relative paths."""
    if path.suffix in (".yml", ".yaml"):
        from provenv.locks.conda_reader import parse_conda

        return parse_conda(data, path)
    text = _decode(data, path)
    document = _document(text, path)
    try:
        return _lock(Table(document), path, sha256(data).hexdigest())
    except Bad as error:
        raise _invalid(path, error.message, _line_of(text, error)) from error


def local_files(lock: Lock) -> tuple[str, ...]:
    """A warning for each package that is locked to this disk, since other machines don't have that."""
    warnings = []
    for conda in lock.conda:
        if conda.url.startswith("file:"):
            warnings.append(
                f"{conda.name} {conda.version} is locked to {conda.url}: the lock is not portable"
            )
            break  # one stands for the whole channel
    for package in lock.packages:
        place = package.artifact.local_path if package.artifact else _folder(package)
        if place:
            warnings.append(
                f"{package.name} {package.version} is locked to {place}: the lock is not portable"
            )
    return tuple(warnings)


def _folder(package: Package) -> str | None:
    from provenv.locks.portable import path_of

    path = path_of(package.direct.url) if package.direct else None
    return str(path) if path else None


def _decode(data: bytes, path: Path) -> str:
    try:
        # A checkout on Windows may have turned the line ends.
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise _invalid(path, "it is not UTF-8 text", data.count(b"\n", 0, error.start) + 1) from error


def _document(text: str, path: Path) -> Mapping[str, object]:
    import tomli

    try:
        return tomli.loads(text)
    except (ValueError, RecursionError) as error:
        where = re.search(r"\(at line (\d+)", str(error))
        reason = (
            "conflict markers of a merge"
            if re.search(r"^<{7} ", text, re.MULTILINE)
            else f"not TOML: {error}"
        )
        raise _invalid(path, reason, int(where[1]) if where else None) from error


def _invalid(path: Path, reason: str, line: int | None) -> InputError:
    return InputError(
        f"{path.name} is no lock that can be used: {reason}",
        origin=Origin(str(path), line),
        hints=("write it anew with `provenv lock`",),
    )


def _line_of(text: str, error: Bad) -> int | None:
    """The line of the package in which the mistake is."""
    if error.package is None:
        return None
    starts = [match.start() for match in re.finditer(r"^\[\[packages\]\]", text, re.MULTILINE)]
    return text.count("\n", 0, starts[error.package]) + 1 if error.package < len(starts) else None


def _lock(table: Table, path: Path, sha256: str) -> Lock:
    version = table.text("lock-version")
    if not re.fullmatch(r"1(\.\d+)?", version):
        raise Bad(f"its lock-version is {version}, and this provenv reads version 1")
    tool = table.table("tool").table("provenv", missing="it was not written by provenv")
    if tool.integer("format") != FORMAT:
        raise Bad(f"its format is {tool.integer('format')}, and this provenv reads format {FORMAT}")
    target = _target(tool.table("target"), tool.table("envelope"))
    build = tool.table("build")
    inputs = tool.table("inputs")
    packages = read_packages(table, path.absolute().parent)
    check_count(tool.maybe_integer("packages"), len(packages))
    return Lock(
        path=path,
        sha256=sha256,
        target=target,
        build=build.maybe_text("name"),
        build_index=build.maybe_text("index"),
        packages=packages,
        inputs=_inputs(inputs, target),
        digest=inputs.text("digest"),
    )


def check_count(told: int | str | None, found: int) -> None:
    """Refuses a lock of which a part is missing. `told`: how many packages it says that it has."""
    if told is not None and str(told) != str(found):
        raise Bad(f"it was written with {told} packages and has {found}")


def _target(table: Table, envelope: Table) -> Target:
    packaging: Literal["pip", "conda"] = "conda" if table.maybe_text("packaging") == "conda" else "pip"
    return Target(
        name=table.text("name"),
        platform=table.text("platform"),
        python=table.text("python"),
        accelerator=table.text("accelerator"),
        envelope=Envelope.of({word: envelope.texts(word) for word in envelope}),
        groups=table.texts("groups"),
        extras=table.texts("extras"),
        build=table.maybe_text("build"),
        packaging=packaging,
    )


def _inputs(table: Table, target: Target) -> LockInputs:
    rules = table.table("rules")
    return LockInputs(
        target=target,
        requirements=table.texts("requirements"),
        constraints=table.texts("constraints"),
        overrides=table.texts("overrides"),
        excluded=table.texts("excluded"),
        indexes=table.texts("indexes"),
        pins=table.texts("pins"),
        local=table.texts("local"),
        rules=tuple((key, rules.text(key)) for key in sorted(rules)),
    )
