"""Write docs/defaults_measured.txt: results of `aescratch train` with defaults, for every variant and many tables.

Run as ``python docs/make_defaults.py``; it takes some ten minutes of one processor, and needs scikit-learn for its
five tables. The bounds were fixed before the defaults were chosen: wherever PCA of the code's width explains 95 % of
the variance, a quarter of the mean's squared error; for codes that are sampled a half, with half of the units awake,
and a half for quantised ones.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import trainings

from aescratch.programs.cli import main as aescratch

MEASURED = Path(__file__).parent / "defaults_measured.txt"
VARIANTS = (
    "vanilla", "linear", "denoising", "sparse", "k-sparse", "stacked", "contractive", "variational", "jump-relu",
    "gated", "matryoshka", "vector-quantized", "importance-weighted", "wasserstein", "adversarial",
)  # fmt: skip
SAMPLED = ("variational", "importance-weighted")
BOUND = {**dict.fromkeys(SAMPLED, 0.5), "vector-quantized": 0.5}  # indices carry less information
HEADINGS = {"vector-quantized": "quantized", "importance-weighted": "importance"}
EXPLAINED = 0.95
REAL = ("iris", "wine", "breast_cancer", "diabetes", "linnerud")
PLANTED = ((200, 6, 2), (500, 12, 3), (1000, 20, 5), (2000, 40, 8), (5000, 64, 10))


def tables(folder):
    """Yield the data for `train`: names of built-in data, and files."""
    yield from ("digits", "fashion", "patches")
    from sklearn import datasets

    for name in REAL:
        yield _written(folder, name, getattr(datasets, f"load_{name}")().data)
    for seed, (rows, columns, factors) in enumerate(PLANTED):
        yield _written(folder, f"rank{factors}", trainings.table(seed, n=rows, columns=columns, factors=factors))
    for mean in (0, 1, 100, 10**6):
        yield _written(folder, f"mean{mean}", trainings.table(9, mean=mean))


def _written(folder, name, x):
    path = Path(folder) / f"{name}.csv"
    np.savetxt(path, x, delimiter=",", fmt="%.10g")
    return str(path)


def reached(variant, data):
    """Return the summary of `aescratch train VARIANT DATA --json`."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as out:
        status = aescratch(["train", variant, data, "--out", os.path.join(folder, "run"), "--json"])
    return json.loads(out.getvalue()) if status == 0 else {"failed": status}


def main():
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor() as processes:
        names = list(tables(folder))
        pairs = [(variant, data) for data in names for variant in VARIANTS]
        results = dict(zip(pairs, processes.map(reached, *zip(*pairs, strict=True)), strict=True))
    lines = [f"{'SSE / mean':<14}{'PCA':>6}" + "".join(f"{HEADINGS.get(variant, variant):>12}" for variant in VARIANTS)]
    asked, met = 0, 0
    for data in names:
        cells, pca = [], results["vanilla", data]
        for variant in VARIANTS:
            share, ok, counts = _judged(variant, results[variant, data])
            asked, met = asked + counts, met + (counts and ok)
            cells.append(f"{share}{'' if ok or not counts else ' !'}")
        lines.append(f"{Path(data).stem:<14}{_share(pca, 'pca_'):>6.3f}" + "".join(f"{cell:>12}" for cell in cells))
    lines += [
        "",
        f"{met} of {asked} trainings for which PCA of the code's width explains 95 % end within the bound; ! does not",
    ]
    MEASURED.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(MEASURED.read_text(encoding="utf-8"))


def _share(result, which=""):
    """Return the squared error as a share of the mean's error, for the data as the model gets them."""
    unit = "sse_scaled" if result["scaling"] != "none" else "sse_per_image"
    return result[f"{which}{unit}"] / result[f"mean_{unit}"]


def _judged(variant, result):
    if "failed" in result:
        return "failed", False, True
    share = _share(result)
    awake = variant not in SAMPLED or result["units_asleep"] <= result["units"] / 2
    return f"{share:.3f}", share <= BOUND.get(variant, 0.25) and awake, _share(result, "pca_") <= 1 - EXPLAINED


if __name__ == "__main__":
    main()
