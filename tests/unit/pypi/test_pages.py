"""Index pages in JSON and HTML become the same listed files."""

from __future__ import annotations

import json

import pytest

from provenv.errors import IndexAnswerError
from provenv.pypi.html_pages import parse_html
from provenv.pypi.listing import FlatPage, Listed, Page, absolute, page_of
from provenv.pypi.pages import parse_json, parse_page

URL = "https://index.example/simple/torch/"
SHA = "a" * 64
WHEEL = "torch-2.0-py3-none-any.whl"


def json_page(*files: object, **more: object) -> bytes:
    return json.dumps({"meta": {"api-version": "1.1"}, "name": "torch", "files": files, **more}).encode()


def entry(**more: object) -> dict[str, object]:
    return {"filename": WHEEL, "url": f"../../files/{WHEEL}", "hashes": {"sha256": SHA}, **more}


def only(page: Page) -> Listed:
    (file,) = page.files
    return file


def test_a_json_file_with_everything() -> None:
    page = json_page(
        entry(
            size=12,
            yanked="broken",
            **{
                "requires-python": ">=3.9",
                "upload-time": "2024-01-02T03:04:05.678901Z",
                "core-metadata": {"sha256": "B" * 64},
            },
        )
    )
    assert only(parse_json(page, URL)) == Listed(
        WHEEL,
        f"https://index.example/files/{WHEEL}",
        {"sha256": SHA},
        12,
        ">=3.9",
        "broken",
        "2024-01-02T03:04:05Z",
        "b" * 64,
    )


def test_the_same_file_in_html() -> None:
    page = f"""<html><head><meta name="pypi:repository-version" content="1.0"></head><body>
    <a href="../../files/{WHEEL}#sha256={SHA}" data-requires-python="&gt;=3.9" data-yanked="broken"
       data-core-metadata="sha256={"b" * 64}">{WHEEL}</a></body></html>"""
    assert only(parse_html(page.encode(), URL)) == Listed(
        WHEEL,
        f"https://index.example/files/{WHEEL}",
        {"sha256": SHA},
        None,
        ">=3.9",
        "broken",
        None,
        "b" * 64,
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [(False, None), (None, None), (True, ""), ("", ""), ("why", "why"), (0, None), ({}, None)],
)
def test_yanked_in_json(value: object, expected: str | None) -> None:
    assert only(parse_json(json_page(entry(yanked=value)), URL)).yanked == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, None),
        ({"core-metadata": True}, ""),
        ({"core-metadata": False}, None),
        ({"core-metadata": {}}, ""),
        ({"dist-info-metadata": {"sha256": SHA}}, SHA),
        ({"data-dist-info-metadata": True}, ""),
        ({"core-metadata": False, "dist-info-metadata": True}, None),
        ({"core-metadata": {"sha256": "short"}}, ""),
        ({"core-metadata": 7}, None),
    ],
)
def test_metadata_in_json(more: dict[str, object], expected: str | None) -> None:
    assert only(parse_json(json_page(entry(**more)), URL)).metadata == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("", None),
        ('data-core-metadata="true"', ""),
        ("data-core-metadata", ""),
        ('data-core-metadata="false" data-dist-info-metadata="true"', None),
        (f'data-dist-info-metadata="sha256={SHA}"', SHA),
    ],
)
def test_metadata_in_html(attributes: str, expected: str | None) -> None:
    page = f'<a href="{WHEEL}" {attributes}>{WHEEL}</a>'
    assert only(parse_html(page.encode(), URL)).metadata == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05.999999Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05Z"),
        ("2024-01-02", "2024-01-02T00:00:00Z"),
        ("yesterday", None),
        (5, None),
        (None, None),
    ],
)
def test_upload_times_are_utc_in_whole_seconds(said: object, expected: str | None) -> None:
    assert only(parse_json(json_page(entry(**{"upload-time": said})), URL)).uploaded == expected


