"""Finds Ascend NPUs, by npu-smi and by device nodes, and the CANN toolkit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from provenv.hooks import Detection, Device, Envelope, Finding, Probe
from provenv_npu.builds import serving, table
from provenv_npu.cann import cann_key

# Where CANN is installed by default, beside what its set_env.sh exports.
HOMES = ("/usr/local/Ascend/ascend-toolkit/latest", "/usr/local/Ascend/cann")
HOME_VARIABLES = ("ASCEND_TOOLKIT_HOME", "ASCEND_HOME_PATH")
DRIVER = "/usr/local/Ascend/driver/version.info"

# Two lines for each: `| 0  910B4-1 | OK | 91.3  33  0 / 0 |`, `| 0 | 0000:C1:00.0 | 0  0 / 0  3197 / 65536 |`
# Source: HAMi-WebUI issue #47, 1Panel #9472, vllm-ascend #2534 and #12980 (npu-smi 24.1.1 to 26.0.rc2).
_CARD = re.compile(
    r"^\|\s*(?P<npu>\d{1,4})\s+(?P<name>[A-Za-z0-9_-]+)\s*\|\s*(?P<health>[A-Za-z]+)\s*\|", re.ASCII
)
_CHIP = re.compile(
    r"^\|\s*\d{1,4}(?:\s+\d{1,4})?\s*\|\s*(?:[0-9a-fA-F]{4}:\S+|NA)\s*\|(?P<rest>.*)\|\s*$", re.ASCII
)
_VERSION = re.compile(r"npu-smi\s+(?P<version>\d[\w.]*)\s+Version:", re.ASCII)


@dataclass(frozen=True, slots=True)
class Npu:
    """One processor as npu-smi prints it. `memory_mib` None: not said."""

    name: str
    health: str
    memory_mib: int | None

    @property
    def trains(self) -> bool:
        """Whether it is one that trains; a name that no table has is not known to."""
        plain = self.name.removeprefix("Ascend")
        rows = [row for row in table("processors")["processor"] if plain.startswith(row["start"])]
        return bool(rows) and bool(max(rows, key=lambda row: len(row["start"]))["trains"])


def detect(probe: Probe) -> Detection:
    """The NPUs that npu-smi lists, or the device nodes; usable where one trains and CANN is there."""
    if not _may_have_one(probe):
        return Detection(usable=False)
    npus, nodes, cann = _npus(probe), _nodes(probe), cann_of(probe)
    devices = tuple(Device("huawei", f"Ascend {_plain(npu)}", npu.memory_mib) for npu in npus)
    if not devices:
        devices = tuple(Device("huawei", f"Ascend NPU ({node})") for node in nodes)
    trains = any(npu.trains for npu in npus) or bool(nodes and not npus)
    # a paste of npu-smi says nothing of nodes and toolkit
    ready = bool(probe.pastes()) or (bool(nodes) and cann is not None)
    driver = _driver(probe)
    return Detection(
        usable=bool(devices) and trains and ready,
        devices=devices,
        envelope=Envelope.of({"cann": cann}) if devices and cann else Envelope(),
        how=("npu-smi",) if npus else ("/dev/davinci*",) if nodes else (),
        facts=(("npu-driver", driver),) if devices and driver else (),
    )


def _may_have_one(probe: Probe) -> bool:
    system = probe.python("system")
    return system == "Linux" or (system is None and bool(probe.pastes()))


def _plain(npu: Npu) -> str:
    return npu.name.removeprefix("Ascend")


def _npu_smi(probe: Probe) -> str:
    """What `npu-smi info` prints here, or what somebody pasted of it."""
    answer = probe.command(["npu-smi", "info"], seconds=25.0)  # it asks eight cards one after the other
    if answer is not None and answer.exit_code == 0:
        return answer.stdout
    return "\n".join(paste.text for paste in probe.pastes() if "npu-smi" in paste.text)


def _npus(probe: Probe) -> list[Npu]:
    return list(read_npu_smi(_npu_smi(probe)))


def read_npu_smi(text: str) -> Iterator[Npu]:
    """The processors in a table of `npu-smi info`: each has a line of its card and one of its chip."""
    card: re.Match[str] | None = None
    for line in text.splitlines():
        found, chip = _CARD.match(line.strip()), _CHIP.match(line.strip())
        if chip is not None and card is not None:
            yield Npu(card["name"], card["health"], _memory(chip["rest"]))
            card = None
        elif found is not None:
            card = found


def _memory(cells: str) -> int | None:
    """The larger of the two memories: a 910's HBM, a 310P's LPDDR."""
    totals = [int(total) for total in re.findall(r"\d\s*/\s*(\d{1,9})", cells, re.ASCII)]
    return max(totals, default=0) or None


def _nodes(probe: Probe) -> list[str]:
    return [f"/dev/{name}" for name in probe.folder("/dev") if re.fullmatch(r"davinci[0-9]+", name)]


def _driver(probe: Probe) -> str | None:
    found = re.search(r"^Version=(\S+)", probe.file(DRIVER) or "", re.MULTILINE)
    if found is None:
        found = _VERSION.search(_npu_smi(probe))
    return found[1] if found else None


def cann_of(probe: Probe) -> str | None:
    """The installed CANN toolkit's version; None where there is none, or it does not say."""
    arch = "aarch64" if probe.python("machine") in ("aarch64", "arm64") else "x86_64"
    exported = (probe.environment(name) for name in HOME_VARIABLES)
    for home in (*filter(None, exported), *HOMES):
        text = probe.file(f"{home.rstrip('/')}/{arch}-linux/ascend_toolkit_install.info") or ""
        found = re.search(r"^version=(\S+)", text, re.MULTILINE)
        if found and cann_key(found[1]):
            return found[1]
    return None


