"""A new model from the options of the command line, for train, check and step.

    variant "sparse", --hidden 128 --code 32 --sparsity l1:0.1, 64 inputs -> SparseAutoencoder([64, 128, 32], ...)
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import Phrase, gettext
from aescratch.programs.cli.data import load_data
from aescratch.programs.cli.options import Option, add, group, option, whole
from aescratch.programs.cli.settings import SETTING_OPTIONS, flag, given_models, given_settings
from aescratch.programs.cli.status import UsageError, wrong_input
from aescratch.programs.cli.variants import VARIANTS, names_where
from aescratch.programs.cli.words import count, counts

CODE = 32
AT_MOST = Phrase(
    "the code's width (default {code}, at most half the data's width except for {variants})", code=CODE,
    variants=names_where(lambda kind: kind.may_be_wide),
)  # fmt: skip
N_CLASSES = 2  # of drawn examples


def model_options(code: int = CODE) -> Option:
    """Return the options of the widths, with this default for the code, and of every variant's constructor."""
    layers = group(
        "layers; the data give the input's width, and the decoder mirrors the encoder",
        option(
            "--hidden", type=partial(counts, ",", "500,250"), metavar="WIDTHS",
            help=Phrase(
                "widths of the layers between input and code, such as 500,250 (default: none; recommended for "
                "{variants})",
                variants=names_where(lambda kind: kind.hidden_layers == "wanted"),
            ),
        ),
        whole("--code", AT_MOST if code == CODE else Phrase("the code's width (default {code})", code=code), "WIDTH"),
    )  # fmt: skip
    seed = option(
        "--seed", type=partial(count, 0), default=0, help="the seed of all random numbers (default %(default)s)"
    )
    return lambda parser: add(parser, layers, SETTING_OPTIONS, seed)


def build_model(arguments: Namespace, n_inputs: int, labels: Array | None, **suited: Any) -> Any:
    """Return a new model of the variant, for data of this width and for the classes of these labels."""
    settings = {**given_settings(arguments, arguments.variant), **suited}
    for name in given_models(arguments):
        if arguments.hidden or arguments.code:
            sentence = gettext("{flag} brings its own layers; leave --hidden and --code out")
            raise UsageError(sentence.format(flag=flag(name)))
    kind = VARIANTS[arguments.variant]
    code = CODE if kind.may_be_wide else min(CODE, max(1, n_inputs // 2))
    widths = [n_inputs, *(arguments.hidden or []), arguments.code or code]
    n_classes = None
    if kind.takes_labels and labels is None:
        sentence = gettext(
            "a {variant} learns from labels, but these data have none; name their column label, "
            "labels, target or class"
        )
        raise UsageError(sentence.format(variant=kind.word))
    with wrong_input():
        if kind.takes_labels and labels is not None and "n_classes" not in settings:
            n_classes = max(2, count_classes(labels))
        return kind(**{**kind.arguments_for(widths, n_classes=n_classes, rng=arguments.seed), **settings})


def columns_of_brought(arguments: Namespace) -> tuple[str, ...]:
    """Return the names of the columns that a given saved model was trained on; empty if there are none."""
    columns = [getattr(arguments, name).columns for name in given_models(arguments)]
    return next((names for names in columns if names), ())


def count_classes(labels: Array) -> int:
    """Return the number of classes in labels that count from 0; raise `UsageError` for other labels."""
    low, high = int(np.min(labels)), int(np.max(labels))
    if low < 0 or high >= len(labels):
        sentence = gettext(
            "expected labels that number the classes from 0, got values from {low} to {high}; renumber them"
        )
        raise UsageError(sentence.format(low=low, high=high))
    return high + 1


def small_layers(arguments: Namespace, hidden: Mapping[str, list[int]], code: int) -> None:
    """Set small widths where none are given; whether there is a hidden layer depends on the variant."""
    if not given_models(arguments):
        if arguments.hidden is None:
            arguments.hidden = hidden.get(VARIANTS[arguments.variant].hidden_layers)
        arguments.code = arguments.code or code


def small_problem(
    arguments: Namespace, draw: Callable[[np.random.Generator], Array]
) -> tuple[Any, Array, Array | None, tuple[int, ...] | None]:  # fmt: skip
    """Return a new model, a few examples of the data or drawn ones, in float64, labels and image shape, or None."""
    image_shape = None
    if arguments.data:
        data = load_data(arguments.data, arguments)
        x, labels, image_shape = data.x[: arguments.examples], data.labels, data.image_shape
    else:
        x = draw(np.random.default_rng(arguments.seed))
        labels = np.arange(max(arguments.examples, N_CLASSES), dtype=np.int64) % N_CLASSES
    model = build_model(arguments, x.shape[1], labels)
    labels = labels[: len(x)] if labels is not None and model.takes_labels else None
    return model, x.astype(np.float64), labels, image_shape
