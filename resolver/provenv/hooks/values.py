"""For a plugin's own values: `dataclass`, `field`, `replace` as the standard library's, quicker to import."""

from __future__ import annotations

from provenv.values import dataclass, field, replace

__all__ = ["dataclass", "field", "replace"]
