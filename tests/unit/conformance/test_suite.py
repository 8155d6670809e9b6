"""The conformance suite: provenv's own plugins pass it, and each fault is found by the check for it."""

from __future__ import annotations

import dataclasses
import textwrap
from pathlib import Path

import pytest

from provenv.conformance.events import CHECKS
from provenv.conformance.suite import Report, check_plugin
from provenv.hooks.entry_points import EntryPoint, scan
from provenv.hooks.manager import KINDS

OWN = {entry.name: entry for entry in scan() if entry.distribution == "provenv"}

ACCELERATOR = """
    import dataclasses, os, socket, subprocess, sys, time
    from provenv.hooks import (Accelerator, Build, Builds, CheckOutcome, Check, Detection, Device, Envelope,
                               EnvelopeKey, Finding, LockFormat, Platform, Rejected, hookimpl)

    BUILD = Build("acme1", "https://index.example/acme1", ("torch",), ("acme1",))
    DEVICE = Device("acme", "card0")
    count = 0

    def accepts(os, arch):
        return None if os == "linux" else "Linux alone"

    def builds(context):
        return Builds((BUILD,))

    def detect(probe):
        cards = [name for name in probe.folder("/dev") if name.startswith("acme")]
        return Detection(bool(cards), tuple(Device("acme", name) for name in cards))

    def diagnose(probe):
        return ()

    def check(value):
        return None if value.isdigit() else "no number"

    def make():
        word = EnvelopeKey("acme-driver", "VERSION", "the driver", check=check)
        return Accelerator(name="acme", preference=15, accepts=accepts, detect=detect, builds=builds,
                           torch_device="acme", family=("torch",), envelope=(word,), diagnose=diagnose)

    @hookimpl
    def provenv_accelerators():
        yield make()
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path of this process and of the suite's child."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def checked(site: Path, source: str, *, seconds: float = 10.0) -> Report:
    (site / "acme_plugin.py").write_text(textwrap.dedent(source), encoding="utf-8")
    return check_plugin(EntryPoint("acme", "acme_plugin", "", "acme-plugin"), seconds=seconds)


def changed(*pairs: tuple[str, str]) -> str:
    source = ACCELERATOR
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new)
    return source


@pytest.mark.parametrize("name", sorted(OWN))
def test_provenv_s_own_plugins_pass(name: str) -> None:
    report = check_plugin(OWN[name])

    assert report.faults == {}
    assert {"importable", "totals", "purity"} <= report.ran


def test_a_good_plugin_passes(site: Path) -> None:
    report = checked(site, ACCELERATOR)

    assert report.faults == {}
    skipped = {check for check in CHECKS if report.outcome(check) == "skip"}
    assert skipped == {"findings", "features"} - report.ran


def test_every_function_of_every_kind_is_asked() -> None:
    """A field that is new in the hooks' types has to be asked about, too."""
    from provenv.conformance import accelerators, others, platforms

    texts = [
        Path(module.__file__ or "").read_text(encoding="utf-8")
        for module in (accelerators, platforms, others)
    ]
    fields = {
        (kind, field.name)
        for kind, (_, value) in KINDS.items()
        for field in dataclasses.fields(value)  # type: ignore[arg-type]  # all of them are dataclasses
        if str(field.type).startswith("Callable")
    }
    asked = {field for _, field in fields if any(f'"{field}"' in text for text in texts)}
    assert {name for _, name in fields} == asked


BUILT = "return Builds((BUILD,))"
QUIET = "return ()"

