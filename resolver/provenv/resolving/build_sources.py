"""Where a source build's own requirements come from: the places that the manifest's packages come from."""

from __future__ import annotations

from provenv.manifest.values import Manifest
from provenv.resolving.routes import default_index
from provenv.settings import NetworkSettings
from provenv.values import replace


def build_settings(manifest: Manifest, settings: NetworkSettings) -> NetworkSettings:
    """This machine's settings with the manifest's indexes in them, for uv, which reads no manifest.

    An index that is asked only for what is pinned to it (`explicit`) is left out: uv knows no such limit.
    """
    asked = [index for index in manifest.indexes if not (index.default or index.explicit)]
    return replace(
        settings,
        no_index=manifest.no_index or settings.no_index,
        default_index=default_index(manifest, settings).url,
        extra_indexes=(*(index for index in asked if not index.flat), *settings.extra_indexes),
        find_links=(*(index for index in asked if index.flat), *settings.find_links),
    )
