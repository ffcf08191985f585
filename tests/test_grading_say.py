"""A teacher's decisions: overrides, lateness, dropped exercises, regrading; and the summary's page."""

import csv
import io
import json
import pathlib
import re
import shutil
import time
import unicodedata
from datetime import datetime, timedelta, timezone, tzinfo
from fractions import Fraction

import pytest
from test_grading import own_course, rows_of

from aescratch.classroom.exercise import CourseError, read_course
from aescratch.classroom.grading import feedback, runs
from aescratch.classroom.grading.formats import as_csv, as_gradescope, as_json, as_nbgrader, as_otter
from aescratch.classroom.grading.grades import Say, collect, lowest
from aescratch.classroom.grading.lateness import Lateness, due_of, lateness_of, rule_of
from aescratch.classroom.grading.overrides import Override, read_overrides
from aescratch.classroom.grading.parts import declared, share_of
from aescratch.classroom.grading.roster import Row
from aescratch.classroom.grading.submissions import Arrival, Submission
from aescratch.classroom.grading.summary import as_html, clusters, subgroups
from aescratch.programs.cli import grading as command
from aescratch.programs.cli.options import Parser
from aescratch.programs.cli.status import UsageError

NAMES = ["double", "again", "more"]  # worth 10, 10 and 20
HEAD = "student,exercise,points,comment\n"
DUE = datetime(2026, 11, 30, 18, 0, tzinfo=timezone(timedelta(hours=9)))
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = own_course(tmp_path_factory.mktemp("course"), 10)
    for number, (name, points) in enumerate(zip(NAMES[1:], (10, 20), strict=True), 2):
        there = folder / f"0{number}_{name}"
        shutil.copytree(folder / "01_double", there)
        (there / "about.md").write_text((there / "about.md").read_text().replace("points: 10", f"points: {points}"))
    return folder


@pytest.fixture(scope="module")
def exercises(course):
    return read_course(course)


def record(exercise, points, kind="wrong", reason="it is so", cause="", seconds=None):
    """Return a record that gives so many points, in the order of the parts."""
    left, rows = int(Fraction(points) * 100), []
    for part in declared(exercise):
        given = min(left, int(part.of * 100))
        left -= given
        full = given == part.of * 100
        rows.append([part.name, given, int(part.of * 100), "right" if full else reason, [] if full else ["x"], False])
    kind = "passed" if all(row[1] == row[2] for row in rows) else kind
    about = {"entries": rows, "kind": kind, "says": "", "code": kind, "cause": cause, "answer": f"{exercise.name}: {kind}"}
    return about | ({} if seconds is None else {"seconds": seconds})


def collected(exercises, points, say=Say(), times=None, rows=()):
    """Return grades of students with these points; None stands for no file."""
    submissions, records = [], {}
    for name, row in points.items():
        submission = Submission(name, row=dict(rows).get(name))
        for exercise, earned in zip(exercises, row, strict=True):
            if earned is None:
                submission.reasons[exercise.name] = "there is no file"
            else:
                records[name, exercise.name] = record(exercise, earned)
                submission.arrivals[exercise.name] = Arrival(0, **(times or {}).get(name, {}))
        submissions.append(submission)
    return collect(submissions, exercises, records, say)


# Overrides


def table(folder, text, name="overrides.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(tmp_path, exercises, text, students=("kim", "lee", "=jo", "김 민수")):
    return read_overrides(table(tmp_path, text), students, exercises)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (HEAD + "kim,double,8,\n", {("kim", "double"): Override(Fraction(8))}),
        (HEAD + "kim,more,7.25,so\n", {("kim", "more"): Override(Fraction(29, 4), ("so",))}),
        ("\ufeff" + HEAD + 'kim,more,"7,5","a, b"\n', {("kim", "more"): Override(Fraction(15, 2), ("a, b",))}),
        ("Student;Exercise;Points;Comment\r\nkim;double;7,5;a, b\r\n", {("kim", "double"): Override(Fraction(15, 2), ("a, b",))}),
        ("comment\tpoints\tby\texercise\tstudent\n\t0\tme\tdouble\tlee\n", {("lee", "double"): Override(Fraction(0))}),
        (HEAD + "kim,double,,one\n\n , ,,\nkim,double,,two\nkim,double,,one\n", {("kim", "double"): Override(None, ("one", "two"))}),
        (HEAD + "kim,double,5,one\nkim,double,,two\nkim,double,5.0,\n", {("kim", "double"): Override(Fraction(5), ("one", "two"))}),
        (HEAD + "'=jo,double,10\n", {("=jo", "double"): Override(Fraction(10))}),
        (HEAD + unicodedata.normalize("NFD", "김 민수") + ",double,10,\n", {("김 민수", "double"): Override(Fraction(10))}),
        (HEAD + 'kim,double,,"first line\nsecond"\n', {("kim", "double"): Override(None, ("first line\nsecond",))}),
        (HEAD, {}),
    ],
)  # fmt: skip
def test_a_table_of_overrides_is_read_as_spreadsheets_write_it(text, found, tmp_path, exercises):
    assert read(tmp_path, exercises, text) == found


