"""A lock installed: the environment made by uv, every file checked by its hash, nothing else in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from provenv.atomic import disk_error
from provenv.environments import store
from provenv.environments.guard import Right, exclusive
from provenv.environments.interpreters import choose_python, explain_missing
from provenv.environments.places import Places, Rewrite, own_places
from provenv.environments.sources import Step, is_variant, local_projects, needs_build, steps, write_copy
from provenv.environments.state import contents, has_lost, is_untouched, project_stamp, variants_in
from provenv.environments.store import Environment
from provenv.environments.uv import Ended, run_uv, version
from provenv.errors import InputError, InstallError, ProvenvError
from provenv.hooks.types import Platform
from provenv.locks.reader import Lock, parse
from provenv.pypi.build_environment import index_flags, network_variables
from provenv.settings import NetworkSettings
from provenv.sha256 import sha256
from provenv.values import dataclass, replace

SHELLS = ("bash", "zsh", "fish", "powershell", "cmd")


@dataclass(frozen=True, slots=True)
class Outfit:
    """What an environment has beside its packages: its platform's layout, its accelerator's variables."""

    platform: Platform
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installation did. `changed` is False when the environment was already just so."""

    environment: Environment
    changed: bool


def install(
    lock_path: Path,
    prefix: Path,
    settings: NetworkSettings,
    outfit: Outfit,
    *,
    python: str | None = None,
    places: Places = own_places,
    read: Lock | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Installed:
    """Make the environment at `prefix` hold what the lock says: no more, no less.

    `python`: an interpreter to make it from, when not the one that fits. `places`: where the lock's files are
    fetched from, when not at their locked addresses. `read`: the lock, where the caller has read it already.
    `progress` gets a line for each step.

    An environment that already is so costs the reading of two files. Whatever interrupts a change, the
    environment then counts as half-made, and the next call makes it anew. Raises InputError (no lock, a
    folder that is no environment), InstallError, BuildError, NetworkError, IndexAnswerError, DiskError.
    """
    data = read_bytes(lock_path)
    path, prefix = lock_path.absolute(), prefix.absolute()
    return carry_out(Job(path, data, prefix, settings, outfit, _from_here(python), places, read, progress))


def _from_here(python: str | None) -> str | None:
    """A path from where the user stands, which is not where uv runs; a name to be looked for stays one."""
    separators = {os.sep, os.altsep} - {None}
    return os.path.abspath(python) if python and separators & set(python) else python  # noqa: PTH100  # no links


def carry_out(job: Job) -> Installed:
    """Does a job unless it is done already, with no other process at it."""
    done = job.already_done()
    if done:
        return Installed(done, changed=False)
    with exclusive(job.prefix, job.settings.cache_dir / "environments", job.tell_waiting) as right:
        # Another process may have done it while this one waited.
        done = job.already_done()
        return Installed(done, changed=False) if done else Installed(job.change(right), changed=True)


def read_bytes(lock_path: Path) -> bytes:
    """A lock's bytes. Raises InputError when there is none, DiskError when it can't be read."""
    try:
        return lock_path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"there is no lock {lock_path}", hints=["make it with `provenv lock`"]) from error
    except OSError as error:
        raise disk_error("read", lock_path, error) from error


