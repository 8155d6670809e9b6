"""Channels: what a manifest calls them, what a lock calls them, and where this machine fetches them from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from provenv.addresses import without_credentials
from provenv.conda.condarc import Condarc, machine_condarc
from provenv.conda.logins import Login, split_secrets, stored_login, without_tokens
from provenv.errors import InputError
from provenv.pypi.addresses import host_of
from provenv.settings import NetworkSettings
from provenv.values import dataclass, field, replace

ALIAS = "https://conda.anaconda.org"
"""Where a channel's bare name is looked up; conda's, mamba's and rattler's default."""

# Anaconda's own channels lie elsewhere under their names; the last is for Windows alone.
_ANACONDA = "https://repo.anaconda.com"
_DEFAULTS = tuple(f"{_ANACONDA}/pkgs/{name}" for name in ("main", "r", "msys2"))


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel. All addresses are without a slash at the end.

    `url`: the canonical address, without secrets; a lock says it. `place`: where this machine fetches it: the
    same, a mirror or a folder. `others`: the places to try when that can't be used, in their order. `login`:
    what the place asks for, where that is not for rattler's own store to say.
    """

    name: str
    url: str
    place: str
    login: Login | None = field(default=None, repr=False)
    others: tuple[str, ...] = ()

    @property
    def is_mirrored(self) -> bool:
        """Whether the bytes come from another place than the lock says."""
        return without_secrets(self.place) != self.url

    def next(self) -> Channel:
        """The channel at its next place. ValueError: it has no other."""
        place, *others = self.others
        return _at(replace(self, others=tuple(others)), place)


def channels_of(written: Iterable[str], settings: NetworkSettings) -> tuple[Channel, ...]:
    """The channels in their order; `defaults` stands for those that it means.

    Raises InputError where conda's settings say that `defaults` are other channels altogether.
    """
    condarc = machine_condarc()
    found: dict[str, Channel] = {}
    for text in written:
        for address in _DEFAULTS if text == "defaults" else (text,):
            one = _channel(address, settings, condarc)
            found.setdefault(one.url, one)
    return tuple(_told_apart(found.values()))


def for_subdir(channels: Iterable[Channel], subdir: str) -> tuple[Channel, ...]:
    """The channels that count for a platform: of the defaults, `msys2` is for Windows."""
    return tuple(c for c in channels if c.url != _DEFAULTS[2] or subdir.startswith("win-"))


def _channel(written: str, settings: NetworkSettings, condarc: Condarc) -> Channel:
    url = written if "://" in written else _address(written)
    canonical = without_secrets(url).rstrip("/")
    known = (ALIAS, _ANACONDA)
    base = next((base for base in known if canonical.startswith(f"{base}/")), None)
    name = canonical.removeprefix(f"{base}/") if base else canonical.rsplit("/", 1)[-1]
    mirrors = settings.mirrors_of(canonical)
    if mirrors == (canonical,):
        mirrors = (url,) if written == url and url not in _DEFAULTS else _conda_places(name, url, condarc)
    place, *others = (mirror.rstrip("/") for mirror in mirrors)
    return _at(Channel(name, canonical, "", others=tuple(others)), place)


def _address(name: str) -> str:
    return f"{_ANACONDA}/{name}" if name.startswith("pkgs/") else f"{ALIAS}/{name}"


def _conda_places(name: str, url: str, condarc: Condarc) -> tuple[str, ...]:
    """Where conda's settings have it that a channel of this bare name lies."""
    if url in _DEFAULTS:
        return (_default_place(url, condarc),)
    if name in condarc.mirrored:
        return condarc.mirrored[name]
    for known, base in condarc.custom.items():
        if name == known or name.startswith(f"{known}/"):
            return (f"{base}/{name}",)
    return (f"{condarc.alias}/{name}",) if condarc.alias and url.startswith(ALIAS) else (url,)


def _default_place(url: str, condarc: Condarc) -> str:
    """Where one of the defaults lies: the one of conda's `default_channels` that has its name."""
    if condarc.defaults is None:
        return url
    names = {default.rsplit("/", 1)[-1]: default for default in _DEFAULTS}
    found = {names.get(place.rsplit("/", 1)[-1]): place for place in condarc.defaults}
    if None in found:
        raise InputError(
            "the channel `defaults` is another one on this machine",
            evidence=[
                f"conda's settings say default_channels: {without_secrets(', '.join(condarc.defaults))}"
            ],
            hints=["name the channels that you mean: a lock is the same on every machine"],
        )
    place = found.get(url, url)
    return place if "://" in place else f"{condarc.alias or ALIAS}/{place}"


def _at(channel: Channel, place: str) -> Channel:
    """The channel with its place, the login taken out of its address or out of conda's stores."""
    clean, login = split_secrets(place)
    if login is None and clean == place and place.startswith(("http://", "https://")):
        login = stored_login(place)
    return replace(channel, place=clean, login=login)


def _told_apart(channels: Iterable[Channel]) -> Iterator[Channel]:
    """Channels of one host that don't all have one login: rattler has one a host, so that their addresses
    have to say theirs."""
    of_host: dict[str, set[Login | None]] = {}
    found = tuple(channels)
    for channel in found:
        of_host.setdefault(host_of(channel.place), set()).add(channel.login)
    for channel in found:
        if channel.login is None or len(of_host[host_of(channel.place)]) == 1:
            yield channel
        else:
            yield replace(channel, place=_with_login(channel.place, channel.login), login=None)


def _with_login(place: str, login: Login) -> str:
    from urllib.parse import quote

    scheme, _, rest = place.partition("://")
    if login.kind == "CondaToken":
        host, slash, path = rest.partition("/")
        return f"{scheme}://{host}/t/{login.secret}{slash}{path}"
    if login.kind == "BearerToken":
        return place
    return f"{scheme}://{quote(login.user, safe='')}:{quote(login.secret, safe='')}@{rest}"


def without_secrets(url: str) -> str:
    """A channel's or file's address, or a text with some, without logins and without tokens in paths."""
    return without_tokens(without_credentials(url))


def named(channels: Sequence[Channel], text: str) -> Channel | None:
    """The channel that a spec's `NAME::` means: by name, by address, or by the last part of a folder."""
    wanted = without_secrets(text).rstrip("/")
    if wanted == "defaults":
        wanted = _DEFAULTS[0]
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
