"""One conda solve by py-rattler: for any subdir, from any machine, preferring what a lock holds."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from provenv.conda.channels import Channel, canonical, channels_of, named
from provenv.conda.library import finish
from provenv.conda.problems import CondaConflict, Shelves, channel_error, missing, no_conda_solution
from provenv.conda.records import package_of
from provenv.errors import ManifestError
from provenv.hooks.types import VirtualPackage
from provenv.manifest.conda_table import spec_name
from provenv.manifest.values import CondaSpec
from provenv.resolution import CondaPackage
from provenv.settings import NetworkSettings
from provenv.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    import rattler

NOARCH = "noarch"


@dataclass(frozen=True, slots=True)
class Limit:
    """A constraint that nobody's manifest wrote: a match spec that holds where its package is chosen.

    `why` says who set it, in words for an explanation.
    """

    spec: str
    why: str


@dataclass(frozen=True, slots=True)
class Question:
    """What one target asks of its channels.

    `virtual`: what its machines promise. `locked`: packages of an old lock, kept wherever they still fit.
    `exclude_newer`: `YYYY-MM-DDTHH:MM:SSZ`; what was built then or later does not exist.
    """

    subdir: str
    specs: tuple[CondaSpec, ...]
    limits: tuple[Limit, ...] = ()
    virtual: tuple[VirtualPackage, ...] = ()
    locked: tuple[CondaPackage, ...] = ()
    exclude_newer: str | None = None
    priority: Literal["strict", "flexible"] = "strict"
    strategy: Literal["highest", "lowest", "lowest-direct"] = "highest"


class CondaSolver:
    """Answers questions from one list of channels; their repodata is fetched once for all of them.

    It must be closed before the interpreter ends: rattler crashes on what is freed only then.
    """

    def __init__(self, channels: Sequence[Channel], settings: NetworkSettings) -> None:
        self.channels = tuple(channels)
        self.settings = settings
        self._gateway: rattler.Gateway | None = None

    def __enter__(self) -> CondaSolver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the repodata."""
        self._gateway = None

    def solve(self, question: Question) -> tuple[CondaPackage, ...]:
        """The chosen packages, sorted by name.

        Raises CondaConflict when there is no solution; InputError, NetworkError or IndexAnswerError for a
        channel that can't be used; ManifestError for a spec that is none.
        """
        answer = finish(lambda: self._asked(question))
        if isinstance(answer, Exception):
            raise answer
        return tuple(sorted(answer, key=lambda package: package.name))

    async def _asked(self, question: Question) -> list[CondaPackage] | Exception:
        """The packages, or the error to be raised outside of rattler's frames, which hold its threads."""
        from rattler.exceptions import GatewayError, SolverError

        try:
            return await self._solved(question)
        except SolverError as error:
            told = str(error)
        except GatewayError as error:
            return channel_error(str(error), self._channels(question))
        return no_conda_solution(told, question, await self._shelves(told, question))

    async def _solved(self, question: Question) -> list[CondaPackage]:
        import rattler

        channels = self._channels(question)
        records = await rattler.solve(
            [rattler.Channel(channel.place) for channel in channels],
            [
                *(_spec(spec, channels) for spec in question.specs),
                *(_names(question) if len(channels) > 1 else ()),
            ],
            gateway=self._opened(),
            platforms=[rattler.Subdir(question.subdir), rattler.Subdir(NOARCH)],
            locked_packages=await self._still_there(question),
            virtual_packages=[_virtual(one) for one in question.virtual],
            channel_priority=_priority(question.priority),
            exclude_newer=_moment(question.exclude_newer),
            strategy=question.strategy,
            constraints=[rattler.MatchSpec(limit.spec) for limit in question.limits],
        )
        return [package_of(record, channels) for record in records]

    def _opened(self) -> rattler.Gateway:
        if self._gateway is None:
            import rattler

            from provenv.conda.network import client, repodata_cache

            offline = self.settings.offline
            self._gateway = rattler.Gateway(
                cache_dir=repodata_cache(self.settings),
                default_config=rattler.SourceConfig(
                    cache_action="force-cache-only" if offline else "cache-or-fetch"
                ),
                client=client(self.settings),
            )
        return self._gateway

    def _channels(self, question: Question) -> tuple[Channel, ...]:
        """The manifest's channels, then those that only a spec names (`nvidia::cuda-nvcc`)."""
        prefixes = [_channel_of(spec) for spec in question.specs]
        others = [prefix for prefix in prefixes if prefix and named(self.channels, prefix) is None]
        return (*self.channels, *channels_of(others, self.settings))

    async def _still_there(self, question: Question) -> list[rattler.RepoDataRecord]:
        """The locked packages as the channels have them now; those that are gone are no preference.

        The solver takes a preferred record by its word, so what the cut-off hides must not be among them.
        """
        if not question.locked:
            return []
        import rattler

        found = await self._opened().query(
            [rattler.Channel(channel.place) for channel in self.channels],
            [rattler.Subdir(question.subdir), rattler.Subdir(NOARCH)],
            [rattler.MatchSpec(f"{one.name} =={one.version} {one.build}") for one in question.locked],
            recursive=False,
        )
        wanted = {one.url for one in question.locked}
        cutoff = _moment(question.exclude_newer)
        return [
            record
            for records in found
            for record in records
            if canonical(record.url, self.channels) in wanted
            and (cutoff is None or (record.timestamp is not None and record.timestamp <= cutoff))
        ]

    async def _shelves(self, told: str, question: Question) -> Shelves:
        """What the channels have, for the story of why there is no solution."""
        import rattler

        subdirs = [rattler.Subdir(question.subdir), rattler.Subdir(NOARCH)]
        names: set[str] = set()
        empty = []
        for channel in self.channels:
            source = [rattler.Channel(channel.place)]
            own = await self._opened().names(source, subdirs[:1])
            names |= {name.normalized for name in (*own, *await self._opened().names(source, subdirs[1:]))}
            if not own:
                empty.append(channel)
        versions: dict[str, tuple[str, ...]] = {}
        for name in sorted(set(missing(told)) & names):
            sources = [rattler.Channel(channel.place) for channel in self.channels]
            found = await self._opened().query(sources, subdirs, [rattler.MatchSpec(name)], recursive=False)
            records = sorted((r for records in found for r in records), key=lambda r: r.version)
            versions[name] = tuple(dict.fromkeys(str(record.version) for record in records))
        return Shelves(tuple(empty), frozenset(names), versions)