BAD = {
    "kin,double,5,": "line 2: there is no student 'kin'; did you mean kim?",
    "kim,dubble,5,": "line 2: there is no exercise 'dubble'; did you mean double?",
    "kim,double,10.01,": "line 2: expected points from 0 to 10, in whole hundredths, got '10.01'",
    "kim,double,-1,": "line 2: expected points from 0 to 10, in whole hundredths, got '-1'",
    "kim,double,3.333,": "in whole hundredths, got '3.333'",
    "kim,double,1e1,": "got '1e1'",
    "kim,double,nan,": "got 'nan'",
    "kim,double,,": "line 2: it has neither points nor a comment; give one, or delete the line",
    "kim,double,5,\nlee,double,5,\nkim,double,6,": "line 4: it contradicts line 2, which gives kim different points",
    "kim,double,5,well done, but slow": "line 2: there are 5 cells, but only 4 columns; put quotes around a comment with commas",
    'kim,double,5,"open\nlee,double,5,': "invalid CSV",
}


@pytest.mark.parametrize(("text", "says"), BAD.items())
def test_what_is_wrong_with_an_override_is_told(text, says, tmp_path, exercises):
    with pytest.raises(CourseError, match=re.escape(says)):
        read(tmp_path, exercises, HEAD + text + "\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "to begin with the columns student, exercise, points, comment, got nothing"),
        (b"student,exercise,points\n", "got student, exercise, points"),
        (b"student,exercise,points,points,comment\n", "to begin with the columns"),
        ((HEAD + "김,double,1,\n").encode("cp949"), "there is no student '김'"),  # as Excel writes it in Korea
        (HEAD.encode() + b"\xff\xff,double,1,\n", "save it as CSV UTF-8"),
    ],
)
def test_a_table_that_is_none_is_refused(text, says, tmp_path, exercises):
    with pytest.raises(CourseError, match=says):
        read(tmp_path, exercises, text)


def test_every_line_that_is_wrong_is_told_at_once_up_to_ten(tmp_path, exercises):
    with pytest.raises(CourseError) as told:
        read(tmp_path, exercises, HEAD + "kim,double,5,\n" + "nobody,double,5,\n" * 12)
    assert str(told.value).count("there is no student") == 10
    assert "12 in all:\n  line 3: there" in str(told.value)


# Lateness


class Berlin(tzinfo):
    """A zone whose clocks go back an hour in the night to 25 October 2026."""

    def utcoffset(self, when):
        return HOUR * (2 if when.replace(tzinfo=None) < datetime(2026, 10, 25, 3) else 1)

    def dst(self, when):
        return self.utcoffset(when) - HOUR


@pytest.mark.parametrize(
    ("after", "days"),
    [
        (-HOUR, None), (timedelta(0), None), (timedelta(microseconds=1), 1), (24 * HOUR, 1),
        (24 * HOUR + timedelta(microseconds=1), 2), (240 * HOUR, 10), (500 * HOUR, 21),
    ],
)  # fmt: skip
def test_a_day_counts_as_soon_as_it_has_started(after, days):
    late = lateness_of(DUE + after, None, DUE, Fraction(10))
    assert late == (None if days is None else Lateness(days, min(Fraction(1), Fraction(days, 10))))
    assert lateness_of((DUE + after).astimezone(timezone.utc), None, DUE, Fraction(10)) == late


def test_the_hour_when_summer_time_ends_is_counted():
    due = datetime(2026, 10, 24, 18, 0, tzinfo=Berlin())
    assert lateness_of(due.replace(day=25, hour=17, minute=30), None, due, Fraction(0)) == Lateness(2)  # 24.5 hours
    assert lateness_of(due.replace(day=25, hour=17), None, due, Fraction(0)) == Lateness(1)


