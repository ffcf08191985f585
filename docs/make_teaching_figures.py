"""Draw the figures of docs/teaching: slides in 16:9 with large type, readable for colour-blind people.

    data --training--> models --aescratch.plots, matplotlib--> one Figure per slide --savefig--> FOLDER/name.png, .svg

Run as ``python docs/make_teaching_figures.py FOLDER``; it takes about a minute. With ``--fast`` everything is trained
for a moment only, to see that it runs; with ``--svg`` vector graphics are written beside the PNG. With
``--language ko`` the words are Korean, which needs a font with Hangul, and the files are called name.ko.png.
"""

import argparse
import contextlib
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

import aescratch as ae
from aescratch import plots
from aescratch.foundations.language import LANGUAGES, gettext, in_language, with_sentences
from aescratch.inspection.measures import PCA, sse_per_image
from aescratch.plots.lettering import hangul_font, legible

INCHES = (9.6, 5.4)  # a small figure makes 14 points large on a slide
DOTS_PER_INCH = 120
TITLE = 17
COLOURS = 128  # in a PNG: a third of the bytes, without a visible difference
KOREAN = {
    "Two numbers per digit": "숫자마다 수 두 개",
    "component {number}": "성분 {number}",
    "PCA: error {error:.1f} per image": "PCA: 그림마다 오차 {error:.1f}",
    "autoencoder: {error:.1f}": "오토인코더: {error:.1f}",
    "A linear autoencoder finds PCA's subspace,\nand with weight decay PCA's directions":
        "선형 오토인코더는 PCA의 부분 공간을 찾고,\n가중치 감쇠를 더하면 PCA의 방향까지 찾는다",
    "linear AE": "선형 AE",
    "weight decay,\nSVD": "가중치 감쇠,\nSVD",
    "A denoiser's step points to where the data are": "잡음을 지우는 한 걸음은 데이터가 있는 쪽을 향한다",
    "data": "데이터",
    "Edges appear where few units may speak": "몇 유닛만 쓸 수 있으면 윤곽선이 나타난다",
    "5 of 64 units at a time": "한 번에 64개 가운데 5개",
    "all 64 units": "64개 모두",
    "KL sparsity sees the mean: all examples get the same gradient":
        "KL 희소성은 평균만 본다: 모든 예제가 같은 기울기를 받는다",
    r"code $h$: 7 examples, 5 units": "코드 h: 예제 7개, 유닛 5개",
    r"mean $\hat\rho_j$, wanted: 0.05": "평균 ρ̂ⱼ, 목표: 0.05",
    r"gradient $\partial\Omega/\partial h_{nj}$": "기울기 ∂Ω/∂hₙⱼ",
    "AE: codes lie anywhere. VAE: codes fill the prior.": "AE: 코드가 아무 데나 있다. VAE: 코드가 사전 분포를 채운다.",
    "{name}: codes; circle: two σ of N(0, 1)": "{name}: 코드, 원: N(0, 1)의 2σ",
    r"decoded from $z \sim N(0, 1)$": "z ∼ N(0, 1)을 디코딩한 것",
    "One training step: forward above, backward below": "학습 한 스텝: 위는 순전파, 아래는 역전파",
}  # fmt: skip  # without formulas, in which a font for Hangul isn't used


def slide(title):
    """Return an empty slide with a title."""
    figure = Figure(figsize=INCHES, layout="constrained")
    figure.suptitle(gettext(title), fontsize=TITLE, fontweight="bold")
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
    component = gettext("component {number}")
    left.set(xlabel=component.format(number=0), ylabel=component.format(number=1))
    errors = sse_per_image(pca.reconstruct(test.x, 2), test.x), sse_per_image(model.reconstruct(test.x), test.x)
    left.set_title(gettext("PCA: error {error:.1f} per image").format(error=errors[0]), fontsize=TITLE - 2)
    right.set_title(gettext("autoencoder: {error:.1f}").format(error=errors[1]), fontsize=TITLE - 2)
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
    ax.set_yticks([3.5, 12.5, 21.5], ["PCA", gettext("linear AE"), gettext("weight decay,\nSVD")], fontsize=16)
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
    for height, text, colour in ((0.6, gettext("data"), plots.VERMILLION), (0.45, r"$\propto r(x) - x$", plots.BLUE)):
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
        ax.set_title(gettext(title), fontsize=TITLE - 2)
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
    ax.set_title(gettext(title), fontsize=TITLE - 2)


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
        codes.set_title(gettext("{name}: codes; circle: two σ of N(0, 1)").format(name=name), fontsize=TITLE - 3)
        codes.set(xlabel="", ylabel="")
        _apart(codes.texts, 0.1 * np.ptp(codes.get_ylim()))
        plots.images(model.decode(z), test.image_shape, columns=10, ax=samples)
        samples.set_xlabel(gettext(r"decoded from $z \sim N(0, 1)$"), fontsize=14)
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


@contextlib.contextmanager
def speaking(language, sentences):
    """Draw in a language, with these sentences besides the package's own; yield the end of a file's name."""
    if language == "ko" and hangul_font() is None:
        raise SystemExit("expected a font with Hangul, found none; install one, for example fonts-nanum")
    with in_language(language), with_sentences(sentences), legible():
        yield "" if language == "en" else f".{language}"


def reduced(figure, dots_per_inch, colours=COLOURS):
    """Return a figure as an image of few colours."""
    drawn = BytesIO()
    figure.savefig(drawn, dpi=dots_per_inch)
    return Image.open(drawn).convert("RGB").quantize(colours, kmeans=colours > COLOURS, dither=Image.Dither.NONE)


def write(folder, *, fast=False, svg=False, names=tuple(SLIDES), language="en"):
    """Write the slides of these names into a folder, and return the paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with speaking(language, KOREAN) as end:
        for name in names:
            figure = SLIDES[name](fast)
            paths.append(folder / f"{name}{end}.png")
            reduced(figure, DOTS_PER_INCH).save(paths[-1], optimize=True)
            if svg:
                paths.append(folder / f"{name}{end}.svg")
                figure.savefig(paths[-1])
    return paths


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="where the figures go; it is made if it isn't there")
    parser.add_argument("--fast", action="store_true", help="train for a moment only, to see that it runs")
    parser.add_argument("--svg", action="store_true", help="vector graphics beside the PNG")
    parser.add_argument("--only", nargs="+", choices=SLIDES, default=list(SLIDES), metavar="NAME", help="some of them")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the words")
    arguments = parser.parse_args()
    options = {"fast": arguments.fast, "svg": arguments.svg, "names": arguments.only, "language": arguments.language}
    for path in write(arguments.folder, **options):
        print(path)


if __name__ == "__main__":
    main()
