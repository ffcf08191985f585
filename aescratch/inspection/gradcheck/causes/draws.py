"""Further looks: new upstream gradients, generic inputs, new inputs of the same kind, and other sizes.

At zeros and ones, at a constant, at tiny numbers or where a sigmoid is flat, many formulas coincide. So a claim must
hold at generic inputs too: normal numbers, or other numbers of usual size where forward or backward fails at those.

Which axes share a length is found by trying: an axis is made longer alone, then together with others, until forward
runs and backward's gradients still have their inputs' shapes: where parameters are cut out of one array, forward also
runs at lengths that don't belong together. So N and H are told apart even where both are 7, as long as forward takes
other sizes at all.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext, joined
from aescratch.inspection.gradcheck.binding import Pair, draw_upstream, is_float_array, signature_of
from aescratch.inspection.gradcheck.causes.looks import Look, Unusable, is_scalar

LETTERS = ("N", "D", "H", "K", "M", "P", "Q")
GROWTH = (1, 3)  # by how much a dimension is lengthened; one look for each
MOST_MEMBERS = 7  # axes of one length that are tried in every combination
SMALL_SIZES = (11, 7, 5, 3, 13)
SCALAR_CHANGES = (0.9, 0.8)
USUAL_SPREAD = (0.05, 20.0)
MOST_TRIED = 200  # ways to draw generic inputs
TRIED = 5  # draws of a longer dimension: in one a mask may hide what was added
FEW_VALUES = 3  # distinct values: too few to distinguish formulas
SMALL_SPREAD = 1e-2  # of the size of the values
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


class Dimension(NamedTuple):
    """A length that axes of several inputs share."""

    letter: str  # N for the rows, then D, H, ...
    size: int  # in the inputs as they are given
    axes: tuple[tuple[str, int], ...]  # inputs and their axes
    free: bool  # whether forward runs with another length
    dimensions: int = 2  # how many axes the first input with it has
    step: int = 1  # by which it can grow

    @property
    def where(self) -> str:
        """In words: what the dimension counts in the first input that has it."""
        name, axis = self.axes[0]
        if self.dimensions > 2:
            return gettext("the length of axis {axis} of {name}").format(axis=axis, name=name)
        if self.dimensions == 1:
            return gettext("the number of entries of {name}").format(name=name)
        of_matrix = gettext("the number of columns of {name}") if axis else gettext("the number of rows of {name}")
        return of_matrix.format(name=name)

    @property
    def shown(self) -> str:
        """How the dimension is written: N if it certainly counts the examples, else words, as its letter is unknown."""
        surely = self.letter == "N" and self.dimensions == 2 and all(axis == 0 for _, axis in self.axes)
        if surely and self.axes[0][0][:1] not in "wW":
            return self.letter
        return joined("", ["(", self.where, f", {self.size})"])


def dimensions_of(pair: Pair, names: Sequence[str] = ()) -> list[Dimension]:
    """Return the lengths that can be varied separately, that of the rows first; the names are the gradients' inputs.

    A length that can't grow by 1 may be one of groups: then it is doubled.
    """
    arrays = {name: value for name, value in pair.inputs.items() if isinstance(value, np.ndarray)}
    length = {(name, axis): n for name, value in arrays.items() for axis, n in enumerate(value.shape) if n > 1}
    rows = next((place for place in length if arrays[place[0]].ndim > 1 and place[1] == 0), None)
    places = sorted(length, key=lambda place: place != rows)
    found: list[Dimension] = []
    rng = np.random.default_rng(0)
    shaped = _shaped(pair, names)
    while places and len(found) < len(LETTERS):
        first, size = places[0], length[places[0]]
        alike = [place for place in places[1:] if length[place] == size]
        counts = range(len(alike) + 1 if len(alike) < MOST_MEMBERS else 0)
        tried = [(first, *others) for count in counts for others in itertools.combinations(alike, count)]
        grown = ((axes, step) for step in (1, size) for axes in tried)
        longer = ((*way, pair.at(redraw(pair.inputs, dict.fromkeys(way[0], size + way[1]), rng))) for way in grown)
        running = ((axes, step) for axes, step, there in longer if _runs(there) and shaped <= _shaped(there, names))
        axes, step = next(running, ((first, *alike), 0))
        found.append(Dimension(LETTERS[len(found)], size, axes, step > 0, arrays[first[0]].ndim, step))
        places = [place for place in places if place not in axes]
    return found


def _runs(pair: Pair) -> bool:
    try:
        return bool(np.isfinite(np.asarray(pair.output(), dtype=np.float64)).all())
    except Exception:
        return False


def _shaped(pair: Pair, names: Sequence[str]) -> set[str]:
    """Return the inputs whose gradients have their shape."""
    with contextlib.suppress(Exception):
        output = pair.output()
        gradients = pair.gradients(draw_upstream(np.shape(output), 0), output)
        return {n for n, g in zip(names, gradients, strict=False) if np.shape(g) == np.shape(pair.inputs[n])}
    return set()


def redraw(
    inputs: Mapping[str, Any], lengths: Mapping[tuple[str, int], int], rng: np.random.Generator,
    draws: Mapping[str, Draw] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return new inputs, with other lengths of some axes: drawn by these functions, or else of the same kind."""
    drawn = dict(inputs)
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            shape = tuple(lengths.get((name, axis), length) for axis, length in enumerate(value.shape))
            draw = (draws or {}).get(name)
            drawn[name] = _like(value, shape, rng) if draw is None else draw(rng, shape)
    return drawn


