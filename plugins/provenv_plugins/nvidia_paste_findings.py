"""What a paste shows of NVIDIA GPUs that a run on them, or a reader of the paste, should know."""

from __future__ import annotations

import re
from collections.abc import Iterable

from provenv.hooks import Device, Envelope, Finding, Probe
from provenv.hooks.reports import environment_report
from provenv_plugins.cuda_drivers import newest_cuda
from provenv_plugins.cuda_facts import is_wsl
from provenv_plugins.numbers import parse_numbers
from provenv_plugins.nvidia_driver_command import driver_remedy
from provenv_plugins.nvidia_names import capability_of_name
from provenv_plugins.nvidia_pastes import PastedNvidia, read_pastes
from provenv_plugins.sightings import is_cut_off

_ASK = "nvidia-smi --query-gpu=name,compute_cap,memory.total,driver_version --format=csv"


def paste_findings(probe: Probe) -> Iterable[Finding]:
    """Everything, what stops a run first."""
    pasted = read_pastes(probe.pastes())
    yield from _broken(pasted, probe)
    yield from _libcuda(pasted)
    yield from _forward_compatibility(pasted, probe)
    yield from _unavailable(pasted, probe)
    yield from _kind_of_machine(pasted, probe)
    yield from _left_open(pasted)


def _broken(pasted: PastedNvidia, probe: Probe) -> Iterable[Finding]:
    if pasted.unbound:
        names = ", ".join(dict.fromkeys(device.name or "a GPU" for device in pasted.devices))
        drivers = {dict(device.facts).get("kernel_driver") for device in pasted.devices} - {None}
        instead = f"{', '.join(sorted(filter(None, drivers)))} is" if drivers else "no driver of NVIDIA's is"
        yield Finding(
            "nvidia-driver-missing",
            f"{names} is in this machine, and {instead} bound to it",
            driver_remedy(probe),
            "error",
        )
    if pasted.broken or pasted.fallen:
        shown = (
            "nvidia-smi shows ERR! where a GPU's values should be"
            if pasted.broken
            else "the kernel's log says that a GPU has fallen off the bus"
        )
        yield Finding(
            "gpu-fallen-off",
            f"{shown}: the GPU no longer answers its driver",
            "look for `Xid` in `sudo dmesg`, then reboot; if it comes back, the card or its power fails",
            "error",
        )

    if pasted.no_toolkit:
        yield Finding(
            "nvidia-container-toolkit-missing",
            "Docker knows no way to give a container the GPUs: the NVIDIA Container Toolkit is not set up",
            "install nvidia-container-toolkit, then `sudo nvidia-ctk runtime configure --runtime=docker` and "
            "`sudo systemctl restart docker`",
            "error",
        )


def _libcuda(pasted: PastedNvidia) -> Iterable[Finding]:
    """The library through which every CUDA program speaks to the driver: wrong, missing, or newer than it."""
    if pasted.stub:
        yield Finding(
            "cuda-stub-library",
            f"nvidia-smi says CUDA Version {pasted.cuda_told or 'nothing'}: the libcuda that is found is the "
            "toolkit's stub, no driver",
            "take .../lib64/stubs out of LD_LIBRARY_PATH",
            "error",
        )
    elif pasted.vgpu_host:
        yield Finding(
            "nvidia-vgpu-host",
            "this is a vGPU host (module nvidia_vgpu_vfio): its driver serves guests and has no CUDA",
            "train in a guest, or install the ordinary data-centre driver",
            "error",
        )
    elif pasted.cuda_told == "N/A":
        yield Finding(
            "cuda-library-missing",
            "nvidia-smi says CUDA Version N/A: the driver is loaded, and its libcuda is not to be found",
            "in a container: NVIDIA_DRIVER_CAPABILITIES=compute,utility",
            "error",
        )


def _forward_compatibility(pasted: PastedNvidia, probe: Probe) -> Iterable[Finding]:
    """A cuda-compat package shows as a CUDA that the driver is too old for, in a table or under a torch."""
    driver, cuda = pasted.driver, pasted.cuda
    if cuda is None and probe.python("torch_cuda_available") == "True":
        built = probe.python("torch_cuda")
        native = newest_cuda(Envelope.of({"driver": (driver,)})) if driver else "0"
        # within a major an older driver serves every build
        cuda = built if built and built.split(".")[0] > native.split(".")[0] else None
    if driver and cuda and pasted.system != "Windows":
        native = newest_cuda(Envelope.of({"driver": (driver,)}))
        if (parse_numbers(cuda) or (0,)) > (parse_numbers(native) or (0,)) and not pasted.jetson:
            yield Finding(
                "cuda-forward-compatibility",
                f"driver {driver} serves CUDA {native} by itself, and {cuda} is said: cuda-compat is in use",
                severity="note",
            )


