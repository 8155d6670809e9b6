"""What is asked of lock formats, acceptance checks, sources of credentials and readers of pastes."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from provenv.conformance.asking import Asker
from provenv.conformance.sound import is_name
from provenv.hooks.types import CheckContext, LockFormat, Paste

_WHEEL = {
    "name": "attrs-24.2.0-py3-none-any.whl",
    "url": "https://index.example/files/attrs-24.2.0-py3-none-any.whl",
    "size": 63001,
    "hashes": {"sha256": "81921eb96de3191c8258c199618104dd27ac608d9366f5e35d011eae1867ede2"},
}
LOCKS: Sequence[Mapping[str, object]] = (
    {"lock-version": "1.0", "created-by": "provenv", "packages": []},
    {
        "lock-version": "1.0",
        "created-by": "provenv",
        "requires-python": "==3.12.*",
        "environments": ["sys_platform == 'linux'"],
        "packages": [
            {
                "name": "attrs",
                "version": "24.2.0",
                "index": "https://index.example/simple",
                "wheels": [_WHEEL],
            },
            {"name": "folder", "directory": {"path": "../folder", "editable": True}},
            {
                "name": "from-vcs",
                "version": "1.0",
                "vcs": {"type": "git", "url": "https://git.example/x", "commit-id": "0" * 40},
            },
            {
                "name": "built",
                "version": "2.0",
                "marker": "python_version < '3.13'",
                "sdist": {**_WHEEL, "name": "built-2.0.tar.gz", "path": "files/built-2.0.tar.gz"},
            },
        ],
        "tool": {"provenv": {"target": {"platform": "linux-x86_64", "accelerator": "cpu"}}},
    },
)
_ADDRESSES = (
    *("https://index.example/simple", "https://user@index.example/simple/x/", "http://127.0.0.1:8080/"),
    *("file:///mirror", "", "no address", "https://[::1/"),
)
_PASTES: Sequence[tuple[Paste, ...]] = (
    (),
    (Paste("-", ""), Paste("empty.txt", "\n\n")),
    (Paste("rubbish.txt", "N/A\x00 | -1 | ٣.٣ |\n{\n<?xml\n+---+\n: :\nVersion:\n"),),
)


def check_lock_format(ask: Asker, lock_format: LockFormat) -> None:
    """Locks of every kind of package, and an empty one."""
    extension = lock_format.extension
    ask.expect("fields", "extension", is_name(extension), f"{extension!r} is no file's extension: `txt`")
    for lock in LOCKS:
        for text in ask.ask("render", dict(lock)):
            ask.expect("fields", "render", "\r" not in text and "\0" not in text, "a NUL or a CR in the text")


def check_check(ask: Asker, scratch: Path) -> None:
    """An environment whose programs all fail, and one whose programs all say nothing."""
    for code in (1, 0):

        def run(argv: Sequence[str], variables: Mapping[str, str], code: int = code) -> int:
            return code

        context = CheckContext(sys.executable, "cpu", str(scratch), run)
        for outcome in ask.ask("run", context):
            passed = not outcome.failures and not outcome.skipped
            said = "it passes although every program that it ran failed"
            ask.expect("totals", "run", not (code and passed), said)


def check_index_auth(ask: Asker) -> None:
    """Addresses, and what is none."""
    for address in _ADDRESSES:
        list(ask.ask("find", address))


def check_paste_reader(ask: Asker) -> None:
    """Nothing, empty texts, and rubbish."""
    for pastes in _PASTES:
        list(ask.ask("read", pastes))
