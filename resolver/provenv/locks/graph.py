"""A lock as a graph: who needs whom, from the manifest down."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from provenv.locks.reader import Lock
from provenv.resolution import Package
from provenv.standards.markers import compile_marker
from provenv.standards.names import canonicalize
from provenv.values import dataclass, replace

_NAME = re.compile(r"(?:-e )?([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True, slots=True)
class Graph:
    """`packages`: by canonical name. `roots`: name -> the manifest's own requirement texts on it.

    `dependents`: name -> who needs it, sorted.
    """

    packages: Mapping[str, Package]
    roots: Mapping[str, tuple[str, ...]]
    dependents: Mapping[str, tuple[str, ...]]

    def chains(self, name: str) -> Iterator[tuple[str, ...]]:
        """For each of the manifest's requirements that leads to a package: a shortest way to it, by names."""
        for root in self.roots:
            way = self._way(root, name)
            if way:
                yield way

    def _way(self, start: str, end: str) -> tuple[str, ...]:
        came_from: dict[str, str | None] = {start: None}
        queue = deque([start])
        while queue:
            name = queue.popleft()
            if name == end:
                return tuple(reversed(list(_back(came_from, end))))
            for needed in self.packages[name].requires if name in self.packages else ():
                if needed not in came_from:
                    came_from[needed] = name
                    queue.append(needed)
        return ()


def graph(lock: Lock, environment: Mapping[str, str] | None = None) -> Graph:
    """The graph of a lock. What the manifest asks for elsewhere only is no root: `environment` is the
    target's, as markers see it."""
    packages = {package.name: package for package in _nodes(lock)}
    roots: dict[str, list[str]] = {}
    for text in lock.inputs.specs:
        name = conda_name(text)
        if name in packages:
            roots.setdefault(name, []).append(text)
    for text in lock.inputs.requirements:
        name = lock.provided.get(root_name(text), root_name(text))
        if name in packages and _is_asked_for(text, environment):
            roots.setdefault(name, []).append(text)
    dependents: dict[str, list[str]] = {name: [] for name in packages}
    for package in packages.values():
        for needed in package.requires:
            dependents.setdefault(needed, []).append(package.name)
    return Graph(
        packages,
        {name: tuple(texts) for name, texts in sorted(roots.items())},
        {name: tuple(sorted(names)) for name, names in dependents.items()},
    )


def _nodes(lock: Lock) -> Iterator[Package]:
    """Every package of a lock; what needs a distribution that conda brings needs the conda package."""
    for conda in lock.conda:
        yield Package(conda.name, conda.version, None, conda.requires)
    for package in lock.packages:
        needed = sorted({lock.provided.get(name, name) for name in package.requires})
        yield replace(package, requires=tuple(needed)) if lock.conda else package


def conda_name(text: str) -> str:
    """The name in a conda lock's spec, `numpy` of `conda-forge::numpy >=2`."""
    match = re.match(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", text.rpartition("::")[2])
    return match[0].lower() if match else ""


def root_name(text: str) -> str:
    """The canonical name at the start of a requirement line of a lock; "" for one without a name."""
    match = _NAME.match(text)
    return canonicalize(match[1]) if match else ""


def _is_asked_for(text: str, environment: Mapping[str, str] | None) -> bool:
    marker = text.partition(" ; ")[2].partition(" --hash=")[0]
    return not marker or environment is None or compile_marker(marker).evaluate(environment)


def _back(came_from: Mapping[str, str | None], end: str) -> Iterator[str]:
    at: str | None = end
    while at is not None:
        yield at
        at = came_from[at]


def draw(tops: Sequence[str], below: Mapping[str, Sequence[str]], label: Mapping[str, str]) -> Iterator[str]:
    """A forest in lines; what was drawn before is not drawn again below its name, `(*)` says so."""
    drawn: set[str] = set()
    # (name, prefix of its line, prefix of the lines below it); a stack, since chains may be deep
    stack = [(name, "", "") for name in reversed(tops)]
    while stack:
        name, prefix, indent = stack.pop()
        children = list(below.get(name, ()))
        again = name in drawn and bool(children)
        yield f"{prefix}{label.get(name, name)}{' (*)' if again else ''}"
        if again:
            continue
        drawn.add(name)
        for i, child in enumerate(reversed(children)):
            last = i == 0
            stack.append(
                (child, indent + ("└── " if last else "├── "), indent + ("    " if last else "│   "))
            )
