"""A user's place whose projects have conda targets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from support.index_server import TestIndex
from support.program import Desk


class CondaDesk(Desk):
    """A desk whose manifests have conda targets."""

    def conda(
        self,
        channels: Sequence[str | Path],
        *dependencies: str,
        targets: Mapping[str, str] | None = None,
        pypi: Sequence[str] = (),
        index: TestIndex | None = None,
        table: str = "",
        more: str = "",
    ) -> Path:
        """Write a pyproject.toml with these conda targets (name -> its further lines) and nothing else."""
        lines = [
            '[project]\nname = "project"\nversion = "0"',
            f"dependencies = {json.dumps(list(pypi))}\n{more}",
            '[tool.provenv]\naccelerators = ["cpu"]\nexclude = [{ accelerator = "cpu" }]',
            f"{table}\n[tool.provenv.conda]",
            f"channels = {json.dumps([str(channel) for channel in channels])}",
            f"dependencies = {json.dumps(dependencies)}",
        ]
        for name, words in (targets or {"lab": ""}).items():
            said = words if "accelerator" in words else f'accelerator = "cpu"\n{words}'
            said = said if "platform" in said else f'platform = "linux-x86_64"\n{said}'
            lines.append(f'[tool.provenv.targets.{name}]\npackaging = "conda"\n{said}')
        if index:
            lines.append(f'[[tool.provenv.indexes]]\nname = "loop"\nurl = "{index.url}"\ndefault = true')
        path = self.folder / "pyproject.toml"
        path.write_text("\n".join(lines) + "\n")
        return path

    def locked(self, target: str = "lab") -> dict[str, Any]:
        """A lock's document."""
        found = yaml.safe_load((self.locks / f"{target}.conda-lock.yml").read_text())
        assert isinstance(found, dict)
        return found

    def versions(self, target: str = "lab", manager: str = "conda") -> dict[str, str]:
        """Name -> version of what a lock holds."""
        return {p["name"]: p["version"] for p in self.locked(target)["package"] if p["manager"] == manager}

    def builds(self, target: str = "lab") -> dict[str, str]:
        return {p["name"]: p["build"] for p in self.locked(target)["package"] if p["manager"] == "conda"}

    @property
    def prefix(self) -> Path:
        return self.folder / ".provenv" / "lab"
