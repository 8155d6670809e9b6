"""Whom this machine trusts, and through which proxy it goes: the httpx client of a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from provenv.errors import InputError
from provenv.pypi.addresses import host_of, origin_of
from provenv.settings import NetworkSettings

if TYPE_CHECKING:
    import ssl

    import httpx

CONNECTIONS = 32
PORTS = {"https": "443", "http": "80"}


def proxy_for(settings: NetworkSettings, url: str) -> str | None:
    """The proxy by which an address is asked, of the settings or else of the environment; None: by none."""
    if settings.proxy is not None:
        return settings.proxy
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    parts, proxies = urlsplit(url), getproxies()
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")


def make_client(settings: NetworkSettings, *, verified: bool) -> httpx.Client:
    """A client for all threads, `verified` but for trusted hosts. Raises InputError for a useless setting."""
    import httpx

    from provenv.pypi.patience import make_patient

    try:
        client = httpx.Client(
            verify=trust(settings) if verified else _no_trust(settings),
            # not http2: httpx's connections of it are not safe for several threads at once (hpack's tables
            # break), and cost twice the processor time of connections that each thread has to itself
            proxy=settings.proxy,
            timeout=httpx.Timeout(settings.timeout, pool=None),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            headers={"User-Agent": "provenv"},
            follow_redirects=False,
        )
    except (ValueError, httpx.InvalidURL, ImportError) as problem:
        from provenv.addresses import redact

        raise InputError(
            "the proxy that is set can't be used",
            evidence=[redact(settings.proxy or "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY"), str(problem)],
            hints=["correct it, e.g. http://proxy.example:3128"],
        ) from None
    make_patient(client)
    return client


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


def _no_trust(settings: NetworkSettings) -> ssl.SSLContext:
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
