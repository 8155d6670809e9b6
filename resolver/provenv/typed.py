"""What of typing a module needs when it runs, without typing's own cost: nothing here is looked at then.

Its import takes as long as that of a dozen modules, and a class that derives from its `Protocol` or `Generic`
thrice as long to make as a plain one. To a type checker these are typing's own. What stands in annotations
alone is imported from typing under `TYPE_CHECKING`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic, Literal, Protocol, TypeVar, cast, overload
else:

    class Generic:
        """A base of classes that have parameters."""

        __slots__ = ()

        def __class_getitem__(cls, parameters):
            return cls

    class Protocol(Generic):
        """A base of classes that say what others have to offer."""

        __slots__ = ()

    class Literal:
        """For annotations that are read at run time: there it is typing's."""

        def __class_getitem__(cls, values):
            from typing import Literal

            return Literal[values]

    def TypeVar(name, *constraints, **said):  # noqa: N802  # it stands in for a class
        return name

    def cast(kind, value):
        return value

    def overload(function):
        return function


__all__ = ["Generic", "Literal", "Protocol", "TypeVar", "cast", "overload"]
