"""A resolution as a `conda-lock.yml` (version 1), made by conda-lock's own models.

conda-lock, micromamba and pixi read it. What provenv needs besides stands in `custom_metadata`, which they
leave alone.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from provenv.addresses import without_credentials
from provenv.locks.conda_local import is_local, written
from provenv.locks.inputs import LockInputs, sections_of
from provenv.resolution import CondaPackage, Package, Resolution

if TYPE_CHECKING:
    from conda_lock.lockfile.v1.models import LockedDependency, Lockfile, LockMeta
    from conda_lock.models.lock_spec import VersionedDependency

FORMAT = 1
"""The version of what `custom_metadata` holds; a change that older readers would misread raises it."""

HEADER = """\
# Written by `provenv lock`: don't edit it, change the manifest and lock again.
# Others install it too: `conda-lock install -n NAME FILE`, `micromamba create -n NAME -f FILE`.
"""

MAIN = "main"
"""conda-lock's category of what is always installed; groups and extras are categories of their own."""


def render(resolution: Resolution, inputs: LockInputs, subdir: str, manifest: Path, lock_dir: Path) -> str:
    """The lock's whole text. `subdir`: conda's word for the platform. `lock_dir`: where the file will lie."""
    import yaml

    document = lockfile(resolution, inputs, subdir, manifest, lock_dir).dict_for_output()
    text: str = yaml.dump(document, sort_keys=False, allow_unicode=True)
    return HEADER + text


def lockfile(
    resolution: Resolution, inputs: LockInputs, subdir: str, manifest: Path, lock_dir: Path
) -> Lockfile:
    """The lock as conda-lock's model."""
    from conda_lock.lockfile.v1.models import Lockfile

    categories = _categories(resolution, inputs)
    packages: list[LockedDependency] = []
    for conda in sorted(resolution.conda, key=lambda p: p.name):
        packages += _in_each(_conda_entry(conda, subdir), categories.get(("conda", conda.name)))
    for pip in sorted(resolution.packages, key=lambda p: p.name):
        if is_local(pip):
            continue
        packages += _in_each(_pip_entry(pip, subdir), categories.get(("pip", pip.name)))
    metadata = _meta(resolution, inputs, subdir, manifest, lock_dir, len(packages))
    return Lockfile(version=1, package=packages, metadata=metadata)


def _in_each(entry: Mapping[str, object], categories: frozenset[str] | None) -> Iterator[LockedDependency]:
    """One entry a category, as version 1 has it; what is always installed is in that one alone."""
    from conda_lock.lockfile.v1.models import LockedDependency

    for category in sorted(categories or {MAIN}):
        yield LockedDependency.model_validate({**entry, "category": category, "optional": category != MAIN})


def _conda_entry(package: CondaPackage, subdir: str) -> dict[str, object]:
    hashes = {"md5": package.md5, **({"sha256": package.sha256} if package.sha256 else {})}
    return {
        "name": package.name,
        "version": package.version,
        "manager": "conda",
        "platform": subdir,
        "dependencies": dependencies(package.depends),
        "url": package.url,
        "hash": hashes,
        "build": package.build,
    }


def dependencies(depends: Iterable[str]) -> dict[str, str]:
    """Match specs by name, virtual packages left out; the format has one a name, so that two are joined."""
    found: dict[str, tuple[str, str]] = {}
    for text in depends:
        name, version, build = (*text.split(None, 2), "", "")[:3]
        name = name.lower()
        if name.startswith("__"):
            continue
        before = found.get(name)
        found[name] = (version, build) if before is None else _joined(before, (version, build))
    return {name: " ".join(part for part in found[name] if part) for name in sorted(found)}


def _joined(first: tuple[str, str], second: tuple[str, str]) -> tuple[str, str]:
    """Both of two conditions on one package, as far as one can say it."""
    versions = [v for v in (first[0], second[0]) if v not in ("", "*")]
    if any("|" in v for v in versions) and len(versions) > 1:
        versions = versions[-1:]
    build = second[1] or first[1]
    return (",".join(dict.fromkeys(versions)) or "*", build)


def _pip_entry(package: Package, subdir: str) -> dict[str, object]:
    entry: dict[str, object] = {
        "name": package.name,
        "version": package.version,
        "manager": "pip",
        "platform": subdir,
        "dependencies": dict.fromkeys(package.requires, "*"),
    }
    if package.artifact is not None:
        hashes = package.artifact.hashes
        entry |= {"url": without_credentials(package.artifact.url), "hash": {"sha256": hashes["sha256"]}}
        return entry
    direct = package.direct
    if direct is None or direct.vcs is None:
        raise ValueError(f"{package.name} has neither an artifact nor a source tree")
    folder = f"#subdirectory={direct.subdirectory}" if direct.subdirectory else ""
    url = f"{direct.vcs}+{without_credentials(direct.url)}@{direct.commit}{folder}"
    return entry | {"url": url, "hash": {}, "source": {"type": "url", "url": url}}


