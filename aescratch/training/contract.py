"""What training, checks and traces need from a model, and the defaults if a model doesn't have it.

    loss(x[, labels], rng=None), backward(), parameters     every model has these three
    parts, rng, as_data, trusting_batches, n_inputs, ...    looked up here; your own may leave out any of them

The code below the models, and the code that inspects them, doesn't depend on their classes: everything except these
three is looked up through this file.
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
from aescratch.foundations.labels import as_labels
from aescratch.foundations.language import gettext
from aescratch.foundations.parameters import Parameter, pack
from aescratch.foundations.parts import Part, in_mode
from aescratch.foundations.validation import as_matrix
from aescratch.layers import Sequential

EXAMPLE = "ae.Autoencoder([64, 32])"


class Trainable(Protocol):
    """The methods that every model has, for type checkers and editors."""

    @property
    def loss(self) -> Callable[..., Any]:
        """Return the loss, a number, of x, or of x and labels."""
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
    """Raise if an object can't be trained or checked.

    Raises
    ------
    TypeError
        If it lacks a loss that takes rng, a backward, or parameters that are `Parameter` objects.
    ValueError
        If two parameters have the same name.
    """
    require_methods(model, example)
    taken = inspect.signature(model.loss).parameters
    if "rng" not in taken and not any(p.kind is p.VAR_KEYWORD for p in taken.values()):
        message = gettext(
            "expected {model}.loss to take rng, got loss({taken}); write def loss(self, {arguments}, rng=None), and "
            "leave rng unused if nothing is random"
        )
        raise TypeError(
            message.format(
                model=type(model).__name__, taken=", ".join(taken), arguments="x, labels" if "labels" in taken else "x"
            )
        )
    _require_parameters(model)
    for name, part in parts_of(model).items():
        if not isinstance(part, Part):
            message = gettext(
                "expected {model}.parts to hold parts, such as layers and losses, got {found} as {name!r}; build "
                "its class on ae.Layer, or on aescratch.foundations.parts.Part"
            )
            raise TypeError(message.format(model=type(model).__name__, found=type(part).__name__, name=name))


def require_methods(model: Any, example: str = EXAMPLE) -> None:
    """Raise a `TypeError` if an object lacks loss, backward or parameters, or is a class."""
    lacks = [name for name in ("loss", "backward") if not callable(getattr(model, name, None))]
    if not hasattr(model, "parameters"):
        lacks.append("parameters")
    if lacks or isinstance(model, type):
        if isinstance(model, type):
            what, advice = gettext("the class {name}").format(name=model.__name__), gettext("make one first")
        else:
            what = gettext("{kind} without {lacks}").format(kind=type(model).__name__, lacks=", ".join(lacks))
            advice = gettext("a model of your own needs loss(x, rng=None), backward(), parameters")
        message = gettext("expected a model of aescratch, such as {example}, got {what}; {advice}")
        raise TypeError(message.format(example=example, what=what, advice=advice))


def _require_parameters(model: Any) -> None:
    kind, parameters = type(model).__name__, model.parameters
    if not isinstance(parameters, (list, tuple)) or not parameters:
        message = gettext(
            "expected {kind}.parameters to be a list of ae.Parameter, with at least one, got {parameters!r:.60}; "
            "write it as a property, or as an attribute, that holds them in forward order"
        )
        raise TypeError(message.format(kind=kind, parameters=parameters))
    for parameter in parameters:
        if not isinstance(parameter, Parameter):
            message = gettext(
                "expected {kind}.parameters to hold ae.Parameter objects, got {found}; make each as "
                'ae.Parameter("W", array)'
            )
            raise TypeError(message.format(kind=kind, found=type(parameter).__name__))
    names = [parameter.name for parameter in parameters] + list(buffers_of(model))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        message = gettext(
            "expected every parameter and buffer of {kind} to have a unique name, got {twice!r} {count} times; set "
            'names in the constructor, such as self.encoder.W.name = "encoder.W"'
        )
        raise ValueError(message.format(kind=kind, twice=twice, count=names.count(twice)))


def as_number(model: Any, loss: Any) -> Any:
    """Return the loss; raise unless it is a number.

    Raises
    ------
    TypeError
        If it isn't a number.
    """
    is_array = hasattr(loss, "dtype") and loss.shape == () and loss.dtype.kind == "f"
    if not is_array and not isinstance(loss, numbers.Real):
        kind = type(loss).__name__
        if getattr(loss, "shape", ()):
            kind = gettext("an array of shape {shape}").format(shape=loss.shape)
        message = gettext(
            "expected {model}.loss to return a number, got {kind}; return the sum over units and the mean over the "
            "batch"
        )
        raise TypeError(message.format(model=type(model).__name__, kind=kind))
    return loss


def parts_of(model: Any) -> dict[str, Part]:
    """Return the model's parts, with forward and backward, by name in forward order; may be empty.

    A `Sequential` is replaced by its layers, each of which has its own state and mode.
    """
    parts: dict[str, Part] = {}
    for name, part in getattr(model, "parts", {}).items():
        parts |= dict(part.named(name)) if isinstance(part, Sequential) else {name: part}
    return parts


def buffers_of(model: Any) -> dict[str, Buffer]:
    """Return the state that isn't trained, by name: the model's own list, or the buffers of its parts."""
    buffers: dict[str, Buffer] | None = getattr(model, "buffers", None)
    return named_buffers(parts_of(model)) if buffers is None else buffers


def saved_buffers_of(model: Any) -> dict[str, Buffer]:
    """Return the buffers to save: the model's, or more if it lists more."""
    buffers: dict[str, Buffer] | None = getattr(model, "saved_buffers", None)
    return buffers_of(model) if buffers is None else buffers


