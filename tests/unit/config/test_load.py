"""This machine's network settings, put together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from provenv.config.default_index import default_index
from provenv.config.folders import user_cache_folder, user_config_folder
from provenv.config.load import explained_settings, network_settings
from provenv.config.pip_config import pip_settings
from provenv.config.pip_files import Machine, pip_files
from provenv.errors import InputError, ManifestError, Origin
from provenv.manifest.values import Index
from provenv.settings import NetworkSettings

PUBLIC = "https://public.example/simple"


class Home:
    """A home folder, with the variables of somebody who lives there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ: dict[str, str] = {"HOME": str(folder), "XDG_CONFIG_DIRS": str(folder / "etc")}

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def machine(self, system: str = "linux") -> Machine:
        return Machine(self.environ, system, self.folder / "venv")

    def settings(self, *, use_pip_config: bool = True, **environ: str) -> NetworkSettings:
        return network_settings(
            use_pip_config=use_pip_config, default_index=PUBLIC, environ={**self.environ, **environ}
        )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.chdir(tmp_path)
    found = Home(tmp_path)
    # what this machine itself has in /etc must not speak in these tests
    found.environ["PIP_CONFIG_FILE"] = os.devnull
    return found


def test_with_nothing_said_the_defaults_hold(home: Home) -> None:
    assert home.settings() == NetworkSettings(PUBLIC, cache_dir=home.folder / ".cache" / "provenv")


def test_the_default_index_is_the_one_that_pypi_simple_knows() -> None:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    assert default_index() == PYPI_SIMPLE_ENDPOINT.rstrip("/")


def test_the_folders_are_those_of_platformdirs() -> None:
    import platformdirs

    assert user_cache_folder(os.environ) == Path(platformdirs.user_cache_dir("provenv", appauthor=False))
    assert user_config_folder(os.environ) == Path(platformdirs.user_config_dir("provenv", appauthor=False))


class TestPipFiles:
    def there(self, home: Home, *names: str) -> list[str]:
        del home.environ["PIP_CONFIG_FILE"]
        for name in names:
            home.write(name, "")
        ours = [file for file in pip_files(home.machine()) if file.is_relative_to(home.folder)]
        return [file.relative_to(home.folder).as_posix() for file in ours]

    ALL = ("etc/pip/pip.conf", ".pip/pip.conf", ".config/pip/pip.conf", "venv/pip.conf")

    def test_global_user_and_site_in_pips_order(self, home: Home) -> None:
        assert self.there(home, *self.ALL) == list(self.ALL)

    def test_several_global_folders(self, home: Home) -> None:
        home.environ["XDG_CONFIG_DIRS"] = os.pathsep.join(str(home.folder / name) for name in ("a", "b"))
        assert self.there(home, "a/pip/pip.conf", "b/pip/pip.conf") == ["a/pip/pip.conf", "b/pip/pip.conf"]

    def test_a_named_file_comes_last_and_takes_the_users_place(self, home: Home) -> None:
        named = home.write("mine.ini", "")
        files = {name: home.write(name, "") for name in self.ALL}
        home.environ["PIP_CONFIG_FILE"] = str(named)
        found = [file for file in pip_files(home.machine()) if file.is_relative_to(home.folder)]
        assert found == [files["etc/pip/pip.conf"], files["venv/pip.conf"], named]

    def test_the_null_device_turns_all_files_off(self, home: Home) -> None:
        home.write(".config/pip/pip.conf", "")
        assert pip_files(home.machine()) == []

    @pytest.mark.parametrize(
        ("system", "variables", "names"),
        [
            (
                "win32",
                {"APPDATA": "Roaming", "ProgramData": "Data"},
                ("Data/pip/pip.ini", "Roaming/pip/pip.ini"),
            ),
            ("darwin", {}, (".pip/pip.conf", ".config/pip/pip.conf")),
            ("darwin", {}, ("Library/Application Support/pip/pip.conf",)),
        ],
    )
    def test_on_other_systems(
        self, home: Home, system: str, variables: Mapping[str, str], names: tuple[str, ...]
    ) -> None:
        del home.environ["PIP_CONFIG_FILE"]
        home.environ["USERPROFILE"] = str(home.folder)
        home.environ.update({name: str(home.folder / value) for name, value in variables.items()})
        files = [home.write(name, "") for name in names]
        assert [f for f in pip_files(home.machine(system)) if f.is_relative_to(home.folder)] == files

    def test_they_are_the_files_that_pip_itself_names(self, monkeypatch: pytest.MonkeyPatch) -> None:
        configuration = pytest.importorskip("pip._internal.configuration")
        monkeypatch.delenv("PIP_CONFIG_FILE", raising=False)
        named = configuration.get_configuration_files()
        kinds = configuration.Kind
        files = [Path(f) for kind in (kinds.GLOBAL, kinds.USER, kinds.SITE) for f in named[kind]]
        assert pip_files(Machine(os.environ)) == [file for file in files if file.is_file()]


