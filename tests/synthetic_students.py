"""Classes of students who wrote independently, and some who copied, for measuring lookalikes.

    python tests/synthetic_students.py            precision and recall by exercise
    python tests/synthetic_students.py large      the same for 300 students in eight exercises, with the time

A student starts from an answer of the tests' collections, right or wrong, and writes it by habits: which of several
spellings of a product or a sum, which parts get a line and a name of their own. A copy of a student's file has other names,
independent lines in another order, comments and another layout.
"""

import ast
import inspect
import re
import sys
import textwrap
import time

import numpy as np
import right_styles
from mistakes import MISTAKES
from test_exercise_styles import STYLES

from aescratch.classroom import all_exercises
from aescratch.classroom.grading.lookalikes import lookalikes

SEEDS = (10, 11, 12)  # the thresholds were chosen with seeds 0 and 1
EIGHT = (
    "dense_backward", "gelu_backward", "softmax_backward", "autoencoder_backward", "tied_weights", "kl_sparsity_backward",
    "vae_backward", "adam_step",
)  # fmt: skip
EXERCISES = {exercise.name: exercise for exercise in all_exercises()}
NAMES = ("g", "grad", "out", "res", "tmp", "d", "delta", "dx", "dW", "db", "h", "err", "p", "prob", "s", "v", "w", "q", "val", "r", "u", "acc", "e", "z", "k")


def bases_of(name):
    """Return the texts that students of an exercise start from, each with how popular it is."""
    exercise = EXERCISES[name]
    (function, *_), pair = exercise.checks.FUNCTIONS, exercise.checks.FUNCTIONS[0].removesuffix("_backward")
    bases = [(exercise.solution, 30.0)]
    bases += [(text, 6.0) for (of, _), text in STYLES.items() if of == name]
    bases += [(exercise.mutated(mutant), 1.5) for mutant in exercise.mutants.values()]
    for of, backward in [(p, b) for _, p, b in right_styles.STYLES] + [(m.pair, m.backward) for m in MISTAKES]:
        if of == pair:
            source = textwrap.dedent(inspect.getsource(backward))
            source = re.sub(r"\A@.*\n", "", source)
            if source.startswith("def "):
                bases.append(("import numpy as np\n" + re.sub(r"def \w+", f"def {function}", source, count=1), 3.0))
    texts, popularity = zip(*bases, strict=True)
    return texts, np.array(popularity) / sum(popularity)


class Habits(ast.NodeTransformer):
    """Spells what has several spellings as a student does, nearly always the same way."""

    def __init__(self, rng):
        self.rng, self.usual = rng, {}

    def choose(self, what, count):
        usual = self.usual.setdefault(what, int(self.rng.choice(count, p=np.arange(count, 0, -1) ** 2 / sum(np.arange(count, 0, -1) ** 2))))
        return usual if self.rng.random() < 0.85 else int(self.rng.integers(count))

    def spelled(self, what, *spellings, **parts):
        text = spellings[self.choose(what, len(spellings))]
        for name, node in parts.items():
            text = text.replace(name, f"({ast.unparse(node)})")
        return ast.parse(text, mode="eval").body

    def visit_BinOp(self, node):
        self.generic_visit(node)
        parts = {"LEFT": node.left, "RIGHT": node.right}
        if isinstance(node.op, ast.MatMult):
            return self.spelled("@", "LEFT @ RIGHT", "np.dot(LEFT, RIGHT)", "LEFT.dot(RIGHT)", "np.matmul(LEFT, RIGHT)", **parts)
        if isinstance(node.op, ast.Mult):
            return self.spelled("*", "LEFT * RIGHT", "RIGHT * LEFT", "np.multiply(LEFT, RIGHT)", **parts)
        if isinstance(node.op, ast.Div):
            return self.spelled("/", "LEFT / RIGHT", "LEFT * (1 / RIGHT)", "np.divide(LEFT, RIGHT)", **parts)
        if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant) and node.right.value == 2:
            return self.spelled("**", "LEFT ** 2", "LEFT * LEFT", "np.square(LEFT)", "np.power(LEFT, 2)", **parts)
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "sum" and len(node.args) + len(node.keywords) == 1:
            axis = node.args[0] if node.args else node.keywords[0].value
            ways = ("X.sum(axis=A)", "np.sum(X, axis=A)", "X.sum(A)", "np.sum(X, A)", "np.add.reduce(X, axis=A)")
            if ast.unparse(node.func.value) != "np":
                return self.spelled("sum", *ways, X=node.func.value, A=axis)
        if isinstance(node.func, ast.Name) and node.func.id == "len" and isinstance(node.args[0], ast.Name):
            return self.spelled("len", "X.shape[0]", "len(X)", "np.shape(X)[0]", X=node.args[0])
        return node

    def visit_Attribute(self, node):
        self.generic_visit(node)
        if node.attr == "T":
            return self.spelled("T", "X.T", "np.transpose(X)", "X.transpose()", X=node.value)
        return node


