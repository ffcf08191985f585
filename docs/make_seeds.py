"""Write docs/seeds_measured.txt: which assertions of the tutorials hold whatever the seed.

Every tutorial runs with ten other seeds: each ``rng=0``, ``default_rng(0)`` and ``SEED = 0`` is moved by as much, so
that other splits, weights, noise and batches are drawn. An assertion that fails is counted, and the tutorial goes on.

Run as ``python docs/make_seeds.py``; it takes some twenty minutes of one processor.
"""

import ast
import contextlib
import io
import sys
import traceback
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
MEASURED = HERE / "seeds_measured.txt"
TUTORIALS = sorted((HERE.parent / "tutorials").glob("[0-9]*.py"))
SEEDS = range(1000, 1010)


class Moved(ast.NodeTransformer):
    """A tutorial whose seeds are moved, and whose assertions are counted."""

    def __init__(self, by):
        self.by = by

    def visit_keyword(self, node):
        """Move ``rng=0``."""
        self.generic_visit(node)
        return ast.keyword(node.arg, self._moved(node.value)) if node.arg == "rng" else node

    def visit_Call(self, node):
        """Move ``default_rng(0)``."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "default_rng":
            node.args = [self._moved(each) for each in node.args]
        return node

    def visit_Assign(self, node):
        """Move ``SEED = 0``."""
        self.generic_visit(node)
        if isinstance(node.targets[0], ast.Name) and node.targets[0].id == "SEED":
            node.value = self._moved(node.value)
        return node

    def visit_Assert(self, node):
        """Let an assertion be counted."""
        held = ast.Lambda(ast.arguments([], [], kwonlyargs=[], kw_defaults=[], defaults=[]), node.test)
        call = ast.Call(ast.Name("_hold", ast.Load()), [ast.Constant(node.lineno), held], [])
        return ast.copy_location(ast.Expr(call), node)

    def _moved(self, node):
        is_seed = isinstance(node, ast.Constant) and type(node.value) is int
        return ast.Constant(node.value + self.by) if is_seed else node


def run(path, seed):
    """Return, by line, how often each assertion held and failed, and what ended the tutorial, if anything did."""
    import matplotlib

    matplotlib.use("agg")
    warnings.simplefilter("ignore")
    held = {}

    def hold(line, test):
        held.setdefault(line, []).append(bool(test()))

    tree = ast.fix_missing_locations(Moved(seed).visit(ast.parse(path.read_text(encoding="utf-8"))))
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            exec(compile(tree, str(path), "exec"), {"__name__": "tutorial", "_hold": hold})
        except Exception:
            return held, traceback.format_exc().splitlines()[-1]
    return held, ""


def main():
    pairs = [(path, seed) for path in TUTORIALS for seed in SEEDS]
    with ProcessPoolExecutor() as processes:
        results = dict(zip(pairs, processes.map(run, *zip(*pairs, strict=True)), strict=True))
    lines = [f"{'tutorial':<34}assertions   hold with all of {len(SEEDS)} seeds"]
    broken = []
    for path in TUTORIALS:
        source = path.read_text(encoding="utf-8").splitlines()
        outcomes = [results[path, seed] for seed in SEEDS]
        asserted = sorted({line for held, _ in outcomes for line in held})
        failing = {line: sum(not all(held.get(line, [True])) for held, _ in outcomes) for line in asserted}
        lines.append(f"{path.stem:<34}{len(asserted):<13}{sum(not count for count in failing.values())}")
        broken += [f"  {path.stem}: {source[n - 1].strip()} (not with {k})" for n, k in failing.items() if k]
        broken += [f"  {path.stem}: {end}" for end in sorted({end for _, end in outcomes if end})]
    lines += ["", "not with every seed:" if broken else "all hold with every seed", *broken]
    MEASURED.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(MEASURED.read_text(encoding="utf-8"))
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
