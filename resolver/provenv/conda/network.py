"""How rattler reaches the network: this machine's settings as rattler's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from provenv.settings import NetworkSettings

if TYPE_CHECKING:
    import rattler


def repodata_cache(settings: NetworkSettings) -> Path:
    """Where fetched repodata is kept."""
    return settings.cache_dir / "conda" / "repodata"


def package_cache(settings: NetworkSettings) -> Path:
    """Where archives are kept and unpacked once for all environments; processes may share it."""
    return settings.cache_dir / "conda" / "packages"


def client(settings: NetworkSettings) -> rattler.Client:
    """A client with this machine's proxy and retries; logins come from rattler's own store and netrc."""
    import rattler

    lines = ['tls-root-certs = "system"']
    if settings.proxy:
        proxy = json.dumps(settings.proxy)
        lines += ["[proxy-config]", f"https = {proxy}", f"http = {proxy}"]
    return rattler.Client.from_config(
        rattler.Config.from_toml("\n".join(lines)),
        max_retries=settings.retries,
        timeout=max(1, round(settings.timeout)),
    )
