"""The user's manual is true: every key, option and error is in it, and every command in it is one."""

from __future__ import annotations

import argparse
import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from provenv import errors
from provenv.cli.commands import COMMANDS
from provenv.cli.dispatch import parser_for
from provenv.config.pip_config import KEYS as PIP_KEYS
from provenv.config.user_config import KEYS as USER_KEYS
from provenv.config.user_config import read_user_config
from provenv.errors import ProvenvError
from provenv.hooks.manager import plugins
from provenv.manifest import conda_table, named_targets, provenv_table, requirements_options, uv_tables
from provenv.manifest.values import Manifest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "demo_project" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next one."""
    found = text.partition(f"\n## {title}\n")[2]
    assert found, f"no section {title!r}"
    return found.partition("\n## ")[0]


def rows(text: str) -> set[str]:
    """The words in code marks in the first column of the tables."""
    first = (line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    return {word for cell in first for word in re.findall(r"`([^`]+)`", cell)}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


# --- the manifest


def test_every_key_of_the_manifest_is_described() -> None:
    text = page("manifest.md")
    assert rows(section(text, "The matrix")) | rows(section(text, "What may be chosen")) == {
        *provenv_table.KEYS
    }
    assert rows(section(text, "Named targets")) == {*named_targets._TARGET_KEYS}
    assert rows(section(text, "Conda")) == {*conda_table.KEYS}
    assert rows(section(text, "Envelope words")) == {key.name for key in plugins().envelope_keys}


def test_every_key_of_an_index_is_described(tmp_path: Path) -> None:
    described = rows(section(page("manifest.md"), "Indexes"))
    lines = {"name": '"corp"', "url": '"https://index.example/simple"', "packages": '["a"]'}
    keys = "\n".join(f"{key} = {lines.get(key, 'true')}" for key in described - {"flat"})
    Manifest.read(written(tmp_path, f"[[tool.provenv.indexes]]\n{keys}\n"))
    with pytest.raises(ProvenvError, match="unknown key 'nosuch'") as caught:
        Manifest.read(written(tmp_path, f"[[tool.provenv.indexes]]\n{keys}\nnosuch = 1\n"))
    assert caught.value.exit_code == 2


def test_every_option_of_a_requirements_file_is_described() -> None:
    described = rows(section(page("manifest.md"), "Requirements files"))
    assert described == {
        *requirements_options._LONG,
        *(short for short in requirements_options._SHORT if short != "-C"),
    }


def test_every_table_of_uv_that_is_followed_is_named() -> None:
    followed = section(page("manifest.md"), "Tables of other tools").partition("Whatever else")[0]
    named = set(re.findall(r"`([a-z-]+)`", followed))
    assert named == {*uv_tables._READERS, "sources", "exclude-newer"}


def written(folder: Path, text: str) -> Path:
    if "[project]" not in text:
        text = f'[project]\nname = "x"\nversion = "0"\n\n{text}'
    path = folder / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("example", blocks(page("manifest.md"), "toml"))
def test_the_manifest_page_shows_manifests_that_are_read(tmp_path: Path, example: str) -> None:
    Manifest.read(written(tmp_path, example))


def test_the_examples_of_keys_are_read(tmp_path: Path) -> None:
    """The last column of the tables of keys, put into a manifest."""
    text = page("manifest.md")
    lines = []
    for part in ("The matrix", "What may be chosen", "Envelope words"):
        for line in section(text, part).splitlines():
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            if line.startswith("| `") and cells[-1]:
                lines.append(f"{cells[0].strip('`')} = {re.findall(r'`([^`]+)`', cells[-1])[0]}")
    groups = "[dependency-groups]\ntrain = []\n[project.optional-dependencies]\nplots = []\n"
    # a target has one C library
    kept = [line for line in lines if not line.startswith("musl")]
    assert len(kept) > 20
    Manifest.read(
        written(tmp_path, f'[project]\nname = "x"\n{groups}[tool.provenv]\n' + "\n".join(kept) + "\n")
    )


@pytest.mark.parametrize("path", [p for p in PAGES if p.exists()], ids=lambda p: p.name)
def test_every_toml_block_is_toml(path: Path) -> None:
    for block in blocks(path.read_text(encoding="utf-8"), "toml"):
        tomllib.loads(block)


# --- the network


def test_every_key_of_the_users_file_and_of_pips_is_described() -> None:
    text = page("network.md")
    assert rows(section(text, "The user's config.toml")) == {*USER_KEYS}
    assert rows(section(text, "pip's configuration")) == set(PIP_KEYS.values())


@pytest.mark.parametrize("example", blocks(page("network.md"), "toml"))
def test_the_network_page_shows_files_that_are_read(tmp_path: Path, example: str) -> None:
    (tmp_path / "corp-ca.pem").touch()
    (tmp_path / "config.toml").write_text(example, encoding="utf-8")
    read = read_user_config({"PROVENV_CONFIG": str(tmp_path / "config.toml"), "HOME": str(tmp_path)})
    assert set(read.origins or ()) == set(tomllib.loads(example))


def test_the_defaults_of_the_network_page_hold() -> None:
    from provenv.settings import NetworkSettings

    text = section(page("network.md"), "The user's config.toml")
    settings = NetworkSettings("https://index.example/simple")
    assert re.search(rf"^\| `timeout` .*\| `{settings.timeout:g}` \|$", text, re.MULTILINE)
    assert re.search(rf"^\| `retries` .*\| `{settings.retries}` \|$", text, re.MULTILINE)


# --- errors


def error_classes() -> Iterator[type[ProvenvError]]:
    waiting: list[type[ProvenvError]] = [ProvenvError]
    while waiting:
        waiting += (found := waiting.pop().__subclasses__())
        yield from (one for one in found if one.__module__ == errors.__name__)


def test_every_kind_of_error_and_its_exit_code_is_described() -> None:
    text = page("exit-codes.md")
    codes = set(re.findall(r"^\| (\d+) \|", text, re.MULTILINE))
    classes = list(error_classes())
    assert len(classes) > 8
    assert {str(one.exit_code) for one in classes} <= codes
    kinds = set(re.findall(r"`([a-z-]+)`", text.partition("`kind` is one of")[2].partition(". ")[0]))
    assert kinds == {one.kind for one in classes}


# --- commands


def commands_in(text: str) -> Iterator[str]:
    """Every command line that begins with `provenv`, in a block or in code marks."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for line in block.splitlines() if language in ("", "yaml", "console", "sh", "bash") else ():
            line = re.sub(r"^\s*(- run: |- |\$ )", "", line)
            if line.startswith("provenv "):
                yield line
    yield from re.findall(
        r"`(provenv [^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    )


def commands_in_code() -> Iterator[tuple[str, str]]:
    """The command lines that messages, hints and help speak of."""
    for folder in (ROOT / "resolver", ROOT / "plugins"):
        for path in sorted(folder.rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            for line in re.findall(r"`(provenv [a-z-][^`{\"']*)`", text):
                yield path.name, line
            for block in re.findall(r'EXAMPLES = """\\\nexamples:\n(.*?)"""', text, re.DOTALL):
                for line in block.splitlines():
                    if line.strip().startswith("provenv "):
                        yield path.name, line.strip()


def parse(line: str) -> None:
    """Let argparse read a command line as the program does.

    `[X]` and `…` are spoken, not typed; two spaces begin a remark, a pipe another program.
    """
    line = re.split(r" {2,}| >>? | \| ", line)[0]
    words = shlex.split(re.sub(r"\[[^\]]*\]|…|\.\.\.", "", line))[1:]
    if words[0] in ("--help", "--version", "-V", "COMMAND") or words[-1] == "--help":
        return
    assert words[0] in COMMANDS, f"{line}: there is no such command"
    parser = parser_for(COMMANDS[words[0]])
    assert isinstance(parser, argparse.ArgumentParser)
    try:
        parser.parse_args(words[1:])
    except ProvenvError as error:
        # a message may name a flag without its value, or stand a capital word in its place
        spoken = r"are required|expected (one|at least one) argument|invalid choice: '[A-Z]+'"
        if not re.search(spoken, error.message):
            raise AssertionError(f"{line}: {error}") from error


@pytest.mark.parametrize("path", [p for p in PAGES if p.exists()], ids=lambda p: f"{p.parent.name}/{p.name}")
def test_every_command_in_the_manual_is_one(path: Path) -> None:
    for line in commands_in(path.read_text(encoding="utf-8")):
        if "zeta" not in line:  # the plugin that docs/plugins.md writes brings flags of its own
            parse(line)


def test_every_command_in_a_message_is_one() -> None:
    found = list(commands_in_code())
    assert len(found) > 40
    for _, line in found:
        parse(line)


def links(text: str) -> Iterable[str]:
    return re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)


@pytest.mark.parametrize("path", [p for p in PAGES if p.exists()], ids=lambda p: f"{p.parent.name}/{p.name}")
def test_every_link_to_a_page_leads_somewhere(path: Path) -> None:
    for target in links(path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
