"""Finds the plugins, asks each what it has, and keeps one bad plugin from taking the others down."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

from provenv.errors import PluginError
from provenv.hooks.entry_points import EntryPoint, find_entry_points
from provenv.hooks.guard import Value, guarded
from provenv.hooks.limits import LOADING, bounded
from provenv.hooks.loading import Loaded, Source, load
from provenv.hooks.pastes import PasteReader
from provenv.hooks.telling import shown, words
from provenv.hooks.types import Accelerator, Check, EnvelopeKey, IndexAuth, LockFormat, Platform
from provenv.hooks.words import word_fault
from provenv.typed import Protocol
from provenv.values import dataclass, field


class Named(Protocol):
    """What every value that a plugin yields has."""

    @property
    def name(self) -> str: ...


KINDS: Mapping[str, tuple[str, type[Named]]] = {
    "platform": ("provenv_platforms", Platform),
    "accelerator": ("provenv_accelerators", Accelerator),
    "lock-format": ("provenv_lock_formats", LockFormat),
    "check": ("provenv_checks", Check),
    "index-auth": ("provenv_index_auth", IndexAuth),
    "paste-reader": ("provenv_paste_readers", PasteReader),
}
"""Every kind of thing that a plugin may have: the hook that yields it, and its type."""


@dataclass(frozen=True, slots=True)
class Plugins:
    """Everything that the plugins have, by name. `accelerators` stand in order of preference.

    `problems`: a line for every plugin that was left out, or a part of it, and why.
    """

    platforms: Mapping[str, Platform]
    accelerators: Mapping[str, Accelerator]
    lock_formats: Mapping[str, LockFormat]
    checks: Mapping[str, Check]
    index_auth: Mapping[str, IndexAuth]
    sources: Mapping[tuple[str, str], Source]
    """(kind, name) -> who gave it; the kinds are platform, accelerator, lock-format, check, index-auth,
    paste-reader."""
    problems: tuple[str, ...] = ()
    paste_readers: Mapping[str, PasteReader] = field(default_factory=dict)
    """In order of preference: where two answer one question, the first one's answer stands."""

    @property
    def envelope_keys(self) -> tuple[EnvelopeKey, ...]:
        """Every envelope word of every plugin, once, sorted by name."""
        words = [
            *(key for platform in self.platforms.values() for key in platform.envelope),
            *(key for accelerator in self.accelerators.values() for key in accelerator.envelope),
        ]
        return tuple(key for _, key in sorted({key.name: key for key in words}.items()))


@cache
def plugins(cache_dir: Path | None = None) -> Plugins:
    """Every installed plugin's values, found once a process.

    `cache_dir` (None: the user's own) keeps the record by which the next process finds the modules without a
    scan of all that is installed. Raises PluginError when two plugins claim one name; any other fault of a
    plugin becomes a line of `problems`.
    """
    if cache_dir is None:
        from provenv.config.folders import user_cache_folder

        cache_dir = user_cache_folder(os.environ)
    return collect(find_entry_points(cache_dir))


