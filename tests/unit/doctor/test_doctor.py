"""`provenv doctor` as a user runs it: this machine, a recorded one, a project with its environment."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from provenv.doctor.checkup import machine_findings
from provenv.environments.store import Environment, load
from provenv.hooks.manager import plugins
from provenv.host import Host
from provenv.proof.report import CheckResult, Proof, write_proof
from provenv.recording import RecordingProbe
from support import machines
from support.program import HERE, Desk, program

NOWHERE = "http://127.0.0.1:9/simple"  # nobody is asked: the manifests here require nothing


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def codes(desk: Desk, *arguments: str | Path, expect: int | None = 0, **options: object) -> dict[str, str]:
    """code -> severity of what the doctor finds."""
    answer = desk.run("doctor", *arguments, "--json", expect=expect, **options)
    return {finding["code"]: finding["severity"] for finding in answer.json["findings"]}


def recorded(desk: Desk, **kinds: object) -> Path:
    """A machine's recording, as `provenv detect --record` writes one; `kinds`: see `machines.linux`."""
    recording = RecordingProbe(machines.linux(**kinds))
    host = Host(plugins(), recording)
    machine_findings(host)
    prefix = recording.environment("VIRTUAL_ENV")
    recording.distributions(prefix or "")
    for path in ("/v/lib/python3.12/site-packages/torch/version.py",):
        recording.file(path)
    recording.save(desk.root / "machine.json")
    return desk.root / "machine.json"


def test_this_machine_is_told_something_true(desk: Desk) -> None:
    """Whatever it finds, each finding is whole, and the exit code is what the findings say."""
    answer = desk.run("doctor", "--json", expect=None, cwd=desk.root)

    document = answer.json
    assert document["project"] is None
    assert answer.code == int(any(one["severity"] == "error" for one in document["findings"]))
    assert document["ok"] is (answer.code == 0)
    for finding in document["findings"]:
        assert finding["message"]
        assert finding["severity"] in ("error", "warning", "note")


def test_a_machine_without_a_fault_is_calm(desk: Desk) -> None:
    file = recorded(desk)

    answer = desk.run("doctor", "--from", file)

    assert answer.out == (
        "nothing stands in the way of a training run\nwhat the evidence does not say was not judged\n"
    )
    assert desk.run("doctor", "--from", file, "-q").out == ""


def test_this_machine_recorded_is_told_the_same_elsewhere(desk: Desk) -> None:
    variables = {"PYTHONPATH": "/x", "HTTP_PROXY": "http://wang:pw@proxy.example", "PYTHONHOME": ""}
    file = desk.root / "here.json"
    desk.run("detect", "-q", "--record", file, cwd=desk.root, variables=variables)

    here = codes(desk, expect=None, cwd=desk.root, variables=variables)
    elsewhere = codes(desk, "--from", file, expect=None, cwd=desk.root)

    assert "pw@" not in file.read_text()
    assert {"pythonpath-set", "proxy-for-http-only"} <= set(here)
    assert elsewhere == {code: severity for code, severity in here.items() if not code.startswith("disk-")}


A100 = machines.nvml("470.161.03", "11.4", ("NVIDIA A100-SXM4-40GB", "8.0", 40960))


def with_torch(version: str, torchvision: str) -> dict[str, object]:
    site = "/v/lib/python3.12/site-packages"
    rows = [["torch", version, site], ["torchvision", torchvision, site]]
    return {**A100, "environment": {"VIRTUAL_ENV": "/v"}, "distributions": {"/v": rows}}


def test_a_recorded_machine_s_environment_is_judged_and_the_mending_command_named(desk: Desk) -> None:
    file = recorded(desk, **with_torch("2.4.0+cu121", "0.16.0"))

    answer = desk.run("doctor", "--from", file, expect=1)

    heading, *lines = answer.out.splitlines()
    assert heading == "this stops a training run"
    told = {line.rpartition("[")[2].rstrip("]"): line for line in lines if line.endswith("]")}
    assert "this machine has driver 470.161.03" in told["nvidia-driver-too-old-for-build"]
    assert "with it go torchvision 0.19.0" in told["torch-family-mismatch"]
    commands = [line for line in lines if line.startswith("    -> ")]
    assert any("torch==2.4.0" in line and line.endswith("/whl/cu118") for line in commands)
    assert "2 things stop a training run" in lines


def test_quiet_leaves_what_stops_a_run_and_verbose_says_what_was_looked_at(desk: Desk) -> None:
    file = recorded(desk, **with_torch("2.4.0+cu121", "0.19.0+cu121"))

    quiet = desk.run("doctor", "--from", file, "-q", expect=1).out
    verbose = desk.run("doctor", "--from", file, "-v", expect=1).out

    assert quiet.count("->") == 1
    assert "stop" not in quiet.replace("this stops a training run", "")
    assert "environment: /v, 2 packages, torch 2.4.0+cu121" in verbose
    assert "accelerators that can be used: cuda, cpu" in verbose