@pytest.mark.parametrize(
    "broken",
    [
        None,
        "a string",
        {},
        {"filename": WHEEL},
        {"url": "x"},
        {"filename": 5, "url": "x"},
        {"filename": WHEEL, "url": "ftp://index.example/x"},
        {"filename": WHEEL, "url": "http://[broken/x"},
        {"filename": "torch-2.0.exe", "url": "torch-2.0.exe"},
        {"filename": "torch-2.0-py3.9.egg", "url": "x.egg"},
        {"filename": "../../evil-1.0.tar.gz", "url": "x"},
        {"filename": f"torch-{'1' * 500}.tar.gz", "url": "x"},
    ],
)
def test_a_broken_or_foreign_entry_is_left_out_and_the_rest_stays(broken: object) -> None:
    assert only(parse_json(json_page(broken, entry()), URL)).filename == WHEEL


@pytest.mark.parametrize(
    "more",
    [
        {"size": -1},
        {"size": "12"},
        {"size": True},
        {"requires-python": 3},
        {"requires-python": " "},
        {"hashes": []},
        {"hashes": {"sha256": 5}},
    ],
)
def test_a_broken_field_counts_as_absent(more: dict[str, object]) -> None:
    file = only(parse_json(json_page({**entry(), "hashes": {}, **more}), URL))
    assert file == Listed(WHEEL, f"https://index.example/files/{WHEEL}")


@pytest.mark.parametrize(
    "hashes", [{"sha256": "zz" * 32}, {"sha256": "ab"}, {"rot13": SHA}, {"sha256": SHA + "\n"}]
)
def test_a_hash_that_is_none_is_dropped(hashes: dict[str, str]) -> None:
    assert only(parse_json(json_page(entry(hashes=hashes)), URL)).hashes == {}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>", "says it is JSON and is not"),
        (b'{"files": [', "says it is JSON and is not"),
        (b"[" * 100_000, "says it is JSON and is not"),
        (b"\xff\xfe\x00", "says it is JSON and is not"),
        (b"[]", "not a project page"),
        (b'{"projects": []}', "not a project page"),
        (b'{"files": {}}', "not a project page"),
        (b'{"files": []} x', "says it is JSON and is not"),
        (b'{"files": [{"filename": "a"} {}]}', "says it is JSON and is not"),
        (b'{"files": [{},]}', "says it is JSON and is not"),
        (b'{"files": [],}', "says it is JSON and is not"),
        (b'{"files" []}', "says it is JSON and is not"),
        (b"{5: []}", "says it is JSON and is not"),
        (b'{"files": [] "a": 1}', "says it is JSON and is not"),
        (b'{"meta": {"api-version": "2.0"}, "files": []}', "version 2 of the simple API"),
    ],
)
def test_a_page_that_is_none_is_an_error_naming_it(body: bytes, words: str) -> None:
    with pytest.raises(IndexAnswerError) as caught:
        parse_json(body, URL)
    assert words in caught.value.message
    assert URL in caught.value.message


def test_a_newer_minor_version_and_a_missing_one_are_read() -> None:
    assert parse_json(b'{"meta": {"api-version": "1.9"}, "files": []}', URL).files == ()
    assert parse_json(b'{"files": []}', URL).files == ()


def test_pep_708_addresses_are_kept() -> None:
    json_text = json.dumps(
        {
            "meta": {"api-version": "1.2", "tracks": ["https://a.example/simple/torch/"]},
            "alternate-locations": ["https://b.example/simple/torch/", 5],
            "files": [],
        }
    )
    html = """<meta name="pypi:tracks" content="https://a.example/simple/torch/">
      <meta name="pypi:alternate-locations" content="https://b.example/simple/torch/">"""
    for page in (parse_json(json_text.encode(), URL), parse_html(html.encode(), URL)):
        assert page.tracks == ("https://a.example/simple/torch/",)
        assert page.alternates == ("https://b.example/simple/torch/",)


def test_a_newer_html_page_is_an_error() -> None:
    with pytest.raises(IndexAnswerError, match=r"version 2\.0 of the simple API"):
        parse_html(b'<meta name="pypi:repository-version" content="2.0">', URL)


