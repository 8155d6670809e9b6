"""A user's place with conda targets, the recorded channel, and a channel of real archives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.conda_channel import MINOR, archive, cpython, of_wheel, write_channel
from support.conda_desk import CondaDesk
from support.distributions import make_wheel, metadata_text
from support.index_server import TestIndex

RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "conda-channel"


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
