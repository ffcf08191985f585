"""The feedback for a student: the answer to each exercise, its points, and the teacher's decisions.

    Student -> text(student): one file;   sentences(graded), total(student): the part that the checks don't give
"""

from fractions import Fraction

from aescratch.classroom.grading.grades import Graded, Student


def text(student: Student) -> str:
    """Return the text of the student's feedback file."""
    answers = []
    for graded in student.graded:
        of = sum((entry.of for entry in graded.entries), Fraction(0))
        points = f"points: {_shown(graded.points)} of {_shown(of)}"
        answers.append("\n  ".join([graded.answer, points, *sentences(graded)]))
    remarks = "".join(f"\n{remark}\n" for remark in [*total(student), *student.remarks])
    return "\n\n".join([student.called, *answers]) + f"\n{remarks}"


def sentences(graded: Graded) -> list[str]:
    """Return sentences beside the checks' answer: on the teacher's points, lateness, regrading, comments."""
    said = []
    if graded.override.points is not None:
        said.append(f"your teacher gives {_shown(graded.earned)}; the checks gave {_shown(graded.checked)}")
    if graded.deducted:
        said.append(f"late: {_shown(graded.deducted)} of {_shown(graded.earned)} points are deducted")
    if graded.before is not None and graded.before == graded.points:
        said.append(f"regraded: {_shown(graded.points)}, as before")
    elif graded.before is not None:
        said.append(f"regraded: {_shown(graded.before)} before, {_shown(graded.points)} now")
    if graded.dropped:
        said.append("dropped as one of your lowest results: it doesn't count")
    comments = ["\n    ".join(comment.splitlines()) for comment in graded.override.comments]
    return said + [f"comment: {comment}" for comment in comments]


def total(student: Student) -> list[str]:
    """Return the lateness and the total, unless the total is simply the sum of the checks' points."""
    lates = dict.fromkeys(str(graded.late) for graded in student.graded if graded.late)
    if not lates and student.points == sum(graded.checked for graded in student.graded):
        return []
    return [*lates, f"total: {_shown(student.points)} of {_shown(student.of)}"]


def _shown(points: Fraction) -> str:
    return f"{float(points):.2f}".rstrip("0").rstrip(".")
