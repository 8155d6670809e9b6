"""The documents that tell of a machine itself, each read for its system, architecture, C library."""

from __future__ import annotations

import re
from collections.abc import Callable

from provenv.hooks.reports import environment_report
from provenv_plugins.architectures import ARCH, Facts
from provenv_plugins.desktop_pastes import macos, windows
from provenv_plugins.installer_pastes import conda, pip_debug


def _report(text: str) -> Facts:
    """torch's collect_env and its like: `OS`, `Libc version`, `Python platform`."""
    report = environment_report(text)
    if report is None:
        return {}
    facts = _platform_text(report.value("python platform", "platform") or "")
    system = report.value("os") or ""
    arch = re.search(rf"\({ARCH}\)$", system)
    windows = re.search(r"\bwindows\b|^nt$", system, re.IGNORECASE)
    macos = re.match(r"(?:macOS|Mac OS X|Mac OSX)\s*(\d+[\d.]*)?", system)
    if system and system != "posix":  # os.name, as ComfyUI has it; macOS has the same
        facts["system"] = "Windows" if windows else "Darwin" if macos else facts.get("system", "Linux")
    if macos and macos[1]:
        facts["macos_version"] = macos[1]
    if arch:
        facts["machine"] = arch[1]
    if "ulimit soft" in report.fields:  # only POSIX systems limit so, and macOS has been told above
        facts.setdefault("system", "Linux")
    if architecture := re.search(r"64 bit \((AMD64|ARM64)\)", report.value("python version") or ""):
        facts.setdefault("machine", architecture[1].lower())
    if libc := re.match(r"(glibc|musl)-(\d+\.\d+)", report.value("libc version") or ""):
        facts["libc"], facts["libc_version"] = libc[1], libc[2]
    if architecture := re.search(r"^Architecture: (9|12)$", text, re.MULTILINE):
        facts.setdefault("machine", {"9": "x86_64", "12": "arm64"}[architecture[1]])  # WMI's numbers
    return facts


def _platform_text(text: str) -> Facts:
    """What `platform.platform()` gives: `Linux-5.15.0-75-generic-x86_64-with-glibc2.31`."""
    if found := re.match(rf"Linux-(\S+?)-{ARCH}(?:-with-(?:(glibc|musl)(\d+\.\d+))?|$|-)", text):
        facts = {"system": "Linux", "release": found[1], "machine": found[2]}
        return {**facts, "libc": found[3], "libc_version": found[4]} if found[3] else facts
    if found := re.match(rf"(?:macOS|Darwin)-(\d[\d.]*)-{ARCH}", text):
        name = "macos_version" if text.startswith("macOS") else "release"
        return {"system": "Darwin", name: found[1], "machine": found[2]}
    if text.lower().startswith("windows"):
        return {"system": "Windows"}
    return {"system": "Linux"} if text.lower().startswith("linux") else {}


def _platform(text: str) -> Facts:
    """`platform.platform()` wherever it stands."""
    found = re.search(rf"\bLinux-\S+?-{ARCH}-with-\S+", text)
    return _platform_text(found[0]) if found else {}


