"""Sees and refuses what a plugin may not do: network, files, processes, a look past the probe."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provenv.conformance.events import Check, Events

_NETWORK = ("connect", "bind", "sendto", "sendmsg", "getaddrinfo", "gethostbyname", "gethostbyaddr")
_CHANGES = ("mkdir", "rmdir", "remove", "rename", "link", "symlink", "truncate", "chmod", "chown", "utime")
_STARTS = ("system", "exec", "posix_spawn", "spawn", "fork", "forkpty", "startfile")
_KINDS: dict[str, Check] = {
    **dict.fromkeys((f"socket.{name}" for name in _NETWORK), "network"),
    **dict.fromkeys((f"os.{name}" for name in _CHANGES), "disk"),
    **dict.fromkeys((f"os.{name}" for name in _STARTS), "processes"),
    "subprocess.Popen": "processes",
    "pty.spawn": "processes",
    "winreg.OpenKey": "probe",
    "winreg.ConnectRegistry": "probe",
}
_WORDS: dict[Check, str] = {
    "network": "reached for the network",
    "disk": "tried to change the disk",
    "processes": "started a process; ask the probe: `probe.command`",
    "probe": "looked at the machine by itself; ask the probe",
}

# Where a machine's facts lie on Linux and the BSDs, less what any program may read.
_MACHINE = ("/proc/", "/sys/", "/dev/", "/etc/")
_ANYBODY_S = ("/dev/null", "/dev/urandom", "/dev/random", "/etc/localtime")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


class Sandbox:
    """Watches this process from now on, while a plugin's code runs. `scratch`: where it may write."""

    def __init__(self, events: Events, scratch: Path) -> None:
        self._events = events
        self._scratch = str(scratch)
        self._running = ""
        sys.addaudithook(self._audit)

    @contextmanager
    def watching(self, key: str) -> Iterator[None]:
        """Within this block the code of the plugin's function `key` runs."""
        streams = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = _Printed(self._events, key)
        self._running = key
        try:
            yield
        finally:
            self._running = ""
            sys.stdout, sys.stderr = streams

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._running:
            return
        check = _KINDS.get(event) or self._opened(event, arguments)
        if check is None or (check == "disk" and self._may_write(arguments[0])):
            return
        key, self._running = self._running, ""  # telling of it is not the plugin's doing
        what = f" ({event} {_short(arguments)})"
        self._events.fault(check, f"{key} {_WORDS[check]}{what}")
        self._running = key
        raise PermissionError(f"a plugin may not do this: {event}")

    def _opened(self, event: str, arguments: tuple[object, ...]) -> Check | None:
        """What an access to a path, or to a library, is."""
        first = arguments[0] if arguments else None
        if event == "ctypes.dlopen":
            return "probe" if isinstance(first, str) and not first.startswith(sys.prefix) else None
        if event not in ("open", "os.listdir", "os.scandir") or not isinstance(first, (str, bytes)):
            return None
        path = os.fsdecode(first)
        if event == "open" and _writes(arguments):
            return None if path == os.devnull else "disk"
        return "probe" if path.startswith(_MACHINE) and path not in _ANYBODY_S else None

    def _may_write(self, path: object) -> bool:
        return isinstance(path, (str, bytes)) and os.fsdecode(path).startswith(self._scratch)


def _writes(arguments: tuple[object, ...]) -> bool:
    mode, flags = (*arguments[1:3], None, None)[:2]
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITING)


class _Printed(io.TextIOBase):
    """In place of standard output and error: what is printed is a fault."""

    def __init__(self, events: Events, key: str) -> None:
        self._events = events
        self._key = key

    def write(self, text: str) -> int:
        if text.strip():
            self._events.fault("output", f"{self._key} printed {_short((text,))}")
        return len(text)


def _short(arguments: tuple[object, ...]) -> str:
    text = ", ".join(map(repr, arguments[:2]))
    return text if len(text) <= 80 else f"{text[:77]}..."
