"""The page of a run, ``index.html``: what was found, what was reached, and how it came to that, in one offline file.

    history, course, measures, diagnosis, names of pictures --> HTML beside them
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from aescratch.inspection.course import BINS, TINY, Course
from aescratch.inspection.diagnosis import Diagnosis
from aescratch.programs.cli.curves import COLOURS, histogram, lines, stacked
from aescratch.training.history import History

PAGE_FILE = "index.html"
STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1.5rem; }
figure { margin: 0; } figcaption { font-weight: 600; }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: currentColor; }
.key { margin: 0; font-size: .85rem; } .key > span { margin-right: 1em; white-space: nowrap; }
table { border-collapse: collapse; } td { padding: .15em 1.5em .15em 0; border-bottom: 1px solid #8886; }
td + td { text-align: right; font-variant-numeric: tabular-nums; }
.found li { margin: .4em 0; } .found code { font-weight: 600; }
img { max-width: 100%; background: white; border-radius: 4px; }
pre { overflow-x: auto; padding: .6em; border: 1px solid #8886; border-radius: 4px; white-space: pre-wrap; }
"""


def run_page(
    title: str, command: str, history: History, course: Course, measures: dict[str, str], diagnosis: Diagnosis,
    levels: dict[str, float], pictures: Sequence[str],
) -> str:  # fmt: skip
    """Return the page: its title, the command, findings, measures as they are printed, curves, and the pictures."""
    found = [
        f"<li><code>{escape(each.code)}</code>: {escape(each.says)}. Try {escape(each.advice)}.</li>"
        for each in diagnosis
    ]
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(text)}</td></tr>" for name, text in measures.items())
    images = "".join(
        f'<figure><figcaption>{escape(name.removesuffix(".png").replace("-", " "))}</figcaption>'
        f'<img src="{escape(name)}" alt="{escape(name)}" loading="lazy"></figure>'
        for name in pictures
    )
    parts = [
        f"<h1>{escape(title)}</h1><p>{escape(str(history))}</p><pre>{escape(command)}</pre>",
        "<h2>What was found</h2>",
        f'<ul class="found">{"".join(found)}</ul>' if found else "<p>Nothing is wrong that the diagnosis knows of.</p>",
        f"<h2>What was reached</h2><table>{rows}</table>",
        f'<h2>How it came to that</h2><div class="charts">{"".join(_charts(history, course, levels))}</div>',
        f'<h2>Pictures</h2><div class="charts">{images}</div>' if pictures else "",
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _charts(history: History, course: Course, levels: dict[str, float]) -> list[str]:
    """Return the charts of what there is."""
    charts = []
    if history.loss:
        curves = {"loss": history.loss, "validation loss": history.validation_loss}
        passed = range(1, len(history) + 1)
        charts.append(lines("loss", passed, {name: values for name, values in curves.items() if values}, levels))
    moments = course.moments
    if not moments:
        return charts
    epochs = [moment.epoch for moment in moments]
    terms = {name: [moment.terms[name] for moment in moments] for name in moments[0].terms}
    terms = {name: values for name, values in terms.items() if any(values)}
    if terms:
        charts.append(stacked("terms of the loss, on a few rows", epochs, terms))
    for title, which in (("norm of the gradient", "gradients"), ("change since the last look, as a share", "changes")):
        weights = [name for name in moments[0].gradients if ".W" in name][: len(COLOURS)] or list(moments[0].gradients)
        seen = moments if which == "gradients" else moments[1:]
        if seen:
            curves = {name: [max(getattr(each, which)[name], TINY) for each in seen] for name in weights}
            charts.append(lines(title, [each.epoch for each in seen], curves))
    codes = [moment.code for moment in moments if moment.code is not None]
    if len(codes) == len(moments):
        charts.append(histogram("numbers of the code", epochs, codes, BINS))
    return charts

