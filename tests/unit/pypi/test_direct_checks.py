"""Direct references that contradict themselves or what was asked for: each an error at its place."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provenv.errors import BuildError, IndexAnswerError, InputError, NoSolution
from provenv.pypi.cache import Cache
from provenv.pypi.direct import DirectResolver
from support.direct import ORIGIN, asked, download, folder, nothing_needed, wheel
from support.index_server import TestIndex

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}.0"


@pytest.fixture
def resolver() -> Iterator[DirectResolver]:
    with DirectResolver(download=download, provision=nothing_needed) as opened:
        yield opened


@pytest.fixture
def index() -> Iterator[TestIndex]:
    with TestIndex() as opened:
        yield opened


def test_another_name_is_an_error_that_names_both(tmp_path: Path, resolver: DirectResolver) -> None:
    url = wheel(tmp_path).as_uri()
    with pytest.raises(InputError) as caught:
        resolver.resolve(asked(url, name="numpy"), python=PYTHON)
    assert caught.value.message == f"{url} is not numpy"
    assert caught.value.evidence == ("its metadata say that it is pkg 1.0",)
    assert caught.value.hints == (f"ask for pkg @ {url}, or correct the address",)
    assert caught.value.origin == ORIGIN
    with pytest.raises(InputError, match="is not scipy"):
        resolver.resolve(asked(f"{url}#egg=scipy", name=""), python=PYTHON)


def test_a_version_outside_the_specifier_is_no_solution(tmp_path: Path, resolver: DirectResolver) -> None:
    url = wheel(tmp_path, version="2.0rc1").as_uri()
    assert resolver.resolve(asked(url, specifier=">=1.5"), python=PYTHON).version == "2.0rc1"
    with pytest.raises(NoSolution, match=r"pkg>=3 can't come from") as caught:
        resolver.resolve(asked(url, specifier=">=3"), python=PYTHON)
    assert caught.value.evidence == ("it holds pkg 2.0rc1",)


@pytest.mark.parametrize("filename", ["pkg-9.0-py3-none-any.whl", "other-1.0-py3-none-any.whl"])
def test_a_wheel_that_is_not_what_its_name_says_is_named(
    tmp_path: Path, resolver: DirectResolver, filename: str
) -> None:
    url = wheel(tmp_path, filename=filename).as_uri()
    with pytest.raises(IndexAnswerError, match=filename):
        resolver.resolve(asked(url), python=PYTHON)


def test_hashes_of_the_fragment_and_of_the_manifest_are_checked(
    tmp_path: Path, resolver: DirectResolver
) -> None:
    path = wheel(tmp_path)
    url, right = path.as_uri(), hashlib.sha256(path.read_bytes()).hexdigest()
    md5 = hashlib.md5(path.read_bytes()).hexdigest()
    sha512 = hashlib.sha512(path.read_bytes()).hexdigest()
    wrong = "0" * 64

    def resolve(fragment: str = "", hashes: tuple[str, ...] = ()) -> str:
        return resolver.resolve(asked(url + fragment, hashes=hashes), python=PYTHON).version

    assert resolve(f"#sha256={right.upper()}") == "1.0"
    assert resolve(f"#md5={md5}&egg=pkg") == "1.0"
    assert resolve(hashes=(f"sha256:{wrong}", f"sha256:{right}")) == "1.0"
    assert resolve(hashes=(f"sha512:{sha512}",)) == "1.0"
    for fragment, hashes in [
        (f"#sha256={wrong}", ()),
        (f"#sha256={right}&md5={'0' * 32}", ()),
        ("", (f"sha256:{wrong}",)),
        (f"#sha256={wrong}", (f"sha256:{right}",)),
        (f"#sha256={right}", (f"sha512:{'0' * 128}",)),
    ]:
        with pytest.raises(IndexAnswerError, match="does not have the hash"):
            resolve(fragment, hashes)
    with pytest.raises(InputError, match="crc32 is not a hash"):
        resolve(hashes=("crc32:1234",))


def test_a_wrong_hash_is_not_remembered_as_right(index: TestIndex, tmp_path: Path) -> None:
    [file] = index.add("pkg", "1.0")
    url = f"{index.file_url(file.filename)}#sha256={'0' * 64}"
    for _ in range(2):
        with (
            DirectResolver(
                download=download, provision=nothing_needed, records=Cache(tmp_path / "cache")
            ) as resolver,
            pytest.raises(IndexAnswerError, match="does not have the hash"),
        ):
            resolver.resolve(asked(url), python=PYTHON)


def test_a_file_with_a_wrong_hash_is_not_looked_into(index: TestIndex, resolver: DirectResolver) -> None:
    index.pages["/pkg-1.0.tar.gz"] = ("text/html", b"<html>sign in</html>")
    with pytest.raises(IndexAnswerError, match="does not have the hash"):
        resolver.resolve(asked(f"{index.base}/pkg-1.0.tar.gz#sha256={'0' * 64}"), python=PYTHON)


def test_a_folder_has_no_hash(tmp_path: Path, resolver: DirectResolver) -> None:
    with pytest.raises(InputError, match="no hash to be checked"):
        resolver.resolve(
            asked(folder(tmp_path / "pkg").as_uri(), hashes=("sha256:" + "0" * 64,)), python=PYTHON
        )


def test_only_a_folder_can_be_editable(tmp_path: Path, resolver: DirectResolver) -> None:
    with pytest.raises(InputError, match="can't be installed editable"):
        resolver.resolve(asked(wheel(tmp_path).as_uri(), editable=True), python=PYTHON)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///nowhere/pkg-1.0.tar.gz", "no file or folder"),
        ("./nowhere", "no file or folder"),
        ("file://server/share/pkg.whl", "on another machine"),
        ("s3://bucket/pkg-1.0-py3-none-any.whl", "can't be fetched"),
        ("ftp://host.example/pkg-1.0.tar.gz", "can't be fetched"),
        ("https://[host.example/pkg.whl", "can't be read"),
        ("hg+https://host.example/r", "hg is not supported"),
        ("git+https:///r", "not an address of a git repository"),
    ],
)
def test_an_address_that_is_none_is_an_error_at_its_place(
    tmp_path: Path, resolver: DirectResolver, url: str, message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        resolver.resolve(asked(url), python=PYTHON, base=tmp_path)
    assert caught.value.origin == ORIGIN


def test_a_file_that_is_no_wheel_by_its_name_or_content(tmp_path: Path, resolver: DirectResolver) -> None:
    with pytest.raises(InputError, match="file name of a wheel"):
        resolver.resolve(asked(wheel(tmp_path, filename="pkg.whl").as_uri()), python=PYTHON)
    (tmp_path / "pkg-1.0.tar.gz").write_text("<html>sign in</html>")
    with pytest.raises(BuildError, match="not a whole archive"):
        resolver.resolve(asked((tmp_path / "pkg-1.0.tar.gz").as_uri()), python=PYTHON)
