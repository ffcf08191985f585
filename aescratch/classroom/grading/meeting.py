"""What a staff meeting asks of grades: how the totals lie, which parts are hard, who is stuck where, what was slow.

    Grades -> sections of summary.html
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from fractions import Fraction
from statistics import median

from aescratch.classroom.grading.formats import number
from aescratch.classroom.grading.grades import NO_FILE, Graded, Grades
from aescratch.classroom.grading.markup import bar, breakable, escaped, folded, listed, shortened, table
from aescratch.classroom.grading.parts import points_of
from aescratch.classroom.outcome import NOT_BEGUN, PASSED, TIMED_OUT

BINS = 10
MOST_PARTS = 12
MOST_TITLES = 6  # of exercises for a student
COLUMN, HEIGHT = 56, 130  # pixels of the chart


def is_begun(graded: Graded) -> bool:
    """Whether there is something to judge: a file, and more in it than what was handed out."""
    return graded.kind not in (NO_FILE, NOT_BEGUN)


def is_stuck(graded: Graded) -> bool:
    """Whether it was handed in and isn't right, nor given all points by the teacher."""
    return is_begun(graded) and graded.kind != PASSED and graded.earned < points_of(graded.exercise)


def distribution(grades: Grades) -> str:
    """Return the section on the totals, in per cent of what counts; who handed in nothing is told of apart."""
    began = [student for student in grades.students if any(map(is_begun, student.graded))]
    counts = Counter(min(int(student.points / (student.of or 1) * BINS), BINS - 1) for student in began)
    absent = len(grades.students) - len(began)
    without = f" Handed in nothing that could be judged: {absent}." if absent else ""
    return (
        f"<section><h2>How the totals lie</h2>\n<p>How many have so many per cent of what counts.{without}</p>\n"
        f"{_chart([counts[i] for i in range(BINS)])}</section>\n"
    )


def _chart(counts: Sequence[int]) -> str:
    """Return a histogram: a column with its number on it for each tenth, per cent at its edges."""
    width, most, base = COLUMN * len(counts), max(*counts, 1), HEIGHT + 20
    parts = [f'<text x="{width}" y="{base + 18}" text-anchor="end">100</text>']
    for i, count in enumerate(counts):
        left, height = COLUMN * i, round(HEIGHT * count / most)
        parts.append(
            f'<rect x="{left + 2}" y="{base - height}" width="{COLUMN - 4}" height="{height}"/>'
            f'<text x="{left + COLUMN // 2}" y="{base - height - 5}" text-anchor="middle">{count or ""}</text>'
            f'<text x="{left}" y="{base + 18}">{100 * i // len(counts)}</text>'
        )
    told = ", ".join(map(str, counts))
    return (
        f'<svg class="chart" viewBox="0 0 {width} {base + 24}" role="img" aria-label="students per tenth: {told}">'
        f'<path d="M0 {base + 0.5}H{width}"/>{"".join(parts)}</svg>\n'
    )


def hardest_parts(grades: Grades) -> str:
    """Return the section on the parts that earn least, of those who handed something in."""
    earned: dict[tuple[str, str], list[Fraction]] = defaultdict(list)
    for student in grades.students:
        for graded in filter(is_begun, student.graded):
            for entry in graded.entries:
                if entry.of:
                    earned[entry.exercise, entry.part].append(entry.points / entry.of)
    means = sorted((sum(shares, Fraction(0)) / len(shares), place) for place, shares in earned.items())
    rows = [
        f"<tr><th>{breakable(exercise)}: {escaped(part)}</th><td>{float(100 * mean):.0f} %</td>"
        f"<td>{len(earned[exercise, part])}</td>{bar(mean)}</tr>\n"
        for mean, (exercise, part) in means[:MOST_PARTS] if mean < 1
    ]  # fmt: skip
    text = table(["part", "of its points", "handed in", ""], rows) if rows else "<p>None: all is right.</p>"
    return f"<section><h2>Hardest parts</h2>{text}</section>\n"


def stuck(grades: Grades) -> str:
    """Return the section on who handed something in that doesn't pass: by exercise, and who with most."""
    rows = []
    for place, exercise in enumerate(grades.exercises):
        began = [student for student in grades.students if is_begun(student.graded[place])]
        names = [shortened(student.name) for student in began if is_stuck(student.graded[place])]
        if names:
            rows.append((-len(names), place, len(began), breakable(exercise.name), names))
    by_exercise = [f"<b>{title}</b>, {-n} of {began}: {listed(names)}" for n, _, began, title, names in sorted(rows)]
    where = [(s.name, [breakable(g.exercise.name) for g in s.graded if is_stuck(g)]) for s in grades.students]
    most = [
        f"<b>{shortened(name)}</b>, {len(titles)}: {listed(titles, MOST_TITLES)}"
        for name, titles in sorted(where, key=lambda row: (-len(row[1]), row[0])) if len(titles) > 1
    ]  # fmt: skip
    lists = folded({"In which exercise": by_exercise, "Who in several": most})
    note = '<p class="faint">Handed in, and not right yet; how often somebody tried isn\'t known.</p>'
    return f"<section><h2>Who is stuck where</h2>{note}\n{lists or '<p>Nobody.</p>'}</section>\n"


def runtime(grades: Grades) -> str:
    """Return the section on how long judging took; the one of the page that depends on the machine."""
    rows = []
    for place, exercise in enumerate(grades.exercises):
        those = [student.graded[place] for student in grades.students]
        seconds = [graded.seconds for graded in those if graded.seconds is not None]
        ended = sum(graded.kind == TIMED_OUT for graded in those)
        if seconds:
            rows.append(
                f"<tr><th>{breakable(exercise.name)}</th><td>{median(seconds):.1f}</td><td>{max(seconds):.1f}</td>"
                f"<td>{ended or ''}</td></tr>\n"
            )
    text = table(["exercise", "median, s", "longest, s", "out of time"], rows)
    return f'<section id="runtime"><h2>How long judging took</h2>{text}</section>\n' if rows else ""


def decisions(grades: Grades) -> str:
    """Return the section on what the teacher decided: each with what the checks gave."""
    groups: dict[str, list[str]] = defaultdict(list)
    for student in grades.students:
        lates: dict[str, list[str]] = defaultdict(list)
        for graded in student.graded:
            if graded.late:
                lates[str(graded.late)].append(breakable(graded.exercise.name))
        for late, names in lates.items():
            groups["Late"].append(f"{shortened(student.name)}, {listed(names, MOST_TITLES)}: {escaped(late)}")
        if student.deducted:
            points = f"{number(student.deducted)} deducted, {number(student.points)} count"
            groups["Deducted for lateness"].append(f"{shortened(student.name)}: {points}")
        for graded in student.graded:
            where = f"{shortened(student.name)}: {breakable(graded.exercise.name)}"
            if graded.override.points is not None:
                points = f"{number(graded.earned)}; the checks gave {number(graded.checked)}"
                groups["Points by you instead of the checks"].append(f"{where}, {points}")
            if graded.before is not None:
                groups["Regraded"].append(f"{where}, {number(graded.before)} before, {number(graded.points)} now")
            groups["Comments"] += [f"{where}: {escaped(comment)}" for comment in graded.override.comments]
    if dropped := Counter(g.exercise.name for s in grades.students for g in s.graded if g.dropped):
        groups["Dropped as lowest, how often"] = [f"{breakable(name)}: {n}" for name, n in dropped.most_common()]
    lists = folded(groups)
    return f"<section><h2>What you decided</h2>\n{lists}</section>\n" if lists else ""
