"""Find students whose code shares features that are rare in the class: evidence for the teacher, never a verdict.

    texts --parsed--> marks of each: the shapes of expressions and statements, and the flow of values between them
    marks that are rare in this class --every pair--> weight of the shared ones, minus the others -> pairs, groups

Names that a student chose, comments, layout and the order of lines leave no mark, so changing them hides nothing. Marks
of the stub, the solution or a known mistake don't count. The rarer a mark, the larger its weight. A pair is reported
only if it stands out from what others in this class share in this exercise with the most similar student: short
answers, which everybody gives, share nothing rare.

Why not a library: copydetect 0.5.0 winnows sequences of tokens, which another order of lines breaks, and ignores
rarity; JPlag needs Java. Students' files are so short that all marks are used, not only a sample.
"""

import ast
import builtins
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from aescratch.classroom.exercise import Exercise

LEAST_NODES, MOST_NODES = 4, 20_000  # nodes of a tree that leaves a mark; nodes of a file that is compared
AGAINST = 1.5  # weight of marks that only one of two has, relative to shared ones
LEAST = 1.6  # marks shared by only two, for each doubling of a class: eight in a class of 60, twelve of 300
STANDS_OUT = 2.0  # times the weight that three in four students don't reach with anybody
FEWEST = 3  # students in a class where a mark can be rare
MOST_VALUES = 5  # values of a name whose flow is followed
BUILT_IN = {name: name for name in dir(builtins)}


class Pair(NamedTuple):
    """Two students, the share of their rare marks that both have, its weight, and the lines with these marks."""

    students: tuple[str, str]
    likeness: float
    weight: float
    lines: tuple[set[int], set[int]]


class Lookalikes(NamedTuple):
    """The similar pairs in an exercise."""

    exercise: Exercise
    texts: Mapping[str, bytes]
    least: float  # the smallest weight of a pair that is reported
    pairs: list[Pair]  # the heaviest first

    @property
    def groups(self) -> list[list[str]]:
        """The students connected by pairs."""
        groups: list[set[str]] = []
        for pair in self.pairs:
            joined = [group for group in groups if group & set(pair.students)]
            groups = [group for group in groups if group not in joined] + [set(pair.students).union(*joined)]
        return sorted(sorted(group) for group in groups)


def lookalikes(exercise: Exercise, texts: Mapping[str, bytes]) -> Lookalikes:
    """Return the similar pairs among the texts of an exercise, by student."""
    ours = [exercise.stub, exercise.solution, *map(exercise.mutated, exercise.mutants.values())]
    known = {mark for text in ours for mark in marks_of(exercise, text.encode())}
    marks = {student: marks_of(exercise, text) for student, text in sorted(texts.items())}
    if len(marks) < FEWEST:
        return Lookalikes(exercise, texts, 0.0, [])
    names, most = list(marks), np.log2(len(marks) / 2)
    counts = Counter(mark for own in marks.values() for mark in own if mark not in known)
    weights = {mark: np.log2(len(names) / count) ** 2 / most for mark, count in counts.items()}
    place = {mark: number for number, mark in enumerate(mark for mark, count in counts.items() if count > 1)}
    has = np.zeros((len(names), len(place)))
    for row, own in zip(has, marks.values(), strict=True):
        row[[place[mark] for mark in own if mark in place]] = 1
    shared = (has * [weights[mark] for mark in place]) @ has.T
    all_of = np.array([sum(weights.get(mark, 0.0) for mark in own) for own in marks.values()])
    either = all_of[:, None] + all_of - shared
    weight = shared - AGAINST * (either - shared)
    np.fill_diagonal(weight, 0.0)
    least = max(LEAST * most**2, STANDS_OUT * float(np.quantile(weight.max(axis=1), 0.75)))
    pairs = []
    for a, b in zip(*np.nonzero(np.triu(weight >= least)), strict=True):
        one, other = marks[names[a]], marks[names[b]]
        both = [mark for mark in one.keys() & other.keys() if counts[mark] * 4 <= len(names) and mark not in known]
        lines = tuple({line for mark in both for line in each[mark]} for each in (one, other))
        likeness = min(1.0, float(shared[a, b] / either[a, b]))
        pairs.append(Pair((names[a], names[b]), likeness, float(weight[a, b]), (lines[0], lines[1])))
    pairs.sort(key=lambda pair: (-pair.weight, pair.students))
    return Lookalikes(exercise, texts, least, pairs)


def marks_of(exercise: Exercise, text: bytes) -> dict[int, set[int]]:
    """Return the marks of a text with their lines; empty if it isn't valid Python, or is too long."""
    try:
        tree = ast.parse(text)
        few = sum(1 for _ in ast.walk(tree)) <= MOST_NODES
        return Marker(exercise, tree).marks if few else {}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}


class Marker:
    """Collects the marks of a module, function by function."""

    def __init__(self, exercise: Exercise, tree: ast.Module) -> None:
        self.marks: dict[int, set[int]] = defaultdict(set)
        asked = {node.name: node for node in ast.parse(exercise.stub).body if isinstance(node, ast.FunctionDef)}
        imported = (node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
        modules = {alias.asname or alias.name: alias.name for node in imported for alias in node.names}
        for node in tree.body:
            function = asked.get(node.name) if isinstance(node, ast.FunctionDef) else None
            given = [argument.arg for argument in function.args.args] if function else []
            self.names: dict[str, str] = {**BUILT_IN, **modules, **{name: name for name in given}}
            self.shapes: dict[ast.AST, tuple[int, int]] = {}
            self.shape(node)
            self.look(node)

    def shape(self, node: ast.AST) -> tuple[int, int]:
        """Return a hash of a node without the student's names, and its size; store them for all nodes below."""
        inside = [self.shape(child) for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr_context)]
        if isinstance(node, ast.Name):
            what: tuple[Any, ...] = (self.names.get(node.id, "_"),)
        elif isinstance(node, ast.Constant):
            what = (repr(node.value),)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.With, ast.Try)):
            below = {child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)}
            what = tuple(self.shapes[each][0] for each in ast.iter_child_nodes(node) if each not in below)
        else:
            word = node.arg if isinstance(node, ast.keyword) else getattr(node, "attr", "")
            what = (word, *(shape for shape, _ in inside))
        self.shapes[node] = hash((type(node).__name__, *what)), 1 + sum(size for _, size in inside)
        return self.shapes[node]

    def look(self, node: ast.AST) -> None:
        """Collect the marks of all nodes below a node."""
        values: dict[str, list[int]] = defaultdict(list)
        for inner in ast.walk(node):
            if isinstance(inner, ast.Assign) and isinstance(inner.targets[0], ast.Name):
                values[inner.targets[0].id].append(self.shapes[inner.value][0])
        for inner in ast.walk(node):
            shape, size = self.shapes.get(inner, (0, 0))
            if size < LEAST_NODES or not isinstance(inner, (ast.expr, ast.stmt)) or isinstance(inner, ast.FunctionDef):
                continue
            self.marks[shape].add(inner.lineno)
            if isinstance(inner, (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)):
                used = dict.fromkeys(each.id for each in ast.walk(inner) if isinstance(each, ast.Name))
                for value in (value for name in used for value in values[name][:MOST_VALUES]):
                    self.marks[hash((value, shape))].add(inner.lineno)
