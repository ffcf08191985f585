"""Grading: every part gets its points and reason for any submission; interrupted runs end with the same grades."""

import argparse
import csv
import io
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from exports import canvas, packed

from aescratch.classroom import all_exercises
from aescratch.classroom.exercise import CourseError, read_course
from aescratch.classroom.grading import runs, sandbox
from aescratch.classroom.grading.exports import attempts
from aescratch.classroom.grading.formats import FORMATS, as_csv, as_gradescope, as_nbgrader, as_otter
from aescratch.classroom.grading.grades import Graded, Grades, Student
from aescratch.classroom.grading.judging import Judgement, missing_protections
from aescratch.classroom.grading.ledger import BROKEN, Ledger, Task, digest_of_exercise, key_of
from aescratch.classroom.grading.marks import Entry, entries, without_points
from aescratch.classroom.grading.parts import checked, declared, fair_seed
from aescratch.classroom.grading.reasons import answer_of
from aescratch.classroom.grading.submissions import read_submission, read_submissions
from aescratch.classroom.grading.summary import as_html
from aescratch.classroom.outcome import DIED, NOT_BEGUN, TIMED_OUT, Outcome, outcome_of
from aescratch.inspection.gradcheck import Report
from aescratch.programs.cli import grading as command
from aescratch.programs.cli.status import UsageError

ROOT = pathlib.Path(__file__).parents[1]
EXERCISES = all_exercises()
BY_NAME = {exercise.name: exercise for exercise in EXERCISES}
NAMES = list(BY_NAME)
confined = pytest.mark.skipif(bool(missing_protections()), reason="; ".join(missing_protections()))


def judged_here(exercise, text, seed=0):
    """Return the judgement of a harmless text, in this process, without looking for causes."""
    with np.errstate(all="ignore"):
        reports = [report for report, _ in checked(exercise, text, fair_seed(exercise, seed))]
    return Judgement(outcome_of(reports), reports)


def marks_of(exercise, text):
    return {entry.part: entry for entry in entries(exercise, judged_here(exercise, text))}


def total(exercise, text):
    return sum(entry.points for entry in entries(exercise, judged_here(exercise, text)))


# Points


@pytest.mark.in_turn
@pytest.mark.parametrize("exercise", EXERCISES, ids=NAMES)
def test_every_part_is_accounted_for_whatever_was_handed_in(exercise):
    parts = [(part.name, part.of) for part in declared(exercise)]
    assert sum(of for _, of in parts) == exercise.points
    assert len({name for name, _ in parts}) == len(parts)
    judgements = {"solution": judged_here(exercise, exercise.solution), "stub": judged_here(exercise, exercise.stub)}
    for name, mutant in exercise.mutants.items():
        judgements[name] = judged_here(exercise, exercise.mutated(mutant))
    for kind in (DIED, TIMED_OUT, NOT_BEGUN, "syntax-error", "missing-function", "other-arguments", "raised"):
        judgements[kind] = Judgement(Outcome(kind, "so it was", 3), [])
        judgements[f"{kind} in the middle"] = Judgement(Outcome(kind), judgements["solution"].reports[:1])
    for name, judgement in judgements.items():
        found = entries(exercise, judgement)
        assert [(entry.part, entry.of) for entry in found] == parts, name
        assert all(0 <= entry.points <= entry.of and entry.reason for entry in found), name
        assert all(entry.points == entry.of or entry.codes for entry in found), name
        earned = sum(entry.points for entry in found)
        if judgement.outcome.passed:
            assert earned == exercise.points
        elif all(report.verdict == "pass" for report in judgement.reports) and judgement.reports:
            assert earned <= exercise.points  # it broke after the last report, or before the next
        else:
            assert earned < exercise.points, name
    assert sum(entry.points for entry in entries(exercise, judgements["stub"])) == 0
    nothing = without_points(exercise, "there is no file", "no-file")
    assert [(entry.part, entry.of) for entry in nothing] == parts
    assert {entry.points for entry in nothing} == {0}


@pytest.mark.parametrize(
    ("answer", "points"),
    [
        ("import numpy as np\n    return np.zeros_like(x), np.zeros_like(W), np.zeros(W.shape[1])", 0),
        ("import numpy as np\n    return np.ones_like(x), np.ones_like(W), np.ones(W.shape[1])", 0),
        ("return x.copy(), W.copy(), grad_y[0].copy()", 1),  # three shapes, and nothing else
        ("return None", 0),
        ("return grad_y @ W.T, x.T @ grad_y, grad_y.mean(axis=0)", "6.99"),  # without grad_b, and its part of two laws
        ("return grad_y @ W.T, x.T @ grad_y, grad_y.copy()", "6.65"),  # nor its shape
        ("return grad_y @ W.T, x.T @ grad_y, grad_y", "5.99"),  # and somebody else's memory
    ],
)  # fmt: skip
def test_laws_and_shapes_earn_nothing_where_values_are_wrong(answer, points):
    text = f"def dense_backward(grad_y, x, W):\n    {answer}\n"
    assert total(BY_NAME["dense_backward"], text) == Fraction(points)


