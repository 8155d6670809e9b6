"""The device to train on: any that torch knows by name, checked before anything long begins."""

from __future__ import annotations

import torch

from demo.errors import DemoError


def open_device(name: str | None) -> torch.device:
    """The device of this name (`cpu`, `cuda`, `cuda:1`, `mps`, `xpu`, `npu` ...); None: the best one here.

    Raises DemoError when there is no such device, or when it can't add two numbers.
    """
    try:
        device = torch.device(name) if name else _best()
    except RuntimeError as error:
        raise DemoError(f"torch knows no device {name!r}: {_first_line(error)}") from None
    try:
        works = (torch.ones(2, device=device) + 1).sum().item() == 4
    # Each backend says in its own way that it isn't there: AssertionError, RuntimeError, NotImplementedError.
    except Exception as error:
        raise DemoError(f"device {device} is not available here: {_first_line(error)}") from None
    if not works:
        raise DemoError(f"device {device} computes 1 + 1 wrong (or, like `meta`, nothing at all)")
    return device


def device_title(device: torch.device) -> str:
    """What the device calls itself, e.g. `NVIDIA H100 80GB HBM3`; its type where it has no name."""
    backend = getattr(torch, device.type, None)
    name = getattr(backend, "get_device_name", None)
    return str(name(device)) if name else device.type


def _best() -> torch.device:
    if torch.accelerator.is_available():
        return torch.accelerator.current_accelerator() or torch.device("cpu")
    return torch.device("cpu")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
