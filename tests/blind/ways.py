"""How a module of the blind collection is checked, and what its gradients are, for each style it may be written in.

    Pair(forward, backward, inputs)     two functions, as ae.check_function takes them
    Cached(forward, backward, inputs)   (y, cache) = forward(...), gradients = backward(dy, cache)
    Closure(forward, inputs)            (y, back) = forward(...), gradients = back(dy)
    LossOf(function, inputs)            (loss, gradients) = function(...)
    LayerOf(make)                       an object with forward and backward; make(module, rng, sizes) -> object, x
    ModelOf(make)                       one with loss, backward, parameters; make -> object, x, or object, x, labels
    LossAndGradients, ArrayFunctions, SeveralOutputs    functions given to the check as they are

`check(module)` asks the checker. `gradients(module, seed, sizes)` asks the module alone, at inputs drawn anew, so that
two modules can be compared without the checker's help.
"""

import inspect
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import aescratch as ae
from aescratch.inspection.gradcheck.report import Report


class Sizes(NamedTuple):
    """Distinct primes: examples, features, hidden units, code units, classes."""

    N: int
    D: int
    H: int
    K: int
    C: int


SIZES = (Sizes(7, 5, 3, 2, 11), Sizes(13, 7, 5, 3, 2), Sizes(5, 11, 2, 7, 3))
OF_GRADIENT = re.compile(r"grad|(^|\.)[dg][A-Za-z_]*\d*(\.\d+)*$")


def shape_of(letters, sizes):
    return tuple(getattr(sizes, letter) for letter in letters)


def draw(**what):
    """Return a maker of inputs: letters such as "ND" draw normals of that shape, functions draw themselves."""

    def inputs(rng, sizes):
        drawn = {}
        for name, value in what.items():
            if isinstance(value, str):
                shape = shape_of(value, sizes)
                drawn[name] = rng.normal(0, 0.6 if name[0] in "WVU" else 1.0, size=shape)
            else:
                drawn[name] = value(rng, sizes) if callable(value) else value
        return drawn

    return inputs


def labels(n="N", classes="C"):
    return lambda rng, sizes: rng.integers(getattr(sizes, classes), size=getattr(sizes, n))


def one_hot(n="N", classes="C"):
    return lambda rng, sizes: np.eye(getattr(sizes, classes))[labels(n, classes)(rng, sizes)]


def uniform(letters, low=0.1, high=0.9):
    return lambda rng, sizes: rng.uniform(low, high, size=shape_of(letters, sizes))


def keep(letters, share=0.6):
    """A mask of booleans."""
    return lambda rng, sizes: rng.random(size=shape_of(letters, sizes)) < share


def flat(*blocks):
    """A vector of the sizes of all blocks together."""
    return lambda rng, sizes: rng.normal(
        0, 0.6, size=sum(int(np.prod(shape_of(block, sizes))) for block in blocks)
    )


def one(attribute):
    return lambda rng, sizes: getattr(sizes, attribute)


def number(low, high):
    """A setting, such as a rate or a temperature."""
    return lambda rng, sizes: float(rng.uniform(low, high))


def normal(*letters, scale=0.6):
    """Return a maker of normals whose shape is given by letters, numbers, or products such as "3K"."""

    def draws(rng, sizes):
        shape = [
            size if isinstance(size, int) else int(size[:-1] or 1) * getattr(sizes, size[-1])
            for size in letters
        ]  # fmt: skip
        return rng.normal(0, scale, size=shape)

    return draws


def bits(letters):
    """Return a maker of zeros and ones, as floats: a mask that a program takes as an array."""
    return lambda rng, sizes: keep(letters)(rng, sizes).astype(float)


def integers(letters, below):
    """Return a maker of integers below a number or a size."""

    def draws(rng, sizes):
        return rng.integers(below if isinstance(below, int) else getattr(sizes, below), size=shape_of(letters, sizes))

    return draws


