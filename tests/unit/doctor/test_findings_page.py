"""docs/findings.md lists every code that provenv and its plugins give, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SOURCES = (ROOT / "resolver" / "provenv", ROOT / "plugins" / "provenv_plugins")


def constants(node: ast.expr, scope: ast.AST) -> Iterator[str]:
    """The texts that an expression may be: itself, either end of a condition, what its name was given."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from constants(node.body, scope)
        yield from constants(node.orelse, scope)
    elif isinstance(node, ast.Name):
        for assigned in ast.walk(scope):
            if isinstance(assigned, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == node.id for target in assigned.targets
            ):
                yield from constants(assigned.value, scope)


def codes_in(path: Path) -> Iterator[tuple[str, str]]:
    """(code, place) of every Finding that a module makes; a call whose code can't be told has the code ""."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    scopes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for scope in [*scopes, tree]:
        for call in ast.walk(scope):
            name = getattr(getattr(call, "func", None), "id", "")
            if isinstance(call, ast.Call) and name == "Finding" and call.args:
                found = list(constants(call.args[0], scope))
                if found or scope is not tree:
                    yield from ((code, f"{path.name}:{call.lineno}") for code in found or [""])


def codes() -> dict[str, str]:
    found: dict[str, str] = {}
    for root in SOURCES:
        for path in sorted(root.rglob("*.py")):
            if path.name != "specs.py":  # examples
                found.update(codes_in(path))
    return found


def listed() -> dict[str, tuple[str, str]]:
    """Code -> (cause, cure), by the rows of the page's tables."""
    page = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `([a-z0-9.-]+)` \| (?:error|warning|note)[^|]* \| (.*?) \| (.*?) \|$", page, re.MULTILINE
    )
    assert len({code for code, _, _ in rows}) == len(rows), "a code stands on the page twice"
    return {code: (cause, cure) for code, cause, cure in rows}


def test_every_finding_says_its_code_where_it_is_made() -> None:
    assert [place for code, place in codes().items() if not code] == []


def test_the_page_lists_the_codes_of_the_code_and_no_other() -> None:
    known, page = codes(), listed()

    assert sorted(set(known) - set(page)) == [], "codes that docs/findings.md does not list"
    assert sorted(set(page) - set(known)) == [], "codes on the page that nothing gives"


def test_codes_are_plain_words_and_each_has_a_cause_and_a_cure() -> None:
    for code, (cause, cure) in listed().items():
        assert re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", code)
        assert len(cause) > 20, code
        assert len(cure) > 5, code
