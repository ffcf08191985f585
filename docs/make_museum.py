"""Write docs/museum.md, the bug museum, from the exhibits in tests/museum. Run as ``python docs/make_museum.py``.

    exhibit -> its story, its code, and the checkers' output, run again
"""

import functools
import re
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
for folder in (HERE.parent, HERE.parent / "tests" / "museum"):
    sys.path.insert(0, str(folder))

import backwards  # noqa: E402
import forwards  # noqa: E402
import habits  # noqa: E402
import stops  # noqa: E402
from exhibition import EXHIBITS  # noqa: E402

from aescratch.inspection.gradcheck import MeaningReport  # noqa: E402

HALLS = {
    forwards: "Wrong forwards, which no gradient check sees",
    backwards: "Wrong backwards",
    habits: "Habits",
    stops: "Gradients that are declared",
}
HEAD = """# The bug museum

This page collects errors that were published in libraries, courses and answers that people learn from. Each is
rebuilt with this package's own parts, and shown with the output of the checkers. This is not meant as a reproach:
everyone who writes backward passes by hand makes some of these.

`ae.check_gradients` and `ae.check_function` compare a backward with finite differences of its forward.
`ae.check_meaning` compares the forward with the same quantity computed in another way. In all exhibits the batch `X`
has N = 7 examples of D = 5 numbers, and the code has H = 3 units. `A` is normal noise of X's shape. `replaced`
replaces the functions of `ae.functions` that have the same names.

`python docs/make_museum.py` writes this page, and the tests run every exhibit.
"""


def page():
    """Return the text of the page."""
    text = [HEAD, contents()]
    for hall, title in HALLS.items():
        text.append(f"## {title}\n")
        text += [room(exhibit) for exhibit in hung() if exhibit.build.__module__ == hall.__name__]
    return "\n".join(text)


def hung():
    """Return the exhibits, hall by hall."""
    names = [hall.__name__ for hall in HALLS]
    return sorted(EXHIBITS, key=lambda exhibit: names.index(exhibit.build.__module__))


@functools.cache
def reports_of(exhibit):
    """Return the checkers' reports on an exhibit."""
    return exhibit.reports()


def wrapped(text, indent=""):
    """Return text in lines of at most 110 characters."""
    return textwrap.fill(text, 110, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def contents():
    """Return a table of all exhibits."""
    rows = ["| exhibit | gradient check | check_meaning |", "| --- | --- | --- |"]
    for exhibit in hung():
        reports = reports_of(exhibit)
        seen = {kind: [r.verdict for r in reports if isinstance(r, MeaningReport) is kind] for kind in (False, True)}
        cells = ["sees it" if "fail" in seen[kind] else "sees nothing" if seen[kind] else "-" for kind in (False, True)]
        if exhibit.says.startswith("note: "):
            cells[0] = "notes it"
        rows.append(f"| {exhibit.title} | {cells[0]} | {cells[1]} |")
    return "\n".join([*rows, ""])


def room(exhibit):
    """Return an exhibit's part of the page."""
    outputs = "\n\n".join(printed(report, exhibit.says) for report in reports_of(exhibit))
    story, sources = wrapped(exhibit.story), wrapped(f"Seen in: {exhibit.sources}.")
    return (
        f"### {exhibit.title}\n\n{story}\n\n{sources}\n\n```python\n{exhibit.code}\n```\n\n"
        f"```text\n{outputs}\n```\n\n{exhibit.lesson}\n"
    )


def printed(report, says):
    """Return a report's text without the rows that pass; for a passing report, the relevant note."""
    lines = str(report).splitlines()
    if report.verdict == "pass":
        return "\n".join([lines[0], *(line for line in lines if says in line and line.startswith("note: ")), lines[-1]])
    if isinstance(report, MeaningReport):
        table = len(report.looks) + 1
        wrong = [line for line in lines[2 : table + 1] if line.endswith("fail")]
        lines = [lines[0], *([lines[1], *wrong] if wrong else []), *lines[table + 1 :]]
    lines = [re.sub(r"[\w./-]+/(?=\w+\.py)", "", line) for line in lines]  # only the file name of a path
    return "\n".join(wrapped(line, "    ") if re.match(r" *\w[\w ]*: ", line) else line for line in lines)


if __name__ == "__main__":
    HERE.joinpath("museum.md").write_text(page(), encoding="utf-8")
