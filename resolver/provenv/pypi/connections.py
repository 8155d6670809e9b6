"""One request over connections that are kept: what httpx's own transport (httpcore) says, and little else.

httpx's client makes each request and answer anew as objects for browsers' needs (cookies, hooks, redirects),
which takes longer than all the rest of a small request.
"""

from __future__ import annotations

import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

import httpcore

from provenv.pypi.addresses import Login
from provenv.pypi.patience import PatientBackend

if TYPE_CHECKING:
    import ssl

FAILURES = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)
"""What a request may end with."""
PLAIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9][a-z0-9.-]*)(?::(?P<port>[1-9]\d{0,4}))?"
    r"(?P<target>/(?!\.)(?:[\w~!$&'()*+,;=:@.-]|/(?!\.)|%[0-9A-Fa-f]{2})*(?:\?[\w~!$&()*+,;=:@./?%-]*)?)",
    re.ASCII,
)
"""An address that means itself: nothing in it is to be quoted, folded or left out."""
CODINGS = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
"""How a body may be packed, and zlib's window bits of it."""
DEFAULT_PORTS = {"http": "80", "https": "443"}


class InvalidAddress(Exception):
    """What was to be asked for is no address."""


class DecodingError(Exception):
    """The body is not packed as its header says."""


class Response:
    """An answer whose body is not read yet. `url`: as it was asked for, in its normal spelling.

    `headers`: by lower-case name; several of one name are joined by commas. `logged_in`: a login was sent.
    """

    __slots__ = ("_closed", "_response", "headers", "logged_in", "reason", "status", "url")

    def __init__(
        self, url: str, response: httpcore.Response, closed: Callable[[], None], *, logged_in: bool
    ) -> None:
        """`closed` is called when nothing more will be read."""
        self.url, self._response, self._closed, self.logged_in = url, response, closed, logged_in
        self.status = response.status
        self.reason = response.extensions.get("reason_phrase", b"").decode("ascii", "ignore")
        self.headers: dict[str, str] = {}
        for name, value in response.headers:
            key, text = name.decode("ascii").lower(), _text(value)
            self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def raw(self) -> Iterator[bytes]:
        """The chunks of the body as they come."""
        yield from cast("Iterable[bytes]", self._response.stream)

    def unpacked(self) -> Iterator[bytes]:
        """The chunks of the body, unpacked; a coding that was not asked for is passed on as it is.

        Raises DecodingError.
        """
        chunks = self.raw()
        for coding in reversed(self.headers.get("content-encoding", "").lower().split(",")):
            if coding.strip() in CODINGS:
                chunks = _unpacked(chunks, coding.strip())
        return chunks

    def close(self) -> None:
        """Give the connection back, or close it when the body was not read to its end."""
        self._response.close()
        self._closed()


class Connections:
    """Connections without a proxy, each with one request at a time; as many as there are threads that ask.

    httpcore's own pool looks at every connection, by asking the system, before and after each request. That
    takes as long as the request, and longer where many threads wait for each other.
    """

    def __init__(self, context: ssl.SSLContext, idle: float) -> None:
        """`idle`: seconds after which an unused connection is not used any more."""
        self._context, self._expiry = context, idle
        self._backend = PatientBackend()
        self._idle: dict[tuple[bytes, bytes, int], list[httpcore.HTTPConnection]] = {}
        self._closed = False

    def ask(self, asked: httpcore.Request) -> tuple[httpcore.Response, Callable[[], None]]:
        """The answer, and what to call when it has been closed."""
        if asked.url.scheme not in (b"http", b"https"):
            raise httpcore.UnsupportedProtocol(f"no protocol to ask by: {asked.url.scheme.decode()}")
        origin = asked.url.origin
        idle = self._idle.setdefault((origin.scheme, origin.host, origin.port), [])
        connection = self._taken(idle) or httpcore.HTTPConnection(
            origin, self._context, self._expiry, network_backend=self._backend
        )
        try:
            response = connection.handle_request(asked)
        except BaseException:
            connection.close()
            raise

        def closed() -> None:
            if connection.is_available() and not self._closed:
                idle.append(connection)
            else:
                connection.close()

        return response, closed

    def close(self) -> None:
        """Closes what is idle; the others are closed when their answers are."""
        self._closed = True
        for idle in self._idle.values():
            while (connection := self._taken(idle)) is not None:
                connection.close()

    @staticmethod
    def _taken(idle: list[httpcore.HTTPConnection]) -> httpcore.HTTPConnection | None:
        """The connection that was used last and that the other side has not closed."""
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread has it
                break
            if not connection.has_expired():
                return connection
            connection.close()
        return None


def request(
    pool: Connections | httpcore.ConnectionPool,
    method: str,
    url: str,
    headers: Mapping[str, str],
    login: Login | None,
    timeout: float,
) -> Response:
    """The answer to one request; redirects are the caller's to follow. `timeout`: seconds without a byte.

    Raises one of `FAILURES`, and InvalidAddress.
    """
    url, address, host = _address(url)
    sent = {
        "Host": host,
        "Accept": "*/*",
        "Accept-Encoding": ", ".join(CODINGS),
        "Connection": "keep-alive",
        "User-Agent": "provenv",
        **headers,
    }
    if login is not None:
        sent["Authorization"] = f"Basic {b64encode(':'.join(login).encode()).decode()}"
    asked = httpcore.Request(
        method,
        address,
        headers=[(name.encode("ascii"), value.encode("utf-8")) for name, value in sent.items()],
        extensions={"timeout": dict.fromkeys(("connect", "read", "write"), timeout)},
    )
    if isinstance(pool, Connections):
        response, closed = pool.ask(asked)
    else:
        response, closed = pool.handle_request(asked), _nothing
    return Response(url, response, closed, logged_in=login is not None)


def _nothing() -> None:
    """A pool of httpcore's takes its connection back by itself."""


def _address(url: str) -> tuple[str, httpcore.URL, str]:
    """An address in its normal spelling, in parts, and what the Host header says."""
    found = PLAIN.fullmatch(url)
    if found is not None and found["port"] != DEFAULT_PORTS[found["scheme"]]:
        scheme, host, port, target = found.groups()
        address = httpcore.URL(
            scheme=scheme.encode(),
            host=host.encode(),
            port=int(port) if port else None,
            target=target.encode(),
        )
        return url, address, f"{host}:{port}" if port else host
    import httpx  # knows international names and what must be quoted; costs more than a hundred requests

    try:
        whole = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError) as problem:
        raise InvalidAddress(str(problem)) from None
    scheme, host, target = whole.raw_scheme, whole.raw_host, whole.raw_path
    address = httpcore.URL(scheme=scheme, host=host, port=whole.port, target=target)
    return str(whole), address, whole.netloc.decode("ascii")


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _unpacked(chunks: Iterator[bytes], coding: str) -> Iterator[bytes]:
    state, started = zlib.decompressobj(CODINGS[coding]), False
    try:
        for chunk in chunks:
            try:
                yield state.decompress(chunk)
            except zlib.error:
                if started or coding != "deflate":
                    raise
                state = zlib.decompressobj(-zlib.MAX_WBITS)  # without a header, as some servers mean it
                yield state.decompress(chunk)
            started = True
        yield state.flush()
    except zlib.error as problem:
        raise DecodingError(str(problem)) from problem
