"""Locking a project: which targets need it, solving them with what they share, writing what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from provenv.errors import InputError, Stale
from provenv.locks.freshness import Freshness, examine
from provenv.locks.inputs import LockInputs
from provenv.project import Project
from provenv.reads import unsure
from provenv.targets import Target
from provenv.values import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from provenv.aligning import Neighbours
    from provenv.hooks.types import Accelerator
    from provenv.locks.pylock import Blocks
    from provenv.locks.reader import Lock
    from provenv.mixing import Mixer
    from provenv.resolution import Resolution
    from provenv.resolving.resolve import Resolver
    from provenv.resolving.rules import Strategy


@dataclass(frozen=True, slots=True)
class Locked:
    """What locking did for one target.

    `status`: `fresh` (nothing was asked of the network), `unchanged` (solved again, with the same bytes),
    `written`. `changes`: `+ name version`, `- name version`, `name old -> new` against the old lock.
    """

    target: Target
    path: Path
    status: Literal["fresh", "unchanged", "written"]
    packages: int
    build: str | None
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Which packages a relock brings up to date: all, or those named (canonical)."""

    everything: bool = False
    names: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.everything or bool(self.names)


def lock_project(
    project: Project, *, targets: Sequence[str] | None = None, upgrade: Upgrade | None = None
) -> tuple[Locked, ...]:
    """Locks a project's targets, all or those of these names; see `lock_targets`."""
    return lock_targets(project, project.targets(targets), upgrade=upgrade)


def lock_targets(
    project: Project,
    targets: Sequence[Target],
    *,
    upgrade: Upgrade | None = None,
    strategy: Strategy = "highest",
    align: bool | None = None,
    frozen: bool = False,
    on_target: Callable[[Target], None] = lambda target: None,
    on_event: Callable[[str], None] | None = None,
    on_note: Callable[[str], None] = lambda text: None,
) -> tuple[Locked, ...]:
    """Locks these targets; nothing is written unless all of them have a solution.

    `upgrade`: which packages need not keep the old lock's versions; InputError for one that is in no lock.
    `align`: whether a target prefers the versions of those before it in the matrix; None: as the manifest
    says.
    `frozen`: a missing or stale lock is the error `Stale` that says what changed, and nothing is solved.
    `on_target` is told before a target is solved, `on_event` of every page or file that is fetched,
    `on_note` of what the network and the cache did not do as they should.
    """
    upgrade = upgrade or Upgrade()
    if upgrade:
        project = replace(project, refresh=True)
    elif fresh := _known(project, targets):
        return fresh
    states = [_state(project, target) for target in targets]
    if frozen:
        _raise_if_stale(states)
    _raise_if_unknown(upgrade, states, project)
    to_solve = [state for state in states if upgrade or not state.freshness.fresh]
    align = project.manifest.align if align is None else align
    if align:
        place = {target.name: n for n, target in enumerate(project.matrix.targets)}
        to_solve.sort(key=lambda state: place.get(state.target.name, len(place)))
    solved: dict[str, tuple[Resolution, str]] = {}
    if not to_solve:
        _remember(project, states)
    else:
        unsure()
        from provenv.locks.known_addresses import KnownAddresses

        with ExitStack() as stack:
            solvers = _Solvers(project, stack, on_event, on_note)
            neighbours = _neighbours(project, states, solved) if align else None
            known = KnownAddresses((s.lock for s in states if s.lock), project.settings.is_mirrored)
            blocks: Blocks = {}
            for n, state in enumerate(to_solve, 1):
                on_target(state.target)
                following = [later.target for later in to_solve[n:] if later.target.packaging == "pip"]
                resolution = known.applied(solvers.resolve(state, upgrade, strategy, neighbours, following))
                resolution = solvers.placed(resolution)
                solved[state.target.name] = (resolution, _text(project, state, resolution, blocks))
        for text in project.logins.untold():  # of conda's channels
            on_note(text)
    return tuple(_finish(state, solved.get(state.target.name)) for state in states)


