"""A user's place with conda targets, the recorded channel, and a channel of real archives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.conda_channel import MINOR, archive, cpython, of_wheel, write_channel
from support.distributions import make_wheel, metadata_text
from support.index_server import TestIndex
from support.program import Desk

RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "conda-channel"


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


@pytest.fixture
def desk(tmp_path: Path) -> CondaDesk:
    return CondaDesk(tmp_path / "user")


@pytest.fixture
def recorded() -> Path:
    """The recorded conda-forge records: no archives, but real answers."""
    if not RECORDED.is_dir():
        pytest.skip("the recorded channel is not beside this checkout")
    return RECORDED / "conda-forge"


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel with this machine's CPython, two versions of a library, and packages that are activated."""
    tiny = {
        version: make_wheel("tiny", version, metadata_text("tiny", version)) for version in ("1.0", "2.0")
    }
    python = f"python >={MINOR},<{MINOR}.99"
    return write_channel(
        tmp_path_factory.mktemp("channel") / "team",
        cpython(),
        *(of_wheel(wheel, f"tiny-{v}-py3-none-any.whl", depends=[python]) for v, wheel in tiny.items()),
        archive("base-lib", "1.0", files={"lib/base.txt": "/the/prefix/of/the/build/machine/lib\n"},
                placeholders={"lib/base.txt": "/the/prefix/of/the/build/machine"}),
        archive("base-lib", "2.0", files={"lib/base.txt": "two\n"}, kind=".tar.bz2"),
        archive(
            "activated",
            files={
                "etc/conda/activate.d/activated.sh": 'export FROM_SCRIPT="$CONDA_PREFIX/seen"\necho noise\n',
                "etc/conda/activate.d/activated.fish": "set -gx FROM_SCRIPT seen\n",
                "etc/conda/env_vars.d/activated.json": json.dumps({"FROM_JSON": "it's here"}),
            },
            depends=["base-lib"],
        ),
        archive("flavoured", "1.0", build="cuda129_0", files={"share/flavour": "gpu"}, depends=["__cuda"]),
        archive("flavoured", "2.0", build="cpu_0", files={"share/flavour": "cpu"}),
    )  # fmt: skip


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with TestIndex() as served:
        yield served
