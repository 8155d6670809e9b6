"""Indexes that keep their files on a host of their own, below the files' own digests."""

from __future__ import annotations

from functools import cache

from provenv.search_path import source_of


def file_host(index: str) -> str | None:
    """The address below which an index keeps its files (no trailing slash); None where nothing says it.

    A mirror's pages can't tell it. It is pip's own knowledge of the public indexes.
    """
    return _known().get(index.rstrip("/"))


@cache
def _known() -> dict[str, str]:
    """Index -> address, out of the one module of pip that has them.

    Only that file is run: importing pip's packages changes the logging of the whole process.
    """
    import runpy
    from pathlib import Path

    source = source_of("pip")
    if not source:
        return {}
    module = Path(source).parent / "_internal" / "models" / "index.py"
    try:
        known = runpy.run_path(str(module)).values()
    except Exception:  # a pip that is arranged otherwise: as without pip
        return {}
    told = ((getattr(one, "simple_url", 0), getattr(one, "file_storage_domain", 0)) for one in known)
    return {
        index.rstrip("/"): f"https://{host}/packages"
        for index, host in told
        if isinstance(index, str) and isinstance(host, str)
    }
