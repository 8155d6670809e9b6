"""What indexes say of projects and their files: pages, metadata, hashes, each fetched once."""

from __future__ import annotations

import contextlib
from _thread import allocate_lock
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from provenv.errors import NetworkError, ProvenvError
from provenv.logins import LoginSources
from provenv.manifest.values import Index
from provenv.pypi.addresses import below_digest
from provenv.pypi.artifacts import Artifact, Metadata, Project, files_of
from provenv.pypi.cache import Cache
from provenv.pypi.http_pages import HttpPages, NotHere
from provenv.pypi.known_metadata import ContradictoryMetadata, MetadataError, NeedsBuild
from provenv.pypi.sources import Sources
from provenv.pypi.workers import Workers
from provenv.settings import NetworkSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.pypi.fetch import Event, Fetcher
    from provenv.pypi.files import RemoteFiles

__all__ = ["ContradictoryMetadata", "Finder", "MetadataError", "NeedsBuild"]


class Finder:
    """The one way from an index to projects, metadata and hashes; a context manager, safe from any thread.

    Every method raises NetworkError where a host can't be reached and IndexAnswerError where its answer can't
    be used. What has an address keeps the canonical one, whichever mirror it was read from; `fetch_url` says
    where its bytes lie. `aliases`: as `Accelerator.aliases`. `on_event` is told, in words, of every page or
    file that is fetched, `on_progress` of every step; both may be called from any thread, one at a time.
    """

    def __init__(
        self,
        settings: NetworkSettings,
        cache: Cache | None = None,
        *,
        logins: LoginSources | None = None,
        aliases: Sequence[tuple[str, str]] = (),
        on_event: Callable[[str], None] | None = None,
        on_progress: Callable[[Event], None] | None = None,
        refresh: bool = False,
    ) -> None:
        self.settings = settings
        self.cache = cache or Cache(settings.cache_dir)
        self._logins, self._on_event, self._on_progress = logins, on_event, on_progress
        self._lock = allocate_lock()
        self._made: Fetcher | None = None
        self._remote: RemoteFiles | None = None
        self._http = HttpPages(
            self.cache, self._fetcher, offline=settings.offline, refresh=refresh and not settings.offline
        )
        self._sources = Sources(
            settings, self.cache, self._http, lambda url: self._fetcher().credentials.learn(url), aliases
        )
        self._projects: Workers[Project | None] = Workers()
        self._metadata: Workers[Metadata] = Workers()
        self._digests: Workers[str] = Workers()

    def __enter__(self) -> Finder:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop what is under way, give connections back, remove what was downloaded for the moment."""
        self._projects.close()
        self._metadata.close()
        self._digests.close()
        self._http.close()
        if self._remote is not None:
            self._remote.close()
        if self._made is not None:
            self._made.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of: a cache that can't be written, folders that are not there."""
        cache = (self.cache.note,) if self.cache.note else ()
        return tuple(dict.fromkeys((*cache, *self._sources.notes, *self._http.notes)))

    @property
    def asked_the_network(self) -> bool:
        """Whether the cache did not have everything so far."""
        return self._made is not None

    def project(self, index: Index, name: str) -> Project | None:
        """A project (canonical name) on an index, None when that index has no such project."""
        with _asking(index.url):
            return self._projects.result(
                (index.url, index.flat, name), lambda: self._sources.load(index, name, network=True)
            )

    def prefetch_project(self, index: Index, name: str) -> None:
        """Let a page that will be asked for come in the background."""
        key = (index.url, index.flat, name)
        if self._projects.known(key):
            return
        try:
            found = self._sources.load(index, name, network=False)
        except NotHere:
            self._projects.start(key, lambda: self._sources.load(index, name, network=True))
        except Exception:  # told to the one who asks for the project
            return
        else:
            self._projects.result(key, lambda: found)

    def metadata(self, artifact: Artifact) -> Metadata:
        """The core metadata of one file.

        Raises MetadataError for metadata that can't be used, ContradictoryMetadata for another project's or
        version's, NeedsBuild for an sdist that does not say its dependencies statically.
        """
        key = _key(artifact)
        with _asking(artifact.index, NetworkError):
            return self._metadata.result(key, lambda: self._files().metadata(artifact))

    def prefetch_metadata(self, artifact: Artifact, then: Callable[[Metadata], None] | None = None) -> None:
        """Let metadata that will be asked for come in the background.

        `then` is told of what had to be fetched, by the thread that did; it must not fail.
        """
        key = _key(artifact)
        if self._metadata.known(key):
            return

        def fetched() -> Metadata:
            found = self._files().fetched(artifact)
            if then is not None:
                then(found)
            return found

        with contextlib.suppress(ProvenvError):  # told to the one who asks for the metadata
            known = self._files().remembered(artifact)
            if known is None:
                self._metadata.start(key, fetched)
            else:
                self._metadata.result(key, known)

    def variants_json(self, document: Artifact) -> bytes | None:
        """The content of a page's variants JSON; None where it is not there after all."""
        return self._files().variants_json(document)

    def sha256(self, artifact: Artifact) -> tuple[str, int | None]:
        """A file's sha256 and size; the file is downloaded once where its index does not give the hash.

        The size is None only where neither the page nor the server tells it.
        """
        with _asking(artifact.index, NetworkError):
            return self._files().sha256(artifact)

    def placed(self, artifacts: Sequence[Artifact]) -> tuple[Artifact, ...]:
        """These files at their canonical addresses, where a mirror has not told those.

        A host that keeps files below their digests needs the digest, so the file itself is read, once.
        """
        hosts = [self._sources.file_host(artifact) for artifact in artifacts]
        for artifact, host in zip(artifacts, hosts, strict=True):
            if host is not None:
                self._digests.start(_key(artifact), partial(self._files().blake2b, artifact))
        return tuple(
            artifact if host is None else self._placed(artifact, host)
            for artifact, host in zip(artifacts, hosts, strict=True)
        )

    def is_guess(self, artifact: Artifact) -> bool:
        """Whether nothing but a file's place at a mirror tells its canonical address."""
        return self._sources.is_guess(artifact)

    def _placed(self, artifact: Artifact, host: str) -> Artifact:
        with _asking(artifact.index, NetworkError):
            digest = self._digests.result(_key(artifact), partial(self._files().blake2b, artifact))
        url = below_digest(host, digest, artifact.filename)
        self._sources.kept_at[artifact.index, url] = self.fetch_url(artifact)
        return artifact._replace(url=url)

    def download(self, artifact: Artifact, to: Path) -> Path:
        """A file, checked against its size and hashes, at the path `to` (or in it, when it is a folder)."""
        with _asking(artifact.index, NetworkError):
            return self._files().download(artifact, to / artifact.filename if to.is_dir() else to)

    def fetch_file(self, url: str, to: Path) -> None:
        """Any address, which may hold a login, into a file."""
        self._files().fetch_file(url, to)

    def fetch_url(self, artifact: Artifact) -> str:
        """Where a file's bytes lie: at its own address, or at a mirror's of its index.

        For an artifact out of a lock the mirror's page is asked, as a lock does not know of mirrors.
        """
        kept_at = self._sources.kept_at
        known = kept_at.get((artifact.index, artifact.url))
        if known is None and artifact.local_path is None and self._sources.is_mirrored(artifact.index):
            twin = self._twin(artifact)
            known = kept_at.get((twin.index, twin.url), twin.url) if twin else None
        return known or artifact.url

    def _twin(self, artifact: Artifact) -> Artifact | None:
        """The same file as a mirror lists it: the same name, and the same hash where both are known."""
        from provenv.pypi.records import project_of

        name = project_of(artifact.filename)
        project = self.project(Index("", artifact.index), name) if name else None
        for listed in files_of(project, artifact.version) if project else ():
            hashes = {found.hashes.get("sha256") for found in (artifact, listed)} - {None}
            if listed.filename == artifact.filename and len(hashes) < 2:
                return listed
        return None

    def _files(self) -> RemoteFiles:
        with self._lock:
            if self._remote is None:
                from provenv.pypi.files import RemoteFiles

                self._remote = RemoteFiles(self.cache, self._fetcher, self.fetch_url, self._sources.said_of)
            return self._remote

    def _fetcher(self) -> Fetcher:
        with self._lock:
            if self._made is None:
                from provenv.pypi.auth import Credentials
                from provenv.pypi.fetch import Fetcher

                credentials = Credentials(keyring=self.settings.keyring, sources=self._logins)
                told = self._tell if self._on_event or self._on_progress else None
                self._made = Fetcher(self.settings, credentials, told)
            return self._made

    def _tell(self, event: Event) -> None:
        if self._on_progress is not None:
            self._on_progress(event)
        if self._on_event is not None and event.state == "ended":
            self._on_event(event.what)


def _key(artifact: Artifact) -> tuple[str, str]:
    return artifact.index, artifact.url


@contextlib.contextmanager
def _asking(index: str, failure: type[ProvenvError] = ProvenvError) -> Iterator[None]:
    """What goes wrong inside says which index was being asked, where that is to blame."""
    try:
        yield
    except failure as error:
        error.index = index
        raise
