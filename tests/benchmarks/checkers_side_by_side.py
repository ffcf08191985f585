"""The same wrong backward passes through four checkers: which rejects, which says where, which says what.

    python tests/benchmarks/checkers_side_by_side.py docs/causes_measured.txt

Runs every checker that is installed (ours, torch.autograd.gradcheck slow and fast, jax.test_util.check_grads,
scipy.optimize.check_grad) and puts its line into the file; lines of checkers that aren't installed are kept.
"""

import datetime
import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

import mistakes
import mistakes_held_out
import right_styles

from aescratch import functions as sheet
from aescratch.inspection.gradcheck import check_function
from aescratch.inspection.gradcheck.binding import Pair, bind

SEEDS = range(5)
DRAWS = 200  # of the tanh form's derivative on the exact GELU
SCIPY_ALLOWS = 1e-5  # of the gradient's norm: check_grad returns a number and leaves the judging to its caller


def case(mistake, seed=0):
    forward, make, _ = mistakes.PAIRS[mistake.pair]
    return bind(forward, mistake.backward, make(np.random.default_rng([seed, 5]))), mistakes.wanted(mistake.pair)


def right_case(pair, backward):
    forward, make, _ = mistakes.PAIRS[pair]
    return bind(forward, backward, make(np.random.default_rng(3))), mistakes.wanted(pair)


def gelu_case(seed):
    return bind(sheet.gelu, sheet.gelu_tanh_backward, {"a": np.random.default_rng(seed).normal(size=(7, 3))}), ["a"]


def numpy_pair(pair, names):
    """Return forward and backward as functions of the arrays that get a gradient, and those arrays."""
    inputs = dict(pair.inputs)

    def forward(*arrays):
        return np.asarray(pair.forward(**{**inputs, **dict(zip(names, map(np.array, arrays), strict=True))}))

    def backward(upstream, *arrays):
        moved = Pair(pair.forward, pair.backward, {**inputs, **dict(zip(names, map(np.array, arrays), strict=True))})
        arguments = moved.arguments(np.array(upstream), np.array(forward(*arrays)))
        returned = moved.backward(**arguments)
        returned = returned if isinstance(returned, tuple) else (returned,)
        return [np.asarray(gradient) * (1.0 if forward(*arrays).ndim else float(upstream)) for gradient in returned]

    return forward, backward, [np.asarray(inputs[name]) for name in names]


def by_ours(pair, names):
    report = check_function(pair.forward, pair.backward, pair.inputs, wrt=names)
    wrong = {finding.tensor for finding in report.findings if finding.code in ("wrong-values", "wrong-shape")}
    return report.verdict == "fail", wrong, [finding for finding in report.findings if finding.cause]


def by_torch(fast):
    import re

    import torch

    def check(pair, names):
        forward, backward, arrays = numpy_pair(pair, names)

        class Own(torch.autograd.Function):
            @staticmethod
            def forward(ctx, *tensors):
                ctx.save_for_backward(*tensors)
                return torch.as_tensor(forward(*(t.numpy() for t in tensors)).copy())

            @staticmethod
            def backward(ctx, upstream):
                gradients = backward(upstream.numpy(), *(t.numpy() for t in ctx.saved_tensors))
                return tuple(torch.as_tensor(np.array(gradient)) for gradient in gradients)

        tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
        try:
            torch.autograd.gradcheck(Own.apply, tensors, fast_mode=fast)
        except Exception as error:
            found = re.search(r"with respect to input (\d+)", str(error))
            return True, {f"grad_{names[int(found[1])]}"} if found else set(), []
        return False, set(), []

    return check


def by_jax():
    import jax

    jax.config.update("jax_enable_x64", True)
    from jax.test_util import check_grads

    def check(pair, names):
        forward, backward, arrays = numpy_pair(pair, names)
        shapes = [jax.ShapeDtypeStruct(array.shape, np.float64) for array in arrays]
        output = jax.ShapeDtypeStruct(forward(*arrays).shape, np.float64)

        @jax.custom_vjp
        def own(*tensors):
            return jax.pure_callback(forward, output, *tensors)

        own.defvjp(
            lambda *tensors: (own(*tensors), tensors),
            lambda kept, upstream: tuple(jax.pure_callback(lambda *a: tuple(backward(*a)), tuple(shapes), upstream, *kept)),
        )
        try:
            check_grads(own, tuple(arrays), order=1, modes=["rev"])
        except Exception:
            return True, set(), []
        return False, set(), []

    return check


