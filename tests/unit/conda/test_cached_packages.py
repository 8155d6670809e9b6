"""Packages that were unpacked once for all environments: what has changed there since is not linked."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest

from faults.flips import flip
from support.conda_channel import archive, served, write_channel
from support.conda_desk import CondaDesk

CONTENT = "some words\n" * 500


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    script = {"bin/run": "#!/bin/sh\necho run\n"}
    return write_channel(
        tmp_path / "served" / "team",
        archive("above", files={"share/above.txt": CONTENT}, depends=["below"]),
        archive("below", files={"share/below.txt": CONTENT, **script}, executable=["bin/run"]),
    )


def unpacked(desk: CondaDesk) -> Path:
    (found,) = (path for path in (desk.cache / "conda" / "packages").glob("below-*") if path.is_dir())
    return found


@pytest.mark.parametrize(
    "name", ["share/below.txt", "bin/run", "info/paths.json", "info/index.json", "info/files"]
)
def test_a_flipped_bit_is_found_and_the_package_fetched_anew(
    desk: CondaDesk, channel: Path, name: str
) -> None:
    with served(channel.parent) as (url, asked):
        desk.conda([f"{url}/team"], "above")
        desk.run("lock")
        desk.run("install")
        shutil.rmtree(desk.prefix)
        damaged = flip(unpacked(desk) / name, Random(name))
        before = len(asked)
        desk.run("install")
        fetched = [path for path in asked[before:] if path.endswith((".conda", ".bz2"))]
    assert (unpacked(desk) / name).read_bytes() != damaged
    assert (desk.prefix / "share" / "below.txt").read_text() == CONTENT
    assert ["below" in path for path in fetched] == [True]


def test_what_is_whole_is_not_fetched_again(desk: CondaDesk, channel: Path) -> None:
    with served(channel.parent) as (url, asked):
        desk.conda([f"{url}/team"], "above")
        desk.run("lock")
        desk.run("install")
        shutil.rmtree(desk.prefix)
        before = len(asked)
        desk.run("install")
    assert [path for path in asked[before:] if path.endswith((".conda", ".bz2"))] == []


def test_an_archive_that_the_first_mirror_lost_comes_from_the_next(
    desk: CondaDesk, channel: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole" / "team"
    shutil.copytree(channel, whole)
    with served(channel.parent) as (lagging, _), served(whole.parent) as (other, asked):
        canonical = "https://conda.example/team"
        desk.config(f'[mirrors]\n"{canonical}" = ["{lagging}/team", "{other}/team"]\n')
        desk.conda([canonical], "above")
        desk.run("lock")
        for path in channel.rglob("below-*"):
            path.unlink()
        desk.run("install")
    assert (desk.prefix / "share" / "below.txt").read_text() == CONTENT
    assert any("below" in path for path in asked)
    assert all(package["url"].startswith(canonical) for package in desk.locked()["package"])
