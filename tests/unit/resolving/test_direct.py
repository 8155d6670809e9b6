"""Direct references: wheels, sdists, folders and commits in the manifest, and those in other metadata."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenv.errors import BuildError, IndexAnswerError, InputError, NetworkError, NoSolution
from provenv.manifest.values import FileRule
from provenv.resolution import Direct
from provenv.resolving.resolve import Options
from support.distributions import make_sdist, make_wheel, metadata_text
from support.git_server import Repository
from support.index_server import ServedFile, TestIndex
from support.resolving import Ask

WHEEL = "a-1.0-py3-none-any.whl"
WINDOWS = "cp312-cp312-win_amd64"


def pyproject(name: str, version: str = "1.0", *requires: str, python: str | None = None) -> str:
    lines = [f'name = "{name}"', f'version = "{version}"', f"dependencies = {list(requires)}"]
    return "\n".join(["[project]", *lines, *([f'requires-python = "{python}"'] if python else [])]) + "\n"


def folder(place: Path, text: str) -> Path:
    place.mkdir(parents=True)
    (place / "pyproject.toml").write_text(text)
    return place


@pytest.fixture
def wheels(index: TestIndex) -> TestIndex:
    """The wheel of `a` 1.0, which needs `b`, served from an address but listed as 1.0 of three."""
    for version in ("1.0", "2.0", "3.0"):
        index.add("a", version, requires=["b"])
    index.add("b", "1.0")
    return index


# --- what the manifest names


def test_a_wheel_at_an_address(wheels: TestIndex, ask: Ask) -> None:
    url = wheels.file_url(WHEEL)
    found = ask.resolution(f"a @ {url}")
    assert {p.name: p.version for p in found.packages} == {"a": "1.0", "b": "1.0"}
    package = found.packages[0]
    assert package.direct == Direct(url)
    assert package.artifact and package.artifact.hashes["sha256"] and package.requires == ("b",)
    assert wheels.paths("/simple/a/") == 0


def test_a_wheel_on_this_disk_whose_name_it_says_itself(wheels: TestIndex, ask: Ask, tmp_path: Path) -> None:
    wheels.write(tmp_path / "wheels")
    assert ask(f"./wheels/{WHEEL}") == {"a": "1.0", "b": "1.0"}


def test_an_sdist_named_by_the_manifest_may_be_built(index: TestIndex, ask: Ask) -> None:
    content = make_sdist("a", "1.0", requires=["b"], static=False)
    index.add_file("elsewhere", ServedFile("a-1.0.tar.gz", content))
    index.add("b", "1.0")
    assert ask(f"a @ {index.file_url('a-1.0.tar.gz')}") == {"a": "1.0", "b": "1.0"}


def test_a_commit(index: TestIndex, ask: Ask, tmp_path: Path) -> None:
    index.add("b", "1.0")
    repository = Repository(tmp_path / "repository")
    old = repository.commit({"pyproject.toml": pyproject("a", "1.0", "b")})
    repository.commit({"pyproject.toml": pyproject("a", "2.0", "b")})
    package = ask.package("a", f"a @ git+{repository.url}@{old}")
    assert (package.version, package.artifact) == ("1.0", None)
    assert package.direct and (package.direct.vcs, package.direct.commit) == ("git", old)
    assert ask(f"a @ git+{repository.url}") == {"a": "2.0", "b": "1.0"}


@pytest.mark.parametrize("editable", [False, True])
def test_a_folder(index: TestIndex, ask: Ask, tmp_path: Path, editable: bool) -> None:
    index.add("b", "1.0")
    folder(tmp_path / "project", pyproject("a", "1.0", "b"))
    package = ask.package("a", "-e ./project" if editable else "./project")
    assert package.direct and (package.direct.folder, package.direct.editable) == (True, editable)
    assert (package.version, package.requires) == ("1.0", ("b",))


def test_extras_of_a_direct_reference(index: TestIndex, ask: Ask, tmp_path: Path) -> None:
    index.add("x", "1.0")
    extras = '[project.optional-dependencies]\nmore = ["x", "a[deep]"]\ndeep = []\n'
    place = folder(tmp_path / "project", pyproject("a") + extras)
    package = ask.package("a", f"a[more] @ {place.as_uri()}")
    assert (package.requires, package.extras) == (("x",), ("deep", "more"))


def test_others_get_what_the_manifest_names(wheels: TestIndex, ask: Ask) -> None:
    wheels.add("c", "1.0", requires=["a"])
    wheels.add("c", "2.0", requires=["a>=2"])
    assert ask("c", f"a @ {wheels.file_url(WHEEL)}") == {"a": "1.0", "b": "1.0", "c": "1.0"}
    error = ask.error("c>=2", f"a @ {wheels.file_url(WHEEL)}")
    assert isinstance(error, NoSolution)
    assert f"which is 1.0 at {wheels.file_url(WHEEL)}" in str(error)


def test_specifiers_on_a_direct_reference_follow_pep_440(wheels: TestIndex, ask: Ask) -> None:
    wheels.add("d", "1.0+local")
    url = wheels.file_url("d-1.0+local-py3-none-any.whl")
    assert ask(f"d @ {url}", "d==1.0") == {"d": "1.0+local"}
    assert isinstance(ask.error(f"d @ {url}", "d>1.0"), NoSolution)


def test_a_prerelease_at_an_address_is_meant(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0rc1")
    url = index.file_url("a-1.0rc1-py3-none-any.whl")
    assert ask(f"a @ {url}", prerelease="never") == {"a": "1.0rc1"}


# --- what does not fit


def test_an_address_of_another_project_is_an_error(wheels: TestIndex, ask: Ask) -> None:
    error = ask.error(f"c @ {wheels.file_url(WHEEL)}")
    assert isinstance(error, InputError)
    assert "is not c" in error.message
    assert error.origin


def test_two_addresses_of_one_package_are_an_error(wheels: TestIndex, ask: Ask) -> None:
    one, other = wheels.file_url(WHEEL), wheels.file_url("a-2.0-py3-none-any.whl")
    error = ask.error(f"a @ {one}", f"a @ {other}")
    assert isinstance(error, InputError)
    assert {one, other} <= set(error.evidence)


def test_one_address_in_two_spellings_is_one(wheels: TestIndex, ask: Ask, tmp_path: Path) -> None:
    wheels.write(tmp_path / "wheels")
    uri = (tmp_path / "wheels" / WHEEL).as_uri()
    assert ask(f"./wheels/{WHEEL}", f"a @ {uri}", f"a @ {uri}#egg=a")["a"] == "1.0"


def test_addresses_whose_markers_are_disjoint_do_not_meet(wheels: TestIndex, ask: Ask) -> None:
    one, other = wheels.file_url(WHEEL), wheels.file_url("a-2.0-py3-none-any.whl")
    found = ask(f"a @ {one} ; sys_platform == 'win32'", f"a @ {other} ; sys_platform == 'linux'")
    assert found["a"] == "2.0"


def test_a_wheel_for_another_platform_is_no_solution(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", tags=[WINDOWS])
    url = index.file_url(f"a-1.0-{WINDOWS}.whl")
    error = ask.error(f"a @ {url}")
    assert isinstance(error, NoSolution)
    assert f"is a wheel for {WINDOWS}, not for Python 3.12 on linux-x86_64" in str(error)
    ask.target = {"platforms": ("windows-x86_64",)}
    assert ask(f"a @ {url}") == {"a": "1.0"}


@pytest.mark.parametrize("kind", ["wheel", "folder"])
def test_a_reference_for_another_python_is_no_solution(
    index: TestIndex, ask: Ask, tmp_path: Path, kind: str
) -> None:
    index.add("a", "1.0", requires_python=">=3.13")
    folder(tmp_path / "project", pyproject("a", python=">=3.13"))
    error = ask.error(f"a @ {index.file_url(WHEEL)}" if kind == "wheel" else "./project")
    assert isinstance(error, NoSolution)
    assert "requires Python >=3.13" in str(error)


def test_a_constraint_counts_for_a_direct_reference_too(wheels: TestIndex, ask: Ask) -> None:
    error = ask.error(f"a @ {wheels.file_url(WHEEL)}", constraints=["a>=2"])
    assert isinstance(error, NoSolution)
    assert "the constraint a>=2" in str(error)


def test_an_address_where_nothing_is(index: TestIndex, ask: Ask) -> None:
    assert isinstance(
        ask.error(f"a @ {index.file_url('a-1.0-py3-none-any.whl')}"), NetworkError | IndexAnswerError
    )
    assert isinstance(ask.error("./nothing"), InputError)


def test_a_wheel_whose_metadata_contradict_its_name(index: TestIndex, ask: Ask) -> None:
    index.add_file("x", ServedFile(WHEEL, make_wheel("a", "1.0", metadata_text("a", "2.0"))))
    error = ask.error(f"a @ {index.file_url(WHEEL)}")
    assert isinstance(error, IndexAnswerError)
    assert WHEEL in error.message


# --- overrides and constraints with an address


def test_an_override_settles_two_addresses(wheels: TestIndex, ask: Ask) -> None:
    one, other, third = (wheels.file_url(f"a-{v}.0-py3-none-any.whl") for v in (1, 2, 3))
    assert ask(f"a @ {one}", f"a @ {other}", overrides=[f"a @ {third}"])["a"] == "3.0"
    assert ask(f"a @ {one}", overrides=["a>=2"])["a"] == "3.0"


def test_an_override_to_a_source_is_consent_to_build_it(wheels: TestIndex, ask: Ask, tmp_path: Path) -> None:
    folder(tmp_path / "fork", pyproject("b", "7.0"))
    assert ask("a", overrides=[f"b @ {(tmp_path / 'fork').as_uri()}"]) == {"a": "3.0", "b": "7.0"}


def test_a_constraint_may_say_at_which_address_a_package_lies(wheels: TestIndex, ask: Ask) -> None:
    constraint = f"a @ {wheels.file_url(WHEEL)}"
    wheels.add("c", "1.0", requires=["a"])
    assert ask("c", constraints=[constraint])["a"] == "1.0"
    assert ask("b", constraints=[constraint]) == {"b": "1.0"}
    assert isinstance(ask.error("a>=2", constraints=[constraint]), NoSolution)
    other = f"a @ {wheels.file_url('a-2.0-py3-none-any.whl')}"
    assert isinstance(ask.error(other, constraints=[constraint]), InputError)


# --- what other metadata ask for


def test_a_package_may_ask_for_a_wheel_at_an_address(wheels: TestIndex, ask: Ask) -> None:
    wheels.add("c", "1.0", requires=[f"a @ {wheels.file_url(WHEEL)}"])
    assert ask("c") == {"a": "1.0", "b": "1.0", "c": "1.0"}
    assert ask.package("a", "c").direct == Direct(wheels.file_url(WHEEL))


def test_what_another_package_wants_built_is_a_dead_end_unless_the_manifest_allows_it(
    index: TestIndex, ask: Ask
) -> None:
    index.add_file("elsewhere", ServedFile("b-1.0.tar.gz", make_sdist("b", "1.0")))
    index.add("a", "1.0")
    index.add("a", "2.0", requires=[f"b @ {index.file_url('b-1.0.tar.gz')}"])
    assert ask("a") == {"a": "1.0"}
    assert "needs b built from source" in str(ask.error("a>=2"))
    assert ask("a", build=FileRule(names=frozenset({"b"}))) == {"a": "2.0", "b": "1.0"}
    ask.options = Options({}, build_any=True)
    assert ask("a") == {"a": "2.0", "b": "1.0"}


def test_a_folder_of_the_manifest_may_name_its_sibling(index: TestIndex, ask: Ask, tmp_path: Path) -> None:
    sibling = folder(tmp_path / "sibling", pyproject("b", "2.0"))
    folder(tmp_path / "project", pyproject("a", "1.0", f"b @ {sibling.as_uri()}"))
    assert ask("./project") == {"a": "1.0", "b": "2.0"}


def test_two_packages_that_want_two_addresses_can_not_be_had_together(wheels: TestIndex, ask: Ask) -> None:
    wheels.add("c", "1.0", requires=[f"a @ {wheels.file_url(WHEEL)}"])
    wheels.add("d", "1.0", requires=["a"])
    wheels.add("d", "2.0", requires=[f"a @ {wheels.file_url('a-2.0-py3-none-any.whl')}"])
    assert ask("c", "d") == {"a": "1.0", "b": "1.0", "c": "1.0", "d": "1.0"}
    assert isinstance(ask.error("c", "d>=2"), NoSolution)


def test_an_address_that_leads_nowhere_is_given_up(wheels: TestIndex, ask: Ask) -> None:
    wheels.add("c", "2.0", requires=[f"a @ {wheels.file_url(WHEEL)}", "a>=2"])
    wheels.add("c", "1.0", requires=["a>=2"])
    assert ask("c") == {"a": "3.0", "b": "1.0", "c": "1.0"}


def test_an_address_for_which_nobody_asks_in_the_end_is_not_used(wheels: TestIndex, ask: Ask) -> None:
    wheels.add("c", "2.0", requires=[f"a @ {wheels.file_url(WHEEL)}", "b>=2"])
    wheels.add("c", "1.0", requires=["a"])
    assert ask("c") == {"a": "3.0", "b": "1.0", "c": "1.0"}
    assert ask.package("a", "c").direct is None


@pytest.mark.parametrize(
    ("address", "story"),
    [
        ("{url}", "is not d"),
        ("file://elsewhere/d-1.0-py3-none-any.whl", "another machine"),
        ("nowhere.whl", "no file"),
    ],
)
def test_a_mistake_in_somebodys_address_is_a_dead_end(
    wheels: TestIndex, ask: Ask, address: str, story: str
) -> None:
    wheels.add("c", "1.0")
    wheels.add("c", "2.0", requires=[f"d @ {address.format(url=wheels.file_url(WHEEL))}"])
    assert ask("c") == {"c": "1.0"}
    assert story in str(ask.error("c>=2"))


def test_a_build_that_fails_is_an_error(ask: Ask, tmp_path: Path) -> None:
    place = folder(tmp_path / "project", '[build-system]\nrequires = []\nbuild-backend = "nothing_here"\n')
    error = ask.error(f"a @ {place.as_uri()}")
    assert isinstance(error, BuildError)
