"""The values that a plugin yields, each put to the questions of its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from provenv.conformance.accelerators import check_accelerator
from provenv.conformance.asking import Asker, spell
from provenv.conformance.events import Events
from provenv.conformance.grid import STRANGE_VALUES, admits, samples
from provenv.conformance.others import check_check, check_index_auth, check_lock_format, check_paste_reader
from provenv.conformance.platforms import check_platform
from provenv.conformance.recorded import machines
from provenv.conformance.sandbox import Sandbox
from provenv.hooks.answers import fault
from provenv.hooks.entry_points import EntryPoint, scan
from provenv.hooks.loading import OWN, Hooks, check_api, import_plugin, plugin_hooks
from provenv.hooks.manager import KINDS, Named, Plugins, collect, is_name
from provenv.hooks.pastes import PasteReader
from provenv.hooks.telling import words
from provenv.hooks.types import (
    Accelerator,
    Check,
    EnvelopeKey,
    IndexAuth,
    LockFormat,
    Platform,
)
from provenv.hooks.words import word_fault
from provenv.values import dataclass


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plugin that could be loaded, and what it is tried against."""

    hooks: Hooks
    others: Plugins
    sandbox: Sandbox
    scratch: Path


def load(entry: EntryPoint, events: Events, scratch: Path) -> Loaded | None:
    """The plugin's hooks; None, with the fault told, where it can't be loaded."""
    others = collect(point for point in scan() if point.distribution == OWN and point != entry)
    sandbox = Sandbox(events, scratch)
    events.calling("import", f"the import of {entry.module}")
    events.ran("importable")
    try:
        with sandbox.watching("the import"):
            module = import_plugin(entry)
    except (Exception, SystemExit) as error:
        events.fault("importable", f"{entry.module} can't be imported: {words(error)}")
        return None
    events.ran("api-version")
    try:
        check_api(module)
    except (TypeError, RuntimeError) as error:
        events.fault("api-version", str(error))
        return None
    try:
        hooks = plugin_hooks(entry, module)
    except Exception as error:
        events.fault("importable", words(error))
        return None
    if not hooks:
        events.fault("importable", f"{entry.module} has no function marked with @hookimpl")
    return Loaded(hooks, others, sandbox, scratch)


class Subjects:
    """Goes through everything that a loaded plugin has. `skipped`: functions that hang."""

    def __init__(self, loaded: Loaded, events: Events, skipped: frozenset[str]) -> None:
        self._loaded = loaded
        self._events = events
        self._skipped = skipped
        self._machines = tuple(machines())

    def check(self) -> None:
        """Asks every question."""
        found = {kind: list(self._values(kind, hook, wanted)) for kind, (hook, wanted) in KINDS.items()}
        own = [value for value in found["platform"] if isinstance(value, Platform)]
        platforms = (*self._loaded.others.platforms.values(), *own)
        for kind, values in found.items():
            for value in values:
                subject = f"{kind} {value.name}"
                ask = Asker(value, subject, self._events, self._loaded.sandbox, self._skipped)
                self._check_names(kind, value, values)
                self._check_value(ask, value, platforms)

    def _values(self, kind: str, hook: str, wanted: type[Named]) -> Iterator[Named]:
        """What one hook yields, the good values of it."""
        function = self._loaded.hooks.get(hook)
        if function is None or hook in self._skipped:
            return
        self._events.calling(hook, f"the hook {hook}")
        self._events.ran("fields")
        for value in self._yielded(hook, function):
            if wrong := fault(value, wanted, strict=True):
                self._events.fault("fields", f"{hook} yielded a value that is no {kind}: {wrong}")
            elif isinstance(value, wanted):
                yield value

    def _yielded(self, hook: str, function: Callable[[], Iterable[object]]) -> list[object]:
        given: list[object] = []
        try:
            with self._loaded.sandbox.watching(hook):
                given.extend(function())
        except (Exception, SystemExit) as error:
            self._events.fault("totals", f"{hook} failed: {words(error)}")
        return given

    def _check_names(self, kind: str, value: Named, siblings: list[Named]) -> None:
        events, subject = self._events, f"{kind} {value.name}"
        events.ran("names")
        if not is_name(value.name):
            events.fault("names", f"{subject}: a name is of a-z, 0-9, `-`, `_` and `.`")
        if kind in ("platform", "accelerator") and "." in value.name:
            # PEP 751: NAME in pylock.NAME.toml has no dot
            events.fault("names", f"{subject}: a dot can't stand in the name of a lock")
        if sum(other.name == value.name for other in siblings) > 1:
            events.fault("names", f"{subject}: the plugin has two of this name")
        taken = self._loaded.others.sources.get((kind, value.name))
        if taken is not None:
            events.fault("names", f"{subject}: {taken} has that name")
        for key in value.envelope if isinstance(value, (Platform, Accelerator)) else ():
            for text in self._word_faults(key):
                events.fault("names", f"{subject}: {text}")

    def _word_faults(self, key: EnvelopeKey) -> Iterator[str]:
        if wrong := word_fault(key):
            yield wrong
        other = next((known for known in self._loaded.others.envelope_keys if known.name == key.name), None)
        if other is not None and not _alike(key, other):
            yield f"the envelope word {key.name!r} means something else to provenv's own plugins"
        called = f"the check of the envelope word {key.name!r}"
        self._events.calling(called, called)
        with self._loaded.sandbox.watching(called):
            for text in STRANGE_VALUES:
                try:
                    wrong = fault(key.check(text), str | None)
                except Exception as error:
                    wrong = f"raised {words(error)}"
                if wrong:
                    yield f"the check of the envelope word {key.name!r} for {spell(text)}: {wrong}"
        if not samples(key):
            yield f"the check of {key.name!r} refused every value tried: give an example in its help"

    def _check_value(self, ask: Asker, value: Named, platforms: tuple[Platform, ...]) -> None:
        if isinstance(value, Accelerator):
            check_accelerator(ask, value, platforms, self._machines)
        elif isinstance(value, Platform):
            check_platform(ask, value, self._machines)
        elif isinstance(value, LockFormat):
            check_lock_format(ask, value)
        elif isinstance(value, Check):
            check_check(ask, self._loaded.scratch)
        elif isinstance(value, IndexAuth):
            check_index_auth(ask)
        elif isinstance(value, PasteReader):
            check_paste_reader(ask)


def _alike(key: EnvelopeKey, other: EnvelopeKey) -> bool:
    """Whether two plugins mean the same by a word: as many values, and neither refuses the other's."""
    values = {*samples(key), *samples(other)}
    return key.multiple == other.multiple and all(
        admits(one, value) for one in (key, other) for value in values
    )