def as_tuple(returned):
    if isinstance(returned, dict):
        return tuple(value for _, value in sorted(returned.items()))
    return tuple(returned) if isinstance(returned, (tuple, list)) else (returned,)


def plain(values):
    """Return arrays of floats of what a module returned, in its order."""
    flattened = []
    for value in values:
        if isinstance(value, (list, tuple, dict)):
            flattened += plain(as_tuple(value))
        elif value is not None:
            flattened.append(np.array(value, dtype=np.float64))
    return flattened


class Pair(NamedTuple):
    forward: str
    backward: str
    inputs: Callable[..., dict]
    wrt: list[str] | None = None

    def check(self, module: Any, sizes: Sizes = SIZES[0], **options: Any) -> Report:
        forward, backward = getattr(module, self.forward), getattr(module, self.backward)
        return ae.check_function(forward, backward, self.inputs(np.random.default_rng(0), sizes), wrt=self.wrt, **options)

    def gradients(self, module, seed, sizes):
        rng = np.random.default_rng(seed)
        inputs = self.inputs(rng, sizes)
        forward, backward = getattr(module, self.forward), getattr(module, self.backward)
        y = forward(**inputs)
        upstream = rng.normal(size=np.shape(y))
        arguments = []
        for name in inspect.signature(backward).parameters:
            if name in inputs:
                arguments.append(inputs[name])
            elif name in ("dout", "dy", "grad", "upstream", "g", "delta") or name.startswith("grad_"):
                arguments.append(upstream if np.ndim(y) else float(upstream))
            else:
                arguments.append(y)
        return plain([y, *as_tuple(backward(*arguments))])


class Cached(NamedTuple):
    forward: str
    backward: str
    inputs: Callable[..., dict]
    wrt: list[str] | None = None

    def check(self, module: Any, sizes: Sizes = SIZES[0], **options: Any) -> Report:
        pair = ae.cached_pair(getattr(module, self.forward), getattr(module, self.backward))
        return ae.check_function(*pair, self.inputs(np.random.default_rng(0), sizes), wrt=self.wrt, **options)

    def gradients(self, module, seed, sizes):
        rng = np.random.default_rng(seed)
        y, cache = getattr(module, self.forward)(**self.inputs(rng, sizes))
        upstream = rng.normal(size=np.shape(y))
        return plain([y, *as_tuple(getattr(module, self.backward)(upstream, cache))])


class Closure(NamedTuple):
    forward: str
    inputs: Callable[..., dict]
    wrt: list[str] | None = None

    def check(self, module: Any, sizes: Sizes = SIZES[0], **options: Any) -> Report:
        function = getattr(module, self.forward)
        pair = ae.cached_pair(function, lambda dy, back: back(dy))
        return ae.check_function(*pair, self.inputs(np.random.default_rng(0), sizes), wrt=self.wrt, **options)

    def gradients(self, module, seed, sizes):
        rng = np.random.default_rng(seed)
        y, back = getattr(module, self.forward)(**self.inputs(rng, sizes))
        return plain([y, *as_tuple(back(rng.normal(size=np.shape(y))))])


class LossOf(NamedTuple):
    function: str
    inputs: Callable[..., dict]
    wrt: list[str] | None = None

    def check(self, module: Any, sizes: Sizes = SIZES[0], **options: Any) -> Report:
        pair = ae.loss_pair(getattr(module, self.function))
        return ae.check_function(*pair, self.inputs(np.random.default_rng(0), sizes), wrt=self.wrt, **options)

    def gradients(self, module, seed, sizes):
        inputs = self.inputs(np.random.default_rng(seed), sizes)
        return plain(getattr(module, self.function)(**inputs))


def state_of(thing, path="", seen=()):
    """Yield (path, array) for every array of floats that an object holds, in lists, dictionaries and objects inside."""
    if isinstance(thing, np.ndarray):
        if thing.dtype.kind == "f":
            yield path, thing
    elif isinstance(thing, dict):
        for key, value in thing.items():
            yield from state_of(value, f"{path}.{key}", seen)
    elif isinstance(thing, (list, tuple)):
        for i, value in enumerate(thing):
            yield from state_of(value, f"{path}.{i}", seen)
    elif hasattr(thing, "__dict__") and not isinstance(thing, type) and id(thing) not in seen:
        yield from state_of(vars(thing), path, (*seen, id(thing)))


