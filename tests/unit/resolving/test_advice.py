"""What an error without a solution proposes: the edit or flag that mends it, checked before it is said."""

from __future__ import annotations

import pytest

from provenv.errors import NoSolution
from provenv.hooks.types import Builds, Rejected
from provenv.manifest.values import Index
from provenv.resolving.explanation import no_build
from support.index_server import TestIndex
from support.locking import TARGET
from support.resolving import Ask

TABLE = "[tool.provenv]"


def hints(ask: Ask, *requirements: str, **manifest: object) -> tuple[str, ...]:
    """The hints to the author of a pyproject.toml."""
    return ask.error(*requirements, **{"kind": "pyproject", **manifest}).hints


def story(ask: Ask, *requirements: str, **manifest: object) -> str:
    """The lines of the proof, without the conclusion."""
    return "\n".join(ask.error(*requirements, **manifest).evidence[:-1])


# --- what is not there


def test_a_misspelt_package_is_told_by_another_that_is_there(index: TestIndex, ask: Ask) -> None:
    index.add("jieba", "1.0")
    assert hints(ask, "jeiba", "jieba") == ("did you mean jieba?",)


def test_a_module_s_name_leads_to_its_distribution_where_the_index_has_it(index: TestIndex, ask: Ask) -> None:
    index.add("scikit-learn", "1.0")
    assert hints(ask, "sklearn") == ("did you mean scikit-learn?",)
    assert "opencv" not in str(hints(ask, "cv2"))


@pytest.mark.parametrize(
    ("kind", "line", "way"),
    [
        ("pyproject", "a", '[tool.provenv] indexes = [{ name = "...", url = "..." }]'),
        ("requirements", "a", "`--index NAME=URL`"),
        ("requirements", "a --hash=sha256:" + "0" * 64, "`--extra-index-url URL` in requirements.in"),
    ],
)
def test_an_index_of_one_s_own_is_named_as_this_manifest_does(
    ask: Ask, kind: str, line: str, way: str
) -> None:
    found = ask.error(line, kind=kind).hints
    assert found == (f"check its spelling; where an index of your own has a, name that: {way}",)


