"""Requests by httpx's transport alone: addresses as httpx spells them, bodies unpacked, one login sent."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from provenv.errors import IndexAnswerError, NetworkError
from provenv.pypi.connections import _address
from provenv.pypi.fetch import Fetcher
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
def test_what_is_no_address_is_said_to_be_none(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(IndexAnswerError, match="is no valid address"):
        fetcher.get(url)
