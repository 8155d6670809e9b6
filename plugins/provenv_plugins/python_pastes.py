"""What pasted texts say of the interpreter and of the torch in it."""

from __future__ import annotations

import re
from collections.abc import Callable

from provenv.hooks.reports import environment_report, fields

_VERSION = r"(\d+\.\d+(?:\.\d+)?(?:(?:a|b|rc)\d+)?)"
_TORCH = r"(\d+\.\d+(?:\.\d+)?(?:[-+.\w]*\w)?)"
_LIBRARIES = ("torchvision", "torchaudio")

# `[pip3] torch==2.4.0`, `[conda] torch 2.4.0 pypi_0 pypi`; and pip freeze's lines, with nothing before them.
_REPORTED = re.compile(
    r"^\s*\[(?:pip3?|conda)\]\s+([A-Za-z0-9][\w.-]*)(?:==|[ \t]+)(\d[\w.+!-]*)(?:[ \t]|$)", re.MULTILINE
)
_FROZEN = re.compile(r"^([A-Za-z0-9][\w.-]*)==(\d[\w.+!-]*)$", re.MULTILINE)
_TABLE = re.compile(r"^([A-Za-z0-9][\w.-]*)[ \t]{2,}(\d[\w.+!-]*)(?:[ \t]|$)", re.MULTILINE)


def python_facts(text: str) -> dict[str, str]:
    """`version`, and `torch` with `torch_cuda` or `torch_rocm`, `torchvision`, `torchaudio`; what is said."""
    facts = {"version": _python(text), **_torch(text)}
    for name in _LIBRARIES:
        facts[name] = _installed(name, text)
    return {name: value for name, value in facts.items() if value or name == "torch"}


def distributions(text: str, torch: str | None) -> dict[str, str]:
    """Canonical name -> version of what a text lists as installed; `torch`: its version with its label."""
    found: dict[str, str] = {}
    pip_list = re.search(r"^Package\s+Version\b|\bpip3? list\b", text, re.MULTILINE)
    vendored = "vendored library versions" in text  # pip's own, in `pip debug`
    patterns = [_REPORTED, *([_FROZEN] if not vendored else []), *([_TABLE] if pip_list else [])]
    for pattern in patterns:
        for name, version in pattern.findall(text):
            found.setdefault(re.sub(r"[-_.]+", "-", name.lower()), version)
    if torch and found.get("torch") == torch.partition("+")[0]:
        found["torch"] = torch  # pip lists a label only where the file's name has one
    return found


def _python(text: str) -> str:
    if "python" not in text.lower() and "sys.version" not in text:
        return ""
    found = fields(text)
    for key in ("python version", "python", "sys.version"):
        if version := re.match(rf"(?:Python |CPython )?{_VERSION}", found.get(key, ""), re.IGNORECASE):
            return version[1]
    for pattern in (
        rf"^(?:\$ )?Python {_VERSION}\b",  # python --version, and a session's first line
        rf"\bPython-{_VERSION}",
        rf"\bCPython/{_VERSION}",
        rf"^\|?\s*[-*]?\s*\**Python(?: version)?\**\s*[:|]?\s*`?{_VERSION}\b",
        r"(?<![>=<] )(?<!requires )(?<!needs )\bPython (3\.\d{1,2}\.\d{1,2})\b",
        r"/python(3\.\d+)/(?:site|dist)-packages/",
    ):
        if version := re.search(pattern, text, re.MULTILINE | re.IGNORECASE):
            return version[1]
    return ""


def _torch(text: str) -> dict[str, str]:
    report = environment_report(text)
    if report is not None and report.torch is not None:
        cuda = report.built_for("cuda", "cu") or _lightning_cuda(text)
        facts = _flavoured(report.torch, cuda, report.built_for("rocm", "rocm"))
        said = report.value("is cuda available", "cuda available", "rocm available") or ""
        if found := re.search(r"\((True|False)\)$", report.fields.get("pytorch version (gpu?)", "")):
            said = found[1]
        works = {"true": "True", "yes": "True", "false": "False", "no": "False"}.get(said.lower())
        return {**facts, "torch_cuda_available": works} if works else facts
    for source in _SOURCES:
        if version := source(text):
            return _flavoured(
                version,
                _printed("torch.version.cuda", text)
                or _behind_dots("torch cuda version", text)
                or _configured("CUDA", text)
                or _conda_cuda(text),
                _printed("torch.version.hip", text)
                or _behind_dots("torch hip version", text)
                or _configured("HIP", text),
            )
    return {}


