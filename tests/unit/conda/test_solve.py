"""One solve by its rules: channel priority, cut-offs, build strings, specs of every form, old locks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from provenv.conda.channels import channels_of
from provenv.conda.problems import CondaConflict
from provenv.conda.solve import CondaSolver, Limit, Question
from provenv.errors import ManifestError, Origin
from provenv.hooks.types import VirtualPackage
from provenv.manifest.conda_table import conda_spec
from provenv.manifest.values import CondaSpec
from provenv.settings import NetworkSettings
from support.conda_channel import archive, write_channel

Solve = Callable[..., dict[str, str]]
YEAR = {2020: 1577836800000, 2021: 1609459200000, 2022: 1640995200000}


@pytest.fixture
def solve(tmp_path: Path) -> Solve:
    """Name -> version of what these channels give for these specs."""

    def solved(
        channels: Sequence[Path], *specs: str, subdir: str = "linux-64", **rules: Any
    ) -> dict[str, str]:
        settings = NetworkSettings("https://index.example/simple", cache_dir=tmp_path / "cache")
        asked = tuple(conda_spec(spec, Origin("x")) for spec in specs)
        with CondaSolver(channels_of([c.as_uri() for c in channels], settings), settings) as solver:
            return {p.name: p.version for p in solver.solve(Question(subdir, asked, **rules))}

    return solved


class TestPriority:
    @pytest.fixture
    def both(self, tmp_path: Path) -> list[Path]:
        """`user` needs a `thing` that the first channel has only too old; `free` is in both."""
        return [
            write_channel(
                tmp_path / "first",
                archive("thing", "1.0"),
                archive("free", "1.0"),
                archive("user", "1.0", depends=["thing >=2", "deep"]),
                archive("deep", "1.0", depends=["deeper >=2"]),
                archive("deeper", "1.0"),
            ),
            write_channel(
                tmp_path / "second", archive("thing", "2.0"), archive("free", "2.0"), archive("deeper", "2.0")
            ),
        ]

    def test_strict_takes_a_package_from_the_first_channel_that_has_it(
        self, both: list[Path], solve: Solve
    ) -> None:
        assert solve(both, "free", "thing") == {"free": "1.0", "thing": "1.0"}
        with pytest.raises(CondaConflict, match="no solution") as caught:
            solve(both, "user")
        assert "strict channel priority" in str(caught.value) and "flexible" in str(caught.value)

    def test_flexible_takes_another_channels_only_where_there_is_no_other_way(
        self, both: list[Path], solve: Solve
    ) -> None:
        assert solve(both, "free", "thing", priority="flexible") == {"free": "1.0", "thing": "1.0"}
        assert solve(both, "user", "free", priority="flexible") == {
            "deep": "1.0",
            "deeper": "2.0",
            "free": "1.0",
            "thing": "2.0",
            "user": "1.0",
        }

    def test_disabled_looks_at_all_channels_alike(self, both: list[Path], solve: Solve) -> None:
        assert solve(both, "free", "thing", priority="disabled") == {"free": "2.0", "thing": "2.0"}

    def test_what_no_channel_has_is_told_under_every_rule(self, both: list[Path], solve: Solve) -> None:
        for priority in ("strict", "flexible", "disabled"):
            with pytest.raises(CondaConflict) as caught:
                solve(both, "thing >=3", priority=priority)
            assert "thing" in str(caught.value)

    def test_a_spec_may_name_a_channel_by_name_or_address(self, both: list[Path], solve: Solve) -> None:
        assert solve(both, "second::free") == {"free": "2.0"}
        assert solve(both, f"{both[1].as_uri()}::free") == {"free": "2.0"}
        assert solve(both, "second/linux-64::free") == {"free": "2.0"}
        for priority in ("flexible", "disabled"):
            assert solve(both, "first::free", priority=priority) == {"free": "1.0"}
            assert solve(both, "second::free", priority=priority) == {"free": "2.0"}


class TestCutOffs:
    @pytest.fixture
    def dated(self, tmp_path: Path) -> list[Path]:
        made = [
            archive(name, f"{year}.0", timestamp=built)
            for name in ("one", "two")
            for year, built in YEAR.items()
        ]
        return [write_channel(tmp_path / "dated", *made)]

    def test_what_was_built_then_or_later_does_not_exist(self, dated: list[Path], solve: Solve) -> None:
        assert solve(dated, "one", "two", exclude_newer="2022-01-01T00:00:00Z") == {
            "one": "2021.0",
            "two": "2021.0",
        }

    def test_a_package_may_have_its_own(self, dated: list[Path], solve: Solve) -> None:
        rules = {"exclude_newer_package": (("one", "2021-01-01T00:00:00Z"),)}
        assert solve(dated, "one", "two", **rules) == {"one": "2020.0", "two": "2022.0"}
        assert solve(dated, "one", "two", exclude_newer="2022-01-01T00:00:00Z", **rules) == {
            "one": "2020.0",
            "two": "2021.0",
        }

    def test_a_package_may_be_free_of_it(self, dated: list[Path], solve: Solve) -> None:
        rules = {"exclude_newer": "2021-01-01T00:00:00Z", "exclude_newer_package": (("two", None),)}
        assert solve(dated, "one", "two", **rules) == {"one": "2020.0", "two": "2022.0"}

    def test_a_lock_keeps_nothing_that_its_cut_off_hides(self, dated: list[Path], tmp_path: Path) -> None:
        settings = NetworkSettings("https://index.example/simple", cache_dir=tmp_path / "cache")
        spec = (CondaSpec("one", Origin("x")),)
        with CondaSolver(channels_of([dated[0].as_uri()], settings), settings) as solver:
            locked = solver.solve(Question("linux-64", spec))
            again = solver.solve(
                Question(
                    "linux-64", spec, locked=locked, exclude_newer_package=(("one", "2021-06-01T00:00:00Z"),)
                )
            )
        assert [p.version for p in (*locked, *again)] == ["2022.0", "2021.0"]

    def test_a_cut_off_before_everything(self, dated: list[Path], solve: Solve) -> None:
        with pytest.raises(CondaConflict) as caught:
            solve(dated, "one", exclude_newer="2019-01-01T00:00:00Z")
        assert "one" in str(caught.value)


class TestSpecs:
    @pytest.fixture
    def channel(self, tmp_path: Path) -> list[Path]:
        builds = [
            archive("lib", version, build=build, noarch=noarch)
            for version in ("1.0", "1.1", "2.0rc1", "2.0")
            for build, noarch in (("mkl_0", None), ("open_1", None))
        ]
        return [write_channel(tmp_path / "specs", *builds)]

    @pytest.mark.parametrize(
        ("spec", "version"),
        [
            ("lib", "2.0"),
            ("lib=1", "1.1"),
            ("lib=1.0", "1.0"),
            ("lib==1.0", "1.0"),
            ("lib 1.*", "1.1"),
            ("lib >=1,<1.1|==2.0rc1", "2.0rc1"),
            ("lib ~=1.0", "1.1"),
            ("lib !=2.0,!=2.0rc1", "1.1"),
            ("lib=1.1=mkl_0", "1.1"),
            ("lib 1.0 open*", "1.0"),
            ("lib=*=*mkl*", "2.0"),
            ("lib[version='>=1,<2.0a0', build='open_1']", "1.1"),
            ("LIB >= 1.0, < 1.1", "1.0"),
        ],
    )
    def test_every_form(self, channel: list[Path], solve: Solve, spec: str, version: str) -> None:
        assert solve(channel, spec) == {"lib": version}

    def test_a_limit_holds_only_where_its_package_is_chosen(self, channel: list[Path], solve: Solve) -> None:
        assert solve(channel, "lib", limits=(Limit("lib <1.2", "why"), Limit("other >9", "why"))) == {
            "lib": "1.1"
        }

    @pytest.mark.parametrize("subdir", ["linux-aarch64", "osx-64", "osx-arm64", "win-64", "win-arm64"])
    def test_any_platform_from_any_machine(self, tmp_path: Path, solve: Solve, subdir: str) -> None:
        channel = write_channel(
            tmp_path / "far",
            archive("near", "1.0"),
            archive("far", "1.0", subdir=subdir, depends=["common", "__own"]),
            archive("common", "1.0", noarch="generic"),
        )
        own = (VirtualPackage("__own"),)
        assert solve([channel], "far", subdir=subdir, virtual=own) == {"common": "1.0", "far": "1.0"}
        with pytest.raises(CondaConflict):
            solve([channel], "near", subdir=subdir)

    def test_a_spec_that_is_none(self, channel: list[Path], solve: Solve) -> None:
        with pytest.raises(ManifestError, match="is not a conda requirement"):
            solve(channel, "lib >=>=1")
