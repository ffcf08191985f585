"""Models and data, by name or from the user's own file, for every command that takes MODEL or DATA.

    "digits" -> load_digits() -> Dataset;      "faces.npz", --divide-by 255 -> load_file(...) -> Dataset
    "sparse-digits", a folder that train wrote, or "model.npz" -> ae.load(...) -> model
"""

from __future__ import annotations

import re
import sys
import warnings
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import aescratch as ae
from aescratch.datasets import (
    Dataset,
    StreamedDataset,
    load_digits,
    load_fashion,
    load_file,
    load_mnist,
    load_natural_patches,
    open_file,
)
from aescratch.foundations.language import Phrase, gettext, gettext_noop
from aescratch.foundations.scaling import scaled
from aescratch.programs.cli.options import group, option
from aescratch.programs.cli.status import UsageError, did_you_mean, wrong_input
from aescratch.programs.cli.words import counts, number

MODEL_FILE = "model.npz"
DIGITS = "digits"  # what commands use if no data are given
LARGE = 2**30  # bytes; larger files are read piece by piece in training
BUILT_IN: dict[str, Callable[[], Dataset]] = {
    DIGITS: load_digits,
    "fashion": load_fashion,
    "fashion-test": partial(load_fashion, split="test"),
    "patches": load_natural_patches,
    "fashion-full": partial(load_fashion, "full"),
    "fashion-full-test": partial(load_fashion, "full", split="test"),
    "mnist": load_mnist,
    "mnist-test": partial(load_mnist, split="test"),
    "mnist-5k": partial(load_mnist, "5k"),
}
OPTION_OF = {
    "divide_by=": "--divide-by ", "divide_by": "--divide-by", "image_shape": "--image-shape", "key='": "--key '",
    gettext_noop("leave key out"): gettext_noop("leave --key out"),
    gettext_noop("pass to_be_scaled=True, which keeps float64, and then scale the data by ae.Scaling"):
    gettext_noop("train with --scale standardize"),
}  # fmt: skip
DATA_HELP = Phrase(
    "built-in data: digits, fashion, fashion-test or patches; data that may be on this machine: mnist, mnist-test, "
    "mnist-5k, fashion-full or fashion-full-test; or your own .npy, .npz, .csv, .parquet or IDX file, gzipped or not"
)
MODEL = option("model", metavar="MODEL", help="a saved model, or the folder that train wrote")
DATA = option("data", metavar="DATA", help=DATA_HELP)
DIGITS_HELP = Phrase("{data} (default digits)", data=DATA_HELP)
DATA_OR_DIGITS = option("data", metavar="DATA", nargs="?", default=DIGITS, help=DIGITS_HELP)
RANDOM_HELP = Phrase("{data} (default: random numbers between 0 and 1)", data=DATA_HELP)
DATA_OR_RANDOM = option("--data", metavar="DATA", help=RANDOM_HELP)
OWN_FILE = group(
    "your own data",
    option("--key", help="the name of the array in an .npz file with several"),
    option(
        "--divide-by", type=number, metavar="NUMBER",
        help="divide all values by this, such as 65535 (bytes are always divided by 255 by default)",
    ),
    option(
        "--categories", type=lambda text: [name.strip() for name in text.split(",")], metavar="NAMES",
        help="columns of a .csv or .parquet file with words, such as city,colour: each becomes columns of 0 and 1",
    ),
)  # fmt: skip
IMAGE_SHAPE = option(
    "--image-shape", type=partial(counts, "x", "28x28"), metavar="HxW",
    help="the shape of each example of your data as an image, such as 28x28",
)  # fmt: skip


def open_model(path: str) -> Any:
    """Return the model saved at this path, or in this folder."""
    file = Path(path, MODEL_FILE) if Path(path).is_dir() else Path(path)
    with wrong_input():
        return ae.load(file)


