"""What pip's users rely on in its resolver, asked of `provenv resolve`: the answers, and what is not fetched.

Each test is a behaviour, not a case of pip's own tests. The command is run in-process, over a loopback index.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.distributions import make_sdist
from support.git_server import Repository
from support.index_server import ServedFile, TestIndex

Document = dict[str, Any]  # what the command prints as JSON
Run = Callable[..., tuple[int, Document]]


@pytest.fixture
def run(resolve: Callable[..., tuple[int, str, str]]) -> Run:
    """The exit code, and the document."""

    def ask(*arguments: str | Path) -> tuple[int, Document]:
        code, out, _ = resolve("--json", *arguments)
        return code, json.loads(out)

    return ask


def versions(answer: tuple[int, Document]) -> dict[str, str]:
    """The versions by name of an answer that must be one."""
    code, document = answer
    assert code == 0, document
    return {package["name"]: package["version"] for package in document["packages"]}


def refusal(answer: tuple[int, Document]) -> str:
    """The whole story of an answer that must be no solution."""
    code, document = answer
    assert code == 1, document
    assert document["error"]["kind"] == "no-solution"
    return "\n".join([document["error"]["message"], *document["error"]["conflict"]])


def metadata_fetched(index: TestIndex, name: str) -> list[str]:
    """The files of a project of which something was fetched, in order."""
    paths = [path for path in index.requested() if path.startswith(f"/files/{name}-")]
    return [path.removeprefix("/files/").removesuffix(".metadata") for path in dict.fromkeys(paths)]


class TestBasics:
    def test_the_newest_version_and_what_it_needs(self, index: TestIndex, run: Run) -> None:
        index.add("simple", "0.1.0")
        index.add("simple", "0.2.0", requires=["dep"])
        index.add("dep", "0.1.0")
        assert versions(run("simple")) == {"simple": "0.2.0", "dep": "0.1.0"}

    def test_names_are_the_same_in_every_spelling(self, index: TestIndex, run: Run) -> None:
        index.add("Big.Name", "1.0", requires=["Other_Name"])
        index.add("other-name", "1.0")
        assert versions(run("big_name", "BIG-NAME>0.5")) == {"big-name": "1.0", "other-name": "1.0"}

    @pytest.mark.parametrize(
        ("specifier", "expected"),
        [
            ("", "1.2.0"),
            ("<1.2", "1.1.5"),
            ("==1.0", "1.0"),
            ("~=1.0", "1.2.0"),
            ("!=1.2.0", "1.1.5"),
            ("===1.0", "1.0"),
        ],
    )
    def test_specifiers(self, index: TestIndex, run: Run, specifier: str, expected: str) -> None:
        for version in ("1.0", "1.1.5", "1.2.0"):
            index.add("a", version)
        assert versions(run(f"a{specifier}")) == {"a": expected}

    def test_arguments_and_files_are_one_question(self, index: TestIndex, run: Run, tmp_path: Path) -> None:
        for name in ("a", "b", "c"):
            index.add(name, "1.0")
        (tmp_path / "more.in").write_text("b\n-r nested.in\n")
        (tmp_path / "nested.in").write_text("c ; python_version > '3.8'\nabsent ; python_version < '3'\n")
        assert set(versions(run("a", "-r", tmp_path / "more.in"))) == {"a", "b", "c"}

    def test_a_shared_dependency_is_settled_for_both(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0", requires=["dep<2"])
        index.add("b", "1.0", requires=["dep>=1"])
        for version in ("1.0", "1.9", "2.0"):
            index.add("dep", version)
        assert versions(run("a", "b"))["dep"] == "1.9"

    def test_it_goes_back_to_older_versions_of_what_was_asked_for(self, index: TestIndex, run: Run) -> None:
        for minor in range(5):
            index.add("a", f"1.{minor}", requires=[f"dep=={minor}.0"])
            index.add("dep", f"{minor}.0", requires=["missing"] if minor else [])
        assert versions(run("a")) == {"a": "1.0", "dep": "0.0"}

    def test_a_version_that_wants_another_python_is_not_an_answer(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0", requires_python=">=3.8")
        index.add("a", "2.0", requires_python=">=3.99")
        assert versions(run("a")) == {"a": "1.0"}
        assert "requires Python >=3.99" in refusal(run("a==2.0"))

    def test_prereleases_are_for_those_who_ask(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0")
        index.add("a", "2.0.dev1")
        assert versions(run("a")) == {"a": "1.0"}
        assert versions(run("a>=2.0.dev0")) == {"a": "2.0.dev1"}
        assert versions(run("a", "--prerelease", "allow")) == {"a": "2.0.dev1"}

    def test_an_older_wheel_before_building_a_newer_sdist(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0")
        index.add("a", "2.0", tags=(), sdist=True)
        assert versions(run("a")) == {"a": "1.0"}
        assert versions(run("a", "--build-any")) == {"a": "2.0"}
        assert versions(run("a", "--build-any", "--only-binary", "a")) == {"a": "1.0"}
        assert versions(run("a", "--build-any", "--only-binary", ":all:")) == {"a": "1.0"}

    def test_circles_and_packages_that_need_themselves(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0", requires=["b", "a"])
        index.add("b", "1.0", requires=["a"])
        assert versions(run("a")) == {"a": "1.0", "b": "1.0"}

    def test_a_second_run_needs_no_file_again(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0", requires=["b"])
        index.add("b", "1.0")
        first = run("a")
        index.log.clear()
        assert run("a") == first
        assert [path for path in index.requested() if path.startswith("/files/")] == []


class TestExtras:
    def test_an_extra_of_a_dependency(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0", requires=["b[more]"])
        index.add("b", "1.0", extras={"more": ["c"]})
        index.add("c", "1.0")
        assert set(versions(run("a"))) == {"a", "b", "c"}

    def test_extras_of_two_requirements_come_together(self, index: TestIndex, run: Run) -> None:
        index.add("b", "1.0", extras={"one": ["c"], "two": ["d"]})
        index.add("a", "1.0", requires=["b[two]"])
        index.add("c", "1.0")
        index.add("d", "1.0")
        code, document = run("b[one]", "a")
        assert code == 0
        assert {p["name"]: p["extras"] for p in document["packages"] if p["extras"]} == {"b": ["one", "two"]}

    def test_a_missing_extra_warns_and_goes_on(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0")
        code, document = run("a[nope]")
        assert (code, document["notes"]) == (0, ["a 1.0 has no extra 'nope'"])

    def test_an_extra_does_not_loosen_its_package(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0", extras={"more": []})
        index.add("a", "2.0", extras={"more": []})
        assert versions(run("a[more]", "a<2")) == {"a": "1.0"}
        assert versions(run("a", "a[more]==1.0")) == {"a": "1.0"}

    def test_an_extra_may_ask_for_its_own_package_with_another(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0", extras={"all": ["a[more]"], "more": ["b"]})
        index.add("b", "1.0")
        assert versions(run("a[all]")) == {"a": "1.0", "b": "1.0"}

    def test_an_extra_whose_requirement_can_not_be_met(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0", extras={"more": ["b>=9"]})
        index.add("b", "1.0")
        assert versions(run("a")) == {"a": "1.0"}
        assert "a[more]" in refusal(run("a[more]"))


class TestConstraints:
    def constraints(self, tmp_path: Path, *lines: str) -> tuple[str, Path]:
        path = tmp_path / "constraints.txt"
        path.write_text("\n".join(lines) + "\n")
        return "-c", path

    def test_they_limit_what_is_needed_and_ask_for_nothing(
        self, index: TestIndex, run: Run, tmp_path: Path
    ) -> None:
        index.add("a", "1.0", requires=["b"])
        for version in ("1.0", "2.0"):
            index.add("b", version)
        limits = self.constraints(tmp_path, "b<2", "never-heard-of==3")
        assert versions(run("a", *limits)) == {"a": "1.0", "b": "1.0"}

    def test_the_place_of_a_constraint_is_told(self, index: TestIndex, run: Run, tmp_path: Path) -> None:
        index.add("a", "1.0")
        story = refusal(run("a", *self.constraints(tmp_path, "# a comment", "a>1")))
        assert "constraints.txt:2" in story

    def test_a_constraint_with_a_marker(self, index: TestIndex, run: Run, tmp_path: Path) -> None:
        for version in ("1.0", "2.0"):
            index.add("a", version)
        limits = self.constraints(tmp_path, "a<2 ; sys_platform == 'win32'")
        assert versions(run("a", *limits)) == {"a": "2.0"}

    def test_a_constraint_with_an_address(self, index: TestIndex, run: Run, tmp_path: Path) -> None:
        for version in ("1.0", "2.0"):
            index.add("a", version)
        index.add("b", "1.0", requires=["a"])
        limits = self.constraints(tmp_path, f"a @ {index.file_url('a-1.0-py3-none-any.whl')}")
        assert versions(run("b", *limits)) == {"a": "1.0", "b": "1.0"}
        assert refusal(run("b", "a>1", *limits))

    def test_a_constraint_on_a_folder_of_the_manifest(
        self, index: TestIndex, run: Run, tmp_path: Path
    ) -> None:
        (tmp_path / "project").mkdir()
        (tmp_path / "project" / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1.0"\n')
        assert versions(run("./project", *self.constraints(tmp_path, "a<2"))) == {"a": "1.0"}
        assert "the constraint a>=2" in refusal(run("./project", *self.constraints(tmp_path, "a>=2")))


class TestAddresses:
    def test_a_file_folder_and_commit(self, index: TestIndex, run: Run, tmp_path: Path) -> None:
        project = '[project]\nname = "{}"\nversion = "1.0"\n'
        index.add("a", "1.0")
        (tmp_path / "here").mkdir()
        (tmp_path / "here" / "pyproject.toml").write_text(project.format("b"))
        repository = Repository(tmp_path / "repository")
        commit = repository.commit({"sub/pyproject.toml": project.format("c")})
        code, document = run(
            f"a @ {index.file_url('a-1.0-py3-none-any.whl')}",
            "./here",
            f"c @ git+{repository.url}@{commit}#subdirectory=sub",
        )
        assert code == 0
        assert [p["name"] for p in document["packages"]] == ["a", "b", "c"]
        assert document["packages"][0]["sha256"]

    def test_what_is_at_an_address_stands_for_the_package_everywhere(
        self, index: TestIndex, run: Run
    ) -> None:
        for version in ("1.0", "2.0"):
            index.add("a", version)
        index.add("b", "1.0", requires=["a>=1"])
        url = index.file_url("a-1.0-py3-none-any.whl")
        assert versions(run("b", f"a @ {url}")) == {"a": "1.0", "b": "1.0"}
        assert "1.0" in refusal(run("a>=2", f"a @ {url}"))

    def test_an_sdist_at_an_address_is_built_because_it_was_asked_for(
        self, index: TestIndex, run: Run
    ) -> None:
        index.add_file("x", ServedFile("a-1.0.tar.gz", make_sdist("a", "1.0", requires=["b"], static=False)))
        index.add("b", "1.0")
        assert versions(run(f"a @ {index.file_url('a-1.0.tar.gz')}")) == {"a": "1.0", "b": "1.0"}

    def test_two_addresses_for_one_package_are_a_mistake(self, index: TestIndex, run: Run) -> None:
        urls = []
        for version in ("1.0", "2.0"):
            index.add("a", version)
            urls.append(f"a @ {index.file_url(f'a-{version}-py3-none-any.whl')}")
        code, document = run(*urls)
        assert (code, document["error"]["kind"]) == (2, "input")

    def test_a_wheel_that_does_not_fit_is_refused(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0", tags=["cp312-cp312-win_amd64"])
        assert "win_amd64" in refusal(run(f"a @ {index.file_url('a-1.0-cp312-cp312-win_amd64.whl')}"))

    def test_an_editable_folder_with_an_extra(self, index: TestIndex, run: Run, tmp_path: Path) -> None:
        index.add("b", "1.0")
        text = '[project]\nname = "a"\nversion = "1.0"\n[project.optional-dependencies]\nmore = ["b"]\n'
        (tmp_path / "here").mkdir()
        (tmp_path / "here" / "pyproject.toml").write_text(text)
        (tmp_path / "requirements.in").write_text("-e ./here[more]\n")
        assert versions(run("-r", "requirements.in")) == {"a": "1.0", "b": "1.0"}


class TestLaziness:
    """Metadata are not fetched for versions that were never considered, nor pages for packages."""

    def test_only_the_chosen_version_is_looked_at(self, index: TestIndex, run: Run) -> None:
        for minor in range(20):
            index.add("a", f"1.{minor}")
        assert versions(run("a")) == {"a": "1.19"}
        assert metadata_fetched(index, "a") == ["a-1.19-py3-none-any.whl"]

    def test_a_pin_looks_at_the_pinned_version_alone(self, index: TestIndex, run: Run) -> None:
        for minor in range(5):
            index.add("a", f"1.{minor}")
        run("a==1.2")
        assert metadata_fetched(index, "a") == ["a-1.2-py3-none-any.whl"]

    def test_versions_that_the_page_rules_out_are_not_looked_at(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0")
        index.add("a", "2.0", tags=["cp312-cp312-win_amd64"])
        index.add("a", "3.0", requires_python=">=3.99")
        index.add("a", "4.0", yanked="bad")
        index.add("a", "5.0a1")
        index.add("a", "6.0", tags=(), sdist=True)
        assert versions(run("a")) == {"a": "1.0"}
        assert metadata_fetched(index, "a") == ["a-1.0-py3-none-any.whl"]

    def test_a_page_is_fetched_once(self, index: TestIndex, run: Run) -> None:
        for name in ("a", "b", "c"):
            index.add(name, "1.0", requires=["shared"])
        index.add("shared", "1.0")
        run("a", "b", "c")
        assert index.paths("/simple/shared/") == 1

    def test_going_back_stops_at_the_first_that_fits(self, index: TestIndex, run: Run) -> None:
        for minor in range(10):
            index.add("a", f"1.{minor}", requires=[f"b=={min(minor, 6)}"])
        index.add("b", "6")
        for minor in range(6):
            index.add("b", str(minor))
        assert versions(run("a", "b<6"))["a"] == "1.5"
        assert "a-1.4-py3-none-any.whl" not in metadata_fetched(index, "a")

    def test_what_only_another_platform_needs_is_not_looked_for(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0", requires=["b; sys_platform == 'win32'", "c; extra == 'more'"])
        run("a")
        assert index.paths("/simple/b/") == index.paths("/simple/c/") == 0

    def test_a_wheel_is_not_downloaded_for_its_metadata(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0", requires=["b"], files={"big.bin": os.urandom(300_000)})
        index.add("b", "1.0")
        run("a")
        assert index.paths("/files/a-1.0-py3-none-any.whl") == 0
        index.pep658 = False
        index.add("c", "1.0", files={"big.bin": os.urandom(300_000)})
        run("c")
        ranges = [r.headers.get("range") for r in index.log if r.path == "/files/c-1.0-py3-none-any.whl"]
        assert ranges and all(ranges)


class TestErrors:
    def test_a_conflict_names_both_sides(self, index: TestIndex, run: Run) -> None:
        index.add("a", "1.0", requires=["dep==1.0"])
        index.add("b", "1.0", requires=["dep==2.0"])
        for version in ("1.0", "2.0"):
            index.add("dep", version)
        story = refusal(run("a", "b"))
        assert "==1.0" in story and "==2.0" in story

    def test_two_requirements_of_the_manifest_that_contradict(self, index: TestIndex, run: Run) -> None:
        for version in ("1.0", "2.0"):
            index.add("a", version)
        story = refusal(run("a<2", "a>=2"))
        assert "a<2" in story and "a>=2" in story

    @pytest.mark.parametrize("asked", ["nothing-here", "a>=9"])
    def test_what_is_not_there_is_named(self, index: TestIndex, run: Run, asked: str) -> None:
        index.add("a", "1.0")
        assert asked in refusal(run(asked))

    def test_a_requirement_that_is_none_has_its_place(
        self, index: TestIndex, run: Run, tmp_path: Path
    ) -> None:
        (tmp_path / "bad.in").write_text("a\n\na ~= x\n")
        code, document = run("-r", "bad.in")
        assert (code, document["error"]["kind"]) == (2, "manifest")
        assert (document["error"]["file"], document["error"]["line"]) == ("bad.in", 3)

    def test_metadata_that_contradict_their_file_are_an_error(self, index: TestIndex, run: Run) -> None:
        (file,) = index.add("other", "1.0")
        index.add_file("a", ServedFile("a-1.0-py3-none-any.whl", file.content, file.metadata))
        code, document = run("a")
        assert (code, document["error"]["kind"]) == (4, "metadata")
        assert "a-1.0-py3-none-any.whl" in document["error"]["message"]

    def test_nothing_asked_for_is_a_mistake(self, run: Run) -> None:
        code, document = run()
        assert (code, document["error"]["kind"]) == (2, "input")


class TestHashes:
    def hashed(self, tmp_path: Path, requirement: str, *digests: str) -> tuple[str, Path]:
        path = tmp_path / "hashed.txt"
        options = " \\\n    ".join(f"--hash=sha256:{digest}" for digest in digests)
        path.write_text(f"{requirement} \\\n    {options}\n")
        return "-r", path

    def test_one_of_several_is_enough(self, index: TestIndex, run: Run, tmp_path: Path) -> None:
        (file,) = index.add("a", "1.0")
        asked = self.hashed(tmp_path, "a==1.0", "0" * 64, file.hashes["sha256"])
        code, document = run(*asked)
        assert code == 0
        assert document["packages"][0]["sha256"] == file.hashes["sha256"]

    def test_none_of_them_is_no_solution(self, index: TestIndex, run: Run, tmp_path: Path) -> None:
        index.add("a", "1.0")
        assert "hash" in refusal(run(*self.hashed(tmp_path, "a==1.0", "0" * 64)))

    def test_the_hash_chooses_among_versions(self, index: TestIndex, run: Run, tmp_path: Path) -> None:
        (old,) = index.add("a", "1.0")
        index.add("a", "2.0")
        assert versions(run(*self.hashed(tmp_path, "a", old.hashes["sha256"]))) == {"a": "1.0"}

    def test_a_hash_in_the_constraints_counts_too(self, index: TestIndex, run: Run, tmp_path: Path) -> None:
        index.add("a", "1.0")
        _, path = self.hashed(tmp_path, "a==1.0", "0" * 64)
        assert "hash" in refusal(run("a", "-c", path))