FAULTS = {
    "it can't be imported": (("import dataclasses", "import no_such_module"), "importable", "no_such_module"),
    "it has no hooks": (("@hookimpl", ""), "importable", "no function marked with @hookimpl"),
    "a hook that is none": (("provenv_accelerators", "provenv_acelerators"), "importable", "unknown hook"),
    "a newer API": (("count = 0", "PROVENV_API = 7"), "api-version", "asks for plugin API 7"),
    "a hook that raises": (("yield make()", "raise OSError('cold')"), "totals", "OSError: cold"),
    "a hook that yields what is none": (("yield make()", "yield 7"), "fields", "7, not Accelerator"),
    "an inspection that counts on good versions": (
        (
            "diagnose=diagnose",
            "diagnose=diagnose, inspect=lambda probe, env: [int(d.version[0]) for d in env.distributions]",
        ),
        "totals",
        "inspect(the machine empty",
    ),
    "an inspection that answers what is no finding": (
        ("diagnose=diagnose", 'diagnose=diagnose, inspect=lambda probe, found: ("torch is old",)'),
        "totals",
        "inspect(the machine empty",
    ),
    "a name with capitals": (('name="acme"', 'name="ACME"'), "names", "a-z, 0-9"),
    "a name that a file can't have": (('name="acme"', 'name="a.b"'), "names", "a dot"),
    "a name that is taken": (('name="acme"', 'name="cuda"'), "names", "has that name"),
    "a name that means something": (('name="acme"', 'name="auto"'), "names", "whatever is usable"),
    "one name twice": (("yield make()", "yield make(); yield make()"), "names", "two of this name"),
    "a word that is taken": (('"acme-driver"', '"platform"'), "names", "means something else in a manifest"),
    "a word that is known otherwise": (
        ('"acme-driver"', '"gfx"'),
        "names",
        "something else to provenv's own",
    ),
    "a check that raises": (("value.isdigit()", "int(value)"), "names", "raised ValueError"),
    "a check that nothing passes": (("value.isdigit()", "False"), "names", "give an example in its help"),
    "a family that is not canonical": (
        ('family=("torch",)', 'family=("Torch_Audio",)'),
        "fields",
        "Torch_Audio",
    ),
    "a device that torch can't have": (('torch_device="acme"', 'torch_device="A 1"'), "fields", "'A 1'"),
    "a list for a tuple": (("Builds((BUILD,))", "Builds([BUILD])"), "totals", "is [Build("),
    "an answer of another type": ((BUILT, "return None"), "totals", "None, not Builds"),
    "it raises on a rare promise": (
        (
            BUILT,
            "return Builds((BUILD,) if context.envelope.one('acme-driver') != '1' else 1 / 0)",
        ),
        "totals",
        "ZeroDivisionError",
    ),
    "it raises on a rare Python": (
        (BUILT, "return Builds((BUILD,)) if context.python != '3.16.0' else 1 / 0"),
        "totals",
        "Python 3.16.0",
    ),
    "it raises on a strange machine": (
        ("return Detection(bool", "int(probe.file('/proc/acme') or 0); return Detection(bool"),
        "totals",
        "(rubbish)",
    ),
    "another answer each time": (
        (
            BUILT,
            "global count; count += 1; return Builds((), (Rejected('a', str(count)),))",
        ),
        "purity",
        "and then",
    ),
    "it changes its input": (
        (
            BUILT,
            "object.__setattr__(context, 'python', context.python + '1'); return Builds((BUILD,))",
        ),
        "purity",
        "changed what it was given",
    ),
    "usable out of nothing": (
        ("Detection(bool(cards), ", "Detection(True, (DEVICE,) + "),
        "machines",
        "empty machine",
    ),
    "a promise that is no word": (
        ("for name in cards))", "for name in cards), Envelope.of({'driver': '5'}))"),
        "machines",
        "none of its envelope's words",
    ),
    "a code that can't be listed": (
        (QUIET, "yield Finding('Bad Code!', 'x')"),
        "findings",
        "'Bad Code!'",
    ),
    "a finding without words": ((QUIET, "yield Finding('good', '  ')"), "findings", "not one line"),
    "an index without TLS": (("https://index", "http://index"), "builds", "neither https:// nor file://"),
    "a secret in an address": (
        ("https://index", "https://me:secret@index"),
        "builds",
        "more than an address",
    ),
    "a label that is none": (('("acme1",))', '("+acme_1",))'), "builds", "no local version label"),
    "a package that is not canonical": (
        ('("torch",), (', '("Torch",), ('),
        "builds",
        "'Torch' is no canonical",
    ),
    "a constraint that is none": (
        ('("acme1",))', '("acme1",), ("torch >> 2",))'),
        "builds",
        "no requirement (PEP 508)",
    ),
    "a constraint with a marker": (
        ('("acme1",))', '("acme1",), ("torch<3; sys_platform == \'linux\'",))'),
        "builds",
        "has a marker",
    ),
    "the same build twice": (("Builds((BUILD,))", "Builds((BUILD, BUILD))"), "builds", "offered twice"),
    "no answer at all": (("Builds((BUILD,))", "Builds(())"), "builds", "neither offers nor rejects"),
    "a fact that no variant can ask for": (
        ("diagnose=diagnose", 'diagnose=diagnose, features=lambda context: ("acme :: Card :: 1",)'),
        "features",
        "another character",
    ),
    "a fact of two parts": (
        ("diagnose=diagnose", 'diagnose=diagnose, features=lambda context: ("acme :: card",)'),
        "features",
        "is no `namespace :: feature :: value`",
    ),
    "a fact that is spelled in another way": (
        ("diagnose=diagnose", 'diagnose=diagnose, features=lambda context: ("acme::card::1",)'),
        "features",
        "is spelled 'acme :: card :: 1'",
    ),
    "a fact that is told twice": (
        ("diagnose=diagnose", 'diagnose=diagnose, features=lambda context: ("a :: b :: c",) * 2'),
        "features",
        "told twice",
    ),
    "the network": (
        (QUIET, "socket.create_connection(('127.0.0.1', 9))"),
        "network",
        "diagnose reached for the network",
    ),
    "the network, quietly": (
        (
            QUIET,
            "\n        try: socket.getaddrinfo('index.example', 443)\n        except OSError: return ()",
        ),
        "network",
        "socket.getaddrinfo",
    ),
    "a file": ((QUIET, "open('/tmp/acme-was-here', 'w'); return ()"), "disk", "acme-was-here"),
    "a folder": ((QUIET, "os.mkdir('acme-was-here'); return ()"), "disk", "os.mkdir"),
    "a process": ((QUIET, "subprocess.run(['true']); return ()"), "processes", "ask the probe"),
    "a shell": ((QUIET, "os.system('true'); return ()"), "processes", "os.system"),
    "a look past the probe": (
        (QUIET, "open('/proc/version').read(); return ()"),
        "probe",
        "/proc/version",
    ),
    "a listing past the probe": ((QUIET, "os.listdir('/sys/class'); return ()"), "probe", "/sys/class"),
    "a print": ((QUIET, "print('here I am'); return ()"), "output", "here I am"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_by_its_check(site: Path, name: str) -> None:
    change, check, said = FAULTS[name]

    report = checked(site, changed(change))

    assert not report.passed
    assert any(said in reason for reason in report.faults[check]), report.faults  # type: ignore[index]  # a check that has faults
    assert not Path("/tmp/acme-was-here").exists()


def test_a_function_that_hangs_is_named_and_the_others_are_asked(site: Path) -> None:
    source = changed((QUIET, "time.sleep(600)"), ("https://index", "http://index"))

    report = checked(site, source, seconds=1.0)

    (hang,) = report.faults["time"]
    assert hang.startswith("accelerator acme: diagnose(the machine empty) does not end within 1 seconds")
    assert "builds" in report.faults


def test_the_check_of_a_word_that_hangs_is_named(site: Path) -> None:
    report = checked(
        site, changed(("return None if value.isdigit()", "return time.sleep(600) if value")), seconds=1.0
    )

    assert report.faults == {
        "time": ["the check of the envelope word 'acme-driver' does not end within 1 seconds"]
    }


def test_an_import_that_hangs_is_named(site: Path) -> None:
    report = checked(site, "import time; time.sleep(600)", seconds=1.0)

    assert report.faults == {"time": ["the import of acme_plugin does not end within 1 seconds"]}


def test_a_function_that_kills_the_process_is_named(site: Path) -> None:
    report = checked(site, changed((QUIET, "os._exit(9)")))

    (death,) = report.faults["totals"]
    assert death.startswith(
        "accelerator acme: diagnose(the machine empty) takes the process down (exit code 9)"
    )


def test_the_faults_of_one_function_are_not_told_a_hundred_times(site: Path) -> None:
    report = checked(site, changed((BUILT, "return 1 / 0")))

    assert len(report.faults["totals"]) == 3


CHECK = """
    from pathlib import Path
    from provenv.hooks import Check, CheckOutcome, hookimpl

    def run(context):
        code = context.run([context.python, "-c", "pass"], {})
        BODY

    @hookimpl
    def provenv_checks():
        yield Check(name="acme", run=run)
"""


@pytest.mark.parametrize(
    ("body", "check", "said"),
    [
        ("return CheckOutcome()", "totals", "passes although every program that it ran failed"),
        ("return code == 0", "totals", "not CheckOutcome"),
        (
            "return CheckOutcome({'n': len((Path(context.scratch) / 'out').read_text())})",
            "totals",
            "FileNotFoundError",
        ),
    ],
)
def test_the_faults_of_an_acceptance_check(site: Path, body: str, check: str, said: str) -> None:
    report = checked(site, CHECK.replace("BODY", body))

    assert any(said in reason for reason in report.faults[check])  # type: ignore[index]  # a check that has faults


def test_an_acceptance_check_may_write_into_its_scratch_folder(site: Path) -> None:
    body = (
        "(Path(context.scratch) / 'x').write_text('x'); "
        "return CheckOutcome(failures=() if code == 0 else ('failed',))"
    )
    assert checked(site, CHECK.replace("BODY", body)).faults == {}


LOCK_FORMAT = """
    from provenv.hooks import LockFormat, hookimpl

    def render(lock):
        BODY

    @hookimpl
    def provenv_lock_formats():
        yield LockFormat(name="acme", extension="txt", render=render)
"""


@pytest.mark.parametrize(
    ("body", "check", "said"),
    [
        ("lock['packages'].clear(); return ''", "purity", "changed what it was given"),
        ("return lock['packages'][0]['version']", "totals", "IndexError"),
        ("return ''.join(p['version'] for p in lock['packages'])", "totals", "KeyError"),
        ("return b''", "totals", "b'', not str"),
    ],
)
def test_the_faults_of_a_lock_format(site: Path, body: str, check: str, said: str) -> None:
    report = checked(site, LOCK_FORMAT.replace("BODY", body))

    assert any(said in reason for reason in report.faults[check]), report.faults  # type: ignore[index]  # a check that has faults
