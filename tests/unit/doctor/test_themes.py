"""What the general themes make of a machine's answers; they claim nothing of what nobody looked at."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from provenv.doctor import compilers, network, pythons, storage, variables
from provenv.doctor.checkup import THEMES
from provenv.hooks.manager import plugins
from provenv.hooks.types import Finding, Probe
from provenv.host import Host
from support import machines

GIB = 2**30


def codes(findings: object) -> list[tuple[str, str]]:
    assert hasattr(findings, "__iter__")
    return [(finding.code, finding.severity) for finding in findings]


def only(findings: object) -> Finding:
    assert hasattr(findings, "__iter__")
    (finding,) = findings
    assert isinstance(finding, Finding)
    return finding


@pytest.mark.parametrize("probe", [machines.linux(), machines.macos(), machines.windows()])
def test_nothing_is_claimed_of_what_the_evidence_does_not_say(probe: Probe) -> None:
    assert [finding for theme in THEMES for finding in theme(probe)] == []


@pytest.mark.parametrize(
    ("programs", "said"),
    [
        ({"python": ["/usr/bin/python"], "python3": ["/usr/bin/python3"]}, []),
        ({"python": [], "python3": ["/usr/bin/python3"]}, []),
        (
            {"python": ["/usr/local/bin/python"], "python3": ["/usr/local/bin/python3", "/usr/bin/python3"]},
            [("several-pythons", "note")],
        ),
        (
            {"python": ["/opt/conda/bin/python"], "python3": ["/usr/bin/python3"]},
            [("several-pythons", "warning")],
        ),
        (
            {"python": ["/v/bin/python"], "pip": ["/usr/bin/pip"]},
            [("pip-of-another-python", "warning")],
        ),
        ({"python": ["/v/bin/python"], "pip": ["/v/bin/pip"]}, []),
        ({"python": ["/v/bin/python"], "python3": ["/v/bin/python3"], "pip": [], "pip3": []}, []),
    ],
)
def test_several_pythons_and_a_pip_of_another_one(
    programs: Mapping[str, object], said: list[tuple[str, str]]
) -> None:
    assert codes(pythons.diagnose(machines.linux(executables=programs))) == said


def test_pip_in_the_scripts_folder_of_a_windows_python_belongs_to_it() -> None:
    own = {"python": [r"C:\Python312\python.exe"], "pip": [r"C:\Python312\Scripts\pip.exe"]}
    venv = {"python": [r"C:\v\Scripts\python.exe"], "pip": [r"C:\v\Scripts\pip.exe"]}
    other = {"python": [r"C:\v\Scripts\python.exe"], "pip": [r"C:\Python312\Scripts\pip.exe"]}

    assert codes(pythons.diagnose(machines.windows(executables=own))) == []
    assert codes(pythons.diagnose(machines.windows(executables=venv))) == []
    assert codes(pythons.diagnose(machines.windows(executables=other))) == [
        ("pip-of-another-python", "warning")
    ]


@pytest.mark.parametrize(
    ("variables", "python", "there", "code", "remedy"),
    [
        ({"VIRTUAL_ENV": "/p/.venv"}, "/p/.venv/bin/python", True, None, ""),
        (
            {"VIRTUAL_ENV": "/p/.venv"},
            "/usr/bin/python",
            True,
            "environment-not-on-path",
            ". /p/.venv/bin/activate",
        ),
        (
            {"VIRTUAL_ENV": "/p/.venv"},
            "/usr/bin/python",
            False,
            "active-environment-gone",
            "unset VIRTUAL_ENV",
        ),
        (
            {"CONDA_PREFIX": "/opt/conda/envs/a"},
            "/usr/bin/python",
            True,
            "environment-not-on-path",
            'conda activate "/opt/conda/envs/a"',
        ),
        (
            {"VIRTUAL_ENV": "/p/.ven"},
            "/p/.venv/bin/python",
            True,
            "environment-not-on-path",
            ". /p/.ven/bin/activate",
        ),
    ],
)
def test_an_active_environment_that_path_passes_over(
    variables: Mapping[str, str], python: str, there: bool, code: str | None, remedy: str
) -> None:
    prefix = next(iter(variables.values()))
    probe = machines.linux(environment=variables, executables={"python": [python]}, exists={prefix: there})

    found = list(pythons.diagnose(probe))

    assert [(finding.code, finding.remedy) for finding in found] == ([(code, remedy)] if code else [])


@pytest.mark.parametrize(
    ("version", "chosen", "said"),
    [
        ("3.12.4", True, []),
        ("3.7.17", True, [("python-without-torch", "error")]),
        ("3.19.0", True, [("python-without-torch", "error")]),
        ("3.19.0", False, [("python-without-torch", "warning")]),
    ],
)
def test_a_python_that_no_release_of_torch_serves(
    version: str, chosen: bool, said: list[tuple[str, str]]
) -> None:
    host = Host(plugins(), machines.linux())

    assert codes(pythons.unserved(host, version, chosen=chosen)) == said


def test_an_intel_mac_is_served_by_fewer_pythons() -> None:
    host = Host(plugins(), machines.macos("x86_64", "13.6"))

    finding = only(pythons.unserved(host, "3.13.1", chosen=True))

    assert "Python 3.13 on macos-x86_64: they are for 3.8 to 3.12" in finding.message
    assert finding.remedy == "uv python install 3.11"


def test_another_implementation_than_cpython() -> None:
    host = Host(plugins(), machines.linux(python={"implementation": "PyPy"}))

    assert codes(pythons.unserved(host, "3.12.4", chosen=True)) == [("python-not-cpython", "error")]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"PYTHONHOME": "/opt/py"}, [("pythonhome-set", "error")]),
        ({"PYTHONPATH": "/home/user/lib"}, [("pythonpath-set", "warning")]),
        ({"PIP_TARGET": "/x", "PIP_USER": "1"}, [("pip-variable-moves-installs", "warning")]),
        ({"PIP_PRE": "1"}, [("pip-variables-set", "note")]),
        ({"PYTHONPATH": "", "PIP_TARGET": ""}, []),
    ],
)
def test_variables_that_leak_in(given: Mapping[str, str], said: list[tuple[str, str]]) -> None:
    assert codes(variables.diagnose(machines.linux(environment=given))) == said


def test_no_secret_is_shown() -> None:
    given = {
        "PIP_INDEX_URL": "https://wang:pw@index.example/simple",
        "HTTP_PROXY": "http://wang:pw@p.example",
    }
    probe = machines.linux(environment=given)

    words = repr([*variables.diagnose(probe), *network.diagnose(probe)])

    assert "index.example" in words
    assert "pw" not in words


def test_the_command_is_that_of_the_machine_s_system() -> None:
    given = {"environment": {"PYTHONPATH": "x"}}

    assert only(variables.diagnose(machines.linux(**given))).remedy == "unset PYTHONPATH"
    assert only(variables.diagnose(machines.windows(**given))).remedy == "Remove-Item Env:PYTHONPATH"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"HTTPS_PROXY": "http://p.example:8080", "HTTP_PROXY": "http://p.example:8080"}, []),
        ({"HTTPS_PROXY": "http://a.example", "https_proxy": "http://b.example"}, ["proxy-variables-differ"]),
        ({"HTTP_PROXY": "http://p.example:8080"}, ["proxy-for-http-only"]),
        ({"HTTP_PROXY": "http://p.example:8080", "ALL_PROXY": "socks5://p.example:1080"}, []),
        ({"HTTPS_PROXY": "http://p.example:8080", "NO_PROXY": "localhost, *"}, ["proxy-excepts-everything"]),
        ({"NO_PROXY": "*"}, []),
        ({"HTTPS_PROXY": "p.example:8080"}, ["proxy-is-no-address"]),
        ({"HTTPS_PROXY": "http://p.example:port"}, ["proxy-is-no-address"]),
        ({"HTTPS_PROXY": "http://[::1"}, ["proxy-is-no-address"]),
        ({"SSL_CERT_FILE": "/there.pem"}, []),
        ({"REQUESTS_CA_BUNDLE": "/gone.pem"}, ["certificate-file-missing"]),
        ({"SSL_CERT_FILE": "/unknown.pem"}, []),
        (
            {"SSL_CERT_FILE": "/there.pem", "REQUESTS_CA_BUNDLE": "/other.pem"},
            ["certificate-variables-differ"],
        ),
    ],
)
def test_proxies_and_certificates(given: Mapping[str, str], said: list[str]) -> None:
    exists = {"/there.pem": True, "/other.pem": True, "/gone.pem": False}

    found = list(network.diagnose(machines.linux(environment=given, exists=exists)))

    assert [finding.code for finding in found] == said


def test_windows_has_one_variable_however_it_is_spelled() -> None:
    given = {"HTTPS_PROXY": "http://a.example", "https_proxy": "http://b.example"}

    assert list(network.diagnose(machines.windows(environment=given))) == []


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ([64 * 2**20, 64 * 2**20], [("shared-memory-small", "warning")]),
        ([8 * GIB, 8 * GIB], []),
        ([8 * GIB, 2**20], [("shared-memory-full", "warning")]),
    ],
)
def test_shared_memory(sizes: list[int], said: list[tuple[str, str]]) -> None:
    probe = machines.linux(exists={"/dev/shm": True}, disk={"/dev/shm": sizes})

    assert codes(storage.diagnose(probe)) == said


def test_a_container_gets_its_shared_memory_when_it_is_started() -> None:
    small = {"/dev/shm": [64 * 2**20, 64 * 2**20]}
    inside = machines.linux(exists={"/dev/shm": True, "/.dockerenv": True}, disk=small)
    outside = machines.linux(exists={"/dev/shm": True, "/.dockerenv": False}, disk=small)

    assert "--ipc=host" in only(storage.diagnose(inside)).remedy
    assert only(storage.diagnose(outside)).remedy.startswith("sudo mount")


@pytest.mark.parametrize(
    ("free", "gpu", "said"),
    [
        (100 * 2**20, False, [("disk-full", "error")]),
        (GIB, False, [("disk-nearly-full", "warning")]),
        (5 * GIB, False, []),
        (5 * GIB, True, [("disk-nearly-full", "warning")]),
        (50 * GIB, True, []),
    ],
)
def test_room_on_the_disks(free: int, gpu: bool, said: list[tuple[str, str]]) -> None:
    probe = machines.linux(
        disk={"/p": [100 * GIB, free], "/c": [100 * GIB, free], "/t": [200 * GIB, 90 * GIB]}
    )
    places = {"the project": "/p", "the cache": "/c", "temporary files": "/t", "nothing": "/unknown"}

    found = list(storage.diagnose_places(probe, places, gpu=gpu))

    assert codes(found) == said
    if found:
        assert "the project (/p), the cache (/c)" in found[0].message


@pytest.mark.parametrize(
    ("release", "remedy"),
    [
        ("ID=ubuntu\nID_LIKE=debian\n", "sudo apt-get install -y g++"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "sudo dnf install -y gcc-c++"),
        ("ID=opensuse-leap\nID_LIKE=suse\n", "sudo zypper install -y gcc-c++"),
        ("ID=manjaro\nID_LIKE=arch\n", "sudo pacman -S --needed gcc"),
        ("ID=alpine\n", "sudo apk add g++"),
        ("ID=unheard-of\n", "install g++ with the system's package manager"),
    ],
)
def test_the_missing_compiler_comes_by_the_distribution_s_own_command(release: str, remedy: str) -> None:
    probe = machines.linux(executables={"g++": [], "clang++": []}, file={"/etc/os-release": release})

    finding = only(compilers.diagnose(probe))

    assert (finding.code, finding.severity, finding.remedy) == ("cxx-compiler-missing", "note", remedy)


def test_a_compiler_that_is_there_or_named_is_not_missed() -> None:
    none = {"g++": [], "clang++": []}

    assert list(compilers.diagnose(machines.linux(executables={**none, "g++": ["/usr/bin/g++"]}))) == []
    assert list(compilers.diagnose(machines.linux(executables=none, environment={"CXX": "/opt/g++"}))) == []
    assert (
        only(compilers.diagnose(machines.macos(executables={"clang++": []}))).remedy
        == "xcode-select --install"
    )
    assert only(compilers.diagnose(machines.windows(executables={"cl": []}))).remedy.startswith(
        "winget install"
    )