def _unavailable(pasted: PastedNvidia, probe: Probe) -> Iterable[Finding]:
    """A report in which a CUDA build of torch finds no CUDA."""
    for paste in probe.pastes():
        report = environment_report(paste.text)
        cuda = report.built_for("cuda", "cu") if report else None
        if report is None or cuda is None or report.value("is cuda available") not in ("False", "No"):
            continue
        why = re.search(r"CUDA initialization: ([^\n]*)", paste.text)
        if not pasted.devices:
            yield Finding(
                "cuda-build-without-gpu",
                f"torch {report.torch} is built for CUDA {cuda}, and no GPU is to be seen",
                "in a container: start it with `--gpus all`",
                "error",
            )
        else:
            words = f" ({why[1].strip()[:160]})" if why else ""
            yield Finding(
                "torch-cuda-unavailable",
                f"torch {report.torch} finds no CUDA although there is {pasted.devices[0].name}{words}",
                'python -c "import torch; torch.cuda.init()" tells why',
                "error",
            )
        return


def _kind_of_machine(pasted: PastedNvidia, probe: Probe) -> Iterable[Finding]:
    sliced = [device for device in pasted.devices if dict(device.facts).get("mig")]
    if sliced:
        parts = " ".join(filter(None, (dict(device.facts).get("mig_devices") for device in sliced)))
        yield Finding(
            "nvidia-mig",
            f"{len(sliced)} of {len(pasted.devices)} GPUs {'is' if len(sliced) == 1 else 'are'} split by MIG"
            f"{f': {parts}' if parts else ''}; a process sees one slice and its memory",
            severity="note",
        )
    virtual = [device for device in pasted.devices if _is_vgpu(device)]
    if virtual:
        yield Finding(
            "nvidia-vgpu",
            f"{virtual[0].name} is a vGPU: its driver must fit the host's, and its memory is the profile's",
            severity="note",
        )
    if pasted.jetson:
        yield Finding(
            "nvidia-jetson",
            "a Jetson: its driver is numbered by JetPack and not comparable with a desktop's, and before "
            "JetPack 7 it runs NVIDIA's own wheels alone",
            severity="note",
        )
    if is_wsl(probe) and pasted.devices:
        yield Finding(
            "nvidia-on-wsl",
            f"WSL: driver {pasted.driver or 'unknown'} is the one of Windows, and is updated there",
            severity="note",
        )
    if len({device.compute_capability or capability_of_name(device.name) for device in pasted.devices}) > 1:
        names = ", ".join(dict.fromkeys(device.name for device in pasted.devices if device.name))
        yield Finding("gpus-differ", f"the GPUs are not alike: {names}", severity="note")


def _is_vgpu(device: Device) -> bool:
    mode = dict(device.facts).get("virtualization", "")
    return mode == "VGPU" or bool(re.search(r"(?:^GRID |\b)[A-Z]+\d+\w*-\d+[QCABX]$", device.name))


def _left_open(pasted: PastedNvidia) -> Iterable[Finding]:
    shown = len(pasted.devices)
    missing = pasted.attached is not None and 0 < shown < pasted.attached
    if missing or pasted.cut:
        what = (
            f"{pasted.attached} GPUs are attached, and the paste shows {shown}"
            if missing
            else (
                "the paste ends in the middle of nvidia-smi's table: there may be more GPUs, or more of one"
            )
        )
        yield Finding("paste-cut", what, "paste all of it", "note")
    short = [device.name for device in pasted.devices if device.name and is_cut_off(device.name)]
    if short:
        yield Finding(
            "gpu-name-cut-off",
            f"{short[0]} is cut off by the table: which model it is stays open",
            _ASK,
            "note",
        )
    for name in dict.fromkeys(device.name for device in pasted.devices if device.compute_capability is None):
        if name and not is_cut_off(name) and capability_of_name(name) is None:
            yield Finding(
                "gpu-unknown",
                f"{name!r} is in no list of NVIDIA's GPUs: its compute capability stays open",
                _ASK,
                "note",
            )
