"""How this machine reaches the network, as a value; `provenv.config` reads it from the machine's files."""

from __future__ import annotations

from pathlib import Path

from provenv.manifest.values import Index, ManifestRequirement
from provenv.values import dataclass


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """This machine's network settings. They change where bytes come from, never what a lock says.

    `mirrors`: canonical index address (no trailing slash) -> the addresses to ask instead, in order; a mirror
    is a simple index, a flat page or a folder. `extra_indexes` and `find_links`: further sources that pip's
    configuration names. `constraints`: pip's constraints. `timeout`: seconds without a byte before an attempt
    is given up. `no_index`: pip's configuration says that no index at all is asked, the find-links only.
    """

    default_index: str
    mirrors: tuple[tuple[str, tuple[str, ...]], ...] = ()
    extra_indexes: tuple[Index, ...] = ()
    find_links: tuple[Index, ...] = ()
    constraints: tuple[ManifestRequirement, ...] = ()
    cert: Path | None = None
    client_cert: Path | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timeout: float = 30.0
    retries: int = 4
    offline: bool = False
    cache_dir: Path = Path()
    keyring: bool = True
    no_index: bool = False
    sources: tuple[str, ...] = ()
    """The files and variables that said something, for `provenv config` and error messages."""

    def mirrors_of(self, url: str) -> tuple[str, ...]:
        """The addresses to ask for an index, the canonical one where nothing else is set."""
        wanted = url.rstrip("/")
        return next((places for canonical, places in self.mirrors if canonical == wanted), (url,))

    def is_mirrored(self, url: str) -> bool:
        """Whether an index (an address without a login) is asked elsewhere than at its own address."""
        return any(place.rstrip("/") != url.rstrip("/") for place in self.mirrors_of(url))
