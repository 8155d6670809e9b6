"""A project on this machine: its lock, its environment and its proof."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.environments.state import has_lost, is_untouched
from provenv.environments.store import Environment, environment_of, outdated
from provenv.errors import InputError, InstallError
from provenv.fitting import best_first, fit
from provenv.hooks.types import Finding
from provenv.host import Host
from provenv.locks.freshness import examine
from provenv.locks.reader import Lock
from provenv.project import Project
from provenv.proof.report import read_proof
from provenv.proving import proof_path
from provenv.targets import Target
from provenv.values import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """How a project stands: the target that this machine would take, its environment when that is whole."""

    target: Target | None
    environment: Environment | None
    findings: tuple[Finding, ...]


def examine_project(project: Project, host: Host, name: str | None, *, here: bool) -> Standing:
    """Looks at one target: the named one, the one that was installed last, or the best that fits.

    `here`: the machine is this one; of another there is no environment to look at.
    Raises InputError for a name that there is not.
    """
    found: list[Finding] = []
    environment = None
    if here:
        environment = _environment(project, name, found)
    target = _target(project, host, name, environment, found)
    if target is None:
        return Standing(None, environment, tuple(found))
    lock = _lock(project, target, found)
    found += _fitting(host, target, lock, asked=bool(name or environment))
    if environment is not None:
        found += _state(environment)
        found += _proof(project, target, environment)
    return Standing(target, environment, tuple(found))


def _environment(project: Project, name: str | None, found: list[Finding]) -> Environment | None:
    try:
        return environment_of(project.folder, name)
    except InstallError as error:
        missing = error.evidence[0].endswith("does not exist")
        found.append(
            Finding(
                "environment-missing" if missing else "environment-not-whole",
                error.evidence[0],
                f"provenv install --target {name}" if name else "provenv install",
                "note" if missing else "error",
                "the project has no environment to train in yet" if missing else "`provenv run` refuses it",
            )
        )
        return None


def _target(
    project: Project, host: Host, name: str | None, environment: Environment | None, found: list[Finding]
) -> Target | None:
    wanted = name or (environment.target if environment else None)
    by_name = {target.name: target for target in project.targets([name] if name else None)}
    if wanted in by_name:
        return by_name[wanted]
    if environment is not None:
        found.append(
            Finding(
                "environment-of-no-target",
                f"the environment was made for {environment.target}, which the manifest no longer has",
                "provenv install",
                "warning",
                "no lock says what belongs into it",
            )
        )
    ordered = best_first(by_name.values(), host)
    fitting = next((target for target in ordered if fit(target, host).fits), None)
    if fitting is None and by_name:
        reasons = {reason for target in ordered for reason in fit(target, host).reasons}
        found.append(
            Finding(
                "no-target-fits",
                f"none of the manifest's targets is for this machine: {'; '.join(sorted(reasons))}",
                "add this machine's platform or accelerator to [tool.provenv] in the manifest",
                "error",
                "no lock can be installed here",
            )
        )
    return fitting


def _lock(project: Project, target: Target, found: list[Finding]) -> Lock | None:
    path = project.lock_path(target)
    lock, state = examine(path, project.lock_inputs(target))
    if not state.fresh:
        missing = not path.exists()
        found.append(
            Finding(
                "lock-missing" if missing else "lock-stale",
                f"{target.name}: {'; '.join(state.reasons)}",
                f"provenv lock --target {target.name}",
                "note" if missing else "warning",
                "" if missing else "what is installed is not what the manifest asks for now",
            )
        )
    return lock


def _fitting(host: Host, target: Target, lock: Lock | None, *, asked: bool) -> Iterable[Finding]:
    build, versions = (lock.build, lock.versions) if lock else (None, {})
    conda = lock.conda if lock else ()
    reasons = fit(target, host, build=build, versions=versions, conda=conda).reasons
    if reasons:
        yield Finding(
            "lock-does-not-fit",
            f"{target.name}: {'; '.join(reasons)}",
            "provenv install" if asked else f"provenv lock --target {target.name} --upgrade",
            "error",
            "what it installs does not run on this machine",
        )


def _state(environment: Environment) -> Iterable[Finding]:
    again = f"provenv install --target {environment.target}"
    if has_lost(environment):
        yield Finding(
            "environment-incomplete",
            f"packages are gone from {environment.prefix} that were installed into it",
            again,
            "error",
            "importing them fails",
        )
    elif not is_untouched(environment):
        yield Finding(
            "environment-changed",
            f"{environment.prefix} was changed by hand since it was installed",
            again,
            "warning",
            "it is not what its lock says, and nobody else has the same",
        )
    if outdated(environment):
        yield Finding(
            "environment-outdated",
            f"{environment.lock.name} has changed since {environment.prefix} was installed",
            again,
            "warning",
            "a run takes the versions of before",
        )


def _proof(project: Project, target: Target, environment: Environment) -> Iterable[Finding]:
    path = proof_path(project, target)
    again = f"provenv prove --target {target.name}"
    try:
        proof = read_proof(path) if path.exists() else None
    except InputError as error:
        yield Finding("proof-missing", error.message, again, "note")
        return
    if proof is None or proof.get("lock_sha256") != environment.lock_sha256:
        what = "there is no proof" if proof is None else "the proof is of another lock, not"
        yield Finding(
            "proof-missing",
            f"{what} that {target.name} trains here",
            again,
            "note",
            "nothing was trained in this environment yet",
        )
    elif proof.get("verdict") != "proven":
        reasons = proof.get("reasons")
        words = "; ".join(map(str, reasons)) if isinstance(reasons, list) else ""
        yield Finding(
            "proof-failed",
            f"{target.name} is not proven: {words or 'it says no reason'}",
            again,
            "error",
            f"the acceptance run failed with this very lock; the whole report is {path}",
        )
