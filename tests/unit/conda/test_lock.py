"""Conda targets locked: real records of six subdirs, any of them from this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.conda_channel import archive, served, write_channel
from support.conda_desk import CondaDesk

MATRIX = {
    "linux-cpu": 'platform = "linux-x86_64"\naccelerator = "cpu"',
    "linux-cuda": 'platform = "linux-x86_64"\naccelerator = "cuda"\ncuda = "12.9"',
    "windows-cpu": 'platform = "windows-x86_64"\naccelerator = "cpu"',
    "windows-cuda": 'platform = "windows-x86_64"\naccelerator = "cuda"\ncuda = "12.9"',
    "mac": 'platform = "macos-arm64"\naccelerator = "mps"',
}


def test_cpu_and_cuda_targets_of_one_subdir_get_builds_of_their_own(desk: CondaDesk, recorded: Path) -> None:
    desk.conda([recorded], "python 3.13.*", "pytorch", "numpy", targets=MATRIX)
    desk.run("lock")
    torch = {name: (desk.versions(name)["pytorch"], desk.builds(name)["pytorch"]) for name in MATRIX}
    assert torch["linux-cuda"][1].startswith("cuda129")
    assert torch["windows-cuda"][1].startswith("cuda12")
    assert all(build.startswith("cpu") for name, (_, build) in torch.items() if "cuda" not in name)
    # a newer CPU build lies there, and the CUDA target leaves it
    assert torch["linux-cuda"][0] < torch["linux-cpu"][0]
    for name in MATRIX:
        assert desk.versions(name)["python"].startswith("3.13.")
        assert desk.locked(name)["metadata"]["custom_metadata"]["provenv.python"] == "3.13.0"


def test_a_second_lock_is_fresh_and_the_same_bytes(desk: CondaDesk, recorded: Path) -> None:
    desk.conda([recorded], "python 3.13.*", "pytorch", targets={"lab": MATRIX["linux-cuda"]})
    desk.run("lock")
    before = (desk.locks / "lab.conda-lock.yml").read_bytes()
    assert desk.run("lock", "--json").json["locks"][0]["status"] == "fresh"
    assert desk.run("lock", "--upgrade", "--json").json["locks"][0]["status"] == "unchanged"
    assert (desk.locks / "lab.conda-lock.yml").read_bytes() == before
    desk.run("check")


def test_pip_and_conda_targets_stand_in_one_manifest(desk: CondaDesk, archives: Path) -> None:
    path = desk.conda([archives], "base-lib")
    path.write_text(path.read_text().replace('exclude = [{ accelerator = "cpu" }]', ""))
    desk.run("lock")
    assert sorted(p.name for p in desk.locks.iterdir() if p.name != "lab.conda-lock.yml")[0].startswith(
        "pylock."
    )
    assert (desk.locks / "lab.conda-lock.yml").exists()


def test_a_relock_keeps_what_it_can_and_an_upgrade_does_not(desk: CondaDesk, archives: Path) -> None:
    desk.conda([archives], "base-lib <2")
    desk.run("lock")
    desk.conda([archives], "base-lib", "activated")
    told = desk.run("lock", "--json").json["locks"][0]
    assert told["changes"] == ["+ activated 1.0"]
    assert desk.versions() == {"activated": "1.0", "base-lib": "1.0"}
    desk.run("lock", "--upgrade", "base-lib")
    assert desk.versions()["base-lib"] == "2.0"


def test_what_is_gone_from_the_channel_is_no_preference(desk: CondaDesk, tmp_path: Path) -> None:
    channel = write_channel(tmp_path / "one", archive("thing", "1.0"))
    desk.conda([channel], "thing")
    desk.run("lock")
    (channel / "linux-64" / "repodata.json").unlink()
    write_channel(channel, archive("thing", "1.1"))
    desk.conda([channel], "thing", "thing >=1")
    desk.run("lock")
    assert desk.versions() == {"thing": "1.1"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"dependencies": ("base-lib <3",)}, "+ conda package base-lib <3"),
        ({"targets": {"lab": 'accelerator = "cuda"\ncuda = "12.9"'}}, "accelerator cpu -> cuda"),
        ({"targets": {"lab": 'glibc = "2.17"'}}, "virtual package __glibc 2.17"),
    ],
)
def test_a_stale_lock_says_what_has_changed(
    desk: CondaDesk, archives: Path, changed: dict[str, object], reason: str
) -> None:
    desk.conda([archives], "base-lib")
    desk.run("lock")
    dependencies = changed.pop("dependencies", ("base-lib",))
    desk.conda([archives], *dependencies, **changed)  # type: ignore[misc, arg-type]  # passed through
    assert reason in desk.run("check", expect=1).out


def test_the_first_channel_that_has_a_package_is_the_only_one(desk: CondaDesk, tmp_path: Path) -> None:
    first = write_channel(tmp_path / "first", archive("thing", "1.0"))
    second = write_channel(tmp_path / "second", archive("thing", "2.0"), archive("other", "1.0"))
    desk.conda([first, second], "thing", "other")
    desk.run("lock")
    assert desk.versions() == {"thing": "1.0", "other": "1.0"}
    refused = desk.conda([first, second], "thing >=2")
    assert "strict channel priority" in desk.run("lock", expect=1).err
    refused.write_text(
        refused.read_text().replace(
            "[tool.provenv.conda]", '[tool.provenv.conda]\nchannel-priority = "flexible"'
        )
    )
    desk.run("lock")
    assert desk.versions() == {"thing": "2.0"}


def test_a_package_may_name_its_channel(desk: CondaDesk, tmp_path: Path) -> None:
    first = write_channel(tmp_path / "first", archive("thing", "1.0"))
    second = write_channel(tmp_path / "second", archive("thing", "2.0"))
    desk.conda([first, second], "second::thing")
    desk.run("lock")
    assert desk.versions() == {"thing": "2.0"}


def test_track_features_are_passed_over_where_there_is_another(desk: CondaDesk, tmp_path: Path) -> None:
    plain = archive("thing", "1.0", build="plain_0")
    tracked = archive("thing", "1.0", build="tracked_1", track_features="special")
    desk.conda([write_channel(tmp_path / "one", plain, tracked)], "thing")
    desk.run("lock")
    assert desk.builds() == {"thing": "plain_0"}
    desk.conda([tmp_path / "one"], "thing * tracked*")
    desk.run("lock")
    assert desk.builds() == {"thing": "tracked_1"}


def test_what_was_built_after_the_cut_off_does_not_exist(desk: CondaDesk, tmp_path: Path) -> None:
    old = archive("thing", "1.0", timestamp=1577836800000)
    new = archive("thing", "2.0", timestamp=1609459200000)  # 2021-01-01T00:00:00Z
    channel = write_channel(tmp_path / "one", old, new)
    desk.conda([channel], "thing", table='exclude-newer = "2021-01-01T00:00:00Z"')
    desk.run("lock")
    assert desk.versions() == {"thing": "1.0"}
    desk.conda([channel], "thing", table='exclude-newer = "2021-01-01T00:00:01Z"')
    desk.run("lock", "--upgrade")
    assert desk.versions() == {"thing": "2.0"}


def test_conda_overrides_count_on_the_live_host_alone(desk: CondaDesk, tmp_path: Path) -> None:
    channel = write_channel(
        tmp_path / "one",
        archive("thing", "1.0"),
        archive("thing", "2.0", depends=["__glibc >=2.90"]),
        subdirs=("linux-64", "linux-aarch64", "noarch"),
    )
    write_channel(channel, archive("thing", "1.0", subdir="linux-aarch64"),
                  archive("thing", "2.0", depends=["__glibc >=2.90"], subdir="linux-aarch64"))  # fmt: skip
    desk.conda([channel], "thing", targets={"lab": "", "far": 'platform = "linux-aarch64"'})
    desk.run("lock", variables={"CONDA_OVERRIDE_GLIBC": "2.99"})
    assert (desk.versions()["thing"], desk.versions("far")["thing"]) == ("2.0", "1.0")
    assert "virtual package __glibc" in desk.run("check", expect=1).out


def test_an_override_gives_no_target_another_accelerator(desk: CondaDesk, archives: Path) -> None:
    desk.conda([archives], "flavoured")
    desk.run("lock", variables={"CONDA_OVERRIDE_CUDA": "12.9"})
    assert desk.builds() == {"flavoured": "cpu_0"}


def test_a_mirror_changes_where_bytes_come_from_and_nothing_else(desk: CondaDesk, archives: Path) -> None:
    canonical = "https://conda.example/team"
    desk.config(f'[mirrors]\n"{canonical}" = "{archives}"\n')
    desk.conda([canonical], "base-lib")
    desk.run("lock")
    locked = desk.locked()
    assert locked["metadata"]["channels"][0]["url"] == canonical
    assert locked["package"][0]["url"] == f"{canonical}/linux-64/base-lib-2.0-0.tar.bz2"
    desk.run("install")
    assert (desk.prefix / "lib" / "base.txt").read_text() == "two\n"


def test_a_login_reaches_the_channel_and_no_lock(desk: CondaDesk, archives: Path) -> None:
    with served(archives.parent, login="ann:s3cret") as (url, asked):
        place = url.replace("//", "//ann:${TOKEN}@")
        desk.conda([f"{place}/{archives.name}"], "activated")
        desk.run("lock", variables={"TOKEN": "s3cret"})
        assert any(path.endswith("repodata.json") for path in asked)
        text = (desk.locks / "lab.conda-lock.yml").read_text()
        assert "s3cret" not in text and f"{url}/{archives.name}/linux-64/activated-1.0-0.conda" in text
        desk.run("install", variables={"TOKEN": "s3cret"})
        refused = desk.run("lock", "--upgrade", expect=4, variables={"TOKEN": "wrong"})
        assert "refused" in refused.err and "wrong" not in refused.text


def test_offline_a_channel_comes_from_the_cache(desk: CondaDesk, archives: Path) -> None:
    with served(archives.parent) as (url, _):
        desk.conda([f"{url}/{archives.name}"], "base-lib")
        assert "switched off" in desk.run("lock", "--offline", expect=3).err
        desk.run("lock")
    desk.run("lock", "--upgrade", "--offline")
    assert "base-lib-2.0-0.tar.bz2 is not in the cache" in desk.run("install", "--offline", expect=3).err


def test_a_conda_lock_that_was_cut_short_is_not_taken_for_whole(desk: CondaDesk, archives: Path) -> None:
    desk.conda([archives], "activated")
    desk.run("lock")
    path = desk.locks / "lab.conda-lock.yml"
    whole = path.read_text()
    path.write_text(whole[: whole.rindex("- name: ")])
    assert "it was written with 2 packages and has 1" in desk.run("check", expect=1).out
    desk.run("install", expect=2)
    desk.run("lock")
    assert path.read_text() == whole
