"""A conda target, whole: what the channels give, and PyPI packages on top that leave it alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from provenv.clashes import Clash, other_choices, whole_story
from provenv.conda.names import provided
from provenv.conda.resolve import CondaHalf, CondaResolver, python_spec
from provenv.conda.solve import Limit
from provenv.errors import NoSolution
from provenv.manifest.values import CondaSpec, ManifestRequirement
from provenv.project import Project
from provenv.resolution import CondaPackage, Package, Resolution
from provenv.resolving.rules import Strategy
from provenv.targets import Target
from provenv.values import dataclass, replace

if TYPE_CHECKING:
    from provenv.pypi.direct import DirectCandidate
    from provenv.resolving.resolve import Resolver

ATTEMPTS = 6
"""So often the channels are asked for other choices before a clash with PyPI is told."""

MAIN = "main"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one target is asked for, and what its old lock holds."""

    target: Target
    requirements: tuple[ManifestRequirement, ...]
    locked: Mapping[str, str]
    aligned: Mapping[str, Sequence[str]]
    kept: Sequence[CondaPackage]
    strategy: Strategy


class Mixer:
    """Resolves the conda targets of a manifest; `pip` opens what resolves the PyPI half, if one has any."""

    def __init__(self, project: Project, pip: Callable[[], Resolver]) -> None:
        self.project = project
        self.conda = CondaResolver(project)
        self._pip = pip

    def __enter__(self) -> Mixer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.conda.solver.close()

    def resolve(
        self,
        target: Target,
        *,
        locked: Mapping[str, str] | None = None,
        aligned: Mapping[str, Sequence[str]] | None = None,
        kept: Sequence[CondaPackage] = (),
        strategy: Strategy = "highest",
    ) -> Resolution:
        """Both halves. `locked`: versions of the old lock's PyPI packages, `aligned`: those of other targets,
        `kept`: the old lock's conda packages.

        When the PyPI half fails on a choice of the conda half, that is solved again without the choice, a
        few times. Raises NoSolution with the whole story.
        """
        manifest = self.project.manifest
        requirements = manifest.selected(target.groups, target.extras)
        asked = _Asked(target, requirements, locked or {}, aligned or {}, kept, strategy)
        if not requirements:
            return self._together(asked, self._half(asked, ()), {}, ())
        return self._mixed(asked)

    def _mixed(self, asked: _Asked) -> Resolution:
        """Both halves, with the choices of the conda half that go with PyPI's, if any of a few does."""
        todo: list[tuple[Limit, ...]] = [()]
        first: NoSolution | None = None
        tried: list[tuple[tuple[Limit, ...], NoSolution]] = []
        for limits in todo:  # it grows meanwhile
            try:
                half = self._half(asked, limits)
            except NoSolution as error:
                if first is None:
                    raise
                tried.append((limits, error))
                continue
            found = self._attempt(asked, half)
            if isinstance(found, Resolution):
                return found
            if first is None:
                first = found.told(asked.target)
            else:
                tried.append((limits, found.error))
            for further in other_choices(found, self._holding(asked, half), limits):
                together = (*limits, *further)
                if len(todo) < ATTEMPTS and not any(set(together) == set(one) for one in todo):
                    todo.append(together)
        assert first is not None
        raise whole_story(first, tried)

    def _holding(self, asked: _Asked, half: CondaHalf) -> list[ManifestRequirement]:
        """The manifest's requirements and constraints whose markers hold with this conda half."""
        from provenv.resolving.request import applies
        from provenv.standards.markers import MarkerEnvironment, marker_environment

        told = self.project.platform(asked.target).marker_environment(asked.target.envelope)
        environment = MarkerEnvironment(marker_environment(half.python or asked.target.python, told))
        all_of_them = (*asked.requirements, *self.project.manifest.constraints)
        return [required for required in all_of_them if applies(required, environment)]

    def _half(self, asked: _Asked, limits: Sequence[Limit]) -> CondaHalf:
        more: tuple[CondaSpec, ...] = ()
        if asked.requirements:
            more = python_spec(self.conda.table, asked.requirements[0].origin)
        return self.conda.resolve(
            asked.target, locked=asked.kept, strategy=asked.strategy, more=more, limits=limits
        )

    def _names(self, half: CondaHalf) -> dict[str, CondaPackage]:
        accelerators = self.project.plugins.accelerators.values()
        twins = [pair for accelerator in accelerators for pair in accelerator.twins]
        return provided(half.packages, dict(self.conda.table.names), twins)

    def _attempt(self, asked: _Asked, half: CondaHalf) -> Resolution | Clash:
        """Both halves together, or why nothing of PyPI goes with this conda half."""
        from provenv.resolving.resolve import Options

        _refuse_other_pythons(asked.target, half)
        names = self._names(half)
        turned_down: dict[str, tuple[str, ...]] = {}

        def turn_down(name: str, specifier: str) -> None:
            turned_down[name] = (*turned_down.get(name, ()), specifier)

        given = {name: _given(name, package) for name, package in names.items()}
        options = Options(
            asked.locked, asked.strategy, given=given, turned_down=turn_down, aligned=asked.aligned
        )
        target = replace(asked.target, python=half.python or asked.target.python)
        try:
            found = self._pip().resolve(target, options)
        except NoSolution as error:
            return Clash(error, names, turned_down, half.python)
        packages = tuple(p for p in found.packages if p.name not in names)
        return replace(
            self._together(asked, half, names, packages),
            notes=tuple(_notes(found.notes, names)),
            passed_over=found.passed_over if packages else (),
        )

    def _together(
        self,
        asked: _Asked,
        half: CondaHalf,
        names: Mapping[str, CondaPackage],
        packages: tuple[Package, ...],
    ) -> Resolution:
        return Resolution(
            target=asked.target,
            build=None,
            packages=packages,
            conda=half.packages,
            channels=tuple(channel.url for channel in half.channels),
            provided={name: package.name for name, package in names.items()},
            roots=tuple(self._roots(asked.requirements)),
            variables=self.conda.table.variables,
        )

    def _roots(self, requirements: Iterable[ManifestRequirement]) -> Iterator[tuple[str, str]]:
        from provenv.manifest.conda_table import spec_name

        for spec in self.conda.table.dependencies:
            yield spec_name(spec.text), MAIN
        for required in requirements:
            yield required.requirement.name, required.group or required.extra or MAIN


