"""`aescratch encode MODEL DATA --out codes.npy`: the codes of data, one row per example."""

from __future__ import annotations

from argparse import Namespace

from aescratch.foundations.language import gettext_noop
from aescratch.programs.cli.data import DATA, MODEL, OWN_FILE, load_data, open_model, scaled_data
from aescratch.programs.cli.measures import in_batches
from aescratch.programs.cli.options import Option, command, json_of, option
from aescratch.programs.cli.status import RIGHT, wrong_input
from aescratch.programs.cli.writing import matrix_path, write_matrix

EXAMPLES = """examples:
  aescratch encode sparse-digits digits --out codes.npy
  aescratch encode model.npz mine.csv --out codes.csv
"""

add_arguments: Option = command(
    "Write the codes of data, one row per example; decode turns them back into data.", EXAMPLES,
    MODEL, DATA, OWN_FILE,
    option("--out", metavar="FILE", required=True, help="a .npy file, or a .csv file without column names"),
    json_of("the file's name, the number of codes and their width"),
)  # fmt: skip


def run(arguments: Namespace) -> int:
    """Encode and write; return the exit status."""
    path = matrix_path(arguments.out)
    model = open_model(arguments.model).autoencoder
    scales, columns = model.scaling is not None, model.columns or ()
    data = load_data(arguments.data, arguments, model.widths[0], scales=scales, columns=columns)
    with wrong_input():
        code = in_batches(model.encode, scaled_data(model, data).x)
    sentence = gettext_noop("wrote {path}: {n:,} codes of {d:,} units")
    write_matrix(arguments, path, code, sentence, "codes", "units", data=data.name)
    return RIGHT
