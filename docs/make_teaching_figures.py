"""Draw the figures of docs/teaching: slides in 16:9 with large type, readable for colour-blind people.

    data --training--> models --aescratch.plots, matplotlib--> one Figure per slide --savefig--> FOLDER/name.png, .svg

Run as ``python docs/make_teaching_figures.py FOLDER``; it takes about a minute. With ``--fast`` everything is trained
for a moment only, to see that it runs; with ``--svg`` vector graphics are written beside the PNG.
"""

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

import aescratch as ae
from aescratch import plots
from aescratch.inspection.measures import PCA, sse_per_image

INCHES = (9.6, 5.4)  # a small figure makes 14 points large on a slide
DOTS_PER_INCH = 120
TITLE = 17
COLOURS = 128  # in a PNG: a third of the bytes, without a visible difference


def slide(title):
    """Return an empty slide with a title."""
    figure = Figure(figsize=INCHES, layout="constrained")
    figure.suptitle(title, fontsize=TITLE, fontweight="bold")
    return figure


def digits(fast):
    """Return the training and test digits, only a few if it must be fast."""
    train, test = ae.datasets.load_digits().split(0.2, rng=0)
    return (train.take(list(range(200))), test.take(list(range(100)))) if fast else (train, test)


def fitted(model, x, epochs, fast, rate=3e-3, batch_size=64):
    """Train a model with Adam along a cosine, and return it."""
    schedule = ae.CosineRate(rate)
    model.fit(x, epochs=2 if fast else epochs, batch_size=batch_size, optimizer=ae.Adam(schedule), rng=0)
    return model


def pca_against_code(fast):
    """Draw two numbers per digit: by PCA, and by an autoencoder."""
    train, test = digits(fast)
    model = ae.Autoencoder([64, 128, 64, 2], activation=ae.GELU, code_activation=ae.Tanh, rng=0)
    fitted(model, train.x, 200, fast, rate=1e-3)
    pca = PCA.fit(train.x)
    figure = slide("Two numbers per digit")
    left, right = figure.subplots(1, 2)
    components = (test.x - train.x.mean(axis=0)) @ pca.directions[:2].T
    plots.latent_map(components, test.labels, ax=left)
    plots.latent_map(model.encode(test.x), test.labels, ax=right)
    left.set(xlabel="component 0", ylabel="component 1")
    errors = sse_per_image(pca.reconstruct(test.x, 2), test.x), sse_per_image(model.reconstruct(test.x), test.x)
    left.set_title(f"PCA: error {errors[0]:.1f} per image", fontsize=TITLE - 2)
    right.set_title(f"autoencoder: {errors[1]:.1f}", fontsize=TITLE - 2)
    return figure


def linear_subspace(fast):
    """Draw PCA's directions, and a linear autoencoder's decoder rows without and with weight decay."""
    x = ae.datasets.load_digits().x.astype(np.float64)
    x -= x.mean(axis=0)
    directions = PCA.fit(x).directions
    half = np.sqrt(64 * np.square(x @ directions.T).mean(axis=0))[:, None] * directions
    points = np.concatenate([half, -half])  # the fewest points with the digits' covariance
    plain, decayed = (_descended(points, decay, 20 if fast else steps) for decay, steps in ((0.0, 3000), (0.03, 6000)))
    axes = np.linalg.svd(decayed, full_matrices=False)[2]
    axes *= np.sign((axes * directions[:8]).sum(axis=1))[:, None]
    figure = slide("A linear autoencoder finds PCA's subspace,\nand with weight decay PCA's directions")
    ax = figure.subplots()
    plots.filters(np.concatenate([directions[:8], plain, axes]).T, (8, 8), columns=8, ax=ax)
    ax.set_yticks([3.5, 12.5, 21.5], ["PCA", "linear AE", "weight decay,\nSVD"], fontsize=16)
    _without_scale(ax)
    return figure


def _descended(points, decay, steps):
    """Return the decoder rows (8, 64) of a linear autoencoder after a number of steps on all points."""
    model = ae.LinearAutoencoder([64, 8], weight_decay=decay, dtype="float64", rng=0)
    state = ae.Momentum(0.03, mu=0.98).start(model.parameters)
    for _ in range(steps):
        with model.training():
            model.loss(points)
            model.backward()
        state.step(0.03)
    return model.parameters[2].value.copy()