def test_a_time_decides_and_a_flag_alone_costs_nothing():
    rule = Fraction(10)
    assert lateness_of(None, True, DUE, rule) == lateness_of(DUE + HOUR, True, None, rule) == Lateness(None, Fraction(0))
    assert lateness_of(DUE - HOUR, True, DUE, rule) is None
    assert lateness_of(DUE + HOUR, False, DUE, rule) == Lateness(1, Fraction(1, 10))
    assert lateness_of(DUE + HOUR, None, DUE, Fraction(0)) == Lateness(1, Fraction(0))
    assert lateness_of(None, None, DUE, rule) is lateness_of(None, False, DUE, rule) is None
    assert "nothing is deducted" in str(Lateness(None))


def test_what_is_deducted_is_rounded_down_to_hundredths():
    for earned, share, cost in (("6.99", "1/10", "0.69"), ("0.09", "1/10", "0"), ("7", "1/3", "2.33"), ("7", "1", "7")):
        assert share_of(Fraction(earned), Fraction(share)) == Fraction(cost)


@pytest.mark.parametrize(("text", "percent"), [("10%/day", 10), ("2.5%/day", Fraction(5, 2)), (" 100 % / day", 100)])
def test_a_rule_is_percent_a_day(text, percent):
    assert rule_of(text) == Fraction(percent)


@pytest.mark.parametrize("text", ["", "10", "10%", "10/day", "0%/day", "101%/day", "-5%/day", "10%/hour", "ten%/day"])
def test_another_rule_is_refused(text):
    with pytest.raises(ValueError, match="expected a rule such as 10%/day"):
        rule_of(text)


def test_a_date_alone_lasts_to_its_end_and_a_time_without_a_zone_is_local(monkeypatch):
    monkeypatch.setenv("TZ", "KST-9")
    time.tzset()
    try:
        assert due_of("2026-11-30 18:00") == DUE
        assert due_of("2026-11-30") == DUE + 6 * HOUR
    finally:
        monkeypatch.undo()
        time.tzset()
    assert due_of("2026-11-30T18:00+09:00") == DUE
    assert due_of("2026-11-30T09:00:00Z") == DUE
    for text in ("", "tomorrow", "30.11.2026", "2026-11-31", "2026-11-30T25:00"):
        with pytest.raises(ValueError, match="expected a date such as"):
            due_of(text)


def test_each_exercise_is_as_late_as_it_came(exercises):
    submission = Submission("kim", arrivals={
        "double": Arrival(0, DUE), "again": Arrival(1, DUE + 30 * HOUR), "more": Arrival(2, late=True),
    })  # fmt: skip
    records = {("kim", exercise.name): record(exercise, 5) for exercise in exercises}
    grades = collect([submission], exercises, records, Say(due=DUE, late=Fraction(10)))
    assert [graded.points for graded in grades.students[0].graded] == [5, 4, 5]
    assert grades.students[0].late == Lateness(2, Fraction(1, 5))
    assert [each["late"] for each in json.loads(as_json(grades))["students"][0]["exercises"]] == [
        None, {"days": 2, "percent": 20}, {"days": None, "percent": 0},
    ]  # fmt: skip
    page = as_html(grades)
    assert "kim, again: late by 2 days: 20 % of the earned points are deducted" in page
    assert "kim, more: late according to the platform" in page


