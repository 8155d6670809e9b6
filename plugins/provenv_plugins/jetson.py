"""The CUDA of a Jetson module, by the Jetson Linux, JetPack or kernel that it says it has."""

from __future__ import annotations

import re
from collections.abc import Iterable

from provenv.hooks import Probe
from provenv_plugins.tables import rows

# `# R36 (release), REVISION: 4.0`, `L4T 36.4.0`, `Jetson Linux 36.4`; `JetPack: 6.2`; `5.15.148-tegra`.
_RELEASES = {
    "linux": re.compile(r"#\s*R(\d+) \(release\)|\b(?:L4T|Jetson Linux)[ :]*R?(\d+)\.\d", re.IGNORECASE),
    "jetpack": re.compile(
        r"\bJetPack(?: SDK)?[ :]*(\d+(?:\.\d+)?)|^Package: nvidia-jetpack\s+Version: (\d+\.\d+)",
        re.IGNORECASE | re.MULTILINE,
    ),
    "kernel": re.compile(r"\b(\d+\.\d+)\.\d+-tegra\b"),
}


def cuda_of(probe: Probe) -> str | None:
    """The newest CUDA that the module's system serves, None where nothing tells which system it is."""
    text = "\n".join(_texts(probe))
    for kind, pattern in _RELEASES.items():
        for found in pattern.finditer(text):
            version = next(filter(None, found.groups()))
            for row in rows("nvidia_drivers", "jetson"):
                if f"{version}.".startswith(f"{row.text(kind)}."):
                    return row.text("cuda")
    return None


def _texts(probe: Probe) -> Iterable[str]:
    yield from (paste.text for paste in probe.pastes())
    yield probe.file("/etc/nv_tegra_release") or ""
    yield probe.python("release") or ""
