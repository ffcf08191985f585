"""The teacher's page: everything that needs a decision, and statistics of grades and mistakes for a staff meeting.

    Grades -> sections -> one page of HTML that fetches nothing; all texts of students are escaped
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from fractions import Fraction
from html import escape
from statistics import median

from aescratch.classroom.grading.exports.attempts import listed
from aescratch.classroom.grading.grades import NO_FILE, Graded, Grades
from aescratch.classroom.grading.marks import LAW_HOLDS
from aescratch.classroom.grading.markup import breakable, folded, page, shortened, table
from aescratch.classroom.grading.parts import number
from aescratch.classroom.grading.reasons import AT_LINE
from aescratch.classroom.outcome import DIED, HEADLINES, NOT_BEGUN, PASSED, TIMED_OUT, headline
from aescratch.foundations.language import gettext, language, told

MOST_CLUSTERS = 60  # clusters that are shown; those with one student come last
MOST_NAMES = 40  # names of a cluster that are shown
MOST_GROUPS = 8  # kinds of a mistake, by its message
LONGEST_EXAMPLE = 900  # characters; with a thousand students the page must still be small enough to send
MOST_PARTS, MOST_TITLES = 12, 6  # hardest parts, and exercises for a student
BINS, COLUMN, HEIGHT = 10, 56, 130  # of the chart: columns, and pixels of each
Cluster = list[tuple[str, Graded]]


def clusters(grades: Grades) -> list[Cluster]:
    """Return the students, as called on pages, by mistake, most frequent first; without passed and missing files."""
    found: dict[tuple[str, str, str], Cluster] = defaultdict(list)
    for student in grades.students:
        for graded in student.graded:
            if _is_begun(graded) and graded.kind != PASSED:
                found[graded.exercise.name, graded.code, graded.cause].append((student.called, graded))
    return [found[key] for key in sorted(found, key=lambda key: (-len(found[key]), key))]


def subgroups(cluster: Cluster) -> list[tuple[str, Cluster]]:
    """Return a cluster by the reason for the first lost part, without its line, the most frequent first."""
    found: dict[str, Cluster] = defaultdict(list)
    before, after = map(re.escape, gettext(AT_LINE).split("{line}"))
    for name, graded in cluster:
        lost = (entry.reason for entry in graded.entries if entry.points < entry.of)
        reason = next(lost, gettext("no part is lost"))
        found[re.sub(rf"{before}\d+{after}", "", reason)].append((name, graded))
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))


def _names(cluster: Cluster) -> str:
    return listed([shortened(name) for name, _ in cluster], MOST_NAMES)


def as_html(grades: Grades) -> str:
    """Return the page."""
    looks = (_head, _by_hand, _decisions, _distribution, _progress, _hardest_parts, _mistakes, _stuck, _runtime, _table)
    return page(gettext("Grades"), "".join(look(grades) for look in looks))


def _head(grades: Grades) -> str:
    count = len(grades.students)
    totals = [student.points for student in grades.students]
    counts = gettext(
        "Submissions: {count}, exercises: {exercises}, points: {points}. The median is {median:g}, the highest "
        "{highest}, the lowest {lowest}."
    ).format(
        count=count, exercises=len(grades.exercises), points=grades.of, median=float(median(totals)),
        highest=number(max(totals)), lowest=number(min(totals)),
    )  # fmt: skip
    text = f"<h1>{gettext('Grades')}</h1>\n<p>{counts}</p>\n"
    if grades.unlimited:
        missing = escape("; ".join(map(told, grades.unlimited)))
        text += f"<p><strong>{gettext('Submissions were not completely confined:')}</strong> {missing}</p>\n"
    return text + f'<p class="faint">aescratch {grades.version}</p>\n'


def _by_hand(grades: Grades) -> str:
    """Return the section on what needs a decision: flags, crashes, timeouts, remarks."""
    everything = [
        (f"{shortened(s.name)}: {g.exercise.name}", g)
        for s in grades.students for g in s.graded if g.override.points is None  # else the teacher has decided
    ]  # fmt: skip
    reasons = [(what, [entry.reason for entry in graded.entries if entry.flagged]) for what, graded in everything]
    odd = [f"{shortened(s.name)}: {escape('; '.join(s.remarks))}" for s in grades.students if s.remarks]
    groups = {
        gettext("The checks can't tell"): [f"{what}, {escape(flagged[0])}" for what, flagged in reasons if flagged],
        gettext("Perhaps by difference quotients, and not by a formula"):
            [f"{what}, {escape(g.quotients)}" for what, g in everything if g.quotients],
        gettext("Ended before the checks finished, as hostile code does"):
            [what for what, g in everything if g.kind == DIED],
        gettext("Didn't finish in time"): [what for what, g in everything if g.kind == TIMED_OUT],
        gettext("Remarks on exports and roster"): [escape(remark) for remark in grades.remarks],
        gettext("Remarks on submissions"): odd,
    }
    lists = folded(groups) or f"<p>{gettext('Nothing.')}</p>"
    return f"<section><h2>{gettext('For you to check')}</h2>\n{lists}</section>\n"


def _progress(grades: Grades) -> str:
    """Return the section on the progress of the course, with one row for each exercise."""
    rows = []
    without: list[str] = []
    for place, exercise in enumerate(grades.exercises):
        kinds = [student.graded[place].kind for student in grades.students]
        passed, absent = kinds.count(PASSED), kinds.count(NO_FILE) + kinds.count(NOT_BEGUN)
        mean = sum((s.graded[place].points for s in grades.students), Fraction(0)) / len(kinds)
        points = gettext("{points:.2f} of {of}").format(points=float(mean), of=exercise.points)
        cells = [breakable(exercise.name), points, absent, len(kinds) - passed - absent, passed]
        rows.append((cells, Fraction(passed, len(kinds))))
        if names := [shortened(s.called) for s in grades.students if s.graded[place].kind == NO_FILE]:
            without.append(f"<b>{breakable(exercise.name)}</b>, {len(names)}: {listed(names)}")
    heads = [
        gettext("exercise"), gettext("mean points of all"), gettext("not begun"), gettext("not yet"), gettext("pass"),
        gettext("share that pass"),
    ]  # fmt: skip
    lists = folded({gettext("Without a file"): without})
    return f"<section><h2>{gettext('Progress')}</h2>{table(heads, rows)}\n{lists}</section>\n"


def _mistakes(grades: Grades) -> str:
    """Return the section on mistakes: their frequency, the students, and one answer as an example."""
    found = clusters(grades)
    in_section = {s.called: s.submission.row.section for s in grades.students if s.submission.row}
    texts = []
    for cluster in found[:MOST_CLUSTERS]:
        graded = cluster[0][1]
        groups = subgroups(cluster)
        what = graded.told_cause or headline(graded.code)
        if not graded.told_cause and graded.code not in HEADLINES:  # a code is in English words
            what = what.replace("-", " ").replace("@", " of ") if language() == "en" else groups[0][0]
        kinds = "".join(
            f"<li>{len(group)}: {escape(reason)}<br>{_names(group)}</li>" for reason, group in groups[:MOST_GROUPS]
        )
        if len(groups) > MOST_GROUPS:
            kinds += f"<li>{gettext('and {count} more kinds').format(count=len(groups) - MOST_GROUPS)}</li>"
        who: str = gettext("{count} kinds: students, and an example").format(count=len(groups))
        kinds = f"<ul>{kinds}</ul>"
        if len(groups) == 1:
            who, kinds = _names(cluster), ""
        sections = Counter(in_section[name] for name, _ in cluster if in_section.get(name))
        counts = "; ".join(f"{escape(section)}: {n}" for section, n in sorted(sections.items()))
        by_section = gettext("By section: {counts}").format(counts=counts)
        often = gettext("{count} times").format(count=len(cluster))
        times = gettext("once") if len(cluster) == 1 else often
        example = escape(graded.answer[:LONGEST_EXAMPLE])
        texts.append(
            f"<h3>{escape(graded.exercise.name)}, {times}: {escape(what)}</h3>\n"
            + (f'<p class="faint">{by_section}</p>' if counts else "")
            + f"<details><summary>{who}</summary>{kinds}<pre>{example}</pre></details>\n"
        )
    left = len(found) - len(texts)
    rest = ""
    if left:
        more = gettext("{count} more, made by at most {students} students each, are in grades.json.")
        rest = f"<p>{more.format(count=left, students=len(found[len(texts)]))}</p>\n"
    none = f"<p>{gettext('None.')}</p>"
    head = gettext("The first mistake of each answer, the most frequent first")
    return f"<section><h2>{head}</h2>\n{''.join(texts) or none}{rest}</section>\n"


def _table(grades: Grades) -> str:
    """Return the section with the grades."""
    heads = "".join(f"<th><span>{escape(exercise.name)}</span></th>" for exercise in grades.exercises)
    of = "".join(f"<td>{exercise.points}</td>" for exercise in grades.exercises)
    rows = [f'<tr class="faint"><th>{gettext("points")}</th>{of}<td>{grades.of}</td></tr>\n']
    for student in grades.students:
        cells = "".join(_cell(graded) for graded in student.graded)
        total: object = number(student.points)
        if student.of != grades.of:
            total = gettext("{points} of {of}").format(points=total, of=student.of)
        rows.append(f"<tr><th>{shortened(student.called)}</th>{cells}<td>{total}</td></tr>\n")
    legend = gettext(
        "A star: look at it yourself. A dash: no file. In brackets: the points from the checks, if you gave others. "
        "Struck out: dropped, and not in the total."
    )
    whose, sum_of = gettext("student"), gettext("total")
    return (
        f'<section><h2>{gettext("Grades")}</h2><p class="faint">{legend}</p>'
        f'<div class="scroll"><table><thead><tr><th>{whose}</th>{heads}<th>{sum_of}</th></tr></thead>\n'
        f"<tbody>{''.join(rows)}</tbody></table></div></section>\n"
    )


def _cell(graded: Graded) -> str:
    given = graded.override.points is not None
    share = graded.points / (graded.exercise.points or 1)
    shade = "a" if share == 1 else "b" if share >= Fraction(1, 2) else "c" if share else "d"
    points, kind = f"{number(graded.points)}{'*' if graded.flagged else ''}", f' class="{shade}"'
    if graded.kind == NO_FILE and not given:
        points, kind = "–", ""
    if graded.dropped:
        points, kind = f"<s>{points}</s>", ' class="faint"'
    return f"<td{kind}>{points}{f' ({number(graded.checked)})' if given else ''}</td>"


def _is_begun(graded: Graded) -> bool:
    """Whether there is something to judge: a file that is more than the stub."""
    return graded.kind not in (NO_FILE, NOT_BEGUN)


def _is_stuck(graded: Graded) -> bool:
    """Whether it was handed in but is not right, and the teacher didn't give it all points."""
    return _is_begun(graded) and graded.kind != PASSED and graded.earned < graded.exercise.points


