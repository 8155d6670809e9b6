"""provenv's own plugins are found without pluggy, as pluggy would find them."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pluggy
import pytest

from provenv.hooks import hookimpl, specs
from provenv.hooks.entry_points import EntryPoint, scan
from provenv.hooks.loading import OWN, import_plugin, load, plugin_hooks

OWN_PLUGINS = [entry for entry in scan() if entry.distribution == OWN]


@pytest.mark.parametrize("entry", OWN_PLUGINS, ids=lambda entry: entry.name)
def test_an_own_plugin_has_the_hooks_that_pluggy_finds(entry: EntryPoint) -> None:
    problems: list[str] = []
    (loaded,) = load([entry], problems)
    assert problems == []
    assert dict(loaded.hooks) == dict(plugin_hooks(entry, import_plugin(entry)))
    assert loaded.hooks


def test_the_markers_say_what_pluggys_say() -> None:
    def ours() -> None:
        """A hook."""

    def theirs() -> None:
        """The same."""

    hookimpl(ours)
    pluggy.HookimplMarker(specs.PROJECT)(theirs)
    assert vars(ours) == vars(theirs)
    specs.hookspec(ours)
    pluggy.HookspecMarker(specs.PROJECT)(theirs)
    assert vars(ours) == vars(theirs)


def test_a_marker_with_options_is_pluggys() -> None:
    @hookimpl(tryfirst=True)
    def provenv_platforms() -> list[object]:
        return []

    plugin = ModuleType("plugin")
    vars(plugin)["provenv_platforms"] = provenv_platforms
    assert vars(provenv_platforms)["provenv_impl"]["tryfirst"] is True
    assert list(plugin_hooks(EntryPoint("p", "plugin", "", "p"), plugin)) == ["provenv_platforms"]


def test_own_plugins_need_no_pluggy() -> None:
    code = (
        "import sys; from provenv.hooks.loading import load;"
        "from provenv.hooks.entry_points import EntryPoint;"
        "load([EntryPoint('linux', 'provenv_plugins.linux', '', 'provenv')], []);"
        "print('pluggy' in sys.modules, 'inspect' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