def collect(entry_points: Iterable[EntryPoint]) -> Plugins:
    """The values of these plugins. Raises PluginError as `plugins` does."""
    problems: list[str] = []
    sources: dict[tuple[str, str], Source] = {}
    loaded = load(entry_points, problems)

    def ask(kind: str, hook: str, wanted: type[Value]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for plugin in loaded:
            for value in _answers(plugin, hook, wanted, problems):
                first = sources.setdefault((kind, value.name), plugin.source)
                if first != plugin.source:
                    raise _two_claims(kind, value.name, first, plugin.source)
                if value.name in found:
                    problems.append(
                        f"{plugin.source} has two {kind}s named {value.name!r}; the last one counts"
                    )
                found[value.name] = guarded(value, plugin.source, plugin.patience)
        return found

    accelerators = ask("accelerator", "provenv_accelerators", Accelerator)
    readers = ask("paste-reader", "provenv_paste_readers", PasteReader)
    return Plugins(
        platforms=ask("platform", "provenv_platforms", Platform),
        accelerators=dict(sorted(accelerators.items(), key=lambda item: (item[1].preference, item[0]))),
        lock_formats=ask("lock-format", "provenv_lock_formats", LockFormat),
        checks=ask("check", "provenv_checks", Check),
        index_auth=ask("index-auth", "provenv_index_auth", IndexAuth),
        sources=sources,
        problems=tuple(problems),
        paste_readers=dict(sorted(readers.items(), key=lambda item: (item[1].preference, item[0]))),
    )


def _answers(plugin: Loaded, hook: str, wanted: type[Value], problems: list[str]) -> list[Value]:
    """What one plugin yields for one hook; the values that are none are left out, all told in one line."""
    function = plugin.hooks.get(hook)
    if function is None:
        return []
    given: list[object] = []
    faults: list[str] = []
    # Called one by one, not through pluggy's relay, so that who raised is known and the rest goes on.
    try:
        if plugin.patience is None:
            _take_all(function, given)
        else:
            plugin.patience.call(_take_all, function, given, seconds=LOADING)
    except (Exception, SystemExit) as error:
        faults.append(f"failed: {words(error)}")
    answers: list[Value] = []
    for value in tuple(given):
        fault = _fault(value, wanted, deep=plugin.patience is not None)
        if fault is None and isinstance(value, wanted):
            answers.append(value)
        else:
            faults.append(f"yielded {fault}; it was left out")
    if faults:
        more = f", and {len(faults) - 1:,} more such faults" if len(faults) > 1 else ""
        problems.append(f"{plugin.source}: {hook} {faults[0]}{more}")
    return answers


def _take_all(function: Callable[[], Iterable[object]], given: list[object]) -> None:
    given.extend(bounded(function()))


def _fault(value: object, wanted: type[Named], *, deep: bool) -> str | None:
    """What is wrong with a value. `deep`: every field is looked at, down to the last."""
    if not isinstance(value, wanted):
        return f"{shown(value)}, which is no {wanted.__name__}"
    if not isinstance(value.name, str) or not is_name(value.name):
        return f"a {wanted.__name__} whose name {shown(value.name)} is not of a-z, 0-9, `-`, `_` and `.`"
    return _broken_field(value) or (_deep_fault(value) if deep else None)


def _deep_fault(value: Named) -> str | None:
    from provenv.hooks.answers import fault

    what = f"the {type(value).__name__} {value.name!r}"
    if found := fault(value, type(value)):
        return f"{what} with {found.removeprefix('.')}"
    words = value.envelope if isinstance(value, (Platform, Accelerator)) else ()
    wrong = next(filter(None, map(word_fault, words)), None)
    return f"{what}, where {wrong}" if wrong else None


def is_name(text: str) -> bool:
    """Whether a plugin may call something so: it stands in manifests, flags and file names."""
    return (
        text.isascii()
        and text == text.lower()
        and text[:1].isalnum()
        and all(char.isalnum() or char in "-_." for char in text)
    )


def _broken_field(value: Named) -> str | None:
    """What is wrong with the fields that all else relies on: a function that is none, a text preference."""
    what = f"the {type(value).__name__} {value.name!r}"
    for name, kind in type(value).__annotations__.items():
        given = getattr(value, name)
        if str(kind).startswith("Callable") and not callable(given):
            return f"{what} with {name} = {shown(given)}, which is no function"
        if kind in ("str", "int") and type(given).__name__ != kind:
            return f"{what} with {name} = {shown(given)}, which is no {kind}"
    return None


def _two_claims(kind: str, name: str, first: Source, second: Source) -> PluginError:
    return PluginError(
        f"two plugins claim the {kind} {name!r}",
        evidence=[str(first), str(second)],
        hints=[f"uninstall {first.distribution} or {second.distribution}"],
    )
