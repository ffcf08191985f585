"""Many changed parameters in one pass: only for speed; the results don't depend on it.

    x -> ... -> the layer with the parameter, once per change -> copies, stacked as rows -> later layers, all at once
      -> every term of the objective, once per change -> a loss for each change

Parts with `row_by_row` take several copies of a batch, each with another change, together. The part with the changed
parameter, a term, which sums over rows, and everything else are computed change by change, with one entry changed in
place. Nothing is left out, and no entry is inferred from another.

This is valid for the package's own code. If anything except a backward pass has been subclassed or replaced, there is
no stack, and every change has its own pass. Some losses of every stack are compared with whole passes, too.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aescratch import functions
from aescratch.backend import Array, is_fast
from aescratch.foundations.language import gettext
from aescratch.foundations.parameters import Parameter
from aescratch.inspection.recording import instead
from aescratch.training.contract import backend_of, parts_of

ROWS = 1024  # approximate rows of a stack: enough to make calls cheap, few enough to stay in the cache
SAME = 1e-12  # of a loss: the effect of another order of summation


def stack(model: Any, batch: Sequence[Array], rng: int) -> Stack | None:
    """Return a stack for this model and batch, or None if some code that computes is not known to be the package's.

    There is also none if stacking is switched off, or for a model on a GPU.
    """
    if not (is_fast() and parts_of(model) and backend_of(model) == "numpy"):
        return None
    values = [*vars(model).values(), *parts_of(model).values()]
    computing = [value for value in values if hasattr(value, "forward") and not isinstance(value, type)]
    formulas = all(getattr(functions, name) is own for name, own in functions.AS_WRITTEN.items() if _computes(name))
    return Stack(model, batch, rng) if formulas and all(map(computes_as_ours, [model, *computing])) else None


def computes_as_ours(value: Any) -> bool:
    """Whether an object's class is the package's, or a subclass of it that changes only backward."""
    for cls in type(value).__mro__[:-1]:
        own = {name: thing for name, thing in vars(cls).items() if _computes(name)}
        if (own and not _is_of_the_package(cls)) or not all(map(_is_of_the_package, own.values())):
            return False
    return not any(_computes(name) and callable(getattr(type(value), name, None)) for name in vars(value))


def _is_of_the_package(thing: Any) -> bool:
    """Whether a class, or an attribute of one, was written in the package and not replaced; data don't matter."""
    function = getattr(thing, "fget", None) or getattr(thing, "__func__", thing)
    if getattr(function, "__globals__", None) is vars(contextlib):  # for a context manager, the function it was made of
        function = function.__wrapped__
    if not callable(function) and not hasattr(type(function), "__get__"):
        return True
    # The origin of a function: functools.wraps changes its module, but not its globals.
    home = getattr(function, "__globals__", {}).get("__name__") or getattr(function, "__module__", "")
    return str(home).partition(".")[0] == "aescratch"


def _computes(name: str) -> bool:
    """Whether an attribute of this name could be part of a forward pass."""
    return "backward" not in name and not name.startswith("__")


