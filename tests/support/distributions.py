"""Tiny real wheels and sdists, built in memory: the same bytes for the same arguments."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Mapping, Sequence

ANY = "py3-none-any"
EPOCH = 1577836800  # 2020-01-01, the time of every archive member

BACKEND = '''\
"""A PEP 517 backend that packs this folder's modules with its PKG-INFO; it needs nothing."""
import pathlib
import zipfile


def _fields():
    head = pathlib.Path("PKG-INFO").read_text(encoding="utf-8").partition("\\n\\n")[0]
    return dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)


def _stem():
    fields = _fields()
    return fields["Name"].lower().replace("-", "_").replace(".", "_") + "-" + fields["Version"]


def _dist_info():
    return {
        "METADATA": pathlib.Path("PKG-INFO").read_text(encoding="utf-8"),
        "WHEEL": "Wheel-Version: 1.0\\nGenerator: tiny\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = pathlib.Path(metadata_directory, _stem() + ".dist-info")
    folder.mkdir(parents=True)
    for name, text in _dist_info().items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder.name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    stem = _stem()
    modules = [path for path in pathlib.Path().glob("*.py") if path.name != "tiny_backend.py"]
    files = {path.name: path.read_text(encoding="utf-8") for path in modules}
    files.update({f"{stem}.dist-info/{name}": text for name, text in _dist_info().items()})
    record = "".join(f"{name},,\\n" for name in [*files, f"{stem}.dist-info/RECORD"])
    with zipfile.ZipFile(pathlib.Path(wheel_directory, stem + "-py3-none-any.whl"), "w") as archive:
        for name, text in {**files, f"{stem}.dist-info/RECORD": record}.items():
            archive.writestr(name, text)
    return stem + "-py3-none-any.whl"


build_editable = build_wheel
'''


def file_stem(name: str, version: str) -> str:
    """`Foo.Bar`, `1.0` -> `foo_bar-1.0`."""
    return f"{re.sub(r'[-_.]+', '_', name).lower()}-{version}"


def metadata_text(
    name: str,
    version: str,
    *,
    requires: Sequence[str] = (),
    extras: Mapping[str, Sequence[str]] | None = None,
    requires_python: str | None = None,
    metadata_version: str = "2.1",
    more: Sequence[str] = (),
) -> str:
    """Core metadata; an extra's requirements get its `extra == …` marker. `more`: further header lines."""
    lines = [f"Metadata-Version: {metadata_version}", f"Name: {name}", f"Version: {version}", *more]
    if requires_python is not None:
        lines.append(f"Requires-Python: {requires_python}")
    lines += [f"Requires-Dist: {text}" for text in requires]
    for extra, texts in (extras or {}).items():
        lines.append(f"Provides-Extra: {extra}")
        for text in texts:
            requirement, _, marker = text.partition(";")
            clause = f'extra == "{extra}"'
            lines.append(
                f"Requires-Dist: {requirement.strip()} ; "
                + (f"({marker.strip()}) and {clause}" if marker else clause)
            )
    return "\n".join(lines) + "\n"


def make_wheel(
    name: str, version: str, metadata: str, *, tags: str = ANY, files: Mapping[str, str | bytes] | None = None
) -> bytes:
    """An installable wheel with METADATA, WHEEL and RECORD; `files`: its modules (default: `NAME.py`)."""
    stem = file_stem(name, version)
    python, abi, platform = tags.split("-")
    tag_lines = [
        f"Tag: {p}-{a}-{f}" for p in python.split(".") for a in abi.split(".") for f in platform.split(".")
    ]
    if files is None:
        files = {f"{stem.split('-')[0]}.py": f"__version__ = {version!r}\n"}
    wheel = "\n".join(
        ["Wheel-Version: 1.0", "Generator: tiny", f"Root-Is-Purelib: {str(tags == ANY).lower()}", *tag_lines]
    )
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    contents[f"{stem}.dist-info/METADATA"] = metadata.encode()
    contents[f"{stem}.dist-info/WHEEL"] = f"{wheel}\n".encode()
    record = []
    for path, content in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        record.append(f"{path},sha256={digest},{len(content)}")
    contents[f"{stem}.dist-info/RECORD"] = "\n".join([*record, f"{stem}.dist-info/RECORD,,", ""]).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in contents.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


def make_archive(stem: str, files: Mapping[str, str | bytes]) -> bytes:
    """A `.tar.gz` whose members lie under the folder `stem`."""
    raw = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=EPOCH) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, text in files.items():
            content = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(f"{stem}/{path}")
            info.size, info.mtime = len(content), EPOCH
            archive.addfile(info, io.BytesIO(content))
    return raw.getvalue()


def make_sdist(
    name: str,
    version: str,
    *,
    requires: Sequence[str] = (),
    extras: Mapping[str, Sequence[str]] | None = None,
    requires_python: str | None = None,
    static: bool = True,
    build_requires: Sequence[str] = (),
    files: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """A `.tar.gz` with an in-tree backend that builds without any tool.

    `static`: PKG-INFO of Metadata-Version 2.2 with nothing `Dynamic` (PEP 643); else 2.1 and no `[project]`
    table, so that only a build tells the dependencies.
    """
    stem = file_stem(name, version)
    metadata = metadata_text(
        name,
        version,
        requires=requires,
        extras=extras,
        requires_python=requires_python,
        metadata_version="2.2" if static else "2.1",
    )
    pyproject = (
        f"[build-system]\nrequires = {json.dumps(list(build_requires))}\n"
        'build-backend = "tiny_backend"\nbackend-path = ["."]\n'
    )
    module = f"{stem.split('-')[0]}.py"
    contents: dict[str, str | bytes] = {
        "PKG-INFO": metadata,
        "pyproject.toml": pyproject,
        "tiny_backend.py": BACKEND,
        module: f"__version__ = {version!r}\n",
        **(files or {}),
    }
    return make_archive(stem, contents)
