"""A host with two names has one in a lock."""

from __future__ import annotations

from pathlib import Path

from provenv.manifest.values import Index
from provenv.pypi.artifacts import Artifact
from provenv.pypi.finder import Finder
from provenv.settings import NetworkSettings
from support.index_server import TestIndex

CORP = "https://index.example/simple"
FILE = "/whl/torch-2.0%2Bcpu-py3-none-any.whl"


def listed(index: TestIndex, link: str, cache: Path, *, mirrored: bool) -> tuple[Artifact, str]:
    """The one file of a page, and where its bytes are fetched from."""
    body = f'<!DOCTYPE html><a href="{link}#sha256={"0" * 64}">torch-2.0+cpu-py3-none-any.whl</a>'
    index.pages["/simple/torch/"] = ("text/html", body.encode())
    url = CORP if mirrored else index.url
    settings = NetworkSettings(
        CORP, mirrors=((CORP, (index.url,)),) if mirrored else (), cache_dir=cache, keyring=False
    )
    with Finder(settings, aliases=(("https://r2.example/", "https://files.example/"),)) as finder:
        project = finder.project(Index("corp", url), "torch")
        assert project is not None
        artifact = project.artifacts[0][0]
        return artifact, finder.fetch_url(artifact)


def test_either_name_of_a_files_host_is_one_address(index: TestIndex, tmp_path: Path) -> None:
    for mirrored in (False, True):
        for host in ("r2", "files"):
            link = f"https://{host}.example{FILE}"
            artifact, bytes_at = listed(index, link, tmp_path / f"{host}-{mirrored}", mirrored=mirrored)

            assert artifact.url == f"https://files.example{FILE}"
            assert bytes_at == link


def test_an_address_of_any_other_host_stays(index: TestIndex, tmp_path: Path) -> None:
    artifact, bytes_at = listed(index, f"https://other.example{FILE}", tmp_path / "cache", mirrored=False)

    assert artifact.url == bytes_at == f"https://other.example{FILE}"
