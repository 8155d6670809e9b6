"""What a direct reference points to, fetched: a folder, a file on this disk or the network, a git commit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from provenv.errors import InputError, Origin
from provenv.pypi.archives import unpack, wheel_metadata_text
from provenv.pypi.artifacts import Artifact
from provenv.pypi.builds import Records, inside
from provenv.pypi.references import Reference, is_vcs
from provenv.pypi.static import pkg_info_text, pyproject_text
from provenv.pypi.temporary import disk_errors, temporary_folder
from provenv.resolution import Direct
from provenv.settings import NetworkSettings

Download = Callable[[str, Path], None]
"""Fetch an http(s) address (it may hold credentials) into a file; raises a ProvenvError when it can't."""

_RECORD_KIND = "direct-source"


@dataclass(frozen=True, slots=True)
class Source:
    """One source. `static`: METADATA text known without a build. `tree()`: the folder or archive to build.

    `identity`: what makes it the same for ever (a sha256, a commit), None for a folder.
    `digest("sha256")`: that digest of a file in hex.
    """

    label: str
    direct: Direct
    static: str | None
    tree: Callable[[], Path]
    identity: str | None = None
    artifact: Artifact | None = None
    digest: Callable[[str], str] | None = None


class Sources:
    """Fetches sources into one temporary folder, each once.

    What can't change (a commit, a file whose sha256 is asked for) is remembered in `records` beyond that.
    """

    def __init__(
        self,
        download: Download,
        settings: NetworkSettings | None,
        records: Records | None,
        locked: Mapping[tuple[str, str | None], str],
    ) -> None:
        self._download = download
        self._settings = settings
        self._records = records
        self._locked = locked
        self._open = contextlib.ExitStack()
        self._folder: Path | None = None
        self._known: dict[Reference, Source] = {}
        self._serial = 0

    def close(self) -> None:
        self._open.close()
        self._folder = None

    def find(self, reference: Reference, origin: Origin | None) -> Source:
        """The source that a reference points to, raising as `DirectResolver.resolve` says."""
        if reference not in self._known:
            self._known[reference] = self._find(reference, origin)
        return self._known[reference]

    def _find(self, reference: Reference, origin: Origin | None) -> Source:
        if is_vcs(reference.address):
            return self._commit(reference, origin)
        if reference.path is None:
            return self._remote_file(reference)
        if reference.path.is_dir():
            return _folder(reference, reference.path)
        if reference.path.is_file():
            return self._file(reference, _LazyFile(reference.path))
        raise InputError(
            f"there is no file or folder {reference.path}",
            hints=["a relative path counts from the folder of the file that names it"],
        )

    def _remote_file(self, reference: Reference) -> Source:
        if not reference.address.startswith(("https://", "http://")):
            raise InputError(
                f"{reference.shown} has a form that can't be fetched",
                hints=["an address starts with https://, http://, file:// or git+"],
            )

        def fetch() -> Path:
            path = self._place() / (reference.filename or "download")
            self._download(reference.address, path)
            return path

        return self._file(reference, _LazyFile(fetch))

    def _file(self, reference: Reference, file: _LazyFile) -> Source:
        wanted = reference.digest("sha256")
        size, static = self._remembered(f"{reference.shown}#{reference.subdirectory or ''}#{wanted}", wanted)
        if size is None:
            size, static = file.size(), self._static(reference, file.path())
            if wanted == file.digest("sha256"):
                self._remember(f"{reference.shown}#{reference.subdirectory or ''}#{wanted}", size, static)
        elif wanted is not None:
            file.digests["sha256"] = wanted
        sha256 = file.digest("sha256")
        return Source(
            label=reference.shown,
            direct=Direct(url=reference.shown, subdirectory=reference.subdirectory),
            static=static,
            tree=file.path,
            identity=sha256,
            artifact=_artifact(reference, size, sha256),
            digest=file.digest,
        )

    def _static(self, reference: Reference, path: Path) -> str | None:
        if reference.is_wheel:
            return wheel_metadata_text(path).decode("utf-8", "replace")
        tree = inside(unpack(path, self._place()), reference.subdirectory, reference.shown)
        return pkg_info_text(tree) or pyproject_text(tree, reference.shown)

    def _commit(self, reference: Reference, origin: Origin | None) -> Source:
        from provenv.pypi.vcs import Git, parse_git

        source = parse_git(reference.address, origin)
        git = Git(self._settings)
        commit = self._locked.get((source.repository, source.revision)) or git.commit_of(source, origin)
        checkouts: list[Path] = []

        def tree() -> Path:
            if not checkouts:
                into = self._place() / "checkout"
                git.check_out(source, commit, into, origin)
                checkouts.append(into)
            return checkouts[0]

        if commit is None:
            commit = git.check_out(source, None, self._place() / "checkout", origin)
        key = f"{source.repository}@{commit}#{reference.subdirectory or ''}"
        known, static = self._remembered(key, commit)
        if known is None:
            static = pyproject_text(inside(tree(), reference.subdirectory, reference.shown), reference.shown)
            self._remember(key, 0, static)
        return Source(
            label=reference.shown,
            direct=Direct(
                url=source.repository,
                vcs="git",
                revision=source.revision,
                commit=commit,
                subdirectory=reference.subdirectory,
            ),
            static=static,
            tree=tree,
            identity=f"git:{commit}",
        )

    def _place(self) -> Path:
        """A new, empty folder."""
        if self._folder is None:
            self._folder = self._open.enter_context(temporary_folder("direct"))
        self._serial += 1
        place = self._folder / str(self._serial)
        place.mkdir()
        return place

    def _remembered(self, key: str, identity: str | None) -> tuple[int | None, str | None]:
        record = self._records.get(_RECORD_KIND, key) if self._records and identity else None
        match record:
            case (int(size), str() | None as static):
                return size, static
            case _:
                return None, None

    def _remember(self, key: str, size: int, static: str | None) -> None:
        if self._records is not None:
            self._records.put(_RECORD_KIND, key, (size, static))


