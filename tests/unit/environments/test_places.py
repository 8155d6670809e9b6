"""Files come from this machine's mirrors, with the logins they need; the lock knows nothing of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from provenv.environments.places import machine_places
from provenv.environments.sync import Outfit, install
from provenv.errors import IndexAnswerError
from provenv.hooks.types import IndexAuth
from provenv.logins import LoginSources
from provenv.pypi.artifacts import Artifact
from support.index_server import TestIndex
from support.locking import package, wheel

from .conftest import Bench, platform

CANONICAL = "https://index.example/simple"


def away(artifact: Artifact) -> Artifact:
    """As the canonical index would list it."""
    return artifact._replace(url=f"https://index.example/files/{artifact.filename}", index=CANONICAL)


def put(bench: Bench, *artifacts: Artifact, auth: tuple[IndexAuth, ...] = ()) -> str:
    """Installs through this machine's settings; the lock's text."""
    lock = bench.lock(*map(package, artifacts))
    text = lock.read_text()
    bench.settings = replace(bench.settings, keyring=False)
    places = machine_places(bench.settings, LoginSources(auth))
    install(
        lock, bench.prefix, bench.settings, Outfit(platform(), {}), places=places, progress=bench.lines.append
    )
    assert lock.read_text() == text
    return text


def mirrored(bench: Bench, place: str) -> None:
    bench.settings = replace(bench.settings, default_index=CANONICAL, mirrors=((CANONICAL, (place,)),))


def test_a_mirror_that_is_an_index_serves_the_files(bench: Bench) -> None:
    artifacts = [away(wheel(bench.index, name)) for name in ("alpha", "beta")]
    mirrored(bench, bench.index.url)
    text = put(bench, *artifacts)
    assert bench.installed() == ["alpha-1.0", "beta-1.0"]
    assert bench.index.base not in text


def test_a_mirror_that_is_a_folder_serves_the_files(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "der Spiegel"
    alpha = away(wheel(folder, "alpha", "1.0+cpu"))
    mirrored(bench, str(folder))
    put(bench, alpha)
    assert bench.installed() == ["alpha-1.0+cpu"]


def test_a_file_that_the_mirror_has_otherwise_is_refused_by_its_hash(bench: Bench) -> None:
    alpha = away(wheel(bench.index, "alpha"))
    bench.index.projects.clear()
    bench.index.add("alpha", "1.0", files={"alpha.py": "evil"})
    mirrored(bench, bench.index.url)
    with pytest.raises(IndexAnswerError, match="not the one that was locked"):
        put(bench, alpha._replace(size=None))
    assert bench.installed() == []


def test_the_login_in_an_address_of_the_settings_is_used(bench: Bench) -> None:
    alpha = wheel(bench.index, "alpha")
    bench.index.login = ("bob", "hunter2")
    bench.settings = replace(
        bench.settings, default_index=bench.index.url.replace("http://", "http://bob:hunter2@")
    )
    put(bench, alpha)
    assert bench.installed() == ["alpha-1.0"]
    assert "hunter2" not in "\n".join(bench.lines)


def test_a_mirrors_login_is_used(bench: Bench) -> None:
    alpha = away(wheel(bench.index, "alpha"))
    bench.index.login = ("bob", "hunter2")
    mirrored(bench, bench.index.url.replace("http://", "http://bob:hunter2@"))
    put(bench, alpha)
    assert bench.installed() == ["alpha-1.0"]


def test_a_plugins_login_is_used(bench: Bench) -> None:
    alpha = wheel(bench.index, "alpha")
    bench.index.login = ("token", "s3cret/with@signs")
    login = ("token", "s3cret/with@signs")
    auth = IndexAuth("corp", lambda url: login if url.startswith(bench.index.base) else None)
    put(bench, alpha, auth=(auth,))
    assert bench.installed() == ["alpha-1.0"]


def test_a_login_goes_to_its_own_host_only(bench: Bench) -> None:
    with TestIndex() as other:
        alpha = wheel(other, "alpha")
        bench.settings = replace(
            bench.settings, default_index=bench.index.url.replace("http://", "http://bob:hunter2@")
        )
        put(bench, alpha)
        assert all("authorization" not in request.headers for request in other.log)


def test_netrc_is_read(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alpha = wheel(bench.index, "alpha")
    bench.index.login = ("bob", "hunter2")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login bob password hunter2\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    put(bench, alpha)
    assert bench.installed() == ["alpha-1.0"]
