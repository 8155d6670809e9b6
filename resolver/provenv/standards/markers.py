"""PEP 508 markers, PEP 685 extras, sets (PEP 751, 825): compiled once, evaluated once per environment."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cache

from provenv.standards.marker_grammar import (
    VARIANT_SETS,
    VERSIONS,
    Atom,
    Node,
    Tree,
    atoms,
    read_marker,
    spell,
)
from provenv.standards.names import canonicalize
from provenv.standards.scanner import Malformed, Scanner
from provenv.standards.specifiers import InvalidSpecifier, contains, parse_clause

_NO_EXTRA = frozenset({""})
_UNSURE = (" or ", ' and "', "(", "'", "\\", "~=", "===", "variant_", "extras", "dependency_groups")
"""Where one of these stands, a look at the text is not enough to know what a marker needs."""
_PLATFORM = (
    *("os_name", "sys_platform", "platform_system", "platform_machine"),
    *("platform_release", "platform_version"),
)


class InvalidMarker(ValueError):
    """A text that is no marker (`column` counts from 1), or a comparison without a meaning (None)."""

    def __init__(self, reason: str, text: str | None = None, column: int | None = None) -> None:
        super().__init__(reason if column is None else f"{reason} at column {column} of {text!r}")
        self.reason = reason
        self.column = column


class Marker:
    """A compiled marker; get one with `compile_marker`. `str()` is its normal spelling.

    `answers`: what it comes to, by extras and the values of `variables`, where no wheel's variant has a say.
    """

    __slots__ = ("answers", "mentions_extra", "tree", "variables")

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.variables = frozenset([atom.variable for atom in atoms(tree)])
        self.mentions_extra = "extra" in self.variables
        self.answers: dict[tuple[object, ...], bool] = {}

    def __str__(self) -> str:
        return spell(self.tree)

    def evaluate(
        self,
        environment: Mapping[str, str],
        extras: AbstractSet[str] = frozenset(),
        groups: AbstractSet[str] = frozenset(),
        variant: Mapping[str, frozenset[str]] | None = None,
    ) -> bool:
        """Whether the marker holds in an environment where these extras and dependency groups are active.

        `variant`: the sets of PEP 825, of the wheel that has the marker (`Variant.sets`); its label is
        `variant_label` in the environment.

        `extra` stands for each active extra in turn, and for `""` when there is none: the marker holds if it
        does for one of them, as pip reads it. `extras` and `dependency_groups` (PEP 751) are the whole sets.
        Raises InvalidMarker on a variable that the environment lacks and on a comparison without a meaning.
        """
        sets = {
            "extras": frozenset(map(canonicalize, extras)),
            "dependency_groups": frozenset(map(canonicalize, groups)),
            **(variant or {}),
        }
        if not self.mentions_extra:
            return _holds(self.tree, environment, "", sets)
        return any(_holds(self.tree, environment, extra, sets) for extra in sets["extras"] or _NO_EXTRA)


class MarkerEnvironment:
    """The marker environment of one target, with every answer it gave so far; equal only to itself.

    `values`: what `marker_environment` makes. `variant`: as `Marker.evaluate` has it.
    """

    __slots__ = ("_answers", "_variant", "values")

    def __init__(
        self, values: Mapping[str, str], variant: Mapping[str, frozenset[str]] | None = None
    ) -> None:
        self.values = dict(values)
        self._variant = variant
        self._answers: dict[str, Answers] = {}

    def evaluate(self, marker: str, extras: frozenset[str] = frozenset()) -> bool:
        """Whether a marker's text holds here for a package with these extras. Raises InvalidMarker."""
        compiled = compile_marker(marker)
        if self._variant is not None:
            return compiled.evaluate(self.values, extras, variant=self._variant)
        key = (extras, *map(self.values.get, compiled.variables))
        known = compiled.answers.get(key)
        if known is None:
            known = compiled.answers[key] = compiled.evaluate(self.values, extras)
        return known

    def answers(self, extra: str) -> Answers:
        """Marker -> whether it holds with an extra and not without; "": without any extra."""
        known = self._answers.get(extra)
        if known is None:
            known = self._answers[extra] = Answers(self, extra)
        return known


class Answers(dict[str, bool]):
    """What a marker environment answers for one extra; each marker is asked when it is first looked up."""

    __slots__ = ("_environment", "_extra")

    def __init__(self, environment: MarkerEnvironment, extra: str) -> None:
        super().__init__()
        self._environment = environment
        self._extra = extra

    def __missing__(self, marker: str) -> bool:
        holds = self._environment.evaluate
        if self._extra:
            answer = holds(marker, frozenset({self._extra})) and not holds(marker)
        else:
            answer = holds(marker)
        self[marker] = answer
        return answer


