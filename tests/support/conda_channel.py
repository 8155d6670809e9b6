"""A conda channel of real archives: made in memory, indexed, in a folder (or served from one)."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import sys
import sysconfig
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

EPOCH_MS = 1577836800000  # 2020-01-01, when every package was built

SUBDIR = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}.get(os.uname().machine, "linux-64")
"""conda's word for this machine."""

PYTHON = ".".join(map(str, sys.version_info[:3]))
MINOR = ".".join(map(str, sys.version_info[:2]))
SITE = f"lib/python{MINOR}/site-packages"


@dataclass(frozen=True)
class Archive:
    """One archive and the record that its channel's repodata has of it."""

    filename: str
    content: bytes
    record: Mapping[str, object]


def archive(
    name: str,
    version: str = "1.0",
    *,
    files: Mapping[str, bytes | str] | None = None,
    depends: Sequence[str] = (),
    constrains: Sequence[str] = (),
    build: str = "0",
    subdir: str = SUBDIR,
    noarch: str | None = None,
    executable: Sequence[str] = (),
    placeholders: Mapping[str, str] | None = None,
    purls: Sequence[str] | None = None,
    kind: str = ".conda",
    **more: object,
) -> Archive:
    """A package of these files (path -> content). `placeholders`: path -> the prefix to be replaced in it."""
    subdir = "noarch" if noarch else subdir
    contents = {path: _bytes(text) for path, text in (files or {}).items()}
    index = {
        "name": name,
        "version": version,
        "build": build,
        "build_number": int(build.rsplit("_", 1)[-1]) if build.rsplit("_", 1)[-1].isdigit() else 0,
        "depends": list(depends),
        "constrains": list(constrains),
        "subdir": subdir,
        "timestamp": EPOCH_MS,
        **({"noarch": noarch} if noarch else {}),
        **more,
    }
    info = {
        "info/index.json": json.dumps(index).encode(),
        "info/files": "".join(f"{path}\n" for path in sorted(contents)).encode(),
        "info/paths.json": json.dumps(_paths(contents, placeholders or {})).encode(),
    }
    if noarch == "python":
        link = {"package_metadata_version": 1, "noarch": {"type": "python"}}
        info["info/link.json"] = json.dumps(link).encode()
    stem = f"{name}-{version}-{build}"
    pack = _conda if kind == ".conda" else _tar_bz2
    content = pack(stem, contents, info, frozenset(executable))
    record = {
        **index,
        "md5": hashlib.md5(content).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        **({"purls": list(purls)} if purls is not None else {}),
    }
    return Archive(f"{stem}{kind}", content, record)


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _paths(contents: Mapping[str, bytes], placeholders: Mapping[str, str]) -> dict[str, object]:
    paths = []
    for path, content in sorted(contents.items()):
        entry: dict[str, object] = {
            "_path": path,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_in_bytes": len(content),
        }
        if path in placeholders:
            entry |= {"file_mode": "text", "prefix_placeholder": placeholders[path]}
        paths.append(entry)
    return {"paths": paths, "paths_version": 1}


def _conda(
    stem: str, contents: Mapping[str, bytes], info: Mapping[str, bytes], executable: frozenset[str]
) -> bytes:
    import zstandard

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as outer:
        outer.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
        for part, members in (("pkg", contents), ("info", info)):
            squeezed = zstandard.ZstdCompressor(level=1).compress(_tar(members, executable))
            outer.writestr(f"{part}-{stem}.tar.zst", squeezed)
    return packed.getvalue()


def _tar_bz2(
    stem: str, contents: Mapping[str, bytes], info: Mapping[str, bytes], executable: frozenset[str]
) -> bytes:
    import bz2

    return bz2.compress(_tar({**info, **contents}, executable), 1)


