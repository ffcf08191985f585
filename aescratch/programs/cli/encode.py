"""`aescratch encode MODEL DATA --out codes.npy`: the codes of data, one row per example."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from aescratch.programs.cli.data import DATA_HELP, add_file_options, load_data
from aescratch.programs.cli.measures import in_batches
from aescratch.programs.cli.opening import add_model, open_model, require_width
from aescratch.programs.cli.status import RIGHT, wrong_input
from aescratch.programs.cli.writing import add_json, answer, matrix_path, write_matrix

EXAMPLES = """examples:
  aescratch encode sparse-digits digits --out codes.npy
  aescratch encode model.npz mine.csv --out codes.csv
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of `aescratch encode`."""
    parser.description = "Write the codes of data, one row per example; decode turns them back into data."
    parser.epilog = EXAMPLES
    add_model(parser)
    parser.add_argument("data", metavar="DATA", help=DATA_HELP)
    add_file_options(parser)
    parser.add_argument("--out", metavar="FILE", required=True, help="a .npy file, or a .csv file without column names")
    add_json(parser, "the file's name, the number of codes and their width")


def run(arguments: Namespace) -> int:
    """Encode and write; return the exit status."""
    path = matrix_path(arguments.out)
    model = open_model(arguments.model).autoencoder
    data = load_data(arguments.data, arguments)
    require_width(data.x.shape[1], model.widths[0], data.name)
    with wrong_input():
        code = in_batches(model.encode, data.x)
    write_matrix(path, code)
    about = {"file": str(path), "codes": code.shape[0], "units": code.shape[1], "data": data.name}
    answer(arguments, f"wrote {path}: {code.shape[0]:,} codes of {code.shape[1]:,} units", about)
    return RIGHT
