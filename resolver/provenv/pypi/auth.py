"""Credentials for indexes: from the address, netrc, keyring and plugins; never sent to another host."""

from __future__ import annotations

import threading

from provenv.logins import LoginSources
from provenv.pypi.addresses import Login, host_of, origin_of, split_login


class Credentials:
    """Logins by origin; safe from any thread. `sources`: the plugins that are asked after all others."""

    def __init__(self, *, keyring: bool = True, sources: LoginSources | None = None) -> None:
        self._keyring = keyring
        self.sources = sources or LoginSources()
        self._known: dict[str, Login | None] = {}
        self._users: dict[str, str] = {}
        self._asked: set[str] = set()
        self._lock = threading.Lock()

    def learn(self, url: str) -> str:
        """Remember the login in an address, and return the address without it."""
        clean, login = split_login(url)
        if login is not None:
            origin = origin_of(clean)
            with self._lock:
                if login[1] or not self._keyring:
                    self._known[origin] = login
                else:  # only a user name: its password is asked for elsewhere
                    self._users[origin] = login[0]
                    self._known.setdefault(origin, login)
        return clean

    def login(self, url: str) -> Login | None:
        """What to send with a request, as far as addresses and netrc tell it."""
        origin = origin_of(url)
        with self._lock:
            if origin not in self._known:
                self._known[origin] = _from_netrc(host_of(url))
            return self._known[origin]

    def after_refusal(self, url: str) -> Login | None:
        """A login to try after a 401: keyring's, else a plugin's; None when there is none left."""
        origin = origin_of(url)
        with self._lock:
            if origin in self._asked:
                return None
            self._asked.add(origin)
            user = self._users.get(origin)
            login = (_from_keyring(url, origin, user) if self._keyring else None) or self.sources.find(url)
            if login is None or login == self._known.get(origin):
                return None
            self._known[origin] = login
            return login


def _from_netrc(host: str) -> Login | None:
    """A host's login in netrc; a netrc that can't be read counts as none, as it does for pip."""
    import os
    from netrc import NetrcParseError, netrc
    from pathlib import Path

    named = os.environ.get("NETRC")
    try:
        home = Path.home()
        paths = [Path(named)] if named else [home / ".netrc", home / "_netrc"]
        path = next((path for path in paths if path.is_file()), None)
        found = netrc(path).authenticators(host) if path and host else None
    except (NetrcParseError, OSError, ValueError, RuntimeError):
        return None
    return (found[0], found[2] or "") if found else None


def _from_keyring(url: str, origin: str, user: str | None) -> Login | None:
    """A login in the keyring, by the address or its host, as pip looks for it; any failure counts as none."""
    try:
        import keyring
    except ImportError:
        return None
    for service in (url, origin.partition("://")[2]):
        try:
            found = keyring.get_credential(service, user)
        except Exception:  # a backend raises what it likes, and none may stop a run
            return None
        if found is not None:
            return found.username, found.password
    return None
