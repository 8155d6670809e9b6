"""Addresses as text: their logins, what may be shown of them, and canonical ones behind a mirror's."""

from __future__ import annotations

from provenv.patterns import regex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

Login: TypeAlias = tuple[str, str]
"""User and password."""

# Warehouse (warehouse/forklift): a file lies below its blake2b digest of 256 bits, split after 2 and 4 digits
_BELOW_DIGEST = regex(r"/([0-9a-f]{2})/([0-9a-f]{2})/([0-9a-f]{60})/[^/?#]+(?:\?.*)?$")


def split_login(url: str) -> tuple[str, Login | None]:
    """An address without its user part, and what that part said."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    if not separator or not at:
        return url, None
    from urllib.parse import unquote

    name, _, password = user.partition(":")
    return f"{scheme}://{host}{slash}{path}", (unquote(name), unquote(password))


def origin_of(url: str) -> str:
    """Scheme, host and port: what credentials belong to."""
    scheme, _, rest = url.partition("://")
    return f"{scheme.lower()}://{rest.partition('/')[0].rpartition('@')[2].lower()}"


def host_of(url: str) -> str:
    """The host of an address, without its port; the whole address where there is none."""
    authority = origin_of(url).partition("://")[2]
    host = (
        authority.partition("]")[0].lstrip("[") if authority.startswith("[") else authority.partition(":")[0]
    )
    return host or url


def is_loopback(url: str) -> bool:
    """Whether an address is of this very machine."""
    return host_of(url) in ("127.0.0.1", "localhost", "::1")


def in_flat(index: str, filename: str) -> str:
    """The canonical address of a file that a flat page or folder stands in for: right at the index."""
    from urllib.parse import quote

    return f"{index.rstrip('/')}/{quote(filename)}"


def beside(url: str, suffix: str) -> str:
    """The address of what lies beside a file under its name with a suffix; a query (a signature) is kept."""
    path, mark, query = url.partition("?")
    return f"{path}{suffix}{mark}{query}"


def below_digest(host: str, digest: str, filename: str) -> str:
    """The canonical address of a file at a host that keeps files below their blake2b-256 digests (hex)."""
    url = f"{host}/{digest[:2]}/{digest[2:4]}/{digest[4:]}/{filename}"
    return one_spelling(url, filename)


def digest_in(url: str) -> str | None:
    """The blake2b-256 digest that a mirror's address of a file keeps from the index's, if it does."""
    found = _BELOW_DIGEST.search(url)
    return "".join(found.groups()) if found else None


def one_spelling(url: str, filename: str) -> str:
    """The address with the name of its file percent-encoded in one way: pages write `+` as it is or as `%2B`.

    An address that does not end in the file's name stays.
    """
    if "+" not in filename and "!" not in filename and "%" not in url:
        return url
    from urllib.parse import quote, unquote

    folder, slash, last = url.rpartition("/")
    return f"{folder}{slash}{quote(filename)}" if unquote(last) == filename else url


def behind_mirror(index: str, mirror: str, name: str, url: str) -> str:
    """The canonical address of a file that a simple mirror lists on its own host.

    The file keeps its place relative to the project's page: `../../packages/x.whl` from the mirror's page is
    `../../packages/x.whl` from the index's. Under the mirror's own root that is certain; beside it, it is
    true of mirrors that keep the index's layout, and the hash guards the rest.
    """
    from posixpath import relpath
    from urllib.parse import urljoin, urlsplit

    root = f"{mirror.rstrip('/')}/"
    if url.startswith(root):
        return f"{index.rstrip('/')}/{url[len(root) :]}"
    relative = relpath(urlsplit(url).path, f"{urlsplit(mirror).path.rstrip('/')}/{name}")
    return urljoin(f"{index.rstrip('/')}/{name}/", relative)
