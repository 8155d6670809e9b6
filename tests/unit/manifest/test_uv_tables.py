"""[tool.uv]: what has a twin here is followed, the rest is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenv.errors import Origin
from provenv.manifest.negation import negated
from provenv.manifest.values import FileRule, Index, Manifest, Pin
from provenv.standards.markers import compile_marker

from .conftest import Read, Refuse, Write

HEAD = "[project]\nname='x'\ndependencies=['torch>=2', 'numpy']\n"


def warned(manifest: Manifest) -> list[tuple[str, int | None]]:
    return [
        (w.message.split(" is not followed")[0], w.origin.line if w.origin else None)
        for w in manifest.warnings
    ]


def test_indexes_and_pins(project: Read) -> None:
    manifest = project(
        HEAD
        + """\
[tool.uv.sources]
torch = [
  { index = "cu", marker = "sys_platform == 'linux'" },
  { index = "cpu", marker = "sys_platform != 'linux'", extra = "cpu" },
]
[[tool.uv.index]]
name = "cu"
url = "https://index.example/cu128"
explicit = true
[[tool.uv.index]]
name = "cpu"
url = "https://index.example/cpu"
[[tool.uv.index]]
url = "https://index.example/simple"
default = true
[[tool.uv.index]]
name = "page"
url = "https://index.example/page"
format = "flat"
"""
    )
    assert manifest.indexes == (
        Index("cu", "https://index.example/cu128", explicit=True, origin=Origin("pyproject.toml", 9)),
        Index("cpu", "https://index.example/cpu", origin=Origin("pyproject.toml", 13)),
        Index("page", "https://index.example/page", flat=True, origin=Origin("pyproject.toml", 19)),
        Index(
            "https://index.example/simple",
            "https://index.example/simple",
            default=True,
            origin=Origin("pyproject.toml", 16),
        ),
    )
    assert manifest.pins == (
        Pin("torch", "cu", "sys_platform == 'linux'", origin=Origin("pyproject.toml", 6)),
        Pin("torch", "cpu", "sys_platform != 'linux'", "cpu", origin=Origin("pyproject.toml", 7)),
    )
    assert manifest.warnings == ()


def test_an_index_that_is_not_there_is_refused(refused: Refuse) -> None:
    error = refused(
        HEAD + "[tool.uv.sources]\ntorch = {index = 'pytroch'}\n"
        "[[tool.uv.index]]\nname='pytorch'\nurl='https://index.example/cpu'\n"
    )
    assert (error.origin, error.hints) == (Origin("pyproject.toml", 5), ("did you mean 'pytorch'?",))


def test_a_source_of_what_is_not_required_by_name_is_told(project: Read) -> None:
    manifest = project(
        HEAD
        + "[tool.uv.sources]\ntriton = {index = 'i'}\n[[tool.uv.index]]\nname='i'\nurl='https://i.example/s'\n"
    )
    assert manifest.pins == ()
    assert "tool.uv.sources.triton has no effect" in manifest.warnings[0].message


def test_what_provenv_is_told_comes_before_what_uv_is_told(project: Read) -> None:
    manifest = project(
        HEAD
        + """\
[tool.uv]
prerelease = "allow"
[tool.uv.sources]
torch = { index = "corp" }
[[tool.uv.index]]
name = "corp"
url = "https://uv.example/simple"
[[tool.uv.index]]
url = "https://default.example/simple"
default = true
[tool.provenv]
prerelease = "never"
[[tool.provenv.indexes]]
name = "corp"
url = "https://corp.example/simple"
packages = ["torch*"]
default = false
[[tool.provenv.indexes]]
name = "main"
url = "https://main.example/simple"
default = true
"""
    )
    assert [(i.name, i.url, i.default, i.explicit) for i in manifest.indexes] == [
        ("corp", "https://corp.example/simple", False, False),
        ("https://default.example/simple", "https://default.example/simple", False, True),
        ("main", "https://main.example/simple", True, False),
    ]
    assert manifest.pins == ()
    assert manifest.prerelease == "never"


def test_rules_with_a_twin_are_followed(project: Read) -> None:
    manifest = project(
        HEAD
        + """\
