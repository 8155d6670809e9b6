"""The standard tables of a pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenv.errors import Origin
from provenv.manifest.read import read_manifest

from .conftest import Read, Refuse, Write


def test_requirements_keep_their_text_and_line(project: Read) -> None:
    manifest = project(
        """\
[project]
name = "Demo"
requires-python = ">=3.11"
dependencies = [
  "numpy >= 2",
  "torch[opt] ; sys_platform == 'linux'",
]
"""
    )
    assert (manifest.name, manifest.requires_python, manifest.kind) == ("Demo", ">=3.11", "pyproject")
    assert [(r.text, r.origin) for r in manifest.requirements] == [
        ("numpy >= 2", Origin("pyproject.toml", 5)),
        ("torch[opt] ; sys_platform == 'linux'", Origin("pyproject.toml", 6)),
    ]
    assert manifest.requirements[1].requirement.extras == ("opt",)
    assert manifest.lockfiles == Path("lockfiles").absolute()


def test_an_empty_project_table_is_a_manifest_that_asks_for_nothing(project: Read) -> None:
    manifest = project("[project]\nname = 'x'\n")
    assert manifest.requirements == ()
    assert manifest.requires_python is None


def test_a_folder_means_its_pyproject(write: Write, folder: Path) -> None:
    write("pyproject.toml", "[project]\nname='x'\ndependencies=['a']\n")
    assert [r.text for r in read_manifest(folder).requirements] == ["a"]


def test_crlf_and_a_byte_order_mark_change_nothing(write: Write) -> None:
    text = "[project]\r\nname = 'x'\r\ndependencies = [\r\n 'a',\r\n 'b']\r\n"
    manifest = read_manifest(write("pyproject.toml", b"\xef\xbb\xbf" + text.encode()))
    assert [(r.text, r.origin.line) for r in manifest.requirements] == [("a", 4), ("b", 5)]


def test_a_bad_requirement_is_refused_where_it_stands(refused: Refuse) -> None:
    error = refused("[project]\nname='x'\ndependencies = [\n 'good',\n 'numpy=2',\n]\n")
    assert error.origin == Origin("pyproject.toml", 5)
    assert error.exit_code == 2
    assert "'numpy=2' is not a requirement" in error.message
    assert error.hints == ("did you mean 'numpy==2'?",)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[project\nname='x'\n", 1, "not valid TOML"),
        (
            "[project]\nname='x'\ndependencies = { numpy = '2' }\n",
            3,
            "must be an array of strings, not a table",
        ),
        ("[project]\nname='x'\ndependencies = ['a',\n 3]\n", 4, "holds strings, not `3`"),
        ("[project]\nname='x'\nrequires-python = '^3.9'\n", 3, "no version specifier"),
        ("[project]\nname='x'\n[project.optional-dependencies]\na_b=[]\na-b=[]\n", 5, "here twice"),
        ("project = 3\n", 1, "must be a table"),
        ("[project]\nname='x'\ndynamic=['dependencies']\ndependencies=[]\n", 3, "both listed as dynamic"),
    ],
)
def test_broken_standard_tables_are_refused_with_their_line(
    refused: Refuse, text: str, line: int, message: str
) -> None:
    error = refused(text)
    assert error.origin == Origin("pyproject.toml", line)
    assert message in error.message


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ('dependencies = ["a" "b"]\n', 1, "put a comma between its values, and ] behind the last one"),
        ('dependencies = ["a",\n"b"\n', 3, "put a comma between its values, and ] behind the last one"),
        ('x = 1\ndependencies = ["a",,]\n', 2, "texts stand in quotes, lists in [ ], and one comma between"),
        ("name = x\n", 1, "texts stand in quotes"),
        ("name\n", 1, "a line is `key = value` or `[table]`"),
        ('name = "x\n', 1, "close the text with the quote that it begins with"),
        ("a = 1\na = 2\n", 2, "this key is there already"),
        ("[a]\n[b]\n[a]\n", 3, "this table is there already"),
    ],
)
def test_a_slip_in_the_toml_is_told_with_what_mends_it(
    refused: Refuse, text: str, line: int, hint: str
) -> None:
    error = refused(text)
    assert error.message.startswith("not valid TOML: ")
    assert error.origin == Origin("pyproject.toml", line)
    assert [one for one in error.hints if one.startswith(hint)] == list(error.hints) != []


def test_an_empty_file_is_called_that(refused: Refuse) -> None:
    assert refused("").evidence == ("it is empty",)


def test_requires_python_in_poetrys_form_gets_its_right_spelling(refused: Refuse) -> None:
    error = refused("[project]\nname='x'\nrequires-python = '^3.9'\n")
    assert error.hints == ('write it as `requires-python = ">=3.9"`',)


class TestGroups:
    def test_groups_include_groups_and_every_requirement_keeps_its_place(self, project: Read) -> None:
        manifest = project(
            """\
