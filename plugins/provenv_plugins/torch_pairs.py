"""What goes with each torch, and what files need of it without declaring it."""

from __future__ import annotations

import re
from functools import cache

from provenv_plugins.numbers import parse_numbers
from provenv_plugins.tables import rows

COMPANIONS = ("torchvision", "torchaudio", "triton", "torchcodec", "torchtext")

# Asked of every package that is resolved, so that the table is read for these alone.
UNDECLARED = frozenset({"torchaudio", "torchcodec", "torchtext", "torchao", "fbgemm-gpu"})

# `+cu12torch2.8cxx11abitrue` (flash-attn and its kin), `+pt27cu126` (PyG): the torch that it is built for.
_LABEL = (
    r"(?:cu\d+)?torch(?P<torch>\d+\.\d+)(?:\.\d+)*(?:cxx11abi(?P<abi>true|false))?"
    r"|pt(?P<pt>2\d{1,2})(?=cu|cpu)"
)


@cache
def companions(torch: str) -> tuple[tuple[str, str], ...]:
    """(package, version) of what goes with a torch: triton's is a specifier, for CUDA builds on Linux."""
    for row in rows("torch_pairs", "pair"):
        if row.text("torch") == torch:
            return tuple((name, row.text(name)) for name in COMPANIONS if row.text(name))
    return ()


@cache
def undeclared(name: str, version: str) -> tuple[str, ...]:
    """The requirements that a version of a package has and its metadata do not say."""
    public, _, label = version.lower().partition("+")
    if label and (built_for := _by_label(label)):
        return built_for
    name = "fbgemm-gpu" if name in ("fbgemm-gpu-cpu", "fbgemm-gpu-genai") else name
    if name not in UNDECLARED:
        return ()
    own = parse_numbers(public)
    return tuple(
        row.text("requires")
        for row in rows("torch_pairs", "needs")
        if row.text("package") == name
        and own is not None
        and _within(own, row.text("first"), row.text("last"))
    )


def _by_label(label: str) -> tuple[str, ...]:
    found = re.match(_LABEL, label)
    if found is None:
        return ()
    torch = found["torch"] or f"{found['pt'][0]}.{found['pt'][1:]}"
    # torch's own wheels: the old C++ ABI up to 2.6, the new one from 2.6's newer builds on
    abi = {"true": ("torch>=2.6",), "false": ("torch<2.7",)}.get(found["abi"] or "", ())
    return (f"torch=={torch}.*", *abi)


def _within(version: tuple[int, ...], first: str, last: str) -> bool:
    """Whether a version lies in a span whose ends count as far as they are written; "": it has no end."""
    end = parse_numbers(last) or ()
    return (parse_numbers(first) or ()) <= version and version[: len(end)] <= end


def ended() -> tuple[str, ...]:
    """A sentence for each package that has no releases any more."""
    words = "{package} has ended: its last release, {last}, is for torch {torch}"
    return tuple(
        words.format(package=row.text("package"), last=row.text("last"), torch=row.text("torch"))
        for row in rows("torch_pairs", "ended")
    )
