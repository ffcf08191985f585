"""What training, checks and traces ask of a model, and what holds where a model says nothing.

    loss(x[, labels], rng=None), backward(), parameters     every model has these three
    parts, rng, as_data, trusting_batches, n_inputs, ...    asked for here; your own may leave any of them out

Nobody below the models, and nobody who looks in on them, asks for a class: what isn't one of the three goes through
this file.
"""

from __future__ import annotations

import contextlib
import inspect
import numbers
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from aescratch.backend import Array, array_module, move
from aescratch.foundations.buffers import Buffer, move_buffers, named_buffers
from aescratch.foundations.buffers import frozen as frozen_buffers
from aescratch.foundations.parameters import Parameter, pack
from aescratch.foundations.parts import Part, in_mode
from aescratch.foundations.validation import as_labels, as_matrix
from aescratch.layers import Sequential

EXAMPLE = "ae.Autoencoder([64, 32])"


class Trainable(Protocol):
    """What every model has, for type checkers and editors."""

    @property
    def loss(self) -> Callable[..., Any]:
        """Take x, or x and labels, and rng; return a number."""
        ...

    @property
    def backward(self) -> Callable[[], Any]:
        """Fill parameter.grad of every parameter."""
        ...

    @property
    def parameters(self) -> Sequence[Parameter]:
        """All parameters, in forward order."""
        ...


def require_model(model: Any, example: str = EXAMPLE) -> None:
    """Refuse what can't be trained or checked.

    Raises
    ------
    TypeError
        If it has no loss that takes rng, no backward, or no parameters that are `Parameter` objects.
    ValueError
        If two parameters have one name.
    """
    lacks = [name for name in ("loss", "backward") if not callable(getattr(model, name, None))]
    if not hasattr(model, "parameters"):
        lacks.append("parameters")
    if lacks or isinstance(model, type):
        is_class = isinstance(model, type)
        what = f"the class {model.__name__}" if is_class else f"{type(model).__name__} without {', '.join(lacks)}"
        advice = "make one first" if is_class else "a model of your own needs loss(x, rng=None), backward(), parameters"
        raise TypeError(f"expected a model of aescratch, such as {example}, got {what}; {advice}")
    taken = inspect.signature(model.loss).parameters
    if "rng" not in taken and not any(p.kind is p.VAR_KEYWORD for p in taken.values()):
        raise TypeError(
            f"expected {type(model).__name__}.loss to take rng, got loss({', '.join(taken)}); write "
            f"def loss(self, {'x, labels' if 'labels' in taken else 'x'}, rng=None), and leave rng unused if nothing "
            "is random"
        )
    _require_parameters(model)
    for name, part in parts_of(model).items():
        if not isinstance(part, Part):
            raise TypeError(
                f"expected {type(model).__name__}.parts to hold layers, losses and the like, got {type(part).__name__} "
                f"as {name!r}; build its class on ae.Layer, or on aescratch.foundations.parts.Part"
            )


def _require_parameters(model: Any) -> None:
    kind, parameters = type(model).__name__, model.parameters
    if not isinstance(parameters, (list, tuple)) or not parameters:
        raise TypeError(
            f"expected {kind}.parameters to be a list of ae.Parameter, with at least one, got {parameters!r:.60}; "
            "write it as a property, or as an attribute, that holds them in forward order"
        )
    for parameter in parameters:
        if not isinstance(parameter, Parameter):
            raise TypeError(
                f"expected {kind}.parameters to hold ae.Parameter objects, got {type(parameter).__name__}; "
                'make each as ae.Parameter("W", array)'
            )
    names = [parameter.name for parameter in parameters] + list(buffers_of(model))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(
            f"expected every parameter and buffer of {kind} to have a name of its own, got {twice!r} "
            f'{names.count(twice)} times; give names in the constructor, such as self.encoder.W.name = "encoder.W"'
        )


def as_number(model: Any, loss: Any) -> Any:
    """Return what a model's loss returned.

    Raises
    ------
    TypeError
        If it isn't a number.
    """
    is_array = hasattr(loss, "dtype") and loss.shape == () and loss.dtype.kind == "f"
    if not is_array and not isinstance(loss, numbers.Real):
        kind = f"an array of shape {loss.shape}" if getattr(loss, "shape", ()) else type(loss).__name__
        raise TypeError(
            f"expected {type(model).__name__}.loss to return a number, got {kind}; "
            "end it with return, and with a sum over units and a mean over the batch"
        )
    return loss


def parts_of(model: Any) -> dict[str, Part]:
    """Return everything with a forward and a backward that the model names, in forward order; else nothing.

    In place of a `Sequential` stand its layers, each of which has a state and a mode of its own.
    """
    parts: dict[str, Part] = {}
    for name, part in getattr(model, "parts", {}).items():
        parts |= dict(part.named(name)) if isinstance(part, Sequential) else {name: part}
    return parts