def _like(array: Array, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return random numbers that look like the array's: its structure, classes, interval, sign, or mean and spread."""
    structured = structure_of(array)
    if structured is not None:
        return structured(rng, shape)
    distinct = np.unique(array)
    if array.dtype.kind != "f" or (1 < distinct.size <= max(2, array.size // 3)):
        return rng.choice(distinct, shape)
    low, high = float(distinct[0]), float(distinct[-1])
    if low == high:
        return rng.normal(low, abs(low) / 4 or 0.5, shape)
    if low >= 0 or high <= 0:
        return rng.uniform(low, high, shape)
    return rng.normal(float(array.mean()), float(array.std()), shape)


def structure_of(array: Array) -> Draw | None:
    """Return how others of an array's structure are drawn: one-hot rows or columns, probabilities, a mask; or None.

    An input without a gradient may be invalid without its structure: a loss's target, the mask of a batch.
    """
    if array.size < 2 or array.min() < 0:
        return None
    distinct = np.unique(array)
    is_mask = distinct.size == 2 and distinct[0] == 0
    for axis in (-1, 0) if array.ndim > 1 else (-1,):
        if array.shape[axis] > 1 and np.allclose(array.sum(axis=axis), 1.0, rtol=0, atol=1e-9):
            if is_mask and distinct[1] == 1:
                return functools.partial(_one_hot, axis=axis, dtype=array.dtype)
            if array.dtype.kind == "f" and distinct.size > 1:
                return functools.partial(_probabilities, axis=axis)
    return (lambda rng, shape: rng.choice(distinct, shape)) if is_mask else None


def _one_hot(rng: np.random.Generator, shape: tuple[int, ...], axis: int, dtype: Any) -> Array:
    return (rng.random(shape).argsort(axis=axis) == 0).astype(dtype)


def _probabilities(rng: np.random.Generator, shape: tuple[int, ...], axis: int) -> Array:
    weights = np.exp(rng.normal(size=shape))
    return np.asarray(weights / weights.sum(axis=axis, keepdims=True))


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.normal(size=shape)


def _others(array: Array) -> list[Draw]:
    """Yield other generic arrays, for a forward that takes no normal numbers: with the interval or sign of this one."""
    low, high = float(array.min()), float(array.max())
    found: list[Draw] = []
    if low >= 0 and high <= 1:
        found.append(lambda rng, shape: rng.uniform(0.1, 0.9, shape))
    if low >= 0 or high <= 0:
        found.append(lambda rng, shape: (1.0 if low >= 0 else -1.0) * np.exp(rng.normal(0.0, 0.6, shape)))
    if -1 <= low < 0 < high <= 1:
        found.append(lambda rng, shape: rng.uniform(-0.9, 0.9, shape))
    return found


def float_arrays(inputs: Mapping[str, Any]) -> dict[str, Array]:
    """Return the inputs that are arrays of floats and not empty, by name."""
    return {name: value for name, value in inputs.items() if is_float_array(value) and value.size}


def is_generic(array: Array) -> bool:
    """Whether an array's numbers are of both signs, of a usual size, and nearly all different."""
    distinct = np.unique(array)
    spread = float(array.std())
    if array.size <= FEW_VALUES:
        return distinct.size == array.size and bool((array != np.round(array)).all())
    mixed = bool(distinct[0] < 0 < distinct[-1] and (array != np.round(array)).all())
    return mixed and distinct.size > 0.9 * array.size and USUAL_SPREAD[0] < spread < USUAL_SPREAD[1]


def are_generic(inputs: Mapping[str, Any]) -> bool:
    """Whether all inputs that are arrays of floats are generic."""
    return all(is_generic(array) for array in float_arrays(inputs).values())


def is_degenerate(inputs: Mapping[str, Any]) -> bool:
    """Whether every input has only a few values or no spread, so that a number fitted to them says nothing."""
    arrays = float_arrays(inputs).values()
    return all(np.unique(v).size <= FEW_VALUES or np.ptp(v) < SMALL_SPREAD * np.abs(v).max() for v in arrays)


@dataclass
class Looks:
    """The looks at a pair: at the given inputs, at generic ones, at others of these sizes, and at other sizes.

    The gradients of `names` are known at each but those that are only `drawn`. `draws` are the ways in which generic
    inputs are drawn.
    """

    given: Look
    dimensions: Sequence[Dimension]
    seed: int
    names: Sequence[str]
    generic: Look | None = None
    draws: Mapping[str, Draw] = field(default_factory=dict)

    @classmethod
    def at(cls, pair: Pair, names: Sequence[str], dimensions: Sequence[Dimension], seed: int) -> Looks:
        """Return the looks at a pair; no more than that at the given inputs is taken yet."""
        sizes: dict[str, float] = {dimension.letter: dimension.size for dimension in dimensions}
        sizes |= {name: value for name, value in pair.inputs.items() if is_scalar(value)}
        given = Look(pair, names, pair.inputs, np.random.default_rng([seed, 0]), sizes)
        return cls(given, dimensions, seed, names)

    @property
    def base(self) -> Look:
        """The look that leads: at the given inputs, or at generic ones unless those are."""
        return self.given if self.generic is None or are_generic(self.given.inputs) else self.generic

    @functools.cached_property
    def alike(self) -> list[Look]:
        """Further looks at the same sizes: another upstream gradient, generic inputs, others of the same kind."""
        given, rng = self.given, np.random.default_rng([self.seed, 1])
        found = [] if self.base is given else [given]
        if given.upstream.ndim:
            found += self._take(given.inputs, rng)
        found += self._take(redraw(given.inputs, {}, rng, self.draws), rng)
        others = self._take(redraw(given.inputs, {}, rng), rng)
        if not others:
            jittered = {k: v * rng.uniform(0.95, 1.05, v.shape) for k, v in float_arrays(given.inputs).items()}
            others = self._take({**given.inputs, **jittered}, rng)
        return found + others

    @functools.cached_property
    def sized(self) -> list[Look]:
        """Looks that differ from the given one in one dimension, or in one number among the inputs."""
        given, rng, found = self.given, np.random.default_rng([self.seed, 2]), list[Look]()
        for dimension in self.dimensions:
            for growth in GROWTH if dimension.free else ():
                size = dimension.size + growth * dimension.step
                inputs = redraw(given.inputs, dict.fromkeys(dimension.axes, size), rng, self.draws)
                found += self._take(inputs, rng, {dimension.letter: size})
        taken = signature_of(given.pair.backward, "backward").parameters
        for name, value in given.inputs.items():
            for change in SCALAR_CHANGES if is_scalar(value) and name in taken else ():  # else backward can't know it
                inputs = {**redraw(given.inputs, {}, rng, self.draws), name: value * change}
                found += self._take(inputs, rng, {name: value * change})
        return found

    def drawn(self, base: Look, draws: Mapping[str, Draw]) -> Iterator[Look]:
        """Yield looks of the base's kind: two of its sizes, and one for each dimension, which is longer there."""
        rng, takes = np.random.default_rng([self.seed, 3]), takes_a_number(base)
        lengths: list[dict[tuple[str, int], int]] = [{}, {}]
        lengths += [dict.fromkeys(each.axes, each.size + each.step) for each in self.dimensions if each.free]
        for changed in lengths:
            for _ in range(TRIED):
                with contextlib.suppress(Unusable):
                    upstream = np.asarray(rng.uniform(1.5, 2.5)) if takes else rng
                    look = Look(base.pair, base.names, redraw(base.inputs, changed, rng, draws), upstream, {})
                    if all(_reaches(look, name, axis) for name, axis in changed if is_float_array(look.inputs[name])):
                        yield look
                        break

    def find_generic(self) -> None:
        """Look for generic inputs that forward and backward take.

        Normal numbers for all inputs come first. Then as many inputs as necessary keep the interval or the sign of the
        given ones. An input without a gradient keeps its structure.
        """
        arrays = float_arrays(self.given.inputs)
        others = {name: found for name, value in arrays.items() if (found := _others(value))}
        tried = (
            {**dict.fromkeys(arrays, _normal), **dict(zip(chosen, changes, strict=True))}
            for count in range(len(others) + 1) for chosen in itertools.combinations(others, count)
            for changes in itertools.product(*(others[name] for name in chosen))
        )  # fmt: skip
        kept = {n: draw for n, value in arrays.items() if n not in self.names and (draw := structure_of(value))}
        for draws in itertools.islice(({**draws, **kept} for draws in tried), MOST_TRIED):
            rng = np.random.default_rng([self.seed, 3])
            for look in self._take(redraw(self.given.inputs, {}, rng, draws), rng):
                self.generic, self.draws = look, draws
                return

    def _take(
        self, inputs: Mapping[str, Any], rng: np.random.Generator, sizes: Mapping[str, float] | None = None
    ) -> list[Look]:
        """Return the look at these inputs, or nothing where a gradient can't be computed."""
        try:
            look = Look(self.given.pair, self.given.names, inputs, rng, {**self.given.sizes, **(sizes or {})})
            _ = look.returned, [look.truth(name) for name in self.names]
        except Unusable:
            return []
        return [look]


def takes_a_number(look: Look) -> bool:
    """Whether backward multiplies by the upstream gradient of an output that is a number, which is usually 1."""
    if look.output.ndim or not look.pair.upstream_names:
        return False
    twice = look.altered({}, np.asarray(2.0)).returned
    return any(np.allclose(twice[name], 2 * found) for name, found in look.returned.items() if found.any())


def _reaches(look: Look, name: str, axis: int) -> bool:
    """Whether the entries that were added at the end of an axis of an input reach the output at all."""
    moved = look.inputs[name].copy()
    np.moveaxis(moved, axis, 0)[-1] *= 1.5
    return not np.array_equal(look.altered({name: moved}, look.upstream).output, look.output)


def shrunk(
    pair: Pair, dimensions: Sequence[Dimension], is_too_much: Callable[[Pair], bool]
) -> tuple[Pair, list[Dimension]]:
    """Return the pair at small inputs of the same kind; raise Unusable if forward doesn't run on any.

    Large dimensions become small. While that is still too much, the largest shrinks to two thirds of its length.
    """
    kept = {dimension.size for dimension in dimensions}
    free_sizes = iter([size for size in SMALL_SIZES if size not in kept])
    smaller = [
        each._replace(size=next(free_sizes, 4)) if each.step == 1 and each.size > SMALL_SIZES[0] else each
        for each in dimensions
    ]
    while True:
        lengths = {place: dimension.size for dimension in smaller for place in dimension.axes}
        small = pair.at(redraw(pair.inputs, lengths, np.random.default_rng(0)))
        if not _runs(small):
            raise Unusable
        if not is_too_much(small):
            return small, smaller
        largest = max((each for each in smaller if each.step == 1), key=lambda each: each.size, default=None)
        others = {each.size for each in smaller}
        size = next((n for n in range(2 * largest.size // 3, 1, -1) if n not in others), 0) if largest else 0
        if not size:
            raise Unusable
        smaller = [each._replace(size=size) if each is largest else each for each in smaller]
