"""Proxies and certificates as variables name them; no host is asked."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from provenv.addresses import redact
from provenv.doctor.commands import assign, is_windows, unset
from provenv.hooks.types import Finding, Probe

CERTIFICATES = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PIP_CERT",
    "PIP_CLIENT_CERT",
)
BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT")
STOPPING = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""What fetches models and data sets reads these, and stops at a file that is not there."""
SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


def diagnose(probe: Probe) -> Iterable[Finding]:
    """Variables that contradict one another, name no file, or are no address."""
    yield from _spelled_twice(probe)
    yield from _half_proxied(probe)
    yield from _no_address(probe)
    yield from _missing_files(probe)
    yield from _several_bundles(probe)


def _proxy(probe: Probe, name: str) -> str | None:
    """The value in force: curl, requests and httpx read the lower-case spelling first."""
    return probe.environment(name.lower()) or probe.environment(name)


def _spelled_twice(probe: Probe) -> Iterable[Finding]:
    if is_windows(probe):
        return  # one variable there, however it is spelled
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        upper, lower = probe.environment(name), probe.environment(name.lower())
        if upper and lower and upper != lower:
            yield Finding(
                "proxy-variables-differ",
                f"{name} is {redact(upper)} and {name.lower()} is {redact(lower)}",
                assign(probe, name, redact(lower)) if redact(lower) == lower else unset(probe, [name]),
                "warning",
                "some programs read the one and some the other: what one of them fetches another can't",
            )


def _half_proxied(probe: Probe) -> Iterable[Finding]:
    http, https = _proxy(probe, "HTTP_PROXY"), _proxy(probe, "HTTPS_PROXY")
    if http and not https and not _proxy(probe, "ALL_PROXY") and not probe.pastes():
        yield Finding(
            "proxy-for-http-only",
            f"HTTP_PROXY is {redact(http)}, and HTTPS_PROXY is not set",
            assign(probe, "HTTPS_PROXY", http)
            if redact(http) == http
            else "set HTTPS_PROXY to the same address",
            "warning",
            "package indexes and model hubs are https: their connections go past the proxy",
        )
    if (http or https) and "*" in (word.strip() for word in (_proxy(probe, "NO_PROXY") or "").split(",")):
        yield Finding(
            "proxy-excepts-everything",
            "a proxy is set, and NO_PROXY=* excepts every host from it",
            unset(probe, ["NO_PROXY", "no_proxy"]),
            "warning",
            "no connection goes through the proxy",
        )


def _no_address(probe: Probe) -> Iterable[Finding]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        value = _proxy(probe, name)
        if value and not _is_address(value):
            good = f"http://{value.rpartition('://')[2]}"
            yield Finding(
                "proxy-is-no-address",
                f"{name} is {redact(value)}, which is no address with a scheme and a host",
                assign(probe, name, good) if redact(good) == good else f"write {name} as http://HOST:PORT",
                "warning",
                "some programs stop at it (`unsupported scheme`), others take it for an HTTP proxy",
            )


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _missing_files(probe: Probe) -> Iterable[Finding]:
    for name in CERTIFICATES:
        path = probe.environment(name)
        if path and probe.exists(path) is False:
            yield Finding(
                "certificate-file-missing",
                f"{name} is {path}, and there is no such file",
                unset(probe, [name]),
                "error" if name in STOPPING else "warning",
                "programs that read it can't connect securely: no package, model or data set is fetched"
                if name in STOPPING
                else "pip can't connect securely"
                if name.startswith("PIP_")
                else "certificates there are not found",
            )


def _several_bundles(probe: Probe) -> Iterable[Finding]:
    """Python's own TLS, requests, curl and pip each read another variable."""
    given = {name: path for name in BUNDLES if (path := probe.environment(name))}
    if len(set(given.values())) > 1:
        words = ", ".join(f"{name}={path}" for name, path in given.items())
        yield Finding(
            "certificate-variables-differ",
            f"programs are given different certificates: {words}",
            assign(probe, "SSL_CERT_FILE", next(iter(given.values()))) + " (and the others alike)",
            "note",
            "a host that one of them trusts another may refuse",
        )
