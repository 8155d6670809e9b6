"""Regular expressions as constants of a module compiled when they are first used, as most never are.

Compiling one takes as long as importing a small module, and a command uses a few of the dozens that stand at
the head of what it imports. To a type checker `regex` is `re.compile`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import compile as regex
else:

    class regex:  # noqa: N801  # it stands in for a function
        """A compiled pattern, as soon as anything of it is asked for."""

        def __init__(self, text, flags=0):
            self._said = text, flags

        def __getattr__(self, name):
            import re

            found = getattr(re.compile(*self._said), name)
            setattr(self, name, found)  # the next time nobody asks here
            return found


__all__ = ["regex"]
