"""The seed of a course: it is in no other file, and a student who reads answers learns nothing about later inputs."""

import functools
import inspect
import json
import re
import warnings
import zipfile

import numpy as np
import pytest

from aescratch.classroom import CourseError, all_exercises
from aescratch.classroom.grading.formats import FORMATS, as_csv
from aescratch.classroom.grading.grades import Graded, Grades, Student
from aescratch.classroom.grading.judging import missing_protections
from aescratch.classroom.grading.marks import entries
from aescratch.classroom.grading.reasons import answer_of, mistake
from aescratch.classroom.grading.seeds import SEED_FILE, kept_seed, nearest_seed, seed_for
from aescratch.classroom.grading.summary import as_html
from aescratch.classroom.looking import judgement_of
from aescratch.classroom.releasing import release
from aescratch.programs.cli import grading as command
from aescratch.programs.cli import main

EXERCISES = {exercise.name: exercise for exercise in all_exercises()}
SECRET = "7b3f1c58e2a94d06b1c7"
DIGITS = 4  # of a number that is one of ours: those of fewer are there by chance
confined = pytest.mark.skipif(bool(missing_protections()), reason="; ".join(missing_protections()))


def grade(*words):
    return main(["exercises", "grade", *map(str, words)])


def numbers_of(value):
    """All numbers in what a function was given or gave."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [number for each in value for number in numbers_of(each)]
    array = np.asarray(value)
    return array[np.isfinite(array)].ravel().tolist() if array.dtype.kind == "f" else []


def secrets_of(exercise, seed):
    """All numbers that an exercise's functions are given and give where they are right."""
    found = []

    def noting(name, function):
        @functools.wraps(function)
        def noted(*arguments, **named):
            found.extend(numbers_of([arguments, named]))
            value = function(*arguments, **named)
            found.extend(numbers_of(value))
            return value

        return noted if inspect.isfunction(function) else function

    list(exercise.reports_on(exercise.shown_solution, seed, noting))
    return np.array([number for number in found if number not in (0.0, 1.0, -1.0)])


def gives_away(text, numbers):
    """The numbers in a text that, to their own digits, are among these numbers."""
    found = []
    for word in re.findall(r"(?<![\w.])-?\d*\.\d+(?:e[-+]?\d+)?", text):
        digits = len(word.partition("e")[0].replace(".", "").lstrip("-0"))
        if digits >= DIGITS and (np.abs(numbers - float(word)) <= abs(float(word)) * 10.0 ** (1 - digits)).any():
            found.append(word)
    return found


def answered(exercise, text, seed):
    """An exercise of a student, judged in this process: its answer doesn't depend on where the text runs."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        path = exercise.folder.with_name(exercise.file_name)
        judgement = judgement_of(exercise, lambda: exercise.module_of(text), path, text.encode(), seed)
    outcome, reports = judgement.outcome, judgement.reports
    code, cause = mistake(outcome, reports)
    answer = answer_of(exercise, outcome, reports)
    return Graded(exercise, outcome.kind, tuple(entries(exercise, judgement)), code, cause, answer)


@pytest.mark.in_turn
@pytest.mark.parametrize("name", EXERCISES)
def test_no_file_holds_a_seed_an_input_or_a_right_value(name, tmp_path):
    exercise = EXERCISES[name]
    texts = [exercise.stub, exercise.solution, *map(exercise.mutated, list(exercise.mutants.values())[:1])]
    students = [Student(f"student {number}") for number in range(len(texts))]
    seen, numbers = [], []
    for student, text in zip(students, texts, strict=True):
        seed = seed_for(exercise, text.encode(), SECRET)
        student.graded.append(answered(exercise, text, seed))
        numbers.append(secrets_of(exercise, seed))
        seen += [str(seed), str(seed + 1), hex(seed)[2:]]
    assert len({graded.points for student in students for graded in student.graded}) > 1
    (tmp_path / "feedback").mkdir()
    command.write(Grades([exercise], students), tmp_path, tmp_path / "grades.json", "json", {})
    grades = [Grades([exercise], [student]) for student in students]
    texts = [form.write(each) for form in FORMATS.values() for each in grades]
    texts += [path.read_text() for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    texts += [as_html(each) for each in grades] + [as_csv(each) for each in grades]
    for text in texts:
        assert not [word for word in [SECRET, *seen] if word in text]
        assert not re.search(r"\b(rng|seed)\b ?[=:]?", text)
        assert not gives_away(re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL), np.concatenate(numbers))


def test_the_search_finds_what_is_given_away():
    numbers = np.array([-0.0123456, 12.3456789])
    assert gives_away("x is -0.01235, or 12.35, or 12.345678", numbers) == ["-0.01235", "12.35", "12.345678"]
    assert gives_away("x is 0.01235, or 12.45, or 12.3", numbers) == []
    exercise = EXERCISES["dense_backward"]
    told = secrets_of(exercise, 5)
    assert told.size > 80
    assert gives_away(f"grad_b is {told[-1]:.6g}", told)


def test_a_number_follows_from_seed_exercise_and_text_and_from_all_of_it():
    one, other = EXERCISES["dense_backward"], EXERCISES["relu_backward"]
    given = [(one, b"a", "s"), (one, b"b", "s"), (one, b"a", "t"), (other, b"a", "s")]
    drawn = [seed_for(*each) for each in given]
    assert len(set(drawn)) == len(drawn)
    assert drawn == [seed_for(*each) for each in given]
    assert all(2**100 < number < 2**128 for number in drawn)


def test_a_seed_is_drawn_once_kept_found_from_below_and_not_guessed(tmp_path, monkeypatch):
    seed = kept_seed(tmp_path)
    assert re.fullmatch("[0-9a-f]{32}", seed)
    assert kept_seed(tmp_path) == seed
    (tmp_path / "autograded" / "kim").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "autograded" / "kim")
    assert nearest_seed() == seed
    (tmp_path / SEED_FILE).write_text('{"seed": 12345}\n')  # as earlier versions wrote it
    assert kept_seed(tmp_path) == "12345"
    assert kept_seed(tmp_path, "another") == nearest_seed() == "another"
    for spoilt in ("", "[" * 100_000, "{}", "3", '{"seed": '):
        (tmp_path / SEED_FILE).write_text(spoilt)
        with pytest.raises(CourseError, match=r"expected a seed in .*seed\.json, but the file is invalid"):
            kept_seed(tmp_path)
    assert kept_seed(tmp_path, "anew") == "anew"


TELLING = """
import builtins
_right = is_right
def is_right(loss, grad, x):
    answer = _right(loss, grad, x)
    builtins.print("TF"[not answer], end="")
    return answer
