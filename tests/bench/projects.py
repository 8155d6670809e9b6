"""One workload as a project of each tool: the same requirements, the same twelve targets, the same index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.places import PYTHONS, WORKLOADS, fresh, home
from bench.tools import program, provenv

PLATFORMS = {
    "linux-x86_64": ("x86_64-manylinux_2_28", "linux_x86_64", "linux", "x86_64"),
    "linux-aarch64": ("aarch64-manylinux_2_28", "linux_aarch64", "linux", "aarch64"),
    "macos-arm64": ("aarch64-apple-darwin", "macos_arm64", "darwin", "arm64"),
    "windows-x86_64": ("x86_64-pc-windows-msvc", "windows_amd64", "win32", "AMD64"),
}
"""provenv's name of a platform -> uv's, nab's, and the two marker values by which `uv lock` tells it."""
SDISTS = ("jieba",)
"""What the workloads need that has no wheel: every tool builds it, provenv where the manifest names it."""
REQUIRES_PYTHON = ">=3.11,<3.14"


def requirements(workload: str) -> list[str]:
    """The requirements of a workload."""
    return (WORKLOADS / f"{workload}.in").read_text().split()


def project_text(workload: str, url: str) -> str:
    """A pyproject.toml that each of the tools understands; `url`: the index's."""
    return f"""\
[project]
name = "bench"
version = "1"
requires-python = "{REQUIRES_PYTHON}"
dependencies = {requirements(workload)!r}

[tool.provenv]
pip-config = false
python = {list(PYTHONS)!r}
platforms = {list(PLATFORMS)!r}
accelerators = ["cpu"]
build = {list(SDISTS)!r}

[[tool.provenv.indexes]]
name = "replica"
url = "{url}"
default = true
packages = ["*"]  # torch too, which would otherwise come from the build's own index

[tool.nab]
mode = "universal"

[[tool.nab.indexes]]
name = "replica"
url = "{url}"

[tool.nab.matrix]
python = "{REQUIRES_PYTHON}"
platforms = {[platform[1] for platform in PLATFORMS.values()]!r}

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "replica"
url = "{url}"
priority = "primary"
"""


@dataclass(frozen=True)
class Workspace:
    """A folder with a workload's project, and with the caches of the tools that work in it."""

    folder: Path
    workload: str
    url: str

    @classmethod
    def make(cls, name: str, workload: str, url: str) -> Workspace:
        """A new one, its caches empty."""
        folder = fresh(home() / "work" / name)
        for tool in ("uv", "others"):
            (folder / tool).mkdir()
            text = project_text(workload, url)
            if tool == "uv":  # its own table only: it reads no other, and so has nothing to say of them
                environments = [
                    f"sys_platform == '{system}' and platform_machine == '{machine}'"
                    for _, _, system, machine in PLATFORMS.values()
                ]
                text = text.partition("[tool.")[0]
                text += f"[tool.uv]\npackage = false\nenvironments = {environments!r}\n"
            (folder / tool / "pyproject.toml").write_text(text)
        return cls(folder, workload, url)

    def cache(self, tool: str) -> Path:
        """A tool's cache."""
        return self.folder / f"cache-{tool}"

    # --- command lines, each the whole of what a user would type

    def lock(self, *targets: str) -> list[str]:
        """`provenv lock`: all twelve targets, or these."""
        chosen = [word for target in targets for word in ("--target", target)]
        return [provenv(), "lock", "--quiet", *self._provenv(), *chosen]

    def check(self) -> list[str]:
        """`provenv check`."""
        return [provenv(), "check", "--quiet", *self._provenv()]

    def resolve(self) -> list[str]:
        """`provenv resolve` for one target, with sdists built as uv builds them."""
        target = ["--platform", "linux-x86_64", "--python", "3.12", "--accelerator", "cpu"]
        where = ["-r", str(self._input()), "--default-index", self.url, "--no-pip-config", "--build-any"]
        return [provenv(), "resolve", "--quiet", *where, *target, "--cache-dir", str(self.cache("provenv"))]

    def compile(self, platform: str = "linux-x86_64", python: str = "3.12") -> list[str]:
        """`uv pip compile` for one target."""
        target = ["--python-platform", PLATFORMS[platform][0], "--python-version", python]
        out = ["-o", str(self.folder / f"uv-{platform}-{python}.txt"), "--no-header"]
        return [program("uv"), "pip", "compile", "-q", str(self._input()), *target, *out, *self._uv()]

    def compile_all(self) -> list[list[str]]:
        """`uv pip compile` for every target."""
        return [self.compile(platform, python) for platform in PLATFORMS for python in PYTHONS]

    def uv_lock(self, *flags: str) -> list[str]:
        """`uv lock`."""
        return [program("uv"), "lock", "-q", "--project", str(self.folder / "uv"), *flags, *self._uv()]

    def nab(self) -> list[str]:
        """`nab lock` for its matrix."""
        return [
            program("nab"),
            "--no-progress",
            "-qq",
            "lock",
            *("--cache-dir", str(self.cache("nab")), "--output", str(self.folder / "pylock.nab.toml")),
            str(self.folder / "others" / "pyproject.toml"),
        ]

    def pip(self) -> list[str]:
        """`pip install --dry-run` for one target."""
        target = ["--python-version", "3.12", "--target", str(self.folder / "t"), "--only-binary", ":all:"]
        tags = [f"manylinux_2_{minor}_x86_64" for minor in (28, 27, 24, 17)]
        tags += ["manylinux2014_x86_64", "manylinux1_x86_64", "linux_x86_64"]
        return [
            program("pip"),
            *(
                "install",
                "--dry-run",
                "--quiet",
                "--ignore-installed",
                "--report",
                str(self.folder / "pip.json"),
            ),
            *("--index-url", self.url, "--cache-dir", str(self.cache("pip")), "-r", str(self._input())),
            *target,
            *(word for tag in tags for word in ("--platform", tag)),
        ]

    def poetry(self) -> list[str]:
        """`poetry lock`, for every platform at once."""
        return [program("poetry"), "lock", "--quiet", "--directory", str(self.folder / "others")]

    def forget_locks(self) -> None:
        """As if nothing had been locked."""
        fresh(self.folder / "others" / "lockfiles")
        for name in ("uv/uv.lock", "others/poetry.lock", "pylock.nab.toml"):
            (self.folder / name).unlink(missing_ok=True)
        for answer in self.folder.glob("uv-*.txt"):  # uv would prefer what stands there
            answer.unlink()

    def forget_caches(self) -> None:
        """As on a machine that has never locked anything."""
        for tool in ("provenv", "uv", "pip", "poetry", "nab"):
            fresh(self.cache(tool))

    def packages(self) -> Iterator[str]:
        """How many packages provenv's lock of each target has, by target."""
        for path in sorted((self.folder / "others" / "lockfiles").glob("pylock.*.toml")):
            yield f"{path.name}: {path.read_text().count('[[packages]]')}"

    def _input(self) -> Path:
        return WORKLOADS / f"{self.workload}.in"

    def _provenv(self) -> list[str]:
        return [str(self.folder / "others"), "--cache-dir", str(self.cache("provenv"))]

    def _uv(self) -> list[str]:
        return ["--default-index", self.url, "--cache-dir", str(self.cache("uv"))]
