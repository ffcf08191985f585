"""Models as files: a model's description and its values.

    model --describe--> header + arrays --write_archive--> path
    path --read_archive--> header + arrays --rebuild--> model

The header names the classes in the file, which must belong to this package or be registered by the program that opens
it; any other is refused with `FileFormatError`.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from aescratch.backend import Array, array_module
from aescratch.foundations.files import FileFormatError, named, read_archive, write_archive
from aescratch.foundations.language import gettext
from aescratch.foundations.recipes import describe, rebuild
from aescratch.foundations.scaling import Scaling
from aescratch.foundations.validation import require_count
from aescratch.training import contract


def save(model: contract.Trainable, path: str | os.PathLike[str]) -> None:
    """Write a model to path, completely or not at all: settings, values, buffers, and the state of its noise.

    The scaling and the columns' names of its data are kept, too.

    Parameters
    ----------
    model : object
        Ours, or of a class of your own that is registered: see `register`.
    path : str or path
        The file; an existing file is replaced.

    Raises
    ------
    TypeError
        If the model uses a class that is neither ours nor registered, so that a file couldn't be loaded.
    ValueError
        If a parameter or a buffer isn't finite: such a file couldn't be loaded, and may replace a good one.
    OSError
        If the folder doesn't exist or can't be written to.

    Examples
    --------
    >>> import os, tempfile
    >>> import aescratch as ae
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.npz")
    ...     save(ae.Autoencoder([5, 3], rng=0), path)
    ...     print(load(path).widths)
    [5, 3]
    """
    contract.require_model(model)
    states = {name: generator.bit_generator.state for name, generator in contract.generators_of(model).items()}
    header = {"kind": "model", "model": describe(model), **states}
    scaling = getattr(model, "scaling", None)
    if scaling is not None:
        header["scaling"] = [scaling.shift.tolist(), scaling.size.tolist(), scaling.how]
    columns = getattr(model, "columns", None)
    if columns is not None:
        header["columns"] = list(columns)
    arrays = {name: holder.value for name, holder in _saved(model).items()}
    for name, array in arrays.items():
        if not array_module(array).isfinite(array).all():
            message = gettext("expected finite numbers to save, got NaN or infinity in {name}; train the model again")
            raise ValueError(message.format(name=name))
    write_archive(path, header, arrays)


def _saved(model: Any) -> dict[str, Any]:
    """Return the parameters and buffers to save, by name."""
    parameters = {parameter.name: parameter for parameter in contract.saved_parameters_of(model)}
    return {**parameters, **contract.saved_buffers_of(model)}


def load(path: str | os.PathLike[str]) -> Any:
    """Return the model saved by ``model.save(path)`` or ``ae.save(model, path)``.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    A model of the saved class, on the CPU. An annotation tells an editor the class:
    ``model: ae.Autoencoder = ae.load(path)``.

    Raises
    ------
    OSError
        If there is no such file, or it can't be opened.
    FileFormatError
        If it is damaged, truncated or foreign, or its class is your own and isn't registered here: see `register`.
    """
    if os.path.isdir(path):
        message = gettext("expected a model's file, got the folder {path}; give a file in it, such as model.npz")
        raise IsADirectoryError(message.format(path=path))
    header, arrays = read_archive(path, "model")
    try:
        _require_plausible(header["model"], sum(array.size for array in arrays.values()))
        model = rebuild(header["model"])
        holders = _saved(model)
        require_like({name: holder.value for name, holder in holders.items()}, arrays)
        for name, holder in holders.items():
            holder.value = arrays[name]
        for name, generator in contract.generators_of(model).items():
            generator.bit_generator.state = header[name]
        if "scaling" in header:
            model.scaling = Scaling(*header["scaling"])
        if "columns" in header:
            model.columns = header["columns"]
    except Exception as error:  # a hostile description makes almost anything fail
        message = gettext(
            "expected a model that aescratch saved, but the contents of {path} are not a valid model ({error}); "
            "import your own classes first, or save it again"
        )
        raise FileFormatError(message.format(path=os.fspath(path), error=named(error))) from error
    return model


def require_like(expected: dict[str, Array], arrays: dict[str, Array]) -> None:
    """Raise ValueError unless the arrays have the expected names, shapes and dtypes, and finite numbers."""
    if sorted(expected) != sorted(arrays):
        message = gettext("expected the arrays {expected}, got {found}")
        raise ValueError(message.format(expected=sorted(expected), found=sorted(arrays)))
    for name, like in expected.items():
        array = arrays[name]
        if (array.shape, array.dtype) != (like.shape, like.dtype):
            message = gettext("expected {name} as {wanted_dtype} {wanted_shape}, got {dtype} {shape}")
            raise ValueError(
                message.format(
                    name=name, wanted_dtype=like.dtype, wanted_shape=like.shape, dtype=array.dtype, shape=array.shape
                )
            )
        if not np.isfinite(array).all():
            message = gettext("expected finite numbers in {name}")
            raise ValueError(message.format(name=name))


def _require_plausible(description: Any, stored: int) -> None:
    """Raise if a description needs more numbers than the file holds, before arrays of that size are allocated."""
    needed = _numbers_needed(description)
    if needed > stored:
        message = gettext("the widths need {needed} numbers, but the file holds {stored}")
        raise ValueError(message.format(needed=needed, stored=stored))


def _numbers_needed(description: Any) -> int:
    """Return a lower bound of the number of parameters in a description, at any depth."""
    if isinstance(description, list):
        return sum(map(_numbers_needed, description))
    if not isinstance(description, dict):
        return 0
    needed = sum(map(_numbers_needed, description.values()))
    if "widths" in description:
        widths = [require_count(gettext("each width"), width) for width in description["widths"]]
        needed += sum(n_in * n_out for n_in, n_out in zip(widths[:-1], widths[1:], strict=True))
    if {"n_classes", "autoencoder"} <= set(description):
        n_code = description["autoencoder"]["with"]["widths"][-1]
        needed += n_code * require_count("n_classes", description["n_classes"])
    return needed
