"""A conda channel over loopback HTTP or HTTPS: with logins, in every form of repodata, and with faults."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@dataclass
class Served:
    """A folder that is served. `asked`: what was asked for, by a path or, of a proxy, an address.

    `basic` (user:password), `bearer` and `token` (`/t/TOKEN/`): what a client has to say. `faults`: the end
    of a path -> the status that is answered.
    """

    url: str = ""
    basic: str | None = None
    bearer: str | None = None
    token: str | None = None
    faults: Mapping[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


class _Handler(SimpleHTTPRequestHandler):
    served: Served

    def do_GET(self) -> None:
        if self.path.startswith("http://"):  # asked as a proxy: this is the only host that it knows
            self.served.asked.append(self.path)
            self.path = "/" + self.path.split("/", 3)[3]
        else:
            self.served.asked.append(self.path)
        if self._is_refused():
            self.send_error(401)
            return
        if self.served.token:
            self.path = self.path.removeprefix(f"/t/{self.served.token}")
        fault = next((value for end, value in self.served.faults.items() if self.path.endswith(end)), None)
        if fault is None:
            super().do_GET()
        else:
            self.send_error(fault)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _is_refused(self) -> bool:
        said = self.headers.get("Authorization")
        if self.served.basic:
            return said != f"Basic {base64.b64encode(self.served.basic.encode()).decode()}"
        if self.served.bearer:
            return said != f"Bearer {self.served.bearer}"
        return bool(self.served.token) and not self.path.startswith(f"/t/{self.served.token}/")

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news."""


@contextmanager
def serve(folder: Path, certificate: tuple[Path, Path] | None = None, **options: object) -> Iterator[Served]:
    """The folder on loopback; `certificate`: (chain, key)."""
    served = Served(**options)  # type: ignore[arg-type]  # passed through as they are
    handler = type("Handler", (_Handler,), {"served": served})
    server = _Server(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    served.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def own_authority(folder: Path) -> tuple[Path, tuple[Path, Path]]:
    """The certificate of an authority of one's own, and (chain, key) of 127.0.0.1 that it has signed."""
    extensions = "basicConstraints=CA:FALSE\nsubjectAltName=IP:127.0.0.1\n"
    (folder / "extensions").write_text(extensions)
    new = "req -newkey rsa:2048 -nodes"
    commands = (
        f"{new} -x509 -keyout ca.key -out ca.pem -days 30 -subj /CN=authority",
        f"{new} -keyout host.key -out host.csr -subj /CN=127.0.0.1",
        "x509 -req -in host.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out host.pem -extfile extensions",
    )
    for command in commands:
        try:
            subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
        except FileNotFoundError:
            pytest.skip("no openssl program here to make certificates with")
    return folder / "ca.pem", (folder / "host.pem", folder / "host.key")


def as_zst(channel: Path) -> Path:
    """The channel with its repodata as `repodata.json.zst` alone."""
    import zstandard

    for index in channel.glob("*/repodata.json"):
        index.with_suffix(".json.zst").write_bytes(zstandard.ZstdCompressor().compress(index.read_bytes()))
        index.unlink()
    return channel


def as_shards(channel: Path) -> Path:
    """The channel with its repodata in shards alone (CEP 16)."""
    import msgpack
    import zstandard

    def squeezed(value: object) -> bytes:
        return zstandard.ZstdCompressor().compress(msgpack.packb(value))

    for index in channel.glob("*/repodata.json"):
        document = json.loads(index.read_text())
        by_name: dict[str, dict[str, dict[str, object]]] = {}
        for section in ("packages", "packages.conda"):
            for filename, record in document[section].items():
                raw = {key: bytes.fromhex(record[key]) for key in ("md5", "sha256")}
                shard = by_name.setdefault(record["name"], {"packages": {}, "packages.conda": {}})
                shard[section][filename] = {**record, **raw}
        shards: dict[str, object] = {}
        for name, shard in by_name.items():
            content = squeezed(shard)
            digest = hashlib.sha256(content)
            index.with_name(f"{digest.hexdigest()}.msgpack.zst").write_bytes(content)
            shards[name] = digest.digest()
        info = {"subdir": index.parent.name, "base_url": "./", "shards_base_url": "./"}
        whole = {"version": 1, "info": info, "shards": shards}
        index.with_name("repodata_shards.msgpack.zst").write_bytes(squeezed(whole))
        index.unlink()
    return channel
