"""Addresses without their secrets, for everything that is shown, logged or written."""

from __future__ import annotations

import re

_CREDENTIALS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<user>[^/?#\s@]*(?:@[^/?#\s@]*)*)@")
_SECRET_PARAMETER = re.compile(
    r"(?P<name>[?&](?:[\w.-]*(?:token|password|secret|signature|api[_-]?key|access[_-]?key)[\w.-]*|sig|key)=)[^&#\s]+",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """A text with the credentials of every address in it as `***`; `${NAME}` says no secret and stays.

    A user name alone goes too, since tokens are often given as one; `git@` and `ssh` users are no secrets.
    """
    text = _CREDENTIALS.sub(_without_credentials, text)
    return _SECRET_PARAMETER.sub(lambda match: f"{match['name']}***", text)


def _without_credentials(match: re.Match[str]) -> str:
    user = match["user"]
    if user in ("", "git") or re.fullmatch(r"(\$\{\w+\}:?)+", user):
        return match.group()
    return f"{match['scheme']}***@"