def _distribution(grades: Grades) -> str:
    """Return the section on the totals, in per cent of the exercises that count; missing students are listed apart."""
    began = [student for student in grades.students if any(map(_is_begun, student.graded))]
    counts = Counter(min(int(student.points / (student.of or 1) * BINS), BINS - 1) for student in began)
    absent = len(grades.students) - len(began)
    without = gettext(" Without anything to judge: {count}.").format(count=absent) if absent else ""
    return (
        f"<section><h2>{gettext('Distribution of totals')}</h2>\n"
        f"<p>{gettext('Number of students by their percentage of the points.')}{without}</p>\n"
        f"{_chart([counts[i] for i in range(BINS)])}</section>\n"
    )


def _chart(counts: Sequence[int]) -> str:
    """Return a histogram: a column with its number for each tenth, and per cent at the edges."""
    width, most, base = COLUMN * len(counts), max(*counts, 1), HEIGHT + 20
    parts = [f'<text x="{width}" y="{base + 18}" text-anchor="end">100</text>']
    for i, count in enumerate(counts):
        left, height = COLUMN * i, round(HEIGHT * count / most)
        parts.append(
            f'<rect x="{left + 2}" y="{base - height}" width="{COLUMN - 4}" height="{height}"/>'
            f'<text x="{left + COLUMN // 2}" y="{base - height - 5}" text-anchor="middle">{count or ""}</text>'
            f'<text x="{left}" y="{base + 18}">{100 * i // len(counts)}</text>'
        )
    label = gettext("students per tenth: {counts}").format(counts=", ".join(map(str, counts)))
    return (
        f'<svg class="chart" viewBox="0 0 {width} {base + 24}" role="img" aria-label="{label}">'
        f'<path d="M0 {base + 0.5}H{width}"/>{"".join(parts)}</svg>\n'
    )


