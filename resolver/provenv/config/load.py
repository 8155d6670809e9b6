"""This machine's network settings: flags, the user's config.toml and pip's configuration together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from provenv.addresses import redact
from provenv.config.default_index import default_index as public_index
from provenv.config.folders import home, user_cache_folder
from provenv.config.pip_config import PipSetting, pip_settings
from provenv.config.pip_files import Machine
from provenv.config.user_config import UserConfig, read_user_config
from provenv.errors import ManifestError, Origin
from provenv.manifest.values import Index, ManifestRequirement
from provenv.reads import exists
from provenv.settings import NetworkSettings
from provenv.tuples import NamedTuple
from provenv.values import replace

DEFAULT = "default"
FLAG = "command line"


class Said(NamedTuple):
    """One setting in force, for `provenv config`: its value as text without secrets, and who said it."""

    key: str
    value: str
    source: str


class _Assembly:
    """The settings while they are put together; the first source that says something wins."""

    def __init__(self, settings: NetworkSettings) -> None:
        self.settings = settings
        self.said: list[Said] = []

    def say(self, key: str, value: object, source: object) -> None:
        self.said.append(Said(key, redact(str(value)), str(source)))


def network_settings(
    *,
    use_pip_config: bool = True,
    cache_dir: Path | None = None,
    offline: bool = False,
    default_index: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> NetworkSettings:
    """The settings in force.

    `use_pip_config`: False leaves pip's configuration out, as does the user's `pip-config = false`.
    `default_index`: the canonical default index, None: the public one.

    Raises:
        ManifestError: config.toml, a file of pip's or a constraints file that they name can't be read.
        InputError: PROVENV_CONFIG names no file.
    """
    return explained_settings(
        use_pip_config=use_pip_config,
        cache_dir=cache_dir,
        offline=offline,
        default_index=default_index,
        environ=environ,
    )[0]


def explained_settings(
    *,
    use_pip_config: bool = True,
    cache_dir: Path | None = None,
    offline: bool = False,
    default_index: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[NetworkSettings, tuple[Said, ...]]:
    """The settings in force, and who said each of them."""
    environ = os.environ if environ is None else environ
    user = read_user_config(environ)
    index = (default_index or public_index()).rstrip("/")
    work = _Assembly(NetworkSettings(index))
    work.say("default-index", index, DEFAULT if default_index is None else FLAG)
    _take_user(work, user)
    if use_pip_config and user.pip_config is not False:
        _take_pip(work, pip_settings(Machine(environ)), user, environ)
    else:
        work.say("pip-config", "false", user.origin("pip-config") or "--no-pip-config or the manifest")
    _take_flags(work, user, cache_dir, offline, environ)
    sources = dict.fromkeys(s.source for s in work.said if s.source not in (DEFAULT, FLAG))
    return replace(work.settings, sources=tuple(sources)), tuple(work.said)


def _take_user(work: _Assembly, user: UserConfig) -> None:
    settings = work.settings
    work.settings = replace(
        settings,
        mirrors=user.mirrors,
        cert=user.cert,
        client_cert=user.client_cert,
        proxy=_with_scheme(user.proxy) if user.proxy else None,
        trusted_hosts=user.trusted_hosts,
        timeout=settings.timeout if user.timeout is None else user.timeout,
        retries=settings.retries if user.retries is None else user.retries,
        keyring=settings.keyring if user.keyring is None else user.keyring,
    )
    for canonical, places in user.mirrors:
        work.say(f"mirror of {canonical}", " ".join(places), user.origin("mirrors"))
    for key, value in (
        ("cert", user.cert),
        ("client-cert", user.client_cert),
        ("proxy", work.settings.proxy),
        ("timeout", user.timeout),
        ("retries", user.retries),
        ("trusted-hosts", " ".join(user.trusted_hosts) or None),
        ("keyring", _word(user.keyring)),
    ):
        if value is not None:
            work.say(key, value, user.origin(key))


def _take_flags(
    work: _Assembly, user: UserConfig, cache_dir: Path | None, offline: bool, environ: Mapping[str, str]
) -> None:
    """What a command line or config.toml says of cache and network use, else the defaults."""
    folder = cache_dir or user.cache_dir or user_cache_folder(environ)
    source = FLAG if cache_dir else user.origin("cache-dir") or DEFAULT
    work.say("cache-dir", folder, source)
    if offline or user.offline:
        work.say("offline", "true", FLAG if offline else user.origin("offline"))
    work.settings = replace(
        work.settings, cache_dir=Path(folder).absolute(), offline=offline or bool(user.offline)
    )
    said = {one.key for one in work.said}
    for key, value in (("timeout", f"{work.settings.timeout:g}"), ("retries", work.settings.retries)):
        if key not in said:
            work.say(key, value, DEFAULT)


def _take_pip(
    work: _Assembly, pip: Mapping[str, PipSetting], user: UserConfig, environ: Mapping[str, str]
) -> None:
    """pip's settings, where the user's own file says nothing."""
    _take_pip_indexes(work, pip, environ)
    settings = work.settings
    cert, client_cert = _pip_path(pip, "cert", environ), _pip_path(pip, "client-cert", environ)
    proxy, hosts = pip.get("proxy"), pip.get("trusted-host")
    timeout, retries = _pip_number(pip, "timeout"), _pip_number(pip, "retries")
    if cert and settings.cert is None:
        work.settings = replace(work.settings, cert=cert)
        work.say("cert", cert, pip["cert"].origin)
    if client_cert and settings.client_cert is None:
        work.settings = replace(work.settings, client_cert=client_cert)
        work.say("client-cert", client_cert, pip["client-cert"].origin)
    if proxy and settings.proxy is None:
        work.settings = replace(work.settings, proxy=_with_scheme(proxy.text))
        work.say("proxy", work.settings.proxy, proxy.origin)
    if hosts:
        both = tuple(dict.fromkeys((*settings.trusted_hosts, *hosts.words())))
        work.settings = replace(work.settings, trusted_hosts=both)
        work.say("trusted-hosts", " ".join(hosts.words()), hosts.origin)
    if timeout and user.timeout is None:
        work.settings = replace(work.settings, timeout=timeout)
        work.say("timeout", f"{timeout:g}", pip["timeout"].origin)
    if retries is not None and user.retries is None:
        work.settings = replace(work.settings, retries=int(retries))
        work.say("retries", int(retries), pip["retries"].origin)
    if "constraint" in pip:
        work.settings = replace(work.settings, constraints=_constraints(pip["constraint"], environ))
        work.say("constraint", pip["constraint"].text, pip["constraint"].origin)


def _take_pip_indexes(work: _Assembly, pip: Mapping[str, PipSetting], environ: Mapping[str, str]) -> None:
    """Indexes, pages and folders. A replaced default index is a mirror: locks keep the canonical address."""
    settings = work.settings
    canonical = settings.default_index
    chosen, extra, links = pip.get("index-url"), pip.get("extra-index-url"), pip.get("find-links")
    if chosen and chosen.text.rstrip("/") != canonical and canonical not in dict(settings.mirrors):
        settings = replace(settings, mirrors=(*settings.mirrors, (canonical, (chosen.text,))))
        work.say(f"mirror of {canonical}", chosen.text, chosen.origin)
    if extra:
        indexes = tuple(Index(redact(url), url, origin=extra.origin) for url in extra.words())
        settings = replace(settings, extra_indexes=indexes)
        work.say("extra-index-url", " ".join(extra.words()), extra.origin)
    if links:
        pages = [_page(text, links.origin, environ) for text in links.words()]
        settings = replace(settings, find_links=tuple(page for page in pages if page))
        work.say("find-links", " ".join(links.words()), links.origin)
    if "no-index" in pip and _is_true(pip["no-index"]):
        settings = replace(settings, no_index=True)
        work.say("no-index", "true", pip["no-index"].origin)
    work.settings = settings


def _page(text: str, origin: Origin, environ: Mapping[str, str]) -> Index | None:
    """A find-links entry; None for a folder that is not there, which pip passes over too."""
    if "://" in text or text.startswith("file:"):
        return Index(redact(text), text, flat=True, origin=origin)
    path = _expanded(text, environ)
    return Index(str(path), path.as_uri(), flat=True, origin=origin) if exists(path) else None


def _constraints(setting: PipSetting, environ: Mapping[str, str]) -> tuple[ManifestRequirement, ...]:
    from provenv.manifest.requirements_txt import read_constraints

    found: list[ManifestRequirement] = []
    for name in setting.words():
        if name.startswith(("http:", "https:")):
            raise ManifestError(
                f"pip's configuration names constraints at an address: {redact(name)}",
                evidence=[
                    "what is there may change between two locks, so provenv reads constraints from files"
                ],
                hints=["save it and name the copy, or use --no-pip-config"],
                origin=setting.origin,
            )
        found += read_constraints(_expanded(name.removeprefix("file://"), environ), setting.origin)
    return tuple(found)


def _pip_path(pip: Mapping[str, PipSetting], key: str, environ: Mapping[str, str]) -> Path | None:
    return _expanded(pip[key].text, environ) if key in pip else None


def _expanded(text: str, environ: Mapping[str, str]) -> Path:
    return (home(environ) / text[2:] if text.startswith(("~/", "~\\")) else Path(text)).absolute()


def _pip_number(pip: Mapping[str, PipSetting], key: str) -> float | None:
    if key not in pip:
        return None
    try:
        return float(pip[key].text)
    except ValueError:
        raise ManifestError(
            f"pip's {key} is no number: {pip[key].text!r}",
            hints=["mend it, or use --no-pip-config"],
            origin=pip[key].origin,
        ) from None


def _is_true(setting: PipSetting) -> bool:
    return setting.text.lower() in ("1", "true", "yes", "on", "y", "t")


def _with_scheme(proxy: str) -> str:
    """pip: a proxy without a scheme is an HTTP proxy."""
    return proxy if "://" in proxy else f"http://{proxy}"


def _word(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()
