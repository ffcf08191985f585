"""`aescratch exercises grade`: turn submissions into grades; each file is judged in a confined process.

    exports, roster -> submissions, exercises, seed -> tasks -> ledger -> Grades -> the file of grades, summary,
    feedback, the platforms' gradebooks
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from aescratch.classroom.exercise import CourseError, Exercise
from aescratch.classroom.grading import feedback
from aescratch.classroom.grading.confinement import ELSEWHERE
from aescratch.classroom.grading.exports.attempts import Export
from aescratch.classroom.grading.formats import FORMATS, as_csv, as_json
from aescratch.classroom.grading.gradebooks import gradebooks
from aescratch.classroom.grading.grades import NO_FILE, Grades, collect
from aescratch.classroom.grading.judging import Limits, missing_protections
from aescratch.classroom.grading.ledger import RECORDS, Ledger, Record, Task, digest_of_exercise, key_of
from aescratch.classroom.grading.lookalikes import lookalikes
from aescratch.classroom.grading.lookalikes_page import write_lookalikes
from aescratch.classroom.grading.overrides import Place, Regrade
from aescratch.classroom.grading.roster import Roster, read_roster
from aescratch.classroom.grading.runs import judge_all, prove
from aescratch.classroom.grading.seeds import SECRET, SEED_FILE, kept_seed
from aescratch.classroom.grading.submissions import Reading, read_submission, read_submissions
from aescratch.classroom.grading.summary import as_html
from aescratch.foundations.files import whole_file, write_text
from aescratch.foundations.language import Phrase, gettext, gettext_noop
from aescratch.foundations.platforms import require_processes
from aescratch.programs.cli import say as teacher
from aescratch.programs.cli.courses import chosen
from aescratch.programs.cli.options import SOURCE, Option, command, option, switch, whole
from aescratch.programs.cli.progress import counting
from aescratch.programs.cli.status import RIGHT, UsageError, usage_error
from aescratch.programs.cli.words import number

SINGLE = [name for name, form in FORMATS.items() if form.single]
REMARKS = "remarks.txt"
MOST_REMARKS = 20  # that are printed
LONGEST = 3600  # seconds for a file
SHOWN = 10  # line numbers that are printed
DESCRIPTION = gettext_noop(
    """Grade submissions: an export of Canvas, Moodle, Gradescope or Blackboard, or one folder per student.

Each file is judged in a confined process of its own, with inputs of its own, drawn from a seed that only you know.
You can stop grading at any time: the same command continues, and judges only files that are new or changed.
"""
)
EXAMPLES = """examples:
  aescratch exercises grade handed_in
  aescratch exercises grade submissions.zip --roster gradebook.csv --out grades
  aescratch exercises grade handed_in --only dense_backward relu_backward --format csv --out week_1
  aescratch exercises grade /autograder/submission --format gradescope --out /autograder/results/results.json
