"""A package index on loopback: real files, real HTTP, JSON or HTML pages, and faults on demand.

::

    with TestIndex() as index:
        index.add("numpy", "2.0", requires_python=">=3.9")
        index.add("torch", "2.1", requires=["numpy>=2"], tags=["cp312-cp312-win_amd64"], sdist=True)
        index.fail("/simple/numpy/", Fault(status=503, times=2))
        ...                      # index.url is http://127.0.0.1:PORT/simple
        assert index.paths("/simple/numpy/") == 3

`index.flat_url` is one page with every file (`--find-links`); `index.write(folder)` puts the files on disk.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from support.distributions import ANY, file_stem, make_sdist, make_wheel, metadata_text

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"


@dataclass
class ServedFile:
    """One file of the index; change its fields to make the index lie.

    `metadata`: what `FILENAME.metadata` serves (offered only by an index with `pep658`). `url`: the address
    on the pages, None for the index's own. `hashes`, `size`: as the
    pages say; None: unsaid.
    """

    filename: str
    content: bytes
    metadata: bytes | None = None
    requires_python: str | None = None
    yanked: str | None = None
    uploaded: str | None = "2020-01-01T00:00:00.000000Z"
    url: str | None = None
    hashes: dict[str, str] = field(default_factory=dict)
    size: int | None = None


@dataclass
class Fault:
    """What goes wrong with a path: an answer other than the right one, or an answer that breaks off.

    `times`: how often (None: always). `delay`: seconds before the answer. `drip`: seconds between two bytes
    of the body. `cut`: the connection closes after that many bytes of the body. `reset`: it closes at once.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    delay: float = 0.0
    drip: float = 0.0
    cut: int | None = None
    reset: bool = False
    times: int | None = None


@dataclass(frozen=True)
class Request:
    """One request that the index answered (header names are lower case)."""

    method: str
    path: str
    headers: Mapping[str, str]
    status: int


