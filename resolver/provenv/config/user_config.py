"""The user's own settings: `config.toml` in the user's config folder, or the file in PROVENV_CONFIG."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from provenv.config.folders import home, user_config_folder
from provenv.errors import InputError, Origin
from provenv.manifest.document import Document, Table, read_toml
from provenv.reads import exists, is_file, real_path
from provenv.tuples import NamedTuple

KEYS = (
    "mirrors",
    "cert",
    "client-cert",
    "proxy",
    "timeout",
    "retries",
    "trusted-hosts",
    "offline",
    "cache-dir",
    "pip-config",
    "keyring",
)


class UserConfig(NamedTuple):
    """What config.toml says; None where it says nothing. `origins`: key -> its place."""

    mirrors: tuple[tuple[str, tuple[str, ...]], ...] = ()
    cert: Path | None = None
    client_cert: Path | None = None
    proxy: str | None = None
    timeout: float | None = None
    retries: int | None = None
    trusted_hosts: tuple[str, ...] = ()
    offline: bool | None = None
    cache_dir: Path | None = None
    pip_config: bool | None = None
    keyring: bool | None = None
    origins: Mapping[str, Origin] | None = None

    def origin(self, key: str) -> Origin | None:
        """Where a key was said."""
        return (self.origins or {}).get(key)


def user_config_path(environ: Mapping[str, str]) -> Path:
    """Where config.toml is, or would be."""
    named = environ.get("PROVENV_CONFIG")
    return Path(named) if named else user_config_folder(environ) / "config.toml"


def read_user_config(environ: Mapping[str, str]) -> UserConfig:
    """Reads config.toml; without one, nothing is said.

    Raises:
        InputError: PROVENV_CONFIG names a file that is not there.
        ManifestError: an unknown key or a bad value, with file, line and the nearest right spelling.
    """
    path = user_config_path(environ)
    if not is_file(path):
        if environ.get("PROVENV_CONFIG"):
            raise InputError(
                f"PROVENV_CONFIG names {path}, and there is no such file",
                hints=["unset it, or write the file"],
            )
        return UserConfig()
    return _parsed(read_toml(path), home(environ))


def _parsed(document: Document, at_home: Path) -> UserConfig:
    top = document.top
    top.allow_only(KEYS)
    retries = top.number("retries")
    return UserConfig(
        mirrors=_mirrors(top.table("mirrors"), at_home),
        cert=_file(top, "cert", at_home),
        client_cert=_file(top, "client-cert", at_home),
        proxy=top.string("proxy"),
        timeout=_timeout(top),
        retries=None if retries is None else max(0, int(retries)),
        trusted_hosts=top.strings("trusted-hosts") or (),
        offline=top.boolean("offline"),
        cache_dir=_path(top, "cache-dir", at_home),
        pip_config=top.boolean("pip-config"),
        keyring=top.boolean("keyring"),
        origins={key: top.origin(key) for key in top.data},
    )


def _timeout(top: Table) -> float | None:
    seconds = top.number("timeout")
    if seconds is not None and seconds <= 0:
        raise top.error("timeout must be more than 0 seconds", "timeout")
    return seconds


def _path(top: Table, key: str, at_home: Path) -> Path | None:
    text = top.string(key)
    return None if text is None else _absolute(text, top.document.folder, at_home)


def _file(top: Table, key: str, at_home: Path) -> Path | None:
    path = _path(top, key, at_home)
    if path is not None and not exists(path):
        raise top.error(f"{key}: there is no {path}", key)
    return path


def _mirrors(table: Table | None, at_home: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Canonical address -> the places to ask instead; one address or several."""
    found: dict[str, tuple[str, ...]] = {}
    for written in table.data if table else ():
        assert table is not None
        if "://" not in written:
            raise table.error(
                f"{written!r} is no address of an index",
                written,
                hints=['write the canonical address: "https://index.example/simple" = "/mirror"'],
            )
        value = table.data[written]
        places = (value,) if isinstance(value, str) else table.strings(written) or ()
        if not places:
            raise table.error(f"the mirror of {written} is empty", written)
        folder = table.document.folder
        found[written.rstrip("/")] = tuple(
            place if "://" in place else _absolute(place, folder, at_home).as_uri() for place in places
        )
    return tuple(found.items())


def _absolute(text: str, folder: Path, at_home: Path) -> Path:
    if text == "~" or text.startswith(("~/", "~\\")):
        return at_home / text[2:]
    return real_path(folder / text)
