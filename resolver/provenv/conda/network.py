"""How rattler reaches the network: this machine's settings and a channel's login as rattler's own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from provenv.conda.channels import Channel
from provenv.conda.condarc import Condarc, machine_condarc
from provenv.errors import InputError
from provenv.pypi.addresses import host_of
from provenv.settings import NetworkSettings

if TYPE_CHECKING:
    import rattler

AUTH_FILE = "RATTLER_AUTH_FILE"
"""rattler's variable for a file of logins, asked before its other stores (keyring, its own file, netrc)."""

TRANSFER = 120
"""rattler limits a whole transfer and not the wait for a byte, and some archives have gigabytes: so many
times the time-out, an hour if that is 30 s."""


def repodata_cache(settings: NetworkSettings) -> Path:
    """Where fetched repodata is kept."""
    return settings.cache_dir / "conda" / "repodata"


def package_cache(settings: NetworkSettings) -> Path:
    """Where archives are kept and unpacked once for all environments; processes may share it."""
    return settings.cache_dir / "conda" / "packages"


def client(settings: NetworkSettings, channels: Sequence[Channel] = ()) -> rattler.Client:
    """A client with this machine's proxy, certificates and retries, and the channels' logins.

    Where provenv's settings say nothing, conda's do. Raises InputError for a certificate that can't be used.
    """
    import rattler

    condarc = machine_condarc()
    _refuse_client_certificate(settings, condarc, channels)
    lines = ['tls-root-certs = "system"']
    if _trusts_all(settings, condarc, channels):
        lines.append("tls-no-verify = true")
    proxies = _proxies(settings, condarc)
    if proxies:
        lines.append("[proxy-config]")
        lines += [f"{scheme} = {json.dumps(proxy)}" for scheme, proxy in sorted(proxies.items())]
        hosts = [host.strip() for host in _variable("no_proxy").split(",") if host.strip()]
        lines.append(f"non-proxy-hosts = {json.dumps(hosts)}")
    config = rattler.Config.from_toml("\n".join(lines))
    # rattler reads these variables when it makes a client, and not later
    with _variables(_certificates(settings.cert or condarc.cert)), _auth_file(channels):
        return rattler.Client.from_config(
            config, max_retries=settings.retries, timeout=max(1, round(settings.timeout * TRANSFER))
        )


def _variable(name: str) -> str:
    return os.environ.get(name) or os.environ.get(name.upper()) or ""


def _proxies(settings: NetworkSettings, condarc: Condarc) -> Mapping[str, str]:
    """By the scheme of what is fetched; empty: rattler goes by the variables (`HTTPS_PROXY`)."""
    if settings.proxy:
        return {"http": settings.proxy, "https": settings.proxy}
    return dict(condarc.proxies)


def _trusts_all(settings: NetworkSettings, condarc: Condarc, channels: Sequence[Channel]) -> bool:
    """Whether no host needs a certificate: rattler can't tell hosts apart, so all must be trusted ones."""
    from provenv.pypi.tls import is_trusted

    places = [channel.place for channel in channels if channel.place.startswith("https:")]
    if not condarc.verify and settings.cert is None:
        return True
    return bool(places) and all(is_trusted(settings, place) for place in places)


def _certificates(cert: Path | None) -> dict[str, str]:
    """What makes rattler trust the certificates of the settings, beside those of the system's folder."""
    named = cert or next(
        (Path(os.environ[name]) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE") if os.environ.get(name)),
        None,
    )
    if named is None:
        return {}
    import ssl

    if not named.exists():
        raise InputError(
            f"the certificates in {named} can't be read",
            evidence=["there is no such file"],
            hints=["correct `cert` (`provenv config` shows where it is set) or conda's `ssl_verify`"],
        )
    if named.is_dir():
        return {"SSL_CERT_DIR": str(named)}
    folder = ssl.get_default_verify_paths().capath
    return {"SSL_CERT_FILE": str(named), **({"SSL_CERT_DIR": folder} if folder else {})}


def _refuse_client_certificate(
    settings: NetworkSettings, condarc: Condarc, channels: Sequence[Channel]
) -> None:
    named = settings.client_cert or condarc.client_cert
    if named and any(channel.place.startswith("https:") for channel in channels):
        raise InputError(
            f"conda channels can't be fetched with the client certificate {named}",
            evidence=["py-rattler, which fetches them, has no client certificates"],
            hints=["mirror the channel in a folder or behind a login, and name that under [mirrors]"],
        )


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _auth_file(channels: Sequence[Channel]) -> Iterator[None]:
    """The channels' logins as a file of rattler's that is gone once they are read."""
    logins: dict[str, object] = {}
    for channel in channels:
        if channel.login:
            logins.setdefault(host_of(channel.place), channel.login.stored())
    if not logins:
        yield
        return
    import tempfile

    with tempfile.TemporaryDirectory(prefix="provenv-") as folder:  # for this user alone
        path = Path(folder) / "logins.json"
        path.write_text(json.dumps({**_own_logins(), **logins}), encoding="utf-8")
        with _variables({AUTH_FILE: str(path)}):
            yield


def _own_logins() -> dict[str, object]:
    """What the file that the user's variable names holds."""
    try:
        found = json.loads(Path(os.environ[AUTH_FILE]).read_bytes())
    except (KeyError, OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
