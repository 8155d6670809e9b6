"""The readers of what people paste of a machine; each is imported when there is something to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from provenv.hooks import Paste, PasteReader, Reading, hookimpl

MACHINE = (
    "`python -m torch.utils.collect_env`",
    "`vllm collect-env`",
    "`conda info`",
    "`pip debug --verbose`",
    "`lscpu`",
    "`uname -a`",
)


def machine(pastes: Sequence[Paste]) -> Reading:
    """See `machine_pastes.read`."""
    from provenv_plugins.machine_pastes import read

    return read(pastes)


def nvidia(pastes: Sequence[Paste]) -> Reading:
    """See `nvidia_pastes`: what the texts say of the machine beside its GPUs, which `cuda` finds itself."""
    from provenv_plugins.nvidia_pastes import reading

    return reading(tuple(pastes))


def amd(pastes: Sequence[Paste]) -> Reading:
    """See `amd_pastes`."""
    from provenv_plugins.amd_pastes import reading

    return reading(tuple(pastes))


def apple(pastes: Sequence[Paste]) -> Reading:
    """See `apple_pastes`."""
    from provenv_plugins.apple_pastes import reading

    return reading(tuple(pastes))


def places(pastes: Sequence[Paste]) -> Reading:
    """See `machine_pastes.read_places`."""
    from provenv_plugins.machine_pastes import read_places

    return read_places(pastes)


def other_devices(pastes: Sequence[Paste]) -> Reading:
    """See `other_devices.read`."""
    from provenv_plugins.other_devices import read

    return read(pastes)


@hookimpl
def provenv_paste_readers() -> Iterable[PasteReader]:
    """machine, nvidia, amd, apple, other-devices, places."""
    yield PasteReader("machine", 10, machine, MACHINE)
    yield PasteReader("nvidia", 50, nvidia, ("`nvidia-smi` (also with -q, -x, -L, --query-gpu)", "`clinfo`"))
    yield PasteReader(
        "amd", 50, amd, ("`rocminfo`", "`rocm-smi`", "`amd-smi static`", "KFD's topology folder")
    )
    yield PasteReader("apple", 50, apple, ("`system_profiler SPDisplaysDataType`",))
    yield PasteReader(
        "other-devices",
        60,
        other_devices,
        ("`lspci -nnk`", "`lshw`", "`inxi -G`", "`npu-smi info`", "`sycl-ls`"),
    )
    yield PasteReader("places", 90, places)
