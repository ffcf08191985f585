"""What the commands write: files, whole or not at all, and what came out, for people or, with --json, for programs."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.files import whole_file
from aescratch.foundations.platforms import has_processes
from aescratch.programs.cli.options import option
from aescratch.programs.cli.status import UsageError

MATRIX_FILE = option("--out", metavar="FILE", required=True, help="a .npy file, or a .csv file without column names")


def matrix_path(text: str) -> Path:
    """Return the path of a matrix to write, refused before any work if it can't become one."""
    path = Path(text)
    if path.suffix.lower() not in (".npy", ".csv"):
        raise UsageError(f"expected --out to end in .npy or .csv, got {text!r}")
    require_folder(path)
    return path


def require_folder(path: Path) -> None:
    """Refuse the path of a file to write whose folder isn't there."""
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {str(path.parent)!r} to write {path.name} into; make it first")


def write_matrix(arguments: Namespace, path: Path, x: Array, rows: str, columns: str, **about: Any) -> None:
    """Write a matrix (N, D) as .npy or .csv, by the path's ending, and say so; both give every bit back."""
    with whole_file(path) as stream:
        if path.suffix.lower() == ".npy":
            np.save(stream, x, allow_pickle=False)
        else:
            np.savetxt(stream, x, delimiter=",", fmt="%.9g" if x.dtype == np.float32 else "%.17g")
    n, d = x.shape
    about = {"file": str(path), rows: n, columns: d, **about}
    answer(arguments, f"wrote {path}: {n:,} {rows} of {d:,} {columns}", about)


def open_page(arguments: Namespace, path: Path) -> None:
    """Open a page that was written in a browser, or say how it is opened."""
    import webbrowser  # starts processes, which there may be none of

    out = sys.stderr if arguments.json else sys.stdout  # it is none of the answer
    if not has_processes():
        print(f"{path.name} lies among the files of this Python; download it, and open it in a browser", file=out)
    elif not webbrowser.open(path.resolve().as_uri()):
        print("no browser could be opened; open the file yourself", file=out)


def say(text: str) -> None:
    """Print text, with a question mark for whatever the output can't encode, as a pipe may not."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


def answer(arguments: Namespace, text: str, value: Any) -> None:
    """Print what came out: the text, or the value as JSON where that was asked for."""
    say(json_text(value) if arguments.json else text)


def json_text(value: Any) -> str:
    """Return value as JSON; NaN and infinity, which JSON lacks, become null."""
    return json.dumps(json.loads(json.dumps(value), parse_constant=lambda name: None), indent=2)
