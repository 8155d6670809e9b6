"""The processor: always there, always last."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.hooks import (
    Accelerator,
    Build,
    Builds,
    Context,
    Detection,
    Device,
    Envelope,
    EnvelopeKey,
    Finding,
    Installation,
    Probe,
    Releases,
    hookimpl,
)
from provenv.hooks.values import replace
from provenv_plugins.numpy_abi import NUMPY_ABI
from provenv_plugins.pytorch import ALIASES, FAMILY, index_of, publishes, undeclared

# Processors on which some of torch's own wheels end with an illegal instruction: the torch that runs.
# Sources: pytorch issues #116623 (SSE4.1), #97226, #132032, #176993, PR #174401 (ARMv8.0).
LIMITS = {"x86-64-v1": "torch<2.1", "armv8.0": "torch>=2.11"}


def accepts(os: str, arch: str) -> str | None:
    """Every platform has one."""
    return None


def builds(context: Context) -> Builds:
    """The one CPU build: of the PyTorch index on Linux, of the default index elsewhere.

    The default index's Linux wheels of torch are CUDA builds (x86_64: all of them; aarch64: from 2.11 on),
    which bring gigabytes that a CPU has no use for. A musl Linux gets the build too: a project may do without
    torch, and for one that does not the resolver finds that no wheel fits.
    """
    build, limit = _build(context), LIMITS.get(context.envelope.one("cpu-level") or "")
    return Builds((replace(build, constraints=(*build.constraints, limit)) if limit else build,))


def _build(context: Context) -> Build:
    if context.os == "linux":
        # aarch64 torchvision and torchaudio had no local label up to 0.24 and 2.10, triton never has one
        # Else a musl target would take the wheels tagged `linux_x86_64` (2.6), which need glibc as all do.
        none = ("torch<0",) if context.envelope.one("musl") else ()
        return Build("cpu", index_of("cpu"), FAMILY, ("cpu", ""), none, _linux_needs(context))
    if context.os == "windows" and context.arch == "arm64":
        # The default index has none; on the CPU index torchvision's label is a commit (+e437e35).
        return Build("cpu", index_of("cpu"), FAMILY, needs="torch 2.7 or newer, Python 3.11 or newer")
    if context.os == "macos" and context.arch == "x86_64":
        needs = "an Intel Mac's torch, which ends at 2.2.2: Python 3.12 or older, NumPy 1"
        return Build("cpu", None, FAMILY, ("", "cpu"), ("torch<2.3",), needs)
    return Build("cpu", None, FAMILY, ("", "cpu"))


def _linux_needs(context: Context) -> str:
    if context.envelope.one("musl"):
        return "glibc: PyTorch publishes no wheel for musl (Alpine)"
    return "glibc 2.28 from torch 2.7 on, 2.17 before"


def releases(package: str, context: Context) -> Releases:
    """See `cpu_builds.releases_for`."""
    if package != "torch":
        return Releases()
    from provenv_plugins.cpu_builds import releases_for

    return releases_for(context)


def conda_constraints(context: Context) -> tuple[str, ...]:
    """See `conda_builds.cpu_constraints`."""
    from provenv_plugins.conda_builds import cpu_constraints

    return cpu_constraints(context)


def detect(probe: Probe) -> Detection:
    """The processor's name and cores, where the machine says them."""
    found = _proc_cpuinfo(probe) or _sysctl(probe) or _windows(probe)
    level = dict(found.facts).get("level", "") if found else ""
    variants = Envelope.of({"cpu-level": level}) if level and check_level(level) is None else Envelope()
    envelope = variants if level in LIMITS else Envelope()
    return Detection(True, (found,) if found else (), envelope, how=("processor",), variants=variants)


def check_level(value: str) -> str | None:
    """See `cpu_variants.check_level`."""
    from provenv_plugins.cpu_variants import check_level as check

    return check(value)


def features(context: Context) -> tuple[str, ...]:
    """See `cpu_variants.features`."""
    from provenv_plugins.cpu_variants import features as facts

    return facts(context)


ENVELOPE = (
    EnvelopeKey(
        "cpu-level",
        "LEVEL",
        "the least processor that it must run on (x86-64-v3, armv8.2): old ones don't run every torch, and "
        "wheel variants ask for it",
        check=check_level,
    ),
)


