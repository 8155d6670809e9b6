"""`python -m provenv` is `provenv`."""

import sys

from provenv.cli import main

sys.exit(main())
