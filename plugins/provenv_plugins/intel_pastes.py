"""Intel's GPUs in pasted texts: SYCL lists, clinfo, xpu-smi, torch's XPU lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from provenv.hooks import Device
from provenv_plugins.sightings import once

_GPU = r"(?:Intel\S* (?:.*\b(?:Arc|UHD|Iris|HD Graphics|Graphics|Data Center GPU|GPU Max)\b[^|\n\]]*))"


def intel_devices(texts: Sequence[str]) -> tuple[Device, ...]:
    """The GPUs, once each however many backends list them."""
    for source in (_sycl_table, _sycl_ls, _xpu_smi, _torch, _clinfo, _vulkan, _on_board):
        if found := once(pair for text in texts for pair in source(text)):
            return found
    return ()


def intel_driver(texts: Iterable[str]) -> str | None:
    """Level Zero's driver version, as SYCL lists, xpu-smi and torch name it."""
    for text in texts:
        if not re.search(r"level_zero|Xpu|Intel\(R\)", text):
            continue
        for pattern in (
            r"^\|\s*\d+\|\s*\[level_zero:gpu:\d+\]\|(?:[^|\n]*\|){6}\s*([\d.]+)\s*\|",
            r"\[(?:ext_oneapi_)?level_zero:gpu(?::\d+)?\].*\[(\d+\.\d+\.\d+[\d.+]*)\]",
            r"Driver Version:\s*(\d+\.\d+\.\d+[\d.+]*)",
            r"_XpuDeviceProperties\(.*?driver_version='([^']+)'",
            # torch's collect_env on Windows; on Linux it lists packages there
            r"^\s*Intel GPU driver version:\s*\n\s*\* (\d+(?:\.\d+){3})\b",
        ):
            if found := re.search(pattern, text, re.MULTILINE):
                return found[1]
    return None


def intel_system(texts: Iterable[str]) -> str | None:
    """The OpenCL driver is numbered by year on Linux (24.09.28717), by Windows' scheme there (32.0.101)."""
    for text in texts:
        if re.search(r"\[opencl:gpu(?::\d+)?\].*[|\[ ](?:2\d\.\d\d\.\d+[\d.]*)", text):
            return "Linux"
        if re.search(r"\[opencl:gpu(?::\d+)?\].*[|\[ ](?:3\d\.0\.\d+[\d.]*)", text):
            return "Windows"
    return None


def _sycl_table(text: str) -> Iterable[tuple[str, Device]]:
    """llama.cpp's table. Both backends list every GPU: the first backend's places count."""
    rows = re.findall(r"^\|\s*\d+\|\s*\[(\w+):gpu:(\d+)\]\|\s*(\S[^|\n]*?)\s*\|", text, re.MULTILINE)
    for backend, place, name in rows:
        if backend == rows[0][0] and "Intel" in name:
            yield place, Device("intel", name)


def _sycl_ls(text: str) -> Iterable[tuple[str, Device]]:
    """`[level_zero:gpu][level_zero:0] Intel(R) oneAPI ..., Intel(R) Arc(TM) A770 Graphics 12.55.8`."""
    pattern = (
        r"^\[(?:ext_oneapi_)?(\w+):gpu(?::(\d+))?\](?:\[\w+:(\d+)\])?"
        r"[^,\n]*,\s*(Intel[^\n\[]*?)(?:\s+OpenCL \d[^\n\[]*|\s+\d[\d.]*)?\s*(?:\[|$)"
    )
    rows = re.findall(pattern, text, re.MULTILINE)
    backends = [backend for backend, *_ in rows]
    chosen = "level_zero" if "level_zero" in backends else (backends or [""])[0]
    for backend, place, other, name in rows:
        if backend == chosen:
            yield place or other or name, Device("intel", name.strip())


def _xpu_smi(text: str) -> Iterable[tuple[str, Device]]:
    """`xpu-smi discovery`: rows for each device, of which the first has its number; or JSON."""
    heads = list(re.finditer(r"^\|\s*(\d+)\s*\|\s*Device (?:Type|Name):", text, re.MULTILINE))
    for place, head in enumerate(heads):
        body = text[head.start() : heads[place + 1].start() if place + 1 < len(heads) else len(text)]
        name = re.search(r"\bDevice Name:\s*(Intel.*?)\s*\|", body)
        memory = re.search(r"\bMemory Physical Size:\s*(\d{1,9})(?:\.\d+)? MiB", body)
        if name:
            yield head[1], Device("intel", name[1], int(memory[1]) if memory else None)
    for number, name in enumerate(re.findall(r"\"device_name\"\s*:\s*\"(Intel[^\"\n]*)\"", text)):
        yield str(number), Device("intel", name)


def _torch(text: str) -> Iterable[tuple[str, Device]]:
    """torch's properties of an XPU."""
    pattern = r"_XpuDeviceProperties\(name='([^']+)'.*?(?:total_memory=(\d{1,9})MB|\)$|\n)"
    for place, (name, memory) in enumerate(re.findall(pattern, text)):
        yield str(place), Device("intel", name, int(memory) if memory else None)


def _clinfo(text: str) -> Iterable[tuple[str, Device]]:
    """`clinfo -l`: the devices of a platform for graphics; the processor is one of another."""
    for platform in re.split(r"^Platform #\d+: ", text, flags=re.MULTILINE)[1:]:
        head, _, rest = platform.partition("\n")
        if "Intel" in head:
            for place, name in re.findall(r"-- Device #(\d+): (.*?)\s*$", rest, re.MULTILINE):
                if re.match(_GPU, name):
                    yield place, Device("intel", name)


def _vulkan(text: str) -> Iterable[tuple[str, Device]]:
    """`vulkaninfo --summary`."""
    names = re.findall(r"^\s*deviceName\s*=\s*(Intel\(R\)[^\n]*?)\s*$", text, re.MULTILINE)
    for place, name in enumerate(names):
        yield str(place), Device("intel", name)


def _on_board(text: str) -> Iterable[tuple[str, Device]]:
    """torch's collect_env: what the machine has, whether its torch is for it or not."""
    listed = re.search(r"^\s*Intel GPU models onboard:\s*\n((?:\s*\* .*\n?)+)", text, re.MULTILINE)
    for place, name in enumerate(re.findall(r"\* (Intel.*?)\s*$", listed[1], re.MULTILINE) if listed else ()):
        yield str(place), Device("intel", name)