def _channel_of(spec: CondaSpec) -> str:
    """The channel that a spec names, `conda-forge` of `conda-forge::numpy`; "" for none."""
    return spec.text.rpartition("::")[0]


def _spec(spec: CondaSpec, channels: Sequence[Channel]) -> rattler.MatchSpec:
    """As rattler has it, its channel by the address that this machine uses. Raises ManifestError."""
    import rattler
    from rattler.exceptions import InvalidMatchSpecError

    text, prefix = spec.text, _channel_of(spec)
    known = named(channels, prefix) if prefix else None
    if known:
        text = f"{known.place}::{text.rpartition('::')[2]}"
    try:
        return rattler.MatchSpec(text)
    except InvalidMatchSpecError as error:
        raise ManifestError(
            f"{spec.text!r} is not a conda requirement",
            evidence=str(error).splitlines(),
            hints=['write a name and what it may be: "numpy >=2", "python 3.13.*", "libblas * *mkl"'],
            origin=spec.origin,
        ) from None


def _names(question: Question) -> list[rattler.MatchSpec]:
    """The bare names that are asked for, where channels may have them in common.

    rattler reads of a package what some spec matches, and would take for the first channel that has it the
    first that has a match.
    """
    import rattler

    if question.priority != "strict":
        return []
    plain = {spec_name(spec.text) for spec in question.specs if not _channel_of(spec)}
    return [rattler.MatchSpec(name) for name in sorted(plain)]


def _virtual(package: VirtualPackage) -> rattler.GenericVirtualPackage:
    import rattler

    return rattler.GenericVirtualPackage(
        rattler.PackageName(package.name),
        rattler.Version(package.version),
        rattler.BuildString(package.build),
    )


def _priority(text: Literal["strict", "flexible"]) -> rattler.ChannelPriority:
    import rattler

    # conda's flexible mode, as rattler has it: every channel is looked at.
    return rattler.ChannelPriority.Strict if text == "strict" else rattler.ChannelPriority.Disabled


def _moment(text: str | None) -> datetime | None:
    """The last moment before a cut-off; rattler keeps what was built exactly at the one that it is given."""
    from datetime import datetime, timedelta

    if text is None:
        return None
    return datetime.fromisoformat(text.replace("Z", "+00:00")) - timedelta(milliseconds=1)


__all__ = ["CondaConflict", "CondaSolver", "Limit", "Question"]
