"""Which of PyTorch's XPU builds serve a target."""

from __future__ import annotations

from provenv.hooks import Build, Builds, Context, Rejected, ReleaseRow, Releases
from provenv_xpu import FAMILY
from provenv_xpu.families import Family, families, numbers, table


def choose(context: Context) -> Builds:
    """The one build there is, kept to the torch releases that list the promised GPUs; or why it is none."""
    promised = [family for family in families() if family.name in context.envelope.all("intel-gpu")]
    reason = _refusal(context, promised)
    if reason is not None:
        return Builds((), (Rejected("xpu", reason),))
    floors = {family.torch: family for family in promised}
    newest = max(floors, key=lambda torch: numbers(torch) or (), default="")
    constraints = (f"torch>={newest}",) if newest else ()
    needs = "Intel's graphics driver with Level Zero"
    if newest:
        needs += f"; {floors[newest].words} from torch {newest} on"
    # triton's files carry no label
    return Builds((Build("xpu", table("builds")["index"], FAMILY, ("xpu", ""), constraints, needs),))


def _refusal(context: Context, promised: list[Family]) -> str | None:
    for family in promised:
        if not family.torch:
            return f"PyTorch does not list {family.words} among the GPUs that its XPU builds run on"
    if context.os != "linux":
        return None
    if context.envelope.one("musl"):
        return "PyTorch publishes no wheel for musl (Alpine)"
    floor, glibc = table("builds")["glibc"], context.envelope.one("glibc")
    if glibc and (numbers(glibc) or ()) < (numbers(floor) or ()):
        return f"the XPU builds need glibc {floor}; this target promises {glibc}"
    return None


def releases(package: str, context: Context) -> Releases:
    """The releases of torch that were recorded, newest first, with what goes with each."""
    if package != "torch":
        return Releases()
    chosen = choose(context)
    rows = [_row(row, context, chosen) for row in reversed(table("builds")["release"])]
    note = "recorded files alone: the index has more releases, and wheels for more Pythons"
    return Releases(tuple(rows), (note,))


def _row(row: dict[str, object], context: Context, chosen: Builds) -> ReleaseRow:
    torch = str(row["torch"])
    listed = row.get(context.os)
    pythons = tuple(map(str, listed)) if isinstance(listed, list) else ()
    triton, _, version = str(row["triton"]).partition("==")
    pairs = (("torchvision", str(row["torchvision"])), *([(triton, version)] if triton else []))
    fault = chosen.rejected[0].reason if chosen.rejected else _too_old(torch, chosen.offered[0])
    return ReleaseRow("xpu", torch, pairs, pythons, runs=not fault, why=fault)


def _too_old(torch: str, build: Build) -> str:
    floors = [text.removeprefix("torch>=") for text in build.constraints]
    newest = next((floor for floor in floors if (numbers(torch) or ()) < (numbers(floor) or ())), None)
    return f"the promised GPU is listed from torch {newest} on" if newest else ""
