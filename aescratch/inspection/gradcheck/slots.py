"""The contents of an object that isn't ours: its attributes, and the entries of its lists and dictionaries, by name.

    objects_in(layer) -> the layer, and the objects in it;   slots_in(layer) -> the places of their contents
    Home: an array, and all slots that hold it, so that it can be replaced in all of them
"""

from __future__ import annotations

import types
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext
from aescratch.foundations.parameters import Parameter, ParameterBuffer
from aescratch.inspection.gradcheck.keeping import LEFT_ALONE

NAMING_THEIR_ENTRIES = ("params", "parameters")  # dictionaries whose keys are the names of parameters
DEEPEST = 4  # nested lists that are searched
BOXES = ("data", "value")  # attributes of an object that is a parameter itself


class Name(str):
    """The name of a parameter in a report; `inspect` accepts it as an argument's, with brackets and dots."""

    def isidentifier(self) -> bool:
        """Whether an argument may have this name."""
        return True


@dataclass(frozen=True)
class Slot:
    """An attribute of an object, or an entry of the lists and dictionaries in it; read anew each time."""

    prefix: str
    holder: Any
    attribute: str
    keys: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """Its name: layers[0].W, or W for the entry of a dictionary params."""
        if not self.keys:
            is_box = self.attribute in BOXES and self.prefix
            return self.prefix.removesuffix(".") if is_box else self.prefix + self.attribute
        if self.attribute in NAMING_THEIR_ENTRIES and all(isinstance(key, str) for key in self.keys):
            return self.prefix + ".".join(self.keys)
        return self.prefix + self.attribute + "".join(f"[{key}]" for key in self.keys)

    @property
    def label(self) -> str:
        """The word that names its content."""
        return self.keys[-1] if self.keys and isinstance(self.keys[-1], str) else self.attribute

    @property
    def identity(self) -> tuple[int, str, tuple[Any, ...]]:
        """Equal for two slots at the same place."""
        return id(self.holder), self.attribute, self.keys

    @property
    def is_of_the_class(self) -> bool:
        """Whether it belongs to the class and not to the object."""
        return self.attribute not in vars(self.holder)

    def read(self) -> Any:
        """Return its content, or None."""
        inherited = getattr(type(self.holder), self.attribute, None)
        value = vars(self.holder).get(self.attribute, inherited)
        for key in self.keys:
            value = _entry(value, key)
        return value

    def write(self, value: Any) -> None:
        """Write a value into it."""
        if not self.keys:
            vars(self.holder)[self.attribute] = value
            return
        outer = replace(self, keys=self.keys[:-1])
        container, key = outer.read(), self.keys[-1]
        if isinstance(container, tuple):
            entries = [value if number == key else entry for number, entry in enumerate(container)]
            outer.write(getattr(type(container), "_make", tuple)(entries))  # _make: of a namedtuple
        elif isinstance(container, (list, dict)):
            container[key] = value


def _entry(container: Any, key: Any) -> Any:
    try:
        return None if container is None else container[key]
    except (KeyError, IndexError, TypeError):
        return None


class Home:
    """An array or a number of a user's layer, and all slots that hold it."""

    slots: list[Slot]

    def __init__(self, slots: Sequence[Slot], taken: Collection[str]) -> None:
        name = slots[0].name
        while name in taken:  # an argument of forward may have this name too
            name = f"self.{name}"
        self.name: Name = Name(name)
        self.slots, value = list(slots), slots[0].read()
        self.is_number: bool = not isinstance(value, np.ndarray)
        is_fine = not self.is_number and value.dtype == np.float64 and not slots[0].is_of_the_class
        self.array: Array = value if is_fine else np.array(value, np.float64)
        self.start: Array = self.array.copy()
        self.put(self.start)

    def get(self) -> Array:
        """Return the content of the first slot."""
        return np.asarray(self.slots[0].read())

    def put(self, value: Array) -> None:
        """Write a value into the array itself, so that every other reference sees it."""
        if not self.is_number and self.array.flags.writeable:
            self.array[...] = value
        for slot in self.slots:
            if self.is_number or slot.read() is not self.array or slot.is_of_the_class:
                slot.write(float(value) if self.is_number else self.array)


def objects_in(holder: Any, prefix: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield an object and those in it at any depth, each once, with the prefix of its attributes' names."""
    if isinstance(holder, (*LEFT_ALONE, types.MethodType)):
        return
    if not isinstance(getattr(holder, "__dict__", None), dict):
        if hasattr(holder, "backward"):
            kind = type(holder).__name__
            message = gettext("expected layers whose attributes can be listed, got {kind}; remove its __slots__")
            raise TypeError(message.format(kind=kind))
        return
    if id(holder) in seen or isinstance(holder, ParameterBuffer):
        return
    seen.add(id(holder))
    yield prefix, holder
    if not isinstance(holder, Parameter):
        for attribute, value in list(vars(holder).items()):
            for keys in list(_paths(value)):
                inner = value
                for key in keys:
                    inner = _entry(inner, key)
                yield from objects_in(inner, f"{prefix}{attribute}{''.join(f'[{key}]' for key in keys)}.", seen)


def slots_in(layer: Any) -> Iterator[Slot]:
    """Yield all slots of the objects that aren't ours."""
    for prefix, holder in objects_in(layer, "", set()):
        if _is_ours(type(holder)):
            continue
        of_the_class = [vars(kind) for kind in reversed(type(holder).__mro__) if not _is_ours(kind)]
        inherited = {name: v for each in of_the_class for name, v in each.items() if isinstance(v, np.ndarray)}
        for attribute, value in {**inherited, **vars(holder)}.items():
            yield from (Slot(prefix, holder, attribute, keys) for keys in _paths(value))


def _paths(value: Any, depth: int = 0) -> Iterator[tuple[Any, ...]]:
    """Yield the keys of the entries in nested lists and dictionaries."""
    if isinstance(value, (list, tuple, dict)) and depth < DEEPEST:
        for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
            yield from ((key, *keys) for keys in _paths(inner, depth + 1))
    else:
        yield ()


def _is_ours(kind: type[Any]) -> bool:
    return kind.__module__.partition(".")[0] in ("aescratch", "numpy")