def test_points_earned_deducted_and_counted_stand_apart(exercises):
    times = {
        "kim": {"handed_in": DUE + 30 * HOUR}, "lee": {"late": True}, "max": {"handed_in": DUE + 30 * HOUR},
        "old": {}, "pia": {"handed_in": DUE + 300 * HOUR},
    }  # fmt: skip
    points = dict.fromkeys(times, ("6.99", 10, None))
    say = Say({("kim", "again"): Override(Fraction(5), ("so",))}, DUE, Fraction(10))
    grades = collected(exercises, points, say, times, {"max": Row("max", 4, due=DUE + 24 * HOUR)})
    found = {student["student"]: student for student in json.loads(as_json(grades))["students"]}
    kim = found["kim"]["exercises"]
    assert [kim[0][key] for key in ("earned", "deducted", "points")] == [6.99, 1.39, 5.6]
    assert (kim[1]["comments"], "comments" in kim[0]) == (["so"], False)
    assert [kim[1][key] for key in ("checks", "override", "earned", "deducted", "points")] == [10, 5, 5, 1, 4]
    assert (found["kim"]["points"], found["kim"]["deducted"]) == (9.6, 2.39)
    assert found["kim"]["late"] == {"days": 2, "percent": 20}
    assert (found["lee"]["points"], found["lee"]["late"]) == (16.99, {"days": None, "percent": 0})
    assert (found["max"]["late"]["days"], found["max"]["points"]) == (1, 15.3), "from the student's own date"
    assert found["old"]["late"] is None
    assert found["pia"]["points"] == 0
    assert grades.remarks == ["the time of submission is unknown, so these count as in time: old"]
    text = feedback.text(grades.students[0])
    assert "double: wrong\n" in text
    assert "\n  points: 5.6 of 10\n  late: 1.39 of 6.99 points are deducted\n" in text
    assert "late by 2 days: 20 % of the earned points are deducted\n\ntotal: 9.6 of 40\n" in text
    assert "late according to the platform" in feedback.text(grades.students[1])
    rows = rows_of(as_csv(grades))
    assert rows[0][4:] == ["total", "look at", "instead of", "late", "deducted"]
    assert [row[6:] for row in rows[2:]] == [
        ["again 10", "2 d", "2.39"], ["", "yes", "0"], ["", "1 d", "1.69"], ["", "", ""], ["", "13 d", "16.99"],
    ]  # fmt: skip
    nbgrader = [row for row in csv.DictReader(io.StringIO(as_nbgrader(grades))) if row["student_id"] == "kim"]
    columns = ("raw_score", "late_submission_penalty", "score", "max_score")
    assert [[float(row[column]) for column in columns] for row in nbgrader[:2]] == [[6.99, 1.39, 5.6, 10], [5, 1, 4, 10]]
    assert rows_of(as_otter(grades))[2][-3:] == ["9.6", "0.24", "Completed"]


def test_gradescope_gets_the_score_that_counts_in_place_of_the_tests(exercises):
    plain = json.loads(as_gradescope(collected(exercises, {"kim": (10, 10, 20)})))
    assert "score" not in plain
    say = Say({("kim", "more"): Override(Fraction(12), ("see me",))}, DUE, Fraction(50))
    results = json.loads(as_gradescope(collected(exercises, {"kim": (10, 10, 20)}, say, {"kim": {"handed_in": DUE + HOUR}})))
    schema = json.loads((pathlib.Path(__file__).parent / "data" / "gradescope-results.schema.json").read_text())
    assert "score" in schema["properties"]
    assert results["score"] == 16
    assert sum(test["score"] for test in results["tests"]) == 40, "what the checks gave"
    assert "your teacher gives 12; the checks gave 20" in results["output"]
    assert "comment: see me" in results["output"]
    assert "late by 1 day:" in results["output"]


# Dropping


def test_the_lowest_are_those_of_the_least_share_and_of_equal_ones_the_largest():
    pairs = [(Fraction(5), Fraction(10)), (Fraction(6), Fraction(20)), (Fraction(3), Fraction(10)), (Fraction(0), Fraction(0))]
    assert [lowest(pairs, count) for count in range(4)] == [set(), {1}, {1, 2}, {0, 1, 2}]
    assert lowest([(Fraction(0), Fraction(10))] * 3, 1) == {0}


def test_what_is_dropped_is_shown_and_counts_nowhere(exercises):
    points = {"kim": (5, 10, 12), "lee": (None, 10, 20), "max": (10, 8, 6)}
    say = Say({("max", "more"): Override(Fraction(20))}, drop=1)
    grades = collected(exercises, points, say)
    assert [(student.points, student.of) for student in grades.students] == [(22, 30), (30, 30), (30, 30)]
    assert [[g.exercise.name for g in s.graded if g.dropped] for s in grades.students] == [["double"], ["double"], ["again"]]
    rows = rows_of(as_csv(grades))
    assert rows[0][4:] == ["total", "look at", "instead of", "dropped", "of"]
    assert rows[2] == ["kim", "5", "10", "12", "22", "", "", "double", "30"]
    assert "dropped as one of your lowest" in feedback.text(grades.students[0])
    assert "total: 22 of 30" in feedback.text(grades.students[0])
    assert rows_of(as_otter(grades))[2][-3:] == ["22.0", str(22 / 30), "Completed"]
    page = as_html(grades)
    assert "<s>5</s>" in page
    assert "Dropped as lowest, number of times (2)" in page
    assert "20 (6)" in page
    assert "max: more, 20; the checks gave 6" in page


# Without a word of the teacher's