def test_the_spelling_of_what_a_package_asks_for_is_not_the_user_s(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", requires=["b"])
    (hint,) = hints(ask, "a")
    assert hint.startswith("where an index of your own has b, name that")


# --- what the target can't use


def test_wheels_for_other_pythons_are_told_with_the_newest(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", tags=["cp39-cp39-manylinux_2_17_x86_64", "cp310-cp310-manylinux_2_17_x86_64"])
    index.add("b", "1.0", requires=["a"])
    assert hints(ask, "b") == (
        f'a 1.0 has wheels for Python 3.9 to 3.10 on linux-x86_64: {TABLE} python = ["3.10"]',
    )


def test_wheels_for_other_systems_are_told(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", tags=["cp312-cp312-win_amd64", "cp312-cp312-macosx_11_0_arm64"])
    assert hints(ask, "a") == ("a 1.0 has wheels for Windows (amd64) and macOS (arm64) only",)


def test_wheels_for_a_newer_system_name_the_word_that_promises_it(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", tags=["cp312-cp312-manylinux_2_39_x86_64", "cp312-cp312-manylinux_2_34_x86_64"])
    assert hints(ask, "a") == (f'a 1.0 has wheels for glibc 2.34 and newer: {TABLE} glibc = "2.34"',)
    assert ask.error("a").hints[0].endswith("`--glibc 2.34`")


def test_the_newest_version_with_a_file_is_named_where_it_is_not_what_was_asked(
    index: TestIndex, ask: Ask
) -> None:
    index.add("a", "1.0")
    index.add("a", "2.0", tags=["cp312-cp312-win_amd64"])
    index.add("b", "1.0", requires=["a>=2"])
    assert hints(ask, "b") == (
        "a 2.0 has wheels for Windows (amd64) only",
        "the newest a with a file for Python 3.12 on linux-x86_64 is 1.0",
    )


@pytest.mark.parametrize(
    ("asks", "hint"),
    [
        (">=3.13", 'a 1.0 is for Python 3.13: [tool.provenv] python = ["3.13"]'),
        ("<3.11", 'a 1.0 is for Python 3.10: [tool.provenv] python = ["3.10"]'),
        (
            ">=3.12.4",
            'a 1.0 is for Python 3.12.4 (a bare 3.12 is its .0): [tool.provenv] python = ["3.12.4"]',
        ),
    ],
)
def test_the_nearest_python_that_a_version_is_for(index: TestIndex, ask: Ask, asks: str, hint: str) -> None:
    index.add("a", "1.0", requires_python=asks)
    assert hints(ask, "a") == (hint,)


def test_several_reasons_are_each_told_of_their_versions(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", requires_python="<3.12")
    index.add("a", "2.0", requires_python=">=3.13")
    told = story(ask, "a")
    assert told.endswith("a, which can't be used: 1.0 requires Python <3.12; 2.0 requires Python >=3.13;")


@pytest.mark.parametrize(
    ("kind", "line", "way"),
    [
        ("pyproject", "a", f'{TABLE} build = ["a"]'),
        ("requirements", "a", "`--build-any`"),
        ("requirements", "a --config-settings=x=y", "`--no-binary a` in requirements.in"),
    ],
)
def test_a_build_is_allowed_as_this_manifest_does(
    index: TestIndex, ask: Ask, kind: str, line: str, way: str
) -> None:
    index.add("a", "1.0", tags=(), sdist=True)
    assert ask.error(line, kind=kind).hints == (f"allow a build from source: {way}",)


def test_what_was_yanked_can_be_had_by_an_exact_pin(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", yanked="broken")
    assert hints(ask, "a>=1") == ("to have a 1.0 all the same, ask for a==1.0",)
    assert ask("a==1.0") == {"a": "1.0"}


def test_a_broken_file_is_told_in_the_sentence_that_it_belongs_to(index: TestIndex, ask: Ask) -> None:
    index.pep658 = False
    (file,) = index.add("a", "1.0")
    file.content, file.hashes, file.size = b"no zip", {}, 6
    assert story(ask, "a") == (
        "the command line asks for a, which can't be used: a-1.0-py3-none-any.whl is no zip file that can be "
        "read (it has no end of central directory record);"
    )


def test_a_page_that_lists_nothing_may_be_the_wrong_one(index: TestIndex, ask: Ask) -> None:
    index.pages["/simple/a/"] = ("text/html", b"<title>Log in</title><form></form>")
    assert hints(ask, "a") == ("the page of a lists no file that can be used: is the index's address right?",)


def test_a_hash_that_no_file_has_is_told_with_those_that_there_are(index: TestIndex, ask: Ask) -> None:
    (file,) = index.add("a", "1.0")
    (hint,) = hints(ask, f"a==1.0 --hash=sha256:{'0' * 64}")
    digest = file.hashes["sha256"]
    assert hint == (
        f"if it was replaced on purpose, correct the hash: a-1.0-py3-none-any.whl has sha256:{digest}"
    )


# --- exclude-newer


def published(index: TestIndex, name: str, version: str, day: str, *requires: str) -> None:
    index.add(name, version, requires=requires, uploaded=f"{day}T10:00:00Z")


def test_the_first_day_with_a_solution_is_named_with_what_was_published(index: TestIndex, ask: Ask) -> None:
    published(index, "a", "1.0", "2024-01-01")
    published(index, "a", "2.0", "2024-05-03", "b>=2")
    published(index, "a", "3.0", "2024-09-03")
    published(index, "b", "1.0", "2024-01-01")
    published(index, "b", "2.0", "2024-06-01")
    error = ask.error("a>=2", kind="pyproject", exclude_newer="2024-03-02T00:00:00Z")
    assert "2.0 was published on 2024-05-03, and exclude-newer is 2024-03-01" in str(error)
    assert error.hints[0] == (
        f'from 2024-06-01 on there is a solution (b 2.0): {TABLE} exclude-newer = "2024-06-01"'
    )
    assert ask("a>=2", exclude_newer="2024-06-02T00:00:00Z") == {"a": "2.0", "b": "2.0"}


def test_no_day_is_named_where_none_helps(index: TestIndex, ask: Ask) -> None:
    published(index, "a", "2.0", "2024-05-03", "missing")
    assert hints(ask, "a", exclude_newer="2024-03-02T00:00:00Z") == ()


# --- what contradicts itself


def util_in_two_worlds(index: TestIndex) -> None:
    index.add("old", "1.0", requires=["util<2"])
    index.add("new", "1.0", requires=["util>=2"])
    index.add("util", "1.0")
    index.add("util", "2.0")


def test_where_nothing_can_be_loosened_it_is_said_what_could_be_left_out(index: TestIndex, ask: Ask) -> None:
    util_in_two_worlds(index)
    left_out = (
        "nothing that the manifest asks for can be loosened; without new or without old there is a solution"
    )
    assert hints(ask, "old", "new") == (
        left_out,
        f'or settle util against what the others ask for, at your own risk: {TABLE} overrides = ["util>=2"]',
    )
    assert ask.error("old", "new").hints == (left_out,)
    assert ask("old", "new", overrides=["util>=2"])["util"] == "2.0"


def test_a_constraint_is_loosened_where_that_helps(index: TestIndex, ask: Ask) -> None:
    util_in_two_worlds(index)
    assert hints(ask, "old", constraints=["util>=2"]) == (
        "loosen the constraint util>=2 (the command line): with util 1.0 there is a solution",
    )


def test_an_override_that_nothing_satisfies_is_named_and_loosened(index: TestIndex, ask: Ask) -> None:
    util_in_two_worlds(index)
    error = ask.error("old", kind="pyproject", overrides=["util>=9"])
    assert "old, which depends on util>=9 (the override the command line), which no version" in str(error)
    assert error.hints == ("loosen the override util>=9 (the command line): without it there is a solution",)


def test_extras_and_markers_are_told_apart(index: TestIndex, ask: Ask) -> None:
    index.add("x", "1.0", extras={"fast": ["util<2"], "slow": ["util>=2"]})
    index.add("util", "1.0")
    index.add("util", "2.0")
    assert story(ask, "x[fast,slow]; python_version > '3'").splitlines() == [
        'the command line asks for x[fast] (where python_version > "3"), which depends on util<2;',
        'the command line asks for x[slow] (where python_version > "3"), which depends on util>=2;',
    ]
    assert ask.error("x[fast,slow]").evidence[-1] == "so x[fast] and x[slow] can't be had together."


def test_what_a_package_at_an_address_is_asked_for_keeps_its_specifier(index: TestIndex, ask: Ask) -> None:
    util_in_two_worlds(index)
    url = f"{index.base}/files/util-1.0-py3-none-any.whl"
    error = ask.error("new", f"util @ {url}", kind="pyproject")
    assert error.evidence[0] == (
        f"the command line asks for new, which depends on util>=2, which is 1.0 at {url} (the command line);"
    )
    assert error.hints == (
        "name the address of another util (the command line), or util alone, to have an index's",
    )


# --- several builds of an accelerator


def conflict(newest: str, index: str) -> NoSolution:
    asks = f"pyproject.toml:4 asks for t==9, which no version satisfies (the newest is {newest});"
    note = f"note: t follows the build, from {index} alone"
    return NoSolution("no solution", evidence=[asks, "so t==9 can't be had.", note], hints=["loosen t==9"])


def test_builds_with_the_same_story_tell_it_once() -> None:
    failures = [("cu2", conflict("2.1", "https://index.example/cu2")), ("cu1", conflict("2.0", "elsewhere"))]
    error = no_build(TARGET, failures, Builds((), (Rejected("cu3", "it needs 9; this target promises 1"),)))
    assert error.evidence == (
        "cu3: it needs 9; this target promises 1",
        "cu2, cu1: no solution",
        "  pyproject.toml:4 asks for t==9, which no version satisfies (the newest is 2.1);",
        "  so t==9 can't be had.",
    )
    assert error.hints == (
        "loosen t==9",
        "let the target promise what a rejected build needs, where its machines have it",
    )


def test_one_build_s_story_says_where_its_packages_come_from() -> None:
    error = no_build(TARGET, [("cu2", conflict("2.1", "https://index.example/cu2"))], Builds(()))
    assert error.evidence[-1] == "  note: t follows the build, from https://index.example/cu2 alone"


def test_a_manifest_that_has_no_place_for_it_names_the_file_that_has(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", tags=(), sdist=True)
    (hint,) = ask.error("a", kind="environment").hints
    assert hint == 'allow a build from source: in a pyproject.toml, [tool.provenv] build = ["a"]'


def test_a_package_that_is_pinned_to_an_index_without_it_is_told_where_it_is(
    index: TestIndex, ask: Ask
) -> None:
    index.add("a", "1.0")
    with TestIndex() as other:
        pinned = Index("other", other.url, packages=("a",))
        error = ask.error("a", indexes=(pinned, Index("main", index.url, default=True)))
    assert error.hints == (f"a is on {index.url}, where it is not looked for",)
    assert "note: the manifest pins a to the index other" in str(error)


def test_the_wheels_of_a_release_s_builds_are_told_together(index: TestIndex, ask: Ask) -> None:
    index.add("a", "2.1", tags=["cp312-cp312-win_amd64"])
    index.add("a", "2.1+cpu", tags=["cp310-cp310-manylinux_2_17_x86_64"])
    assert hints(ask, "a==2.1")[0].startswith("a 2.1+cpu has wheels for Python 3.10 on linux-x86_64")


def test_a_build_is_no_way_to_a_version_for_another_python(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0", tags=["cp313-cp313-manylinux_2_17_x86_64"], sdist=True, requires_python=">=3.13")
    assert story(ask, "a").endswith("a, which requires Python >=3.13;")
    assert hints(ask, "a") == (f'a 1.0 is for Python 3.13: {TABLE} python = ["3.13"]',)


def test_prereleases_are_no_way_where_the_target_has_no_file_of_them(index: TestIndex, ask: Ask) -> None:
    index.add("a", "1.0")
    for version in ("2.0", "3.0rc1"):
        index.add("a", version, tags=["cp313-cp313-manylinux_2_17_x86_64"])
    assert not any("prerelease" in hint for hint in hints(ask, "a>=2"))


def test_an_exact_pin_of_a_yanked_version_is_proposed_only_where_many_are(index: TestIndex, ask: Ask) -> None:
    for n in range(1, 12):
        index.add("a", f"{n}.0", requires_python="<3.9")
    index.add("a", "12.0", yanked="broken")
    assert not any("all the same" in hint for hint in hints(ask, "a"))


def test_a_requirement_with_an_extra_is_loosened_with_its_package(index: TestIndex, ask: Ask) -> None:
    for version in ("1.0", "2.0"):
        index.add("a", version, extras={"all": ["util"]})
    index.add("util", "1.0")
    index.add("b", "1.0", requires=["a>=2"])
    assert "loosen a[all]<2 (the command line): with a 2.0 there is a solution" in hints(ask, "a[all]<2", "b")


def test_an_extra_against_its_own_package_is_named_once(index: TestIndex, ask: Ask) -> None:
    for version in ("1.0", "2.0"):
        index.add("a", version, extras={"all": ["util"]})
    assert ask.error("a[all]<2", "a>=2").evidence == (
        "the command line asks for a>=2;",
        "the command line asks for a[all]<2;",
        "so a>=2 and a[all]<2 can't be had together.",
    )


def test_thirty_versions_whose_extras_can_t_be_built_are_one_line_each_reason(
    index: TestIndex, ask: Ask
) -> None:
    for n in range(1, 31):
        ends = {"hive": ["hive-driver"], "chart": ["chart>=0.15"], "plain": ["util"]}
        names = "chart" if n <= 20 else "hive"
        index.add("flow", f"{n}.0", extras={**ends, "all": [f"flow[{names},plain]"]})
    index.add("util", "1.0")
    for name in ("hive-driver", "chart"):
        index.add(name, "0.15", tags=(), sdist=True)
    unbuilt = "which has no wheel for Python 3.12 on linux-x86_64 and may not be built from source;"
    assert ask.error("flow[all]").evidence == (
        "the command line asks for flow[all];",
        f"flow[all] >=21.0 depends on hive-driver, {unbuilt}",
        f"flow[all] <21.0 depends on chart>=0.15, {unbuilt}",
        "so flow[all] can't be had.",
    )
