"""`aescratch decode MODEL CODES --out x.npy`: data from codes, one row per example."""

from __future__ import annotations

from argparse import Namespace

from aescratch.datasets import load_file
from aescratch.foundations.language import gettext_noop
from aescratch.foundations.scaling import unscaled
from aescratch.programs.cli.data import MODEL, open_model, require_width
from aescratch.programs.cli.measures import in_batches
from aescratch.programs.cli.options import Option, command, json_of, option
from aescratch.programs.cli.status import RIGHT, wrong_input
from aescratch.programs.cli.writing import matrix_path, write_matrix

EXAMPLES = """examples:
  aescratch decode sparse-digits codes.npy --out x.npy
  echo "0.5,-1" > code.csv && aescratch decode variational-digits code.csv --out x.csv
"""

add_arguments: Option = command(
    "Decode codes with a saved model, and write the results, one row per code.", EXAMPLES,
    MODEL, option("codes", metavar="CODES", help="a .npy or .csv file, one code per row, as encode writes it"),
    option("--out", metavar="FILE", required=True,
           help="a .npy file, or a .csv file, with column names if the training data had them"),
    json_of("the file's name, the number of examples and their width"),
)  # fmt: skip


def run(arguments: Namespace) -> int:
    """Decode and write; return the exit status."""
    path = matrix_path(arguments.out)
    model = open_model(arguments.model).autoencoder
    with wrong_input():
        codes = load_file(arguments.codes, divide_by=1)  # codes may be whole numbers
    require_width(codes, model.widths[-1])
    with wrong_input():
        x = unscaled(model, in_batches(model.decode, codes.x))
    sentence = gettext_noop("wrote {path}: {n:,} examples of {d:,} numbers")
    write_matrix(arguments, path, x, sentence, "examples", "numbers", names=model.columns or (), codes=codes.name)
    return RIGHT
