"""A model, and the history of its training, as HTML for notebooks: one <div>, no script, nothing loaded.

    parts, objective --> a table of layers, shapes and parameters
    epochs           --> a curve of the loss, and a table of the first and the last epochs

The text's colour and the background are inherited, so both read on light and on dark pages.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from html import escape

from aescratch import plots
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.showing import shows
from aescratch.layers import Layer
from aescratch.models.base import Model
from aescratch.training.history import History

shows(History, "plot")(plots.loss_curves)

STYLE = """
.aescratch-card { font: 14px/1.5 system-ui, sans-serif; color: inherit; max-width: 60rem; overflow-x: auto; }
.aescratch-card table { border-collapse: collapse; margin: .5em 0; color: inherit; font: inherit; }
.aescratch-card th, .aescratch-card td {
  text-align: left; padding: .2em 1.2em .2em 0; border-bottom: 1px solid rgba(128, 128, 128, .4);
  color: inherit; background: transparent; font-variant-numeric: tabular-nums; }
.aescratch-card .number { text-align: right; }
.aescratch-card p { margin: .15em 0; }
.aescratch-card svg { display: block; width: 24rem; max-width: 100%; height: auto; margin: .5em 0; }
"""
WIDE, HIGH, EDGE = 384, 96, 4
MOST_POINTS = 300  # of a curve; more can't be distinguished
AT_EACH_END = 3  # epochs that the table shows
COLOURS = {"loss": "#3a7bd5", "validation loss": "#c8651b"}  # both have a contrast of 3 on white and on black


@shows(Model, "html")
def model_html(model: Model) -> str:
    """Return a model's printed summary as a table, with shapes and counts, in a <div>.

    Examples
    --------
    >>> import aescratch as ae
    >>> print(model_html(ae.Autoencoder([5, 3], code_activation=ae.Identity)).partition("</style>")[2])
    <BLANKLINE>
    <p><strong>Autoencoder, 38 parameters, float32 on numpy</strong></p>
    <table>
    <tr><th>part</th><th>what it is</th><th>shapes</th><th class="number">parameters</th></tr>
    <tr><td>encoder.dense1</td><td>Dense(5, 3)</td><td>W1 (5, 3), b1 (3,)</td><td class="number">18</td></tr>
    <tr><td>decoder.dense1</td><td>Dense(3, 5)</td><td>W1 (3, 5), b1 (5,)</td><td class="number">20</td></tr>
    <tr><td>reconstruction</td><td>SquaredError()</td><td></td><td class="number"></td></tr>
    <tr><td>decay</td><td>WeightDecay(lam=0.0)</td><td></td><td class="number"></td></tr>
    </table>
    <p>objective: reconstruction + decay</p>
    </div>
    """
    title, *_, objective = (escape(line.strip()) for line in str(model).splitlines())
    rows = [(gettext("part"), gettext("what it is"), gettext("shapes"), gettext("parameters"))]
    for name, part in model.parts.items():
        own = part.parameters if isinstance(part, Layer) else []
        shapes = ", ".join(f"{parameter.name.rpartition('.')[2]} {parameter.shape}" for parameter in own)
        rows.append((name, repr(part), shapes, f"{sum(parameter.size for parameter in own):,}" if own else ""))
    return _card([f"<p><strong>{title}</strong></p>", *_table(rows, numbers=1), f"<p>{objective}</p>"])


@shows(History, "html")
def history_html(history: History) -> str:
    """Return a history's line, its curves, its diagnosis, and its first and last epochs, in a <div>."""
    lines = [f"<p><strong>{escape(str(history))}</strong></p>"]
    columns = {
        "loss": history.loss, "validation loss": history.validation_loss,
        gettext_noop("learning rate"): history.learning_rate,
    }  # fmt: skip
    columns = {name: values for name, values in columns.items() if values}
    if len(history) > 1:
        lines.append(_curves({name: columns[name] for name in COLOURS if name in columns}))
    with contextlib.suppress(ValueError):  # the model has changed since, or the history is a copy
        lines += [history.diagnosis._repr_html_()] if history.diagnosis else []
    if len(history):
        heads, epochs = map(gettext, columns), _epochs(history, list(columns.values()))
        lines += _table([(gettext("epoch"), *heads), *epochs], numbers=1 + len(columns))
    return _card(lines)


def _epochs(history: History, columns: Sequence[Sequence[float]]) -> Iterator[tuple[str, ...]]:
    """Yield the first epochs, the last, and the best, as texts; a row of dots replaces the others."""
    count, last = len(history), -1
    shown = {*range(min(AT_EACH_END, count)), *range(max(0, count - AT_EACH_END), count)}
    if history.best_epoch is not None:
        shown.add(history.best_epoch)
    for epoch in sorted(shown):
        if epoch > last + 1:
            yield ("…",) * (1 + len(columns))
        number = str(epoch + 1)
        if epoch == history.best_epoch:
            number = gettext("{number} (best)").format(number=number)
        yield (number, *(f"{values[epoch]:.4g}" for values in columns))
        last = epoch


def _curves(curves: dict[str, list[float]]) -> str:
    """Return the curves over the epochs, on one scale, as an SVG with a description in words."""
    everything = [value for values in curves.values() for value in values]
    low, high = min(everything), max(everything)
    said = gettext("{name} from {first:.4g} to {last:.4g}")
    words = "; ".join(
        said.format(name=gettext(name), first=values[0], last=values[-1]) for name, values in curves.items()
    )
    paths = []
    for name, values in curves.items():
        step = -(-len(values) // MOST_POINTS)
        chosen = [*range(0, len(values) - 1, step), len(values) - 1]
        points = " ".join(
            f"{EDGE + (WIDE - 2 * EDGE) * place / (len(values) - 1):.1f},"
            f"{EDGE + (HIGH - 2 * EDGE) * (high - values[place]) / (high - low or 1):.1f}"
            for place in chosen
        )
        paths.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>')
    key = " ".join(f'<span style="color: {COLOURS[name]}">■</span> {gettext(name)}' for name in curves)
    drawing = f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{escape(words)}">{"".join(paths)}</svg>'
    return f"{drawing}\n<p>{key}</p>"


def _table(rows: Sequence[tuple[str, ...]], numbers: int) -> Iterator[str]:
    """Yield the rows of a table, the header first; the last `numbers` columns hold numbers."""
    yield "<table>"
    for place, row in enumerate(rows):
        tag = "td" if place else "th"
        kinds = [""] * (len(row) - numbers) + [' class="number"'] * numbers
        cells = "".join(f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, row, strict=True))
        yield f"<tr>{cells}</tr>"
    yield "</table>"


def _card(lines: Sequence[str]) -> str:
    return "\n".join([f'<div class="aescratch-card">\n<style>{STYLE}</style>', *lines, "</div>"])
