"""Where this user's settings and cache lie: platformdirs' folders, without importing it on Linux."""

from __future__ import annotations

import os
import sys

from provenv import reads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def user_config_folder(environ: Mapping[str, str]) -> Path:
    """The folder of config.toml."""
    from pathlib import Path

    if sys.platform in ("win32", "darwin"):
        import platformdirs

        if sys.platform == "win32":
            reads.unsure()  # the registry says it
        return Path(platformdirs.user_config_dir("provenv", appauthor=False))
    return Path(_xdg(environ, "XDG_CONFIG_HOME", ".config"), "provenv")


def user_cache_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the cache."""
    from pathlib import Path

    return Path(cache_folder(environ))


def cache_folder(environ: Mapping[str, str]) -> str:
    """The folder of the cache, for who can't wait for pathlib."""
    if sys.platform in ("win32", "darwin"):
        import platformdirs

        return platformdirs.user_cache_dir("provenv", appauthor=False)
    return os.path.join(_xdg(environ, "XDG_CACHE_HOME", ".cache"), "provenv")  # noqa: PTH118  (no pathlib here)


def _xdg(environ: Mapping[str, str], variable: str, below_home: str) -> str:
    # XDG base directories: a relative path in these variables is to be ignored. platformdirs itself takes
    # 20 ms to import, more than a whole warm lock may take.
    set_to = environ.get(variable, "").strip()
    is_absolute = os.path.isabs(set_to)  # noqa: PTH117
    return set_to if is_absolute else os.path.join(_home(environ), below_home)  # noqa: PTH118


def home(environ: Mapping[str, str]) -> Path:
    """The user's home folder; HOME (or USERPROFILE) of the environment comes first."""
    from pathlib import Path

    return Path(_home(environ))


def _home(environ: Mapping[str, str]) -> str:
    named = environ.get("USERPROFILE" if sys.platform == "win32" else "HOME")
    if not named:
        reads.unsure()  # the system's list of users says it
    return named or os.path.expanduser("~")  # noqa: PTH111
