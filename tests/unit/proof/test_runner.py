"""The acceptance run: what checks are given, how they can end, and what the proof then says."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from provenv.environments.store import Environment
from provenv.errors import InputError
from provenv.hooks import Check, CheckContext, CheckOutcome
from provenv.hooks.guard import guarded
from provenv.hooks.limits import Patience
from provenv.proof.report import Proof, read_proof, write_proof
from provenv.proof.runner import Subject, prove

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A real virtual environment with one distribution in it."""
    prefix = tmp_path_factory.mktemp("environment")
    venv.create(prefix, symlinks=os.name != "nt")
    scripts, python = ("Scripts", "Scripts/python.exe") if os.name == "nt" else ("bin", "bin/python")
    site = subprocess.check_output(
        [prefix / python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    info = Path(site.strip()) / "tiny-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny\nVersion: 1.5\n")
    return Environment(
        prefix=prefix,
        target="linux-x86_64-cpu-py311",
        lock=Path("lockfiles") / "pylock.linux-x86_64-cpu-py311.toml",
        lock_sha256="5" * 64,
        python_version="3.11.7",
        installer="uv",
        scripts=scripts,
        interpreter=python,
        variables=(("FAST_MATH", "1"),),
    )


def script(program: str, **variables: str) -> Callable[[CheckContext], CheckOutcome]:
    """A check that runs a program in the environment and fails unless that ends with 0."""

    def run(context: CheckContext) -> CheckOutcome:
        code = context.run([context.python, "-c", program, context.device, context.scratch], variables)
        return CheckOutcome(metrics={"code": code}, failures=() if code == 0 else (f"ended with {code}",))

    return run


def proof_of(
    environment: Environment, *checks: Check, tell: Callable[[str], None] = lambda line: None
) -> Proof:
    return prove(Subject(environment, "cpu", {"platform": "here"}), checks, tell=tell)


def test_a_proof_is_bound_to_the_lock_the_host_and_what_is_installed(environment: Environment) -> None:
    proof = proof_of(environment, Check("one", script("")), Check("two", script("")))
    found = proof.to_json()
    assert (found["verdict"], found["reasons"], found["limits"]) == ("proven", [], [])
    assert (found["target"], found["lock"]) == (environment.target, environment.lock.name)
    assert (found["lock_sha256"], found["device"]) == ("5" * 64, "cpu")
    assert found["host"] == {"platform": "here"}
    assert found["versions"] == {"tiny": "1.5"}
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert [check.name for check in proof.checks] == ["one", "two"]
    assert proof.checks[0].metrics == {"code": 0}
    assert 0 < proof.checks[0].seconds < proof.seconds
    assert proof.when.endswith("Z")


def test_a_check_runs_inside_the_environment_and_streams_its_lines(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    lines: list[str] = []
    program = (
        "import os, sys; print(sys.prefix, flush=True); print(sys.argv[1:], file=sys.stderr, flush=True);"
        "print(os.environ['FAST_MATH'], os.environ['MORE'], os.environ.get('PYTHONPATH'));"
        "print(os.path.samefile(os.getcwd(), sys.argv[2]), os.listdir())"
    )
    proof = proof_of(environment, Check("look", script(program, MORE="2")), tell=lines.append)
    assert proof.proven
    prefix, arguments, variables, place = lines
    assert Path(prefix).samefile(environment.prefix)
    assert arguments.startswith("['cpu', ")
    assert (variables, place) == ("1 2 None", "True []")


@pytest.mark.parametrize(
    ("program", "evidence"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("print('almost'); raise SystemExit(3)", "almost"),
        pytest.param("import os; print('x', flush=True); os.kill(os.getpid(), 11)", "x", marks=posix),
    ],
)
def test_a_crash_fails_the_proof_with_the_end_of_its_output(
    environment: Environment, program: str, evidence: str
) -> None:
    proof = proof_of(environment, Check("crash", script(program)), Check("fine", script("")))
    assert (proof.verdict, proof.checks[1].outcome) == ("failed", "passed")
    ended, output = proof.reasons
    assert ended.startswith("crash: ended with ")
    assert output.startswith("crash: the end of its output:\n")
    assert evidence in output


def test_only_the_last_lines_are_kept(environment: Environment) -> None:
    check = Check("talk", script("for i in range(1000): print(i)\nraise SystemExit(1)"))
    assert proof_of(environment, check).reasons[1].splitlines()[1:] == [str(i) for i in range(980, 1000)]


def test_a_check_that_raises_is_a_failed_check(environment: Environment) -> None:
    def run(context: CheckContext) -> CheckOutcome:
        raise RuntimeError("bad\n  luck")

    proof = proof_of(environment, Check("raises", run))
    assert proof.reasons == ("raises: the check itself failed: RuntimeError: bad luck",)


def plugins_check(name: str, run: Callable[[CheckContext], CheckOutcome], patience: Patience) -> Check:
    return guarded(Check(name, run), "plugin acme", patience)


def test_a_plugin_s_check_that_hangs_is_named_and_the_next_ones_run(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVENV_PLUGIN_SECONDS", "0.5")
    stop = threading.Event()

    def run(context: CheckContext) -> CheckOutcome:
        context.run([context.python, "-c", ""], {})
        stop.wait()
        return CheckOutcome()

    hung = Patience()
    try:
        proof = proof_of(
            environment,
            plugins_check("hangs", run, hung),
            plugins_check("of the same plugin", script(""), hung),
            plugins_check("of another", script(""), Patience()),
        )
    finally:
        stop.set()
    told = "plugin acme: run of hangs gave no answer within 0.5 s; it is not asked again"
    assert proof.reasons == tuple(
        f"{name}: the check itself failed: PluginError: {told}" for name in ("hangs", "of the same plugin")
    )
    assert proof.checks[2].outcome == "passed"


def test_a_program_of_a_plugin_s_check_may_take_as_long_as_it_needs(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVENV_PLUGIN_SECONDS", "0.3")
    check = plugins_check("trains", script("import time; time.sleep(1.5)"), Patience())
    assert proof_of(environment, check).proven


@posix
def test_an_interruption_ends_the_program_of_a_plugin_s_check(environment: Environment) -> None:
    """It comes to the main thread alone, and the check is in another."""

    class Ctrl(BaseException):
        pass

    def interrupted(number: int, frame: object) -> None:
        raise Ctrl

    said: list[int] = []

    def tell(line: str) -> None:
        said.append(int(line))
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupted)
    program = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    try:
        with pytest.raises(Ctrl):
            proof_of(environment, plugins_check("trains", script(program), Patience()), tell=tell)
    finally:
        signal.signal(signal.SIGUSR1, before)
    (process,) = said
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_skipped_check_limits_the_proof_and_nothing_but_skipped_ones_prove_nothing(
    environment: Environment,
) -> None:
    skipped = Check("train", lambda context: CheckOutcome(skipped="torch is not here"))
    partly = proof_of(environment, skipped, Check("fine", script("")))
    assert (partly.verdict, partly.limits, partly.reasons) == ("proven", ("train: torch is not here",), ())
    nothing = proof_of(environment, skipped)
    assert (nothing.verdict, nothing.reasons) == ("failed", ("train could not run: torch is not here",))
    assert proof_of(environment).verdict == "failed"


@posix
def test_an_interruption_ends_the_program_and_makes_no_proof(
    environment: Environment, tmp_path: Path
) -> None:
    alive = tmp_path / "alive"
    program = f"import os, time; print(os.getpid(), flush=True); time.sleep(60); open({str(alive)!r}, 'w')"
    pids: list[int] = []

    def interrupt(line: str) -> None:
        pids.append(int(line))
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        proof_of(environment, Check("long", script(program)), tell=interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
    assert not alive.exists()


def test_a_proof_is_written_whole_and_read_back(environment: Environment, tmp_path: Path) -> None:
    odd = CheckOutcome(
        metrics={"nan": math.nan, "path": tmp_path, "list": (1, math.inf), "deep": {"名": 1.5}}
    )
    proof = proof_of(environment, Check("odd / name", lambda context: odd))
    path = tmp_path / "proofs" / "target.json"
    write_proof(proof, path)
    assert read_proof(path) == json.loads(path.read_text(encoding="utf-8")) == proof.to_json()
    assert "NaN" not in path.read_text(encoding="utf-8")
    metrics = {"nan": None, "path": str(tmp_path), "list": [1, None], "deep": {"名": 1.5}}
    assert proof.to_json()["checks"][0]["metrics"] == metrics  # type: ignore[index]  # a document
    assert [one.name for one in path.parent.iterdir()] == ["target.json"]


@pytest.mark.parametrize("content", [None, "", "[]", '{"format": 0}', "\x00"])
def test_a_file_that_is_no_proof_is_told(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "proof.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match="no proof") as caught:
        read_proof(path)
    assert caught.value.hints
