"""Where environments live, and the note in each that says it is whole.

The note is written last and taken away before any change begins: an environment without it is half-made. It
also holds what `run` and `env` need, so that these read one small file and import no plugin.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from provenv.errors import InstallError
from provenv.values import dataclass

FOLDER = ".provenv"
NOTE = ".provenv.json"
CURRENT = "current.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment that is whole: a lock, installed.

    `lock_sha256`: of the lock's bytes; `lock_stamp`: its size and time when these were read.
    `python_version`: full. `scripts` and `interpreter`: relative to the prefix. `variables`: what a process
    on its accelerator should have. `activation`: shell -> lines. `contents`: what lies in its site-packages.
    `projects`: local projects of the lock (folder, editable, stamp of its files). `packaging`: `pip` or
    `conda`.
    """

    prefix: Path
    target: str
    lock: Path
    lock_sha256: str
    python_version: str
    installer: str
    scripts: str
    interpreter: str
    variables: tuple[tuple[str, str], ...] = ()
    activation: tuple[tuple[str, tuple[str, ...]], ...] = ()
    lock_stamp: str = ""
    contents: tuple[str, ...] = ()
    projects: tuple[tuple[str, bool, str], ...] = ()
    packaging: str = "pip"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.prefix / self.interpreter

    @property
    def scripts_folder(self) -> Path:
        """The folder of its programs."""
        return self.prefix / self.scripts

    def to_json(self) -> dict[str, object]:
        """What its note says, and what `--json` answers."""
        return {
            "format": FORMAT,
            "prefix": str(self.prefix),
            "target": self.target,
            "lock": str(self.lock),
            "lock_sha256": self.lock_sha256,
            "lock_stamp": self.lock_stamp,
            "python": self.python_version,
            "installer": self.installer,
            "scripts": self.scripts,
            "interpreter": self.interpreter,
            "variables": dict(self.variables),
            "activation": {shell: list(lines) for shell, lines in self.activation},
            "contents": list(self.contents),
            "projects": [list(project) for project in self.projects],
            "packaging": self.packaging,
        }


def home(project: Path) -> Path:
    """The folder of a project's environments."""
    return project / FOLDER


def prefix_of(project: Path, target: str) -> Path:
    """Where a target's environment lies when nobody says otherwise."""
    return home(project) / target


def load(prefix: Path) -> Environment | None:
    """The environment at a prefix; None when there is none, or none that is whole, or it has been moved."""
    try:
        note = json.loads((prefix / NOTE).read_bytes())
        environment = _parse(note)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    whole = note["format"] == FORMAT and _is_in_place(environment, prefix) and environment.python.exists()
    return environment if whole else None


def _is_in_place(environment: Environment, prefix: Path) -> bool:
    """A virtual environment has its own path written into its scripts, so a moved one doesn't work."""
    try:
        return environment.prefix.samefile(prefix)
    except OSError:
        return False


def save(environment: Environment) -> None:
    """Say that an environment is whole. Raises DiskError."""
    from provenv.atomic import write_text

    write_text(
        environment.prefix / NOTE, json.dumps(environment.to_json(), indent=2, ensure_ascii=False) + "\n"
    )


def unmark(prefix: Path) -> None:
    """Say that an environment is about to change. Raises DiskError."""
    try:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            (prefix / NOTE).unlink()
    except OSError as error:
        from provenv.atomic import disk_error

        raise disk_error("change", prefix, error) from error


def prepare_home(project: Path) -> Path:
    """Make the folder of a project's environments, ignored by git as a whole."""
    from provenv.atomic import write_text

    write_text(home(project) / ".gitignore", "*\n", durable=False)
    return home(project)


def remember(project: Path, environment: Environment) -> None:
    """Make it the environment that `run`, `shell` and `env` take."""
    from provenv.atomic import write_text

    prefix, folder = environment.prefix, prepare_home(project)
    # relative, so that a copy of the project does not use the environment of the project it was copied from
    place = prefix.relative_to(folder) if prefix.is_relative_to(folder) else prefix
    write_text(folder / CURRENT, json.dumps({"prefix": str(place)}) + "\n", durable=False)


def environment_of(project: Path, target: str | None = None) -> Environment:
    """The environment of a target, or the one installed last. Raises InstallError when it is not whole."""
    if target is not None:
        prefix = prefix_of(project, target)
        again = f"provenv install --target {target}"
    else:
        prefix = _current(project)
        again = "provenv install"
    environment = load(prefix)
    if environment is None:
        state = "is not whole, or was moved" if prefix.exists() else "does not exist"
        raise InstallError(
            f"there is no environment to use in {project}",
            evidence=[f"{prefix} {state}"],
            hints=[f"make it with `{again}`"],
        )
    return environment


def outdated(environment: Environment) -> bool:
    """Whether its lock has changed (or gone) since it was installed."""
    if environment.lock_stamp == stamp(environment.lock):
        return False
    from provenv.sha256 import sha256

    try:
        return sha256(environment.lock.read_bytes()).hexdigest() != environment.lock_sha256
    except OSError:
        return True


def stamp(path: Path) -> str:
    """A file's size and time, by which a change shows without reading it; "" when there is none."""
    try:
        status = path.stat()
    except OSError:
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"


def _current(project: Path) -> Path:
    try:
        prefix = json.loads((home(project) / CURRENT).read_bytes())["prefix"]
        return home(project) / str(prefix)
    except (OSError, ValueError, KeyError, TypeError):
        return home(project)


def _parse(note: dict[str, object]) -> Environment:
    def text(key: str) -> str:
        value = note[key]
        if not isinstance(value, str):
            raise TypeError(key)
        return value

    def pairs(key: str) -> tuple[tuple[str, str], ...]:
        return tuple((name, str(value)) for name, value in _mapping(note[key]).items())

    return Environment(
        prefix=Path(text("prefix")),
        target=text("target"),
        lock=Path(text("lock")),
        lock_sha256=text("lock_sha256"),
        lock_stamp=text("lock_stamp"),
        python_version=text("python"),
        installer=text("installer"),
        scripts=text("scripts"),
        interpreter=text("interpreter"),
        variables=pairs("variables"),
        activation=tuple((shell, _lines(lines)) for shell, lines in _mapping(note["activation"]).items()),
        contents=_lines(note["contents"]),
        projects=tuple(_project(item) for item in _list(note["projects"])),
        packaging="conda" if note.get("packaging") == "conda" else "pip",
    )


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _lines(value: object) -> tuple[str, ...]:
    return tuple(str(line) for line in _list(value))


def _project(value: object) -> tuple[str, bool, str]:
    folder, editable, stamp = _list(value)
    return str(folder), editable is True, str(stamp)