class TestIndex:
    """A package index on loopback; its options are attributes and may change while it serves."""

    __test__ = False  # pytest: this is no test class

    def __init__(
        self,
        *,
        formats: Sequence[str] = ("json", "html"),
        pep658: bool = True,
        ranges: bool = True,
        hashes: bool = True,
        sizes: bool = True,
        etag: bool = True,
        max_age: int | None = None,
        absent: int = 404,
        login: tuple[str, str] | None = None,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        self.formats, self.pep658, self.ranges = tuple(formats), pep658, ranges
        self.hashes, self.sizes, self.etag, self.max_age = hashes, sizes, etag, max_age
        self.absent, self.login = absent, login
        self.projects: dict[str, list[ServedFile]] = {}
        self.tracks: dict[str, list[str]] = {}
        self.alternates: dict[str, list[str]] = {}
        """Project -> the addresses of PEP 708's `tracks` and `alternate-locations`."""
        self.pages: dict[str, tuple[str, bytes]] = {}
        """Path -> (content type, body): pages served in place of what the index would say."""
        self.log: list[Request] = []
        self._faults: dict[str, Fault] = {}
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.base = f"{'https' if certificate else 'http'}://127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{self.base}/simple"
        self.flat_url = f"{self.base}/flat/"

    def __enter__(self) -> TestIndex:
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(
        self,
        name: str,
        version: str,
        *,
        requires: Sequence[str] = (),
        extras: Mapping[str, Sequence[str]] | None = None,
        requires_python: str | None = None,
        tags: Sequence[str] = (ANY,),
        sdist: bool = False,
        static: bool = True,
        build_requires: Sequence[str] = (),
        yanked: str | None = None,
        uploaded: str | None = "2020-01-01T00:00:00.000000Z",
        files: Mapping[str, str | bytes] | None = None,
        filename_version: str | None = None,
    ) -> list[ServedFile]:
        """Publish one version: a wheel for each of `tags` (none for `()`), and an sdist where asked for.

        `static`: the sdist's metadata can be read without a build. `filename_version`: another spelling of
        the version for the file names.
        """
        stem = file_stem(name, filename_version or version)
        metadata = metadata_text(
            name, version, requires=requires, extras=extras, requires_python=requires_python
        )
        built = [
            ServedFile(
                f"{stem}-{tag}.whl",
                make_wheel(name, filename_version or version, metadata, tags=tag, files=files),
                metadata.encode(),
            )
            for tag in tags
        ]
        if sdist:
            content = make_sdist(
                name,
                version,
                requires=requires,
                extras=extras,
                requires_python=requires_python,
                static=static,
                build_requires=build_requires,
                files=files,
            )
            built.append(ServedFile(f"{stem}.tar.gz", content))
        for file in built:
            file.requires_python, file.yanked, file.uploaded = requires_python, yanked, uploaded
            self.add_file(name, file)
        return built

    def add_file(self, name: str, file: ServedFile) -> ServedFile:
        """Publish one file as it is; what it does not say of its hash and size is filled in."""
        if not file.hashes:
            file.hashes = {"sha256": hashlib.sha256(file.content).hexdigest()}
        file.size = len(file.content) if file.size is None else file.size
        self.projects.setdefault(_canonical(name), []).append(file)
        return file

    def fail(self, path: str, fault: Fault) -> None:
        """Let a path (`/simple/numpy/`, `/files/numpy-2.0-py3-none-any.whl`) fail; `times` counts down."""
        self._faults[path] = fault

    def paths(self, path: str) -> int:
        """How many requests came for a path."""
        return sum(request.path == path for request in self.log)

    def requested(self) -> list[str]:
        """The paths asked for so far, in order."""
        return [request.path for request in self.log]

    def write(self, folder: Path) -> Path:
        """Put every file into a folder, as `--find-links` takes it."""
        folder.mkdir(parents=True, exist_ok=True)
        for file in self._all_files():
            (folder / file.filename).write_bytes(file.content)
        return folder

    def file_url(self, filename: str) -> str:
        """The address of a file on this index."""
        return f"{self.base}/files/{quote(filename)}"

    # --- what the server answers

    def _all_files(self) -> list[ServedFile]:
        return [file for files in self.projects.values() for file in files]

    def _take_fault(self, path: str) -> Fault | None:
        fault = self._faults.get(path)
        if fault is None or fault.times == 0:
            return None
        if fault.times is not None:
            fault.times -= 1
        return fault

    def _answer(self, path: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a path, without faults."""
        if self.login and not _logged_in(headers.get("authorization", ""), self.login):
            return 401, {"WWW-Authenticate": 'Basic realm="test"', "Content-Type": "text/plain"}, b"who?"
        if path in self.pages:
            kind, body = self.pages[path]
            return self._page(kind, body, headers)
        if path == "/flat/":
            return self._page("text/html", self._html(self._all_files(), "flat").encode(), headers)
        if path.startswith("/files/"):
            return self._file(path.removeprefix("/files/"), headers)
        if match := re.fullmatch(r"/simple/([^/]+)(/?)", path):
            if not match[2] or match[1] != _canonical(match[1]):
                return 301, {"Location": f"/simple/{_canonical(match[1])}/"}, b""
            if match[1] in self.projects:
                return self._project(match[1], headers)
        if path == "/simple/":
            names = "".join(f'<a href="{name}/">{name}</a>\n' for name in sorted(self.projects))
            return self._page(
                "text/html", f"<!DOCTYPE html><html><body>{names}</body></html>".encode(), headers
            )
        return self.absent, {"Content-Type": "text/plain"}, b"absent"

    def _project(self, name: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        accept = headers.get("accept", "*/*")
        if "json" in self.formats and (JSON_TYPE in accept or "*/*" in accept or self.formats == ("json",)):
            return self._page(JSON_TYPE, json.dumps(self._json(name)).encode(), headers)
        kind = HTML_TYPE if HTML_TYPE in accept else "text/html"
        return self._page(kind, self._html(self.projects[name], name).encode(), headers)

    def _page(self, kind: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        answer = {"Content-Type": kind}
        if self.max_age is not None:
            answer["Cache-Control"] = f"max-age={self.max_age}"
        if self.etag:
            answer["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if headers.get("if-none-match") == answer["ETag"]:
                return 304, answer, b""
        return 200, answer, body

    def _file(self, filename: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        kind = {"Content-Type": "application/octet-stream"}
        for file in self._all_files():
            if file.filename == filename:
                return self._ranged(file.content, kind, headers)
            if f"{file.filename}.metadata" == filename and file.metadata is not None and self.pep658:
                return 200, kind, file.metadata
        return self.absent, {"Content-Type": "text/plain"}, b"absent"

    def _ranged(
        self, content: bytes, answer: dict[str, str], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        if not self.ranges:
            return 200, answer, content
        answer["Accept-Ranges"] = "bytes"
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", headers.get("range", ""))
        if not wanted or not any(wanted.groups()):
            return 200, answer, content
        size = len(content)
        first = int(wanted[1]) if wanted[1] else max(0, size - int(wanted[2]))
        last = min(int(wanted[2]), size - 1) if wanted[1] and wanted[2] else size - 1
        if first > last:
            return 416, {**answer, "Content-Range": f"bytes */{size}"}, b""
        answer["Content-Range"] = f"bytes {first}-{last}/{size}"
        return 206, answer, content[first : last + 1]

    # --- pages

    def _json(self, name: str) -> dict[str, object]:
        return {
            "meta": {"api-version": "1.1", "tracks": self.tracks.get(name, [])},
            "name": name,
            "alternate-locations": self.alternates.get(name, []),
            "files": [self._json_file(file) for file in self.projects[name]],
        }

    def _json_file(self, file: ServedFile) -> dict[str, object]:
        entry: dict[str, object] = {
            "filename": file.filename,
            "url": file.url or f"../../files/{quote(file.filename)}",
            "hashes": file.hashes if self.hashes else {},
            "yanked": False if file.yanked is None else (file.yanked or True),
        }
        if self.sizes:
            entry["size"] = file.size
        if file.uploaded:
            entry["upload-time"] = file.uploaded
        if file.requires_python is not None:
            entry["requires-python"] = file.requires_python
        if self.pep658 and file.metadata is not None:
            entry["core-metadata"] = {"sha256": hashlib.sha256(file.metadata).hexdigest()}
        return entry

    def _html(self, files: Sequence[ServedFile], title: str) -> str:
        anchors = "<br>\n".join(self._anchor(file) for file in files)
        return (
            '<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.0">'
            f"<title>{title}</title></head><body>\n{anchors}\n</body></html>\n"
        )

    def _anchor(self, file: ServedFile) -> str:
        fragment = "".join(f"#{name}={value}" for name, value in list(file.hashes.items())[:1] if self.hashes)
        attributes = {"href": (file.url or f"/files/{quote(file.filename)}") + fragment}
        if file.requires_python is not None:
            attributes["data-requires-python"] = file.requires_python
        if file.yanked is not None:
            attributes["data-yanked"] = file.yanked
        if self.pep658 and file.metadata is not None:
            attributes["data-core-metadata"] = f"sha256={hashlib.sha256(file.metadata).hexdigest()}"
        text = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())
        return f"<a {text}>{html.escape(file.filename)}</a>"


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _logged_in(header: str, login: tuple[str, str]) -> bool:
    return header == "Basic " + base64.b64encode(":".join(login).encode()).decode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # the default of 5 costs a burst of connections a second of waiting

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up (faults make it) is no news."""


def _handler(index: TestIndex) -> type[BaseHTTPRequestHandler]:
    """The handler class of one index."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._respond(body=True)

        def do_HEAD(self) -> None:
            self._respond(body=False)

        def log_message(self, *args: object) -> None:
            """Nothing: `index.log` keeps the requests."""

        def _respond(self, *, body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            fault = index._take_fault(path)
            status, answer, content = index._answer(path, headers)
            if fault is not None:
                time.sleep(fault.delay)
                status = fault.status or status
                content = content if fault.body is None else fault.body
                answer.update(fault.headers)
            index.log.append(Request(self.command, path, headers, status))
            if fault is not None and fault.reset:
                self._hang_up()
                return
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **answer}.items():
                self.send_header(name, value)
            self.end_headers()
            if body and status != 304:
                self._write(content, fault)

        def _write(self, content: bytes, fault: Fault | None) -> None:
            if fault is not None and fault.drip:
                for byte in content:
                    self.wfile.write(bytes([byte]))
                    time.sleep(fault.drip)
            elif fault is not None and fault.cut is not None:
                self.wfile.write(content[: fault.cut])
                self._hang_up()
            else:
                self.wfile.write(content)

        def _hang_up(self) -> None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)

    return Handler
