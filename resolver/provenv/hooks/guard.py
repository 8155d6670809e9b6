"""Keeps a plugin's later faults its own: whatever its functions raise or answer is told in its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from provenv.errors import PluginError, ProvenvError
from provenv.hooks.limits import ANSWERING, ASKING, LOOKING, Errands, Hang, Patience, at_once
from provenv.hooks.pastes import PasteReader
from provenv.hooks.telling import shown, words
from provenv.hooks.types import (
    Accelerator,
    Builds,
    Check,
    CheckContext,
    Detection,
    Envelope,
    IndexAuth,
    LockFormat,
    Platform,
    Releases,
)
from provenv.typed import TypeVar
from provenv.values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Value = TypeVar("Value", bound=Platform | Accelerator | LockFormat | Check | IndexAuth | PasteReader)

# What the core takes apart; the other functions' answers are looked at where they are used.
_ANSWERS: dict[str, tuple[type, ...]] = {
    "Accelerator.accepts": (str, type(None)),
    "Accelerator.builds": (Builds,),
    "Accelerator.detect": (Detection,),
    "Accelerator.excludes": (str, type(None)),
    "Accelerator.publishes": (tuple, list),
    "Accelerator.releases": (Releases,),
    "Accelerator.undeclared": (tuple, list),
    "Platform.detect": (Envelope, type(None)),
    "Platform.wheel_platform_tags": (tuple, list),
    "Platform.activation": (tuple, list),
}


# Seconds for a third party's functions that do more than compute.
_SECONDS = {
    "detect": LOOKING,
    "diagnose": LOOKING,
    "inspect": LOOKING,
    "Check.run": LOOKING,  # besides the programs it runs, which may train
    "IndexAuth.find": ASKING,
}


def guarded(value: Value, source: object, patience: Patience | None = None) -> Value:
    """The same value, its functions raising PluginError where the plugin's raise or answer something else.

    `patience`: the functions are not waited for longer than they may take, and their answers are looked at
    down to the last field, as are those of the values inside. None: they are known to be good (provenv's own
    tests see to that).
    """
    changed = _guarded_functions(value, value.name, source, patience)
    if patience is not None and isinstance(value, (Platform, Accelerator)):
        changed["envelope"] = tuple(
            replace(key, **_guarded_functions(key, key.name, source, patience)) for key in value.envelope
        )
    if patience is not None and isinstance(value, Accelerator) and value.runtime is not None:
        runtime = value.runtime
        changed["runtime"] = replace(runtime, **_guarded_functions(runtime, runtime.name, source, patience))
    return replace(value, **changed)


def _guarded_functions(
    value: object, name: str, source: object, patience: Patience | None
) -> dict[str, Any]:  # functions of any type, and what else `replace` takes
    return {
        field: _guard(type(value), field, getattr(value, field), f"{source}: {field} of {name}", patience)
        for field, annotation in type(value).__annotations__.items()
        if str(annotation).startswith("Callable")
    }


def _guard(
    kind: type, field: str, function: Callable[..., Any], what: str, patience: Patience | None
) -> Callable[..., Any]:  # any function of a plugin, its types as before
    name = f"{kind.__name__}.{field}"
    seconds = _SECONDS.get(name, _SECONDS.get(field, ANSWERING))

    def ask(*args: object) -> tuple[object, str | None]:
        if patience is None:
            answer = function(*args)
            return answer, _shallow_fault(name, answer)
        answer = at_once(function)(*args)
        return answer, _deep_fault(kind, field, answer)

    @wraps(function)
    def call(*args: object) -> object:
        try:
            if patience is None:
                answer, fault = ask(*args)
            else:
                errands, args = _errands(args)
                answer, fault = patience.call(ask, *args, seconds=seconds, errands=errands)
        except Hang as error:
            assert patience is not None, "nobody else is waited for"
            patience.story = patience.story or f"{what} gave {error}"
            raise PluginError(patience.story) from error
        except (Exception, SystemExit) as error:
            if isinstance(error, ProvenvError) and (patience is None or isinstance(error, PluginError)):
                raise
            raise PluginError(f"{what} failed: {words(error)}") from error
        if fault:
            raise PluginError(f"{what} answered {fault}")
        return answer

    return call


def _errands(args: tuple[object, ...]) -> tuple[Errands | None, tuple[object, ...]]:
    """A check's context with programs that take as long as they take; other arguments have no errands."""
    if len(args) != 1 or not isinstance(args[0], CheckContext):
        return None, args
    errands = Errands()
    return errands, (replace(args[0], run=errands.timeless(args[0].run)),)


def _shallow_fault(name: str, answer: object) -> str | None:
    answers = _ANSWERS.get(name)
    if answers is None or isinstance(answer, answers):
        return None
    wanted = " or ".join("None" if kind is type(None) else kind.__name__ for kind in answers)
    return f"{shown(answer)}, not {wanted}"


def _deep_fault(kind: type, field: str, answer: object) -> str | None:
    from provenv.hooks.answers import answer_hint, fault

    return fault(answer, answer_hint(kind, field))