def test_breaking_a_law_costs_that_law_only():
    exercise = BY_NAME["sigmoid_backward"]
    impure = "def sigmoid_backward(grad_y, y):\n    grad_y *= y * (1 - y)\n    return grad_y.copy()\n"
    marks = marks_of(exercise, impure)
    assert [name for name, entry in marks.items() if entry.points < entry.of] == ["changes no argument, and gives the same result again"]
    assert total(exercise, impure) == 9
    bent = (
        "def sigmoid_backward(grad_y, y):\n"
        "    return grad_y * y * (1 - y) * (1 if (abs(grad_y) >= 0.5).all() else 2)\n"
    )
    marks = marks_of(exercise, bent)
    assert [name for name, entry in marks.items() if entry.points < entry.of] == ["linear in the upstream gradient"]


def test_always_the_same_answer_earns_nothing():
    exercise = BY_NAME["own_checker"]
    for answer in ("True", "False"):
        assert total(exercise, f"def is_right(loss, grad, x):\n    return {answer}\n") == 0
    earned = total(exercise, exercise.mutated(exercise.mutants["any shape"]))
    assert 8 < earned < 10


def test_what_a_planted_bugs_stub_has_right_earns_nothing_and_has_to_stay_right():
    exercise = BY_NAME["find_the_bug_1"]
    names = [part.name for part in declared(exercise)]
    assert "values of grad_W1" in names
    assert "values of grad_W2" not in names
    broken = exercise.solution.replace("return grad_W1, grad_b1, grad_W2, grad_b2", "return grad_W1, grad_b1, 2 * grad_W2, grad_b2")
    lost = [entry for entry in entries(exercise, judged_here(exercise, broken)) if entry.points < entry.of]
    assert [(entry.part, entry.codes) for entry in lost] == [("what was right stays right", ("not-kept",))]


def test_what_the_checks_cannot_tell_earns_nothing_and_is_flagged():
    exercise = BY_NAME["dense_backward"]
    judgement = judged_here(exercise, exercise.solution)
    judgement.reports[0].tensors[1].verdicts[:] = "inconclusive"
    found = {entry.part: entry for entry in entries(exercise, judgement)}
    entry = found["values of grad_W"]
    assert (entry.points, entry.flagged) == (0, True)
    assert "look at this one yourself" in entry.reason
    assert not found["values of grad_x"].flagged
    assert found["values of grad_x"].points == found["values of grad_x"].of


def test_a_report_that_was_not_asked_for_changes_nothing():
    exercise = BY_NAME["dense_backward"]
    judgement = judged_here(exercise, exercise.solution)
    judgement.reports += [Report("another", [], [], 1e-6)] * 3
    assert sum(entry.points for entry in entries(exercise, judgement)) == exercise.points


def test_answers_and_reasons_hold_none_of_the_right_values():
    for name in ("dense_backward", "adam_step", "find_the_bug_3"):
        exercise = BY_NAME[name]
        for mutant in exercise.mutants.values():
            judgement = judged_here(exercise, exercise.mutated(mutant))
            said = answer_of(exercise, judgement.outcome, judgement.reports)
            said += " ".join(entry.reason for entry in entries(exercise, judgement))
            for report in judgement.reports:
                for tensor in report.tensors:
                    for value in tensor.numeric[tensor.verdicts == "fail"]:
                        assert f"{abs(value):.9g}"[:6] not in said or abs(value) in (0, 1)


def test_what_is_not_begun_is_said_once_and_no_hole_is_named_where_there_is_none():
    for name, hole in (("dense_backward", True), ("top_k_backward", False)):
        exercise = BY_NAME[name]
        judgement = judged_here(exercise, exercise.stub)
        assert judgement.outcome.kind == NOT_BEGUN
        answer = answer_of(exercise, judgement.outcome, judgement.reports)
        assert ("raise NotImplementedError" in answer) == hole
        assert "isn't written yet" not in answer
        assert len(answer.splitlines()) > 1, "it says what to do"


def own_course(folder, points=7, checks=""):
    """Write a course of one small exercise."""
    here = folder / "01_double"
    here.mkdir(parents=True)
    (here / "about.md").write_text(f"# Twice\nchapter: 1. First\nminutes: 2\npoints: {points}\n\nWrite it.\n")
    (here / "solution.py").write_text(
        '"""Twice."""\n\n\ndef double(x):\n    """Return 2 x."""\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n'
    )
    (here / "hints.md").write_text("# *\n1. a\n2. b\n3. c\n")
    (here / "mutants.py").write_text("MUTANTS = {}\n")
    (here / "checks.py").write_text(
        '"""Values."""\nimport sys\nimport numpy as np\nfrom aescratch.classroom.comparing import check_forward\n'
        'FUNCTIONS = ("double",)\n\ndef twice(x):\n    return 2 * x\n\ndef check(student, seed):\n'
        "    rng = np.random.default_rng(seed)\n    draws = [{'x': rng.normal(size=5)} for _ in range(2)]\n"
        f"{checks}    yield check_forward(student.double, twice, draws)\n"
    )
    return folder


