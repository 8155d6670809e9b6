"""Which Python runs: several on PATH, an environment that PATH passes over, one that torch does not serve."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from provenv.doctor.commands import is_windows, path_of, unset
from provenv.envelopes import version_tuple
from provenv.hooks.types import Context, Finding, Probe
from provenv.host import Host

INTERPRETERS = ("python", "python3")
INSTALLERS = ("pip", "pip3")


def diagnose(probe: Probe) -> Iterable[Finding]:
    """What PATH and an activated environment make of the words `python` and `pip`."""
    yield from _several(probe)
    yield from _foreign_pip(probe)
    yield from _passed_over(probe)


def _several(probe: Probe) -> Iterable[Finding]:
    found = {name: probe.executables(name) or () for name in INTERPRETERS}
    folders = dict.fromkeys(_folder(probe, path) for paths in found.values() for path in paths)
    if len(folders) < 2:
        return
    first = {name: paths[0] for name, paths in found.items() if paths}
    agree = len({_folder(probe, path) for path in first.values()}) == 1
    words = ", ".join(f"`{name}` is {path}" for name, path in first.items())
    yield Finding(
        "several-pythons",
        f"PATH has Pythons in {len(folders)} folders ({', '.join(folders)}); {words}",
        "provenv run -- python train.py",
        "note" if agree else "warning",
        "a package that one of them has is not there for the others"
        + ("" if agree else ", and the two names run different ones"),
    )


def _foreign_pip(probe: Probe) -> Iterable[Finding]:
    """The first pip belongs to none of the first Pythons: what it installs they don't see."""
    pythons = [paths[0] for name in INTERPRETERS if (paths := probe.executables(name))]
    pips = [paths[0] for name in INSTALLERS if (paths := probe.executables(name))]
    homes = {_home(probe, path) for path in pythons}
    strangers = [path for path in pips if _home(probe, path) not in homes]
    if pythons and strangers:
        yield Finding(
            "pip-of-another-python",
            f"`{_word(probe, strangers[0])}` is {strangers[0]}, `{_word(probe, pythons[0])}` is {pythons[0]}",
            "python -m pip install ..."
            if is_windows(probe)
            else f"{shlex.quote(pythons[0])} -m pip install ...",
            "warning",
            "what this pip installs that Python does not see",
        )


def _passed_over(probe: Probe) -> Iterable[Finding]:
    """An activated environment whose Python is not the one that `python` runs."""
    variable, prefix = active_environment(probe)
    if prefix is None:
        return
    if probe.exists(prefix) is False:
        yield Finding(
            "active-environment-gone",
            f"{variable} names {prefix}, and there is no such folder",
            unset(probe, [variable]),
            "warning",
            "tools install into it, or stop, though it was removed or moved",
        )
        return
    found = probe.executables("python") or probe.executables("python3")
    if found and not path_of(probe, found[0]).is_relative_to(path_of(probe, prefix)):
        yield Finding(
            "environment-not-on-path",
            f"{variable} says that {prefix} is active, but `python` is {found[0]}",
            _activation(probe, variable, prefix),
            "warning",
            "scripts run without the environment's packages (`No module named torch`)",
        )


def active_environment(probe: Probe) -> tuple[str, str | None]:
    """The variable that names the environment of the shell, and its folder; None where none is active."""
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if prefix := probe.environment(variable):
            return variable, prefix
    return "", None


def _activation(probe: Probe, variable: str, prefix: str) -> str:
    if variable == "CONDA_PREFIX":
        return f'conda activate "{prefix}"'
    return (
        f'& "{prefix}\\Scripts\\activate.ps1"'
        if is_windows(probe)
        else f". {shlex.quote(prefix)}/bin/activate"
    )


def _word(probe: Probe, path: str) -> str:
    """What a program is called by: `pip` for `pip.exe` in some folder."""
    name = path_of(probe, path).name
    return name[:-4] if name.lower().endswith(".exe") else name


def _folder(probe: Probe, path: str) -> str:
    return str(path_of(probe, path).parent)


def _home(probe: Probe, path: str) -> str:
    r"""The folder that a program belongs to: on Windows pip lies in `Scripts` below its Python's."""
    folder = path_of(probe, path).parent
    return str(folder.parent if folder.name.lower() == "scripts" else folder).lower()


def unserved(host: Host, version: str | None, *, chosen: bool) -> Iterable[Finding]:
    """A Python that no release of torch has wheels for, by the tables of the accelerators that can be used.

    `chosen`: an environment would be made with it; otherwise it is only the one that runs provenv.
    """
    implementation = host.probe.python("implementation")
    if implementation not in (None, "CPython"):
        yield Finding(
            "python-not-cpython",
            f"this Python is {implementation}; torch has wheels for CPython alone",
            "uv python install",
            "error" if chosen else "warning",
        )
    minor = version_tuple(version or "")[:2]
    served, oldest_release = _served(host)
    if len(minor) < 2 or not served or minor in served:
        return
    oldest, newest = (".".join(map(str, end)) for end in (min(served), max(served)))
    # the newest but one: other packages' wheels come later than torch's
    best = ".".join(map(str, sorted(served)[-2:][0]))
    yield Finding(
        "python-without-torch",
        f"no release of torch from {oldest_release} on has wheels for Python {minor[0]}.{minor[1]} on "
        f"{host.platform}: they are for {oldest} to {newest}",
        f"uv python install {best}",
        "error" if chosen else "warning",
        f'a lock for it finds no torch; `python = ["{best}"]` in [tool.provenv] takes another',
    )


def _served(host: Host) -> tuple[set[tuple[int, ...]], str]:
    """The minor Pythons that torch's releases are for on this machine, and the oldest of these releases."""
    served: set[tuple[int, ...]] = set()
    releases: list[str] = []
    platform = host.plugins.platforms.get(host.platform or "")
    if platform is None:
        return served, ""
    for name in host.usable:
        with host.watch("accelerator", name):
            envelope = host.envelope.merged(host.detections[name].envelope)
            context = Context(platform.name, platform.os, platform.arch, "", envelope)
            rows = host.plugins.accelerators[name].releases("torch", context).rows
            served.update(version_tuple(text) for row in rows if row.runs is not False for text in row.python)
            releases += [row.version for row in rows if row.version and row.runs is not False]
    return served, min(releases, key=version_tuple, default="")
