"""Takes people and the single machine out of recorded answers: names, serials, addresses, passwords."""

from __future__ import annotations

import re

from provenv.addresses import redact
from provenv.values import dataclass

_ZERO_UUID = "00000000-0000-0000-0000-000000000000"

_PATTERNS = (
    (re.compile(r"\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), _ZERO_UUID),
    # "Serial Number : 1320523041234", "Serial Number (system): C02XG0FDJGH5", "ChassisSerialNumber: ..."
    (re.compile(r"(?im)^(.*serial[ _]?(?:number|no\.?)?[^:=\n]*[:=][ \t]*)\S.*$"), r"\1(removed)"),
    (re.compile(r"(?i)(<serial>)[^<]*(</serial>)"), r"\1(removed)\2"),
    (re.compile(r"\b[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}\b"), "00:00:00:00:00:00"),
)

# KFD's serials of a GPU, and of linked ones: equal ones stay equal, since the parts of one GPU share it.
_KFD_SERIAL = re.compile(r"(?m)^((?:unique|hive)_id) ([1-9]\d+)$")

# Names that say nothing of anybody, and that stand for other things in a recording.
_COMMON = frozenset(
    ("root", "user", "admin", "ubuntu", "debian", "fedora", "linux", "localhost", "host", "nvidia", "jetson")
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose machine it is: what must not be kept. An empty text is not looked for."""

    user: str = ""
    home: str = ""
    host: str = ""


def this_identity() -> Identity:
    """The running user and machine."""
    import getpass
    import platform
    from pathlib import Path

    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = ""
    try:
        home = str(Path.home())
    except RuntimeError:
        home = ""
    return Identity(user, home, platform.node())


def scrub(value: object, identity: Identity) -> object:
    """The same value (texts, lists, dicts, numbers) without what names a person or a machine."""
    if isinstance(value, str):
        return _scrub_text(value, identity)
    if isinstance(value, (list, tuple)):
        return [scrub(item, identity) for item in value]
    if isinstance(value, dict):
        return {_scrub_text(str(key), identity): scrub(item, identity) for key, item in value.items()}
    return value


def _scrub_text(text: str, identity: Identity) -> str:
    text = redact(text) if "://" in text else text
    if len(identity.home) > 1 and identity.user not in _COMMON:
        text = text.replace(identity.home, "/home/user")
    host = identity.host.partition(".")[0]
    for name, instead in ((identity.host, "host"), (host, "host"), (identity.user, "user")):
        if len(name) > 1 and name.lower() not in _COMMON:
            text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", instead, text)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return _KFD_SERIAL.sub(lambda found: f"{found[1]} {_short_digest(found[2])}", text)


def _short_digest(text: str) -> int:
    """A number of six digits, from which the text can't be told."""
    import hashlib

    return 100_000 + int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % 900_000
