"""For a plugin's own values: `dataclass`, `field` and `replace` as in the standard library, quicker to import."""

from __future__ import annotations

from provenv.values import dataclass, field, replace

__all__ = ["dataclass", "field", "replace"]