[dependency-groups]
Test = ["pytest", {include-group = "type_check"}]
type-check = ["mypy>=1"]
[tool.provenv]
groups = ["test"]
"""
        )
        assert manifest.known_groups == ("test", "type-check")
        assert [(r.text, r.group, r.origin.line) for r in manifest.requirements] == [
            ("pytest", "test", 2),
            ("mypy>=1", "test", 3),
            ("mypy>=1", "type-check", 3),
        ]
        assert [r.text for r in manifest.selected()] == ["pytest", "mypy>=1"]

    @pytest.mark.parametrize(
        ("groups", "line", "message", "hint"),
        [
            (
                "a = [{include-group = 'b'}]\nb = [{include-group = 'a'}]",
                3,
                "circle: a includes b includes a",
                "",
            ),
            ("a = [{include-group = 'a'}]", 2, "circle: a includes a", ""),
            ("'-x' = []", 2, "'-x' can't name a group", "letters, digits, - _ and . will do"),
            ("dev = []\na = [{include-group = 'dve'}]", 3, "'dve', which is no group", "did you mean 'dev'?"),
            ("a = [{include = 'b'}]", 2, "requirements and {include-group", ""),
            ("a = [{include-group = 'b', x = 1}]\nb=[]", 2, "requirements and {include-group", ""),
            ("a = 'pytest'", 2, "must be an array", ""),
            ("a_b = []\na-b = []", 3, "the group 'a_b' again", ""),
            ("a = ['pytest', '=2']", 2, "is not a requirement", ""),
        ],
    )
    def test_what_pep_735_forbids_is_refused(
        self, refused: Refuse, groups: str, line: int, message: str, hint: str
    ) -> None:
        error = refused(f"[dependency-groups]\n{groups}\n")
        assert error.origin == Origin("pyproject.toml", line)
        assert message in error.message
        assert error.hints == ((hint,) if hint else ())


class TestOwnExtras:
    def test_an_extra_that_names_the_project_means_what_its_extras_hold(self, project: Read) -> None:
        manifest = project(
            """\
