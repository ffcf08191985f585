"""Gradients without a formula are flagged, with the evidence; right formulas never are, even with poor accuracy."""

import argparse
import json
import re
import types

import numpy as np
import pytest
import right_styles
from quotients import (
    ANSWER,
    COMPLEX,
    DENSE,
    ELEMENTWISE,
    EXERCISES,
    OBJECTIVES,
    OTHER_REASONS,
    RELU,
    STEPS,
    Here,
    by_quotient,
    flags,
    flags_of_a_style,
)
from test_exercise_styles import STYLES

from aescratch.classroom.grading.formats import as_gradescope
from aescratch.classroom.grading.grades import Graded, Grades, Student
from aescratch.classroom.grading.judging import judge_text, missing_protections
from aescratch.classroom.grading.marks import without_points
from aescratch.classroom.grading.quotients import Calls, evidence
from aescratch.classroom.grading.quotients_in_source import Shown, shown_in
from aescratch.programs.cli import grading as command
from aescratch.programs.cli.status import UsageError

pytestmark = pytest.mark.filterwarnings("ignore")
confined = pytest.mark.skipif(bool(missing_protections()), reason="; ".join(missing_protections()))
SEED = 3
QUOTIENT = by_quotient("dense_backward", "central", 1e-5)


# Right answers


@pytest.mark.in_turn
@pytest.mark.parametrize("name", EXERCISES)
def test_no_solution_and_no_other_style_is_flagged(name):
    texts = [EXERCISES[name].solution, *(text for (of, _), text in STYLES.items() if of == name)]
    assert [flags(name, text, SEED)[0] for text in texts] == [""] * len(texts)


def test_no_right_style_of_another_pair_is_flagged():
    assert not [name for name, pair, own in right_styles.STYLES if flags_of_a_style(pair, own, SEED)]


@pytest.mark.parametrize(("name", "reason"), OTHER_REASONS)
def test_what_agrees_badly_for_another_reason_is_not_flagged(name, reason):
    assert flags(name, OTHER_REASONS[name, reason], SEED)[0] == ""


def test_arguments_that_the_solution_does_not_take_say_nothing():
    exercise, calls = EXERCISES["dense_backward"], Calls()
    calls.note("dense_backward", {"grad_y": np.ones((2, 3)), "x": np.ones((5, 7)), "W": np.ones((4, 4))}, np.ones(3))
    reports = list(exercise.reports_on(exercise.solution, SEED))
    assert evidence(exercise, b"", reports, calls, None) == ""


def test_an_exercise_may_ask_for_a_quotient():
    exercise, other = EXERCISES["dense_backward"], by_quotient("dense_backward", "central", 1e-4)
    asking = types.SimpleNamespace(solution=QUOTIENT, module_of=exercise.module_of)
    calls, reports = Calls(), list(exercise.reports_on(QUOTIENT, SEED))
    given = {"grad_y": np.full((2, 3), 0.3), "x": np.full((2, 5), 0.7), "W": np.full((5, 3), 0.9)}
    calls.note("dense_backward", given, exercise.module_of(other).dense_backward(**given))
    here = Here(exercise.module_of(other))
    assert evidence(asking, other.encode(), reports, calls, here) == ""
    assert "divides" in evidence(exercise, other.encode(), reports, calls, here)
    assert evidence(exercise, other.encode(), [], calls, here) == ""  # of no gradient


def test_an_upstream_gradient_may_have_another_name():
    text = QUOTIENT.replace("grad_y", "dout")
    assert "divides" in flags("dense_backward", text, SEED)[0]


# Quotients


@pytest.mark.in_turn
@pytest.mark.parametrize("method", STEPS)
@pytest.mark.parametrize("name", OBJECTIVES)
def test_quotients_of_all_kinds_are_flagged(name, method):
    seen = 0
    for step in STEPS[method]:
        told, verdicts = flags(name, by_quotient(name, method, step), SEED)
        seen += "pass" in verdicts
        assert "pass" not in verdicts or "divides a difference by a step" in told, step
    assert seen or method == "forward"  # too rough for some of the checks


@pytest.mark.parametrize("name", OBJECTIVES)
def test_numbers_tell_a_quotient_whose_source_shows_nothing(name):
    text = by_quotient(name, "central", 1e-5, hidden=True)
    told, verdicts = flags(name, text, SEED)
    assert "pass" in verdicts
    assert "their last digits are noise" in told
    assert "line" not in told
    (accuracy,) = re.findall(r"only to (\S+),", told)
    assert 1e-12 < float(accuracy) < 1e-8


@pytest.mark.parametrize(
    ("way", "says"),
    [("central", "line 4 divides"), ("hidden", "less the larger"), ("a power of two", "near a kink")],
)
def test_the_nearly_exact_quotient_of_a_relu_is_flagged(way, says):
    assert says in flags("relu_backward", RELU + ELEMENTWISE[f"relu, {way}"], SEED)[0]


@pytest.mark.parametrize("name", COMPLEX)
def test_a_complex_step_is_flagged_though_it_is_exact(name):
    told, verdicts = flags(name, COMPLEX[name], SEED)
    assert verdicts == ["pass"]
    assert "takes an imaginary part" in told