def denoising_arrows(fast):
    """Draw a denoiser's step at every place of the plane: towards the data."""
    ring = ae.datasets.ring(2000, rng=0).x
    model = ae.DenoisingAutoencoder(
        [2, 64, 64], ae.GaussianNoise(0.3), activation=ae.GELU, code_activation=ae.GELU, rng=0
    )
    fitted(model, ring, 100, fast, rate=1e-2, batch_size=100)
    side = np.linspace(-1.7, 1.7, 15)
    grid = np.stack(np.meshgrid(side, side), axis=2).reshape(-1, 2).astype(np.float32)
    step = model.reconstruct(grid) - grid
    figure = slide("A denoiser's step points to where the data are")
    ax = figure.subplots()
    ax.plot(*ring[:600].T, ".", color=plots.VERMILLION, markersize=5, label="data")
    ax.quiver(*grid.T, *step.T, color=plots.BLUE, angles="xy", scale_units="xy", scale=1.6, width=0.004)
    ax.set(aspect="equal", xlabel="$x_0$", ylabel="$x_1$")
    _large(ax)
    for height, text, colour in ((0.6, "data", plots.VERMILLION), (0.45, r"$\propto r(x) - x$", plots.BLUE)):
        ax.text(1.03, height, text, color=colour, fontsize=18, fontweight="bold", transform=ax.transAxes)
    return figure


def sparse_filters(fast):
    """Draw the filters of units on photographs, if five of 64 are active and if all are."""
    patches = ae.datasets.load_natural_patches(size=8, n=500 if fast else 10_000, rng=0)
    x = (patches.x - 0.5) / patches.x.std()
    figure = slide("Edges appear where few units may speak")
    figure.get_layout_engine().set(wspace=0.08)
    for ax, k, title in zip(figure.subplots(1, 2), (5, 64), ("5 of 64 units at a time", "all 64 units"), strict=True):
        model = ae.KSparseAutoencoder([64, 64], k=k, tied=True, rng=0)
        fitted(model, x, 30, fast, rate=1e-2, batch_size=250)
        plots.filters(model, (8, 8), columns=8, ax=ax)
        ax.set_title(title, fontsize=TITLE - 2)
        _without_scale(ax)
    return figure


def kl_gradient(fast):
    """Draw the KL penalty's gradient: through the batch mean, so the same for every example of a unit."""
    train, _ = digits(fast)
    model = ae.SparseAutoencoder([64, 5], ae.KLSparsity(0.05, 0.2), output_activation=ae.Sigmoid, rng=0)
    fitted(model, train.x, 5, fast)
    h = model.encode(train.x[:7])
    gradient = ae.functions.kl_sparsity_backward(h, 0.05)
    figure = slide("KL sparsity sees the mean: all examples get the same gradient")
    grid = figure.add_gridspec(2, 2, height_ratios=(7, 1))
    codes, means, gradients = (figure.add_subplot(cell) for cell in (grid[0, 0], grid[1, 0], grid[0, 1]))
    _table(codes, h, r"code $h$: 7 examples, 5 units", "Blues", (0, 1))
    _table(means, h.mean(axis=0)[None], r"mean $\hat\rho_j$, wanted: 0.05", "Blues", (0, 1))
    bound = 1.8 * np.abs(gradient).max()  # pale enough for black numbers
    _table(gradients, gradient, r"gradient $\partial\Omega/\partial h_{nj}$", "PuOr", (-bound, bound))
    formula = figure.add_subplot(grid[1, 1])
    formula.set_axis_off()
    equation = r"$\frac{1}{N}\,\left(-\frac{\rho}{\hat\rho_j} + \frac{1-\rho}{1-\hat\rho_j}\right)$"
    formula.text(0.5, 0.5, equation, fontsize=24, ha="center", va="center")
    return figure


def _table(ax, values, title, colours, limits):
    """Draw an array (rows, columns) as coloured cells with their numbers."""
    ax.imshow(values, cmap=colours, vmin=limits[0], vmax=limits[1], aspect="auto", alpha=0.75)
    for (row, column), value in np.ndenumerate(values):
        ax.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=14, color="black")
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=TITLE - 2)


