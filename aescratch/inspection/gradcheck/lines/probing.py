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
    compiled: dict[int, list[tuple[str, Any]]] = field(default_factory=dict)

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


@contextlib.contextmanager
def _probing(recorder: Recorder) -> Iterator[None]:
    setattr(builtins, PROBE, recorder)
    try:
        yield
    finally:
        delattr(builtins, PROBE)


LEFT_AS_IT_IS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.FunctionDef: ("decorator_list", "args", "returns"), ast.Lambda: ("args",), ast.Assign: ("targets",),
    ast.AugAssign: ("target",), ast.AnnAssign: ("target", "annotation"), ast.For: ("target",), ast.Call: ("func",),
}  # fmt: skip


class _Wrapping(ast.NodeTransformer):
    """Wraps expressions that compute a value in calls of the probe."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def generic_visit(self, node: ast.AST) -> ast.AST:
        left = LEFT_AS_IT_IS.get(type(node), ())
        fields = [name for name in node._fields if name not in left]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            fields.append("func")  # the object of a method call
        text = ast.unparse(node) if isinstance(node, (ast.BinOp, ast.Call, ast.UnaryOp, ast.Subscript)) else ""
        for name in fields:
            old = getattr(node, name, None)
            if isinstance(old, list):
                setattr(node, name, [self.visit(each) if isinstance(each, ast.AST) else each for each in old])
            elif isinstance(old, ast.AST):
                setattr(node, name, self.visit(old))
        if text and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            self.texts.append(text)
            return _call("at", ast.Constant(len(self.texts) - 1), node)
        return node


def _call(method: str, *arguments: Any) -> ast.Call:
    function = ast.Attribute(ast.Name(PROBE, ast.Load()), method, ast.Load())
    return ast.Call(function, list(arguments), [])


class Forward:
    """A forward whose values can be moved."""

    definitions: Sequence[Definition]
    objective: Callable[[], float]

    def __init__(self, definitions: Sequence[Definition], objective: Callable[[], float]) -> None:
        self.definitions, self.objective = definitions, objective
        self.recorder: Recorder = Recorder()
        self.texts: list[str] = []

    def targets(self, sizes: set[int]) -> list[Target]:
        """Return the values of these sizes, with the objective's slopes in each; of a loop, its first turns come first.

        A value that the loss doesn't depend on, as all those of a backward in the same function, is none.
        """
        found = []
        with self._probing():
            value, start = self.objective(), time.process_time()
            seen = sorted(self.recorder.seen.items(), key=lambda item: item[0][1])
            for key, array in [(key, array) for key, array in seen if array.size in sizes][:MOST_VALUES]:
                if time.process_time() - start > MOST_SECONDS:
                    break
                at, directions, size = functools.partial(self._moved, key), directions_in(array.shape), size_of(array)
                with contextlib.suppress(Exception):
                    if at(STEP * size * directions[0]) != value:
                        slopes = slopes_along(at, directions, size, value)
                        if (np.abs(slopes.values) > 100 * slopes.errors).any():
                            measure = functools.partial(self._measured, key)
                            found.append(Target(self.texts[key[0]], array, slopes, measure))
        return found

    def _moved(self, key: Key, change: Array) -> float:
        self.recorder.turns, self.recorder.move = {}, (key, change)
        return self.objective()

    def _measured(self, key: Key) -> Array:
        with self._probing():
            return gradient_of(functools.partial(self._moved, key), self.recorder.seen[key])

    @contextlib.contextmanager
    def _probing(self) -> Iterator[None]:
        wrapping = _Wrapping()
        self.texts = wrapping.texts
        with _rewritten(self.definitions, wrapping.visit), _probing(self.recorder):
            yield


def recorded(statements: Sequence[Statement], call: Callable[[], Any]) -> dict[int, list[Run]]:
    """Return the runs of each statement, by its place in the sequence, while the call runs; it may raise."""
    recorder = Recorder()
    definitions = {id(s.definition): s.definition for s in statements}
    terms = {key: terms_of(definition) for key, definition in definitions.items()}
    shared = [text for found in terms.values() for text in found if text.startswith("self.")]
    for number, statement in enumerate(statements):
        texts = dict.fromkeys([*terms[id(statement.definition)], *shared])
        recorder.compiled[number] = [(text, compile(text, "<term>", "eval")) for text in texts]
    undo = []
    try:
        for number, statement in reversed(list(enumerate(statements))):
            undo.append((statement, _observed(statement, number)))
        with (
            in_force(list(definitions.values())), _probing(recorder),
            np.errstate(all="ignore"), contextlib.suppress(Exception),
        ):  # fmt: skip
            call()
    finally:
        for statement, count in reversed(undo):
            statement.put([statement.node], count)
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
def _rewritten(definitions: Sequence[Definition], change: Callable[[ast.AST], Any]) -> Iterator[None]:
    """Let the definitions run changed copies of their statements within the block."""
    nodes: list[Any] = [definition.node for definition in definitions]
    before = [(node, node.body) for node in nodes]
    try:
        for node, body in before:
            is_lambda = isinstance(node, ast.Lambda)
            node.body = change(copied(body)) if is_lambda else [change(copied(each)) for each in body]
            ast.fix_missing_locations(node)
        with in_force(definitions):
            yield
    finally:
        for node, body in before:
            node.body = body


def _observed(statement: Statement, number: int) -> int:
    """Replace a statement by statements that report to the probe, and return their number."""
    here = ast.Constant(number)
    scope = [ast.Call(ast.Name(name, ast.Load()), [], []) for name in ("locals", "globals")]
    enter = _call("enter", here, *scope)
    if statement.index is None:
        assert isinstance(statement.node, ast.Return)
        both = ast.Tuple([enter, _noted(number, statement.node.value)], ast.Load())
        statement.put([ast.Return(ast.Subscript(both, ast.Constant(1), ast.Load()))])
        return 1
    node = statement.node
    new: Any = node
    after: list[ast.stmt] = []
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Return)) and node.value is not None:
        new = copy.copy(node)
        new.value = _noted(number, node.value)
    elif isinstance(node, ast.AugAssign):
        target = copied(node.target)
        target.ctx = ast.Load()
        after = [ast.Expr(_call("value", here, target))]
    nodes = [ast.copy_location(ast.Expr(enter), node), new, *after]
    statement.put(nodes)
    return len(nodes)


def _noted(number: int, value: Any) -> Any:
    """Return an expression that passes another's values through the probe, those of a tuple or list one by one."""
    field = {ast.Tuple: "elts", ast.List: "elts", ast.Dict: "values"}.get(type(value))
    if field is not None:
        new = copy.copy(value)
        setattr(new, field, [_noted(number, each) for each in getattr(value, field)])
        return new
    return _call("value", ast.Constant(number), value)