def test_html_base_escapes_and_odd_links() -> None:
    page = """<!DOCTYPE html><base href="https://files.example/whl/">
      <a href="cu128/torch-2.7.0%2Bcu128-cp312-cp312-win_amd64.whl">torch</a>
      <a>no href</a> <a href="http://[broken">x</a> <a href="mailto:x@example">m</a> <a href="../">up</a>
      <a href="sub/torch-2.7.0.tar.gz?token=x#md5=d41d8cd98f00b204e9800998ecf8427e">sdist</a>"""
    first, second = parse_html(page.encode(), URL).files
    assert first.filename == "torch-2.7.0+cu128-cp312-cp312-win_amd64.whl"
    assert first.url == "https://files.example/whl/cu128/torch-2.7.0%2Bcu128-cp312-cp312-win_amd64.whl"
    assert second.filename == "torch-2.7.0.tar.gz"
    assert second.url == "https://files.example/whl/sub/torch-2.7.0.tar.gz?token=x"
    assert second.hashes == {"md5": "d41d8cd98f00b204e9800998ecf8427e"}


@pytest.mark.parametrize(
    "kind", ["text/html", "text/html; charset=utf-8", "application/vnd.pypi.simple.v1+html"]
)
def test_html_is_known_by_its_content_type(kind: str) -> None:
    assert len(parse_page(f'<a href="{WHEEL}">x</a>'.encode(), kind, URL).files) == 1


def test_other_content_types_are_errors() -> None:
    with pytest.raises(IndexAnswerError, match="neither JSON nor HTML"):
        parse_page(b"hello", "text/plain", URL)
    with pytest.raises(IndexAnswerError, match="version 2 of the simple API"):
        parse_page(b"{}", "application/vnd.pypi.simple.v2+json", URL)


def test_bytes_that_are_no_text_do_not_break_an_html_page() -> None:
    assert parse_html(b"\xff\xfe\x00<a href='\xff'>" + b"\x80" * 100, URL).files == ()


def test_a_login_in_a_link_is_dropped() -> None:
    assert absolute(URL, "https://user:secret@files.example/x.whl#sha256=ab") == "https://files.example/x.whl"


def test_a_flat_page_finds_a_projects_files_by_any_spelling() -> None:
    names = ["Foo_Bar-1.0-py3-none-any.whl", "foo.bar-1.0.tar.gz", "foo-bar-baz-1.0.tar.gz", "foo-1.0.zip"]
    page = FlatPage(page_of((Listed(name, f"file:///{name}") for name in names), "file:///"))
    # the sdist of foo-bar-baz may be foo-bar's, by its start; its whole name is looked at later
    assert [f.filename for f in page.of("foo-bar").files] == names[:3]
    assert page.of("baz").files == ()


def test_a_large_page_agrees_with_pypi_simple() -> None:
    from pypi_simple import ProjectPage

    anchors = "\n".join(
        f'<a href="../../f/torch-2.{n}-cp3{n % 9}-none-any.whl#sha256={n:064x}" '
        f'data-requires-python="&gt;=3.{n % 9}" {"data-yanked" if n % 7 == 0 else ""}>x &amp; {n}</a><br/>'
        for n in range(500)
    )
    ours = parse_html(f"<html><body>{anchors}".encode(), URL).files
    theirs = ProjectPage.from_html("torch", f"<html><body>{anchors}", URL).packages
    assert [(f.url, f.hashes, f.requires_python, f.yanked is not None) for f in ours] == [
        (p.url, p.digests, p.requires_python, p.is_yanked) for p in theirs
    ]


@pytest.mark.parametrize("link", ["file:///etc/a-1.0-py3-none-any.whl", "file:a-1.0-py3-none-any.whl"])
def test_a_page_on_the_network_points_at_no_file_of_this_disk(link: str) -> None:
    page = f'{{"files": [{{"filename": "a-1.0-py3-none-any.whl", "url": "{link}", "hashes": {{}}}}]}}'
    anchor = '<a href="a-1.0-py3-none-any.whl">a</a>'
    url = "https://index.example/simple/a/"
    assert parse_page(page.encode(), "application/json", url).files == ()
    assert parse_page(f'<a href="{link}">a</a>'.encode(), "text/html", url).files == ()
    based = parse_page(f'<base href="file:///etc/">{anchor}'.encode(), "text/html", url)
    assert [file.url for file in based.files] == [f"{url}a-1.0-py3-none-any.whl"]
    own = parse_page(anchor.encode(), "text/html", "file:///srv/simple/a/")
    assert [file.url for file in own.files] == ["file:///srv/simple/a/a-1.0-py3-none-any.whl"]