def test_no_colour_is_written_where_none_is_wanted(desk: Desk) -> None:
    file = recorded(desk, **with_torch("2.4.0+cu121", "0.16.0"))

    plain = desk.run("doctor", "--from", file, expect=1, variables={"NO_COLOR": "1", "FORCE_COLOR": "1"}).out
    coloured = desk.run("doctor", "--from", file, expect=1, variables={"FORCE_COLOR": "1"}).out

    assert "\033" not in plain
    assert "\033[31m" in coloured


def test_a_project_that_a_recorded_machine_can_t_use(desk: Desk) -> None:
    desk.manifest(NOWHERE, table='python = ["3.12"]\naccelerators = ["cuda"]')

    found = codes(desk, desk.folder, "--from", recorded(desk), expect=1)

    assert found["no-target-fits"] == "error"
    assert "environment-missing" not in found  # nothing is known of what is installed there


def test_variables_files_and_path_of_this_shell(desk: Desk) -> None:
    gone = str(desk.root / "gone.pem")
    empty = desk.root / "env" / "bin"
    empty.mkdir(parents=True)

    found = codes(
        desk,
        expect=1,
        cwd=desk.root,
        variables={
            "PYTHONPATH": str(desk.root / "lib"),
            "REQUESTS_CA_BUNDLE": gone,
            "VIRTUAL_ENV": str(empty.parent),
            "PIP_TARGET": str(desk.root),
        },
    )

    assert found["certificate-file-missing"] == "error"
    assert found["pythonpath-set"] == "warning"
    assert found["pip-variable-moves-installs"] == "warning"
    assert found["environment-not-on-path"] == "warning"


def test_an_active_environment_of_somebody_s_own_is_judged(desk: Desk) -> None:
    site = desk.root / "env" / "lib" / "python3.12" / "site-packages"
    for name in ("torch-2.6.0+cpu", "torchvision-0.16.0"):
        (site / f"{name}.dist-info").mkdir(parents=True)

    found = codes(desk, expect=1, cwd=desk.root, variables={"VIRTUAL_ENV": str(desk.root / "env")})

    assert found["torch-family-mismatch"] == "error"


def test_a_fresh_project_is_not_ill(desk: Desk) -> None:
    desk.manifest(NOWHERE)

    found = codes(desk)

    assert found["lock-missing"] == "note"
    assert found["environment-missing"] == "note"


@pytest.fixture
def installed(desk: Desk) -> Environment:
    desk.manifest(NOWHERE)
    desk.run("lock", "-q")
    desk.run("install", "-q")
    environment = load(desk.folder / ".provenv" / HERE)
    assert environment is not None
    return environment


def prove(desk: Desk, environment: Environment, *failures: str) -> Path:
    """A proof of this lock, as the acceptance run writes it."""
    check = CheckResult("numerics", 1.0, {}, failures)
    sha = environment.lock_sha256
    proof = Proof(HERE, "pylock", sha, "cpu", {}, "3.12", {}, (check,), "2026-11-24T00:00:00Z", 1.0)
    write_proof(proof, desk.locks / "proofs" / f"{HERE}.json")
    return desk.locks / "proofs" / f"{HERE}.json"


PROJECT_CODES = ("lock-", "environment-", "proof-", "project-", "no-target")


def of_project(found: dict[str, str]) -> dict[str, str]:
    return {code: severity for code, severity in found.items() if code.startswith(PROJECT_CODES)}


def test_an_environment_that_is_whole_fresh_and_proven_is_not_spoken_of(
    desk: Desk, installed: Environment
) -> None:
    assert of_project(codes(desk)) == {"proof-missing": "note"}
    prove(desk, installed)

    assert of_project(codes(desk)) == {}
    assert of_project(codes(desk, "--target", HERE)) == {}
    assert of_project(codes(desk, desk.folder, cwd=desk.root)) == {}


def test_each_thing_that_can_befall_an_environment(desk: Desk, installed: Environment) -> None:
    path = prove(desk, installed, "the loss is no number")
    assert of_project(codes(desk, expect=1)) == {"proof-failed": "error"}
    path.write_text("{}")
    assert of_project(codes(desk)) == {"proof-missing": "note"}
    prove(desk, replace(installed, lock_sha256="0" * 64))
    assert of_project(codes(desk)) == {"proof-missing": "note"}
    prove(desk, installed)

    desk.manifest(NOWHERE, table="constraints = ['numpy<3']")
    assert of_project(codes(desk)) == {"lock-stale": "warning"}
    desk.run("lock", "-q")
    assert of_project(codes(desk)) == {"environment-outdated": "warning"}
    desk.run("install", "-q")

    (desk.site_packages() / "by_hand.py").write_text("")
    assert of_project(codes(desk)) == {"environment-changed": "warning", "proof-missing": "note"}
    (desk.folder / ".provenv" / HERE / ".provenv.json").unlink()
    assert of_project(codes(desk, expect=1)) == {"environment-not-whole": "error"}


