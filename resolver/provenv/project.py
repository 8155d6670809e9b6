"""A manifest opened on this machine: its plugins and targets, its network settings, where its locks lie."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from provenv.errors import InputError
from provenv.hooks.manager import Plugins, plugins
from provenv.hooks.types import Platform, Probe, VirtualPackage
from provenv.logins import LoginSources
from provenv.manifest.values import Manifest
from provenv.manifest.vocabulary import vocabulary_of
from provenv.settings import NetworkSettings
from provenv.targets import Matrix, Target, context_of, make_targets
from provenv.values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.locks.inputs import LockInputs


@dataclass(frozen=True)
class Project:
    """What every command starts from. Made by `open_project`."""

    manifest: Manifest
    plugins: Plugins
    settings: NetworkSettings
    probe: Probe
    refresh: bool = False
    """Whether every page is asked for again, however young the cache's is."""
    logins: LoginSources = field(default_factory=LoginSources)
    """The plugins that may know an index's login."""

    @cached_property
    def matrix(self) -> Matrix:
        """The targets, and the cells that were left out with the reason."""
        return make_targets(self.manifest, self.plugins, self.probe)

    @property
    def folder(self) -> Path:
        """The manifest's folder; environments live below it."""
        return self.manifest.path.absolute().parent

    def targets(self, names: Sequence[str] | None = None) -> tuple[Target, ...]:
        """All targets, or those of these names. Raises InputError for a name that there is not."""
        if not names:
            return self.matrix.targets
        by_name = {target.name: target for target in self.matrix.targets}
        for name in names:
            if name not in by_name:
                raise _unknown_target(name, self.matrix)
        return tuple(by_name[name] for name in dict.fromkeys(names))

    def platform(self, target: Target) -> Platform:
        """The platform plugin's answer for a target."""
        return self.plugins.platforms[target.platform]

    def virtual_packages(self, target: Target) -> tuple[VirtualPackage, ...]:
        """What a conda target promises of its machines; a variable of conda's (`CONDA_OVERRIDE_GLIBC`) counts
        for targets of this machine's platform."""
        from provenv.conda.virtual import virtual_packages

        platform = self.platform(target)
        here = platform.detect(self.probe) is not None
        return virtual_packages(
            platform,
            self.plugins.accelerators[target.accelerator],
            context_of(target, self.plugins),
            override=self.probe.environment if here else lambda name: None,
        )

    def lock_inputs(self, target: Target) -> LockInputs:
        """What a target's lock is made from now."""
        from provenv.locks.inputs import lock_inputs

        if target.packaging != "conda":
            return lock_inputs(self.manifest, target)
        from provenv.conda.virtual import spelled

        return lock_inputs(
            self.manifest, target, tuple(spelled(one) for one in self.virtual_packages(target))
        )

    def lock_path(self, target: Target) -> Path:
        """Where a target's lock is written in the lockfiles folder: `pylock.<target>.toml` (PEP 751), or
        `<target>.conda-lock.yml`."""
        is_conda = target.packaging == "conda"
        name = f"{target.name}.conda-lock.yml" if is_conda else f"pylock.{target.name}.toml"
        return self.manifest.lockfiles / name


@dataclass(frozen=True, slots=True)
class NetworkFlags:
    """What a command line says of the network. `cache_dir` None: the user's own cache folder. `refresh`: see
    `Project`."""

    use_pip_config: bool = True
    cache_dir: Path | None = None
    offline: bool = False
    refresh: bool = False


def open_project(
    source: Path | str | Manifest, *, network: NetworkFlags | None = None, probe: Probe | None = None
) -> Project:
    """Reads a manifest (a folder, a pyproject.toml or a requirements file) and this machine's settings.

    Raises ManifestError and InputError as `Manifest.read` does, PluginError when two plugins clash.
    """
    from provenv.config.load import network_settings
    from provenv.manifest.read import read_manifest
    from provenv.probe import LiveProbe

    flags = network or NetworkFlags()
    found = plugins(flags.cache_dir)
    manifest = source if isinstance(source, Manifest) else read_manifest(Path(source), vocabulary_of(found))
    settings = network_settings(
        use_pip_config=flags.use_pip_config and manifest.use_pip_config,
        cache_dir=flags.cache_dir,
        offline=flags.offline,
    )
    logins = LoginSources(found.index_auth.values())
    return Project(manifest, found, settings, probe or LiveProbe(), flags.refresh, logins)


def read_checked(path: Path) -> Manifest:
    """Reads a manifest, its names checked against the installed plugins; raises as `read_manifest` does."""
    from provenv.manifest.read import read_manifest

    return read_manifest(path, vocabulary_of(plugins()))


def _unknown_target(name: str, matrix: Matrix) -> InputError:
    import difflib

    known = [target.name for target in matrix.targets]
    for cell in matrix.left_out:
        if cell.name == name:
            return InputError(f"the target {name} was left out: {cell.reason}")
    near = difflib.get_close_matches(name, known, n=1)
    hint = (
        f"did you mean {near[0]}?" if near else "give one of these, or declare it in [tool.provenv.targets]"
    )
    return InputError(
        f"the manifest has no target {name}", evidence=[f"its targets: {', '.join(known)}"], hints=[hint]
    )
