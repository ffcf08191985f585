"""The options of training, and the arguments of `fit` that follow from them.

An optimizer is built from up to four of them:

    --optimizer momentum:0.95 --learning-rate 0.1 --schedule cosine --> Momentum(CosineRate(0.1), 0.95)
"""

from __future__ import annotations

import inspect
from argparse import ArgumentTypeError, Namespace
from functools import partial
from typing import Any

import aescratch as ae
from aescratch.foundations.language import Phrase, gettext
from aescratch.programs.cli.options import Option, group, option, whole
from aescratch.programs.cli.settings import flag
from aescratch.programs.cli.status import UsageError, usage_error
from aescratch.programs.cli.variants import names_where
from aescratch.programs.cli.words import OPTIMIZERS, SCHEDULES, Choices, Word, above_zero, count, number, one_of
from aescratch.training import plan

LBFGS_ITERATIONS = 100
NAMES = "sgd, momentum:MU, nesterov:MU, rmsprop:BETA:EPS, adam:BETA1:BETA2:EPS"
COSINE = Word.read(SCHEDULES, "cosine")
PRETRAINED = names_where(lambda kind: hasattr(kind, "pretrain"))


def share(text: str) -> float:
    """Return the share, between 0 and 1, that a text spells."""
    found = number(text)
    if not 0 < found < 1:
        sentence = gettext("expected a share between 0 and 1, such as 0.2, got {text!r}")
        raise ArgumentTypeError(sentence.format(text=text))
    return found


def optimizer_options(
    kinds: Choices, names: str, *more: Option, default: str = "adam", rate: str, clipped: str
) -> Option:  # fmt: skip
    """Return the options for an optimizer of these kinds; `rate` and `clipped` are the help of two of them."""
    return group(
        "optimizer",
        option(
            "--optimizer", type=partial(Word.read, kinds), default=default, metavar="NAME",
            help=Phrase("{names} (default {default})", names=names, default=default),
        ),
        option("--learning-rate", type=above_zero, metavar="RATE", help=rate),
        *more,
        option("--clip-norm", type=above_zero, metavar="NORM", help=clipped),
    )  # fmt: skip


TRAINING = group(
    "training",
    whole(
        "--epochs",
        Phrase(
            "passes over the data (default: enough for {steps:,} steps, at least {epochs})", steps=plan.STEPS,
            epochs=plan.FEWEST_EPOCHS,
        ),
    ),
    whole("--batch-size", "examples per step", default=64),
    option(
        "--pretrain-epochs", type=partial(count, 0), metavar="N",
        help=Phrase(
            "passes for each layer before the whole stack is trained (default: as for --epochs) [{variants}]",
            variants=PRETRAINED,
        ),
    ),
    option(
        "--validation", type=share, metavar="SHARE",
        help="hold out this share of the data, between 0 and 1, for the validation loss",
    ),
    whole("--patience", "stop after N epochs without a better validation loss, and keep the best epoch"),
    option(
        "--checkpoint", metavar="FILE",
        help="write this file at most once a second, and at the end; if it exists, training continues from it, and "
        "ends with the same numbers, to the last bit, if --epochs is the same",
    ),
    option(
        "--backend", type=one_of(("numpy", "cupy")), default="numpy", metavar="NAME",
        help="where to compute: numpy (the default), or cupy, which needs an NVIDIA GPU",
    ),
)  # fmt: skip
OPTIMIZER = optimizer_options(
    OPTIMIZERS,
    Phrase(
        "{names}, adamw:DECAY:BETA1:BETA2:EPS or lbfgs:MEMORY (needs SciPy); numbers may be left out from the end",
        names=NAMES,
    ),
    option(
        "--schedule", type=partial(Word.read, SCHEDULES), metavar="NAME",
        help="how the learning rate changes: cosine:LAST (the default, down to 0), constant or step:EVERY:FACTOR",
    ),
    rate=Phrase("default: {rate} for Adam, otherwise the optimizer's own", rate=plan.RATE),
    clipped=Phrase("scale gradients down to this norm (default: no scaling)"),
)  # fmt: skip


def make_optimizer(arguments: Namespace, schedule: Word | None = None, otherwise: float | None = None) -> Any:
    """Return a new optimizer from the options; `otherwise` is the rate if none is given and it has no default."""
    word = arguments.optimizer
    with usage_error(ArgumentTypeError):
        if word.kind is ae.LBFGS:
            _refuse_for_lbfgs(arguments)
            return word.make()
        rate = arguments.learning_rate
        if rate is None and schedule is not None and issubclass(word.kind, ae.Adam):
            rate = plan.RATE  # which then falls along a cosine
        if rate is None:
            rate = inspect.signature(word.kind).parameters["learning_rate"].default
        if rate is inspect.Parameter.empty and otherwise is not None:
            rate = otherwise
        if rate is inspect.Parameter.empty:
            sentence = gettext("{name} has no default learning rate; give --learning-rate, such as 0.01")
            raise UsageError(sentence.format(name=word.name))
        if schedule is not None:
            rate = schedule.make(rate)
        return word.make(rate, clip_norm=arguments.clip_norm)


def enough_epochs(arguments: Namespace, n_examples: int) -> int:
    """Return the number of epochs for enough steps, or the iterations of L-BFGS."""
    if arguments.optimizer.kind is ae.LBFGS:
        return LBFGS_ITERATIONS
    return plan.enough_epochs(n_examples, arguments.batch_size)


def _refuse_for_lbfgs(arguments: Namespace) -> None:
    """Raise `UsageError` for options that L-BFGS doesn't use: it finds its steps itself, on all data at once."""
    for name in ("learning_rate", "schedule", "clip_norm", "validation", "patience", "checkpoint"):
        if getattr(arguments, name) is not None:
            sentence = gettext("lbfgs doesn't use {flag}; leave it out, or choose another optimizer")
            raise UsageError(sentence.format(flag=flag(name)))


def pretrain(model: Any, x: Any, arguments: Namespace, optimizer: Any) -> list[ae.History]:
    """Pre-train a stack layer by layer, and return a history per layer; other variants are left unchanged."""
    epochs = arguments.epochs if arguments.pretrain_epochs is None else arguments.pretrain_epochs
    if not hasattr(model, "pretrain"):
        if arguments.pretrain_epochs is not None:
            sentence = gettext("{variant} has no option --pretrain-epochs, which is for {variants}; leave it out")
            raise UsageError(sentence.format(variant=arguments.variant, variants=PRETRAINED))
        return []
    if epochs == 0:
        return []
    return model.pretrain(
        x, epochs=epochs, batch_size=arguments.batch_size, optimizer=optimizer, rng=arguments.seed,
        communicator=arguments.communicator,
    )  # fmt: skip
