"""`aescratch check`: a gradient check, numeric against analytic, in float64, of a new model or of the user's own code.

It ends with the report's verdict as its exit status:

    a variant, options -> model;   7 random examples, or some of the user's data -> check_gradients
    my_layers.py:dense_backward -> function, layer or model;  inputs -> check_function and the like
    report -> exit status
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from functools import partial

import numpy as np

import aescratch as ae
from aescratch.datasets import Dataset
from aescratch.inspection.gradcheck import Report
from aescratch.inspection.gradcheck.coverage import MODES
from aescratch.programs.cli.building import add_model_options, build_model
from aescratch.programs.cli.data import DATA_HELP, add_file_options, load_data
from aescratch.programs.cli.own_check import check_own, leave_zero
from aescratch.programs.cli.own_inputs import input_option
from aescratch.programs.cli.settings import given_models
from aescratch.programs.cli.status import FAIL, INCONCLUSIVE, RIGHT, UsageError, wrong_input
from aescratch.programs.cli.variants import VARIANTS, names_where, variant_name
from aescratch.programs.cli.words import count
from aescratch.programs.cli.writing import add_json, answer

NO_LAYERS = names_where(lambda kind: kind.hidden_layers == "refused")
STATUS = {"pass": RIGHT, "fail": FAIL, "inconclusive": INCONCLUSIVE}
# Distinct primes, so that a wrong factor names its dimension.
N_EXAMPLES, N_INPUTS, HIDDEN, CODE, N_CLASSES = 7, 11, 5, 3, 2

DESCRIPTION = f"""Compare every gradient of a new model, or of your own code, with finite differences, in float64.

Left to itself, the model reads {N_INPUTS} numbers, and has {HIDDEN} hidden ({NO_LAYERS}: none) and {CODE} code units.
Of your own, NAME in FILE.py or in a module is a backward function, checked with the forward of its name (dense for
dense_backward, yours or ours); a function that returns a loss and its gradient; or a layer or a model, as a class or
an object. Inputs come from NAME_inputs, or inputs, in your file: a dict, or a function that returns one.
Exit status: 0 pass, 1 fail, 3 inconclusive.
"""
EXAMPLES = """examples:
  aescratch check variational --activation gelu --reconstruction bce
  aescratch check sparse --sparsity l1:0.1 --unit-norm-decoder
  aescratch check stacked --hidden 13,5 --code 3 --tied
  aescratch check contractive --data digits --code 2 --json
  aescratch check my_layers.py:dense_backward
  aescratch check my_layers.py:swish_backward --input a=7,3
  aescratch check my_package.layers:MyLayer
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of `aescratch check`."""
    parser.usage = "aescratch check VARIANT [options]\n       aescratch check FILE.py:NAME [options]"
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.add_argument(
        "variant", metavar="VARIANT", type=target,
        help=f"one of {', '.join(VARIANTS)}; or your own code, FILE.py:NAME or MODULE:NAME",
    )  # fmt: skip
    add_model_options(parser, code=CODE)
    parser.add_argument("--data", metavar="DATA", help="left out, random numbers between 0 and 1; or " + DATA_HELP)
    parser.add_argument(
        "--examples", type=partial(count, 1), default=N_EXAMPLES, metavar="N", help="how many (default %(default)s)"
    )
    add_file_options(parser)
    parser.add_argument(
        "--training", action="store_true",
        help="check the loss of training mode, with dropout and the batch's own statistics; left out, that of use mode",
    )  # fmt: skip
    group = parser.add_argument_group("your own code")
    group.add_argument("--forward", metavar="NAME", help="the forward of a backward function, if it has another name")
    group.add_argument(
        "--input", type=input_option, action="append", default=[], metavar="NAME=SHAPE",
        help="an argument's shape, such as x=7,5 or b=3, or its value, such as rho=0.1; repeat it for others",
    )  # fmt: skip
    parser.add_argument(
        "--mode", choices=MODES, default="exhaustive",
        help="every entry; some of each tensor; several random directions in each; or what suits the size "
        "(default %(default)s)",
    )  # fmt: skip
    add_json(parser, "the report")


def target(text: str) -> str:
    """Return text if it names a variant, or something in a file or a module."""
    if ":" in text:
        return text
    if text.endswith(".py"):
        raise ArgumentTypeError(f"expected what to check in {text} after a colon, such as {text}:dense_backward")
    return variant_name(text)


def run(arguments: Namespace) -> int:
    """Check and print; return the exit status."""
    report = check_own(arguments) if ":" in arguments.variant else check_variant(arguments)
    if arguments.json:
        answer(arguments, str(report), report.to_dict())
    else:
        report.show()  # in colour on a terminal
    return STATUS[report.verdict]


def check_variant(arguments: Namespace) -> Report:
    """Return the report on a new model of a variant."""
    for option, given in (("--forward", arguments.forward), ("--input", arguments.input)):
        if given:
            raise UsageError(f"{option} is for your own code, FILE.py:NAME; leave it out")
    use_small_layers(arguments)
    data = load_data(arguments.data, arguments) if arguments.data else random_data(arguments)
    x = data.x[: arguments.examples].astype(np.float64)
    labels = None if data.labels is None else data.labels[: arguments.examples]
    model = build_model(arguments, x.shape[1], data.labels)
    leave_zero(model, arguments.seed)
    labels = labels if model.takes_labels else None
    with wrong_input():
        return ae.check_gradients(
            model, x, labels, rng=arguments.seed, mode=arguments.mode, training=arguments.training
        )  # fmt: skip


def use_small_layers(arguments: Namespace) -> None:
    """Fill in the check's own widths, where neither the user nor a saved autoencoder gives any."""
    if given_models(arguments):
        return
    if arguments.hidden is None:
        arguments.hidden = [] if VARIANTS[arguments.variant].hidden_layers == "refused" else [HIDDEN]
    arguments.code = arguments.code or CODE


def random_data(arguments: Namespace) -> Dataset:
    """Return random examples and labels, those of the seed."""
    rng = np.random.default_rng(arguments.seed)
    x = rng.random((arguments.examples, N_INPUTS), np.float32)
    labels = np.arange(arguments.examples, dtype=np.int64) % N_CLASSES
    return Dataset(x, labels, name="random numbers")
