"""A machine that is elsewhere, by what was pasted of it, serves wherever this one would."""

from __future__ import annotations

from pathlib import Path

import tomli

from support.index_server import TestIndex
from support.program import Desk

TABLE = """\
| NVIDIA-SMI 535.183.01             Driver Version: 535.183.01   CUDA Version: 12.2     |
| GPU  Name                 Persistence-M | Bus-Id        Disp.A | Volatile Uncorr. ECC |
|   0  Tesla V100-SXM2-16GB           On  | 00000000:00:1E.0 Off |                    0 |
| N/A   35C    P0              24W / 300W |      0MiB / 16384MiB |      0%      Default |
"""
UNAME = "Linux box 5.15.0 #1 SMP x86_64 GNU/Linux\n"


def test_a_lock_for_a_pasted_machine_promises_its_hardware(
    desk: Desk, index: TestIndex, tmp_path: Path
) -> None:
    (tmp_path / "smi.txt").write_text(TABLE)
    (tmp_path / "uname.txt").write_text(UNAME)
    desk.manifest(index, "alpha", table='accelerators = ["auto"]\n')
    evidence = ["--for", str(tmp_path / "smi.txt"), "--for", str(tmp_path / "uname.txt")]
    answer = desk.run("lock", *evidence, "--json").json
    (path,) = (Path(lock["path"]) for lock in answer["locks"] if "-cuda-" in lock["target"])
    assert tomli.loads(path.read_text())["tool"]["provenv"]["envelope"] == {
        "compute-capability": "7.0",
        "driver": "535.183.01",
        "glibc": "2.28",
    }
