"""A clash of the two halves of a conda target: what else conda could choose, and the story."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from provenv.conda.solve import Limit
from provenv.errors import NoSolution
from provenv.manifest.values import ManifestRequirement
from provenv.resolution import CondaPackage
from provenv.targets import Target
from provenv.values import dataclass

STORIES = 3
"""So many of the other choices that were tried are told of."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Why nothing of PyPI goes with one conda half.

    `provided`: PyPI name -> the conda package that brings it. `turned_down`: PyPI name -> what was asked for
    of it and is not met. `python`: the conda half's.
    """

    error: NoSolution
    provided: Mapping[str, CondaPackage]
    turned_down: Mapping[str, tuple[str, ...]]
    python: str | None

    @property
    def is_of_python(self) -> bool:
        """Whether the story says that some file is not for the Python that conda has chosen."""
        from provenv.resolving.candidates import NO_WHEEL, OTHER_PYTHON

        story = "\n".join(self.error.evidence)
        return self.python is not None and (NO_WHEEL in story or OTHER_PYTHON in story)

    def told(self, target: Target) -> NoSolution:
        """The error with both sides named and what would end it; where conda has no part, as it is."""
        story = "\n".join((self.error.message, *self.error.evidence))
        involved = {name: package for name, package in self.provided.items() if _speaks_of(story, name)}
        lines = [
            f"conda has chosen {package.name} {package.version} ({package.build}), which is PyPI's {name}"
            for name, package in sorted(involved.items())
        ]
        if not involved and not self.is_of_python:
            return self.error
        if not involved:
            lines.append(f"conda has chosen python {self.python}")
        hints = [
            f"move {name} to one side: ask for a {package.name} that fits in [tool.provenv.conda] "
            "dependencies, or take what brings it from conda too"
            for name, package in sorted(involved.items())[:1]
        ]
        return NoSolution(
            f"no environment for target {target.name}: its PyPI packages don't go with its conda packages",
            evidence=[*self.error.evidence, *lines],
            hints=[*hints, *self.error.hints][:2],
        )


def other_choices(
    clash: Clash, requirements: Sequence[ManifestRequirement], before: Sequence[Limit]
) -> Iterator[tuple[Limit, ...]]:
    """Limits with which the conda half may choose what goes with PyPI's, the likeliest first.

    `requirements`: the manifest's that hold for the target, constraints among them. Those limits that were
    set before are no news and left out.
    """
    own = _news(_own_limits(requirements, clash.provided), before)
    if own:
        yield own
        return
    asked = _news(_asked_limits(clash), before)
    if asked:
        yield asked
    if len(asked) > 1:
        yield from ((one,) for one in asked)
    older = _news(_older_python(clash), before)
    if older:
        yield older


def _news(limits: Iterator[Limit], before: Sequence[Limit]) -> tuple[Limit, ...]:
    known = {limit.spec for limit in before}
    return tuple(limit for limit in limits if limit.spec not in known)


def _own_limits(
    requirements: Sequence[ManifestRequirement], provided: Mapping[str, CondaPackage]
) -> Iterator[Limit]:
    """The manifest's requirements on what conda provides, as conda would be asked for them."""
    from provenv.standards.specifiers import contains

    for required in requirements:
        parsed = required.requirement
        package = provided.get(parsed.name)
        version = _conda_version(parsed.specifier)
        if package and version and not contains(parsed.specifier, package.version):
            yield Limit(f"{package.name} {version}", f"{required.origin} asks for {required.text}")


def _asked_limits(clash: Clash) -> Iterator[Limit]:
    """For each package that was turned down: one of the versions that anybody asked for."""
    for name, specifiers in sorted(clash.turned_down.items()):
        versions = sorted(filter(None, {_conda_version(text) for text in specifiers}))
        if versions:
            package = clash.provided[name].name
            yield Limit(f"{package} {'|'.join(versions)}", "what PyPI packages ask for")


def _older_python(clash: Clash) -> Iterator[Limit]:
    """The minor versions before this one, where that could help."""
    if clash.python and clash.is_of_python:
        minor = ".".join(clash.python.split(".")[:2])
        yield Limit(f"python <{minor}", "PyPI packages have nothing for a newer one")


def _conda_version(specifier: str) -> str | None:
    """PEP 440's specifier as conda's, None for what it can't say: `===` and local versions."""
    text = specifier.replace(" ", "").strip(",")
    return None if not text or "===" in text or "+" in text else text


def whole_story(first: NoSolution, tried: Sequence[tuple[Sequence[Limit], NoSolution]]) -> NoSolution:
    """The first clash, and what became of the other choices of the conda packages."""
    told = ["no other choice of the conda packages helps:"] if tried else []
    for limits, error in tried[:STORIES]:
        told.append(f"  with {', '.join(limit.spec for limit in limits)}:")
        told += [f"    {line}" for line in error.evidence]
    if len(tried) > STORIES:
        told.append(f"  and {len(tried) - STORIES} more were tried")
    return NoSolution(first.message, evidence=[*first.evidence, *told], hints=first.hints)


def _speaks_of(story: str, name: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", story) is not None
