"""The default index: where packages come from when nobody says otherwise."""

from __future__ import annotations

import re
from functools import cache

from provenv.reads import read_bytes


@cache
def default_index() -> str:
    """The canonical address of the public Python package index, without a trailing slash.

    It is pypi_simple's constant, read from its source: importing that package takes a third of a second.
    """
    from importlib.util import find_spec

    spec = find_spec("pypi_simple")
    if spec is not None and spec.origin:
        source = read_bytes(spec.origin).decode()
        found = re.search(r'^PYPI_SIMPLE_ENDPOINT\b[^=]*=\s*"([^"]+)"', source, re.MULTILINE)
        if found:
            return found[1].rstrip("/")
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return PYPI_SIMPLE_ENDPOINT.rstrip("/")
