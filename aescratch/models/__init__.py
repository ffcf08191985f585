"""The variants, one per file: each writes out its forward pass in `loss`, and mirrors it in `backward`.

A class in this folder with its own `word` is a variant. It is found here, and is then known everywhere: as a public
name of the package, on the command line, in files, in the tests and in the reference.
"""

from __future__ import annotations

import importlib
import pkgutil

from aescratch.models.base import Model


def _found() -> tuple[type[Model], ...]:
    """Return the variants in this folder, by their `order`, then by their words."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    kinds = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Model) and value.__module__ == module.__name__
    ]
    return tuple(sorted((kind for kind in kinds if vars(kind).get("word")), key=lambda kind: (kind.order, kind.word)))


MODELS = _found()
