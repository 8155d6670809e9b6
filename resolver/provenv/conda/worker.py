"""A process of its own for rattler: questions go in, answers come out.

rattler's threads hold objects of Python's a moment longer than its answers take. An interpreter that ends
meanwhile stops such a thread in the middle of Rust code, which aborts the process (seen with py-rattler 0.28
in up to a fourth of all failed solves). The worker ends without taking its interpreter down, so that there is
nothing to be stopped; and what goes wrong inside of rattler ends the worker, never the user's program.
"""

from __future__ import annotations

import os
import pickle
import sys
from typing import IO, TYPE_CHECKING, NoReturn

from provenv.errors import InstallError, ProvenvError

if TYPE_CHECKING:
    import subprocess

    from provenv.conda.request import Answer, Request
    from provenv.settings import NetworkSettings

_START = "import sys; sys.path[:] = sys.argv[1:]; from provenv.conda.worker import serve; serve()"
_KEPT_BYTES = 8192


class Worker:
    """One running process, started by the first question. Must be closed."""

    def __init__(self, settings: NetworkSettings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._told: IO[bytes] | None = None

    def ask(self, request: Request) -> Answer:
        """The answer to a question.

        Raises what the worker can't work with, and InstallError with its last words when it breaks down.
        """
        process = self._started()
        assert process.stdin and process.stdout
        try:
            pickle.dump(request, process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            answer: Answer | ProvenvError = pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as broken:
            raise self._broken_down(process) from broken
        if isinstance(answer, ProvenvError):
            raise answer
        return answer

    def close(self) -> None:
        """End the process, also in the middle of a question."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, self._told):
                if stream:
                    _close(stream)

    def start(self) -> None:
        """Start the process now, so that it is ready when the first question comes."""
        self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            import subprocess
            import tempfile

            self._told = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, *map(os.path.abspath, filter(None, sys.path))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._told,
            )
            assert self._process.stdin
            pickle.dump(self._settings, self._process.stdin, pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
        return self._process

    def _broken_down(self, process: subprocess.Popen[bytes]) -> InstallError:
        from provenv.addresses import redact
        from provenv.conda.channels import without_secrets

        code = process.wait()
        lines: list[str] = []
        if self._told:
            self._told.seek(max(self._told.seek(0, os.SEEK_END) - _KEPT_BYTES, 0))
            text = self._told.read().decode("utf-8", "replace")
            lines = [redact(without_secrets(line)) for line in text.splitlines() if line.strip()]
        self.close()
        return InstallError(
            f"py-rattler broke down (exit code {code})",
            evidence=lines[-12:],
            hints=["try again; if it stays so: pip install --upgrade 'provenv[conda]'"],
        )


def _close(stream: IO[bytes]) -> None:
    import contextlib

    with contextlib.suppress(OSError):  # a pipe whose reader is gone can't take what is left in it
        stream.close()


def serve() -> NoReturn:
    """The worker's whole life: the settings, then questions until there is no more."""
    import signal

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed must not stand among the answers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program that asks decides what ctrl-C ends
    from provenv.conda.engine import Engine

    try:
        engine = Engine(pickle.load(sys.stdin.buffer))
        while True:
            pickle.dump(engine.answer(pickle.load(sys.stdin.buffer)), answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()
    except (EOFError, BrokenPipeError):
        os._exit(0)
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
