"""An end to answers that only drip: a read timeout never comes when a byte arrives every few seconds.

It is kept where bytes come in, so that it holds for status lines and headers as well as for bodies.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable

import httpcore

SLOWEST = 256.0
"""Bytes a second that an answer must bring on average, once the time of a read timeout has gone by."""


class PatientStream(httpcore.NetworkStream):
    """A connection that gives up an answer which is slower than `SLOWEST`."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._first: float | None = None
        self._received = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As the stream's own; raises httpcore.ReadTimeout for an answer that drips."""
        content = self._stream.read(max_bytes, timeout)
        now = time.monotonic()
        if self._first is None:
            self._first = now  # a server may think as long as `timeout` before it begins
        self._received += len(content)
        spent = now - self._first
        if timeout is not None and spent > timeout and self._received < spent * SLOWEST:
            raise httpcore.ReadTimeout(f"it brought {self._received} bytes in {spent:.0f} seconds")
        return content

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """As the stream's own; a new request begins a new count."""
        self._first, self._received = None, 0
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        """As the stream's own."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """As the stream's own, and as patient."""
        return PatientStream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> object:
        """As the stream's own."""
        return self._stream.get_extra_info(info)


class PatientBackend(httpcore.SyncBackend):
    """httpcore's own connections, each with an end to its patience."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """As httpcore's own."""
        return PatientStream(super().connect_tcp(host, port, timeout, local_address, socket_options))
