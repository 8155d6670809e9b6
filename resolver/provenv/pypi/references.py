"""Addresses of direct references, taken apart: what to fetch, what may be shown, what the fragment says."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from provenv.addresses import without_credentials
from provenv.errors import InputError, Origin
from provenv.patterns import regex
from provenv.values import dataclass

_SCHEME = regex(r"[A-Za-z][A-Za-z0-9+.-]+:")
# The fragment keys that pip reads as a digest of the file.
_DIGESTS = ("sha256", "sha512", "sha384", "sha224", "sha1", "md5")


@dataclass(frozen=True, slots=True)
class Reference:
    """A direct reference. `address`: without the fragment, credentials kept; never show it, show `shown`.

    `digests`: `algorithm:hex` pairs of the fragment. `egg`: the name that `#egg=` claims, extras removed.
    `path`: of a `file:` URL or a bare path, absolute; None for anything else.
    """

    address: str
    shown: str
    subdirectory: str | None = None
    egg: str | None = None
    digests: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def filename(self) -> str:
        """The last part of the address, decoded; "" where that is no name of a file."""
        if self.path is not None:
            return self.path.name
        name = Path(unquote(urlsplit(self.address).path.rstrip("/"))).name
        return "" if name == ".." else name

    @property
    def is_wheel(self) -> bool:
        return self.filename.endswith(".whl") and not is_vcs(self.address)

    def digest(self, algorithm: str) -> str | None:
        """The hex digest that the fragment gives for an algorithm."""
        return next(
            (text.partition(":")[2] for text in self.digests if text.startswith(f"{algorithm}:")), None
        )


def is_vcs(url: str) -> bool:
    """Whether an address is of the form `vcs+transport://…`, or git's own `git://` and `ssh://`."""
    return url.startswith(("git+", "hg+", "svn+", "bzr+", "git:", "ssh:"))


def parse_reference(url: str, base: Path, origin: Origin | None = None) -> Reference:
    """A URL, or a path (relative ones to `base`), as a Reference. Raises InputError when it is neither."""
    address, _, fragment = url.partition("#")
    fields = _fragment(fragment)
    try:
        path = _local_path(address, base, origin)
        shown = path.as_uri() if path else without_credentials(address)
    except ValueError as error:
        raise InputError(f"an address can't be read: {error}", origin=origin) from error
    egg = fields.get("egg", "").partition("[")[0].strip()
    return Reference(
        address=shown if path else address,
        shown=shown,
        subdirectory=fields.get("subdirectory", "").strip("/") or None,
        egg=egg or None,
        digests=tuple(f"{name}:{fields[name].lower()}" for name in _DIGESTS if name in fields),
        path=path,
    )


def _fragment(fragment: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in fragment.split("&") if part)
    return {unquote(key): unquote(value) for key, _, value in pairs}


def _local_path(address: str, base: Path, origin: Origin | None) -> Path | None:
    """The absolute path of a `file:` URL or of a bare path; None for another URL."""
    from os.path import normpath
    from urllib.request import url2pathname

    if not _SCHEME.match(address):
        return Path(normpath(base.absolute() / Path(address).expanduser()))
    parts = urlsplit(address)
    if parts.scheme != "file":
        return None
    if parts.netloc not in ("", "localhost"):
        raise InputError(
            f"{without_credentials(address)} is on another machine ({parts.netloc})",
            hints=["a file: address has three slashes: file:///PATH"],
            origin=origin,
        )
    return Path(normpath(base.absolute() / url2pathname(parts.path)))
