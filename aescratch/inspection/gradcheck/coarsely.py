"""A forward that computes in float32 even for float64 inputs: recognised by its staircase, and checked more coarsely.

    inputs moved by far less than a float32 step -> exactly the same output;  by some steps -> another output
    differences over large steps -> compared to a hundredth
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext
from aescratch.inspection.gradcheck.binding import Pair
from aescratch.inspection.gradcheck.numeric import Probe
from aescratch.inspection.gradcheck.report import CLEAR, FAIL, INCONCLUSIVE, PASS, Finding, TensorResult

UNSEEN, SEEN, FAR = 1e-11, 3e-6, 1e-2  # of an entry: below float32's steps, a few steps, and a usual change
ROUNDING_64 = 4 * float(np.finfo(np.float64).eps)
STEP = 2e-2  # of differences, in units of an entry or 1: rounding is then a thousandth of the change
COARSE_TOLERANCE = 1e-2
ROUNDING = 4 * float(np.finfo(np.float32).eps)
LARGE = 0.1  # of a tensor's largest entry: smaller entries are measured in units of this
TOO_ROUGH = 0.1  # of a tensor's largest entry: an estimate with a larger error bound is inconclusive


def is_staircase(pair: Pair, name: str, output: Array) -> bool:
    """Whether forward distinguishes neighbouring values of a float64 input only as well as float32 does."""
    rng = np.random.default_rng(0)
    start = pair.inputs[name]
    directions = rng.uniform(0.5, 1.0, start.shape) * rng.choice([-1.0, 1.0], start.shape)

    def change(size: float) -> Array:
        with np.errstate(all="ignore"):
            return np.abs(pair.at({**pair.inputs, name: start * (1 + size * directions)}).output() - output)

    try:
        visible = change(FAR) * (UNSEEN / FAR) > ROUNDING_64 * np.abs(output)
        few = 0.1 * visible.sum()
        return bool(visible.any() and (change(UNSEEN) > 0)[visible].sum() <= few <= (change(SEEN) > 0)[visible].sum())
    except Exception:  # for inputs that forward doesn't take
        return False


def seen_coarsely(who: str, names: Sequence[str]) -> Finding:
    """Return the note on a forward that was checked coarsely."""
    message = gettext(
        "{who} computes in float32 along {names}, though the input is float64: differences were taken over steps of "
        "{step:g}, with a tolerance of only {tolerance:g}; keep the dtype of the inputs"
    ).format(who=who, names=", ".join(names), step=STEP, tolerance=COARSE_TOLERANCE)
    return Finding("single-precision", None, "note", message, {"tensors": list(names)})


def compare_coarsely(name: str, pair: Pair, argument: str, analytic: Array, upstream: Array) -> TensorResult:
    """Return the comparison of a gradient with extrapolated differences over large steps.

    If the two steps disagree, there is a kink between them: then any value between the slopes on both sides is right.
    """
    flat, size = pair.inputs[argument].reshape(-1), analytic.size
    given = np.asarray(analytic, np.float64).reshape(-1)
    numeric, error, left, right = (np.empty(size) for _ in range(4))

    def objective() -> tuple[float, list[Array]]:
        return float((upstream * np.asarray(pair.output(), np.float64)).sum()), []

    here, terms = objective(), float(np.abs(upstream * pair.output()).sum())
    for place in range(size):
        probe = Probe(objective, here, flat, place)
        coarse, fine = probe.central(STEP), probe.central(STEP / 2)
        probe.restore()
        numeric[place], left[place], right[place] = (4 * fine.value - coarse.value) / 3, fine.left, fine.right
        error[place] = abs(fine.value - coarse.value) + ROUNDING * terms / (STEP / 2 * probe.unit)
    largest = float(np.abs(numeric).max())
    allowed = COARSE_TOLERANCE * np.maximum(np.maximum(np.abs(given), np.abs(numeric)), LARGE * largest)
    off = np.abs(given - numeric)
    between = (np.minimum(left, right) - allowed <= given) & (given <= np.maximum(left, right) + allowed)
    unsure = np.where(off > allowed + CLEAR * error, FAIL, INCONCLUSIVE)
    at_kink = error > TOO_ROUGH * largest
    verdicts = np.where(at_kink, np.where(between, "kink", FAIL), np.where(off <= allowed + error, PASS, unsure))
    slopes = np.where(at_kink[:, None], np.stack([left, right], axis=1), np.nan).reshape(*analytic.shape, 2)
    numeric[at_kink] = np.nan
    shape = analytic.shape
    return TensorResult(name, analytic, numeric.reshape(shape), verdicts.astype("<U12").reshape(shape), slopes)