[dependency-groups]
lint = ["ruff"]
[tool.uv]
constraint-dependencies = ["grpcio<2"]
override-dependencies = ["werkzeug==2.3"]
exclude-dependencies = ["triton"]
exclude-newer = "2026-01-01T00:00:00Z"
exclude-newer-package = { torch = false }
no-binary-package = ["opencc"]
no-build-package = ["torch"]
default-groups = "all"
dev-dependencies = ["pytest"]
extra-index-url = ["https://index.example/extra"]
index-url = "https://index.example/simple"
package = false
resolution = "highest"
"""
    )
    assert [(c.text, c.origin.line) for c in manifest.constraints] == [("grpcio<2", 7)]
    assert [o.text for o in manifest.overrides] == ["werkzeug==2.3"]
    assert manifest.excluded_dependencies == ("triton",)
    assert manifest.exclude_newer == "2026-01-01T00:00:00Z"
    assert manifest.exclude_newer_package == (("torch", None),)
    assert manifest.no_binary == manifest.build == FileRule(names=frozenset({"opencc"}))
    assert manifest.only_binary == FileRule(names=frozenset({"torch"}))
    assert manifest.groups == ("lint",)
    assert manifest.known_groups == ("lint", "dev")
    assert [(r.text, r.group) for r in manifest.requirements if r.group] == [
        ("ruff", "lint"),
        ("pytest", "dev"),
    ]
    assert [(i.url, i.default) for i in manifest.indexes] == [
        ("https://index.example/extra", False),
        ("https://index.example/simple", True),
    ]
    assert manifest.warnings == ()


def test_what_changes_the_answer_and_is_not_followed_is_named(project: Read, write: Write) -> None:
    write("uv.toml", "")
    manifest = project(
        HEAD
        + """\
