"""The options of training, and the arguments of `fit` that follow from them.

An optimizer is put together from up to four of them:

    --optimizer momentum:0.95 --learning-rate 0.1 --schedule cosine --> Momentum(CosineRate(0.1), 0.95)
"""

from __future__ import annotations

import inspect
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from functools import partial
from typing import Any

import aescratch as ae
from aescratch.programs.cli.settings import flag
from aescratch.programs.cli.status import UsageError
from aescratch.programs.cli.variants import names_where
from aescratch.programs.cli.words import OPTIMIZERS, SCHEDULES, Word, choice, count, number

PRETRAINED = names_where(lambda kind: hasattr(kind, "pretrain"))


def add_training_options(parser: ArgumentParser) -> None:
    """Add everything that `fit` takes, and pre-training."""
    group = parser.add_argument_group("training")
    at_least_one = partial(count, 1)
    group.add_argument(
        "--epochs", type=at_least_one, default=100, metavar="N", help="passes over the data (default %(default)s)"
    )
    group.add_argument(
        "--batch-size", type=at_least_one, default=64, metavar="N", help="examples per step (default %(default)s)"
    )
    group.add_argument(
        "--pretrain-epochs", type=partial(count, 0), metavar="N",
        help=f"passes for each layer before the whole stack is trained; left out, as many as --epochs [{PRETRAINED}]",
    )  # fmt: skip
    group.add_argument(
        "--validation", type=_share, metavar="SHARE", help="hold out this share of the data, between 0 and 1, to watch"
    )
    group.add_argument(
        "--patience", type=at_least_one, metavar="N",
        help="stop after so many epochs without a better validation loss, and keep the best epoch",
    )  # fmt: skip
    group.add_argument(
        "--checkpoint", metavar="FILE",
        help="written after every epoch; if it is there, training goes on from it, to the same end bit for bit",
    )  # fmt: skip
    group.add_argument(
        "--backend", type=partial(choice, {"numpy": "numpy", "cupy": "cupy"}), default="numpy", metavar="NAME",
        help="where to compute: numpy (the default), or cupy, which needs an NVIDIA GPU",
    )  # fmt: skip
    _add_optimizer_options(parser)


def _add_optimizer_options(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("optimizer")
    group.add_argument(
        "--optimizer", type=partial(Word.read, OPTIMIZERS), default="adam", metavar="NAME",
        help="sgd, momentum:MU, nesterov:MU, rmsprop:BETA:EPS, adam:BETA1:BETA2:EPS (the default), "
        "adamw:DECAY:BETA1:BETA2:EPS or lbfgs:MEMORY (needs SciPy); numbers may be left out from the right",
    )  # fmt: skip
    group.add_argument("--learning-rate", type=number, metavar="RATE", help="left out, the optimizer's own")
    group.add_argument(
        "--schedule", type=partial(Word.read, SCHEDULES), metavar="NAME",
        help="how the learning rate changes: constant (the default), step:EVERY:FACTOR or cosine:LAST",
    )  # fmt: skip
    group.add_argument(
        "--clip-norm", type=number, metavar="NORM", help="scale gradients down to this norm; left out, never"
    )


def make_optimizer(arguments: Namespace) -> Any:
    """Return a new optimizer.

    Raises
    ------
    UsageError
        If the options don't make one.
    """
    word = arguments.optimizer
    try:
        if word.kind is ae.LBFGS:
            _refuse_for_lbfgs(arguments)
            return word.make()
        rate = _learning_rate(arguments)
        if arguments.schedule is not None:
            rate = arguments.schedule.make(rate)
        return word.make(rate, clip_norm=arguments.clip_norm)
    except ArgumentTypeError as error:
        raise UsageError(str(error)) from error


def _learning_rate(arguments: Namespace) -> Any:
    own = inspect.signature(arguments.optimizer.kind).parameters["learning_rate"].default
    rate = own if arguments.learning_rate is None else arguments.learning_rate
    if rate is inspect.Parameter.empty:
        name = arguments.optimizer.name
        raise UsageError(f"{name} has no learning rate of its own; give --learning-rate, such as 0.01")
    return rate


def _refuse_for_lbfgs(arguments: Namespace) -> None:
    """L-BFGS finds its steps by itself, on all the data at once."""
    for name in ("learning_rate", "schedule", "clip_norm", "validation", "patience", "checkpoint"):
        if getattr(arguments, name) is not None:
            raise UsageError(f"lbfgs has no use for {flag(name)}; leave it out, or take another optimizer")


def pretrain(model: Any, x: Any, arguments: Namespace, optimizer: Any) -> list[ae.History]:
    """Train a stack layer by layer, and return a history per layer; nothing happens to other variants.

    Raises
    ------
    UsageError
        If pre-training is asked for and there is no stack.
    """
    if not hasattr(model, "pretrain"):
        if arguments.pretrain_epochs is not None:
            raise UsageError(
                f"{arguments.variant} has no option --pretrain-epochs, which is for {PRETRAINED}; leave it out"
            )
        return []
    epochs = arguments.epochs if arguments.pretrain_epochs is None else arguments.pretrain_epochs
    if epochs == 0:
        return []
    options = {"epochs": epochs, "batch_size": arguments.batch_size, "optimizer": optimizer}
    histories: list[ae.History] = model.pretrain(x, rng=arguments.seed, **options)
    return histories


def _share(text: str) -> float:
    share = number(text)
    if not 0 < share < 1:
        raise ArgumentTypeError(f"expected a share between 0 and 1, such as 0.2, got {text!r}")
    return share
