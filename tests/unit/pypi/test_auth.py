"""Logins: where they come from, that they work, and that they go nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenv.addresses import redact
from provenv.errors import IndexAnswerError
from provenv.hooks.types import IndexAuth
from provenv.logins import LoginSources
from provenv.manifest.values import Index
from provenv.pypi.addresses import origin_of, split_login
from support.index_server import Fault, TestIndex

from .conftest import MakeFinder

LOGIN = ("someone", "s3cret/@:")


@pytest.fixture
def closed(index: TestIndex) -> TestIndex:
    """An index that lets only LOGIN in."""
    index.login = LOGIN
    index.add("torch", "2.0", requires=["numpy"])
    return index


def with_login(url: str) -> str:
    return url.replace("://", "://someone:s3cret%2F%40%3A@")


@pytest.mark.parametrize(
    ("url", "clean", "login"),
    [
        ("https://index.example/simple", "https://index.example/simple", None),
        ("https://u:p@index.example:1/s", "https://index.example:1/s", ("u", "p")),
        ("https://token@index.example/s", "https://index.example/s", ("token", "")),
        ("https://u:p%40%2F@h/a@b", "https://h/a@b", ("u", "p@/")),
        ("https://h/a@b", "https://h/a@b", None),
        ("/folder/a@b", "/folder/a@b", None),
    ],
)
def test_the_login_in_an_address(url: str, clean: str, login: tuple[str, str] | None) -> None:
    assert split_login(url) == (clean, login)


def test_what_is_shown_of_an_address() -> None:
    assert redact("https://u:p@h.example/x?token=secret#frag") == "https://***@h.example/x?…#frag"
    assert origin_of("HTTPS://u:p@H.example:8/x") == "https://h.example:8"


def test_a_login_in_the_address_is_sent_and_never_kept(closed: TestIndex, finder_of: MakeFinder) -> None:
    finder = finder_of()
    project = finder.project(Index("corp", with_login(closed.url)), "torch")
    assert project is not None
    (wheel,) = project.artifacts[0]
    assert (wheel.index, wheel.url) == (closed.url, closed.file_url("torch-2.0-py3-none-any.whl"))
    assert finder.metadata(wheel).requires[0].name == "numpy"
    kept = b"".join(p.read_bytes() for p in finder.cache.folder.rglob("*") if p.is_file())
    assert b"s3cret" not in kept


def test_a_login_in_a_mirrors_address(closed: TestIndex, finder_of: MakeFinder) -> None:
    corp = Index("corp", "https://index.example/simple")
    finder = finder_of(mirrors=((corp.url, (with_login(closed.url),)),))
    project = finder.project(corp, "torch")
    assert project is not None
    assert finder.metadata(project.artifacts[0][0]).requires[0].name == "numpy"


@pytest.mark.parametrize("by_variable", [True, False])
def test_a_login_in_netrc(
    closed: TestIndex,
    finder_of: MakeFinder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    by_variable: bool,
) -> None:
    file = tmp_path / (".netrc" if not by_variable else "elsewhere")
    file.write_text(f"machine 127.0.0.1 login {LOGIN[0]} password {LOGIN[1]}\n")
    file.chmod(0o600)
    if by_variable:
        monkeypatch.setenv("NETRC", str(file))
    else:
        monkeypatch.delenv("NETRC", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert finder_of().project(Index("corp", closed.url), "torch") is not None


def test_a_broken_netrc_counts_as_none(
    index: TestIndex, finder_of: MakeFinder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine what login")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    index.add("torch", "2.0")
    assert finder_of().project(Index("corp", index.url), "torch") is not None


def test_a_plugins_login_is_asked_for_after_a_401(closed: TestIndex, finder_of: MakeFinder) -> None:
    asked: list[str] = []

    def find(url: str) -> tuple[str, str] | None:
        asked.append(url)
        return LOGIN

    finder = finder_of(auth=(IndexAuth("none", lambda url: None), IndexAuth("corp", find)))
    assert finder.project(Index("corp", closed.url), "torch") is not None
    assert finder.project(Index("corp", closed.url), "absent") is None
    assert asked == [f"{closed.url}/torch/"]
    assert [request.status for request in closed.log] == [401, 200, 404]


def broken(url: str) -> tuple[str, str] | None:
    raise ValueError(f"broken inside, for {url}")


def test_a_plugin_that_raises_is_passed_over(closed: TestIndex, finder_of: MakeFinder) -> None:
    finder = finder_of(auth=(IndexAuth("corp", broken), IndexAuth("other", lambda url: LOGIN)))
    assert finder.project(Index("corp", closed.url), "torch") is not None


def test_a_refusal_names_the_plugin_that_failed_as_its_likely_cause(
    closed: TestIndex, finder_of: MakeFinder
) -> None:
    with pytest.raises(IndexAnswerError) as caught:
        finder_of(auth=(IndexAuth("corp", broken),)).project(Index("corp", closed.url), "torch")
    assert caught.value.evidence[-1] == (
        "a likely cause: the source of logins corp failed: "
        f"ValueError: broken inside, for {closed.url}/torch/"
    )
    assert caught.value.hints[-1] == "update or remove the plugin that brings it: provenv plugin list"


def test_a_failing_plugin_is_told_once_a_run() -> None:
    sources = LoginSources((IndexAuth("corp", broken), IndexAuth("other", lambda url: None)))
    for host in ("a", "b"):
        assert sources.find(f"https://{host}.example/simple") is None
    (told,) = sources.untold()
    assert told == (
        "the source of logins corp failed: ValueError: broken inside, for https://a.example/simple; "
        "it was passed over"
    )
    assert sources.untold() == ()


def test_a_login_in_the_keyring(
    closed: TestIndex, finder_of: MakeFinder, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = pytest.importorskip("keyring")
    from keyring.backend import KeyringBackend

    class Ring(KeyringBackend):
        priority = 1  # type: ignore[assignment]  # keyring's own way to declare it

        def get_password(self, service: str, username: str) -> str | None:
            return (
                LOGIN[1]
                if (service, username) == (origin_of(closed.url).partition("://")[2], LOGIN[0])
                else None
            )

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        url = closed.url.replace("://", f"://{LOGIN[0]}@")
        assert finder_of(keyring=True).project(Index("corp", url), "torch") is not None
        with pytest.raises(IndexAnswerError):
            finder_of(keyring=False).project(Index("corp", url), "torch")
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize("login", [None, "bad:login@"])
def test_no_or_a_wrong_login_is_an_error_without_the_secret(
    closed: TestIndex, finder_of: MakeFinder, login: str | None
) -> None:
    url = closed.url.replace("://", f"://{login or ''}")
    with pytest.raises(IndexAnswerError, match="does not let us in") as caught:
        finder_of().project(Index("corp", url), "torch")
    assert "bad" not in str(caught.value)
    assert ("no login" in str(caught.value)) == (login is None)


def test_403_is_absent_without_a_login_and_an_error_with_one(index: TestIndex, finder_of: MakeFinder) -> None:
    index.absent = 403
    finder = finder_of()
    assert finder.project(Index("s3", index.url), "torch") is None
    assert any("403" in note for note in finder.notes)
    with pytest.raises(IndexAnswerError, match="does not let us in"):
        finder_of().project(Index("corp", with_login(index.url)), "torch")


def test_a_login_is_not_sent_to_where_a_redirect_leads(
    closed: TestIndex, finder_of: MakeFinder, tmp_path: Path
) -> None:
    with TestIndex() as other:
        other.add("torch", "2.0")
        closed.fail("/simple/torch/", Fault(status=302, headers={"Location": f"{other.url}/torch/"}))
        assert finder_of().project(Index("corp", with_login(closed.url)), "torch") is not None
        assert "authorization" in closed.log[0].headers
        assert [("authorization" in request.headers) for request in other.log] == [False]
