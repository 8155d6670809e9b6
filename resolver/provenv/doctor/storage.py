"""Room: shared memory for data loaders, space on the disks that an environment is made on."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from provenv.doctor.commands import is_windows
from provenv.hooks.types import Finding, Probe

GIB = 2**30
SHARED_MEMORY = "/dev/shm"

# Docker gives a container 64 MiB; PyTorch's own images say to run with 1 GiB or more (`--ipc=host`).
LEAST_SHARED = GIB

# Less than what one small checkpoint and the files of a run take.
FULL = 200 * 2**20
# torch 2.9 with its GPU libraries is about 4 GB as wheels (sizes on the default index), more unpacked; its
# CPU build is a tenth of that.
ROOM = 8 * GIB
ROOM_WITHOUT_GPU = 2 * GIB


def diagnose(probe: Probe) -> Iterable[Finding]:
    """What every machine has of it."""
    if probe.python("system") == "Linux" and probe.exists(SHARED_MEMORY):
        yield from _shared_memory(probe)


def _shared_memory(probe: Probe) -> Iterable[Finding]:
    sizes = probe.disk(SHARED_MEMORY)
    if sizes is None:
        return
    total, free = sizes
    contained = probe.exists("/.dockerenv") or probe.exists("/run/.containerenv")
    if total < LEAST_SHARED:
        yield Finding(
            "shared-memory-small",
            f"{SHARED_MEMORY} holds {_size(total)}",
            "start the container with `--ipc=host` or `--shm-size=8g`"
            if contained
            else f"sudo mount -o remount,size=8G {SHARED_MEMORY}",
            "warning",
            "DataLoader workers hand batches over in it and die of `Bus error` when it is full; "
            "`num_workers=0` does without",
        )
    elif free < LEAST_SHARED // 4:
        yield Finding(
            "shared-memory-full",
            f"{SHARED_MEMORY} has {_size(free)} left of {_size(total)}",
            f"ls -lS {SHARED_MEMORY}   (what programs that crashed have left there can be deleted)",
            "warning",
            "DataLoader workers hand batches over in it and die of `Bus error` when it is full",
        )


def diagnose_places(probe: Probe, places: Mapping[str, str], *, gpu: bool) -> Iterable[Finding]:
    """Space where things will be written: what for -> folder. `gpu`: a GPU's libraries will be among them."""
    disks: dict[tuple[int, int], list[str]] = {}
    for purpose, path in places.items():
        sizes = probe.disk(path)
        if sizes is not None:
            disks.setdefault(sizes, []).append(f"{purpose} ({path})")
    room = ROOM if gpu else ROOM_WITHOUT_GPU
    for (_, free), names in disks.items():
        if free < FULL:
            yield Finding(
                "disk-full",
                f"{_size(free)} are free for {', '.join(names)}",
                _look(probe, places),
                "error",
                "nothing can be installed there, and no checkpoint be written",
            )
        elif free < room:
            yield Finding(
                "disk-nearly-full",
                f"{_size(free)} are free for {', '.join(names)}",
                _look(probe, places),
                "warning",
                f"an environment for {'a GPU' if gpu else 'the processor'} takes up to {_size(room)}",
            )


def _look(probe: Probe, places: Mapping[str, str]) -> str:
    if is_windows(probe):
        return "uv cache clean; pip cache purge"
    folder = next(iter(places.values()))
    return f"uv cache clean; pip cache purge; du -xh -d 2 {shlex.quote(folder)} | sort -h | tail"


def _size(amount: int) -> str:
    return f"{amount / GIB:.1f} GiB" if amount >= GIB else f"{amount // 2**20} MiB"