@contextlib.contextmanager
def training(model: Any, *, frozen: bool = False) -> Iterator[None]:
    """Enter training mode; frozen buffers keep their values, so that every pass starts from the same state."""
    own = getattr(model, "training", None)
    with contextlib.ExitStack() as stack:
        stack.enter_context(own() if callable(own) else in_mode(parts_of(model).values(), training=True))
        if frozen:
            stack.enter_context(frozen_buffers(buffers_of(model).values()))
        yield


def in_use(model: Any) -> contextlib.AbstractContextManager[None]:
    """Enter use mode from any mode."""
    return in_mode(parts_of(model).values(), training=False)


def backend_of(model: Any) -> str:
    """Return the backend of the model's parameters, ``"numpy"`` or ``"cupy"``."""
    return array_module(model.parameters[0].value).__name__


def dtype_of(model: Any) -> str:
    """Return the dtype of the model's parameters, ``"float32"`` or ``"float64"``."""
    return str(model.parameters[0].value.dtype)


def rng_of(model: Any) -> np.random.Generator | None:
    """Return the model's own generator, or None if it has none, which means a new one."""
    rng = getattr(model, "rng", None)
    return rng if isinstance(rng, np.random.Generator) else None


def generators_of(model: Any) -> dict[str, np.random.Generator]:
    """Return the generators whose state is saved, by name."""
    rng = rng_of(model)
    generators: dict[str, np.random.Generator] = getattr(model, "generators", {} if rng is None else {"rng": rng})
    return generators


def saved_parameters_of(model: Any) -> list[Parameter]:
    """Return the parameters to save: the model's, or more if it lists more."""
    return list(getattr(model, "saved_parameters", model.parameters))


def takes_labels(model: Any) -> bool:
    """Whether the model learns from labels: its own statement, or whether its loss has an argument labels."""
    said = getattr(model, "takes_labels", None)
    return "labels" in inspect.signature(model.loss).parameters if said is None else bool(said)


def n_inputs_of(model: Any) -> int | None:
    """Return the width of an example, or None if the model doesn't know it."""
    return getattr(model, "n_inputs", None)


def n_classes_of(model: Any) -> int | None:
    """Return the number of classes, or None if the model doesn't know it."""
    return getattr(model, "n_classes", None)


def loss_measures_progress(model: Any) -> bool:
    """Whether a lower loss means a better model, so that losses of two epochs can be compared; usually it does."""
    return bool(getattr(model, "loss_measures_progress", True))


def as_data(model: Any, x: Any, labels: Any = None) -> Sequence[Array]:
    """Return x, and labels if there are any, validated, in the model's dtype and on its device.

    A model's own `as_data` has precedence.

    Raises
    ------
    TypeError, ValueError
        If the data are invalid for this model; the message says what was expected.
    """
    if hasattr(model, "as_data"):
        checked: Sequence[Array] = model.as_data(x) if labels is None else model.as_data(x, labels)
        return checked
    backend, x = backend_of(model), as_matrix(x, dtype_of(model), n_inputs_of(model))
    if not takes_labels(model):
        if labels is not None:
            message = gettext("expected no labels, since {model}.loss takes none; leave them out")
            raise TypeError(message.format(model=type(model).__name__))
        return (move(x, backend),)
    labels = as_labels(labels, len(x), n_classes_of(model))
    return move(x, backend), move(labels, backend)


def trusting_batches(model: Any) -> contextlib.AbstractContextManager[None]:
    """Let the model's loss skip validation, since the data have been validated; do nothing if it can't."""
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
