"""Terms as integers: what may be chosen for a package, its absence included.

A set of choices for one package is one Python int. A bit set means that this version is among the choices.
A negative int (in two's complement the ones go on for ever) has "not chosen at all" among them too. So the
positive term `a is one of {0, 2}` is 0b101, its negation `not a {0, 2}` is ~0b101, and intersection, union
and complement are `&`, `|` and `~`: no case distinctions, no need to know how many versions there are.
"""

from __future__ import annotations

ANYTHING = -1
"""Any version, or none: the set that says nothing."""
