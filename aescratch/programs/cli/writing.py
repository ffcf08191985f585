"""Output of the commands: files, written completely or not at all, and results for people or, with --json, programs."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sys
import warnings
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.files import whole_file
from aescratch.foundations.language import gettext
from aescratch.foundations.platforms import has_processes
from aescratch.programs.cli.status import UsageError


def matrix_path(text: str) -> Path:
    """Return the path of a matrix file to write; raise `UsageError` before any work if it is invalid."""
    path = Path(text)
    if path.suffix.lower() not in (".npy", ".csv"):
        raise UsageError(gettext("expected --out to end in .npy or .csv, got {text!r}").format(text=text))
    require_folder(path)
    return path


def require_folder(path: Path) -> None:
    """Raise `UsageError` if the folder of a file to write is missing."""
    if not path.parent.is_dir():
        sentence = gettext("there is no folder {folder!r} to write {file} into; create it first")
        raise UsageError(sentence.format(folder=str(path.parent), file=path.name))


def write_matrix(
    arguments: Namespace, path: Path, x: Array, sentence: str, rows: str, columns: str, names: Sequence[str] = (),
    **about: Any,
) -> None:  # fmt: skip
    """Write a matrix (N, D) as .npy or .csv, by the path's suffix, and print its shape; both keep every bit.

    The sentence has {path}, {n} and {d}; `rows` and `columns` name the numbers in JSON. `names`, if any, are the first
    line of a .csv file.
    """
    with whole_file(path) as stream:
        if path.suffix.lower() == ".npy":
            np.save(stream, x, allow_pickle=False)
        else:
            first_line = io.StringIO()
            if names:
                csv.writer(first_line, lineterminator="\n").writerow(names)
            stream.write(first_line.getvalue().encode())
            np.savetxt(stream, x, delimiter=",", fmt="%.9g" if x.dtype == np.float32 else "%.17g")
    n, d = x.shape
    about = {"file": str(path), rows: n, columns: d, **about}
    answer(arguments, gettext(sentence).format(path=path, n=n, d=d), about)


def open_page(arguments: Namespace, path: Path) -> None:
    """Open a written page in a browser, or print how to open it."""
    import webbrowser  # imported here, since it may start processes

    out = sys.stderr if arguments.json else sys.stdout
    if not has_processes():
        sentence = gettext("{file} is among the files of this Python; download it, and open it in a browser")
        print(sentence.format(file=path.name), file=out)
    elif not webbrowser.open(path.resolve().as_uri()):
        print(gettext("no browser could be opened; open the file yourself"), file=out)


def say(text: str) -> None:
    """Print text, with a question mark for each character that the output, such as a pipe, can't encode."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


@contextlib.contextmanager
def warnings_said() -> Iterator[None]:
    """Print the warnings of the block on stderr as sentences, each once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for sentence in dict.fromkeys(str(warning.message) for warning in caught):
        print(f"aescratch: {sentence}", file=sys.stderr)


def answer(arguments: Namespace, text: str, value: Any) -> None:
    """Print the text, or with --json the value as JSON."""
    say(json_text(value) if arguments.json else text)


def json_text(value: Any) -> str:
    """Return a value as JSON; NaN and infinity, which JSON lacks, become null."""
    return json.dumps(json.loads(json.dumps(value), parse_constant=lambda name: None), indent=2)
