"""rattler in a process of its own: it takes nobody down with it, whatever happens to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from provenv.conda.channels import channels_of
from provenv.conda.request import Request
from provenv.conda.solve import CondaSolver, Question
from provenv.conda.worker import Worker
from provenv.errors import InstallError, Origin
from provenv.manifest.values import CondaSpec
from provenv.settings import NetworkSettings
from support.conda_channel import archive, write_channel

FAILS = """
import sys
from pathlib import Path
from provenv.conda.channels import channels_of
from provenv.conda.problems import CondaConflict
from provenv.conda.solve import CondaSolver, Question
from provenv.errors import Origin
from provenv.manifest.values import CondaSpec
from provenv.settings import NetworkSettings

settings = NetworkSettings("https://index.example/simple", cache_dir=Path(sys.argv[2]))
with CondaSolver(channels_of([sys.argv[1]], settings), settings) as solver:
    try:
        solver.solve(Question("linux-64", (CondaSpec("thing >=2", Origin("x")),)))
    except CondaConflict:
        print("no solution")
"""


@pytest.fixture
def channel(tmp_path: Path) -> str:
    return write_channel(tmp_path / "team", archive("thing")).as_uri()


@pytest.fixture
def settings(tmp_path: Path) -> NetworkSettings:
    return NetworkSettings("https://index.example/simple", cache_dir=tmp_path / "cache")


def request_for(channel: str, settings: NetworkSettings, spec: str = "thing") -> Request:
    return Request(channels_of([channel], settings), "linux-64", (spec,))


def test_of_thirty_failed_solves_no_interpreter_crashes(channel: str, tmp_path: Path) -> None:
    """In one process a fourth of them did: rattler's threads come back when the interpreter is gone."""
    command = [sys.executable, "-c", FAILS, channel, str(tmp_path / "cache")]
    ended = []
    for _ in range(10):
        three = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        ended += [(*process.communicate(timeout=120), process.returncode) for process in three]
    assert ended == [("no solution\n", "", 0)] * 30


def test_the_program_itself_never_loads_rattler(channel: str, tmp_path: Path) -> None:
    script = FAILS + "print([name for name in sys.modules if name.split('.')[0] == 'rattler'])\n"
    command = [sys.executable, "-c", script, channel, str(tmp_path / "cache")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "no solution\n[]\n"


def test_a_worker_that_dies_is_one_clear_error_and_the_next_question_has_a_new_one(
    channel: str, settings: NetworkSettings
) -> None:
    worker = Worker(settings)
    try:
        worker.ask(request_for(channel, settings))
        assert worker._process
        os.kill(worker._process.pid, signal.SIGKILL)
        with pytest.raises(InstallError, match="py-rattler broke down") as caught:
            worker.ask(request_for(channel, settings))
        assert caught.value.hints
        assert worker.ask(request_for(channel, settings))
    finally:
        worker.close()


def test_what_is_wrong_inside_is_told_as_evidence(channel: str, settings: NetworkSettings) -> None:
    worker = Worker(settings)
    nonsense = "no platform"
    broken = Request(channels_of([channel], settings), nonsense, ("thing",))
    with pytest.raises(InstallError) as caught:
        worker.ask(broken)
    assert any(nonsense in line for line in caught.value.evidence)


def test_a_closed_solver_leaves_no_process_behind(channel: str, settings: NetworkSettings) -> None:
    with CondaSolver(channels_of([channel], settings), settings) as solver:
        solver.solve(Question("linux-64", (CondaSpec("thing", Origin("x")),)))
        assert solver._worker._process
        pid = solver._worker._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_no_secret_stands_in_the_process_list(channel: str, settings: NetworkSettings) -> None:
    secret = "s3cret-of-ann"
    worker = Worker(settings)
    try:
        worker.ask(request_for(channel, settings))
        assert worker._process
        place = channels_of([f"http://ann:{secret}@127.0.0.1:9/team"], settings)
        worker.ask(Request(place, "linux-64", ("thing",)))
        shown = Path(f"/proc/{worker._process.pid}/cmdline")
        environment = Path(f"/proc/{worker._process.pid}/environ")
        for path in (shown, environment):
            if path.exists():
                assert secret.encode() not in path.read_bytes()
    finally:
        worker.close()