def _given(name: str, package: CondaPackage) -> DirectCandidate:
    """A distribution that a conda package brings, as the PyPI half sees it: one version, nothing to ask."""
    from provenv.pypi.artifacts import Metadata
    from provenv.pypi.direct import DirectCandidate
    from provenv.resolution import Direct

    called = package.name if package.name == name else f"{package.name} ({name})"
    where = Direct(f"the conda package {called}")
    return DirectCandidate(name, package.version, Metadata(name, package.version, None, (), ()), where, None)


def _refuse_other_pythons(target: Target, half: CondaHalf) -> None:
    """Raises NoSolution for a Python whose wheels are others than CPython's with its lock (GIL)."""
    build = next((p.build for p in half.packages if p.name == "python"), "")
    if re.search(r"pypy|graalpy|_cp\d+t$", build):
        raise NoSolution(
            f"no environment for target {target.name}: PyPI packages are chosen for plain CPython",
            evidence=[f"conda has chosen python {half.python} ({build}), which takes other wheels"],
            hints=["ask for `python * *_cpython` or `*_cp313`, or take everything from conda"],
        )


def _notes(notes: Iterable[str], names: Mapping[str, CondaPackage]) -> Iterator[str]:
    """The notes of the PyPI half; conda's packages have no extras, so nothing is said to be missing."""
    for note in notes:
        name = note.split()[0]
        if name in names and " has no extra " in note:
            extra = note.rpartition(" has no extra ")[2]
            yield f"{name} comes from conda: what its extra {extra} would add is not installed"
        else:
            yield note
