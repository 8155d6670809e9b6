"""Fetching over HTTP: one client for all threads, with retries, redirects, logins and ranges."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from urllib.parse import urljoin

from provenv.addresses import redact
from provenv.errors import IndexAnswerError, NetworkError, ProvenvError
from provenv.pypi.addresses import origin_of
from provenv.pypi.auth import Credentials
from provenv.pypi.failures import Permanent, network_error, offline, refusal
from provenv.pypi.tls import is_trusted, make_pool, no_trust, proxy_for, trust
from provenv.pypi.workers import Job
from provenv.settings import NetworkSettings
from provenv.typed import TypeVar
from provenv.values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import Literal

    import httpcore

    from provenv.pypi.connections import Connections, Response

Result = TypeVar("Result")

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 10
LARGEST_PAGE = 512 * 1024 * 1024
"""Bytes of one unpacked page; the largest of real indexes are about 40 million."""
LONGEST_PAUSE = 30.0
"""Seconds between two attempts at most, whatever an index asks for by Retry-After."""
PROGRESS_EVERY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Event:
    """Progress of one request. `what` may be shown. `done`, `total`: bytes; None is unknown."""

    what: str
    state: Literal["started", "progress", "ended"]
    done: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. `url`: where it came from after redirects. Header names are lower case."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


class Fetcher:
    """The one HTTP client of a run; its methods are safe from any thread. A context manager.

    Every method raises NetworkError where a host can't be reached and IndexAnswerError where its answer is of
    no use, after as many further attempts as the settings allow.
    """

    def __init__(
        self,
        settings: NetworkSettings,
        credentials: Credentials | None = None,
        on_progress: Callable[[Event], None] | None = None,
    ) -> None:
        self.settings = settings
        self.credentials = credentials or Credentials(keyring=settings.keyring)
        self._on_progress = on_progress
        self._pools: dict[tuple[bool, str | None], Connections | httpcore.ConnectionPool] = {}
        self._proxies: dict[str, str | None] = {}
        self._trust: Job[ssl.SSLContext] | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back; requests under way end at their next step."""
        self._closed.set()
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        accepted: frozenset[int] = frozenset({200}),
        limit: int = LARGEST_PAGE,
    ) -> Answer:
        """An address, read whole and unpacked. A status that is not `accepted` is an error."""

        def read(response: Response) -> Answer:
            body = BytesIO()  # unlike a list of parts it is never there twice
            body.writelines(self._chunks(response, response.unpacked(), limit))
            return _answer(response, body.getvalue())

        return self._attempts("GET", url, headers or {}, accepted, read)

    def part(self, url: str, wanted: str) -> Answer:
        """A part of a file, e.g. `bytes=0-99`. The body is read with status 206 only, and never with 200."""

        def read(response: Response) -> Answer:
            if response.status != 206:
                return _answer(response)
            return _answer(response, b"".join(self._chunks(response, response.raw(), LARGEST_PAGE)))

        headers = {"Range": wanted, "Accept-Encoding": "identity"}
        return self._attempts("GET", url, headers, frozenset({200, 206, 416, 501}), read)

    def head(self, url: str) -> Answer:
        """The status and headers of an address; 403, 404, 405 and 501 are answers too."""
        accepted = frozenset({200, 403, 404, 405, 501})
        return self._attempts("HEAD", url, {"Accept-Encoding": "identity"}, accepted, _answer)

    def stream(self, url: str, take: Callable[[Iterator[bytes], Answer], Result]) -> Result:
        """What `take(chunks, answer)` makes of a file's bytes; it is called anew for every attempt."""

        def read(response: Response) -> Result:
            return take(self._chunks(response, response.raw(), None), _answer(response))

        return self._attempts("GET", url, {"Accept-Encoding": "identity"}, frozenset({200}), read)

    # --- attempts

    def _attempts(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        accepted: frozenset[int],
        read: Callable[[Response], Result],
    ) -> Result:
        url = self.credentials.learn(url)
        if self.settings.offline:
            raise offline(url)
        self._load_trust()
        self._tell(url, "started")
        try:
            for attempt in range(self.settings.retries + 1):
                try:
                    return self._attempt(method, url, headers, accepted, read)
                except _Passing as passing:
                    last = attempt == self.settings.retries
                    if last or self._closed.wait(passing.pause or _backoff(attempt)):
                        raise passing.problem from None
        finally:
            self._tell(url, "ended")
        raise AssertionError("the last attempt returns or raises")

    def _attempt(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        accepted: frozenset[int],
        read: Callable[[Response], Result],
    ) -> Result:
        """One attempt; raises _Passing for what may be mended by another."""
        from provenv.pypi.connections import FAILURES, DecodingError, InvalidAddress

        try:
            with self._opened(method, url, headers) as response:
                if response.status in accepted:
                    return read(response)
                raise self._refused(response)
        except (*FAILURES, DecodingError) as failure:
            problem = network_error(failure, url, self._proxy(url))
            if isinstance(problem, Permanent):
                raise problem from None
            raise _Passing(problem) from None
        except InvalidAddress as failure:
            raise IndexAnswerError(f"{redact(url)} is no valid address", evidence=[str(failure)]) from None
        except RuntimeError as failure:  # httpcore: the pool was closed meanwhile
            if not self._closed.is_set():
                raise
            raise NetworkError("fetching was stopped") from failure

    @contextmanager
    def _opened(self, method: str, url: str, headers: Mapping[str, str]) -> Iterator[Response]:
        """The answer after redirects, and after a login where one is asked for; its body is not read yet."""
        from provenv.pypi.connections import request

        place = url
        for _ in range(MOST_REDIRECTS + 1):
            login = self.credentials.login(place)
            response = request(self._pool(place), method, place, headers, login, self.settings.timeout)
            try:
                location = response.headers.get("location")
                if response.status in REDIRECTS and location:
                    place = self._redirected(place, location)
                elif response.status != 401 or not self.credentials.after_refusal(place):
                    yield response
                    return
            finally:
                response.close()
        raise IndexAnswerError(
            f"{redact(url)} is redirected without end",
            evidence=[f"after {MOST_REDIRECTS} redirects, the last was to {redact(place)}"],
            hints=["check the index's address; tell whoever runs it"],
        )

    def _redirected(self, place: str, location: str) -> str:
        target = self.credentials.learn(urljoin(place, location))
        if not target.startswith(("https://", "http://")):
            raise IndexAnswerError(
                f"{redact(place)} is redirected to what is no web address", evidence=[redact(target)]
            )
        return target

    def _refused(self, response: Response) -> Exception:
        status = response.status
        problem = refusal(status, response.reason, response.url, logged_in=response.logged_in)
        if status in RETRIED:
            return _Passing(problem, _retry_after(response.headers.get("retry-after", "")))
        if not response.logged_in:
            self.credentials.sources.blame(problem)
        return problem

    def _pool(self, url: str) -> Connections | httpcore.ConnectionPool:
        """The connections by which an address is asked."""
        by = (not is_trusted(self.settings, url), self._proxy(url))
        with self._lock:
            if self._closed.is_set():
                raise NetworkError("fetching was stopped")
            if by not in self._pools:
                context = self._trust.result() if by[0] and self._trust else no_trust(self.settings)
                self._pools[by] = make_pool(self.settings, context, by[1])
            return self._pools[by]

    def _load_trust(self) -> None:
        """Read the certificates, which keeps no other thread waiting, while the HTTP client is imported."""
        with self._lock:
            if self._trust is not None:
                return
            self._trust = Job(lambda: trust(self.settings))
        threading.Thread(target=self._trust.run, name="provenv-trust", daemon=True).start()

    def _proxy(self, url: str) -> str | None:
        origin = origin_of(url)
        if origin not in self._proxies:
            self._proxies[origin] = proxy_for(self.settings, url)
        return self._proxies[origin]

    def _chunks(self, response: Response, chunks: Iterator[bytes], limit: int | None) -> Iterator[bytes]:
        """The chunks of a body, as long as they are not too many."""
        received, told = 0, 0
        url = response.url
        length = response.headers.get("content-length", "")
        total = int(length) if length.isdecimal() else None
        for chunk in chunks:
            received += len(chunk)
            if limit is not None and received > limit:
                raise IndexAnswerError(
                    f"the answer of {redact(url)} is too long", evidence=[f"it is over {limit} bytes"]
                )
            if self._closed.is_set():
                raise NetworkError("fetching was stopped")
            if received - told >= PROGRESS_EVERY:
                told = received
                self._tell(url, "progress", received, total)
            yield chunk

    def _tell(
        self,
        url: str,
        state: Literal["started", "progress", "ended"],
        done: int = 0,
        total: int | None = None,
    ) -> None:
        if self._on_progress is not None:
            event = Event(redact(url), state, done, total)
            with self._lock:
                self._on_progress(event)


class _Passing(Exception):
    """A problem that may have passed after a `pause` (seconds; None: as long as usual)."""

    def __init__(self, problem: ProvenvError, pause: float | None = None) -> None:
        super().__init__(problem)
        self.problem, self.pause = problem, pause


def _answer(response: Response, body: bytes = b"") -> Answer:
    return Answer(response.status, response.url, response.headers, body)


def _backoff(attempt: int) -> float:
    """Seconds before the next attempt: doubled each time, and spread, lest many clients come at once."""
    return min(LONGEST_PAUSE, 0.25 * 2.0**attempt * random.uniform(0.8, 1.2))


def _retry_after(value: str) -> float | None:
    """Retry-After in seconds, given as a number or as a date; None when it says nothing."""
    if not value:
        return None
    if value.strip().isdecimal():
        return min(LONGEST_PAUSE, float(value))
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return min(LONGEST_PAUSE, max(0.0, (when - datetime.now(UTC)).total_seconds()))
