"""Finding plugins: installed distributions, bad ones, clashes, and the record that spares the scan."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from provenv.errors import PluginError
from provenv.hooks import Context, Envelope
from provenv.hooks.entry_points import find_entry_points, scan
from provenv.hooks.manager import Plugins, collect
from provenv.host import Host
from support import machines

GOOD = """
    from provenv.hooks import Accelerator, Build, Builds, Detection, hookimpl

    @hookimpl
    def provenv_accelerators():
        yield Accelerator(
            name="npu", preference=15, accepts=lambda os, arch: None,
            detect=lambda probe: Detection(usable=False),
            builds=lambda context: Builds((Build("npu1", None, ("torch",)),)), torch_device="npu",
        )
"""


class Site:
    """A folder on sys.path where distributions with one plugin module each are installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules: list[str] = []

    def install(self, distribution: str, source: str, *, module: str | None = None) -> None:
        name = module or distribution.replace("-", "_")
        (self.folder / f"{name}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        info = self.folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[provenv]\n{name} = {name}\n")
        self.modules.append(name)
        sys.modules.pop(name, None)  # another test may have imported an example of this name


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = Site(tmp_path / "site")
    made.folder.mkdir()
    monkeypatch.syspath_prepend(str(made.folder))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return made


def found() -> Plugins:
    return collect(scan())


def test_the_built_in_plugins_are_registered_as_a_third_party_s_are() -> None:
    plugins = found()

    assert list(plugins.accelerators) == ["cuda", "rocm", "mps", "cpu"]
    assert sorted(plugins.platforms) == [
        "linux-aarch64",
        "linux-x86_64",
        "macos-arm64",
        "macos-x86_64",
        "windows-arm64",
        "windows-x86_64",
    ]
    assert plugins.problems == ()
    assert {source.distribution for source in plugins.sources.values()} == {"provenv"}


def test_a_third_party_s_accelerator_takes_its_place_in_the_order(site: Site) -> None:
    site.install("provenv-npu", GOOD)

    plugins = found()

    assert list(plugins.accelerators) == ["cuda", "npu", "rocm", "mps", "cpu"]
    assert plugins.sources["accelerator", "npu"].distribution == "provenv-npu"


def test_two_plugins_that_claim_one_name_are_an_error_that_names_both_distributions(site: Site) -> None:
    site.install("provenv-npu", GOOD)
    site.install("other-npu", GOOD)

    with pytest.raises(PluginError) as caught:
        found()

    assert caught.value.message == "two plugins claim the accelerator 'npu'"
    assert "other-npu" in caught.value.evidence[0]
    assert "provenv-npu" in caught.value.evidence[1]
    assert caught.value.hints == ("uninstall other-npu or provenv-npu",)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise RuntimeError('no driver\\nhere')", "was left out: RuntimeError: no driver here"),
        (
            "import nothing_like_this",
            "was left out: ModuleNotFoundError: No module named 'nothing_like_this'",
        ),
        ("import sys; sys.exit(3)", "was left out: SystemExit: 3"),
        ("def broken(:", "was left out: SyntaxError"),
        ("PROVENV_API = 2" + textwrap.dedent(GOOD), "it asks for plugin API 2, and this provenv has 1"),
        ("PROVENV_API = 'new'", "PROVENV_API is 'new', not a number"),
        (
            """
            from provenv.hooks import hookimpl

            @hookimpl
            def provenv_accelerators():
                yield {"name": "npu"}
            """,
            "provenv_accelerators yielded {'name': 'npu'}, which is no Accelerator; it was left out",
        ),
        (
            """
            from provenv.hooks import hookimpl

            @hookimpl
            def provenv_accelerators():
                raise OSError("cold")
            """,
            "provenv_accelerators failed: OSError: cold",
        ),
        (
            """
            from provenv.hooks import hookimpl

            @hookimpl
            def provenv_accelerators():
                return 7
            """,
            "provenv_accelerators failed: TypeError: 'int' object is not iterable",
        ),
        (
            """
            from provenv.hooks import hookimpl

            @hookimpl
            def provenv_acelerators():
                yield 1
            """,
            "was left out: PluginValidationError: unknown hook 'provenv_acelerators'",
        ),
        (GOOD.replace('"npu", pref', '"N P U", pref'), "whose name 'N P U' is not of a-z, 0-9"),
        (GOOD.replace("preference=15", "preference='high'"), "with preference = 'high', which is no int"),
        (
            GOOD.replace("detect=lambda probe: Detection(usable=False)", "detect=None"),
            "the Accelerator 'npu' with detect = None, which is no function",
        ),
    ],
)
def test_a_bad_plugin_is_named_in_one_line_and_the_rest_goes_on(site: Site, source: str, said: str) -> None:
    site.install("bad-plugin", source)

    plugins = found()

    (problem,) = plugins.problems
    assert problem.startswith("plugin bad_plugin (bad_plugin, from bad-plugin)")
    assert said in problem
    assert "\n" not in problem
    assert list(plugins.accelerators) == ["cuda", "rocm", "mps", "cpu"]


