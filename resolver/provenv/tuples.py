"""`NamedTuple` as typing has it, without its price: nothing is compiled before several values were made.

typing's checks every annotation and compiles a function for each class, which for the two dozen of a lock is
a twentieth of it. To a type checker this is typing's own.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from provenv.values import UNCOMPILED

    try:
        from _collections import _tuplegetter as _getter  # the standard library's own, written in C
    except ImportError:

        def _getter(index, doc):
            from operator import itemgetter

            return property(itemgetter(index), doc=doc)

    class _Maker(type):
        """Makes a tuple of a class that derives from `NamedTuple`."""

        def __new__(cls, name, bases, namespace):
            fields = tuple(namespace.get("__annotations__", ()))
            defaults = {field: namespace[field] for field in fields if field in namespace}
            namespace.update({field: _getter(n, f"Field {n}") for n, field in enumerate(fields)})

            first = iter(range(UNCOMPILED))

            def __new__(cls, *args, **kwargs):  # noqa: N807  # a class gets it
                values = _bound(made, args, kwargs) if next(first, None) is not None else None
                if values is not None:
                    return tuple.__new__(cls, values)
                made.__new__ = staticmethod(_compiled_new(made))
                return made.__new__(cls, *args, **kwargs)

            own = {
                "__slots__": (),
                "__match_args__": fields,
                "_fields": fields,
                "_field_defaults": defaults,
                "__new__": __new__,
                "__getnewargs__": _plain,
                "_make": classmethod(_make),
                "_replace": _replace,
                "_asdict": _asdict,
            }
            made = type(name, (tuple,), {"__repr__": _repr, **namespace, **own})
            return made

    def _bound(made, args, kwargs):
        """The values of all fields; None where the arguments don't fit: the compiled function tells."""
        fields, names = made._fields, made._fields[: len(args)]
        given = {**made._field_defaults, **dict(zip(names, args, strict=False)), **kwargs}
        if len(args) > len(fields) or given.keys() != set(fields) or kwargs.keys() & set(names):
            return None
        return [given[field] for field in fields]

    def _compiled_new(made):
        names = {f"default_{field}": value for field, value in made._field_defaults.items()}
        head = [f"{f}=default_{f}" if f in made._field_defaults else f for f in made._fields]
        text = f"lambda cls, {', '.join(head)}: new(cls, ({''.join(f'{field}, ' for field in made._fields)}))"
        new = eval(text, {**names, "new": tuple.__new__})
        new.__name__, new.__qualname__ = "__new__", f"{made.__qualname__}.__new__"
        return new

    def _plain(self):
        return tuple(self)

    def _make(cls, values):
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
        return made

    def _replace(self, /, **changes):
        made = self._make(map(changes.pop, self._fields, self))
        if changes:
            raise TypeError(f"Got unexpected field names: {list(changes)!r}")
        return made

    def _asdict(self):
        return dict(zip(self._fields, self, strict=True))

    def _repr(self):
        shown = [f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True)]
        return f"{type(self).__name__}({', '.join(shown)})"

    NamedTuple = type.__new__(_Maker, "NamedTuple", (), {})

__all__ = ["NamedTuple"]