def _hardest_parts(grades: Grades) -> str:
    """Return the section on the parts that are right least often, among students who handed something in.

    A law that holds is right, although it earns less where values are wrong.
    """
    earned: dict[tuple[str, str], list[Fraction]] = defaultdict(list)
    called: dict[tuple[str, str], str] = {}
    for student in grades.students:
        for graded in filter(_is_begun, student.graded):
            for entry in graded.entries:
                if entry.of:
                    share = Fraction(1) if LAW_HOLDS in entry.codes else entry.points / entry.of
                    earned[graded.exercise.name, entry.part].append(share)
                    called[graded.exercise.name, entry.part] = entry.called
    means = sorted((sum(shares, Fraction(0)) / len(shares), place) for place, shares in earned.items())
    rows = [
        ([f"{breakable(place[0])}: {escape(called[place])}", f"{float(100 * mean):.0f} %", len(earned[place])], mean)
        for mean, place in means[:MOST_PARTS] if mean < 1
    ]  # fmt: skip
    heads = [gettext("part"), gettext("share right"), gettext("handed in"), ""]
    text = table(heads, rows) if rows else f"<p>{gettext('None: everything is right.')}</p>"
    return f"<section><h2>{gettext('Hardest parts')}</h2>{text}</section>\n"


def _stuck(grades: Grades) -> str:
    """Return the section on submissions that don't pass: by exercise, and by student."""
    rows = []
    for place, exercise in enumerate(grades.exercises):
        began = [student for student in grades.students if _is_begun(student.graded[place])]
        names = [shortened(student.called) for student in began if _is_stuck(student.graded[place])]
        share = gettext("{count} of {all}").format(count=len(names), all=len(began))
        rows.append((names, f"<b>{breakable(exercise.name)}</b>, {share}: {listed(names)}"))
    by_exercise = [text for names, text in sorted(rows, key=lambda row: -len(row[0])) if names]
    where = [(s.called, [breakable(g.exercise.name) for g in s.graded if _is_stuck(g)]) for s in grades.students]
    most = [
        f"<b>{shortened(name)}</b>, {len(titles)}: {listed(titles, MOST_TITLES)}"
        for name, titles in sorted(where, key=lambda row: (-len(row[1]), row[0])) if len(titles) > 1
    ]  # fmt: skip
    lists = folded({gettext("By exercise"): by_exercise, gettext("Stuck in several"): most})
    words = gettext("Handed in, but not right yet; the number of attempts is unknown.")
    head, nobody = gettext("Who is stuck where"), f"<p>{gettext('Nobody.')}</p>"
    return f'<section><h2>{head}</h2><p class="faint">{words}</p>\n{lists or nobody}</section>\n'