def _uname(text: str) -> Facts:
    """uname in its forms, /proc/version, Darwin's kernel line, what sysctl says of the kernel."""
    if freebsd := re.search(r"^(?:FreeBSD \S+ |kern\.osrelease: )(\d+\.\d+-\S+)", text, re.M):
        arch = re.search(rf"^FreeBSD \S+ .* {ARCH}(?: |$)", text, re.M)
        return {"system": "FreeBSD", "release": freebsd[1], "machine": arch[1] if arch else ""}
    if found := re.search(rf"^kernel\.osrelease = (\S+?(?:\.{ARCH})?)$", text, re.M):
        return {"system": "Linux", "release": found[1], "machine": found[2] or ""}
    if found := re.fullmatch(r"\s*(?:\$ uname(?: -s)?\s+)?(Linux|Darwin|FreeBSD)\s*", text):
        return {"system": found[1]}
    darwin = re.search(
        rf"Darwin Kernel Version (\d[\d.]*):.*?(?:RELEASE_(\w+?)_?\w*)?\s+{ARCH}?\s*$", text, re.M
    )
    if darwin or "Darwin Kernel Version" in text:
        facts = {"system": "Darwin", "release": darwin[1] if darwin else ""}
        return {**facts, "machine": darwin[3] or ""} if darwin else facts
    if found := re.search(rf"\bLinux\s+(?:\S+\s+)?(\d+\.\d+\S*)\s+#\d+.*?\b{ARCH}(?:\s|$)", text):
        return {"system": "Linux", "release": found[1], "machine": found[2]}
    if found := re.search(r"\bLinux\s+(?:\S+\s+)?(\d+\.\d+\S*)\s+(?:#\d+|\(\w+@)", text):
        toolchain = re.search(rf"{ARCH}-linux-gnu", text)
        return {"system": "Linux", "release": found[1], "machine": toolchain[1] if toolchain else ""}
    if found := re.search(r"^(Linux|Darwin) (\d+\.\d+\.\d+\S*)$", text, re.M):
        return {"system": found[1], "release": found[2]}
    return {}


def _lscpu(text: str) -> Facts:
    """A line whose value is an architecture, whatever the language of its key; and lscpu's other signs."""
    facts: Facts = {}
    for found in re.finditer(rf"[:\uff1a=]\s*{ARCH}\s*$", text, re.M | re.I):
        key = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        if re.fullmatch(r"\s*(?:[-*\d.]+\s+)?[^\n:\uff1a=]{1,40}", key):
            facts["machine"] = found[1]
            break
    signs = r"^\s*BogoMIPS\s*[:\uff1a]|^\s*NUMA node0 CPU|[:\uff1a]\s*(?:Little|Big) Endian\s*$"
    if re.search(signs, text, re.M):
        facts["system"] = "Linux"
    return facts


def _cpuinfo(text: str) -> Facts:
    if not is_cpuinfo(text):
        return {}
    facts = {"system": "Linux"}
    flags = re.search(r"^flags\s*:(.*)$", text, re.M)
    if flags and " lm " in f"{flags[1]} ":  # long mode
        facts["machine"] = "x86_64"
    elif re.search(r"^Features\s*:.*\basimd\b", text, re.M):  # its 32-bit twin says `neon`
        facts["machine"] = "aarch64"
    elif re.search(r"^isa\s*:\s*rv64", text, re.M):
        facts["machine"] = "riscv64"
    return facts


def is_cpuinfo(text: str) -> bool:
    """Linux's /proc/cpuinfo, of any architecture."""
    return bool(
        re.search(r"^processor\s*:\s*\d+\s*$", text, re.M)
        and re.search(r"^(?:flags|Features|isa|cpu|vendor_id|CPU part|BogoMIPS)\s*:", text, re.M)
    )


def _distribution(text: str) -> Facts:
    """os-release, lsb_release, lspci, `ldd --version`, packages: Linux, and its C library."""
    facts: Facts = {}
    if re.search(r'^(?:PRETTY_NAME|VERSION_ID|NAME)=|\bNAME="', text, re.M) or re.search(
        r"^(?:Distributor ID|Description):\t", text, re.M
    ):
        facts["system"] = "Linux"
    # udev, lspci -vmm and -mm, lshw, inxi, hwinfo, a Kubernetes node
    listed = (
        r"^E: DEVPATH=/|^Slot:\t\S+\nClass:\t|^[\da-f:]+\.[0-7] \"[A-Z]|^\s+\*-display|^\s+Device-\d+: \S"
        r"|^\s+SysFS BusID: |\bkubernetes\.io/os[=:] ?linux\b"
    )
    if re.search(listed, text, re.M):
        facts["system"] = "Linux"
    if re.search(r"^\s+Kernel driver in use: |^\S*[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] [A-Z][\w ]+: ", text, re.M):
        facts["system"] = "Linux"  # lspci
    if found := re.search(r"^ldd \(.*\) (\d+\.\d+)\s*$", text, re.M):
        facts.update({"system": "Linux", "libc": "glibc", "libc_version": found[1]})
    if found := re.search(r"^musl libc \((\w+)\)\s+Version (\d+\.\d+)", text, re.M):
        facts.update({"system": "Linux", "libc": "musl", "libc_version": found[2], "machine": found[1]})
    if re.search(r"^\s*(?:ii|rc|hi)\s+\S+\s+\S+\s+(?:amd64|arm64|all)\s", text, re.M):
        facts["system"] = "Linux"
    if re.search(r"^Package: \S+$", text, re.M) and re.search(r"^Depends: ", text, re.M):
        facts["system"] = "Linux"
    return facts