def ae_against_vae(fast):
    """Draw codes of two units, and what random codes decode to: an autoencoder's, and a variational one's."""
    train, test = digits(fast)
    options = {"activation": ae.GELU, "reconstruction": ae.BinaryCrossEntropy(), "rng": 0}
    plain = ae.Autoencoder([64, 128, 64, 2], code_activation=ae.Identity, **options)
    variational = ae.VariationalAutoencoder([64, 128, 64, 2], **options)
    figure = slide("AE: codes lie anywhere. VAE: codes fill the prior.")
    grid = figure.add_gridspec(2, 2, height_ratios=(3, 1))
    z = np.random.default_rng(1).standard_normal((20, 2)).astype(np.float32)
    for column, (name, model) in enumerate((("AE", plain), ("VAE", variational))):
        fitted(model, train.x, 150, fast)
        codes, samples = (figure.add_subplot(grid[row, column]) for row in (0, 1))
        plots.latent_map(model.encode(test.x), test.labels, ax=codes)
        angles = np.linspace(0, 2 * np.pi, 200)
        codes.plot(2 * np.cos(angles), 2 * np.sin(angles), color="black", linewidth=2, zorder=9)  # above the labels
        codes.set_title(f"{name}: codes; circle: two σ of N(0, 1)", fontsize=TITLE - 3)
        codes.set(xlabel="", ylabel="")
        _apart(codes.texts, 0.1 * np.ptp(codes.get_ylim()))
        plots.images(model.decode(z), test.image_shape, columns=10, ax=samples)
        samples.set_xlabel(r"decoded from $z \sim N(0, 1)$", fontsize=14)
    return figure


def _apart(texts, least):
    """Move labels apart until each two have at least a given distance."""
    places = np.array([text.get_position() for text in texts])
    for _ in range(200):
        ways = places[:, None] - places[None]
        lengths = np.linalg.norm(ways, axis=2) + np.eye(len(places)) * least
        places += 0.25 * (ways * np.maximum(least / lengths - 1, 0)[..., None]).sum(axis=1)
    for text, place in zip(texts, places, strict=True):
        text.set_position(place)


def training_step(fast):
    """Draw every array of one training step, as colours and numbers: forward above, backward below."""
    model = ae.Autoencoder([4, 2], code_activation=ae.Sigmoid, dtype="float64", rng=0)
    x = ae.datasets.identity_patterns(4).x.astype(np.float64)[[0, 3]]
    figure = slide("One training step: forward above, backward below")
    ax = ae.trace(model, x).plot(ax=figure.subplots())
    left, right = ax.get_xlim()
    ax.set(title="", aspect="auto", xlim=(left + 1.4, right - 1.4))  # wide cells, with room for their numbers
    values = iter(np.concatenate([np.ravel(cells.get_array()) for cells in ax.collections]))
    for text in ax.texts:
        if text.get_va() == "bottom":  # a name
            text.set_fontsize(14)
        elif text.get_text():
            value = float(next(values))
            number = f"{value:.2f}" if value % 1 else f"{value + 0:.0f}"
            text.set(text=number.replace("-", "\N{MINUS SIGN}"), fontsize=11)
    return figure


def _without_scale(ax):
    """Remove the colour scale of filters, which only takes space on a slide."""
    ax.get_images()[0].colorbar.remove()


def _large(ax):
    """Make labels large, and omit the frame if there is no scale."""
    ax.tick_params(labelsize=14)
    ax.xaxis.label.set_size(16)
    ax.yaxis.label.set_size(16)
    ax.spines[["top", "right"]].set_visible(False)


SLIDES = {
    slide.__name__: slide
    for slide in (
        pca_against_code, linear_subspace, denoising_arrows, sparse_filters, kl_gradient, ae_against_vae, training_step,
    )
}  # fmt: skip


def write(folder, *, fast=False, svg=False, names=tuple(SLIDES)):
    """Write the slides of these names into a folder, and return the paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in names:
        figure = SLIDES[name](fast)
        paths.append(folder / f"{name}.png")
        drawn = BytesIO()
        figure.savefig(drawn, dpi=DOTS_PER_INCH)
        Image.open(drawn).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(paths[-1], optimize=True)
        if svg:
            paths.append(folder / f"{name}.svg")
            figure.savefig(paths[-1])
    return paths


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="where the figures go; it is made if it isn't there")
    parser.add_argument("--fast", action="store_true", help="train for a moment only, to see that it runs")
    parser.add_argument("--svg", action="store_true", help="vector graphics beside the PNG")
    parser.add_argument("--only", nargs="+", choices=SLIDES, default=list(SLIDES), metavar="NAME", help="some of them")
    arguments = parser.parse_args()
    for path in write(arguments.folder, fast=arguments.fast, svg=arguments.svg, names=arguments.only):
        print(path)


if __name__ == "__main__":
    main()
