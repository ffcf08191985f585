"""Finding the parameters of a layer, and the place where its backward leaves the gradient of each.

    forward     an array that the output depends on, and that forward doesn't write, is a parameter
    backward    arrays that appear or change in it are gradients: each belongs to a parameter by name, then by shape

Our own `Parameter` objects have both. Objects inside the layer, and its lists and dictionaries, are searched too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.parameters import Parameter, ParameterBuffer
from aescratch.foundations.parts import Part
from aescratch.inspection.gradcheck.binding import copy_of, is_float, is_float_array, same
from aescratch.inspection.gradcheck.slots import BOXES, Home, Name, Slot, objects_in, slots_in
from aescratch.layers import Sequential

GRADIENT_NAMES = ("d{}", "grad_{}", "{}_grad", "d_{}")  # names of an array attribute's gradient, which are certain
PARTNERS: dict[str, tuple[str, ...]] = {
    "params": ("grads", "gradients"), "parameters": ("gradients", "grads"), **dict.fromkeys(BOXES, ("grad",)),
}  # fmt: skip
# Other prefixes and suffixes of a parameter's name in that of its gradient.
GRADIENT_WORDS = (
    "gradientsof", "gradientof", "gradients", "gradient", "gradswrt", "gradwrt", "gradof", "grads", "grad", "nabla",
    "deltas", "delta", "derivative", "deriv", "error", "dlossd", "dcostd", "dld", "djd", "ded", "dcd", "dwrt", "d", "g",
)  # fmt: skip
OF_AN_OPTIMISER = ("velocity", "moment", "update", "step", "prev", "last", "old", "cache", "mean", "var")
STATISTICS = ("running_", "moving_")  # prefixes of arrays that forward reads only outside of training


@dataclass
class Place:
    """The place of a parameter and its gradient in a layer."""

    name: str
    get: Callable[[], Array]
    put: Callable[[Array], None]
    gradient: Callable[[], Any]
    clear: Callable[[], None]


def held_parameters(holder: Any) -> Iterator[tuple[str, Parameter]]:
    """Yield our Parameters among an object's attributes, in its lists, and in its parts, each once, by name."""
    found: dict[int, tuple[str, Parameter]] = {}
    for name, parameter in _walk(holder):
        found.setdefault(id(parameter), (name, parameter))
    yield from found.values()


def _walk(holder: Any) -> Iterator[tuple[str, Parameter]]:
    if isinstance(holder, Sequential):
        for place, layer in holder.named(""):
            yield from ((f"{place.strip('.')}_{name}", parameter) for name, parameter in _walk(layer))
        return
    for attribute, value in getattr(holder, "__dict__", {}).items():
        several = isinstance(value, (list, tuple))
        for number, inner in enumerate(value if several else [value], start=1):
            name = f"{attribute}{number}" if several else attribute
            if isinstance(inner, Parameter):
                yield name, inner
            elif isinstance(inner, Part):
                yield from ((f"{name}_{below}", parameter) for below, parameter in _walk(inner))


def own_places(layer: Any) -> Iterator[Place]:
    """Yield the places of our Parameters, also those in an object that isn't ours."""
    found = list(held_parameters(layer)) if isinstance(layer, Part) else []
    seen = {id(parameter) for _, parameter in found}
    for name, value in objects_in(layer, "", set()):
        if isinstance(value, Parameter) and id(value) not in seen:
            found.append((name.removesuffix("."), value))
    for name, parameter in found:
        yield _place_of_parameter(Name(name), parameter)


def _place_of_parameter(name: str, parameter: Parameter) -> Place:
    put = functools.partial(put_alone, parameter)
    return Place(name, lambda: parameter.value, put, lambda: parameter.grad, lambda: parameter.grad.fill(0))


def put_alone(parameter: Parameter, value: Array) -> None:
    """Give a parameter a new buffer with this value, possibly of another shape, and a gradient of 0."""
    parameter.shape, parameter.size = value.shape, int(value.size)
    parameter.bind(ParameterBuffer(value.reshape(-1)), 0)


