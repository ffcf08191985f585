"""Write tests/data/before/: what aescratch wrote before parts had state and formulas records.

    models, trained for 3 epochs      -> <name>.npz              -> tests/test_files_before.py loads them
    trainings, 2 of 4 epochs done     -> checkpoint-<name>.npz   -> and goes on with them
    what the models gave, and the end of the trainings           -> numbers.npz

    python tests/make_before.py       was run once; the files stay as they are, so that what one version wrote opens in
                                      every later one
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

import aescratch as ae

FOLDER = Path(__file__).resolve().parent / "data" / "before"
EPOCHS, DONE = 4, 2
SEED = 9  # at which few units are silent

X = np.random.default_rng(0).random((7, 5))
LABELS = np.array([0, 1, 2, 0, 1, 2, 0])
WIDTHS = [5, 4, 3]

MODELS = {
    "tied-gelu": lambda: ae.Autoencoder(WIDTHS, activation=ae.GELU, tied=True, weight_decay=0.01, rng=SEED),
    "kl-sparse": lambda: ae.SparseAutoencoder(WIDTHS, sparsity=ae.KLSparsity(rho=0.1, weight=0.5), rng=SEED),
    "k-sparse": lambda: ae.KSparseAutoencoder(WIDTHS, k=2, rng=SEED),
    "contractive": lambda: ae.ContractiveAutoencoder([5, 3], weight=0.2, rng=SEED),
    "stacked": lambda: ae.StackedAutoencoder(WIDTHS, corruption=ae.MaskingNoise(0.25), rng=SEED),
    "variational": lambda: ae.VariationalAutoencoder(WIDTHS, beta=0.5, rng=SEED),
    "classifier": lambda: ae.SoftmaxClassifier(ae.StackedAutoencoder(WIDTHS, rng=SEED), n_classes=3, rng=0),
    "leaky-partial": lambda: ae.Autoencoder(WIDTHS, activation=functools.partial(ae.LeakyReLU, 0.1), rng=SEED),
}
TRAININGS = {
    "plain": lambda: ae.Autoencoder(WIDTHS, rng=SEED),
    "denoising": lambda: ae.DenoisingAutoencoder(WIDTHS, rng=SEED),
    "variational": lambda: ae.VariationalAutoencoder(WIDTHS, rng=SEED),
    "plain-float64": lambda: ae.Autoencoder(WIDTHS, dtype="float64", rng=SEED),
    "denoising-float64": lambda: ae.DenoisingAutoencoder(WIDTHS, dtype="float64", rng=SEED),
    "variational-float64": lambda: ae.VariationalAutoencoder(WIDTHS, dtype="float64", rng=SEED),
}


def data(model: Any) -> tuple[Any, ...]:
    """Return the model's training data."""
    return (X, LABELS) if isinstance(model, ae.SoftmaxClassifier) else (X,)


def train(model: Any, epochs: int, **options: Any) -> Any:
    """Train a model as the checkpoints were trained, and return it."""
    model.fit(*data(model), epochs=epochs, batch_size=3, optimizer=ae.Adam(0.01), rng=0, **options)
    return model


def outputs(model: Any) -> dict[str, Any]:
    """Return a model's output for X without randomness."""
    if isinstance(model, ae.SoftmaxClassifier):
        given = {"encode": model.autoencoder.encode(X), "probabilities": model.predict_probabilities(X)}
    else:
        given = {"encode": model.encode(X), "reconstruct": model.reconstruct(X)}
    if not isinstance(model, ae.VariationalAutoencoder):
        given["loss"] = model.loss(*data(model))
    return given


def values(model: Any) -> dict[str, Any]:
    """Return a copy of every parameter's value, by name."""
    return {parameter.name: parameter.value.copy() for parameter in model.parameters}


def main() -> None:
    """Write everything."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    numbers = {}
    for name, make in MODELS.items():
        model = train(make(), 3)
        model.save(FOLDER / f"{name}.npz")
        numbers.update({f"{name}: {what}": array for what, array in outputs(model).items()})
    for name, make in TRAININGS.items():
        train(make(), DONE, checkpoint=FOLDER / f"checkpoint-{name}.npz")
        uninterrupted = train(make(), EPOCHS)
        numbers.update({f"checkpoint-{name}: {what}": array for what, array in values(uninterrupted).items()})
    np.savez_compressed(FOLDER / "numbers.npz", **numbers)


if __name__ == "__main__":
    main()
