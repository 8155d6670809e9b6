"""pip's requirements format."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

import pytest

from provenv.errors import ManifestError, Origin
from provenv.manifest.read import read_manifest
from provenv.manifest.values import FileRule, Index

from .conftest import Read, Refuse, Write

HASH = "sha256:" + "a" * 64


def texts(manifest: object) -> list[tuple[str, str]]:
    return [(r.text, str(r.origin)) for r in manifest.requirements]  # type: ignore[attr-defined]  # a Manifest


class TestLines:
    def test_comments_blank_lines_and_continuations(self, requirements: Read) -> None:
        manifest = requirements(
            "# a comment \\\n\nnumpy>=2 # why\nsix\n"
            f"torch==2.0 \\\n    --hash={HASH} \\\n    --hash={HASH[:-1]}b\n  scipy  \n"
        )
        assert texts(manifest) == [
            ("numpy>=2", "requirements.txt:3"),
            ("six", "requirements.txt:4"),
            ("torch==2.0", "requirements.txt:5"),
            ("scipy", "requirements.txt:8"),
        ]
        assert manifest.requirements[2].hashes == (HASH, HASH[:-1] + "b")

    def test_a_comment_line_ends_a_continuation(self, requirements: Read) -> None:
        assert texts(requirements("numpy \\\n# comment\nscipy\n")) == [
            ("numpy", "requirements.txt:1"),
            ("scipy", "requirements.txt:3"),
        ]

    def test_a_file_may_end_in_a_continuation(self, requirements: Read) -> None:
        assert texts(requirements("numpy \\")) == [("numpy", "requirements.txt:1")]

    @pytest.mark.parametrize(
        "data",
        [
            codecs.BOM_UTF8 + b"numpy\r\nscipy\r\n",
            codecs.BOM_UTF16_LE + "numpy\r\nscipy\r\n".encode("utf-16-le"),
            codecs.BOM_UTF16_BE + "numpy\r\nscipy\r\n".encode("utf-16-be"),
            codecs.BOM_UTF32_LE + "numpy\nscipy".encode("utf-32-le"),
            "numpy\r\nscipy\r\n".encode("utf-16-le"),
            "numpy\nscipy".encode("utf-16-be"),
            "numpy\r\nscipy\r\n".encode("utf-16-le") + b"\n",
            codecs.BOM_UTF16_LE + "numpy\r\nscipy\r\n".encode("utf-16-le") + b"\n",
            b"numpy\r\nscipy\n\n",
            b"numpy\rscipy",
        ],
    )
    def test_encodings_and_line_ends(self, write: Write, data: bytes) -> None:
        manifest = read_manifest(write("requirements.txt", data))
        assert texts(manifest) == [("numpy", "requirements.txt:1"), ("scipy", "requirements.txt:2")]

    def test_a_coding_comment_is_believed(self, write: Write) -> None:
        data = "# -*- coding: gbk -*-\n# 中文\nnumpy\n".encode("gbk")
        manifest = read_manifest(write("requirements.txt", data))
        assert texts(manifest) == [("numpy", "requirements.txt:3")]
        assert manifest.warnings == ()

    def test_bytes_of_no_encoding_are_a_warning_when_they_stand_in_a_comment(self, write: Write) -> None:
        manifest = read_manifest(write("requirements.txt", "numpy\n# 中文\nscipy\n".encode("gbk")))
        assert [r.text for r in manifest.requirements] == ["numpy", "scipy"]
        assert [w.origin for w in manifest.warnings] == [Origin("requirements.txt", 2)]

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"\x00\x00\x02\x00\x03\x01\xff" * 20, "binary file"),
            (b"# coding: klingon\nnumpy\n", "'klingon', which is no encoding"),
            (codecs.BOM_UTF16_LE + b"\x00\xd8a", "is not utf-16-le"),
        ],
    )
    def test_what_is_no_text_is_refused(self, write: Write, data: bytes, message: str) -> None:
        with pytest.raises(ManifestError, match=message) as caught:
            read_manifest(write("requirements.txt", data))
        assert caught.value.origin == Origin("requirements.txt", 1)


class TestVariables:
    def test_a_variable_is_filled_in_and_the_text_stays_as_written(
        self, requirements: Read, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TOKEN", "s3cret")
        monkeypatch.setenv("V", "2.0")
        manifest = requirements("a @ https://u:${TOKEN}@h.example/a-1.zip\nb==${V} ; python_version>'3'\n")
        assert [r.text for r in manifest.requirements] == [
            "a @ https://u:${TOKEN}@h.example/a-1.zip",
            "b==${V} ; python_version>'3'",
        ]
        assert manifest.requirements[0].requirement.url == "https://u:s3cret@h.example/a-1.zip"
        assert manifest.requirements[1].requirement.specifier == "==2.0"
        assert manifest.warnings == ()

    def test_an_unset_variable_stays_and_is_named_in_a_warning(
        self, requirements: Read, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("NOT_SET", raising=False)
        manifest = requirements("a @ git+https://h.example/a@${NOT_SET}\n")
        assert manifest.requirements[0].requirement.url == "git+https://h.example/a@${NOT_SET}"
        assert [(w.message, w.origin) for w in manifest.warnings] == [
            ("the variable NOT_SET is not set, and stays as it is written", Origin("requirements.txt", 1))
        ]

    def test_an_unset_variable_that_breaks_a_requirement_is_named(
        self, requirements_refused: Refuse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("NOT_SET", raising=False)
        error = requirements_refused("ok\na==${NOT_SET}\n")
        assert error.origin == Origin("requirements.txt", 2)
        assert "${NOT_SET}" in error.hints[0]

    @pytest.mark.parametrize("written", ["${lower}", "$UPPER", "${A:-b}"])
    def test_other_dollar_signs_are_no_variables(
        self, requirements: Read, written: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("lower", "UPPER", "A"):
            monkeypatch.setenv(name, "x")
        manifest = requirements(f"a @ https://h.example/{written}\n")
        assert manifest.requirements[0].requirement.url == f"https://h.example/{written}"


class TestIncludes:
    def test_files_are_included_from_the_folder_of_the_file_that_names_them(
        self, requirements: Read, write: Write
    ) -> None:
        write("deps/base.txt", "-r more/inner.txt\nbase\n")
        write("deps/more/inner.txt", "inner\n-c ../../limits.txt\n")
        write("limits.txt", "numpy<3\nfoo[x]==1\n")
        manifest = requirements("-r deps/base.txt\n--requirement=deps/more/inner.txt\ntop\n")
        assert texts(manifest) == [
            ("inner", "deps/more/inner.txt:1"),
            ("base", "deps/base.txt:2"),
            ("inner", "deps/more/inner.txt:1"),
            ("top", "requirements.txt:3"),
        ]
        assert [(str(c.requirement), str(c.origin)) for c in manifest.constraints][:2] == [
            ("numpy<3", "limits.txt:1"),
            ("foo==1", "limits.txt:2"),
        ]

    def test_a_circle_is_refused(self, requirements_refused: Refuse, write: Write) -> None:
        write("b.txt", "x\n-r requirements.txt\n")
        error = requirements_refused("-r b.txt\n")
        assert error.origin == Origin("b.txt", 2)
        assert error.message.endswith("requirements.txt includes b.txt includes requirements.txt")

    def test_a_missing_file_is_refused_where_it_is_named(
        self, requirements_refused: Refuse, write: Write
    ) -> None:
        write("base.txt", "")
        error = requirements_refused("a\n-r bsae.txt\n")
        assert (error.message, error.origin) == ("there is no file bsae.txt", Origin("requirements.txt", 2))
        assert error.hints == ("did you mean 'base.txt'?",)

    @pytest.mark.parametrize("option", ["-r", "-c", "--constraint"])
    def test_an_address_is_refused(self, requirements_refused: Refuse, option: str) -> None:
        error = requirements_refused(f"a\n{option} https://h.example/limits.txt\n")
        assert error.origin == Origin("requirements.txt", 2)
        assert "at an address are not read" in error.message

    @pytest.mark.parametrize("line", ["-e .", "./wheels/a-1-py3-none-any.zip", "=1"])
    def test_a_constraint_has_a_name(self, requirements_refused: Refuse, write: Write, line: str) -> None:
        write("c.txt", f"{line}\n")
        assert requirements_refused("-c c.txt\n").origin == Origin("c.txt", 1)


class TestOptions:
    @pytest.mark.parametrize(
        "line",
        [
            "--index-url https://a.example/simple",
            "--index-url=https://a.example/simple",
            "-i https://a.example/simple",
            "-ihttps://a.example/simple",
            "--index https://a.example/simple",
            "--pypi-url 'https://a.example/simple'",
        ],
    )
    def test_the_index_in_every_form(self, requirements: Read, line: str) -> None:
        url = "https://a.example/simple"
        manifest = requirements(f"numpy\n{line}\n")
        assert manifest.indexes == (Index(url, url, default=True, origin=Origin("requirements.txt", 2)),)

    def test_further_indexes_come_before_the_default_and_pages_are_flat(
        self, requirements: Read, folder: Path
    ) -> None:
        (folder / "wheels").mkdir()
        manifest = requirements(
            "-i https://a.example/simple --extra-index-url https://b.example/simple\n"
            "--extra-index-url https://b.example/simple\n-f wheels\n-f https://c.example/page.html\n"
        )
        assert [(i.url, i.default, i.flat) for i in manifest.indexes] == [
            ("https://b.example/simple", False, False),
            ((folder / "wheels").resolve().as_uri(), False, True),
            ("https://c.example/page.html", False, True),
            ("https://a.example/simple", True, False),
        ]

    def test_a_second_default_takes_the_place_of_the_first(self, requirements: Read) -> None:
        manifest = requirements("-i https://a.example/simple\n-i https://b.example/simple\n")
        assert [i.url for i in manifest.indexes] == ["https://b.example/simple"]
        assert (
            "takes the place of https://a.example/simple (requirements.txt:1)" in manifest.warnings[0].message
        )

    def test_credentials_of_an_index_are_in_its_address_and_not_in_its_name(self, requirements: Read) -> None:
        index = requirements("-i https://u:p@a.example/simple\n").indexes[0]
        assert (index.name, index.url) == ("https://***@a.example/simple", "https://u:p@a.example/simple")

    @pytest.mark.parametrize(
        ("lines", "no_binary", "only_binary"),
        [
            ("--no-binary=opencc,Foo_Bar", FileRule(names=frozenset({"opencc", "foo-bar"})), FileRule()),
            ("--no-binary :all:", FileRule(everything=True), FileRule()),
            (
                "--only-binary=:all:\n--no-binary a",
                FileRule(names=frozenset({"a"})),
                FileRule(everything=True),
            ),
            ("--no-binary a\n--only-binary a", FileRule(), FileRule(names=frozenset({"a"}))),
            ("--no-binary a\n--no-binary :none:", FileRule(), FileRule()),
        ],
    )
    def test_rules_for_files(
        self, requirements: Read, lines: str, no_binary: FileRule, only_binary: FileRule
    ) -> None:
        manifest = requirements(lines)
        assert (manifest.no_binary, manifest.only_binary) == (no_binary, only_binary)

    def test_who_asks_for_a_source_lets_it_be_built(self, requirements: Read) -> None:
        assert requirements("--no-binary opencc").build == FileRule(names=frozenset({"opencc"}))

    def test_prereleases(self, requirements: Read) -> None:
        assert requirements("a\n").prerelease == "if-needed"
        assert requirements("--pre\n").prerelease == "allow"
        manifest = requirements("--all-releases torch\n--only-final=numpy,:all:\n")
        assert manifest.prerelease == "never"
        assert manifest.prerelease_package == (("numpy", "never"), ("torch", "allow"))

    def test_no_index(self, requirements: Read) -> None:
        assert requirements("--no-index\n").no_index is True

    def test_an_option_behind_a_requirement_is_followed_and_told(self, requirements: Read) -> None:
        manifest = requirements("torch==2.2.1 --extra-index-url https://a.example/simple\n")
        assert [i.url for i in manifest.indexes] == ["https://a.example/simple"]
        assert "give it a line of its own" in manifest.warnings[0].message

    def test_a_requirement_behind_an_option_is_read_and_told(self, requirements: Read) -> None:
        manifest = requirements("--extra-index-url https://a.example/simple torch==2.0\n--pre numpy\n")
        assert [(r.text, r.origin.line) for r in manifest.requirements] == [("torch==2.0", 1), ("numpy", 2)]
        assert [w.origin for w in manifest.warnings] == [Origin("requirements.txt", n) for n in (1, 2)]

    @pytest.mark.parametrize("line", ["--trusted-host a.example", "--use-feature fast-deps", "-C x=y"])
    def test_what_is_not_followed_is_told(self, requirements: Read, line: str) -> None:
        manifest = requirements(f"a\n{line}\n")
        assert [w.origin for w in manifest.warnings] == [Origin("requirements.txt", 2)]

    def test_words_that_belong_to_nothing_are_told(self, requirements: Read, write: Write) -> None:
        write("b.txt", "b\n")
        manifest = requirements("-r b.txt and more\n")
        assert [r.text for r in manifest.requirements] == ["b"]
        assert "'and more'" in manifest.warnings[0].message

    @pytest.mark.parametrize(
        ("line", "message", "hint"),
        [
            ("--extra-index-ulr https://a.example", "--extra-index-ulr is no option", "'--extra-index-url'"),
            ("--upgrade", "--upgrade is no option", ""),
            ("-x", "-x is no option", ""),
            ("--index-url", "--index-url needs a value", ""),
            ("--pre=yes", "--pre takes no value", ""),
            ("-f 'wheels", "is never closed", ""),
            ("--no-binary a/b", "'a/b' is no package name", ""),
            ("a --hash=md5:abc", "'md5:abc' is no hash", "sha256"),
            ("a --hash=sha256:abc", "'sha256:abc' is no hash", "64"),
            ("a -r b.txt", "--requirement needs a line of its own", ""),
        ],
    )
    def test_what_pip_would_refuse_is_refused(
        self, requirements_refused: Refuse, line: str, message: str, hint: str
    ) -> None:
        error = requirements_refused(f"# first\n{line}\n")
        assert error.origin == Origin("requirements.txt", 2)
        assert message in error.message
        assert hint in " ".join(error.hints)

    def test_require_hashes_asks_for_a_hash_everywhere(self, requirements_refused: Refuse) -> None:
        error = requirements_refused(f"--require-hashes\na==1 --hash={HASH}\nb==1\n")
        assert error.origin == Origin("requirements.txt", 3)
        assert "(requirements.txt:1)" in error.message


class TestLocations:
    @pytest.mark.parametrize(
        ("line", "name", "extras", "url", "marker"),
        [
            ("https://h.example/A_b-1.0-py3-none-any.whl", "a-b", (), None, None),
            (
                "https://h.example/a-1%2Bcpu-py3-none-any.whl ; os_name == 'nt'",
                "a",
                (),
                None,
                "os_name == 'nt'",
            ),
            ("https://h.example/a-1-py3-none-any.whl; os_name == 'nt'", "a", (), None, "os_name == 'nt'"),
            ("https://h.example/a-1.0.tar.gz#egg=A.B[x,y]&subdirectory=s", "a-b", ("x", "y"), None, None),
            ("https://h.example/a-1.0.tar.gz", "", (), None, None),
            ("git+https://h.example/a.git@main", "", (), None, None),
            ("git+ssh://git@h.example/a.git@v1#egg=a", "a", (), None, None),
            ("hg+https://h.example/a", "", (), None, None),
            ("a @ git+https://h.example/a.git@v1 ; os_name == 'nt'", "a", (), None, 'os_name == "nt"'),
        ],
    )
    def test_addresses(
        self,
        requirements: Read,
        line: str,
        name: str,
        extras: tuple[str, ...],
        url: str | None,
        marker: str | None,
    ) -> None:
        found = requirements(line + "\n").requirements[0]
        assert found.text == line
        assert (found.requirement.name, found.requirement.extras, found.requirement.marker) == (
            name,
            extras,
            marker,
        )
        expected = line.split(" @ ")[-1].split(";")[0].strip()
        assert found.requirement.url == expected

    def test_folders_and_files(self, requirements: Read, write: Write, folder: Path) -> None:
        write("lib/pyproject.toml", "[project]\nname='lib'\n")
        write("wheels/a-1-py3-none-any.whl", "")
        manifest = requirements(
            "./lib[x]; os_name == 'nt'\n-e lib/\n--editable=file:lib\nwheels/a-1-py3-none-any.whl\n"
        )
        root = folder.resolve().as_uri()
        assert [(r.requirement.name, r.requirement.url, r.editable) for r in manifest.requirements] == [
            ("", f"{root}/lib", False),
            ("", f"{root}/lib", True),
            ("", f"{root}/lib", True),
            ("a", f"{root}/wheels/a-1-py3-none-any.whl", False),
        ]
        assert manifest.requirements[0].requirement.extras == ("x",)
        assert manifest.requirements[0].requirement.marker == "os_name == 'nt'"
        assert manifest.warnings == ()

    def test_a_relative_path_starts_in_the_working_folder_as_with_pip_else_beside_the_file(
        self, write: Write, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write("deps/lib/pyproject.toml", "[project]\nname='lib'\n")
        path = write("deps/requirements.txt", "./lib\n")
        assert read_manifest(path).requirements[0].requirement.url == (folder / "deps/lib").resolve().as_uri()
        write("lib/setup.py", "")
        assert read_manifest(path).requirements[0].requirement.url == (folder / "lib").resolve().as_uri()

    def test_an_editable_checkout(self, requirements: Read) -> None:
        found = requirements("-e git+https://h.example/a.git@v1#egg=a ; os_name == 'nt'\n").requirements[0]
        assert (found.requirement.name, found.editable) == ("a", True)
        assert found.requirement.url == "git+https://h.example/a.git@v1#egg=a"
        assert found.requirement.marker == "os_name == 'nt'"

    def test_a_path_to_nothing_is_told(self, requirements: Read) -> None:
        manifest = requirements("-e ./gone\n")
        assert [(w.message, w.origin) for w in manifest.warnings] == [
            ("there is nothing at gone", Origin("requirements.txt", 1))
        ]

    def test_a_frozen_path_of_another_machine_is_read_and_told(self, requirements: Read) -> None:
        manifest = requirements("numpy @ file:///gone/numpy-1.zip\n")
        assert manifest.requirements[0].requirement.url == "file:///gone/numpy-1.zip"
        assert [w.origin for w in manifest.warnings] == [Origin("requirements.txt", 1)]

    def test_a_file_of_another_project_has_its_paths_beside_it(
        self, write: Write, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write("here/pyproject.toml", "")
        write("other/setup.py", "")
        path = write("other/requirements.txt", "-e .\n")
        monkeypatch.chdir(folder / "here")
        assert read_manifest(path).requirements[0].requirement.url == (folder / "other").resolve().as_uri()

    def test_the_hash_in_an_address_counts(self, requirements: Read) -> None:
        wheel = "https://h.example/a-1-py3-none-any.whl"
        fragment = HASH.replace(":", "=")
        manifest = requirements(f"{wheel}#{fragment}\nb @ {wheel}#{fragment}\n{wheel}#md5=00\n")
        assert [r.hashes for r in manifest.requirements] == [(HASH,), (HASH,), ()]

    @pytest.mark.skipif(os.name == "nt", reason="there these are paths")
    def test_a_path_of_windows_is_refused_elsewhere(self, requirements_refused: Refuse) -> None:
        error = requirements_refused("C:\\wheels\\a-1-py3-none-any.whl\n")
        assert "is a path of a Windows machine" in error.message

    def test_an_address_that_nobody_fetches_is_refused(self, requirements_refused: Refuse) -> None:
        error = requirements_refused("-e git://h.example/owner/repo.git#egg=repo\n")
        assert "nothing can be fetched from git:" in error.message
        assert "'git+https://h.example/owner/repo.git#egg=repo'" in error.hints[0]

    def test_an_scp_address_gets_its_right_spelling(self, requirements_refused: Refuse) -> None:
        error = requirements_refused("git+git@github.com:owner/repo.git\n")
        assert error.hints == ("did you mean 'git+ssh://git@github.com/owner/repo.git'?",)

    def test_a_broken_marker_of_an_address_is_refused(self, requirements_refused: Refuse) -> None:
        error = requirements_refused("https://h.example/a-1-py3-none-any.whl ; nonsense\n")
        assert "'nonsense' is no marker" in error.message


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("PySimpleGUI=4.60.5", "did you mean 'PySimpleGUI==4.60.5'?"),
        ("requests=>2", "did you mean 'requests>=2'?"),
        ("numpy >=1, =<2", "did you mean 'numpy >=1, <=2'?"),
        ("httpx==0.23.", "did you mean 'httpx==0.23'?"),
        ("torch>=1.9.*", "did you mean 'torch>=1.9'?"),
        ("numpy 1.26", "did you mean 'numpy==1.26'?"),
        ("pandas^1.2", "write 'pandas>=1.2,<2'"),
        ("_libgcc_mutex=0.1=main", "`conda list --export`"),
    ],
)
def test_common_slips_get_their_right_spelling(requirements_refused: Refuse, line: str, hint: str) -> None:
    assert hint in requirements_refused(f"{line}\n").hints[0]


LINES = [
    "numpy>=1.2,<3 ; python_version > '3.8' # c",
    "  torch [a, b] == 1.0",
    f"a==1 --hash={HASH}",
    f"a==1 \\\n  --hash={HASH} \\\n  # via x\nb",
    "a\\\nb",
    "a \\\n\nb",
    "c # x \\\nd",
    "-e git+https://h.example/x.git#egg=x",
    "--editable=git+https://h.example/x.git#egg=x",
    "a @ https://h.example/a-1.zip ; os_name=='nt'",
    "https://h.example/a-1-py3-none-any.whl",
    "--pre\n--no-index\nx",
    "a;os_name=='nt'",
    "a#b",
    "\x0ca\x0cb",
    "${HOME_NOT_SET_X}a",
]


@pytest.mark.parametrize("text", LINES)
def test_lines_are_those_that_pip_reads(write: Write, text: str) -> None:
    req_file = pytest.importorskip("pip._internal.req.req_file")
    path = write("requirements.txt", text)
    parser = req_file.RequirementsFileParser(None, req_file.get_line_parser(None))
    lines = [line for line in parser.parse(os.fspath(path), False) if line.requirement is not None]
    expected = [(line.requirement.strip(), line.lineno, line.is_editable) for line in lines]
    try:
        found = read_manifest(path).requirements
    except ManifestError as error:
        # pip parses the requirements of a file after its lines
        req = pytest.importorskip("packaging.requirements")
        bad = next(line for line in lines if line.lineno == error.origin.line)  # type: ignore[union-attr]  # set
        with pytest.raises(req.InvalidRequirement):
            req.Requirement(bad.requirement)
        return
    assert [
        (r.text.removeprefix("-e ").removeprefix("--editable="), r.origin.line, r.editable) for r in found
    ] == expected


def test_files_of_one_folder_keep_their_locks_apart(tmp_path: Path) -> None:
    for name in ("requirements.in", "requirements-dev.in"):
        (tmp_path / name).write_text("numpy\n")
    folders = [
        read_manifest(tmp_path / name).lockfiles for name in ("requirements.in", "requirements-dev.in")
    ]
    assert folders == [tmp_path / "lockfiles", tmp_path / "lockfiles" / "requirements-dev"]
