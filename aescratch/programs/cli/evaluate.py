"""`aescratch evaluate MODEL [DATA]`: measure a saved model on data, and compare it with PCA of the code's width."""

from __future__ import annotations

from argparse import Namespace

from aescratch.foundations.language import gettext, gettext_noop
from aescratch.inspection.diagnosis import COMMAND_LINE, diagnose
from aescratch.programs.cli.data import (
    DIGITS,
    DIGITS_HELP,
    MODEL,
    OWN_FILE,
    arrays_of,
    load_data,
    open_model,
    scaled_data,
)
from aescratch.programs.cli.measures import as_lines, found_lines, measure
from aescratch.programs.cli.options import Option, command, json_of, option
from aescratch.programs.cli.status import RIGHT, UsageError, wrong_input
from aescratch.programs.cli.writing import answer

DESCRIPTION = gettext_noop(
    """Measure a saved model on data:

  loss, every term    the objective, mean over batches of 1000 examples
  SSE per example     squared error summed over an example's numbers, mean over the examples
  SSE of always answering the mean   the same if every example is replaced by the mean
  SSE of PCA          the same for principal component analysis with as many components as the code has units
  constant units      code units that are the same for all examples
  the line after it   a mean over the code units: the divergence for a VAE, the activity for a KL penalty, otherwise how
                      often a unit isn't 0
  accuracy            share of examples in the right class (only for a classifier, which has just this and the loss)

Errors are in the data's units. For a model with a scaling, the errors of the scaled data, which training minimises,
follow. At most three lines at the end report problems.
"""
)
EXAMPLES = """examples:
  aescratch evaluate sparse-digits
  aescratch evaluate model.npz fashion-test --pca-data fashion
  aescratch evaluate model.npz mine.csv --json
"""

add_arguments: Option = command(
    DESCRIPTION, EXAMPLES, MODEL,
    option("data", metavar="DATA", nargs="?", help=DIGITS_HELP),
    option("--pca-data", metavar="DATA", help="data to fit PCA to (default: the measured data)"),
    OWN_FILE, json_of("the numbers"),
)  # fmt: skip


def run(arguments: Namespace) -> int:
    """Measure and print; return the exit status."""
    model = open_model(arguments.model)
    width = model.autoencoder.widths[0]
    scales = model.scaling is not None
    is_given = arguments.data is not None
    columns = model.columns or ()
    given = arguments.data if is_given else DIGITS
    data = load_data(given, arguments, width if is_given else None, scales=scales, columns=columns)
    if data.x.shape[1] != width:
        sentence = gettext(
            "no data were given, and the model reads {width:,} numbers per row, so that it can't be measured on "
            "{digits}; write: aescratch evaluate {model} DATA, with data of the same kind as in training"
        )
        raise UsageError(sentence.format(width=width, digits=DIGITS, model=arguments.model))
    pca_data = data
    if arguments.pca_data is not None:
        pca_data = load_data(arguments.pca_data, arguments, width, scales=scales, columns=columns)
    with wrong_input():
        measures = measure(model, data, pca_data)
        diagnosis = diagnose(model, *arrays_of(model, scaled_data(model, data)), spelling=COMMAND_LINE)
    about = {"model": type(model).__name__, "parameters": model.n_parameters, "data": data.name, "examples": len(data)}
    head = gettext("{model}, {parameters:,} parameters, on {examples:,} examples of {data}").format(**about)
    lines = [head, as_lines(measures), *found_lines(diagnosis)]
    answer(arguments, "\n".join(lines), {**about, **measures, "diagnosis": diagnosis.to_list()})
    return RIGHT
