"""What a student gets to read: the answer to each exercise, its points, and what the teacher says of it.

    Student -> text(student): one file;   sentences(graded), total(student): what is beside the checks, for others too
"""

from fractions import Fraction

from aescratch.classroom.grading.grades import Graded, Student


def text(student: Student) -> str:
    """Return the student's file."""
    answers = []
    for graded in student.graded:
        of = sum((entry.of for entry in graded.entries), Fraction(0))
        points = f"points: {_shown(graded.points)} of {_shown(of)}"
        answers.append("\n  ".join([graded.answer, points, *sentences(graded)]))
    remarks = "".join(f"\n{remark}\n" for remark in [*total(student), *student.remarks])
    return "\n\n".join([student.called, *answers]) + f"\n{remarks}"


def sentences(graded: Graded) -> list[str]:
    """Return what is to be said of an exercise beside what the checks say, a sentence each."""
    said = []
    if graded.override.points is not None:
        said.append(f"your teacher gives {_shown(graded.earned)}; the checks gave {_shown(graded.checked)}")
    if graded.deducted:
        said.append(f"late: {_shown(graded.deducted)} of {_shown(graded.earned)} are deducted")
    if graded.before is not None and graded.before == graded.points:
        said.append(f"regraded: {_shown(graded.points)}, as before")
    elif graded.before is not None:
        said.append(f"regraded: {_shown(graded.before)} before, {_shown(graded.points)} now")
    if graded.dropped:
        said.append("dropped as one of your lowest: it doesn't count")
    comments = ["\n    ".join(comment.splitlines()) for comment in graded.override.comments]
    return said + [f"comment: {comment}" for comment in comments]


def total(student: Student) -> list[str]:
    """Return how late it was and what the total is, where that isn't simply the sum of what the checks gave."""
    lates = dict.fromkeys(str(graded.late) for graded in student.graded if graded.late)
    if not lates and student.points == sum(graded.checked for graded in student.graded):
        return []
    return [*lates, f"total: {_shown(student.points)} of {_shown(student.of)}"]


def _shown(points: Fraction) -> str:
    return f"{float(points):.2f}".rstrip("0").rstrip(".")
