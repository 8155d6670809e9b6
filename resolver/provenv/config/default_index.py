"""The default index: where packages come from when nobody says otherwise."""

from __future__ import annotations

from functools import cache

from provenv.reads import read_bytes
from provenv.search_path import source_of


@cache
def default_index() -> str:
    """The canonical address of the public Python package index, without a trailing slash.

    It is pypi_simple's constant, read from its source: importing that package takes a third of a second.
    """
    source = source_of("pypi_simple")
    if source:
        _, _, rest = read_bytes(source).decode().partition("\nPYPI_SIMPLE_ENDPOINT")
        said = rest.partition("\n")[0].split('"')
        if len(said) == 3:
            return said[1].rstrip("/")
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return PYPI_SIMPLE_ENDPOINT.rstrip("/")
