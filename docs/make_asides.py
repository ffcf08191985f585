"""Write docs/asides_measured.txt: what is measured for a single sentence of a page, each with the page that says it.

Run as ``python docs/make_asides.py``; it takes a minute or two. tests/test_numbers.py compares the sentences with it.
"""

import contextlib
import datetime
import io
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import aescratch as ae
from aescratch.programs.cli import main as aescratch

MEASURED = Path(__file__).parent / "asides_measured.txt"


def trained(*words):
    """Return the summary of `aescratch train` with these words."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as out:
        aescratch(["train", *words, "--out", os.path.join(folder, "run"), "--json"])
    return json.loads(out.getvalue())


def garments(path):
    """Train on a thousand garments with the threads that this process has, and keep weights and losses in a file."""
    model = ae.Autoencoder([784, 256, 32], rng=0)
    x = ae.datasets.load_fashion().x[:1000]
    history = model.fit(x, epochs=20, optimizer=ae.Adam(1e-3), rng=0, progress=False)
    np.savez(path, loss=history.loss, weights=np.concatenate([p.value.ravel() for p in model.parameters]))


def on_threads():
    """Return how far one thread and two are apart: the losses of an epoch as a share, the weights, and the largest."""
    with tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, f"{number}.npz") for number in (1, 2)]
        for number, file in enumerate(files, 1):
            threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(number))
            subprocess.run([sys.executable, __file__, file], env={**os.environ, **threads}, check=True)
        one, two = map(np.load, files)
        apart = {name: np.abs(one[name] - two[name]) for name in ("loss", "weights")}
        return np.max(apart["loss"] / one["loss"]), apart["weights"].max(), np.abs(one["weights"]).max()


def lines():
    """Yield what is written."""
    yield f"measured on {datetime.date.today()}: {platform.machine()}, NumPy {np.__version__}"
    gelu, relu = trained("vanilla", "digits"), trained("vanilla", "digits", "--code-activation", "relu")
    ratio = relu["sse_per_image"] / gelu["sse_per_image"]
    yield f"explanation/defaults.md: {relu['units_asleep']} of {relu['units']} ReLUs died, error {ratio:.1f} times"
    nine = trained("k-sparse", "patches", "--k", "9")
    yield f"explanation/defaults.md: --k 9: {nine['sse_scaled'] / nine['mean_sse_scaled']:.3f}"
    loss, weights, largest = on_threads()
    yield f"explanation/conventions.md: losses {loss:.1%} apart, weights {weights:.2f} of up to {largest:.2f}"


if __name__ == "__main__":
    if sys.argv[1:]:
        garments(sys.argv[1])
    else:
        MEASURED.write_text("\n".join(lines()) + "\n", encoding="utf-8")
        print(MEASURED.read_text(encoding="utf-8"))
