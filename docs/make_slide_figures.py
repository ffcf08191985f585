"""Draw the figures of docs/teaching/slides/figures: curves of formulas that the slides and the exam show.

    formulas --NumPy, matplotlib--> one Figure each --savefig--> FOLDER/name.svg

Run as ``python docs/make_slide_figures.py FOLDER``; it takes some seconds. They have no titles, since slides have.
With ``--language ko`` those with words are drawn in Korean, as name.ko.svg, which needs a font with Hangul.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

import aescratch as ae
from aescratch import plots
from aescratch.foundations.language import LANGUAGES, gettext

sys.path.insert(0, str(Path(__file__).parent))
from make_teaching_figures import speaking

f = ae.functions
STYLE = {"svg.hashsalt": "aescratch", "font.size": 15, "lines.linewidth": 3, "axes.spines.top": False,
         "axes.spines.right": False, "legend.frameon": False}  # fmt: skip
KOREAN = {
    "step $h$": "간격 h",
    r"relative error of $\tanh'$ at 0.7": "0.7에서 tanh′의 상대 오차",
    "variance $v$ of the data in a direction": "한 방향의 데이터 분산 v",
    "$s^2$, strength squared": "세기의 제곱 s²",
    "its derivative": "도함수",
    r"L1: step $0.05\,\mathrm{sign}(h)$": "L1: 한 스텝 0.05 sign(h)",
    r"square: step $0.05\,h$": "제곱: 한 스텝 0.05 h",
    "step": "스텝",
    r"before: $\pm 1/\sqrt{n}$": "예전 규칙: ±1/√n",
    r"Xavier: $\pm\sqrt{6/(n + n)}$": "Xavier: ±√(6/(n + n))",
    "layer": "층",
    "variance of the signal": "신호의 분산",
    "samples, of 20000": "표본 20000개 가운데 개수",
}  # fmt: skip  # without formulas, in which a font for Hangul isn't used


def axes(count=1, size=(9.6, 5.0)):
    """Return a figure and that many axes in a row."""
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(1, count, squeeze=False)[0]


def activations():
    """Draw three activations, and their slopes."""
    a = np.linspace(-4, 4, 161)
    figure, (left, right) = axes(2)
    for name, colour in (("relu", plots.VERMILLION), ("gelu", plots.BLUE), ("sigmoid", "black")):
        left.plot(a, getattr(f, name)(a), color=colour, label=name)
        right.plot(a, getattr(f, f"{name}_slope")(a), color=colour)
    left.set(xlabel="$a$", ylabel=r"$\varphi(a)$", ylim=(-0.5, 3))
    right.set(xlabel="$a$", ylabel=r"$\varphi'(a)$")
    left.legend()
    return figure


def quotient_error(step, dtype):
    """Return the relative error of tanh's central difference quotient at 0.7, for each step."""
    a, step = dtype(0.7), step.astype(dtype)
    quotient = (np.tanh(a + step) - np.tanh(a - step)) / (dtype(2) * step)
    return np.abs(quotient.astype(float) / (1 - np.tanh(0.7) ** 2) - 1)


def difference_quotient():
    """Draw the error of a difference quotient over its step, in two precisions."""
    step = np.logspace(-12, 0, 97)
    figure, (ax,) = axes()
    for dtype, colour in ((np.float64, plots.BLUE), (np.float32, plots.VERMILLION)):
        some = step > 10 * np.finfo(dtype).eps
        ax.loglog(step[some], quotient_error(step[some], dtype) + 1e-13, color=colour, label=dtype.__name__)
    ax.set(xlabel=gettext("step $h$"), ylabel=gettext(r"relative error of $\tanh'$ at 0.7"))
    ax.legend()
    return figure


def strengths():
    """Draw how much of each direction a linear autoencoder keeps under weight decay."""
    v = np.linspace(0.01, 2, 200)
    figure, (ax,) = axes()
    for decay, colour in ((0.1, plots.BLUE), (0.5, plots.VERMILLION)):
        ax.plot(v, np.maximum(1 - decay / v, 0), color=colour, label=rf"$\lambda = {decay}$")
    ax.set(xlabel=gettext("variance $v$ of the data in a direction"), ylabel=gettext("$s^2$, strength squared"))
    ax.set_ylim(-0.02, 1)
    ax.legend()
    return figure


