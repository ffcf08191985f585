"""Write docs/seeds_measured.txt: the tutorials' assertions and the tour's table with ten other seeds.

Every tutorial runs with ``rng=0``, ``default_rng(0)`` and ``SEED = 0`` moved by as much as a seed says, so that other
splits, weights, noise and batches are drawn. An assertion that fails is counted, and the tutorial goes on. Of the
numbers that are compared with a bound, median and range over the seeds are written down, and so are those of the tour's
table.

Run as ``python docs/make_seeds.py``; it takes some forty minutes of one processor.
"""

import ast
import contextlib
import io
import json
import statistics
import subprocess
import sys
import tempfile
import traceback
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
MEASURED = HERE / "seeds_measured.txt"
TUTORIALS = sorted((HERE.parent / "tutorials").glob("[0-9]*.py"))
SEEDS = range(1000, 1010)
ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
TOUR = {"sse": "SSE", "pca_sse": "of PCA", "accuracy": "accuracy of a linear probe"}


class Moved(ast.NodeTransformer):
    """A tutorial with shifted seeds, whose assertions are counted."""

    def __init__(self, by):
        self.by = by

    def visit_keyword(self, node):
        """Shift ``rng=0``."""
        self.generic_visit(node)
        return ast.keyword(node.arg, self._moved(node.value)) if node.arg == "rng" else node

    def visit_Call(self, node):
        """Shift ``default_rng(0)``."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "default_rng":
            node.args = [self._moved(each) for each in node.args]
        return node

    def visit_Assign(self, node):
        """Shift ``SEED = 0``."""
        self.generic_visit(node)
        if isinstance(node.targets[0], ast.Name) and node.targets[0].id == "SEED":
            node.value = self._moved(node.value)
        return node

    def visit_Assert(self, node):
        """Count an assertion."""
        if isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], ORDERS):
            node.test.left = self._noted(node.lineno, node.test.left)
            node.test.comparators = [self._noted(node.lineno, each) for each in node.test.comparators]
        held = ast.Lambda(ast.arguments([], [], kwonlyargs=[], kw_defaults=[], defaults=[]), node.test)
        call = ast.Call(ast.Name("_hold", ast.Load()), [ast.Constant(node.lineno), held], [])
        return ast.copy_location(ast.Expr(call), node)

    def _noted(self, line, node):
        """Record a compared number, unless it is a constant."""
        if not any(isinstance(each, ast.Name) for each in ast.walk(node)):
            return node
        return ast.Call(ast.Name("_note", ast.Load()), [ast.Constant(line), ast.Constant(ast.unparse(node)), node], [])

    def _moved(self, node):
        is_seed = isinstance(node, ast.Constant) and type(node.value) is int
        return ast.Constant(node.value + self.by) if is_seed else node


def run(path, seed):
    """Return, by line, whether an assertion held and which numbers it compared, and the exception, if any."""
    import matplotlib

    matplotlib.use("agg")
    warnings.simplefilter("ignore")
    held, noted = {}, {}

    def note(line, text, value):
        if not hasattr(value, "__len__") and getattr(value, "ndim", 0) == 0:
            noted.setdefault((line, text), []).append(float(value))
        return value

    def hold(line, test):
        held.setdefault(line, []).append(bool(test()))

    tree = ast.fix_missing_locations(Moved(seed).visit(ast.parse(path.read_text(encoding="utf-8"))))
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            exec(compile(tree, str(path), "exec"), {"__name__": "tutorial", "_hold": hold, "_note": note})
        except Exception:
            return held, noted, traceback.format_exc().splitlines()[-1]
    return held, noted, ""


def toured(seed):
    """Return the rows of the tour's table by variant."""
    command = [sys.executable, "-m", "aescratch", "tour", "--seed", str(seed), "--json", "--out", f"{seed}.html"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return {row["variant"]: row for row in json.loads(done.stdout)["table"]}


def span(values):
    """Return median and range as text."""
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:.3g}" if low == high else f"{middle:.3g}, {low:.3g} to {high:.3g}"


def numbers_of(outcomes, source):
    """Yield a tutorial's assertions that compare numbers, and below each the numbers over the seeds."""
    places = sorted({place for _, noted, _ in outcomes for place in noted})
    for line in sorted({line for line, _ in places}):
        yield f"  {source[line - 1].strip()}"
        for place in places:
            if place[0] == line:
                yield f"      {place[1]}: {span([value for _, noted, _ in outcomes for value in noted.get(place, [])])}"


def tour_lines(tours):
    """Yield the tour's table, with medians and ranges."""
    yield f"the tour, {len(tours)} seeds, which draw other weights and other digits to hold out"
    for variant in tours[0]:
        rows = [tour[variant] for tour in tours]
        cells = [f"{name} {span([row[key] for row in rows])}" for key, name in TOUR.items() if rows[0][key] is not None]
        yield f"  {variant:<14}{'; '.join(cells)}"


def main():
    pairs = [(path, seed) for path in TUTORIALS for seed in SEEDS]
    with ProcessPoolExecutor() as processes:
        results = dict(zip(pairs, processes.map(run, *zip(*pairs, strict=True)), strict=True))
        tours = list(processes.map(toured, SEEDS))
    lines = [f"{'tutorial':<34}assertions   hold with all of {len(SEEDS)} seeds"]
    broken, measured = [], []
    for path in TUTORIALS:
        source = path.read_text(encoding="utf-8").splitlines()
        outcomes = [results[path, seed] for seed in SEEDS]
        asserted = sorted({line for held, _, _ in outcomes for line in held})
        failing = {line: sum(not all(held.get(line, [True])) for held, _, _ in outcomes) for line in asserted}
        lines.append(f"{path.stem:<34}{len(asserted):<13}{sum(not count for count in failing.values())}")
        broken += [f"  {path.stem}: {source[n - 1].strip()} (not with {k})" for n, k in failing.items() if k]
        broken += [f"  {path.stem}: {end}" for end in sorted({end for _, _, end in outcomes if end})]
        measured += ["", path.stem, *numbers_of(outcomes, source)]
    lines += ["", "not with every seed:" if broken else "all hold with every seed", *broken]
    lines += ["", "", "median, and least to largest, of what is compared:", *measured, "", *tour_lines(tours)]
    MEASURED.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(MEASURED.read_text(encoding="utf-8"))
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
