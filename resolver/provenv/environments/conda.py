"""A conda lock installed: the archives linked by py-rattler, the wheels on top by uv, every hash checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from provenv.atomic import disk_error
from provenv.conda.channels import Channel, channels_of, fetched_from
from provenv.conda.library import finish, require_conda
from provenv.conda.records import record_of
from provenv.conda.turns import Turns
from provenv.environments.conda_activation import activation
from provenv.environments.conda_cache import discard_damaged, remember, stem
from provenv.environments.conda_failures import install_error
from provenv.environments.failures import failure
from provenv.environments.guard import Right
from provenv.environments.places import Places, own_places
from provenv.environments.sources import needs_build, steps, write_copy
from provenv.environments.state import META, contents, has_lost, site_packages
from provenv.environments.store import Environment, stamp
from provenv.environments.sync import SHELLS, Installed, Job, Outfit, carry_out, read_bytes, stamped_projects
from provenv.errors import IndexAnswerError, InstallError, NetworkError
from provenv.locks.conda_reader import parse_conda
from provenv.locks.reader import Lock
from provenv.logins import LoginSources
from provenv.pypi.cache import Cache
from provenv.resolution import CondaPackage
from provenv.settings import NetworkSettings
from provenv.values import dataclass, replace


@dataclass(frozen=True, slots=True)
class CondaOutfit:
    """What is known of the target beside its lock: its platform and variables, and the manifest's channels.

    `channels`: with the logins that the manifest gives; those of the lock have none. `logins`: plugins that
    may know one once a channel has refused.
    """

    outfit: Outfit
    target: str
    channels: tuple[Channel, ...] = ()
    logins: LoginSources | None = None


def install_conda(
    lock_path: Path,
    prefix: Path,
    settings: NetworkSettings,
    outfit: CondaOutfit,
    *,
    places: Places = own_places,
    progress: Callable[[str], None] = lambda line: None,
) -> Installed:
    """Make the environment at `prefix` hold what a conda lock says: no more, no less.

    A lock of several platforms gives those of this one. Raises as `environments.sync.install` does.
    """
    require_conda()
    job = CondaJob(
        lock_path.absolute(),
        read_bytes(lock_path),
        prefix.absolute(),
        settings,
        outfit.outfit,
        None,
        places,
        None,
        progress,
        outfit,
    )
    return carry_out(job)


@dataclass(frozen=True, slots=True)
class CondaJob(Job):
    """One installation of a conda lock."""

    conda: CondaOutfit

    def lock(self) -> Lock:
        """The lock's packages for this platform, under the target's own name and its real Python."""
        subdir = self.outfit.platform.conda_subdir
        lock = parse_conda(self.data, self.lock_path, subdir)
        if not lock.conda:
            raise InstallError(
                f"{self.lock_path.name} has no packages for {subdir}",
                hints=["`provenv install` without `--target` takes a lock that has"],
            )
        target = replace(lock.target, name=self.conda.target, python=_python(lock) or "3.11")
        return replace(lock, target=target)

    def fill(self, lock: Lock, found: Environment | None, right: Right) -> None:
        """The conda packages in one transaction, then what PyPI adds; strays go with either."""
        python = _python(lock)
        if found is None or has_lost(found) or _minor(found.python_version) != _minor(python or ""):
            self._clear()
        self._link(lock.conda, lock)
        self._set_variables(lock)
        if python is None:
            return
        self._remove_strays(lock, python)
        if lock.packages:
            self._add_wheels(lock, right)

    def _link(self, packages: Sequence[CondaPackage], lock: Lock) -> None:
        from provenv.conda.network import package_cache

        known = _places(self.conda.channels, lock, self.settings)
        turns = Turns(known, self.settings, self.conda.logins)
        unpacked, records = package_cache(self.settings), Cache(self.settings.cache_dir)
        missing = [p for p in packages if not (self.prefix / META / f"{stem(p)}.json").exists()]
        discard_damaged(missing, unpacked, records)
        self._refuse_offline(packages, known)
        self.progress(f"installing {len(packages)} conda packages")
        while True:
            channels = turns.at(channel.url for channel in known)
            self._check_local(packages, channels)
            told = self._link_from(channels, packages)
            if told is None:
                break
            error = install_error(lock.target.name, told, packages)
            if not isinstance(error, (NetworkError, IndexAnswerError)) or not turns.pass_on(told):
                raise error
        remember(packages, unpacked, records)
        self._say_canonical(packages, channels)

    def _link_from(self, channels: Sequence[Channel], packages: Sequence[CondaPackage]) -> str | None:
        """Put the packages into the prefix, and take others away; None, or why that could not be done."""
        from provenv.conda.network import client, package_cache

        records = [record_of(package, channels) for package in packages]

        async def link() -> str | None:
            """What went wrong is told outside of rattler's frames."""
            import rattler
            from rattler.exceptions import InstallerError, IoError, LinkError, TransactionError

            try:
                await rattler.install(
                    records,
                    target_prefix=self.prefix,
                    cache_dir=package_cache(self.settings),
                    platform=rattler.Subdir(self.outfit.platform.conda_subdir),
                    execute_link_scripts=False,
                    show_progress=False,
                    client=client(self.settings, channels),
                )
            except (InstallerError, IoError, LinkError, TransactionError) as error:
                return str(error)
            return None

        return finish(link)

    def _say_canonical(self, packages: Sequence[CondaPackage], channels: Sequence[Channel]) -> None:
        """conda's records name the address of the lock, not this machine's mirror or its login."""
        import json

        from provenv.atomic import write_text

        for package in packages:
            if fetched_from(package.url, channels) == package.url:
                continue
            path = self.prefix / META / f"{stem(package)}.json"
            record = json.loads(path.read_bytes())
            if record.get("url") != package.url:
                text = json.dumps({**record, "url": package.url, "channel": package.channel}, indent=2)
                write_text(path, text, durable=False)

    def _set_variables(self, lock: Lock) -> None:
        """The lock's variables, where conda itself keeps an environment's: activation sets them."""
        import json

        from provenv.atomic import write_text

        state = self.prefix / META / "state"
        if lock.variables:
            text = json.dumps({"version": 1, "env_vars": dict(lock.variables)}, indent=2)
            write_text(state, text + "\n", durable=False)
        else:
            state.unlink(missing_ok=True)

    def _check_local(self, packages: Sequence[CondaPackage], channels: Sequence[Channel]) -> None:
        """Archives on this disk, which rattler takes as they are; what it fetches it checks itself."""
        from provenv.locks.portable import path_of

        for package in packages:
            path = path_of(fetched_from(package.url, channels))
            if path is None:
                continue
            name, wanted = ("sha256", package.sha256) if package.sha256 else ("md5", package.md5)
            try:
                with path.open("rb") as file:
                    found = hashlib.file_digest(file, name).hexdigest()
            except FileNotFoundError:
                raise install_error(self.conda.target, f"{path}: no such file", [package]) from None
            except OSError as error:
                raise disk_error("read", path, error) from error
            if found != wanted:
                told = f"hash mismatch of {path}: its {name} is {found}"
                raise install_error(self.conda.target, told, [package])

    def _refuse_offline(self, packages: Sequence[CondaPackage], channels: Sequence[Channel]) -> None:
        """Offline, what is neither on this disk nor in the cache can't be had."""
        if not self.settings.offline:
            return
        from provenv.conda.network import package_cache

        folder = package_cache(self.settings)
        known = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        for package in packages:
            local = fetched_from(package.url, channels).startswith("file:")
            if not local and not any(name.startswith(stem(package)) for name in known):
                raise NetworkError(
                    f"{package.filename} is not in the cache, and the network is switched off",
                    hints=["install once without `--offline`"],
                )

    def _remove_strays(self, lock: Lock, python: str) -> None:
        """Takes away distributions that neither conda's records nor the lock name."""
        wanted = {package.name for package in lock.packages}
        strays = sorted(name for name in _pypi_names(self.prefix, python) if name not in wanted)
        if strays:
            ended = self._uv(["pip", "uninstall", "--python", str(self._interpreter()), *strays])
            if ended.code != 0:
                raise failure(f"removing {', '.join(strays)}", ended.lines)

    def _add_wheels(self, lock: Lock, right: Right) -> None:
        import tempfile

        with self.places(lock) as rewrite, tempfile.TemporaryDirectory(prefix="provenv-") as scratch:
            for step in steps(lock):
                source = write_copy(lock, step.packages, rewrite, Path(scratch))
                where = ["--python", str(self._interpreter()), *self._options(step, lock, Path(scratch))]
                built = [] if any(map(needs_build, step.packages)) else ["--no-build"]
                flags = list(dict.fromkeys([*where, *built]))
                ended = self._uv(
                    ["pip", "install", "--no-deps", "--break-system-packages", "-r", str(source), *flags],
                    right,
                )
                if ended.code != 0:
                    raise failure(f"installing {lock.target.name}", ended.lines)

    def _environment(self, lock: Lock) -> Environment:
        from importlib.metadata import version

        python = _python(lock) or ""
        return self._fitted(
            Environment(
                prefix=self.prefix,
                target=lock.target.name,
                lock=self.lock_path,
                lock_sha256=self._sha256(),
                lock_stamp=stamp(self.lock_path),
                python_version=python,
                installer=f"py-rattler {version('py-rattler')}",
                scripts="",
                interpreter="",
                contents=contents(self.prefix, python),
                projects=stamped_projects(lock),
                packaging="conda",
            )
        )

    def _fitted(self, environment: Environment) -> Environment:
        windows = self.outfit.platform.os == "windows"
        lines = (
            (shell, activation(self.prefix, shell, environment.target, windows=windows)) for shell in SHELLS
        )
        return replace(
            environment,
            scripts="Scripts" if windows else "bin",
            interpreter=_interpreter(windows) if environment.python_version else META,
            variables=tuple(sorted(self.outfit.variables.items())),
            activation=tuple(lines),
        )

    def _interpreter(self) -> Path:
        return self.prefix / _interpreter(self.outfit.platform.os == "windows")


def _interpreter(windows: bool) -> str:
    return "python.exe" if windows else "bin/python"


def _python(lock: Lock) -> str | None:
    """The full version of the lock's conda Python."""
    return next((package.version for package in lock.conda if package.name == "python"), None)


def _minor(version: str) -> tuple[str, ...]:
    return tuple(version.split(".")[:2])


def _places(own: tuple[Channel, ...], lock: Lock, settings: NetworkSettings) -> tuple[Channel, ...]:
    """The lock's channels as this machine fetches them, the manifest's logins going first."""
    known = {channel.url for channel in own}
    return (*own, *(channel for channel in channels_of(lock.channels, settings) if channel.url not in known))


def _pypi_names(prefix: Path, python: str) -> set[str]:
    """The canonical names of the distributions that no conda package has brought."""
    import json

    from provenv.standards.names import canonicalize

    owned: set[str] = set()
    for record in (prefix / META).glob("*.json"):
        files = json.loads(record.read_bytes()).get("files", [])
        owned.update(str(file).rsplit("/", 2)[-2] for file in files if str(file).endswith("/METADATA"))
    folders = site_packages(prefix, python).glob("*.dist-info")
    return {canonicalize(folder.name.split("-")[0]) for folder in folders if folder.name not in owned}