class Search:
    """The findings of two calls of forward and one of backward about a layer that isn't ours.

    `forward` returns the output for the same inputs; `backward` takes it, and may fail; `put_back` undoes their
    changes, and the caller must call it at the end. Arrays that forward has `made` are not parameters. `places` are the
    parameters whose gradients were found, `unpaired` those without one, `changed` the homes, by id, that backward
    changes, `by_likeness` names of a gradient and a parameter that are only similar, `whole` arrays of whole numbers
    with a gradient.
    """

    places: list[Place]
    by_likeness: list[tuple[str, str]]
    changed: set[int]

    def __init__(
        self, layer: Any, forward: Callable[[], Any], backward: Callable[[Any], Any], put_back: Callable[[], None],
        taken: Collection[str] = (), made: Sequence[Any] = (),
    ) -> None:  # fmt: skip
        self.places, self.by_likeness = [], []
        homes = _homes(layer, taken, set(map(id, made)))
        output = copy_of(forward())
        kept = [home for home in homes if same(home.start, home.get())]
        in_place = {id(home) for home in kept if home.is_number or home.slots[0].read() is home.array}
        kept = [home for home in kept if id(home) in in_place or not _overlaps(home, kept)]  # else a view
        used = {id(home) for home in kept if _matters(home, forward, output, put_back)}
        put_back()
        found = {slot.identity: (slot.read(), copy_of(slot.read())) for slot in slots_in(layer)}
        backward(forward())
        self.changed = changed = {id(home) for home in kept if id(home) in used and not same(home.get(), home.start)}
        self.written: list[Slot] = [slot for slot in slots_in(layer) if _is_new(slot, found)]
        written = {slot.identity for slot in self.written}
        left, paired = list[Home](), list[Home]()
        for home in kept:
            partner = _partner(home.slots, written)
            is_given = partner is not None and partner.identity in written and id(home) in in_place
            if partner is not None and (id(home) in used or is_given) and not _overlaps(home, paired):
                self._pair(home, partner)
                paired.append(home)
            elif id(home) in used:
                left.append(home)
        left = self._by_likeness([home for home in left if not _overlaps(home, paired)], changed)
        self.unpaired: list[Home] = [home for home in left if id(home) in changed or not home.is_number]
        self.whole: list[Slot] = [slot for slot in slots_in(layer) if _is_whole(slot) and _partner([slot], written)]
        put_back()
        for home in kept:
            if id(home) in used:
                home.put(home.start)

    def _pair(self, home: Home, partner: Slot) -> None:
        def gradient() -> Any:
            value = partner.read()
            if home.is_number and is_float(value) and np.size(value) == 1:
                return np.asarray(value, np.float64).reshape(())
            return value

        def clear() -> None:
            value = partner.read()
            if is_float_array(value) and value.flags.writeable:
                value.fill(0)
            elif isinstance(value, float):
                partner.write(0.0)

        self.written = [slot for slot in self.written if slot.identity != partner.identity]
        self.places.append(Place(home.name, home.get, home.put, gradient, clear))

    def _by_likeness(self, homes: Sequence[Home], changed: Collection[int]) -> list[Home]:
        """Pair parameters with arrays that backward has written, by similar names, then by shape; return the others."""
        shapes = {id(home): np.shape(home.start) for home in homes}
        own = {slot.identity for home in homes for slot in home.slots}
        self.written = [s for s in self.written if s.identity not in own and is_float(s.read())]

        def candidates(home: Home) -> list[Slot]:
            holders = {id(slot.holder) for slot in home.slots}
            return [s for s in self.written if id(s.holder) in holders and np.shape(s.read()) == shapes[id(home)]]

        left = []
        for home in homes:
            like = [s for s in candidates(home) if _core(home.slots[0].label) in _stripped(s.label)]
            like = [s for s in like if not (id(home) in changed and "delta" in s.label)]  # then it is the change of W
            like = [s for s in like if s.keys == home.slots[0].keys or (s.keys and isinstance(s.keys[-1], str))]
            if len(like) == 1:
                self.by_likeness.append((like[0].name, home.name))
                self._pair(home, like[0])
            else:
                left.append(home)
        only = [home for home in left if [shapes[id(h)] for h in left].count(shapes[id(home)]) == 1]
        for home in only:
            others = [s for s in candidates(home) if not any(word in s.label.lower() for word in OF_AN_OPTIMISER)]
            if len(others) == 1 and not home.is_number and id(home) not in changed:
                self.by_likeness.append((others[0].name, home.name))
                self._pair(home, others[0])
                left.remove(home)
        return left


