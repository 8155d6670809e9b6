"""Channels in all their forms: folders and servers, logins, certificates, mirrors, conda's own settings."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from provenv.conda import condarc, logins
from provenv.conda.channels import Channel, channels_of, for_subdir
from provenv.conda.solve import CondaSolver, Question
from provenv.errors import InputError, NetworkError, Origin, ProvenvError
from provenv.hooks.types import IndexAuth
from provenv.logins import LoginSources
from provenv.manifest.values import CondaSpec
from provenv.resolution import CondaPackage
from provenv.settings import NetworkSettings
from support.channel_server import as_shards, as_zst, own_authority, serve
from support.conda_channel import archive, write_channel

THING = CondaSpec("thing", Origin("pyproject.toml", 3))
ALIAS = "https://conda.anaconda.org"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user without settings."""
    place = tmp_path / "home"
    place.mkdir()
    monkeypatch.setenv("HOME", str(place))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "CONDA_PREFIX", "CONDA_ROOT", "CONDARC", "MAMBARC"):
        monkeypatch.delenv(name, raising=False)
    for name in ("NETRC", "RATTLER_AUTH_FILE", "BINSTAR_CONFIG_DIR", "HTTP_PROXY", "http_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    _forget()
    yield place
    _forget()


def _forget() -> None:
    condarc.machine_condarc.cache_clear()
    logins._stores.cache_clear()


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """A channel with one package."""
    return write_channel(tmp_path / "served" / "team", archive("thing"))


@pytest.fixture
def settings(tmp_path: Path) -> NetworkSettings:
    return NetworkSettings(
        "https://index.example/simple", cache_dir=tmp_path / "cache", retries=0, timeout=10, keyring=False
    )


def plain(channel: Path) -> Path:
    """The channel as it is."""
    return channel


Solve = Callable[..., tuple[CondaPackage, ...]]


@pytest.fixture
def solve(settings: NetworkSettings) -> Solve:
    """The one package `thing` of these channels, with these settings changed."""

    def solved(
        *written: str, auth: tuple[IndexAuth, ...] = (), **changed: object
    ) -> tuple[CondaPackage, ...]:
        mine = replace(settings, **changed)  # type: ignore[arg-type]  # passed through as they are
        with CondaSolver(channels_of(written, mine), mine, LoginSources(auth)) as solver:
            return solver.solve(Question("linux-64", (THING,)))

    return solved


def refused(solve: Solve, *written: str, **changed: object) -> str:
    """The whole text of the error."""
    with pytest.raises(ProvenvError) as caught:
        solve(*written, **changed)
    return str(caught.value)


class TestForms:
    @pytest.mark.parametrize("form", [plain, as_zst, as_shards])
    def test_repodata_in_every_form(self, team: Path, solve: Solve, form: Callable[[Path], Path]) -> None:
        form(team)
        with serve(team.parent) as served:
            (thing,) = solve(f"{served.url}/team")
            assert (thing.name, thing.channel) == ("thing", f"{served.url}/team")
            assert thing.url == f"{served.url}/team/linux-64/thing-1.0-0.conda"
            assert len(thing.md5) == 32 and thing.sha256 and len(thing.sha256) == 64
            served.faults = {"": 503}  # what was fetched once is there when the network is not
            assert solve(f"{served.url}/team", offline=True) == (thing,)

    @pytest.mark.parametrize(
        ("form", "end"),
        [
            (plain, "linux-64/repodata.json"),
            (as_zst, "linux-64/repodata.json.zst"),
            (as_shards, "linux-64/repodata_shards.msgpack.zst"),
            (as_shards, ".msgpack.zst"),
        ],
        ids=["plain", "zst", "index of shards", "shard"],
    )
    def test_repodata_that_was_cut_short(
        self, team: Path, solve: Solve, form: Callable[[Path], Path], end: str
    ) -> None:
        form(team)
        for path in team.glob(f"linux-64/*{Path(end).name}"):
            if end != ".msgpack.zst" or not path.name.startswith("repodata"):
                path.write_bytes(path.read_bytes()[:-20])
        with serve(team.parent) as served:
            told = refused(solve, f"{served.url}/team")
        assert told.startswith("the channel team has broken repodata"), told

    def test_a_folder_of_any_name(self, tmp_path: Path, solve: Solve) -> None:
        channel = write_channel(tmp_path / "my own 频道", archive("thing"))
        (thing,) = solve(channel.as_uri())
        assert thing.channel == channel.as_uri()

    def test_a_channel_of_noarch_packages_alone(self, tmp_path: Path, solve: Solve) -> None:
        channel = write_channel(tmp_path / "any", archive("thing", noarch="generic"), subdirs=("noarch",))
        with serve(tmp_path) as served:
            assert [p.subdir for p in solve(f"{served.url}/any")] == ["noarch"]
        assert [p.subdir for p in solve(channel.as_uri())] == ["noarch"]

    def test_a_server_in_trouble(self, team: Path, solve: Solve) -> None:
        with serve(team.parent, faults={"": 503}) as served:
            told = refused(solve, f"{served.url}/team")
        assert "the channel team" in told and "503" in told


class TestLogins:
    def test_in_the_address(self, team: Path, solve: Solve, settings: NetworkSettings) -> None:
        with serve(team.parent, basic="ann@corp:p@ss/word") as served:
            (thing,) = solve(served.url.replace("//", "//ann%40corp:p%40ss%2Fword@") + "/team")
            assert thing.url == f"{served.url}/team/linux-64/thing-1.0-0.conda"
            told = refused(solve, served.url.replace("//", "//ann:wr0ng@") + "/team")
        assert told.startswith("the channel team refused to answer") and "wr0ng" not in told
        assert all(b"p@ss" not in path.read_bytes() for path in _files(settings.cache_dir))

    def test_a_token_in_the_path(self, team: Path, solve: Solve, settings: NetworkSettings) -> None:
        with serve(team.parent, token="tk-s3cret") as served:
            (thing,) = solve(f"{served.url}/t/tk-s3cret/team")
            assert thing.url == f"{served.url}/team/linux-64/thing-1.0-0.conda"
            assert thing.channel == f"{served.url}/team"
            told = refused(solve, f"{served.url}/t/tk-wr0ng/team")
        assert "refused" in told and "wr0ng" not in told
        assert all(b"s3cret" not in path.read_bytes() for path in _files(settings.cache_dir))

    def test_two_tokens_of_one_host(self, tmp_path: Path, solve: Solve) -> None:
        write_channel(tmp_path / "t" / "one" / "first", archive("other"))
        write_channel(tmp_path / "t" / "two" / "second", archive("thing"))
        with serve(tmp_path) as served:
            (thing,) = solve(f"{served.url}/t/one/first", f"{served.url}/t/two/second")
            assert thing.url == f"{served.url}/second/linux-64/thing-1.0-0.conda"

    def test_in_rattlers_own_file(self, team: Path, solve: Solve, home: Path) -> None:
        with serve(team.parent, basic="ann:pw") as served:
            assert "rattler auth login" in refused(solve, f"{served.url}/team")
            (home / ".rattler").mkdir()
            login = {"127.0.0.1": {"BasicHTTP": {"username": "ann", "password": "pw"}}}
            (home / ".rattler" / "credentials.json").write_text(json.dumps(login))
            assert len(solve(f"{served.url}/team")) == 1

    def test_in_the_file_of_rattlers_variable(
        self, team: Path, tmp_path: Path, solve: Solve, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        login = {"127.0.0.1": {"BearerToken": "b3arer"}}
        (tmp_path / "auth.json").write_text(json.dumps(login))
        monkeypatch.setenv("RATTLER_AUTH_FILE", str(tmp_path / "auth.json"))
        with serve(team.parent, bearer="b3arer") as served:
            assert len(solve(f"{served.url}/team")) == 1

    def test_in_netrc(self, team: Path, solve: Solve, home: Path) -> None:
        (home / ".netrc").write_text("machine 127.0.0.1 login ann password pw\n")
        with serve(team.parent, basic="ann:pw") as served:
            assert len(solve(f"{served.url}/team")) == 1

    @pytest.mark.parametrize(
        ("entry", "asks"),
        [
            ({"type": "CondaToken", "token": "s3cret"}, {"token": "s3cret"}),
            ({"type": "BearerToken", "token": "s3cret"}, {"bearer": "s3cret"}),
            (
                {
                    "type": "BasicHTTPAuthentication",
                    "user": "ann",
                    "password": base64.b64encode(b"s3cret").decode(),
                },
                {"basic": "ann:s3cret"},
            ),
        ],
        ids=["token", "bearer", "basic"],
    )
    def test_in_mambas_store(
        self, team: Path, solve: Solve, home: Path, entry: dict[str, str], asks: dict[str, str]
    ) -> None:
        with serve(team.parent, **asks) as served:
            place = served.url.partition("://")[2]
            (home / ".mamba" / "auth").mkdir(parents=True)
            (home / ".mamba" / "auth" / "authentication.json").write_text(json.dumps({place: entry}))
            (thing,) = solve(f"{served.url}/team")
            assert thing.url == f"{served.url}/team/linux-64/thing-1.0-0.conda"

    def test_tokens_of_anaconda_client(self, home: Path, settings: NetworkSettings) -> None:
        folder = home / ".local" / "share" / "binstar"
        folder.mkdir(parents=True)
        (folder / "https%3A%2F%2Fapi.anaconda.org.token").write_text("an-t0ken\n")
        (folder / "https%3A%2F%2Frepo.corp.example%2Fapi.token").write_text("co-t0ken")
        own, corp, other = channels_of(
            ("me/private", "https://repo.corp.example/conda/x", "https://corp.example/x"), settings
        )
        assert own.login == logins.Login("CondaToken", "an-t0ken")
        assert corp.login == logins.Login("CondaToken", "co-t0ken")
        assert other.login is None
        assert "t0ken" not in repr(own)

    def test_of_a_plugin_when_the_channel_has_refused(self, team: Path, solve: Solve) -> None:
        asked: list[str] = []

        def find(url: str) -> tuple[str, str]:
            asked.append(url)
            return "ann", "pw"

        with serve(team.parent, basic="ann:pw") as served:
            assert len(solve(f"{served.url}/team", auth=(IndexAuth("corp", find),))) == 1
        assert asked == [f"{served.url}/team"]

    def test_of_the_next_plugin_when_one_fails_which_is_blamed_where_there_is_no_next(
        self, team: Path, solve: Solve
    ) -> None:
        failing, other = IndexAuth("corp", lambda url: [][1]), IndexAuth("b", lambda url: ("ann", "pw"))
        with serve(team.parent, basic="ann:pw") as served:
            told = refused(solve, f"{served.url}/team", auth=(failing,))
            assert len(solve(f"{served.url}/team", auth=(failing, other))) == 1
        assert "a likely cause: the source of logins corp failed: IndexError: list index out of range" in told


class TestTheWayThere:
    def test_an_authority_of_ones_own(self, team: Path, tmp_path: Path, solve: Solve) -> None:
        authority, certificate = own_authority(tmp_path)
        with serve(team.parent, certificate) as served:
            told = refused(solve, f"{served.url}/team")
            assert told.startswith("the channel team can't be reached") and "certificate" in told
            assert "`cert`" in told
            assert len(solve(f"{served.url}/team", cert=authority)) == 1
            host = served.url.partition("://")[2]
            assert len(solve(f"{served.url}/team", trusted_hosts=(host,))) == 1
            assert "certificate" in refused(solve, f"{served.url}/team", trusted_hosts=("other.example",))

    def test_condas_ssl_verify(self, team: Path, tmp_path: Path, solve: Solve, home: Path) -> None:
        authority, certificate = own_authority(tmp_path)
        with serve(team.parent, certificate) as served:
            (home / ".condarc").write_text(f"ssl_verify: {authority}\n")
            _forget()
            assert len(solve(f"{served.url}/team")) == 1
            (home / ".condarc").write_text("ssl_verify: false\n")
            _forget()
            assert len(solve(f"{served.url}/team")) == 1

    def test_a_certificate_that_is_not_there(self, tmp_path: Path, solve: Solve) -> None:
        with pytest.raises(InputError, match=r"the certificates in .*none.pem can't be read"):
            solve("https://127.0.0.1:9/team", cert=tmp_path / "none.pem")

    def test_a_client_certificate_is_one_clear_error(self, tmp_path: Path, solve: Solve) -> None:
        with pytest.raises(InputError, match="can't be fetched with the client certificate"):
            solve("https://127.0.0.1:9/team", client_cert=tmp_path / "me.pem")

    def test_a_proxy(self, team: Path, solve: Solve, home: Path) -> None:
        with serve(team.parent) as proxy:
            (thing,) = solve("http://channels.example/team", proxy=proxy.url)
            assert thing.url == "http://channels.example/team/linux-64/thing-1.0-0.conda"
            assert "http://channels.example/team/linux-64/repodata.json" in proxy.asked
            (home / ".condarc").write_text(f"proxy_servers:\n  http: {proxy.url}\n")
            _forget()
            assert len(solve("http://channels.example/team")) == 1

    def test_a_mirror_that_is_gone_leaves_it_to_the_next(self, team: Path, solve: Solve) -> None:
        canonical = "https://conda.example/team"
        with serve(team.parent) as served, serve(team.parent, faults={"": 503}) as broken:
            places = ("http://127.0.0.1:9/team", f"{broken.url}/team", f"{served.url}/team")
            (thing,) = solve(canonical, mirrors=((canonical, places),))
        assert thing.url == f"{canonical}/linux-64/thing-1.0-0.conda"

    def test_when_no_mirror_answers_the_last_one_is_told(self, solve: Solve) -> None:
        canonical = "https://conda.example/team"
        places = ("http://127.0.0.1:9/team", "http://ann:pw@127.0.0.1:11/team")
        with pytest.raises(NetworkError, match="the channel team can't be reached") as caught:
            solve(canonical, mirrors=((canonical, places),))
        assert "127.0.0.1:11" in str(caught.value) and "pw@" not in str(caught.value)


class TestCondasSettings:
    def place(self, settings: NetworkSettings, *written: str) -> list[Channel]:
        _forget()
        return list(channels_of(written, settings))

    def test_an_alias_is_a_mirror_of_every_bare_name(self, home: Path, settings: NetworkSettings) -> None:
        (home / ".condarc").write_text("channel_alias: https://conda.corp.example/api\n")
        bare, address = self.place(settings, "bioconda", "https://other.example/x")
        assert (bare.url, bare.place) == (f"{ALIAS}/bioconda", "https://conda.corp.example/api/bioconda")
        assert address.place == "https://other.example/x"

    def test_places_of_single_channels(self, home: Path, settings: NetworkSettings) -> None:
        (home / ".condarc").write_text(
            "custom_channels:\n  conda-forge: https://tuna.example/cloud/\n  team: https://${CORP}/conda\n"
            "mirrored_channels:\n  bioconda: [https://a.example/b, https://b.example/b]\n"
        )
        forge, label, bio = self.place(settings, "conda-forge", "conda-forge/label/dev", "bioconda")
        assert (forge.url, forge.place) == (f"{ALIAS}/conda-forge", "https://tuna.example/cloud/conda-forge")
        assert label.place == "https://tuna.example/cloud/conda-forge/label/dev"
        assert (bio.place, bio.others) == ("https://a.example/b", ("https://b.example/b",))

    def test_provenvs_own_mirrors_go_first(self, home: Path, settings: NetworkSettings) -> None:
        (home / ".condarc").write_text("channel_alias: https://conda.corp.example\n")
        mine = replace(settings, mirrors=((f"{ALIAS}/conda-forge", ("https://mine.example/cf",)),))
        (forge,) = self.place(mine, "conda-forge")
        assert forge.place == "https://mine.example/cf"

    def test_defaults(self, home: Path, settings: NetworkSettings) -> None:
        found = self.place(settings, "defaults", "pkgs/main")
        assert [c.name for c in found] == ["pkgs/main", "pkgs/r", "pkgs/msys2"]
        assert [c.name for c in for_subdir(found, "linux-64")] == ["pkgs/main", "pkgs/r"]
        (home / ".condarc").write_text(
            "default_channels:\n  - https://tuna.example/pkgs/main\n  - https://other.example/t/s3cret/pkgs/r\n"
        )
        main, r, _ = self.place(settings, "defaults")
        assert (main.url, main.place) == (
            "https://repo.anaconda.com/pkgs/main",
            "https://tuna.example/pkgs/main",
        )
        assert (r.place, r.login) == ("https://other.example/pkgs/r", logins.Login("CondaToken", "s3cret"))

    def test_defaults_that_are_another_channel(self, home: Path, settings: NetworkSettings) -> None:
        (home / ".condarc").write_text("default_channels: [https://u:pw@conda.example/conda-forge]\n")
        with pytest.raises(InputError, match="`defaults` is another one on this machine") as caught:
            self.place(settings, "defaults")
        assert "pw" not in str(caught.value)

    def test_the_nearest_file_says_it(
        self, home: Path, tmp_path: Path, settings: NetworkSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (home / ".config" / "conda").mkdir(parents=True)
        (home / ".config" / "conda" / ".condarc").write_text("channel_alias: https://far.example\n")
        (home / ".condarc").write_text("channel_alias: https://near.example\n")
        assert self.place(settings, "x")[0].place == "https://near.example/x"
        (tmp_path / "rc.yml").write_text("channel_alias: https://nearer.example\n")
        monkeypatch.setenv("CONDARC", str(tmp_path / "rc.yml"))
        assert self.place(settings, "x")[0].place == "https://nearer.example/x"
        monkeypatch.setenv("CONDA_CHANNEL_ALIAS", "https://nearest.example")
        assert self.place(settings, "x")[0].place == "https://nearest.example/x"

    def test_a_file_that_is_no_yaml(self, home: Path, settings: NetworkSettings) -> None:
        (home / ".condarc").write_text("channels: [\nx: {\n")
        with pytest.raises(InputError, match="conda's settings are not valid YAML") as caught:
            self.place(settings, "x")
        assert caught.value.origin and caught.value.origin.line


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
