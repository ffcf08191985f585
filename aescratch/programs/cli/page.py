"""The page of a run, ``index.html``: findings, measures, curves and pictures, in one offline file.

    history, monitor, measures, diagnosis, names of pictures --> HTML beside them
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from aescratch.foundations.language import gettext, language, told
from aescratch.inspection.diagnosis import Diagnosis
from aescratch.inspection.monitor import Monitor
from aescratch.plots.lettering import legible
from aescratch.training.history import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE_FILE = "index.html"
OPENINGS = "reconstructions.png", "explained-by-column.png"  # the page opens with one of images, and one of a table
MARGINS = {"left": 0.13, "right": 0.98, "bottom": 0.17, "top": 0.97}  # shares of a chart
STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; }
:lang(ko) { word-break: keep-all; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1.5rem; }
figure { margin: 0; } figcaption { font-weight: 600; }
svg { width: 100%; height: auto; } svg text { fill: currentColor; }
table { border-collapse: collapse; } td { padding: .15em 1.5em .15em 0; border-bottom: 1px solid #8886; }
td + td { text-align: right; font-variant-numeric: tabular-nums; }
.found li { margin: .4em 0; } .found code { font-weight: 600; }
details { margin-top: 1.5rem; } summary { cursor: pointer; font-weight: 600; font-size: 1.1rem; }
img { max-width: 100%; background: white; border-radius: 4px; }
pre { overflow-x: auto; padding: .6em; border: 1px solid #8886; border-radius: 4px; white-space: pre-wrap; }
"""


def run_page(
    title: str, command: str, history: History, monitor: Monitor, measures: dict[str, str], diagnosis: Diagnosis,
    pictures: Sequence[str],
) -> str:  # fmt: skip
    """Return the page: a picture, findings, measures as they are printed; folded, the curves and all other pictures."""
    found = [
        f"<li><code>{escape(each.code)}</code>: {each.as_html()}</li>"
        for each in diagnosis
    ]
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(text)}</td></tr>" for name, text in measures.items())
    images = [
        f'<figure><figcaption>{escape(gettext(name.removesuffix(".png").replace("-", " ")))}</figcaption>'
        f'<img src="{escape(name)}" alt="{escape(name)}" loading="lazy"></figure>'
        for name in sorted(pictures, key=lambda name: name not in OPENINGS)
    ]
    curves = list(_charts(monitor))
    first, *more = images or curves or [""]
    parts = [
        f"<h1>{escape(title)}</h1><p>{escape(str(history))}</p>{first}",
        f"<h2>{gettext('Diagnosis')}</h2>",
        f'<ul class="found">{"".join(found)}</ul>' if found else f"<p>{gettext('The diagnosis found no problem.')}</p>",
        f"<h2>{gettext('Results')}</h2><table>{rows}</table>",
        _fold(gettext("During training"), _grid(curves)) if images and curves else "",
        _fold(gettext("More pictures"), _grid(more)) if more else "",
        _fold(gettext("The command"), f"<pre>{escape(command)}</pre>"),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _grid(figures: Sequence[str]) -> str:
    return f'<div class="charts">{"".join(figures)}</div>'


def _fold(summary: str, inside: str) -> str:
    return f"<details><summary>{summary}</summary>{inside}</details>"


def _charts(monitor: Monitor) -> Iterator[str]:
    """Yield the figures of `monitor.plot()` one by one, so that a page can arrange them."""
    from matplotlib import pyplot

    drawn = []
    with legible():
        for title, draw in monitor.panels().items():
            figure, ax = pyplot.subplots(figsize=(6.5, 4.0), gridspec_kw=MARGINS)
            draw(ax)
            drawn.append((title, _inline(figure, title)))
            pyplot.close(figure)
    for title, svg in drawn:
        said = escape(told(title))
        yield f'<figure role="img" aria-label="{said}"><figcaption>{said}</figcaption>{svg}</figure>'


def _inline(figure: Figure, title: str) -> str:
    """Return a figure as an <svg> element, with real text in the page's colour."""
    from matplotlib import rc_context

    stream = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": title}):
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = stream.getvalue()[stream.getvalue().index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r' id="[a-z]+[\w.]*_\d+"', "", svg)  # unused ids of groups, which several charts would share
    return svg.replace("#000000", "currentColor")
