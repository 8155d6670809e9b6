"""Questions answered by rattler: for any subdir, from any machine, preferring what a lock holds.

It runs in the worker alone, and what goes in and out can be pickled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from provenv.conda.channels import Channel, canonical
from provenv.conda.network import client, repodata_cache
from provenv.conda.problems import Shelves, missing, named_in
from provenv.conda.request import Answer, BadSpec, Request, Solved, Unsolvable, Unusable
from provenv.errors import ProvenvError
from provenv.hooks.types import VirtualPackage
from provenv.settings import NetworkSettings
from provenv.standards.names import canonicalize

if TYPE_CHECKING:
    from datetime import datetime

    import rattler

NOARCH = "noarch"
RELAXATIONS = 8
"""So often a flexible solve looks for further packages that may come from another channel."""


class Engine:
    """Answers from channels whose repodata is fetched once for all questions."""

    def __init__(self, settings: NetworkSettings) -> None:
        self._settings = settings
        self._opened: tuple[tuple[Channel, ...], rattler.Gateway] | None = None

    def _gateway(self, channels: tuple[Channel, ...]) -> rattler.Gateway:
        """What fetches repodata and keeps it, made anew where the channels are others."""
        if self._opened is None or self._opened[0] != channels:
            import rattler

            offline = self._settings.offline
            gateway = rattler.Gateway(
                cache_dir=repodata_cache(self._settings),
                default_config=rattler.SourceConfig(
                    cache_action="force-cache-only" if offline else "cache-or-fetch"
                ),
                client=client(self._settings, channels),
            )
            self._opened = (channels, gateway)
        return self._opened[1]

    def answer(self, request: Request) -> Answer | ProvenvError:
        """The packages, or why there are none."""
        try:
            return asyncio.run(self._answer(request))
        except ProvenvError as error:
            return error

    async def _answer(self, request: Request) -> Answer:
        from rattler.exceptions import GatewayError, SolverError

        try:
            question = _Question(request)
        except _BadSpecError as error:
            return error.answer
        try:
            try:
                return Solved(tuple(record.to_json() for record in await self._solve(question)))
            except SolverError as error:
                return Unsolvable(str(error), await self._shelves(str(error), request))
        except GatewayError as error:
            return Unusable(str(error))

    async def _solve(self, question: _Question) -> list[rattler.RepoDataRecord]:
        """With the rule for channels that is asked for; the flexible one takes another channel's package only
        where the first that has it leaves no solution."""
        from rattler.exceptions import SolverError

        if question.request.priority != "flexible":
            return await self._attempt(question, await self._sources(question))
        relaxed: set[str] = set()
        for _ in range(RELAXATIONS):
            shelves = await self._shelved(question)
            contested = _keep_first(shelves, frozenset(relaxed))
            try:
                return await self._attempt(question, shelves)
            except SolverError as error:
                further = (contested & named_in(str(error))) - relaxed
            if not further:
                break
            relaxed |= further
        return await self._attempt(question, await self._sources(question))

    async def _attempt(
        self, question: _Question, sources: Sequence[rattler.Channel | _Shelf]
    ) -> list[rattler.RepoDataRecord]:
        import rattler

        request = question.request
        strict = request.priority == "strict"
        return await rattler.solve(
            sources,
            question.specs,
            gateway=self._gateway(request.channels),
            platforms=question.subdirs,
            locked_packages=await self._still_there(question),
            virtual_packages=question.virtual,
            channel_priority=rattler.ChannelPriority.Strict if strict else rattler.ChannelPriority.Disabled,
            exclude_newer=None if request.exclude_newer_package else _moment(request.exclude_newer),
            strategy=request.strategy,
            constraints=question.constraints,
        )

    async def _sources(self, question: _Question) -> Sequence[rattler.Channel | _Shelf]:
        """The channels, or what of them counts where packages have cut-offs of their own."""
        if question.request.exclude_newer_package:
            return await self._shelved(question)
        return question.sources

    async def _shelved(self, question: _Question) -> list[_Shelf]:
        """The records that the solve may need, each channel's on a shelf of its own."""
        channels = question.request.channels
        found = await self._gateway(channels).query(
            question.sources, question.subdirs, question.specs, recursive=True
        )
        shelves = [_Shelf() for _ in channels]
        for record in (record for records in found for record in records):
            if question.counts(record):
                own = (n for n, channel in enumerate(channels) if record.url.startswith(f"{channel.place}/"))
                shelves[next(own, 0)].add(record)
        return shelves

    async def _still_there(self, question: _Question) -> list[rattler.RepoDataRecord]:
        """The locked packages as the channels have them now; those that are gone are no preference.

        The solver takes a preferred record by its word, so what the cut-off hides must not be among them.
        """
        request = question.request
        if not request.locked:
            return []
        import rattler

        specs = [rattler.MatchSpec(f"{p.name} =={p.version} {p.build}") for p in request.locked]
        found = await self._gateway(request.channels).query(
            question.sources, question.subdirs, specs, recursive=False
        )
        wanted = {one.url for one in request.locked}
        return [
            record
            for records in found
            for record in records
            if canonical(record.url, request.channels) in wanted and question.counts(record)
        ]

    async def _shelves(self, told: str, request: Request) -> Shelves:
        """What the channels have, for the story of why there is no solution."""
        import rattler

        subdirs = [rattler.Subdir(request.subdir), rattler.Subdir(NOARCH)]
        names: set[str] = set()
        empty = []
        gateway = self._gateway(request.channels)
        for channel in request.channels:
            source = [rattler.Channel(channel.place)]
            own = await gateway.names(source, subdirs[:1])
            names |= {name.normalized for name in (*own, *await gateway.names(source, subdirs[1:]))}
            if not own:
                empty.append(channel)
        versions: dict[str, tuple[str, ...]] = {}
        sources = [rattler.Channel(channel.place) for channel in request.channels]
        for name in sorted(names.intersection(missing(told))):
            found = await gateway.query(sources, subdirs, [rattler.MatchSpec(name)], recursive=False)
            records = sorted((r for records in found for r in records), key=lambda r: r.version)
            versions[name] = tuple(dict.fromkeys(str(record.version) for record in records))
        return Shelves(tuple(empty), frozenset(names), versions)


