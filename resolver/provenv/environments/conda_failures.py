"""What rattler said when it could not install, as one of provenv's errors."""

from __future__ import annotations

import re
from collections.abc import Sequence

from provenv.addresses import redact
from provenv.conda.channels import without_secrets
from provenv.errors import DiskError, IndexAnswerError, InstallError, NetworkError, ProvenvError
from provenv.resolution import CondaPackage
from provenv.tuples import NamedTuple


class _Kind(NamedTuple):
    """A failure by what rattler's lower-case words hold. `message`: `{what}` is the archive."""

    words: str
    error: type[ProvenvError]
    message: str
    hint: str


_KINDS = (
    _Kind(
        r"mismatch",
        IndexAnswerError,
        "{what} is not the file that was locked",
        "if it was meant to change, lock it anew: `provenv lock --upgrade`",
    ),
    _Kind(
        r"no space left|os error 28\b|quota",
        DiskError,
        "the disk is full",
        "free some space; `--cache-dir DIR` moves the cache, `--into DIR` the environment",
    ),
    _Kind(
        r"permission denied|os error 13\b|read-only|not permitted",
        DiskError,
        "a file or folder may not be written",
        "check who owns the environment's folder and provenv's cache",
    ),
    _Kind(
        r"os error (17|20|36|40)\b|file exists|not a directory",
        DiskError,
        "a folder can't be made",
        "look what lies in its place, and take that away",
    ),
    _Kind(
        r"\b(401|403)\b",
        IndexAnswerError,
        "its channel refused to give {what}",
        "log in once: `rattler auth login HOST`, or give the login in netrc",
    ),
    _Kind(
        r"\b404\b|no such file|os error 2\b",
        IndexAnswerError,
        "{what} is not in its channel any more",
        "lock anew: `provenv lock --upgrade`",
    ),
    _Kind(
        r"extract|zip|archive|decompress|zstd|bzip|unexpected end|corrupt|invalid",
        IndexAnswerError,
        "{what} is no sound archive",
        "fetch it again: `provenv install` once more; if it stays so, tell its channel",
    ),
    _Kind(
        r"sending request|connect|timed out|timeout|dns|reset",
        NetworkError,
        "{what} could not be fetched",
        "check the network, the proxy and the mirrors: `provenv config` shows those in force",
    ),
)


def install_error(target: str, told: str, packages: Sequence[CondaPackage]) -> ProvenvError:
    """The error for what rattler said; the package that it speaks of is named with its locked hash."""
    lines = [redact(without_secrets(line)) for line in told.splitlines() if line.strip()]
    concerned = next((p for p in packages if p.filename in told or f"{p.name}-{p.version}" in told), None)
    if concerned:
        lines.append(f"{concerned.filename} is locked with sha256 {concerned.sha256 or concerned.md5}")
    kind = next((kind for kind in _KINDS if re.search(kind.words, told.lower())), None)
    if kind is None:
        return InstallError(f"installing {target} failed", evidence=lines or ["rattler ended without a word"])
    message = kind.message.format(what=concerned.filename if concerned else "an archive")
    return kind.error(f"installing {target} failed: {message}", evidence=lines, hints=[kind.hint])
