"""`provenv plugin new`: what it writes installs, tests itself, and passes the conformance suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.plugin_venvs import Venv

KINDS = ("accelerator", "platform", "lock-format", "check")


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_installs_tests_itself_and_conforms(venv: Venv, tmp_path: Path, kind: str) -> None:
    name = f"fresh-{kind}"
    made = venv.provenv(
        "plugin", "new", name, "--kind", kind, "--into", tmp_path, "--json", cwd=tmp_path
    ).json
    folder = tmp_path / name
    assert made["folder"] == str(folder)
    assert made["distribution"] == f"provenv-{name}"
    assert sorted(made["files"]) == sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )

    venv.install("-e", f"{folder}[test]")
    try:
        listed = venv.provenv("plugin", "list", "--json", cwd=tmp_path).json
        mine = [p for p in listed["plugins"] if p["distribution"] == f"provenv-{name}"]
        assert [(p["kind"], p["name"], p["version"]) for p in mine] == [(kind, name, "0.1.0")]
        assert listed["problems"] == []

        tests = venv.run("python", "-m", "pytest", "-q", cwd=folder)
        assert "failed" not in tests.out

        checked = venv.provenv("plugin", "check", name, "--json", cwd=tmp_path).json
        assert checked["passed"], checked
        taken = venv.provenv("plugin", "new", name, "--kind", "check", cwd=tmp_path / name, expect=2)
        assert f"the name '{name}' is taken" in taken.err
    finally:
        venv.uninstall(f"provenv-{name}")
