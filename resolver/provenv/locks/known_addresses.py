"""The addresses that locks already have for files which were now read through a mirror.

A mirror's page says where the mirror keeps a file, and where the index itself does can only be made out from
that (`pypi.addresses`). What an earlier lock says of the same file is certain; and where an index keeps its
files on a host of their own, every lock with one of its files says on which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from provenv.config.file_hosts import file_host
from provenv.pypi.addresses import origin_of
from provenv.pypi.artifacts import Artifact
from provenv.resolution import Package, Resolution
from provenv.values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provenv.locks.reader import Lock

_File = tuple[str, str, str]
"""Index, file name, sha256."""


class KnownAddresses:
    """What these locks say of the files of indexes that are asked elsewhere (`is_mirrored(index)`)."""

    def __init__(self, locks: Iterable[Lock], is_mirrored: Callable[[str], bool]) -> None:
        self._is_mirrored = is_mirrored
        self._files: dict[_File, str] = {}
        self._hosts: dict[str, set[str]] = {}
        for lock in locks:
            for package in lock.packages:
                artifact = package.artifact
                if artifact is not None and artifact.index and package.direct is None:
                    self._files.setdefault(_file(artifact), artifact.url)
                    self._hosts.setdefault(artifact.index, set()).add(origin_of(artifact.url))

    def applied(self, resolution: Resolution) -> Resolution:
        """The resolution with the addresses that are known for its files."""
        if not self._files:
            return resolution
        return replace(resolution, packages=tuple(map(self._package, resolution.packages)))

    def _package(self, package: Package) -> Package:
        artifact = package.artifact
        if artifact is None or package.direct is not None or not self._is_mirrored(artifact.index):
            return package
        url = self._files.get(_file(artifact)) or self._on_its_host(artifact)
        return package if url == artifact.url else replace(package, artifact=artifact._replace(url=url))

    def _on_its_host(self, artifact: Artifact) -> str:
        """A file on the index's own host is moved to the one other that the locks know of."""
        if file_host(artifact.index):  # then no guess is needed
            return artifact.url
        own = origin_of(artifact.index)
        hosts = self._hosts.get(artifact.index, set())
        if len(hosts) != 1 or own in hosts or origin_of(artifact.url) != own:
            return artifact.url
        return next(iter(hosts)) + artifact.url[len(own) :]


def _file(artifact: Artifact) -> _File:
    return artifact.index, artifact.filename, artifact.hashes.get("sha256", "")
