"""A new model from the options of the command line.

What train and check have in common:

    variant "sparse", --hidden 128 --code 32 --sparsity l1:0.1, 64 inputs -> SparseAutoencoder([64, 128, 32], ...)
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from functools import partial
from typing import Any

import numpy as np

import aescratch as ae
from aescratch.backend import Array
from aescratch.cli.opening import as_autoencoder, open_model
from aescratch.cli.settings import add_settings, given_settings
from aescratch.cli.status import UsageError, wrong_input
from aescratch.cli.variants import VARIANTS
from aescratch.cli.words import count, counts

CODE = 32


def add_model_options(parser: ArgumentParser, *, code: int = CODE) -> None:
    """Add the widths, and every option of every variant's constructor; code is what the help gives as the default."""
    group = parser.add_argument_group("layers; the data give the input's width, and the decoder mirrors the encoder")
    group.add_argument(
        "--hidden", type=partial(counts, ",", "500,250"), metavar="WIDTHS",
        help="widths of the layers between input and code, such as 500,250; left out, none (stacked wants some)",
    )  # fmt: skip
    group.add_argument("--code", type=partial(count, 1), metavar="WIDTH", help=f"the code's width (default {code})")
    add_settings(parser)
    parser.add_argument(
        "--seed", type=partial(count, 0), default=0, help="the seed of everything random (default %(default)s)"
    )


def build_model(arguments: Namespace, n_inputs: int, labels: Array | None) -> Any:
    """Return a new model of the variant, for data of this width.

    Raises
    ------
    UsageError
        If the options don't make a model.
    """
    settings = given_settings(arguments, arguments.variant)
    code = CODE if arguments.code is None else arguments.code
    widths = [n_inputs, *(arguments.hidden or []), code]
    kind = VARIANTS[arguments.variant]
    if kind is ae.KSparseAutoencoder:
        settings.setdefault("k", max(1, code // 4))
    with wrong_input():
        if kind is ae.SoftmaxClassifier:
            return _build_classifier(arguments, settings, widths, labels)
        return kind(widths, rng=arguments.seed, **settings)


def _build_classifier(arguments: Namespace, settings: dict[str, Any], widths: list[int], labels: Array | None) -> Any:
    if labels is None:
        raise UsageError("a classifier learns from labels, and these data have none; give data with labels")
    path = settings.pop("autoencoder", None)
    if path is not None and (arguments.hidden or arguments.code):
        raise UsageError("--autoencoder brings its own layers; leave --hidden and --code out")
    autoencoder = ae.Autoencoder(widths, rng=arguments.seed) if path is None else as_autoencoder(open_model(path))
    if "n_classes" not in settings:
        settings["n_classes"] = max(2, count_classes(labels))
    return ae.SoftmaxClassifier(autoencoder, rng=arguments.seed, **settings)


def count_classes(labels: Array) -> int:
    """Return how many classes the labels number from 0.

    Raises
    ------
    UsageError
        If they are no numbers of classes.
    """
    low, high = int(np.min(labels)), int(np.max(labels))
    if low < 0 or high >= len(labels):
        raise UsageError(
            f"expected labels that number the classes from 0, got values from {low} to {high}; renumber them"
        )
    return high + 1