[tool.uv]
resolution = "lowest"
environments = ["sys_platform == 'linux'"]
conflicts = [[{ extra = "a" }, { extra = "b" }]]
prerelease = "explicit"
frobnicate = 1
"""
    )
    assert warned(manifest) == [
        ("tool.uv.resolution", 5),
        ("tool.uv.environments", 6),
        ("tool.uv.conflicts", 7),
        ("tool.uv.prerelease = 'explicit'", 8),
        ("tool.uv.frobnicate", 9),
        ("uv.toml beside this file takes the place of [tool.uv] for uv, and is not read here", 4),
    ]


class TestAddresses:
    def source(self, project: Read, source: str) -> list[tuple[str, str | None, bool]]:
        manifest = project(HEAD + f"[tool.uv.sources]\ntorch = {source}\n")
        return [
            (str(r.requirement), r.requirement.url, r.editable)
            for r in manifest.requirements
            if r.requirement.name == "torch"
        ]

    @pytest.mark.parametrize(
        ("source", "url"),
        [
            ("{ git = 'https://h.example/t' }", "git+https://h.example/t"),
            ("{ git = 'https://h.example/t', tag = 'v1' }", "git+https://h.example/t@v1"),
            (
                "{ git = 'ssh://git@h.example/t', rev = 'abc', subdirectory = 's' }",
                "git+ssh://git@h.example/t@abc#subdirectory=s",
            ),
            ("{ url = 'https://h.example/t-1-py3-none-any.whl' }", "https://h.example/t-1-py3-none-any.whl"),
        ],
    )
    def test_of_checkouts_and_files(self, project: Read, source: str, url: str) -> None:
        assert self.source(project, source) == [(f"torch @ {url}", url, False)]

    def test_of_folders(self, project: Read, folder: Path) -> None:
        url = (folder / "lib").resolve().as_uri()
        assert self.source(project, "{ path = 'lib', editable = true }") == [(f"torch @ {url}", url, True)]

    def test_a_marked_source_leaves_the_rest_to_the_index(self, project: Read) -> None:
        found = self.source(
            project, "[{ url = 'https://h.example/t.zip', marker = \"sys_platform == 'linux'\" }]"
        )
        assert [text for text, *_ in found] == [
            "torch @ https://h.example/t.zip ; sys_platform == 'linux'",
            'torch>=2; sys_platform != "linux"',
        ]

    def test_of_members_of_a_workspace(self, project: Read, write: Write, folder: Path) -> None:
        write("packages/one/pyproject.toml", "[project]\nname='Torch'\n")
        manifest = project(
            HEAD
            + "[tool.uv.workspace]\nmembers=['packages/*']\n[tool.uv.sources]\ntorch = {workspace = true}\n"
        )
        torch = manifest.requirements[0]
        assert torch.requirement.url == (folder / "packages/one").resolve().as_uri()
        assert torch.editable is True

    def test_a_member_that_is_not_there_is_told(self, project: Read) -> None:
        manifest = project(HEAD + "[tool.uv.sources]\ntorch = {workspace = true}\n")
        assert warned(manifest) == [("tool.uv.sources.torch", 5)]
        assert manifest.requirements[0].requirement.url is None

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            ("{ gti = 'https://h.example/t' }", "neither an index, git, url, path nor workspace"),
            ("{ marker = \"os_name == 'nt'\" }", "neither an index, git, url, path nor workspace"),
            ("{ url = 'https://h.example/t.zip', marker = 'linux' }", "'linux' is no marker"),
            ("'https://h.example'", "must be a table"),
        ],
    )
    def test_a_broken_source_is_refused(self, refused: Refuse, source: str, message: str) -> None:
        error = refused(HEAD + f"[tool.uv.sources]\ntorch = {source}\n")
        assert error.origin == Origin("pyproject.toml", 5)
        assert message in error.message

    def test_a_key_that_a_newer_uv_may_know_is_told(self, project: Read) -> None:
        manifest = project(HEAD + "[tool.uv.sources]\ntorch = {git = 'https://h.example/t', depth = 1}\n")
        assert warned(manifest) == [("tool.uv.sources.torch.depth", 5)]

    def test_no_sources_leaves_them_out(self, project: Read) -> None:
        manifest = project(
            HEAD + "[tool.uv]\nno-sources=true\n[tool.uv.sources]\ntorch={url='https://h.example/t.zip'}\n"
        )
        assert manifest.requirements[0].requirement.url is None


ATOMS = st.sampled_from(
    [
        "sys_platform == 'linux'",
        "os_name != 'nt'",
        "python_version >= '3.9'",
        "'x' in platform_machine",
        "python_version < '3.9'",
    ]
)
MARKERS = st.recursive(
    ATOMS,
    lambda inner: st.builds(lambda a, o, b: f"({a}) {o} ({b})", inner, st.sampled_from(["and", "or"]), inner),
    max_leaves=6,
)
ENVIRONMENTS = st.fixed_dictionaries(
    {
        "sys_platform": st.sampled_from(["linux", "win32"]),
        "os_name": st.sampled_from(["posix", "nt"]),
        "python_version": st.sampled_from(["3.8", "3.12"]),
        "platform_machine": st.sampled_from(["x86_64", "arm64"]),
    }
)


@given(MARKERS, ENVIRONMENTS)
def test_the_opposite_of_a_marker_holds_where_it_does_not(marker: str, environment: dict[str, str]) -> None:
    opposite = negated(marker)
    assert opposite is not None
    assert compile_marker(marker).evaluate(environment) is not compile_marker(opposite).evaluate(environment)


@pytest.mark.parametrize("marker", ["python_version ~= '3.9'", "extra == 'a'", "platform_machine < 'x'"])
def test_a_marker_without_an_opposite_has_none(marker: str) -> None:
    assert negated(marker) is None
