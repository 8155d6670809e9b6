"""Whether ROCm can be used on a machine, what it promises, and what is wrong where it can't."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from provenv.hooks import Builds, Context, Detection, Device, Envelope, Finding, Probe
from provenv.hooks.values import dataclass
from provenv_plugins.rocm_access import may_not_open, no_permission, on_windows, partitioned, without_driver
from provenv_plugins.rocm_builds import choose_builds
from provenv_plugins.tables import rows

NODES = "/sys/class/kfd/kfd/topology/nodes"
AMD = "4098"  # PCI vendor 0x1002
ROCM_VERSION = "/opt/rocm/.info/version"  # what AMD's packages write: 6.4.1-83
VIDEO_MEMORY = ("1", "2")  # KFD's heap types: public and private video memory; 0 is the system's
OVERRIDE = "HSA_OVERRIDE_GFX_VERSION"


@dataclass(frozen=True, slots=True)
class AmdFacts:
    """The GPUs that ROCm could use, and who said so."""

    devices: tuple[Device, ...] = ()
    how: tuple[str, ...] = ()
    unusable: bool = False
    """A paste shows that nothing can reach the GPUs."""


def detect(probe: Probe) -> Detection:
    """The devices, and the gfx targets that one build of torch serves together."""
    facts = read(probe)
    kept, _ = _served([device.gfx for device in facts.devices if device.gfx], probe)
    reachable = probe.python("system") == "Windows" or not (_unreachable(probe, facts) or facts.unusable)
    envelope = Envelope.of({"gfx": kept}) if kept else Envelope()
    driver = (probe.file("/sys/module/amdgpu/version") or "").strip() if facts.devices else ""
    said = (("driver", driver),) if driver else ()
    rocm = re.match(r"\d+\.\d+(\.\d+)?", (probe.file(ROCM_VERSION) or "").strip()) if kept else None
    variants = Envelope.of({"rocm": rocm[0]}) if rocm else Envelope()
    usable = bool(kept) and reachable
    return Detection(usable, facts.devices, envelope, how=facts.how, facts=said, variants=variants)


def read(probe: Probe) -> AmdFacts:
    """By KFD's topology, then rocminfo, then (Windows) the display adapter's name."""
    if probe.pastes():
        from provenv_plugins.amd_pastes import read_pastes

        pasted = read_pastes(probe.pastes())
        amds = tuple(device for device in pasted.devices if device.vendor == "amd")
        return AmdFacts(amds, pasted.how, pasted.unusable)
    for how, source in (
        ("KFD topology", _from_kfd),
        ("rocminfo", _from_rocminfo),
        ("registry", _from_registry),
    ):
        if devices := tuple(source(probe)):
            return AmdFacts(devices, (how,))
    return AmdFacts()


def gfx_of_version(version: int) -> str:
    """KFD's decimal `gfx_target_version` as a target: 90010 is gfx90a, 110501 is gfx1151.

    major = v / 10000, minor = v / 100 % 100 and step = v % 100, the last two written in hexadecimal
    (libhsakmt's topology.c).
    """
    return f"gfx{version // 10000}{version // 100 % 100:x}{version % 100:x}"


def _from_kfd(probe: Probe) -> Iterable[Device]:
    for node in sorted(probe.folder(NODES), key=lambda name: (len(name), name)):
        values = _properties(probe, f"{NODES}/{node}/properties")
        version = values.get("gfx_target_version", "0")
        # a node without a target is a processor
        if version.isdigit() and int(version) and values.get("vendor_id", AMD) == AMD:
            gfx = gfx_of_version(int(version))
            yield Device(
                "amd", _kfd_name(probe, node, values) or gfx, _kfd_memory(probe, node, values), gfx=gfx
            )


def _properties(probe: Probe, path: str) -> dict[str, str]:
    lines = (line.split() for line in (probe.file(path) or "").splitlines())
    return {pair[0]: pair[1] for pair in lines if len(pair) == 2}


def _kfd_name(probe: Probe, node: str, values: Mapping[str, str]) -> str:
    """The card's own name, where its firmware has one; the kernel's word for its chip (`vega20`)."""
    minor = values.get("drm_render_minor", "0")
    own = probe.file(f"/sys/class/drm/renderD{minor}/device/product_name") if minor.isdigit() else None
    name = (own or probe.file(f"{NODES}/{node}/name") or "").strip()
    return "" if name == "ip discovery" else name  # since RDNA 3 the kernel no longer knows chips by name


def _kfd_memory(probe: Probe, node: str, values: Mapping[str, str]) -> int | None:
    """MiB of a card's banks of video memory. What an APU shares with its processor is not its own."""
    if values.get("cpu_cores_count", "0") != "0":
        return None
    banks = (
        _properties(probe, f"{NODES}/{node}/mem_banks/{bank}/properties")
        for bank in probe.folder(f"{NODES}/{node}/mem_banks")
    )
    sizes = [bank.get("size_in_bytes", "") for bank in banks if bank.get("heap_type") in VIDEO_MEMORY]
    return sum(int(size) for size in sizes if size.isdigit() and len(size) < 18) // 2**20 or None


def _from_rocminfo(probe: Probe) -> Iterable[Device]:
    if probe.python("system") != "Linux":
        return
    answer = probe.command(["rocminfo"], seconds=30.0)
    if answer is None or answer.exit_code != 0:
        return
    for agent in re.split(r"^\*+\s*$\s*^Agent \d+\s*$", answer.stdout, flags=re.MULTILINE)[1:]:
        values = dict(
            re.findall(r"^ {2}(Name|Marketing Name|Device Type):[ \t]*(.*?)[ \t]*$", agent, re.MULTILINE)
        )
        if values.get("Device Type") == "GPU" and values.get("Name", "").startswith("gfx"):
            yield Device("amd", values.get("Marketing Name") or values["Name"], gfx=values["Name"])


DISPLAY_CLASS = r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"


def _from_registry(probe: Probe) -> Iterable[Device]:
    """Windows: the display adapters' names, since there is no KFD."""
    if probe.python("system") != "Windows":
        return
    for index in range(8):
        name = probe.registry(rf"{DISPLAY_CLASS}\{index:04}", "DriverDesc")
        if name and ("AMD" in name or "Radeon" in name):
            yield Device("amd", name, gfx=gfx_of_name(name))


def gfx_of_name(name: str) -> str | None:
    """The gfx target of a GPU by its name; the longest known name that stands in it counts."""
    words = f" {_plain(name)} "
    best: tuple[int, str | None] = (0, None)
    for row in rows("amd_devices", "devices"):
        for known in map(_plain, row.texts("names")):
            if f" {known} " in words and len(known) > best[0]:
                best = (len(known), row.text("gfx"))
    return best[1]


def _plain(name: str) -> str:
    text = re.sub(r"\((tm|r)\)|\bamd\b|\bgraphics\b|\bseries\b", " ", name.lower())
    return " ".join(re.findall(r"[a-z0-9]+", text))


def _served(targets: Iterable[str], probe: Probe) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The targets that one build runs together, and those left out, with why."""
    kept: list[str] = []
    left: list[tuple[str, str]] = []
    newest_first = sorted(set(targets), key=lambda gfx: (len(gfx), gfx), reverse=True)
    for gfx in sorted(newest_first, key=lambda gfx: gfx in integrated()):
        reason = _refused([*kept, gfx], probe)
        if reason is None:
            kept.append(gfx)
        else:
            left.append((gfx, reason))
    return tuple(sorted(kept, key=lambda gfx: (len(gfx), gfx))), tuple(left)


def _refused(targets: Sequence[str], probe: Probe) -> str | None:
    """Why the last of these targets is left out beside the others; None when one build runs all of them well.

    A GPU inside the processor does not hold a card back: what it would cost is a newer build.
    """
    builds, others = _builds(targets, probe), targets[:-1]
    if builds.offered:
        own = _builds(others, probe).offered if others and targets[-1] in integrated() else ()
        if not own or own[0].name == builds.offered[0].name or integrated() >= set(others):
            return None
        return (
            f"it is part of the processor, and without it {', '.join(others)} can have build {own[0].name} "
            f"instead of {builds.offered[0].name}"
        )
    if others and _refused(targets[-1:], probe) is None:
        return f"no one build runs it and {', '.join(others)} together"
    return builds.rejected[0].reason if builds.rejected else "there is no ROCm build for it"


def _builds(targets: Sequence[str], probe: Probe) -> Builds:
    os = "windows" if probe.python("system") == "Windows" else "linux"
    return choose_builds(Context(f"{os}-x86_64", os, "x86_64", "", Envelope.of({"gfx": tuple(targets)})))


@cache
def integrated() -> frozenset[str]:
    """The targets of GPUs that are part of a processor."""
    known = rows("amd_devices", "devices")
    return frozenset(row.text("gfx") for row in known if row.values.get("integrated"))


def _unreachable(probe: Probe, facts: AmdFacts) -> bool:
    return _node_missing(probe) or (bool(facts.devices) and not probe.pastes() and may_not_open(probe))


def _node_missing(probe: Probe) -> bool:
    # under WSL every GPU is reached through /dev/dxg, and there is no KFD
    return not probe.pastes() and not {"kfd", "dxg"} & set(probe.folder("/dev"))


def diagnose(probe: Probe) -> Iterable[Finding]:
    """What keeps ROCm from working, and what an override or an integrated GPU changes."""
    facts = read(probe)
    if probe.pastes():
        from provenv_plugins.amd_paste_findings import paste_findings

        yield from paste_findings(probe)
    elif probe.python("system") == "Linux":
        yield from _live(probe, facts)
    elif not facts.devices:
        yield from on_windows(probe)
    if not facts.devices:
        return
    kept, left = _served([device.gfx for device in facts.devices if device.gfx], probe)
    for gfx, reason in left:
        code = "gpu-left-out" if kept else "gpu-without-build"
        # one inside the processor may well stand beside the card that is meant for training
        severe = not kept and gfx not in integrated()
        yield Finding(code, f"{gfx}: {reason}", _hide_remedy(facts, kept), "error" if severe else "warning")
    value = probe.environment(OVERRIDE)
    if value:
        yield Finding(
            "hsa-override-in-use",
            f"{OVERRIDE}={value} makes ROCm take the GPU for another; what fits is judged by the real one",
            f"unset {OVERRIDE}",
            "warning",
        )


def _live(probe: Probe, facts: AmdFacts) -> Iterable[Finding]:
    """What keeps a Linux machine's user from its GPUs."""
    if not facts.devices:
        yield from without_driver(probe)
    elif _node_missing(probe):
        yield Finding(
            "amd-device-nodes-missing",
            "the amdgpu driver is loaded, but /dev/kfd is not reachable from here",
            "start the container with `--device=/dev/kfd --device=/dev/dri --group-add video`",
            "error",
        )
    elif may_not_open(probe):
        yield no_permission()
    yield from partitioned(probe.file(f"{NODES}/{node}/properties") or "" for node in probe.folder(NODES))


def _hide_remedy(facts: AmdFacts, kept: Sequence[str]) -> str:
    wanted = [str(index) for index, device in enumerate(facts.devices) if device.gfx in kept]
    return f"export HIP_VISIBLE_DEVICES={','.join(wanted)}" if wanted else ""
