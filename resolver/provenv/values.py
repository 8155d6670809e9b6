"""`dataclass`, `field` and `replace` as in the standard library, at a fraction of the cost of an import.

The standard decorator compiles half a dozen functions for every class (about a millisecond), and its import
draws in inspect, ast and tokenize: half of what a short command cost. Here a class gets slots and shared
methods at once, its `__init__` is compiled when several values were made, and `__dataclass_fields__` is there
for whoever asks (`dataclasses.fields`, `is_dataclass`, `asdict`, a standard dataclass that derives from it).
To a type checker they are the standard library's own.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    from operator import attrgetter

    _ABSENT = object()
    _FIELDS = "__value_fields__"

    UNCOMPILED = 24
    """The first values of a class: to compile a function takes as long as to do without for some dozens, and
    of most classes a command makes a few."""

    class field:  # noqa: N801  # it stands in for a function of that name
        """One field's default and what it takes part in."""

        __slots__ = ("compare", "default", "default_factory", "repr")

        def __init__(self, *, default=_ABSENT, default_factory=_ABSENT, compare=True, repr=True):  # noqa: A002  # the names are dataclasses'
            self.default, self.default_factory = default, default_factory
            self.compare, self.repr = compare, repr

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True):
        """As `dataclasses.dataclass`, with the arguments that are used here."""
        if cls is None:
            return lambda cls: _process(cls, frozen, slots, eq)
        return _process(cls, frozen, slots, eq)

    def replace(value, /, **changes):
        """A copy with some fields changed."""
        for name in getattr(type(value), _FIELDS, None) or _foreign(value):
            if name not in changes:
                changes[name] = getattr(value, name)
        return type(value)(**changes)

    def _foreign(value):
        from dataclasses import fields

        return [one.name for one in fields(value) if one.init]

    def _process(cls, frozen, slots, eq):
        own = {name: cls.__dict__.get(name, _ABSENT) for name in cls.__annotations__}
        fields = {}
        for base in reversed(cls.__mro__[1:]):
            fields.update(base.__dict__.get(_FIELDS, ()))
        inherited = set(fields)
        fields.update({n: d if isinstance(d, field) else field(default=d) for n, d in own.items()})
        namespace = dict(cls.__dict__)
        for name in own:
            default = fields[name].default
            if slots or default is _ABSENT:
                namespace.pop(name, None)
            else:
                namespace[name] = default
        namespace[_FIELDS] = fields
        namespace["__match_args__"] = tuple(fields)
        namespace["__dataclass_fields__"] = _Lazily("__dataclass_fields__", frozen, eq)
        namespace["__dataclass_params__"] = _Lazily("__dataclass_params__", frozen, eq)
        namespace.setdefault("__repr__", _repr)
        namespace["__replace__"] = replace
        if eq:
            _add_comparison(namespace, [name for name, one in fields.items() if one.compare], frozen)
        if frozen:
            namespace["__setattr__"], namespace["__delattr__"] = _refuse_setting, _refuse_deleting
        if slots:
            namespace["__slots__"] = tuple(name for name in own if name not in inherited)
            namespace["__getstate__"], namespace["__setstate__"] = _state, _set_state
        for name in ("__dict__", "__weakref__"):  # of the class that is replaced
            namespace.pop(name, None)
        made = None

        put, first = object.__setattr__ if frozen else setattr, iter(range(UNCOMPILED))

        def __init__(self, *args, **kwargs):  # noqa: N807  # a class gets it
            values = bound(fields, args, kwargs) if next(first, None) is not None else None
            if values is None:
                made.__init__ = _compiled_init(made, fields, frozen, slots)
                made.__init__(self, *args, **kwargs)
                return
            for name, value in zip(fields, values, strict=True):
                put(self, name, value)

        namespace["__init__"] = __init__
        made = type(cls)(cls.__name__, cls.__bases__, namespace)
        made.__qualname__ = cls.__qualname__
        return made

    def bound(fields, args, kwargs):
        """The values of all fields; None where the arguments don't fit: the compiled function tells."""
        if len(args) > len(fields):
            return None
        given = dict(zip(fields, args, strict=False))
        if given.keys() & kwargs.keys() or kwargs.keys() - fields.keys():
            return None
        given.update(kwargs)
        for name, one in fields.items():
            if name in given:
                continue
            if one.default is _ABSENT and one.default_factory is _ABSENT:
                return None
            given[name] = one.default_factory() if one.default is _ABSENT else one.default
        return [given[name] for name in fields]

    def _compiled_init(cls, fields, frozen, slots):
        """The `__init__` of a class, which also the standard library compiles from its text."""
        names = {"absent": _ABSENT, "put": object.__setattr__}
        head, body = ["self"], []
        for name, one in fields.items():
            value = name
            if one.default_factory is not _ABSENT:
                names[f"make_{name}"] = one.default_factory
                head.append(f"{name}=absent")
                value = f"make_{name}() if {name} is absent else {name}"
            elif one.default is not _ABSENT:
                names[f"default_{name}"] = one.default
                head.append(f"{name}=default_{name}")
            else:
                head.append(name)
            if frozen and slots:
                # what a slot itself does, without the look-up by name
                names[f"put_{name}"] = getattr(cls, name).__set__
                body.append(f"    put_{name}(self, {value})")
            else:
                body.append(f"    put(self, {name!r}, {value})" if frozen else f"    self.{name} = {value}")
        exec("\n".join([f"def __init__({', '.join(head)}):", *(body or ["    pass"])]), names)
        init = names["__init__"]
        init.__qualname__ = f"{cls.__qualname__}.__init__"
        return init

    def _add_comparison(namespace, compared, frozen):
        key = _key_of(compared)

        def __eq__(self, other):  # noqa: N807  # a class gets it
            if self is other:
                return True
            return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

        def __hash__(self):  # noqa: N807  # a class gets it
            return hash(key(self))

        namespace.setdefault("__eq__", __eq__)
        if namespace.get("__hash__") is None:  # a class with an __eq__ of its own has a __hash__ of None
            namespace["__hash__"] = __hash__ if frozen else None

    def _key_of(names):
        if len(names) > 1:
            return attrgetter(*names)
        if names:
            only = attrgetter(names[0])
            return lambda value: (only(value),)
        return lambda value: ()

    def _repr(self):
        shown = [f"{n}={getattr(self, n)!r}" for n, one in getattr(self, _FIELDS).items() if one.repr]
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _refuse_setting(self, name, value):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_deleting(self, name):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _state(self):
        return [getattr(self, name) for name in getattr(self, _FIELDS)]

    def _set_state(self, state):
        for name, value in zip(getattr(self, _FIELDS), state, strict=True):
            object.__setattr__(self, name, value)

    class _Lazily:
        """An attribute of the standard library's dataclasses, made when somebody asks for it."""

        __slots__ = ("_eq", "_frozen", "_name")

        def __init__(self, name, frozen, eq):
            self._name, self._frozen, self._eq = name, frozen, eq

        def __get__(self, value, cls):
            import dataclasses

            annotations = {}
            for base in reversed(cls.__mro__):
                if _FIELDS in base.__dict__:
                    annotations.update(base.__annotations__)
            namespace = {"__annotations__": annotations, "__module__": cls.__module__}
            for name, one in getattr(cls, _FIELDS).items():
                known = {"compare": one.compare, "repr": one.repr}
                for key in ("default", "default_factory"):
                    if getattr(one, key) is not _ABSENT:
                        known[key] = getattr(one, key)
                namespace[name] = dataclasses.field(**known)
            twin = type(cls.__name__, (), namespace)
            made = dataclasses.dataclass(frozen=self._frozen, eq=self._eq)(twin)
            for name in ("__dataclass_fields__", "__dataclass_params__"):
                setattr(cls, name, getattr(made, name))
            return getattr(made, self._name)


__all__ = ["dataclass", "field", "replace"]
