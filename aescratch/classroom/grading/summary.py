"""The teacher's page: grades, which mistakes were made how often and by whom, and what a person has to look at.

    Grades -> one page of HTML that fetches nothing; whatever a student wrote is escaped
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from fractions import Fraction
from statistics import median

from aescratch.classroom.grading.formats import number
from aescratch.classroom.grading.grades import NO_FILE, Graded, Grades
from aescratch.classroom.grading.markup import bar, breakable, escaped, folded, listed, page, shortened, table
from aescratch.classroom.grading.meeting import decisions, distribution, hardest_parts, is_begun, runtime, stuck
from aescratch.classroom.grading.parts import points_of
from aescratch.classroom.outcome import DIED, HEADLINES, NOT_BEGUN, PASSED, TIMED_OUT

MOST_CLUSTERS = 60  # those of one student each are the last
MOST_NAMES = 40  # of a cluster that are shown
MOST_GROUPS = 8  # kinds of a mistake, by what was said of it
LONGEST_EXAMPLE = 900  # characters; of a thousand students the page is to stay small enough to send
Cluster = list[tuple[str, Graded]]


def clusters(grades: Grades) -> list[Cluster]:
    """Return who made the same mistake, the most frequent first; what passes, or isn't there, is no mistake."""
    found: dict[tuple[str, str, str], Cluster] = defaultdict(list)
    for student in grades.students:
        for graded in student.graded:
            if is_begun(graded) and graded.kind != PASSED:
                found[graded.exercise.name, graded.code, graded.cause].append((student.name, graded))
    return [found[key] for key in sorted(found, key=lambda key: (-len(found[key]), key))]


def subgroups(cluster: Cluster) -> list[tuple[str, Cluster]]:
    """Return a cluster by what was said of the first part that was lost, whatever the line, the most frequent first."""
    found: dict[str, Cluster] = defaultdict(list)
    for name, graded in cluster:
        reason = next((entry.reason for entry in graded.entries if entry.points < entry.of), "no part is lost")
        found[re.sub(r" \(line \d+\)", "", reason)].append((name, graded))
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))


def _names(cluster: Cluster) -> str:
    return listed([shortened(name) for name, _ in cluster], MOST_NAMES)


def as_html(grades: Grades) -> str:
    """Return the page."""
    looks = (_head, _by_hand, decisions, distribution, _progress, hardest_parts, _mistakes, stuck, runtime, _table)
    return page("Grades", "".join(look(grades) for look in looks))


def _head(grades: Grades) -> str:
    count = len(grades.students)
    totals = [student.points for student in grades.students]
    text = (
        f"<h1>Grades</h1>\n<p>Submissions: {count}, exercises: {len(grades.exercises)}, points: {number(grades.of)}. "
        f"The median is {float(median(totals)):g}, the highest {number(max(totals))}, the lowest "
        f"{number(min(totals))}.</p>\n"
    )
    if grades.unlimited:
        missing = escaped("; ".join(grades.unlimited))
        text += f"<p><strong>Submissions were not kept from everything:</strong> {missing}</p>\n"
    return text + f'<p class="faint">aescratch {grades.version}</p>\n'


def _by_hand(grades: Grades) -> str:
    """Return the section on what a person has to look at: flags, ends before time, time-outs, remarks."""
    everything = [
        (f"{shortened(s.name)}: {g.exercise.name}", g)
        for s in grades.students for g in s.graded if g.override.points is None  # otherwise somebody looked already
    ]  # fmt: skip
    reasons = [(what, [entry.reason for entry in graded.entries if entry.flagged]) for what, graded in everything]
    odd = [f"{shortened(s.name)}: {escaped('; '.join(s.remarks))}" for s in grades.students if s.remarks]
    groups = {
        "The checks can't tell": [f"{what}, {escaped(flagged[0])}" for what, flagged in reasons if flagged],
        "Perhaps by difference quotients, and not by a formula":
            [f"{what}, {escaped(g.quotients)}" for what, g in everything if g.quotients],
        "Ended before the checks did, as hostile code does": [what for what, g in everything if g.kind == DIED],
        "Didn't come to an end in time": [what for what, g in everything if g.kind == TIMED_OUT],
        "Not placed, or odd about exports and roster": [escaped(remark) for remark in grades.remarks],
        "Odd about what was handed in": odd,
    }
    return f"<section><h2>To look at yourself</h2>\n{folded(groups) or '<p>Nothing.</p>'}</section>\n"


