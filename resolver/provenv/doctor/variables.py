"""Variables that reach into every Python and every pip of the shell."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.addresses import redact
from provenv.doctor.commands import unset
from provenv.hooks.types import Finding, Probe

# pip takes every option from PIP_<OPTION>: where packages go, and which ones are taken.
PLACES = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_PYTHON")
CHOICES = (
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CONSTRAINT"),
    *("PIP_REQUIREMENT", "PIP_PRE", "PIP_NO_DEPS", "PIP_NO_BINARY", "PIP_ONLY_BINARY", "PIP_CONFIG_FILE"),
    *("PIP_IGNORE_INSTALLED", "PIP_REQUIRE_VIRTUALENV", "PIP_PLATFORM", "PIP_ABI", "PIP_PYTHON_VERSION"),
)


def diagnose(probe: Probe) -> Iterable[Finding]:
    """PYTHONHOME, PYTHONPATH and pip's options."""
    if home := probe.environment("PYTHONHOME"):
        yield Finding(
            "pythonhome-set",
            f"PYTHONHOME is {home}",
            unset(probe, ["PYTHONHOME"]),
            "error",
            "every Python takes its standard library from there, and one of another version does not start "
            "(`No module named 'encodings'`); `provenv run` takes it away",
        )
    if path := probe.environment("PYTHONPATH"):
        yield Finding(
            "pythonpath-set",
            f"PYTHONPATH is {path}",
            unset(probe, ["PYTHONPATH"]),
            "warning",
            "modules from there come before those of every environment; `provenv run` takes it away",
        )
    yield from _pip(probe)


def _pip(probe: Probe) -> Iterable[Finding]:
    places, choices = _set(probe, PLACES), _set(probe, CHOICES)
    if places:
        yield Finding(
            "pip-variable-moves-installs",
            f"{_listed(places)} in the environment",
            unset(probe, list(places)),
            "warning",
            "every `pip install` puts its packages there, and not into the environment that it is run in",
        )
    if choices:
        yield Finding(
            "pip-variables-set",
            f"{_listed(choices)} in the environment",
            "provenv config",
            "note",
            "every `pip install` takes them as its options; provenv follows those about the network",
        )


def _set(probe: Probe, names: Iterable[str]) -> dict[str, str]:
    return {name: value for name in names if (value := probe.environment(name))}


def _listed(variables: dict[str, str]) -> str:
    return ", ".join(f"{name}={redact(value)}" for name, value in variables.items())
