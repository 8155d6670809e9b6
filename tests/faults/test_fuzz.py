"""Damaged input of every kind: each reader answers, or refuses in its own words; nothing else ever comes out.

`PROVENV_EXAMPLES` sets how many damaged documents each reader gets.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenv.config.user_config import read_user_config
from provenv.errors import ProvenvError
from provenv.locks.conda_reader import parse_conda
from provenv.locks.reader import parse
from provenv.manifest.environment_yml import read_environment
from provenv.manifest.read import read_manifest
from provenv.pypi.artifacts import Artifact
from provenv.pypi.listing import Listed
from provenv.pypi.metadata import decode, parse_metadata
from provenv.pypi.pages import parse_page
from provenv.pypi.ranges import wheel_metadata
from provenv.pypi.record_files import Files, project_of
from provenv.pypi.records import pack
from provenv.pypi.sdists import static_metadata
from provenv.recording import load_probe
from provenv.standards.filenames import parse_sdist, parse_wheel
from provenv.standards.markers import compile_marker, marker_environment
from provenv.standards.requirements import parse_requirement
from provenv.standards.specifiers import contains, python_allows
from provenv.standards.versions import sort_key
from support.distributions import make_archive, make_sdist, make_wheel, metadata_text

EXAMPLES = int(os.environ.get("PROVENV_EXAMPLES", "150"))
URL = "https://index.example/simple/alpha/"
SAMPLES = Path(__file__).resolve().parents[2] / "lockfiles" / "samples"
Read = Callable[[bytes, Path], object]

# --- documents as they should be

FILES = [
    {
        "filename": f"alpha-{version}-{tags}.whl",
        "url": f"../../files/alpha-{version}-{tags}.whl",
        "hashes": {"sha256": "0" * 64},
        "size": 1234,
        "requires-python": ">=3.9,<4",
        "yanked": "bad",
        "upload-time": "2026-01-02T03:04:05.678Z",
        "core-metadata": {"sha256": "1" * 64},
    }
    for version in ("1.0", "2!1.0rc1.post2.dev3+local.1")
    for tags in ("py3-none-any", "cp312-abi3-manylinux_2_28_x86_64.manylinux2014_x86_64")
]
JSON_PAGE = json.dumps({"meta": {"api-version": "1.1"}, "name": "alpha", "files": FILES}).encode()
HTML_PAGE = (
    '<!DOCTYPE html><html><head><base href="/x/">'
    '<meta name="pypi:repository-version" content="1.1"></head><body>'
    + "".join(
        f'<a href="{file["url"]}#sha256={"0" * 64}" data-requires-python="&gt;=3.9" data-yanked="" '
        f'data-core-metadata="sha256={"1" * 64}">{file["filename"]}</a><br/>'
        for file in FILES
    )
    + "</body></html>"
).encode()
METADATA = metadata_text(
    "alpha",
    "1.0",
    requires=["beta>=1,!=2.*", "gamma[x] @ https://files.example/gamma.whl", 'delta; python_version < "4"'],
    extras={"x": ["epsilon~=1.0"]},
    requires_python=">=3.9",
    more=["Summary: 文本", "Dynamic: License"],
)
WHEEL = make_wheel("alpha", "1.0", METADATA, files={"alpha.py": "x" * 300})
SDIST = make_sdist("alpha", "1.0", requires=["beta"], static=True)
PYPROJECT = """
[project]
name = "alpha"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["beta[x]>=1 ; sys_platform == 'linux'"]
optional-dependencies = { gpu = ["gamma"] }
[dependency-groups]
dev = ["pytest", { include-group = "lint" }]
lint = ["ruff"]
[tool.provenv]
python = ["3.11"]
platforms = ["linux-x86_64"]
accelerators = ["cpu"]
constraints = ["numpy<3"]
overrides = []
exclude = [{ platform = "windows-x86_64", accelerator = "rocm" }]
exclude-newer = "2026-11-01"
driver = "550"
[tool.provenv.targets.train]
platform = "linux-x86_64"
accelerator = "cuda"
[[tool.provenv.indexes]]
name = "corp"
url = "https://pypi.corp.example/simple"
packages = ["corp-*"]
[tool.uv.sources]
beta = { git = "https://github.com/example/beta", rev = "0123456789012345678901234567890123456789" }
"""
REQUIREMENTS = f"""\
--index-url https://index.example/simple
alpha[x]==1.0 ; python_version >= "3.9" --hash=sha256:{"0" * 64} \\
    --hash=sha256:{"1" * 64}
