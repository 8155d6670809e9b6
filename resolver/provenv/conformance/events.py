"""What the child that runs a plugin tells its parent: one JSON object a line."""

from __future__ import annotations

import json
import os
from typing import Literal

Check = Literal[
    "importable",
    "api-version",
    "names",
    "fields",
    "totals",
    "purity",
    "machines",
    "findings",
    "builds",
    "features",
    "time",
    "network",
    "disk",
    "processes",
    "probe",
    "output",
]

CHECKS: dict[Check, str] = {
    "importable": "the entry point can be imported, its hooks are those of the specs",
    "api-version": "it asks for a plugin API that this provenv has",
    "names": "names are well-formed, and no other plugin has them",
    "fields": "every value's fields are of their types",
    "totals": "every function answers for every platform, Python and envelope, with the right type",
    "purity": "the same question has the same answer, and inputs stay as they are",
    "machines": "recorded machines in, typed answers out; an empty machine has nothing usable",
    "findings": "findings have a stable code, a severity and a line of words",
    "builds": "builds have sound addresses, labels, packages and constraints",
    "features": "facts for wheel variants are `namespace :: feature :: value`, each once",
    "time": "every call ends in time",
    "network": "no call reaches for the network",
    "disk": "no call writes to the disk",
    "processes": "no call starts a process of its own",
    "probe": "the machine is looked at through the probe alone",
    "output": "nothing is printed",
}


class Events:
    """The child's end of the line."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def calling(self, key: str, words: str) -> None:
        """The function `key` is called next, with what `words` say."""
        self._tell(call=key, words=words)

    def ran(self, check: Check) -> None:
        """There was something to check."""
        self._tell(ran=check)

    def fault(self, check: Check, text: str) -> None:
        """Something that the plugin does wrong."""
        self._tell(fault=check, text=text)

    def done(self) -> None:
        """All was asked."""
        self._tell(done=True)

    def _tell(self, **event: object) -> None:
        os.write(self._descriptor, (json.dumps(event) + "\n").encode())