def count_of(function, name, context):
    return sum(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, context) for n in ast.walk(function))


class Put(ast.NodeTransformer):
    """Puts an expression in the place of a name."""

    def __init__(self, name, value):
        self.name, self.value = name, value

    def visit_Name(self, node):
        return self.value if node.id == self.name and isinstance(node.ctx, ast.Load) else node


def inlined(function, rng):
    """Put most intermediate results that are used once where they are used."""
    for statement in list(function.body):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name) and rng.random() < 0.8:
            name = statement.targets[0].id
            if count_of(function, name, ast.Store) == 1 == count_of(function, name, ast.Load):
                function.body.remove(statement)
                for other in function.body:
                    Put(name, statement.value).visit(other)


class Naming(ast.NodeTransformer):
    """Gives names to some parts of an expression, on lines of their own before it."""

    def __init__(self, rng, share, first):
        self.rng, self.share, self.lines, self.first = rng, share, [], first

    def visit_Lambda(self, node):
        return node

    visit_ListComp = visit_GeneratorExp = visit_Lambda

    def generic_visit(self, node):
        super().generic_visit(node)
        if isinstance(node, (ast.BinOp, ast.Call)) and self.rng.random() < self.share:
            name = f"part{self.first + len(self.lines)}"
            self.lines.append(ast.Assign([ast.Name(name, ast.Store())], node))
            return ast.Name(name, ast.Load())
        return node


def with_names(body, rng, share, first=0):
    """Return the statements of a body, with more lines."""
    found = []
    for statement in body:
        if isinstance(statement, (ast.Assign, ast.Return, ast.AugAssign)) and statement.value is not None:
            naming = Naming(rng, share, first)
            statement.value = naming.visit(statement.value)
            first += len(naming.lines)
            found += naming.lines
        elif isinstance(statement, (ast.For, ast.If, ast.FunctionDef)):
            statement.body = with_names(statement.body, rng, share, first)
            first += 100
        found.append(statement)
    return found


def renamed(tree, rng):
    """Give every name that a student chose another one."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    for function in functions:
        kept = {argument.arg for argument in function.args.args} | {each.name for each in functions}
        own = sorted({n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)} - kept)
        new = dict(zip(own, rng.permutation([*(name for name in NAMES if name not in kept), *(f"t{i}" for i in range(len(own)))]), strict=False))
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id in new:
                node.id = str(new[node.id])
    return tree


def reordered(tree, rng):
    """Swap neighbouring assignments of which neither needs the other."""
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        body = function.body
        for _ in range(3):
            for i in rng.permutation(max(0, len(body) - 1)):
                first, second = body[i : i + 2]
                names = [{n.id for n in ast.walk(s) if isinstance(n, ast.Name)} for s in (first, second)]
                stored = [{n.id for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)} for s in (first, second)]
                plain = all(isinstance(s, ast.Assign) and all(isinstance(t, ast.Name) for t in s.targets) for s in (first, second))
                if plain and not (stored[0] & names[1] or stored[1] & names[0]):
                    body[i : i + 2] = [second, first]
    return tree


def laid_out(tree, rng):
    """Return a module as text, with comments and empty lines here and there."""
    lines = []
    for line in ast.unparse(tree).splitlines():
        if rng.random() < 0.3 and line.strip():
            lines.append(" " * (len(line) - len(line.lstrip())) + "# " + " ".join(rng.choice(NAMES, 3)))
        lines.append(line + ("  # " + str(rng.choice(NAMES)) if rng.random() < 0.2 and '"""' not in line and "'''" not in line else ""))
        if rng.random() < 0.15:
            lines.append("")
    text = "\n".join(lines) + "\n"
    try:
        ast.parse(text)
    except SyntaxError:  # a comment within a text of several lines
        return ast.unparse(tree) + "\n"
    return text


