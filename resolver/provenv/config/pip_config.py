"""pip's own configuration of this machine: what its files and PIP_* variables say about the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from provenv.config.pip_files import Machine, pip_files
from provenv.errors import ManifestError, Origin
from provenv.manifest.document import read_bytes, shown_path
from provenv.tuples import NamedTuple

# pip takes every long form of an option as a key; these are the ones that say how the network is reached.
KEYS: Mapping[str, str] = {
    "index-url": "index-url",
    "pypi-url": "index-url",
    "extra-index-url": "extra-index-url",
    "no-index": "no-index",
    "find-links": "find-links",
    "constraint": "constraint",
    "cert": "cert",
    "client-cert": "client-cert",
    "proxy": "proxy",
    "trusted-host": "trusted-host",
    "timeout": "timeout",
    "default-timeout": "timeout",
    "retries": "retries",
}

# pip: the section of the command that installs goes before [global], in whichever file either stands.
_SECTIONS = ("global", "install")


class PipSetting(NamedTuple):
    """One setting as text, and where it was said: a file with its section, or a variable."""

    text: str
    origin: Origin

    def words(self) -> list[str]:
        """The values of a setting that may have several: they stand between white space."""
        return self.text.split()


def pip_settings(machine: Machine) -> dict[str, PipSetting]:
    """pip's network settings in force, by the keys of `KEYS`.

    Raises:
        ManifestError: a file that pip could not read either.
    """
    said: dict[str, dict[str, PipSetting]] = {section: {} for section in (*_SECTIONS, "environment")}
    for file in pip_files(machine):
        for section, key, setting in _said_in(file):
            if section in said:
                said[section][key] = setting
    said["environment"] = dict(_said_by_variables(machine.environ))
    merged: dict[str, PipSetting] = {}
    for part in said.values():
        merged.update(part)
    return merged


def _said_in(file: Path) -> Iterator[tuple[str, str, PipSetting]]:
    import configparser

    parser = configparser.RawConfigParser()
    shown = shown_path(file)
    text = read_bytes(file).decode("utf-8-sig", "replace")
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ManifestError(
            "pip's configuration can't be read",
            evidence=[str(error.message).replace("\n", " ")],
            hints=["mend it (`pip config debug` lists all such files), or use --no-pip-config"],
            origin=Origin(shown, _line_of(error)),
        ) from None
    for section in parser.sections():
        for key, value in _network_only(parser.items(section)):
            yield section, key, PipSetting(value, Origin(shown, _line(text, section, key)))


def _said_by_variables(environ: Mapping[str, str]) -> Iterator[tuple[str, PipSetting]]:
    variables = {name[4:]: name for name in environ if name.startswith("PIP_")}
    for key, value in _network_only((name, environ[whole]) for name, whole in variables.items()):
        name = next(whole for short, whole in variables.items() if KEYS.get(_key(short)) == key)
        yield key, PipSetting(value, Origin(name))


def _network_only(items: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The settings that speak of the network; an empty one is for pip as if it were not there."""
    for name, value in items:
        key = KEYS.get(_key(name))
        if key is not None and value:
            yield key, value.strip()


def _key(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")


def _line_of(error: Exception) -> int | None:
    line = getattr(error, "lineno", None)
    if isinstance(line, int):
        return line
    errors = getattr(error, "errors", None)
    return int(errors[0][0]) if errors else None


def _line(text: str, section: str, key: str) -> int | None:
    """The line of a key, the last one in its section where the parser would take it."""
    within, found = "", None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("["):
            within = line.strip().strip("[]")
        elif within == section and line[:1].strip() and line[0] not in "#;":
            name = line.replace(":", "=", 1).split("=", 1)[0]
            if KEYS.get(_key(name.strip())) == key:
                found = number
    return found