def _known(project: Project, targets: Sequence[Target]) -> tuple[Locked, ...] | None:
    """What there is to say when each of the targets has a lock that was found fresh before; else None."""
    from provenv.locks.known import known_lock
    from provenv.pypi.cache import Cache

    cache = Cache(project.settings.cache_dir)
    found = []
    for target in targets:
        path = project.lock_path(target)
        known = known_lock(path, cache)
        if known is None or known.digest != project.lock_inputs(target).digest():
            return None
        found.append(Locked(target, path, "fresh", known.packages, known.build))
    return tuple(found)


def _remember(project: Project, states: Sequence[_State]) -> None:
    """Lets the next run know these locks, which were read whole, by their bytes."""
    from provenv.locks.known import remember_lock
    from provenv.pypi.cache import Cache

    cache = Cache(project.settings.cache_dir)
    for state in states:
        if state.lock is not None:
            remember_lock(state.path, state.lock, cache)


class _Solvers:
    """What resolves targets of either packaging; each is opened when the first of its targets comes."""

    def __init__(
        self,
        project: Project,
        stack: ExitStack,
        on_event: Callable[[str], None] | None,
        on_note: Callable[[str], None],
    ) -> None:
        self._project = project
        self._stack = stack
        self._on_event = on_event
        self._on_note = on_note

    @cached_property
    def pip(self) -> Resolver:
        return self._stack.enter_context(resolver_of(self._project, self._on_event, self._on_note))

    @cached_property
    def conda(self) -> Mixer:
        from provenv.mixing import Mixer

        return self._stack.enter_context(Mixer(self._project, lambda: self.pip))

    def placed(self, resolution: Resolution) -> Resolution:
        """The resolution with its files at their canonical addresses."""
        if not (self._project.settings.mirrors and resolution.packages):
            return resolution
        from provenv.resolving.placing import placed

        return placed(resolution, self.pip.files.finder, self._project.plugins.accelerators.values())

    def resolve(
        self,
        state: _State,
        upgrade: Upgrade,
        strategy: Strategy,
        neighbours: Neighbours | None,
        following: Sequence[Target],
    ) -> Resolution:
        """One target, with what its lock holds and the upgrade doesn't name preferred, then others'.

        `following`: those that come next.
        """
        locked = _pins(state.lock, upgrade)
        aligned = neighbours.versions_before(state.target) if neighbours else {}
        if state.target.packaging == "conda":
            packages = state.lock.conda if state.lock and not upgrade.everything else ()
            kept = [package for package in packages if package.name not in upgrade.names]
            return self.conda.resolve(
                state.target, locked=locked, aligned=aligned, kept=kept, strategy=strategy
            )
        from provenv.resolving.resolve import Options

        build = _kept_build(state.lock, upgrade, self._project.plugins.accelerators[state.target.accelerator])
        options = Options(locked, strategy, build=build, aligned=aligned, following=following)
        return self.pip.resolve(state.target, options)


@dataclass(frozen=True, slots=True)
class _State:
    target: Target
    path: Path
    lock: Lock | None
    inputs: LockInputs
    freshness: Freshness


def _state(project: Project, target: Target) -> _State:
    path = project.lock_path(target)
    inputs = project.lock_inputs(target)
    lock, state = examine(path, inputs)
    return _State(target, path, lock, inputs, state)


def _neighbours(
    project: Project, states: Sequence[_State], solved: Mapping[str, tuple[Resolution, str]]
) -> Neighbours:
    from provenv.aligning import Neighbours

    return Neighbours(project, {state.target.name: state.lock for state in states}, solved)


def _raise_if_stale(states: Sequence[_State]) -> None:
    stale = [state for state in states if not state.freshness.fresh]
    if not stale:
        return
    lines = [f"{s.path.name}: {reason}" for s in stale for reason in s.freshness.reasons]
    raise Stale(
        f"{len(stale)} of {len(states)} locks {'is' if len(stale) == 1 else 'are'} missing or stale",
        evidence=lines,
        hints=["run `provenv lock` and commit what it writes"],
    )


