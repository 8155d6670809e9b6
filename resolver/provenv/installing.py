"""Installing a project: the lock that fits this machine, made into an environment."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from provenv.environments import store
from provenv.environments.choose import Candidate, Choice, choose_lock
from provenv.environments.places import machine_places
from provenv.environments.store import Environment
from provenv.environments.sync import Installed, Outfit, install
from provenv.errors import InputError, InstallError, ProvenvError
from provenv.fitting import best_first, fit, wrong_platform
from provenv.host import Host
from provenv.locks.reader import Lock, read
from provenv.project import Project
from provenv.resolving.build_sources import build_settings
from provenv.targets import Target, context_of
from provenv.values import dataclass


@dataclass(frozen=True, slots=True)
class InstallOutcome:
    """What an installation did.

    `lock`: what was installed, read. `warning`: why the target that was named is not one for this machine,
    though its files install here.
    """

    target: Target
    environment: Environment
    lock: Lock
    changed: bool
    choice: Choice
    warning: str | None = None

    @property
    def others(self) -> tuple[tuple[str, str], ...]:
        """The targets that were not taken, each with the reason; their locks are read for it."""
        return self.choice.others


def choose_target(
    project: Project, name: str | None = None, read: Callable[[Path], Lock] = read
) -> tuple[Choice, str | None]:
    """The target for this machine and its lock, or the one that is named; and a warning when that doesn't
    fit.

    `read` is asked for the locks of this machine's platform. Raises InputError for a name that there is not,
    InstallError when nothing fits or the named one can't be installed here.
    """
    host = Host(project.plugins, project.probe)
    targets = project.targets([name] if name else None)
    candidates = [Candidate(target, project.lock_path(target)) for target in best_first(targets, host)]

    def unfit(candidate: Candidate) -> str | None:
        reason = wrong_platform(candidate.target, host)
        if reason is not None:
            return reason
        lock = read(candidate.path) if candidate.path.is_file() else None
        build, versions = (lock.build, lock.versions) if lock else (None, {})
        conda = lock.conda if lock else ()
        reasons = list(fit(candidate.target, host, build=build, versions=versions, conda=conda).reasons)
        variants = {p.name: p.variant for p in lock.packages if p.variant.label} if lock else {}
        if variants and not reasons:
            from provenv.features import unsupported_here

            reasons += unsupported_here(candidate.target, variants, host)
        return "; ".join(reasons) or None

    if name is None:
        return choose_lock(candidates, unfit), None
    reason = wrong_platform(targets[0], host)
    if reason:
        raise InstallError(
            f"{name} can't be installed here", evidence=[reason], hints=["leave `--target` out"]
        )
    return Choice(candidates[0]), unfit(candidates[0])


def install_project(
    project: Project,
    *,
    target: str | None = None,
    into: Path | None = None,
    python: str | None = None,
    on_target: Callable[[Target], None] = lambda target: None,
    progress: Callable[[str], None] = lambda line: None,
    on_note: Callable[[str], None] = lambda text: None,
) -> InstallOutcome:
    """Make the environment of a project on this machine, the one that `run`, `shell` and `env` take then.

    `target`: that one, not the one that fits best. `into`: where, when not below the project's folder.
    `on_target` is told which one it is, `progress` gets uv's lines, `on_note` what did not do as it should.
    See `environments.sync.install` for what is raised.
    """
    read_once = cache(read)
    choice, warning = choose_target(project, target, read_once)
    chosen = choice.chosen
    if not chosen.path.exists():
        raise InputError(
            f"{chosen.target.name} has no lock yet",
            evidence=[f"{chosen.path} does not exist"],
            hints=[f"make it with `provenv lock --target {chosen.target.name}`"],
        )
    on_target(chosen.target)
    store.prepare_home(project.folder)
    prefix = into or store.prefix_of(project.folder, chosen.target.name)
    lock = read_once(chosen.path)
    try:
        done = _installed(project, chosen, lock, prefix, python, progress)
    except ProvenvError as error:
        project.logins.blame(error)
        raise
    for text in project.logins.untold():
        on_note(text)
    store.remember(project.folder, done.environment)
    return InstallOutcome(chosen.target, done.environment, lock, done.changed, choice, warning)


def _installed(
    project: Project,
    chosen: Candidate,
    lock: Lock,
    prefix: Path,
    python: str | None,
    progress: Callable[[str], None],
) -> Installed:
    """By uv alone, or by rattler and uv. Raises InputError for a `python` where conda brings its own."""
    settings, outfit = build_settings(project.manifest, project.settings), _outfit(project, chosen.target)
    places = machine_places(project.settings, project.logins)
    if chosen.target.packaging != "conda":
        return install(
            chosen.path,
            prefix,
            settings,
            outfit,
            python=python,
            places=places,
            read=lock,
            progress=progress,
        )
    if python:
        raise InputError(
            f"{chosen.target.name} is a conda target, and its Python is one of its packages",
            hints=["leave `--python` out"],
        )
    from provenv.conda.channels import channels_of
    from provenv.environments.conda import CondaOutfit, install_conda

    table = project.manifest.conda
    channels = channels_of(table.channels, settings) if table else ()
    whole = CondaOutfit(outfit, chosen.target.name, channels, project.logins)
    return install_conda(chosen.path, prefix, settings, whole, places=places, progress=progress)


def _outfit(project: Project, target: Target) -> Outfit:
    accelerator = project.plugins.accelerators[target.accelerator]
    return Outfit(project.platform(target), accelerator.environment(context_of(target, project.plugins)))