@dataclass(frozen=True, slots=True)
class Job:
    """One installation by uv: what it is given, and its steps."""

    lock_path: Path
    data: bytes
    prefix: Path
    settings: NetworkSettings
    outfit: Outfit
    python: str | None
    places: Places
    read: Lock | None
    progress: Callable[[str], None]

    def already_done(self) -> Environment | None:
        """The environment, when nothing has to be installed; its note follows the plugins all the same."""
        found = store.load(self.prefix)
        if found is None or found.lock_sha256 != self._sha256() or not is_untouched(found):
            return None
        if not self._is_of_wanted_python():
            return None
        fitted = self._fitted(replace(found, lock=self.lock_path, lock_stamp=store.stamp(self.lock_path)))
        if fitted != found:
            store.save(fitted)
        return fitted

    def tell_waiting(self) -> None:
        self.progress(f"waiting for another process that changes {self.prefix}")

    def change(self, right: Right) -> Environment:
        """Make or bring up to date the environment. The note goes first and comes back last."""
        lock = self.lock()
        found = store.load(self.prefix)
        self._refuse_foreign(found, right)
        right.begin()
        store.unmark(self.prefix)
        self.fill(lock, found, right)
        environment = self._environment(lock)
        store.save(environment)
        right.finish()
        return environment

    def lock(self) -> Lock:
        """The lock, as it is to be installed here."""
        if self.read is not None and self.read.sha256 == self._sha256():
            return self.read
        return parse(self.data, self.lock_path)

    def fill(self, lock: Lock, found: Environment | None, right: Right) -> None:
        """Make the prefix hold what the lock says. `found`: the whole environment that is there, if any."""
        if found is None or has_lost(found) or not self._serves(found, lock):
            self._make(lock)
        with self.places(lock) as rewrite:
            for step in steps(lock):
                self._install(step, lock, rewrite, right)

    def _sha256(self) -> str:
        return sha256(self.data).hexdigest()

    def _refuse_foreign(self, found: Environment | None, right: Right) -> None:
        """Nobody's folder is overwritten but one that provenv made, whole or not."""
        ours = found or right.unfinished or self.prefix.parent.name == store.FOLDER
        if ours or not self.prefix.exists():
            return
        if not self.prefix.is_dir() or any(self.prefix.iterdir()):
            raise InputError(
                f"{self.prefix} is not empty, and no environment of provenv's",
                hints=["name another folder, or remove this one first"],
            )

    def _serves(self, found: Environment, lock: Lock) -> bool:
        """Whether the environment's Python is one that the lock is for."""
        wanted, has = (_numbers(text) for text in (lock.target.python, found.python_version))
        return has[:2] == wanted[:2] and has >= wanted and self._is_of_wanted_python()

    def _is_of_wanted_python(self) -> bool:
        """Whether the environment is of the interpreter that was named, where one was."""
        if self.python is None or self._is_of(Path(self.python)):
            return True
        options = ["--no-project", "--no-python-downloads", "--resolve-links"]
        ended = run_uv(["python", "find", *options, self.python], {}, cwd=self.prefix.parent, tell=_ignore)
        if ended.code != 0 or not ended.lines:
            return False
        return _home(self.prefix) == (_home(Path(ended.lines[-1]).parents[1]) or Path(ended.lines[-1]).parent)

    def _is_of(self, python: Path) -> bool:
        """Whether the environment is of this very file, as links show, so that uv need not be asked."""
        try:
            linked = python.is_absolute() and self._interpreter().samefile(python)
        except OSError:
            return False
        return linked and _home(self.prefix) == python.resolve().parent

    def _clear(self) -> None:
        """Take away whatever half of an environment is there."""
        try:
            if self.prefix.exists():
                import shutil

                shutil.rmtree(self.prefix)
            self.prefix.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error("replace", self.prefix, error) from error

    def _make(self, lock: Lock) -> None:
        """An empty environment, in place of whatever half of one is there."""
        self._clear()
        wanted = lock.target.python
        choice = [self.python] if self.python else choose_python(wanted)
        offline = ["--no-python-downloads"] if self.settings.offline else []
        ended = self._uv(["venv", "--no-project", "--python", *choice, *offline, str(self.prefix)])
        if ended.code != 0:
            raise explain_missing(wanted, _failure(f"making {self.prefix}", ended), self.python)
        made = self._python_version()
        if _numbers(made)[:2] != _numbers(wanted)[:2]:
            raise InstallError(
                f"{self.python} is Python {made}, and {lock.target.name} is for Python {wanted}",
                hints=["name an interpreter of that version, or leave it out"],
            )

    def _install(self, step: Step, lock: Lock, rewrite: Rewrite | None, right: Right) -> None:
        plain = step.exact and rewrite is None and not any(map(is_variant, step.packages))
        if plain and not step.build_constraints:
            self._install_from(self.lock_path, step, lock, right)
            return
        import tempfile

        with tempfile.TemporaryDirectory(prefix="provenv-") as scratch:
            folder = Path(scratch)
            source = self.lock_path if plain else write_copy(lock, step.packages, rewrite, folder)
            self._install_from(source, step, lock, right, folder)

    def _install_from(
        self, source: Path, step: Step, lock: Lock, right: Right, scratch: Path | None = None
    ) -> None:
        how = ["sync"] if step.exact else ["install", "--no-deps", "-r"]
        where = ["--python", str(self._interpreter()), *self._options(step, lock, scratch)]
        ended = self._uv(["pip", *how, str(source), *where], right)
        if ended.code != 0:
            raise _failure(f"installing {lock.target.name}", ended)

    def _options(self, step: Step, lock: Lock, scratch: Path | None) -> list[str]:
        """uv's flags. `scratch`: a folder for pins of builds, needed where the step has any."""
        options = ["--offline"] if self.settings.offline else []
        # uv looks at versions only, and would keep another variant of the same.
        there = variants_in(self.prefix)
        for package in step.packages:
            if is_variant(package) or package.name in there:
                options += ["--reinstall-package", package.name]
        if not any(map(needs_build, step.packages)):
            # Every file's address is in the lock: no index has to be asked for anything.
            return [*options, "--no-build", "--no-index"]
        options += index_flags(network_variables(self.settings))
        if scratch is not None and step.build_constraints:
            pins = scratch / "build-constraints.txt"
            pins.write_text("\n".join(step.build_constraints) + "\n", encoding="utf-8")
            options += ["--build-constraints", str(pins)]
        for name, _, editable in local_projects(lock):
            # uv looks at a project's description only, and would keep what was built of older code.
            options += [] if editable else ["--reinstall-package", name]
        return options

    def _uv(self, arguments: list[str], right: Right | None = None) -> Ended:
        return run_uv(
            arguments,
            network_variables(self.settings),
            cwd=self.prefix.parent,
            tell=self.progress,
            inherited=right.descriptor if right else None,
        )

    def _environment(self, lock: Lock) -> Environment:
        made = self._python_version()
        return self._fitted(
            Environment(
                prefix=self.prefix,
                target=lock.target.name,
                lock=self.lock_path,
                lock_sha256=self._sha256(),
                lock_stamp=store.stamp(self.lock_path),
                python_version=made,
                installer=version(),
                scripts="",
                interpreter="",
                contents=contents(self.prefix, made),
                projects=stamped_projects(lock),
            )
        )

    def _fitted(self, environment: Environment) -> Environment:
        """With what the plugins say of its platform and accelerator now."""
        platform = self.outfit.platform
        lines = ((shell, tuple(platform.activation(shell, str(self.prefix)))) for shell in SHELLS)
        return replace(
            environment,
            scripts=platform.scripts,
            interpreter=platform.python,
            variables=tuple(sorted(self.outfit.variables.items())),
            activation=tuple(lines),
        )

    def _interpreter(self) -> Path:
        return self.prefix / self.outfit.platform.python

    def _python_version(self) -> str:
        """The full version that the environment's own description tells."""
        facts = _description(self.prefix)
        return facts.get("version_info") or facts.get("version") or ""


def _description(prefix: Path) -> dict[str, str]:
    """What an environment's `pyvenv.cfg` says. Raises DiskError."""
    path = prefix / "pyvenv.cfg"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise disk_error("read", path, error) from error
    pairs = (line.partition("=") for line in lines)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _home(prefix: Path) -> Path | None:
    """PEP 405: the folder of the interpreter that an environment is made from; None for no environment."""
    if not (prefix / "pyvenv.cfg").is_file():
        return None
    return Path(_description(prefix).get("home", "")).resolve()


def _ignore(line: str) -> None:
    """Lines that are read at the end."""


def _failure(action: str, ended: Ended) -> ProvenvError:
    from provenv.environments.failures import failure

    return failure(action, ended.lines)


def stamped_projects(lock: Lock) -> tuple[tuple[str, bool, str], ...]:
    """A lock's local projects: folder, editable, and the stamp of their files."""
    return tuple(
        (folder, editable, project_stamp(folder, editable)) for _, folder, editable in local_projects(lock)
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