"""

add_arguments: Option = command(
    DESCRIPTION, EXAMPLES,
    option(
        "submissions", nargs="+", metavar="EXPORT",
        help=Phrase(
            "folders or zip files; with --format {formats}, the folder of one submission", formats=", ".join(SINGLE)
        ),
    ),
    SOURCE,
    option("--roster", metavar="FILE", help="the students of the course: a table, or a platform's gradebook"),
    option("--only", nargs="+", metavar="NAME", help="grade only these exercises"),
    option("--format", choices=FORMATS, default="json", help="the format of the grades (default %(default)s)"),
    whole("--jobs", "number of parallel jobs (default: all cores)"),
    option("--seed", metavar="SECRET", help="the secret seed of the inputs (by default drawn once and kept)"),
    option(
        "--out", metavar="PATH", default="grading",
        help="a folder for everything, or the file for the grades (default %(default)s)",
    ),
    option(
        "--time-limit", type=number, default=Limits().seconds, metavar="SECONDS",
        help="the time limit of each file (default %(default)g)",
    ),
    switch("--unconfined", "grade even if this machine can't confine submissions"),
    teacher.OPTIONS,
)  # fmt: skip


class Judged(NamedTuple):
    """The results of judging."""

    tasks: dict[Place, Task]  # by student and exercise
    records: dict[Place, Record]
    now: int  # number of files judged in this run
    anew: set[Place]  # the regraded places
    lost: list[int]  # lines of the ledger that couldn't be read
    seed: str


def run(arguments: Namespace) -> int:
    """Grade, write, and return the exit status."""
    require_processes("aescratch exercises grade", ELSEWHERE)
    missing = missing_protections()
    if missing and (not arguments.unconfined or os.name != "posix"):
        advice = gettext("; use another machine, or grade anyway with --unconfined") if os.name == "posix" else ""
        sentence = gettext("this machine can't confine submissions completely: {missing}{advice}")
        raise UsageError(sentence.format(missing="; ".join(missing), advice=advice))
    if not 0 < arguments.time_limit <= LONGEST:
        sentence = gettext("expected --time-limit above 0 and at most {longest} s, got {got:g}")
        raise UsageError(sentence.format(longest=LONGEST, got=arguments.time_limit))
    exercises = chosen(arguments.exercises, arguments.only)
    reading, roster = handed_in(arguments, exercises)
    submissions = reading.submissions
    folder, file = places(arguments)
    students = [submission.student for submission in submissions]
    dated = any(submission.row and submission.row.due for submission in submissions)
    say, regrade = teacher.said(arguments, students, exercises, folder, dated)
    found = judge(arguments, reading, exercises, folder, regrade, missing)
    regrade.note(found.anew)
    say = replace(say, before=regrade.notes)
    grades = collect(submissions, exercises, found.records, say, remarks=reading.remarks, unlimited=missing)
    books, more = gradebooks(grades, reading.exports, roster)
    grades.remarks += more
    write(grades, folder, file, arguments.format, books)
    report(grades, found, folder, file, reading.exports, sorted(books))
    teacher.report(grades, regrade)
    if not FORMATS[arguments.format].single:
        compare(found.tasks, exercises, folder)
    arguments.result = {"file": str(file), "judged": found.now, **json.loads(as_json(grades))}
    return RIGHT


def judge(
    arguments: Namespace, reading: Reading, exercises: Sequence[Exercise], folder: Path, regrade: Regrade,
    missing: list[str],
) -> Judged:  # fmt: skip
    """Judge our own solutions, then the files that are not in the ledger or are to be regraded."""
    limits = Limits(seconds=arguments.time_limit)._asdict()
    digests = {exercise.name: digest_of_exercise(exercise) for exercise in exercises}
    jobs = arguments.jobs or os.cpu_count() or 1
    try:
        with Ledger(folder / RECORDS) as ledger, usage_error(CourseError):
            seed = kept_seed(folder, arguments.seed)  # after the ledger, which locks the folder

            def task_of(exercise: Exercise, text: bytes) -> Task:
                return Task(key_of(exercise, digests[exercise.name], text, seed, limits, missing), exercise, text)

            tasks = {
                (submission.student, exercise.name): task_of(exercise, submission.files[exercise.name])
                for submission in reading.submissions for exercise in exercises if exercise.name in submission.files
            }  # fmt: skip
            keys = {tasks[place].key for place in regrade.places if place in tasks}
            for key in keys:  # in the file, the old line counts until a new one follows
                ledger.records.pop(key, None)
            new = {task.key for task in tasks.values()} - set(ledger.records)
            prove([task_of(each, each.solution.encode()) for each in exercises], ledger, seed, limits, jobs)
            left = len(new - set(ledger.records))
            with counting(left, gettext("file")) as done:
                judge_all(list(tasks.values()), ledger, seed, limits, jobs, done)
    except BlockingIOError as error:
        sentence = gettext("another grading is running in {folder}; wait for it, or give another --out")
        raise UsageError(sentence.format(folder=folder)) from error
    records = {place: ledger.records[task.key] for place, task in tasks.items()}
    anew = {place for place, task in tasks.items() if task.key in keys}
    return Judged(tasks, records, len(new), anew, ledger.lost, seed)


def handed_in(arguments: Namespace, exercises: Sequence[Exercise]) -> tuple[Reading, Roster | None]:
    """Return the submissions, and the roster if one is given."""
    given = [Path(place) for place in arguments.submissions]
    single = FORMATS[arguments.format].single
    for place in given:
        if not (place.is_dir() or (place.is_file() and not single)):
            sentence = gettext(
                "expected a folder of submissions, or a zip file, but {place!r} is neither; check the path"
            )
            raise UsageError(sentence.format(place=str(place)))
    if single:
        if len(given) > 1 or arguments.roster:
            sentence = gettext(
                "--format {format} takes the folder of a single submission and no roster; leave the others out"
            )
            raise UsageError(sentence.format(format=arguments.format))
        return Reading([read_submission(given[0], exercises, "submission")], [], []), None
    out = Path(arguments.out).resolve()
    for place in given:
        if place.resolve() in (out, *out.parents):
            sentence = gettext(
                "the results (--out, here {out!r}) would lie inside the submissions; give --out with a folder "
                "outside {place!r}"
            )
            raise UsageError(sentence.format(out=arguments.out, place=str(place)))
    with usage_error(CourseError):
        roster = read_roster(Path(arguments.roster)) if arguments.roster else None
        return read_submissions(given, exercises, roster), roster


def places(arguments: Namespace) -> tuple[Path, Path]:
    """Return the folder for everything, which is created, and the file for the grades."""
    out = Path(arguments.out)
    endings = sorted({Path(form.file_name).suffix for form in FORMATS.values()}, reverse=True)
    if out.suffix in endings and not out.is_dir():
        folder, file = out.with_name(f"{out.stem}-grading"), out
    else:
        folder, file = out, out / FORMATS[arguments.format].file_name
    if out.exists() and not out.is_dir() and folder == out:
        sentence = gettext("expected --out to be a folder, or a file that ends in {endings}, got {got!r}")
        raise UsageError(sentence.format(endings=gettext(" or ").join(endings), got=str(out)))
    folder.mkdir(parents=True, exist_ok=True)
    return folder, file


def write(grades: Grades, folder: Path, file: Path, form: str, books: dict[str, bytes]) -> None:
    """Write the grades, the teacher's summary, the students' answers and the gradebooks, each file whole."""
    answers = folder / "feedback"
    answers.mkdir(exist_ok=True)
    names = file_names([student.name for student in grades.students])
    for student, name in zip(grades.students, names, strict=True):
        path, text = answers / name, feedback.text(student)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text(path, text)
    write_text(folder / "summary.html", as_html(grades))
    write_text(folder / "summary.csv", as_csv(grades))
    write_text(folder / REMARKS, "".join(f"{remark}\n" for remark in grades.remarks))
    for name, content in books.items():
        with whole_file(folder / name) as stream:
            stream.write(content)
    write_text(file, FORMATS[form].write(grades))


def file_names(students: Sequence[str]) -> list[str]:
    """Return the names of the files for students, no two the same.

    Examples
    --------
    >>> file_names(["é", "_-4a99557e"])
    ['_-4a99557e.txt', '_-4a99557e-c0373b29.txt']
    """
    names: list[str] = []
    for student in students:
        more = (file_name(f"{student}\0{number}") for number in itertools.count())
        names.append(next(name for name in itertools.chain([file_name(student)], more) if name not in names))
    return names


def compare(tasks: Mapping[tuple[str, str], Task], exercises: Sequence[Exercise], folder: Path) -> None:
    """Write the teacher's files on similar code, and print the number of groups, if any."""
    found = []
    for exercise in exercises:
        texts = {student: task.text for (student, name), task in tasks.items() if name == exercise.name}
        found.append(lookalikes(exercise, texts))
    if groups := write_lookalikes(folder, found):
        similar = gettext("groups with similar code: {groups}, see {page}; evidence, never a verdict")
        print(similar.format(groups=groups, page=folder / "lookalikes.html"))


