"""`aescratch decode MODEL CODES --out x.npy`: data from codes, one row per example."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

import aescratch as ae
from aescratch.programs.cli.measures import in_batches
from aescratch.programs.cli.opening import add_model, open_model, require_width
from aescratch.programs.cli.status import RIGHT, wrong_input
from aescratch.programs.cli.writing import add_json, answer, matrix_path, write_matrix

EXAMPLES = """examples:
  aescratch decode sparse-digits codes.npy --out x.npy
  echo "0.5,-1" > code.csv && aescratch decode variational-digits code.csv --out x.csv
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of `aescratch decode`."""
    parser.description = "Write what a model's decoder makes of codes, one row per code."
    parser.epilog = EXAMPLES
    add_model(parser)
    parser.add_argument("codes", metavar="CODES", help="a .npy or .csv file, one code per row, as encode writes it")
    parser.add_argument("--out", metavar="FILE", required=True, help="a .npy file, or a .csv file without column names")
    add_json(parser, "the file's name, the number of examples and their width")


def run(arguments: Namespace) -> int:
    """Decode and write; return the exit status."""
    path = matrix_path(arguments.out)
    model = open_model(arguments.model).autoencoder
    with wrong_input():
        codes = ae.datasets.load_file(arguments.codes, divide_by=1)  # whole numbers are codes, too
    require_width(codes.x.shape[1], model.widths[-1], codes.name)
    with wrong_input():
        x = in_batches(model.decode, codes.x)
    write_matrix(path, x)
    about = {"file": str(path), "examples": x.shape[0], "numbers": x.shape[1], "codes": codes.name}
    answer(arguments, f"wrote {path}: {x.shape[0]:,} examples of {x.shape[1]:,} numbers", about)
    return RIGHT
