"""The libraries behind conda targets, which come with the `conda` extra and are imported only for these."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import cache

from provenv.errors import InputError
from provenv.typed import TypeVar

Result = TypeVar("Result")


def require_conda() -> None:
    """Raises InputError, with the command that mends it, where the `conda` extra is not installed."""
    from importlib.util import find_spec

    missing = [
        package
        for package, module in (("py-rattler", "rattler"), ("conda-lock", "conda_lock"))
        if find_spec(module) is None
    ]
    if missing:
        raise InputError(
            "conda targets need provenv's conda extra",
            evidence=[f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed"],
            hints=["install it: pip install 'provenv[conda]'"],
        )


def _settle() -> None:
    """Lets rattler's threads let go of what is Python's, which they do a moment after their answer.

    An interpreter that ends meanwhile crashes (py-rattler 0.28, a fourth of all failed solves).
    """
    import time

    time.sleep(0.1)


@cache
def _settle_at_exit() -> None:
    import atexit

    atexit.register(_settle)


def finish(make: Callable[[], Coroutine[object, object, Result]]) -> Result:
    """Runs a coroutine to its end, also where the caller's thread has an event loop (a notebook)."""
    import asyncio

    _settle_at_exit()
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(make())
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(make())).result()
