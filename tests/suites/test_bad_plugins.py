"""Third parties' plugins that misbehave, really installed: each is named in one line, the rest goes on."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.index_server import TestIndex
from support.plugin_venvs import Venv, plugin_wheel

GOOD = """
    import time
    from provenv.hooks import Accelerator, Build, Builds, Detection, Device, EnvelopeKey, Finding, hookimpl

    def detect(probe):
        return Detection(usable=False)

    def builds(context):
        return Builds((Build("acme1", "https://index.example/acme1", ("torch",), ("acme1",)),))

    def accepts(os, arch):
        return None

    def diagnose(probe):
        return ()

    @hookimpl
    def provenv_accelerators():
        yield Accelerator(name="acme", preference=15, accepts=accepts, detect=detect, builds=builds,
                          torch_device="acme", family=("torch",), diagnose=diagnose)
"""
HEAD = """
    import time
    from provenv.hooks import *

    @hookimpl
"""
HANG = "time.sleep(600)"
NAMED = "plugin acme_plugin (acme_plugin, from acme-plugin)"


@contextmanager
def installed(venv: Venv, folder: Path, source: str, distribution: str = "acme-plugin") -> Iterator[None]:
    wheel = plugin_wheel(folder / "wheels", distribution, textwrap.dedent(source))
    venv.install(wheel, deps=False)
    try:
        yield
    finally:
        venv.uninstall(distribution)


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


DETECT = "return Detection(usable=False)"

AT_START = {
    "it raises at import": (
        "raise RuntimeError('no driver\\nhere')",
        "was left out: RuntimeError: no driver here",
    ),
    "it needs what is not there": (
        "import no_such_module",
        "was left out: ModuleNotFoundError: No module named",
    ),
    "it ends the process": ("import sys; sys.exit(3)", "was left out: SystemExit: 3"),
    "it hangs at import": (f"import time; {HANG}", "was left out: no answer within 1 s"),
    "it raises what is no error at import": (
        "raise KeyboardInterrupt",
        "was left out: KeyboardInterrupt",
    ),
    "it raises an error without words at import": (
        "class Odd(Exception):\n    def __str__(self): raise self\nraise Odd",
        "was left out: Odd",
    ),
    "its hook has no end": (
        changed("yield Accelerator(", "while True: yield 7\n        yield Accelerator("),
        "failed: OverflowError: it yields more than 10,000 values, and 10,000 more such faults",
    ),
    "its hook yields what can't be written": (
        changed("yield Accelerator(", "yield Odd()\n        yield Accelerator(")
        + "\n    class Odd:\n        def __repr__(self): raise ValueError\n",
        "provenv_accelerators yielded <Odd instance at",
    ),
    "it asks for a newer API": (
        "PROVENV_API = 99\n" + textwrap.dedent(GOOD),
        "was left out: RuntimeError: it asks for plugin API 99, and this provenv has 1; update provenv",
    ),
    "its hook is none": (
        changed("provenv_accelerators", "provenv_accelerator"),
        "was left out: PluginValidationError: unknown hook",
    ),
    "its hook raises": (
        changed("yield Accelerator(", "raise OSError('cold')\n        yield Accelerator("),
        "provenv_accelerators failed: OSError: cold",
    ),
    "its hook hangs": (
        changed("yield Accelerator(", f"{HANG}\n        yield Accelerator("),
        "provenv_accelerators failed: no answer within 1 s",
    ),
    "its hook yields what is none": (
        changed("yield Accelerator(", "yield 7\n        yield Accelerator("),
        "provenv_accelerators yielded 7, which is no Accelerator; it was left out",
    ),
    "a field is of another type": (
        changed('family=("torch",)', "family=(1, 2)"),
        "with family[0] is 1, not str; it was left out",
    ),
    "a word of its envelope is taken": (
        changed('torch_device="acme"', 'torch_device="acme", envelope=(EnvelopeKey("python", "V", "help"),)'),
        "the envelope word 'python' means something else in a manifest or on a command line",
    ),
}

WHILE_LOOKING = {
    "detect raises": (changed(DETECT, "return 1 / 0"), "detect of acme failed: ZeroDivisionError"),
    "detect ends the process": (
        changed(DETECT, "raise SystemExit(4)"),
        "detect of acme failed: SystemExit: 4",
    ),
    "detect raises what is no error": (
        changed(DETECT, "raise KeyboardInterrupt"),
        "detect of acme failed: KeyboardInterrupt",
    ),
    "detect answers what can't be written": (
        changed(DETECT, "return type('Odd', (), {'__repr__': lambda self: 1 / 0})()"),
        "detect of acme answered <Odd instance at",
    ),
    "detect answers what holds itself": (
        changed(DETECT, "endless = []; endless.append(endless); return Detection(True, facts=endless)"),
        "detect of acme answered .facts[0] is [[[[",
    ),
    "diagnose has no end": (
        changed("return ()", "\n        while True: yield Finding('a-b', 'words')"),
        "diagnose of acme failed: OverflowError: it yields more than 10,000 values",
    ),
    "detect hangs": (changed(DETECT, HANG), "detect of acme gave no answer within 1 s"),
    "detect spins": (
        changed(DETECT, "\n        while True: pass"),
        "gave no answer within 1 s",
    ),
    "detect answers nonsense": (
        changed(DETECT, "return {'usable': True}"),
        "answered {'usable': True}, not Detection",
    ),
    "detect answers nonsense inside": (
        changed(DETECT, "return Detection(True, (Device(b'x', 'y'),))"),
        "detect of acme answered .devices[0].vendor is b'x', not str",
    ),
    "a finding is of no known severity": (
        changed("return ()", "yield Finding('a-b', 'words', severity='fatal')"),
        "diagnose of acme answered [0].severity is 'fatal', not 'error' or 'warning' or 'note'",
    ),
    "diagnose hangs half way": (
        changed("return ()", f"yield Finding('a-b', 'words'); {HANG}"),
        "diagnose of acme gave no answer within 1 s",
    ),
    "accepts raises": (
        changed("return None", "raise KeyError(os)"),
        "accepts of acme failed: KeyError: 'linux'",
    ),
}


@pytest.mark.parametrize("fault", AT_START)
def test_a_plugin_that_can_t_be_loaded_is_named_and_the_rest_is_there(
    venv: Venv, tmp_path: Path, fault: str
) -> None:
    source, said = AT_START[fault]
    with installed(venv, tmp_path, source):
        listed = venv.provenv(
            "plugin", "list", "--json", cwd=tmp_path, expect=1, PROVENV_PLUGIN_SECONDS="1"
        ).json

    (problem,) = listed["problems"]
    assert problem.startswith(NAMED)
    assert said in problem
    assert "\n" not in problem
    assert {"cpu", "cuda", "rocm", "mps"} <= {p["name"] for p in listed["plugins"]}


@pytest.mark.parametrize("fault", WHILE_LOOKING)
def test_a_plugin_that_fails_while_it_looks_is_named_and_the_others_are_heard(
    venv: Venv, tmp_path: Path, fault: str
) -> None:
    source, said = WHILE_LOOKING[fault]
    with installed(venv, tmp_path, source):
        started = time.monotonic()
        done = venv.provenv("detect", "--json", cwd=tmp_path, PROVENV_PLUGIN_SECONDS="1")
        took = time.monotonic() - started

    lines = [line for line in done.err.splitlines() if NAMED in line]
    assert len(lines) == 1, done.err
    assert said in lines[0]
    assert "cpu" in done.json["usable"]
    assert took < 30  # a hang is left alone, also when the program ends


def test_a_plugin_that_fails_does_not_keep_others_from_a_lock(venv: Venv, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\n[tool.provenv]\npip-config = false\naccelerators = ["auto"]\n'
    )
    with installed(venv, tmp_path, changed("return None", "return 1 / 0")):
        done = venv.provenv("lock", "--json", cwd=tmp_path)

    assert "accepts of acme failed: ZeroDivisionError" in done.err
    assert [lock["build"] for lock in done.json["locks"]] == ["cpu"]


def test_what_a_plugin_prints_at_import_in_a_hook_or_while_it_looks_is_no_answer(
    venv: Venv, tmp_path: Path
) -> None:
    chatty = changed(DETECT, "print('looking'); " + DETECT)
    chatty = chatty.replace("yield Accelerator(", "print('yielding')\n        yield Accelerator(")
    with installed(venv, tmp_path, "print('importing')\n" + textwrap.dedent(chatty)):
        done = venv.provenv("detect", "--json", cwd=tmp_path)

    assert "cpu" in done.json["usable"]
    assert done.err.splitlines()[:3] == ["importing", "yielding", "looking"]


BYSTANDING = {
    "publishes raises": ("publishes=lambda url: 1 / 0", "publishes of acme failed: ZeroDivisionError"),
    "publishes answers nonsense": ("publishes=lambda url: 7", "publishes of acme answered 7, not tuple"),
    "carried raises": (
        "runtime=Runtime('acme-rt', ('1',), lambda name, version: [][1])",
        "carried of acme-rt failed: IndexError",
    ),
    "carried hangs": (
        "runtime=Runtime('acme-rt', ('1',), lambda name, version: time.sleep(600))",
        "carried of acme-rt gave no answer within 1 s",
    ),
}


@pytest.mark.parametrize("fault", BYSTANDING)
def test_a_lock_does_not_end_because_of_a_plugin_that_it_does_not_need(
    venv: Venv, tmp_path: Path, fault: str
) -> None:
    field, said = BYSTANDING[fault]
    source = changed("Detection, Device,", "Detection, Device, Runtime,")
    source = source.replace("diagnose=diagnose", f"diagnose=diagnose, {field}")
    with TestIndex() as index, installed(venv, tmp_path, source):
        index.add("thing", "1.0")
        write_manifest(tmp_path, index.url, 'dependencies = ["thing"]')
        done = venv.provenv("lock", cwd=tmp_path, PROVENV_PLUGIN_SECONDS="1")

    lines = [line for line in done.err.splitlines() if NAMED in line]
    assert len(lines) == 1, done.err
    assert said in lines[0]
    assert done.out.splitlines()[1].split()[2:4] == ["1", "written"]


def test_a_program_that_reads_the_json_of_a_lock_is_told_of_a_plugin_that_failed(
    venv: Venv, tmp_path: Path
) -> None:
    source = changed("diagnose=diagnose", "diagnose=diagnose, publishes=lambda url: 1 / 0")
    other = HEAD + "    def provenv_index_auth():\n        yield 7\n"
    with (
        TestIndex() as index,
        installed(venv, tmp_path, source),
        installed(venv, tmp_path, other, "other-plugin"),
    ):
        index.add("thing", "1.0")
        write_manifest(tmp_path, index.url, 'dependencies = ["thing"]')
        done = venv.provenv("lock", "--json", cwd=tmp_path)

    at_start, meanwhile = done.json["notes"]
    assert "provenv_index_auth yielded 7" in at_start
    assert meanwhile.startswith(f"{NAMED}: publishes of acme failed: ZeroDivisionError")
    assert meanwhile.endswith("; it was passed over")


def write_manifest(folder: Path, index: str, project: str) -> None:
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "x"\nversion = "1"\n{project}\n[tool.provenv]\npip-config = false\n'
        'accelerators = ["cpu"]\nplatforms = ["linux-x86_64"]\npython = ["3.12"]\n'
        f'[[tool.provenv.indexes]]\nname = "corp"\nurl = "{index}"\n'
    )


CREDENTIALS = {
    "raises": ("return 1 / 0", "find of corp failed: ZeroDivisionError"),
    "hangs": (HANG, "find of corp gave no answer within 1 s"),
    "ends the process": ("raise SystemExit(4)", "find of corp failed: SystemExit: 4"),
    "raises what is no error": ("raise KeyboardInterrupt", "find of corp failed: KeyboardInterrupt"),
    "answers nonsense": ("return 'token'", "find of corp answered 'token', not tuple[str, str] or None"),
}
OTHER = """
    from provenv.hooks import IndexAuth, hookimpl

    @hookimpl
    def provenv_index_auth():
        yield IndexAuth("other", lambda url: ("ann", "pw"))
