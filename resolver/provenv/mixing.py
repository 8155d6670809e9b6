"""A conda target, whole: what the channels give, and PyPI packages on top that leave it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

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
        kept: Sequence[CondaPackage] = (),
        strategy: Strategy = "highest",
    ) -> Resolution:
        """Both halves. `locked`: versions of the old lock's PyPI packages, `kept`: its conda packages.

        When the PyPI half fails on a choice of the conda half, that is solved again without the choice, a
        few times. Raises NoSolution with the whole story.
        """
        manifest = self.project.manifest
        requirements = manifest.selected(target.groups, target.extras)
        asked = _Asked(target, requirements, locked or {}, kept, strategy)
        if not requirements:
            return self._together(asked, self._half(asked, ()), {}, ())
        limits: list[Limit] = []
        first: NoSolution | None = None
        for _ in range(ATTEMPTS):
            try:
                half = self._half(asked, limits)
            except NoSolution as error:
                raise _whole_story(first, error) if first else error from None
            found = self._attempt(asked, half)
            if isinstance(found, Resolution):
                return found
            first = first or found
            further = list(self._excluded(asked, half, found, limits))
            if not further:
                break
            limits += further
        assert first is not None
        raise first

    def _half(self, asked: _Asked, limits: Sequence[Limit]) -> CondaHalf:
        more: tuple[CondaSpec, ...] = ()
        if asked.requirements:
            more = python_spec(self.conda.table, asked.requirements[0].origin)
        return self.conda.resolve(
            asked.target, locked=asked.kept, strategy=asked.strategy, more=more, limits=limits
        )

    def _names(self, half: CondaHalf) -> dict[str, CondaPackage]:
        return provided(half.packages, dict(self.conda.table.names))

    def _attempt(self, asked: _Asked, half: CondaHalf) -> Resolution | NoSolution:
        """Both halves together, or why nothing of PyPI goes with this conda half."""
        from provenv.resolving.resolve import Options

        names = self._names(half)
        given = {name: _given(name, package) for name, package in names.items()}
        options = Options(asked.locked, asked.strategy, given=given)
        target = replace(asked.target, python=half.python or asked.target.python)
        try:
            found = self._pip().resolve(target, options)
        except NoSolution as error:
            return _clash(asked.target, error, names)
        packages = tuple(p for p in found.packages if p.name not in names)
        return replace(
            self._together(asked, half, names, packages),
            notes=tuple(_notes(found.notes, names)),
            passed_over=found.passed_over if packages else (),
        )

    def _excluded(
        self, asked: _Asked, half: CondaHalf, error: NoSolution, before: Sequence[Limit]
    ) -> Iterator[Limit]:
        """What the next attempt leaves out: what the manifest's own requirements rule out, else the chosen
        versions of the conda packages that the story speaks of."""
        names = self._names(half)
        known = {limit.spec for limit in before}
        own = [limit for limit in _own_limits(asked.requirements, names) if limit.spec not in known]
        if own:
            yield from own
            return
        story = "\n".join((error.message, *error.evidence))
        for name, package in sorted(names.items()):
            if _speaks_of(story, name) or _speaks_of(story, package.name):
                yield Limit(f"{package.name} !={package.version}", f"PyPI packages don't go with {name}")

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


def _own_limits(
    requirements: Iterable[ManifestRequirement], names: Mapping[str, CondaPackage]
) -> Iterator[Limit]:
    """The manifest's PyPI requirements on what conda provides, as conda would be asked for them."""
    from provenv.standards.specifiers import contains

    for required in requirements:
        parsed = required.requirement
        package = names.get(parsed.name)
        if package is None or not parsed.specifier or "===" in parsed.specifier:
            continue
        if not contains(parsed.specifier, package.version):
            yield Limit(
                f"{package.name} {parsed.specifier.replace(' ', '')}",
                f"{required.origin} asks for {required.text}",
            )


def _clash(target: Target, error: NoSolution, names: Mapping[str, CondaPackage]) -> NoSolution:
    """The error of the PyPI half, with both sides named and the move that would end it."""
    story = "\n".join((error.message, *error.evidence))
    involved = {name: package for name, package in names.items() if _speaks_of(story, name)}
    lines = [
        f"conda has chosen {package.name} {package.version} ({package.build}), which is PyPI's {name}"
        for name, package in sorted(involved.items())
    ]
    hints = [
        f"move {name} to one side: ask for a {package.name} that fits in [tool.provenv.conda] dependencies, "
        "or take what brings it from conda too"
        for name, package in sorted(involved.items())[:1]
    ]
    return NoSolution(
        f"no environment for target {target.name}: its PyPI packages don't go with its conda packages",
        evidence=[*error.evidence, *lines],
        hints=[*hints, *error.hints][:2],
    )


def _whole_story(first: NoSolution, second: NoSolution) -> NoSolution:
    """The clash, and why the channels have no other choice."""
    told = ["no other choice of the conda packages helps:", *(f"  {line}" for line in second.evidence)]
    return NoSolution(first.message, evidence=[*first.evidence, *told], hints=first.hints)


def _notes(notes: Iterable[str], names: Mapping[str, CondaPackage]) -> Iterator[str]:
    """The notes of the PyPI half; conda's packages have no extras, so nothing is said to be missing."""
    for note in notes:
        name = note.split()[0]
        if name in names and " has no extra " in note:
            extra = note.rpartition(" has no extra ")[2]
            yield f"{name} comes from conda: what its extra {extra} would add is not installed"
        else:
            yield note


def _speaks_of(story: str, name: str) -> bool:
    import re

    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", story) is not None