def _modinfo(text: str) -> Facts:
    """A kernel module's own words, or a list of them."""
    if found := re.search(r"^vermagic:\s+(\S+)", text, re.M):
        arch = re.search(rf"\.{ARCH}$", found[1])
        return {"system": "Linux", "release": found[1], "machine": arch[1] if arch else ""}
    listed = re.search(r"^Module\s+Size\s+Used by", text, re.M) or re.search(r"^\S*\$ lsmod", text, re.M)
    return {"system": "Linux"} if listed else {}


def _cpuid(text: str) -> Facts:
    """Raw CPUID leaves, `leaf, subleaf, eax, ebx, ecx, edx`: long mode is bit 29 of 0x80000001's edx."""
    found = re.search(r"^2147483649, 0, \d+, \d+, \d+, (\d{1,10})$", text, re.M)
    return {"machine": "x86_64"} if found and int(found[1]) >> 29 & 1 else {}


_HEADED = re.compile(
    r"^\W{0,40}(?:OS|Operating System|Platform|System)\W{0,3}[:=|][ \t]*\W{0,3}(\w[^\n]*)$",
    re.MULTILINE | re.IGNORECASE,
)
_SYSTEMS = (
    (r"windows|win32|win\d|nt$", "Windows"),
    (r"mac ?os|darwin|os x", "Darwin"),
    (r"linux|ubuntu|debian|fedora|centos|red hat|rhel|rocky|suse|arch\b", "Linux"),
)


def _header(text: str) -> Facts:
    """`os: linux`, `kernel: 6.8.0`, as collectors of all kinds head their files."""
    facts: Facts = {}
    for headed in re.finditer(_HEADED, text):
        for sign, system in _SYSTEMS:
            if re.search(rf"\b(?:{sign})", headed[1].lower()):
                facts.setdefault("system", system)
                if arch := re.search(rf" {ARCH}$", headed[1]):  # neofetch: `Ubuntu 22.04.3 LTS x86_64`
                    facts.setdefault("machine", arch[1])
    if (found := re.search(r"^kernel:\s*(\d\S+)$", text, re.M | re.I)) and facts:
        facts["release"] = found[1]
    return facts


def places(text: str) -> Facts:
    """Where files lie, for what a compiler built: the last resort."""
    if found := re.search(r"\b(x86_64|aarch64)(?:-\w+)?-linux-gnu\b", text):
        return {"system": "Linux", "machine": found[1]}
    if re.search(r"(?<![\w.])/(?:usr|opt|home|root|lib|lib64|dev|proc|sys)/[\w.]", text) and not re.search(
        r"/(?:Users|Library|System|Applications)/|[A-Z]:\\", text
    ):
        return {"system": "Linux"}
    if re.search(r"(?<![\w\\])[A-Z]:\\(?:Users|Program Files|Windows|Python\d*|ProgramData)\b", text):
        return {"system": "Windows"}
    if re.search(r"\bon (?:Ubuntu|Debian|Fedora|CentOS|Rocky Linux|RHEL) \d", text):
        return {"system": "Linux"}
    return {}


DOCUMENTS: tuple[Callable[[str], Facts], ...] = (
    _uname,
    _report,
    _platform,
    pip_debug,
    conda,
    macos,
    windows,
    _cpuinfo,
    _modinfo,
    _lscpu,
    _distribution,
    _header,
    _cpuid,
)
