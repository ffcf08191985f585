"""Observing a running function: every value of a forward, which may be moved a little, and each line of a backward.

    forward, rewritten so that its values pass through a probe -> how the objective depends on each of them
    backward, rewritten the same way -> Run: the values of the names before each statement, and what the statement
    computed

It only observes, and only after a check has failed: no gradient is derived from the records.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import copy
import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.binding import is_float
from aescratch.inspection.gradcheck.lines.scene import (
    AGREE,
    STEP,
    Slopes,
    directions_in,
    gradient_of,
    size_of,
    slopes_along,
)
from aescratch.inspection.gradcheck.lines.source import Definition, Statement, in_force
from aescratch.inspection.gradcheck.lines.trees import copied

PROBE = "__aescratch_probe__"
MOST_VALUES = 120  # of a forward that are examined
MOST_SECONDS = 1.5  # of processor time, for all of them
MOST_TURNS = 40  # runs of one statement that are recorded
LONGEST_TERM = 60  # characters of an expression that is treated as one term
BINDING = (ast.Lambda, ast.NamedExpr)  # expressions with names of their own, whose value can't be computed alone

Key = tuple[int, int]


@dataclass
class Target:
    """A value that a gradient may belong to, the objective's slopes in it, and a way to measure the whole gradient."""

    text: str
    array: Array
    slopes: Slopes
    measure: Callable[[], Array]

    @functools.cached_property
    def gradient(self) -> Array | None:
        """The right gradient, or None if it can't be measured."""
        try:
            return self.measure()
        except Exception:
            return None


