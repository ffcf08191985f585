"""`aescratch step VARIANT`: one training step of a small new model, as a page to walk through, or as text.

    options -> model;   a few random examples, or some of the user's data -> ae.trace -> step.html, and a browser
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path

import numpy as np

import aescratch as ae
from aescratch.backend import Array
from aescratch.programs.cli.building import add_model_options, build_model
from aescratch.programs.cli.data import DATA_HELP, add_file_options, load_data
from aescratch.programs.cli.settings import given_models
from aescratch.programs.cli.status import RIGHT, wrong_input
from aescratch.programs.cli.training import make_optimizer
from aescratch.programs.cli.variants import VARIANTS, add_variant, names_where
from aescratch.programs.cli.words import OPTIMIZERS, Word, count, number
from aescratch.programs.cli.writing import add_json, answer, require_folder

N_EXAMPLES, N_INPUTS, CODE, N_CLASSES = 3, 8, 4, 2
HIDDEN = 6  # where the variant wants such a layer
DEEP = names_where(lambda kind: kind.hidden_layers == "wanted")
STEPPING = {name: kind for name, kind in OPTIMIZERS.items() if kind is not ae.LBFGS}

DESCRIPTION = f"""Record one training step of a new model, number by number, and write a page that walks through it.

Left to itself, the model reads {N_INPUTS} numbers and has {CODE} code units.
A {DEEP} one has {HIDDEN} hidden units too.
The step itself is taken in float64; --dtype is only what the parameters are drawn in.
The page is a file that fetches nothing.
"""
EXAMPLES = """examples:
  aescratch step vanilla --open
  aescratch step sparse --sparsity kl:0.1:0.5 --optimizer sgd --learning-rate 0.1 --out lecture.html
  aescratch step variational --reconstruction bce --code 2 --examples 2
  aescratch step vanilla --inputs 4 --code 2 --examples 1 --text
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of `aescratch step`."""
    parser.usage, parser.description, parser.epilog = "aescratch step VARIANT [options]", DESCRIPTION, EXAMPLES
    add_variant(parser)
    at_least_one = partial(count, 1)
    parser.add_argument("--out", metavar="PATH", default="step.html", help="the page's file (default %(default)s)")
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    parser.add_argument("--text", action="store_true", help="print the step like a worked example instead of a page")
    parser.add_argument(
        "--examples", type=at_least_one, default=N_EXAMPLES, metavar="N", help="how many (default %(default)s)"
    )
    parser.add_argument("--data", metavar="DATA", help="left out, random numbers between 0 and 1; or " + DATA_HELP)
    parser.add_argument(
        "--inputs", type=at_least_one, default=N_INPUTS, metavar="WIDTH",
        help="how many random numbers an example has (default %(default)s)",
    )  # fmt: skip
    add_model_options(parser, code=CODE)
    group = parser.add_argument_group("optimizer")
    group.add_argument(
        "--optimizer", type=partial(Word.read, STEPPING), default="adam", metavar="NAME",
        help="sgd, momentum:MU, nesterov:MU, rmsprop:BETA:EPS, adam:BETA1:BETA2:EPS (the default) or "
        "adamw:DECAY:BETA1:BETA2:EPS",
    )  # fmt: skip
    group.add_argument("--learning-rate", type=number, metavar="RATE", help="left out, the optimizer's own")
    group.add_argument("--clip-norm", type=number, metavar="NORM", help="scale gradients down to this norm")
    add_file_options(parser)
    add_json(parser, "every operation with its numbers")
    parser.set_defaults(schedule=None)


def run(arguments: Namespace) -> int:
    """Record, and print or write; return the exit status."""
    path = Path(arguments.out)
    require_folder(path)
    use_small_layers(arguments)
    optimizer = make_optimizer(arguments)
    x, labels = examples(arguments)
    model = build_model(arguments, x.shape[1], labels)
    if labels is not None:
        labels = labels[: len(x)] if model.takes_labels else None
    with wrong_input():
        step = ae.trace(model, x, labels, optimizer=optimizer, rng=arguments.seed)
        if not arguments.text:
            step.to_html(path)
    text = str(step) if arguments.text else f"{path}: {step.title}, {len(step)} operations"
    answer(arguments, text, {"page": None if arguments.text else str(path), **step.to_dict()})
    if arguments.open and not arguments.text and not opened(path):
        print("no browser could be opened; open the file yourself", file=sys.stderr if arguments.json else sys.stdout)
    return RIGHT


def opened(path: Path) -> bool:
    """Open a page in a browser, and return whether there was one."""
    import webbrowser  # starts processes, which there may be none of

    return webbrowser.open(path.resolve().as_uri())


def use_small_layers(arguments: Namespace) -> None:
    """Fill in widths whose numbers can all be looked at, where neither the user nor a saved autoencoder gives any."""
    if given_models(arguments):
        return
    if arguments.hidden is None and VARIANTS[arguments.variant].hidden_layers == "wanted":
        arguments.hidden = [HIDDEN]
    arguments.code = arguments.code or CODE


def examples(arguments: Namespace) -> tuple[Array, Array | None]:
    """Return a few examples, and the labels of all there are; random ones have two digits after the point."""
    if arguments.data:
        data = load_data(arguments.data, arguments)
        return data.x[: arguments.examples].astype(np.float64), data.labels
    rng = np.random.default_rng(arguments.seed)
    x = rng.random((arguments.examples, arguments.inputs)).round(2)
    return x, np.arange(max(arguments.examples, N_CLASSES), dtype=np.int64) % N_CLASSES
