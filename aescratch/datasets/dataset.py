"""The result of every loader: the examples as rows of one matrix, and their origin.

a loader -> Dataset(x, labels, image_shape, name, licence, source) -> .split(0.2) -> train, test
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aescratch.datasets.checks import check_shape
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.validation import Rng, as_generator, require_held_out


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Examples in rows, with their labels and their origin.

    The fields cannot be rebound, but the arrays are ordinary writable arrays. Every loader makes new arrays at
    every call, and `split` and `take` copy, so writing into one data set never changes another.

    Parameters
    ----------
    x : (N, D) float32 or float64 array
        One example per row; pixels of images are in [0, 1]. All loaders give float32.
    labels : (N,) int64 array, optional
        One whole number per example.
    image_shape : tuple of int, optional
        The shape that a row of `x` takes as an image; its product is D.
    name, licence, source : str
        Its name, its licence, and its origin with all changes.
    columns : tuple of str, optional
        The names of the columns of `x`, if its file has names.

    Raises
    ------
    TypeError
        If `x` is not a float32 or float64 array or `labels` is not an int64 array.
    ValueError
        If the shapes do not belong together, or there is no example.

    Examples
    --------
    >>> import numpy as np
    >>> from aescratch.datasets import Dataset
    >>> data = Dataset(np.eye(4, dtype=np.float32), image_shape=(2, 2), name="corners")
    >>> data
    Dataset 'corners': x (4, 4) float32, no labels, images 2 x 2
    >>> len(data), data.images.shape
    (4, (4, 2, 2))
    """

    x: NDArray[np.floating[Any]]
    labels: NDArray[np.int64] | None = None
    image_shape: tuple[int, ...] | None = None
    name: str = "unnamed"
    licence: str = "unknown"
    source: str = "unknown"
    columns: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        sentence = gettext_noop(
            "x must be a float32 or float64 array, not a {}; convert it with numpy.asarray(x, 'float32')"
        )
        _check_type(self.x, ("float32", "float64"), sentence)
        if self.x.ndim != 2 or self.x.size == 0:
            message = gettext(
                "x must be (examples, features) with at least one of each, not {shape}; flatten images to rows and "
                "give their shape as image_shape"
            )
            raise ValueError(message.format(shape=self.x.shape))
        if self.labels is not None:
            _check_labels(self.labels, len(self.x))
        if self.image_shape is not None:
            check_shape(self.image_shape, self.x.shape[1])
        if self.columns is not None and len(self.columns) != self.x.shape[1]:
            message = gettext("x has {width} columns, but {count} are named; name each of them")
            raise ValueError(message.format(width=self.x.shape[1], count=len(self.columns)))

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        labels = "no labels" if self.labels is None else f"{len(np.unique(self.labels))} classes"
        shape = "" if self.image_shape is None else ", images " + " x ".join(map(str, self.image_shape))
        return f"Dataset {self.name!r}: x {self.x.shape} {self.x.dtype}, {labels}{shape}"

    @property
    def images(self) -> NDArray[np.floating[Any]]:
        """The rows as images, ``(N, *image_shape)``, a view of `x`; a ValueError if these are not images."""
        if self.image_shape is None:
            message = gettext("the examples of {name!r} are not images: image_shape is None; use x")
            raise ValueError(message.format(name=self.name))
        return self.x.reshape(len(self.x), *self.image_shape)

    def take(self, indices: NDArray[np.integer] | NDArray[np.bool_] | list[int]) -> Dataset:
        """Return the chosen examples, in that order, as a separate data set (the arrays are copied).

        Parameters
        ----------
        indices : list or array of int, or (N,) array of bool
            Positions, or a mask such as ``data.labels == 3``.

        Raises
        ------
        ValueError
            If nothing is chosen.
        IndexError
            If a position does not exist.
        """
        chosen = np.asarray(indices)
        if chosen.size == 0 or (chosen.dtype == bool and not chosen.any()):
            message = gettext("no example of {name!r} is chosen; give at least one position")
            raise ValueError(message.format(name=self.name))
        x = self.x[chosen]
        return replace(self, x=x, labels=None if self.labels is None else self.labels[chosen])

    def split(self, fraction: float, rng: Rng = 0) -> tuple[Dataset, Dataset]:
        """Shuffle, and cut into a training and a test part that share no example and lose none.

        Parameters
        ----------
        fraction : float
            Share of the *test* part, strictly between 0 and 1. It gets ``round(fraction * N)`` examples.
            Classes are not balanced.
        rng : int or numpy.random.Generator
            The same seed gives the same split.

        Returns
        -------
        train, test : Dataset

        Raises
        ------
        ValueError
            If `fraction` is not between 0 and 1, or leaves one part without examples.

        Examples
        --------
        >>> from aescratch.datasets import load_digits
        >>> train, test = load_digits().split(0.2, rng=0)
        >>> len(train), len(test)
        (1438, 359)
        """
        n_test = require_held_out(fraction, len(self))
        order = as_generator(rng).permutation(len(self))
        return self.take(order[n_test:]), self.take(order[:n_test])


def _check_type(array: NDArray[Any], dtypes: tuple[str, ...], sentence: str) -> None:
    if not isinstance(array, np.ndarray) or array.dtype not in dtypes:
        is_array = isinstance(array, np.ndarray)
        came = gettext("{dtype} array").format(dtype=array.dtype) if is_array else type(array).__name__
        raise TypeError(gettext(sentence).format(came))


def _check_labels(labels: NDArray[np.int64], n_examples: int) -> None:
    sentence = gettext_noop("labels must be an int64 array, not a {}; convert with numpy.asarray(labels, 'int64')")
    _check_type(labels, ("int64",), sentence)
    if labels.shape != (n_examples,):
        message = gettext(
            "labels must have one number for each of the {n_examples} examples, shape ({n_examples},), not {shape}; "
            "give one label per row of x"
        )
        raise ValueError(message.format(n_examples=n_examples, shape=labels.shape))
