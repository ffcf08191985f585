"""A report as a piece of HTML for notebooks: one <div> with its own style, no script, nothing loaded.

    title, rows, findings --escaped--> <div>

Text takes the colour of what is around it and the background stays as it is, so it reads on light and on dark pages.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from aescratch.inspection.gradcheck.printing import Finding, Printable

# White on each badge has a contrast of 5 or more (WCAG asks for 4.5).
STYLE = """
.aescratch-report { font: 14px/1.5 system-ui, sans-serif; color: inherit; max-width: 60rem; }
.aescratch-report table { border-collapse: collapse; margin: .5em 0; color: inherit; font: inherit; }
.aescratch-report th, .aescratch-report td {
  text-align: left; padding: .2em .8em .2em 0; border-bottom: 1px solid rgba(128, 128, 128, .4);
  color: inherit; background: transparent; font-variant-numeric: tabular-nums; }
.aescratch-report b.badge { color: #fff; padding: .05em .5em; border-radius: .3em; font-weight: 600; }
.aescratch-report b.pass { background: #1a7f37; }
.aescratch-report b.fail, .aescratch-report b.error { background: #c62f2f; }
.aescratch-report b.inconclusive { background: #8a6100; }
.aescratch-report b.note { background: #60656c; }
.aescratch-report .finding { border-left: 3px solid rgba(128, 128, 128, .6); padding-left: .8em; margin: .6em 0; }
.aescratch-report p { margin: .15em 0; white-space: pre-wrap; overflow-wrap: anywhere; }
"""


def to_html(report: Printable) -> str:
    """Return the report as a <div>.

    Examples
    --------
    >>> report = ae.check_function(ae.functions.tanh, ae.functions.tanh_backward, {"a": np.ones((2, 3))})
    >>> to_html(report).splitlines()[0]
    '<div class="aescratch-report">'
    """
    head, *rows = report.rows()
    lines = [f'<div class="aescratch-report">\n<style>{STYLE}</style>\n<p><strong>{_text(report.title)}</strong></p>']
    lines += ["<table>\n<thead>" + _row(head, "th") + "</thead>\n<tbody>", *_body(rows), "</tbody>\n</table>"]
    for finding, numbers, cause in report.paragraphs():
        lines += _finding(finding, numbers, cause)
    _, _, rest = report.summary().partition(": ")
    lines += [f"<p>{_badge(report.verdict)} {_text(rest)}</p>", "</div>"]
    return "\n".join(lines)


def _body(rows: list[tuple[str, ...]]) -> Iterator[str]:
    for *cells, verdict in rows:
        yield _row([_text(cell) for cell in cells] + [_badge(verdict)], "td", escaped=True)


def _finding(finding: Finding, numbers: str, cause: str) -> Iterator[str]:
    yield '<div class="finding">'
    if numbers:
        yield f"<p>{_badge(finding.severity)} {_text(numbers)}</p>"
    if cause:
        yield f"<p><strong>Likely cause:</strong> {_text(cause)}</p>"
    if finding.question:
        yield f"<p><strong>Ask yourself:</strong> <em>{_text(finding.question)}</em></p>"
    yield "</div>"


def _row(cells: list[str] | tuple[str, ...], tag: str, escaped: bool = False) -> str:
    texts = cells if escaped else [_text(cell) for cell in cells]
    return "<tr>" + "".join(f"<{tag}>{text}</{tag}>" for text in texts) + "</tr>"


def _badge(word: str) -> str:
    return f'<b class="badge {_text(word)}">{_text(word)}</b>'


def _text(text: str) -> str:
    return html.escape(text, quote=True)
