"""Many changed parameters in one pass, for models whose every part is our own.

    x -> ... -> the layer with the parameter, once per change -> copies, stacked as rows -> later layers, all at once
      -> every term of the objective, once per change -> a loss for each change

A layer treats its rows one by one, so copies of a batch, each behind another change, go through the later ones
together. What sums over rows, a term, and what holds the changed parameter is computed change by change, with that one
entry changed in place. Nothing is left out, and no entry is inferred from another.

It holds as long as everything that computes is known to do so: where anything has been replaced or built on, except
for backward passes, there is no stack, and every change takes a pass of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aescratch import activations, corruptions, layers, losses, penalties
from aescratch import functions as sheet
from aescratch.backend import Array
from aescratch.foundations.parameters import Parameter
from aescratch.foundations.parts import Part
from aescratch.layers import Sampling
from aescratch.models import MODELS
from aescratch.training.contract import backend_of, parts_of

ROWS = 1024  # in a stack, about: enough to make calls cheap, few enough to stay in the cache
SAME = 1e-12  # of a loss: what another order of summing may change

PARTS = tuple(
    value
    for module in (layers, activations, losses, penalties, corruptions)
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, Part)
)
# As they are when this is imported, before an exercise replaces anything.
CLASSES = {cls: dict(vars(cls)) for own in (*MODELS, *PARTS) for cls in own.__mro__ if cls is not object}


def stack(model: Any, batch: Sequence[Array], rng: int) -> Stack | None:
    """Return a stack for this model and batch, or None where something that computes isn't known to be our own."""
    values = [*vars(model).values(), *parts_of(model).values()]
    computing = [value for value in values if hasattr(value, "forward") and not isinstance(value, type)]
    as_ours = all(_computes_as_ours(value) for value in [model, *computing])
    formulas = all(getattr(sheet, name) is own for name, own in sheet.AS_WRITTEN.items() if _computes(name))
    return Stack(model, batch, rng) if as_ours and formulas and backend_of(model) == "numpy" else None


def _computes_as_ours(value: Any) -> bool:
    """Whether an object is of a class of ours as it was, or of one that is built on it and changes only backward."""
    for cls in type(value).__mro__[:-1]:
        now, before = vars(cls), CLASSES.get(cls, {})
        if any(now.get(name) is not before.get(name) for name in {*now, *before} if _computes(name)):
            return False
    hidden = [name for name in vars(value) if callable(getattr(type(value), name, None))]
    return type(value).__mro__[-2] in CLASSES and not any(_computes(name) for name in hidden)


def _computes(name: str) -> bool:
    """Whether what has this name could be part of a forward pass."""
    return "backward" not in name and not name.startswith("__")


