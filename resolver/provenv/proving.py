"""Proving a project: the acceptance run in its environment, and the proof beside its lock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from provenv.environments.store import Environment
from provenv.project import Project
from provenv.proof.checks import BUILT_IN
from provenv.proof.report import Proof, write_proof
from provenv.proof.runner import Subject, prove
from provenv.targets import Target


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
    write_proof(proof, proof_path(project, target))
    return proof


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
