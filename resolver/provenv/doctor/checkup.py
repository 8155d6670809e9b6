"""The whole examination: plugins, themes, environments and project, in one list of findings."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path

from provenv.doctor import compilers, network, pythons, storage, variables
from provenv.doctor.installed import active_installation, judge
from provenv.doctor.projects import Standing, examine_project
from provenv.hooks.installations import Installation
from provenv.hooks.types import Finding
from provenv.host import Host
from provenv.project import Project
from provenv.values import dataclass

THEMES = (pythons.diagnose, variables.diagnose, network.diagnose, storage.diagnose, compilers.diagnose)
SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was looked at and what was found, errors first. `target`: of the project, when there is one."""

    findings: tuple[Finding, ...]
    installations: tuple[Installation, ...]
    target: str | None = None

    @property
    def stops(self) -> bool:
        """Whether something found would stop a training run."""
        return any(finding.severity == "error" for finding in self.findings)


def machine_findings(host: Host) -> tuple[Finding, ...]:
    """What the plugins say of the machine, and what the general themes do."""
    return (*host.findings, *(finding for theme in THEMES for finding in theme(host.probe)))


def check_up(
    host: Host,
    project: Project | None,
    target: str | None = None,
    *,
    cache: Path | None = None,
    more: Iterable[Finding] = (),
) -> Checkup:
    """Examines a machine and a project on it.

    `cache`: this machine's cache folder; None for a machine that is elsewhere, of which nothing but its
    evidence is looked at. `more`: what was found before. Raises InputError for a target that
    the manifest has not.
    """
    here = cache is not None
    standing = examine_project(project, host, target, here=here) if project else None
    found = [*more, *machine_findings(host)]
    if cache is not None:
        found += storage.diagnose_places(host.probe, _places(project, cache), gpu=_wants_gpu(host, standing))
    installations = _installations(host, standing)
    trains = any(one.find("torch") for one in installations)  # with whatever release that Python had
    python = standing.target.python if standing and standing.target else host.python
    found += pythons.unserved(host, python, chosen=not trains and (standing is not None or not here))
    for installation in installations:
        found += judge(host, installation)
    if standing:
        found += standing.findings
    return Checkup(
        _ordered(found), installations, standing.target.name if standing and standing.target else None
    )


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    once = dict.fromkeys(findings)
    return tuple(sorted(once, key=lambda finding: SEVERITIES.index(finding.severity)))


def _installations(host: Host, standing: Standing | None) -> tuple[Installation, ...]:
    """The project's environment and the active one; once where they are the same."""
    found = []
    own = standing.environment if standing else None
    if own is not None:
        accelerator = standing.target.accelerator if standing and standing.target else None
        prefix = str(own.prefix)
        found.append(Installation(prefix, host.probe.distributions(prefix), accelerator))
    active = active_installation(host, own=own is None)
    if active is not None and active.prefix not in [one.prefix for one in found]:
        found.append(active)
    return tuple(found)


def _wants_gpu(host: Host, standing: Standing | None) -> bool:
    accelerator = (
        standing.target.accelerator if standing and standing.target else next(iter(host.usable), "cpu")
    )
    return accelerator != "cpu"


def _places(project: Project | None, cache: Path) -> dict[str, str]:
    """Where this machine writes; a folder that can't be told (this one was deleted) is left out."""
    import tempfile

    ways: dict[str, Callable[[], object]] = {
        "the project": lambda: project.folder if project else Path.cwd(),
        "the cache": lambda: cache,
        "temporary files": tempfile.gettempdir,
    }
    places: dict[str, str] = {}
    for purpose, way in ways.items():
        with contextlib.suppress(OSError):
            places[purpose] = str(way())
    return places
