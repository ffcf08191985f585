"""Similar code, for the teacher alone: a page with the code side by side, and a file for programs.

    Lookalikes of each exercise -> lookalikes.html, which fetches nothing and escapes what students wrote
                                -> lookalikes.json: exercise, students, likeness
"""

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from aescratch.classroom.grading.lookalikes import Lookalikes, Pair
from aescratch.classroom.grading.markup import page
from aescratch.foundations.files import write_text
from aescratch.foundations.language import gettext, gettext_noop

NOTE = gettext_noop(
    "Evidence, never a verdict. Similar files don't show who wrote them, or how: people work together where that is "
    "allowed, learn from the same book, or have the same odd idea. Read both, and ask."
)
MOST_PAIRS = 30  # of an exercise that are shown side by side
LONGEST = 200  # lines of a file that are shown


def write_lookalikes(folder: Path, found: Sequence[Lookalikes]) -> int:
    """Write both files, and return how many groups there are."""
    write_text(folder / "lookalikes.html", as_html(found))
    write_text(folder / "lookalikes.json", as_json(found))
    return sum(len(each.groups) for each in found)


def as_json(found: Sequence[Lookalikes]) -> str:
    """Return groups and pairs of every exercise."""
    exercises = [
        {
            "exercise": each.exercise.name, "files": len(each.texts), "least_weight": round(each.least, 1),
            "groups": each.groups,
            "pairs": [
                {
                    "students": list(pair.students), "likeness": round(pair.likeness, 3),
                    "weight": round(pair.weight, 1), "same_file": _is_same(each, pair),
                }
                for pair in each.pairs
            ],
        }
        for each in found
    ]  # fmt: skip
    return json.dumps({"note": NOTE, "exercises": exercises}, indent=1) + "\n"


def as_html(found: Sequence[Lookalikes]) -> str:
    """Return the page."""
    sections = "".join(_section(each) for each in found if each.pairs)
    nothing = f"<p>{gettext('Nothing stands out.')}</p>\n"
    counts = gettext(
        "Names, comments, layout and the order of lines don't count, and neither does code of the stub, the solution "
        "or a known mistake. Only code that hardly anybody else in this class wrote counts; its lines are marked."
    )
    title = gettext("Lookalikes")
    body = f"<h1>{title}</h1>\n<p><strong>{gettext(NOTE)}</strong></p>\n<p>{counts}</p>\n{sections or nothing}"
    return page(title, body, "lookalikes.css")


def _section(found: Lookalikes) -> str:
    groups = "".join(f"<li>{escape(', '.join(group))}</li>" for group in found.groups)
    pairs = "".join(_side_by_side(found, pair) for pair in found.pairs[:MOST_PAIRS])
    left = len(found.pairs) - MOST_PAIRS
    rest = gettext("{count} more pairs are in lookalikes.json.").format(count=left)
    more = f"<p>{rest}</p>\n" if left > 0 else ""
    listed = gettext("Files: {files}. Pairs are listed if their weight is at least {least:.0f}.")
    head = f"<h2>{escape(found.exercise.name)}</h2>\n<p>{listed.format(files=len(found.texts), least=found.least)}</p>"
    return f"<section>{head}\n<ul>{groups}</ul>\n{pairs}{more}</section>\n"


def _side_by_side(found: Lookalikes, pair: Pair) -> str:
    alike = gettext("likeness {likeness:.0%}").format(likeness=pair.likeness)
    says = gettext("identical files") if _is_same(found, pair) else alike
    sides = "".join(
        f"<div><h4>{escape(student)}</h4><pre>{_code(found.texts[student], lines)}</pre></div>"
        for student, lines in zip(pair.students, pair.lines, strict=True)
    )
    names = escape(gettext(" and ").join(pair.students))
    head = gettext("{names}: {likeness}, weight {weight:.0f}")
    return (
        f"<details><summary>{head.format(names=names, likeness=says, weight=pair.weight)}</summary>\n"
        f'<div class="pair">{sides}</div></details>\n'
    )


def _code(text: bytes, marked: set[int]) -> str:
    lines = text.decode(errors="replace").splitlines()
    shown = [
        f"<mark>{escape(line)}</mark>" if number in marked else escape(line)
        for number, line in enumerate(lines[:LONGEST], 1)
    ]
    return "\n".join([*shown, "..."] if len(lines) > LONGEST else shown)


def _is_same(found: Lookalikes, pair: Pair) -> bool:
    one, other = pair.students
    return found.texts[one] == found.texts[other]
