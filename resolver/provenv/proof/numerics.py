"""The numerical check-up: a program run by the environment's own Python, which says in JSON what the device
computes.

    python numerics.py DEVICE REPORT

Each operation is done on the device in float32 and on the CPU in float64; the largest relative error of each
is reported (null: no number came out), and so are the losses of a few optimisation steps, which must fall.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

TOLERANCE = 2e-3
"""Of the largest relative error: TF32 and fused kernels stay well below, a wrong kernel does not."""

STEPS = 20

Operation = Callable[[Tensor], Tensor]


def operations() -> Iterator[tuple[str, Operation]]:
    """Named operations, each from one matrix of 64 x 64 to a tensor."""
    yield "matmul", lambda x: x @ x.T
    yield "softmax", lambda x: torch.softmax(x, dim=-1)
    yield "layer_norm", lambda x: nn.functional.layer_norm(x, x.shape[-1:])
    yield "conv2d", lambda x: nn.functional.conv2d(x[None, None], x[None, None, :3, :3], padding=1)
    yield "reduce", lambda x: x.exp().sum(dim=0).log()
    yield "sort", lambda x: x.sort(dim=-1).values
    yield "gradient", _gradient


def _gradient(x: Tensor) -> Tensor:
    x = x.detach().requires_grad_()
    (torch.tanh(x @ x.T / len(x)).square().sum() + nn.functional.gelu(x).sum()).backward()
    assert x.grad is not None
    return x.grad


def relative_error(found: Tensor, wanted: Tensor) -> float:
    """The largest difference, relative to the largest value that is wanted."""
    scale = wanted.abs().max().clamp(min=1e-12)
    return float((found.detach().cpu().double() - wanted.detach()).abs().max() / scale)


def losses(device: torch.device) -> list[float]:
    """The losses of a small model that learns a fixed function by Adam on the device."""
    torch.manual_seed(0)
    inputs = torch.randn(256, 16)
    labels = (inputs[:, :4].sum(dim=1) > 0).long()
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 2)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    inputs, labels = inputs.to(device), labels.to(device)
    found = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs), labels)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def check_up(name: str) -> dict[str, object]:
    """Everything of one device, ready for JSON; what the device refuses is a failure in words."""
    failures: list[str] = []
    try:
        device = torch.device(name)
        torch.ones(1, device=device).sum().item()
    # Each backend says in its own way that it isn't there: AssertionError, RuntimeError, NotImplementedError.
    except Exception as error:
        failures.append(f"the device {name} can't be used: {_first_line(error)}")
        return {"torch": torch.__version__, "failures": failures}
    errors = {label: _error(label, operation, device, failures) for label, operation in operations()}
    curve = _curve(device, failures)
    return {
        "torch": torch.__version__,
        "device_name": _title(device),
        "relative_errors": errors,
        "losses": curve,
        "failures": failures,
    }


def _error(label: str, operation: Operation, device: torch.device, failures: list[str]) -> float | None:
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(64, 64, generator=generator, dtype=torch.float64)
    try:
        error = relative_error(operation(matrix.float().to(device)), operation(matrix))
    except RuntimeError as refusal:
        failures.append(f"{label} does not run on {device}: {_first_line(refusal)}")
        return None
    if not error <= TOLERANCE:  # a NaN fails too
        limit = f"more than {TOLERANCE:.0e}"
        failures.append(f"{label} on {device} is off by {error:.1e} of its largest value, {limit}")
    return error if math.isfinite(error) else None


def _curve(device: torch.device, failures: list[str]) -> list[float | None]:
    try:
        curve = losses(device)
    except RuntimeError as refusal:
        failures.append(f"a model can't be trained on {device}: {_first_line(refusal)}")
        return []
    if not curve[-1] < 0.9 * curve[0]:
        fall = f"from {curve[0]:.3f} to {curve[-1]:.3f} only"
        failures.append(f"{STEPS} steps of Adam on {device} took the loss {fall}")
    return [loss if math.isfinite(loss) else None for loss in curve]


def _title(device: torch.device) -> str:
    name = getattr(getattr(torch, device.type, None), "get_device_name", None)
    return str(name(device)) if name else device.type


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


if __name__ == "__main__":
    report = check_up(sys.argv[1])
    Path(sys.argv[2]).write_text(json.dumps(report), encoding="utf-8")
    print(f"numerics on {sys.argv[1]} with torch {report['torch']}")
