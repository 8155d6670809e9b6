"""Whom this machine trusts, and through which proxy it goes: the connections of a run."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from provenv.errors import InputError
from provenv.pypi.addresses import host_of, origin_of
from provenv.settings import NetworkSettings

if TYPE_CHECKING:
    import ssl

    import httpcore

    from provenv.pypi.connections import Connections

CONNECTIONS = 32
IDLE = 5.0
"""Seconds after which an unused connection is not used any more: servers and routers forget them."""
PORTS = {"https": "443", "http": "80"}


def proxy_for(settings: NetworkSettings, url: str) -> str | None:
    """The proxy by which an address is asked, of the settings or else of the environment; None: by none."""
    if settings.proxy is not None:
        return settings.proxy
    if sys.platform == "linux" and not any(name.lower().endswith("_proxy") for name in os.environ):
        return None  # elsewhere the system has settings of its own
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    try:
        parts, proxies = urlsplit(url), getproxies()
    except ValueError:  # no address at all, as whoever asks for it says
        return None
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    found = proxies.get(parts.scheme) or proxies.get("all")
    return f"http://{found}" if found and "://" not in found else found or None


def make_pool(
    settings: NetworkSettings, context: ssl.SSLContext, proxy: str | None
) -> Connections | httpcore.ConnectionPool:
    """Connections for all threads. Raises InputError for a useless proxy."""
    from provenv.pypi.connections import Connections

    if proxy is None:
        return Connections(context, IDLE)
    import httpcore

    from provenv.pypi.patience import PatientBackend

    # not http2: its connections are not safe for several threads at once (hpack's tables break), and cost
    # twice the processor time of connections that each thread has to itself
    return httpcore.ConnectionPool(
        ssl_context=context,
        proxy=_proxy(settings, proxy),
        max_connections=CONNECTIONS,
        max_keepalive_connections=CONNECTIONS,
        keepalive_expiry=IDLE,
        network_backend=PatientBackend(),
    )


def _proxy(settings: NetworkSettings, address: str) -> httpcore.Proxy:
    import httpcore
    import httpx

    try:
        told = httpx.Proxy(address)
        if told.url.scheme.startswith("socks"):
            import_module("socksio")  # httpcore needs it, and would say so in the middle of a request
        return httpcore.Proxy(str(told.url), told.raw_auth)
    except (ValueError, httpx.InvalidURL, ImportError) as problem:
        from provenv.addresses import redact

        raise InputError(
            "the proxy that is set can't be used",
            evidence=[redact(settings.proxy or "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY"), str(problem)],
            hints=["correct it, e.g. http://proxy.example:3128"],
        ) from None


def is_trusted(settings: NetworkSettings, url: str) -> bool:
    """Whether the user said that the host of an address needs no certificate (`host` or `host:port`)."""
    if not settings.trusted_hosts:
        return False
    scheme, _, authority = origin_of(url).partition("://")
    port = "" if authority.endswith("]") else authority.rpartition(":")[2] if ":" in authority else ""
    host = host_of(url)
    return bool({host, f"{host}:{port or PORTS.get(scheme, '')}"}.intersection(settings.trusted_hosts))


def trust(settings: NetworkSettings) -> ssl.SSLContext:
    """The certificates that count: those that the settings name, else the system's and certifi's together.

    The system's include what a company installed on its machines, certifi's are there where a system has
    none.
    """
    import ssl

    context = ssl.create_default_context()
    named = settings.cert or next(
        (Path(os.environ[name]) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE") if os.environ.get(name)),
        None,
    )
    if named is None:
        import certifi

        context.load_verify_locations(certifi.where())
    else:
        _load(context, named)
    _add_client_certificate(context, settings.client_cert)
    return context


def no_trust(settings: NetworkSettings) -> ssl.SSLContext:
    """No certificate is asked of anybody: for hosts that the user trusts."""
    import ssl

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _add_client_certificate(context, settings.client_cert)
    return context


def _load(context: ssl.SSLContext, named: Path) -> None:
    try:
        if named.is_dir():
            context.load_verify_locations(capath=str(named))
        else:
            context.load_verify_locations(cafile=str(named))
    except OSError as problem:
        raise _unreadable(named, "certificates", problem) from None


def _add_client_certificate(context: ssl.SSLContext, named: Path | None) -> None:
    if named is not None:
        try:
            context.load_cert_chain(str(named))
        except OSError as problem:
            raise _unreadable(named, "client certificate", problem) from None


def _unreadable(path: Path, what: str, problem: OSError) -> InputError:
    return InputError(
        f"the {what} in {path} can't be read",
        evidence=[problem.strerror or str(problem)],
        hints=[
            "correct `cert` or `client-cert` in pip's configuration (provenv config shows where it is set)"
        ],
    )
