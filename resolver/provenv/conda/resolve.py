"""One conda target resolved: its specs, what its accelerator and its Python limit, its old lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType

from provenv.conda.channels import Channel, channels_of
from provenv.conda.library import require_conda
from provenv.conda.names import conda_names
from provenv.conda.solve import CondaConflict, CondaSolver, Limit, Question
from provenv.errors import NoSolution, Origin
from provenv.hooks.types import VirtualPackage
from provenv.manifest.conda_table import spec_name, spec_python
from provenv.manifest.values import CondaSpec, CondaTable
from provenv.project import Project
from provenv.resolution import CondaPackage
from provenv.resolving.rules import Strategy
from provenv.targets import Target, context_of
from provenv.values import dataclass


@dataclass(frozen=True, slots=True)
class CondaHalf:
    """What the channels give a target, before anything of PyPI comes on top."""

    packages: tuple[CondaPackage, ...]
    channels: tuple[Channel, ...]

    @property
    def python(self) -> str | None:
        """The full version of its Python, None: it has none."""
        return next((p.version for p in self.packages if p.name == "python"), None)


class CondaResolver:
    """Resolves the conda half of a manifest's targets; repodata is read once for all of them."""

    def __init__(self, project: Project) -> None:
        require_conda()
        self.project = project
        table = project.manifest.conda
        assert table is not None, "a conda target has channels"
        self.table: CondaTable = table
        channels = channels_of(table.channels, project.settings)
        self.solver = CondaSolver(channels, project.settings, project.logins)

    def __enter__(self) -> CondaResolver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.solver.close()

    def resolve(
        self,
        target: Target,
        *,
        locked: Sequence[CondaPackage] = (),
        strategy: Strategy = "highest",
        more: Sequence[CondaSpec] = (),
        limits: Sequence[Limit] = (),
    ) -> CondaHalf:
        """The packages of the manifest's specs and of `more`, within `limits`.

        Raises NoSolution with the story and the hardware; see `CondaSolver.solve` for the rest.
        """
        question = Question(
            subdir=self.project.platform(target).conda_subdir,
            specs=(*self._specs(target), *more),
            limits=(*self._limits(target), *limits),
            virtual=self.project.virtual_packages(target),
            locked=tuple(locked),
            exclude_newer=self.project.manifest.exclude_newer,
            exclude_newer_package=self._cutoffs(),
            priority=self.table.channel_priority,
            strategy=strategy,
        )
        conflict = None
        try:
            return CondaHalf(self.solver.solve(question), self.solver.channels(question.subdir))
        except CondaConflict as error:
            conflict = error
        raise no_environment(target, conflict, question.virtual)

    def _cutoffs(self) -> tuple[tuple[str, str | None], ...]:
        """Cut-offs of single packages, which the manifest names by conda's name or by PyPI's."""
        return tuple(
            (conda, moment)
            for name, moment in self.project.manifest.exclude_newer_package
            for conda in conda_names(name, dict(self.table.names))
        )

    def _specs(self, target: Target) -> Iterator[CondaSpec]:
        """What the manifest asks for on the target's platform."""
        from provenv.manifest.selectors import selects

        subdir = self.project.platform(target).conda_subdir
        for spec in self.table.dependencies:
            if spec.selector is None or selects(spec.selector, subdir):
                yield spec

    def _limits(self, target: Target) -> list[Limit]:
        """What the accelerator takes, and the Python that target or manifest say."""
        accelerator = self.project.plugins.accelerators[target.accelerator]
        context = context_of(target, self.project.plugins)
        limits = [
            Limit(spec, f"a {_promise(target)} target takes these builds alone")
            for spec in accelerator.conda_constraints(context)
        ]
        python = self._python(target)
        if python:
            limits.append(Limit(f"python {python}", f"the target is for Python {python.removesuffix('.*')}"))
        return limits

    def _python(self, target: Target) -> str | None:
        """The Python that is asked for beside the specs (`3.12.*`), None where nothing else says one."""
        manifest = self.project.manifest
        own = next((t.python for t in manifest.targets if t.name == target.name), None)
        said = own or (None if spec_python(self.table.dependencies) else (manifest.python or (None,))[0])
        if said is None:
            return None
        return f"{said}.*" if said.count(".") == 1 else f"=={said}"


def _promise(target: Target) -> str:
    """The accelerator, with what of it the target promises: `cuda (cuda 12.9, glibc 2.28)`."""
    return f"{target.accelerator} ({target.envelope})" if target.envelope.items else target.accelerator


def no_environment(target: Target, conflict: CondaConflict, virtual: Iterable[VirtualPackage]) -> NoSolution:
    """The error for a target whose conda packages have no solution."""
    promised = str(target.envelope)
    where = f"{target.platform}, {target.accelerator}" + (f", {promised}" if promised else "")
    return NoSolution(
        f"no environment for target {target.name} ({where})",
        evidence=conflict.evidence,
        hints=conflict.hints[:2],
    )


def python_spec(table: CondaTable, by: Origin) -> tuple[CondaSpec, ...]:
    """`python`, where PyPI packages need one and the manifest's specs don't ask for it."""
    if any(spec_name(spec.text) == "python" for spec in table.dependencies):
        return ()
    return (CondaSpec("python", by),)
