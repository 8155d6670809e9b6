"""Which published builds of torch serve a target's Python, glibc and GPUs, newest torch first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import takewhile

from provenv.hooks import Build, Builds, Context, Rejected
from provenv.hooks.values import dataclass
from provenv_plugins.numbers import parse_numbers
from provenv_plugins.pytorch import FAMILY
from provenv_plugins.tables import Row, rows


@dataclass(frozen=True, slots=True)
class Release:
    """One release of torch: its Pythons (oldest, newest minor) and the glibc that its Linux wheels need."""

    torch: str
    python: tuple[str, str]
    glibc: tuple[tuple[str, str], ...]
    default_builds: tuple[tuple[str, str], ...]
    """(platform, build) of the default index's own wheel, where it is an accelerator's."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """One build as it is published: `torch` are its versions, oldest first.

    `labelled`: its index, or the local version of its files, keeps other builds out; otherwise (the default
    index) only constraints keep to the versions that are of this build.
    """

    name: str
    index: str | None
    torch: tuple[str, ...]
    locals: tuple[str, ...]
    labelled: bool = True
    unadvertised: frozenset[str] = frozenset()
    python: tuple[str, str] | None = None
    packages: tuple[str, ...] = FAMILY
    note: str = ""
    runtime: str | None = None
    glibc: str = ""
    """What its Linux wheels need where other builds of the same torch need less."""


# For one torch version of a flavour: None when the target's GPUs run it, else why not, in words.
Runs = Callable[[Flavour, str], str | None]


@cache
def releases() -> tuple[Release, ...]:
    """Every known release, oldest first."""
    found = []
    for row in rows("torch_releases", "release"):
        oldest, newest = row.texts("python")
        glibc = tuple((arch, row.text(f"glibc-{arch}")) for arch in ("x86_64", "aarch64"))
        builds = tuple((platform, row.text(platform)) for platform in ("linux-x86_64", "linux-aarch64"))
        found.append(Release(row.text("torch"), (oldest, newest), glibc, builds))
    return tuple(found)


@cache
def _compiled_rows(table: str) -> dict[tuple[str, str], list[tuple[tuple[int, ...], tuple[int, ...], Row]]]:
    """(build, platform) -> the first and last torch of each row that says what is compiled in."""
    found: dict[tuple[str, str], list[tuple[tuple[int, ...], tuple[int, ...], Row]]] = {}
    for row in rows(table, "archs"):
        span = numbers(row.text("first")), numbers(row.text("last"))
        found.setdefault((row.text("build"), row.text("platform")), []).append((*span, row))
    return found


def compiled(table: str, build: str, platform: str, torch: str) -> tuple[str, ...]:
    """The GPU targets that a build's torch holds machine code for; none where the table does not know it."""
    version = numbers(torch)
    for first, last, row in _compiled_rows(table).get((build, platform), ()):
        if first <= version and version[: len(last)] <= last:
            return row.texts("compiled")
    return ()


def choose(
    context: Context, flavours: Iterable[Flavour], refuses: Callable[[Flavour], str | None], runs: Runs
) -> Builds:
    """The flavours that serve a target: newest torch first, and of one torch the default index's.

    `refuses` says why a flavour as a whole does not fit (its driver), `runs` why one version of it does not.
    A flavour whose wheels nobody advertises comes after one that is, for the same torch.
    """
    offered: list[tuple[tuple[object, ...], Build]] = []
    rejected: dict[str, Rejected] = {}
    for flavour in flavours:
        choice = refuses(flavour) or _usable(flavour, context, runs)
        if isinstance(choice, str):
            rejected[flavour.name] = Rejected(flavour.name, choice)
        else:
            offered.append((_rank(flavour, choice.newest), _build(flavour, choice)))
    offered.sort(key=lambda pair: pair[0], reverse=True)
    names = {build.name for _, build in offered}
    refused = [rejection for name, rejection in rejected.items() if name not in names]
    refused.sort(key=lambda rejection: numbers(rejection.build), reverse=True)
    return Builds(tuple(build for _, build in offered), tuple(refused))


