"""What uv said when it failed, as one of provenv's errors: the few lines that matter and what mends it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from provenv.errors import BuildError, DiskError, IndexAnswerError, InstallError, NetworkError, ProvenvError
from provenv.values import dataclass

_NEWS = re.compile(
    r"\s*(Using |Prepared |Installed |Uninstalled |Checked |Audited |Resolved |Creating virtual|Activate with"
    r"|Building |Built |Downloading |Downloaded |[+~-] \S+==|warning: )"
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of failure: by what words it is known, which error it is, what to do."""

    words: str
    error: type[ProvenvError]
    message: str
    hints: tuple[str, ...] = ()


_KINDS = (
    _Kind(
        # uv unpacks while it downloads, so bytes that are no archive are found before their hash is
        r"Hash mismatch|Size mismatch|has size \d+, but the lockfile|Failed to extract archive",
        IndexAnswerError,
        "a file is not the one that was locked",
        (
            "if it was meant to change, lock it anew: `provenv lock --upgrade PACKAGE`",
            "if not, find out who changed it before you install it",
        ),
    ),
    _Kind(
        r"No space left|os error 28\b|os error 112\b|disk quota|os error 122\b|not enough space",
        DiskError,
        "the disk is full",
        ("free some space, or name another folder with `--into DIR`; UV_CACHE_DIR moves uv's cache",),
    ),
    _Kind(
        r"Failed to initialize cache",
        DiskError,
        "uv's cache can't be written",
        ("UV_CACHE_DIR moves it to another folder",),
    ),
    _Kind(
        r"Permission denied|os error 13\b|Operation not permitted|Read-only file system|Access is denied",
        DiskError,
        "a file or folder may not be written",
        ("check who owns the environment's folder and uv's cache",),
    ),
    _Kind(
        r"No interpreter found|Failed to inspect Python|No download found|Python executable .*not found"
        r"|Invalid version request",
        InstallError,
        "this machine has no such Python",
    ),
    _Kind(
        r"Network connectivity is disabled",
        NetworkError,
        "a file is not in the cache, and the network is switched off",
        ("install once without `--offline`",),
    ),
    _Kind(
        r"HTTP status client error \(40[13]",
        IndexAnswerError,
        "an index refused to give a file",
        ("give your credentials in netrc or keyring",),
    ),
    _Kind(
        r"HTTP status",
        IndexAnswerError,
        "an index did not give a file that it had when this was locked",
        ("try again later; if the file is gone for good, lock anew: `provenv lock --upgrade PACKAGE`",),
    ),
    _Kind(
        r"invalid peer certificate|certificate",
        NetworkError,
        "a server's certificate is not trusted",
        ("name your company's certificate in pip's configuration (`cert`) or SSL_CERT_FILE",),
    ),
    _Kind(
        r"Distribution not found at: file:",
        InstallError,
        "a local project that the lock names is not there",
        ("bring it to its place, or lock anew without it",),
    ),
    _Kind(
        r"Failed to build|build backend returned|build-system\.requires|Failed to download and build",
        BuildError,
        "a package could not be built from source",
    ),
    _Kind(
        r"error sending request|dns error|tcp connect|timed out|error decoding response|connection closed"
        r"|end of file before message|Could not connect|Failed to fetch",
        NetworkError,
        "a file could not be fetched",
        ("check the network, the proxy and the mirrors: `provenv config` shows those in force",),
    ),
    _Kind(
        r"No such file or directory|os error 2\b|does not exist|not found at",
        InstallError,
        "a local file that the lock names is not there",
        ("a lock of local files installs only where these are: bring them here, or lock anew",),
    ),
    _Kind(
        r"for the current platform|has no binary distribution"
        r"|not supported by the lockfile|incompatible with the",
        InstallError,
        "the lock is not for this machine",
        ("`provenv install` without `--target` takes one that is",),
    ),
)


def failure(action: str, lines: Sequence[str]) -> ProvenvError:
    """The error for what uv printed last. `action`: what was being done, to begin the message with."""
    evidence = _evidence(lines)
    text = "\n".join(evidence)
    kind = next((kind for kind in _KINDS if re.search(kind.words, text, re.IGNORECASE)), None)
    if kind is None:
        return InstallError(f"{action} failed", evidence=evidence or ["uv ended without a word"])
    return kind.error(f"{action} failed: {kind.message}", evidence=evidence, hints=kind.hints)


def _evidence(lines: Sequence[str]) -> list[str]:
    """The lines from uv's `error:` on, without its news and its hints about its own flags."""
    start = next((number for number, line in enumerate(lines) if re.match(r"\s*error:", line)), None)
    chosen = lines[start:] if start is not None else [line for line in lines if not _NEWS.match(line)]
    told = []
    for line in chosen:
        if re.match(r"\s*hint:", line):
            break
        told.append(re.sub(r"^\s*(error|cause): ", "", line).rstrip())
    return [line for line in told if line.strip()][-30:]
