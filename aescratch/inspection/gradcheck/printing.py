"""The base of every report: findings, a verdict, and how they are displayed.

    title, table, findings -> plain text    str(report), print(report)
                           -> text in colour    report.show(), on a terminal only
                           -> one <div> with its own style, no script, nothing loaded    notebooks

A finding is printed in three parts: the numbers, the likely cause, and a question to go on with. The proof of a cause
is folded away; report.proofs() shows it. HTML inherits the text's colour and the background, so it reads on light and
on dark pages.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any, TextIO

import numpy as np

from aescratch.foundations.columns import columns_of, padded
from aescratch.foundations.language import gettext, gettext_noop

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
FIRST_WRONG = "first-wrong"  # the code of a finding about the place of a mistake
Paint = Callable[[str, str], str]
SHOWN = {
    PASS: gettext_noop("pass"), FAIL: gettext_noop("fail"), INCONCLUSIVE: gettext_noop("inconclusive"),
    "error": gettext_noop("error"), "note": gettext_noop("note"),
}  # fmt: skip
LIKELY_CAUSE, ASK_YOURSELF = gettext_noop("likely cause:"), gettext_noop("ask yourself:")
# ANSI colour numbers; the terminal's palette decides how they look.
COLOURS = {
    "title": "1", PASS: "32", FAIL: "1;31", "error": "1;31", INCONCLUSIVE: "33", "note": "2", "cause": "1",
    "question": "36",
}  # fmt: skip
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
.aescratch-report pre { margin: .15em 0 .15em 2em; white-space: pre-wrap; color: inherit; background: transparent; }
.aescratch-report p { margin: .15em 0; white-space: pre-wrap; overflow-wrap: anywhere; }
"""


class GradientCheckError(AssertionError):
    """A check didn't pass; the message is the report."""

    __module__ = "aescratch"  # the name in a traceback is the import path


@dataclass
class Finding:
    """One thing that a check found.

    Attributes
    ----------
    code : str
        A name for programs, such as ``"wrong-values"``.
    tensor : str or None
        The tensor, or the part of a model, that it is about.
    severity : str
        ``"error"``, ``"inconclusive"`` or ``"note"``.
    message : str
        One sentence with the observation and its numbers.
    evidence : dict
        The numbers behind the message.
    cause : str
        The likely cause, in one plain statement; empty if none can be claimed.
    question : str
        The next question to ask, without the formula; may be empty.
    proof : str
        The evidence for the cause: what it was tried on. It is shown only on request.
    """

    code: str
    tensor: str | None
    severity: str
    message: str
    evidence: dict[str, Any] = field(default_factory=dict)
    cause: str = ""
    question: str = ""
    proof: str = ""

    @property
    def source(self) -> str:
        """The line of code at fault, if it is known and the message doesn't quote it."""
        line = str(self.evidence.get("source", "")) if "line" in self.evidence else ""
        if not line or line in self.message:
            return ""
        number = self.evidence["line"]
        is_told = any(f"{before}{number}" in self.message for before in (":", "line "))
        return line if is_told else f"{self.evidence.get('file')}:{number}  {line}"


