"""One requirement as a user wrote it, parsed or refused with its place and the nearest right spelling."""

from __future__ import annotations

import re
from pathlib import Path

from provenv.errors import ManifestError, Origin
from provenv.manifest.values import ManifestRequirement
from provenv.patterns import regex
from provenv.values import replace

_EQUALS_FIRST = regex(r"=([<>])(?!=)")
_SINGLE_EQUALS = regex(r"(?<![=<>!~])=(?!=)")
_STAR_AFTER_ORDER = regex(r"(>=|<=|>|<|~=)\s*([0-9A-Za-z.!+]+?)\.\*")
_DOT_AT_END = regex(r"([=<>!~]=?=?\s*\d[\w.]*)\.(?=\s*(?:,|;|\)|$))")
_POETRY_CARET = regex(r"^([A-Za-z0-9._-]+(?:\[[^\]]*\])?)\s*\^\s*(\d+)((?:\.\d+)*)$")
_CONDA_SPACE = regex(r"^([A-Za-z0-9._-]+)\s+(\d[\w.]*)$")
_CONDA_EXPORT = regex(r"^[A-Za-z0-9_][\w.-]*=[^=\s]+=[^=\s]+$")
_QUOTED = regex(r"""^(["'])(.+)\1$""")
_NO_COMMA = regex(r"(\d[\w.*+!]*)\s+(?=[<>=!~]=?)")
_AT_VERSION = regex(r"^([A-Za-z0-9._-]+)\s*@\s*(\d[\w.]*)$")
_GLUED_COMMENT = regex(r"#.*$")
_SEMICOLONS = regex(r"[;\s]+$")
_WORD_PROCESSORS = {
    '"': "\u201c\u201d\u201e",
    "'": "\u2018\u2019",
    "-": "\u2010\u2011\u2013",
    " ": "\u00a0\u2009\u202f",
}
_PASTED = regex(f"[{''.join(_WORD_PROCESSORS.values())}]")
_UNSET = regex(r"\$\{?[A-Za-z_][A-Za-z0-9_]*[^}\s]*\}?")


def entry(
    text: str,
    origin: Origin,
    *,
    shown: str | None = None,
    group: str | None = None,
    extra: str | None = None,
    hashes: tuple[str, ...] = (),
    folder: Path | None = None,
) -> ManifestRequirement:
    """A requirement that has a name; `shown` is the user's own text where `text` has variables filled in.

    `folder`: where a direct reference to a relative path starts.

    Raises:
        ManifestError: it is no PEP 508 requirement; with a right spelling where one is near.
    """
    from provenv.standards.requirements import InvalidRequirement, parse_requirement

    try:
        parsed = parse_requirement(text)
    except InvalidRequirement as error:
        raise ManifestError(
            f"{shown or text!r} is not a requirement: {error}",
            hints=requirement_hints(text),
            origin=origin,
        ) from None
    if parsed.url and folder:
        from provenv.manifest.locations import absolute_url, hash_in

        url = absolute_url(parsed.url, folder)
        if url is None:
            raise ManifestError(
                f"{shown or text!r}: {parsed.url!r} is neither an address nor a path that is there",
                hints=requirement_hints(text),
                origin=origin,
            )
        parsed = replace(parsed, url=url)
        hashes = hashes or hash_in(url)
    return ManifestRequirement(parsed, shown or text, origin, hashes, False, group, extra)


def requirement_hints(text: str) -> tuple[str, ...]:
    """What the author of a broken requirement may have meant, for the slips that are common in real files."""
    unset = _UNSET.search(text)
    if unset:
        return (f"the variable in {unset.group()} is not set: set it, or write its value here",)
    for pattern, replacement in (
        (_EQUALS_FIRST, r"\1="),
        (_SINGLE_EQUALS, "=="),
        (_DOT_AT_END, r"\1"),
        (_STAR_AFTER_ORDER, r"\1\2"),
        (_CONDA_SPACE, r"\1==\2"),
        (_QUOTED, r"\2"),
        (_NO_COMMA, r"\1,"),
        (_AT_VERSION, r"\1==\2"),
        (_GLUED_COMMENT, ""),
        (_SEMICOLONS, ""),
        (_PASTED, _plain),
    ):
        mended = pattern.sub(replacement, text)
        if mended != text and _is_requirement(mended):
            return (f"did you mean {mended!r}?",)
    if _CONDA_EXPORT.match(text):
        return ("this is the form of `conda list --export`; `pip list --format=freeze` writes requirements",)
    caret = _POETRY_CARET.match(text)
    if caret:
        name, major, rest = caret.groups()
        return (f"`^` is poetry's own: write {f'{name}>={major}{rest},<{int(major) + 1}'!r}",)
    return ()


def _plain(match: re.Match[str]) -> str:
    """The character of a keyboard that a word processor has made this one of."""
    return next(plain for plain, pasted in _WORD_PROCESSORS.items() if match[0] in pasted)


def _is_requirement(text: str) -> bool:
    from provenv.standards.requirements import InvalidRequirement, parse_requirement

    try:
        parse_requirement(text)
    except InvalidRequirement:
        return False
    return True