@cache
def compile_marker(text: str) -> Marker:
    """The marker that a text (without the semicolon) spells. Raises InvalidMarker with the column."""
    scanner = Scanner(text)
    try:
        tree = read_marker(scanner)
        if not scanner.at_end():
            scanner.fail("expected `and`, `or` or the end of the marker")
    except Malformed as error:
        raise InvalidMarker(error.message, text, error.column) from None
    return Marker(tree)


def mentions_extra(text: str) -> bool:
    """Whether a marker asks for `extra`. Raises InvalidMarker."""
    return compile_marker(text).mentions_extra


@cache
def may_hold(text: str, extra: str) -> bool:
    """Whether a marker may hold in some environment with this extra ("": with none). Raises InvalidMarker."""
    return _may_hold(compile_marker(text).tree, extra)


def extra_of(text: str) -> str | None:
    """The extra that a marker in normal spelling ends in asking for, `… and extra == "test"`.

    Most markers of a project are such, and most of their extras nobody asks for: this saves reading them.
    None for a marker that has to be read: it may hold without, or be one whose comparisons have no meaning.
    """
    before, found, extra = text.rpartition('extra == "')
    if not found or text[-1] != '"' or '"' in extra[:-1]:
        return None
    if before and (before[0] == '"' or before[-5:] != " and " or any(map(before.__contains__, _UNSURE))):
        return None
    return extra[:-1]


def _may_hold(tree: Tree, extra: str) -> bool:
    return any(all(_node_may_hold(node, extra) for node in group) for group in tree)


def _node_may_hold(node: Node, extra: str) -> bool:
    if not isinstance(node, Atom):
        return _may_hold(node, extra)
    if node.variable != "extra" or node.operator not in ("==", "!="):
        return True
    return (node.value == extra) is (node.operator == "==")


def marker_environment(full_python: str, platform_part: Mapping[str, str]) -> dict[str, str]:
    """The whole PEP 508 environment of CPython `full_python` (`3.12.4`) on a platform.

    `platform_part`: os_name, sys_platform, platform_system, platform_machine, platform_release,
    platform_version; what it lacks is "", as PEP 508 has it.
    """
    return {
        "implementation_name": "cpython",
        "implementation_version": full_python,
        "platform_python_implementation": "CPython",
        "python_full_version": full_python,
        "python_version": ".".join(full_python.split(".")[:2]),
        **dict.fromkeys(_PLATFORM, ""),
        **platform_part,
    }


def _holds(
    tree: Tree, environment: Mapping[str, str], extra: str, sets: Mapping[str, frozenset[str]]
) -> bool:
    holds = False
    for group in tree:
        # No shortcut: a comparison without a meaning is an error wherever it stands, as in the reference.
        answers = [
            _atom_holds(node, environment, extra, sets)
            if isinstance(node, Atom)
            else _holds(node, environment, extra, sets)
            for node in group
        ]
        holds = all(answers) or holds
    return holds


def _atom_holds(
    atom: Atom, environment: Mapping[str, str], extra: str, sets: Mapping[str, frozenset[str]]
) -> bool:
    variable = atom.variable
    if variable in sets:
        return _set_holds(atom, sets[variable])
    found = extra if variable == "extra" else environment.get(variable)
    if found is None and variable.startswith("variant_"):
        raise InvalidMarker(
            f"`{atom.text}` asks for a wheel's variant: a wheel's own dependencies alone may, and that under "
            "the preview wheel-variants"
        )
    if found is None:
        raise InvalidMarker(f"the marker environment has no {variable!r}, which `{atom.text}` asks for")
    if variable == "python_full_version" and found.endswith("+"):
        # An untagged build of CPython says `3.14.0a1+` of itself, which is no version yet.
        found += "local"
    left, right = (atom.value, found) if atom.reversed else (found, atom.value)
    return _compare(variable in VERSIONS, left, atom.operator, right)


def _set_holds(atom: Atom, found: frozenset[str]) -> bool:
    if not atom.reversed or atom.operator in ("~=", "==="):
        raise InvalidMarker(f"`{atom.text}`: {atom.variable} is a set, which is asked with `in` and `not in`")
    if atom.operator in ("in", "not in"):
        # PEP 825: blanks around the `::` of a property make no difference.
        spaced = " :: ".join(map(str.strip, atom.value.split("::")))
        value = spaced if atom.variable in VARIANT_SETS else canonicalize(atom.value)
        return (value in found) == (atom.operator == "in")
    return atom.operator == "!="  # a name is never equal to a set


@cache
def _compare(as_versions: bool, left: str, operator: str, right: str) -> bool:
    """PEP 508: a comparison of versions where the right side makes a specifier, else one of strings."""
    if as_versions:
        try:
            parse_clause(operator + right)
        except InvalidSpecifier:
            pass
        else:
            return contains(operator + right, left)
    if operator in ("in", "not in"):
        return (left in right) == (operator == "in")
    if operator in ("~=", "==="):
        raise InvalidMarker(f"{left!r} {operator} {right!r} compares versions, and these are none")
    if operator == "!=":
        return left != right
    return left == right and operator in ("==", "<=", ">=")