class Printable:
    """Base of the reports.

    Attributes
    ----------
    title : str
        What was checked, and how.
    findings : list of Finding
        What is wrong, uncertain, or worth knowing.
    """

    title: str
    findings: list[Finding]

    @property
    def verdict(self) -> str:
        """``"pass"``, ``"fail"`` or ``"inconclusive"``."""
        raise NotImplementedError

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table as texts, the header first; the last column is a verdict."""
        raise NotImplementedError

    def summary(self) -> str:
        """Return the last line, which begins with the verdict."""
        raise NotImplementedError

    def _verdict_of_findings(self) -> str:
        severities = {finding.severity for finding in self.findings}
        return FAIL if "error" in severities else INCONCLUSIVE if INCONCLUSIVE in severities else PASS

    def raise_if_failed(self) -> None:
        """Raise GradientCheckError, with the report as its message, unless the verdict is pass."""
        __tracebackhide__ = True
        if self.verdict != PASS:
            raise GradientCheckError(str(self))

    def show(self, file: TextIO | None = None) -> None:
        """Print the report, in colour if file, by default the standard output, is a terminal with colours.

        The environment variable NO_COLOR, set to any value, turns colour off.
        """
        file = sys.stdout if file is None else file
        print("\n".join(self._lines(_in_colour if _wants_colour(file) else _plain)), file=file)

    def proofs(self) -> str:
        """Return the proof of each cause, a line for each: what it was tried on, and the error of the next best."""
        return "\n".join(f"{f.cause}: {f.proof}" for f in self.sorted_findings() if f.proof)

    def _plain(self, **more: Any) -> dict[str, Any]:
        """Return title, verdict, what a report has beside them, and findings as plain values, ready for JSON."""
        whole = {"title": self.title, "verdict": self.verdict, **more, "findings": list(map(asdict, self.findings))}
        plain: dict[str, Any] = plain_values(whole)
        return plain

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {self.title}: {self.summary()}>"

    def __str__(self) -> str:
        return "\n".join(self._lines(_plain))

    def _repr_html_(self) -> str:
        head, *rows = self.rows()
        body = [_row([*map(escape, cells), _badge(verdict)], "td") for *cells, verdict in rows]
        title, titles = escape(self.title), _row(map(escape, head), "th")
        lines = [f'<div class="aescratch-report">\n<style>{STYLE}</style>\n<p><strong>{title}</strong></p>']
        lines += [f"<table>\n<thead>{titles}</thead>\n<tbody>", *body, "</tbody>\n</table>"]
        for finding, numbers, cause in self.paragraphs():
            lines.append('<div class="finding">')
            for text, label, shape in (
                (numbers, _badge(finding.severity), "<p>{} {}</p>"),
                (finding.source, "", "<pre>{}{}</pre>"),
                (cause, gettext("Likely cause:"), "<p><strong>{}</strong> {}</p>"),
                (finding.question, gettext("Ask yourself:"), "<p><strong>{}</strong> <em>{}</em></p>"),
                (finding.proof, gettext("How sure is that?"), "<details><summary>{}</summary><p>{}</p></details>"),
            ):
                lines += [shape.format(label, escape(text))] if text else []
            lines.append("</div>")
        _, _, rest = self.summary().partition(": ")
        return "\n".join([*lines, f"<p>{_badge(self.verdict)} {escape(rest)}</p>", "</div>"])

    def _lines(self, paint: Paint) -> Iterator[str]:
        yield paint(self.title, "title")
        yield from _table(self.rows(), paint)
        for finding, numbers, cause in self.paragraphs():
            if numbers:
                yield f"{paint(f'{shown(finding.severity)}:', finding.severity)} {_indented(numbers)}"
            if finding.source:
                yield f"    {finding.source}"
            if cause:
                yield f"  {paint(gettext(LIKELY_CAUSE), 'cause')} {_indented(cause)}"
            if finding.question:
                yield f"  {paint(gettext(ASK_YOURSELF), 'question')} {_indented(finding.question)}"
        yield paint(self.summary(), self.verdict)

    def paragraphs(self) -> Iterator[tuple[Finding, str, str]]:
        """Yield every finding with its numbers and its cause, for printing.

        A finding about a cause begins with the cause. The rest is the second half of the tensor's numbers, and is
        printed after these on the same line.
        """
        tensor: str | None = None
        for finding in self.sorted_findings():
            numbers, cause = finding.message, finding.cause
            if cause and numbers.startswith(cause):
                follows = tensor is not None and tensor == finding.tensor
                numbers, cause = ("", numbers) if follows else (numbers, "")
            tensor = finding.tensor
            yield finding, numbers, cause

    @property
    def nearest_first(self) -> list[str]:
        """The names of the table's tensors from the loss backward."""
        return []

    def sorted_findings(self) -> list[Finding]:
        """Return the findings in reading order: first the place of a mistake, then from the loss backward.

        Findings about the same tensor are adjacent. Findings about no tensor of the table come before or after all of
        these, in the order in which they were found.
        """
        place = {id(finding): number for number, finding in enumerate(self.findings)}
        first: dict[str | None, int] = {}
        for finding in self.findings:
            first.setdefault(finding.tensor, place[id(finding)])
        nearest = self.nearest_first
        begins = min((first[name] for name in nearest if name in first), default=len(place))
        located = next((finding.tensor for finding in self.findings if finding.code == FIRST_WRONG), None)

        def key(finding: Finding) -> tuple[int, int]:
            name = finding.tensor
            leads = finding.code == FIRST_WRONG or "repaired" in finding.evidence
            if leads or (located and name and name.startswith(f"{located}: ")):
                return 0, place[id(finding)]
            if name in nearest:
                return 2, nearest.index(name)
            found = place[id(finding)] if name is None else first[name]
            return (1 if found < begins else 3), found

        return sorted(self.findings, key=key)


def plain_values(value: Any) -> Any:
    """Return value in JSON types only; numbers that aren't finite become None."""
    if isinstance(value, Mapping):
        return {str(name): plain_values(inner) for name, inner in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return plain_values(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_values(inner) for inner in value]
    if isinstance(value, float):
        return float(value) if np.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _table(rows: Sequence[tuple[str, ...]], paint: Paint) -> Iterator[str]:
    """Yield the rows as aligned lines."""
    widths = [max(columns_of(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        *cells, verdict = row
        aligned = [padded(cell, width) for cell, width in zip(cells, widths[:-1], strict=True)]
        yield "  ".join([*aligned, paint(shown(verdict), verdict)])


def shown(word: str) -> str:
    """Return a verdict or a severity in the language in force, and any other word as it is."""
    return gettext(SHOWN[word]) if word in SHOWN else word


def _indented(text: str) -> str:
    """Return a text with its further lines indented under the first."""
    return text.replace("\n", "\n    ")


def _plain(text: str, role: str) -> str:
    return text


def _in_colour(text: str, role: str) -> str:
    return f"\033[{COLOURS[role]}m{text}\033[0m" if role in COLOURS else text


def _wants_colour(file: TextIO) -> bool:
    is_terminal = getattr(file, "isatty", lambda: False)()
    return bool(is_terminal) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _row(cells: Iterable[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def _badge(word: str) -> str:
    return f'<b class="badge {escape(word)}">{escape(shown(word))}</b>'