def _tar(members: Mapping[str, bytes], executable: frozenset[str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, content in sorted(members.items()):
            member = tarfile.TarInfo(path)
            member.size, member.mtime = len(content), EPOCH_MS // 1000
            member.mode = 0o755 if path in executable else 0o644
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def write_channel(folder: Path, *archives: Archive, subdirs: Sequence[str] = (SUBDIR, "noarch")) -> Path:
    """The archives as a channel folder; what lies there already stays in it."""
    by_subdir: dict[str, list[Archive]] = {subdir: [] for subdir in subdirs}
    for one in archives:
        by_subdir.setdefault(str(one.record["subdir"]), []).append(one)
    for subdir, ones in by_subdir.items():
        (folder / subdir).mkdir(parents=True, exist_ok=True)
        index = folder / subdir / "repodata.json"
        known = json.loads(index.read_text()) if index.exists() else _empty(subdir)
        for one in ones:
            (folder / subdir / one.filename).write_bytes(one.content)
            section = "packages.conda" if one.filename.endswith(".conda") else "packages"
            known[section][one.filename] = dict(one.record)
        index.write_text(json.dumps(known, sort_keys=True))
    return folder


def _empty(subdir: str) -> dict[str, dict[str, object]]:
    return {"info": {"subdir": subdir}, "packages": {}, "packages.conda": {}}


@cache
def cpython(**more: object) -> Archive:
    """This machine's own CPython as a conda package: it finds itself wherever it is put."""
    base = Path(sys.base_prefix)
    library = base / "lib" / f"python{MINOR}"
    skipped = {"test", "tests", "site-packages", "__pycache__", "idlelib", "tkinter", "lib2to3", "ensurepip"}
    files: dict[str, bytes] = {}
    placeholders: dict[str, str] = {}
    for parent, folders, names in os.walk(library):
        folders[:] = [f for f in folders if f not in skipped and not f.startswith("config-")]
        for name in names:
            path = Path(parent, name)
            inside = path.relative_to(base).as_posix()
            files[inside] = path.read_bytes()
            if name.startswith("_sysconfigdata") and str(base).encode() in files[inside]:
                placeholders[inside] = str(base)
    program = _relocated((base / "bin" / f"python{MINOR}").read_bytes(), base)
    for name in ("python", "python3", f"python{MINOR}"):
        files[f"bin/{name}"] = program
    shared = base / "lib" / str(sysconfig.get_config_var("INSTSONAME") or "")
    if shared.is_file():
        files[f"lib/{shared.name}"] = shared.read_bytes()
    files[f"{SITE}/README.txt"] = b""
    programs = [path for path in files if path.startswith("bin/")]
    return archive(
        "python",
        PYTHON,
        files=files,
        executable=programs,
        placeholders=placeholders,
        build="0_cpython",
        python_site_packages_path=SITE,
    )


def _relocated(program: bytes, base: Path) -> bytes:
    """The program, looking for its library beside itself and not where it was built."""
    old = str(base / "lib").encode() + b"\0"
    return program.replace(old, b"$ORIGIN/../lib".ljust(len(old), b"\0"))


def of_wheel(wheel: bytes, filename: str, name: str | None = None, **more: object) -> Archive:
    """A wheel as a conda package, packed as conda-forge does: noarch if it is pure, else for this Python."""
    pypi, version, *_, platform = filename.removesuffix(".whl").split("-")
    contents: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(wheel)) as packed:
        for entry in packed.namelist():
            if not entry.endswith("/"):
                contents[entry] = packed.read(entry)
    info = next(path.partition("/")[0] for path in contents if path.endswith(".dist-info/METADATA"))
    contents[f"{info}/INSTALLER"] = b"conda"
    pure = platform == "any"
    where = "site-packages" if pure else SITE
    named = name or pypi.replace("_", "-").lower()
    options: dict[str, object] = {
        "depends": ["python"],
        "purls": [f"pkg:pypi/{pypi.replace('_', '-').lower()}"],
        "noarch": "python" if pure else None,
        "build": "pyh0_0" if pure else f"py{MINOR.replace('.', '')}_0",
        **more,
    }
    return archive(
        named, version, files={f"{where}/{path}": text for path, text in contents.items()}, **options
    )  # type: ignore[arg-type]  # passed through as they are


class _Served(SimpleHTTPRequestHandler):
    """Gives a folder's files, to those alone who log in where a login is set; counts what is asked for."""

    login: str | None = None
    asked: list[str]
    stuck: str | None = None
    over: threading.Event

    def do_GET(self) -> None:
        self._answer(super().do_GET)

    def do_HEAD(self) -> None:
        self._answer(super().do_HEAD)

    def _answer(self, give: object) -> None:
        self.asked.append(self.path)
        expected = f"Basic {base64.b64encode(self.login.encode()).decode()}" if self.login else None
        if expected and self.headers.get("Authorization") != expected:
            self.send_error(401)
            return
        assert callable(give)
        if self.stuck and self.path.endswith(self.stuck):
            self.over.wait()
            return
        with suppress(ConnectionError):  # whoever asked may be killed meanwhile
            give()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def served(
    folder: Path, login: str | None = None, stuck: str | None = None
) -> Iterator[tuple[str, list[str]]]:
    """A channel folder over loopback HTTP: its address, and what was asked for.

    `login`: user:password. `stuck`: the end of a path that is never answered.
    """
    asked: list[str] = []
    over = threading.Event()
    handler = type("Handler", (_Served,), {"login": login, "asked": asked, "stuck": stuck, "over": over})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()