class Gradients:
    """The gradients that a backward may compute, recognised by their slopes alone, many at a time."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self.groups: dict[int, list[tuple[tuple[int, ...], Array, Array, Array]]] = {}
        by_shape: dict[tuple[int, ...], list[Slopes]] = {}
        for target in targets:
            if np.isfinite(target.slopes.values).all():
                by_shape.setdefault(target.slopes.directions.shape[1:], []).append(target.slopes)
        for shape, slopes in by_shape.items():
            directions = slopes[0].directions.reshape(len(slopes[0].directions), -1)
            rows = np.stack([each.values for each in slopes]), np.stack([each.errors for each in slopes])
            self.groups.setdefault(directions.shape[1], []).append((shape, directions, *rows))

    def multiples(self, value: Any) -> list[float]:
        """Return the factors by which a value would become one of the gradients, for each that it is a multiple of.

        The value may be transposed, or have another shape with the same number of entries.
        """
        value = np.asarray(value)
        if value.dtype.kind != "f" or value.size not in self.groups or not np.isfinite(value).all() or not value.any():
            return []
        found: list[float] = []
        for shape, directions, wanted, errors in self.groups[value.size]:
            turned = value.ndim == 2 and value.T.shape == shape
            ways = [value] if value.shape == shape or not turned else []
            for way in [*ways, *([value.T] if turned else [])]:
                flat = way.reshape(-1)
                along = directions @ flat
                if not along.any():
                    continue
                numbers = wanted @ along / (along @ along)
                allowed = AGREE * np.abs(numbers)[:, None] * (np.abs(directions) @ np.abs(flat)) + errors
                near = (np.abs(numbers[:, None] * along - wanted) <= allowed).all(1)
                found += numbers[near & (np.abs(wanted).max(1) > 100 * errors.max(1))].tolist()
        return found

    def fits(self, value: Any) -> bool:
        """Whether a value is one of the gradients."""
        return any(abs(number - 1) <= AGREE for number in self.multiples(value))


class Run(NamedTuple):
    """One run of a statement: the values of its terms before it, by their source, and the values that it computed."""

    number: int
    terms: dict[str, Any]
    values: list[Any]


@dataclass
class Recorder:
    """The object that the probes in rewritten code call."""

    seen: dict[Key, Array] = field(default_factory=dict)
    turns: dict[int, int] = field(default_factory=dict)
    move: tuple[Key, Array] | None = None
    runs: dict[int, list[Run]] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)  # statements with more runs than are recorded
    count: int = 0
    compiled: list[list[tuple[str, Any]]] = field(default_factory=list)  # the terms of each statement

    def at(self, key: int, value: Any) -> Any:
        """Pass a value of a forward on, moved if it is the current target."""
        if not is_float(value):
            return value
        turn = self.turns[key] = self.turns.get(key, -1) + 1
        if self.move is None:
            self.seen.setdefault((key, turn), np.array(value, dtype=np.float64))
        elif self.move[0] == (key, turn):
            return value + (self.move[1] if np.ndim(value) else float(self.move[1]))
        return value

    def enter(self, key: int, names: Mapping[str, Any], globals_: dict[str, Any]) -> None:
        """Record the values of the terms before a statement."""
        runs = self.runs.setdefault(key, [])
        if len(runs) >= MOST_TURNS:
            self.left_out.add(key)
            return
        terms: dict[str, Any] = {}
        for text, code in self.compiled[key]:
            try:
                value = eval(code, globals_, dict(names))
            except Exception:  # for example, not bound yet
                continue
            entries = {f"{text}[{key!r}]": each for key, each in value.items()} if isinstance(value, dict) else {}
            for term, held in {text: value, **entries}.items():
                if isinstance(held, (np.ndarray, np.generic)):
                    terms[term] = np.array(held)
                elif isinstance(held, (int, float)) and not isinstance(held, bool):
                    terms[term] = held
        runs.append(Run(self.count, terms, []))
        self.count += 1

    def value(self, key: int, value: Any) -> Any:
        """Record a value that a statement computes, and pass it on."""
        if key not in self.left_out:
            noted = copy.deepcopy(value) if isinstance(value, (np.ndarray, np.generic, float)) else None
            self.runs[key][-1].values.append(noted)
        return value


class _Wrapping(ast.NodeTransformer):
    """Wraps expressions that compute a value in calls of the probe; what is assigned to stays as it is."""

    texts: list[str]

    def wrap(self, definitions: Sequence[Definition]) -> None:
        """Change the statements of definitions."""
        self.texts = []
        for definition in definitions:
            node: Any = definition.node
            is_one = isinstance(node, ast.Lambda)
            node.body = self.visit(node.body) if is_one else [self.visit(each) for each in node.body]

    def visit(self, node: ast.AST) -> Any:
        if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
            return node
        text = ast.unparse(node) if isinstance(node, (ast.BinOp, ast.Call, ast.UnaryOp, ast.Subscript)) else ""
        node = self.generic_visit(node)
        if not text:
            return node
        self.texts.append(text)
        return _call("at", ast.Constant(len(self.texts) - 1), node)


def _call(method: str, *arguments: Any) -> ast.Call:
    function = ast.Attribute(ast.Name(PROBE, ast.Load()), method, ast.Load())
    return ast.Call(function, list(arguments), [])


def targets_in(
    definitions: Sequence[Definition], objective: Callable[[], float], sizes: set[int]
) -> list[Target]:  # fmt: skip
    """Return a forward's values of these sizes, with the objective's slopes in each; of a loop, first turns come first.

    A value that the loss doesn't depend on, as all those of a backward in the same function, is none.
    """
    recorder, wrapping, found = Recorder(), _Wrapping(), list[Target]()
    probing = functools.partial(_rewritten, definitions, recorder, functools.partial(wrapping.wrap, definitions))

    def moved(key: Key, change: Array) -> float:
        recorder.turns, recorder.move = {}, (key, change)
        return objective()

    def measured(key: Key) -> Array:
        with probing():
            return gradient_of(functools.partial(moved, key), recorder.seen[key])

    with probing():
        value, start = objective(), time.process_time()
        seen = sorted(recorder.seen.items(), key=lambda item: item[0][1])
        for key, array in [(key, array) for key, array in seen if array.size in sizes][:MOST_VALUES]:
            if time.process_time() - start > MOST_SECONDS:
                break
            at, directions, size = functools.partial(moved, key), directions_in(array.shape), size_of(array)
            with contextlib.suppress(Exception):
                if at(STEP * size * directions[0]) != value:
                    slopes = slopes_along(at, directions, size, value)
                    if (np.abs(slopes.values) > 100 * slopes.errors).any():
                        text, measure = wrapping.texts[key[0]], functools.partial(measured, key)
                        found.append(Target(text, array, slopes, measure))
    return found


def recorded(definitions: Sequence[Definition], call: Callable[[], Any]) -> dict[int, list[Run]]:
    """Return the runs of each statement of the definitions, by its number, while a call runs; it may raise."""
    recorder = Recorder()
    terms = [terms_of(definition) for definition in definitions]
    shared = [text for found in terms for text in found if text.startswith("self.")]
    for definition, own in zip(definitions, terms, strict=True):
        compiled = [(text, compile(text, "<term>", "eval")) for text in dict.fromkeys([*own, *shared])]
        recorder.compiled += [compiled for _ in definition.statements()]

    def observe() -> None:
        for number, statement in reversed([*enumerate(s for each in definitions for s in each.statements())]):
            _observe(statement, number)

    with np.errstate(all="ignore"), _rewritten(definitions, recorder, observe), contextlib.suppress(Exception):
        call()
    return recorder.runs


def terms_of(definition: Definition) -> list[str]:
    """Return the names, attributes and entries that a definition reads or assigns, as source."""
    found: dict[str, None] = {}
    called = {id(node.func) for node in ast.walk(definition.node) if isinstance(node, ast.Call)}
    for node in ast.walk(definition.node):
        is_entry = isinstance(node, ast.Subscript) and not any(isinstance(n, ast.Slice) for n in ast.walk(node.slice))
        if id(node) not in called and (isinstance(node, (ast.Name, ast.Attribute)) or is_entry):
            text = ast.unparse(node)
            if not text.endswith((".T", ".shape", ".size", ".ndim")) and "(" not in text:
                found[text] = None
        elif isinstance(node, ast.arg):
            found[node.arg] = None
    return list(found)


def expressions_of(definitions: Sequence[Definition]) -> list[str]:
    """Return the expressions in definitions that are more than a name, as source, the shorter ones first."""
    found: dict[str, None] = {}
    for definition in definitions:
        for node in ast.walk(definition.node):
            if isinstance(node, (ast.BinOp, ast.Call)) and not any(isinstance(n, BINDING) for n in ast.walk(node)):
                found[ast.unparse(node)] = None
    return sorted((text for text in found if len(text) <= LONGEST_TERM), key=len)


@contextlib.contextmanager
def _rewritten(definitions: Sequence[Definition], recorder: Recorder, change: Callable[[], None]) -> Iterator[None]:
    """Let the definitions run copies of their statements within the block, changed so that they call a recorder."""
    nodes: list[Any] = [definition.node for definition in definitions]
    bodies = [node.body for node in nodes]
    setattr(builtins, PROBE, recorder)
    try:
        for node in nodes:
            node.body = copied(node.body)
        change()
        for node in nodes:
            ast.fix_missing_locations(node)
        with in_force(definitions):
            yield
    finally:
        delattr(builtins, PROBE)
        for node, body in zip(nodes, bodies, strict=True):
            node.body = body


def _observe(statement: Statement, number: int) -> None:
    """Replace a statement by statements that report to the probe."""
    here, node = ast.Constant(number), statement.node
    enter = _call("enter", here, *(ast.Call(ast.Name(name, ast.Load()), [], []) for name in ("locals", "globals")))
    new: Any = copy.copy(node)
    after: list[ast.stmt] = []
    if isinstance(node, ast.AugAssign):
        target = copied(node.target)
        target.ctx = ast.Load()
        after = [ast.Expr(_call("value", here, target))]
    elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.Return)) and node.value is not None:
        new.value = _noted(number, node.value)
    if statement.index is None:  # of a lambda, which is one expression
        new.value = ast.Subscript(ast.Tuple([enter, new.value], ast.Load()), ast.Constant(1), ast.Load())
        statement.put(new)
    else:
        statement.put(ast.copy_location(ast.Expr(enter), node), new, *after)


def _noted(number: int, value: Any) -> Any:
    """Return an expression that passes another's values through the probe, those of a tuple or list one by one."""
    field = {ast.Tuple: "elts", ast.List: "elts", ast.Dict: "values"}.get(type(value))
    if field is not None:
        new = copy.copy(value)
        setattr(new, field, [_noted(number, each) for each in getattr(value, field)])
        return new
    return _call("value", ast.Constant(number), value)
