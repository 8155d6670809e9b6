"""What pasted evidence leaves open, and what to ask for."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.hooks.types import Finding
from provenv.host import Host


def left_open(host: Host) -> Iterable[Finding]:
    """One note that names what nothing in the pastes says; none where they say everything."""
    gpus = host.devices
    answers = (
        ("the operating system", host.os, "nothing says which wheels its Python takes"),
        ("the architecture", host.arch, "nothing says which wheels its Python takes"),
        ("the C library", host.probe.python("libc_version") or host.os not in ("linux", None), ""),
        ("the Python", host.python, ""),
        ("whether there is a GPU", gpus or host.usable[:1] != ("cpu",), "it is judged as one without"),
        ("a GPU's name", all(device.name for device in gpus), ""),
        ("a GPU's memory", all(device.memory_mib for device in gpus), ""),
        ("the driver", not gpus or host.fact("driver"), "its oldest is taken for granted"),
        ("the torch", host.probe.python("torch") is not None, ""),
    )
    missing = [name for name, answer, _ in answers if not answer]
    if missing:
        yield Finding(
            "paste-leaves-open",
            f"the texts do not say {', '.join(missing[:-1])}{' and ' if missing[1:] else ''}{missing[-1]}",
            "python -m torch.utils.collect_env",
            "note",
            "; ".join(dict.fromkeys(effect for name, answer, effect in answers if not answer and effect)),
        )
