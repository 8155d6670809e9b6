"""Fetching over HTTP: one client for all threads, with retries, redirects, logins and ranges."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import urljoin

from provenv.addresses import redact
from provenv.errors import IndexAnswerError, NetworkError, ProvenvError
from provenv.pypi.auth import Credentials
from provenv.pypi.failures import Permanent, network_error, offline, refusal
from provenv.pypi.tls import is_trusted, make_client, proxy_for
from provenv.settings import NetworkSettings
from provenv.values import dataclass

if TYPE_CHECKING:
    import httpx

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
        self._clients: dict[bool, httpx.Client] = {}
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
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        accepted: frozenset[int] = frozenset({200}),
        limit: int = LARGEST_PAGE,
    ) -> Answer:
        """An address, read whole and unpacked. A status that is not `accepted` is an error."""

        def read(response: httpx.Response) -> Answer:
            return _answer(response, b"".join(self._chunks(response, response.iter_bytes(), limit)))

        return self._attempts("GET", url, headers or {}, accepted, read)

    def part(self, url: str, wanted: str) -> Answer:
        """A part of a file, e.g. `bytes=0-99`. The body is read with status 206 only, and never with 200."""

        def read(response: httpx.Response) -> Answer:
            if response.status_code != 206:
                return _answer(response)
            return _answer(response, b"".join(self._chunks(response, response.iter_raw(), LARGEST_PAGE)))

        headers = {"Range": wanted, "Accept-Encoding": "identity"}
        return self._attempts("GET", url, headers, frozenset({200, 206, 416, 501}), read)

    def head(self, url: str) -> Answer:
        """The status and headers of an address; 403, 404, 405 and 501 are answers too."""
        accepted = frozenset({200, 403, 404, 405, 501})
        return self._attempts("HEAD", url, {"Accept-Encoding": "identity"}, accepted, _answer)

    def stream(self, url: str, take: Callable[[Iterator[bytes], Answer], Result]) -> Result:
        """What `take(chunks, answer)` makes of a file's bytes; it is called anew for every attempt."""

        def read(response: httpx.Response) -> Result:
            return take(self._chunks(response, response.iter_raw(), None), _answer(response))

        return self._attempts("GET", url, {"Accept-Encoding": "identity"}, frozenset({200}), read)

    # --- attempts

    def _attempts(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        accepted: frozenset[int],
        read: Callable[[httpx.Response], Result],
    ) -> Result:
        url = self.credentials.learn(url)
        if self.settings.offline:
            raise offline(url)
        self._tell(Event(redact(url), "started"))
        try:
            for attempt in range(self.settings.retries + 1):
                try:
                    return self._attempt(method, url, headers, accepted, read)
                except _Passing as passing:
                    last = attempt == self.settings.retries
                    if last or self._closed.wait(passing.pause or _backoff(attempt)):
                        raise passing.problem from None
        finally:
            self._tell(Event(redact(url), "ended"))
        raise AssertionError("the last attempt returns or raises")

    def _attempt(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        accepted: frozenset[int],
        read: Callable[[httpx.Response], Result],
    ) -> Result:
        """One attempt; raises _Passing for what may be mended by another."""
        import httpx

        try:
            with self._opened(method, url, headers) as response:
                if response.status_code in accepted:
                    return read(response)
                raise self._refused(response)
        except (httpx.TransportError, httpx.DecodingError) as failure:
            problem = network_error(failure, url, proxy_for(self.settings, url))
            if isinstance(problem, Permanent):
                raise problem from None
            raise _Passing(problem) from None
        except (httpx.InvalidURL, UnicodeError) as failure:
            raise IndexAnswerError(f"{redact(url)} is no valid address", evidence=[str(failure)]) from None
        except RuntimeError as failure:  # httpx: the client was closed meanwhile
            if not self._closed.is_set():
                raise
            raise NetworkError("fetching was stopped") from failure

    @contextmanager
    def _opened(self, method: str, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """The answer after redirects, and after a login where one is asked for; its body is not read yet."""
        place = url
        for _ in range(MOST_REDIRECTS + 1):
            client = self._client(place)
            request = client.build_request(method, place, headers=dict(headers))
            login = self.credentials.login(place)
            response = client.send(request, auth=login, stream=True)
            try:
                location = response.headers.get("location")
                if response.status_code in REDIRECTS and location:
                    place = self._redirected(place, location)
                elif response.status_code != 401 or not self.credentials.after_refusal(place):
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

    def _refused(self, response: httpx.Response) -> Exception:
        status = response.status_code
        logged_in = "authorization" in response.request.headers
        problem = refusal(status, response.reason_phrase, str(response.url), logged_in=logged_in)
        if status in RETRIED:
            return _Passing(problem, _retry_after(response.headers.get("retry-after", "")))
        if not logged_in:
            self.credentials.sources.blame(problem)
        return problem

    def _client(self, url: str) -> httpx.Client:
        verified = not is_trusted(self.settings, url)
        with self._lock:
            if self._closed.is_set():
                raise NetworkError("fetching was stopped")
            if verified not in self._clients:
                self._clients[verified] = make_client(self.settings, verified=verified)
            return self._clients[verified]

    def _chunks(
        self, response: httpx.Response, chunks: Iterator[bytes], limit: int | None
    ) -> Iterator[bytes]:
        """The chunks of a body, as long as they are not too many."""
        received, told = 0, 0
        url = str(response.url)
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
                self._tell(Event(redact(url), "progress", received, total))
            yield chunk

    def _tell(self, event: Event) -> None:
        if self._on_progress is not None:
            with self._lock:
                self._on_progress(event)


class _Passing(Exception):
    """A problem that may have passed after a `pause` (seconds; None: as long as usual)."""

    def __init__(self, problem: ProvenvError, pause: float | None = None) -> None:
        super().__init__(problem)
        self.problem, self.pause = problem, pause


def _answer(response: httpx.Response, body: bytes = b"") -> Answer:
    return Answer(response.status_code, str(response.url), dict(response.headers), body)


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
