"""A new model from the options of the command line.

What train and check have in common:

    variant "sparse", --hidden 128 --code 32 --sparsity l1:0.1, 64 inputs -> SparseAutoencoder([64, 128, 32], ...)
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from functools import partial
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.programs.cli.opening import open_model
from aescratch.programs.cli.settings import add_settings, flag, given_models, given_settings
from aescratch.programs.cli.status import UsageError, wrong_input
from aescratch.programs.cli.variants import VARIANTS, names_where
from aescratch.programs.cli.words import count, counts

CODE = 32


def add_model_options(parser: ArgumentParser, *, code: int = CODE) -> None:
    """Add the widths, and every option of every variant's constructor; code is what the help gives as the default."""
    group = parser.add_argument_group("layers; the data give the input's width, and the decoder mirrors the encoder")
    group.add_argument(
        "--hidden", type=partial(counts, ",", "500,250"), metavar="WIDTHS",
        help="widths of the layers between input and code, such as 500,250; left out, none "
        f"({names_where(lambda kind: kind.hidden_layers == 'wanted')} wants some)",
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
    if kind.takes_labels and labels is None:
        raise UsageError(f"a {kind.word} learns from labels, and these data have none; give data with labels")
    with wrong_input():
        for name in given_models(arguments):
            if arguments.hidden or arguments.code:
                raise UsageError(f"{flag(name)} brings its own layers; leave --hidden and --code out")
            settings[name] = open_model(settings[name]).autoencoder
        n_classes = None
        if kind.takes_labels and labels is not None and "n_classes" not in settings:
            n_classes = max(2, count_classes(labels))
        return kind(**{**kind.arguments_for(widths, n_classes=n_classes, rng=arguments.seed), **settings})


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
