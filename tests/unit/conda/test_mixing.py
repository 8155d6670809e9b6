"""PyPI packages on conda's: what counts as there, and what happens where the two halves don't agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from support.conda_channel import Archive, archive, write_channel
from support.conda_desk import CondaDesk
from support.index_server import TestIndex


def python(version: str, build: str = "0_cpython") -> Archive:
    return archive("python", version, build=build)


def module(
    name: str, version: str, *more: str, purls: Sequence[str] | None = None, python: str = ""
) -> Archive:
    """A package that holds a distribution for any Python, or for the minor version that is named."""
    build = f"py{python.replace('.', '')}_0" if python else "pyh0_0"
    pin = f"python {python}.*" if python else "python"
    return archive(
        name, version, build=build, noarch=None if python else "python", depends=[pin, *more], purls=purls
    )


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """One Python, and ten versions of `lib`."""
    versions = [f"1.{n}" for n in range(3)] + [f"2.{n}" for n in range(7)]
    return write_channel(tmp_path / "team", python("3.12.4"), *(module("lib", v) for v in versions))


# --- what counts as there


def test_purls_go_before_names(desk: CondaDesk, tmp_path: Path, index: TestIndex) -> None:
    channel = write_channel(
        tmp_path / "team",
        python("3.12.4"),
        module("called-otherwise", "1.5", purls=["pkg:pypi/Some_Dist@1.5", "pkg:pypi/second"]),
        module("not-on-pypi", "1.0", purls=[]),
    )
    index.add("some-dist", "9")
    index.add("second", "9")
    index.add("not-on-pypi", "9")
    asked = ["some.dist", "second", "not_on_pypi"]
    desk.conda([channel], "called-otherwise", "not-on-pypi", pypi=asked, index=index)
    desk.run("lock")
    assert desk.versions(manager="pip") == {"not-on-pypi": "9"}


def test_a_package_without_python_is_no_distribution(
    desk: CondaDesk, tmp_path: Path, index: TestIndex
) -> None:
    channel = write_channel(tmp_path / "team", python("3.12.4"), archive("zlib", "1.3"))
    index.add("zlib", "0.1")
    desk.conda([channel], "zlib", pypi=["zlib"], index=index)
    desk.run("lock")
    assert desk.versions(manager="pip") == {"zlib": "0.1"}


def test_what_wants_torch_gets_condas(desk: CondaDesk, tmp_path: Path, index: TestIndex) -> None:
    channel = write_channel(tmp_path / "team", python("3.12.4"), module("pytorch", "2.7.1", python="3.12"))
    index.add("torch", "2.9")
    index.add("trainer", "1.0", requires=["torch>=2"])
    desk.conda([channel], "pytorch", pypi=["trainer"], index=index)
    desk.run("lock")
    assert desk.versions(manager="pip") == {"trainer": "1.0"}
    index.add("trainer", "2.0", requires=["torch @ https://files.example/torch-2.9-py3-none-any.whl"])
    desk.conda([channel], "pytorch", pypi=["trainer>=2"], index=index)
    told = desk.run("lock", expect=1).err
    assert "asks for torch at https://files.example/torch-2.9-py3-none-any.whl" in told
    assert "not at the conda package pytorch (torch)" in told


def test_a_dependency_that_conda_only_could_provide_comes_from_pypi(
    desk: CondaDesk, world: Path, index: TestIndex
) -> None:
    index.add("above", "1.0", requires=["lib"])
    index.add("lib", "1.1")
    desk.conda([world], pypi=["above"], index=index)
    desk.run("lock")
    assert desk.versions() == {"python": "3.12.4"}
    assert desk.versions(manager="pip") == {"above": "1.0", "lib": "1.1"}


def test_an_extra_of_condas_package_is_installed_on_top(
    desk: CondaDesk, world: Path, index: TestIndex
) -> None:
    index.add(
        "lib", "2.6", requires=["plain"], extras={"fast": ["faster>=1", "lib[deep]"], "deep": ["deeper"]}
    )
    index.add("faster", "1.0")
    index.add("deeper", "1.0")
    index.add("above", "1.0", requires=["lib[fast]"])
    desk.conda([world], "lib", pypi=["above"], index=index)
    desk.run("lock")
    assert desk.versions(manager="pip") == {"above": "1.0", "deeper": "1.0", "faster": "1.0"}


def test_an_extra_that_nobody_knows_of_is_a_note(desk: CondaDesk, world: Path, index: TestIndex) -> None:
    desk.conda([world], "lib", pypi=["lib[fast]"], index=index)
    told = desk.run("lock").err
    assert "lib comes from conda: what its extra 'fast' would add is not installed" in told
    assert desk.versions(manager="pip") == {}


def test_markers_count_for_the_python_that_conda_gives(
    desk: CondaDesk, world: Path, index: TestIndex
) -> None:
    for name in ("older", "newer", "windows"):
        index.add(name, "1.0")
    asked = [
        "older ; python_full_version < '3.12.4'",
        "newer ; python_full_version >= '3.12.4'",
        "windows ; sys_platform == 'win32'",
        "lib<2 ; sys_platform == 'win32'",
    ]
    desk.conda([world], "lib", pypi=asked, index=index)
    desk.run("lock")
    assert desk.versions(manager="pip") == {"newer": "1.0"}
    assert desk.versions()["lib"] == "2.6"


def test_groups_of_a_target_ask_conda_too(desk: CondaDesk, world: Path, index: TestIndex) -> None:
    index.add("extra", "1.0", requires=["lib<2"])
    more = '[dependency-groups]\ntrain = ["extra"]'
    targets = {"lab": 'groups = ["train"]', "plain": "groups = []"}
    desk.conda([world], "lib", index=index, more=more, targets=targets)
    desk.run("lock")
    assert (desk.versions("lab")["lib"], desk.versions("plain")["lib"]) == ("1.2", "2.6")
    assert desk.versions("plain", manager="pip") == {}


# --- other choices


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ("lib<2", "1.2"),
        ("lib==1.*", "1.2"),
        ("lib~=1.0", "1.2"),
        ("lib==1.0", "1.0"),
        ("lib!=2.*,!=1.2", "1.1"),
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_conda_chooses_again_by_what_pypi_asks_for(
    desk: CondaDesk, world: Path, index: TestIndex, asked: str, chosen: str, own: bool
) -> None:
    index.add("above", "1.0", requires=[asked])
    desk.conda([world], "lib", pypi=[asked if own else "above"], index=index)
    desk.run("lock")
    assert desk.versions()["lib"] == chosen


def test_each_version_of_pypi_may_ask_for_another_one(desk: CondaDesk, world: Path, index: TestIndex) -> None:
    index.add("above", "2.0", requires=["lib>=3"])
    index.add("above", "1.0", requires=["lib==1.1"])
    desk.conda([world], "lib", pypi=["above"], index=index)
    desk.run("lock")
    assert desk.versions()["lib"] == "1.1"
    assert desk.versions(manager="pip") == {"above": "1.0"}


def test_one_of_two_packages_may_be_the_one_to_change(
    desk: CondaDesk, tmp_path: Path, world: Path, index: TestIndex
) -> None:
    write_channel(world, module("other", "5.0"))
    index.add("above", "2.0", requires=["other>=6"])
    index.add("above", "1.0", requires=["lib<2"])
    desk.conda([world], "lib", "other", pypi=["above"], index=index)
    desk.run("lock")
    assert desk.versions() == {"lib": "1.2", "other": "5.0", "python": "3.12.4"}


def test_a_constraint_chooses_condas_version_too(desk: CondaDesk, world: Path, index: TestIndex) -> None:
    index.add("above", "1.0", requires=["lib"])
    table = '[tool.uv]\nconstraint-dependencies = ["lib<2"]'
    desk.conda([world], "lib", pypi=["above"], index=index, more=table)
    desk.run("lock")
    assert desk.versions()["lib"] == "1.2"


def test_an_abi_pin_holds_condas_numpy_back(desk: CondaDesk, tmp_path: Path, index: TestIndex) -> None:
    numpys = [
        module("numpy", v, python="3.12", purls=["pkg:pypi/numpy"]) for v in ("1.26.4", "2.0.0", "2.3.1")
    ]
    user = module("scipy", "1.15", "numpy >=1.26,<3", python="3.12")
    channel = write_channel(tmp_path / "team", python("3.12.4"), *numpys, user)
    index.add("old-abi", "1.0", requires=["numpy<2.0a0,>=1.22.4"])
    desk.conda([channel], "scipy", "numpy", pypi=["old-abi"], index=index)
    desk.run("lock")
    assert desk.versions()["numpy"] == "1.26.4"


def test_an_older_python_is_taken_where_pypi_has_nothing_for_the_newest(
    desk: CondaDesk, tmp_path: Path, index: TestIndex
) -> None:
    channel = write_channel(tmp_path / "team", *(python(v) for v in ("3.11.9", "3.12.4", "3.13.1")))
    index.add("bounded", "1.0", requires_python=">=3.9,<3.13")
    index.add("built", "1.0", tags=["cp311-cp311-manylinux_2_17_x86_64"])
    desk.conda([channel], "python", pypi=["bounded", "built"], index=index)
    desk.run("lock")
    assert desk.versions() == {"python": "3.11.9"}
    assert desk.versions(manager="pip") == {"bounded": "1.0", "built": "1.0"}


def test_a_python_that_is_pinned_stays(desk: CondaDesk, tmp_path: Path, index: TestIndex) -> None:
    channel = write_channel(tmp_path / "team", *(python(v) for v in ("3.11.9", "3.13.1")))
    index.add("bounded", "1.0", requires_python="<3.13")
    desk.conda([channel], "python 3.13.*", pypi=["bounded"], index=index)
    told = desk.run("lock", expect=1).err
    assert "requires Python <3.13" in told
    assert "conda has chosen python 3.13.1" in told


def test_a_relock_that_needs_another_conda_version_takes_it(
    desk: CondaDesk, world: Path, index: TestIndex
) -> None:
    desk.conda([world], "lib", index=index)
    desk.run("lock")
    index.add("above", "1.0", requires=["lib<2"])
    desk.conda([world], "lib", pypi=["above"], index=index)
    told = desk.run("lock", "--json").json["locks"][0]
    assert told["changes"] == ["+ above 1.0", "lib 2.6 -> 1.2"]


# --- the story


def test_a_clash_tells_every_choice_that_was_tried(desk: CondaDesk, world: Path, index: TestIndex) -> None:
    index.add("above", "1.0", requires=["lib>=3"])
    index.add("beside", "1.0", requires=["lib<2"])
    desk.conda([world], "lib", pypi=["above", "beside"], index=index)
    told = desk.run("lock", expect=1).err
    assert "its PyPI packages don't go with its conda packages" in told
    assert "conda has chosen lib 2.6 (pyh0_0), which is PyPI's lib" in told
    assert "no other choice of the conda packages helps:" in told
    assert "move lib to one side" in told


def test_a_constraint_that_conda_can_not_meet_is_named(
    desk: CondaDesk, world: Path, index: TestIndex
) -> None:
    index.add("above", "1.0", requires=["lib"])
    table = '[tool.uv]\nconstraint-dependencies = ["lib>=3"]'
    desk.conda([world], "lib", pypi=["above"], index=index, more=table)
    told = desk.run("lock", expect=1).err
    assert "left out by the constraint lib>=3" in told
    assert "conda has chosen lib 2.6" in told


@pytest.mark.parametrize("build", ["2_cp313t", "0_73_pypy"])
def test_a_python_of_another_kind_takes_no_wheels(
    desk: CondaDesk, tmp_path: Path, index: TestIndex, build: str
) -> None:
    index.add("above", "1.0")
    channel = write_channel(tmp_path / "team", python("3.13.1", build))
    desk.conda([channel], "python", pypi=["above"], index=index)
    told = desk.run("lock", expect=1).err
    assert "PyPI packages are chosen for plain CPython" in told and build in told


def test_a_torch_from_an_address_beside_condas_is_refused(
    desk: CondaDesk, tmp_path: Path, index: TestIndex
) -> None:
    channel = write_channel(tmp_path / "team", python("3.12.4"), module("pytorch", "2.7.1", python="3.12"))
    (file,) = index.add("torch", "2.9")
    desk.conda([channel], "pytorch", pypi=[f"torch @ {index.base}/files/{file.filename}"], index=index)
    told = desk.run("lock", expect=2).err
    assert "torch is asked for at two addresses" in told
    assert "the conda package pytorch (torch)" in told


@pytest.mark.parametrize("version", ["2024a", "1.0_1", "9e"])
def test_a_conda_version_that_is_none_of_pypis(
    desk: CondaDesk, tmp_path: Path, index: TestIndex, version: str
) -> None:
    index.add("above", "1.0", requires=["odd"])
    channel = write_channel(tmp_path / "team", python("3.12.4"), module("odd", version))
    desk.conda([channel], "odd", pypi=["above"], index=index)
    desk.run("lock")
    assert desk.versions() == {"odd": version, "python": "3.12.4"}
    index.add("above", "2.0", requires=["odd>=9999"])
    desk.conda([channel], "odd", pypi=["above>=2"], index=index)
    assert f"conda has chosen odd {version}" in desk.run("lock", expect=1).err


def test_what_conda_has_no_part_in_is_told_as_it_is(desk: CondaDesk, world: Path, index: TestIndex) -> None:
    desk.conda([world], "lib", pypi=["nowhere"], index=index)
    told = desk.run("lock", expect=1).err
    assert "don't go with" not in told
    assert "nowhere, which is not on" in told and "conda has chosen" not in told


def test_the_same_modules_under_another_name_are_not_installed_beside(
    desk: CondaDesk, tmp_path: Path, index: TestIndex
) -> None:
    channel = write_channel(tmp_path / "team", python("3.12.4"), module("py-opencv", "4.10.0"))
    index.add("opencv-python-headless", "4.11.0.86")
    index.add("pictures", "1.0", requires=["opencv-python-headless>=4.9.0.80"])
    desk.conda([channel], "py-opencv", pypi=["pictures"], index=index)
    desk.run("lock")
    assert desk.versions(manager="pip") == {"pictures": "1.0"}
    assert "pictures 1.0\n└── py-opencv 4.10.0" in desk.run("tree").out