[project]
name = "My.Pkg"
[project.optional-dependencies]
train = ["torch"]
docs = ["sphinx; python_version < '4'"]
all = ["my-pkg[train,docs]; sys_platform == 'linux'", "extra"]
"""
        )
        of_all = [r for r in manifest.requirements if r.extra == "all"]
        assert [(r.text, r.requirement.marker) for r in of_all] == [
            ("sphinx; python_version < '4'", '(sys_platform == "linux") and (python_version < "4")'),
            ("torch", 'sys_platform == "linux"'),
            ("extra", None),
        ]

    def test_extras_that_name_each_other_end(self, project: Read) -> None:
        manifest = project(
            "[project]\nname='p'\n[project.optional-dependencies]\na=['p[b]','x']\nb=['p[a]','y']\n"
        )
        assert [r.text for r in manifest.requirements if r.extra == "a"] == ["y", "x"]

    def test_an_own_extra_that_is_not_there_is_a_warning(self, project: Read) -> None:
        manifest = project("[project]\nname='p'\n[project.optional-dependencies]\na=['p[nope]']\n")
        assert manifest.requirements == ()
        assert [(w.message, w.origin) for w in manifest.warnings] == [
            ("the project has no extra 'nope'", Origin("pyproject.toml", 4))
        ]


class TestDynamic:
    def test_dynamic_dependencies_are_refused_with_the_line_of_the_word(
        self, refused: Refuse, write: Write
    ) -> None:
        write("requirements.in", "a")
        error = refused("[project]\nname='x'\ndynamic = ['version',\n 'dependencies']\n")
        assert error.origin == Origin("pyproject.toml", 4)
        assert "dependencies are dynamic" in error.message
        assert "`provenv lock -r requirements.in`" in error.hints[1]

    def test_dynamic_dependencies_in_a_file_are_followed(self, project: Read, write: Write) -> None:
        write("reqs/base.txt", "# base\nnumpy>=2 # why\n")
        write("reqs/dev.txt", "pytest\n")
        manifest = project(
            """\
[project]
name = "x"
dynamic = ["dependencies", "optional-dependencies"]
[tool.setuptools.dynamic]
dependencies = { file = ["reqs/base.txt"] }
optional-dependencies.dev = { file = "reqs/dev.txt" }
"""
        )
        assert [(r.text, str(r.origin), r.extra) for r in manifest.requirements] == [
            ("numpy>=2", "reqs/base.txt:2", None),
            ("pytest", "reqs/dev.txt:1", "dev"),
        ]
        assert manifest.known_extras == ("dev",)

    def test_hatchs_requirements_plugin_is_followed(self, project: Read, write: Write) -> None:
        write("requirements.txt", "numpy\n")
        manifest = project(
            "[project]\nname='x'\ndynamic=['dependencies']\n"
            "[tool.hatch.metadata.hooks.requirements_txt]\nfiles=['requirements.txt']\n"
        )
        assert [r.text for r in manifest.requirements] == ["numpy"]

    def test_a_named_file_that_is_not_there_is_refused_where_it_is_named(self, refused: Refuse) -> None:
        error = refused(
            "[project]\nname='x'\ndynamic=['dependencies']\n"
            "[tool.setuptools.dynamic]\ndependencies = {file = 'gone.txt'}\n"
        )
        assert error.origin == Origin("pyproject.toml", 5)
        assert error.message == "there is no file gone.txt"


def test_dependencies_in_setuptools_old_files_are_told(project: Read, write: Write) -> None:
    write("setup.py", "from setuptools import setup\nsetup(install_requires=['numpy'])\n")
    manifest = project("[project]\nname='x'\n")
    assert [(w.message, w.origin) for w in manifest.warnings] == [
        (
            "[project] lists no dependencies, and those in setup.py do not count beside it",
            Origin("pyproject.toml", 1),
        )
    ]


def test_direct_references_are_read_from_the_projects_folder(project: Read, folder: Path) -> None:
    manifest = project(
        "[project]\nname='x'\ndependencies = ['a @ {root:uri}/libs/a', 'b @ ./b', 'c @ git+https://h.example/c@v1']\n"
    )
    urls = [r.requirement.url for r in manifest.requirements]
    assert [w.origin.line for w in manifest.warnings if w.origin] == [3, 3]
    assert urls == [
        f"{folder.resolve().as_uri()}/libs/a",
        f"{folder.resolve().as_uri()}/b",
        "git+https://h.example/c@v1",
    ]


def test_a_direct_reference_to_nothing_is_refused(refused: Refuse) -> None:
    error = refused("[project]\nname='x'\ndependencies = ['numpy @ 1.2']\n")
    assert "'1.2' is neither an address nor a path" in error.message