class Stack:
    """A model's loss for many changes of single entries of a parameter."""

    model: Any
    loss: Callable[..., Any]
    kinks: dict[str, Any | None]

    def __init__(self, model: Any, batch: Sequence[Array], rng: int) -> None:
        self.model, self.loss = model, functools.partial(model.loss, *batch, rng=rng)
        self.loss()
        self.kinks = {name: getattr(part, "kinks", None) for name, part in parts_of(model).items()}
        self.n_rows: int = len(batch[0])
        self.taken: set[Any] = {self.n_rows, *(parameter.shape[0] for parameter in model.parameters)}

    def losses(self, parameter: Parameter, entries: Array, offsets: Array) -> tuple[Array, Array]:
        """Return the loss with each entry alone moved by its offset, and whether that crosses no kink.

        If the stack isn't valid, every entry counts as crossing a kink, so that each is evaluated in its own passes.
        """
        at_once = max(1, ROWS // self.n_rows)
        passes = [slice(start, start + at_once) for start in range(0, len(entries), at_once)]
        try:
            found = [self._pass(parameter, entries[here], offsets[here]) for here in passes]
            losses, smooth = (np.concatenate(each) for each in zip(*found, strict=True))
            in_order = np.argsort(losses)
            holds = all(
                self._holds(parameter, int(entries[i]), float(offsets[i]), float(losses[i]))
                for i in in_order[[0, len(in_order) // 2, -1]]
            )
        except Exception:  # for example if a setting fits only this number of rows
            holds = False
        return (losses, smooth) if holds else (np.zeros(len(entries)), np.zeros(len(entries), bool))

    def _holds(self, parameter: Parameter, entry: int, offset: float, loss: float) -> bool:
        """Whether whole passes give the same losses."""
        flat = parameter.value.reshape(-1)
        start = float(flat[entry])
        try:
            flat[entry] = start + offset
            return abs(float(self.loss()) - loss) <= SAME * abs(loss)
        finally:
            flat[entry] = start

    def _pass(self, parameter: Parameter, entries: Array, offsets: Array) -> tuple[Array, Array]:
        """Return the result of `losses` from one pass with a copy of the batch for each change."""
        n_wanted = len(entries)
        while len(entries) * self.n_rows in self.taken:  # a stack is known by its number of rows
            entries, offsets = np.append(entries, entries[-1]), np.append(offsets, offsets[-1])
        copies = Copies(parameter, entries, offsets, self.n_rows)
        parts = parts_of(self.model)
        with contextlib.ExitStack() as undo:
            self._compute_one_by_one(undo, copies, parameter)
            losses = np.asarray(self.loss())
        for name, part in parts.items():
            if part.row_by_row:
                copies.compare(getattr(part, "kinks", None), self.kinks[name])
        if losses.shape != (len(entries),):
            raise ValueError(gettext("the objective isn't a sum of separate terms"))
        return losses[:n_wanted], copies.smooth[:n_wanted]

    def _compute_one_by_one(self, undo: contextlib.ExitStack, copies: Copies, parameter: Parameter) -> None:
        """Let parts that can't take copies together, or hold the parameter, compute them singly, until undo is left."""
        for name, part in parts_of(self.model).items():
            holds = any(value is parameter for value in vars(part).values())
            if holds or not part.row_by_row:
                undo.enter_context(copies.one_by_one(part, self.kinks[name], always=holds or part.is_term))


class Copies:
    """Copies of a batch, stacked as rows, each with another change."""

    flat: Array
    entries: Any
    n_copies: int
    n_rows: int
    smooth: Array

    def __init__(self, parameter: Parameter, entries: Array, offsets: Array, n_rows: int) -> None:
        self.flat, self.entries = parameter.value.reshape(-1), entries.tolist()
        self.before: Any = self.flat[entries].tolist()
        self.after: Any = (self.flat[entries] + offsets).tolist()
        self.n_copies, self.n_rows = len(entries), n_rows
        self.smooth = np.ones(self.n_copies, bool)

    def one_by_one(self, part: Any, kinks: Array | None, *, always: bool) -> contextlib.AbstractContextManager[None]:
        """Within the block, compute the part's forward for one copy after the other, each with its change.

        Unless `always`, only stacked arguments need this.
        """
        forward = part.forward

        def call(*arguments: Any) -> Any:
            if not (always or any(self.are_stacked(argument) for argument in arguments)):
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

        return instead(part, forward=call)

    def are_stacked(self, value: Any) -> bool:
        """Whether an argument holds the rows of all copies."""
        return isinstance(value, np.ndarray) and value.shape[:1] == (self.n_copies * self.n_rows,)

    def split(self, value: Any) -> Sequence[Any]:
        """Return each copy's share of an argument: its rows, or the whole argument if that isn't stacked."""
        if self.are_stacked(value):
            return list(value.reshape(self.n_copies, self.n_rows, *value.shape[1:]))
        return [value] * self.n_copies

    def compare(self, pattern: Array | None, kinks: Array | None) -> None:
        """Record which copies crossed a kink, by the pattern of a part that computed all at once."""
        if pattern is not None and kinks is not None and self.are_stacked(pattern):
            self.smooth &= (pattern.reshape(self.n_copies, -1) == kinks.reshape(1, -1)).all(axis=1)
