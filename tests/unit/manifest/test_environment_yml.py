"""environment.yml: what it means, and every way of getting one wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from provenv.errors import ManifestError, Origin
from provenv.manifest.conda_table import spec_python
from provenv.manifest.read import read_manifest
from provenv.manifest.selectors import is_selector, selector_marker, selects
from provenv.manifest.values import CondaSpec, Manifest

from .conftest import Write

pytest.importorskip("yaml")

Environment = Callable[[str], Manifest]

WHOLE = """\
name: lab
channels:
  - ./own
  - conda-forge
  - nodefaults
dependencies:
  - python=3.12.*
  - conda-forge::numpy >= 2, < 3
  - libblas=*=*mkl  # the fast one
  - pywin32  # [win]
  - sel(unix): gfortran
  - ${EXTRA_PACKAGE}
  - pip
  - pip:
      - --extra-index-url https://index.example/simple
      - "requests[socks]>=2 ; python_version < '4'"
      - -r more.txt
      - colorama  # [not linux]
variables:
  MODE: fast
  THREADS: 4
platforms: [linux-64, osx-arm64]
prefix: /home/somebody/envs/lab
"""


@pytest.fixture
def environment(write: Write, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setenv("EXTRA_PACKAGE", "tqdm")
    write("more.txt", "click\n")
    return lambda text: read_manifest(write("environment.yml", text))


def test_everything_in_one(environment: Environment, write: Write) -> None:
    found = environment(WHOLE)
    assert (found.kind, found.name) == ("environment", "lab")
    assert found.platforms == ("linux-x86_64", "macos-arm64")
    assert found.conda
    assert found.conda.channels == ((found.path.absolute().parent / "own").as_uri(), "conda-forge")
    assert [(s.text, s.origin.line, s.selector) for s in found.conda.dependencies] == [
        ("python=3.12.*", 7, None),
        ("conda-forge::numpy >=2,<3", 8, None),
        ("libblas=*=*mkl", 9, None),
        ("pywin32", 10, "win"),
        ("gfortran", 11, "unix"),
        ("tqdm", 12, None),
        ("pip", 13, None),
    ]
    assert found.conda.variables == (("MODE", "fast"), ("THREADS", "4"))
    assert [(r.text, r.origin, r.requirement.marker) for r in found.requirements] == [
        (
            "requests[socks]>=2 ; python_version < '4'",
            Origin("environment.yml", 16),
            'python_version < "4"',
        ),
        ("click", Origin("more.txt", 1), None),
        ("colorama", Origin("environment.yml", 18), 'sys_platform != "linux"'),
    ]
    assert [index.url for index in found.indexes] == ["https://index.example/simple"]
    assert [w.origin and w.origin.line for w in found.warnings] == [23]


def test_without_channels_condas_defaults_are_meant(environment: Environment) -> None:
    found = environment("dependencies: [numpy]\n")
    assert found.conda and found.conda.channels == ("defaults",)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "the file is empty"),
        ("channels: [a]\n", 1, "it has no `dependencies`"),
        ("dependencies:\n  - numpy\n bad: [\n", 3, "not valid YAML"),
        ("dependencies: numpy\n", 1, "dependencies is a list"),
        ("dependencies:\n  - numpy\n  - python: 3.8\n", 3, "'python' is no kind of dependency"),
        ("dependencies:\n  - numpy\n  - a b c d e\n", 3, "'a b c d e' is not a conda requirement"),
        ("dependencies:\n  - torch[extra]\n", 2, "is not a conda requirement"),
        ("dependencies:\n  -\n", 2, "a dependency is missing here"),
        ("dependencies:\n  - [numpy]\n", 2, "a dependency is a text"),
        ("dependencies:\n  - pip:\n    - torch=2\n", 3, "'torch=2' is not a requirement"),
        ("dependencies:\n  - pip:\n    - -r nothing.txt\n", 3, "there is no file nothing.txt"),
        ("dependencies:\n  - {{ name }}\n", 2, "a template"),
        ("dependencies:\n  - numpy\n  - ${NOT_SET_AT_ALL}\n", 3, "the variable NOT_SET_AT_ALL"),
        ("channels:\n  - local\ndependencies: [numpy]\n", 2, "`local` is another folder on every machine"),
        ("channels: [a]\nchannels: [b]\ndependencies: [numpy]\n", 2, "'channels' stands here a second time"),
        ("dependencies:\n  - 3.10\n", 2, "'3.10' is not a conda requirement"),
        ("dependencies:\n  - pip:\n    - --no-binary :all:\n", 3, "this must be a text"),
        ("channels:\n  - a channel\ndependencies: [numpy]\n", 2, "names no channel"),
        ("dependencies: [numpy]\nplatforms: [linux64]\n", 2, "there is no platform 'linux64'"),
        ("dependancies: [numpy]\ndependencies: [numpy]\n", 1, "unknown key 'dependancies'"),
    ],
)
def test_what_can_not_be_followed_is_refused(
    environment: Environment, text: str, line: int, reason: str
) -> None:
    with pytest.raises(ManifestError, match=reason.replace("[", r"\[").replace("$", r"\$")) as caught:
        environment(text if text.strip() else "dependencies:\n" if text else "")
    assert caught.value.origin == Origin("environment.yml", line)


@pytest.mark.parametrize(
    ("selector", "subdirs"),
    [
        ("linux", {"linux-64", "linux-aarch64"}),
        ("not win", {"linux-64", "linux-aarch64", "osx-64", "osx-arm64"}),
        ("osx and arm64", {"osx-arm64"}),
        ("linux64 or win64", {"linux-64", "win-64"}),
        ("not (linux or win)", {"osx-64", "osx-arm64"}),
    ],
)
def test_selectors(selector: str, subdirs: set[str]) -> None:
    from packaging.markers import Marker

    machines = {
        "linux-64": ("linux", "x86_64"),
        "linux-aarch64": ("linux", "aarch64"),
        "osx-64": ("darwin", "x86_64"),
        "osx-arm64": ("darwin", "arm64"),
        "win-64": ("win32", "AMD64"),
    }
    assert {subdir for subdir in machines if selects(selector, subdir)} == subdirs
    marker = Marker(selector_marker(selector))
    holds = {
        subdir
        for subdir, (system, machine) in machines.items()
        if marker.evaluate({"sys_platform": system, "platform_machine": machine})
    }
    assert holds == subdirs


@pytest.mark.parametrize("remark", ["optional", "1, 2", "linux maybe", "", "see docs"])
def test_a_remark_in_brackets_is_no_selector(remark: str) -> None:
    assert not is_selector(remark)


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("python 3.13.*", "3.13"),
        ("python=3.10", "3.10"),
        ("python==3.9.1", "3.9.1"),
        ("conda-forge::python =3.11", "3.11"),
        ("python >=3.11,<3.12", "3.11"),
        ("python >=3.11,<3.12.0a0", "3.11"),
        ("python=3.10.12=h955ad1f_0", "3.10.12"),
        ("python >=3.10", None),
        ("python", None),
        ("python-dateutil=2.8.1", None),
    ],
)
def test_the_python_that_specs_pin(text: str, python: str | None) -> None:
    assert spec_python((CondaSpec(text, Origin("x")),)) == python
