"""What rattler says of a channel that it can't read: in provenv's words, with the channel named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from provenv.addresses import redact
from provenv.conda.channels import Channel, without_secrets
from provenv.errors import IndexAnswerError, InputError, NetworkError, ProvenvError
from provenv.manifest.spelling import nearest

# What people mean when they misspell a channel.
_KNOWN = ("conda-forge", "bioconda", "defaults", "pytorch", "nvidia", "rapidsai", "huggingface", "anaconda")
_AWAY = r"sending request|request failed|dns|connect|timed out|timeout|before message length"
_BROKEN = (
    r"failed to parse|EOF while parsing|invalid|decod|unexpected end|corrupt|not finish|incomplete|mismatch"
)


def channel_error(told: str, channels: Sequence[Channel]) -> ProvenvError:
    """The error for a channel that could not be read."""
    evidence = [redact(without_secrets(line)) for line in told.splitlines() if line.strip()]
    channel = concerned(told, channels)
    called = f"the channel {channel.name}" if channel else "a channel"
    if refused(told):
        return IndexAnswerError(
            f"{called} refused to answer",
            evidence=evidence,
            hints=["log in once: `rattler auth login HOST`, or give the login in netrc"],
        )
    if "could not find subdir" in told and re.search(r"\(404\b|os error [23]\b", told):
        return InputError(
            f"there is no conda channel {channel.name if channel else ''}".rstrip(),
            evidence=evidence,
            hints=[*_meant(channel), "a channel has a folder `noarch` with a repodata.json, empty or not"],
        )
    if "no usable repodata cache" in told:
        return NetworkError(
            f"{called} is not in the cache, and the network is switched off",
            evidence=evidence,
            hints=["lock once without `--offline`"],
        )
    if re.search(_AWAY, told, re.IGNORECASE):
        return NetworkError(f"{called} can't be reached", evidence=evidence, hints=_ways(told, channel))
    if re.search(_BROKEN, told, re.IGNORECASE):
        return IndexAnswerError(
            f"{called} has broken repodata",
            evidence=evidence,
            hints=["try again: it may have been cut short; a folder of your own: index it anew"],
        )
    return IndexAnswerError(f"{called} can't be read", evidence=evidence)


def refused(told: str) -> bool:
    """Whether rattler says that a host asks for a login, or for another one."""
    return re.search(r"\((401|403)\b", told) is not None


def concerned(told: str, channels: Sequence[Channel]) -> Channel | None:
    """The channel that rattler speaks of."""
    text = without_secrets(told)
    return next((c for c in channels if _speaks_of(text, c)), channels[0] if len(channels) == 1 else None)


def _speaks_of(text: str, channel: Channel) -> bool:
    """rattler spells a folder as an address or as a path."""
    place = without_secrets(channel.place)
    return f"{place}/" in text or f"{unquote(place).removeprefix('file://')}/" in text


def _ways(told: str, channel: Channel | None) -> list[str]:
    if "certificate" in told:
        return ["if it is signed by an authority of your own, name that: `cert` in config.toml"]
    return [
        *_meant(channel),
        "check the network, the proxy and the mirrors: `provenv config` shows those in force",
    ]


def _meant(channel: Channel | None) -> list[str]:
    """The well-known channel that a name looks like."""
    if channel is None or channel.name in _KNOWN or "://" in channel.name:
        return []
    near = nearest(channel.name, _KNOWN)
    return [f"did you mean {near!r}?"] if near else []
