"""Which words a plugin can't take for its envelope, since they mean something else elsewhere."""

from __future__ import annotations

from provenv.hooks.types import EnvelopeKey
from provenv.patterns import regex

RESERVED = frozenset(
    {
        # [tool.provenv] and [tool.provenv.targets.NAME]
        *("accelerator", "accelerators", "build", "conda", "constraints", "exclude", "exclude-newer"),
        *("exclude-newer-package", "excluded-dependencies", "extras", "groups", "indexes", "lockfiles"),
        *("no-binary", "only-binary", "overrides", "packaging", "pip-config", "platform", "platforms"),
        *("prerelease", "prerelease-package", "preview", "python", "targets"),
        # flags that stand beside the envelope's
        *("build-any", "cache-dir", "default-index", "find-links", "for", "format", "from", "help", "index"),
        *("json", "no-pip-config", "offline", "quiet", "requirements", "resolution", "target", "verbose"),
        *("align", "refresh", "version"),
    }
)

_WORD = regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def word_fault(key: EnvelopeKey) -> str | None:
    """What is wrong with the name of an envelope's word; None when it can be one."""
    if not isinstance(key.name, str) or not _WORD.fullmatch(key.name):
        return f"the envelope word {key.name!r} is not of a-z, 0-9 and single dashes, a letter first"
    if key.name in RESERVED:
        return f"the envelope word {key.name!r} means something else in a manifest or on a command line"
    return None