class _BadSpecError(Exception):
    """A spec that is none."""

    def __init__(self, answer: BadSpec) -> None:
        super().__init__(answer.told)
        self.answer = answer


class _Question:
    """A request in rattler's own values. Raises _BadSpecError."""

    def __init__(self, request: Request) -> None:
        import rattler

        self.request = request
        self.sources = [rattler.Channel(channel.place) for channel in request.channels]
        self.subdirs = [rattler.Subdir(request.subdir), rattler.Subdir(NOARCH)]
        self.specs = [
            *(_spec(text, place) for place, text in enumerate(request.specs)),
            *(rattler.MatchSpec(name) for name in _whole(request)),
        ]
        self.constraints = [_spec(text, -1) for text in request.constraints]
        self.virtual = [_virtual(package) for package in request.virtual]
        self._cutoff = _moment(request.exclude_newer)
        self._cutoffs = {canonicalize(name): _moment(text) for name, text in request.exclude_newer_package}

    def counts(self, record: rattler.RepoDataRecord) -> bool:
        """Whether a record was built before its cut-off."""
        cutoff = self._cutoffs.get(canonicalize(record.name.normalized), self._cutoff)
        return cutoff is None or (record.timestamp is not None and record.timestamp <= cutoff)


def _whole(request: Request) -> tuple[str, ...]:
    """The names of which every version must be read, where channels may have them in common.

    rattler reads of a package what some spec matches, and would take for the first channel that has it the
    first that has a match.
    """
    return request.names if len(request.channels) > 1 and request.priority != "disabled" else ()


class _Shelf:
    """What counts of one channel, as a source of rattler's."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], list[rattler.RepoDataRecord]] = {}

    def add(self, record: rattler.RepoDataRecord) -> None:
        self._records.setdefault((record.subdir, record.name.normalized), []).append(record)

    def names(self) -> set[str]:
        return {name for _, name in self._records}

    def remove(self, names: Iterable[str]) -> None:
        gone = set(names)
        self._records = {key: records for key, records in self._records.items() if key[1] not in gone}

    async def fetch_package_records(
        self, platform: rattler.Subdir, name: rattler.PackageName
    ) -> list[rattler.RepoDataRecord]:
        """rattler's RepoDataSource."""
        return self._records.get((str(platform), name.normalized), [])

    def package_names(self, platform: rattler.Subdir) -> list[str]:
        """rattler's RepoDataSource."""
        return sorted(name for subdir, name in self._records if subdir == str(platform))


def _keep_first(shelves: Sequence[_Shelf], relaxed: frozenset[str]) -> set[str]:
    """Leaves each package, but the relaxed ones, to the first shelf that has it; the names of those that
    another has too."""
    seen: set[str] = set()
    contested: set[str] = set()
    for shelf in shelves:
        contested |= seen & shelf.names()
        seen |= shelf.names()
        shelf.remove(contested - relaxed)
    return contested


def _spec(text: str, place: int) -> rattler.MatchSpec:
    import rattler
    from rattler.exceptions import InvalidMatchSpecError

    try:
        return rattler.MatchSpec(text)
    except InvalidMatchSpecError as error:
        raise _BadSpecError(BadSpec(str(error), place)) from None


def _virtual(package: VirtualPackage) -> rattler.GenericVirtualPackage:
    import rattler

    return rattler.GenericVirtualPackage(
        rattler.PackageName(package.name),
        rattler.Version(package.version),
        rattler.BuildString(package.build),
    )


def _moment(text: str | None) -> datetime | None:
    """The last moment before a cut-off; rattler keeps what was built exactly at the one that it is given."""
    from datetime import datetime, timedelta

    if text is None:
        return None
    return datetime.fromisoformat(text.replace("Z", "+00:00")) - timedelta(milliseconds=1)
