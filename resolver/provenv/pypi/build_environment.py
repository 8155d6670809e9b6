"""A throwaway virtual environment to build in, and what fills it with build requirements."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from provenv.errors import BuildError
from provenv.pypi.processes import Finished, run_bounded, tool_environment
from provenv.pypi.temporary import temporary_folder
from provenv.values import dataclass

if TYPE_CHECKING:
    from provenv.settings import NetworkSettings

Provision = Callable[[Sequence[str], Path], tuple[str, ...]]
"""Resolve and install requirements into the virtual environment at a path; return all it now holds as pins.

It may be called twice for one environment: the second time with the first requirements and those that the
backend asked for. It raises a ProvenvError when it can't.
"""


@dataclass(frozen=True, slots=True)
class BuildEnvironment:
    """`prefix`: the virtual environment. `python_version`: the `X.Y` it is. `scratch`: an empty folder."""

    prefix: Path
    python_version: str
    scratch: Path

    @property
    def python(self) -> Path:
        return python_of(self.prefix)

    def environ(self) -> dict[str, str]:
        """The variables of a build: nobody else's modules, this environment's scripts first."""
        scripts = str(self.python.parent)
        return tool_environment(
            {
                "PATH": scripts + os.pathsep + os.environ.get("PATH", os.defpath),
                "VIRTUAL_ENV": str(self.prefix),
                "PYTHONNOUSERSITE": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONIOENCODING": "utf-8",
            }
        )


def python_of(prefix: Path) -> Path:
    """The interpreter of a virtual environment."""
    return prefix / "Scripts" / "python.exe" if os.name == "nt" else prefix / "bin" / "python"


@contextlib.contextmanager
def build_environment(python: str) -> Iterator[BuildEnvironment]:
    """An empty virtual environment of the wanted Python (`3.12` or `3.12.4`), removed at the end.

    Where this machine has no such Python, it is the one that runs us: hardly any project's metadata depend on
    it, and a lock for four Pythons should not need four. Nothing is downloaded for it.
    """
    with temporary_folder("build") as folder:
        prefix, scratch = folder / "venv", folder / "scratch"
        scratch.mkdir()
        yield BuildEnvironment(prefix, _make_venv(prefix, minor_of(python)), scratch)


def minor_of(python: str) -> str:
    """`3.12.4` -> `3.12`."""
    return ".".join(python.split(".")[:2])


def running_minor() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def is_here(minor: str) -> bool:
    """Whether this machine has a Python of this `X.Y`."""
    options = ["--no-project", "--no-config", "--no-python-downloads", "--quiet"]
    return run_uv(["python", "find", *options, minor], {}, cwd=Path.cwd(), seconds=120).code == 0


def _make_venv(prefix: Path, minor: str) -> str:
    if minor != running_minor() and _uv_venv(prefix, minor).code == 0:
        return minor
    finished = _uv_venv(prefix, sys.executable)
    if finished.code != 0:
        raise BuildError(
            "a virtual environment to build in could not be made",
            evidence=finished.last_lines(),
            hints=["check that the temporary folder (TMPDIR) has room and may be written to"],
        )
    return running_minor()


def _uv_venv(prefix: Path, python: str) -> Finished:
    options = ["--no-project", "--no-config", "--no-python-downloads", "--clear", "--quiet"]
    return run_uv(["venv", *options, "--python", python, str(prefix)], {}, cwd=prefix.parent, seconds=120)


def run_uv(arguments: Sequence[str], extra: dict[str, str], *, cwd: Path, seconds: float) -> Finished:
    """Run uv, with these variables beside the cleaned ones of this process."""
    from uv import find_uv_bin

    try:
        return run_bounded(
            [find_uv_bin(), *arguments], cwd=cwd, environ=tool_environment(extra), seconds=seconds
        )
    except OSError as error:
        raise BuildError(
            "uv, which makes the environments to build in, can't be started",
            evidence=[str(error)],
            hints=["reinstall it: python -m pip install --force-reinstall uv"],
        ) from error


def uv_provision(
    settings: NetworkSettings, *, exclude_newer: str | None = None, seconds: float = 600
) -> Provision:
    """The plain `Provision`: uv resolves and installs from this machine's indexes, wheels only.

    Build requirements that have no wheel are refused: nobody allowed to build these from source.
    """

    def provision(requirements: Sequence[str], prefix: Path) -> tuple[str, ...]:
        python = str(python_of(prefix))
        options = ["--no-config", "--no-progress", "--only-binary", ":all:", "--python", python]
        variables = network_variables(settings)
        options += index_flags(variables)
        if settings.offline:
            options.append("--offline")
        if exclude_newer is not None:
            options += ["--exclude-newer", exclude_newer]
        listed = prefix.parent / "requirements.txt"
        listed.write_text("\n".join(requirements) + "\n", encoding="utf-8")
        finished = run_uv(
            ["pip", "install", *options, "-r", str(listed)], variables, cwd=prefix.parent, seconds=seconds
        )
        if finished.code != 0:
            raise BuildError(
                f"the build requirements {', '.join(requirements)} could not be installed",
                evidence=finished.last_lines() or [f"uv did not end within {seconds:.0f} seconds"],
            )
        return installed(prefix)

    return provision


def installed(prefix: Path) -> tuple[str, ...]:
    """Everything in a virtual environment, as sorted pins."""
    finished = run_uv(
        ["pip", "freeze", "--no-config", "--quiet", "--python", str(python_of(prefix))],
        {},
        cwd=prefix.parent,
        seconds=60,
    )
    if finished.code != 0:
        raise BuildError("the build environment can't be listed", evidence=finished.last_lines())
    return tuple(sorted(line.strip() for line in finished.output.splitlines() if line.strip()))


def network_variables(settings: NetworkSettings) -> dict[str, str]:
    """uv's variables for these settings: variables, since a command line shows credentials to everybody.

    What has no variable is a flag: see `index_flags`.
    """
    mirrors = () if settings.no_index else settings.mirrors_of(settings.default_index)
    folders = [place for place in mirrors if _is_flat_folder(place)]
    simple = [place for place in mirrors if place not in folders]
    pages = [place for index in settings.find_links for place in settings.mirrors_of(index.url)]
    indexes = () if settings.no_index else settings.extra_indexes
    extra = [place for index in indexes for place in settings.mirrors_of(index.url)]
    variables = {
        "UV_DEFAULT_INDEX": simple[0] if simple else "",
        "UV_INDEX": " ".join([*extra, *simple[1:]]),
        "UV_FIND_LINKS": ",".join(place.replace(",", "%2C") for place in [*folders, *pages]),
        "UV_INSECURE_HOST": " ".join(settings.trusted_hosts),
        "UV_HTTP_TIMEOUT": str(max(1, round(settings.timeout))),  # whole seconds; 0 ends every request
        "UV_HTTP_RETRIES": str(settings.retries),
        "UV_KEYRING_PROVIDER": "subprocess" if settings.keyring else "disabled",
        "SSL_CERT_FILE": str(settings.cert or ""),
        "SSL_CLIENT_CERT": str(settings.client_cert or ""),
        # Both spellings: a program that reads the other one must not find what the shell had set.
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), settings.proxy or ""),
    }
    return {name: value for name, value in variables.items() if value}


def index_flags(variables: Mapping[str, str]) -> list[str]:
    """Without an index in its variables uv would ask the public one."""
    return [] if "UV_DEFAULT_INDEX" in variables else ["--no-index"]


def _is_flat_folder(place: str) -> bool:
    """Whether a mirror is a folder of files rather than a simple index."""
    from urllib.parse import urlsplit

    parts = urlsplit(place)
    if parts.scheme in ("http", "https"):
        return False
    from urllib.request import url2pathname

    folder = Path(url2pathname(parts.path) if parts.scheme == "file" else place)
    return folder.is_dir() and any(entry.suffix == ".whl" for entry in folder.iterdir())
