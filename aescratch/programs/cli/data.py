"""Data by name or from the user's own file.

What every command that takes DATA makes of it:

    "digits" -> load_digits() -> Dataset;      "faces.npz", --divide-by 255 -> load_file(...) -> Dataset
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path

from aescratch.datasets import Dataset, load_digits, load_fashion, load_file, load_mnist, load_natural_patches
from aescratch.programs.cli.status import UsageError, did_you_mean, wrong_input
from aescratch.programs.cli.words import counts, number

BUILT_IN: dict[str, Callable[[], Dataset]] = {
    "digits": load_digits,
    "fashion": load_fashion,
    "fashion-test": partial(load_fashion, split="test"),
    "patches": load_natural_patches,
    "fashion-full": partial(load_fashion, "full"),
    "fashion-full-test": partial(load_fashion, "full", split="test"),
    "mnist": load_mnist,
    "mnist-test": partial(load_mnist, split="test"),
    "mnist-5k": partial(load_mnist, "5k"),
}
DATA_HELP = (
    "digits, fashion, fashion-test or patches, which are built in; mnist, mnist-test, mnist-5k, fashion-full or "
    "fashion-full-test, if they are on this machine; or your own .npy, .npz, .csv or IDX file, gzipped or not"
)


def add_file_options(parser: ArgumentParser) -> None:
    """Add the options that say how to read the user's own file."""
    group = parser.add_argument_group("your own data")
    group.add_argument("--key", help="which array of an .npz file is the data, if it has several")
    group.add_argument(
        "--divide-by", type=number, metavar="NUMBER",
        help="divide all values by this, such as 65535 (bytes are divided by 255 without it)",
    )  # fmt: skip


def add_image_shape(parser: ArgumentParser) -> None:
    """Add --image-shape, for a command that draws."""
    parser.add_argument(
        "--image-shape", type=partial(counts, "x", "28x28"), metavar="HxW",
        help="shape of an example of your own data as an image, such as 28x28",
    )  # fmt: skip


def load_data(name: str, arguments: Namespace) -> Dataset:
    """Return the data of this name, or in the file of this name.

    Raises
    ------
    UsageError
        If there are no such data, or their file is of no use.
    """
    image_shape = getattr(arguments, "image_shape", None)
    given = {"--image-shape": image_shape, "--key": arguments.key, "--divide-by": arguments.divide_by}
    with wrong_input():
        if name not in BUILT_IN:
            _require_file(name)
            return load_file(name, image_shape and tuple(image_shape), arguments.key, divide_by=arguments.divide_by)
        for option, value in given.items():
            if value is not None:
                raise UsageError(f"{option} says how to read your own file, and {name} is built in; leave it out")
        return BUILT_IN[name]()


def _require_file(name: str) -> None:
    if not Path(name).exists():
        near = did_you_mean(name, BUILT_IN) or f"; check the path, or take one of {', '.join(BUILT_IN)}"
        raise UsageError(f"there is no file {name!r}, and no data set of that name{near}")
