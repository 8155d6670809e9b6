"""lscpu in any language, as the /proc/cpuinfo that it was made from."""

from __future__ import annotations

import re

# The first flags of every processor of the kind, by which their line is known whatever its key is called.
_X86 = re.compile(r"^[^:\uff1a\n]{1,40}[:\uff1a]\s*((?:fpu|vme|de|pse|tsc) [a-z0-9_ ]+)$", re.MULTILINE)
_ARM = re.compile(r"^[^:\uff1a\n]{1,40}[:\uff1a]\s*(fp asimd [a-z0-9_ ]+)$", re.MULTILINE)
_MODEL = re.compile(
    r"^(?:Model name|\u578b\u53f7\u540d\u79f0|Modellname|Nom de mod\u00e8le|Nombre del modelo)"
    r"\s*[:\uff1a]\s*(\S.*?)\s*$",
    re.MULTILINE,
)
_COUNT = re.compile(r"^CPU(?:\(s\))?\s*[:\uff1a]\s*(\d{1,4})\s*$", re.MULTILINE)


def cpuinfo_of_lscpu(text: str) -> str | None:
    """The processors' stanzas as far as lscpu tells them; None where its flags may be cut or wrapped."""
    x86, arm = _X86.search(text), _ARM.search(text)
    found = x86 or arm
    if found is None or not _goes_on(text[found.end() :], last=arm is found):
        return None
    model, count = _MODEL.search(text), _COUNT.search(text)
    stanza = f"model name\t: {model[1]}\n" if model else ""
    stanza += f"flags\t\t: {found[1]}\n" if x86 else f"Features\t: {found[1]}\nCPU architecture: 8\n"
    return "\n".join(f"processor\t: {number}\n{stanza}" for number in range(int(count[1]) if count else 1))


def _goes_on(rest: str, *, last: bool) -> bool:
    """Whether another field follows the flags; old lscpu has them last, and then a line end must show it."""
    following = rest.lstrip("\n").partition("\n")[0]
    if not following.strip():
        return last and rest[:1] in ("\n", "")
    return bool(re.match(r"[^:\uff1a\n]{1,60}[:\uff1a]", following)) or rest.startswith("\n\n")
