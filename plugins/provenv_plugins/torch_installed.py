"""The torch in an environment: its version, and what it was built for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Literal

from provenv.hooks import Builds, Distribution, Installation, Probe, Releases
from provenv.hooks.values import dataclass
from provenv_plugins.pytorch import index_of

BuiltFor = Literal["cuda", "rocm", "xpu", "cpu"] | None

_OWN_WORDS = re.compile(r"^(cuda|hip|xpu)\b[^=\n]*=\s*(?:None|['\"]([\d.]+)[^'\"]*['\"])", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class InstalledTorch:
    """`version` without its label (2.4.0), `label` (`cu118`, "" where it has none), and what it is built for.

    `built_for` None: nothing tells. `runtime`: the version of that (CUDA's 11.8, ROCm's 6.4). `conda`: built
    by a conda channel, whose builds are compiled for other GPUs than PyTorch's own.
    """

    version: str
    label: str = ""
    built_for: BuiltFor = None
    runtime: str = ""
    conda: bool = False

    def __str__(self) -> str:
        return f"torch {self.version}{'+' if self.label else ''}{self.label}"

    @property
    def build(self) -> str:
        """The build's name: `cu118`, `rocm6.4`, `cpu`; "" where nothing tells."""
        if self.built_for == "cuda":
            return "cu" + "".join(self.runtime.split(".")[:2])
        if self.built_for == "rocm":
            return self.label if self.label.startswith("rocm") else f"rocm{self.runtime}"
        return self.built_for or ""


def read_torch(probe: Probe, installation: Installation) -> InstalledTorch | None:
    """The environment's torch: by its label, else by its own `torch/version.py`, or by what a paste says."""
    found = installation.find("torch") or installation.find("pytorch")
    if found is None:
        told = "" if installation.prefix else probe.python("torch")
        found = Distribution("torch", told) if told else None
    if found is None:
        return None
    version, _, label = found.version.partition("+")
    built_for, runtime = _by_label(label)
    if built_for is None:
        built_for, runtime = _by_itself(probe, found) if found.folder else _by_paste(probe, installation)
    metadata = f"{found.folder}/torch-{found.version}.dist-info/INSTALLER"
    conda = bool(found.folder) and (probe.file(metadata) or "").strip() == "conda"
    return InstalledTorch(version, label, built_for, runtime, conda)


def _by_label(label: str) -> tuple[BuiltFor, str]:
    """`cu118` is CUDA 11.8, `rocm6.4` and AMD's `rocm6.4.43484` are ROCm 6.4."""
    if found := re.fullmatch(r"cu(\d{2,3})(?:\..*)?", label):
        return "cuda", f"{found[1][:-1]}.{found[1][-1]}"
    if found := re.match(r"rocm(\d+\.\d+)", label):
        return "rocm", found[1]
    if label.split(".")[0] in ("cpu", "xpu"):
        return ("xpu" if label.startswith("xpu") else "cpu"), ""
    return None, ""


def _by_itself(probe: Probe, torch: Distribution) -> tuple[BuiltFor, str]:
    """`torch/version.py` says `cuda: Optional[str] = '12.8'`, `hip`, `xpu`; all None is a CPU build."""
    text = probe.file(f"{torch.folder}/torch/version.py") or ""
    said = dict(_OWN_WORDS.findall(text))
    if not said:
        return None, ""
    if cuda := said.get("cuda"):
        return "cuda", cuda
    if hip := said.get("hip"):
        return "rocm", ".".join(hip.split(".")[:2])
    return ("xpu" if said.get("xpu") else "cpu"), ""


def _by_paste(probe: Probe, installation: Installation) -> tuple[BuiltFor, str]:
    if installation.prefix:
        return None, ""
    if cuda := probe.python("torch_cuda"):
        return "cuda", cuda
    if rocm := probe.python("torch_rocm"):
        return "rocm", ".".join(rocm.split(".")[:2])
    return None, ""


def replacement(
    probe: Probe, installation: Installation, torch: InstalledTorch, builds: Builds, releases: Releases
) -> str:
    """The command that installs a build which the machine runs: of the same torch where it has one.

    `builds` and `releases`: an accelerator's answers for the machine. In words where there is no such build.
    """
    if not builds.offered:
        return builds.rejected[0].reason if builds.rejected else "there is no build for this machine"
    offered = {build.name: build for build in reversed(builds.offered)}
    beside = [name for name in ("torchvision", "torchaudio") if installation.find(name)]
    for row in releases.rows:
        if row.version == torch.version and row.runs is not False and row.build in offered:
            chosen = offered[row.build]
            pairs = [f"{name}=={version}" for name, version in row.goes_with if name in beside]
            requirements = [f"torch=={row.version}", *pairs]
            break
    else:
        chosen = builds.offered[0]
        requirements = [*(chosen.constraints or ("torch",)), *beside]
    return install_command(probe, installation, requirements, chosen.index or index_of(chosen.name))


def install_command(
    probe: Probe, installation: Installation, requirements: Sequence[str], index: str | None = None
) -> str:
    """The command that puts these packages into the environment, on the machine's own system.

    What provenv made is made again from its lock: nothing else keeps it what the lock says.
    """
    if installation.accelerator is not None:
        return "provenv install"
    words = ["install", "--force-reinstall", *requirements, *(("--index-url", index) if index else ())]
    if not installation.prefix:
        return f"pip {' '.join(map(_quoted, words))}"
    windows = probe.python("system") == "Windows"
    python = installation.prefix + (r"\Scripts\python.exe" if windows else "/bin/python")
    program = f'& "{python}"' if windows else shlex.quote(python)
    return f"{program} -m pip {' '.join(map(_quoted, words))}"


def _quoted(word: str) -> str:
    return f'"{word}"' if set(word) & set("<>*~! ") else word
