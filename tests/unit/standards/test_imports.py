"""What the warm path may import: nothing of `packaging`, nothing that takes long to load."""

from __future__ import annotations

import subprocess
import sys

WARM_WORK = """
import sys
before = set(sys.modules)
from provenv.standards import filenames, markers, names, requirements, specifiers, tags, versions

table = specifiers.VersionTable(["2.0", "1.0rc1"])
assert specifiers.mask(">=1.0", table) == 1
environment = markers.MarkerEnvironment(markers.marker_environment("3.12.4", {"sys_platform": "linux"}))
requirement = requirements.parse_requirement('foo[bar]>=1.0; python_version < "4" and extra == "x"')
assert environment.evaluate(requirement.marker, frozenset({"x"}))
assert tags.wheel_rank("py3-none-any", tags.compatible_tags("3.12.4", ["linux_x86_64"])) is not None
assert filenames.parse_wheel("foo-1.0-py3-none-any.whl").name == names.canonicalize("Foo")
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""


def test_the_warm_path_needs_neither_packaging_nor_anything_slow() -> None:
    ran = subprocess.run([sys.executable, "-c", WARM_WORK], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    strangers = {"packaging", "asyncio", "email", "httpx", "importlib_metadata", "json", "logging", "pathlib"}
    strangers |= {
        "pip",
        "platform",
        "requests",
        "rich",
        "subprocess",
        "tempfile",
        "typing_extensions",
        "urllib",
    }
    assert strangers.isdisjoint(ran.stdout.split())
