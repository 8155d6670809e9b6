"""Machines rebuilt from facts (tests/data/machines): their detection, choice of build, locks and findings.

A file says in `provenance` what it was rebuilt from; what is expected of it stands in `expected/`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from provenv.cli.detect import describe
from provenv.compat import Asked, compatibility
from provenv.doctor.checkup import check_up
from provenv.hooks.entry_points import EntryPoint, scan
from provenv.hooks.manager import Plugins, collect
from provenv.host import Host
from provenv.locking import lock_project
from provenv.project import NetworkFlags, open_project
from provenv.recording import load_probe

ROOT = Path(__file__).resolve().parents[2]
MACHINES = ROOT / "tests" / "data" / "machines"
EXAMPLES = ROOT / "plugins" / "examples"
NAMES = sorted(path.stem for path in MACHINES.glob("*.json"))
TOLD = ("os", "arch", "libc", "python", "gpus", "driver", "cuda_reported", "torch", "usable")
MANIFEST = """\
[project]
name = "project"
version = "1"
dependencies = []
[tool.provenv]
pip-config = false
accelerators = ["auto"]
"""

Json = dict[str, Any]  # an answer or an expectation as JSON has it


def expected(name: str) -> Json:
    found: Json = json.loads((MACHINES / "expected" / f"{name}.json").read_text(encoding="utf-8"))
    return found


@cache
def known(plugin: str | None) -> Plugins:
    """The built-in plugins, and one of the examples beside them."""
    own = [entry for entry in scan() if entry.distribution == "provenv"]
    if plugin is None:
        return collect(own)
    folder = EXAMPLES / plugin.replace("_", "-") / "src"
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return collect([*own, EntryPoint(plugin.partition("_")[2], plugin, "", plugin.replace("_", "-"))])


def host_of(name: str) -> Host:
    return Host(known(expected(name).get("plugin")), load_probe(MACHINES / f"{name}.json"))


def detected(host: Host) -> Json:
    answer: Json = json.loads(json.dumps(describe(host)))
    found = {key: answer[key] for key in TOLD}
    return {**found, "findings": [finding["code"] for finding in answer["findings"]]}


def built(host: Host) -> Json | None:
    found = compatibility("torch", Asked(), host, is_host=True)
    best = found.best
    return best and {"accelerator": found.accelerator, "build": best.build, "torch": best.version}


def locked(name: str, folder: Path) -> Mapping[str, str | None]:
    """target -> build of the locks that `provenv lock --for` makes."""
    (folder / "pyproject.toml").write_text(MANIFEST)
    probe = load_probe(MACHINES / f"{name}.json")
    project = open_project(folder, network=NetworkFlags(False, folder / "cache"), probe=probe)
    return {lock.target.name: lock.build for lock in lock_project(project)}


def examined(host: Host) -> Json:
    checkup = check_up(host, None)
    findings = {finding.code: finding.severity for finding in checkup.findings}
    return {"stops": checkup.stops, "findings": findings}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_on_it_is_found(name: str) -> None:
    host = host_of(name)

    assert detected(host) == expected(name)["detect"]
    assert host.problems == []


@pytest.mark.parametrize("name", NAMES)
def test_it_gets_the_torch_and_the_build_that_a_specialist_would_choose(name: str) -> None:
    assert built(host_of(name)) == expected(name)["choice"]


@pytest.mark.parametrize("name", [name for name in NAMES if "plugin" not in expected(name)])
def test_a_lock_for_it_is_of_that_build(name: str, tmp_path: Path) -> None:
    """Those that need an example's plugin are locked in test_example_plugins, where these are installed."""
    assert locked(name, tmp_path) == expected(name)["locks"]


@pytest.mark.parametrize("name", NAMES)
def test_the_doctor_finds_what_is_wrong_and_no_more(name: str) -> None:
    assert examined(host_of(name)) == expected(name)["doctor"]


@pytest.mark.parametrize("name", NAMES)
def test_its_file_says_what_it_was_rebuilt_from(name: str) -> None:
    assert len(load_probe(MACHINES / f"{name}.json").provenance) > 20


def test_every_expectation_has_its_machine() -> None:
    assert sorted(path.stem for path in (MACHINES / "expected").glob("*.json")) == NAMES
