"""What a direct reference points to, fetched: a folder, a file on this disk or the network, a git commit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from provenv.errors import InputError, Origin
from provenv.pypi.archives import unpack, wheel_metadata_text
from provenv.pypi.artifacts import Artifact
from provenv.pypi.builds import Records, inside
from provenv.pypi.digests import LazyFile, check_digests
from provenv.pypi.references import Reference, is_vcs
from provenv.pypi.static import pkg_info_text, pyproject_text
from provenv.pypi.temporary import temporary_folder
from provenv.resolution import Direct
from provenv.settings import NetworkSettings
from provenv.values import dataclass

Download = Callable[[str, Path], None]
"""Fetch an http(s) address (it may hold credentials) into a file; raises a ProvenvError when it can't."""

_RECORD_KIND = "direct-source"


@dataclass(frozen=True, slots=True)
class Source:
    """One source. `static`: METADATA text known without a build. `tree()`: the folder or archive to build.

    `identity`: what makes it the same for ever (a sha256, a commit), None for a folder.
    """

    label: str
    direct: Direct
    static: str | None
    tree: Callable[[], Path]
    identity: str | None = None
    artifact: Artifact | None = None


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
        self._known: dict[tuple[Reference, tuple[str, ...]], Source] = {}
        self._serial = 0

    def close(self) -> None:
        self._open.close()
        self._folder = None

    def find(self, reference: Reference, hashes: tuple[str, ...], origin: Origin | None) -> Source:
        """The source that a reference points to, raising as `DirectResolver.resolve` says.

        `hashes`: `algorithm:hex` in lower case; a file must have one of them, and all of the fragment's.
        """
        key = (reference, hashes)
        if key not in self._known:
            self._known[key] = self._find(reference, hashes, origin)
        return self._known[key]

    def _find(self, reference: Reference, hashes: tuple[str, ...], origin: Origin | None) -> Source:
        if is_vcs(reference.address):
            _refuse_hashes(reference, hashes)
            return self._commit(reference, origin)
        if reference.path is None:
            return self._remote_file(reference, hashes)
        if reference.path.is_dir():
            _refuse_hashes(reference, hashes)
            return _folder(reference, reference.path)
        if reference.path.is_file():
            return self._file(reference, hashes, LazyFile(reference.path))
        raise InputError(
            f"there is no file or folder {reference.path}",
            hints=["a relative path counts from the folder of the file that names it"],
        )

    def _remote_file(self, reference: Reference, hashes: tuple[str, ...]) -> Source:
        if not reference.address.startswith(("https://", "http://")):
            raise InputError(
                f"{reference.shown} has a form that can't be fetched",
                hints=["an address starts with https://, http://, file:// or git+"],
            )

        def fetch() -> Path:
            path = self._place() / (reference.filename or "download")
            self._download(reference.address, path)
            return path

        return self._file(reference, hashes, LazyFile(fetch))

    def _file(self, reference: Reference, hashes: tuple[str, ...], file: LazyFile) -> Source:
        wanted = _wanted_sha256(reference, hashes)
        key = f"{reference.shown}#{reference.subdirectory or ''}#{wanted}"
        size, static = self._remembered(key, wanted)
        if size is not None and wanted is not None:
            file.known("sha256", wanted)
        # Before anything looks into the file: what is not what was asked for is not unpacked.
        check_digests(file, reference.shown, reference.digests, hashes)
        if size is None:
            size, static = file.size(), self._static(reference, file.path())
            if wanted is not None:
                self._remember(key, size, static)
        sha256 = file.digest("sha256")
        return Source(
            label=reference.shown,
            direct=Direct(url=reference.shown, subdirectory=reference.subdirectory),
            static=static,
            tree=file.path,
            identity=sha256,
            artifact=_artifact(reference, size, sha256),
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

        def check_out(wanted: str | None) -> str:
            into = self._place() / "checkout"
            full = git.check_out(source, wanted, into, origin)
            checkouts.append(into)
            return full

        if commit is None:
            commit = check_out(None)

        def tree() -> Path:
            if not checkouts:
                check_out(commit)
            return checkouts[0]

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


def _wanted_sha256(reference: Reference, hashes: tuple[str, ...]) -> str | None:
    """The one sha256 that the file must have, where the fragment or the manifest gives one."""
    of_fragment = reference.digest("sha256")
    if of_fragment is None and len(hashes) == 1 and hashes[0].startswith("sha256:"):
        return hashes[0].partition(":")[2]
    return of_fragment


def _refuse_hashes(reference: Reference, hashes: tuple[str, ...]) -> None:
    if hashes or reference.digests:
        raise InputError(
            f"{reference.shown} has no hash to be checked: it is a folder or a VCS checkout, not a file",
            hints=["remove the hashes (a commit in the address pins it as well), or name an archive"],
        )


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