def _runtime(grades: Grades) -> str:
    """Return the section on the time of judging, the only one that depends on the machine."""
    rows = []
    for place, exercise in enumerate(grades.exercises):
        those = [student.graded[place] for student in grades.students]
        seconds = [graded.seconds for graded in those if graded.seconds is not None]
        ended = sum(graded.kind == TIMED_OUT for graded in those)
        if seconds:
            cells = [breakable(exercise.name), f"{median(seconds):.1f}", f"{max(seconds):.1f}", ended or ""]
            rows.append((cells, None))
    heads = [gettext("exercise"), gettext("median, s"), gettext("longest, s"), gettext("out of time")]
    head = gettext("Time taken by grading")
    return f'<section id="runtime"><h2>{head}</h2>{table(heads, rows)}</section>\n' if rows else ""


def _decisions(grades: Grades) -> str:
    """Return the section on the teacher's decisions, each with the checks' points."""
    groups: dict[str, list[str]] = defaultdict(list)
    for student in grades.students:
        lates: dict[str, list[str]] = defaultdict(list)
        for graded in student.graded:
            if graded.late:
                lates[str(graded.late)].append(breakable(graded.exercise.name))
        for late, names in lates.items():
            groups[gettext("Late")].append(f"{shortened(student.name)}, {listed(names, MOST_TITLES)}: {escape(late)}")
        if student.deducted:
            points = gettext("{deducted} deducted, {points} count")
            points = points.format(deducted=number(student.deducted), points=number(student.points))
            groups[gettext("Deducted for lateness")].append(f"{shortened(student.name)}: {points}")
        for graded in student.graded:
            where = f"{shortened(student.name)}: {breakable(graded.exercise.name)}"
            if graded.override.points is not None:
                points = gettext("{points}; the checks gave {checked}")
                points = points.format(points=number(graded.earned), checked=number(graded.checked))
                groups[gettext("Your points in place of the checks'")].append(f"{where}, {points}")
            if graded.before is not None:
                again = gettext("{before} before, {points} now")
                again = again.format(before=number(graded.before), points=number(graded.points))
                groups[gettext("Regraded")].append(f"{where}, {again}")
            groups[gettext("Comments")] += [f"{where}: {escape(comment)}" for comment in graded.override.comments]
    if dropped := Counter(g.exercise.name for s in grades.students for g in s.graded if g.dropped):
        lowest = gettext("Dropped as lowest, number of times")
        groups[lowest] = [f"{breakable(name)}: {n}" for name, n in dropped.most_common()]
    lists = folded(groups)
    return f"<section><h2>{gettext('Your decisions')}</h2>\n{lists}</section>\n" if lists else ""
