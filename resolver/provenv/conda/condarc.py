"""conda's own settings, as far as they say how this machine reaches channels.

They change where bytes come from and never what a lock says, as pip's configuration does for indexes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from provenv.config.folders import home
from provenv.errors import ManifestError, Origin
from provenv.values import dataclass, field

_FOLDERS = (
    *(("C:/ProgramData/conda",) if os.name == "nt" else ("/etc/conda", "/var/lib/conda")),
    *("$CONDA_ROOT", "$XDG_CONFIG_HOME/conda", "~/.config/conda", "~/.conda", "~", "$CONDA_PREFIX"),
)
"""Where conda looks for its settings, later ones going first. Source: conda's `SEARCH_PATH`."""


@dataclass(frozen=True, slots=True)
class Condarc:
    """What conda's settings say of the network.

    `alias`: what stands before a channel's bare name. `custom`: name -> what stands before it instead.
    `defaults`: the channels that `defaults` stands for, None: conda's own. `mirrored`: name -> addresses in
    their order. `proxies`: by scheme. `verify`: False where no certificate is asked for.
    """

    alias: str | None = None
    custom: Mapping[str, str] = field(default_factory=dict)
    defaults: tuple[str, ...] | None = None
    mirrored: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    proxies: Mapping[str, str] = field(default_factory=dict)
    verify: bool = True
    cert: Path | None = None
    client_cert: Path | None = None


@cache
def machine_condarc() -> Condarc:
    """This machine's. Raises ManifestError for a file that is no YAML."""
    found: dict[str, object] = {}
    for path in _files():
        for key, value in _read(path).items():
            before = found.get(key)
            both = isinstance(before, Mapping) and isinstance(value, Mapping)
            found[key] = {**before, **value} if both else value  # type: ignore[dict-item]  # both are mappings
    for key in ("channel_alias", "ssl_verify", "client_ssl_cert"):
        said = os.environ.get(f"CONDA_{key.upper()}")
        if said:
            found[key] = said
    return _condarc(found)


def _files() -> Iterator[Path]:
    for folder in _FOLDERS:
        place = os.path.expandvars(folder.replace("~", str(home(os.environ)), 1))
        if "$" in place:
            continue
        names = (".condarc", "condarc") if folder != "~" else (".condarc", ".mambarc")
        yield from (Path(place, name) for name in names)
        if folder != "~":
            yield from sorted(Path(place, "condarc.d").glob("*.y*ml"))
    for variable in ("CONDARC", "MAMBARC"):
        if os.environ.get(variable):
            yield _path(os.environ[variable])


def _read(path: Path) -> Mapping[str, object]:
    try:
        data = path.read_bytes()
    except OSError:
        return {}
    import yaml

    try:
        found = yaml.safe_load(data)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ManifestError(
            "conda's settings are not valid YAML", origin=Origin(str(path), mark.line + 1 if mark else None)
        ) from None
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}


def _condarc(found: Mapping[str, object]) -> Condarc:
    verify, cert = _verify(found.get("ssl_verify"))
    client = _text(found.get("client_ssl_cert"))
    defaults = found.get("default_channels")
    return Condarc(
        alias=_text(found.get("channel_alias")),
        custom=dict(_texts(found.get("custom_channels"))),
        defaults=None if defaults is None else tuple(_list(defaults)),
        mirrored={name: tuple(_list(places)) for name, places in _pairs(found.get("mirrored_channels"))},
        proxies={s: p for s, p in _texts(found.get("proxy_servers")) if s in ("http", "https")},
        verify=verify,
        cert=cert,
        client_cert=_path(client) if client else None,
    )


def _verify(value: object) -> tuple[bool, Path | None]:
    """conda: yes, no, `truststore` (the system's, as ever), or a file of certificates."""
    text = str(value).strip()
    if value is None or value is True or text.lower() in ("true", "yes", "1", "truststore"):
        return True, None
    if value is False or text.lower() in ("false", "no", "0"):
        return False, None
    return True, _path(os.path.expandvars(text))


def _path(text: str) -> Path:
    return home(os.environ) / text[2:] if text.startswith("~/") else Path(text)


def _text(value: object) -> str | None:
    """A text with `$NAME` and `${NAME}` filled in, as conda does it."""
    return os.path.expandvars(value).rstrip("/") if isinstance(value, str) and value.strip() else None


def _pairs(value: object) -> Iterable[tuple[str, object]]:
    return [(str(key), one) for key, one in value.items()] if isinstance(value, dict) else ()


def _texts(value: object) -> Iterator[tuple[str, str]]:
    for key, one in _pairs(value):
        text = _text(one)
        if text:
            yield key, text


def _list(value: object) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        text = _text(one)
        if text:
            yield text
