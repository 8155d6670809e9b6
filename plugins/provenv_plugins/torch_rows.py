"""The table of torch releases for a target: what goes with each, and whether its builds run there."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from provenv.hooks import Context, ReleaseRow, Releases
from provenv_plugins.numbers import parse_numbers
from provenv_plugins.torch_builds import Flavour, Runs, numbers, python_span, release_fault
from provenv_plugins.torch_pairs import companions, ended


def torch_releases(
    context: Context,
    flavours: Iterable[Flavour],
    refuses: Callable[[Flavour], str | None],
    runs: Runs,
    *,
    unsure: Callable[[Flavour, str], str | None] = lambda flavour, torch: None,
    without: tuple[str, ...] = ("triton",),
    more: Iterable[ReleaseRow] = (),
) -> Releases:
    """One row for each build of each torch, in the order in which `torch_builds.choose` would take them.

    `unsure` says what an otherwise good row still depends on. `without`: companions that these builds do not
    have. `more`: rows of which no table says the torch.
    """
    found: dict[tuple[str, str], tuple[tuple[object, ...], ReleaseRow]] = {}
    for flavour in flavours:
        refused = refuses(flavour)
        for torch in flavour.torch:
            fault = refused or runs(flavour, torch) or release_fault(flavour, torch, context)
            doubt = None if fault else unsure(flavour, torch)
            rank = (
                numbers(torch),
                torch not in flavour.unadvertised,
                not flavour.index,
                numbers(flavour.name),
            )
            row = ReleaseRow(
                flavour.name,
                torch,
                tuple(pair for pair in companions(torch) if pair[0] not in without),
                minors(*python_span(flavour, torch)),
                None if doubt else not fault,
                fault or doubt or "",
            )
            known = found.get((flavour.name, torch))
            # the default index's wheels and the build's own index may hold the same build
            if known is None or (row.runs is not False, rank) > (known[1].runs is not False, known[0]):
                found[flavour.name, torch] = (rank, row)
    ordered = sorted(found.values(), key=lambda item: item[0], reverse=True)
    return Releases((*(row for _, row in ordered), *more), ended())


def minors(oldest: str, newest: str) -> tuple[str, ...]:
    """`3.11`, `3.13` -> `3.11`, `3.12`, `3.13`."""
    (major, first), (_, last) = ((parse_numbers(text) or (3, 0))[:2] for text in (oldest, newest))
    return tuple(f"{major}.{minor}" for minor in range(first, last + 1))