"""
LISTED = "answers = iter({answers})\ndef is_right(loss, grad, x):\n    return next(answers, True)\n"


def handed_in(folder, student, text):
    path = folder / "in" / student / EXERCISES["own_checker"].file_name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def points_in(folder):
    grades = json.loads((folder / "out" / "grades.json").read_text())
    return {student["student"]: student["points"] for student in grades["students"]}


@pytest.mark.in_turn
@confined
def test_a_list_of_answers_read_from_the_feedback_is_worth_little(tmp_path):
    exercise = EXERCISES["own_checker"]
    words = (tmp_path / "in", "--only", exercise.name, "--jobs", 2, "--out", tmp_path / "out")
    handed_in(tmp_path, "spy", exercise.shown_solution + TELLING)
    assert grade(*words) == 0
    assert points_in(tmp_path) == {"spy": 10}
    feedback = (tmp_path / "out" / "feedback" / "spy.txt").read_text()
    printed = "".join(re.findall(r"^    \| ([TF]+)$", feedback, re.MULTILINE))
    assert len(printed) > 10, "the inputs of its own text are what a submission may tell"
    answers = [letter == "T" for letter in printed]
    handed_in(tmp_path, "spy", LISTED.format(answers=answers))
    for number in {int(word) for word in re.findall(r"\d+", feedback)}:  # the order of the cases, if this is the seed
        for near in (number - 1, number):
            tried = exercise.checks.in_order(list(exercise.checks.cases(np.random.default_rng(0))), max(near, 0))
            handed_in(tmp_path, f"heir {near}", LISTED.format(answers=[case.right for case in tried]))
    assert grade(*words) == 0
    earned = points_in(tmp_path)
    assert len(earned) >= 3
    assert max(earned.values()) < 10


@pytest.mark.in_turn
@confined
def test_only_the_seeds_own_file_holds_it_after_grading_packaging_and_releasing(tmp_path, capsys):
    exercise = EXERCISES["dense_backward"]
    for student, text in (("kim", exercise.solution), ("lee", "print(x)\n"), ("max", exercise.stub)):
        (tmp_path / "in" / student).mkdir(parents=True)
        (tmp_path / "in" / student / exercise.file_name).write_text(text)
    for form in FORMATS:
        folder = tmp_path / "in" / "kim" if form == "gradescope" else tmp_path / "in"
        words = ("--only", exercise.name, "--jobs", 1, "--seed", SECRET, "--out", tmp_path / "out", "--format", form)
        assert grade(folder, *words) == 0
    assert main(["exercises", "package", "gradescope", str(tmp_path / "zip"), "--only", exercise.name, "--seed", SECRET]) == 0
    release([exercise], tmp_path / "released")
    assert SECRET not in capsys.readouterr().out
    holding = [path.name for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert holding == [SEED_FILE] * 2


def test_no_other_process_reads_the_seed_from_an_autograders_command_line(tmp_path):
    assert main(["exercises", "package", "gradescope", str(tmp_path), "--only", "dense_backward", "--seed", SECRET]) == 0

    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        texts = {name: archive.read(name).decode() for name in ("run_autograder", "settings.sh", SEED_FILE)}
    assert [name for name, text in texts.items() if SECRET in text] == [SEED_FILE]
    assert "--seed" not in texts["run_autograder"]