def written(name, rng):
    """Return the file of a student who wrote alone."""
    texts, popularity = bases_of(name)
    tree = ast.parse(texts[rng.choice(len(texts), p=popularity)])
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) and rng.random() < 0.5:
            node.body = node.body[1:] or node.body
    habits = Habits(rng)
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        inlined(function, rng)
        habits.visit(function)
        function.body = with_names(function.body, rng, rng.choice([0.05, 0.2, 0.5]))
    return laid_out(renamed(ast.fix_missing_locations(tree), rng), rng)


def copy_of(text, rng):
    """Return a disguised copy of a student's file."""
    return laid_out(reordered(renamed(ast.parse(text), rng), rng), rng)


def edited_copy_of(text, rng):
    """Return the same, with one line in six also rewritten."""
    tree = ast.parse(copy_of(text, rng))
    habits = Habits(rng)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.Return)) and node.value is not None and rng.random() < 1 / 6:
            node.value = habits.visit(node.value)
    return laid_out(ast.fix_missing_locations(tree), rng)


def class_of(name, seed, students=60, copies=6, copying=copy_of):
    """Return the files of a class, and the pairs of who copied from whom, or from the same."""
    rng = np.random.default_rng(seed)
    texts = {f"s{number:03}": written(name, rng) for number in range(students)}
    of = {student: student for student in texts}
    for number in range(copies):
        source = str(rng.choice(sorted(of)))
        texts[f"c{number:03}"] = copying(texts[source], rng)
        of[f"c{number:03}"] = of[source]
    pairs = {(a, b) for a in of for b in of if a < b and of[a] == of[b]}
    return {student: text.encode() for student, text in texts.items()}, pairs


def measured(name, seeds, **about):
    """Return how many pairs copied, were reported, and both, in several classes."""
    total = np.zeros(3, int)
    for seed in seeds:
        texts, true = class_of(name, seed, **about)
        reported = {pair.students for pair in lookalikes(EXERCISES[name], texts).pairs}
        total += len(true), len(reported), len(true & reported)
    return total


def large():
    """Print the results for 300 students."""
    classes = {name: class_of(name, 20, students=290, copies=10) for name in EIGHT}
    started = time.process_time()
    found = {name: lookalikes(EXERCISES[name], texts) for name, (texts, _) in classes.items()}
    print(f"comparing took {time.process_time() - started:.1f} s of one core")
    for name, (_, true) in classes.items():
        reported = {pair.students for pair in found[name].pairs}
        print(f"{name:24} pairs {len(true)}, reported {len(reported)}, right {len(reported & true)}")


def main():
    """Print the table."""
    totals = {}
    for name in EXERCISES:
        for way in (copy_of, edited_copy_of):
            true, reported, both = totals[name, way] = measured(name, SEEDS, copying=way)
            print(f"{name:24} {way.__name__:15} pairs {true:3}, reported {reported:3}, right {both:3}", flush=True)
    for way in (copy_of, edited_copy_of):
        true, reported, both = sum(each for (_, of), each in totals.items() if of is way)
        print(f"all, {way.__name__}: precision {both / reported:.2f}, recall {both / true:.2f}")


if __name__ == "__main__":
    large() if sys.argv[1:] == ["large"] else main()
