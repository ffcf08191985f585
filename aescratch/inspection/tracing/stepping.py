"""Taking the recorded step: a copy of the model in float64, its loss, its backward pass, the update."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np

from aescratch.foundations.buffers import move_buffers
from aescratch.foundations.declared import declaration_of
from aescratch.foundations.language import gettext
from aescratch.foundations.parameters import pack
from aescratch.foundations.validation import Data, require_count
from aescratch.inspection.tracing.arrays import Quantity
from aescratch.inspection.tracing.naming import Names, name_backward, name_forward, name_parameters
from aescratch.inspection.tracing.recorder import Recorder
from aescratch.inspection.tracing.replay import Replay
from aescratch.inspection.tracing.taken import Taken
from aescratch.inspection.tracing.trace import Trace
from aescratch.inspection.tracing.updating import update
from aescratch.optimizers import Adam, Optimizer
from aescratch.training import contract


def trace(
    model: contract.Trainable, x: Data, labels: Data | None = None, *, optimizer: Optimizer | None = None,
    rng: int = 0,
) -> Trace:  # fmt: skip
    """Record one whole training step of a model: loss, backward, and the optimiser's update.

    A copy takes the step, in float64 and in training mode; the model itself is not changed.

    Parameters
    ----------
    model : object
        Ours, or your own with ``loss``, ``backward`` and ``parameters``, as for `fit`.
    x : (N, D) array of floats
        A batch; a few rows of a small model can be read number by number.
    labels : (N,) array of integers, optional
        For a classifier.
    optimizer : Optimizer, optional
        By default `Adam()`, as in `fit`. The training begins with this step.
    rng : int
        The seed of the model's noise.

    Returns
    -------
    Trace
        Print it, index it, draw it, or write it as a page.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid; the message says what was expected.

    Examples
    --------
    >>> import aescratch as ae
    >>> model = ae.Autoencoder([4, 2], rng=0)
    >>> step = trace(model, np.ones((1, 4)), optimizer=ae.SGD(0.1))
    >>> step["a1"].formula
    'a1[n,j] = Σ_i x[n,i]·W1[i,j] + b1[j]'
    >>> [operation.name for operation in step.find("grad_W")]
    ['grad_W2', 'grad_W1']
    """
    require_count("rng", rng, least=0)
    optimizer = Adam() if optimizer is None else optimizer
    contract.require_model(model, "ae.Autoencoder([4, 2])")
    if not isinstance(optimizer, Optimizer):
        sentence = gettext("expected an optimizer that takes one step per batch, such as ae.SGD(0.1), got {got!r}")
        raise TypeError(sentence.format(got=optimizer))
    copied = contract.moved(copy.deepcopy(model), "numpy")
    if hasattr(copied, "dtype"):
        copied.dtype = "float64"
    pack(copied.parameters, "float64")
    for part in contract.parts_of(copied).values():
        part.in_training = True
    buffers = contract.buffers_of(copied).values()
    move_buffers(buffers, "numpy", "float64")
    for buffer in buffers:
        buffer.frozen = True  # difference quotients compute the loss many times from the same state
    data = contract.as_data(copied, x, labels)
    batch = [np.array(a, np.float64 if a.dtype.kind == "f" else a.dtype) for a in data]
    replay = Replay(copied, batch, rng)
    recorder = Recorder(copied)
    with recorder.watching():
        loss, given = replay.run(recorder)
        _require_traced(copied, loss)
        recorder.which = "backward"
        copied.backward()
    parameters = dict(zip(map(id, copied.parameters), given[len(batch) :], strict=True))
    replay.loss = float(loss)
    replay.places = {id(quantity): place for place, quantity in enumerate(recorder.computed)}
    replay.parameters = {id(parameters[id(p)]): p for p in copied.parameters}
    _mark_by_rule(copied, recorder.quantities)
    names = Names()
    quantities = _named(recorder, copied, parameters, loss, names)
    values = copied.parameters[0].buffer.values
    before = values.copy()
    updates = list(update(recorder, optimizer, copied.parameters, parameters))
    values[:] = before  # the state from which the difference quotients start
    for quantity in recorder.given:  # the rule's settings
        taken = quantity.wish in names.taken
        names.take(quantity, f"{quantity.wish}_{type(optimizer).__name__}" if taken else quantity.wish)
    step = Taken(type(model).__name__, len(batch[0]), _chosen(optimizer), rng)
    return Trace(step, recorder.given, [*quantities, *updates], replay)


def _mark_by_rule(model: Any, quantities: list[Quantity]) -> None:
    """Mark the inputs of a part whose backward is declared not to be a derivative, and the quantities behind them."""
    declared = {name for name, part in contract.parts_of(model).items() if declaration_of(part.backward) is not None}
    for quantity in reversed([quantity for quantity in quantities if quantity.kind == "forward"]):
        for source in quantity.inputs if quantity.part in declared or quantity.by_rule else []:
            source.by_rule = True


def _require_traced(model: Any, loss: Any) -> None:
    """Raise if the loss isn't a recorded quantity, for example after float()."""
    if getattr(contract.as_number(model, loss), "quantity", None) is None:
        sentence = gettext(
            "expected {model}.loss to return the number that NumPy computed, got {kind}, whose origin is lost; leave "
            "out float(...), and compute with the arrays that loss gets"
        )
        raise TypeError(sentence.format(model=type(model).__name__, kind=type(loss).__name__))


def _chosen(optimizer: Optimizer) -> str:
    """Return an optimiser's name, its rate, and its other settings that differ from the default."""
    chosen = {"rate": optimizer.learning_rate}
    for name, parameter in inspect.signature(type(optimizer)).parameters.items():
        value = getattr(optimizer, name, parameter.default)
        if name != "learning_rate" and value != parameter.default:
            chosen[name] = value
    return f"{type(optimizer).__name__} ({', '.join(f'{name} {value!r}' for name, value in chosen.items())})"


def _named(
    recorder: Recorder, model: Any, parameters: dict[int, Quantity], loss: Any, names: Names
) -> list[Quantity]:
    """Name the quantities, and return those that lead to the loss or to a parameter's gradient, in order."""
    for quantity in recorder.given:
        if quantity.kind == "input":
            names.take(quantity, quantity.wish)
    name_parameters(contract.parts_of(model), parameters, names)
    outputs = []
    for (_, function), calls in recorder.calls.items():
        for wish in ("x_hat", "logits") if function.endswith(("error", "entropy")) else ():
            if wish in calls[-1]:
                calls[-1][wish][0].wish = wish
                outputs.append(calls[-1][wish][0])
    forward = [quantity for quantity in recorder.quantities if quantity.kind == "forward"]
    name_forward(forward, contract.parts_of(model), recorder.results, loss.quantity, outputs, names)
    backward = _used([q for q in recorder.quantities if q.kind == "backward"])
    for quantity in recorder.given:
        names.take(quantity, quantity.wish)
    name_backward(backward, names)
    return [*forward, *backward]


def _used(backward: list[Quantity]) -> list[Quantity]:
    """Leave out unused quantities: the gradient of the input, and those that lead only there."""
    while True:
        used = {id(source) for quantity in backward for source in quantity.inputs}
        kept = [q for q in backward if id(q) in used or (q.target is not None and q.target.kind == "parameter")]
        if len(kept) == len(backward):
            return kept
        backward = kept
