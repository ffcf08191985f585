"""`aescratch evaluate MODEL [DATA]`: what a saved model reaches on data, beside PCA with the same width of code."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from aescratch.programs.cli.data import DATA_HELP, add_file_options, load_data
from aescratch.programs.cli.measures import as_lines, measure
from aescratch.programs.cli.opening import add_model, open_model, require_width
from aescratch.programs.cli.status import RIGHT, wrong_input
from aescratch.programs.cli.writing import add_json, answer

DESCRIPTION = """Measure a saved model on data:

  loss, every term    the objective, mean over batches of 1000 examples
  SSE per image       squared error summed over an example's numbers, mean over the examples
  SSE of PCA          the same for principal component analysis with as many components as the code has units
  active units        share of code units with |h| > 0.01, over all examples
  accuracy            share of examples in the right class (instead of the last three, for a classifier)
"""
EXAMPLES = """examples:
  aescratch evaluate sparse-digits
  aescratch evaluate model.npz fashion-test --pca-data fashion
  aescratch evaluate model.npz mine.csv --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of `aescratch evaluate`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    add_model(parser)
    parser.add_argument("data", metavar="DATA", nargs="?", default="digits", help=f"{DATA_HELP} (default digits)")
    parser.add_argument("--pca-data", metavar="DATA", help="data to fit PCA to; left out, the data that are measured")
    add_file_options(parser)
    add_json(parser, "the numbers")


def run(arguments: Namespace) -> int:
    """Measure and print; return the exit status."""
    model = open_model(arguments.model)
    data = load_data(arguments.data, arguments)
    require_width(data.x.shape[1], model.autoencoder.widths[0], data.name)
    pca_data = None if arguments.pca_data is None else load_data(arguments.pca_data, arguments)
    if pca_data is not None:
        require_width(pca_data.x.shape[1], data.x.shape[1], pca_data.name)
    with wrong_input():
        measures = measure(model, data, pca_data)
    about = {"model": type(model).__name__, "parameters": model.n_parameters, "data": data.name, "examples": len(data)}
    head = f"{about['model']}, {model.n_parameters:,} parameters, on {len(data):,} examples of {data.name}"
    answer(arguments, f"{head}\n{as_lines(measures)}", {**about, **measures})
    return RIGHT