class Stack:
    """A model's loss for many changes of single entries of a parameter."""

    def __init__(self, model: Any, batch: Sequence[Array], rng: int) -> None:
        loss: Callable[..., Any] = model.loss
        self.model, self.loss = model, functools.partial(loss, *batch, rng=rng)
        self.loss()
        self.kinks = {name: getattr(part, "kinks", None) for name, part in parts_of(model).items()}
        self.n_rows = len(batch[0])
        self.taken = {self.n_rows, *(parameter.shape[0] for parameter in model.parameters)}

    def losses(self, parameter: Parameter, entries: Array, offsets: Array) -> tuple[Array, Array]:
        """Return the loss with each entry, alone, moved by its offset, and whether that crosses no kink."""
        at_once = max(1, ROWS // self.n_rows)
        passes = [slice(start, start + at_once) for start in range(0, len(entries), at_once)]
        try:
            found = [self._pass(parameter, entries[here], offsets[here]) for here in passes]
        except Exception:  # of a setting that fits this number of rows alone, say
            return np.zeros(len(entries)), np.zeros(len(entries), bool)
        losses, smooth = (np.concatenate(each) for each in zip(*found, strict=True))
        if not self._holds(parameter, int(entries[0]), float(offsets[0]), float(losses[0])):
            smooth[:] = False  # so that every entry is looked at again, in passes of its own
        return losses, smooth

    def _holds(self, parameter: Parameter, entry: int, offset: float, loss: float) -> bool:
        """Whether a whole pass gives the same, which it does; better seen than taken for granted."""
        flat = parameter.value.reshape(-1)
        start = float(flat[entry])
        try:
            flat[entry] = start + offset
            return abs(float(self.loss()) - loss) <= SAME * abs(loss)
        finally:
            flat[entry] = start

    def _pass(self, parameter: Parameter, entries: Array, offsets: Array) -> tuple[Array, Array]:
        """Return what `losses` does, from one pass with a copy of the batch for each change."""
        n_wanted = len(entries)
        while len(entries) * self.n_rows in self.taken:  # a stack is known by its number of rows
            entries, offsets = np.append(entries, entries[-1]), np.append(offsets, offsets[-1])
        copies = Copies(parameter, entries, offsets, self.n_rows)
        parts = parts_of(self.model)
        try:
            for name, part in parts.items():
                holds = any(value is parameter for value in vars(part).values())
                if holds or part.is_term or isinstance(part, Sampling):
                    part.__dict__["forward"] = copies.one_by_one(part, self.kinks[name], holds)
            losses = np.asarray(self.loss())
            for name, part in parts.items():
                if not part.is_term:
                    copies.compare(getattr(part, "kinks", None), self.kinks[name])
        finally:
            for part in parts.values():
                part.__dict__.pop("forward", None)
        return losses[:n_wanted], copies.smooth[:n_wanted]


class Copies:
    """Copies of a batch, stacked as rows, each of which is to see another change."""

    def __init__(self, parameter: Parameter, entries: Array, offsets: Array, n_rows: int) -> None:
        self.flat, self.entries = parameter.value.reshape(-1), entries.tolist()
        self.before = self.flat[entries].tolist()
        self.after = (self.flat[entries] + offsets).tolist()
        self.n_copies, self.n_rows = len(entries), n_rows
        self.smooth = np.ones(self.n_copies, bool)

    def one_by_one(self, part: Any, kinks: Array | None, always: bool) -> Callable[..., Any]:
        """Return the part's forward as computed for one copy after the other, each with its change.

        Unless it always is, or is a term, that is needed only for what comes stacked.
        """
        forward = part.forward

        def call(*arguments: Any) -> Any:
            if not (always or part.is_term or any(self.are_stacked(argument) for argument in arguments)):
                return forward(*arguments)
            generators = [(a, a.bit_generator.state) for a in arguments if isinstance(a, np.random.Generator)]
            split = [self.split(argument) for argument in arguments]
            results = []
            for copy, (entry, before, after) in enumerate(zip(self.entries, self.before, self.after, strict=True)):
                for generator, state in generators:
                    generator.bit_generator.state = state  # every copy draws the same noise
                self.flat[entry] = after
                try:
                    results.append(forward(*[rows[copy] for rows in split]))
                finally:
                    self.flat[entry] = before
                if kinks is not None:
                    self.smooth[copy] &= np.array_equal(part.kinks, kinks)
            return np.array(results) if part.is_term else np.concatenate(results)

        return call

    def are_stacked(self, value: Any) -> bool:
        """Whether an argument holds the rows of all copies."""
        return isinstance(value, np.ndarray) and value.shape[:1] == (self.n_copies * self.n_rows,)

    def split(self, value: Any) -> Sequence[Any]:
        """Return what each copy is given of an argument: its rows, or the whole of what isn't stacked."""
        if self.are_stacked(value):
            return list(value.reshape(self.n_copies, self.n_rows, *value.shape[1:]))
        return [value] * self.n_copies

    def compare(self, pattern: Array | None, kinks: Array | None) -> None:
        """Note which copies crossed a kink, by the pattern of a part that treated them all at once."""
        if pattern is not None and kinks is not None and self.are_stacked(pattern):
            self.smooth &= (pattern.reshape(self.n_copies, -1) == kinks.reshape(1, -1)).all(axis=1)