def _rank(flavour: Flavour, newest: str) -> tuple[object, ...]:
    advertised = newest not in flavour.unadvertised
    return (numbers(newest), advertised, flavour.index is None, numbers(flavour.name))


def numbers(text: str) -> tuple[int, ...]:
    """The numbers in a version or a build's name: `2.14.1`, `cu126`, `rocm6.2.4`."""
    return parse_numbers(text.lstrip("abcdefghijklmnopqrstuvwxyz-")) or ()


@dataclass(frozen=True, slots=True)
class _Usable:
    """An unbroken run of versions that the GPUs run, and the newest that Python and glibc admit too."""

    oldest: str
    last: str
    newest: str


def _usable(flavour: Flavour, context: Context, runs: Runs) -> _Usable | str:
    """The newest usable run of a flavour's versions; where there is none, why its newest is none."""
    faults = {torch: runs(flavour, torch) for torch in flavour.torch}
    reason = ""
    for torch in reversed(flavour.torch):
        fault = faults[torch] or release_fault(flavour, torch, context)
        if fault is None:
            at = flavour.torch.index(torch)
            oldest, last = _reach(flavour.torch[at::-1], faults), _reach(flavour.torch[at:], faults)
            return _Usable(oldest, last, torch)
        reason = reason or fault
    return reason or "it has no version of torch"


def _reach(versions: Iterable[str], faults: Mapping[str, str | None]) -> str:
    """The farthest of these versions before one that the GPUs don't run; the first is known to run."""
    return list(takewhile(lambda torch: faults[torch] is None, versions))[-1]


def release_of(torch: str) -> Release:
    """The row of a release."""
    return next(release for release in releases() if release.torch == torch)


def python_span(flavour: Flavour, torch: str) -> tuple[str, str]:
    """The oldest and newest Python of a version's wheels."""
    return flavour.python or release_of(torch).python


def release_fault(flavour: Flavour, torch: str, context: Context) -> str | None:
    """Why a version's wheels are not for the target's Python or C library; their tags say the same."""
    oldest, newest = python_span(flavour, torch)
    minor = (parse_numbers(context.python) or ())[:2]
    if minor and not (parse_numbers(oldest) or ()) <= minor <= (parse_numbers(newest) or ()):
        pythons = oldest if oldest == newest else f"{oldest} to {newest}"
        which = ", the last of it," if torch == flavour.torch[-1] else ""
        return f"torch {torch}{which} is for Python {pythons}; this target has {'.'.join(map(str, minor))}"
    return _glibc_fault(flavour, release_of(torch), context) if context.os == "linux" else None


def _glibc_fault(flavour: Flavour, release: Release, context: Context) -> str | None:
    if context.envelope.one("musl"):
        return "PyTorch publishes no wheel for musl (Alpine)"
    floor = flavour.glibc or dict(release.glibc).get(context.arch, "")
    promised = context.envelope.one("glibc")
    if promised and (parse_numbers(promised) or ()) < (parse_numbers(floor) or ()):
        return f"torch {release.torch} needs glibc {floor}; this target promises {promised}"
    return None


def _build(flavour: Flavour, usable: _Usable) -> Build:
    constraints = _constraints(flavour, usable)
    return Build(
        flavour.name,
        flavour.index,
        flavour.packages,
        flavour.locals,
        constraints,
        flavour.note,
        flavour.runtime,
        newest=("torch", usable.newest),
    )


def _constraints(flavour: Flavour, usable: _Usable) -> tuple[str, ...]:
    """What keeps a resolver within the versions that the GPUs run: nothing where the index itself does."""
    published = flavour.torch if flavour.labelled else tuple(release.torch for release in releases())
    clauses = []
    if usable.oldest != published[0]:
        clauses.append(f">={usable.oldest}")
    if usable.last != published[-1]:
        clauses.append(f"<{published[published.index(usable.last) + 1]}")
    elif not flavour.labelled:
        # The default index does not say a version's build, so a torch newer than the tables is not taken.
        major, minor = numbers(usable.last)[:2]
        clauses.append(f"<{major}.{minor + 1}")
    return (f"torch{','.join(clauses)}",) if clauses else ()
