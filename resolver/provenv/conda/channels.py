"""Channels: what a manifest calls them, what a lock calls them, and where this machine fetches them from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from provenv.addresses import without_credentials
from provenv.settings import NetworkSettings
from provenv.values import dataclass

ALIAS = "https://conda.anaconda.org"
"""Where a channel's bare name is looked up; conda's, mamba's and rattler's default."""

# Anaconda's own channels lie elsewhere under their names.
_DEFAULTS = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")
_TOKEN = re.compile(r"(://[^/]+)/t/[^/]+/")


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel. Both addresses are without a slash at the end.

    `url`: the canonical address, without secrets; a lock says it. `place`: where this machine fetches it: the
    same, a mirror or a folder, with the login that the manifest or the settings give.
    """

    name: str
    url: str
    place: str

    @property
    def is_mirrored(self) -> bool:
        """Whether the bytes come from another place than the lock says."""
        return without_secrets(self.place) != self.url


def channels_of(written: Iterable[str], settings: NetworkSettings) -> tuple[Channel, ...]:
    """The channels in their order; `defaults` stands for those that it means."""
    found: dict[str, Channel] = {}
    for text in written:
        for address in _DEFAULTS if text == "defaults" else (text,):
            one = _channel(address, settings)
            found.setdefault(one.url, one)
    return tuple(found.values())


def _channel(written: str, settings: NetworkSettings) -> Channel:
    url = written if "://" in written else f"{ALIAS}/{written}"
    canonical = without_secrets(url).rstrip("/")
    mirrors = settings.mirrors_of(canonical)
    own = mirrors == (canonical,)
    name = (
        canonical.removeprefix(f"{ALIAS}/") if canonical.startswith(ALIAS) else canonical.rsplit("/", 1)[-1]
    )
    return Channel(name, canonical, url.rstrip("/") if own else mirrors[0].rstrip("/"))


def without_secrets(url: str) -> str:
    """A channel's or file's address without its login and without the token in its path."""
    return _TOKEN.sub(r"\1/", without_credentials(url))


def named(channels: Sequence[Channel], text: str) -> Channel | None:
    """The channel that a spec's `NAME::` means: by name, by address, or by the last part of a folder."""
    wanted = without_secrets(text).rstrip("/")
    return next((c for c in channels if wanted in (c.name, c.url, f"{ALIAS}/{c.name}")), None)


def canonical(url: str, channels: Sequence[Channel]) -> str:
    """A file's address as a lock says it."""
    for channel in channels:
        for prefix in (channel.place, without_secrets(channel.place)):
            if url.startswith(f"{prefix}/"):
                return f"{channel.url}{url.removeprefix(prefix)}"
    return without_secrets(url)


def fetched_from(url: str, channels: Sequence[Channel]) -> str:
    """Where this machine fetches a file of a lock from."""
    for channel in channels:
        if url.startswith(f"{channel.url}/"):
            return f"{channel.place}{url.removeprefix(channel.url)}"
    return url
