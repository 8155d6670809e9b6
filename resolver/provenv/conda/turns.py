"""Where each channel is fetched from now: after a place that can't be used, the next mirror or a login."""

from __future__ import annotations

from collections.abc import Iterable

from provenv.conda.channel_problems import concerned, refused
from provenv.conda.channels import Channel
from provenv.logins import LoginSources
from provenv.settings import NetworkSettings
from provenv.values import replace


class Turns:
    """The channels by their canonical address. `logins`: who is asked once one has refused."""

    def __init__(
        self, channels: Iterable[Channel], settings: NetworkSettings, logins: LoginSources | None = None
    ) -> None:
        self._present = {channel.url: channel for channel in channels}
        self._settings = settings
        self.logins = logins or LoginSources()
        self._asked_for_login: set[str] = set()

    def at(self, urls: Iterable[str]) -> tuple[Channel, ...]:
        """The channels of these addresses, where they are fetched from now."""
        return tuple(self._present[url] for url in urls)

    def take(self, channels: Iterable[Channel]) -> tuple[Channel, ...]:
        """These channels, new ones or known, where they are fetched from now."""
        return tuple(self._present.setdefault(channel.url, channel) for channel in channels)

    def pass_on(self, told: str) -> bool:
        """Go on to the next place or login of the channel that rattler speaks of; False: there is none."""
        channel = concerned(told, tuple(self._present.values()))
        if channel is None:
            return False
        other = self._with_login(channel) if refused(told) else None
        if other is None and channel.others:
            other = channel.next()
        if other is None:
            return False
        self._present[channel.url] = other
        return True

    def _with_login(self, channel: Channel) -> Channel | None:
        """The channel with what keyring or a plugin knows, which are asked once a place."""
        if channel.place in self._asked_for_login or self._settings.offline:
            return None
        self._asked_for_login.add(channel.place)
        from provenv.conda.logins import Login
        from provenv.pypi.auth import Credentials

        found = Credentials(keyring=self._settings.keyring, sources=self.logins).after_refusal(channel.place)
        return replace(channel, login=Login("BasicHTTP", found[1], found[0])) if found else None
