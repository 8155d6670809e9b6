"""What pasted texts say of the machine itself: system, architecture, C library, Python, torch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from provenv.hooks import Finding, Paste, Reading
from provenv.hooks.values import replace
from provenv_plugins.architectures import ARCHITECTURES, Facts
from provenv_plugins.document_pastes import DOCUMENTS, is_cpuinfo, places
from provenv_plugins.lscpu_pastes import cpuinfo_of_lscpu
from provenv_plugins.nvidia_smi_table import drivers, first_machine
from provenv_plugins.python_pastes import distributions, python_facts


def read(pastes: Sequence[Paste]) -> Reading:
    """Of two answers to one question the first kind of document's stands, in the order of `DOCUMENTS`."""
    whole, pastes = pastes, [replace(paste, text=first_machine(paste.text)) for paste in pastes]
    python: Facts = {}
    for document in (*DOCUMENTS, python_facts):
        for paste in pastes:
            for name, value in document(paste.text).items():
                python.setdefault(name, value)
    python = {name: value for name, value in python.items() if value or name == "torch"}
    _settle(python, pastes)
    installed: dict[str, str] = {}
    for paste in pastes:
        installed = {**distributions(paste.text, python.get("torch")), **installed}
    rows = [[name, version, ""] for name, version in sorted(installed.items())]
    answers = {"python": python, "file": _files(pastes), **_values(pastes)}
    return Reading({**answers, **({"distributions": {"": rows}} if rows else {})}, findings=_systems(whole))


_PROMPT = r"^[\[(]?[\w.-]+@([\w.-]+)[:\s~][^\n]*?[$#] \w"


def _systems(pastes: Iterable[Paste]) -> tuple[Finding, ...]:
    """Reports of two systems (a machine and its container, or two machines), two drivers, two hosts."""
    texts = [paste.text for paste in pastes]
    found = _several(r"^\W{0,6}OS\s*:[ \t]*(\S.*?)\s*$", texts)
    if len(found) < 2:
        versions = dict.fromkeys(version for text in texts for version in drivers(text))
        found = [f"NVIDIA driver {version}" for version in versions]
    if len(found) < 2:
        found = [f"the host {host}" for host in _several(_PROMPT, texts)]
    if len(found) < 2:
        return ()
    return (
        Finding(
            "several-systems-in-paste",
            f"the texts tell of {' and of '.join(found[:3])}: they are read as one machine, what the "
            "first says stands",
            "give each machine's texts by themselves",
            "note",
        ),
    )


def _several(pattern: str, texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for text in texts for name in re.findall(pattern, text, re.M)))


def read_places(pastes: Sequence[Paste]) -> Reading:
    """What file names and compilers' targets tell; anything else is better evidence."""
    python: Facts = {}
    for paste in pastes:
        for name, value in places(paste.text).items():
            python.setdefault(name, value)
    return Reading({"python": python})


def _settle(python: Facts, pastes: Iterable[Paste]) -> None:
    """What follows from several documents together: the system's own word for an architecture."""
    if "system" not in python and any(map(_is_linux_file, pastes)):
        python["system"] = "Linux"
    machine = ARCHITECTURES.get(python.get("machine", "").lower())
    if machine is None:
        python.pop("machine", None)
        return
    own = {"Linux": {"arm64": "aarch64"}, "Darwin": {"aarch64": "arm64"}}.get(python.get("system", ""), {})
    python["machine"] = own.get(machine, machine)
    if python.get("system") == "Windows":
        python["machine"] = {"x86_64": "AMD64", "arm64": "ARM64", "i386": "x86"}.get(machine, machine)
    if python["machine"] == "i386":
        python["bits"] = "32"


def _is_linux_file(paste: Paste) -> bool:
    """A file of sysfs or procfs, by its path or as only such a one is written."""
    if re.search(r"(^|/)(sys/|proc/|kfd/|topology/nodes/|nodes/\d+/properties$)", paste.name):
        return True
    return (
        paste.name.rpartition("/")[2] == "uevent"
        and re.match(r"(?:DRIVER|PCI_CLASS)=", paste.text) is not None
    )


def _files(pastes: Iterable[Paste]) -> Mapping[str, str]:
    """System files that are known by their content."""
    found: dict[str, str] = {}
    for paste in pastes:
        if is_cpuinfo(paste.text):
            found.setdefault("/proc/cpuinfo", paste.text)
        elif text := cpuinfo_of_lscpu(paste.text):
            found.setdefault("/proc/cpuinfo", text)
        if re.search(r"^MemTotal:\s+\d+ kB", paste.text, re.M):
            found.setdefault("/proc/meminfo", paste.text)
        if re.search(r"^PRETTY_NAME=", paste.text, re.M):
            found.setdefault("/etc/os-release", paste.text)
    return found


def _values(pastes: Iterable[Paste]) -> Mapping[str, Mapping[str, str]]:
    """sysctl's values, a registry export's, and the variables that reports print."""
    sysctl: dict[str, str] = {}
    registry: dict[str, str] = {}
    environment: dict[str, str] = {}
    for paste in pastes:
        pairs = re.findall(
            r"^`?((?:hw|kern|machdep|sysctl)\.[\w.]+)(?::|\s*\n)[ \t]*(\S.*)$", paste.text, re.M
        )
        sysctl.update((name, value) for name, value in reversed(pairs))
        lines = re.findall(r"^(?:export |set )?([A-Z][A-Z0-9_]{3,60})=([^\s\"']*)[\"']?$", paste.text, re.M)
        environment.update(reversed(lines))
        registry.update(_registry(paste.text))
    return {"sysctl": sysctl, "registry": registry, "environment": environment}


def _registry(text: str) -> Iterable[tuple[str, str]]:
    if "HKEY_LOCAL_MACHINE" not in text:
        return
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    for key, values in document.items() if isinstance(document, dict) else ():
        path = str(key).replace("HKEY_LOCAL_MACHINE", "HKLM", 1)
        for name, value in values.items() if isinstance(values, dict) else ():
            yield f"{path}|{name}", str(value)
