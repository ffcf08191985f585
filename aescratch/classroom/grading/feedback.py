"""The feedback for a student: the answer to each exercise, its points by part, and the teacher's decisions.

    Student -> text(student): one file;   sentences(graded), total(student): the part that the checks don't give
"""

from aescratch.classroom.grading.grades import Graded, Student
from aescratch.classroom.grading.marks import LAW_HOLDS
from aescratch.classroom.grading.parts import number
from aescratch.foundations.language import gettext


def text(student: Student) -> str:
    """Return the text of the student's feedback file."""
    answers = []
    for graded in student.graded:
        points = gettext("points: {points} of {of}").format(points=number(graded.points), of=graded.exercise.points)
        answers.append("\n  ".join([graded.answer, *by_part(graded), points, *sentences(graded)]))
    remarks = "".join(f"\n{remark}\n" for remark in [*total(student), *student.remarks])
    return "\n\n".join([student.called, *answers]) + f"\n{remarks}"


def by_part(graded: Graded) -> list[str]:
    """Return how the points come about if only some are earned, and how to look for a line with a mistake."""
    said = []
    if graded.kind == "wrong":
        search = gettext("to look for the line with the mistake: aescratch exercises check {exercise}")
        said.append(search.format(exercise=graded.exercise.name))
    if 0 < graded.checked < graded.exercise.points:
        for entry in graded.entries:
            points = gettext("{points} of {of}").format(points=number(entry.points), of=number(entry.of))
            reason = f" ({entry.reason})" if LAW_HOLDS in entry.codes else ""
            said.append(f"  {entry.called}: {points}{reason}")
    return said


def sentences(graded: Graded) -> list[str]:
    """Return sentences beside the checks' answer: on the teacher's points, lateness, regrading, comments."""
    said = []
    if graded.override.points is not None:
        given = gettext("your teacher gives {points}; the checks gave {checked}")
        said.append(given.format(points=number(graded.earned), checked=number(graded.checked)))
    if graded.deducted:
        late = gettext("late: {deducted} of {earned} points are deducted")
        said.append(late.format(deducted=number(graded.deducted), earned=number(graded.earned)))
    if graded.before is not None and graded.before == graded.points:
        said.append(gettext("regraded: {points}, as before").format(points=number(graded.points)))
    elif graded.before is not None:
        again = gettext("regraded: {before} before, {points} now")
        said.append(again.format(before=number(graded.before), points=number(graded.points)))
    if graded.dropped:
        said.append(gettext("dropped as one of your lowest results: it doesn't count"))
    comments = ["\n    ".join(comment.splitlines()) for comment in graded.override.comments]
    return said + [gettext("comment: {comment}").format(comment=comment) for comment in comments]


def total(student: Student) -> list[str]:
    """Return the lateness and the total, unless the total is simply the sum of the checks' points."""
    lates = dict.fromkeys(str(graded.late) for graded in student.graded if graded.late)
    if not lates and student.points == sum(graded.checked for graded in student.graded):
        return []
    points = gettext("total: {points} of {of}").format(points=number(student.points), of=student.of)
    return [*lates, points]
