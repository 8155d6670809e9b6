"""The options of a line in a requirements file, in every form that pip takes: `--name=value`, `-rFILE` …"""

from __future__ import annotations

import re

from provenv.errors import ManifestError, Origin
from provenv.manifest.spelling import spelling_hints
from provenv.patterns import regex
from provenv.tuples import NamedTuple

_WITH_VALUE = (
    "--index-url",
    "--extra-index-url",
    "--constraint",
    "--requirement",
    "--editable",
    "--find-links",
    "--no-binary",
    "--only-binary",
    "--all-releases",
    "--only-final",
    "--trusted-host",
    "--use-feature",
    "--hash",
    "--config-settings",
    "--global-option",
    "--install-option",
)
_WITHOUT_VALUE = ("--no-index", "--prefer-binary", "--require-hashes", "--no-require-hashes", "--pre")
_SHORT = {
    "-i": "--index-url",
    "-c": "--constraint",
    "-r": "--requirement",
    "-e": "--editable",
    "-f": "--find-links",
    "-C": "--config-settings",
}
_ALIASES = {
    "--pypi-url": "--index-url",
    "--config-setting": "--config-settings",
    "--constraints": "--constraint",
    "--requirements": "--requirement",
}
_LONG = (*_WITH_VALUE, *_WITHOUT_VALUE)
_TOKEN = regex(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+|["']""")
_OPTION_START = regex(r"(?:^|\s)(?=-)")

PER_REQUIREMENT = ("--hash", "--config-settings", "--global-option", "--install-option")
"""The options that belong to the requirement before them; every other one speaks for the whole run."""


class Option(NamedTuple):
    """One option by its long name. `rest`: the words after its value that belong to no option."""

    name: str
    value: str
    rest: str = ""


def split_line(text: str) -> tuple[str, str]:
    """The requirement of a line, and its options; either may be empty."""
    start = _OPTION_START.search(text)
    return (text[: start.start()].strip(), text[start.end() :]) if start else (text, "")


def read_options(text: str, origin: Origin) -> list[Option]:
    """The options in the order in which they stand.

    Raises:
        ManifestError: pip has no such option in a requirements file, or its value is missing.
    """
    tokens = _TOKEN.findall(text)
    if any(token in "\"'" for token in tokens):
        raise ManifestError(f"a quote in {text!r} is never closed", origin=origin)
    options: list[Option] = []
    at = 0
    while at < len(tokens):
        name, value, at = _option(tokens, at, origin)
        rest_from = at
        while at < len(tokens) and not tokens[at].startswith("-"):
            at += 1
        options.append(Option(name, value, " ".join(tokens[rest_from:at])))
    return options


def _option(tokens: list[str], at: int, origin: Origin) -> tuple[str, str, int]:
    """The option at a token: its long name, its value, and where the next token is."""
    token = tokens[at]
    written, equals, value = token.partition("=")
    attached = bool(equals)
    if not token.startswith("--"):
        # optparse: what follows a short option in the same word is its value
        written, value, attached = token[:2], token[2:], len(token) > 2
    name = _long_name(written, origin)
    if name in _WITHOUT_VALUE:
        if attached:
            raise ManifestError(f"{written} takes no value", origin=origin)
        return name, "", at + 1
    if attached:
        return name, _unquoted(value), at + 1
    if at + 1 == len(tokens):
        raise ManifestError(f"{written} needs a value", origin=origin)
    return name, _unquoted(tokens[at + 1]), at + 2


def _long_name(written: str, origin: Origin) -> str:
    name = _SHORT.get(written) or _ALIASES.get(written) or written
    if name in _LONG:
        return name
    # optparse takes the beginning of a long option where only one begins so
    beginnings = [known for known in _LONG if len(written) > 2 and known.startswith(written)]
    if len(beginnings) == 1:
        return beginnings[0]
    raise ManifestError(
        f"{written} is no option of a requirements file",
        hints=spelling_hints(written, _LONG, "options"),
        origin=origin,
    )


def _unquoted(text: str) -> str:
    return re.sub(r"""(["'])(.*?)\1""", r"\2", text)
