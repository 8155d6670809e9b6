"""A `conda-lock.yml` read back as a lock: provenv's own, or one that conda-lock wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from provenv.conda.library import require_conda
from provenv.errors import InputError, Origin
from provenv.hooks.types import Envelope
from provenv.locks.conda_local import read as read_local
from provenv.locks.conda_lock import FORMAT
from provenv.locks.inputs import CONDA_SECTIONS, SECTIONS, LockInputs
from provenv.locks.reader import Lock, check_count
from provenv.locks.tables import Bad, Table
from provenv.pypi.artifacts import Artifact
from provenv.resolution import CondaPackage, Direct, Package
from provenv.sha256 import sha256
from provenv.targets import Target

_PREFIX = "provenv."
_BUILD_NUMBER = re.compile(r"(?:.*_)?(\d+)(?:_cpython|_pypy|_cp\w+)?$")


def parse_conda(data: bytes, path: Path, subdir: str | None = None) -> Lock:
    """The lock in these bytes, of several platforms that of `subdir` alone where it is given.

    Raises InputError, with the line where there is one, when it is none.
    """
    require_conda()
    document = _document(data, path)
    try:
        return _lock(Table(document), path, sha256(data).hexdigest(), subdir)
    except Bad as error:
        where = f" (package {error.package + 1})" if error.package is not None else ""
        raise _invalid(path, f"{error.message}{where}", None) from error


def _document(data: bytes, path: Path) -> Mapping[str, object]:
    import yaml

    # libyaml's loader takes a tenth of the time of Python's own; some builds of PyYAML come without it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(data, loader)  # a safe loader, either way
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        merge = re.search(rb"^<{7} ", data, re.MULTILINE)
        raise _invalid(path, "conflict markers of a merge" if merge else "it is not YAML", line) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise _invalid(path, "it is not YAML text", None) from None
    if not isinstance(document, Mapping):
        raise _invalid(path, "it is empty, or no table", 1)
    return document


def _invalid(path: Path, reason: str, line: int | None) -> InputError:
    return InputError(
        f"{path.name} is no lock that can be used: {reason}",
        origin=Origin(str(path), line),
        hints=("write it anew with `provenv lock`",),
    )


def _lock(table: Table, path: Path, sha256: str, subdir: str | None) -> Lock:
    if table.integer("version") != 1:
        raise Bad(f"its version is {table.integer('version')}, and this provenv reads version 1")
    metadata = table.table("metadata", missing="it has no `metadata`")
    told = metadata.table("custom_metadata")
    own = told.maybe_text(f"{_PREFIX}format")
    if own is not None and own != str(FORMAT):
        raise Bad(f"its format is {own}, and this provenv reads format {FORMAT}")
    facts = _Facts(told)
    target = _target(facts, path) if own else _foreign_target(path)
    check_count(facts.text("packages") or None, len(table.tables("package")))
    conda, pip = _packages(table, facts, subdir)
    local = tuple(read_local(facts.listing("local"), path.parent))
    return Lock(
        path=path,
        sha256=sha256,
        target=target,
        build=None,
        build_index=None,
        packages=tuple(sorted((*pip, *local), key=lambda package: package.name)) if local else pip,
        inputs=_inputs(facts, target),
        digest=facts.text("digest"),
        conda=conda,
        channels=tuple(channel.text("url") for channel in metadata.tables("channels")),
        provided={name: str(other) for name, other in facts.mapping("provided").items()},
        variables=tuple((name, str(value)) for name, value in sorted(facts.mapping("variables").items())),
    )


class _Facts:
    """provenv's own part of `custom_metadata`, its values parsed."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def text(self, key: str) -> str:
        return self._table.maybe_text(f"{_PREFIX}{key}") or ""

    def texts(self, key: str) -> tuple[str, ...]:
        return Table({key: self._json(key, [])}).texts(key)

    def mapping(self, key: str) -> Mapping[str, object]:
        found = self._json(key, {})
        if not isinstance(found, Mapping):
            raise Bad(f"`{_PREFIX}{key}` is no table")
        return found

    def listing(self, key: str) -> object:
        return self._json(key, [])

    def _json(self, key: str, default: object) -> object:
        text = self.text(key)
        try:
            return json.loads(text) if text else default
        except ValueError:
            raise Bad(f"`{_PREFIX}{key}` is no JSON") from None


def _target(facts: _Facts, path: Path) -> Target:
    envelope = {word: _strings(values) for word, values in facts.mapping("envelope").items()}
    return Target(
        name=facts.text("target") or _name(path),
        platform=facts.text("platform"),
        python=facts.text("python"),
        accelerator=facts.text("accelerator"),
        envelope=Envelope.of(envelope),
        groups=facts.texts("groups"),
        extras=facts.texts("extras"),
        build=facts.text("build") or None,
        packaging="conda",
    )


def _foreign_target(path: Path) -> Target:
    """A lock of conda-lock's own says nothing of a target; its file's name does."""
    return Target(_name(path), "", "", "", Envelope(), packaging="conda")


def _name(path: Path) -> str:
    return re.sub(r"\.?conda-lock\.ya?ml$", "", path.name) or path.name


def _strings(values: object) -> tuple[str, ...]:
    return Table({"values": values}).texts("values")


