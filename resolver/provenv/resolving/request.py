"""Manifest + target + this machine's settings -> the rules and the root requirements of one solve."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from provenv.errors import InputError
from provenv.hooks.types import Build, Platform, Runtime
from provenv.manifest.values import Manifest, ManifestRequirement
from provenv.resolving.rules import Prerelease, Rules, Strategy
from provenv.settings import NetworkSettings
from provenv.standards.markers import InvalidMarker, MarkerEnvironment, marker_environment
from provenv.standards.requirements import parse_requirement
from provenv.standards.specifiers import is_exact_pin
from provenv.standards.tags import compatible_tags
from provenv.targets import Target
from provenv.values import dataclass, field, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.pypi.direct import DirectCandidate


@dataclass(frozen=True, slots=True)
class Request:
    """One target's question: the rules, and what is asked for at the root.

    `overrides`: name -> the requirements that stand in place of everybody's. `excluded`: names that are never
    wanted. `placed`: name -> the constraints that say at which address a package lies. `undeclared(name,
    version)`: what a package needs and its metadata do not say. `excludes(name, version)`: why the
    accelerator's builds have no use for it. `runtimes`: the accelerators', by name.
    `own_major`: the runtime of the build, and which major of it.
    `given`: name -> what is there already, by whatever means, and is no index's business. `turned_down(name,
    specifier)` is told of what is asked of one of them that it is not.
    """

    rules: Rules
    roots: tuple[ManifestRequirement, ...]
    overrides: Mapping[str, tuple[ManifestRequirement, ...]]
    excluded: frozenset[str]
    placed: Mapping[str, tuple[ManifestRequirement, ...]]
    undeclared: Callable[[str, str], tuple[str, ...]] = lambda name, version: ()
    excludes: Callable[[str, str], str | None] = lambda name, version: None
    runtimes: Mapping[str, Runtime] = field(default_factory=dict)
    own_major: tuple[str, str] | None = None
    given: Mapping[str, DirectCandidate] = field(default_factory=dict)
    turned_down: Callable[[str, str], None] = lambda name, specifier: None
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name -> the extras that everybody gets with a package: the build's."""
    kind: str = "pyproject"
    """The manifest's, by which hints know how a change is written."""


def make_request(
    manifest: Manifest,
    target: Target,
    platform: Platform,
    settings: NetworkSettings,
    *,
    locked: Mapping[str, str] | None = None,
    aligned: Mapping[str, Sequence[str]] | None = None,
    strategy: Strategy = "highest",
    build_any: bool = False,
) -> Request:
    """Everything that a solve for this target needs to know of the manifest.

    `locked`: name -> version of the old lock, kept where possible. `aligned`: name -> versions of other
    targets, the next best. `build_any`: any package may be built.
    Raises InputError for a marker without a meaning.
    """
    environment = MarkerEnvironment(
        marker_environment(target.python, platform.marker_environment(target.envelope))
    )

    def here(requirements: Iterable[ManifestRequirement]) -> tuple[ManifestRequirement, ...]:
        return tuple(r for r in requirements if applies(r, environment))

    roots = here(manifest.selected(target.groups, target.extras))
    own = here(manifest.constraints)
    constraints = (*own, *here(settings.constraints if manifest.use_pip_config else ()))
    # None is left where no marker holds: then nobody gets the package.
    overrides = {name: here(group) for name, group in _by_name(manifest.overrides).items()}
    asked = [r for r in roots if r.requirement.name not in overrides]
    rules = Rules(
        python=target.python,
        environment=environment,
        tags=compatible_tags(target.python, platform.wheel_platform_tags(target.envelope)),
        platform=target.platform,
        may_build=replace(manifest.build, everything=True) if build_any else manifest.build,
        no_binary=manifest.no_binary,
        only_binary=manifest.only_binary,
        constraints=_limits(constraints),
        hashes=_hashes((*roots, *constraints)),
        exact=_exact([*asked, *own, *(r for group in overrides.values() for r in group)]),
        direct=frozenset(r.requirement.name for r in roots),
        locked=dict(locked or {}),
        aligned=aligned or {},
        exclude_newer=manifest.exclude_newer,
        exclude_newer_package=dict(manifest.exclude_newer_package),
        prerelease=manifest.prerelease,
        prerelease_package={name: _rule(rule) for name, rule in manifest.prerelease_package},
        strategy=strategy,
    )
    placed = _by_name(r for r in constraints if r.requirement.url)
    excluded = frozenset(manifest.excluded_dependencies)
    return Request(rules, roots, overrides, excluded, placed, kind=manifest.kind)


def with_constraints(request: Request, build: Build) -> Request:
    """The request with what the build is limited to, such as the last torch that its archs run on, and what
    it adds."""
    constraints = dict(request.rules.constraints)
    for text in build.constraints:
        parsed = parse_requirement(text)
        limit = (parsed.specifier, f"the build {build.name}")
        constraints[parsed.name] = (*constraints.get(parsed.name, ()), limit)
    extras: dict[str, tuple[str, ...]] = {}
    for name, extra in build.extras:
        extras[name] = (*extras.get(name, ()), extra)
    return replace(request, rules=replace(request.rules, constraints=constraints), extras=extras)


def applies(requirement: ManifestRequirement, environment: MarkerEnvironment) -> bool:
    """Whether a manifest's requirement is asked for in this environment. Raises InputError."""
    marker = requirement.requirement.marker
    try:
        return marker is None or environment.evaluate(marker)
    except InvalidMarker as error:
        raise InputError(
            f"the marker of {requirement.text} has no meaning",
            evidence=[str(error)],
            hints=["compare versions with versions and strings with strings"],
            origin=requirement.origin,
        ) from None


def _rule(text: str) -> Prerelease:
    return "allow" if text == "allow" else "never" if text == "never" else "if-needed"


def _by_name(requirements: Iterable[ManifestRequirement]) -> dict[str, tuple[ManifestRequirement, ...]]:
    groups: dict[str, list[ManifestRequirement]] = {}
    for requirement in requirements:
        groups.setdefault(requirement.requirement.name, []).append(requirement)
    return {name: tuple(group) for name, group in groups.items()}


def _limits(constraints: Iterable[ManifestRequirement]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Name -> the specifiers that limit it, each with where it is said."""
    return {
        name: tuple((r.requirement.specifier, str(r.origin)) for r in group if r.requirement.specifier)
        for name, group in _by_name(constraints).items()
    }


def _hashes(requirements: Iterable[ManifestRequirement]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for requirement in requirements:
        if requirement.hashes:
            name = requirement.requirement.name
            found[name] = found.get(name, frozenset()) | frozenset(h.lower() for h in requirement.hashes)
    return found


def _exact(roots: Iterable[ManifestRequirement]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for root in roots:
        if is_exact_pin(root.requirement.specifier):
            found.setdefault(root.requirement.name, []).append(root.requirement.specifier)
    return {name: tuple(texts) for name, texts in found.items()}
