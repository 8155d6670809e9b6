"""What the metadata of candidates mean: markers, contradictions, packages that need themselves."""

from __future__ import annotations

import pytest

from provenv.errors import IndexAnswerError, InputError, NoSolution
from support.distributions import make_wheel, metadata_text
from support.index_server import ServedFile, TestIndex
from support.resolving import Ask


def serve(index: TestIndex, filename: str, metadata: str, project: str = "a") -> None:
    """A wheel whose metadata are what they are."""
    content = make_wheel(project, filename.split("-")[1], metadata)
    index.add_file(project, ServedFile(filename, content, metadata.encode()))


# --- the same requirement twice


def test_requirements_with_disjoint_markers_do_not_meet(index: TestIndex, ask: Ask) -> None:
    for version in ("1.0", "2.0"):
        index.add("a", version)
    index.add("b", "1.0", requires=["a<2; python_version < '3.12'", "a>=2; python_version >= '3.12'"])
    assert ask("b") == {"a": "2.0", "b": "1.0"}
    roots = ("a==2.0; sys_platform == 'linux'", "a==1.0; sys_platform != 'linux'")
    assert ask(*roots) == {"a": "2.0"}
    ask.target = {"platforms": ("macos-arm64",), "python": ("3.11",)}
    assert ask(*roots) == {"a": "1.0"}


def test_requirements_on_one_package_add_up(index: TestIndex, ask: Ask) -> None:
    for version in ("1.0", "1.5", "2.0"):
        index.add("a", version)
    index.add("b", "1.0", requires=["a<2", "a!=1.5"])
    assert ask("b") == {"a": "1.0", "b": "1.0"}
    assert ask("a<2", "a!=1.5") == {"a": "1.0"}


def test_markers_are_those_of_the_target(index: TestIndex, ask: Ask) -> None:
    index.add(
        *("a", "1.0"),
        requires=["b; platform_machine == 'arm64' and sys_platform == 'darwin'", "c; os_name == 'nt'"],
    )
    index.add("b", "1.0")
    index.add("c", "1.0")
    found = {}
    for platform in ("linux-x86_64", "macos-arm64", "windows-x86_64"):
        ask.target = {"platforms": (platform,)}
        found[platform] = "".join(sorted(ask("a")))
    assert found == {"linux-x86_64": "a", "macos-arm64": "ab", "windows-x86_64": "ac"}


# --- metadata that can't be right


@pytest.mark.parametrize(("name", "version"), [("other", "1.0"), ("a", "9.9")])
@pytest.mark.parametrize("pep658", [True, False])
def test_metadata_that_contradict_their_file_name_are_an_error_that_names_the_file(
    index: TestIndex, ask: Ask, name: str, version: str, pep658: bool
) -> None:
    index.pep658 = pep658
    index.add("a", "0.5")
    serve(index, "a-1.0-py3-none-any.whl", metadata_text(name, version))
    error = ask.error("a")
    assert isinstance(error, IndexAnswerError)
    assert "a-1.0-py3-none-any.whl" in error.message


def test_another_spelling_of_name_and_version_is_no_contradiction(index: TestIndex, ask: Ask) -> None:
    serve(index, "a_b-1.0-py3-none-any.whl", metadata_text("A.B", "1.0.0"), "a-b")
    assert ask("a-b") == {"a-b": "1.0"}


@pytest.mark.parametrize(
    "line", ["Requires-Dist: b ===== 1", "Requires-Dist: b; platform_machine ~= 'x'", "Requires-Dist: b @"]
)
def test_a_version_whose_metadata_make_no_sense_is_passed_over(index: TestIndex, ask: Ask, line: str) -> None:
    index.add("a", "1.0")
    serve(index, "a-2.0-py3-none-any.whl", metadata_text("a", "2.0", more=[line]))
    assert ask("a") == {"a": "1.0"}
    error = ask.error("a==2.0")
    assert isinstance(error, NoSolution)
    assert "can't be used" in str(error)


def test_a_marker_of_the_manifest_without_a_meaning_is_an_error(index: TestIndex, ask: Ask) -> None:
    error = ask.error("a; platform_machine ~= 'x'")
    assert isinstance(error, InputError)
    assert "platform_machine" in str(error)


# --- packages that need themselves


def test_a_package_may_depend_on_itself(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", requires=["a", "a>=0.5"])
    package = ask.package("a")
    assert (package.version, package.requires) == ("1.0", ())


def test_a_version_that_needs_another_version_of_itself_is_passed_over(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0")
    index.add("a", "2.0", requires=["a<2"])
    assert ask("a") == {"a": "1.0"}
    assert isinstance(ask.error("a>=2"), NoSolution)


def test_circles_come_to_an_end(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", requires=["b"])
    index.add("b", "1.0", requires=["c"])
    index.add("c", "1.0", requires=["a"])
    assert ask("a") == {"a": "1.0", "b": "1.0", "c": "1.0"}


# --- the answer


def test_a_package_says_what_it_needs_here(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", requires=["c", "B>=1", "d; sys_platform == 'win32'"], requires_python=">=3.8")
    for name in ("b", "c", "d"):
        index.add(name, "1.0")
    package = ask.package("a")
    assert (package.requires, package.requires_python) == (("b", "c"), ">=3.8")


@pytest.mark.parametrize("hashes", [True, False])
def test_every_file_has_its_hash_and_size(index: TestIndex, ask: Ask, hashes: bool) -> None:
    index.hashes = index.sizes = hashes
    (file,) = index.add("a", "1.0")
    artifact = ask.package("a").artifact
    assert artifact
    assert (artifact.hashes["sha256"], artifact.size) == (file.hashes["sha256"], len(file.content))