def test_points_that_do_not_divide_are_shared_to_the_hundredth(tmp_path):
    for points in (1, 7, 13):
        exercise = read_course(own_course(tmp_path / str(points), points))[0]
        worths = [part.of for part in declared(exercise)]
        assert sum(worths) == points
        assert all((worth * 100).denominator == 1 for worth in worths)


def test_an_unlucky_seed_is_passed_over(tmp_path):
    unlucky = "    if seed in (4, 5): draws[0]['x'][:] = np.nan\n"
    exercise = read_course(own_course(tmp_path, checks=unlucky))[0]
    assert [fair_seed(exercise, seed) for seed in (3, 4, 5)] == [3, 6, 6]
    hopeless = read_course(own_course(tmp_path / "b", checks="    draws[0]['x'][:] = np.nan\n"))[0]
    with pytest.raises(ValueError, match="the solution of double to pass"):
        fair_seed(hopeless, 0)


# What is handed in


def test_odd_things_among_submissions_are_each_told_in_a_sentence(tmp_path):
    exercises = [BY_NAME["dense_backward"], BY_NAME["relu_backward"]]
    folder = tmp_path / "handed in"
    for path in ("kim/02_dense_backward.py", "kim/03_relu_backward.py", "Zoë 김/week 1/02_Dense_Backward (1).py",
                 "a b/02_dense_backward.py", "a b/old/02_dense_backward.py"):  # fmt: skip
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("x = 1\n")
    long = "l" * 200
    (folder / "a b" / "02_dense_backward.py").write_text("x = 2\n")
    for name in (long, "large", "linked", "piped"):
        (folder / name).mkdir()
    (folder / "large" / "02_dense_backward.py").write_text("#" * 2_000_000)
    (folder / "linked" / "02_dense_backward.py").symlink_to(folder / "kim" / "02_dense_backward.py")
    os.mkfifo(folder / "piped" / "02_dense_backward.py")
    (folder / "elsewhere").symlink_to("/")
    (folder / "list.txt").write_text("")
    (folder / "lee.zip").write_text("")
    (folder / ".DS_Store").write_text("")
    found, remarks, _ = read_submissions([folder], exercises)
    students = {submission.student: submission for submission in found}
    assert list(students) == sorted(["kim", "Zoë 김", "a b", long[:117] + "...", "large", "linked", "piped"])
    assert set(students["kim"].files) == {"dense_backward", "relu_backward"}
    assert students["kim"].remarks == []
    assert "dense_backward" in students["Zoë 김"].files
    assert "was taken for 02_dense_backward.py" in students["Zoë 김"].remarks[0]
    assert students["Zoë 김"].reasons == {"relu_backward": "there is no file 03_relu_backward.py"}
    assert students["a b"].files["dense_backward"] == b"x = 2\n"
    assert "was graded, not old" in students["a b"].remarks[0]
    assert "more than 1000000" in students["large"].reasons["dense_backward"]
    assert "link" in students["linked"].remarks[0]
    assert students["linked"].files == {}
    assert "not an ordinary file" in students["piped"].reasons["dense_backward"]
    assert students[long[:117] + "..."].remarks == ["the folder is empty"]
    assert len(remarks) == 3
    assert "unpack it" in next(remark for remark in remarks if "lee.zip" in remark)
    with pytest.raises(CourseError, match="give the folder above it"):
        read_submissions([folder / "kim"], exercises)
    assert set(read_submission(folder / "kim", exercises, "kim").files) == {"dense_backward", "relu_backward"}


@pytest.mark.parametrize(("path", "remark"), [
    ("my dense.py", "file name: my dense.py"),
    ("02_dense_backward.ipynb", "file name: 02_dense_backward.ipynb"),
    ("week 1/all.zip", "week 1/all.zip is not a valid zip file"),
    ("a/b/c/d/02_dense_backward.py", "folders more than 3 levels deep were not opened"),
    ("course/02_dense_backward/checks.py", ""),
    ("README.md", ""),
])  # fmt: skip
def test_what_may_be_an_answer_and_was_not_graded_is_told(tmp_path, path, remark):
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text("x = 1\n")
    submission = read_submission(tmp_path, [BY_NAME["dense_backward"]], "kim")
    assert submission.reasons
    assert [remark in said for said in submission.remarks] == [True] * bool(remark)


def test_a_backup_of_ours_counts_where_there_is_nothing_else_and_is_no_news(tmp_path):
    exercise = BY_NAME["dense_backward"]
    for folder in (tmp_path / "backups", tmp_path / "week 1" / "work"):
        folder.mkdir(parents=True)
        (folder / exercise.file_name).write_text(f"{folder.name} = 1\n")
    submission = read_submission(tmp_path, [exercise], "kim")
    assert submission.files == {exercise.name: b"work = 1\n"}
    assert submission.remarks == []
    shutil.rmtree(tmp_path / "week 1")
    assert read_submission(tmp_path, [exercise], "kim").files == {exercise.name: b"backups = 1\n"}


