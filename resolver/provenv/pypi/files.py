"""Single files of an index: their metadata, hashes and bytes, on the network or on this disk."""

from __future__ import annotations

from _thread import allocate_lock, get_ident
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from provenv.errors import DiskError, IndexAnswerError
from provenv.pypi.addresses import beside
from provenv.pypi.artifacts import Artifact, Metadata
from provenv.pypi.cache import Cache
from provenv.pypi.known_metadata import MetadataError, NeedsBuild, from_record, to_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.pypi.fetch import Fetcher
    from provenv.pypi.remote import AnyDigest

METADATA, HASHES, BLAKE2B, VARIANTS = "metadata", "hashes", "blake2b", "variants"
"""The kinds of cache records."""


class RemoteFiles:
    """Metadata, hashes and bytes of artifacts. `fetch_url` says where an artifact's bytes lie.

    `said`: what is known of the metadata of a project's files, kept with its page; None where it has no page
    of its own: the cache has a record for each file then.
    """

    def __init__(
        self,
        cache: Cache,
        fetcher: Callable[[], Fetcher],
        fetch_url: Callable[[Artifact], str],
        said: Callable[[Artifact], dict[str, tuple[object, ...]] | None],
    ) -> None:
        self._cache, self._fetcher, self._fetch_url, self._said = cache, fetcher, fetch_url, said
        self._by_record: dict[int, tuple[object, Metadata]] = {}
        self._scratch: Path | None = None
        self._kept: dict[str, Path] = {}
        self._lock = allocate_lock()

    def close(self) -> None:
        """Remove what was downloaded for the moment."""
        with self._lock:
            if self._scratch is not None:
                import shutil

                shutil.rmtree(self._scratch, ignore_errors=True)

    # --- metadata

    def remembered(self, artifact: Artifact) -> Callable[[], Metadata] | None:
        """What the cache knows of an artifact's metadata, as a function that returns or raises it."""
        said = self._said(artifact)
        record: object = said.get(_told(artifact)) if said else None
        if record is None:
            record = self._cache.get(METADATA, self._identity(artifact))
        match record:
            case ("ok", tuple(values)):
                return lambda: self._made(values)
            case ("unusable", str(message), tuple(evidence)):
                return lambda: _raise(MetadataError(message, evidence=[str(line) for line in evidence]))
            case ("needs-build",):
                return lambda: _raise(NeedsBuild(artifact))
        return None

    def metadata(self, artifact: Artifact) -> Metadata:
        """The core metadata of an artifact; see `Finder.metadata`."""
        known = self.remembered(artifact)
        return self.fetched(artifact) if known is None else known()

    def fetched(self, artifact: Artifact) -> Metadata:
        """As `metadata`, for what is not `remembered`."""
        from provenv.pypi.metadata import check_against

        try:
            found = check_against(self._read_metadata(artifact), artifact)
        except MetadataError as problem:
            self._keep(artifact, ("unusable", problem.message, problem.evidence))
            raise
        except NeedsBuild:
            self._keep(artifact, ("needs-build",))
            raise
        self._keep(artifact, ("ok", to_record(found)))
        return found

    def _keep(self, artifact: Artifact, record: tuple[object, ...]) -> None:
        said = self._said(artifact)
        if said is None:
            self._cache.put(METADATA, self._identity(artifact), record)
        else:
            # the wheels of a version mostly say the same: it is kept, and made into values, once
            said[_told(artifact)] = next((one for one in tuple(said.values()) if one == record), record)

    def _made(self, values: tuple[object, ...]) -> Metadata:
        """The metadata in a record, made once: as long as this lives, the record does."""
        known = self._by_record.get(id(values))
        if known is None:
            known = self._by_record[id(values)] = (values, from_record(values))
        return known[1]

    def _read_metadata(self, artifact: Artifact) -> Metadata:
        if artifact.kind == "sdist":
            from provenv.pypi.sdists import static_metadata

            return static_metadata(self.at_hand(artifact), artifact)
        from provenv.pypi.metadata import decode, parse_metadata

        return parse_metadata(decode(self._wheel_metadata(artifact)), artifact.filename)

    def _wheel_metadata(self, artifact: Artifact) -> bytes:
        from provenv.pypi.ranges import wheel_metadata
        from provenv.pypi.remote import NoRanges, Parts

        if artifact.local_path is not None:
            return _local_wheel_metadata(Path(artifact.local_path), artifact.filename)
        url = self._fetch_url(artifact)
        if url.startswith("file:"):
            return _local_wheel_metadata(self.at_hand(artifact), artifact.filename)
        if artifact.metadata is not None:
            hashes = _only_sha256(artifact.metadata)
            content = self._small_file(beside(url, ".metadata"), f"{artifact.filename}.metadata", hashes)
            if content is not None:
                return content
        try:
            parts = Parts(self._fetcher(), url)
        except NoRanges:
            return _local_wheel_metadata(self.at_hand(artifact), artifact.filename)
        self._check_size(artifact, parts.size)
        return wheel_metadata(parts.read, parts.size, artifact.filename)

    def _small_file(self, url: str, name: str, hashes: Mapping[str, str]) -> bytes | None:
        """A file beside wheels (PEP 658, 825), None where the index promises one and has none after all."""
        from provenv.pypi.metadata import LARGEST
        from provenv.pypi.remote import Digest

        absent = frozenset({403, 404, 410})  # one of the PyTorch index's hosts answers 403 for all of them
        answer = self._fetcher().get(url, accepted=frozenset({200}) | absent, limit=LARGEST)
        if answer.status != 200:
            return None
        digest = Digest(name, hashes, None)
        digest.update(answer.body)
        digest.sha256()
        return answer.body

    # --- variants

    def variants_json(self, document: Artifact) -> bytes | None:
        """See `Finder.variants_json`.

        It may change at any time (PEP 825): what is kept is for its hash alone, or for who is offline.
        """
        key = self._identity(document)
        known = self._cache.get(VARIANTS, key)
        if isinstance(known, bytes) and (document.hashes or self._fetcher().settings.offline):
            return known
        path = self._local_source(document)
        if path is not None:
            return _small_local_file(path) if path.is_file() else None
        content = self._small_file(self._fetch_url(document), document.filename, document.hashes)
        if content is not None:
            self._cache.put(VARIANTS, key, content)
        return content

    # --- hashes and bytes

    def sha256(self, artifact: Artifact) -> tuple[str, int | None]:
        """An artifact's sha256 and size; see `Finder.sha256`."""
        said = artifact.hashes.get("sha256")
        if said and artifact.size is not None:
            return said, artifact.size
        key = self._identity(artifact)
        match self._cache.get(HASHES, key):
            case (str(known), size) if isinstance(size, int):
                return known, size
        found = (said, self._remote_size(artifact)) if said else self._hashed(artifact)
        if found[1] is not None:
            self._cache.put(HASHES, key, found)
        return found

    def blake2b(self, artifact: Artifact) -> str:
        """The blake2b-256 of an artifact in hex, by reading it once; that is remembered."""
        key = self._identity(artifact)
        known = self._cache.get(BLAKE2B, key)
        if isinstance(known, str):
            return known
        from provenv.pypi.remote import Blake2b

        digest = self._read_through(artifact, Blake2b).blake2b()
        self._cache.put(BLAKE2B, key, digest)
        return digest

    def download(self, artifact: Artifact, to: Path) -> Path:
        """An artifact's bytes at `to`; see `Finder.download`."""
        source = self._local_source(artifact) or self._kept.get(self._identity(artifact))
        if source is None:
            from provenv.pypi.remote import save

            save(
                self._fetcher(),
                self._fetch_url(artifact),
                to,
                artifact.filename,
                artifact.hashes,
                artifact.size,
            )
            return to
        from provenv.pypi.remote import Digest

        self._read_local(source, Digest(artifact.filename, artifact.hashes, artifact.size))
        import shutil

        from provenv.pypi.failures import disk_error

        try:
            shutil.copyfile(source, to)
        except OSError as problem:
            raise disk_error(problem, str(to)) from None
        return to

    def fetch_file(self, url: str, to: Path) -> None:
        """Any address into a file."""
        from provenv.addresses import redact
        from provenv.pypi.remote import save

        save(self._fetcher(), url, to, redact(url), {}, None)

    def at_hand(self, artifact: Artifact) -> Path:
        """An artifact as a file on this disk: where it lies, else downloaded for this run."""
        source = self._local_source(artifact) or self._kept.get(self._identity(artifact))
        if source is not None:
            return source
        path = self._scratch_folder() / f"{len(self._kept)}-{get_ident()}" / artifact.filename
        self._kept[self._identity(artifact)] = self.download(artifact, path)
        return path

    def _identity(self, artifact: Artifact) -> str:
        """What one file is kept under: index, address, and what tells it from another of the same name.

        A file on this disk is known by its size and time of change too, as it may be replaced.
        """
        told = f"{artifact.index}\n{_told(artifact)}"
        path = self._local_source(artifact)
        if path is not None:
            with suppress(OSError):
                status = path.stat()
                told += f"\n{status.st_size} {status.st_mtime_ns} {status.st_ino}"
        return told

    def _local_source(self, artifact: Artifact) -> Path | None:
        from provenv.pypi.folders import local_path

        return local_path(self._fetch_url(artifact))

    def _hashed(self, artifact: Artifact) -> tuple[str, int]:
        """The sha256 and size by reading the whole file."""
        from provenv.pypi.remote import Digest

        digest = self._read_through(artifact, Digest)
        return digest.sha256(), digest.received

    def _read_through(self, artifact: Artifact, kind: type[AnyDigest]) -> AnyDigest:
        """The digest of a whole file, read once where it lies."""
        from provenv.pypi.remote import hash_remote

        def empty() -> AnyDigest:
            return kind(artifact.filename, artifact.hashes, artifact.size)

        source = self._local_source(artifact) or self._kept.get(self._identity(artifact))
        if source is not None:
            return self._read_local(source, empty())
        return hash_remote(self._fetcher(), self._fetch_url(artifact), empty)

    def _read_local(self, path: Path, digest: AnyDigest) -> AnyDigest:
        from provenv.pypi.remote import hash_file

        try:
            hash_file(path, digest)
        except OSError as problem:
            raise DiskError(f"{path} can't be read", evidence=[problem.strerror or str(problem)]) from None
        return digest

    def _remote_size(self, artifact: Artifact) -> int | None:
        source = self._local_source(artifact)
        if source is not None:
            return source.stat().st_size
        try:
            answer = self._fetcher().head(self._fetch_url(artifact))
        except IndexAnswerError:  # some servers know no HEAD, and a size is not worth a failure
            return None
        length = answer.headers.get("content-length", "")
        return int(length) if answer.status == 200 and length.isdecimal() else None

    def _check_size(self, artifact: Artifact, size: int) -> None:
        if artifact.size is not None and artifact.size != size:
            raise IndexAnswerError(
                f"{artifact.filename} is not the file that its index describes",
                evidence=[f"its size should be {artifact.size} bytes", f"and is {size} bytes"],
                hints=["the file was replaced or the page is old: tell whoever runs the index"],
            )

    def _scratch_folder(self) -> Path:
        with self._lock:
            if self._scratch is None:
                import tempfile

                with suppress(OSError), self._cache.temporary() as path:
                    self._scratch = Path(tempfile.mkdtemp(prefix="run-", dir=path.parent))
                if self._scratch is None:
                    self._scratch = Path(tempfile.mkdtemp(prefix="provenv-"))
            return self._scratch


def _small_local_file(path: Path) -> bytes:
    from provenv.pypi.metadata import LARGEST

    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError as problem:
        raise DiskError(f"{path} can't be read", evidence=[problem.strerror or str(problem)]) from None


def _local_wheel_metadata(path: Path, filename: str) -> bytes:
    from provenv.pypi.ranges import wheel_metadata

    try:
        with path.open("rb") as file:

            def read(start: int, end: int) -> bytes:
                file.seek(start)
                return file.read(end - start)

            return wheel_metadata(read, path.stat().st_size, filename)
    except OSError as problem:
        raise DiskError(f"{path} can't be read", evidence=[problem.strerror or str(problem)]) from None


def _only_sha256(digest: str | None) -> dict[str, str]:
    return {"sha256": digest} if digest else {}


def _raise(problem: Exception) -> Metadata:
    raise problem


def _told(artifact: Artifact) -> str:
    """What tells a file from all others that its index has, or had, under its name."""
    hashes = " ".join([f"{name}={digest}" for name, digest in sorted(artifact.hashes.items())])
    return f"{artifact.url}\n{artifact.filename}\n{hashes}\n{artifact.size}\n{artifact.uploaded}"
