"""Which pairs of torch and torch-npu serve a target."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from provenv.hooks import Build, Builds, Context, Rejected, ReleaseRow, Releases
from provenv_npu import FAMILY
from provenv_npu.cann import cann_key


@dataclass(frozen=True, slots=True)
class Pair:
    """A torch, the torch-npu for it, the CANN for that. `python`: minor versions; empty: not listed."""

    torch: str
    torch_npu: str
    cann: str
    python: tuple[str, ...]

    @property
    def name(self) -> str:
        """`torch2.9.0-cann9.1.0`."""
        return f"torch{self.torch}-cann{self.cann}"

    def build(self) -> Build:
        """As provenv tries it: torch's own label is `+cpu` on x86_64, and on aarch64 from some release on."""
        exactly = (f"torch=={self.torch}", f"torch-npu=={self.torch_npu}")
        needs = f"an Ascend NPU with CANN {self.cann}"
        return Build(self.name, table("pairs")["index"], FAMILY, ("cpu", ""), exactly, needs)


@cache
def table(file: str) -> Mapping[str, Any]:
    """One of this plugin's tables."""
    return tomllib.loads((Path(__file__).parent / f"{file}.toml").read_text(encoding="utf-8"))


@cache
def pairs() -> tuple[Pair, ...]:
    """Every pair, the newest torch first, and of one torch the newest CANN first."""
    found = [
        Pair(row["torch"], row["torch-npu"], row["cann"], tuple(row["python"]))
        for row in table("pairs")["pair"]
    ]
    return tuple(sorted(found, key=lambda pair: (_numbers(pair.torch), cann_key(pair.cann)), reverse=True))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isascii() and part.isdigit())


def choose(context: Context) -> Builds:
    """The pairs that serve a target, newest first; the others, each with the reason."""
    general = _refusal(context)
    offered, rejected = [], []
    for pair in pairs():
        fault = general or pair_fault(pair, context)
        if fault:
            rejected.append(Rejected(pair.name, fault))
        else:
            offered.append(pair.build())
    for row in table("pairs")["undocumented"]:
        reason = f"torch-npu {row['torch-npu']} is published, but for which CANN it is, no table says"
        rejected.append(Rejected(f"torch-npu-{row['torch-npu']}", reason))
    return Builds(tuple(offered), tuple(rejected))


def _refusal(context: Context) -> str | None:
    if context.envelope.one("musl"):
        return "torch-npu has no wheel for musl (Alpine)"
    floor, glibc = table("pairs")["glibc"], context.envelope.one("glibc")
    if glibc and _numbers(glibc) < _numbers(floor):
        return f"torch-npu's wheels need glibc {floor}; this target promises {glibc}"
    return None


def pair_fault(pair: Pair, context: Context) -> str | None:
    """Why a pair does not serve a target; None when it does."""
    minor = ".".join(context.python.split(".")[:2])
    if pair.python and minor and minor not in pair.python:
        span = f"{pair.python[0]} to {pair.python[-1]}"
        return f"torch-npu {pair.torch_npu} is for Python {span}; this target has {minor}"
    promised = context.envelope.one("cann")
    if promised and pair.cann != serving(promised):
        return f"torch-npu {pair.torch_npu} is for CANN {pair.cann}; this target promises {promised}"
    return None


@cache
def serving(promised: str) -> str | None:
    """The CANN of the table whose pairs serve a promised one: the newest of the same x.y that is not newer.

    The table has 8.3.RC1 and no 8.3.RC2, and Huawei keeps torch-npu's branches by x.y. None: there is none.
    """
    wanted = cann_key(promised)
    if wanted is None:
        return None
    known = {cann_key(pair.cann): pair.cann for pair in pairs()}
    fits = [key for key in known if key is not None and key[:2] == wanted[:2] and key <= wanted]
    return known[max(fits)] if fits else None


def releases(package: str, context: Context) -> Releases:
    """The table of pairs, for torch and for torch-npu."""
    if package not in ("torch", "torch-npu"):
        return Releases()
    rows = [_row(package, pair, context) for pair in pairs()]
    return Releases(tuple(rows), (f"pairs as Huawei lists them: {table('pairs')['source']}",))


def _row(package: str, pair: Pair, context: Context) -> ReleaseRow:
    both = (("torch", pair.torch), ("torch-npu", pair.torch_npu))
    version = dict(both)[package]
    others = tuple(one for one in both if one[0] != package)
    fault = _refusal(context) or pair_fault(pair, context)
    runs: bool | None = fault is None
    why = fault or ""
    if runs and not context.envelope.one("cann"):
        runs, why = None, f"where CANN {pair.cann} is installed"
    return ReleaseRow(pair.name, version, others, pair.python, runs, why)