def file_name(student: str) -> str:
    """Return the name of the file for a student, valid on every system.

    Examples
    --------
    >>> file_name("kim")
    'kim.txt'
    >>> file_name("Zoë / 2")
    'Zo_2-7bbf39b6.txt'
    """
    plain = re.sub(r"[^\w-]+", "_", student, flags=re.ASCII)[:60]
    # Some systems don't distinguish Kim and kim; and a name with an ending like a digest may equal another name's file.
    same = plain == student == student.lower() and not re.search(r"^-|-[0-9a-f]{8}$", plain)
    return f"{plain}.txt" if same else f"{plain}-{hashlib.sha256(student.encode()).hexdigest()[:8]}.txt"


def report(
    grades: Grades, found: Judged, folder: Path, file: Path, exports: Sequence[Export], books: Sequence[str]
) -> None:  # fmt: skip
    """Print what was done, and what is left to the teacher."""
    if found.lost:
        lines = ", ".join(map(str, found.lost[:SHOWN])) + (gettext(" and more") if len(found.lost) > SHOWN else "")
        lost = gettext("invalid lines of {file}, which were judged again: {count} ({lines})")
        print(lost.format(file=folder / RECORDS, count=len(found.lost), lines=lines))
    for export in exports:
        people = len({each.who.key for each in export.attempts})
        by = gettext("{export}: {platform}, handed in by {people}")
        print(by.format(export=export.name, platform=gettext(export.platform), people=people))
    counts = gettext("submissions: {submissions}, exercises: {exercises}, different files graded now: {now}")
    print(counts.format(submissions=len(grades.students), exercises=len(grades.exercises), now=found.now))
    by_nobody = [
        exercise.name for place, exercise in enumerate(grades.exercises)
        if all(student.graded[place].kind == NO_FILE for student in grades.students)
    ]  # fmt: skip
    if 0 < len(by_nobody) < len(grades.exercises):
        names = ", ".join(by_nobody[:SHOWN]) + (gettext(" and more") if len(by_nobody) > SHOWN else "")
        nobody = gettext("exercises that nobody handed in: {count} ({names}); --only leaves them out of the totals")
        print(nobody.format(count=len(by_nobody), names=names))
    look = sum(graded.flagged for student in grades.students for graded in student.graded)
    page = folder / "summary.html"
    if look:
        print(gettext("to look at yourself: {count}, see {page}").format(count=look, page=page))
    for remark in grades.remarks[:MOST_REMARKS]:
        print(f"  {remark}")
    if len(grades.remarks) > MOST_REMARKS:
        more = gettext("and {count} more like these, all in {file}")
        print(f"  {more.format(count=len(grades.remarks) - MOST_REMARKS, file=folder / REMARKS)}")
    odd = sum(bool(student.remarks) for student in grades.students)
    if odd:
        print(gettext("submissions with remarks: {count}, see {page}").format(count=odd, page=page))
    for name in books:
        print(gettext("to import: {file}").format(file=folder / name))
    print(gettext("grades: {file}").format(file=file))
    print(gettext("summary: {page}").format(page=page))
    print(gettext("seed, which is secret: {file}").format(file=folder / SEED_FILE))
    if len(found.seed) < SECRET:
        print(gettext("this seed is so short that it can be guessed; leave --seed out to have one drawn"))
