"""Conda names and PyPI names: which distributions a conda package holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from provenv.resolution import CondaPackage
from provenv.standards.names import canonicalize

Twins: TypeAlias = Iterable[tuple[str, tuple[str, ...]]]
"""PyPI names, each with PyPI's other names for the same modules, as accelerators know them."""

# Where conda's name is another than PyPI's, for channels whose records don't say it (no `purls`).
# Source: conda-forge's own mapping, as its records of later builds carry it.
_RENAMED = {
    "brotli-python": "brotli",
    "cupy-core": "cupy",
    "docker-py": "docker",
    "importlib_metadata": "importlib-metadata",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "py-opencv": "opencv-python",
    "pyarrow-core": "pyarrow",
    "python-build": "build",
    "python-fastjsonschema": "fastjsonschema",
    "python-graphviz": "graphviz",
    "python-installer": "installer",
    "pytorch": "torch",
    "tensorflow-base": "tensorflow",
    "py-xgboost": "xgboost",
}
# PyPI's other names for the same modules: installed beside these they would overwrite their files.
_TWINS = {
    "faiss": ("faiss-cpu",),
    "opencv-python": (
        "opencv-python-headless",
        "opencv-contrib-python",
        "opencv-contrib-python-headless",
    ),
    "psycopg2": ("psycopg2-binary",),
    "tensorflow": ("tensorflow-cpu", "tensorflow-intel"),
}
# Packages that depend on Python and hold no distribution of their own name.
_NOT_PYTHON = frozenset(
    {"python", "python_abi", "matplotlib", "opencv", "xgboost", "tensorflow", "pytorch-mutex"}
)


def distributions(package: CondaPackage, names: Mapping[str, str]) -> tuple[str, ...]:
    """The canonical PyPI names that a conda package provides, `names` (the manifest's `map`) going first.

    A channel that says it (`purls`, CEP 63) is believed; otherwise a package that depends on Python provides
    what its name says.
    """
    if package.name in names:
        return (canonicalize(names[package.name]),)
    if package.name == "python":
        return ()  # `cpython` on PyPI is somebody's placeholder
    if package.purls:
        return tuple(dict.fromkeys(_purl_names(package.purls)))
    if package.name in _RENAMED:
        return (canonicalize(_RENAMED[package.name]),)
    if package.purls is not None or package.name in _NOT_PYTHON or not _is_python(package):
        return ()
    return (canonicalize(package.name),)


def conda_names(name: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """What conda may call a distribution: its own name, and those that the manifest's `map` and rules say."""
    others = {**_RENAMED, **names}
    return (name, *(conda for conda, pypi in sorted(others.items()) if canonicalize(pypi) == name))


def provided(
    packages: Iterable[CondaPackage], names: Mapping[str, str], twins: Twins = ()
) -> dict[str, CondaPackage]:
    """Canonical PyPI name -> the conda package that brings it, or its modules under another name."""
    found = {name: package for package in packages for name in distributions(package, names)}
    known = (*_TWINS.items(), *twins)
    others = {twin: found[name] for name, named in known if name in found for twin in named}
    return others | found


def _purl_names(purls: Iterable[str]) -> Iterable[str]:
    for purl in purls:
        match = re.match(r"pkg:pypi/([^@?#]+)", purl)
        if match:
            yield canonicalize(match[1])


def _is_python(package: CondaPackage) -> bool:
    return package.noarch == "python" or any(
        re.match(r"(python|python_abi)(\s|$|[=<>])", text) for text in package.depends
    )