"""


def credentials(body: str) -> str:
    return (
        HEAD + "    def provenv_index_auth():\n        yield IndexAuth('corp', find)\n\n"
        f"    def find(url):\n        {body}\n"
    )


@pytest.mark.parametrize("fault", CREDENTIALS)
def test_where_a_source_of_logins_fails_the_next_one_is_asked(venv: Venv, tmp_path: Path, fault: str) -> None:
    body, said = CREDENTIALS[fault]
    with (
        TestIndex() as index,
        installed(venv, tmp_path, credentials(body)),
        installed(venv, tmp_path, OTHER, "other-plugin"),
    ):
        index.add("thing", "1.0")
        index.login = ("ann", "pw")
        write_manifest(tmp_path, index.url, 'dependencies = ["thing"]')
        done = venv.provenv("lock", cwd=tmp_path, PROVENV_PLUGIN_SECONDS="1")

    (line,) = [line for line in done.err.splitlines() if NAMED in line]
    assert line == f"warning: {NAMED}: {said}" + line[line.index(said) + len(said) :]
    assert line.endswith("; it was passed over")
    assert done.out.splitlines()[1].split()[2:4] == ["1", "written"]


def test_an_index_that_lets_nobody_in_names_the_source_of_logins_that_failed(
    venv: Venv, tmp_path: Path
) -> None:
    with TestIndex() as index, installed(venv, tmp_path, credentials("raise OSError('no agent')")):
        index.add("thing", "1.0")
        index.login = ("ann", "pw")
        write_manifest(tmp_path, index.url, 'dependencies = ["thing"]')
        done = venv.provenv("lock", "--json", cwd=tmp_path, expect=None)

    error = done.json["error"]
    assert done.code != 0
    assert f"a likely cause: {NAMED}: find of corp failed: OSError: no agent" in error["evidence"]


def test_a_target_of_a_failing_plugin_is_an_error_that_names_it(venv: Venv, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\n[tool.provenv]\npip-config = false\naccelerators = ["acme"]\n'
    )
    with installed(venv, tmp_path, changed("return Builds(", "return list(")):
        done = venv.provenv("lock", "--json", cwd=tmp_path, expect=8)

    assert done.json["error"]["kind"] == "plugin"
    assert done.json["error"]["message"].startswith(f"{NAMED}: builds of acme answered")


def test_two_plugins_that_claim_one_name_are_an_error_that_names_both(venv: Venv, tmp_path: Path) -> None:
    with installed(venv, tmp_path, GOOD), installed(venv, tmp_path, GOOD, "other-acme"):
        done = venv.provenv("detect", cwd=tmp_path, expect=8)
        checked = venv.provenv("plugin", "check", "acme-plugin", "--json", cwd=tmp_path, expect=1).json

    assert "two plugins claim the accelerator 'acme'" in done.err
    assert "from acme-plugin)" in done.err
    assert "from other-acme)" in done.err
    assert "uninstall acme-plugin or other-acme" in done.err
    (names,) = [check for check in checked["plugins"][0]["checks"] if check["name"] == "names"]
    assert "from other-acme)" in names["reasons"][-1]


OTHERS = {
    "paste reader raises": (
        HEAD
        + "    def provenv_paste_readers():\n"
        + "        yield PasteReader('acme', 50, read)\n\n    def read(pastes):\n        return 1 / 0\n",
        "read of acme failed: ZeroDivisionError",
    ),
    "paste reader hangs": (
        HEAD
        + "    def provenv_paste_readers():\n"
        + f"        yield PasteReader('acme', 50, read)\n\n    def read(pastes):\n        {HANG}\n",
        "read of acme gave no answer within 1 s",
    ),
    "paste reader answers nonsense": (
        HEAD
        + "    def provenv_paste_readers():\n"
        + "        yield PasteReader('acme', 50, lambda pastes: {'gpus': 3})\n",
        "read of acme answered {'gpus': 3}, not Reading",
    ),
    "platform's detect raises": (
        HEAD
        + "    def provenv_platforms():\n"
        + "        yield Platform(name='a-cme', os='acme', arch='x', conda_subdir='acme-x', scripts='bin',\n"
        + "                       python='bin/python', defaults=Envelope(), wheel_platform_tags=tags,\n"
        + "                       marker_environment=tags, conda_virtual_packages=tags, detect=tags,\n"
        + "                       activation=tags)\n\n"
        + "    def tags(*anything):\n        raise OSError('cold')\n",
        "detect of a-cme failed: OSError: cold",
    ),
    "inspect raises": (
        changed(
            "diagnose=diagnose",
            "diagnose=diagnose, inspect=lambda probe, installation: [][1]",
        ),
        "inspect of acme failed: IndexError",
    ),
    "inspect hangs": (
        changed(
            "diagnose=diagnose",
            "diagnose=diagnose, inspect=lambda probe, installation: time.sleep(600)",
        ),
        "inspect of acme gave no answer within 1 s",
    ),
    "inspect answers nonsense": (
        changed("diagnose=diagnose", "diagnose=diagnose, inspect=lambda probe, installation: 'fine'"),
        "inspect of acme answered 'fine', not Iterable[Finding]",
    ),
}


@pytest.mark.parametrize("fault", OTHERS)
def test_one_that_fails_on_a_paste_or_an_environment_is_named_once_and_the_rest_is_told(
    venv: Venv, tmp_path: Path, fault: str
) -> None:
    source, said = OTHERS[fault]
    paste = tmp_path / "report.txt"
    paste.write_text(
        "PyTorch version: 2.9.1+cpu\nOS: Ubuntu 24.04 LTS (x86_64)\nPython version: 3.12.3\n"
        "GPU models and configuration: GPU 0: NVIDIA GeForce RTX 4090\nNvidia driver version: 580.65.06\n"
    )
    with installed(venv, tmp_path, source):
        done = venv.provenv(
            *("doctor", "--from", paste, "--json"), cwd=tmp_path, expect=1, PROVENV_PLUGIN_SECONDS="1"
        )

    lines = [line for line in done.err.splitlines() if NAMED in line]
    assert len(lines) == 1, done.err
    assert said in lines[0]
    assert done.json["findings"][0]["code"] == "cpu-build-on-gpu-machine"


def test_a_lock_format_that_raises_is_an_error_that_names_it(venv: Venv, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\n[tool.provenv]\npip-config = false\naccelerators = ["cpu"]\n'
        'platforms = ["linux-x86_64"]\npython = ["3.12"]\n'
    )
    source = (
        HEAD
        + "    def provenv_lock_formats():\n        yield LockFormat('acme', 'txt', render)\n\n"
        + "    def render(lock):\n        return lock['no such key']\n"
    )
    with installed(venv, tmp_path, source):
        venv.provenv("lock", cwd=tmp_path)
        done = venv.provenv("export", "--format", "acme", cwd=tmp_path, expect=8)

    assert f"{NAMED}: render of acme failed: KeyError: 'no such key'" in done.err
