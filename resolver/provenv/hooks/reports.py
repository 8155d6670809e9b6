"""Environment reports that name several vendors' devices: torch's collect_env, and those written after it.

For plugins: who a device belongs to is for them to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from provenv.values import dataclass

_KEY = re.compile(
    r"^\s*(?:[-*\u2022]\s+|\d+[.)]\s+)?[*`|]*\s*"  # lists, emphasis and tables of Markdown
    r"([^\W\d_][^:\uff1a=|]{0,60}?)[*`]*\s*(?:\uff1a[*`]*\s*|:[*`]*(?:\s+|$))(.*?)\s*$"
)
_SECOND_FIELD = re.compile(r"\s{6,}(?=[A-Z][\w ]{2,40}: )")
_LISTED = re.compile(r"^\s*GPU ([\d, ]+):\s+(.*?)(?:\s+\(UUID: .*)?$")
_CAPABILITY = re.compile(r"^\s*GPU ([\d, ]+) Compute Capability:\s*(\d+\.\d+)")
_PART = re.compile(r"^\s*MIG (\S+)\s+Device\s+\d+:")
# What browsers and chats make of `version` when they translate a page: in Romance and Slavic languages, in
# Chinese, Japanese and Korean.
_VERSION_WORDS = re.compile(
    r"[- ]?(?:(?<=-)version|versi\u00f3n|versione|vers\u00e3o|versie|wersja"
    r"|\u0432\u0435\u0440\u0441\u0438\u044f|\u7248\u672c|\u30d0\u30fc\u30b8\u30e7\u30f3|\ubc84\uc804)"
    r"(?: (?:de|von|di|do)(?= ))?"
)
_OF = re.compile(r"^version (?:de |von |di |do )?(pytorch|python|libc|cuda)$")
_NOTHING = frozenset(("", "n/a", "none", "could not collect", "not found", "no response", "_no response_"))

MODELS = "gpu models and configuration"
_BUILT = "used to build pytorch"


@dataclass(frozen=True, slots=True)
class ReportedGpu:
    """A device that a report names. `parts`: the slices of it that are in use, e.g. `1g.12gb`."""

    name: str
    compute_capability: str | None = None
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvironmentReport:
    """What a report says. `fields`: its keys in lower case -> what stands behind them.

    `torch`: "" where it says that there is none.
    """

    fields: Mapping[str, str]
    gpus: tuple[ReportedGpu, ...]
    torch: str | None

    def value(self, *keys: str) -> str | None:
        """The first of these fields that says something."""
        return next((v for key in keys if (v := known(self.fields.get(key))) is not None), None)

    def built_for(self, runtime: str, label: str) -> str | None:
        """The version of a runtime that torch was built for, by the report's own line, else by torch's label.

        `runtime`: its name in the line `<RUNTIME> used to build PyTorch`; `label`: what stands before the
        digits in the local version (`cu` of `2.4.0+cu121`, which is 12.1).
        """
        if line := re.match(r"\d+\.\d\S*", self.fields.get(f"{runtime} {_BUILT}", "")):
            return line[0]
        local = re.search(rf"\+{label}(\d[\d.]*)", self.torch or "")
        digits = local[1].rstrip(".") if local else ""
        return (digits if "." in digits else f"{digits[:-1]}.{digits[-1]}") if digits else None


def known(value: str | None) -> str | None:
    """A field's value, None for `N/A`, `Could not collect`, `No CUDA` and their like."""
    text = (value or "").strip()
    return None if text.lower() in _NOTHING or re.fullmatch(r"no \w+", text, re.IGNORECASE) else text


