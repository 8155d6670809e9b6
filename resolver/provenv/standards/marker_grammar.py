"""The grammar of PEP 508 markers: text to a tree of comparisons, and back to the normal spelling."""

from __future__ import annotations

from provenv.standards.names import canonicalize
from provenv.standards.scanner import Scanner
from provenv.tuples import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias


class Atom(NamedTuple):
    """One comparison: `variable` is looked up, `value` is the other side, `reversed` if it stood first."""

    variable: str
    operator: str
    value: str
    reversed: bool
    text: str
    """The comparison in normal spelling."""


Node: TypeAlias = "Atom | Tree"
Tree: TypeAlias = tuple[tuple[Node, ...], ...]
"""Any of its groups, all of a group's nodes."""

SETS = ("extras", "dependency_groups")
"""The variables of PEP 751 that are sets."""
VARIANT_SETS = ("variant_namespaces", "variant_features", "variant_properties")
"""The variables of PEP 825 that are sets, of the wheel whose dependency is asked about."""
VERSIONS = ("python_version", "python_full_version", "implementation_version", "platform_release")
"""The variables that are compared as versions."""
_OPERATORS = ("===", "==", "~=", "!=", "<=", ">=", "<", ">")
# Deeper than any marker of a real project, and safely within Python's own stack.
_DEEPEST = 100

_VARIABLES = {
    name: name.replace(".", "_")
    for name in (
        *VERSIONS,
        *SETS,
        *VARIANT_SETS,
        *("extra", "variant_label", "implementation_name"),
        *("platform_system", "platform_python_implementation"),
        *("os_name", "os.name", "sys_platform", "sys.platform", "platform_machine", "platform.machine"),
        *("platform_version", "platform.version", "platform.python_implementation"),
    )
}
_VARIABLES["python_implementation"] = "platform_python_implementation"


def read_marker(scanner: Scanner, depth: int = 0) -> Tree:
    """The marker that starts here, up to the first thing that can't belong to one. Raises Malformed."""
    if depth > _DEEPEST:
        scanner.fail(f"parentheses nested more than {_DEEPEST} deep")
    first = _read_node(scanner, depth)
    groups = [[first]]
    while joint := scanner.take_word("and", "or"):
        node = _read_node(scanner, depth)
        if joint == "and":
            groups[-1].append(node)
        else:
            groups.append([node])
    if len(groups) == len(groups[0]) == 1 and not isinstance(first, Atom):
        return first  # parentheses around the whole are no part of it
    return tuple(map(tuple, groups))


def _read_node(scanner: Scanner, depth: int) -> Node:
    scanner.skip_blanks()
    opening = scanner.position
    if not scanner.take("("):
        return _read_atom(scanner)
    tree = read_marker(scanner, depth + 1)
    if not scanner.take(")"):
        wanted = "`)` for the `(`" if scanner.at_end() else "`and`, `or` or `)` after the `(`"
        scanner.fail(f"expected {wanted}", opening)
    scanner.skip_blanks()
    alone = tree[0][0]
    return alone if tree == ((alone,),) else tree


def _read_atom(scanner: Scanner) -> Atom:
    left, left_name = _read_operand(scanner)
    scanner.skip_blanks()
    operator = _read_operator(scanner)
    scanner.skip_blanks()
    right, right_name = _read_operand(scanner)
    scanner.skip_blanks()
    if left_name is None:
        value, variable = left, right if right_name is None else right_name
    else:
        variable, value = left_name, right if right_name is None else right_name
    # PEP 685: the extra that a variable is compared with is normalised, on whichever side it stands.
    names_extra = variable == "extra" and (left_name is None) != (right_name is None)
    if names_extra or (variable in SETS and left_name is None and right_name is not None):
        value = canonicalize(value)
        left, right = (value, right) if left_name is None else (left, value)
    spelled = [
        _quote(text) if name is None else name for text, name in ((left, left_name), (right, right_name))
    ]
    return Atom(variable, operator, value, left_name is None, f"{spelled[0]} {operator} {spelled[1]}")


def _read_operand(scanner: Scanner) -> tuple[str, str | None]:
    """A quoted string's value and None, or a variable twice."""
    if (quote := scanner.peek()) and quote in "'\"":
        return _read_string(scanner, quote), None
    name = scanner.word(dotted=True)
    variable = _VARIABLES.get(name)
    if variable is None:
        scanner.fail("expected a marker variable or a quoted string")
    scanner.position += len(name)
    return variable, variable


def _read_string(scanner: Scanner, quote: str) -> str:
    start = scanner.position
    end = scanner.text.find(quote, start + 1)
    if end < 0:
        scanner.fail(f"no closing {quote} for the string")
    scanner.position = end + 1
    value = scanner.text[start + 1 : end]
    if "\\" not in value and value.isprintable():
        return value
    return _unescape(scanner, start, end + 1)


def _unescape(scanner: Scanner, start: int, end: int) -> str:
    # The reference reads a marker's string as Python does, escapes included.
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return str(ast.literal_eval(scanner.text[start:end]))
    except (SyntaxError, ValueError):
        scanner.fail("not a valid string", start)


def _read_operator(scanner: Scanner) -> str:
    for operator in _OPERATORS:
        if scanner.take(operator):
            return operator
    if scanner.take_word("in"):
        return "in"
    if not scanner.take_word("not"):
        scanner.fail("expected one of <, <=, !=, ==, >=, >, ~=, ===, in, not in")
    if not (scanner.skip_blanks() and scanner.take_word("in")):
        scanner.fail("expected `in` after `not`")
    return "not in"


def _quote(value: str) -> str:
    quote = "'" if '"' in value else '"'
    if value.isprintable() and "\\" not in value and quote not in value:
        return f"{quote}{value}{quote}"
    return repr(value)


def spell(tree: Tree, nested: bool = False) -> str:
    """The normal spelling of a tree, in parentheses where it stands within another."""
    text = " or ".join(
        " and ".join(node.text if isinstance(node, Atom) else spell(node, nested=True) for node in group)
        for group in tree
    )
    return f"({text})" if nested else text


def atoms(tree: Tree) -> list[Atom]:
    """Every comparison of a tree, in the order written."""
    found: list[Atom] = []
    for group in tree:
        for node in group:
            found += [node] if isinstance(node, Atom) else atoms(node)
    return found
