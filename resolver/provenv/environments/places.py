"""Where a lock's files are fetched from on this machine: mirrors for indexes, logins where needed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeAlias

from provenv.locks.reader import Lock
from provenv.logins import LoginSources
from provenv.manifest.values import Index
from provenv.pypi.artifacts import Artifact, files_of
from provenv.settings import NetworkSettings

if TYPE_CHECKING:
    from provenv.pypi.finder import Finder

Rewrite: TypeAlias = Callable[[Artifact], str]
"""The address to fetch a file from in place of its canonical one; it may hold a login."""

Places: TypeAlias = Callable[[Lock], AbstractContextManager[Rewrite | None]]
"""Opens what tells the places of a lock's files; None: each is at its own address, and no login is needed."""


@contextlib.contextmanager
def own_places(lock: Lock) -> Iterator[None]:
    """Every file at its own address."""
    yield None


def machine_places(settings: NetworkSettings, logins: LoginSources | None = None) -> Places:
    """The places that this machine's settings give: its mirrors, the logins in addresses and of plugins.

    netrc and keyring are left to uv, which reads them itself.
    """

    @contextlib.contextmanager
    def places(lock: Lock) -> Iterator[Rewrite | None]:
        remote = [p.artifact for p in lock.packages if p.artifact and p.artifact.local_path is None]
        mirrored = [a for a in remote if settings.mirrors_of(a.index) != (a.index,)]
        known = _Logins(settings, logins)
        if not mirrored and not known.any_for(artifact.url for artifact in remote):
            yield None
            return
        with _mirrors(settings, logins, mirrored) as place_of:
            yield lambda artifact: known.added(place_of(artifact))

    return places


@contextlib.contextmanager
def _mirrors(
    settings: NetworkSettings, logins: LoginSources | None, mirrored: Sequence[Artifact]
) -> Iterator[Rewrite]:
    if not mirrored:
        yield lambda artifact: artifact.url
        return
    from provenv.pypi.finder import Finder

    with Finder(settings, logins=logins) as finder:
        for artifact in mirrored:
            # A lock knows nothing of mirrors, so that their pages have to be read: all at once, not one by
            # one.
            finder.prefetch_project(Index("", artifact.index), _project_of(artifact))
        urls = {artifact.url for artifact in mirrored}
        yield lambda artifact: _at_mirror(finder, artifact) if artifact.url in urls else artifact.url


def _at_mirror(finder: Finder, artifact: Artifact) -> str:
    """The file's address at the mirror: known by its canonical address, else by its name.

    A mirror that is a page or folder of files doesn't tell where the index itself keeps them; the hash guards
    the rest.
    """
    place = finder.fetch_url(artifact)
    if place != artifact.url:
        return place
    project = finder.project(Index("", artifact.index), _project_of(artifact))
    files = files_of(project, artifact.version) if project else ()
    return next((finder.fetch_url(file) for file in files if file.filename == artifact.filename), place)


def _project_of(artifact: Artifact) -> str:
    from provenv.pypi.records import project_of

    return project_of(artifact.filename) or ""


class _Logins:
    """Logins by host, from the addresses in the settings and from plugins."""

    def __init__(self, settings: NetworkSettings, logins: LoginSources | None) -> None:
        from provenv.pypi.auth import Credentials

        self._credentials = Credentials(keyring=False, sources=logins)
        self._netrc = Credentials(keyring=False)
        mirrors = [place for _, places in settings.mirrors for place in places]
        indexes = [index.url for index in (*settings.extra_indexes, *settings.find_links)]
        for address in (settings.default_index, *mirrors, *indexes):
            self._credentials.learn(address)

    def any_for(self, urls: Iterable[str]) -> bool:
        return any(self.added(url) != url for url in urls)

    def added(self, url: str) -> str:
        """The address with its host's login."""
        from urllib.parse import quote

        if not url.startswith(("http://", "https://")):
            return url
        login = self._credentials.login(url) or self._credentials.after_refusal(url)
        if login is None or login == self._netrc.login(url):
            return url
        scheme, _, rest = url.partition("://")
        return f"{scheme}://{quote(login[0], safe='')}:{quote(login[1], safe='')}@{rest}"
