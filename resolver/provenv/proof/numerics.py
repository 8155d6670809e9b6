"""The numerical check-up: a program run by the environment's own Python, which says in JSON what the device
computes.

    python numerics.py DEVICE REPORT

Each operation is done on the device in float32 and on the CPU in float64; the largest relative error of each
is reported, and so are the losses of a few optimisation steps, which must fall.
"""

from __future__ import annotations

import json
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
    (torch.tanh(x @ x.T).square().mean() + nn.functional.gelu(x).sum()).backward()
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
    """Everything of one device, ready for JSON."""
    device = torch.device(name)
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(64, 64, generator=generator, dtype=torch.float64)
    errors = {
        label: relative_error(operation(matrix.float().to(device)), operation(matrix))
        for label, operation in operations()
    }
    curve = losses(device)
    failures = [
        f"{label} on {name} is off by {error:.1e} of its largest value, more than {TOLERANCE:.0e}"
        for label, error in errors.items()
        if not error <= TOLERANCE  # a NaN fails too
    ]
    if not curve[-1] < 0.9 * curve[0]:
        failures.append(f"{STEPS} steps of Adam took the loss from {curve[0]:.3f} to {curve[-1]:.3f} only")
    return {
        "torch": torch.__version__,
        "relative_errors": errors,
        "first_loss": curve[0],
        "last_loss": curve[-1],
        "failures": failures,
    }


if __name__ == "__main__":
    report = check_up(sys.argv[1])
    Path(sys.argv[2]).write_text(json.dumps(report), encoding="utf-8")
    print(f"numerics on {sys.argv[1]} with torch {report['torch']}: loss {report['last_loss']:.3f}")