def _proc_cpuinfo(probe: Probe) -> Device | None:
    text = probe.file("/proc/cpuinfo")
    if not text:
        return None
    rows = [
        (key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in text.splitlines())
    ]
    first: dict[str, str] = {}
    for key, value in rows:
        first.setdefault(key, value)
    flags = set(first.get("flags", first.get("Features", "")).split())
    cores = sum(key == "processor" for key, _ in rows)
    name = (
        first.get("model name")
        or first.get("Model")
        or first.get("Hardware")
        or probe.python("machine")
        or "CPU"
    )
    facts = [("cores", str(cores))] if cores else []
    if level := x86_64_level(flags):
        facts.append(("level", level))
    elif first.get("CPU architecture"):
        facts.append(("level", _arm_level(first["CPU architecture"], flags)))
    return Device("cpu", name, _memory_mib(probe), facts=tuple(facts))


# The levels of the x86-64 psABI, in /proc/cpuinfo's words (lahf_lm is SAHF, abm is LZCNT, pni is SSE3).
LEVELS = (
    ("x86-64-v1", {"cx8", "cmov", "fpu", "fxsr", "mmx", "sse", "sse2"}),
    ("x86-64-v2", {"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"}),
    ("x86-64-v3", {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"}),
    ("x86-64-v4", {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}),
)


def x86_64_level(flags: set[str]) -> str | None:
    """The highest x86-64 level whose features, and those of the ones below, are all there."""
    reached = None
    for level, needed in LEVELS:
        if not needed <= flags:
            return reached
        reached = level
    return reached


def _arm_level(architecture: str, flags: set[str]) -> str:
    """ARMv8.2 is told by half-precision arithmetic (`asimdhp`) and atomics, v8.0 has neither."""
    if "sve" in flags:
        return "armv8.2+sve"
    return f"armv{architecture}.2" if {"asimdhp", "atomics"} <= flags else f"armv{architecture}.0"


def _memory_mib(probe: Probe) -> int | None:
    for line in (probe.file("/proc/meminfo") or "").splitlines():
        key, _, value = line.partition(":")
        amount = value.split()
        if key == "MemTotal" and amount and amount[0].isdigit():
            return int(amount[0]) // 1024
    return None


def _sysctl(probe: Probe) -> Device | None:
    name = probe.sysctl("machdep.cpu.brand_string")
    if not name:
        return None
    cores, memory = probe.sysctl("hw.ncpu"), probe.sysctl("hw.memsize")
    size = int(memory) // 2**20 if memory and memory.isdigit() else None
    return Device("cpu", name, size, facts=(("cores", cores),) if cores else ())


def _windows(probe: Probe) -> Device | None:
    name = probe.registry(r"HKLM\HARDWARE\DESCRIPTION\System\CentralProcessor\0", "ProcessorNameString")
    cores = probe.environment("NUMBER_OF_PROCESSORS")
    return Device("cpu", name.strip(), facts=(("cores", cores),) if cores else ()) if name else None


def diagnose(probe: Probe) -> Iterable[Finding]:
    """Processors on which torch's own wheels end with an illegal instruction, or miss operators.

    Sources: pytorch issues #116623 (SSE4.1), #94021 (AVX2), #97226, #132032, #176993, PR #174401 (ARMv8.0).
    """
    found = _proc_cpuinfo(probe)
    level = dict(found.facts).get("level", "") if found else ""
    if level == "x86-64-v1":
        message = "this processor has no SSE4.1: torch from 2.1 on ends with an illegal instruction"
        yield Finding("cpu-too-old", message, "pin torch<2.1", "error")
    elif level == "x86-64-v2":
        message = "this processor has no AVX2: quantised operators don't work, the others are slow"
        yield Finding("cpu-without-avx2", message, severity="note")
    elif level == "armv8.0":
        message = "this processor is an ARMv8.0: torch before 2.11 may end with an illegal instruction"
        yield Finding("cpu-armv8.0", message, "pin torch>=2.11")


def inspect(probe: Probe, installation: Installation) -> Iterable[Finding]:
    """What belongs to torch, whichever device it is for; see `torch_family.inspect`."""
    from provenv_plugins.torch_family import inspect as judge

    return judge(probe, installation)


@hookimpl
def provenv_accelerators() -> Iterable[Accelerator]:
    """cpu."""
    yield Accelerator(
        name="cpu",
        preference=100,
        accepts=accepts,
        detect=detect,
        builds=builds,
        torch_device="cpu",
        family=FAMILY,
        envelope=ENVELOPE,
        features=features,
        conda_constraints=conda_constraints,
        diagnose=diagnose,
        inspect=inspect,
        releases=releases,
        undeclared=undeclared,
        publishes=publishes,
        aliases=ALIASES,
        runtime=NUMPY_ABI,
    )
