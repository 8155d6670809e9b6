"""The replica of the default index on loopback: the recorder and nginx of `../shared/bench`, started here.

What was asked for once is recorded, and nginx serves it from the disk from then on.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.places import ROOT, SHARED, home
from bench.tools import make_venv

TLS, RECORDER = 8443, 8099
URL = f"https://127.0.0.1:{TLS}/simple/"
NEEDS = ("aiohttp", "orjson", "pypi-simple")


class NoReplica(Exception):
    """Why there is no replica here, in words."""


class Replica:
    """A running replica; `requests` counts what nginx was asked for so far."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "nginx" / "acc.log"

    def requests(self) -> int:
        with self._log.open("rb") as log:
            return sum(1 for _ in log)


@contextmanager
def replica() -> Iterator[Replica]:
    """The replica with what was recorded so far. Raises NoReplica where it can't be had."""
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not SHARED.is_dir():
        raise NoReplica(f"there is no {os.path.relpath(SHARED, ROOT)}")
    if nginx is None:
        raise NoReplica("nginx is not installed (apt-get install nginx-light)")
    folder = home() / "replica"
    for name in ("nginx", "mirror/simple", "mirror/packages"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _make_certificate(folder / "nginx")
    _await_port(TLS, used=False)
    configuration = folder / "nginx" / "nginx.conf"
    template = (SHARED / "nginx.conf.in").read_text()
    # nginx's own user could not read a home folder
    user = f"user {getpass.getuser()};\n" if os.getuid() == 0 else ""
    configuration.write_text(user + template.replace("@ROOT@", str(folder)))
    (folder / "nginx" / "acc.log").write_bytes(b"")
    python = make_venv("replica", NEEDS) / "bin" / "python"
    recorder = subprocess.Popen(
        [python, SHARED / "replica.py"],
        env={**os.environ, "REPLICA_ROOT": str(folder / "mirror")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        subprocess.run([nginx, "-c", configuration], check=True, stderr=sys.stderr)
        _await_port(TLS, used=True)
        _await_port(RECORDER, used=True)
        _show_one_page(folder / "mirror")
        yield Replica(folder)
    finally:
        recorder.terminate()
        recorder.wait()
        _stop_nginx(folder / "nginx" / "pid")


def _show_one_page(mirror: Path) -> None:
    """Has a page recorded anew: the recorder learns from the first one where the index's files are."""
    shutil.rmtree(mirror / "simple" / "mdurl", ignore_errors=True)
    with urllib.request.urlopen(f"http://127.0.0.1:{RECORDER}/simple/mdurl/", timeout=120) as answer:
        answer.read()


def _stop_nginx(pid: Path) -> None:
    if pid.exists():
        os.kill(int(pid.read_text()), signal.SIGTERM)
        _await_port(TLS, used=False)


def _await_port(port: int, *, used: bool) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        with socket.socket() as probe:
            if (probe.connect_ex(("127.0.0.1", port)) == 0) is used:
                return
        time.sleep(0.05)
    raise NoReplica(f"port {port} is {'silent' if used else 'taken: another replica runs'}")


def _make_certificate(folder: Path) -> None:
    if (folder / "srv.pem").exists():
        return
    (folder / "ext").write_text(
        "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n"
    )
    make = ["req", "-newkey", "rsa:2048", "-nodes"]
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "365", "-extfile", "ext"]
    for arguments in (
        [*make, "-x509", "-days", "365", "-subj", "/CN=replica CA", "-keyout", "ca.key", "-out", "ca.pem"],
        [*make, "-subj", "/CN=127.0.0.1", "-keyout", "srv.key", "-out", "srv.csr"],
        ["x509", "-req", "-in", "srv.csr", "-out", "srv.pem", *signed],
    ):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