def buffers_of(model: Any) -> dict[str, Buffer]:
    """Return the state that isn't trained: what the model says, or the buffers of its parts, by their names."""
    buffers: dict[str, Buffer] | None = getattr(model, "buffers", None)
    return named_buffers(parts_of(model)) if buffers is None else buffers


def saved_buffers_of(model: Any) -> dict[str, Buffer]:
    """Return the buffers that a file keeps: the model's, or more if it says so."""
    buffers: dict[str, Buffer] | None = getattr(model, "saved_buffers", None)
    return buffers_of(model) if buffers is None else buffers


@contextlib.contextmanager
def training(model: Any, *, frozen: bool = False) -> Iterator[None]:
    """Enter training mode; frozen buffers keep their values meanwhile, so that every pass starts from one state."""
    own = getattr(model, "training", None)
    with contextlib.ExitStack() as stack:
        stack.enter_context(own() if callable(own) else in_mode(parts_of(model).values(), training=True))
        if frozen:
            stack.enter_context(frozen_buffers(buffers_of(model).values()))
        yield


def in_use(model: Any) -> contextlib.AbstractContextManager[None]:
    """Enter use mode, whatever mode the model is in."""
    return in_mode(parts_of(model).values(), training=False)


def backend_of(model: Any) -> str:
    """Return where the model's parameters are, ``"numpy"`` or ``"cupy"``."""
    return array_module(model.parameters[0].value).__name__


def dtype_of(model: Any) -> str:
    """Return what the model's parameters are kept in, ``"float32"`` or ``"float64"``."""
    return str(model.parameters[0].value.dtype)


def rng_of(model: Any) -> np.random.Generator | None:
    """Return the model's own source of noise, or None where it has none, which stands for a fresh one."""
    rng = getattr(model, "rng", None)
    return rng if isinstance(rng, np.random.Generator) else None


def generators_of(model: Any) -> dict[str, np.random.Generator]:
    """Return the sources of noise whose state a file keeps, by name."""
    rng = rng_of(model)
    generators: dict[str, np.random.Generator] = getattr(model, "generators", {} if rng is None else {"rng": rng})
    return generators


def saved_parameters_of(model: Any) -> list[Parameter]:
    """Return what a file keeps: the parameters, or more if the model says so."""
    return list(getattr(model, "saved_parameters", model.parameters))


def takes_labels(model: Any) -> bool:
    """Whether the model learns from labels: as it says, or as its loss has an argument of that name."""
    said = getattr(model, "takes_labels", None)
    return "labels" in inspect.signature(model.loss).parameters if said is None else bool(said)


def n_inputs_of(model: Any) -> int | None:
    """Return how many numbers an example has, or None where the model doesn't say."""
    return getattr(model, "n_inputs", None)


def n_classes_of(model: Any) -> int | None:
    """Return how many classes the labels number, or None where the model doesn't say."""
    return getattr(model, "n_classes", None)


def loss_measures_progress(model: Any) -> bool:
    """Whether a lower loss means a better model, so that losses of two epochs can be compared; it does as a rule."""
    return bool(getattr(model, "loss_measures_progress", True))


def as_data(model: Any, x: Any, labels: Any = None) -> Sequence[Array]:
    """Return x, and labels if there are any, checked once, in the model's dtype, and where the model is.

    A model that has an `as_data` of its own does it by itself.

    Raises
    ------
    TypeError, ValueError
        If they are no data for this model, in a sentence that says what was expected.
    """
    if hasattr(model, "as_data"):
        checked: Sequence[Array] = model.as_data(x) if labels is None else model.as_data(x, labels)
        return checked
    backend, x = backend_of(model), as_matrix(x, dtype_of(model), n_inputs_of(model))
    if not takes_labels(model):
        if labels is not None:
            raise TypeError(f"expected no labels, since {type(model).__name__}.loss takes none; leave them out")
        return (move(x, backend),)
    n_classes = n_classes_of(model)
    labels = as_labels(labels, len(x), np.iinfo(np.int64).max if n_classes is None else n_classes)
    return move(x, backend), move(labels, backend)


def trusting_batches(model: Any) -> contextlib.AbstractContextManager[None]:
    """Let the model's loss take batches as they are, since their data have been checked; nothing where it can't."""
    if not hasattr(model, "trusting_batches"):
        return contextlib.nullcontext()
    trusting: contextlib.AbstractContextManager[None] = model.trusting_batches()
    return trusting


def moved(model: Any, backend: str) -> Any:
    """Return the model, moved to a backend."""
    if hasattr(model, "to"):
        return model.to(backend)
    pack(model.parameters, dtype_of(model), backend)
    move_buffers(buffers_of(model).values(), backend)
    return model
