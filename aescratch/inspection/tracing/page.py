"""The page: the recorded step as JSON beside an interpreter of its formulas, in one file that fetches nothing."""

from __future__ import annotations

import inspect
import json
import math
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from aescratch import functions, optimizers
from aescratch.backend.normal import ERFC_POLYNOMIAL
from aescratch.inspection.tracing.language import Equation
from aescratch.inspection.tracing.limits import limits_of
from aescratch.inspection.tracing.naming import label, word

if TYPE_CHECKING:
    from aescratch.inspection.tracing.trace import Operation, Trace

MOST_NUMBERS = 20_000  # on a page that a phone can show
BETWEEN = {
    "add": "What comes from several places adds up.", "multiply": "A term or a gradient, times its weight.",
    "clip": "Where the gradients are too long together, they are all shortened by the same factor.",
}  # fmt: skip


def page(trace: Trace) -> str:
    """Return the whole page as text.

    Raises
    ------
    ValueError
        If the step has too many numbers for a page.
    """
    count = sum(operation.output.size for operation in trace) + sum(value.size for value in trace.given.values())
    if count > MOST_NUMBERS:
        raise ValueError(
            f"expected a step of at most {MOST_NUMBERS:,} numbers for a page, got {count:,}; trace fewer examples, or "
            "a smaller model such as ae.Autoencoder([8, 4])"
        )
    data = json.dumps(_data(trace), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    source = {file.partition(".")[0]: _file(file) for file in ("style.css", "engine.js", "script.js")}
    title = escape(trace.title[0].upper() + trace.title[1:])
    return Template(_file("page.html")).substitute(source, title=title, data=data.replace("<", "\\u003c"))


def _file(name: str) -> str:
    return files("aescratch.inspection.tracing").joinpath(name).read_text(encoding="utf-8")


def _data(trace: Trace) -> dict[str, Any]:
    quantities = {}
    for given in trace.given_quantities:
        array = _array(given.value, given.kind, word(given.name))
        quantities[given.name] = {**array, "limit": limits_of(given, trace)}
    for operation in trace:
        quantities[operation.name] = _array(operation.output, operation.which, label(operation.quantity))
    steps = [_step(trace, operation) for operation in trace]
    examples = len(trace.given["x"])
    return {"quantities": quantities, "steps": steps, "examples": examples, "erfc": list(ERFC_POLYNOMIAL)}


def _array(value: Any, kind: str, name: str) -> dict[str, Any]:
    numbers = [number if math.isfinite(number) else None for number in value.reshape(-1).tolist()]
    return {"shape": list(value.shape), "data": numbers, "kind": kind, "label": name}


def _step(trace: Trace, operation: Operation) -> dict[str, Any]:
    quantity = operation.quantity
    known = operation.agrees and quantity.equation is not None
    equation = trace.by_name(quantity)[0] if known else Equation("", (), None)
    return {
        "name": operation.name, "indices": equation.indices, "tree": equation.tree, "which": operation.which,
        "part": operation.part, "where": operation.where, "code": operation.code, "says": _says(operation),
        "formula": operation.formula, "from": list(operation.inputs), "share": quantity.share,
        "of": None if quantity.target is None else quantity.target.name,
    }  # fmt: skip


def _says(operation: Operation) -> str:
    """Return what there is to say about an operation: what its function's own docstring says."""
    if operation.function in BETWEEN:
        return BETWEEN[operation.function]
    if operation.which == "update":
        rule = getattr(getattr(optimizers, operation.function, None), "rule", None)
        return (inspect.getdoc(rule) or "").partition("\n")[0]
    documented = inspect.getdoc(getattr(functions, operation.function, None)) or ""
    return " ".join(documented.split()).replace("`", "")
