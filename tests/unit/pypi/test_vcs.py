"""Sources in git: which commit a revision is, what a checkout holds, and where credentials do not appear."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from pathlib import Path

import pytest

from provenv.errors import InputError, InstallError, NetworkError
from provenv.pypi.vcs import Git, GitSource, parse_git
from provenv.settings import NetworkSettings
from support.git_server import GitServer, Repository

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repositories" / "pkg.git")


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("git+https://host.example/o/r.git", GitSource("https://host.example/o/r.git", None)),
        ("git+https://host.example/o/r@v1.0", GitSource("https://host.example/o/r", "v1.0")),
        ("git+https://host.example/o/r@feature/x", GitSource("https://host.example/o/r", "feature/x")),
        ("git+https://host.example/o/r@a%40b", GitSource("https://host.example/o/r", "a@b")),
        ("git+ssh://git@host.example/o/r.git@main", GitSource("ssh://git@host.example/o/r.git", "main")),
        ("git+ssh://git:pw@host.example:2222/o/r", GitSource("ssh://git@host.example:2222/o/r", None)),
        ("git+file:///srv/r.git@abc1", GitSource("file:///srv/r.git", "abc1")),
        ("git://host.example/r.git@v1", GitSource("git://host.example/r.git", "v1")),
        ("ssh://git@host.example/r.git", GitSource("ssh://git@host.example/r.git", None)),
        (
            "git+https://me:p%40ss@host.example/r@v1",
            GitSource("https://host.example/r", "v1", ("me", "p@ss")),
        ),
        ("git+https://token@host.example/r", GitSource("https://host.example/r", None, ("token", ""))),
    ],
)
def test_an_address_is_taken_apart(url: str, source: GitSource) -> None:
    assert parse_git(url) == source


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("hg+https://host.example/r", "hg is not supported"),
        ("svn+ssh://host.example/r", "svn is not supported"),
        ("git+ext::sh -c evil", "not an address of a git repository"),
        ("git+git@host.example:o/r.git", "not an address of a git repository"),
        ("git+ssh://git@host.example:o/r.git", "not an address of a git repository"),
        ("git+https:///r", "not an address of a git repository"),
        ("git+https://me:secret@host.example/r@", "names no revision"),
        ("git+https://host.example/r@--upload-pack=evil", "names no revision"),
    ],
)
def test_an_address_of_another_form_is_refused(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse_git(url)
    assert "secret" not in str(caught.value)


def test_credentials_are_never_printed() -> None:
    source = parse_git("git+https://me:secret@host.example/r@v1")
    assert "secret" not in repr(source) + str(source)


def test_every_kind_of_revision_becomes_a_full_commit(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit({"a": "1"})
    repository.git("tag", "light")
    repository.git("tag", "-a", "-m", "release", "heavy")
    second = repository.commit({"a": "2"})
    repository.git("branch", "feature/x", first)
    repository.git("update-ref", "refs/pull/7/head", second)
    git = Git()

    def commit_of(revision: str | None) -> str | None:
        return git.commit_of(GitSource(repository.url, revision))

    assert commit_of(None) == second
    assert commit_of("main") == second
    assert commit_of("light") == first
    assert commit_of("heavy") == first
    assert commit_of("feature/x") == first
    assert commit_of("refs/pull/7/head") == second
    assert commit_of("refs/tags/heavy") == first
    assert commit_of(first) == first
    assert commit_of(first[:8]) is None
    short = GitSource(repository.url, first[:8])
    assert git.check_out(short, None, tmp_path / "out") == first
    assert (tmp_path / "out" / "a").read_text() == "1"


def test_a_branch_is_meant_before_a_tag_of_its_name(repository: Repository) -> None:
    tagged = repository.commit({"a": "1"})
    repository.git("tag", "same")
    repository.commit({"a": "2"})
    repository.git("checkout", "--quiet", "-b", "same")
    branched = repository.commit({"a": "3"})
    assert tagged != branched
    assert Git().commit_of(GitSource(repository.url, "same")) == branched


def test_an_unknown_revision_is_told_with_those_there_are(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a": "1"})
    repository.git("tag", "v1.0")
    with pytest.raises(InputError, match="no branch, tag or commit named v9") as caught:
        Git().commit_of(GitSource(repository.url, "v9"))
    assert caught.value.evidence == ("its branches and tags: main, v1.0",)
    with pytest.raises(InputError, match="no commit deadbeef"):
        Git().check_out(GitSource(repository.url, "deadbeef"), None, tmp_path / "a")
    with pytest.raises(InputError, match=f"no commit {'f' * 40}"):
        Git().check_out(GitSource(repository.url, "f" * 40), "f" * 40, tmp_path / "b")


def test_an_empty_repository_has_no_head(repository: Repository) -> None:
    with pytest.raises(InputError, match="no branch, tag or commit named HEAD"):
        Git().commit_of(GitSource(repository.url, None))


def test_a_checkout_holds_history_tags_and_submodules(tmp_path: Path, repository: Repository) -> None:
    inner = Repository(tmp_path / "repositories" / "inner.git")
    inner.commit({"inner.txt": "inner"})
    repository.commit({"a": "1"})
    repository.git("tag", "v1.0")
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", inner.url, "deps/inner")
    commit = repository.commit({"a": "2"})
    out = tmp_path / "out"
    assert Git().check_out(GitSource(repository.url, None), commit, out) == commit
    assert (out / "deps" / "inner" / "inner.txt").read_text() == "inner"
    clone = Repository.__new__(Repository)
    clone.folder = out
    assert clone.git("describe", "--tags") == f"v1.0-1-g{commit[:7]}"


def test_a_commit_that_no_branch_reaches_is_fetched_by_its_hash(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"a": "1"})
    repository.git("checkout", "--quiet", "--detach")
    hidden = repository.commit({"a": "hidden"})
    repository.git("update-ref", "refs/pull/7/head", hidden)
    repository.git("checkout", "--quiet", "main")
    source = GitSource(repository.url, hidden)
    assert Git().check_out(source, Git().commit_of(source), tmp_path / "out") == hidden
    assert (tmp_path / "out" / "a").read_text() == "hidden"


def test_a_git_hook_that_runs_us_does_not_misdirect_git(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repository.commit({"a": "1"})
    other = Repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.folder / "index"))
    assert Git().check_out(GitSource(repository.url, None), commit, tmp_path / "out") == commit


def test_credentials_reach_the_server_and_nothing_else(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = tmp_path / "stored"
    (tmp_path / "gitconfig").write_text(f"[credential]\n\thelper = store --file={stored.as_posix()}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    commit = repository.commit({"a": "1"})
    seen: list[str] = []
    with GitServer(repository.folder.parent, login=("me", "p@ss word")) as server:
        source = parse_git(f"git+http://me:p%40ss%20word@{server.host}/pkg.git@main")
        watching = threading.Event()
        watcher = threading.Thread(target=watch_command_lines, args=(watching, seen))
        watcher.start()
        git = Git()
        assert git.commit_of(source) == commit
        assert git.check_out(source, commit, tmp_path / "out") == commit
        watching.set()
        watcher.join()
    assert not stored.exists()
    assert not [line for line in seen if "p@ss" in line or "p%40ss" in line]
    if sys.platform == "linux":
        assert [line for line in seen if "remote-http" in line]
    assert "p@ss" not in (tmp_path / "out" / ".git" / "config").read_text()


def watch_command_lines(stop: threading.Event, seen: list[str]) -> None:
    """What `ps` could show meanwhile (on Linux)."""
    while not stop.is_set():
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if "git" in line and line not in seen:
                seen.append(line)
        time.sleep(0.002)


def test_a_refused_login_says_so_without_the_password(repository: Repository) -> None:
    repository.commit({"a": "1"})
    with GitServer(repository.folder.parent, login=("me", "right")) as server:
        for credentials in ("me:wrong-secret@", ""):
            source = parse_git(f"git+http://{credentials}{server.host}/pkg.git@main")
            with pytest.raises(NetworkError, match="could not be fetched") as caught:
                Git().commit_of(source)
            assert "wrong-secret" not in str(caught.value)
            assert server.host in str(caught.value)


def test_a_repository_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="could not be fetched") as caught:
        Git().commit_of(GitSource((tmp_path / "absent").as_uri(), None))
    assert "git said:" in caught.value.evidence


def test_a_server_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = GitSource(f"http://127.0.0.1:{silent.getsockname()[1]}/r", None)
        with pytest.raises(NetworkError, match="could not be fetched in time"):
            Git(seconds=1.0).commit_of(source)


def test_offline_only_this_disk_is_read(repository: Repository) -> None:
    commit = repository.commit({"a": "1"})
    git = Git(NetworkSettings("https://index.example/simple", offline=True))
    assert git.commit_of(GitSource(repository.url, "main")) == commit
    with pytest.raises(NetworkError, match="offline"):
        git.commit_of(GitSource("https://host.example/r", "main"))


def test_without_git_it_is_said_that_git_is_needed(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InstallError, match="needs the program git"):
        Git().commit_of(GitSource(repository.url, "main"))
    assert "PATH" in os.environ