@lru_cache(maxsize=8)
def fields(text: str) -> Mapping[str, str]:
    """Every `key: value` line: the key in lower case -> the first value that is not empty."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if ":" not in line and "\uff1a" not in line:
            continue
        several = "      " in line and len(line) < 2000
        for part in _SECOND_FIELD.split(line) if several else [line]:
            if match := _KEY.match(part):
                key = _key(match[1])
                if not found.get(key):
                    found[key] = match[2]
    return found


@lru_cache(maxsize=4096)
def _key(text: str) -> str:
    """A key in lower case and single blanks, the word for `version` in English and behind what it is of."""
    key = " ".join(_VERSION_WORDS.sub(" version ", text.lower().replace("\u306e", "")).split())
    return f"{found[1]} version" if (found := _OF.match(key)) else key


@lru_cache(maxsize=8)
def environment_report(text: str) -> EnvironmentReport | None:
    """The report that stands in a text, whole or cut; None when there is none."""
    found = fields(text)
    keys = ("pytorch version", "pytorch version (gpu?)", "pytorch")
    told = next((found[key] for key in keys if key in found), None)
    if told is None and "lightning" in found:
        told = found.get("torch")
    if told is None and MODELS not in found and not any(key.endswith(_BUILT) for key in found):
        return None
    version = re.match(r"v?(\d\S*)", told or "")
    absent = "" if (told or "").lower() in ("n/a", "module not found") else None
    return EnvironmentReport(found, tuple(_gpus(text.splitlines())), version[1] if version else absent)


def _gpus(lines: Sequence[str]) -> Iterable[ReportedGpu]:
    names: dict[int, str] = {}
    capabilities: dict[int, str] = {}
    parts: dict[int, list[str]] = {}
    bare: list[str] = []
    last = -1
    for number, line in enumerate(lines):
        inline = re.match(
            r"^\s*(?:[-*]\s+)?\**GPU models and configuration\**\s*:\s*(.*)$", line, re.IGNORECASE
        )
        # whatever a translator calls the field
        keyed = re.match(r"^[^\n:\uff1a]{4,40}[:\uff1a]\s*(GPU [\d, ]+:\s.*)$", line)
        line = inline[1] if inline else keyed[1] if keyed else line
        if found := _CAPABILITY.match(line):
            capabilities.update(dict.fromkeys(_indices(found[1]), found[2]))
        elif found := _LISTED.match(line):
            last = -1
            for index in _indices(found[1]):
                # a list that stands twice in a text is one list
                last = index if index not in names else -1
                names.setdefault(index, found[2].strip())
        elif (found := _PART.match(line)) and last >= 0:
            parts.setdefault(last, []).append(found[1])
        elif inline:
            bare += _bare([inline[1], *lines[number + 1 : number + 33]])
    if not names and not bare:
        bare = [*_nested(lines), *named_gpus("\n".join(lines))]
    if names:
        for index, name in sorted(names.items()):
            yield ReportedGpu(name, capabilities.get(index), tuple(parts.get(index, [])))
    else:
        for name in bare:
            times = re.search(r"\s*[x\u00d7*]\s*(\d{1,2})$", name)
            yield from [ReportedGpu(name[: times.start()] if times else name)] * int(times[1] if times else 1)


def _nested(lines: Sequence[str]) -> Iterable[str]:
    """Lightning's list: `- GPU:`, and below it `- NAME`, further in."""
    head = next((n for n, line in enumerate(lines) if re.match(r"^\s*-\s+GPU:\s*$", line)), None)
    for line in lines[head + 1 :] if head is not None else ():
        found = re.match(r"^\s*-\s+([^:]+?)\s*$", line)
        if found is None:
            return
        if known(found[1]) is not None:
            yield found[1]


def _indices(text: str) -> list[int]:
    return [int(word) for word in re.findall(r"\d{1,4}", text)][:1024]


def _bare(lines: Iterable[str]) -> Iterable[str]:
    """Names without `GPU 0:` (old reports, ROCm's), until an empty line or the next field."""
    for place, line in enumerate(lines):
        if place and (not line.strip() or _KEY.match(line)):
            return
        if known(line) is not None:
            yield line.strip()


_NAMED = re.compile(
    r"^\W{0,8}(?:GPUs?|Graphics(?: card)?|Video card|\u663e\u5361)"
    r"(?: ?(?:type|name|model|\d{1,2}|\u578b\u53f7))?\W{0,4}[:\uff1a][ \t*`]*(\S.*?)[ \t*`]*$",
    re.MULTILINE | re.IGNORECASE,
)


def named_gpus(text: str) -> tuple[str, ...]:
    """What stands on lines such as `GPU type: NVIDIA A100-SXM4-80GB` or `GPU: AMD Radeon RX 7600 [Discrete]`.

    Lists and sentences are left out: one line names one device.
    """
    names = (re.sub(r"\s*(?:\[[A-Z][a-z]+\]|@ .*)$", "", found) for found in _NAMED.findall(text))
    return tuple(
        name for name in names if name and not re.search(r"[,;!?]|\band\b|: ", name) and len(name) < 80
    )