def kl_curve():
    """Draw the divergence of a unit's mean activity from the one that is wanted, and its derivative."""
    rho, mean = 0.05, np.linspace(0.005, 0.5, 199)
    figure, (left, right) = axes(2)
    value = rho * np.log(rho / mean) + (1 - rho) * np.log((1 - rho) / (1 - mean))
    left.plot(mean, value, color=plots.BLUE)
    right.plot(mean, -rho / mean + (1 - rho) / (1 - mean), color=plots.VERMILLION)
    left.set(xlabel=r"$\hat\rho$", ylabel=r"KL$(\rho\,\|\,\hat\rho)$, $\rho = 0.05$")
    right.set(xlabel=r"$\hat\rho$", ylabel=gettext("its derivative"), ylim=(-4, 2))
    right.axhline(0, color="grey", linewidth=1)
    return figure


def l1_against_square():
    """Draw the path of one number that only a penalty pulls: L1, or a square."""
    paths = {"L1": [1.0], "square": [1.0]}
    for _ in range(40):
        h = paths["L1"][-1]
        paths["L1"].append(np.sign(h) * max(abs(h) - 0.05, 0.0))
        paths["square"].append(paths["square"][-1] * (1 - 0.05))
    figure, (ax,) = axes(size=(5.4, 5.0))
    ax.plot(paths["L1"], color=plots.BLUE, label=gettext(r"L1: step $0.05\,\mathrm{sign}(h)$"))
    ax.plot(paths["square"], color=plots.VERMILLION, label=gettext(r"square: step $0.05\,h$"))
    ax.set(xlabel=gettext("step"), ylabel="$h$")
    ax.legend()
    return figure


def variances(initializer, layers=10, width=200):
    """Return the variance of a signal after each linear layer."""
    rng = np.random.default_rng(0)
    signal = rng.normal(size=(500, width))
    found = [signal.var()]
    for _ in range(layers):
        signal = signal @ initializer(width, width, rng)
        found.append(signal.var())
    return np.array(found)


def variance_through_layers():
    """Draw what is left of a signal's variance after each of ten layers, by two initialisations."""
    figure, (ax,) = axes()
    ax.semilogy(variances(ae.old_uniform), "o-", color=plots.VERMILLION, label=gettext(r"before: $\pm 1/\sqrt{n}$"))
    ax.semilogy(variances(ae.xavier_uniform), "o-", color=plots.BLUE, label=gettext(r"Xavier: $\pm\sqrt{6/(n + n)}$"))
    ax.set(xlabel=gettext("layer"), ylabel=gettext("variance of the signal"))
    ax.legend()
    return figure


def gaussian_kl():
    """Draw the divergence of N(mu, sigma squared) from N(0, 1), over mu and over sigma."""
    mu, sigma = np.linspace(-2, 2, 161), np.linspace(0.1, 2.5, 161)
    figure, (left, right) = axes(2)
    left.plot(mu, mu**2 / 2, color=plots.BLUE)
    right.plot(sigma, -0.5 * (1 + 2 * np.log(sigma) - sigma**2), color=plots.VERMILLION)
    left.set(xlabel=r"$\mu$ ($\sigma = 1$)", ylabel="KL", ylim=(0, 2))
    right.set(xlabel=r"$\sigma$ ($\mu = 0$)", ylim=(0, 2))
    return figure


def two_samplers():
    """Draw samples where the standard deviation is to be a half: by the formula, and without its half."""
    eps, log_var = np.random.default_rng(0).normal(size=20_000), np.log(0.25)
    figure, (ax,) = axes()
    look = {"bins": np.linspace(-2, 2, 81), "histtype": "stepfilled", "alpha": 0.6}
    ax.hist(np.exp(0.5 * log_var) * eps, color=plots.BLUE, **look, label=r"$e^{\log\sigma^2 / 2}\,\epsilon$")
    ax.hist(np.exp(log_var) * eps, color=plots.VERMILLION, **look, label=r"$e^{\log\sigma^2}\,\epsilon$")
    ax.set(xlabel=r"$z - \mu$", ylabel=gettext("samples, of 20000"))
    ax.legend()
    return figure


FIGURES = {
    draw.__name__: draw
    for draw in (
        activations, difference_quotient, strengths, kl_curve, l1_against_square, variance_through_layers, gaussian_kl,
        two_samplers,
    )
}  # fmt: skip


WORDLESS = ("activations", "gaussian_kl")  # the same in every language


def write(folder, language="en"):
    """Write all figures into a folder, or those with words in another language, and return the paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with rc_context(STYLE), speaking(language, KOREAN) as end:
        for name, draw in FIGURES.items():
            if language == "en" or name not in WORDLESS:
                paths.append(folder / f"{name}{end}.svg")
                draw().savefig(paths[-1], metadata={"Date": None})
    return paths


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="where the figures go; it is made if it isn't there")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the words")
    arguments = parser.parse_args()
    print(*write(arguments.folder, arguments.language), sep="\n")


if __name__ == "__main__":
    main()
