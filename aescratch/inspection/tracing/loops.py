"""Recorded formulas as loops of JavaScript over typed arrays, for a page that takes many steps a second.

    "y[n,j] = sum(i, x[n,i] * W[i,j]) + b[j]"  --->  function dense(out, a, b, c, N, J, I) {
                                                       for (let n = 0; n < N; n++) {
                                                         for (let j = 0; j < J; j++) {
                                                           let sum1 = 0;
                                                           for (let i = 0; i < I; i++) sum1 += a[n * I + i] * ...

The interpreter of the step page, engine.js, traverses a tree for every number. Here each tree is traversed once, when
the page is written, and the page needs neither an interpreter nor `eval`. Arrays are stored row by row in a
Float64Array, a single number in one of length 1. Sizes are arguments: a formula is the same for every width. Formulas
that differ only in names share one function, named after the first of them, so all variants together have a few
dozen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aescratch.inspection.tracing.language import AGGREGATES, Equation, Tree, entries, names_in, parts, replace
from aescratch.inspection.tracing.writing import text_of

Size = str | int  # the name of a size, such as D, or N for the examples; or a fixed number
LETTERS = "abcdefghmoqrst"  # of the arrays in a loop
FUNCTIONS = {"exp", "log", "log1p", "sqrt", "tanh", "abs", "sign", "floor", "max", "min"}  # of JavaScript's Math
SIGNS = {"==": "===", "and": "&&", "or": "||"}
LANES = 4  # adjacent entries whose sums run in one loop: each waits less for its own last addition


@dataclass(frozen=True)
class Call:
    """A call of a loop: its name, the array that it fills, those that it reads, and the names of its sizes."""

    loop: str
    to: str
    reads: tuple[str, ...]
    sizes: tuple[str, ...]


@dataclass
class Loops:
    """The functions written so far, each once."""

    names: dict[str, str] = field(default_factory=dict)  # by their texts after the name
    formulas: dict[str, str] = field(default_factory=dict)  # by the same texts

    def call(self, name: str, equation: Equation, shapes: Mapping[str, Sequence[Size]]) -> Call:
        """Return the call for an equation between arrays of these shapes, and write its function if it is new.

        Raises
        ------
        ValueError
            If a part of the formula can't be translated.

        Examples
        --------
        >>> from aescratch.inspection.tracing.language import read
        >>> loops = Loops()
        >>> loops.call("relu", read("h1[n,j] = max(a1[n,j], 0)"), {"h1": ["N", "H"], "a1": ["N", "H"]})
        Call(loop='relu', to='h1', reads=('a1',), sizes=('N', 'H'))
        >>> print(loops.text())
        // out[n,j] = max(a[n,j], 0)
        function relu(out, a, N, J) {
          for (let n = 0; n < N; n++) {
            for (let j = 0; j < J; j++) {
              out[n * J + j] = Math.max(a[n * J + j], 0);
            }
          }
        }
        """
        reads = names_in(equation.tree)
        indices = {*equation.indices, *(i for _, at in entries(equation.tree) for i in at if isinstance(i, str))}
        letters = dict(zip(reads, (letter for letter in LETTERS if letter not in indices), strict=False))
        tree = replace(equation.tree, lambda of, indices: ["at", letters[of], indices])
        own = {letters.get(quantity, "out"): shapes[quantity] for quantity in [*reads, equation.name]}
        writer = _Writer(own)
        body = writer.function(Equation("out", equation.indices, tree))
        signature = ", ".join(["out", *letters.values(), *writer.sizes.values()])
        text = f"({signature}) {{\n{body}\n}}"
        if text not in self.names:
            alike = sum(each.rstrip("0123456789") == name for each in self.names.values())
            self.names[text] = f"{name}{alike + 1}" if alike else name
            self.formulas[text] = text_of(Equation("out", equation.indices, tree))
        return Call(self.names[text], equation.name, tuple(reads), tuple(writer.sizes))

    def text(self) -> str:
        """Return all functions, each below its formula."""
        return "\n\n".join(f"// {self.formulas[text]}\nfunction {name}{text}" for text, name in self.names.items())


class _Writer:
    """Writes one function: its loops, and inside them the sums that an entry needs, before the entry itself."""

    def __init__(self, shapes: Mapping[str, Sequence[Size]]) -> None:
        self.shapes = shapes
        self.sizes: dict[str, str] = {}  # the letter of each size
        self.lines: list[str] = []
        self.first: list[str] = []  # lines before all loops
        self.depth, self.helpers = 1, 0
        self.across, self.lane, self.lanes = "", 0, 1
        self.totals: list[dict[str, str]] = [{}]  # the known sums at each depth

    def function(self, equation: Equation) -> str:
        """Return the body of the function."""
        over = list(zip(equation.indices, self.shapes[equation.name], strict=True))
        side_by_side = bool(over) and isinstance(over[-1][1], str) and _sums(equation.tree)
        for index, size in over[: len(over) - side_by_side]:
            self.open(index, size)
        if side_by_side:
            self.across, length = over[-1][0], self.size(over[-1][1], over[-1][0])
            self.line(f"let {self.across} = 0;")
            self.begin(f"for (; {self.across} + {LANES - 1} < {length}; {self.across} += {LANES}) {{")
            self.entries(equation, LANES)
            self.close()
            self.begin(f"for (; {self.across} < {length}; {self.across}++) {{")
        self.entries(equation, 1)
        for _ in over:
            self.close()
        return "\n".join(self.first + self.lines)

    def entries(self, equation: Equation, lanes: int) -> None:
        """Write the lines that compute an entry, or several adjacent ones."""
        self.lanes = lanes
        for self.lane in range(lanes):
            result = self.value(equation.tree)
            place = _bare(self.flat(equation.name, equation.indices))
            self.line(f"{equation.name}[{place}] = {_bare(result)};")
        self.lane = 0

    def spelled(self, index: str) -> str:
        """Return an index in this lane."""
        return f"({index} + {self.lane})" if self.lane and index == self.across else index

    def line(self, text: str) -> None:
        """Write a line."""
        self.lines.append("  " * self.depth + text)

    def open(self, index: str, size: Size) -> None:
        """Begin a loop over an index."""
        self.begin(f"for (let {index} = 0; {index} < {self.size(size, index)}; {index}++) {{")

    def begin(self, text: str) -> None:
        """Write the head of a loop."""
        self.line(text)
        self.depth += 1
        self.totals.append({})

    def close(self) -> None:
        """End a loop."""
        self.depth -= 1
        self.totals.pop()
        self.line("}")

    def size(self, size: Size, index: str) -> str:
        """Return the letter of a size, which is that of the index that first runs over it."""
        if isinstance(size, int):
            return str(size)
        if size not in self.sizes:
            letter = index.upper()
            self.sizes[size] = letter if letter not in self.sizes.values() else f"{letter}{len(self.sizes)}"
        return self.sizes[size]

    def helper(self, name: str) -> str:
        """Return a new name."""
        self.helpers += 1
        return f"{name}{self.helpers}"

    def value(self, tree: Tree) -> str:
        """Return an expression for a tree, in parentheses if needed; its sums are written as lines before it."""
        if not isinstance(tree, list):
            return repr(tree) if tree >= 0 else f"({tree!r})"
        kind = tree[0]
        if kind in ("call", "**") and self.depth > 1 and _same_everywhere(tree):
            return self.once(tree)
        if kind == "at":
            return f"{tree[1]}[{_bare(self.flat(tree[1], tree[2]))}]"
        if kind == "index":
            return self.spelled(tree[1])
        if kind == "size":
            return self.size("N", "n")
        if kind == "call" and tree[1] in FUNCTIONS:
            return f"Math.{tree[1]}({', '.join(_bare(self.value(part)) for part in tree[2])})"
        if kind == "if":
            condition, then, otherwise = map(self.value, tree[1:])
            return f"({condition} ? {then} : {otherwise})"
        if kind in ("sum", "mean"):
            return self.total(*tree)
        if kind == "**" and tree[2] == 2:
            base = self.helper("base")
            self.line(f"const {base} = {_bare(self.value(tree[1]))};")
            return f"({base} * {base})"
        if kind in AGGREGATES or kind == "call":
            raise ValueError(f"expected a formula of sums, means and {', '.join(sorted(FUNCTIONS))}, got {tree[1]!r}")
        left, right = map(self.value, tree[1:])
        return f"(-{right})" if (kind, tree[1]) == ("-", 0) else f"({left} {SIGNS.get(kind, kind)} {right})"

    def once(self, tree: Tree) -> str:
        """Compute a power or a function of single numbers before all loops, and return its name."""
        if repr(tree) not in self.totals[0]:
            self.totals[0][repr(tree)] = name = self.helper("once")
            before, self.lines, self.depth, depth = self.lines, self.first, 1, self.depth
            self.line(f"const {name} = {_bare(self.value(tree))};")
            self.lines, self.depth = before, depth
        return self.totals[0][repr(tree)]

    def total(self, kind: str, index: str, inside: Tree) -> str:
        """Write the loop of a sum or a mean, and return its value."""
        size = next(self.shapes[name][at.index(index)] for name, at in entries(inside) if index in at)
        same = repr((index, inside))
        if same not in self.totals[-1]:  # a formula may contain it twice, and the next lane contains it again
            self.totals[-1][same] = total = self.helper("sum")
            here, lanes, across = self.lane, range(self.lanes), self.across
            self.across = "" if index == across else across  # the same letter may have another size in here
            self.line(f"let {', '.join(f'{total}{_suffix(lane)} = 0' for lane in lanes)};")
            self.open(index, size)
            for self.lane in lanes:
                self.line(f"{total}{_suffix(self.lane)} += {_bare(self.value(inside))};")
            self.lane, self.across = here, across
            self.close()
        total = f"{self.totals[-1][same]}{_suffix(self.lane)}"
        return f"({total} / {self.size(size, index)})" if kind == "mean" else total

    def flat(self, name: str, indices: Sequence[Tree]) -> str:
        """Return the position of an entry in its array."""
        place = ""
        for axis, index in enumerate(indices):
            own = self.spelled(index) if isinstance(index, str) else self.value(index)
            if place in ("", "0"):
                place = own
            else:
                letter = index if isinstance(index, str) else "c"
                before = place if place.isalnum() or _bare(place) != place else f"({place})"
                place = f"{before} * {self.size(self.shapes[name][axis], letter)} + {own}"
        return place or "0"


def _sums(tree: Tree) -> bool:
    """Whether a tree has a sum in it."""
    return isinstance(tree, list) and (tree[0] in AGGREGATES or any(map(_sums, parts(tree))))


def _same_everywhere(tree: Tree) -> bool:
    """Whether a tree has no index in it."""
    if not isinstance(tree, list):
        return not isinstance(tree, str)
    if tree[0] in AGGREGATES or tree[0] == "index":
        return False
    return not tree[2] if tree[0] == "at" else tree[0] != "size" and all(map(_same_everywhere, parts(tree)))


def _suffix(lane: int) -> str:
    return "abcd"[lane] if lane else ""


def _bare(text: str) -> str:
    """Return an expression without parentheses around all of it."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return text[1:-1] if place == len(text) - 1 and text.startswith("(") else text
    return text
