"""provenv: one manifest in; for every target an exact lock, the environment, and a proof that it trains.

    from pathlib import Path
    from provenv import Manifest, install, lock, open_project, prove

    project = open_project(Manifest.read(Path("demo_project")))
    lock(project)
    outcome = install(project)
    print(prove(project, outcome.environment, outcome.target).verdict)

The command line is made of these same functions. They are imported when they are first asked for.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as a type checker knows it; the import of typing is a tenth of a short command

__version__ = "0.1.0"

if TYPE_CHECKING:
    from provenv.errors import ProvenvError
    from provenv.installing import install_project as install
    from provenv.locking import lock_project as lock
    from provenv.manifest.values import Manifest
    from provenv.project import Project, open_project
    from provenv.proving import prove_project as prove

__all__ = ["Manifest", "Project", "ProvenvError", "install", "lock", "open_project", "prove"]

_HOMES = {
    "Manifest": ("provenv.manifest.values", "Manifest"),
    "Project": ("provenv.project", "Project"),
    "ProvenvError": ("provenv.errors", "ProvenvError"),
    "install": ("provenv.installing", "install_project"),
    "lock": ("provenv.locking", "lock_project"),
    "open_project": ("provenv.project", "open_project"),
    "prove": ("provenv.proving", "prove_project"),
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    module, attribute = _HOMES[name]
    value: object = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
