"""Real environment files beside conda-lock's own parser: the same spec for spec, or another for a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from provenv.manifest.read import read_manifest
from provenv.manifest.selectors import selects
from provenv.manifest.values import Manifest

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "manifests"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the real manifests are not beside this checkout")

STUMBLES = {
    # options and local projects among what pip installs, which pip and conda take
    "deepchem+deepchem/requirements/torch/env_torch.gpu.yml": "-f https://download.pytorch.org",
    "deepchem+deepchem/requirements/jax/env_jax.gpu.yml": "-f https://storage.googleapis.com",
    "graphdeco-inria+gaussian-splatting/environment.yml": "submodules/diff-gaussian-rasterization",
}
"""What conda-lock can't read at all, by what it stumbles over."""

THEIRS_ALONE = {
    # it adds a pip to whatever has a pip part; uv, which installs that part here, needs none
    "rapidsai+rmm/conda/environments/all_cuda-129_arch-x86_64.yaml": {"conda pip"},
}
OURS_ALONE = {
    # it warns that editable projects are to be installed by hand
    "conda+rattler/test-data/environments/asymmetric_vqgan.environment.yaml": {
        "pip taming-transformers",
        "pip clip",
        "pip ",
    },
}


def environments() -> list[str]:
    if not FOLDER.is_dir():
        return []
    listed = json.loads((FOLDER / "manifests.json").read_text())["manifests"]
    return [one["file"] for one in listed if one["kind"] == "environment"]


def ours(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """`conda NAME` or `pip NAME`, and what is asked of it in one spelling."""
    assert manifest.conda
    for spec in manifest.conda.dependencies:
        if spec.selector is None or selects(spec.selector, "linux-64"):
            channel, _, rest = spec.text.rpartition("::")
            match = re.match(r"([\w.-]+)\s*(.*)", rest)
            assert match
            yield f"conda {match[1].lower()}", one_spelling(match[2], channel)
    for required in manifest.requirements:
        yield f"pip {required.requirement.name}", one_spelling(required.requirement.specifier or "*")


def theirs(path: Path, mapping: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """The same of conda-lock's parser, and its channels."""
    from conda_lock.src_parser.environment_yaml import parse_environment_file

    found = parse_environment_file(path, ["linux-64"], str(mapping))
    specs = []
    for spec in found.dependencies["linux-64"]:
        build, channel = getattr(spec, "build", None) or "", getattr(spec, "conda_channel", None) or ""
        version = getattr(spec, "version", None) or ("*" if spec.manager == "pip" else "")
        specs.append((f"{spec.manager} {spec.name}", one_spelling(f"{version} {build}", channel)))
    return specs, [getattr(channel, "url", channel) for channel in found.channels]


def one_spelling(asked: str, channel: str = "") -> str:
    """conda-lock writes `=1.2` as `1.2.*`, and `=1.2=build` as `1.2` and `build`: signs don't count."""
    return f"{channel}::{re.sub(r'[=*. ]', '', asked)}" if channel else re.sub(r"[=*. ]", "", asked)


@pytest.mark.parametrize("name", environments())
def test_a_real_environment_means_what_conda_lock_reads(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("conda_lock")
    monkeypatch.chdir(FOLDER)
    (tmp_path / "names.yaml").write_text("{}\n")  # conda-lock's table of names is on the network
    manifest = read_manifest(Path(name))
    assert manifest.conda
    if name in STUMBLES:
        with pytest.raises(Exception, match=re.escape(STUMBLES[name])):
            theirs(Path(name), tmp_path / "names.yaml")
        assert manifest.requirements
        return
    specs, channels = theirs(Path(name), tmp_path / "names.yaml")
    # the first of each name: conda-lock adds a `pip` behind the one that a file asks for
    mine, other = dict(ours(manifest)), dict(reversed(specs))
    assert other.keys() - mine.keys() == THEIRS_ALONE.get(name, set())
    assert mine.keys() - other.keys() == OURS_ALONE.get(name, set())
    assert {key: mine[key] for key in mine.keys() & other.keys()} == {
        key: other[key] for key in mine.keys() & other.keys()
    }
    # one channel under two spellings is one channel
    assert list(manifest.conda.channels) == list(dict.fromkeys(url.rstrip("/") for url in channels))
    capfd.readouterr()