def _raise_if_unknown(upgrade: Upgrade, states: Sequence[_State], project: Project) -> None:
    """Refuses to upgrade what no lock holds and the manifest does not ask for: it is misspelt."""
    known = {package.name for state in states if state.lock for package in state.lock.packages}
    if not known:
        return
    known |= {package.name for state in states if state.lock for package in state.lock.conda}
    known |= {required.requirement.name for required in project.manifest.requirements}
    for name in sorted(upgrade.names - known):
        from provenv.manifest.spelling import nearest

        near = nearest(name, sorted(known))
        raise InputError(
            f"there is no {name} to upgrade in the locks",
            hints=[f"did you mean {near}?" if near else "`provenv tree` shows what they hold"],
        )


def _pins(lock: Lock | None, upgrade: Upgrade) -> dict[str, str]:
    if lock is None or upgrade.everything:
        return {}
    return {p.name: p.version for p in lock.packages if p.name not in upgrade.names}


def _kept_build(
    lock: Lock | None, upgrade: Upgrade, accelerator: Accelerator
) -> tuple[str, str | None] | None:
    """The build that a relock stays with: the old lock's, unless a package that follows it is upgraded."""
    if lock is None or lock.build is None or upgrade.everything:
        return None
    follows = any(fnmatchcase(name, p) for name in upgrade.names for p in accelerator.family)
    return None if follows else (lock.build, lock.build_index)


def _text(project: Project, state: _State, resolution: Resolution, blocks: Blocks) -> str:
    if state.target.packaging == "conda":
        from provenv.locks.conda_lock import render as render_conda

        subdir = project.platform(state.target).conda_subdir
        return render_conda(resolution, state.inputs, subdir, project.manifest.path, state.path.parent)
    from provenv.locks.pylock import render

    markers = project.platform(state.target).marker_environment(state.target.envelope)
    return render(resolution, state.inputs, state.path.parent, markers, blocks=blocks)


def _finish(state: _State, solved: tuple[Resolution, str] | None) -> Locked:
    if solved is None:
        lock = state.lock
        count, build = (len(lock.packages) + len(lock.conda), lock.build) if lock else (0, None)
        return Locked(state.target, state.path, "fresh", count, build)
    from provenv.locks.pylock import write

    resolution, text = solved
    written = write(text, state.path)
    return Locked(
        state.target,
        state.path,
        "written" if written else "unchanged",
        len(resolution.packages) + len(resolution.conda),
        resolution.build.name if resolution.build else None,
        changes=tuple(_changes(state.lock, resolution)),
        notes=resolution.notes,
        passed_over=resolution.passed_over,
    )


def _changes(lock: Lock | None, resolution: Resolution) -> Iterator[str]:
    before = lock.versions if lock else {}
    after = {package.name: package.version for package in resolution.conda}
    after |= {package.name: package.version for package in resolution.packages}
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was is None:
            yield f"+ {name} {now}"
        elif now is None:
            yield f"- {name} {was}"
        elif was != now:
            yield f"  {name} {was} -> {now}"


@contextmanager
def resolver_of(
    project: Project,
    on_event: Callable[[str], None] | None = None,
    on_note: Callable[[str], None] = lambda text: None,
) -> Iterator[Resolver]:
    """A resolver for a project's targets, its connections closed and its notes told at the end."""
    from provenv.resolving.files import open_files
    from provenv.resolving.resolve import Resolver

    with open_files(project, on_event) as files:
        resolver = Resolver(
            project.manifest,
            project.settings,
            project.plugins.platforms,
            project.plugins.accelerators,
            files,
        )
        yield resolver
        for text in (*files.finder.notes, *resolver.bystanders.faults, *project.logins.untold()):
            on_note(text)
