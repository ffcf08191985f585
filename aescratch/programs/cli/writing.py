"""What the commands write: files, whole or not at all, and what came out, for people or, with --json, for programs."""

from __future__ import annotations

import json
import math
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.files import whole_file
from aescratch.programs.cli.status import UsageError


def write_text(path: Path, text: str) -> None:
    """Write text to path."""
    with whole_file(path) as stream:
        stream.write(text.encode())


def matrix_path(text: str) -> Path:
    """Return the path of a matrix to write, refused before any work if it can't become one.

    Raises
    ------
    UsageError
        If it ends in neither .npy nor .csv, or its folder isn't there.
    """
    path = Path(text)
    if path.suffix.lower() not in (".npy", ".csv"):
        raise UsageError(f"expected --out to end in .npy or .csv, got {text!r}")
    require_folder(path)
    return path


def require_folder(path: Path) -> None:
    """Refuse the path of a file to write whose folder isn't there."""
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {str(path.parent)!r} to write {path.name} into; make it first")


def write_matrix(path: Path, x: Array) -> None:
    """Write a matrix (N, D) as .npy or .csv, by the path's ending; both give every bit back."""
    with whole_file(path) as stream:
        if path.suffix.lower() == ".npy":
            np.save(stream, x, allow_pickle=False)
        else:
            np.savetxt(stream, x, delimiter=",", fmt="%.9g" if x.dtype == np.float32 else "%.17g")


def add_json(parser: ArgumentParser, what: str) -> None:
    """Add --json."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON, and nothing else on stdout")


def answer(arguments: Namespace, text: str, value: Any) -> None:
    """Print what came out: the text, or the value as JSON where that was asked for.

    What the output can't encode, as a pipe may not, becomes a question mark.
    """
    encoding = sys.stdout.encoding or "utf-8"
    chosen = json_text(value) if arguments.json else text
    print(chosen.encode(encoding, "replace").decode(encoding), flush=True)


def json_text(value: Any) -> str:
    """Return value as JSON; NaN and infinity, which JSON lacks, become null."""
    return json.dumps(_without_nan(value), indent=2)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