def test_a_package_that_is_gone(desk: Desk, installed: Environment) -> None:
    note = desk.folder / ".provenv" / HERE / ".provenv.json"
    document = json.loads(note.read_text())
    note.write_text(json.dumps({**document, "contents": [*document["contents"], "torch"]}))

    assert of_project(codes(desk, expect=1))["environment-incomplete"] == "error"


def test_an_environment_of_a_target_that_is_no_more(desk: Desk, installed: Environment) -> None:
    desk.manifest(NOWHERE, table=f'python = ["{sys.version_info.major}.{sys.version_info.minor + 1}"]')

    assert of_project(codes(desk))["environment-of-no-target"] == "warning"


def test_a_project_s_own_torch_is_mended_by_its_lock(desk: Desk, installed: Environment) -> None:
    for name in ("torch-2.6.0+cpu", "torchvision-0.16.0"):
        (desk.site_packages() / f"{name}.dist-info").mkdir()

    answer = desk.run("doctor", "--json", expect=1)

    (finding,) = [one for one in answer.json["findings"] if one["code"] == "torch-family-mismatch"]
    assert finding["remedy"] == "provenv install"


def test_a_manifest_with_a_mistake_is_a_finding_with_its_line(desk: Desk) -> None:
    desk.manifest(NOWHERE, table="pythonn = 3")

    answer = desk.run("doctor", expect=1)

    assert "pyproject.toml:" in answer.out
    assert "[project-unreadable]" in answer.out


def test_a_pyproject_that_has_nothing_to_do_with_provenv_stops_nothing(desk: Desk) -> None:
    (desk.folder / "pyproject.toml").write_text("[tool.ruff]\nline-length = 99\n")

    assert all(severity != "error" for severity in codes(desk).values())


def test_targets_that_can_t_be_made_are_a_finding(desk: Desk) -> None:
    desk.manifest(NOWHERE, table='platforms = ["linux-x86_64", "beos-ppc"]')

    assert codes(desk, expect=1)["project-unreadable"] == "error"


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that is in use can't be deleted there")
def test_a_folder_that_was_deleted_under_the_shell(desk: Desk) -> None:
    place, script = desk.root / "gone", f'rmdir "$PWD" && exec {program()} doctor --json'
    place.mkdir()

    done = subprocess.run(
        ["sh", "-c", script], cwd=place, env=desk.variables, capture_output=True, text=True, check=False
    )

    assert "Traceback" not in done.stderr
    assert "findings" in json.loads(done.stdout)


def test_settings_that_can_t_be_read_are_a_finding(desk: Desk) -> None:
    config = desk.root / "config.toml"
    config.write_text("timeout = 'soon'\n")

    found = codes(desk, expect=1, cwd=desk.root, variables={"PROVENV_CONFIG": str(config)})

    assert found["settings-unreadable"] == "error"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "there is no nowhere"),
        (["--target", "x"], "there is none here"),
        (["--from", "nowhere.json"], "nowhere.json"),
        (["--form", "x"], "did you mean --from?"),
    ],
)
def test_a_mistake_on_the_command_line(desk: Desk, arguments: list[str], words: str) -> None:
    answer = desk.run("doctor", *arguments, expect=2, cwd=desk.root)

    assert words in answer.err


def test_a_target_that_the_manifest_has_not(desk: Desk) -> None:
    desk.manifest(NOWHERE)

    assert "has no target nope" in desk.run("doctor", "--target", "nope", expect=2).err


def test_a_pasted_report_is_judged_by_what_it_says(desk: Desk) -> None:
    paste = desk.root / "collect_env.txt"
    paste.write_text(
        "PyTorch version: 2.6.0+cpu\nIs debug build: False\nCUDA used to build PyTorch: Could not collect\n"
        "OS: Ubuntu 22.04.3 LTS (x86_64)\nPython version: 3.10.12 (main) [GCC 11.4.0] (64-bit runtime)\n"
        "Python platform: Linux-6.5.0-35-generic-x86_64-with-glibc2.35\nIs CUDA available: False\n"
        "GPU models and configuration: GPU 0: NVIDIA GeForce RTX 3090\nNvidia driver version: 550.54.14\n\n"
        "Versions of relevant libraries:\n[pip3] torch==2.6.0+cpu\n[pip3] torchvision==0.16.0\n"
    )

    answer = desk.run("doctor", "--from", paste, "--json", expect=1)

    found = {one["code"]: one for one in answer.json["findings"]}
    assert found["cpu-build-on-gpu-machine"]["remedy"].startswith(
        "pip install --force-reinstall torch==2.6.0"
    )
    assert "torchvision 0.21.0" in found["torch-family-mismatch"]["message"]
    assert not {"several-pythons", "cxx-compiler-missing", "shared-memory-small"} & set(found)
