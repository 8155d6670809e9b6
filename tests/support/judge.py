"""An independent judge of universes: packaging's semantics as clauses for a SAT solver."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import combinations

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename
from packaging.version import Version
from pysat.solvers import Minisat22

from support.universes import Release, Universe, filename_of

PYTHON = "3.12.0"
ENVIRONMENT = {
    "implementation_name": "cpython",
    "implementation_version": PYTHON,
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": PYTHON,
    "python_version": "3.12",
    "sys_platform": "linux",
}
Choice = tuple[str, str]
"""A package, and a version or (in square brackets) an extra of it."""


@cache
def read(text: str) -> Requirement:
    return Requirement(text)


@cache
def python_set(text: str) -> SpecifierSet:
    return SpecifierSet(text)


@cache
def tags() -> frozenset[Tag]:
    platforms = [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)]
    both = (*cpython_tags((3, 12), platforms=platforms), *compatible_tags((3, 12), "cp312", platforms))
    return frozenset(both)


@cache
def fits(name: str, version: str, kind: str) -> bool:
    """Whether a file of this kind can be installed; nothing may be built."""
    return kind != "sdist" and not tags().isdisjoint(
        parse_wheel_filename(filename_of(name, version, kind))[3]
    )


@cache
def holds(marker: Marker | None, extra: str = "") -> bool:
    return marker is None or marker.evaluate({**ENVIRONMENT, "extra": extra})


@cache
def admits(specifier: SpecifierSet, version: str) -> bool:
    return specifier.contains(Version(version), prereleases=True)


class Judge:
    """What answers a universe has. `stable`: prereleases of packages that have a usable stable version do not
    count, `shown` aside; they do not either where the manifest's rule is `never`."""

    def __init__(
        self, universe: Universe, *, stable: bool = False, shown: Collection[str] = frozenset()
    ) -> None:
        self.universe = universe
        self.shown = shown
        self.stable = stable or universe.prerelease == "never"
        self.numbers: dict[Choice, int] = {}
        self.listed = {name: tuple(self._listed(name)) for name in universe.releases}
        self.sat = Minisat22(bootstrap_with=list(self._clauses()))

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.sat.delete()

    def possible(self, *choices: Choice) -> bool:
        """Whether an answer with these choices exists."""
        return bool(self.sat.solve(assumptions=[self._number(*choice) for choice in choices]))

    # --- which versions can be used

    @cached_property
    def exempt(self) -> Mapping[str, Sequence[SpecifierSet]]:
        """The manifest's exact pins, for which yanked files may be taken."""
        overridden = {read(text).name for text in self.universe.overrides}
        roots = [text for text in self.universe.roots if read(text).name not in overridden]
        found: dict[str, list[SpecifierSet]] = {}
        for text in (*roots, *self.universe.constraints, *self.universe.overrides):
            pin = read(text)
            exact = any(
                s.operator == "===" or (s.operator == "==" and not s.version.endswith(".*"))
                for s in pin.specifier
            )
            if holds(pin.marker) and exact:
                found.setdefault(pin.name, []).append(pin.specifier)
        return found

    def on_page(self, name: str, release: Release) -> bool:
        """Whether the page and the manifest leave a file of this version."""
        python = release.requires_python if release.page_says else None
        return (
            any(fits(name, release.version, kind) for kind in release.files)
            and (python is None or admits(python_set(python), PYTHON))
            and (not release.yanked or any(admits(s, release.version) for s in self.exempt.get(name, ())))
            and all(
                admits(read(text).specifier, release.version)
                for text in self.universe.constraints
                if read(text).name == name and holds(read(text).marker)
            )
        )

    def _listed(self, name: str) -> list[Release]:
        """The versions that are looked at; some of them need another Python after all."""
        found = [r for r in self.universe.releases[name] if self.on_page(name, r)]
        stable = [r for r in found if not Version(r.version).is_prerelease]
        if self.universe.prerelease == "never":
            return stable
        return stable if self.stable and stable and name not in self.shown else found

    def usable(self, name: str) -> list[Release]:
        return [
            release
            for release in self.listed.get(name, ())
            if release.requires_python is None or admits(python_set(release.requires_python), PYTHON)
        ]

    def taste(self, name: str) -> list[str]:
        """The versions in the order in which they should be tried."""

        def rank(release: Release) -> tuple[bool, bool]:
            late = Version(release.version).is_prerelease and self.universe.prerelease != "allow"
            return release.yanked, late

        newest_first = sorted(self.usable(name), key=lambda r: Version(r.version), reverse=True)
        return [release.version for release in sorted(newest_first, key=rank)]

    # --- what they need

    def asked(self, requirement: Requirement) -> Iterator[Requirement]:
        """What stands in the place of a requirement whose marker holds."""
        overrides = [read(text) for text in self.universe.overrides if read(text).name == requirement.name]
        if not overrides:
            yield requirement
        for override in overrides:
            if holds(override.marker):
                both = Requirement(str(override))
                both.extras = {*override.extras, *requirement.extras}
                yield both

    def needs(self, release: Release, extra: str = "") -> Iterator[Requirement]:
        """What a version needs by itself, or what an extra of it adds."""
        added = dict(release.extras).get(extra, ()) if extra else release.requires
        for text in added:
            if holds(read(text).marker):
                yield from self.asked(read(text))

    def roots(self) -> Iterator[Requirement]:
        for text in self.universe.roots:
            if holds(read(text).marker):
                yield from self.asked(read(text))

    # --- clauses

    def _number(self, name: str, what: str) -> int:
        return self.numbers.setdefault((name, what), len(self.numbers) + 1)

    def _versions(self, requirement: Requirement) -> list[int]:
        return [
            self._number(requirement.name, release.version)
            for release in self.usable(requirement.name)
            if admits(requirement.specifier, release.version)
        ]

    def _implied(self, before: list[int], requirements: Iterator[Requirement]) -> Iterator[list[int]]:
        for requirement in requirements:
            yield [*before, *self._versions(requirement)]
            for extra in requirement.extras:
                yield [*before, self._number(requirement.name, f"[{extra}]")]

    def _clauses(self) -> Iterator[list[int]]:
        yield from self._implied([], self.roots())
        for name in self.universe.releases:
            usable = self.usable(name)
            for one, other in combinations(usable, 2):
                yield [-self._number(name, one.version), -self._number(name, other.version)]
            for release in usable:
                me = self._number(name, release.version)
                yield from self._implied([-me], self.needs(release))
                for extra, _ in release.extras:
                    both = [-me, -self._number(name, f"[{extra}]")]
                    yield from self._implied(both, self.needs(release, extra))

    # --- an answer by itself

    def problems(self, answer: Mapping[str, str]) -> list[str]:
        """What is wrong with an answer, by plain reading; packages that nobody needs too."""
        found: list[str] = []
        seen: set[Choice] = set()
        todo = [("the manifest", requirement) for requirement in self.roots()]
        while todo:
            asker, requirement = todo.pop()
            name = requirement.name
            release = next((r for r in self.usable(name) if r.version == answer.get(name)), None)
            if release is None or not admits(requirement.specifier, release.version):
                found.append(f"{asker} needs {requirement}, and got {answer.get(name)}")
                continue
            for extra in ("", *sorted(requirement.extras)):
                if (name, extra) not in seen:
                    seen.add((name, extra))
                    todo += [(f"{name}[{extra}]", need) for need in self.needs(release, extra)]
        return found + [f"nobody needs {name}" for name in answer.keys() - {name for name, _ in seen}]
