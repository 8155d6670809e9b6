"""Core metadata: as real files have it, and refused where nothing valid could be meant."""

from __future__ import annotations

import contextlib
import email.parser
import marshal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenv.pypi.artifacts import Artifact
from provenv.pypi.known_metadata import ContradictoryMetadata, MetadataError, from_record, to_record
from provenv.pypi.metadata import check_against, decode, parse_headers, parse_metadata, static_sdist_fields
from provenv.standards.requirements import Requirement

TORCH = """\
Metadata-Version: 2.4
Name: Torch.Vision
Version: 0.21.0+cpu
Requires-Python: >=3.9
Requires-Dist: numpy
Requires-Dist: torch (==2.6.0)
Requires-Dist: gdown>=4.7 ; extra == "gdown"
Provides-Extra: gdown
Provides-Extra: Two_Words
Classifier: x

Requires-Dist: not-a-header
"""


def artifact(filename: str, version: str) -> Artifact:
    kind = "wheel" if filename.endswith(".whl") else "sdist"
    return Artifact(
        filename, f"https://files.example/{filename}", kind, version, index="https://index.example/simple"
    )  # type: ignore[arg-type]  # one of the two


def test_the_fields_that_a_resolver_needs() -> None:
    found = parse_metadata(TORCH, "file")
    assert (found.name, found.version, found.requires_python) == ("torch-vision", "0.21.0+cpu", ">=3.9")
    assert found.requires == (
        Requirement("numpy"),
        Requirement("torch", specifier="==2.6.0"),
        Requirement("gdown", specifier=">=4.7", marker='extra == "gdown"'),
    )
    assert found.extras == ("gdown", "two-words")


def test_metadata_survives_the_cache() -> None:
    found = parse_metadata(TORCH, "file")
    assert from_record(marshal.loads(marshal.dumps(to_record(found), 4))) == found


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\n"])
def test_any_line_ends_and_a_byte_order_mark(newline: str) -> None:
    assert parse_metadata("\ufeff" + TORCH.replace("\n", newline), "file").version == "0.21.0+cpu"


def test_folded_headers_are_joined() -> None:
    folded = "b>=1,\n        <2 ;\n\tpython_version<'3'"
    text = f"Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: {folded}\n"
    (found,) = parse_metadata(text, "file").requires
    assert (found.specifier, found.marker) == (">=1,<2", 'python_version < "3"')


def test_lines_that_are_no_headers_are_skipped() -> None:
    text = " odd\nMetadata-Version: 2.1\nno colon here\nNAME: a\nversion:1\nRequires-Python:\n"
    found = parse_metadata(text, "file")
    assert (found.name, found.version, found.requires_python) == ("a", "1", None)


def test_latin_1_is_read_where_utf_8_is_not() -> None:
    assert decode("Author: Müller".encode("latin-1")) == "Author: Müller"
    assert decode("Author: Müller".encode()) == "Author: Müller"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no Metadata-Version"),
        ("Metadata-Version: 2.1\nVersion: 1\n", "no Name"),
        ("Metadata-Version: 2.1\nName: a\n", "no Version"),
        ("Metadata-Version: 3.0\nName: a\nVersion: 1\n", "Metadata-Version is 3"),
        ("Metadata-Version: 2.1\nName: a\nVersion: one\n", "one"),
        ("Metadata-Version: 2.1\nName: -a b-\nVersion: 1\n", "Name"),
        ("Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: b>>1\n", "b>>1"),
        ("Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: b; python=='3'\n", "python=='3'"),
    ],
)
def test_what_no_project_could_mean_names_the_file_and_the_reason(text: str, words: str) -> None:
    with pytest.raises(MetadataError) as caught:
        parse_metadata(text, "a-1.whl")
    assert "a-1.whl" in caught.value.message
    assert words in "\n".join(caught.value.evidence)


@pytest.mark.parametrize(
    ("filename", "version", "text", "words"),
    [
        ("a-1.0-py3-none-any.whl", "1.0", "Name: b\nVersion: 1.0", "project a, its metadata says b"),
        ("a-1.0-py3-none-any.whl", "1.0", "Name: a\nVersion: 1.1", "version 1.0, its metadata says 1.1"),
        ("a-1.0+cpu-py3-none-any.whl", "1.0+cpu", "Name: a\nVersion: 1.0", "1.0+cpu, its metadata says 1.0"),
        ("a-b-1.0.tar.gz", "1.0", "Name: c\nVersion: 1.0", "project a-b, its metadata says c"),
    ],
)
def test_metadata_that_contradicts_its_file_name(filename: str, version: str, text: str, words: str) -> None:
    found = parse_metadata(f"Metadata-Version: 2.1\n{text}\n", filename)
    with pytest.raises(ContradictoryMetadata) as caught:
        check_against(found, artifact(filename, version))
    assert filename in caught.value.message
    assert words in caught.value.evidence[0]


@pytest.mark.parametrize(
    ("filename", "version", "text"),
    [
        ("A.b_C-1.0-py3-none-any.whl", "1.0", "Name: a-B.c\nVersion: 1.0.0"),
        ("a-b-1.0-1.tar.gz", "1.0.post1", "Name: a-b\nVersion: 1.0-1"),
        ("a-v1.0.zip", "1.0", "Name: a\nVersion: 1.0"),
    ],
)
def test_other_spellings_of_name_and_version_are_no_contradiction(
    filename: str, version: str, text: str
) -> None:
    found = parse_metadata(f"Metadata-Version: 2.1\n{text}\n", filename)
    assert check_against(found, artifact(filename, version)) == found


@pytest.mark.parametrize(
    ("text", "static"),
    [
        ("Metadata-Version: 2.2", True),
        ("Metadata-Version: 2.10", True),
        ("Metadata-Version: 2.1", False),
        ("Metadata-Version: 1.2", False),
        ("Name: a", False),
        ("Metadata-Version: 2.2\nDynamic: Requires-Dist", False),
        ("Metadata-Version: 2.4\nDynamic: requires-python", False),
        ("Metadata-Version: 2.4\nDynamic: License-File\nDynamic: Provides-Extra", False),
        ("Metadata-Version: 2.4\nDynamic: License-File\nDynamic: Version", True),
    ],
)
def test_when_an_sdists_word_may_be_taken(text: str, static: bool) -> None:
    assert static_sdist_fields(parse_headers(text)) is static


NAMES = st.sampled_from(["Name", "Version", "Requires-Dist", "X-Odd"])
VALUES = st.text(st.characters(codec="ascii", exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85"), max_size=30)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_headers_agree_with_the_email_parser(pairs: list[tuple[str, str]]) -> None:
    text = "".join(f"{name}: {value.strip()}\n" for name, value in pairs) + "\nbody: x\n"
    expected: dict[str, list[str]] = {}
    for name, value in email.parser.HeaderParser().parsestr(text).items():
        expected.setdefault(name.lower(), []).append(str(value).strip())
    assert parse_headers(text) == expected


@given(st.text())
def test_any_text_is_metadata_or_an_error(text: str) -> None:
    with contextlib.suppress(MetadataError):
        parse_metadata(text, "file")