def test_where_nothing_is_decided_the_files_tell_of_nothing(exercises):
    grades = collected(exercises, {"kim": (5, 10, None)})
    student = json.loads(as_json(grades))["students"][0]
    assert {key for key, value in student.items() if value} == {"student", "points", "of", "exercises"}
    assert {key for key, value in student["exercises"][0].items() if value} == {"exercise", "points", "of", "outcome", "entries"}
    assert rows_of(as_csv(grades))[0] == ["student", *NAMES, "total", "look at"]
    text = feedback.text(grades.students[0])
    assert text == (
        "kim\n\ndouble: wrong\n  to look for the line with the mistake: aescratch exercises check double\n"
        "    shapes: 1 of 1\n    values of y: 4 of 8\n    changes no argument, and gives the same result again: 0 of 1\n"
        "  points: 5 of 10\n\nagain: passed\n  points: 10 of 10\n\n"
        "more: there is no file\n  points: 0 of 20\n"
    )  # fmt: skip
    assert "Your decisions" not in as_html(grades)


# Whole runs, with a judge that gives the points that a file asks for


@pytest.fixture
def run(course, tmp_path, monkeypatch):
    """Return a function that grades, and lists what was judged."""
    asked = []

    def ask(worker, task):
        asked.append(task.text.decode())
        wanted = re.search(rb"points ([\d.]+)", task.text)
        worth = sum(part.of for part in declared(task.exercise))
        bonus = getattr(run, "bonus", 0)
        return record(task.exercise, min(worth, Fraction(wanted[1].decode()) + bonus) if wanted else worth) | {"key": task.key}

    monkeypatch.setattr(runs.Worker, "ask", ask)
    monkeypatch.setattr(command, "missing_protections", list)
    for name, row in {"kim": (5, 10, 12), "lee": (5, 7, 20), "=jo": (1, 2, 3)}.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        for exercise, points in zip(read_course(course), row, strict=True):
            (tmp_path / "in" / name / exercise.file_name).write_text(f"# points {points}\n")

    def run(*words, exercises=course):
        parser = Parser("grade")
        command.add_arguments(parser)
        arguments = parser.parse_args(
            [str(tmp_path / "in"), "--exercises", str(exercises), "--jobs", "1", "--out", str(tmp_path / "out"), *map(str, words)]
        )
        asked.clear()
        assert command.run(arguments) == 0
        return sorted(asked)

    return run


def written(folder):
    kept = {path for path in folder.rglob("*") if path.is_file() and path.name != "results.jsonl"}
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def points_in(folder):
    return {row[0]: [float(value) for value in row[1:4]] for row in rows_of((folder / "summary.csv").read_text())[2:]}


def test_overrides_survive_reruns_and_leave_no_trace_when_they_go(run, tmp_path):
    run("--seed", 1)
    plain = written(tmp_path / "out")
    path = table(tmp_path / "out", HEAD + "kim,double,9.5,it was right\n'=jo,more,,look at <slide> 4\n")
    assert run() == [], "nothing is judged again"
    assert points_in(tmp_path / "out")["kim"] == [9.5, 10, 12]
    first = written(tmp_path / "out")
    text = first["feedback/kim.txt"].decode()
    assert "points: 9.5 of 10\n  your teacher gives 9.5; the checks gave 5\n  comment: it was right\n" in text
    assert "comment: look at <slide> 4" in first[next(name for name in first if "jo" in name)].decode()
    page = first["summary.html"].decode()
    assert "kim: double, 9.5; the checks gave 5" in page
    assert "look at &lt;slide&gt; 4" in page
    run()
    assert written(tmp_path / "out") == first
    elsewhere = path.rename(tmp_path / "mine.csv")
    run("--overrides", elsewhere)
    assert written(tmp_path / "out") == {name: text for name, text in first.items() if name != "overrides.csv"}
    run()
    assert written(tmp_path / "out") == plain


def test_a_table_that_is_refused_changes_nothing(run, tmp_path):
    run("--seed", 1)
    table(tmp_path / "out", HEAD + "kim,double,9.5,\nkim,double,9,\nlee,double,7,\n")
    before = written(tmp_path / "out")
    with pytest.raises(UsageError, match="line 3: it contradicts line 2"):
        run("--seed", 2)
    assert written(tmp_path / "out") == before
    with pytest.raises(UsageError, match="can't be read: No such file"):
        run("--overrides", tmp_path / "nowhere.csv")


def test_an_override_of_an_exercise_that_is_not_graded_now_waits(run, tmp_path):
    (tmp_path / "out").mkdir()
    table(tmp_path / "out", HEAD + "kim,more,20,\n")
    run("--only", "double")
    assert rows_of((tmp_path / "out" / "summary.csv").read_text())[0] == ["student", "double", "total", "look at"]
    run()
    assert points_in(tmp_path / "out")["kim"] == [5, 10, 20]


