"""Formulas as text and as LaTeX, and the arithmetic of one entry with the numbers put in.

    ["sum", "i", ["*", x_ni, W_ij]]  ->  Σ_i x[n,i]·W1[i,j]      \\sum_{i} x_{n i}\\, W^{(1)}_{i j}
                                     ->  0.5·0.25 + 1·(−0.75) = −0.625
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext
from aescratch.inspection.tracing.language import AGGREGATES, Equation, Tree, evaluate, sizes_in, with_parts
from aescratch.inspection.tracing.naming import LETTERS

BINDING = {"or": 0, "and": 1, "<": 2, ">": 2, "==": 2, "+": 3, "-": 3, "*": 5, "/": 5, "**": 7}  # binding strength
LOOSEST = -1
AGGREGATE = 4  # a sum extends to the next plus
UNARY = 6  # a unary minus
TEXT_OF = {"sum": "Σ", "mean": "Σ", "max": "max"}
LATEX_OF = {"sum": r"\sum", "mean": r"\sum", "max": r"\max"}
COUNT_OF = {"i": "D", "j": "H", "k": "K"}  # the number of values of an index, N for examples
LATEX_SIGNS = {"and": r"\wedge", "or": r"\vee", "==": "=", "*": r"\,"}
SHOWN_TERMS = 8  # terms of a long sum that are shown


def text_of(equation: Equation) -> str:
    """Return an equation as one line of text.

    Examples
    --------
    >>> from aescratch.inspection.tracing.language import read
    >>> text_of(read("y[n,j] = sum(i, x[n,i] * W[i,j]) + b[j]"))
    'y[n,j] = Σ_i x[n,i]·W[i,j] + b[j]'
    """
    return f"{_entry(equation.name, equation.indices)} = {_text(equation.tree)}"


def _entry(name: str, indices: Sequence[Any]) -> str:
    inside = ",".join(i if isinstance(i, str) else _text(i) for i in indices)
    return f"{name}[{inside}]" if indices else name


def _text(tree: Tree, around: float = LOOSEST) -> str:
    """Return a tree as text, in parentheses if its context binds more tightly."""
    if not isinstance(tree, list):
        return "π" if tree == math.pi else f"{tree:.12g}"
    kind = tree[0]
    if kind == "at":
        return _entry(tree[1], tree[2])
    if kind in ("index", "size"):
        return "N" if kind == "size" else str(tree[1])
    if kind == "call":
        inside = ", ".join(map(_text, tree[2]))
        return f"|{inside}|" if tree[1] == "abs" else f"{'√' if tree[1] == 'sqrt' else tree[1]}({inside})"
    if kind == "if":
        condition, then, otherwise = map(_text, tree[1:])
        return _within(f"{then} if {condition} else {otherwise}", LOOSEST + 0.5, around)
    if kind in AGGREGATES:
        share = f"1/{COUNT_OF.get(tree[1], 'N')} " if kind == "mean" else ""
        return _within(f"{share}{TEXT_OF[kind]}_{tree[1]} {_text(tree[2], AGGREGATE)}", AGGREGATE, around)
    left, right = tree[1:]
    own = BINDING[kind]
    if kind == "-" and left == 0:
        return _within(f"−{_after_a_sign(_text(right, UNARY))}", UNARY, around)
    if kind == "**":
        power = {2: "²", 3: "³"}.get(right) if not isinstance(right, list) else None
        raised = power or f"^{_text(right, own)}"
        return _within(f"{_text(left, own + 1)}{raised}", own, around)
    sign = {"*": "·", "/": " / ", "-": " − "}.get(kind, f" {kind} ")
    after = _text(right, own + (kind in ("-", "/")))
    return _within(f"{_text(left, own)}{sign}{_after_a_sign(after)}", own, around)


def _after_a_sign(text: str) -> str:
    """Return the text after a sign, with a leading minus in parentheses: (−2)·3, but the whole of (−exp(a))."""
    if not text.startswith("−"):
        return text
    digits = re.match(r"−[\d.]+(?:e[−+]\d+)?(?=·| |$)", text)
    return f"({text})" if digits is None else f"({digits[0]}){text[digits.end() :]}"


def _within(text: str, own: float, around: float) -> str:
    return f"({text})" if own < around else text


def number(value: float) -> str:
    """Return a number in few digits, with a real minus.

    Examples
    --------
    >>> number(-0.123456), number(0.5), number(3)
    ('−0.1235', '0.5', '3')
    """
    return f"{float(value) + 0.0:.4g}".replace("-", "−")


def worked(equation: Equation, values: Mapping[Any, Array], where: tuple[int, ...], result: Array | float) -> str:
    """Return the arithmetic of one entry of the result, with the numbers put in.

    Examples
    --------
    >>> from aescratch.inspection.tracing.language import read
    >>> h = np.array([[0.2], [0.4]])
    >>> worked(read("rho_hat[j] = mean(n, h[n,j])"), {"h": h}, (0,), np.array([0.3]))
    'rho_hat[0] = (0.2 + 0.4) / 2 = 0.3'
    """
    place = dict(zip(equation.indices, where, strict=True))
    sizes = {**dict(zip(equation.indices, np.shape(result), strict=True)), **sizes_in(equation.tree, values)}
    tree = _pinned(equation.tree, {**place, "N": sizes.get("n")})
    sum_, shown = _text(_filled(tree, values)), number(np.asarray(result)[where])
    line = " = ".join(dict.fromkeys([_entry(equation.name, where), sum_, shown]))  # a plain number is written once
    if not isinstance(tree, list) or tree[0] != "if":
        return line
    said = gettext("{line}, since {condition} holds")
    if not _known(tree[1], values):
        said = gettext("{line}, since {condition} does not hold")
    reasoned: str = said.format(line=line, condition=_text(_filled(tree[1], values)))
    return reasoned


def _pinned(tree: Tree, place: Mapping[str, Any]) -> Tree:
    """Return the tree with its indices replaced by the numbers of this place."""
    if not isinstance(tree, list):
        return tree
    if tree[0] in ("index", "size"):
        return place.get("N" if tree[0] == "size" else tree[1], tree)
    if tree[0] == "at":
        tree = ["at", tree[1], [place.get(i, i) if isinstance(i, str) else i for i in tree[2]]]
    return with_parts(tree, lambda part: _pinned(part, place))


def _known(tree: Tree, values: Mapping[Any, Array]) -> float:
    return float(evaluate(Equation("", (), tree), values))


def _filled(tree: Tree, values: Mapping[Any, Array]) -> Tree:
    """Return a tree without open indices: entries are replaced by their numbers, as names, and sums are written out."""
    if not isinstance(tree, list):
        return tree
    kind = tree[0]
    if kind == "at":
        value = _known(tree, values)
        digits = ["at", number(abs(value)), []]
        return ["-", 0, digits] if value < 0 else digits
    if kind == "if":
        return _filled(tree[2] if _known(tree[1], values) else tree[3], values)
    if kind not in AGGREGATES:
        return with_parts(tree, lambda part: _filled(part, values))
    index, inside = tree[1:]
    length = sizes_in(inside, values)[index]
    shown = range(length) if length <= SHOWN_TERMS else [*range(SHOWN_TERMS - 2), length - 1]
    terms = [_filled(_pinned(inside, {index: i}), values) for i in shown]
    if length > SHOWN_TERMS:
        terms.insert(-1, ["at", "…", []])
    if kind == "max":
        return ["call", "max", terms]
    total = functools.reduce(lambda left, right: ["+", left, right], terms)
    return ["/", total, length] if kind == "mean" else total


def latex_of(equation: Equation, letters: Mapping[Any, str]) -> str:
    r"""Return an equation as LaTeX; `letters` has the LaTeX of each name.

    Examples
    --------
    >>> from aescratch.inspection.tracing.language import read
    >>> print(latex_of(read("rho_hat[j] = mean(n, h1[n,j])"), {}))
    \hat{\rho}_{j} = \frac{1}{N}\sum_{n} h^{(1)}_{n j}
    """
    left = _latex_entry(equation.name, equation.indices, letters)
    return f"{left} = {_latex(equation.tree, letters)}"


def _latex_entry(name: str, indices: Sequence[Any], letters: Mapping[Any, str]) -> str:
    letter = letters.get(name) or latex_letter(name)
    inside = " ".join(i if isinstance(i, str) else _latex(i, letters) for i in indices)
    if "INDICES" in letter:  # a derivative: the indices belong to the denominator
        return letter.replace("INDICES", f"_{{{inside}}}" if indices else "")
    return f"{letter}_{{{inside}}}" if indices else letter


def latex_letter(name: str) -> str:
    r"""Return the letter for a name: ``W1`` is W^{(1)}.

    Examples
    --------
    >>> latex_letter("W1"), latex_letter("rho_hat"), latex_letter("W_mu"), latex_letter("gamma1")
    ('W^{(1)}', '\\hat{\\rho}', 'W^{(\\mathrm{mu})}', '\\gamma_1')
    """
    if name in LETTERS:
        return LETTERS[name][1]
    if (numbered := re.fullmatch(r"([a-z]+)(\d+)", name)) and numbered[1] in LETTERS:
        return f"{LETTERS[numbered[1]][1]}_{numbered[2]}"
    head, _, rest = name.partition("_")
    if rest and head in LETTERS:
        of = rest.replace("_", r"\_")
        return rf"{LETTERS[head][1]}^{{(\mathrm{{{of}}})}}"
    layer = re.fullmatch(r"([A-Za-z])(\d+)", name) or re.fullmatch(r"([A-Za-z])_(\w+)", name)
    if layer is None:
        return name if len(name) == 1 else rf"\mathrm{{{name}}}".replace("_", r"\_")
    above = layer[2] if layer[2].isdigit() else rf"\mathrm{{{layer[2]}}}".replace("_", r"\_")
    return f"{layer[1]}^{{({above})}}"


def _latex(tree: Tree, letters: Mapping[Any, str], around: float = LOOSEST) -> str:
    if not isinstance(tree, list):
        return r"\pi" if tree == math.pi else f"{tree:.12g}"
    kind = tree[0]
    if kind == "at":
        return _latex_entry(tree[1], tree[2], letters)
    if kind in ("index", "size"):
        return "N" if kind == "size" else str(tree[1])
    if kind == "call":
        inside = ", ".join(_latex(argument, letters) for argument in tree[2])
        shapes = {"sqrt": rf"\sqrt{{{inside}}}", "abs": rf"\lvert {inside} \rvert"}
        return shapes.get(tree[1], rf"\operatorname{{{tree[1]}}}\left({inside}\right)")
    if kind == "if":
        condition, then, otherwise = (_latex(part, letters) for part in tree[1:])
        cases = rf"{then} & \text{{if }} {condition} \\ {otherwise} & \text{{else}}"
        return rf"\begin{{cases}} {cases} \end{{cases}}"
    if kind in AGGREGATES:
        share = rf"\frac{{1}}{{{COUNT_OF.get(tree[1], 'N')}}}" if kind == "mean" else ""
        summed = _latex(tree[2], letters, AGGREGATE)
        return _enclosed(f"{share}{LATEX_OF[kind]}_{{{tree[1]}}} {summed}", AGGREGATE, around)
    left, right = tree[1:]
    if kind == "/":
        return _latex_quotient(left, right, letters, around)
    own = BINDING[kind]
    if kind == "-" and left == 0:
        return _enclosed(f"-{_latex(right, letters, UNARY)}", UNARY, around)
    if kind == "**":
        return f"{{{_latex(left, letters, own + 1)}}}^{{{_latex(right, letters)}}}"
    sign = LATEX_SIGNS.get(kind, kind)
    after = _latex(right, letters, own + (kind == "-"))
    return _enclosed(f"{_latex(left, letters, own)} {sign} {after}", own, around)


def _latex_quotient(left: Tree, right: Tree, letters: Mapping[Any, str], around: float) -> str:
    """As one writes it by hand: no fraction within the numerator of another, as in 1/N (1/a − b), or a/(b N)."""
    if isinstance(left, list) and left[0] == "/":
        return _latex_quotient(left[1], ["*", left[2], right], letters, around)
    if isinstance(left, list) and left[:2] == ["-", 0]:
        return _latex(["-", 0, ["/", left[2], right]], letters, around)
    upper, lower = _latex(left, letters), _latex(right, letters)
    if r"\frac" not in upper:
        return rf"\frac{{{upper}}}{{{lower}}}"
    sign = LATEX_SIGNS["*"] if left[0] == "*" else ""
    product = rf"\frac{{1}}{{{lower}}}{sign} {_latex(left, letters, AGGREGATE)}"
    return _enclosed(product, AGGREGATE if left[0] in AGGREGATES else BINDING["*"], around)


def _enclosed(text: str, own: float, around: float) -> str:
    return rf"\left({text}\right)" if own < around else text