def load_data(
    name: str, arguments: Namespace, width: int | None = None, *, scales: bool = False, columns: Sequence[str] = ()
) -> Dataset:
    """Return the data set or the file with this name; raise `UsageError` for another width, or for other columns.

    If `scales`, whole numbers in a table are accepted, and float64 stays float64, since the data will be scaled.
    """
    image_shape = getattr(arguments, "image_shape", None)
    given = {
        "--image-shape": image_shape, "--key": arguments.key, "--divide-by": arguments.divide_by,
        "--categories": arguments.categories,
    }  # fmt: skip
    with wrong_input():
        if name in BUILT_IN:
            for flag, value in given.items():
                if value is not None:
                    sentence = gettext("{flag} is for your own files, but {name} is built in; leave it out")
                    raise UsageError(sentence.format(flag=flag, name=name))
            data = BUILT_IN[name]()
        elif Path(name).exists():
            named = {"categories": arguments.categories or (), "columns": columns}
            data = _of_a_file(load_file, name, arguments, scales, **named)
        else:
            built_in = gettext("; check the path, or take one of {names}").format(names=", ".join(BUILT_IN))
            near = did_you_mean(name, BUILT_IN) or built_in
            raise UsageError(gettext("there is no file and no data set {name!r}{near}").format(name=name, near=near))
    if width is not None:
        require_width(data, width)
    return data


def load_or_open(
    name: str, arguments: Namespace, *, scales: bool, columns: Sequence[str]
) -> Dataset | StreamedDataset:
    """Return the data with this name, as `load_data` does; a large file is only opened, to be read piece by piece."""
    path = Path(name)
    is_file = name not in BUILT_IN and path.is_file() and not path.name.lower().endswith((".parquet", ".parquet.gz"))
    if not is_file or path.stat().st_size < LARGE or arguments.categories:
        return load_data(name, arguments, scales=scales, columns=columns)
    with wrong_input():
        return _of_a_file(open_file, name, arguments, scales, columns=columns)


def _of_a_file(read: Callable[..., Any], name: str, arguments: Namespace, scales: bool, **more: Any) -> Any:
    """Return the result of a function that reads a file; its messages are rephrased in terms of options."""
    image_shape = getattr(arguments, "image_shape", None)  # not an option of every command
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            data = read(
                name, image_shape and tuple(image_shape), arguments.key, divide_by=arguments.divide_by,
                to_be_scaled=scales, **more,
            )  # fmt: skip
        except ValueError as error:
            raise UsageError(_as_options(str(error))) from error
    for warning in caught:
        print(f"aescratch: {_as_options(str(warning.message))}", file=sys.stderr)
    return data


def looked_at(data: Dataset | StreamedDataset) -> Dataset:
    """Return the data, or a sample if they stay in a file, for figures, measures and diagnosis."""
    return data.sample() if isinstance(data, StreamedDataset) else data


def _as_options(sentence: str) -> str:
    """Return a sentence about the arguments of `load_file` as one about the corresponding options.

    Examples
    --------
    >>> _as_options("divide them by the largest possible value, for example divide_by=255")
    'divide them by the largest possible value, for example --divide-by 255'
    """
    for argument, flag in OPTION_OF.items():
        sentence = sentence.replace(gettext(argument), gettext(flag))
    return re.sub(r'categories=\["(.*?)"\]', r"--categories \1", sentence)


def scaled_data(model: Any, data: Any) -> Any:
    """Return data with the model's scaling applied, if it has one."""
    return replace(data, x=scaled(model, data.x))


def arrays_of(model: Any, data: Dataset | StreamedDataset) -> list[Any]:
    """Return the arguments of the model's loss: x, or x and labels."""
    return [data.x, data.labels] if model.takes_labels else [data.x]


def require_width(data: Dataset, width: int) -> None:
    """Raise `UsageError` for data or codes with a width that the model can't read."""
    found = data.x.shape[1]
    if found != width:
        sentence = gettext(
            "the model reads {width:,} numbers per row, but {data} has {found:,}; give data of the same kind"
        )
        raise UsageError(sentence.format(width=width, data=data.name, found=found))