class _LazyFile:
    """A file that is fetched when something of it is asked for first."""

    def __init__(self, source: Path | Callable[[], Path]) -> None:
        self._source = source
        self.digests: dict[str, str] = {}

    def path(self) -> Path:
        if callable(self._source):
            self._source = self._source()
        return self._source

    def size(self) -> int:
        return self.path().stat().st_size

    def digest(self, algorithm: str) -> str:
        """The digest in hex. Raises InputError for an algorithm that nobody knows, DiskError."""
        import hashlib

        if algorithm not in self.digests:
            try:
                with disk_errors(f"{self.path().name} can't be read"), self.path().open("rb") as file:
                    self.digests[algorithm] = hashlib.file_digest(file, algorithm).hexdigest()
            except (ValueError, TypeError) as error:
                raise InputError(f"{algorithm} is not a hash that a file can be checked by") from error
        return self.digests[algorithm]


def _folder(reference: Reference, path: Path) -> Source:
    tree = inside(path, reference.subdirectory, reference.shown)
    return Source(
        label=reference.shown,
        direct=Direct(url=reference.shown, subdirectory=reference.subdirectory, folder=True),
        static=pyproject_text(tree, reference.shown),
        tree=lambda: path,
    )


def _artifact(reference: Reference, size: int, sha256: str) -> Artifact:
    """The file as an artifact, an sdist without its version yet. Raises InputError for a wheel's bad name."""
    from provenv.standards.filenames import InvalidFilename, parse_wheel

    if not reference.is_wheel:
        return Artifact(
            reference.filename, reference.shown, "sdist", "", size=size, hashes={"sha256": sha256}
        )
    try:
        named = parse_wheel(reference.filename)
    except InvalidFilename as error:
        raise InputError(
            f"{reference.shown} does not have the file name of a wheel", evidence=[str(error)]
        ) from error
    if named is None:
        raise InputError(f"{reference.shown} is a variant wheel, which can't be named directly")
    return Artifact(
        reference.filename,
        reference.shown,
        "wheel",
        named.version,
        tags=named.tags,
        build_number=named.build,
        size=size,
        hashes={"sha256": sha256},
    )