# What the source shows


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("    h = 1e-5\n    return (f(x + h) - f(x - h)) / (2 * h)\n", 3),
        ("    return (f(x + 1e-6) - f(x)) / 1e-6\n", 2),
        ("    eps = np.cbrt(np.finfo(float).eps)\n    d = f(x + eps) - f(x)\n    return d / eps\n", 4),
        ("    step = 10**-4\n    return np.subtract(f(x + step), f(x)) / step\n", 3),
        ("    def g(y, k): return (f(y + k) - f(y)) / k\n    return g(x, 1e-4)\n", 2),
        ("    h = 1e-3\n    s = 0.0\n    for k in (-1, 1):\n        s += k * f(x + k * h)\n    return s / (2 * h)\n", 6),
        ("    h = 1e-4\n    return (f(x + h) - f(x - h)) * (0.5 / h)\n", 3),
        ("    return (f(x) - f(-x)) / len(x)\n", 0),
        ("    s = x.std() + 1e-8\n    return (x - x.mean()) / s\n", 0),
        ("    return x.real + x.imag\n", 0),
        ("    h = 1e-3\n    h = f(x + h)\n    return (1 - x) / h.mean(0)\n", 0),
        ("    rho = 0.05\n    return -rho / x + (1 - rho) / (1 - x)\n", 0),
        ("    h = 1e-5\n    assert abs((f(x + h) - f(x - h)) / (2 * h) - x) < 1\n    return x\n", 0),
    ],
)
def test_a_difference_divided_by_a_step_is_read_in_the_source(body, line):
    text = f"def f(x):\n    return x**2\ndef answer(x):\n{body}"
    assert shown_in(text, "answer") == Shown(quotient=line + 2 if line else 0)
    assert shown_in(text, "f") == Shown()


def test_a_source_that_cannot_be_read_shows_nothing():
    for text in (b"def answer(:", b"\0", b"x = " + b"-" * 100_000 + b"1", b"x = " + b"(" * 1000):
        assert shown_in(text, "answer") == Shown()


# In confinement


@confined
def test_the_judge_counts_what_a_submission_calls():
    judgement = judge_text(EXERCISES["dense_backward"], QUOTIENT.encode(), "02.py", seed=SEED)
    assert judgement.outcome.passed
    entries = 7 * 5 + 5 * 3 + 3
    assert f"one call of dense_backward, for {entries} numbers, calls <lambda> {2 * entries} times" in judgement.quotients


@confined
def test_complex_numbers_are_met_where_the_source_hides_them():
    hidden = COMPLEX["dense_backward"].replace(".imag", ".__getattribute__('im' + 'ag')")
    assert shown_in(hidden, "dense_backward").imaginary == 0
    told = judge_text(EXERCISES["dense_backward"], hidden.encode(), "02.py", seed=SEED).quotients
    assert "called with complex numbers" in told


@confined
@pytest.mark.parametrize("end", ["os._exit(0)", "raise KeyboardInterrupt", "return 'no'", "return W * np.nan"])
def test_who_breaks_off_when_asked_again_keeps_the_judgement_and_the_flag(end):
    text = by_quotient("weight_decay", "central", 1e-5, hidden=True)
    guard = f"    asked.add(W[0, 0])\n    if len(asked) > 1: {end}\n    W = W.copy()"
    spy = "import os\nasked = set()\n" + text.replace("    W = W.copy()", guard, 1)
    judgement = judge_text(EXERCISES["weight_decay"], spy.encode(), "10.py", seed=SEED)
    assert judgement.outcome.passed
    assert "can't be called again" in judgement.quotients


@confined
def test_a_right_answer_is_judged_as_ever():
    judgement = judge_text(EXERCISES["dense_backward"], (DENSE + ANSWER).encode(), "02.py", seed=SEED)
    assert judgement.outcome.passed
    assert judgement.quotients == ""


def grade(*words):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(list(map(str, words))))


@pytest.mark.in_turn
@confined
def test_points_follow_the_teachers_rule_and_nothing_is_judged_anew(tmp_path, capsys):
    for name, text in {"ann": QUOTIENT, "bob": DENSE + ANSWER}.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "02_dense_backward.py").write_text(text)
    words = (tmp_path / "in", "--only", "dense_backward", "--seed", SEED, "--out", tmp_path / "out")
    assert grade(*words) == 0
    assert "to look at yourself: 1" in capsys.readouterr().out

    def found():
        grades = json.loads((tmp_path / "out" / "grades.json").read_text())
        return {student["student"]: student["exercises"][0] for student in grades["students"]}

    assert {name: (each["points"], each["flagged"]) for name, each in found().items()} == {"ann": (10, True), "bob": (10, False)}
    assert "agree with a formula" in found()["ann"]["quotients"]
    assert found()["bob"]["quotients"] == ""
    page = (tmp_path / "out" / "summary.html").read_text()
    assert "Perhaps by difference quotients" in page
    assert "ann: dense_backward, dense_backward: its values agree" in page
    feedback = tmp_path / "out" / "feedback"
    assert "quotient" not in (feedback / "ann.txt").read_text()
    assert grade(*words, "--quotients", 50) == 0
    assert "different files graded now: 0" in capsys.readouterr().out
    assert {name: each["points"] for name, each in found().items()} == {"ann": 5, "bob": 10}
    assert "counts 50 %: it seems to use difference quotients in place of a formula" in (feedback / "ann.txt").read_text()
    assert "quotient" not in (feedback / "bob.txt").read_text()
    with pytest.raises(UsageError, match="expected --quotients to be at most 100 percent, got 101"):
        grade(*words, "--quotients", 101)
    assert grade(*words, "--format", "csv") == 0
    assert np.isclose(found()["ann"]["points"], 5)  # another file was written


def test_gradescope_shows_the_evidence_to_the_teacher_alone():
    exercise = EXERCISES["dense_backward"]
    graded = Graded(exercise, "passed", tuple(without_points(exercise, "so", "so")), "", "", "an answer", quotients="its values agree")
    results = json.loads(as_gradescope(Grades([exercise], [Student("ann", [graded])])))
    hidden = [test for test in results["tests"] if test["visibility"] == "hidden"]
    assert [test["output"] for test in hidden] == ["its values agree"]
    assert "its values agree" not in json.dumps([test for test in results["tests"] if test not in hidden]) + results["output"]