def _inputs(facts: _Facts, target: Target) -> LockInputs:
    lists = {name: facts.texts(f"inputs.{name}") for name in (*SECTIONS, *CONDA_SECTIONS)}
    rules = tuple((key, str(value)) for key, value in sorted(facts.mapping("rules").items()))
    return LockInputs(
        target=target,
        requirements=lists["requirements"],
        constraints=lists["constraints"],
        overrides=lists["overrides"],
        excluded=lists["excluded"],
        indexes=lists["indexes"],
        pins=lists["pins"],
        local=lists["local"],
        rules=rules,
        channels=lists["channels"],
        specs=lists["specs"],
        names=lists["names"],
        virtual=lists["virtual"],
    )


def _packages(
    table: Table, facts: _Facts, subdir: str | None
) -> tuple[tuple[CondaPackage, ...], tuple[Package, ...]]:
    """The packages; an entry for each of several categories is one package."""
    conda: dict[tuple[str, str], CondaPackage] = {}
    pip: dict[tuple[str, str], Package] = {}
    extras, asks = facts.mapping("pip"), facts.mapping("asks")
    modules = facts.texts("noarch-python") if facts.text("format") else None
    for number, entry in enumerate(table.tables("package")):
        try:
            key = (entry.text("platform"), entry.text("name"))
            if subdir not in (None, key[0]):
                continue
            if _manager(entry) == "conda":
                conda[key] = _conda(entry, asks, modules)
            else:
                extra = extras.get(entry.text("name"), {})
                pip[key] = _pip(entry, Table(extra if isinstance(extra, Mapping) else {}))
        except Bad as error:
            raise Bad(error.message, number) from error
    return tuple(conda.values()), tuple(pip.values())


def _manager(entry: Table) -> Literal["conda", "pip"]:
    manager = entry.text("manager")
    if manager == "conda":
        return "conda"
    if manager == "pip":
        return "pip"
    raise Bad(f"there is no manager {manager}")


def _conda(entry: Table, asks: Mapping[str, object], modules: Sequence[str] | None) -> CondaPackage:
    url, hashes = entry.text("url"), entry.table("hash")
    folder, _, filename = url.rpartition("/")
    subdir = folder.rsplit("/", 1)[-1]
    stem = re.sub(r"\.(conda|tar\.bz2)$", "", filename)
    if stem == filename:
        raise Bad(f"{filename} is no conda archive")
    build = entry.maybe_text("build") or stem.rsplit("-", 1)[-1]
    number = _BUILD_NUMBER.match(build)
    depends = entry.table("dependencies")
    return CondaPackage(
        name=entry.text("name"),
        version=entry.text("version"),
        build=build,
        build_number=int(number[1]) if number else 0,
        subdir=subdir,
        channel=folder.removesuffix(f"/{subdir}"),
        url=url,
        md5=_hash(hashes, "md5", 32) or "",
        sha256=_hash(hashes, "sha256", 64),
        depends=tuple(f"{name} {depends.text(name)}".strip() for name in depends),
        noarch=_noarch(entry.text("name"), subdir, build, modules),
        asks=tuple(text for text, name in asks.items() if name == entry.text("name")),
        platform=entry.text("platform"),
    )


def _noarch(name: str, subdir: str, build: str, modules: Sequence[str] | None) -> str | None:
    """Whether a package has modules for any Python (`python`) or plain files (`generic`).

    The format doesn't say it. provenv's own locks do (`modules`), of others the build string tells.
    """
    if subdir != "noarch":
        return None
    is_python = name in modules if modules is not None else re.match(r"py(h|_|\d|$)", build) is not None
    return "python" if is_python else "generic"


def _hash(hashes: Table, name: str, length: int) -> str | None:
    value = hashes.maybe_text(name)
    if value is None:
        if name == "md5":
            raise Bad("it has a conda package without a md5 hash")
        return None
    if not re.fullmatch(rf"[0-9a-f]{{{length}}}", value):
        raise Bad(f"{value!r} is no {name} hash")
    return value


def _pip(entry: Table, extra: Table) -> Package:
    name, version, url = entry.text("name"), entry.text("version"), entry.text("url")
    requires = tuple(entry.table("dependencies"))
    vcs = re.match(r"(git|hg|svn|bzr)\+(.+)@([^@#]+?)(?:#subdirectory=(.*))?$", url)
    if vcs:
        direct = Direct(vcs[2], vcs=vcs[1], commit=vcs[3], subdirectory=vcs[4])
        return Package(
            name, version, None, requires, direct=direct, build_requires=extra.texts("build-requires")
        )
    return Package(
        name=name,
        version=version,
        artifact=_artifact(version, url, entry.table("hash"), extra),
        requires=requires,
        requires_python=extra.maybe_text("requires-python"),
        extras=extra.texts("extras"),
        build_requires=extra.texts("build-requires"),
    )


def _artifact(version: str, url: str, hashes: Table, extra: Table) -> Artifact:
    from urllib.parse import unquote, urlsplit

    filename = unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    sha256 = _hash(hashes, "sha256", 64)
    if sha256 is None:
        raise Bad(f"{filename} has no sha256")
    return Artifact(
        filename=filename,
        url=url,
        kind="wheel" if filename.endswith(".whl") else "sdist",
        version=version,
        size=extra.maybe_integer("size"),
        hashes={"sha256": sha256},
        index=extra.maybe_text("index") or "",
    )