def test_a_thousand_links_are_told_of_in_a_few_sentences(tmp_path):
    for number in range(1000):
        (tmp_path / f"link{number}").symlink_to("/")
    remarks = read_submission(tmp_path, [BY_NAME["dense_backward"]], "kim").remarks
    assert len(remarks) == 6
    assert remarks[-1] == "995 more are links"


def test_a_folder_of_any_size_is_looked_at_so_far(tmp_path, monkeypatch):
    monkeypatch.setattr(attempts, "MOST_FILES", 5)
    for number in range(9):
        (tmp_path / f"{number}").mkdir()
    assert "only the first 5 files and folders were read" in read_submission(tmp_path, [BY_NAME["dense_backward"]], "kim").remarks[0]


# The ledger


def test_half_a_line_is_dropped_and_nothing_is_doubled(tmp_path):
    path = tmp_path / "results.jsonl"
    with Ledger(path) as ledger:
        for key in ("a", "b"):
            ledger.add({"key": key, "kind": "passed"})
        with pytest.raises(BlockingIOError):
            Ledger(path)
    whole = path.read_bytes()
    for cut in range(1, len(whole)):
        path.write_bytes(whole[:cut])
        with Ledger(path) as ledger:
            left = set(ledger.records)
            assert left == {line for line, end in (("a", whole.index(b"\n")), ("b", len(whole) - 1)) if cut > end}
            for key in {"a", "b"} - left:
                ledger.add({"key": key, "kind": "passed"})
        assert sorted(path.read_bytes().splitlines()) == sorted(whole.splitlines())


def test_a_key_is_everything_that_decides(tmp_path):
    exercise = read_course(own_course(tmp_path))[0]
    before = digest_of_exercise(exercise)
    keys = {
        key_of(exercise, before, b"x", "s", {"seconds": 1}, []), key_of(exercise, before, b"y", "s", {"seconds": 1}, []),
        key_of(exercise, before, b"x", "t", {"seconds": 1}, []), key_of(exercise, before, b"x", "s", {"seconds": 2}, []),
        key_of(exercise, before, b"x", "s", {"seconds": 1}, ["a network"]),
    }  # fmt: skip
    (exercise.folder / "checks.py").write_text("# another")
    keys.add(key_of(exercise, digest_of_exercise(exercise), b"x", "s", {"seconds": 1}, []))
    assert len(keys) == 6


# Whole runs


