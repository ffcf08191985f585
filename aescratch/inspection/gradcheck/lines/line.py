"""A statement of a backward, and what is known of it: what it computed and read in a run, and what depends on it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aescratch.inspection.gradcheck.binding import is_float
from aescratch.inspection.gradcheck.lines.probing import Run
from aescratch.inspection.gradcheck.lines.source import Statement


@dataclass
class Line:
    """What is known about a statement: its runs, the gradients that its values are, and the names that it reads.

    It moves the gradients that depend on it, and "" if the loss does; none if unknown.
    """

    statement: Statement
    number: int
    runs: list[Run]
    moves: set[str] = field(default_factory=set)
    moves_right: bool = False  # the loss, or a gradient that is right: then the line is right, too
    first_wrong: int = -1
    is_forward: bool = False
    is_right: bool = False
    reads_right: bool = False
    reads_gradient: bool = False
    reads_wrong: bool = False

    @property
    def is_helper(self) -> bool:
        """Whether its value need not be a gradient: a slope or a mask, a part of a sum, some entries."""
        targets = getattr(self.statement.node, "targets", None) or [getattr(self.statement.node, "target", None)]
        adds_up = isinstance(self.statement.node, ast.AugAssign) and len(self.runs) > 1
        reads_no_gradient = not (self.reads_gradient or self.is_right or self.is_forward)
        return reads_no_gradient or adds_up or isinstance(targets[0], ast.Subscript)

    @property
    def has_array(self) -> bool:
        """Whether it computed an array of floats."""
        return any(is_floats(v) and np.ndim(v) for run in self.runs for v in run.values)


def targets_of(node: ast.stmt) -> list[str]:
    """Return the targets of an assignment, as source, and how it assigns."""
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    return [type(node).__name__, *(ast.unparse(target) for target in targets if target is not None)]


def read_by(node: ast.stmt) -> set[str]:
    """Return the names, attributes and entries that a statement reads, as source."""
    parts = [getattr(node, "value", None), node.target if isinstance(node, ast.AugAssign) else None]
    nodes = [each for part in parts if part is not None for each in ast.walk(part)]
    return {ast.unparse(each) for each in nodes if isinstance(each, (ast.Name, ast.Attribute, ast.Subscript))}


def assigned_by(node: ast.stmt) -> set[str]:
    """Return the names, attributes and entries that a statement assigns, as source."""
    return {ast.unparse(each) for each in ast.walk(node) if isinstance(getattr(each, "ctx", None), ast.Store)}


def is_floats(value: Any) -> bool:
    """Whether a value is a float or an array of floats, and not an empty one."""
    return is_float(value) and np.size(value) > 0
