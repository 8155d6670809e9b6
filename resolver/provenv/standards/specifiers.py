"""PEP 440 specifiers: a clause is one or two intervals of sort keys, found in a page's versions by bisection.

All answers admit pre-releases: whether one may be taken is the resolver's rule, not a specifier's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache

from provenv.standards.versions import (
    EARLIEST,
    InvalidVersion,
    Key,
    is_prerelease,
    release_of,
    sort_key,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

Clause: TypeAlias = tuple[str, str]
"""`(operator, version as written)`: `("==", "1.2.*")`."""
Interval: TypeAlias = tuple[Key | None, Key | None]
"""Every key from the first (with it) to the second (without it); None: no bound."""

_OPERATORS = ("===", "==", "~=", "!=", "<=", ">=", "<", ">")


class InvalidSpecifier(ValueError):
    """A text that PEP 440 does not read as a version specifier."""

    def __init__(self, text: str, reason: str = "") -> None:
        super().__init__(f"not a version specifier: {text!r}" + (f" ({reason})" if reason else ""))
        self.text = text


class VersionTable:
    """The versions of one project, newest first, with the masks that were asked for so far.

    Bit i of a mask stands for `texts[i]`. Make one per project page. `masks`: those that are known already;
    new ones are put there.
    """

    __slots__ = ("_ascending", "_masks", "everything", "texts")

    def __init__(self, texts: Sequence[str], masks: dict[str, int] | None = None) -> None:
        self.texts = tuple(texts)
        self.everything = (1 << len(self.texts)) - 1
        self._ascending = self.texts[::-1]
        self._masks = {} if masks is None else masks

    def __len__(self) -> int:
        return len(self.texts)

    def _mask(self, specifiers: str) -> int:
        known = self._masks.get(specifiers)
        if known is None:
            known = self.everything
            for clause in parse_specifiers(specifiers):
                known &= self._clause_mask(clause)
            self._masks[specifiers] = known
        return known

    def _clause_mask(self, clause: Clause) -> int:
        operator, version = clause
        if operator == "===":
            wanted = version.lower()
            return sum(1 << i for i, text in enumerate(self.texts) if text.lower() == wanted)
        found, ascending, count = 0, self._ascending, len(self._ascending)
        for low, high in _intervals(operator, version):
            first = 0 if low is None else bisect_left(ascending, low, key=sort_key)
            end = count if high is None else bisect_left(ascending, high, key=sort_key)
            if first < end:
                found |= ((1 << (end - first)) - 1) << (count - end)
        return found


def mask(specifiers: str, table: VersionTable) -> int:
    """The versions of a table that satisfy a specifier, as a bitmask; `""` is satisfied by all.

    `===` compares with `table.texts`. Raises InvalidSpecifier.
    """
    return table._mask(specifiers)


@cache
def contains(specifiers: str, version: str) -> bool:
    """Whether a version satisfies a specifier. A text that is no version satisfies only `===` and `""`.

    Raises InvalidSpecifier.
    """
    return _all_admit(parse_specifiers(specifiers), version)


@cache
def parse_specifiers(text: str) -> tuple[Clause, ...]:
    """The clauses in the order written, without empty ones (a trailing comma). Raises InvalidSpecifier."""
    return tuple([parse_clause(part) for part in text.split(",") if part and not part.isspace()])


@cache
def parse_clause(text: str) -> Clause:
    """One clause, `>= 1.0`. Raises InvalidSpecifier, which says what is wrong."""
    stripped = text.strip()
    operator = next((op for op in _OPERATORS if stripped.startswith(op)), None)
    if operator is None:
        raise InvalidSpecifier(text, "no operator")
    version = stripped[len(operator) :].strip()
    if reason := _objection(operator, version):
        raise InvalidSpecifier(text, reason)
    return operator, version


def is_exact_pin(specifiers: str) -> bool:
    """Whether some clause names one version: `===`, or `==` without a wildcard. Raises InvalidSpecifier."""
    return any(
        op == "===" or (op == "==" and version[-2:] != ".*") for op, version in parse_specifiers(specifiers)
    )


@cache
def python_allows(requires_python: str, full_version: str) -> bool:
    """Whether a Requires-Python text admits an interpreter (`3.12.4`); upper bounds count.

    Indexes hold texts that PEP 440 rejects. Known misspellings are read as meant (`>=3.6.*`, `!=3.0*`,
    `=>3.6`, `>=3.6 <4`, quotes); a clause that can't be read is passed over, as pip passes over the whole
    text. Never raises.
    """
    try:
        clauses = parse_specifiers(requires_python)
    except InvalidSpecifier:
        clauses = _misspelled(requires_python)
    return _all_admit(clauses, full_version)


def _objection(operator: str, version: str) -> str | None:
    if operator == "===":
        return (
            "a space, `;` or `)` in the version" if any(c in ";)" or c.isspace() for c in version) else None
        )
    base = version.removesuffix(".*")
    if base != version and (operator not in ("==", "!=") or not _is_release(base)):
        return "`.*` goes with a plain release after `==` or `!=` only"
    try:
        key = sort_key(base)
    except InvalidVersion:
        return f"{version!r} is not a version"
    if key[3] and operator not in ("==", "!="):
        return "a local label goes with `==` and `!=` only"
    if operator == "~=" and len(release_of(base)) < 2:
        return "`~=` needs two release numbers at least"
    return None


def _is_release(base: str) -> bool:
    numbers = base.rpartition("!")[2] if "!" in base else base.lstrip("vV")
    return numbers.replace(".", "").isdigit() and numbers.isascii()


def _all_admit(clauses: Sequence[Clause], version: str) -> bool:
    try:
        key = sort_key(version)
    except InvalidVersion:
        return all(op == "===" and wanted.lower() == version.lower() for op, wanted in clauses)
    return all(_admits(clause, version, key) for clause in clauses)


def _admits(clause: Clause, version: str, key: Key) -> bool:
    operator, wanted = clause
    if operator == "===":
        return wanted.lower() == version.lower()
    return any(
        (low is None or key >= low) and (high is None or key < high)
        for low, high in _intervals(operator, wanted)
    )


@cache
def _intervals(operator: str, version: str) -> tuple[Interval, ...]:
    """What a clause other than `===` admits, in ascending order."""
    if operator in ("==", "!="):
        low, high = _series(version[:-2]) if version.endswith(".*") else _exactly(sort_key(version))
        return ((low, high),) if operator == "==" else ((None, low), (high, None))
    key = sort_key(version)
    if operator == ">=":
        return ((key, None),)
    if operator == "<=":
        return ((None, _after_locals(key)),)
    if operator == ">":
        return ((_above(key), None),)
    if operator == "<":
        return ((None, key if is_prerelease(key) else _first_of(key)),)
    return ((key, _first_after(key[0], release_of(version)[:-1])),)  # ~=


def _exactly(key: Key) -> tuple[Key, Key]:
    # PEP 440: a clause without a local label admits every local build of its version.
    epoch, release, suffix, local = key
    return key, ((epoch, release, suffix, (*local, (-1, ""))) if local else _after_locals(key))


def _series(base: str) -> tuple[Key, Key]:
    epoch, release, _, _ = sort_key(base)
    return (epoch, release, EARLIEST, ()), _first_after(epoch, release_of(base))


def _first_after(epoch: int, release: tuple[int, ...]) -> Key:
    """The `.dev0` of the next series: (1, 2) -> 1.3.dev0."""
    return epoch, (*release[:-1], release[-1] + 1), EARLIEST, ()


def _first_of(key: Key) -> Key:
    # PEP 440: `<V` admits no pre-release of V unless V is one itself.
    epoch, release, (pre, number, post, _, _), _ = key
    return epoch, release, (EARLIEST if post < 0 else (pre, number, post, 0, 0)), ()


def _after_locals(key: Key) -> Key:
    """Above every local build of a version, below whatever comes next."""
    epoch, release, (pre, number, post, is_not_dev, dev), _ = key
    return epoch, release, (pre, number, post, is_not_dev, dev + 1), ()


def _above(key: Key) -> Key:
    # PEP 440: `>V` admits no local build of V, and no post-release unless V is one itself.
    epoch, release, (pre, number, post, is_not_dev, _), _ = key
    if post < 0 and is_not_dev:
        return epoch, release, (pre, number + 1, *EARLIEST[2:]), ()
    return _after_locals(key)


def _misspelled(text: str) -> tuple[Clause, ...]:
    """The clauses that a Requires-Python text was meant to hold, as far as they can be guessed."""
    import re

    clauses: list[Clause] = []
    for operator, version in re.findall(r"([<>=!~]+)\s*([0-9][0-9a-zA-Z.*]*)", text):
        try:
            clauses.append(_respelled(operator, version))
        except InvalidSpecifier:
            continue
    return tuple(clauses)


def _respelled(operator: str, version: str) -> Clause:
    operator = {"=>": ">=", "=<": "<=", "!=~": "!=", "=": "=="}.get(operator, operator)
    base = version.rstrip("*").rstrip(".")
    if base == version or not _is_release(base):
        return parse_clause(operator + version.rstrip("."))
    if operator in ("==", "!="):
        return parse_clause(f"{operator}{base}.*")
    if operator in (">", "<="):  # beyond, or up to and with, the whole series
        *head, last = release_of(base)
        following = ".".join(map(str, [*head, last + 1]))
        return parse_clause((">=" if operator == ">" else "<") + following)
    return parse_clause(operator + base)