def grade(*words):
    """Grade as the command line does, and return the exit status."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(list(map(str, words))))


RIGHT, WRONG = "def double(x):\n    return x + x\n", "def double(x):\n    return 3 * x\n"
TEXTS = {
    "ann": RIGHT, "bob": WRONG, "cem": "def double(x:\n", "dora": "import os\nos._exit(0)\n", "eve": "raise SystemExit\n",
    "fay": "def double(x):\n    raise NotImplementedError\n", "gil": "def triple(x):\n    return x\n", "hal": RIGHT,
    "<b>ida": "def double(x):\n    raise ValueError('<script>alert(1)</script>')\n", "=jo": WRONG,
}  # fmt: skip


@pytest.fixture
def course(tmp_path):
    return own_course(tmp_path / "course")


@pytest.fixture
def handed_in(tmp_path):
    for name, text in TEXTS.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "01_double.py").write_text(text)
    (tmp_path / "in" / "kai").mkdir()
    return tmp_path / "in"


def outputs(folder):
    """Return every file for people, without how long judging took, which differs from one grading to another."""
    page = re.sub(rb'<section id="runtime">.*?</section>', b"", (folder / "summary.html").read_bytes(), flags=re.DOTALL)
    return {name: (folder / name).read_bytes() for name in ("grades.json", "summary.csv")} | {"summary.html": page} | {
        path.name: path.read_bytes() for path in (folder / "feedback").iterdir()
    }


@pytest.mark.in_turn
@confined
def test_a_run_accounts_for_everybody_and_the_number_of_jobs_changes_nothing(handed_in, course, tmp_path, capsys):
    words = (handed_in, "--exercises", course, "--seed", 3)
    assert grade(*words, "--jobs", 1, "--out", tmp_path / "one") == 0
    assert grade(*words, "--jobs", 3, "--out", tmp_path / "three") == 0
    assert outputs(tmp_path / "one") == outputs(tmp_path / "three")
    grades = json.loads((tmp_path / "one" / "grades.json").read_text())
    found = {student["student"]: student for student in grades["students"]}
    assert list(found) == sorted([*TEXTS, "kai"])
    assert {len(student["exercises"][0]["entries"]) for student in found.values()} == {3}
    assert {name: student["points"] for name, student in found.items() if student["points"]} == {
        "ann": 7, "hal": 7, "bob": 0.7, "=jo": 0.7,
    }  # fmt: skip
    kinds = {name: student["exercises"][0]["outcome"] for name, student in found.items()}
    assert kinds == {
        "ann": "passed", "bob": "wrong", "cem": "syntax-error", "dora": "died", "fay": "not-begun", "hal": "passed",
        "gil": "missing-function", "<b>ida": "raised", "=jo": "wrong", "kai": "no-file", "eve": kinds["eve"],
    }  # fmt: skip
    assert kinds["eve"] in ("raised", "died")
    page = (tmp_path / "one" / "summary.html").read_text()
    assert "<script" not in page
    assert "<b>ida" not in page
    assert "&lt;b&gt;ida" in page
    assert "'=jo," in (tmp_path / "one" / "summary.csv").read_text()
    answer = (tmp_path / "one" / "feedback" / "bob.txt").read_text()
    assert "not right yet" in answer
    assert "points: 0.7 of 7" in answer
    printed = capsys.readouterr().out
    assert f"seed, which is secret: {tmp_path / 'one' / 'seed.json'}\nthis seed is so short" in printed
    assert "submissions with remarks: 1, see" in printed  # kai's folder is empty
    assert (tmp_path / "one" / "feedback" / "kai.txt").read_text().endswith("the folder is empty\n")


@pytest.mark.in_turn
@confined
def test_only_what_is_new_or_changed_is_judged(handed_in, course, tmp_path, monkeypatch):
    asked = []
    ask = runs.Worker.ask
    monkeypatch.setattr(runs.Worker, "ask", lambda self, task: (asked.append(task.text), ask(self, task))[1])
    words = (handed_in, "--exercises", course, "--jobs", 2, "--out", tmp_path / "out")
    assert grade(*words) == 0
    assert len(asked) == len(set(TEXTS.values())) + 1  # identical ones once, and our solution
    seed = json.loads((tmp_path / "out" / "seed.json").read_text())["seed"]
    before, page = outputs(tmp_path / "out"), (tmp_path / "out" / "summary.html").read_text()
    assert "Time taken by grading" in page
    asked.clear()
    assert grade(*words) == 0
    assert asked == []
    assert outputs(tmp_path / "out") == before
    assert (tmp_path / "out" / "summary.html").read_text() == page, "of the same judgements, the times too"
    (handed_in / "bob" / "01_double.py").write_text(RIGHT + "\n")
    assert grade(*words) == 0
    assert asked == [RIGHT.encode() + b"\n"]
    assert json.loads((tmp_path / "out" / "seed.json").read_text())["seed"] == seed
    (course / "01_double" / "hints.md").write_text("# *\n1. d\n2. e\n3. f\n")
    asked.clear()
    assert grade(*words) == 0
    assert len(asked) == len(set(TEXTS.values())) + 2


@pytest.mark.in_turn(3)
@confined
def test_a_run_that_is_killed_goes_on_and_comes_to_the_same(handed_in, course, tmp_path):
    for number in range(15):
        (handed_in / f"student {number}").mkdir()
        (handed_in / f"student {number}" / "01_double.py").write_text(f"{WRONG if number % 3 else RIGHT}# {number}\n")
    words = [str(handed_in), "--exercises", str(course), "--seed", "3", "--jobs", "2"]
    assert grade(*words, "--out", tmp_path / "whole") == 0
    code = "import sys; sys.path.insert(0, 'tests'); from test_grading import grade; sys.exit(grade(*sys.argv[1:]))"
    kills = 0
    records = tmp_path / "cut" / "results.jsonl"
    for wanted in (3, 10):
        process = subprocess.Popen([sys.executable, "-c", code, *words, "--out", str(tmp_path / "cut")], cwd=ROOT)
        end = time.monotonic() + 300
        while process.poll() is None and time.monotonic() < end:
            if records.exists() and records.read_bytes().count(b"\n") >= wanted:
                os.kill(process.pid, signal.SIGKILL)
                kills += process.wait() == -signal.SIGKILL
            time.sleep(0.002)
        assert not (tmp_path / "cut" / "grades.json").exists()
    assert kills == 2
    records.write_bytes(records.read_bytes()[:-7])  # in the middle of a line
    assert grade(*words, "--out", tmp_path / "cut") == 0
    assert outputs(tmp_path / "cut") == outputs(tmp_path / "whole")
    keys = [json.loads(line)["key"] for line in records.read_text().splitlines()]
    assert len(keys) == len(set(keys)) == len(set(TEXTS.values())) + 15 + 1


@pytest.mark.in_turn(0)
@confined
def test_a_damaged_ledger_costs_the_damaged_lines_and_says_so(handed_in, course, tmp_path, capsys):
    words = (handed_in, "--exercises", course, "--jobs", 2, "--out", tmp_path / "out")
    assert grade(*words) == 0
    before, records = outputs(tmp_path / "out"), tmp_path / "out" / "results.jsonl"
    lines = records.read_bytes().splitlines(keepends=True)
    bob = next(line for line in lines if b"3 entries" in line or b'"kind": "wrong"' in line)
    rows = json.loads(bob)
    damages = {
        "no entries": json.dumps({**rows, "entries": []}).encode() + b"\n",
        "points": bob.replace(b", 0, ", b", 700, ", 1),
        "no key": json.dumps({key: value for key, value in rows.items() if key != "key"}).encode() + b"\n",
        "no object": b"[]\n",
        "nested deep": b"[" * 100_000 + b"\n",
        "nothing": b"\n",
        "bytes": b"\xff\0\xfe" + bob[3:],
    }
    for damage in damages.values():
        assert damage != bob
        records.write_bytes(b"".join(damage if line == bob else line for line in lines))
        capsys.readouterr()
        assert grade(*words) == 0
        printed = capsys.readouterr().out
        assert f"invalid lines of {records}, which were judged again: 1 ({lines.index(bob) + 1})\n" in printed
        assert "different files graded now: 1\n" in printed
        assert outputs(tmp_path / "out") == before
    records.write_bytes(b"".join(json.dumps({"key": "a"}).encode() + b"\n" for _ in range(12)))
    with Ledger(records) as ledger:
        assert (ledger.records, ledger.lost) == ({}, list(range(1, 13)))
    with Ledger(records) as ledger:
        assert ledger.lost == []


@pytest.mark.in_turn(3)
@confined
def test_what_was_judged_without_protection_is_judged_again_with_it(handed_in, course, tmp_path, monkeypatch, capsys):
    words = (handed_in, "--exercises", course, "--jobs", 2, "--out", tmp_path / "out")
    missing = ["a submission can read the solutions"]
    with monkeypatch.context() as patch:
        patch.setattr(command, "missing_protections", lambda: missing)
        assert grade(*words, "--unconfined") == 0
    assert missing[0] in (tmp_path / "out" / "summary.html").read_text()
    capsys.readouterr()
    assert grade(*words) == 0
    assert f"different files graded now: {len(set(TEXTS.values()))}\n" in capsys.readouterr().out
    assert missing[0] not in (tmp_path / "out" / "summary.html").read_text()


def test_a_grading_that_is_refused_changes_nothing(handed_in, course, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "missing_protections", list)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "seed.json").write_text('{"seed": "of the first"}')
    with Ledger(tmp_path / "out" / "results.jsonl"):
        before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
        with pytest.raises(UsageError, match="another grading is running in"):
            grade(handed_in, "--exercises", course, "--seed", "of the second", "--out", tmp_path / "out")
        assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_who_ran_out_of_time_is_judged_once_more_alone(tmp_path, monkeypatch, course):
    exercise = read_course(course)[0]
    asked = []

    def ask(worker, task):
        asked.append((task.key, id(worker)))
        times = [key for key, _ in asked].count(task.key)
        return {"key": task.key, "kind": TIMED_OUT if task.key == "c" or (task.key == "a" and times < 2) else "passed"}

    monkeypatch.setattr(runs.Worker, "ask", ask)
    with Ledger(tmp_path / "results.jsonl") as ledger:
        runs.judge_all([Task(key, exercise, b"") for key in "abc"], ledger, "", {}, 2)
        assert {key: record["kind"] for key, record in ledger.records.items()} == {"a": "passed", "b": "passed", "c": TIMED_OUT}
    assert sorted(key for key, _ in asked[:3]) == ["a", "b", "c"]
    assert [key for key, _ in asked[3:]] == ["a", "c"]
    assert len({worker for _, worker in asked[3:]}) == 1


def test_a_run_ends_where_something_around_a_submission_breaks_twice(tmp_path, monkeypatch, course):
    exercise = read_course(course)[0]
    asked = []

    def ask(worker, task):
        asked.append(task.key)
        is_broken = task.key == "b" or (task.key == "a" and asked.count("a") < 2)
        return {"key": task.key, "kind": BROKEN if is_broken else "passed", "says": "OSError: no space"}

    monkeypatch.setattr(runs.Worker, "ask", ask)
    with Ledger(tmp_path / "results.jsonl") as ledger:
        with pytest.raises(runs.GradingError, match="double couldn't be judged: OSError: no space"):
            runs.judge_all([Task(key, exercise, b"") for key in "abc"], ledger, "", {}, 1)
        assert asked == ["a", "a", "b", "b"]
        assert set(ledger.records) == {"a"}


@confined
def test_a_submission_that_takes_its_judge_along_is_flagged_and_the_others_are_judged(tmp_path):
    flag = tmp_path / "flag"
    ends = f"    import os\n    if os.path.exists({str(flag)!r}): os.remove({str(flag)!r}); os._exit(1)\n"
    exercise = read_course(own_course(tmp_path / "course", checks=ends))[0]
    parts = [part.name for part in declared(exercise)]
    flag.write_text("the next check ends the process that it runs in")
    with Ledger(tmp_path / "results.jsonl") as ledger:
        tasks = [Task(key, exercise, RIGHT.encode()) for key in "ab"]
        runs.judge_all(tasks, ledger, "9", {"seconds": 10.0}, 1)
        assert [ledger.records[key]["kind"] for key in "ab"] == [DIED, "passed"]
        found = ledger.records["a"]["entries"]
    assert [part for part, *_ in found] == parts
    assert all(flagged and not points for _, points, _, _, _, flagged in found)


@confined
def test_nothing_is_graded_where_our_own_solution_would_not_pass(handed_in, tmp_path):
    course = own_course(tmp_path / "b")
    solution = course / "01_double" / "solution.py"
    solution.write_text(solution.read_text().replace('"""Twice."""', '"""Twice."""\n\nimport aescratch\n\naescratch.load'))
    with pytest.raises(runs.GradingError, match="the solution of double doesn't get all its points"):
        grade(handed_in, "--exercises", course, "--jobs", 1, "--out", tmp_path / "out")
    assert not (tmp_path / "out" / "grades.json").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere"], "expected a folder of submissions"),
        (["in", "--only", "dens_backward"], "did you mean dense_backward"),
        (["in", "--out", "in/out"], "would lie inside the submissions"),
        (["in", "--time-limit", "0"], "above 0"),
        (["in", "--exercises", "nowhere"], "nowhere"),
        (["in", "--only", "double"], "for exercises of your own, give --exercises"),
        (["in", "--exercises", "released"], "expected solution.py in 01_double, got none; name the folder that it was"),
        (["in/ann"], "expected one folder per student"),
        (["in", "--out", "in/ann/01_double.py"], "would lie inside"),
    ],
)  # fmt: skip
def test_wrong_usage_is_a_sentence(words, says, handed_in, tmp_path, monkeypatch):
    released = own_course(tmp_path / "released") / "01_double"
    (released / "solution.py").rename(released / "stub.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "missing_protections", list)
    with pytest.raises(UsageError, match=says):
        grade(*words)


def test_grading_refuses_where_it_cannot_confine(handed_in, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "missing_protections", lambda: ["a submission can read the solutions"])
    with pytest.raises(UsageError, match=r"can read the solutions.*--unconfined"):
        grade(handed_in, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_on_windows_grading_says_in_one_sentence_what_it_lacks(handed_in, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "os", SimpleNamespace(name="nt"))
    monkeypatch.setattr(command, "os", SimpleNamespace(name="nt"))
    for more in ([], ["--unconfined"]):
        with pytest.raises(UsageError) as caught:
            grade(handed_in, "--out", tmp_path / "out", *more)
        assert str(caught.value) == (
            "this machine can't confine submissions completely: submissions can be confined on Unix only: "
            "grade on Linux, or in WSL"
        )
    assert not (tmp_path / "out").exists()


# The files


def made_up(students=3, exercises=EXERCISES):
    """Return grades as of many students, with long names and long answers."""
    rows = []
    for number in range(students):
        student = Student(f"Student with a rather long name, number {number}")
        for place, exercise in enumerate(exercises):
            kind = ("passed", "wrong", "no-file", "died")[(number * 7 + place) % 4]
            parts = [
                Entry(part.name, part.name, part.of if kind == "passed" else Fraction(0), part.of, "a reason",
                      () if kind == "passed" else ("scale@grad_b",), kind == "died" and number % 10 == 0)
                for part in declared(exercise)
            ]  # fmt: skip
            cause = f"the cause of number {(number + place) % 60} <i>"
            student.graded.append(Graded(exercise, kind, tuple(parts), kind, cause, "an answer & more\n" * 100, told_cause=cause))
        rows.append(student)
    return Grades(exercises, rows)


@pytest.mark.in_turn
def test_the_summary_of_three_hundred_is_small_whole_and_fetches_nothing():
    page = as_html(made_up(300))
    assert len(page.encode()) < 40 * 300 * len(EXERCISES)  # a cell is one of these
    assert page.count("<tr>") > 300
    assert "<i>" not in page
    assert "http" not in page


def rows_of(text):
    return list(csv.reader(io.StringIO(text)))


def test_tables_add_up_and_no_cell_is_a_formula():
    grades = made_up(5, EXERCISES[:3])
    grades.students[0].name = "=HYPERLINK(1)"
    head, points, *rows = rows_of(as_csv(grades))
    assert head == ["student", *NAMES[:3], "total", "look at"]
    assert rows[0][0] == "'=HYPERLINK(1)"
    for row in (points, *rows):
        assert sum(map(float, row[1:4])) == float(row[4])
    for form in [form for form in FORMATS.values() if not form.file_name.endswith(".json")]:
        cells = [cell for row in rows_of(form.write(grades)) for cell in row]
        assert not [cell for cell in cells if cell[:1] in "=+-@" and cell not in ("", "--")]


def test_what_gradescope_reads_is_as_its_documentation_says():
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema: pip install jsonschema")
    schema = json.loads((ROOT / "tests" / "data" / "gradescope-results.schema.json").read_text())
    for student in range(4):
        grades = made_up(4)
        grades.students = grades.students[student : student + 1]
        results = json.loads(as_gradescope(grades))
        jsonschema.validate(results, schema)
        assert sum(test["max_score"] for test in results["tests"]) == pytest.approx(10 * len(EXERCISES))
        assert sum(test["score"] for test in results["tests"]) == pytest.approx(float(grades.students[0].points))
        assert all(test["visibility"] == "visible" and test["output"] for test in results["tests"])
    for wrong in ({}, {"tests": [{"name": "a"}]}, {"score": 1, "points": 2}, {"score": 1, "visibility": "never"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_otters_own_table_has_the_same_columns():
    otter = pytest.importorskip("otter.grade.utils", reason="needs otter-grader: pip install otter-grader")

    class Result:
        total, possible, percent, file = 15.0, 20.0, 0.75, "kim"

        def to_dict(self):
            return {"b": {"score": 5.0, "possible": 10.0}, "a": {"score": 10.0, "possible": 10.0}}

        def has_catastrophic_failure(self):
            return False

    theirs = rows_of(otter.merge_scores_to_df([Result()]).to_csv(index=False))
    ours = rows_of(as_otter(made_up(1, EXERCISES[:2])))
    assert ours[0][0] == theirs[0][0]
    assert ours[0][-3:] == theirs[0][-3:]
    assert ours[0][1:-3] == sorted(NAMES[:2])
    assert (ours[1][0], ours[1][-1]) == (theirs[1][0], theirs[1][-1])
    assert float(ours[1][-2]) == float(theirs[1][-2]) == 1
    assert (float(theirs[2][-2]), float(ours[2][-2])) == (0.75, 0.5)
    assert ours[2][-1] == theirs[2][-1] == "Completed"


def test_nbgraders_own_export_has_the_same_columns(tmp_path, monkeypatch):
    api = pytest.importorskip("nbgrader.api", reason="needs nbgrader: pip install nbgrader")
    from nbgrader.plugins.export import CsvExportPlugin

    monkeypatch.setenv("PATH", str(pathlib.Path(sys.executable).parent), prepend=os.pathsep)  # it calls its alembic
    exercise = EXERCISES[0]
    with api.Gradebook("sqlite:///:memory:") as book:
        book.add_assignment(exercise.name)
        book.add_notebook("notebook", exercise.name)
        book.add_grade_cell("cell", "notebook", exercise.name, max_score=10, cell_type="code")
        book.add_student("kim")
        CsvExportPlugin(to=str(tmp_path / "grades.csv")).export(book)
    theirs = rows_of((tmp_path / "grades.csv").read_text())
    grades = made_up(1, [exercise])
    grades.students[0].name = "kim"
    ours = rows_of(as_nbgrader(grades))
    assert ours[0] == theirs[0]
    assert [text if text else "" for text in ours[1][:7]] == theirs[1][:7]
    assert [float(text) for text in theirs[1][7:]] == [0.0, 0.0, 0.0, 10.0]
    assert [float(text) for text in ours[1][7:]] == [10.0, 0.0, 10.0, 10.0]


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # selenium's own sockets
@pytest.mark.parametrize("width", [1280, 390])
def test_the_summary_in_a_browser(width, tmp_path):
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install selenium")
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("needs chromium and chromedriver: apt-get install chromium chromium-driver")
    (tmp_path / "summary.html").write_text(as_html(made_up(40)))
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        driver.get((tmp_path / "summary.html").as_uri())
        assert driver.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
        assert driver.get_log("browser") == []
        assert len(driver.find_elements("css selector", "section")) == 7
    finally:
        driver.quit()


# The page


@pytest.mark.in_turn
@confined
def test_the_page_shows_what_happens(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "grading.md").read_text()
    monkeypatch.chdir(tmp_path)
    exercise = BY_NAME["dense_backward"]
    texts = {"kim/02_dense_backward.py": exercise.solution,
             "lee/week 1/02_dense_backward (1).py": exercise.mutated(exercise.mutants["bias averaged"])}  # fmt: skip
    for path, text in texts.items():
        assert f"    {path}\n" in page
        (tmp_path / "handed_in" / path).parent.mkdir(parents=True)
        (tmp_path / "handed_in" / path).write_text(text)
    (tmp_path / "handed_in" / "max").mkdir()
    right, wrong = texts.values()
    packed("submissions.zip", {canvas("kimminsu", 101, 9001, exercise.file_name): right, canvas("이유", 102, 9002, exercise.file_name): wrong,
                               canvas("이유", 102, 9003, "02_dense_backward-1.py"): wrong, canvas("guest", 104, 9004, "list.txt"): ""})  # fmt: skip
    rows = re.search(r"canvas_gradebook.csv\n(Student,.*?)```", page, re.DOTALL)[1]
    pathlib.Path("gradebook.csv").write_text(re.sub(r",[\d.]+$", ",", rows, flags=re.MULTILINE).replace("Possible,,,,,", "Possible,,,,,10"))
    for kind, block in re.findall(r"```(console|text)\n(.*?)```", page, re.DOTALL):
        if kind == "text" and block.startswith("student,"):
            (tmp_path / "grading" / "overrides.csv").write_text(block)
        for line, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            program, *words = line.split()
            if program == "cat":
                came = pathlib.Path(words[0]).read_text()
            else:
                assert words[:2] == ["exercises", "grade"]
                assert grade(*words[2:]) == 0
                came = capsys.readouterr().out
            assert came == shown, line
    for name, form in FORMATS.items():
        assert f"| `{name}` | `{form.file_name}` |" in page