def test_the_values_before_the_fault_are_kept(site: Site) -> None:
    site.install("half-plugin", GOOD + "        yield 'rubbish'\n")

    plugins = found()

    assert "npu" in plugins.accelerators
    assert len(plugins.problems) == 1


def test_a_name_that_one_plugin_yields_twice_is_a_problem_of_that_plugin(site: Site) -> None:
    site.install("twice", GOOD + GOOD[GOOD.index("        yield") :])

    plugins = found()

    assert "two accelerators named 'npu'" in plugins.problems[0]


def test_the_record_answers_until_something_is_installed(site: Site, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = find_entry_points(cache)
    assert first == scan()
    (record,) = (cache / "plugins").iterdir()
    before = record.stat().st_mtime_ns

    assert find_entry_points(cache) == first
    assert record.stat().st_mtime_ns == before

    site.install("provenv-npu", GOOD)
    assert "provenv_npu" in {point.name for point in find_entry_points(cache)}


def test_a_plugin_that_is_gone_is_not_remembered(site: Site, tmp_path: Path) -> None:
    import shutil

    site.install("provenv-npu", GOOD)
    assert "provenv_npu" in {point.name for point in find_entry_points(tmp_path / "cache")}

    shutil.rmtree(site.folder / "provenv_npu-1.0.dist-info")

    assert "provenv_npu" not in {point.name for point in find_entry_points(tmp_path / "cache")}


@pytest.mark.parametrize("damage", ["", "provenv plugins 1\n", "\0\0", "cut", "flip"])
def test_a_damaged_record_is_no_record(tmp_path: Path, damage: str) -> None:
    expected = find_entry_points(tmp_path)
    (record,) = (tmp_path / "plugins").iterdir()
    text = record.read_text()
    damaged = {"cut": text[:-20], "flip": text.replace("provenv_plugins.cpu", "provenv_plugins.gpu")}
    record.write_text(damaged.get(damage, damage))

    assert find_entry_points(tmp_path) == expected
    assert record.read_text() == text


def test_a_cache_that_can_t_be_written_only_costs_the_scan(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")

    assert find_entry_points(file) == scan()


def test_a_warm_start_does_not_import_importlib_metadata(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom provenv.hooks.manager import plugins\n"
        f"found = plugins(Path({str(tmp_path)!r}))\n"
        "strangers = {'importlib.metadata', 'platform', 'subprocess', 'json', 'tomli', 'email', 'ctypes'}\n"
        "print(len(found.platforms), sorted(strangers & set(sys.modules)))\n"
    )
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}

    def start() -> str:
        argv = [sys.executable, "-c", script]
        return subprocess.run(argv, capture_output=True, text=True, check=True, env=environment).stdout

    assert "importlib.metadata" in start()
    assert start() == "6 []\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("lambda probe: Detection(usable=False)", "lambda probe: 1 / 0"),
            "detect of npu failed: ZeroDivisionError",
        ),
        (("lambda probe: Detection(usable=False)", "lambda probe: 'yes'"), "answered 'yes', not Detection"),
        (("lambda probe: Detection(usable=False)", "lambda: Detection(usable=False)"), "failed: TypeError"),
    ],
)
def test_what_a_plugin_s_function_does_later_is_told_in_its_name(
    site: Site, change: tuple[str, str], said: str
) -> None:
    site.install("provenv-npu", GOOD.replace(*change))
    host = Host(found(), machines.linux())

    assert host.usable == ("cpu",)
    (problem,) = host.problems
    assert problem.startswith("plugin provenv_npu (provenv_npu, from provenv-npu): detect of npu ")
    assert said in problem


def test_builds_that_are_none_are_a_plugin_error(site: Site) -> None:
    site.install("provenv-npu", GOOD.replace('Builds((Build("npu1", None, ("torch",)),))', "None"))
    npu = found().accelerators["npu"]

    with pytest.raises(PluginError, match="builds of npu answered None, not Builds"):
        npu.builds(Context("linux-x86_64", "linux", "x86_64", "3.12.0", Envelope()))
