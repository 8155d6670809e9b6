"""What rattler said when it could not install, as one of provenv's errors."""

from __future__ import annotations

import re
from collections.abc import Sequence

from provenv.addresses import redact
from provenv.conda.channels import without_secrets
from provenv.errors import DiskError, IndexAnswerError, InstallError, NetworkError, ProvenvError
from provenv.resolution import CondaPackage


def install_error(target: str, told: str, packages: Sequence[CondaPackage]) -> ProvenvError:
    """The error for what rattler said; the package that it speaks of is named with its locked hash."""
    lines = [redact(without_secrets(line)) for line in told.splitlines() if line.strip()]
    concerned = next((p for p in packages if p.filename in told or f"{p.name}-{p.version}" in told), None)
    if concerned:
        lines.append(f"{concerned.filename} is locked with sha256 {concerned.sha256 or concerned.md5}")
    text = told.lower()
    what = concerned.filename if concerned else "an archive"
    if re.search(r"hash mismatch|mismatch", text):
        return IndexAnswerError(
            f"installing {target} failed: {what} is not the file that was locked",
            evidence=lines,
            hints=["if it was meant to change, lock it anew: `provenv lock --upgrade`"],
        )
    if re.search(r"no space left|os error 28\b|quota", text):
        return DiskError(
            f"installing {target} failed: the disk is full",
            evidence=lines,
            hints=["free some space; `--cache-dir DIR` moves the cache, `--into DIR` the environment"],
        )
    if re.search(r"permission denied|os error 13\b|read-only|not permitted", text):
        return DiskError(
            f"installing {target} failed: a file or folder may not be written",
            evidence=lines,
            hints=["check who owns the environment's folder and provenv's cache"],
        )
    if re.search(r"os error (17|20|36|40)\b|file exists|not a directory", text):
        return DiskError(
            f"installing {target} failed: a folder can't be made",
            evidence=lines,
            hints=["look what lies in its place, and take that away"],
        )
    if re.search(r"\b(401|403)\b", text):
        return IndexAnswerError(
            f"installing {target} failed: its channel refused to give {what}",
            evidence=lines,
            hints=["log in once: `rattler auth login HOST`, or give the login in netrc"],
        )
    if re.search(r"\b404\b|no such file|os error 2\b", text):
        return IndexAnswerError(
            f"installing {target} failed: {what} is not in its channel any more",
            evidence=lines,
            hints=["lock anew: `provenv lock --upgrade`"],
        )
    if re.search(r"extract|zip|archive|decompress|zstd|bzip|unexpected end|corrupt|invalid", text):
        return IndexAnswerError(
            f"installing {target} failed: {what} is no sound archive",
            evidence=lines,
            hints=["fetch it again: `provenv install` once more; if it stays so, tell its channel"],
        )
    if re.search(r"sending request|connect|timed out|timeout|dns|reset", text):
        return NetworkError(
            f"installing {target} failed: {what} could not be fetched",
            evidence=lines,
            hints=["check the network, the proxy and the mirrors: `provenv config` shows those in force"],
        )
    return InstallError(f"installing {target} failed", evidence=lines or ["rattler ended without a word"])
