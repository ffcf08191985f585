"""The search for the wrong line: which statement of a backward, changed in one way, gives the right gradients.

    scenes -> values of every statement -> the statements whose values are not gradients, nearest to the loss first
           -> edits of one statement, one at a time -> the backward runs with each: right at every scene?

A claim is proved by a run: with the edit every gradient is right, at other inputs and sizes too.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import copy
import functools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.gradcheck.deadline import OutOfTime, limited
from aescratch.inspection.gradcheck.lines.edits import Edit, changed_numbers, doubles, edits, of_its_product, rivals
from aescratch.inspection.gradcheck.lines.line import Line, assigned_by, is_floats, read_by, targets_of
from aescratch.inspection.gradcheck.lines.missing import factors, missing, parts
from aescratch.inspection.gradcheck.lines.probing import Gradients, Target, expressions_of, recorded, targets_in
from aescratch.inspection.gradcheck.lines.scene import Scene
from aescratch.inspection.gradcheck.lines.scope import Scope
from aescratch.inspection.gradcheck.lines.settings import moved
from aescratch.inspection.gradcheck.lines.source import HEADED, Definition, Statement
from aescratch.inspection.gradcheck.lines.trees import number_of, parsed
from aescratch.inspection.gradcheck.numeric import largest_size

SAME = 1e-9  # relative: a value of the forward
MOST_RUNS = 6000
SECONDS = 6.0  # of processor time
RUNS_BETWEEN_LOOKS = 16  # at the clock, which takes a third of a millisecond to read on some systems
MOST_MISSING = 150
HOW_IT_ASSIGNS = ("overwrites", "accumulates")
TRUTH = "__aescratch_truth__"  # the name of a right gradient in place of a statement's value
MOVED = 1.0625  # by which the value of a statement is multiplied, to see whether the loss changes
LEAST_SECONDS = 0.2  # for one run of a changed backward, where a loop may never end


@dataclass
class Repair:
    """A change of one statement that makes gradients right: the gradients that are then right, and whether all are."""

    statement: Statement
    edit: Edit
    mended: list[str]
    is_whole: bool


@dataclass
class Search:
    """The search in a backward: the lines that may be wrong, and the repair of one, if there is one."""

    scenes: Sequence[Scene]
    names: Sequence[str]
    wrong: Sequence[str]
    backward: Sequence[Definition]
    forward: Sequence[Definition]
    runs: int = 0
    sorted_out: dict[int, tuple[list[Edit], list[Edit]]] = field(default_factory=dict)
    gave_up: bool = False
    settings_moved: bool = False

    def __post_init__(self) -> None:
        self.start: float = time.process_time()
        self.before: list[set[str]] = [scene.right(self.names) for scene in self.scenes]
        self.value: float = self.scenes[0].objective()
        self.returned: Mapping[str, Any] = self.scenes[0].returned() or {}
        self.definitions: list[Definition] = [*self.backward, *self.forward]
        self.nodes: list[ast.AST] = [node for each in self.definitions for node in ast.walk(each.node)]
        self.of_forward: set[str] = {definition.name for definition in self.forward}
        begun = time.monotonic()
        self.scenes[0].right(self.names)
        for scene in self.scenes:
            scene.seconds = max(LEAST_SECONDS, 10 * (time.monotonic() - begun))

    def repairs(self) -> list[Repair]:
        """Return the change of one line that corrects all gradients, or else changes that each correct some of them.

        First come changes after which the line's own value is a gradient, which needs no run of the backward; then
        missing parts; then all other changes. Lines that use wrong values come last. If several lines have one mistake
        each, only those that use right values alone are reported.
        """
        self._look()
        partial: list[Repair] = []
        for line, tried in self._rounds():
            if self._is_over(asks=True):
                break
            found = self._mending(line, tried)
            if found and found[0].is_whole:
                return [self._of_its_helper(line, found[0])]
            if line.reads_right:
                for repair in found:
                    if not any({*repair.mended} & {*each.mended} for each in partial):
                        partial.append(repair)
        return [] if self.gave_up else partial  # otherwise one change of another line may be enough

    def _rounds(self) -> Iterator[tuple[Line, Sequence[Edit]]]:
        """Yield the lines several times, each time with other edits to try."""
        suspects = self._suspects()
        sound, spoilt = [x for x in suspects if not x.reads_wrong], [x for x in suspects if x.reads_wrong]
        for group in (sound, spoilt):
            helpers = [line for line in group if line.is_helper]
            yield from ((line, self._sorted_out(line)[0]) for line in group)
            yield from ((line, [e for e in self._sorted_out(line)[1] if e.kind in HOW_IT_ASSIGNS]) for line in group)
            yield from ((line, self._sorted_out(line)[1]) for line in helpers)
            yield from ((line, self._missing(line)) for line in sorted(group, key=lambda x: x not in self.doubtful[:1]))
            yield from ((line, self._sorted_out(line)[1]) for line in group if line not in helpers)
            yield from ((line, list(factors(line.statement.node, self._there(line)))) for line in helpers)

    def _of_its_helper(self, line: Line, repair: Repair) -> Repair:
        """Return the repair at the line that computes a name, if the line's own repair adds only what it lacks.

        A line that only returns the name may be repaired by any change of the other.
        """
        factors, returned = _factors_of(repair.edit.was), isinstance(line.statement.node, ast.Return)
        for other in self.lines:
            named = other is not line and bool(factors & set(targets_of(other.statement.node)))
            if named and not other.is_forward and (returned or not other.is_right):
                fitting, unknown = self._sorted_out(other)
                kinds = {repair.edit.kind, repair.edit.kind.replace("missing", "extra")}
                alike = [edit for edit in chain(fitting, unknown) if edit.kind in kinds]
                alike += fitting if returned else []
                found = self._mending(other, alike)
                if found and found[0].is_whole:
                    return found[0]
        return repair

    def _sorted_out(self, line: Line) -> tuple[list[Edit], list[Edit]]:
        """Return the edits of a line whose values fit a gradient, and the edits whose values are unknown."""
        if line.number in self.sorted_out:
            return self.sorted_out[line.number]
        node, last = line.statement.node, self._there(line)
        before = [last.value(part) for _, part in parts(node)]
        fitting, others = [], []
        for edit in edits(node, self._scope(line)):
            after = [last.value(part) for _, part in parts(edit.node)]
            pairs = [(a, b) for a, b in zip(before, after, strict=False) if a is not None and b is not None]
            new = [b for a, b in pairs if not np.array_equal(a, b)]
            if len(before) == len(after) == len(pairs) and new and all(map(self.known.fits, new)):
                fitting.append(edit)
            elif new or not before or len(pairs) < len(before) or targets_of(edit.node) != targets_of(node):
                others.append(edit)
        self.sorted_out[line.number] = sorted(fitting, key=lambda edit: edit.cost), others
        return self.sorted_out[line.number]

    def _missing(self, line: Line) -> list[Edit]:
        found = missing(line.statement.node, self._there(line), self.targets, self.known, line.is_right, self.computed)
        alone = {(edit.kind, edit.repaired): edit for edit in sorted(found, key=lambda edit: -edit.cost)}
        return sorted(alone.values(), key=lambda edit: edit.cost)[:MOST_MISSING]

    def _look(self) -> None:
        """Run forward and backward with probes, and record what every line computes."""
        scene = self.scenes[0]
        statements = [s for definition in self.backward for s in definition.statements()]
        of_forward = recorded(self.backward, scene.objective)
        runs = recorded(self.backward, scene.gradients)
        sizes = {int(np.size(v)) for each in runs.values() for run in each for v in run.values if v is not None}
        own = [
            Target(name, scene.arrays[name], scene.slopes(name), functools.partial(scene.gradient, name))
            for name in self.names
        ]  # fmt: skip
        self.targets: list[Target] = own + targets_in(self.forward, scene.objective, sizes)
        self.known: Gradients = Gradients(self.targets)
        self.computed: list[str] = expressions_of(self.definitions)
        self.lines: list[Line] = [Line(s, n, runs[n]) for n, s in enumerate(statements) if n in runs]
        moves = {id(line.statement.node): self._what_depends_on(line.statement) for line in self.lines}
        for line in self.lines:
            within = [moves.get(id(node), set()) for node in ast.walk(line.statement.node)]  # of a loop, all its lines
            line.moves = set().union(*within) - ({""} if isinstance(line.statement.node, HEADED) else set())
            line.moves_right = not line.moves <= {*self.wrong}
            self._classify(line)
        trusted = {t for line in self.lines if line.is_forward or line.is_right for t in read_by(line.statement.node)}
        spoilt: set[str] = set()
        ordered = sorted(self.lines, key=lambda line: line.runs[0].number)
        for line in ordered:
            self._look_at_what_is_read(line, trusted, spoilt)
        of_backward = [line for line in ordered if line.number not in of_forward]
        self.lines = ordered = of_backward or ordered  # a function that is both has no separate backward line
        self.doubtful: list[Line] = [
            x for x in ordered
            if x.reads_right and x.has_array and not (x.is_right or x.is_forward or x.is_helper or x.moves_right)
        ]  # fmt: skip

    def at_fault(self) -> tuple[Line, str] | None:
        """Return the line whose value is used as a gradient that it isn't, and the value that this gradient belongs to.

        With the right one in its place every gradient comes out right. Otherwise it is the first line with which some
        do, without a value: what it reads or calls may be wrong.
        """
        right = [x for x in self.lines[::-1] if x.is_right and not (x.is_forward or x.moves_right)]
        first = None
        for line in (*self.doubtful, *right):
            mended, needed = self._with_truth(line)
            if len(mended) == len(self.wrong):
                return line, needed
            if mended and not (first or line.is_right):
                first = line, "" if self.sources_of(line) else needed
        return first

    def _with_truth(self, line: Line) -> tuple[set[str], str]:
        """Return the gradients that come right with another gradient in place of a line's value, and whose."""
        node, values = line.statement.node, line.runs[0].values
        if len(line.runs) > 1 or len(values) != 1 or not isinstance(node, (ast.Assign, ast.AugAssign, ast.Return)):
            return set(), ""
        told: Any = ast.Assign([node.target], node.value) if isinstance(node, ast.AugAssign) else copy.copy(node)
        told.value = ast.Name(TRUTH, ast.Load())

        best: tuple[set[str], str] = set(), ""
        fitting = [target for target in self.targets if target.array.shape == np.shape(values[0])]
        try:
            for target in reversed(fitting):  # of values with one gradient, the last is nearest to the loss
                setattr(builtins, TRUTH, target.gradient)
                mended = self._mended(line.statement, told, self.scenes[:1])
                if len(mended) > len(best[0]):
                    best = mended, target.text
                if len(mended) == len(self.wrong):
                    break
        finally:
            vars(builtins).pop(TRUTH, None)
        return best

    def sources_of(self, line: Line) -> list[int]:
        """Return the numbers of the lines before it that assign what a line reads, and of those that it calls."""
        read, before = read_by(line.statement.node), line.runs[0].number
        return sorted({
            each.statement.node.lineno for each in self.lines
            if each.statement.definition.name in read
            or (each.runs[0].number < before and read & assigned_by(each.statement.node))
        })  # fmt: skip

    def _classify(self, line: Line) -> None:
        values = [v for run in line.runs for v in run.values]
        by_run = [[v for v in run.values if is_floats(v)] for run in line.runs]
        arrays = [*chain(*by_run)]
        line.is_forward = bool(arrays) and not any(v is None for v in values) and all(map(self._is_forward, arrays))
        right = [all(self.known.fits(v) or self._is_forward(v) for v in run) for run in by_run]
        line.is_right = bool(arrays) and all(right)
        line.first_wrong = -1 if all(right) else right.index(False)

    def _look_at_what_is_read(self, line: Line, trusted: set[str], spoilt: set[str]) -> None:
        """Find out whether a line uses right values only: the forward's, gradients, and those that right lines read."""
        read = read_by(line.statement.node)
        terms = {t: run.terms[t] for run in line.runs[:3] for t in read if t in run.terms and is_floats(run.terms[t])}
        gradients = {t for t, v in terms.items() if self.known.fits(v)}
        line.reads_gradient = bool(gradients)
        unknown = {t for t, v in terms.items() if not (t in gradients or t in trusted or self._is_forward(v))}
        line.reads_right, line.reads_wrong = not unknown, bool(unknown & spoilt)
        is_right = line.is_right or line.is_forward or line.moves_right
        is_wrong = not is_right and (line.reads_gradient or line.reads_wrong)
        (spoilt.update if is_wrong else spoilt.difference_update)(targets_of(line.statement.node))

    def _is_forward(self, value: Array) -> bool:
        scene = self.scenes[0]
        arrays = [*scene.inputs, *scene.arrays.values(), *(each.array for each in self.targets)]
        value = np.asarray(value)
        return any(_same(a, value) or (a.ndim == 2 and _same(a.T, value)) for a in arrays)

    def _suspects(self) -> list[Line]:
        """Return the lines to change: wrong ones in the order they ran, then those that seem right, the last first.

        Of either, those come first that only wrong gradients depend on, and last those that right ones depend on too.
        A line that the loss depends on is none of them: another one would be right for another loss.
        """
        mendable = [line for line in self.lines if "" not in line.moves]
        own = [line for line in mendable if not line.is_forward]
        wrong = [x for x in own if not x.is_right and (x.moves or any(run.values for run in x.runs))]
        rest = [line for line in reversed(own) if line not in wrong]

        def rank(line: Line) -> int:
            return 1 if not line.moves else 2 * line.moves_right

        return [*sorted(wrong, key=rank), *sorted(rest, key=rank), *(x for x in mendable if x.is_forward)]

    def _what_depends_on(self, statement: Statement) -> set[str]:
        """Return the gradients that depend on a statement, and "" if the loss does; nothing if unknown."""
        value, scene = getattr(statement.node, "value", None), self.scenes[0]
        if value is None or isinstance(value, ast.Tuple):
            return set()
        larger: Any = copy.copy(statement.node)
        larger.value = ast.BinOp(value, ast.Mult(), ast.Constant(MOVED))
        with contextlib.suppress(Exception, OutOfTime), statement.replaced(larger), np.errstate(all="ignore"):
            if statement.definition.name in self.of_forward and limited(scene.objective, scene.seconds) != self.value:
                return {""}
            found = scene.returned() or {}
            return {name for name in found if not np.array_equal(found[name], self.returned[name])}
        return set()

    def _there(self, line: Line) -> Scope:
        """Return the scope of the first run with a wrong value: in a loop, later ones use what it passed on."""
        return replace(self._scope(line), terms=line.runs[line.first_wrong].terms)

    def _scope(self, line: Line) -> Scope:
        names = line.statement.definition.functions[0].__globals__
        numpy = next((name for name, value in names.items() if value is np), "np")
        modules = {numpy, *(name for name, value in names.items() if isinstance(value, ModuleType))}
        used = dict.fromkeys(node.id for node in self.nodes if isinstance(node, ast.Name))
        functions = [name for name in used if isinstance(names.get(name), FunctionType)]
        own = [name for name in functions if names[name].__code__.co_argcount == 1]
        terms: dict[str, Any] = {}
        for run in line.runs:
            terms |= run.terms
        roots = [text for text in self.computed if text.startswith(f"{numpy}.sqrt(")]
        return Scope(terms, numpy, own, modules, names, roots)

    def _is_over(self, asks: bool = False) -> bool:
        """Whether the search has taken too long and must stop."""
        asks = asks or self.runs % RUNS_BETWEEN_LOOKS == 0
        self.gave_up |= self.runs > MOST_RUNS or (asks and time.process_time() - self.start > SECONDS)
        return self.gave_up

    def _mending(self, line: Line, tried: Sequence[Edit]) -> list[Repair]:
        """Return the edits of a line that correct something: a complete one alone, else the most effective first."""
        found: list[Repair] = []
        for edit in sorted(tried, key=lambda edit: edit.cost):
            if self._is_over():
                break
            repair = self._tried(line, edit)
            if repair is not None and repair.is_whole:
                return [repair]
            if repair is not None:
                found.append(repair)
        return sorted(found, key=lambda repair: (-len(repair.mended), repair.edit.cost))

    def _tried(self, line: Line, edit: Edit) -> Repair | None:
        """Return an edit's repair if it makes gradients right at every scene and no other gradient wrong.

        An edit that has a rival isn't the cause; nor is one of numbers, unless it holds with other settings, too.
        """
        statement = line.statement
        mended = self._mended(statement, edit.node)
        if not mended or any(self._mended(statement, each) >= mended for each in rivals(statement.node, edit)):
            return None
        scope = self._scope(line)
        if changed := changed_numbers(statement.node, edit, scope):
            if not self.settings_moved:
                self.settings_moved, known = True, len(self.scenes)
                self.scenes = [*self.scenes, *moved(self.scenes[0], self.definitions)]
                self.before += [scene.right(self.names) for scene in self.scenes[known:]]
                mended = self._mended(statement, edit.node)
            others = doubles(edit, changed, scope, self.nodes)
            if not mended or any(self._mended(statement, each) >= mended for each in others):
                return None
        kept = [name for name in self.names if name in mended]
        if edit.kind == "constant":
            of_forward = {number_of(node) for each in self.forward for node in ast.walk(each.node)}
            edit = of_its_product(statement.node, edit, of_forward)
        return Repair(statement, edit, kept, len(kept) == len(self.wrong))

    def _mended(self, statement: Statement, node: ast.stmt, scenes: Sequence[Scene] = ()) -> set[str]:
        """Return the gradients that are right at every scene with another node; none if they make another wrong."""
        self.runs += 1
        mended = set(self.wrong)
        try:
            with statement.replaced(node), np.errstate(all="ignore"):
                for scene, before in zip(scenes or self.scenes, self.before, strict=False):
                    right = scene.right(self.names)
                    mended &= right
                    if not before <= right or not mended:
                        return set()
                if statement.definition.name in self.of_forward and self.scenes[0].objective() != self.value:
                    return set()  # it corrects the gradient of another loss
        except (SyntaxError, ValueError, TypeError, StopIteration):  # if the edit has no valid source
            return set()
        return mended


def _factors_of(text: str) -> set[str]:
    """Return the names in the product that is assigned."""
    with contextlib.suppress(SyntaxError):
        node = parsed(text)
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.MatMult)):
            return _factors_of(ast.unparse(node.left)) | _factors_of(ast.unparse(node.right))
        return {text}
    return set()


def _same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, SAME, SAME * largest_size(b)))
