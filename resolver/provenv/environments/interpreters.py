"""Which Python an environment is made from."""

from __future__ import annotations

import re
import sys

from provenv.errors import InstallError, ProvenvError


def choose_python(target: str) -> list[str]:
    """What uv is asked for, to serve a target of the full version `target`.

    The interpreter that runs provenv when it will do, else any CPython of that minor version that uv finds on
    this machine or downloads.
    """
    wanted = _numbers(target)
    if _fits(wanted):
        return [sys.executable]
    major, minor, patch = wanted
    return [f"{major}.{minor}" if not patch else f">={major}.{minor}.{patch},<{major}.{minor + 1}"]


def explain_missing(target: str, cause: ProvenvError, named: str | None = None) -> ProvenvError:
    """The error for a machine that has no such Python, or for a `named` one that is none; any other cause as
    it is."""
    if "no such Python" not in cause.message:
        return cause
    if named is not None:
        return InstallError(
            f"--python {named} is no Python that can be used",
            evidence=cause.evidence,
            hints=[f"give the path of a Python {target} or newer, or leave it out: provenv looks for one"],
        )
    minor = ".".join(target.split(".")[:2])
    return InstallError(
        f"this target is for Python {minor}, and no Python {target} or newer {minor} was found here",
        evidence=cause.evidence,
        hints=[
            f"install one: `python -m uv python install {minor}`, python.org, your system's packages",
            "or name one: `provenv install --python PATH`",
        ],
    )


def _fits(wanted: tuple[int, int, int]) -> bool:
    """Whether the running interpreter serves: CPython with its lock, of that minor version, not older."""
    return (
        sys.implementation.name == "cpython"
        and "free-threading build" not in sys.version  # as Python's own guide to these builds tells them
        and sys.version_info[:2] == wanted[:2]
        and sys.version_info.micro >= wanted[2]
        and bool(sys.executable)
    )


def _numbers(version: str) -> tuple[int, int, int]:
    numbers = [int(number) for number in re.findall(r"\d+", version)[:3]]
    return numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else 0
