"""What the user can mend: a file that can't be read as texts with labels, a device that isn't there."""

from __future__ import annotations


class DemoError(Exception):
    """Printed as one line, without a traceback; `python -m demo` then exits with code 2."""