beta @ https://files.example/beta-1.0-py3-none-any.whl#egg=beta
--no-binary :all:
gamma>=1,<2  # why
"""
ENVIRONMENT = """\
name: lab
channels: [conda-forge, nodefaults]
dependencies:
  - python 3.12.*
  - conda-forge::numpy >=2,<3=py312*
  - pywin32  # [win]
  - pip:
    - jieba>=0.42
    - -r more.txt
variables:
  A: b
"""
CONDA_LOCK = """\
version: 1
metadata:
  content_hash: {linux-64: abcdef}
  channels: [{url: conda-forge, used_env_vars: []}]
  platforms: [linux-64]
  sources: [environment.yml]
package:
- name: numpy
  version: 2.1.0
  manager: conda
  platform: linux-64
  dependencies: {python: '>=3.12'}
  url: https://conda.anaconda.org/conda-forge/linux-64/numpy-2.1.0-py312_0.conda
  hash: {md5: 0d41d8cd98f00b204e9800998ecf8427, sha256: %s}
  category: main
  optional: false
""".replace("%s", "ab" * 32)
CONFIG = 'timeout = 3\n[mirrors]\n"https://download.pytorch.org/whl/cpu" = ["/m", "https://m.example"]\n'
PROBE = json.dumps(
    {
        "provenv-probe": 1,
        "python": {"system": "Linux", "machine": "x86_64", "version": "3.12.1"},
        "commands": {"nvidia-smi": {"code": 0, "out": "NVIDIA-SMI 550.54"}},
    }
)


# --- how each is read


def read_page(kind: str) -> Read:
    def read(content: bytes, folder: Path) -> object:
        page = parse_page(content, kind, URL)
        head, blocks = pack("alpha", page)
        files = Files(head, URL, {}, placing, lambda: b"".join(blocks), lambda: None)
        return project_of(head, files, URL, {}, placing), list(files)

    def placing(file: Listed) -> tuple[str, str | None]:
        return file.url, None

    return read


def read_wheel(content: bytes, folder: Path) -> object:
    return wheel_metadata(lambda start, end: content[start:end], len(content), "alpha-1.0-py3-none-any.whl")


def read_sdist(content: bytes, folder: Path) -> object:
    path = folder / "alpha-1.0.tar.gz"
    path.write_bytes(content)
    artifact = Artifact(path.name, f"https://files.example/{path.name}", "sdist", "1.0")
    return static_metadata(path, artifact)


def in_file(name: str, read: Callable[[Path], object]) -> Read:
    def written(content: bytes, folder: Path) -> object:
        path = folder / name
        path.write_bytes(content)
        return read(path)

    return written


def read_config(content: bytes, folder: Path) -> object:
    path = folder / "provenv" / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return read_user_config({"XDG_CONFIG_HOME": str(folder), "HOME": str(folder)})


READERS: dict[str, tuple[bytes, Read]] = {
    "JSON page": (JSON_PAGE, read_page("application/vnd.pypi.simple.v1+json")),
    "HTML page": (HTML_PAGE, read_page("text/html; charset=utf-8")),
    "metadata": (METADATA.encode(), lambda content, folder: parse_metadata(decode(content), "alpha")),
    "wheel": (WHEEL, read_wheel),
    "sdist": (SDIST, read_sdist),
    "inside an sdist": (
        METADATA.replace("2.1", "2.2", 1).encode(),
        lambda content, folder: read_sdist(make_archive("alpha-1.0", {"PKG-INFO": content}), folder),
    ),
    "project of an sdist": (
        PYPROJECT.encode(),
        lambda content, folder: read_sdist(make_archive("alpha-1.0", {"pyproject.toml": content}), folder),
    ),
    "manifest": (PYPROJECT.encode(), in_file("pyproject.toml", read_manifest)),
    "requirements": (REQUIREMENTS.encode(), in_file("requirements.txt", read_manifest)),
    "environment": (ENVIRONMENT.encode(), in_file("environment.yml", read_environment)),
    "lock": (
        next(SAMPLES.glob("pylock.*.toml")).read_bytes(),
        lambda content, folder: parse(content, folder / "pylock.x.toml"),
    ),
    "conda lock": (
        CONDA_LOCK.encode(),
        lambda content, folder: parse_conda(content, folder / "x.conda-lock.yml"),
    ),
    "settings": (CONFIG.encode(), read_config),
    "probe": (PROBE.encode(), in_file("probe.json", load_probe)),
}

# --- how they get damaged

TRICKS = (
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"'",
    b'"',
    b"[",
    b"]",
    b"{",
    b"}",
    b"\\",
    b"%",
    b"\r",
    b"\n ",
)
TRICKS += (
    b"-1",
    b"1e999",
    b"9" * 5000,
    b"null",
    b"true",
    b"[[[[[[[[",
    b";;",
    b"@",
    b"==",
    b"~=",
    b"&#0;",
    b"<!--",
)
places = st.floats(0, 1, allow_nan=False)
damages = st.lists(
    st.one_of(
        st.tuples(st.just("put"), places, st.one_of(st.sampled_from(TRICKS), st.binary(max_size=6))),
        st.tuples(st.just("flip"), places, st.integers(0, 7)),
        st.tuples(st.just("cut"), places, st.integers(1, 200)),
        st.tuples(st.just("twice"), places, st.integers(1, 200)),
        st.tuples(st.just("end"), places, st.just(0)),
    ),
    min_size=1,
    max_size=5,
)


def damaged(content: bytes, steps: list[tuple[str, float, bytes | int]]) -> bytes:
    for kind, place, what in steps:
        at = int(place * len(content))
        if isinstance(what, bytes):
            content = content[:at] + what + content[at:]
        elif kind == "flip" and at < len(content):
            content = content[:at] + bytes([content[at] ^ 1 << what]) + content[at + 1 :]
        elif kind == "cut":
            content = content[:at] + content[at + what :]
        elif kind == "twice":
            content = content[:at] + content[at : at + what] + content[at:]
        elif kind == "end":
            content = content[:at]
    return content


steady = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("kind", READERS)
def test_what_is_whole_is_read(kind: str, tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("")
    content, read = READERS[kind]
    read(content, tmp_path)


@pytest.mark.parametrize("kind", READERS)
@steady
@given(steps=damages)
def test_what_is_damaged_is_read_or_refused(
    kind: str, tmp_path: Path, steps: list[tuple[str, float, bytes | int]]
) -> None:
    content, read = READERS[kind]
    try:
        read(damaged(content, steps), tmp_path)
    except ProvenvError as refusal:
        assert refusal.message


@steady
@given(steps=damages)
def test_what_is_damaged_inside_a_good_archive_is_read_or_refused(
    tmp_path: Path, steps: list[tuple[str, float, bytes | int]]
) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("alpha-1.0/PKG-INFO")
        member.size = len(METADATA.encode())
        archive.addfile(member, io.BytesIO(METADATA.encode()))
    try:
        read_sdist(gzip.compress(damaged(packed.getvalue(), steps), 1), tmp_path)
    except ProvenvError as refusal:
        assert refusal.message


SPELLINGS = {
    "requirement": ("alpha[x,y] >=1.0,!=2.* ; python_version < '3.13' and extra == 'z'", parse_requirement),
    "address": (
        "alpha @ git+https://github.com/example/alpha@main#subdirectory=x ; os_name == 'nt'",
        parse_requirement,
    ),
    "version": ("2!1.0.3a4.post5.dev6+local.7", sort_key),
    "specifier": ("~=1.0,==2.*,!=3.0+l,<4.0rc1", lambda text: contains(text, "1.0")),
    "python": (">=3.8,!=3.9.*,<4", lambda text: python_allows(text, "3.12.1")),
    "marker": (
        "(python_version >= '3.9' or 'x' in platform_release) and not_so != os_name",
        lambda text: compile_marker(text).evaluate(marker_environment("3.12.1", {"os_name": "posix"})),
    ),
    "wheel name": ("alpha_b-1.0+x-1a-cp312.cp313-abi3-manylinux_2_28_x86_64.whl", parse_wheel),
    "sdist name": ("alpha-b-1.0rc1.tar.gz", lambda text: parse_sdist(text, "alpha-b")),
}


@pytest.mark.parametrize("kind", SPELLINGS)
@steady
@given(steps=damages)
def test_a_spelling_that_is_damaged_is_read_or_refused(
    kind: str, steps: list[tuple[str, float, bytes | int]]
) -> None:
    text, read = SPELLINGS[kind]
    try:
        read(damaged(text.encode(), steps).decode("utf-8", "surrogateescape"))
    except ValueError as refusal:
        assert str(refusal)