def test_lateness_and_dropping_on_the_command_line(run, tmp_path, monkeypatch):
    read = command.handed_in

    def with_times(*arguments):
        reading, roster = read(*arguments)
        for submission in reading.submissions:
            for name in submission.arrivals:
                submission.arrivals[name] = Arrival(0, DUE + HOUR if submission.student == "kim" else DUE)
        return reading, roster

    monkeypatch.setattr(command, "handed_in", with_times)
    run("--due", "2026-11-30T18:00+09:00", "--late", "10%/day", "--drop-lowest", 1)
    assert points_in(tmp_path / "out") == {"'=jo": [1, 2, 3], "kim": [4.5, 9, 10.8], "lee": [5, 7, 20]}
    grades = json.loads((tmp_path / "out" / "grades.json").read_text())
    assert [(student["points"], student["of"]) for student in grades["students"]] == [(5, 30), (19.8, 30), (27, 30)]
    run("--due", "2026-11-30T18:00+09:00")
    grades = json.loads((tmp_path / "out" / "grades.json").read_text())
    assert (grades["students"][1]["points"], grades["students"][1]["late"]) == (27, {"days": 1, "percent": 0})


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--late", "10%/day"], "expected --due together with --late"),
        (["--late", "10%", "--due", "2026-11-30"], "expected a rule such as 10%/day"),
        (["--due", "soon"], "expected a date such as"),
        (["--drop-lowest", "3"], "below the number of exercises, 3, got 3"),
        (["--regrade", "kim"], "there are no grades in .* grade first, without --regrade"),
        (["--regrade", "kin"], "there is no student and no exercise 'kin' to regrade; did you mean kim?"),
    ],
)
def test_wrong_usage_is_a_sentence_and_nothing_is_judged(words, says, run, tmp_path):
    with pytest.raises(UsageError, match=says.replace("?", r"\?")):
        run(*words)
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


# Regrading


def test_regrading_judges_what_is_named_and_keeps_the_rest(run, tmp_path, monkeypatch, capsys):
    run("--seed", 1)
    before = written(tmp_path / "out")
    capsys.readouterr()
    monkeypatch.setattr(run, "bonus", 2, raising=False)
    assert run("--regrade", "kim") == ["# points 10\n", "# points 12\n", "# points 5\n"]
    printed = capsys.readouterr().out
    assert "regraded: 4, points that changed: 3\n" in printed, "lee's first file is the same as kim's"
    assert "  kim: double, 5 before, 7 now\n  kim: more, 12 before, 14 now\n  lee: double, 5 before, 7 now\n" in printed
    after = written(tmp_path / "out")
    assert points_in(tmp_path / "out") == {"'=jo": [1, 2, 3], "kim": [7, 10, 14], "lee": [7, 7, 20]}
    text = after["feedback/kim.txt"].decode()
    assert "points: 7 of 10\n  regraded: 5 before, 7 now\n" in text
    assert "regraded: 10, as before" in text
    assert "regraded: 5 before" in after["feedback/lee.txt"].decode()
    jo = next(name for name in after if "jo" in name)
    assert after[jo] == before[jo]
    assert "kim: double, 5 before, 7 now" in after["summary.html"].decode().replace("<wbr>", "")
    assert run() == []
    assert written(tmp_path / "out") == after, "the note and the new points stay"
    monkeypatch.setattr(run, "bonus", 3)
    assert len(run("--regrade", "double", "=jo")) == 4  # of =jo 3, and the one that kim and lee share
    assert "  =jo: double, 1 before, 4 now\n" in capsys.readouterr().out
    assert points_in(tmp_path / "out") == {"'=jo": [4, 5, 6], "kim": [8, 10, 14], "lee": [8, 7, 20]}
    assert "regraded: 5 before, 8 now" in (tmp_path / "out" / "feedback" / "kim.txt").read_text(), "from the first on"


def test_an_exercise_whose_checks_were_repaired_is_regraded_with_a_note(run, course, tmp_path, monkeypatch):
    ours = tmp_path / "ours"
    shutil.copytree(course, ours)
    run("--seed", 1, exercises=ours)
    (ours / "02_again" / "hints.md").write_text("# *\n1. d\n2. e\n3. f\n")
    monkeypatch.setattr(run, "bonus", 1, raising=False)
    run("--regrade", "again", exercises=ours)
    assert points_in(tmp_path / "out")["lee"] == [5, 8, 20]
    assert "regraded: 7 before, 8 now" in (tmp_path / "out" / "feedback" / "lee.txt").read_text()


