"""Formulas as text and as LaTeX, and the arithmetic of one entry with the numbers put in.

    ["sum", "i", ["*", x_ni, W_ij]]  ->  Σ_i x[n,i]·W1[i,j]      \\sum_{i} x_{n i}\\, W^{(1)}_{i j}
                                     ->  0.5·0.25 + 1·(−0.75) = −0.625
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from aescratch.backend import Array
from aescratch.inspection.tracing.language import AGGREGATES, Equation, Tree, evaluate, sizes_in

BINDING = {"or": 0, "and": 1, "<": 2, ">": 2, "==": 2, "+": 3, "-": 3, "*": 5, "/": 5, "**": 7}  # how tightly
LOOSEST = -1
AGGREGATE = 4  # a sum reaches to the next plus
UNARY = 6  # a minus of its own
TEXT_OF = {"sum": "Σ", "mean": "1/N Σ", "max": "max"}
LATEX_OF = {"sum": r"\sum", "mean": r"\frac{1}{N}\sum", "max": r"\max"}
LATEX_SIGNS = {"and": r"\wedge", "or": r"\vee", "==": "=", "*": r"\,"}
SHOWN_TERMS = 8  # of a long sum with its numbers

LETTERS = {
    "x_hat": r"\hat{x}", "x_tilde": r"\tilde{x}", "rho_hat": r"\hat{\rho}", "rho": r"\rho", "mu": r"\mu",
    "log_var": r"\log\sigma^2", "sigma": r"\sigma", "eps": r"\varepsilon", "eta": r"\eta",
    "lam": r"\lambda", "beta": r"\beta", "alpha": r"\alpha", "gamma": r"\gamma",
    "m_hat": r"\hat{m}", "v_hat": r"\hat{v}",
}  # fmt: skip


def text_of(equation: Equation) -> str:
    """Return an equation as one line of text.

    Examples
    --------
    >>> from aescratch.inspection.tracing.language import read
    >>> text_of(read("y[n,j] = sum(i, x[n,i] * W[i,j]) + b[j]"))
    'y[n,j] = Σ_i x[n,i]·W[i,j] + b[j]'
    """

    def entry(name: str, indices: list[Any]) -> str:
        inside = ",".join(i if isinstance(i, str) else _text(i, LOOSEST, entry) for i in indices)
        return f"{name}[{inside}]" if indices else name

    return f"{entry(equation.name, list(equation.indices))} = {_text(equation.tree, LOOSEST, entry)}"


def _text(tree: Tree, around: int, entry: Callable[[str, list[Any]], str]) -> str:
    """Return a tree as text, in parentheses if what is around it binds more tightly."""
    if not isinstance(tree, list):
        return "π" if tree == math.pi else f"{tree:.12g}"
    kind = tree[0]
    if kind == "at":
        return entry(tree[1], tree[2])
    if kind == "index":
        return str(tree[1])
    if kind == "size":
        return "N" if tree[1] == "n" else f"size of {tree[1]}"
    if kind == "call":
        inside = ", ".join(_text(argument, LOOSEST, entry) for argument in tree[2])
        return f"|{inside}|" if tree[1] == "abs" else f"{'√' if tree[1] == 'sqrt' else tree[1]}({inside})"
    if kind == "if":
        condition, then, otherwise = (_text(part, LOOSEST, entry) for part in tree[1:])
        return _within(f"{then} if {condition} else {otherwise}", LOOSEST + 0.5, around)
    if kind in AGGREGATES:
        return _within(f"{TEXT_OF[kind]}_{tree[1]} {_text(tree[2], AGGREGATE, entry)}", AGGREGATE, around)
    return _operation(tree, around, entry)


def _operation(tree: Tree, around: int, entry: Callable[[str, list[Any]], str]) -> str:
    kind, left, right = tree
    own = BINDING[kind]
    if kind == "-" and left == 0 and not isinstance(left, list):
        return _within(f"−{_after_a_sign(_text(right, UNARY, entry))}", UNARY, around)
    if kind == "**":
        power = {2: "²", 3: "³"}.get(right) if not isinstance(right, list) else None
        raised = power or f"^{_text(right, own, entry)}"
        return _within(f"{_text(left, own + 1, entry)}{raised}", own, around)
    sign = {"*": "·", "/": " / ", "-": " − "}.get(kind, f" {kind} ")
    tighter = own + (kind in ("-", "/"))
    after = _text(right, tighter, entry)
    return _within(f"{_text(left, own, entry)}{sign}{_after_a_sign(after)}", own, around)


def _after_a_sign(text: str) -> str:
    """Return what comes after a sign, a minus at its head in parentheses: (−2)·3, but all of (−exp(a))."""
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


def worked(equation: Equation, values: Mapping[Any, Array], where: tuple[int, ...], result: float) -> str:
    """Return the arithmetic of one entry, with the numbers put in.

    Examples
    --------
    >>> from aescratch.inspection.tracing.language import read
    >>> h = np.array([[0.2], [0.4]])
    >>> worked(read("rho_hat[j] = mean(n, h[n,j])"), {"h": h}, (0,), 0.3)
    'rho_hat[0] = (0.2 + 0.4) / 2 = 0.3'
    """
    place = dict(zip(equation.indices, where, strict=True))
    sizes = sizes_in(equation.tree, values)

    def arithmetic(tree: Tree) -> str:
        return _text(_filled(tree, values, sizes, place), LOOSEST, lambda name, indices: name)

    head = f"{equation.name}[{','.join(map(str, where))}]" if where else equation.name
    sum_, shown = arithmetic(equation.tree), number(result)
    line = f"{head} = {shown}" if sum_ == shown else f"{head} = {sum_} = {shown}"
    if not isinstance(equation.tree, list) or equation.tree[0] != "if":
        return line
    condition = equation.tree[1]
    holds = bool(evaluate(Equation("", (), _pinned(condition, place)), values))
    return f"{line}, since {arithmetic(condition)} {'holds' if holds else 'does not hold'}"


def _filled(tree: Tree, values: Mapping[Any, Array], sizes: Mapping[str, int], place: Mapping[str, int]) -> Tree:
    """Return the tree with numbers for entries, as names of their own, and sums written out."""
    if not isinstance(tree, list):
        return tree

    def filled(part: Tree) -> Tree:
        return _filled(part, values, sizes, place)

    def known(part: Tree) -> Any:
        return evaluate(Equation("", (), _pinned(part, place)), values)

    kind = tree[0]
    if kind == "at":
        value = float(values[tree[1]][tuple(place[i] if isinstance(i, str) else int(known(i)) for i in tree[2])])
        digits = ["at", number(abs(value)), []]
        return ["-", 0, digits] if value < 0 else digits
    if kind == "index":
        return ["at", str(place[tree[1]]), []]
    if kind == "size":
        return ["at", str(sizes.get(tree[1], 0) or place[tree[1]]), []]
    if kind == "call":
        return ["call", tree[1], [filled(argument) for argument in tree[2]]]
    if kind == "if":
        return filled(tree[2] if known(tree[1]) else tree[3])
    if kind in AGGREGATES:
        return _written_out(tree, values, sizes, place)
    return [kind, filled(tree[1]), filled(tree[2])]


def _pinned(tree: Tree, place: Mapping[str, int]) -> Tree:
    """Return the tree with the numbers of this place for its indices."""
    if not isinstance(tree, list):
        return tree
    if tree[0] == "at":
        return ["at", tree[1], [place.get(i, i) if isinstance(i, str) else _pinned(i, place) for i in tree[2]]]
    if tree[0] == "index":
        return place.get(tree[1], tree)
    if tree[0] == "call":
        return ["call", tree[1], [_pinned(argument, place) for argument in tree[2]]]
    return [tree[0], *(_pinned(part, place) for part in tree[1:])]


def _written_out(tree: Tree, values: Mapping[Any, Array], sizes: Mapping[str, int], place: Mapping[str, int]) -> Tree:
    kind, index, inside = tree
    sizes = {**sizes, **sizes_in(inside, values)}
    length = sizes[index]
    shown = range(length) if length <= SHOWN_TERMS else [*range(SHOWN_TERMS - 2), length - 1]
    terms = [_filled(inside, values, sizes, {**place, index: i}) for i in shown]
    if length > SHOWN_TERMS:
        terms.insert(-1, ["at", "…", []])
    if kind == "max":
        return ["call", "max", terms]
    total = terms[0]
    for term in terms[1:]:
        total = ["+", total, term]
    return ["/", total, ["at", str(length), []]] if kind == "mean" else total


def latex_of(equation: Equation, letters: Mapping[Any, str]) -> str:
    r"""Return an equation as LaTeX; letters has that of each name.

    Examples
    --------
    >>> from aescratch.inspection.tracing.language import read
    >>> print(latex_of(read("rho_hat[j] = mean(n, h1[n,j])"), {}))
    \hat{\rho}_{j} = \frac{1}{N}\sum_{n} h^{(1)}_{n j}
    """
    left = _latex_entry(equation.name, list(equation.indices), letters)
    return f"{left} = {_latex(equation.tree, LOOSEST, letters)}"


def _latex_entry(name: str, indices: list[Any], letters: Mapping[Any, str]) -> str:
    letter = letters.get(name) or latex_letter(name)
    inside = " ".join(i if isinstance(i, str) else _latex(i, LOOSEST, letters) for i in indices)
    if "INDICES" in letter:  # a derivative: the indices belong to what is below the line
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
        return LETTERS[name]
    if (numbered := re.fullmatch(r"([a-z]+)(\d+)", name)) and numbered[1] in LETTERS:
        return f"{LETTERS[numbered[1]]}_{numbered[2]}"
    head, _, rest = name.partition("_")
    if rest and head in LETTERS:
        of = rest.replace("_", r"\_")
        return rf"{LETTERS[head]}^{{(\mathrm{{{of}}})}}"
    layer = re.fullmatch(r"([A-Za-z])(\d+)", name) or re.fullmatch(r"([A-Za-z])_(\w+)", name)
    if layer is None:
        return name if len(name) == 1 else rf"\mathrm{{{name}}}".replace("_", r"\_")
    above = layer[2] if layer[2].isdigit() else rf"\mathrm{{{layer[2]}}}".replace("_", r"\_")
    return f"{layer[1]}^{{({above})}}"


def _latex(tree: Tree, around: float, letters: Mapping[Any, str]) -> str:
    if not isinstance(tree, list):
        return r"\pi" if tree == math.pi else f"{tree:.12g}"
    kind = tree[0]
    if kind == "at":
        return _latex_entry(tree[1], tree[2], letters)
    if kind in ("index", "size"):
        return "N" if kind == "size" else str(tree[1])
    if kind == "call":
        inside = ", ".join(_latex(argument, LOOSEST, letters) for argument in tree[2])
        shapes = {"sqrt": rf"\sqrt{{{inside}}}", "abs": rf"\lvert {inside} \rvert"}
        return shapes.get(tree[1], rf"\operatorname{{{tree[1]}}}\left({inside}\right)")
    if kind == "if":
        condition, then, otherwise = (_latex(part, LOOSEST, letters) for part in tree[1:])
        cases = rf"{then} & \text{{if }} {condition} \\ {otherwise} & \text{{else}}"
        return rf"\begin{{cases}} {cases} \end{{cases}}"
    if kind in AGGREGATES:
        return _enclosed(f"{LATEX_OF[kind]}_{{{tree[1]}}} {_latex(tree[2], AGGREGATE, letters)}", AGGREGATE, around)
    left, right = tree[1:]
    if kind == "/":
        return rf"\frac{{{_latex(left, LOOSEST, letters)}}}{{{_latex(right, LOOSEST, letters)}}}"
    own = BINDING[kind]
    if kind == "-" and left == 0 and not isinstance(left, list):
        return _enclosed(f"-{_latex(right, UNARY, letters)}", UNARY, around)
    if kind == "**":
        base = _latex(left, own + 1, letters)
        return f"{{{base}}}^{{{_latex(right, LOOSEST, letters)}}}"
    sign = LATEX_SIGNS.get(kind, kind)
    tighter = own + (kind == "-")
    return _enclosed(f"{_latex(left, own, letters)} {sign} {_latex(right, tighter, letters)}", own, around)


def _enclosed(text: str, own: float, around: float) -> str:
    return rf"\left({text}\right)" if own < around else text