def _progress(grades: Grades) -> str:
    """Return the section on how far along the course is, an exercise a row."""
    rows = []
    for place, exercise in enumerate(grades.exercises):
        kinds = [student.graded[place].kind for student in grades.students]
        passed, absent = kinds.count(PASSED), kinds.count(NO_FILE) + kinds.count(NOT_BEGUN)
        mean = sum((s.graded[place].points for s in grades.students), Fraction(0)) / len(kinds)
        rows.append(
            f"<tr><th>{breakable(exercise.name)}</th><td>{passed}</td><td>{len(kinds) - passed - absent}</td>"
            f"<td>{absent}</td><td>{float(mean):.2f} of {number(points_of(exercise))}</td>"
            f"{bar(Fraction(passed, len(kinds)))}</tr>\n"
        )
    heads = ["exercise", "pass", "not yet", "not begun", "mean points", ""]
    return f"<section><h2>How far along</h2>{table(heads, rows)}</section>\n"


def _mistakes(grades: Grades) -> str:
    """Return the section on mistakes: how often, who, and one answer as an example."""
    found = clusters(grades)
    texts = []
    for cluster in found[:MOST_CLUSTERS]:
        graded = cluster[0][1]
        code = graded.code.replace("-", " ").replace("@", " of ")
        what = graded.cause or HEADLINES.get(graded.code, code)
        groups = subgroups(cluster)
        kinds = "".join(
            f"<li>{len(group)}: {escaped(reason)}<br>{_names(group)}</li>" for reason, group in groups[:MOST_GROUPS]
        )
        if len(groups) > MOST_GROUPS:
            kinds += f"<li>and {len(groups) - MOST_GROUPS} kinds more</li>"
        who, kinds = f"{len(groups)} kinds: who, and an example", f"<ul>{kinds}</ul>"
        if len(groups) == 1:
            who, kinds = _names(cluster), ""
        sections = Counter(grades.sections[name] for name, _ in cluster if name in grades.sections)
        told = "; ".join(f"{escaped(section)}: {n}" for section, n in sorted(sections.items()))
        times = "once" if len(cluster) == 1 else f"{len(cluster)} times"
        example = escaped(graded.answer[:LONGEST_EXAMPLE])
        texts.append(
            f"<h3>{escaped(graded.exercise.name)}, {times}: {escaped(what)}</h3>\n"
            + (f'<p class="faint">By section: {told}</p>' if told else "")
            + f"<details><summary>{who}</summary>{kinds}<pre>{example}</pre></details>\n"
        )
    left = len(found) - len(texts)
    rest = f"<p>{left} more, made by at most {len(found[len(texts)])} each; grades.json has them.</p>\n" if left else ""
    return f"<section><h2>Mistakes, the most frequent first</h2>\n{''.join(texts) or '<p>None.</p>'}{rest}</section>\n"


def _table(grades: Grades) -> str:
    """Return the section with the grades."""
    heads = "".join(f"<th><span>{escaped(exercise.name)}</span></th>" for exercise in grades.exercises)
    of = "".join(f"<td>{number(points_of(exercise))}</td>" for exercise in grades.exercises)
    rows = [f'<tr class="faint"><th>points</th>{of}<td>{number(grades.of)}</td></tr>\n']
    for student in grades.students:
        cells = "".join(_cell(graded) for graded in student.graded)
        total = f"{number(student.points)}{f' of {number(student.of)}' if student.of != grades.of else ''}"
        rows.append(f"<tr><th>{shortened(student.called)}</th>{cells}<td>{total}</td></tr>\n")
    return (
        '<section><h2>Grades</h2><p class="faint">A star: look at it yourself. A dash: no file. In brackets: what the '
        "checks gave, where you gave other points. Struck out: dropped, and not in the total.</p>"
        f'<div class="scroll"><table><thead><tr><th>student</th>{heads}<th>total</th></tr></thead>\n'
        f"<tbody>{''.join(rows)}</tbody></table></div></section>\n"
    )


def _cell(graded: Graded) -> str:
    given = graded.override.points is not None
    share = graded.points / (points_of(graded.exercise) or 1)
    shade = "a" if share == 1 else "b" if share >= Fraction(1, 2) else "c" if share else "d"
    points, kind = f"{number(graded.points)}{'*' if graded.flagged else ''}", f' class="{shade}"'
    if graded.kind == NO_FILE and not given:
        points, kind = "–", ""
    if graded.dropped:
        points, kind = f"<s>{points}</s>", ' class="faint"'
    return f"<td{kind}>{points}{f' ({number(graded.checked)})' if given else ''}</td>"
