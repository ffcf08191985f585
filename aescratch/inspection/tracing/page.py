"""The page: the recorded step as JSON with an interpreter of its formulas, in one file that loads nothing else."""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from aescratch import functions, optimizers
from aescratch.backend.normal import ERFC_POLYNOMIAL
from aescratch.foundations import page_words
from aescratch.foundations.language import gettext
from aescratch.foundations.page_words import Words, content_of, filled, values_of, words_of
from aescratch.inspection.tracing.arrays import Quantity
from aescratch.inspection.tracing.breaking import mistakes_in
from aescratch.inspection.tracing.code import function_around
from aescratch.inspection.tracing.language import Equation
from aescratch.inspection.tracing.limits import limits_of
from aescratch.inspection.tracing.naming import label
from aescratch.inspection.tracing.operation import Operation, named_equation
from aescratch.inspection.tracing.packing import LARGEST_TABLE, packed
from aescratch.inspection.tracing.taken import Taken

# Together one function in the page; each file uses those before it.
SCRIPTS = (
    "engine", "closures", "packing", "elements", "paths", "formulas", "tables", "lens", "sections", "graph", "layout",
    "network", "tiles", "painting", "walking", "sums", "panel", "editing", "training", "mistakes", "links", "printing",
    "keys",
)  # fmt: skip
MOST_NUMBERS = 1_500_000  # with more, a page has up to 5 MB, and takes more than three seconds to open
BETWEEN = ("add", "multiply", "clip")  # operations between functions; their explanations are in strings.*.json
TRANSLATED = "says.ko.json"  # the docstrings of the functions, by name
MISTAKES, ANSWERS = "mistakes.ko.json", "mistakes_said.json"  # their names in Korean; what the checker says about them


def page(
    taken: Taken, given: Sequence[Quantity], operations: Sequence[Operation], image_shape: Sequence[int] | None = None
) -> str:  # fmt: skip
    """Return the whole page as text; the batch is the first given array, and its rows may be images.

    Raises
    ------
    ValueError
        If the step has too many numbers for a page, or a row of the batch doesn't fit this image shape.
    """
    width = given[0].value.shape[1]
    if image_shape is not None and (len(image_shape) != 2 or math.prod(image_shape) != width):
        sentence = gettext("expected the height and width of an image of {width} pixels, got {got}")
        raise ValueError(sentence.format(width=width, got=tuple(image_shape)))
    quantities = [*given, *(operation.quantity for operation in operations)]
    count = sum(quantity.value.size for quantity in quantities)
    if count > MOST_NUMBERS:
        sentence = gettext(
            "expected a step of at most {most:,} numbers for a page, got {count:,}; trace fewer examples, or a smaller "
            "model such as ae.Autoencoder([784, 64, 16])"
        )
        raise ValueError(sentence.format(most=MOST_NUMBERS, count=count))
    arrays = {quantity.name: _array(quantity) for quantity in quantities}
    for quantity in given:
        arrays[quantity.name]["limit"] = limits_of(quantity, operations)
    words, korean = words_of(Path(__file__).parent), json.loads(_file(TRANSLATED))
    content = content_of(
        words, quantities=arrays, steps=[_step(operation) for operation in operations],
        says={operation.function: _says(operation, words, korean) for operation in operations},
        **_sources(operations), **_mistakes(operations),
        examples=len(given[0].value), image=image_shape and list(map(int, image_shape)),
        erfc=list(ERFC_POLYNOMIAL), largestTable=LARGEST_TABLE,
    )  # fmt: skip
    script = "\n".join([page_words.script(), *map(_script, SCRIPTS)])
    title = {"title": "title_one" if taken.n == 1 else "title_many", "values": values_of(**taken._asdict())}
    template = filled(Template(_file("page.html")).safe_substitute(title), words)
    return Template(template).substitute(style=_file("style.css"), script=script, data=content)


def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _script(name: str) -> str:
    """Return a script without its lines of comment, which are for readers of the file."""
    return re.sub(r"^ *//.*\n", "", _file(f"{name}.js"), flags=re.MULTILINE)


def _array(quantity: Quantity) -> dict[str, Any]:
    return {"shape": list(quantity.value.shape), **packed(quantity), "kind": quantity.kind, "label": label(quantity)}


def _step(operation: Operation) -> dict[str, Any]:
    quantity = operation.quantity
    known = named_equation(quantity) if operation.agrees else None
    equation = known or Equation("", (), None)
    return {
        "name": operation.name, "indices": equation.indices, "tree": equation.tree, "which": operation.which,
        "part": operation.part, "where": operation.where, "code": operation.code, "says": operation.function,
        "formula": operation.formula, "from": list(operation.inputs), "share": quantity.share,
        "rule": operation.function if operation.which == "update" else "",
        "of": None if quantity.target is None else quantity.target.name,
        "byRule": quantity.target is not None and quantity.target.by_rule,
    }  # fmt: skip


def _says(operation: Operation, words: Words, korean: Mapping[str, str]) -> dict[str, str]:
    """Return the explanation of an operation in each language: the docstring of its function."""
    if operation.function in BETWEEN:
        return {each: said[f"says_{operation.function}"] for each, said in words.items()}
    english = documented(operation.function, operation.which)
    return {"en": english, "ko": korean[operation.function]} if operation.function in korean else {"en": english}


def _sources(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the functions around all lines of code, each once, and the number of the function by place."""
    around = {operation.where: function_around(operation.where) for operation in operations if operation.where}
    listed = list(dict.fromkeys(found for found in around.values() if found))
    return {"functions": listed, "sources": {where: listed.index(found) for where, found in around.items() if found}}


def _mistakes(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the mistakes that can be switched in, part by part, with their names and what the checker says."""
    korean, answers = json.loads(_file(MISTAKES)), json.loads(_file(ANSWERS))
    texts: dict[tuple[str, str], int] = {}  # in English and in Korean, each once
    parts: dict[str, list[Any]] = {}

    def place(english: str, korean: str) -> int:
        return texts.setdefault((english, korean), len(texts))

    for part, function, name, about, trees in mistakes_in(operations):
        said = answers[function if name in answers.get(function, {}) else "model"][name]
        told = [place(*texts) for texts in zip(said["en"], said["ko"], strict=True)]  # a cause and a question
        parts.setdefault(part, []).append([function, place(name, korean[name]), *told, trees, about])
    return {"mistakes": parts, "texts": list(texts)}


def documented(function: str, which: str) -> str:
    """Return the docstring of a function in one line; of an optimiser, the first line of its rule's."""
    if which == "update":
        rule = getattr(getattr(optimizers, function, None), "rule", None)
        return (inspect.getdoc(rule) or "").partition("\n")[0]
    return " ".join((inspect.getdoc(getattr(functions, function, None)) or "").split()).replace("`", "")
