"""What went wrong between this machine and an index, in words: an error, its evidence and what mends it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from provenv.addresses import redact
from provenv.errors import DiskError, IndexAnswerError, NetworkError, ProvenvError
from provenv.pypi.addresses import host_of

CHECK_NETWORK = (
    "check the network connection, and the proxy if there is one (provenv config shows what is used)"
)
TRY_AGAIN = "try again later; if it stays so, tell whoever runs this index"


class Permanent(NetworkError):
    """A failure that asking again can't mend."""


def network_error(problem: Exception, url: str, proxy: str | None = None) -> NetworkError:
    """The error behind an exception of the HTTP client."""
    host = host_of(url)
    causes = list(_causes(problem))
    shown = redact(url)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Permanent(
            f"{host} can't be trusted: its certificate was not accepted",
            evidence=[f"asked for {shown}", _words(causes)],
            hints=[
                "name your company's certificates: pip config set global.cert FILE, or SSL_CERT_FILE",
                f"or, if you know that it is safe, trust the host: pip config set global.trusted-host {host}",
            ],
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return NetworkError(
            f"no secure connection to {host} could be made",
            evidence=[f"asked for {shown}", _words(causes)],
            hints=["check that the address should start with https and not with http", CHECK_NETWORK],
        )
    if proxy is not None and type(problem).__name__ in ("ProxyError", "ConnectError"):
        # by a proxy there is no other connection: who can't be found, or refuses, is the proxy
        reached = type(problem).__name__ == "ProxyError"
        what = f"did not let the request for {shown} through" if reached else "can't be reached"
        return NetworkError(
            f"the proxy {redact(proxy)} {what}",
            evidence=[f"asked for {shown}", _words(causes)],
            hints=["correct the proxy: pip config set global.proxy URL, or HTTPS_PROXY"],
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return NetworkError(
            f"the host {host} can't be found",
            evidence=[f"asked for {shown}", _words(causes)],
            hints=[CHECK_NETWORK],
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return NetworkError(
            f"{host} refused the connection",
            evidence=[f"asked for {shown}", _words(causes)],
            hints=[
                f"check that the index runs and that its address and port are right: {shown}",
                CHECK_NETWORK,
            ],
        )
    return _broken_off(problem, causes, host, shown)


def _broken_off(problem: Exception, causes: list[BaseException], host: str, shown: str) -> NetworkError:
    name = type(problem).__name__
    if name == "UnsupportedProtocol":
        return Permanent(
            f"{shown} is no address that can be fetched", hints=["it should start with https://"]
        )
    if name == "ConnectTimeout":
        message = f"{host} did not take the connection in time"
    elif "Timeout" in name:
        message = f"{host} stopped answering"
    elif name == "DecodingError":
        message = f"the answer of {host} can't be unpacked"
    elif name in ("RemoteProtocolError", "ReadError"):
        message = f"the answer of {host} broke off"
    else:
        message = f"{host} can't be reached"
    return NetworkError(message, evidence=[f"asked for {shown}", _words(causes)], hints=[CHECK_NETWORK])


def refusal(status: int, reason: str, url: str, *, logged_in: bool) -> ProvenvError:
    """The error behind an HTTP status that is of no use."""
    host, shown = host_of(url), redact(url)
    evidence = [f"{shown} answered {status} {reason}".rstrip()]
    if status in (401, 403, 407):
        seen = "the login that was sent was not accepted" if logged_in else "no login for it was found"
        return IndexAnswerError(
            f"{host} does not let us in",
            evidence=[*evidence, seen],
            hints=[
                f"put a login for {host} into ~/.netrc, the keyring, or the address in the user's settings",
                "check that the account may read this index",
            ],
        )
    if status in (404, 410):
        return IndexAnswerError(
            f"{host} does not have {shown.rpartition('/')[2] or shown}", evidence=evidence, hints=[TRY_AGAIN]
        )
    if status == 429:
        return IndexAnswerError(
            f"{host} gets too many requests from here",
            evidence=evidence,
            hints=["wait some minutes and try again"],
        )
    return IndexAnswerError(f"{host} can't answer", evidence=evidence, hints=[TRY_AGAIN])


def offline(url: str) -> NetworkError:
    """Something is needed that the cache does not have, and the network may not be used."""
    return NetworkError(
        f"{redact(url)} is not in the cache, and provenv is offline",
        hints=["run once without --offline, so that it is kept"],
    )


def disk_error(problem: OSError, what: str) -> DiskError:
    """The disk did not take or give something."""
    return DiskError(
        f"{what} can't be written",
        evidence=[problem.strerror or str(problem)],
        hints=[
            "make room on the disk and check its permissions; `--cache-dir DIR` keeps the cache elsewhere"
        ],
    )


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    while problem is not None:
        yield problem
        problem = problem.__cause__ or problem.__context__


def _words(causes: list[BaseException]) -> str:
    """What the innermost cause says, which is the system's own word for it."""
    told = [str(cause) for cause in causes if str(cause)]
    return told[-1] if told else type(causes[0]).__name__
