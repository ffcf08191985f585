"""`aescratch step VARIANT`: one training step of a small new model, as a page or as text.

    options -> model;   a few random examples, or some of the user's data -> ae.trace -> step.html, and a browser
"""

from __future__ import annotations

from argparse import Namespace
from functools import partial
from pathlib import Path

import aescratch as ae
from aescratch.foundations.language import Phrase, gettext
from aescratch.programs.cli.building import model_options, small_layers, small_problem
from aescratch.programs.cli.data import DATA_OR_RANDOM, IMAGE_SHAPE, OWN_FILE
from aescratch.programs.cli.options import Option, command, json_of, option, switch, whole
from aescratch.programs.cli.settings import owners
from aescratch.programs.cli.status import RIGHT, wrong_input
from aescratch.programs.cli.training import NAMES, make_optimizer, optimizer_options
from aescratch.programs.cli.variants import VARIANT, names_where
from aescratch.programs.cli.words import OPTIMIZERS
from aescratch.programs.cli.writing import answer, open_page, require_folder

N_EXAMPLES, N_INPUTS, CODE = 3, 8, 4
RATE = 0.1  # for an optimizer without a default rate
HIDDEN = 6  # if the variant requires a hidden layer
DISCRIMINATOR = 8  # hidden units of a discriminator
DEEP = names_where(lambda kind: kind.hidden_layers == "wanted")
STEPPING = {name: kind for name, kind in OPTIMIZERS.items() if kind is not ae.LBFGS}

DESCRIPTION = Phrase(
    """Record one training step of a new model, number by number, and write a page that walks through it.

By default, the model has {inputs} inputs and {code} code units; {deep} has {hidden} hidden units, too,
and a discriminator has {discriminator}.
The step is plain gradient descent, unless --optimizer names another optimizer.
All numbers are computed in float64; --dtype is only the type in which the parameters are drawn.
The page is a single file that works offline.
""", inputs=N_INPUTS, code=CODE, deep=DEEP, hidden=HIDDEN, discriminator=DISCRIMINATOR,
)  # fmt: skip
EXAMPLES = """examples:
  aescratch step vanilla --open
  aescratch step sparse --sparsity kl:0.1:0.5 --learning-rate 0.5 --out lecture.html
  aescratch step variational --reconstruction bce --code 2 --examples 2
  aescratch step sparse --data digits --out digits.html
  aescratch step vanilla --data fashion --hidden 64 --code 16 --examples 1 --out image.html
  aescratch step vanilla --optimizer adam --open
  aescratch step vanilla --inputs 4 --code 2 --examples 1 --text
"""

add_arguments: Option = command(
    DESCRIPTION, EXAMPLES, VARIANT,
    option("--out", metavar="PATH", default="step.html", help="the page's file (default %(default)s)"),
    switch("--open", "open the page in a browser"),
    switch("--text", "print the step like a worked example instead of a page"),
    whole("--examples", "number of examples", default=N_EXAMPLES), DATA_OR_RANDOM,
    whole("--inputs", "number of inputs with random numbers", "WIDTH", N_INPUTS),
    model_options(CODE),
    optimizer_options(
        STEPPING, Phrase("{names} or adamw:DECAY:BETA1:BETA2:EPS", names=NAMES), default="sgd",
        rate=Phrase("default: {rate} for sgd, momentum or nesterov, otherwise the optimizer's own", rate=RATE),
        clipped=Phrase("scale gradients down to this norm"),
    ),
    OWN_FILE, IMAGE_SHAPE,
    json_of("every operation with its numbers"),
    usage="aescratch step VARIANT [options]",
)  # fmt: skip
use_small_layers: partial[None] = partial(small_layers, hidden={"wanted": [HIDDEN]}, code=CODE)


def run(arguments: Namespace) -> int:
    """Record, and print or write; return the exit status."""
    path = Path(arguments.out)
    require_folder(path)
    use_small_layers(arguments)
    if arguments.variant in owners("n_hidden") and "n_hidden" not in arguments:
        arguments.n_hidden = DISCRIMINATOR
    optimizer = make_optimizer(arguments, otherwise=RATE)
    shape = (arguments.examples, arguments.inputs)
    model, x, labels, image_shape = small_problem(arguments, lambda rng: rng.random(shape).round(2))
    with wrong_input():
        step = ae.trace(model, x, labels, optimizer=optimizer, rng=arguments.seed)
        if not arguments.text:
            step.to_html(path, image_shape)
    written = gettext("{path}: {title}, {count} operations").format(path=path, title=step.title, count=len(step))
    text = str(step) if arguments.text else written
    answer(arguments, text, {"page": None if arguments.text else str(path), **step.to_dict()})
    if arguments.open and not arguments.text:
        open_page(arguments, path)
    return RIGHT
