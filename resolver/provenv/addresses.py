"""Addresses without secrets: to be shown (`redact`), to be written into a lock (`without_credentials`)."""

from __future__ import annotations

import re

from provenv.patterns import regex

# Up to the last @ before the path: a password may hold an @ that its user forgot to quote.
_CREDENTIALS = regex(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<user>[^/?#\s]*)@(?=[^/?#\s@])")
_QUERY = regex(r"(?P<address>[A-Za-z][A-Za-z0-9+.-]*://[^\s?#]*)\?[^\s#]+")
_PLACEHOLDERS = regex(r"(\$\{\w+\}:?)+")


def redact(text: str) -> str:
    """A text to be shown: the credentials of every address in it as `***`, the query (signatures) as `…`.

    A user name alone goes too, since tokens are often given as one. `${NAME}` says no secret and stays, and
    so does the user of an ssh address.
    """
    if "@" in text:  # most addresses are long digests with neither, which the patterns are slow at
        text = _CREDENTIALS.sub(_hidden, text)
    return _QUERY.sub(r"\g<address>?…", text) if "?" in text else text


def without_credentials(text: str) -> str:
    """A text to be written: user names and passwords are cut from every address in it.

    The user name of an SSH address (`ssh://git@host`) is no secret and stays: it doesn't work without.
    """
    if "@" not in text:
        return text
    return _CREDENTIALS.sub(lambda match: f"{match['scheme']}://{_ssh_user(match)}", text)


def _hidden(match: re.Match[str]) -> str:
    plain = _ssh_user(match) and ":" not in match["user"]
    if plain or _PLACEHOLDERS.fullmatch(match["user"]):
        return match[0]
    return f"{match['scheme']}://***@"


def _ssh_user(match: re.Match[str]) -> str:
    """`git@` of an ssh address, "" of any other."""
    if not match["scheme"].lower().endswith("ssh"):
        return ""
    return f"{match['user'].partition(':')[0]}@"
