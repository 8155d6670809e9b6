"""The PyTorch index on loopback, from its recorded facts, and a stand-in for the default index beside it.

Pages, names, hashes and dependencies are the recorded ones. What is read of a file is made when it is asked
for: its `.metadata`, and a tiny real wheel where the index gives no hash or ranges are read. As on the real
index, links are absolute, many lead to another host, and what is absent answers 403.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from support.distributions import make_wheel, metadata_text
from support.index_server import ServedFile, TestIndex

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
FACTS = SHARED / "pytorch-index.json"
JETSON = "https://pypi.jetson-ai-lab.io/jp6/cu126/+simple/"
MAIN, FILES = "https://download.pytorch.org", "https://download-r2.pytorch.org"

EXTRAS = {
    "cublas": "cublas",
    "cudart": "cuda-runtime",
    "cufft": "cufft",
    "cufile": "cufile",
    "cupti": "cuda-cupti",
    "curand": "curand",
    "cusolver": "cusolver",
    "cusparse": "cusparse",
    "nvjitlink": "nvjitlink",
    "nvrtc": "cuda-nvrtc",
    "nvtx": "nvtx",
}
"""cuda-toolkit's extras, and the NVIDIA package that each asks for."""


@dataclass(frozen=True)
class Entry:
    """One recorded file."""

    filename: str
    url: str
    version: str
    sha256: str | None
    requires: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.filename.split("-")[0].replace("_", "-").lower()

    @property
    def tags(self) -> str:
        return "-".join(self.filename.removesuffix(".whl").rsplit("-", 3)[1:])

    def metadata(self) -> bytes:
        return metadata_text(self.name, self.version, requires=self.requires).encode()

    def wheel(self) -> bytes:
        text = metadata_text(self.name, self.version, requires=self.requires)
        return make_wheel(self.name, self.version, text, tags=self.tags)


@cache
def recorded() -> Mapping[str, Mapping[str, tuple[Entry, ...]]]:
    """Build -> project -> its files."""
    indexes = json.loads(FACTS.read_text(encoding="utf-8"))["indexes"]
    others = json.loads((SHARED / "other-indexes.json").read_text(encoding="utf-8"))["indexes"]
    indexes["jp6-cu126"] = others[JETSON]
    return {
        build: {name: tuple(_entries(files)) for name, files in projects.items()}
        for build, projects in indexes.items()
    }


def _entries(files: Mapping[str, Mapping[str, object]]) -> Iterator[Entry]:
    for filename, facts in files.items():
        requires = facts.get("requires_dist", [])
        assert isinstance(requires, list)
        sha256 = facts.get("sha256")
        yield Entry(
            filename,
            str(facts["url"]),
            str(facts["version"]),
            str(sha256) if sha256 else None,
            tuple(map(str, requires)),
        )


