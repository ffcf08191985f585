"""The options that are arguments of a variant's constructor, as declared by its class; with their help and checks.

    --weight-decay 1e-4 --read--> arguments.weight_decay --given_settings--> {"weight_decay": 1e-4} -> constructor

An option that isn't given is left out, so that the constructor's own default holds. The constructors also tell which
variant has which option, and the defaults in the help.
"""

from __future__ import annotations

from argparse import SUPPRESS, Namespace
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from aescratch.foundations.language import Phrase, gettext, gettext_noop, joined
from aescratch.foundations.recipes import constructor_parameters
from aescratch.models.statements import Option
from aescratch.programs.cli import options, words
from aescratch.programs.cli.data import open_model
from aescratch.programs.cli.status import UsageError
from aescratch.programs.cli.variants import VARIANTS

ELSEWHERE = {"widths": gettext_noop("--hidden, --code and the data"), "rng": "--seed"}
"""Parameters without an option of their own, and the source of their values."""


CHOICES: dict[str, words.Choices] = {
    "activation": words.ACTIVATIONS, "reconstruction": words.RECONSTRUCTIONS, "corruption": words.CORRUPTIONS,
    "sparsity": words.SPARSITIES, "initializer": words.INITIALIZERS,
}  # fmt: skip
READERS: dict[str, Callable[[str], Any]] = {
    "number": words.number,
    "count": words.positive,
    "counts": partial(words.counts, ",", "4,8,16"),
    "activation": words.activation,
    "reconstruction": partial(words.made, words.RECONSTRUCTIONS),
    "corruption": partial(words.made, words.CORRUPTIONS),
    "sparsity": partial(words.made, words.SPARSITIES),
    "initializer": partial(words.choice, words.INITIALIZERS),
    "dtype": words.one_of(("float32", "float64")),
    "whole": partial(words.count, 0),
    "variance": words.variance,
    "estimator": words.one_of(("plain", "dreg")),
    "entries": words.one_of(("all", "hidden")),
    "model": lambda path: open_model(path).autoencoder,
}
"""The function that reads an option's text, by the kind of the `Option`; a switch has no text."""


def _collected() -> dict[str, Option]:
    """Return the options of all variants, by the constructors' parameters, in the variants' order."""
    found: dict[str, Option] = {}
    for kind in VARIANTS.values():
        for base in reversed(kind.__mro__):
            for name, setting in vars(base).get("options", {}).items():
                help = Phrase(setting.help, words=", ".join(_forms(setting.kind)))
                before = found.setdefault(name, replace(setting, help=help))
                if help not in before.help:
                    found[name] = replace(before, help=Phrase("; or ").join([before.help, help]))
    return found


def flag(name: str) -> str:
    """Return the option for a parameter: ``--weight-decay`` for ``weight_decay``."""
    return "--" + name.replace("_", "-")


def owners(name: str) -> list[str]:
    """Return the variants whose constructor has this parameter."""
    return [variant for variant, kind in VARIANTS.items() if name in constructor_parameters(kind)]


def _option_of(name: str, setting: Option) -> options.Option:
    """Return the option of a setting; its help names the variants that have it, and the defaults."""
    text = joined(" ", [setting.help, _who_has(name)]).replace("%", "%%")
    if setting.kind == "switch":
        return options.option(flag(name), action="store_true", default=SUPPRESS, help=text)
    return options.option(flag(name), type=READERS[setting.kind], metavar=setting.metavar, default=SUPPRESS, help=text)


def _forms(kind: str) -> list[str]:
    """Return the spellings of a kind's words; an initialiser takes no numbers."""
    choices = CHOICES.get(kind, {})
    return list(choices) if kind == "initializer" else [words.form(*word) for word in choices.items()]


def _who_has(name: str) -> str:
    """Return the variants that have a parameter, or the few that don't, with its defaults."""
    having = owners(name)
    lacking = [variant for variant in VARIANTS if variant not in having]
    most = Phrase("all except {variants}", variants=", ".join(lacking)) if lacking else Phrase("all")
    who = ", ".join(having) if len(having) < len(lacking) else most
    defaults = [constructor_parameters(VARIANTS[variant])[name].default for variant in having]
    readable = [getattr(value, "__name__", str(value)) for value in defaults]
    shown = [text for text in dict.fromkeys(readable) if text not in ("None", "False", "_empty")]
    if not shown:
        return joined("", ["[", who, "]"])
    return Phrase("[{who}; default {values}]", who=who, values=Phrase(" or ").join(shown))


SETTINGS = _collected()
SETTING_OPTIONS = options.group(
    gettext_noop("the model's options, with the variants that have them"),
    *(_option_of(*setting) for setting in SETTINGS.items()),
)


def given_settings(arguments: Namespace, variant: str) -> dict[str, Any]:
    """Return the given options by the constructor's parameters; raise `UsageError` if the variant doesn't have one."""
    given = {name: getattr(arguments, name) for name in SETTINGS if name in arguments}
    for name in given:
        having = owners(name)
        if variant not in having:
            sentence = gettext("{variant} has no option {flag}, which is for {variants}; leave it out")
            raise UsageError(sentence.format(variant=variant, flag=flag(name), variants=", ".join(having)))
    return given


def given_models(arguments: Namespace) -> list[str]:
    """Return the given options that are a saved model, which has its own layers.

    Examples
    --------
    >>> given_models(Namespace(autoencoder=ae.Autoencoder([5, 3]), beta=0.5))
    ['autoencoder']
    """
    return [name for name, setting in SETTINGS.items() if setting.kind == "model" and name in arguments]
