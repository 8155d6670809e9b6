"""Loads one plugin after the other: import, API version, hooks; one that can't be loaded is left out."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from types import ModuleType

from provenv.hooks import specs
from provenv.hooks.entry_points import EntryPoint
from provenv.hooks.limits import LOADING, Patience
from provenv.hooks.telling import words
from provenv.reads import unsure
from provenv.typed import cast
from provenv.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pluggy

OWN = "provenv"
"""The distribution whose plugins are not waited for: provenv's own tests see that they are good."""

Hooks = Mapping[str, Callable[[], Iterable[object]]]
"""A plugin's hooks, by the name in the specs."""


@dataclass(frozen=True, slots=True)
class Source:
    """Which plugin gave a value: its entry point's name, its module, and the distribution it came in."""

    plugin: str
    module: str
    distribution: str

    def __str__(self) -> str:
        return f"plugin {self.plugin} ({self.module}, from {self.distribution})"

    def patience(self) -> Patience | None:
        """How a third party's plugin is waited for; None for one of provenv's own."""
        return None if self.distribution == OWN else Patience()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plugin that could be loaded."""

    source: Source
    hooks: Hooks
    patience: Patience | None


def load(entry_points: Iterable[EntryPoint], problems: list[str]) -> list[Loaded]:
    """The plugins that can be loaded; `problems` gets a line for each of the others."""
    registry = _Registry()
    loaded = []
    for entry in entry_points:
        source = Source(entry.name, entry.module, entry.distribution)
        patience = source.patience()
        if patience is not None:
            unsure()  # nobody knows what a stranger's plugin looks at
        try:
            module = import_plugin(entry) if patience is None else _in_time(patience, entry)
            check_api(module)
            hooks = _own_hooks(module) if patience is None else registry.register(entry, module)
        except (Exception, SystemExit) as error:
            problems.append(f"{source} was left out: {words(error)}")
            registry.forget(entry)
        else:
            loaded.append(Loaded(source, hooks, patience))
    return loaded


def _in_time(patience: Patience, entry: EntryPoint) -> ModuleType:
    return patience.call(import_plugin, entry, seconds=LOADING)


def import_plugin(entry: EntryPoint) -> ModuleType:
    """The plugin behind an entry point: a module, or what its attribute names; raises what that raises."""
    module = importlib.import_module(entry.module)
    if not entry.attribute:
        return module
    plugin: ModuleType = module
    for part in entry.attribute.split("."):
        plugin = getattr(plugin, part)
    return plugin


def check_api(module: ModuleType) -> None:
    """Raises TypeError or RuntimeError for a plugin that was written for another provenv than this."""
    wanted = getattr(module, "PROVENV_API", specs.API_VERSION)
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        raise TypeError(f"PROVENV_API is {wanted!r}, not a number")
    if wanted > specs.API_VERSION:
        raise RuntimeError(
            f"it asks for plugin API {wanted}, and this provenv has {specs.API_VERSION}; update provenv"
        )


def plugin_hooks(entry: EntryPoint, module: ModuleType) -> Hooks:
    """A plugin's hooks. Raises PluginValidationError where they are not those of the specs."""
    return _Registry().register(entry, module)


def _own_hooks(module: ModuleType) -> Hooks:
    """The hooks of a plugin that is known to have those of the specs, without pluggy."""
    return {name: value for name, value in vars(module).items() if hasattr(value, f"{specs.PROJECT}_impl")}


class _Registry:
    """pluggy's manager, which checks that a plugin's hooks are those of the specs; made when it is needed."""

    @cached_property
    def manager(self) -> pluggy.PluginManager:
        import pluggy

        manager = pluggy.PluginManager(specs.PROJECT)
        manager.add_hookspecs(specs)
        return manager

    def register(self, entry: EntryPoint, module: ModuleType) -> Hooks:
        """A plugin's hooks. Raises what pluggy raises for names and arguments that no spec has."""
        self.manager.register(module, f"{entry.distribution}:{entry.name}")
        self.manager.check_pending()
        found: dict[str, Callable[[], Iterable[object]]] = {}
        for caller in self.manager.get_hookcallers(module) or []:
            for implementation in caller.get_hookimpls():
                if implementation.plugin is module:
                    found[caller.name] = cast("Callable[[], Iterable[object]]", implementation.function)
        return found

    def forget(self, entry: EntryPoint) -> None:
        """Let a plugin that can't be used be none."""
        name = f"{entry.distribution}:{entry.name}"
        if "manager" in vars(self) and self.manager.has_plugin(name):
            self.manager.unregister(name=name)
