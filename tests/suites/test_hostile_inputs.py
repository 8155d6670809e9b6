"""Inputs as the world has them: requirements files and index pages that are odd, old, broken or ill-meant.

Each is asked of `provenv resolve`, in-process, over a loopback index; the answer is right or the error clear.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from provenv.cli import main
from support.distributions import make_archive, make_wheel, metadata_text
from support.index_server import TestIndex

Run = Callable[..., tuple[int, str]]
JSON = "application/vnd.pypi.simple.v1+json"
HTML = "text/html"


@pytest.fixture
def run(resolve: Callable[..., tuple[int, str, str]]) -> Run:
    """The exit code, and all that was printed."""

    def ask(*arguments: str | Path) -> tuple[int, str]:
        code, out, err = resolve("-q", *arguments)
        return code, (out + err).strip()

    return ask


class TestRequirementsFiles:
    @pytest.fixture(autouse=True)
    def published(self, index: TestIndex, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("a", "b"):
            for version in ("1.0", "2.0"):
                index.add(name, version)
        index.add("x", "1.0", extras={"one": ["b<2"]})
        monkeypatch.setenv("PIN", "1.0")
        monkeypatch.setenv("EMPTY", "")
        monkeypatch.setenv("lower", "1.0")

    def ask(self, run: Run, index: TestIndex, content: bytes | str, **more: str) -> tuple[int, str]:
        data = content.encode() if isinstance(content, str) else content
        files = index.url.replace("/simple", "/files").encode()
        Path("r.txt").write_bytes(data.replace(b"@FILES@", files))
        for name, text in more.items():
            Path(f"{name}.txt").write_text(text)
        return run("-r", "r.txt")

    @pytest.mark.parametrize(
        ("content", "answer"),
        [
            pytest.param(
                b"\xef\xbb\xbfa==1.0 \\\r\n  ; python_version > '3'\r\nb\r\n", "a==1.0 b==2.0", id="bom-crlf"
            ),
            pytest.param("a==1.0\nb".encode("utf-16"), "a==1.0 b==2.0", id="utf-16"),
            pytest.param(b"a==1.0 # caf\xe9\n", "a==1.0", id="latin-1-comment"),
            pytest.param(
                "a==1.0 \\\n# a comment ends it\nb\n", "a==1.0 b==2.0", id="comment-after-continuation"
            ),
            pytest.param("a==1.0 \\", "a==1.0", id="backslash-at-the-end"),
            pytest.param("a==${PIN}\n", "a==1.0", id="variable"),
            pytest.param("\ta\t==\t1.0\t# x\n", "a==1.0", id="tabs"),
            pytest.param("a (>=1.0,<2)\n", "a==1.0", id="parentheses"),
            pytest.param("a;python_version>'3'\n", "a==2.0", id="marker-without-space"),
            pytest.param("x[one, ONE]\nx[One]\n", "b==1.0 x==1.0", id="extras-in-every-spelling"),
            pytest.param(
                "a==1.0; sys_platform=='linux'\na==2.0; sys_platform!='linux'\n", "a==1.0", id="disjoint"
            ),
            pytest.param("-r more.txt\n-r more.txt\na<2\n", "a==1.0", id="included-twice"),
            pytest.param("a ; python_version < '3'\n", "", id="nothing-holds"),
            pytest.param("# nothing\n", "", id="comments-only"),
            pytest.param(
                "a @ @FILES@/a-1.0-py3-none-any.whl#egg=a\n", "a @ @FILES@/a-1.0-py3-none-any.whl", id="egg"
            ),
            pytest.param(
                "@FILES@/x-1.0-py3-none-any.whl#egg=x[one]\n",
                "b==1.0 x @ @FILES@/x-1.0-py3-none-any.whl",
                id="egg-with-extra",
            ),
            pytest.param(
                "b\na @ @FILES@/a-9-py3-none-any.whl ; python_version < '3'\n", "b==2.0", id="url-marker"
            ),
            pytest.param("--no-index\n-f @FILES@/../flat/\na<2\n", "a==1.0", id="find-links"),
        ],
    )
    def test_read_as_its_author_meant_it(
        self, run: Run, index: TestIndex, content: bytes | str, answer: str
    ) -> None:
        code, text = self.ask(run, index, content, more="a\n")
        files = index.url.replace("/simple", "/files")
        assert (code, text.splitlines()) == (
            0,
            answer.replace("@FILES@", files).replace(" b", "\nb").replace(" x", "\nx").splitlines(),
        )

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("a==1.0#comment\n", "r.txt:1: 'a==1.0#comment' is not a requirement"),
            ("a==1.0#comment\n", "did you mean 'a==1.0'?"),
            ("a>=1.0 <2.0\n", "did you mean 'a>=1.0,<2.0'?"),
            ('"a==1.0"\n', "did you mean 'a==1.0'?"),
            ("a==1.0;;\n", "did you mean 'a==1.0'?"),
            ("a@1.0\n", "did you mean 'a==1.0'?"),
            ("a\u00a0==1.0\n", "did you mean 'a ==1.0'?"),
            ("a; python_version >= \u201c3.8\u201d\n", "did you mean 'a; python_version >= \"3.8\"'?"),
            ("a>=1.0,<2.*\n", "did you mean 'a>=1.0,<2'?"),
            ("a^1.0\n", "write 'a>=1.0,<2'"),
            ("b${EMPTY}\n", "the variable in ${EMPTY} is not set"),
            ("a==${lower}\n", "r.txt:1: "),
            ("-r r.txt\n", "include each other in a circle"),
            ("-r nope.txt\n", "r.txt:1: there is no file nope.txt"),
            ("a --hash=md5:" + "0" * 32, "is no hash"),
            ("--require-hashes\na==1.0\n", "'a==1.0' has no hash"),
            ("-a\n", "-a is no option of a requirements file"),
            ("a; python_vers == '3'\n", "expected a marker variable"),
            ("@FILES@/a-1.0-py3-none-any.whl#egg=b\n", "is not b"),
            ("-c https://index.example/c.txt\n", "constraints at an address are not read"),
        ],
    )
    def test_refused_with_its_line_and_what_was_meant(
        self, run: Run, index: TestIndex, content: str, words: str
    ) -> None:
        code, text = self.ask(run, index, content)
        assert code == 2
        assert words in text

    @pytest.mark.parametrize("name", ["pyproject.toml", "pylock.toml", "environment.yml", "setup.py"])
    def test_another_kind_of_file_is_named(self, run: Run, name: str) -> None:
        Path(name).write_text("[project]\nname = 'p'\n" if name == "pyproject.toml" else "channels: []\n")
        code, text = run("-r", name)
        assert code == 2
        assert text.startswith(f"error: {name}")
        assert "is not a requirement:" not in text

    def test_what_is_not_followed_is_said_before_the_answer(
        self, run: Run, index: TestIndex, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Path("r.txt").write_text("a --global-option=x\n")
        target = ["--platform", "linux-x86_64", "--accelerator", "cpu", "--no-pip-config"]
        assert main(["resolve", "-r", "r.txt", "--default-index", index.url, *target]) == 0
        assert "warning: r.txt:1: --global-option is not followed" in capsys.readouterr().err


def wheel(
    name: str = "a", version: str = "1.0", *, says: Mapping[str, str] | None = None
) -> tuple[str, bytes]:
    """A file name and a wheel of that name, whose metadata say what `says` has of them."""
    told = {"name": name, "version": version, **(says or {})}
    text = metadata_text(told["name"], told["version"])
    return f"{name}-{version}-py3-none-any.whl", make_wheel(name, version, text)


def entry(file: tuple[str, bytes], **changes: object) -> dict[str, object]:
    """A file as a page in JSON lists it."""
    digest = hashlib.sha256(file[1]).hexdigest()
    return {"filename": file[0], "url": f"/files/{file[0]}", "hashes": {"sha256": digest}, **changes}


def page(*entries: dict[str, object], **meta: object) -> str:
    return json.dumps({"meta": {"api-version": "1.0", **meta}, "name": "a", "files": entries})


OLD, NEW = wheel(version="1.0"), wheel(version="2.0")


class TestPages:
    def ask(
        self, run: Run, index: TestIndex, body: str, *arguments: str, kind: str = JSON, files: object = ()
    ) -> tuple[int, str]:
        for name, content in (OLD, NEW, *files):  # type: ignore[misc]  # pairs
            index.pages.setdefault(f"/files/{name}", ("application/octet-stream", content))
        index.pages["/simple/a/"] = (kind, body.encode())
        return run(*(arguments or ("a",)))

    @pytest.mark.parametrize(
        ("kind", "body", "answer"),
        [
            pytest.param(
                JSON, page(entry(OLD), entry(NEW), **{"api-version": "1.99"}), "a==2.0", id="newer-minor"
            ),
            pytest.param(JSON, json.dumps({"files": [entry(OLD)]}), "a==1.0", id="no-meta"),
            pytest.param(
                JSON, json.dumps({"meta": [], "files": [entry(OLD)]}), "a==1.0", id="meta-is-no-table"
            ),
            pytest.param(
                JSON, page(entry(OLD), entry(NEW, **{"requires-python": 3})), "a==2.0", id="python-a-number"
            ),
            pytest.param(JSON, page(entry(OLD), entry(NEW, size="big")), "a==2.0", id="size-a-word"),
            pytest.param(JSON, page(entry(OLD, hashes=None)), "a==1.0", id="no-hashes"),
            pytest.param(JSON, page(entry(OLD), entry(OLD)), "a==1.0", id="a-file-twice"),
            pytest.param(JSON, page(entry(OLD), entry(NEW, yanked=True)), "a==1.0", id="yanked"),
            pytest.param(JSON, page(entry(OLD), entry(NEW, yanked=0)), "a==2.0", id="yanked-is-no-word"),
            pytest.param(
                JSON, page(entry(OLD, **{"core-metadata": True})), "a==1.0", id="promised-metadata-missing"
            ),
            pytest.param(
                JSON,
                page(
                    entry(OLD),
                    *(
                        entry((name, b"x"))
                        for name in (
                            "a-3.0.exe",
                            "a-3.0.egg",
                            "a-3.0.tar.gz.sig",
                            "a.whl",
                            "-3.0.tar.gz",
                            "a-three-py3-none-any.whl",
                            "b-3.0-py3-none-any.whl",
                            "a-3.0-py3-none.whl",
                            "..%2fa-3.0-py3-none-any.whl",
                            "a-" + "9" * 390 + "-py3-none-any.whl",
                        )
                    ),
                ),
                "a==1.0",
                id="names-of-no-use",
            ),
            pytest.param(HTML, '<a href="../../files/a-1.0-py3-none-any.whl">x</a>', "a==1.0", id="relative"),
            pytest.param(
                HTML, '<base href="/files/"><a href="a-1.0-py3-none-any.whl#md5=0">x</a>', "a==1.0", id="base"
            ),
            pytest.param(
                HTML,
                '<a href="/files/a-1.0-py3-none-any.whl">x</a>'
                '<a href="/files/a-2.0-py3-none-any.whl" data-requires-python="&gt;=3.99">x</a>',
                "a==1.0",
                id="entities",
            ),
        ],
    )
    def test_read_for_what_it_is_worth(
        self, run: Run, index: TestIndex, kind: str, body: str, answer: str
    ) -> None:
        assert self.ask(run, index, body, kind=kind) == (0, answer)

    @pytest.mark.parametrize(
        ("kind", "body", "words"),
        [
            (JSON, page(entry(OLD), **{"api-version": "2.0"}), "speaks version 2 of the simple API"),
            (JSON, page(entry(OLD), **{"api-version": "banana"}), "speaks version banana"),
            (HTML, '<meta name="pypi:repository-version" content="2.0">', "speaks version 2.0"),
            ("application/vnd.pypi.simple.v2+json", page(entry(OLD)), "speaks version 2"),
            (JSON, '{"files": [', "says it is JSON and is not"),
            (JSON, "<html>", "says it is JSON and is not"),
            (JSON, "[]", "is JSON, but not a project page"),
            (JSON, '{"files": null}', "is JSON, but not a project page"),
            ("application/octet-stream", page(entry(OLD)), "is neither JSON nor HTML"),
            (
                JSON,
                page(entry(OLD, hashes={"sha256": "0" * 64}, size=None)),
                "is not the file that its index describes",
            ),
            (JSON, page(entry(OLD, size=3)), "its size should be 3 bytes"),
            (JSON, page(entry(wheel(version="7"))), "does not have a-7-py3-none-any.whl"),
        ],
    )
    def test_an_error_that_names_it(
        self, run: Run, index: TestIndex, kind: str, body: str, words: str
    ) -> None:
        code, text = self.ask(run, index, body, kind=kind)
        assert code == 4
        assert words in text
        assert "no build for target" not in text

    @pytest.mark.parametrize("says", [{"name": "b"}, {"version": "1.1"}])
    def test_a_file_whose_metadata_are_another_s(
        self, run: Run, index: TestIndex, says: dict[str, str]
    ) -> None:
        liar = wheel(version="3.0", says=says)
        code, text = self.ask(run, index, page(entry(OLD), entry(liar)), files=[liar])
        assert code == 4
        assert "the metadata of a-3.0-py3-none-any.whl contradicts its file name" in text
        assert "mirror" not in text

    @pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x.whl", "javascript:alert(1)"])
    def test_a_link_to_where_nothing_is_fetched_from_is_no_file(
        self, run: Run, index: TestIndex, url: str
    ) -> None:
        assert self.ask(run, index, page(entry(OLD), entry(NEW, url=url))) == (0, "a==1.0")

    def test_a_broken_wheel_gives_way_to_an_older_one(self, run: Run, index: TestIndex) -> None:
        broken = ("a-3.0-py3-none-any.whl", b"no zip")
        assert self.ask(run, index, page(entry(OLD), entry(broken)), files=[broken]) == (0, "a==1.0")

    @pytest.mark.parametrize(
        ("filename", "version", "asked"),
        [
            ("a-1!0.5-py3-none-any.whl", "1!0.5", "a"),
            ("a-1.0+ubuntu_1-py3-none-any.whl", "1.0+ubuntu.1", "a==1.0+Ubuntu-1"),
            ("A-2024.99999999999999999999-py3-none-any.whl", "2024.99999999999999999999", "a"),
            ("a-3.0.RC1-py3-none-any.whl", "3.0rc1", "a>=3.0rc1"),
            ("a-03.0.0-py3-none-any.whl", "3.0.0", "a==3"),
        ],
    )
    def test_versions_in_every_spelling(
        self, run: Run, index: TestIndex, filename: str, version: str, asked: str
    ) -> None:
        content = make_wheel("a", version, metadata_text("a", version))
        file = (filename, content)
        assert self.ask(run, index, page(entry(OLD), entry(file)), asked, files=[file]) == (
            0,
            f"a=={version}",
        )

    def test_arbitrary_equality_goes_by_the_text(self, run: Run, index: TestIndex) -> None:
        assert self.ask(run, index, page(entry(OLD)), "a===1.0") == (0, "a==1.0")
        code, text = self.ask(run, index, page(entry(OLD)), "a===1.0.0")
        assert code == 1
        assert "a===1.0.0, which no version satisfies (the newest is 1.0)" in text

    def test_metadata_that_no_tool_should_have_written_are_passed_over_and_told(
        self, run: Run, index: TestIndex
    ) -> None:
        file = (
            "a-3.0-py3-none-any.whl",
            make_wheel("a", "3.0", metadata_text("a", "3.0", requires=["b>=1.*"])),
        )
        body = page(entry(OLD), entry(file))
        assert self.ask(run, index, body, files=[file]) == (0, "a==1.0")
        code, text = self.ask(run, index, body, "a>1", files=[file])
        assert code == 1
        assert (
            "can't be used: the metadata of a-3.0-py3-none-any.whl (its requirement 'b>=1.*' is not" in text
        )

    def test_a_zip_is_a_source_distribution_too(self, run: Run, index: TestIndex) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as packed:
            packed.writestr("a-3.0/PKG-INFO", metadata_text("a", "3.0", metadata_version="2.2"))
        file = ("a-3.0.zip", buffer.getvalue())
        body = page(entry(OLD), entry(file))
        assert self.ask(run, index, body, files=[file]) == (0, "a==1.0")
        assert self.ask(run, index, body, "a", "--build-any", files=[file]) == (0, "a==3.0")

    def test_a_source_that_leaves_its_dependencies_open_is_built_and_the_error_names_it(
        self, run: Run, index: TestIndex
    ) -> None:
        text = metadata_text("a", "3.0", metadata_version="2.2", more=["Dynamic: Requires-Dist"])
        build = '[build-system]\nrequires = ["absent-backend"]\nbuild-backend = "absent"\n'
        file = ("a-3.0.tar.gz", make_archive("a-3.0", {"PKG-INFO": text, "pyproject.toml": build}))
        code, told = self.ask(run, index, page(entry(file)), "a", "--build-any", files=[file])
        assert code == 6
        assert "the build requirements absent-backend could not be installed" in told
        assert "the build of a-3.0.tar.gz needs them" in told
