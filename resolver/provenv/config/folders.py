"""Where this user's settings and cache lie: platformdirs' folders, without importing it on Linux."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def user_config_folder(environ: Mapping[str, str]) -> Path:
    """The folder of config.toml."""
    if sys.platform in ("win32", "darwin"):
        import platformdirs

        return Path(platformdirs.user_config_dir("provenv", appauthor=False))
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "provenv"


def user_cache_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the cache."""
    if sys.platform in ("win32", "darwin"):
        import platformdirs

        return Path(platformdirs.user_cache_dir("provenv", appauthor=False))
    return _xdg(environ, "XDG_CACHE_HOME", ".cache") / "provenv"


def _xdg(environ: Mapping[str, str], variable: str, below_home: str) -> Path:
    # XDG base directories: a relative path in these variables is to be ignored. platformdirs itself takes
    # 20 ms to import, more than a whole warm lock may take.
    set_to = environ.get(variable, "").strip()
    return Path(set_to) if Path(set_to).is_absolute() else home(environ) / below_home


def home(environ: Mapping[str, str]) -> Path:
    """The user's home folder; HOME (or USERPROFILE) of the environment comes first."""
    variable = "USERPROFILE" if sys.platform == "win32" else "HOME"
    return Path(environ[variable]) if environ.get(variable) else Path.home()
