"""A conda lock in other forms: explicit, environment.yml, pixi.lock."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from provenv.locks.reader import Lock
from provenv.resolution import CondaPackage, Package

Render = Callable[[Lock, str, tuple[str, ...]], str]


def explicit(lock: Lock, subdir: str, virtual: tuple[str, ...]) -> str:
    """`@EXPLICIT`: every archive with its hash, each behind what it needs, for conda, mamba, micromamba.

    The hash is md5, the one that all of them know. What comes from PyPI stands in comments, as conda-lock
    writes and reads it.
    """
    lines = [f"# platform: {subdir}", "@EXPLICIT"]
    lines += [f"{package.url}#{package.md5}" for package in in_order(lock.conda)]
    lines += [f"# pip {_pip_line(package)}" for package in lock.packages]
    return "\n".join(lines) + "\n"


def _pip_line(package: Package) -> str:
    if package.artifact is None:
        return package.pinned
    hashes = package.artifact.hashes
    return f"{package.name} @ {package.artifact.url} --hash=sha256:{hashes['sha256']}"


def in_order(packages: tuple[CondaPackage, ...]) -> Iterator[CondaPackage]:
    """The packages, each behind those that it depends on as far as they don't depend on each other."""
    by_name = {package.name: package for package in sorted(packages, key=lambda p: p.name)}
    done: set[str] = set()
    for root in by_name:
        stack: list[tuple[str, bool]] = [(root, False)]
        within: set[str] = set()
        while stack:
            name, ready = stack.pop()
            if ready:
                if name not in done:
                    done.add(name)
                    yield by_name[name]
            elif name in by_name and name not in done and name not in within:
                within.add(name)
                stack.append((name, True))
                stack += [(needed, False) for needed in reversed(by_name[name].requires)]


def environment_yml(lock: Lock, subdir: str, virtual: tuple[str, ...]) -> str:
    """An `environment.yml` that pins every package with its build, and what pip installs with its version."""
    import yaml

    dependencies: list[object] = [f"{p.name}={p.version}={p.build}" for p in lock.conda]
    if lock.packages:
        if all(package.name != "pip" for package in lock.conda):
            dependencies.append("pip")
        dependencies.append({"pip": [package.pinned for package in lock.packages]})
    document: dict[str, object] = {
        "name": lock.target.name,
        "channels": [*lock.channels, "nodefaults"],
        "dependencies": dependencies,
    }
    if lock.variables:
        document["variables"] = dict(lock.variables)
    text: str = yaml.dump(document, sort_keys=False, allow_unicode=True)
    return text


def pixi(lock: Lock, subdir: str, virtual: tuple[str, ...]) -> str:
    """A `pixi.lock` with one environment, `default`, by rattler's own writer."""
    import rattler

    from provenv.conda.records import record_of

    spelled = ["=".join(text.split()) for text in virtual]
    platform = rattler.LockPlatform(subdir, virtual_packages=spelled)
    document = rattler.LockFile([platform])
    document.set_channels("default", [rattler.LockChannel(url) for url in lock.channels])
    for conda in in_order(lock.conda):
        document.add_conda_package("default", platform, record_of(conda))
    for package in lock.packages:
        document.add_pypi_package("default", platform, package.name, package.version, _pixi_place(package))
    with tempfile.TemporaryDirectory(prefix="provenv-") as scratch:
        path = Path(scratch) / "pixi.lock"
        document.to_path(path)
        return path.read_text(encoding="utf-8")


def _pixi_place(package: Package) -> str:
    """Where a wheel is, with its hash as an index page has it; pixi.lock has no other place for that here."""
    if package.artifact is None:
        return package.pinned.partition(" @ ")[2]
    return f"{package.artifact.url}#sha256={package.artifact.hashes['sha256']}"


FORMATS: Mapping[str, Render] = {"explicit": explicit, "environment-yml": environment_yml, "pixi": pixi}
