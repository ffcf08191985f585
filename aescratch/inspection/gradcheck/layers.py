"""Checking a layer: the gradients of its input and of every parameter that it holds.

    layer --> forward(x, W, b), backward(grad_y, x, W, b) -> grad_x, grad_W, grad_b --> check_function

The layer is one of ours, or any object with `forward(x)` and `backward(grad)`, whose parameters have to be found.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import numpy as np

from aescratch.backend import array_module
from aescratch.foundations.buffers import frozen
from aescratch.foundations.language import gettext
from aescratch.foundations.parts import Part, in_mode
from aescratch.foundations.validation import require_number
from aescratch.inspection.gradcheck.checking import Options
from aescratch.inspection.gradcheck.functions import check_pair
from aescratch.inspection.gradcheck.held import Held
from aescratch.inspection.gradcheck.keeping import kept
from aescratch.inspection.gradcheck.laws import NEVER_WRITTEN
from aescratch.inspection.gradcheck.parameters import held_parameters
from aescratch.inspection.gradcheck.report import FAIL, Report
from aescratch.inspection.gradcheck.styles import methods_of
from aescratch.inspection.gradcheck.surroundings import kept_random_state, quiet
from aescratch.models.base import Model


def check_layer(
    layer: Any, x: Any, *, rng: int = 0, tolerance: float = 1e-6, mode: str = "exhaustive",
    time_limit: float | None = 60.0, explain: bool = True, training: bool = False, learning_rate: float | None = None,
) -> Report:  # fmt: skip
    """Check the gradients of a layer's input and of every parameter.

    Parameters are our `Parameter` objects. In a layer that isn't ours, they are the arrays of floats that the output
    depends on: attributes, entries of lists and dictionaries, and those of objects inside the layer, such as
    ``layers[0].W``. Arrays that forward itself writes, read-only arrays and running statistics such as
    ``running_mean`` are not parameters. The gradient of ``W`` is in ``dW``, ``grad_W``, ``W_grad`` or ``d_W``, that of
    ``params[0]`` in ``grads[0]``. Otherwise it is the array that backward writes or returns under a similar name, such
    as ``gradient_w``, or the only array of its shape. If backward updates a parameter itself, the gradient is read from
    the change: (before − after) divided by the learning rate. A parameter whose gradient isn't found, or is 0 on both
    sides, makes the verdict inconclusive. A backward that `surrogate_gradient` declares is compared with its rule.

    Random draws are the same in every call, and state that the layer keeps between calls is restored before each call.
    The methods may also be called ``forward_pass``, ``fprop`` or ``__call__``, and ``backward_pass``, ``bprop`` or
    ``backprop``. Each of several outputs has its own upstream gradient.

    Parameters
    ----------
    layer : object
        One of our layers, losses or penalties, or any object with ``forward(x)`` and ``backward(grad)``. The check
        leaves it exactly as it was.
    x : array of floats, or dict
        A small batch, or forward's arguments by name if it takes several. An argument named rng may be omitted.
        Whole numbers that are labels or indices stay whole.
    rng : int
        The seed of the upstream gradient, and of the layer's noise.
    tolerance : float
        The relative difference that is allowed, in addition to the numeric estimate's own error.
    mode, time_limit, explain
        As in `check_function`.
    training : bool
        Whether to check a layer of ours in training mode, with its buffers fixed, instead of use mode.
    learning_rate : float, optional
        The learning rate of a backward that updates the parameters. By default it is 1 if backward takes it as an
        argument, else an attribute of the layer or of an object in it.

    Returns
    -------
    Report
        Print it; `.verdict` is pass, fail or inconclusive.

    Raises
    ------
    TypeError, ValueError
        If the arguments are invalid; mistakes of the layer's backward are findings instead.

    Examples
    --------
    >>> import aescratch as ae
    >>> x = np.random.default_rng(0).normal(size=(7, 5))
    >>> check_layer(ae.Dense(5, 3, rng=0), x).verdict
    'pass'
    >>> [tensor.name for tensor in check_layer(ae.Dense(5, 3, rng=0), x).tensors]
    ['grad_x', 'grad_W', 'grad_b']
    """
    options = Options(rng, tolerance, time_limit, explain)
    _require_layer(layer)
    if learning_rate is not None:
        require_number("learning_rate", learning_rate, above=0)
    in_its_mode = in_mode([layer], training=training) if isinstance(layer, Part) else contextlib.nullcontext()
    held_still = frozen(getattr(layer, "buffers", ()) if training else ())
    with kept(layer), kept_random_state(), in_its_mode, held_still, quiet():
        held = Held(layer, x, rng, time_limit, learning_rate)
        if not held.names:
            message = gettext("expected a layer with a gradient to check, got {layer!r}, which has no gradient")
            raise TypeError(message.format(layer=layer))
        findings = held.laws()
        values_change = any(finding.code == "changed-parameter" for finding in findings)
        if values_change:  # then backward uses other values than forward, and the arrays show no cause
            options = replace(options, explain=False)
        title = gettext("{layer}, {shape} in").format(layer=_shown(layer), shape=held.shape)
        parameters = [place.name for place in held.places]
        report = check_pair(title, held.pair, held.names, options, mode, parameters)
        early = list(held.of_new_values([t.name for t in report.tensors if t.verdict == FAIL], tolerance))
    told = {tensor.name for tensor in report.tensors} if values_change else {finding.tensor for finding in early}
    less = ("not-linear", "described")  # says less than that
    report.findings = [each for each in report.findings if each.code not in less or each.tensor not in told] + early
    right = {tensor.name for tensor in report.tensors if tensor.verdict != FAIL}  # 0, as if never written
    findings = [each for each in findings if each.code != NEVER_WRITTEN or f"grad_{each.tensor}" not in right]
    never = [f"grad_{each.tensor}" for each in findings if each.code == NEVER_WRITTEN]
    report.findings = [each for each in report.findings if each.tensor not in never]  # which states the same
    report.findings[:0] = findings if report.tensors or never else []
    return report


def _require_layer(layer: Any) -> None:
    if isinstance(layer, Model):
        message = gettext("expected a layer, got the model {kind}; use ae.check_gradients(model, x)")
        raise TypeError(message.format(kind=type(layer).__name__))
    methods = zip(("forward", "backward"), methods_of(layer), strict=True)
    missing = [name for name, method in methods if method is None]
    if missing or isinstance(layer, type):
        what, lacks = type(layer).__name__, ""
        if isinstance(layer, type):
            what = gettext("the class {name}; pass an instance").format(name=layer.__name__)
        if missing:
            lacks = gettext(", which has no {missing}").format(missing=gettext(" and no ").join(missing))
        message = gettext("expected an object with forward(x) and backward(grad), got {what}{lacks}")
        raise TypeError(message.format(what=what, lacks=lacks))
    if any(array_module(parameter.value) is not np for _, parameter in held_parameters(layer)):
        raise TypeError(gettext('expected a layer on numpy, got one on cupy; move its model with model.to("numpy")'))


def _shown(layer: Any) -> str:
    name, text = type(layer).__name__, repr(layer)
    return text if isinstance(layer, Part) and text.startswith(name) and len(text) <= 60 else name
