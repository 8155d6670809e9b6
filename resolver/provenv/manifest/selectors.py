"""Selectors of environment files (`# [linux]`, `sel(win): …`): on which platforms a line counts."""

from __future__ import annotations

import re

from provenv.patterns import regex

# conda-build's words -> the subdirs that each means, and what it is as a marker.
_WORDS: dict[str, tuple[str, str]] = {
    "linux": (r"linux-.*", 'sys_platform == "linux"'),
    "osx": (r"osx-.*", 'sys_platform == "darwin"'),
    "win": (r"win-.*", 'sys_platform == "win32"'),
    "unix": (r"(linux|osx)-.*", 'sys_platform != "win32"'),
    "linux64": (r"linux-64", 'sys_platform == "linux" and platform_machine == "x86_64"'),
    "osx64": (r"osx-64", 'sys_platform == "darwin" and platform_machine == "x86_64"'),
    "win64": (r"win-64", 'sys_platform == "win32" and platform_machine == "AMD64"'),
    "x86_64": (r".*-64", 'platform_machine in "x86_64 AMD64"'),
    "arm64": (r".*-arm64", 'platform_machine in "arm64 ARM64"'),
    "aarch64": (r".*-aarch64", 'platform_machine == "aarch64"'),
}
_TOKEN = regex(r"\s*(\(|\)|[A-Za-z0-9_]+)")


def is_selector(text: str) -> bool:
    """Whether a text in brackets is a condition on the platform, and no remark."""
    try:
        return bool(text.strip()) and _parsed(text, "linux-64") is not None
    except ValueError:
        return False


def selects(text: str, subdir: str) -> bool:
    """Whether a selector holds for a platform, by conda's name for it (`linux-64`)."""
    return _parsed(text, subdir)[0]


def selector_marker(text: str) -> str:
    """The selector as a PEP 508 marker, for what pip installs."""
    return _parsed(text, "linux-64")[1]


def _parsed(text: str, subdir: str) -> tuple[bool, str]:
    """Whether it holds, and its marker. Raises ValueError for what is no selector."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s+", "", text):
        raise ValueError(text)
    tokens.reverse()
    found = _either(tokens, subdir, negate=False)
    if tokens:
        raise ValueError(text)
    return found


def _either(tokens: list[str], subdir: str, *, negate: bool) -> tuple[bool, str]:
    found = _both(tokens, subdir, negate=negate)
    while tokens and tokens[-1] == "or":
        tokens.pop()
        other = _both(tokens, subdir, negate=negate)
        found = _joined(found, other, "and" if negate else "or")
    return found


def _both(tokens: list[str], subdir: str, *, negate: bool) -> tuple[bool, str]:
    found = _one(tokens, subdir, negate=negate)
    while tokens and tokens[-1] == "and":
        tokens.pop()
        other = _one(tokens, subdir, negate=negate)
        found = _joined(found, other, "or" if negate else "and")
    return found


def _joined(first: tuple[bool, str], second: tuple[bool, str], word: str) -> tuple[bool, str]:
    holds = (first[0] and second[0]) if word == "and" else (first[0] or second[0])
    return holds, f"({first[1]}) {word} ({second[1]})"


def _one(tokens: list[str], subdir: str, *, negate: bool) -> tuple[bool, str]:
    word = tokens.pop() if tokens else ""
    if word == "not":
        return _one(tokens, subdir, negate=not negate)
    if word == "(":
        found = _either(tokens, subdir, negate=negate)
        if not tokens or tokens.pop() != ")":
            raise ValueError(word)
        return found
    if word not in _WORDS:
        raise ValueError(word)
    pattern, marker = _WORDS[word]
    holds = re.fullmatch(pattern, subdir) is not None
    return (not holds, _opposite(marker)) if negate else (holds, marker)


def _opposite(marker: str) -> str:
    """The marker that holds where another doesn't; these are made of `==`, `!=`, `in` and `and` alone."""
    flipped = {"==": "!=", "!=": "==", " in ": " not in ", " and ": " or "}
    return re.sub(r"==|!=| in | and ", lambda match: flipped[match[0]], marker)
