"""Where a project's page comes from: an index or its mirrors in order, on the network or this disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from provenv.config.file_hosts import file_host
from provenv.errors import IndexAnswerError, InputError, NetworkError
from provenv.manifest.values import Index
from provenv.pypi.addresses import (
    behind_mirror,
    below_digest,
    digest_in,
    in_flat,
    one_spelling,
    origin_of,
    split_login,
)
from provenv.pypi.artifacts import Artifact, Project
from provenv.pypi.backing import backed
from provenv.pypi.cache import Cache
from provenv.pypi.http_pages import HttpPages, NotHere
from provenv.pypi.listing import FlatPage, Listed, Page
from provenv.pypi.record_files import Blocks, Files, project_of
from provenv.pypi.records import Head, Placing, pack
from provenv.settings import NetworkSettings
from provenv.standards.names import canonicalize

SHAPES = "shapes"
"""Cache records: whether a mirror is a flat page."""


class Sources:
    """Projects by index and name. `learn` is told addresses with a login in them.

    What a mirror lists keeps the address that it has on the index itself, see `addresses`; where the bytes
    lie is in `kept_at`: (index, canonical address) -> the mirror's address, for the files looked at so far.
    """

    def __init__(
        self,
        settings: NetworkSettings,
        cache: Cache,
        pages: HttpPages,
        learn: Callable[[str], object],
        aliases: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.notes: list[str] = []
        self.kept_at: dict[tuple[str, str], str] = {}
        self._settings, self._cache, self._pages, self._learn = settings, cache, pages, learn
        self._flats: dict[str, FlatPage] = {}
        self._said: dict[tuple[str, str], dict[str, tuple[object, ...]]] = {}
        self._aliases = tuple((*other.partition("*"), known) for other, known in aliases)
        # the longest first: an index's files may be named beside the index, or below it
        named = ((p.rstrip("/"), canonical) for canonical, places in settings.mirrors for p in places)
        self._named = sorted(named, key=lambda pair: -len(pair[0]))

    def load(self, index: Index, name: str, *, network: bool) -> Project | None:
        """The project on an index, None when it has no such project. Without `network`, NotHere may be
        raised.

        Mirrors are asked in order, and the first that has the project is taken; one that can't be reached is
        passed over as long as another has it. Where the index itself stands among its mirrors, they may lag:
        what it lists is what there is, and those before it give the bytes that they have.
        """
        canonical = split_login(index.url)[0]
        failures: list[NetworkError | IndexAnswerError] = []
        mirrors: list[Project] = []
        places = self.places(index.url)
        origin = next((p for p in places if _is_same(split_login(p)[0], canonical)), None)
        for place in places:
            address, login = split_login(place)
            if login is not None:
                self._learn(place)
            try:
                found = self._from_place(canonical, address, name, flat=index.flat, network=network)
            except (NetworkError, IndexAnswerError) as failure:
                failures.append(failure)
                continue
            if place == origin:
                return None if found is None else backed(found, mirrors, self.kept_at)
            if found is not None and origin is None:
                return found
            mirrors += [found] if found else []
        if failures and not mirrors:
            raise failures[0]
        return mirrors[0] if mirrors else None

    def said_of(self, artifact: Artifact) -> dict[str, tuple[object, ...]] | None:
        """What is known of the metadata of a file's project, see `Head.said`; None where it has no page."""
        filename = artifact.filename
        part = filename.partition("-")[0] if artifact.kind == "wheel" else filename.rpartition("-")[0]
        return self._said.get((artifact.index, canonicalize(part)))

    def places(self, url: str) -> tuple[str, ...]:
        """The addresses to ask for an index, by its address with or without a login."""
        places = self._settings.mirrors_of(url)
        clean = split_login(url)[0]
        if places == (url,) and self._settings.mirrors_of(clean) != (clean,):
            return self._settings.mirrors_of(clean)
        return places

    def file_host(self, artifact: Artifact) -> str | None:
        """The host on which a file lies whose address is not made out yet; None where there is nothing to do.

        That is so for a file of a mirrored index with a host for its files, which the mirror keeps in
        another order.
        """
        if artifact.local_path is not None or not self.is_mirrored(artifact.index):
            return None
        host = file_host(artifact.index)
        return None if host is None or artifact.url.startswith(f"{host}/") else host

    def is_guess(self, artifact: Artifact) -> bool:
        """Whether the address of a file follows from its place at a mirror, and nothing else tells it."""
        kept = self.kept_at.get((artifact.index, artifact.url))
        if kept is None or file_host(artifact.index) is not None or not self.is_mirrored(artifact.index):
            return False
        named = self._named_above(kept)
        return named is None or _is_same(named[1], artifact.index)

    def is_mirrored(self, url: str) -> bool:
        """Whether an index is asked elsewhere than at its own address."""
        return not all(_is_same(split_login(place)[0], split_login(url)[0]) for place in self.places(url))

    def _from_place(
        self, canonical: str, place: str, name: str, *, flat: bool, network: bool
    ) -> Project | None:
        from provenv.pypi.folders import local_path, project_page

        mirror = not _is_same(place, canonical)
        path = local_path(place)
        if path is not None:
            page = None if flat else project_page(path, name)
            if page is not None:
                root = path.resolve().as_uri()
                return self._packed(
                    name, page, canonical, self._placing(canonical, root, name, mirror=mirror, flat=False)
                )
            return self._from_flat(
                canonical, place, name, lambda: self._folder(path, flat=flat), mirror=mirror
            )
        if flat or (mirror and self._is_flat(place, name, network=network)):
            return self._from_flat(
                canonical, place, name, lambda: self._pages.flat(place, network=network), mirror=mirror
            )
        return self._simple(canonical, place, name, mirror=mirror, network=network)

    def _simple(
        self, canonical: str, place: str, name: str, *, mirror: bool, network: bool
    ) -> Project | None:
        named = (" ".join(pair) for pair in (self._named if mirror else ()))
        host = (file_host(canonical) if mirror else None) or ""
        key = "\n".join((canonical, place, name, *named, *filter(None, (host,))))
        url = f"{place.rstrip('/')}/{name}/"
        placing = self._placing(canonical, place, name, mirror=mirror, flat=False)
        found = self._pages.project(key, url, name, network=network)
        if found is None:
            return None

        self._said[canonical, name] = found[0].said

        def again() -> tuple[Head, Callable[[], Blocks]] | None:
            self._pages.forget(key)
            return self._pages.project(key, url, name, network=True)

        return self._made(*found, canonical, placing, again)

    def _from_flat(
        self, canonical: str, place: str, name: str, read: Callable[[], Page], *, mirror: bool
    ) -> Project | None:
        known = self._flats.get(place)
        if known is None:
            known = self._flats[place] = FlatPage(read())
        return self._packed(
            name,
            known.of(name),
            canonical,
            self._placing(canonical, place, name, mirror=mirror, flat=True),
        )

    def _packed(self, name: str, page: Page, canonical: str, placing: Placing) -> Project | None:
        """The project of a page that is kept nowhere."""
        head, blocks = pack(name, page)
        if not (head.versions or head.variants):
            return None
        return self._made(head, lambda: b"".join(blocks), canonical, placing, lambda: None)

    def _made(
        self,
        head: Head,
        blocks: Callable[[], Blocks],
        canonical: str,
        placing: Placing,
        again: Callable[[], tuple[Head, Callable[[], Blocks]] | None],
    ) -> Project:
        files = Files(head, canonical, self.kept_at, placing, blocks, again)
        return project_of(head, files, canonical, self.kept_at, placing)

    def _folder(self, path: Path, *, flat: bool) -> Page:
        from provenv.pypi.folders import flat_page

        try:
            return flat_page(path)
        except InputError as problem:
            if not flat:
                raise
            # pip only warns of a find-links folder that is not there, and a machine where pip works must do
            # here.
            self.notes.append(problem.message)
            return Page((), "")

    def _is_flat(self, place: str, name: str, *, network: bool) -> bool:
        """Whether a mirror on the network is a flat page: by its name, else by looking, once."""
        if place.endswith((".html", ".htm")):
            return True
        known = self._cache.get(SHAPES, place)
        if isinstance(known, bool):
            return known
        if not network:
            raise NotHere
        simple = self._pages.exists(f"{place.rstrip('/')}/{name}/")
        flat = not simple and self._pages.lists_files(place)
        if simple or flat:  # else nothing is known yet
            self._cache.put(SHAPES, place, flat)
        return flat

    def _placing(self, canonical: str, place: str, name: str, *, mirror: bool, flat: bool) -> Placing:
        """How a page's files get their canonical address, and where they lie when that is somewhere else."""
        origin = origin_of(place)
        host = file_host(canonical) if mirror else None

        def placed(file: Listed) -> tuple[str, str | None]:
            if host and (digest := digest_in(file.url)):
                address = below_digest(host, digest, file.filename)
            elif host:
                # stands for the address until the file is chosen and its digest is found out, see `file_host`
                address = in_flat(canonical, file.filename)
            elif not mirror or (origin_of(file.url) != origin and not file.url.startswith("file:")):
                address = file.url  # on the index's own host for files, whoever lists it
            elif named := self._canonical_of(file.url):
                address = named
            elif flat:
                address = in_flat(canonical, file.filename)
            else:
                address = behind_mirror(canonical, place, name, file.url)
            address = self._one_name(one_spelling(address, file.filename))
            return address, None if address == file.url else file.url

        return placed

    def _canonical_of(self, url: str) -> str | None:
        """The address of a file below what the settings name as a mirror of one, None for any other."""
        place, canonical = self._named_above(url) or (url, "")
        return canonical + url[len(place) :] if canonical else None

    def _named_above(self, url: str) -> tuple[str, str] | None:
        """What the settings name as a mirror above an address, and of what."""
        return next((pair for pair in self._named if url.startswith(f"{pair[0]}/")), None)

    def _one_name(self, url: str) -> str:
        for start, star, rest, known in self._aliases:
            if url.startswith(start):
                segment = url[len(start) :].partition("/")[0] if star else ""
                if url.startswith(f"{segment}{rest}", len(start)):
                    url = known + url[len(start) + len(segment) + len(rest) :]
        return url


def _is_same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")