def diagnose(probe: Probe) -> Iterable[Finding]:
    """What keeps an NPU from being used."""
    npus, nodes = (_npus(probe), _nodes(probe)) if _may_have_one(probe) else ([], [])
    if npus and not any(npu.trains for npu in npus):
        names = ", ".join(sorted({_plain(npu) for npu in npus}))
        message = f"no Ascend processor here is known to train: {names}"
        yield Finding("npu-does-not-train", message, "use the accelerator cpu", "note")
    for npu in dict.fromkeys(npu for npu in npus if npu.health != "OK"):
        message = f"npu-smi says of an Ascend {_plain(npu)}: health {npu.health}"
        yield Finding("npu-unhealthy", message, "npu-smi info -t health -i 0")
    if (npus or nodes) and not probe.pastes():
        yield from _machine_findings(probe, nodes)


def _machine_findings(probe: Probe, nodes: list[str]) -> Iterator[Finding]:
    if not nodes:
        message = "npu-smi lists an NPU, but there is no device node /dev/davinci0"
        remedy = "docker run --device /dev/davinci0 --device /dev/davinci_manager --device /dev/devmm_svm ..."
        yield Finding("npu-device-node-missing", message, remedy, "error")
    cann = cann_of(probe)
    if cann is None:
        message = "an NPU is there, but no CANN toolkit: torch-npu can't be imported without it"
        remedy = "install CANN, then: source /usr/local/Ascend/ascend-toolkit/set_env.sh"
        yield Finding("npu-cann-missing", message, remedy, "error")
        return
    if not any(probe.environment(name) for name in HOME_VARIABLES):
        message = "CANN is installed, but its environment variables are not set in this shell"
        remedy = "source /usr/local/Ascend/ascend-toolkit/set_env.sh"
        yield Finding("npu-environment-unset", message, remedy, "error")
    if serving(cann) is None:
        message = f"no torch-npu is listed for CANN {cann}"
        yield Finding("npu-cann-unknown", message, "install one that a torch-npu is listed for, e.g. 9.1.0")
