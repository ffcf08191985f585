"""What may appear in a statement: its terms, and their values there.

    Scope(terms, ...) -> arrays(), scalars(), counts(): names, attributes and entries, as source

They are read from a run of the statement, not from its text: unbound names are not among them.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.lines.evaluating import evaluated


@dataclass
class Scope:
    """What may appear in a statement: its terms, NumPy's name there, functions of one array, modules, global names.

    `roots` are square roots in the code, of which those of numbers matter.
    """

    terms: Mapping[str, Any]
    numpy: str
    functions: Sequence[str]
    modules: Collection[str]
    names: Mapping[str, Any]
    roots: Sequence[str] = ()

    def value(self, expression: ast.expr, **more: Any) -> Array | None:
        """Return the value of an expression of the terms, and of more terms, or None if unknown."""
        return evaluated(expression, {**self.terms, **more} if more else self.terms, self.names)

    def arrays(self, kinds: str = "f") -> list[str]:
        """Return the terms that hold arrays of these kinds."""
        return [t for t, v in self.terms.items() if isinstance(v, np.ndarray) and v.ndim and v.dtype.kind in kinds]

    def scalars(self) -> list[str]:
        """Return the terms that hold plain numbers."""
        numbers = [t for t, v in self.terms.items() if np.ndim(v) == 0 and isinstance(v, (float, np.ndarray))]
        return [t for t in numbers if np.asarray(self.terms[t]).dtype.kind == "f"]

    def counts(self) -> list[str]:
        """Return how many examples and entries there are, as source."""
        whole = [t for t, v in self.terms.items() if isinstance(v, (int, np.integer)) and v > 1]
        seen = {int(self.terms[t]) for t in whole}
        for term in self.arrays():
            value = self.terms[term]
            for text, size in (
                (f"len({term})", len(value)),
                (f"{term}.shape[1]", value.shape[-1]),
                (f"{term}.size", value.size),
            ):
                if size > 1 and size not in seen and (value.ndim > 1 or "shape" not in text):
                    seen.add(size)
                    whole.append(text)
        values = ((text, self.value(ast.parse(text, mode="eval").body)) for text in self.roots)
        return whole + [text for text, value in values if value is not None and not value.ndim]
