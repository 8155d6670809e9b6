"""Proving a project: the acceptance run in its environment, and the proof beside its lock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from provenv.atomic import write_text
from provenv.environments.store import Environment
from provenv.errors import InputError
from provenv.project import Project
from provenv.proof.checks import BUILT_IN
from provenv.proof.report import Proof, read_proof, write_proof
from provenv.proof.runner import Subject, prove
from provenv.targets import Target

STAMP = ".provenv-proof"
"""In an environment: the sha256 of the proof that was made in it."""


def prove_project(
    project: Project,
    environment: Environment,
    target: Target,
    *,
    tell: Callable[[str], None] = lambda line: None,
) -> Proof:
    """Runs the built-in checks and the plugins' in an environment, and writes the proof into the lockfiles
    folder.

    `tell` gets the checks' own output, line by line. A failed proof is written and returned too: look at
    `proven`.
    """
    accelerator = project.plugins.accelerators[target.accelerator]
    subject = Subject(environment, accelerator.torch_device, host_facts(project, target))
    proof = prove(subject, (*BUILT_IN, *project.plugins.checks.values()), tell=tell)
    path = proof_path(project, target)
    write_proof(proof, path)
    write_text(environment.prefix / STAMP, _digest(path), durable=False)
    return proof


def standing_proof(project: Project, environment: Environment, target: Target) -> Mapping[str, object] | None:
    """The document of a proof that still holds: of this very environment and these devices; else None.

    An environment keeps the digest of its last proof, so that a proof made elsewhere (a committed one, say)
    is never taken for one of its own.
    """
    path = proof_path(project, target)
    try:
        if (environment.prefix / STAMP).read_text(encoding="utf-8") != _digest(path):
            return None
        proof = read_proof(path)
    except (OSError, InputError):
        return None
    same = (proof.get("lock_sha256"), proof.get("host")) == (
        environment.lock_sha256,
        host_facts(project, target),
    )
    return proof if same and proof.get("verdict") == "proven" else None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def proof_path(project: Project, target: Target) -> Path:
    """Where a target's proof is written."""
    return project.manifest.lockfiles / "proofs" / f"{target.name}.json"


def host_facts(project: Project, target: Target) -> Mapping[str, object]:
    """The machine that proves: platform, processor, memory and the devices of the target's accelerator."""
    from provenv.host import Host

    host = Host(project.plugins, project.probe)
    devices = [
        {"accelerator": name, "vendor": device.vendor, "name": device.name, "memory_mib": device.memory_mib}
        for name, detection in host.detections.items()
        if name in (target.accelerator, "cpu")
        for device in detection.devices
    ]
    return {"platform": host.platform, "envelope": str(host.envelope), "devices": devices}
