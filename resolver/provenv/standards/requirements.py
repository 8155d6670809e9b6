"""PEP 508 dependency specifiers as values."""

from __future__ import annotations

from functools import cache

from provenv.standards.markers import InvalidMarker, compile_marker
from provenv.standards.names import canonicalize
from provenv.standards.scanner import Malformed, Scanner
from provenv.standards.specifiers import InvalidSpecifier, parse_specifiers
from provenv.values import dataclass


class InvalidRequirement(ValueError):
    """A text that PEP 508 does not read as a dependency specifier; `column` counts from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class Requirement:
    """One dependency specifier, parsed; its parts are normalised text that the fast paths take.

    `name`: canonical (PEP 503). `extras`: canonical, sorted. `specifier`: PEP 440 clauses joined by commas,
    `""` for any version. `marker`: PEP 508 marker text without the semicolon, or None.
    `url`: a direct reference.
    """

    name: str
    extras: tuple[str, ...] = ()
    specifier: str = ""
    marker: str | None = None
    url: str | None = None

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        target = f" @ {self.url}" if self.url else self.specifier
        separator = " ; " if self.url else "; "
        return f"{self.name}{extras}{target}" + (f"{separator}{self.marker}" if self.marker else "")


@cache
def parse_requirement(text: str) -> Requirement:
    """The requirement that a text spells, legacy `name (>=1)` included.

    Clauses keep their order and spelling but lose their blanks; the marker is in normal spelling.
    Raises InvalidRequirement with the column where the reading stopped.
    """
    scanner = Scanner(text)
    try:
        return _read_requirement(scanner)
    except Malformed as error:
        raise InvalidRequirement(str(error), error.column) from None


def _read_requirement(scanner: Scanner) -> Requirement:
    scanner.skip_blanks()
    name = _read_identifier(scanner) or scanner.fail("expected a package name")
    scanner.skip_blanks()
    extras = _read_extras(scanner)
    scanner.skip_blanks()
    specifier, url = "", None
    if scanner.take("@"):
        url = _read_url(scanner)
    else:
        specifier = _read_specifiers(scanner)
        scanner.skip_blanks()
    otherwise = "a semicolon" if url else "a comma, a semicolon" if specifier else "a version, a semicolon"
    marker = _read_marker(scanner, otherwise)
    return Requirement(
        canonicalize(name), tuple(sorted(set(map(canonicalize, extras)))), specifier, marker, url
    )


def _read_marker(scanner: Scanner, otherwise: str) -> str | None:
    if scanner.at_end():
        return None
    if not scanner.take(";"):
        scanner.fail(f"expected {otherwise} or the end")
    try:
        return str(compile_marker(scanner.text[scanner.position :]))
    except InvalidMarker as error:
        scanner.fail(error.reason, scanner.position + (error.column or 1) - 1)


def _read_identifier(scanner: Scanner) -> str:
    """The name that is next: ASCII letters and digits, `.`, `_` and `-` inside; "" where there is none."""
    text, start = scanner.text, scanner.position
    end = start
    while (
        (character := text[end : end + 1])
        and character.isascii()
        and (character.isalnum() or character in "._-")
    ):
        end += 1
    if end == start or not text[start].isalnum():
        return ""
    # A name ends at a word boundary: a dash or dot at its end is not part of it, nor is half a word.
    while end > start and _is_word(text[end - 1 : end]) == _is_word(text[end : end + 1]):
        end -= 1
    scanner.position = end
    return text[start:end]


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _read_extras(scanner: Scanner) -> list[str]:
    opening = scanner.position
    if not scanner.take("["):
        return []
    scanner.skip_blanks()
    extras: list[str] = []
    if extra := _read_identifier(scanner):
        extras.append(extra)
        scanner.skip_blanks()
        while scanner.take(","):
            scanner.skip_blanks()
            extras.append(_read_identifier(scanner) or scanner.fail("expected an extra after the comma"))
            scanner.skip_blanks()
    if not scanner.take("]"):
        scanner.fail("expected `]` for the `[`" if scanner.at_end() else "expected a comma or `]`", opening)
    return extras


def _read_url(scanner: Scanner) -> str:
    from urllib.parse import urlsplit  # rarely needed, and not cheap to import

    scanner.skip_blanks()
    start = scanner.position
    while scanner.peek() not in ("", " ", "\t"):
        scanner.position += 1
    if scanner.position == start:
        scanner.fail("expected a URL after `@`")
    url = scanner.text[start : scanner.position]
    try:
        urlsplit(url)
    except ValueError as error:  # a host in brackets that is no IPv6 address
        scanner.fail(f"no URL: {error}", start)
    scanner.skip_blanks()
    return url


def _read_specifiers(scanner: Scanner) -> str:
    opening = scanner.position
    parenthesised = scanner.take("(")
    scanner.skip_blanks()
    clauses: list[str] = []
    while scanner.peek() and scanner.peek() in "<>=!~":
        clauses += _read_clause(scanner)
        scanner.skip_blanks()
        if not scanner.take(","):
            break
        scanner.skip_blanks()
    if parenthesised and not scanner.take(")"):
        scanner.fail("expected `)` for the `(`" if scanner.at_end() else "expected a comma or `)`", opening)
    return ",".join(clauses)


def _read_clause(scanner: Scanner) -> list[str]:
    """The next clause, without blanks; several where `===` took a comma along, as the grammar has it."""
    text, start = scanner.text, scanner.position
    end = start
    while text[end : end + 1] and text[end] in "<>=!~":
        end += 1
    closing = ";)" if text.startswith("===", start) else ",;)"
    while text[end : end + 1].isspace():
        end += 1
    while (character := text[end : end + 1]) and character not in closing and not character.isspace():
        end += 1
    try:
        clauses = parse_specifiers(text[start:end])
    except InvalidSpecifier as error:
        scanner.fail(str(error))
    scanner.position = end
    return [operator + version for operator, version in clauses]