class Host(TestIndex):
    """A host that answers for every recorded file at its recorded path, and for what is in `pages`."""

    metadata_refused = False
    """`.metadata` answers 403, as one of the two hosts is said to do: the wheel is read in parts instead."""

    def _answer(self, path: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        if path in self.pages or not path.startswith(("/whl/", "/jp6/")):
            return super()._answer(path, headers)
        entry = _by_path().get(path.removesuffix(".metadata"))
        if entry is None or (path.endswith(".metadata") and self.metadata_refused):
            return 403, {"Content-Type": "application/xml"}, b"<Error><Code>AccessDenied</Code></Error>"
        kind = {"Content-Type": "binary/octet-stream"}
        if path.endswith(".metadata"):
            return 200, kind, entry.metadata()
        return self._ranged(entry.wheel(), kind, headers)


def _missing_tritons(projects: Mapping[str, tuple[Entry, ...]]) -> Iterator[Entry]:
    """The tritons that a build's torch pins and nobody happened to lock: the real index has every one."""
    known = {entry.filename for entry in projects.get("triton", ())}
    pins = {text for entry in projects.get("torch", ()) for text in entry.requires}
    versions = {found[1] for text in pins if (found := re.match(r"triton==([0-9.]+)", text))}
    for version in sorted(versions):
        floor = "manylinux_2_17_{0}.manylinux2014_{0}"
        if version >= "3.3":
            floor = "manylinux_2_27_{0}.manylinux_2_28_{0}"
        for minor in ("cp310", "cp311", "cp312", "cp313", "cp314"):
            # the first triton for aarch64 is 3.5.0
            for arch in ("x86_64", "aarch64") if version >= "3.5" else ("x86_64",):
                filename = f"triton-{version}-{minor}-{minor}-{floor.format(arch)}.whl"
                if filename not in known:
                    bare = Entry(filename, f"{MAIN}/whl/{filename}", version, None, ())
                    yield replace(bare, sha256=hashlib.sha256(bare.wheel()).hexdigest())


@cache
def _by_path() -> Mapping[str, Entry]:
    found: dict[str, Entry] = {}
    for projects in recorded().values():
        for entries in (*projects.values(), _missing_tritons(projects)):
            for entry in entries:
                found.setdefault(unquote(urlsplit(entry.url).path), entry)
    return found


class PytorchReplica:
    """`main` has the pages, `files` most of the files; `default` stands in for the default index.

    `foreign`: links lead to `files` where the recorded ones lead to another host; else all are on `main`.
    """

    def __init__(self, *, foreign: bool = True) -> None:
        self.main, self.files, self.default = Host(), Host(), TestIndex()
        self._foreign = foreign
        for build, projects in recorded().items():
            for name, entries in projects.items():
                self.add_page(build, name, entries)
            if missing := list(_missing_tritons(projects)):
                self.add_page(build, "triton", (*projects.get("triton", ()), *missing))
        fill_default(self.default)

    def add_page(self, build: str, name: str, entries: Iterable[Entry], more: str = "") -> None:
        """A project's page on a build's index; `more`: further anchors."""
        anchors = "\n".join(map(self._anchor, entries))
        body = f"<!DOCTYPE html><html><body><h1>Links for {name}</h1>\n{anchors}\n{more}</body></html>"
        self.main.pages[f"/whl/{build}/{name}/"] = ("text/html", body.encode())

    def _anchor(self, entry: Entry) -> str:
        parts = urlsplit(entry.url)
        host = self.files.base if self._foreign and parts.netloc == urlsplit(FILES).netloc else self.main.base
        fragment = f"#sha256={entry.sha256}" if entry.sha256 else ""
        # several builds' pages may lead to one file
        digest = hashlib.sha256(_by_path()[unquote(parts.path)].metadata()).hexdigest()
        link = html.escape(f"{host}{parts.path}{fragment}")
        metadata = f'data-core-metadata="sha256={digest}" data-dist-info-metadata="sha256={digest}"'
        return f'<a href="{link}" {metadata}>{html.escape(entry.filename)}</a><br/>'

    def __enter__(self) -> PytorchReplica:
        for host in (self.main, self.files, self.default):
            host.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        for host in (self.main, self.files, self.default):
            host.__exit__(*exc)

    def mirrors(self) -> dict[str, str]:
        """Canonical address -> address here, for the user's config: of every build and the default index."""
        from pypi_simple import PYPI_SIMPLE_ENDPOINT

        builds = {f"{MAIN}/whl/{build}": f"{self.main.base}/whl/{build}" for build in (*recorded(), *UNSEEN)}
        builds[JETSON.rstrip("/")] = f"{self.main.base}/whl/jp6-cu126"
        return {**builds, PYPI_SIMPLE_ENDPOINT.rstrip("/"): self.default.url}

    def config(self, path: Path, **changes: str) -> Path:
        """A config.toml with these mirrors; `changes`: build -> another address."""
        mirrors = self.mirrors() | {f"{MAIN}/whl/{build}": url for build, url in changes.items()}
        lines = [f'"{canonical}" = "{place}"' for canonical, place in mirrors.items()]
        path.write_text("\n".join(["retries = 0", "[mirrors]", *lines]) + "\n", encoding="utf-8")
        return path

    def flat(self, build: str) -> str:
        """The address of one page with all of a build's own files, as aliyun's pytorch-wheels have it."""
        projects = recorded()[build]
        entries = [e for files in projects.values() for e in files if "/whl/" in e.url]
        entries += _missing_tritons(projects)
        anchors = "\n".join(
            f'<a href="{quote(entry.filename)}">{html.escape(entry.filename)}</a>' for entry in entries
        )
        self.main.pages[f"/pytorch-wheels/{build}/"] = ("text/html", f"<html>{anchors}</html>".encode())
        for entry in entries:
            content = entry.wheel()
            path = f"/pytorch-wheels/{build}/{entry.filename}"
            self.main.pages[path] = ("application/octet-stream", content)
        return f"{self.main.base}/pytorch-wheels/{build}/"


UNSEEN = ("cu117", "cu121", "rocm5.7", "rocm6.0", "rocm6.2", "rocm7.0", "rocm7.14")
"""Builds of which the record has no file: every page answers 403."""


def fill_default(index: TestIndex) -> None:
    """What the recorded torch needs of other projects, and the default index's own wheels of the family."""
    for name, versions in _needed().items():
        for version in sorted(versions):
            index.add(name, version)
    for version in ("11.8.0", "12.6.3", "12.8.1", "12.9.1", "13.0.2", "13.0.3", "13.2.1", "13.2.2"):
        suffix = "" if version.startswith("13") else f"-cu{version.partition('.')[0]}"
        extras = {extra: [f"nvidia-{name}{suffix}"] for extra, name in EXTRAS.items()}
        index.add("cuda-toolkit", version, extras=extras)
    for entry in _default_wheels():
        index.add_file(entry.name, ServedFile(entry.filename, entry.wheel(), entry.metadata()))


def _needed() -> Mapping[str, set[str]]:
    """Project -> the versions that are pinned or bounded from below; `1.0` where nobody says one."""
    found: dict[str, set[str]] = {}
    family = {"torch", "triton", "cuda-toolkit"}
    for projects in recorded().values():
        for name in ("torch", "torchvision"):
            for text in {text for entry in projects.get(name, ()) for text in entry.requires}:
                needed, specifier = re.match(r"([A-Za-z0-9._-]+)[^;<>=!~]*([^;]*)", text).groups()
                if needed in family or "triton" in needed:
                    continue
                versions = re.findall(r"(?:==|>=|~=)\s*([0-9.]+)", specifier)
                found.setdefault(needed, set()).update(versions or ["1.0"])
    for library in EXTRAS.values():
        for suffix, version in (("", "13.0.48"), ("-cu12", "12.6.77")):
            found.setdefault(f"nvidia-{library}{suffix}", set()).add(version)
    found["numpy"] |= {"1.26.4", "2.3.0"}
    found["pillow"] |= {"12.0.0"}
    found["cuda-bindings"] |= {"12.9.4", "13.0.3"}
    return found


def _default_wheels() -> Iterator[Entry]:
    """The default index's own: CPU builds for macOS and Windows, for Linux the CUDA builds that it has."""
    held = {"2.10.0": "cu128", "0.25.0": "cu128", "2.11.0": "cu130", "0.26.0": "cu130"}
    held |= {"2.13.0": "cu130", "0.28.0": "cu130", "2.14.1": "cu130", "0.29.1": "cu130"}
    seen = set()
    for build in ("cpu", "cu128", "cu130"):
        for name in ("torch", "torchvision", "torchaudio"):
            for entry in recorded()[build].get(name, ()):
                public = entry.version.partition("+")[0]
                linux = "linux" in entry.tags and held.get(public) == build
                elsewhere = build == "cpu" and ("macosx" in entry.tags or "win_amd64" in entry.tags)
                filename = entry.filename.replace(f"-{entry.version}-", f"-{public}-")
                if (linux or elsewhere) and filename not in seen and "s390x" not in entry.tags:
                    seen.add(filename)
                    yield Entry(filename, "", public, None, entry.requires)
    for build in ("cu128", "cu130"):
        for entry in (*recorded()[build]["triton"], *_missing_tritons(recorded()[build])):
            if entry.filename not in seen:
                seen.add(entry.filename)
                yield Entry(entry.filename, "", entry.version, None, entry.requires)
    for minor in ("cp311", "cp312"):
        for name, version in (("torch", "2.2.2"), ("torchvision", "0.17.2")):
            requires = ("numpy", "torch==2.2.2") if name == "torchvision" else ("filelock",)
            abi = "none" if name == "torch" else minor
            floor = "10_9" if name == "torch" else "10_13"
            filename = f"{name}-{version}-{minor}-{abi}-macosx_{floor}_x86_64.whl"
            yield Entry(filename, "", version, None, requires)
