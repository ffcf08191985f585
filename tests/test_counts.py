"""Counts that determine the speed of a training step on the CPU, and don't depend on the machine's load.

A watched array records every operation of NumPy's on it: which, on how many numbers, of which type, and whether the
result went into an array that was there or into a new one. tracemalloc says how much memory is held at most.
"""

import collections
import tracemalloc
from typing import NamedTuple

import numpy as np
import pytest

import aescratch as ae
from aescratch.backend import BLOCK
from aescratch.foundations.parameters import ParameterBuffer
from aescratch.training.checkpoints import TrainingState

pytestmark = pytest.mark.usefixtures("numpy_alone")
WIDTHS, BATCH = [784, 1000, 500, 250, 30], 256
N_LAYERS, N_UNITS = 8, 2 * (1000 + 500 + 250) + 30  # with an activation
ACTIVATIONS = [ae.ReLU, ae.GELU]
both_activations = pytest.mark.parametrize("activation", ACTIVATIONS)


class Call(NamedTuple):
    """One operation: its name, the size and type of its result, and whether that is a new array."""

    name: str
    size: int
    dtype: str
    new: bool


class Watched(np.ndarray):
    """A NumPy array that records the operations on it, and whose results do so too."""

    __module__ = "numpy"  # for array_module
    calls: list[Call] = []  # noqa: RUF012

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        plain = [np.asarray(x) if isinstance(x, Watched) else x for x in inputs]
        if out is not None:
            options["out"] = tuple(map(np.asarray, out))
        result = getattr(ufunc, method)(*plain, **options)
        self.calls.append(Call(ufunc.__name__, result.size, result.dtype.name, out is None))
        if out is not None:
            return out[0]
        return result.view(Watched) if isinstance(result, np.ndarray) else result


def prepare(activation, n_examples=BATCH, **settings):
    """A model of the deep network, its optimiser's state, and a batch."""
    model = ae.Autoencoder(WIDTHS, activation=activation, rng=0, **settings)
    state = ae.Adam().start(model.parameters)
    return model, state, np.random.default_rng(0).random((n_examples, WIDTHS[0]), np.float32)


def step(model, state, x):
    with model.trusting_batches():
        model.loss(x)
        model.backward()
        state.step(1e-3)


def watched_step(model, x):
    """The operations of one training step, after a first one."""
    buffer = ParameterBuffer(model.parameters[0].buffer.values.view(Watched))
    for parameter in model.parameters:
        parameter.bind(buffer, parameter.start)
    state = ae.Adam().start(model.parameters)
    step(model, state, x.view(Watched))
    Watched.calls.clear()
    step(model, state, x.view(Watched))
    return list(Watched.calls)


@both_activations
def test_no_float64_in_a_float32_step(activation):
    calls = watched_step(*prepare(activation)[::2])
    assert {call.dtype for call in calls} <= {"float32", "bool"}
    assert "float64" in {call.dtype for call in watched_step(*prepare(activation, dtype="float64")[::2])}


@both_activations
def test_the_matrix_products_of_a_step(activation):
    """Two or three a layer; those for the weights' gradients write where the gradients lie."""
    products = [call for call in watched_step(*prepare(activation)[::2]) if call.name == "matmul"]
    assert len(products) == 3 * N_LAYERS - 1
    sizes = [n_in * n_out for n_in, n_out in zip(WIDTHS[:-1], WIDTHS[1:], strict=True)]  # of encoder and decoder alike
    assert sorted(call.size for call in products if not call.new) == sorted(2 * sizes)


def test_the_operations_of_a_step_with_relu():
    """Each is a pass over its array: the bias, the activation, and in backward the mask and its product."""
    model, _, x = prepare(ae.ReLU)
    calls = watched_step(model, x)[: -adams_operations(model)]
    assert collections.Counter(call.name for call in calls) == {
        "matmul": 3 * N_LAYERS - 1,
        "add": N_LAYERS + N_LAYERS + 2,  # biases; their gradients, as sums; the loss over a row, and over the batch
        "maximum": 7, "greater": 7,
        "multiply": 7 + 2,  # the mask; the square, and its half
        "subtract": 2, "divide": 1,  # the error, in the loss and in its gradient, where 1/N is
    }  # fmt: skip


def adams_operations(model):
    """Ten for each block of the values."""
    return 10 * -(-model.n_parameters // BLOCK)


@both_activations
def test_adam_walks_each_block_ten_times_with_one_temporary(activation):
    model, _, x = prepare(activation)
    calls = watched_step(model, x)[-adams_operations(model) :]
    assert sum(call.size for call in calls) == 10 * model.n_parameters
    assert sum(call.size for call in calls if call.new) == model.n_parameters
    assert max(call.size for call in calls) == BLOCK


def peak_of(function, *arguments):
    """By how many bytes memory rises inside a call, at most."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        function(*arguments)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def test_adam_holds_one_block_beside_its_moments():
    model, state, x = prepare(ae.ReLU)
    step(model, state, x)
    assert peak_of(state.step, 1e-3) < 4 * BLOCK * 1.05


@pytest.mark.parametrize(("activation", "kept"), [(ae.ReLU, 2), (ae.GELU, 3)])
def test_a_pass_holds_what_backward_needs_and_little_else(activation, kept):
    """a, y and GELU's slope of every unit, the output, its error; for a while three adjoints, of the widest."""
    model, _, x = prepare(activation)

    def both_passes():
        with model.trusting_batches():
            model.loss(x)
            model.backward()

    both_passes()
    for part in model.parts.values():
        part.forget()
    remembered = 4 * BATCH * (kept * N_UNITS + 784)
    for_a_while = 4 * BATCH * 3 * 1000 + 100_000  # under Python 3.10 and NumPy 2.0; elsewhere one is a mask only
    assert remembered < peak_of(both_passes) < remembered + for_a_while


def test_a_snapshot_takes_the_place_of_the_one_before():
    model, state, x = prepare(ae.ReLU)
    training = TrainingState(model, state, np.random.default_rng(0))
    step(model, state, x)
    assert peak_of(training.keep) < 100_000


@both_activations
def test_fit_holds_the_moments_one_snapshot_and_a_pass(activation):
    model, _, x = prepare(activation, n_examples=2 * BATCH)
    numbers = model.n_parameters * (2 + 3) + BATCH * (3 * N_UNITS + 784 + 3 * 1000 + 784)
    assert peak_of(lambda: model.fit(x, epochs=2, batch_size=BATCH, rng=0, progress=False)) < 4 * numbers * 1.05


def test_the_thirtieth_step_leaves_no_more_than_the_third():
    model, state, x = prepare(ae.GELU, n_examples=16)
    held = []
    tracemalloc.start()
    try:
        for _ in range(30):
            step(model, state, x)
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert held[29] < held[2] + 10_000
