"""Logins of channels: in their addresses, and in the stores of conda and mamba.

rattler's own store (keyring and `~/.rattler/credentials.json`) and netrc are left to rattler.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from provenv.config.folders import home
from provenv.pypi.addresses import host_of, split_login
from provenv.values import dataclass, field

_AT_ROOT = re.compile(r"(?P<host>[A-Za-z][A-Za-z0-9+.-]*://[^/]+)/t/(?P<token>[^/]+)(?=/|$)")
# conda takes `/t/…` for a token wherever it stands in a path
_ANYWHERE = re.compile(r"(?P<before>://\S*?)/t/[A-Za-z0-9_~-]+(?=/)")


@dataclass(frozen=True, slots=True)
class Login:
    """What to log in with: a user and password, a token in the path (`/t/TOKEN/`) or one in a header."""

    kind: Literal["BasicHTTP", "CondaToken", "BearerToken"]
    secret: str = field(repr=False)
    user: str = ""

    def stored(self) -> dict[str, object]:
        """As rattler's own store has it."""
        if self.kind == "BasicHTTP":
            return {self.kind: {"username": self.user, "password": self.secret}}
        return {self.kind: self.secret}


def split_secrets(url: str) -> tuple[str, Login | None]:
    """A channel's address without its login, and that login.

    A token that doesn't stand at the root of its host stays, since no client can put it back there.
    """
    clean, basic = split_login(url)
    token = _AT_ROOT.match(clean)
    if token:
        clean = clean[: token.end("host")] + clean[token.end() :]
        if basic is None:
            return clean, Login("CondaToken", token["token"])
        return url, None  # both at once, which only the address itself can say
    if basic is None:
        return clean, None
    return clean, Login("BasicHTTP", basic[1], basic[0])


def without_tokens(text: str) -> str:
    """A text without the tokens in the paths of its addresses."""
    return _ANYWHERE.sub(r"\g<before>", _AT_ROOT.sub(r"\g<host>", text))


def stored_login(url: str) -> Login | None:
    """A channel's login in conda's and mamba's stores; None where they have none."""
    address = url.partition("://")[2]
    found = [(place, login) for place, login in _stores().items() if _covers(place, address, host_of(url))]
    return max(found, key=lambda pair: len(pair[0]))[1] if found else None


def _covers(place: str, address: str, host: str) -> bool:
    """Whether the place of a login (a host, with or without a path) is where an address lies."""
    return place == host or address == place or address.startswith(f"{place}/")


@cache
def _stores() -> Mapping[str, Login]:
    """Place -> login: mamba's authentication.json, and the tokens of anaconda-client, as conda reads them."""
    return {**dict(_anaconda_tokens()), **dict(_mamba_logins())}


def _mamba_logins() -> Iterator[tuple[str, Login]]:
    import base64

    path = home(os.environ) / ".mamba" / "auth" / "authentication.json"
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return
    for place, entry in found.items() if isinstance(found, dict) else ():
        if not isinstance(entry, dict):
            continue
        kind, token = entry.get("type"), str(entry.get("token") or "")
        if kind == "CondaToken" and token:
            yield place, Login("CondaToken", token)
        elif kind == "BearerToken" and token:
            yield place, Login("BearerToken", token)
        elif kind == "BasicHTTPAuthentication":
            try:
                password = base64.b64decode(str(entry.get("password") or "")).decode()
            except ValueError:
                continue
            yield place, Login("BasicHTTP", password, str(entry.get("user") or ""))


def _anaconda_tokens() -> Iterator[tuple[str, Login]]:
    """`https%3A%2F%2Fapi.anaconda.org.token`: a token each, for the channels of that site."""
    from urllib.parse import unquote

    for folder in _token_folders():
        try:
            files = sorted(folder.glob("*.token"))
        except OSError:
            continue
        for file in files:
            try:
                token = file.read_text(encoding="utf-8").strip()
            except (OSError, ValueError):
                continue
            site = unquote(file.name.removesuffix(".token")).rstrip("/")
            # the channels of a site with an API lie beside that: api.anaconda.org, conda.anaconda.org
            for place in dict.fromkeys((site, re.sub(r"([/.])api(?=[./]|$)", r"\1conda", site, count=1))):
                if token:
                    yield place.partition("://")[2], Login("CondaToken", token)


def _token_folders() -> Iterator[Path]:
    """Where anaconda-client keeps tokens: its newer versions first."""
    from platformdirs import user_config_dir, user_data_dir

    named = os.environ.get("BINSTAR_CONFIG_DIR")
    if named:
        yield Path(named) / "data"
    else:
        yield Path(user_data_dir("binstar", "ContinuumIO"))
        yield Path(user_config_dir("binstar", "ContinuumIO"))