class LayerOf(NamedTuple):
    make: Callable[..., tuple]

    def made(self, module, seed, sizes):
        np.random.seed(seed)  # noqa: NPY002, which is how many of them draw their weights
        return self.make(module, np.random.default_rng(seed), sizes)

    def check(self, module: Any, sizes: Sizes = SIZES[0], **options: Any) -> Report:
        return ae.check_layer(*self.made(module, 0, sizes), **options)

    def gradients(self, module, seed, sizes):
        layer, x = self.made(module, seed, sizes)
        y = layer.forward(**x) if isinstance(x, dict) else layer.forward(x)
        upstream = np.random.default_rng(seed + 1).normal(size=np.shape(y))
        takes = inspect.signature(layer.backward).parameters
        returned = layer.backward(upstream) if takes else layer.backward()
        held = {path: array for path, array in state_of(layer) if OF_GRADIENT.search(path.lstrip("."))}
        return plain([y, *as_tuple(returned), *(held[path] for path in sorted(held))])


class ModelOf(NamedTuple):
    make: Callable[..., tuple]

    def check(self, module: Any, sizes: Sizes = SIZES[0], **options: Any) -> Report:
        return ae.check_gradients(*self.make(module, np.random.default_rng(0), sizes), **options)

    def gradients(self, module, seed, sizes):
        model, *data = self.make(module, np.random.default_rng(seed), sizes)
        for parameter in model.parameters:
            parameter.grad[...] = np.nan
        loss = model.loss(*data, rng=seed)
        model.backward()
        return plain([loss, *(parameter.grad for parameter in model.parameters)])


class LossAndGradients(NamedTuple):
    """One function that returns both, given to the check as the guide says: with nothing around it."""

    function: str
    inputs: Callable[..., dict]
    wrt: list[str] | None = None

    def check(self, module: Any, sizes: Sizes = SIZES[0], **options: Any) -> Report:
        inputs = self.inputs(np.random.default_rng(0), sizes)
        return ae.check_function(getattr(module, self.function), inputs=inputs, wrt=self.wrt, **options)

    gradients = LossOf.gradients


class ArrayFunctions(NamedTuple):
    """Two functions whose output is an array, given with nothing around them: those of a cache, or of a closure."""

    forward: str
    backward: str | None
    inputs: Callable[..., dict]

    def check(self, module: Any, sizes: Sizes = SIZES[0], **options: Any) -> Report:
        functions = [getattr(module, name) for name in (self.forward, self.backward) if name]
        return ae.check_function(*functions, inputs=self.inputs(np.random.default_rng(0), sizes), **options)

    def gradients(self, module, seed, sizes):
        way = Cached if self.backward else Closure
        names = [name for name in (self.forward, self.backward) if name]
        return way(*names, self.inputs).gradients(module, seed, sizes)


class SeveralOutputs(NamedTuple):
    """Two functions: forward returns its outputs and a cache, backward takes an upstream gradient for each output."""

    forward: str
    backward: str
    inputs: Callable[..., dict]

    def check(self, module: Any, sizes: Sizes = SIZES[0], **options: Any) -> Report:
        functions = getattr(module, self.forward), getattr(module, self.backward)
        return ae.check_function(*functions, inputs=self.inputs(np.random.default_rng(0), sizes), **options)

    def gradients(self, module, seed, sizes):
        rng = np.random.default_rng(seed)
        *outputs, cache = getattr(module, self.forward)(**self.inputs(rng, sizes))
        upstream = [rng.normal(size=np.shape(y)) for y in outputs]
        return plain([*outputs, *as_tuple(getattr(module, self.backward)(*upstream, cache))])
