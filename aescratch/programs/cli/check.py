"""`aescratch check`: a gradient check, numeric against analytic, in float64, of a new model or of the user's own code.

The exit status is the report's verdict:

    a variant, options -> model;   7 random examples, or some of the user's data -> check_gradients
    my_layers.py:dense_backward -> function, layer or model;  inputs -> check_function, check_layer or check_gradients
    report -> exit status
"""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from functools import partial

import numpy as np

import aescratch as ae
from aescratch.foundations.language import Phrase, gettext, gettext_noop
from aescratch.inspection.gradcheck import Report
from aescratch.inspection.gradcheck.coverage import MODES
from aescratch.programs.cli.building import model_options, small_layers, small_problem
from aescratch.programs.cli.data import DATA_OR_RANDOM, OWN_FILE
from aescratch.programs.cli.options import Option, command, group, json_of, option, switch, whole
from aescratch.programs.cli.own_check import check_own, leave_zero, options_of, refuse
from aescratch.programs.cli.own_inputs import input_option
from aescratch.programs.cli.status import FAIL, INCONCLUSIVE, RIGHT, wrong_input
from aescratch.programs.cli.variants import VARIANTS, names_where, variant_name
from aescratch.programs.cli.writing import answer

NO_LAYERS = names_where(lambda kind: kind.hidden_layers == "refused")
STATUS = {"pass": RIGHT, "fail": FAIL, "inconclusive": INCONCLUSIVE}
# Distinct primes, so that a wrong factor reveals its dimension.
N_EXAMPLES, N_INPUTS, HIDDEN, CODE = 7, 11, 5, 3

DESCRIPTION = Phrase(
    """Compare every gradient of a new model, or of your own code, with difference quotients, in float64.

By default, the model has {inputs} inputs, {hidden} hidden units ({without}: none) and {code} code units.

Your own code is NAME in FILE.py or in a module. NAME can be
  - a backward function, checked with its forward: dense for dense_backward, from your file or from the package;
  - a function that returns its output and its backward, or a loss and its gradient;
  - a layer or a model, as a class or an object.
Inputs come from NAME_inputs, or inputs, in your file: a dict, or a function that returns one. If one
array theta holds all parameters, the dict NAME_blocks has their shapes.

Exit status: 0 pass, 1 fail, 3 inconclusive.
""", inputs=N_INPUTS, hidden=HIDDEN, without=NO_LAYERS, code=CODE,
)  # fmt: skip
EXAMPLES = """examples:
  aescratch check variational --activation gelu --reconstruction bce
  aescratch check sparse --sparsity l1:0.1 --unit-norm-decoder
  aescratch check stacked --hidden 13,5 --code 3 --tied
  aescratch check contractive --data digits --code 2 --json
  aescratch check my_layers.py:dense_backward
  aescratch check my_layers.py:swish_backward --input a=7,3
  aescratch check my_package.layers:MyLayer
"""


def target(text: str) -> str:
    """Return text if it names a variant, or an object in a file or a module."""
    if ":" in text:
        return text
    if text.endswith(".py"):
        sentence = gettext("expected a name after {text} and a colon, such as {text}:dense_backward")
        raise ArgumentTypeError(sentence.format(text=text))
    return variant_name(text)


add_arguments: Option = command(
    DESCRIPTION, EXAMPLES,
    option(
        "variant", metavar="VARIANT", type=target,
        help=Phrase(
            "one of {names}; or your own code, FILE.py:NAME or MODULE:NAME", names=", ".join(VARIANTS)
        ),
    ),
    model_options(CODE), DATA_OR_RANDOM, whole("--examples", "number of examples", default=N_EXAMPLES), OWN_FILE,
    switch(
        "--training",
        "check the loss as in training, with dropout and the batch's own statistics (default: as after training)",
    ),
    group(
        "your own code",
        option("--forward", metavar="NAME", help="the forward of a backward function, if it has another name"),
        option(
            "--input", type=input_option, action="append", default=[], metavar="NAME=SHAPE",
            help="an argument's shape, such as x=7,5 or b=3, or its value, such as rho=0.1; repeatable",
        ),
    ),
    option(
        "--mode", choices=MODES, default="exhaustive",
        help="check every entry; some entries of each tensor; several random directions in each; or choose by the size "
        "(default %(default)s)",
    ),
    json_of("the report"),
    usage="aescratch check VARIANT [options]\naescratch check FILE.py:NAME [options]",
)  # fmt: skip


use_small_layers: partial[None] = partial(
    small_layers, hidden={"refused": [], "optional": [HIDDEN], "wanted": [HIDDEN]}, code=CODE
)  # fmt: skip


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
    because = gettext_noop("{flag} is for your own code, FILE.py:NAME; leave it out")
    refuse(arguments, "--forward", "--input", because=because)
    use_small_layers(arguments)
    shape = (arguments.examples, N_INPUTS)
    model, x, labels, _ = small_problem(arguments, lambda rng: rng.random(shape, np.float32))
    leave_zero(model, arguments.seed)
    with wrong_input():
        return ae.check_gradients(model, x, labels, **options_of(arguments))
