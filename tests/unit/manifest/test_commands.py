"""`provenv manifest` and `provenv config`, as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Write


def provenv(*args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    variables = {**kept, "PIP_CONFIG_FILE": os.devnull, **environ}
    return subprocess.run(
        [sys.executable, "-m", "provenv", *args], capture_output=True, text=True, env=variables, check=False
    )


PROJECT = """\
[project]
name = "demo"
dependencies = ["numpy>=2", "a @ https://u:secret@h.example/a-1.zip"]
[dependency-groups]
train = ["torch"]
[tool.provenv]
python = ["3.12"]
platforms = ["linux-x86_64"]
accelerators = ["cpu"]
groups = ["train"]
constraints = ["scipy<2"]
[[tool.provenv.indexes]]
name = "corp"
url = "https://u:secret@index.example/simple"
packages = ["corp-*"]
[tool.poetry.dependencies]
x = "1"
"""


def test_one_document_says_what_was_understood(write: Write) -> None:
    write("pyproject.toml", PROJECT)
    answer = provenv("manifest", "--json")
    assert answer.returncode == 0, answer.stderr
    assert "secret" not in answer.stdout + answer.stderr
    document = json.loads(answer.stdout)
    assert document["requirements"][0] == {
        "text": "numpy>=2",
        "file": "pyproject.toml",
        "line": 3,
        "name": "numpy",
        "extras": [],
        "specifier": ">=2",
        "marker": None,
        "url": None,
        "editable": False,
        "hashes": [],
        "group": None,
        "extra": None,
    }
    assert [r["text"] for r in document["requirements"]] == [
        "numpy>=2",
        "a @ https://***@h.example/a-1.zip",
        "torch",
    ]
    assert [(c["text"], c["line"]) for c in document["constraints"]] == [("scipy<2", 11)]
    assert [(i["name"], i["url"], i["packages"]) for i in document["indexes"]] == [
        ("corp", "https://***@index.example/simple", ["corp-*"])
    ]
    assert [t["name"] for t in document["targets"]] == ["linux-x86_64-cpu-py312"]
    assert [(w["file"], w["line"]) for w in document["warnings"]] == [("pyproject.toml", 16)]


def test_the_same_in_words(write: Write) -> None:
    write("pyproject.toml", PROJECT)
    answer = provenv("manifest")
    assert answer.returncode == 0
    assert "pyproject.toml:3" in answer.stdout
    assert "linux-x86_64-cpu-py312" in answer.stdout
    assert "secret" not in answer.stdout + answer.stderr
    assert "tool.poetry.dependencies is not followed" in answer.stderr
    assert provenv("manifest", "-q").stderr == ""


@pytest.mark.parametrize("args", [("-r", "deps/requirements.in"), ("deps/requirements.in",)])
def test_a_requirements_file(write: Write, args: tuple[str, ...]) -> None:
    write("deps/requirements.in", "-c limits.txt\ntorch ; sys_platform == 'linux'\n")
    write("deps/limits.txt", "torch<3\n")
    document = json.loads(provenv("manifest", *args, "--json").stdout)
    assert [(r["text"], r["file"], r["line"]) for r in document["requirements"]] == [
        ("torch ; sys_platform == 'linux'", "deps/requirements.in", 2)
    ]
    assert [(c["text"], c["file"], c["line"]) for c in document["constraints"]] == [
        ("torch<3", "deps/limits.txt", 1)
    ]
    assert len(document["targets"]) >= 1


def test_a_refusal_is_exit_code_2_and_one_document(write: Write) -> None:
    write("pyproject.toml", "[tool.provenv]\nplatforms = ['linux-x86-64']\n")
    answer = provenv("manifest", "--json")
    assert answer.returncode == 2
    error = json.loads(answer.stdout)["error"]
    assert (error["kind"], error["file"], error["line"]) == ("manifest", "pyproject.toml", 2)
    assert error["message"] == "there is no platform 'linux-x86-64'"
    assert error["hints"] == ["did you mean 'linux-x86_64'?"]


def test_a_manifest_that_this_python_does_not_suit_is_understood_all_the_same(write: Write) -> None:
    write("pyproject.toml", "[project]\nname='x'\nrequires-python='<3.9'\ndependencies=['a']\n")
    document = json.loads(provenv("manifest", "--json").stdout)
    assert [r["text"] for r in document["requirements"]] == ["a"]
    assert document["targets"] == []
    assert "leaves no target" in document["warnings"][0]["message"]


def test_the_settings_in_force_are_shown_without_secrets(folder: Path) -> None:
    answer = provenv(
        "config", "--json", PIP_INDEX_URL="https://u:secret@mirror.example/simple", HOME=str(folder)
    )
    assert answer.returncode == 0, answer.stderr
    assert "secret" not in answer.stdout
    settings = json.loads(answer.stdout)["settings"]
    mirror = next(one for one in settings if one["key"].startswith("mirror of "))
    assert (mirror["value"], mirror["source"]) == ("https://***@mirror.example/simple", "PIP_INDEX_URL")
    assert "PIP_INDEX_URL" in provenv("config", PIP_INDEX_URL="https://mirror.example/simple").stdout
    assert (
        "PIP_INDEX_URL" not in provenv("config", "--no-pip-config", PIP_INDEX_URL="https://m.example").stdout
    )
