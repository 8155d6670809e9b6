"""[tool.provenv]: every key, and every way of getting one wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenv.errors import Origin
from provenv.hooks.types import Envelope
from provenv.manifest.read import read_manifest
from provenv.manifest.values import Exclusion, FileRule, Index, NamedTarget

from .conftest import Read, Refuse, Write

WHOLE = """\
[project]
name = "demo"
[project.optional-dependencies]
gpu = []
[dependency-groups]
train = []
[tool.provenv]
python = ["3.11", "3.12.4"]
platforms = ["linux-x86_64", "macos-arm64"]
accelerators = ["cpu", "cuda"]
lockfiles = "../locks"
groups = ["train"]
extras = ["GPU"]
exclude = [{ platform = "macos-arm64", accelerator = "cuda" }]
build = ["Jieba_Fast"]
constraints = ["numpy<3"]
overrides = ["torch>=2"]
excluded-dependencies = ["triton"]
exclude-newer = 2026-11-01
exclude-newer-package = { Torch = "2026-11-02T12:00:00+02:00", numpy = false }
prerelease = "never"
prerelease-package = { torch = "allow" }
no-binary = ["opencc"]
only-binary = [":all:"]
pip-config = false
glibc = "2.31"
[tool.provenv.targets.train]
platform = "linux-x86_64"
python = "3.12"
accelerator = "cuda"
driver = 550
compute-capability = ["8.0", "9.0"]
build = "cu126"
groups = []
[[tool.provenv.indexes]]
name = "corp"
url = "https://index.example/simple"
packages = ["Corp_*"]
[[tool.provenv.indexes]]
name = "all"
url = "https://all.example/simple"
default = true
"""


def test_every_key_is_understood(project: Read, folder: Path) -> None:
    m = project(WHOLE)
    assert (m.python, m.platforms, m.accelerators) == (
        ("3.11", "3.12.4"),
        ("linux-x86_64", "macos-arm64"),
        ("cpu", "cuda"),
    )
    assert m.lockfiles == (folder / "../locks").resolve()
    assert (m.groups, m.extras) == (("train",), ("gpu",))
    assert m.exclude == (Exclusion(platform="macos-arm64", accelerator="cuda"),)
    assert m.build == FileRule(names=frozenset({"jieba-fast"}))
    assert m.no_binary == FileRule(names=frozenset({"opencc"}))
    assert m.only_binary == FileRule(everything=True)
    assert [(c.text, c.origin.line) for c in m.constraints] == [("numpy<3", 16)]
    assert [o.text for o in m.overrides] == ["torch>=2"]
    assert m.excluded_dependencies == ("triton",)
    assert m.exclude_newer == "2026-11-02T00:00:00Z"
    assert m.exclude_newer_package == (("numpy", None), ("torch", "2026-11-02T10:00:00Z"))
    assert (m.prerelease, m.prerelease_package) == ("never", (("torch", "allow"),))
    assert m.use_pip_config is False
    assert m.envelope == Envelope.of({"glibc": "2.31"})
    assert m.targets == (
        NamedTarget(
            name="train",
            platform="linux-x86_64",
            python="3.12",
            accelerator="cuda",
            envelope=Envelope.of({"driver": "550", "compute-capability": ["8.0", "9.0"]}),
            build="cu126",
            groups=(),
            origin=Origin("pyproject.toml", 27),
        ),
    )
    assert m.indexes == (
        Index("corp", "https://index.example/simple", ("corp-*",), origin=Origin("pyproject.toml", 35)),
        Index("all", "https://all.example/simple", default=True, origin=Origin("pyproject.toml", 39)),
    )
    assert m.warnings == ()


@pytest.mark.parametrize(
    ("body", "line", "message", "hint"),
    [
        ("pythons = ['3.11']", 2, "unknown key 'pythons' in [tool.provenv]", "did you mean 'python'?"),
        ("exclude_newer = '2026-01-01'", 2, "unknown key 'exclude_newer'", "did you mean 'exclude-newer'?"),
        ("python = '3.11'", 2, "must be an array of strings", 'write python = ["3.11"]'),
        ("python = [3.11]", 2, "holds strings, not `3.11`", 'put it in quotes: "3.11"'),
        ("python = ['3.11',\n'py312']", 3, "'py312' is no Python version", None),
        ("python = ['3.11', '3.11']", 2, "'3.11' stands twice", None),
        ("platforms = ['linux-x86-64']", 2, "no platform 'linux-x86-64'", "did you mean 'linux-x86_64'?"),
        ("platforms = ['linux']", 2, "no platform 'linux'", "did you mean 'linux-x86_64'?"),
        ("accelerators = ['cpu', 'cudda']", 2, "no accelerator 'cudda'", "did you mean 'cuda'?"),
        ("groups = ['train']", 2, "there is no group 'train'", "define it in [dependency-groups]"),
        ("extras = ['x']", 2, "there is no extra 'x'", None),
        (
            "exclude = [{ platfrom = 'linux-x86_64' }]",
            2,
            "unknown key 'platfrom'",
            "did you mean 'platform'?",
        ),
        ("exclude = [{}]", 2, "an exclusion names", None),
        ("build = ['jieba>=1']", 2, "'jieba>=1' is no package name", "write the name alone: 'jieba'"),
        ("constraints = [\n'numpy<<3']", 3, "is not a requirement", None),
        ("exclude-newer = 'yesterday'", 2, "is no time: 'yesterday'", None),
        ("prerelease = 'yes'", 2, "is one of allow, never, if-needed, not 'yes'", None),
        ("pip-config = 'no'", 2, "must be true or false, not the string 'no'", None),
        ("driver = 550.54", 2, "must be a string", 'put it in quotes: driver = "550.54"'),
        ("driver = 'new'", 2, "'new' is no version", None),
        ("glibc = ['2.28', '2.31']", 2, "takes one value", None),
        ("[tool.provenv.targets.'a.b']\npython='3.12'", 2, "'a.b' can't name a target", "call it 'a-b'"),
        (
            "[tool.provenv.targets.t]\nacelerator='cuda'",
            3,
            "unknown key 'acelerator'",
            "did you mean 'accelerator'?",
        ),
        (
            "[tool.provenv.targets.t]\nplatform='linux-x86_65'",
            3,
            "no platform",
            "did you mean 'linux-x86_64'?",
        ),
        ("[tool.provenv.targets.t]\npackaging='npm'", 3, "packaging is pip or conda", None),
        ("targets = ['t']", 2, "must be a table, not an array", None),
        ("[[tool.provenv.indexes]]\nname='x'", 2, "needs 'url'", None),
        (
            "[[tool.provenv.indexes]]\nname='x'\nurl='ftp://index.example/simple'",
            4,
            "no address of an index",
            None,
        ),
        ("[[tool.provenv.indexes]]\nname='x'\nurl='https://'", 4, "no address of an index", None),
        (
            "[[tool.provenv.indexes]]\nname='x'\nurl='https://a.example'\npackages=['a b']",
            5,
            "no pattern",
            None,
        ),
        (
            "[tool.provenv.indexes]\nname='x'",
            2,
            "must be an array of tables",
            "write [[tool.provenv.indexes]]",
        ),
    ],
)
def test_mistakes_are_refused_with_line_and_right_spelling(
    refused: Refuse, body: str, line: int, message: str, hint: str | None
) -> None:
    error = refused(f"[tool.provenv]\n{body}\n")
    assert error.origin == Origin("pyproject.toml", line)
    assert message in error.message
    if hint:
        assert hint in error.hints


def test_two_indexes_of_a_name_and_two_defaults_are_refused(refused: Refuse) -> None:
    index = "[[tool.provenv.indexes]]\nname='{}'\nurl='https://{}.example/simple'\n{}\n"
    twice = refused(index.format("a", "a", "") + index.format("a", "b", ""))
    assert "an index 'a' is already given (pyproject.toml:1)" in twice.message
    assert twice.origin == Origin("pyproject.toml", 6)
    defaults = refused(index.format("a", "a", "default=true") + index.format("b", "b", "default=true"))
    assert "two indexes call themselves the default" in defaults.message


def test_a_folder_as_index_is_read_from_the_manifests_folder(project: Read, folder: Path) -> None:
    manifest = project("[[tool.provenv.indexes]]\nname='here'\nurl='wheels'\nflat=true\n")
    assert manifest.indexes[0].url == (folder / "wheels").resolve().as_uri()


def test_without_a_vocabulary_names_are_taken_as_they_are(write: Write) -> None:
    path = write("pyproject.toml", "[tool.provenv]\nplatforms=['plan9-mips']\ndriver='new'\n")
    manifest = read_manifest(path)
    assert manifest.platforms == ("plan9-mips",)
    assert manifest.envelope.one("driver") == "new"
