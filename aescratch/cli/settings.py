"""The options that are arguments of a variant's constructor: one table, from which help and refusals follow.

    --weight-decay 1e-4 --read--> arguments.weight_decay --given_settings--> {"weight_decay": 1e-4} -> constructor

An option that isn't given isn't there afterwards, so the constructor's own default holds. Which variant has which
option is asked of the constructors, and so are the defaults that the help shows.
"""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aescratch.cli import words
from aescratch.cli.status import UsageError
from aescratch.cli.variants import VARIANTS
from aescratch.recipes import constructor_parameters

ELSEWHERE = {"widths": "--hidden, --code and the data", "rng": "--seed"}
"""Parameters that are no option of their own, and where their values come from."""


@dataclass(frozen=True)
class Setting:
    """How one parameter is written on the command line; a switch, without a value, has nothing to read."""

    help: str
    metavar: str = ""
    read: Callable[[str], Any] | None = None


SETTINGS = {
    "activation": Setting(
        f"between layers: {', '.join(words.ACTIVATIONS)}, or leaky-relu:SLOPE", "NAME", words.activation
    ),
    "code_activation": Setting("of the code; left out, the variant's own", "NAME", words.activation),
    "output_activation": Setting("of the decoder's output; left out, none", "NAME", words.activation),
    "tied": Setting("let the decoder use the encoder's weights, transposed"),
    "reconstruction": Setting(
        "squared-error, or bce (binary cross-entropy, for data in [0, 1])", "LOSS",
        partial(words.made, words.RECONSTRUCTIONS),
    ),
    "weight_decay": Setting("lam in the term (lam/2) Σ W²", "LAM", words.number),
    "dropout": Setting(
        "the share of units that is silenced in training, before every dense layer but the first", "P", words.number
    ),
    "batch_norm": Setting("normalise the units over the batch, after every dense layer but the last"),
    "initializer": Setting(", ".join(words.INITIALIZERS), "NAME", partial(words.choice, words.INITIALIZERS)),
    "dtype": Setting(
        "what the parameters are kept in, float32 or float64; step and check compute in float64", "TYPE",
        partial(words.choice, {"float32": "float32", "float64": "float64"})
    ),
    "corruption": Setting(
        "what damages the input: gaussian:SIGMA, masking:P or salt-and-pepper:P", "NOISE",
        partial(words.made, words.CORRUPTIONS),
    ),
    "sparsity": Setting(
        "the penalty on the code: kl:RHO:WEIGHT, kl:RHO:WEIGHT:MOMENTUM for a running mean, or l1:WEIGHT", "PENALTY",
        partial(words.made, words.SPARSITIES),
    ),
    "unit_norm_decoder": Setting("keep the decoder's rows that read the code at length one"),
    "k": Setting("how many code units stay; left out, a quarter of them", "K", partial(words.count, 1)),
    "weight": Setting("the contraction's share in the objective", "WEIGHT", words.number),
    "beta": Setting("the divergence's share in the objective", "BETA", words.number),
    "autoencoder": Setting("a saved model, whose encoder gets the head; left out, a new vanilla one", "MODEL", str),
    "n_classes": Setting("how many classes there are; left out, as the labels show", "N", partial(words.count, 2)),
}  # fmt: skip


def add_settings(parser: ArgumentParser) -> None:
    """Add every option of every variant."""
    group = parser.add_argument_group("the model's options, with the variants that have them")
    for name, setting in SETTINGS.items():
        text = f"{setting.help} {_who_has(name)}".replace("%", "%%")
        if setting.read is None:
            group.add_argument(flag(name), action="store_true", default=SUPPRESS, help=text)
        else:
            group.add_argument(flag(name), type=setting.read, metavar=setting.metavar, default=SUPPRESS, help=text)


def flag(name: str) -> str:
    """Return the option for a parameter: ``--weight-decay`` for ``weight_decay``."""
    return "--" + name.replace("_", "-")


def owners(name: str) -> list[str]:
    """Return the variants whose constructor has this parameter."""
    return [variant for variant, kind in VARIANTS.items() if name in constructor_parameters(kind)]


def _who_has(name: str) -> str:
    """Return the variants that have a parameter, or the few that don't, and its defaults."""
    having = owners(name)
    lacking = [variant for variant in VARIANTS if variant not in having]
    most = "all but " + ", ".join(lacking) if lacking else "all"
    who = ", ".join(having) if len(having) < len(lacking) else most
    defaults = [constructor_parameters(VARIANTS[variant])[name].default for variant in having]
    readable = [getattr(value, "__name__", str(value)) for value in defaults]
    shown = [text for text in dict.fromkeys(readable) if text not in ("None", "False", "_empty")]
    return f"[{who}{'; default ' if shown else ''}{' or '.join(shown)}]"


def given_settings(arguments: Namespace, variant: str) -> dict[str, Any]:
    """Return the options that were given, by the names of the constructor's parameters.

    Raises
    ------
    UsageError
        If one is given that the variant doesn't have.
    """
    given = {name: getattr(arguments, name) for name in SETTINGS if name in arguments}
    for name in given:
        if variant not in owners(name):
            having = ", ".join(owners(name))
            raise UsageError(f"{variant} has no option {flag(name)}, which is for {having}; leave it out")
    return given
