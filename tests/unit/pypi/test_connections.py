"""Requests by httpx's transport alone: addresses as httpx spells them, bodies unpacked, one login sent."""

from __future__ import annotations

import gzip
import zlib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from provenv.errors import IndexAnswerError, NetworkError
from provenv.pypi.connections import _address
from provenv.pypi.fetch import Fetcher
from provenv.pypi.tls import proxy_for
from provenv.settings import NetworkSettings
from support.index_server import Fault, TestIndex

BODY = b"what is served, " * 1000
RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)


@pytest.fixture
def fetcher(tmp_path: Path) -> Iterator[Fetcher]:
    with Fetcher(NetworkSettings("https://index.example/simple", cache_dir=tmp_path, retries=0)) as found:
        yield found


@pytest.mark.parametrize(
    "url",
    [
        "https://index.example/simple/numpy/",
        "http://127.0.0.1:8080/files/a_b-1.0%2Bcpu-py3-none-any.whl.metadata",
        "https://index.example/a~b/!$&'()*+,;=:@/c?token=a/b?c&d=%20",
        "https://INDEX.example/Simple",
        "https://index.example:443/simple/",
        "http://index.example:80",
        "https://index.example:0443/a",
        "https://index.example/a/../b/./c/",
        "https://index.example/.well-known/x..y/...",
        "https://index.example/a b/ü/%zz/%2b/[x]?q=ü '\"",
        "https://bücher.example/simple/",
        "https://[2001:db8::1]:8443/simple/",
        "https://user@index.example/simple/",
        "https://index.example/a#part",
        "https://index.example/a\\b^c|d`e{f}",
        "https://index.example?a=b",
        "HTTPS://index.example/",
        "https://index_1.example/-/",
    ],
)
def test_an_address_is_spelt_as_httpx_spells_it(url: str) -> None:
    whole = httpx.URL(url)
    spelt, parts, host = _address(url)
    assert spelt == str(whole)
    assert (parts.scheme, parts.host, parts.target) == (whole.raw_scheme, whole.raw_host, whole.raw_path)
    assert (parts.port, host) == (whole.port, whole.netloc.decode())


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BODY)),
        ("GZIP", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", RAW.compress(BODY) + RAW.flush()),
        ("deflate, gzip", gzip.compress(zlib.compress(BODY))),
        ("identity", BODY),
        ("aws-chunked", BODY),
    ],
)
def test_a_body_is_unpacked_as_its_header_says(
    index: TestIndex, fetcher: Fetcher, coding: str, body: bytes
) -> None:
    index.fail("/simple/a/", Fault(status=200, headers={"Content-Encoding": coding}, body=body))
    assert fetcher.get(f"{index.url}/a/").body == BODY


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_that_is_not_packed_as_its_header_says_is_an_error(
    index: TestIndex, fetcher: Fetcher, coding: str
) -> None:
    index.fail("/simple/a/", Fault(status=200, headers={"Content-Encoding": coding}, body=b"\xffnothing"))
    with pytest.raises(NetworkError, match="can't be unpacked"):
        fetcher.get(f"{index.url}/a/")


def test_a_login_is_sent_as_it_is_written(index: TestIndex, fetcher: Fetcher) -> None:
    index.login = ("maï:d", "pä ss")
    index.add("a", "1.0")
    address = index.url.replace("http://", "http://ma%C3%AF%3Ad:p%C3%A4%20ss@")
    assert fetcher.get(f"{address}/a/").status == 200


@pytest.mark.parametrize("url", ["https://index.example:x/", "https://[::1/", "https://a\x00b/"])
@pytest.mark.parametrize("proxy", ["", "http://127.0.0.1:9"])
def test_what_is_no_address_is_said_to_be_none(
    fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, url: str, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(IndexAnswerError, match="is no valid address"):
        fetcher.get(url)


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names no proxy yet."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("variables", "proxy"),
    [
        ({"HTTP_PROXY": "proxy.example:3128"}, "http://proxy.example:3128"),
        ({"http_proxy": "http://proxy.example", "NO_PROXY": "other.example"}, "http://proxy.example"),
        ({"ALL_PROXY": "socks5://proxy.example"}, "socks5://proxy.example"),
        ({"HTTPS_PROXY": "http://proxy.example"}, None),
        ({"HTTP_PROXY": "http://proxy.example", "NO_PROXY": "index.example"}, None),
        ({"HTTP_PROXY": "http://proxy.example", "NO_PROXY": ".example"}, None),
        ({"ALL_PROXY": "http://proxy.example", "no_proxy": "*"}, None),
        ({"HTTP_PROXY": ""}, None),
    ],
)
def test_the_environment_says_by_which_proxy_an_address_is_asked(
    no_proxy: pytest.MonkeyPatch, variables: dict[str, str], proxy: str | None
) -> None:
    for name, value in variables.items():
        no_proxy.setenv(name, value)
    assert proxy_for(NetworkSettings("https://index.example"), "http://index.example/simple/") == proxy


def test_a_proxy_is_asked_for_the_whole_address(
    index: TestIndex, fetcher: Fetcher, no_proxy: pytest.MonkeyPatch
) -> None:
    index.add("a", "1.0")
    no_proxy.setenv("HTTP_PROXY", index.base.replace("://", "://user:pa%40ss@"))
    answer = fetcher.get("http://index.example/simple/a/")
    (request,) = index.log
    assert (answer.status, answer.url) == (200, "http://index.example/simple/a/")
    assert request.headers["host"] == "index.example"
    assert request.headers["proxy-authorization"] == "Basic " + b64encode(b"user:pa@ss").decode()
