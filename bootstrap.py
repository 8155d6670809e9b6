#!/usr/bin/env python3
"""From a checkout and a Python with pip to a working provenv, with the standard library alone.

    python bootstrap.py up demo_project     lock, install and prove the demo on this machine
    python bootstrap.py test                run the tests (pytest's arguments may follow)

The first call makes `.venv` beside this file and installs the checkout into it; later calls only hand over.
Anything but `test` is a provenv command line.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE / ".venv"
BIN = HOME / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
OLDEST = (3, 11)


def main() -> int:
    """Prepares the environment and runs what was asked for; its exit code is ours."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    if sys.version_info < OLDEST:
        oldest, found = (".".join(map(str, version[:2])) for version in (OLDEST, sys.version_info))
        say(f"error: provenv needs Python {oldest} or newer, this is {found}")
        say("hint: run this file with a newer one, e.g. `python3.12 bootstrap.py up demo_project`")
        return 2
    testing = arguments[0] == "test"
    prepare("test" if testing else "use")
    if testing:
        command = [PYTHON, "-m", "pytest", *(arguments[1:] or ["--numprocesses", "auto"])]
        return subprocess.call(list(map(str, command)), cwd=HERE)
    return subprocess.call([str(PYTHON), "-m", "provenv", *arguments])


def prepare(purpose: str) -> None:
    """Makes `.venv` and installs into it, unless that was done for this very pyproject.toml and Python."""
    stamp = HOME / f".bootstrap-{purpose}"
    wanted = hashlib.sha256((HERE / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    if not PYTHON.exists():
        say(f"making {HOME.name} with Python {sys.version.split()[0]}")
        venv.create(HOME, with_pip=True, clear=HOME.exists())
    say("installing provenv" + (" and its test tools" if purpose == "test" else ""))
    pip("--upgrade", "pip>=25.1")  # the first with --group
    group = ["--group", f"{HERE / 'pyproject.toml'}:dev"] if purpose == "test" else []
    pip("--editable", f"{HERE}[conda]", *group)
    stamp.write_text(wanted)


def say(text: str) -> None:
    """A line on standard error."""
    print(text, file=sys.stderr)


def pip(*arguments: str) -> None:
    """`pip install` in `.venv`, silent unless it fails."""
    command = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *arguments]
    code = subprocess.call(command)
    if code:
        say(f"error: `{' '.join(command)}` failed")
        raise SystemExit(code)


if __name__ == "__main__":
    sys.exit(main())
