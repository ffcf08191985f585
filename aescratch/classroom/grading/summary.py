"""The teacher's page: grades, which mistakes were made how often and by whom, and what a person has to look at.

    Grades -> one page of HTML that fetches nothing; whatever a student wrote is escaped
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from html import escape
from pathlib import Path

from aescratch.classroom.grading.formats import number
from aescratch.classroom.grading.grades import NO_FILE, Graded, Grades
from aescratch.classroom.grading.parts import points_of
from aescratch.classroom.outcome import DIED, HEADLINES, NOT_BEGUN, PASSED, TIMED_OUT

MOST_CLUSTERS = 60  # those of one student each are the last
MOST_NAMES = 40  # of a cluster that are shown
LONGEST_NAME = 40
LONGEST_EXAMPLE = 900  # characters; of a thousand students the page is to stay small enough to send
FEW_LINES, MOST_LINES = 10, 100  # of a list that is unfolded from the start, and at all
WIDTH = 160  # pixels, of the longest bar
Cluster = list[tuple[str, Graded]]


def clusters(grades: Grades) -> list[Cluster]:
    """Return who made the same mistake, the most frequent first; what passes, or isn't there, is no mistake."""
    found: dict[tuple[str, str, str], Cluster] = defaultdict(list)
    for student in grades.students:
        for graded in student.graded:
            if graded.kind not in (PASSED, NO_FILE, NOT_BEGUN):
                found[graded.exercise.name, graded.code, graded.cause].append((student.name, graded))
    return [found[key] for key in sorted(found, key=lambda key: (-len(found[key]), key))]


def as_html(grades: Grades) -> str:
    """Return the page."""
    style = (Path(__file__).parent / "summary.css").read_text(encoding="utf-8")
    sections = [_head(grades), _by_hand(grades), _progress(grades), _mistakes(grades), _table(grades)]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Grades</title>\n<style>\n{style}</style></head>\n<body>\n{''.join(sections)}</body></html>\n"
    )


