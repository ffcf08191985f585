"""Break every backward pass on purpose and see the tests fail: run as ``python tests/mutation.py``.

Each factor, term, transpose and statement of every ``*_backward`` of the formula sheet, and of every ``backward`` of
layers, losses, penalties, corruptions and models, is dropped once, in a copy of the repository. A mutant that no test
notices is printed, and makes the exit status 1.
"""

import ast
import concurrent.futures
import copy
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parent.parent
TESTS = [
    "functions", "layers", "models", "state", "sparse_variants", "sparse_variants_against_torch", "probabilistic_variants",
    "quantized_variants",
]  # fmt: skip
FILES = [
    *(ROOT / "aescratch").glob("*.py"),
    *(ROOT / "aescratch" / "codes").glob("*.py"),
    *(ROOT / "aescratch" / "functions").glob("*.py"),
    *(ROOT / "aescratch" / "models").glob("*.py"),
]


def backward_functions(tree):
    """Yield every function whose name says that it is a backward pass, and that does something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.endswith("backward"):
            body = [line for line in node.body if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))]
            if body and not isinstance(body[0], ast.Raise):
                yield node


def replacements(node):
    """Yield what a node is replaced with, each with a word for it."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        yield "drop the right factor", node.left
        yield "drop the left factor", node.right
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield "drop the right term", node.left
        yield "drop the left term", node.right
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Invert)):
        yield "drop the sign", node.operand
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield "drop the transpose", node.value
    if isinstance(node, (ast.AugAssign, ast.Expr, ast.Assign)):
        yield "drop the statement", ast.Pass()
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Gt):
        yield "turn > into >=", ast.Compare(node.left, [ast.GtE()], node.comparators)


def mutants(source):
    """Yield (line, what was done, mutated source) for every mutant of a file."""
    tree = ast.parse(source)
    places = [
        (function_index, node_index, choice)
        for function_index, function in enumerate(backward_functions(tree))
        for node_index, node in enumerate(ast.walk(function))
        for choice, _ in enumerate(replacements(node))
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    for function_index, node_index, choice in places:
        mutated = copy.deepcopy(tree)
        function = list(backward_functions(mutated))[function_index]
        target = list(ast.walk(function))[node_index]
        word, replacement = list(replacements(target))[choice]
        before = ast.unparse(target)
        Replace(target, replacement).visit(function)
        yield target.lineno, f"{function.name}: {word} in `{before}`", ast.unparse(ast.fix_missing_locations(mutated))


class Replace(ast.NodeTransformer):
    """Puts one node in place of another."""

    def __init__(self, target, replacement):
        self.target, self.replacement = target, replacement

    def visit(self, node):
        return self.replacement if node is self.target else self.generic_visit(node)


def survives(job):
    """Return the mutant's description if the tests stay green, else None."""
    path, line, what, source = job
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "aescratch", f"{folder}/aescratch", ignore=shutil.ignore_patterns("__pycache__", "data"))
        shutil.copytree(ROOT / "tests", f"{folder}/tests", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "aescratch" / "data", f"{folder}/aescratch/data")
        shutil.copy(ROOT / "setup.cfg", folder)
        pathlib.Path(folder, path).write_text(source)
        tests = (f"tests/test_{name}.py" for name in TESTS)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
        environment = {**__import__("os").environ, "PYTHONPATH": folder, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    return f"{path}:{line} {what}" if done.returncode == 0 else None


def main():
    jobs = []
    for path in sorted(FILES):
        for line, what, source in mutants(path.read_text()):
            jobs.append((path.relative_to(ROOT), line, what, source))
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        alive = [survivor for survivor in pool.map(survives, jobs) if survivor]
    print("\n".join(f"survived: {survivor}" for survivor in alive))
    print(f"{len(jobs)} mutants, {len(jobs) - len(alive)} seen by the tests, {len(alive)} not")
    return bool(alive)


if __name__ == "__main__":
    sys.exit(main())