def _overlaps(home: Home, others: Sequence[Home]) -> bool:
    """Whether an array shares memory with another one's."""
    return any(home is not other and np.may_share_memory(home.array, other.array) for other in others)


def _homes(layer: Any, taken: Collection[str], made: Collection[int]) -> list[Home]:
    """Return the arrays of floats and the numbers in a layer that could be parameters, each array once."""
    groups: dict[Any, list[Slot]] = {}
    for slot in slots_in(layer):
        value = slot.read()
        if not is_float(value) or slot.label.startswith(STATISTICS) or id(value) in made:
            continue
        if isinstance(value, np.ndarray) and (value.size == 0 or not value.flags.writeable):
            continue
        groups.setdefault(id(value) if isinstance(value, np.ndarray) else slot.identity, []).append(slot)
    homes = list[Home]()
    for slots in groups.values():
        homes.append(Home(slots, [*taken, *(home.name for home in homes)]))
    return homes


def _matters(home: Home, forward: Callable[[], Any], output: Any, put_back: Callable[[], None]) -> bool:
    """Whether the output depends on the value."""
    put_back()
    steps = np.random.default_rng(0).uniform(0.1, 0.3, home.start.shape)
    home.put(home.start + steps * (np.abs(home.start) + 0.5))
    try:
        with np.errstate(all="ignore"):
            return not same(forward(), output)
    except Exception:  # a value that makes forward raise is read by it
        return True
    finally:
        home.put(home.start)


def _is_new(slot: Slot, found: dict[Any, tuple[Any, Any]]) -> bool:
    """Whether a slot holds a different object than before, or the same object with different contents."""
    value, (object_before, contents) = slot.read(), found.get(slot.identity, (None, None))
    if not isinstance(value, np.ndarray) or value is not object_before:
        return value is not object_before
    return not same(value, contents)


def _is_whole(slot: Slot) -> bool:
    value = slot.read()
    return isinstance(value, np.ndarray) and value.dtype.kind in "iu"


def _partner(slots: Sequence[Slot], written: set[Any]) -> Slot | None:
    """Return the slot of a parameter's gradient by its name, preferably one that backward has written."""
    partners = [partner for slot in slots if (partner := _named_partner(slot)) is not None]
    first = partners[0] if partners else None
    return next((partner for partner in partners if partner.identity in written), first)


def _named_partner(slot: Slot) -> Slot | None:
    attributes = vars(slot.holder)
    names = [form.format(slot.attribute) for form in GRADIENT_NAMES] + list(PARTNERS.get(slot.attribute, ()))
    attribute = next((name for name in names if name in attributes), None)
    if attribute is None:
        return None
    partner = Slot(slot.prefix, slot.holder, attribute, slot.keys)
    if slot.keys and isinstance(slot.keys[-1], str):
        inner = Slot(slot.prefix, slot.holder, attribute, slot.keys[:-1]).read()
        forms = [form.format(slot.keys[-1]) for form in ("{}", *GRADIENT_NAMES)]
        key = next((form for form in forms if isinstance(inner, dict) and form in inner), slot.keys[-1])
        partner = Slot(slot.prefix, slot.holder, attribute, (*slot.keys[:-1], key))
    return partner


def _core(label: str) -> str:
    return label.lower().replace("_", "").rstrip("s")


def _stripped(label: str) -> set[str]:
    """Return the names of the parameters whose gradient a name may denote."""
    core = _core(label)
    about = {core.removeprefix(word) for word in GRADIENT_WORDS}
    about |= {core.removesuffix(word.rstrip("s")) for word in GRADIENT_WORDS}
    return {name.rstrip("s") for name in about - {core}}
