"""A package that is on no index: what its asker may have meant, and where else it could be."""

from __future__ import annotations

from collections.abc import Iterator

from provenv.errors import ProvenvError
from provenv.resolving.provider import PackageProvider

# Modules whose distribution has another name: what people ask for who know the import only. Each is the name
# under which the module's own project publishes.
MODULES = {
    "bs4": "beautifulsoup4",
    "crypto": "pycryptodome",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "fitz": "pymupdf",
    "git": "gitpython",
    "jwt": "pyjwt",
    "magic": "python-magic",
    "multipart": "python-multipart",
    "opencv": "opencv-python",
    "pil": "pillow",
    "pytorch": "torch",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "usb": "pyusb",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}


def not_found(
    name: str, provider: PackageProvider, another_index: str, *, by_manifest: bool
) -> Iterator[str]:
    """Hints for a package that none of its indexes has. `another_index`: how one more is named.

    `by_manifest`: whether the manifest itself names it, and may have misspelt it.
    """
    meant = _meant(name, provider) if by_manifest else None
    if meant:
        yield f"did you mean {meant}?"
    route = provider.route(name)
    default = provider.router.default
    if route.why and all(index.url != default.url for index in route.indexes):
        if _has(provider, meant or name):
            yield f"{meant or name} is on {_shown(default.url)}, where it is not looked for"
        return
    if not meant:
        spelling = "check its spelling; where" if by_manifest else "where"
        yield f"{spelling} an index of your own has {name}, name that: {another_index}"


def _meant(name: str, provider: PackageProvider) -> str | None:
    """The name of another package that is there: of its module, or of one that others ask for here."""
    from difflib import get_close_matches

    near = get_close_matches(name, provider.catalog.found(), n=1, cutoff=0.8)
    for other in (MODULES.get(name), *near):
        try:
            if other and provider.candidates(other).listing.found:
                return other
        except ProvenvError:
            continue
    return None


def _has(provider: PackageProvider, name: str) -> bool:
    try:
        return provider.catalog.source.project(provider.router.default, name) is not None
    except ProvenvError:
        return False


def _shown(url: str) -> str:
    from provenv.addresses import redact

    return redact(url)