def test_damaged_notes_and_tables_are_a_sentence(run, tmp_path):
    run("--seed", 1)
    for text in ("{", "[1]", '{"kim": 3}', '{"kim": {"double": "x"}}', '{"kim": {"double": []}}'):
        (tmp_path / "out" / "regrades.json").write_text(text)
        with pytest.raises(UsageError, match=r"regrades.json is invalid"):
            run()
    (tmp_path / "out" / "regrades.json").unlink()
    for text in ("", "student\n", "student,double,total\n(points),10,10\nkim,x,1\n"):
        (tmp_path / "out" / "summary.csv").write_text(text)
        with pytest.raises(UsageError, match=r"summary.csv is invalid"):
            run("--regrade", "kim")


# The page


def made(exercises, rows, sections=()):
    """Return grades of students with a record each for the first exercise."""
    records = {(name, exercises[0].name): record(exercises[0], **row) for name, row in rows.items()}
    those = dict(sections)
    submissions = [Submission(name, row=Row(name, 0, section=those.get(name, ""))) for name in rows]
    return collect(submissions, exercises[:1], records)


def test_the_chart_has_everybody_who_handed_in_once(exercises):
    points = {f"s{n}": (p, 0, 0) for n, p in enumerate(("0", "0.99", "1", "4.99", "5", "9.9", "10"))} | {"no": (None, None, None)}
    page = as_html(collected(exercises[:1], {name: row[:1] for name, row in points.items()}))
    assert 'aria-label="students per tenth: 2, 1, 0, 0, 1, 1, 0, 0, 0, 2"' in page
    assert page.count("<rect") == 10
    assert "Without anything to judge: 1." in page


def test_who_handed_in_no_file_is_named_and_the_share_that_passes_stands_beside_its_number(exercises):
    grades = collected(exercises[:1], {"kim": ("10",), "lee": ("0",), "max": (None,)})
    page = as_html(grades).replace("<wbr>", "")
    progress = page[page.index("Progress") : page.index("Hardest parts")]
    assert "<b>double</b>, 1: max</li>" in progress
    assert re.findall(r"<th[^>]*>([^<]*)</th>", progress)[:6] == [
        "exercise", "mean points of all", "not begun", "not yet", "pass", "share that pass",
    ]  # fmt: skip


def test_what_nobody_handed_in_is_told(run, capsys, tmp_path):
    run("--seed", 1)
    assert "exercises that nobody" not in capsys.readouterr().out
    for file in tmp_path.glob("in/*/03_*.py"):
        file.unlink()
    run()
    assert f"exercises that nobody handed in: 1 ({NAMES[2]}); --only leaves them out of the totals" in capsys.readouterr().out


def test_the_hardest_part_comes_first_and_counts_only_those_who_began(exercises):
    parts = declared(exercises[0])
    first = parts[0].of
    assert [part.name for part in parts[:2]] == ["shapes", "values of y"], "the first in order is not the hardest"
    rows = {"kim": {"points": first}, "lee": {"points": 10}, "max": {"points": 0, "kind": "not-begun"}}
    page = as_html(made(exercises, rows)).replace("<wbr>", "")
    hardest = page[page.index("Hardest parts") : page.index("The first mistake of")]
    assert f"double: {parts[1].name}</th><td>50 %</td><td>2</td>" in hardest
    assert f"double: {parts[0].name}<" not in hardest, "all of it is right"
    rows["pia"] = {"points": 0}
    rows["lee"] = {"points": first}
    page = as_html(made(exercises, rows)).replace("<wbr>", "")
    hardest = page[page.index("Hardest parts") : page.index("The first mistake of")]
    shares = [int(share) for share in re.findall(r"<td>(\d+) %", hardest)]
    assert shares == [0, 0, 67], "the least first"


def test_points_for_a_file_that_is_missing_are_shown(exercises):
    page = as_html(collected(exercises, {"kim": (10, None, None)}, Say({("kim", "again"): Override(Fraction(4))})))
    assert '<td class="c">4 (0)</td><td>–</td><td>14</td>' in page