def _lightning_cuda(text: str) -> str | None:
    """`* CUDA:`, and in the list below it `- version: 11.7`."""
    found = re.search(
        r"^\* CUDA:\n(?:[ \t]+-[^\n]*\n){1,40}?[ \t]+- version:\s+(\d+\.\d+)$", text, re.MULTILINE
    )
    return found[1] if found else None


def _flavoured(version: str, cuda: str | None, rocm: str | None) -> dict[str, str]:
    """A version with what it was built for; its local label says so where nothing else does."""
    local = re.search(r"\+(cu|rocm)(\d[\d.]*)", version)
    if local and local[1] == "cu" and not cuda:
        cuda = f"{local[2][:-1]}.{local[2][-1]}"
    if local and local[1] == "rocm" and not rocm:
        rocm = local[2].rstrip(".")
    if rocm:
        cuda = None
    flavours = {"torch_cuda": cuda or "", "torch_rocm": rocm or ""}
    return {"torch": version, **{name: value for name, value in flavours.items() if value}}


def _session(text: str) -> str:
    return _printed("torch.__version__", text) or ""


def _printed(expression: str, text: str) -> str | None:
    """What a session printed for an expression on the next line; of several on one line the first one's."""
    if expression not in text:
        return None
    pattern = (
        rf"^(?:[^\n,]*[^\n\w.,])?{re.escape(expression)}[^\n]*\n(?:\s*\n)*"
        rf"\s*\(?'?{_TORCH}'?(?:[ \t,)][^\n]*)?$"
    )
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else None


def _dotted(text: str) -> str:
    """DeepSpeed's `ds_report`."""
    return _behind_dots("torch version", text) or ""


def _behind_dots(key: str, text: str) -> str | None:
    found = re.search(rf"^{key} \.{{2,}} {_TORCH}", text, re.MULTILINE)
    return found[1] if found else None


def _configuration(text: str) -> str:
    """`torch.__config__.show()`."""
    found = re.search(rf"\bTORCH_VERSION={_TORCH}", text) if "PyTorch built with:" in text else None
    return found[1] if found else ""


def _configured(runtime: str, text: str) -> str | None:
    listed = "PyTorch built with:" in text
    found = re.search(rf"^\s*- {runtime} Runtime (\d+\.\d+)", text, re.MULTILINE) if listed else None
    return found[1] if found else None


# `conda list`: `pytorch  1.12.1  py3.10_cuda11.3_cudnn8.3.2_0`, conda-forge's `cuda126_mkl_py312_...`
_CONDA = re.compile(rf"^pytorch[ \t]{{2,}}{_TORCH}[ \t]+(\S+)", re.MULTILINE)


def _conda_listed(text: str) -> str:
    found = _CONDA.search(text)
    return found[1] if found else ""


def _conda_cuda(text: str) -> str | None:
    found = _CONDA.search(text)
    build = re.search(r"cuda(\d+)\.?(\d)(?=_|$)", found[2]) if found else None
    return f"{build[1]}.{build[2]}" if build else None


def _listed(text: str) -> str:
    return _installed("torch", text)


def _installed(name: str, text: str) -> str:
    """A package's version by pip list, pip freeze or conda list, bare or in a report."""
    found = re.search(
        rf"^\s*(?:\[(?:pip3?|conda)\]\s+)?{name}(?:==|\s{{1,60}})v?{_TORCH}(?:\s|$)", text, re.MULTILINE
    )
    found = found or re.search(rf"^Name: {name}\nVersion: {_TORCH}$", text, re.MULTILINE)  # pip show
    return found[1] if found else ""


def _prose(text: str) -> str:
    """`PyTorch 2.6.0` in a sentence, and not one that says what something else asks for."""
    for found in re.finditer(rf"\b(?:py)?torch(?: version)?[ :=-]{{1,3}}v?{_TORCH}", text, re.IGNORECASE):
        before = text[max(0, found.start() - 40) : found.start()].lower()
        if not re.search(
            r"(?:requires?|needs?|required|built (?:for|against)|compiled (?:for|with))\W*$", before
        ):
            return found[1].rstrip(".")
    return ""


_SOURCES: tuple[Callable[[str], str], ...] = (
    _session,
    _dotted,
    _configuration,
    _listed,
    _conda_listed,
    _prose,
)
