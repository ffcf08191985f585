"""`aescratch check VARIANT`: the gradient check of a new model, numeric against analytic, in float64.

It ends with the report's verdict as its exit status:

    options -> model;   7 random examples, or some of the user's data -> check_gradients -> report -> exit status
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from functools import partial
from typing import Any

import numpy as np

import aescratch as ae
from aescratch.cli.building import add_model_options, build_model
from aescratch.cli.data import DATA_HELP, add_file_options, load_data
from aescratch.cli.status import FAIL, INCONCLUSIVE, RIGHT, wrong_input
from aescratch.cli.variants import add_variant
from aescratch.cli.words import count
from aescratch.cli.writing import json_text
from aescratch.datasets import Dataset

STATUS = {"pass": RIGHT, "fail": FAIL, "inconclusive": INCONCLUSIVE}
# Distinct primes, so that a wrong factor names its dimension.
N_EXAMPLES, N_INPUTS, HIDDEN, CODE, N_CLASSES = 7, 11, 5, 3, 2

DESCRIPTION = f"""Compare every gradient of a new model with finite differences, in float64.

Left to itself, the model reads {N_INPUTS} numbers, and has {HIDDEN} hidden (contractive: none) and {CODE} code units.
Exit status: 0 pass, 1 fail, 3 inconclusive.
"""
EXAMPLES = """examples:
  aescratch check variational --activation gelu --reconstruction bce
  aescratch check sparse --sparsity l1:0.1 --unit-norm-decoder
  aescratch check stacked --hidden 13,5 --code 3 --tied
  aescratch check contractive --data digits --code 2 --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of `aescratch check`."""
    parser.usage, parser.description, parser.epilog = "aescratch check VARIANT [options]", DESCRIPTION, EXAMPLES
    add_variant(parser)
    add_model_options(parser)
    parser.add_argument("--data", metavar="DATA", help="left out, random numbers between 0 and 1; or " + DATA_HELP)
    parser.add_argument(
        "--examples", type=partial(count, 1), default=N_EXAMPLES, metavar="N", help="how many (default %(default)s)"
    )
    add_file_options(parser)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(arguments: Namespace) -> int:
    """Check and print; return the exit status."""
    use_small_layers(arguments)
    data = load_data(arguments.data, arguments) if arguments.data else random_data(arguments)
    x = data.x[: arguments.examples].astype(np.float64)
    labels = None if data.labels is None else data.labels[: arguments.examples]
    model = build_model(arguments, x.shape[1], data.labels)
    leave_zero(model, arguments.seed)
    supervised = isinstance(model, ae.SoftmaxClassifier)
    with wrong_input():
        report = ae.check_gradients(model, x, labels if supervised else None, rng=arguments.seed)
    print(json_text(report.to_dict()) if arguments.json else report)
    return STATUS[report.verdict]


def use_small_layers(arguments: Namespace) -> None:
    """Fill in the check's own widths, where neither the user nor a saved autoencoder gives any."""
    if "autoencoder" in arguments:
        return
    if arguments.hidden is None:
        arguments.hidden = [] if arguments.variant == "contractive" else [HIDDEN]
    arguments.code = arguments.code or CODE


def leave_zero(model: Any, seed: int) -> None:
    """Give biases, which start at 0, small random values: at 0 a weight decay wrongly put on them doesn't show."""
    rng = np.random.default_rng(seed)
    for parameter in model.parameters:
        if not parameter.value.any():
            parameter.value = rng.normal(0, 0.1, parameter.shape)


def random_data(arguments: Namespace) -> Dataset:
    """Return random examples and labels, those of the seed."""
    rng = np.random.default_rng(arguments.seed)
    x = rng.random((arguments.examples, N_INPUTS), np.float32)
    labels = np.arange(arguments.examples, dtype=np.int64) % N_CLASSES
    return Dataset(x, labels, name="random numbers")
