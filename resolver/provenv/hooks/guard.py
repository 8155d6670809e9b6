"""Keeps a plugin's later faults its own: whatever its functions raise or answer is told in its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

from provenv.errors import PluginError, ProvenvError
from provenv.hooks.types import Accelerator, Builds, Detection, Envelope, Platform, Releases

Value = TypeVar("Value", Platform, Accelerator)

# What the core takes apart; the other functions' answers are looked at where they are used.
_ANSWERS: dict[str, tuple[type, ...]] = {
    "Accelerator.accepts": (str, type(None)),
    "Accelerator.builds": (Builds,),
    "Accelerator.detect": (Detection,),
    "Accelerator.publishes": (tuple, list),
    "Accelerator.releases": (Releases,),
    "Accelerator.undeclared": (tuple, list),
    "Platform.detect": (Envelope, type(None)),
    "Platform.wheel_platform_tags": (tuple, list),
    "Platform.activation": (tuple, list),
}


def guarded(value: Value, source: object) -> Value:
    """The same value, its functions raising PluginError where the plugin's raise or answer something else."""
    kind = type(value).__name__
    functions: dict[str, Any] = {
        field: _guard(
            getattr(value, field), f"{source}: {field} of {value.name}", _ANSWERS.get(f"{kind}.{field}")
        )
        for field, annotation in type(value).__annotations__.items()
        if str(annotation).startswith("Callable")
    }
    return replace(value, **functions)


def _guard(
    function: Callable[..., Any], what: str, answers: tuple[type, ...] | None
) -> Callable[..., Any]:  # any function of a plugin, its types as before
    @wraps(function)
    def call(*args: object) -> object:
        try:
            answer = function(*args)
        except ProvenvError:
            raise
        except (Exception, SystemExit) as error:
            words = " ".join(str(error).split())
            raise PluginError(f"{what} failed: {type(error).__name__}: {words}") from error
        if answers is not None and not isinstance(answer, answers):
            wanted = " or ".join("None" if kind is type(None) else kind.__name__ for kind in answers)
            raise PluginError(f"{what} answered {answer!r:.60}, not {wanted}")
        return answer

    return call