def by_scipy():
    from scipy.optimize import check_grad

    def check(pair, names):
        forward, backward, arrays = numpy_pair(pair, names)
        upstream = np.random.default_rng(0).normal(size=forward(*arrays).shape) if forward(*arrays).ndim else np.array(1.0)
        wrong = set()
        for place, name in enumerate(names):

            def at(flat, place=place):
                return [flat.reshape(a.shape) if i == place else a for i, a in enumerate(arrays)]

            def gradient(flat, place=place, at=at):
                return np.asarray(backward(upstream, *at(flat))[place]).reshape(-1)

            start = arrays[place].reshape(-1).copy()
            try:
                off = check_grad(lambda flat, at=at: float((upstream * forward(*at(flat))).sum()), gradient, start)
                if off > SCIPY_ALLOWS * max(np.linalg.norm(gradient(start)), 1.0):
                    wrong.add(f"grad_{name}")
            except Exception:
                wrong.add(f"grad_{name}")
        return bool(wrong), wrong, []

    return check


def measure(name, check):
    """Return a line of the table: of the catalogue, rejected, with a wrong gradient told, named truly and falsely.

    Then the right gradients that are rejected, and what becomes of the tanh form's derivative.
    """
    rejected = located = named = false = 0
    for mistake in mistakes.MISTAKES:
        fails, wrong, causes = check(*case(mistake))
        rejected += fails
        located += bool(wrong) and wrong <= {f"grad_{gradient}" for gradient in mistake.right}
        told = [
            mistakes.is_true(f"{c.evidence['hypothesis']}[{c.evidence['factor']}]", mistake.right.get(c.tensor[5:], set()))
            for c in causes
        ]
        named += bool(told) and all(told)
        false += bool(told) and not all(told)
    spurned = sum(check(*right_case(pair, backward))[0] for _, pair, backward in right_styles.STYLES)
    drawn = [check(*gelu_case(seed)) for seed in range(DRAWS)]
    gelu = sum(result[0] for result in drawn)
    gelu_named = sum(any(c.evidence["hypothesis"] == "other-derivative" for c in result[2]) for result in drawn)
    cells = (name, rejected, located, named, false, spurned, f"{gelu}, {gelu_named} named" if gelu_named else gelu)
    return "| " + " | ".join(map(str, cells)) + " |"


def our_figures():
    """Yield lines about our causes, over several seeds, on mistakes nobody thought of, and on two at once."""
    for title, module, seeds in (("catalogue", mistakes, SEEDS), ("held-out mistakes", mistakes_held_out, SEEDS)):
        results = [
            mistakes.judged(m, module.PAIRS, module.wanted(m.pair), seed) for seed in seeds for m in module.MISTAKES
        ]
        named, described, wrong = sum(r[0] for r in results), sum(r[1] for r in results), sum(len(r[2]) for r in results)
        count = named + described + wrong
        yield (
            f"{title}: {len(module.MISTAKES)} mistakes, {len(seeds)} seeds, {count} gradients: {named} named "
            f"({named / count:.1%}), {described} described, {wrong} named falsely"
        )
    pairs = list(mistakes.combinations(300, np.random.default_rng(0)))
    failing = [m for m in pairs if by_ours(*case(m))[0]]  # of the others, one mistake undoes the other
    results = [mistakes.judged(m, mistakes.PAIRS, mistakes.wanted(m.pair)) for m in failing]
    named, described, wrong = sum(r[0] for r in results), sum(r[1] for r in results), sum(len(r[2]) for r in results)
    yield (
        f"two mistakes at once, {len(pairs)} drawn: {len(failing)} rejected; of their {named + described + wrong} gradients "
        f"{named} named, {described} described, {wrong} named falsely"
    )


CHECKERS = {
    "aescratch": lambda: by_ours,
    "PyTorch, slow": lambda: by_torch(False),
    "PyTorch, fast": lambda: by_torch(True),
    "JAX": by_jax,
    "SciPy": by_scipy,
}
HEAD = "| checker | rejected | says where | names it | names it falsely | right ones rejected | tanh form's derivative on the exact GELU |"


def main(path):
    warnings.simplefilter("ignore")
    kept = {line.split("|")[1].strip(): line for line in path.read_text("utf-8").splitlines() if line.startswith("|")} \
        if path.exists() else {}  # fmt: skip
    for name, make in CHECKERS.items():
        try:
            check = make()
        except ImportError:
            continue
        with np.errstate(all="ignore"):
            kept[name] = measure(name, check)
        print(kept[name], flush=True)
    lines = [line for line in path.read_text("utf-8").splitlines() if ":" in line and not line.startswith("|")] \
        if path.exists() else []  # fmt: skip
    if "--figures" in sys.argv:
        lines = [f"Measured on {datetime.date.today()}; the table counts {len(mistakes.MISTAKES)} mistakes and {len(right_styles.STYLES)} right gradients:", *our_figures()]
    table = [HEAD, "| --- " * 7 + "|", *(kept[name] for name in CHECKERS if name in kept)]
    path.write_text("\n".join([*lines, *table]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