def _meta(
    resolution: Resolution, inputs: LockInputs, subdir: str, manifest: Path, lock_dir: Path, packages: int
) -> LockMeta:
    from conda_lock.lockfile.v1.models import LockMeta

    channels = [{"url": url, "used_env_vars": []} for url in resolution.channels]
    return LockMeta.model_validate(
        {
            "content_hash": {subdir: _content_hash(resolution, inputs, subdir)},
            "channels": channels,
            "platforms": [subdir],
            "sources": [os.path.relpath(manifest.absolute(), lock_dir.absolute()).replace(os.sep, "/")],
            "custom_metadata": custom_metadata(resolution, inputs, lock_dir, packages),
        }
    )


def custom_metadata(
    resolution: Resolution, inputs: LockInputs, lock_dir: Path, packages: int
) -> dict[str, str]:
    """What provenv reads back: the target and the inputs, every value a string, lists as JSON.

    `packages`: how many entries the lock has.
    """
    target = resolution.target
    found = {
        "provenv.format": str(FORMAT),
        "provenv.packages": str(packages),
        "provenv.digest": inputs.digest(),
        "provenv.target": target.name,
        "provenv.platform": target.platform,
        "provenv.python": target.python,
        "provenv.accelerator": target.accelerator,
        "provenv.build": target.build or "",
        "provenv.envelope": json.dumps({word: list(values) for word, values in target.envelope.items}),
        "provenv.groups": json.dumps(list(target.groups)),
        "provenv.extras": json.dumps(list(target.extras)),
        "provenv.rules": json.dumps(dict(inputs.rules)),
    }
    for name in sections_of(target):
        found[f"provenv.inputs.{name}"] = json.dumps(list(inputs.section(name)), ensure_ascii=False)
    modules = [package.name for package in resolution.conda if package.noarch == "python"]
    found["provenv.noarch-python"] = json.dumps(modules)
    found["provenv.asks"] = json.dumps(_asks(resolution.conda), sort_keys=True)
    renamed = {name: other for name, other in resolution.provided.items() if name != other}
    found["provenv.provided"] = json.dumps(renamed, sort_keys=True)
    found["provenv.variables"] = json.dumps(dict(resolution.variables))
    found["provenv.local"] = json.dumps(written(resolution.packages, lock_dir))
    extras = {package.name: _extra(package) for package in resolution.packages if not is_local(package)}
    found["provenv.pip"] = json.dumps(
        {name: extra for name, extra in extras.items() if extra}, sort_keys=True
    )
    return {name: value for name, value in found.items() if value not in ("", "[]", "{}")}


def _asks(packages: Iterable[CondaPackage]) -> dict[str, str]:
    """What is asked of the machine -> the first package that does."""
    return {text: package.name for package in reversed(tuple(packages)) for text in package.asks}


def _extra(package: Package) -> dict[str, object]:
    """What conda-lock's format has no place for."""
    artifact = package.artifact
    found = {
        "index": without_credentials(artifact.index) if artifact else "",
        "size": artifact.size if artifact else None,
        "extras": list(package.extras),
        "build-requires": list(package.build_requires),
        "requires-python": package.requires_python or "",
    }
    return {name: value for name, value in found.items() if value}


def _content_hash(resolution: Resolution, inputs: LockInputs, subdir: str) -> str:
    """conda-lock's own hash of what was asked for; it can't say what provenv's digest says, but is there."""
    from conda_lock.content_hash import compute_content_hashes
    from conda_lock.models.channel import Channel
    from conda_lock.models.lock_spec import LockSpecification

    asked = [*map(_asked_of_conda, inputs.specs), *map(_asked_of_pip, inputs.requirements)]
    specification = LockSpecification(
        dependencies={subdir: [one for one in asked if one is not None]},
        channels=[Channel(url=url, used_env_vars=()) for url in resolution.channels],
        sources=[],
    )
    found: str = compute_content_hashes(specification, None)[subdir]
    return found


def _asked_of_conda(text: str) -> VersionedDependency:
    from conda_lock.models.lock_spec import VersionedDependency

    channel, _, rest = text.rpartition("::")
    match = re.match(r"([A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(.*)", rest)
    name, version = (match[1], match[2]) if match else (rest, "")
    return VersionedDependency(name=name, version=version, conda_channel=channel or None)


def _asked_of_pip(text: str) -> VersionedDependency | None:
    from conda_lock.models.lock_spec import VersionedDependency

    match = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)(.*)", text)
    return VersionedDependency(name=match[1], version=match[2], manager="pip") if match else None


def _categories(resolution: Resolution, inputs: LockInputs) -> dict[tuple[str, str], frozenset[str]]:
    """(manager, name) -> the categories through which a package is wanted."""
    requires: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for conda in resolution.conda:
        requires["conda", conda.name] = [("conda", name) for name in conda.requires]
    for pip in resolution.packages:
        wanted = [("pip", name) for name in pip.requires]
        wanted += [
            ("conda", resolution.provided[name]) for name in pip.requires if name in resolution.provided
        ]
        requires["pip", pip.name] = wanted
    found: dict[tuple[str, str], set[str]] = {}
    for root, category in _roots(resolution):
        todo = [root]
        while todo:
            one = todo.pop()
            if one in requires and category not in found.setdefault(one, set()):
                found[one].add(category)
                todo += requires[one]
    return {one: frozenset({MAIN} if MAIN in categories else categories) for one, categories in found.items()}


def _roots(resolution: Resolution) -> Iterator[tuple[tuple[str, str], str]]:
    for name, category in resolution.roots:
        yield ("conda", resolution.provided.get(name, name)), category
        yield ("pip", name), category
