"""`aescratch check FILE.py:NAME`: choose the check for the user's code, and its inputs.

    function -> check_function;   layer, as an object or a class -> check_layer;   model -> check_gradients
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from argparse import Namespace
from types import ModuleType
from typing import Any

import numpy as np

import aescratch as ae
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.inspection.gradcheck import Report
from aescratch.inspection.gradcheck.binding import call
from aescratch.inspection.gradcheck.styles import is_alone, methods_of
from aescratch.programs.cli.data import load_data
from aescratch.programs.cli.own_code import FunctionPair, load, own_errors, pair_of
from aescratch.programs.cli.own_inputs import D, H, inputs_in, inputs_of, layer_inputs
from aescratch.programs.cli.settings import given_settings
from aescratch.programs.cli.status import UsageError
from aescratch.training.contract import takes_labels

WIDTHS = [11, 5, 3]
NO_EFFECT = gettext_noop("{flag} has no effect on {variant}; leave it out")


def check_own(arguments: Namespace) -> Report:
    """Return the report on the user's own code; raise `UsageError` if it is missing or can't be checked."""
    given_settings(arguments, arguments.variant)  # raises for options of variants
    module, name, what = load(arguments.variant)
    if isinstance(what, type):
        if any(base.__module__.startswith("torch.autograd") for base in what.__mro__):
            with own_errors():
                return check_pair(arguments, module, name, ae.torch_pair(what))
        what = made(what, arguments)
    if _is_model(what) and hasattr(what, "parameters"):
        return check_model(arguments, what)
    refuse(arguments, "--hidden", "--code", "--data")
    if None not in methods_of(what):
        inputs = layer_inputs(name, what, inputs_in(module, name), dict(arguments.input), arguments.seed)
        with own_errors():
            return ae.check_layer(what, inputs, **options_of(arguments))
    _require_function(name, what)

    def gives_its_gradient(function: Any) -> bool:
        return is_alone(call(function, pair_inputs(arguments, module, name, function)))

    with own_errors():
        stem, pair = pair_of(module, name, what, arguments.forward, gives_its_gradient)
    return check_pair(arguments, module, stem, pair)


def _require_function(name: str, what: Any) -> None:
    """Raise `UsageError` for an object that is not a function, and say what can be checked."""
    kind, has = type(what).__name__, [method for method in ("forward", "backward", "loss") if hasattr(what, method)]
    is_function = isinstance(what, (functools.partial, np.ufunc)) or inspect.isroutine(what)
    if is_function or (callable(what) and not has):
        return
    if not has:
        sentence = gettext("expected {name} to be a function, a layer or a model, got {kind}")
        raise UsageError(sentence.format(name=name, kind=kind))
    sentence = gettext(
        "expected {name} to be a function, a layer with forward(x) and backward(grad), or a model built on "
        "ae.Autoencoder, got {kind} with {has} only; to check a whole network of your own, write it as two "
        "functions, forward(x, W1, ...) and backward(grad_y, x, W1, ...), for ae.check_function, or build it on "
        "ae.Autoencoder"
    )
    raise UsageError(sentence.format(name=name, kind=kind, has=gettext(" and ").join(has)))


def check_pair(arguments: Namespace, module: ModuleType, stem: str, pair: FunctionPair) -> Report:
    """Return the report on a forward and a backward."""
    forward, backward = pair
    refuse(arguments, "--hidden", "--code", "--data", "--training")
    inputs, blocks = pair_inputs(arguments, module, stem, forward), getattr(module, f"{stem}_blocks", None)
    with own_errors():
        return ae.check_function(forward, backward, inputs, blocks=blocks, rng=arguments.seed, mode=arguments.mode)


def pair_inputs(arguments: Namespace, module: ModuleType, stem: str, forward: Any) -> dict[str, Any]:
    """Return the inputs for a function from the file, the options and the names of the arguments."""
    return inputs_of(stem, forward, inputs_in(module, stem), dict(arguments.input), arguments.seed)


def options_of(arguments: Namespace) -> dict[str, Any]:
    """Return the options for the checks of models and layers."""
    return {"rng": arguments.seed, "mode": arguments.mode, "training": arguments.training}


def check_model(arguments: Namespace, model: Any) -> Report:
    """Return the report on a model."""
    refuse(arguments, "--input", "--forward")
    supervised = takes_labels(model)
    if arguments.data:
        data = load_data(arguments.data, arguments)
        whole: list[Any] = [data.x] if data.labels is None or not supervised else [data.x, data.labels]
        batch = [array[: arguments.examples] for array in whole]
    else:
        with own_errors():
            found = ae.example_fixture(model, arguments.seed)
        batch = list(found) if supervised else [found]
    with own_errors():
        leave_zero(model, arguments.seed)
        return ae.check_gradients(model, *batch, **options_of(arguments))


def made(kind: type[Any], arguments: Namespace) -> Any:
    """Return an object of the user's class: a small model, or a small layer."""
    rng = {"rng": arguments.seed}
    hidden, code = arguments.hidden or WIDTHS[1:2], arguments.code or WIDTHS[2]
    n_inputs = load_data(arguments.data, arguments).x.shape[1] if arguments.data else WIDTHS[0]
    widths = [n_inputs, *([] if getattr(kind, "hidden_layers", "") == "refused" else hidden), code]
    if _is_model(kind):
        attempts: list[Any] = [((widths,), rng), ((n_inputs, code), rng), ((), rng), ((), {})]
        if hasattr(kind, "arguments_for"):
            attempts.insert(0, ((), kind.arguments_for(widths, **rng)))
    else:
        attempts = [((), {}), ((D, H), rng), ((D, H), {})]
    with own_errors():
        signature = inspect.signature(kind)
    for positional, named in attempts:
        with contextlib.suppress(TypeError):
            signature.bind(*positional, **named)
            break
    else:
        sentence = gettext(
            "the arguments of {kind}{signature} are unknown; create an object in your file, and check that: "
            "FILE.py:NAME_OF_THE_OBJECT"
        )
        raise UsageError(sentence.format(kind=kind.__name__, signature=signature))
    with own_errors():
        return kind(*positional, **named)


def _is_model(what: Any) -> bool:
    """Whether an object, or a class, has the two passes of a model."""
    return all(callable(getattr(what, name, None)) for name in ("loss", "backward"))


def leave_zero(model: Any, seed: int) -> None:
    """Set biases, which start at 0, to small random values: at 0 a wrong weight decay on them would stay hidden."""
    rng = np.random.default_rng(seed)
    for parameter in model.parameters:
        if not parameter.value.any():
            parameter.value = rng.normal(0, 0.1, parameter.shape)


def refuse(arguments: Namespace, *flags: str, because: str = NO_EFFECT) -> None:
    """Raise `UsageError` for options that were given but have no effect."""
    for flag in flags:
        if getattr(arguments, flag.removeprefix("--")):
            raise UsageError(gettext(because).format(flag=flag, variant=arguments.variant))
