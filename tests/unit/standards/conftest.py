"""Properties run without a deadline: on a busy machine the first example pays for imports and patterns."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("patient", deadline=None)
if settings.get_current_profile_name() == "default":
    settings.load_profile("patient")
