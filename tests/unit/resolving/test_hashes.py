"""Hashes that a requirements file gives: the chosen file must have one of them."""

from __future__ import annotations

import hashlib

import pytest

from provenv.errors import IndexAnswerError, NoSolution
from provenv.manifest.values import FileRule
from support.index_server import TestIndex
from support.resolving import Ask

WRONG = "0" * 64


def line(asked: str, *hashes: str) -> str:
    return " ".join((asked, *(f"--hash={text}" for text in hashes)))


def test_the_file_with_the_hash_is_taken(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", tags=["cp312-cp312-manylinux_2_28_x86_64"])
    (plain,) = index.add("a", "1.0")
    package = ask.package("a", line("a==1.0", f"sha256:{WRONG}", f"sha256:{plain.hashes['sha256']}"))
    assert package.artifact and package.artifact.filename == plain.filename


def test_the_hash_may_be_written_in_capitals(index: TestIndex, ask: Ask) -> None:
    (file,) = index.add("a", "1.0")
    assert ask(line("a==1.0", f"sha256:{file.hashes['sha256'].upper()}")) == {"a": "1.0"}


def test_an_older_version_is_taken_where_only_its_file_has_the_hash(index: TestIndex, ask: Ask) -> None:
    (old,) = index.add("a", "1.0")
    index.add("a", "2.0")
    assert ask(line("a", f"sha256:{old.hashes['sha256']}")) == {"a": "1.0"}


def test_no_file_with_the_hash_is_no_solution(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0")
    error = ask.error(line("a==1.0", f"sha256:{WRONG}"))
    assert isinstance(error, NoSolution)
    assert "has no file with a hash that the manifest gives" in str(error)


def test_packages_without_hashes_are_free(index: TestIndex, ask: Ask) -> None:
    (file,) = index.add("a", "1.0", requires=["b"])
    index.add("b", "1.0")
    assert set(ask(line("a==1.0", f"sha256:{file.hashes['sha256']}"))) == {"a", "b"}


def test_a_file_whose_index_gives_no_hash_is_looked_at(index: TestIndex, ask: Ask) -> None:
    index.hashes = False
    (file,) = index.add("a", "1.0")
    assert ask(line("a==1.0", f"sha256:{file.hashes['sha256']}")) == {"a": "1.0"}
    error = ask.error(line("a==1.0", f"sha256:{WRONG}"))
    assert isinstance(error, IndexAnswerError)
    assert file.filename in error.message


@pytest.mark.parametrize("algorithm", ["sha512", "sha384"])
def test_an_algorithm_that_the_index_does_not_say_is_computed(
    index: TestIndex, ask: Ask, algorithm: str
) -> None:
    (file,) = index.add("a", "1.0")
    digest = hashlib.new(algorithm, file.content).hexdigest()
    assert ask(line("a==1.0", f"{algorithm}:{digest}")) == {"a": "1.0"}
    assert isinstance(ask.error(line("a==1.0", f"{algorithm}:{digest[::-1]}")), IndexAnswerError)


def test_a_hash_of_a_line_that_does_not_hold_here_does_not_count(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0")
    index.add("a", "2.0")
    roots = ("a; sys_platform == 'linux'", line("a==1.0; sys_platform == 'win32'", f"sha256:{WRONG}"))
    assert ask(*roots) == {"a": "2.0"}


def test_a_direct_file_must_have_its_hash(index: TestIndex, ask: Ask) -> None:
    (file,) = index.add("a", "1.0")
    url = index.file_url(file.filename)
    assert ask(f"a @ {url}#sha256={file.hashes['sha256']}") == {"a": "1.0"}
    assert isinstance(ask.error(f"a @ {url}#sha256={WRONG}"), IndexAnswerError)
    assert isinstance(ask.error(line(f"a @ {url}", f"sha256:{WRONG}")), IndexAnswerError)


def test_a_file_that_is_not_what_its_index_says_is_refused(index: TestIndex, ask: Ask) -> None:
    index.pep658 = False
    (file,) = index.add("a", "1.0", tags=(), sdist=True)
    file.hashes = {"sha256": WRONG}
    error = ask.error("a", build=FileRule(everything=True))
    assert isinstance(error, IndexAnswerError)
    assert file.filename in str(error)
