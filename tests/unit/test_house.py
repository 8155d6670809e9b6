"""The house keeps its order: imports point one way, plugins see the hooks alone, the warm path is lean."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "resolver" / "provenv"
PLUGINS = ROOT / "plugins" / "provenv_plugins"

RANKS = {
    "errors": 0,
    "addresses": 0,
    "standards": 1,
    "solver": 1,
    "hooks": 1,
    "atomic": 1,
    "targets": 2,
    "manifest": 2,
    "config": 3,
    "settings": 3,
    "pypi": 4,
    "resolution": 4,
    "project": 5,
    "conda": 6,
    "resolving": 6,
    "locks": 6,
    "environments": 7,
    "mixing": 7,
    "locking": 8,
    "installing": 8,
    "proof": 8,
    "proving": 9,
    "doctor": 9,
    "cli": 10,
}
"""The storeys: a module imports from its own storey or one below. What is not listed has no fixed place."""


def imports(path: Path, *, at_run_time: bool = True) -> Iterator[str]:
    """The modules that a file imports, also inside functions; those for type checkers alone are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if at_run_time and isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def storey(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_imports_at_module_level_point_one_way() -> None:
    wrong = []
    for path in sorted(CORE.rglob("*.py")):
        here = path.relative_to(CORE).parts[0].removesuffix(".py")
        if here not in RANKS:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:  # what a function imports when it runs makes no cycle
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("provenv."):
                there = storey(node.module or "")
                if RANKS.get(there, 0) > RANKS[here]:
                    wrong.append(f"{path.relative_to(CORE)} imports {node.module}")
    assert wrong == []


def test_the_solver_knows_nothing_of_packages_files_or_networks() -> None:
    allowed = {"provenv.solver", "provenv.errors", "provenv.typed", "provenv.values"}
    wrong = [
        (path.name, module)
        for path in (CORE / "solver").glob("*.py")
        for module in imports(path)
        if module.startswith("provenv") and ".".join(module.split(".")[:2]) not in allowed
    ]
    assert wrong == []


def test_plugins_import_the_hooks_alone() -> None:
    wrong = [
        (path.name, module)
        for path in PLUGINS.glob("*.py")
        for module in imports(path)
        if module.split(".")[0] == "provenv" and not module.startswith("provenv.hooks")
    ]
    assert wrong == []


def test_named_tuples_and_bases_with_parameters_are_our_own() -> None:
    """typing's take as long to make as a small module to import, and a command makes three dozen."""
    typings = re.compile(r"^from typing import .*\b(NamedTuple|Generic|Protocol|TypeVar)\b", re.MULTILINE)
    wrong = [str(path) for path in CORE.rglob("*.py") if typings.search(path.read_text(encoding="utf-8"))]
    assert wrong == []


@pytest.mark.parametrize("word", ["nvidia", "cuda", "rocm", "amd", "pytorch.org"])
def test_the_core_names_no_vendor(word: str) -> None:
    """Docstrings may give examples; names, texts and tables of the core may not know any."""
    strangers = []
    for path in sorted(CORE.rglob("*.py")):
        if "cli" in path.parts or path.name == "specs.py":
            continue  # examples in help texts and in the hooks' docstrings
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node, "id", None) or getattr(node, "name", None) or getattr(node, "attr", None)
            if isinstance(name, str) and word in name.lower():
                strangers.append(f"{path.relative_to(CORE)}:{getattr(node, 'lineno', 0)} {name}")
    assert strangers == []


# Formats of other people's programs, names that are no hardware's: each place with what it has of them.
SPOKEN_OF = {
    "cli": "examples in help texts",
    "hooks/pci.py": "how inxi writes its lines",
    "hooks/reports.py": "how torch's report names its fields",
    "conda/channel_problems.py": "names of public channels",
    "scrubbing.py": "names of users that are nobody's",
    "conformance/accelerators.py": "names of distributions that a plugin is shown",
    "conformance/recorded.py": "fields of a library's answer that a plugin is shown",
}


@pytest.mark.parametrize(
    "word", ["nvidia", "cuda", "rocm", "amd(?!64)", "radeon", "gfx", r"pytorch\.org", "xpu", "npu"]
)
def test_no_text_of_the_core_speaks_of_a_vendor(word: str) -> None:
    found = []
    for path in sorted(CORE.rglob("*.py")):
        place = path.relative_to(CORE).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documents = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        found += [
            f"{place}:{node.lineno} {node.value!r}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documents
            and re.search(rf"(?<![a-z]){word}(?![a-z])", node.value.lower())
            and not {place, place.partition("/")[0]} & SPOKEN_OF.keys()
        ]
    assert found == []


STRANGERS = (
    "msgspec",
    "httpcore",
    "packaging",
    "asyncio",
    "rich",
    "ssl",
    "http",
    "conda_lock",
    "rattler",
    "pypi_simple",
)


def test_a_warm_lock_imports_no_stranger(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\n[tool.provenv]\npip-config = false\naccelerators = ["cpu"]\n'
    )
    program = textwrap.dedent(
        f"""
        import sys
        from provenv.cli import main
        assert main(["lock", "-q", "--cache-dir", {str(tmp_path / "cache")!r}]) == 0
        print(*sorted(sys.modules))
        """
    )
    command = [sys.executable, "-c", program]
    first = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    second = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = set(second.stdout.split())
    assert first.stdout
    assert sorted(loaded & set(STRANGERS)) == []
    assert not any(name.startswith("provenv.resolving") for name in loaded)


def test_a_fresh_conda_lock_imports_neither_rattler_nor_conda_lock(tmp_path: Path) -> None:
    pytest.importorskip("rattler")
    (tmp_path / "channel" / "noarch").mkdir(parents=True)
    (tmp_path / "channel" / "noarch" / "repodata.json").write_text('{"packages": {}, "packages.conda": {}}')
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\n[tool.provenv]\npip-config = false\n'
        '[tool.provenv.conda]\nchannels = ["./channel"]\n'
        '[tool.provenv.targets.lab]\naccelerator = "cpu"\npackaging = "conda"\n'
    )
    program = textwrap.dedent(
        f"""
        import sys
        from provenv.cli import main
        flags = ["-q", "--target", "lab", "--cache-dir", {str(tmp_path / "cache")!r}]
        assert main(["lock", *flags]) == 0
        print(*sorted(sys.modules))
        """
    )
    command = [sys.executable, "-c", program]
    subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    second = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    heavy = {"rattler", "conda_lock", "pydantic", "httpx", "httpcore", "asyncio"}
    assert sorted(set(second.stdout.split()) & heavy) == []