def _head(grades: Grades) -> str:
    count = len(grades.students)
    totals = sorted(student.points for student in grades.students)
    middle = (totals[(count - 1) // 2] + totals[count // 2]) / 2
    lines = [
        f"Submissions: {count}, exercises: {len(grades.exercises)}, points: {number(grades.of)}.",
        f"The median is {float(middle):g}, the highest {number(totals[-1])}, the lowest {number(totals[0])}.",
    ]
    text = f"<h1>Grades</h1>\n<p>{' '.join(lines)}</p>\n"
    if grades.unlimited:
        missing = _escaped("; ".join(grades.unlimited))
        text += f"<p><strong>Submissions were not kept from everything:</strong> {missing}</p>\n"
    return text + f'<p class="faint">aescratch {grades.version}, seed {grades.seed}</p>\n'


def _by_hand(grades: Grades) -> str:
    """Return the section on what a person has to look at: flags, ends before time, time-outs, remarks."""
    everything = [(f"{_name(s.name)}: {graded.exercise.name}", graded) for s in grades.students for graded in s.graded]
    reasons = [(what, [entry.reason for entry in graded.entries if entry.flagged]) for what, graded in everything]
    odd = [f"{_name(s.name)}: {_escaped('; '.join(s.remarks))}" for s in grades.students if s.remarks]
    groups = {
        "The checks can't tell": [f"{what}, {_escaped(flagged[0])}" for what, flagged in reasons if flagged],
        "Ended before the checks did, as hostile code does": [what for what, g in everything if g.kind == DIED],
        "Didn't come to an end in time": [what for what, g in everything if g.kind == TIMED_OUT],
        "Odd about what was handed in": [_escaped(remark) for remark in grades.remarks] + odd,
    }
    lists = "".join(_list(title, lines) for title, lines in groups.items() if lines)
    return f"<section><h2>To look at yourself</h2>\n{lists or '<p>Nothing.</p>'}</section>\n"


def _list(title: str, lines: Sequence[str]) -> str:
    """Return a list that can be folded."""
    items = "".join(f"<li>{line}</li>" for line in lines[:MOST_LINES])
    more = f"<li>and {len(lines) - MOST_LINES} more, all in grades.json</li>" if len(lines) > MOST_LINES else ""
    is_open = " open" if len(lines) <= FEW_LINES else ""
    return f"<details{is_open}><summary>{title} ({len(lines)})</summary>\n<ul>{items}{more}</ul></details>\n"


def _progress(grades: Grades) -> str:
    """Return the section on how far along the course is, an exercise a row."""
    rows = []
    for place, exercise in enumerate(grades.exercises):
        kinds = [student.graded[place].kind for student in grades.students]
        passed, absent = kinds.count(PASSED), kinds.count(NO_FILE) + kinds.count(NOT_BEGUN)
        mean = sum((s.graded[place].points for s in grades.students), Fraction(0)) / len(kinds)
        width = round(WIDTH * passed / len(kinds))
        name = _escaped(exercise.name).replace("_", "_<wbr>")  # may be broken there
        rows.append(
            f"<tr><th>{name}</th><td>{passed}</td><td>{len(kinds) - passed - absent}</td>"
            f"<td>{absent}</td><td>{float(mean):.2f} of {number(points_of(exercise))}</td>"
            f'<td style="text-align:left"><span class="bar" style="width:{width}px"></span></td></tr>\n'
        )
    return (
        '<section><h2>How far along</h2><div class="scroll"><table class="far"><thead><tr><th>exercise</th>'
        "<th>pass</th><th>not yet</th><th>not begun</th><th>mean points</th><th></th></tr></thead>\n"
        f"<tbody>{''.join(rows)}</tbody></table></div></section>\n"
    )


def _mistakes(grades: Grades) -> str:
    """Return the section on mistakes: how often, who, and one answer as an example."""
    found = clusters(grades)
    texts = []
    for cluster in found[:MOST_CLUSTERS]:
        graded = cluster[0][1]
        code = graded.code.replace("-", " ").replace("@", " of ")
        what = graded.cause or HEADLINES.get(graded.code, code)
        names = ", ".join(_name(name) for name, _ in cluster[:MOST_NAMES])
        more = f" and {len(cluster) - MOST_NAMES} more" if len(cluster) > MOST_NAMES else ""
        times = "once" if len(cluster) == 1 else f"{len(cluster)} times"
        example = _escaped(graded.answer[:LONGEST_EXAMPLE])
        texts.append(
            f"<h3>{_escaped(graded.exercise.name)}, {times}: {_escaped(what)}</h3>\n"
            f"<details><summary>{names}{more}</summary><pre>{example}</pre></details>\n"
        )
    left = len(found) - len(texts)
    rest = f"<p>{left} more, made by at most {len(found[len(texts)])} each; grades.json has them.</p>\n" if left else ""
    return f"<section><h2>Mistakes, the most frequent first</h2>\n{''.join(texts) or '<p>None.</p>'}{rest}</section>\n"


def _table(grades: Grades) -> str:
    """Return the section with the grades."""
    heads = "".join(f"<th><span>{_escaped(exercise.name)}</span></th>" for exercise in grades.exercises)
    of = "".join(f"<td>{number(points_of(exercise))}</td>" for exercise in grades.exercises)
    rows = [f'<tr class="faint"><th>points</th>{of}<td>{number(grades.of)}</td></tr>\n']
    for student in grades.students:
        cells = "".join(_cell(graded) for graded in student.graded)
        rows.append(f"<tr><th>{_name(student.name)}</th>{cells}<td>{number(student.points)}</td></tr>\n")
    return (
        '<section><h2>Grades</h2><p class="faint">A star: look at it yourself. A dash: no file.</p>'
        f'<div class="scroll"><table><thead><tr><th>student</th>{heads}<th>total</th></tr></thead>\n'
        f"<tbody>{''.join(rows)}</tbody></table></div></section>\n"
    )


def _cell(graded: Graded) -> str:
    if graded.kind == NO_FILE:
        return "<td>–</td>"
    share = graded.points / (points_of(graded.exercise) or 1)
    shade = "a" if share == 1 else "b" if share >= Fraction(1, 2) else "c" if share else "d"
    return f'<td class="{shade}">{number(graded.points)}{"*" if graded.flagged else ""}</td>'


def _name(name: str) -> str:
    return _escaped(name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…")


def _escaped(text: str) -> str:
    return escape(text, quote=True)
