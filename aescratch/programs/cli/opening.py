"""A saved model by its path, or by the folder that `aescratch train` wrote."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import aescratch as ae
from aescratch.programs.cli.status import UsageError, wrong_input

MODEL_FILE = "model.npz"


def add_model(parser: ArgumentParser) -> None:
    """Add MODEL, the path of a saved model."""
    parser.add_argument("model", metavar="MODEL", help="a saved model, or the folder that train wrote")


def open_model(path: str) -> Any:
    """Return the model that is saved at path."""
    file = Path(path, MODEL_FILE) if Path(path).is_dir() else Path(path)
    with wrong_input():
        return ae.load(file)


def require_width(found: int, wanted: int, name: str) -> None:
    """Refuse data or codes that the model can't read.

    Raises
    ------
    UsageError
        If they have another width.
    """
    if found != wanted:
        raise UsageError(f"the model reads {wanted:,} numbers per row, and {name} has {found:,}; give data of its kind")
