"""The marker that holds exactly where another does not: what a marked source leaves of a requirement."""

from __future__ import annotations

_OPPOSITES = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "in": "not in",
    "not in": "in",
}


def negated(marker: str) -> str | None:
    """The opposite of a marker; None where PEP 508 can't say it (`~=`, `===`, extras).

    Raises:
        InvalidMarker: the text is no marker.
    """
    from provenv.standards.marker_grammar import VERSIONS, Atom, Node, Tree
    from provenv.standards.markers import compile_marker

    class _Unsayable(Exception):
        pass

    def opposite(node: Node) -> str:
        if not isinstance(node, Atom):
            return of(node)
        operator = _OPPOSITES.get(node.operator)
        ordered = node.operator in ("<", "<=", ">", ">=")
        # an order of words never holds either way, and `extra` stands for one active extra at a time
        if operator is None or node.variable == "extra" or (ordered and node.variable not in VERSIONS):
            raise _Unsayable
        value = f'"{node.value}"' if '"' not in node.value else f"'{node.value}'"
        return (
            f"{value} {operator} {node.variable}" if node.reversed else f"{node.variable} {operator} {value}"
        )

    def of(tree: Tree) -> str:
        # De Morgan: not any of the groups, so of every group one node fails
        groups = [" or ".join(opposite(node) for node in group) for group in tree]
        if len(groups) == 1:
            return groups[0] if len(tree[0]) == 1 else f"({groups[0]})"
        return "(" + " and ".join(f"({group})" for group in groups) + ")"

    try:
        return of(compile_marker(marker).tree)
    except _Unsayable:
        return None
