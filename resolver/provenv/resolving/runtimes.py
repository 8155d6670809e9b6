"""Runtimes such as CUDA, of which a lock holds one major alone: to the solver they are packages.

A package that carries a major depends on that "version" of the runtime, and a build that is of one requires
it, so that the solver looks for another version or tells the conflict as any other.
"""

from __future__ import annotations

from collections.abc import Mapping

from provenv.hooks.types import Build
from provenv.resolving.nodes import Node
from provenv.resolving.provider import PackageProvider
from provenv.resolving.request import Request
from provenv.solver.provider import Requirement, Unavailable
from provenv.standards.variants import Variant
from provenv.values import dataclass


@dataclass(frozen=True, slots=True)
class OfBuild:
    """Who asks for a runtime's major: the build that the family's packages are of."""

    build: str
    runtime: str

    def __str__(self) -> str:
        return f"the build {self.build} is of {self.runtime}"


def required(request: Request, build: Build) -> list[Requirement[Node]]:
    """What a build requires of its accelerator's runtime."""
    if request.own_major is None:
        return []
    name, major = request.own_major
    allowed = 1 << request.runtimes[name].majors.index(major)
    return [Requirement(Node(name), allowed, OfBuild(build.name, f"{name} {major}"))]


class RuntimeProvider(PackageProvider):
    """A provider whose packages may carry the majors of runtimes (by name; a name no package can have)."""

    def count(self, package: Node) -> int:
        runtime = self.runtimes.get(package.name)
        return len(runtime.majors) if runtime else super().count(package)

    def unusable(self, package: Node) -> Mapping[str, int]:
        return {} if package.name in self.runtimes else super().unusable(package)

    def choose(self, package: Node, allowed: int) -> int | None:
        if package.name in self.runtimes:
            return (allowed & -allowed).bit_length() - 1
        return super().choose(package, allowed)

    def dependencies(self, package: Node, version: int) -> Mapping[Node, int] | Unavailable:
        return {} if package.name in self.runtimes else super().dependencies(package, version)

    def similar(self, package: Node, version: int) -> int:
        runtime = self.runtimes.get(package.name)
        return (1 << len(runtime.majors)) - 1 if runtime else super().similar(package, version)

    def hidden_prereleases(self, name: str) -> int:
        return 0 if name in self.runtimes else super().hidden_prereleases(name)

    def carried(self, name: str, version: str, variant: Variant) -> Mapping[Node, int]:
        """The runtimes whose major a version of a package carries, with the mask of that major."""
        found = {}
        properties = tuple(map(str, variant.properties))
        for runtime in self.runtimes.values():
            major = (properties and runtime.of_variant(properties)) or runtime.carried(name, version)
            if major in runtime.majors and ("+" in version or not self._of_a_build(name)):
                own = self.request.own_major
                if own is not None and own[0] == runtime.name and own[1] != major:
                    self.turned_away.add(name)
                found[Node(runtime.name)] = 1 << runtime.majors.index(major)
        return found

    def _of_a_build(self, name: str) -> bool:
        """Whether a package comes from an index of builds, which says more than name and version do."""
        return name not in self.direct and self.router.of_a_build(name, self.route(name))
