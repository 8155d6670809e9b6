# provenv: nvidia-driver
"""Prints what the NVIDIA driver's libraries say, as one JSON object; run in a child process of its own, so
that a driver which crashes or hangs takes down no other.

Keys: `driver`, `cuda` (what libcuda serves), `devices` (name, capability, memory, mig), `error` (NVML's
own words), `cuda_error` (libcuda's number).
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Iterable

WINDOWS = sys.platform == "win32"
NVML = (
    ("nvml.dll", r"C:\Program Files\NVIDIA Corporation\NVSMI\nvml.dll") if WINDOWS else ("libnvidia-ml.so.1",)
)
CUDA = ("nvcuda.dll",) if WINDOWS else ("libcuda.so.1",)
WSL = "/usr/lib/wsl/lib/"

CAPABILITY_MAJOR, CAPABILITY_MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*


class Memory(ctypes.Structure):
    """nvmlMemory_t."""

    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


def load(names: Iterable[str]) -> ctypes.CDLL | None:
    """The first of these libraries that is there; on WSL they lie in a folder of their own."""
    for name in names:
        for place in ("",) if WINDOWS else ("", WSL):
            try:
                return ctypes.CDLL(place + name)
            except OSError:
                continue
    return None


def nvml_facts(nvml: ctypes.CDLL) -> dict[str, object]:
    """Driver, devices, or the library's own error."""
    nvml.nvmlErrorString.restype = ctypes.c_char_p
    code = nvml.nvmlInit_v2()
    if code:
        return {"error": nvml.nvmlErrorString(code).decode()}
    facts: dict[str, object] = {}
    text, count = ctypes.create_string_buffer(96), ctypes.c_uint()
    if nvml.nvmlSystemGetDriverVersion(text, 96) == 0:
        facts["driver"] = text.value.decode()
    nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
    facts["devices"] = [nvml_device(nvml, index) for index in range(count.value)]
    nvml.nvmlShutdown()
    return facts


def nvml_device(nvml: ctypes.CDLL, index: int) -> dict[str, object]:
    """One device; what the driver does not say is not there."""
    handle, text, memory = ctypes.c_void_p(), ctypes.create_string_buffer(96), Memory()
    code = nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle))
    if code:
        return {"error": nvml.nvmlErrorString(code).decode()}
    device: dict[str, object] = {}
    if nvml.nvmlDeviceGetName(handle, text, 96) == 0:
        device["name"] = text.value.decode()
    major, minor = ctypes.c_int(), ctypes.c_int()
    capability = getattr(nvml, "nvmlDeviceGetCudaComputeCapability", None)  # not in drivers before 396
    if capability and capability(handle, ctypes.byref(major), ctypes.byref(minor)) == 0:
        device["capability"] = f"{major.value}.{minor.value}"
    if nvml.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory)) == 0:
        device["memory"] = memory.total // 2**20
    now, later = ctypes.c_uint(), ctypes.c_uint()
    mig = getattr(nvml, "nvmlDeviceGetMigMode", None)  # not in drivers before 450
    if mig and mig(handle, ctypes.byref(now), ctypes.byref(later)) == 0 and now.value:
        device["mig"] = True
    return device


def cuda_facts(cuda: ctypes.CDLL, devices: bool) -> dict[str, object]:
    """The CUDA that the driver serves and, where NVML had none to tell (Jetson), the devices."""
    version, count = ctypes.c_int(), ctypes.c_int()
    facts: dict[str, object] = {}
    if cuda.cuDriverGetVersion(ctypes.byref(version)) == 0:
        facts["cuda"] = f"{version.value // 1000}.{version.value % 1000 // 10}"
    if not devices:
        return facts
    os.environ.pop("CUDA_VISIBLE_DEVICES", None)  # what is there counts, not what a shell hides
    code = cuda.cuInit(0)
    if code:
        return {**facts, "cuda_error": code}
    cuda.cuDeviceGetCount(ctypes.byref(count))
    return {**facts, "devices": [cuda_device(cuda, index) for index in range(count.value)]}


def cuda_device(cuda: ctypes.CDLL, index: int) -> dict[str, object]:
    """One device as libcuda sees it."""
    device, text, memory = ctypes.c_int(), ctypes.create_string_buffer(256), ctypes.c_size_t()
    cuda.cuDeviceGet(ctypes.byref(device), index)
    cuda.cuDeviceGetName(text, 256, device)
    cuda.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
    major, minor = ctypes.c_int(), ctypes.c_int()
    cuda.cuDeviceGetAttribute(ctypes.byref(major), CAPABILITY_MAJOR, device)
    cuda.cuDeviceGetAttribute(ctypes.byref(minor), CAPABILITY_MINOR, device)
    capability = f"{major.value}.{minor.value}"
    return {"name": text.value.decode(), "capability": capability, "memory": memory.value // 2**20}


def main() -> None:
    """Both libraries' answers in one object."""
    answer: dict[str, object] = {}
    if (nvml := load(NVML)) is not None:
        answer.update(nvml_facts(nvml))
    if (cuda := load(CUDA)) is not None:
        answer.update(cuda_facts(cuda, devices=not answer.get("devices")))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