def test_a_mistake_has_kinds_by_what_was_said_whatever_the_line(exercises):
    def raised(what):
        return {"points": 0, "kind": "raised", "reason": f"it raised an exception: {what}"}

    rows = {"kim": raised("no module torch (line 3)"), "lee": raised("no input (line 1)"), "max": raised("no module torch (line 9)")}
    grades = made(exercises, rows, sections={"kim": "A", "max": "A", "lee": "B"})
    (cluster,) = clusters(grades)
    kinds = [(reason, [name for name, _ in group]) for reason, group in subgroups(cluster)]
    assert kinds == [
        ("it raised an exception: no module torch", ["kim", "max"]), ("it raised an exception: no input", ["lee"]),
    ]  # fmt: skip
    page = as_html(grades)
    assert "<li>2: it raised an exception: no module torch<br>kim, max</li>" in page
    assert "By section: A: 2; B: 1" in page


def test_a_law_that_holds_beside_wrong_values_is_not_among_the_hardest_parts(exercises):
    def shown_parts(codes):
        records = {("kim", exercises[0].name): record(exercises[0], 0)}
        for row in records["kim", exercises[0].name]["entries"][2:]:  # after shapes and values
            row[4] = codes
        page = as_html(collect([Submission("kim")], exercises[:1], records)).replace("<wbr>", "")
        return re.findall(r"<th>double: ([^<]*)</th><td>0 %", page[page.index("Hardest parts") : page.index("The first mistake of")])

    names = [part.name for part in declared(exercises[0])]
    assert len(names) > 2
    assert shown_parts(["changed-argument"]) == sorted(names)
    assert shown_parts(["law-without-values"]) == sorted(names[:2])


def test_the_rosters_name_stands_beside_the_students_in_mistakes_and_among_the_stuck(exercises):
    submissions = [Submission("s1", row=Row("s1", 2, name="Kim Yuna", section="A"))]
    records = {("s1", exercise.name): record(exercise, 1) for exercise in exercises}
    page = as_html(collect(submissions, exercises, records)).replace("<wbr>", "")
    mistakes, stuck = (page[page.index(head) :] for head in ("The first mistake of", "Who is stuck where"))
    assert "<summary>s1 (Kim Yuna)</summary>" in mistakes
    assert "By section: A: 1" in mistakes
    assert "<b>double</b>, 1 of 1: s1 (Kim Yuna)" in stuck
    assert "<b>s1 (Kim Yuna)</b>, 3: double" in stuck


def test_who_is_stuck_is_listed_by_exercise_and_by_student(exercises):
    points = {"kim": (1, 1, 20), "lee": (2, 10, None), "max": (10, 1, 3), "pia": (0, 0, 0)}
    say = Say({("max", "again"): Override(Fraction(10))})
    page = as_html(collected(exercises, points, say)).replace("<wbr>", "")
    stuck = page[page.index("Who is stuck where") :]
    assert "<b>double</b>, 3 of 4: kim, lee, pia" in stuck
    assert "<b>again</b>, 2 of 4: kim, pia" in stuck, "max was given all points"
    assert stuck.index("<b>double</b>") < stuck.index("<b>again</b>") < stuck.index("<b>more</b>")
    assert "<b>pia</b>, 3: double, again, more</li><li><b>kim</b>, 2: double, again</li></ul>" in stuck


def test_what_was_given_points_is_looked_at_no_more(exercises):
    records = {(name, "double"): record(exercises[0], 0, "died") for name in ("kim", "lee")}
    for each in records.values():
        each["entries"][0][-1] = True
    say = Say({("kim", "double"): Override(Fraction(3)), ("lee", "double"): Override(None, ("come and see me",))})
    grades = collect([Submission("kim"), Submission("lee")], exercises[:1], records, say)
    assert [student.graded[0].flagged for student in grades.students] == [False, True]
    page = as_html(grades)
    look = page[page.index("For you to check") : page.index("Your decisions")]
    assert look.count("lee: double") == 2
    assert "kim" not in look


def test_how_long_judging_took_stands_on_the_page_and_in_no_file_of_grades(exercises):
    rows = {"kim": {"points": 10, "seconds": 1.2}, "lee": {"points": 0, "kind": "timed-out", "seconds": 9.87}, "max": {"points": 10, "seconds": 3.4}}
    grades = made(exercises, rows)
    assert "<th>double</th><td>3.4</td><td>9.9</td><td>1</td>" in as_html(grades)
    for text in (as_json(grades), as_csv(grades), feedback.text(grades.students[1])):
        assert "9.87" not in text
        assert "seconds" not in text
    assert 'id="runtime"' not in as_html(made(exercises, {"kim": {"points": 10}})), "an older judgement has no time"