class TestPipSettings:
    def test_sections_count_more_than_files_and_variables_most(self, home: Home) -> None:
        del home.environ["PIP_CONFIG_FILE"]
        home.write(
            "etc/pip/pip.conf",
            "[install]\nindex-url = https://install.example\ntimeout = 5\n[download]\nproxy = x\n",
        )
        home.write(
            ".config/pip/pip.conf",
            "[global]\nindex_url = https://global.example\ntimeout = 6\n--retries = 7\ncert =\n",
        )
        home.environ["PIP_TIMEOUT"] = "8"
        found = pip_settings(home.machine())
        ours = {k: (one.text, str(one.origin)) for k, one in found.items() if one.origin.file[0] != "/"}
        assert ours == {
            "index-url": ("https://install.example", "etc/pip/pip.conf:2"),
            "timeout": ("8", "PIP_TIMEOUT"),
            "retries": ("7", ".config/pip/pip.conf:4"),
        }

    def test_they_are_those_that_pip_itself_finds(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        parsers = pytest.importorskip("pip._internal.cli.main_parser")
        commands = pytest.importorskip("pip._internal.commands")
        file = home.write(
            "pip.ini",
            "[global]\nindex-url = https://a.example/simple\nextra-index-url =\n  https://b.example/simple\n"
            "  https://c.example/simple\ntimeout = 9\n[install]\nfind-links = /w1 /w2\nretries: 3\n",
        )
        for name in [n for n in os.environ if n.startswith("PIP_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
        monkeypatch.setenv("PIP_TRUSTED_HOST", "a.example b.example")
        assert parsers
        options = commands.create_command("install").parse_args(["x"])[0]
        ours = pip_settings(Machine({**os.environ, "HOME": str(home.folder)}))
        assert ours["index-url"].text == options.index_url
        assert ours["extra-index-url"].words() == options.extra_index_urls
        assert ours["find-links"].words() == options.find_links
        assert ours["trusted-host"].words() == options.trusted_hosts
        assert float(ours["timeout"].text) == options.timeout
        assert int(ours["retries"].text) == options.retries

    @pytest.mark.parametrize(
        ("text", "line"),
        [("index-url = x\n", 1), ("[global]\nnonsense\n", 2), ("[global]\ntimeout=1\ntimeout=2\n", 3)],
    )
    def test_a_broken_file_is_refused_with_its_line(self, home: Home, text: str, line: int) -> None:
        home.environ["PIP_CONFIG_FILE"] = str(home.write("pip.ini", text))
        with pytest.raises(ManifestError, match="pip's configuration can't be read") as caught:
            pip_settings(home.machine())
        assert caught.value.origin == Origin("pip.ini", line)


class TestFromPip:
    def test_a_replaced_default_index_is_a_mirror_of_it(self, home: Home) -> None:
        settings = home.settings(PIP_INDEX_URL="https://mirror.example/simple/")
        assert settings.default_index == PUBLIC
        assert settings.mirrors_of(PUBLIC + "/") == ("https://mirror.example/simple/",)
        assert settings.sources == ("PIP_INDEX_URL",)

    def test_the_default_index_named_again_is_no_mirror(self, home: Home) -> None:
        assert home.settings(PIP_INDEX_URL=PUBLIC + "/").mirrors == ()

    def test_further_sources(self, home: Home) -> None:
        wheels = home.folder / "wheels"
        wheels.mkdir()
        settings = home.settings(
            PIP_EXTRA_INDEX_URL="https://u:p@a.example/simple https://b.example/simple",
            PIP_FIND_LINKS=f"~/wheels {home.folder}/gone https://c.example/page.html",
            PIP_NO_INDEX="1",
        )
        extra, links = Origin("PIP_EXTRA_INDEX_URL"), Origin("PIP_FIND_LINKS")
        assert settings.extra_indexes == (
            Index("https://***@a.example/simple", "https://u:p@a.example/simple", origin=extra),
            Index("https://b.example/simple", "https://b.example/simple", origin=extra),
        )
        assert settings.find_links == (
            Index(str(wheels), wheels.as_uri(), flat=True, origin=links),
            Index("https://c.example/page.html", "https://c.example/page.html", flat=True, origin=links),
        )
        assert settings.no_index is True

    def test_the_connection(self, home: Home) -> None:
        settings = home.settings(
            PIP_CERT="ca.pem",
            PIP_CLIENT_CERT="~/me.pem",
            PIP_PROXY="u:p@proxy.example:3128",
            PIP_TRUSTED_HOST="a.example:8080 b.example",
            PIP_DEFAULT_TIMEOUT="180",
            PIP_RETRIES="9",
        )
        assert settings.cert == home.folder / "ca.pem"
        assert settings.client_cert == home.folder / "me.pem"
        assert settings.proxy == "http://u:p@proxy.example:3128"
        assert settings.trusted_hosts == ("a.example:8080", "b.example")
        assert (settings.timeout, settings.retries) == (180.0, 9)

    def test_constraints_are_read_with_their_place(self, home: Home) -> None:
        home.write("limits.txt", "# of the team\nnumpy<3\n")
        settings = home.settings(PIP_CONSTRAINT="limits.txt")
        assert [(c.text, c.origin) for c in settings.constraints] == [("numpy<3", Origin("limits.txt", 2))]

    @pytest.mark.parametrize(
        ("variable", "value", "message"),
        [
            ("PIP_CONSTRAINT", "gone.txt", "there is no file gone.txt"),
            ("PIP_CONSTRAINT", "https://h.example/c.txt", "constraints at an address"),
            ("PIP_TIMEOUT", "soon", "pip's timeout is no number: 'soon'"),
        ],
    )
    def test_what_can_not_be_followed_is_refused_where_it_was_said(
        self, home: Home, variable: str, value: str, message: str
    ) -> None:
        home.environ[variable] = value
        with pytest.raises(ManifestError, match=message) as caught:
            home.settings()
        assert caught.value.origin == Origin(variable)

    def test_it_can_be_left_out(self, home: Home) -> None:
        assert home.settings(use_pip_config=False, PIP_INDEX_URL="https://mirror.example").mirrors == ()
        home.write(".config/provenv/config.toml", "pip-config = false\n")
        assert home.settings(PIP_INDEX_URL="https://mirror.example").mirrors == ()


class TestUserConfig:
    def test_every_key(self, home: Home) -> None:
        home.write("ca.pem", "")
        home.write(
            ".config/provenv/config.toml",
            """\
cert = "~/ca.pem"
proxy = "proxy.example:1"
timeout = 7
retries = 0
offline = true
cache-dir = "~/cache"
trusted-hosts = ["a.example"]
keyring = false
[mirrors]
"https://wheels.example/cpu/" = "/mirror/wheels"
"https://public.example/simple" = ["https://one.example/simple", "two"]
""",
        )
        assert home.settings(PIP_TIMEOUT="9", PIP_INDEX_URL="https://pip.example/simple") == NetworkSettings(
            PUBLIC,
            mirrors=(
                ("https://wheels.example/cpu", (Path("/mirror/wheels").as_uri(),)),
                (PUBLIC, ("https://one.example/simple", (home.folder / ".config/provenv/two").as_uri())),
            ),
            cert=home.folder / "ca.pem",
            proxy="http://proxy.example:1",
            trusted_hosts=("a.example",),
            timeout=7,
            retries=0,
            offline=True,
            cache_dir=home.folder / "cache",
            keyring=False,
            sources=tuple(f".config/provenv/config.toml:{n}" for n in (9, 1, 2, 3, 4, 7, 8, 6, 5)),
        )

    @pytest.mark.parametrize(
        ("text", "line", "message", "hint"),
        [
            ("tiemout = 3", 1, "unknown key 'tiemout'", "did you mean 'timeout'?"),
            ("timeout = 0", 1, "more than 0 seconds", None),
            ("timeout = '3'", 1, "must be a number", None),
            ("cert = 'gone.pem'", 1, "there is no", None),
            ("[mirrors]\ndefault = '/m'", 2, "'default' is no address", None),
            ("[mirrors]\n'https://a.example' = []", 2, "is empty", None),
            ("mirrors = [", 1, "not valid TOML", None),
        ],
    )
    def test_mistakes_are_refused(
        self, home: Home, text: str, line: int, message: str, hint: str | None
    ) -> None:
        home.environ["PROVENV_CONFIG"] = str(home.write("mine.toml", text))
        with pytest.raises(ManifestError, match=message) as caught:
            home.settings()
        assert caught.value.origin == Origin("mine.toml", line)
        if hint:
            assert hint in caught.value.hints

    def test_a_named_file_that_is_not_there_is_refused(self, home: Home) -> None:
        with pytest.raises(InputError, match="there is no such file"):
            home.settings(PROVENV_CONFIG="gone.toml")


def test_flags_come_first_and_every_setting_has_its_source(home: Home) -> None:
    home.write(".config/provenv/config.toml", "cache-dir = 'c'\ntimeout = 3\n")
    home.environ["PIP_PROXY"] = "http://u:secret@proxy.example"
    settings, said = explained_settings(
        cache_dir=home.folder / "flag", offline=True, default_index=PUBLIC, environ=home.environ
    )
    assert (settings.cache_dir, settings.offline) == (home.folder / "flag", True)
    assert [(one.key, one.value, one.source) for one in said] == [
        ("default-index", PUBLIC, "command line"),
        ("timeout", "3", ".config/provenv/config.toml:2"),
        ("proxy", "http://***@proxy.example", "PIP_PROXY"),
        ("cache-dir", str(home.folder / "flag"), "command line"),
        ("offline", "true", "command line"),
        ("retries", "4", "default"),
    ]
