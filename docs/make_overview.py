"""Draw docs/overview.png, the README's figure. Run as ``python docs/make_overview.py``; it takes about a minute.

Four models, each on what it is for: restoring digits, a code of two units, edges of photographs, new clothes. With
``--language ko`` it draws docs/overview.ko.png, which needs a font with Hangul.
"""

import argparse
from pathlib import Path

import numpy as np
from make_teaching_figures import reduced, speaking
from matplotlib.figure import Figure

import aescratch as ae
from aescratch import plots
from aescratch.foundations.language import LANGUAGES, gettext

KOREAN = {
    "Denoising: what it was never shown, restored": "잡음 제거: 본 적 없는 숫자를 복원한다",
    "Vanilla: a code of two units": "바닐라: 유닛이 두 개인 코드",
    "Sparse: edges, found in photographs": "희소: 사진에서 찾은 윤곽선",
    "Variational: clothes that nobody made": "변분: 아무도 만든 적 없는 옷",
}


def draw_denoising(ax, train, test):
    model = ae.DenoisingAutoencoder([64, 128], ae.GaussianNoise(0.4), activation=ae.GELU, rng=0)
    model.fit(train.x, epochs=150, optimizer=ae.Adam(ae.CosineRate(3e-3)), rng=0)
    digits = np.stack([test.x[test.labels == digit][2] for digit in range(10)])
    plots.denoising_triples(model, digits, test.image_shape, ax=ax)
    ax.set_title(gettext("Denoising: what it was never shown, restored"))


def draw_code_of_two(ax, train, test):
    model = ae.Autoencoder([64, 128, 64, 2], activation=ae.GELU, code_activation=ae.Tanh, rng=0)
    model.fit(train.x, epochs=200, optimizer=ae.Adam(ae.CosineRate(1e-3)), rng=0)
    plots.latent_map(model.encode(test.x), test.labels, ax=ax)
    ax.set_title(gettext("Vanilla: a code of two units"))


def draw_edges(ax):
    patches = ae.datasets.load_natural_patches(size=8, n=8000, rng=0).x.astype(float)
    model = ae.SparseAutoencoder(
        [64, 40], ae.KLSparsity(rho=0.01, weight=3.0), output_activation=ae.Sigmoid, weight_decay=1e-4,
        dtype="float64", rng=0,
    )  # fmt: skip
    model.fit(patches, epochs=300, optimizer=ae.LBFGS(), rng=0)
    plots.filters(model, (8, 8), columns=10, ax=ax)
    ax.set_title(gettext("Sparse: edges, found in photographs"))


def draw_samples(ax):
    fashion = ae.datasets.load_fashion(split="all")
    model = ae.VariationalAutoencoder([784, 400, 12], activation=ae.GELU, reconstruction=ae.BinaryCrossEntropy(), rng=0)
    model.fit(fashion.x, epochs=150, optimizer=ae.Adam(ae.CosineRate(1e-3)), rng=0)
    plots.images(model.sample(40, rng=1), fashion.image_shape, columns=10, ax=ax)
    ax.set_title(gettext("Variational: clothes that nobody made"))


def drawn():
    train, test = ae.datasets.load_digits().split(0.2, rng=0)
    figure = Figure(figsize=(13, 7.6), layout="constrained")
    grid = figure.add_gridspec(3, 2, width_ratios=(1.15, 1), height_ratios=(3, 4, 4), wspace=0.04, hspace=0.06)
    draw_denoising(figure.add_subplot(grid[0, 0]), train, test)
    draw_edges(figure.add_subplot(grid[1, 0]))
    draw_samples(figure.add_subplot(grid[2, 0]))
    draw_code_of_two(figure.add_subplot(grid[:, 1]), train, test)
    for ax in figure.axes:
        ax.title.set_size(15)
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the words")
    folder, language = Path(__file__).parent, parser.parse_args().language
    with speaking(language, KOREAN) as end:
        figure = drawn()
        if language == "en":
            figure.savefig(folder / "overview.png", dpi=90)
        else:
            reduced(figure, 90, colours=256).save(folder / f"overview{end}.png", optimize=True)


if __name__ == "__main__":
    main()
