"""The exercises: stubs fail, solutions pass, every mistake gets its answer and a hint, and the commands work."""

import json
import os
import pathlib
import re
import subprocess
import sys
import warnings

import pytest

import aescratch as ae
from aescratch.classroom import Workspace, WorkspaceError, all_exercises, check_file
from aescratch.classroom import running as running_module
from aescratch.classroom import watching as watching_module
from aescratch.classroom.answering import answer, changed_since
from aescratch.classroom.hints import KEPT_BACK, LEVELS, Hints, filled, read_hints
from aescratch.classroom.looking import look
from aescratch.classroom.outcome import Outcome
from aescratch.classroom.stubs import BEGIN, END, HOLE, INSTEAD, MarkerError, shown_solution, stub_of
from aescratch.programs.cli import main

EXERCISES = all_exercises()
NAMES = [exercise.name for exercise in EXERCISES]
MUTANTS = [(exercise, name) for exercise in EXERCISES for name in exercise.mutants]


NOT_PREDICTED = "PREDICTION = None"


def prediction_of(exercise):
    """Return the line with the right prediction, or nothing."""
    return next((line for line in exercise.solution.splitlines() if line.startswith("PREDICTION")), "")


def by_name(name):
    return EXERCISES[NAMES.index(name)]


def looked_at(exercise, text, folder):
    """Return the outcome of a text as the student's file, in this process."""
    path = folder / exercise.file_name
    path.write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a student's overflow is a warning, no error
        return look(exercise, path)


# The exercises themselves


def test_the_path_is_numbered_without_gaps():
    assert [exercise.number for exercise in EXERCISES] == list(range(1, len(EXERCISES) + 1))
    assert len(set(NAMES)) == len(NAMES)
    chapters = [int(exercise.chapter.partition(". ")[0]) for exercise in EXERCISES]
    assert chapters == sorted(chapters)
    assert all(exercise.task and 1 <= exercise.minutes <= 60 for exercise in EXERCISES)


@pytest.mark.parametrize("exercise", EXERCISES, ids=NAMES)
def test_a_stub_is_not_begun_and_holds_no_solution(exercise, tmp_path):
    stub = exercise.stub
    outcome = looked_at(exercise, stub, tmp_path)
    assert outcome.kind == "not-begun"
    if "PREDICTION" in stub:
        assert outcome.codes == ["no-prediction"]
        outcome = looked_at(exercise, stub.replace(NOT_PREDICTED, prediction_of(exercise)), tmp_path)
        assert outcome.kind == "not-begun"
    if HOLE in stub:
        assert stub.splitlines()[outcome.line - 1].strip() == HOLE
    else:
        assert "the file is not edited yet: these are the numbers of the original file" in outcome.reports[0]
    assert "###" not in stub
    solutions = re.findall(f"{BEGIN}\n(.*?){END}", exercise.solution, re.DOTALL)
    lines = {line.strip() for solution in solutions for line in solution.splitlines() if INSTEAD not in line} - {""}
    assert lines
    assert not lines & {line.strip() for line in stub.splitlines()}


@pytest.mark.parametrize("exercise", EXERCISES, ids=NAMES)
def test_a_stub_says_every_shape(exercise):
    documentation = exercise.stub.split('"""')
    for name in exercise.checks.FUNCTIONS:
        contract = next(text for before, text in zip(documentation, documentation[1:], strict=False) if f"def {name}(" in before)
        arguments = re.search(rf"def {name}\((.*?)\):", exercise.stub, re.DOTALL)[1]
        described = re.findall(r"^    ([\w, ]+) : (?:array \(|array of int \(|float$|int$|function$)", contract, re.MULTILINE)
        assert set(re.findall(r"\w+", arguments)) <= set(", ".join(described).split(", "))
        assert "Returns\n" in contract


@pytest.mark.parametrize("exercise", EXERCISES, ids=NAMES)
def test_a_solution_passes(exercise, tmp_path):
    assert looked_at(exercise, exercise.solution, tmp_path).kind == "passed"
    assert looked_at(exercise, exercise.shown_solution, tmp_path).kind == "passed"
    assert "###" not in exercise.shown_solution


SOME = MUTANTS[::12]  # `aescratch exercises validate builtin` tries all of them, and at several seeds


@pytest.mark.in_turn
@pytest.mark.parametrize(("exercise", "name"), SOME, ids=[f"{e.name}: {name}" for e, name in SOME])
def test_a_mistake_gets_its_answer_and_a_hint(exercise, name, tmp_path):
    mutant = exercise.mutants[name]
    outcome = looked_at(exercise, exercise.mutated(mutant), tmp_path)
    assert not outcome.passed
    assert mutant.expected in {*outcome.codes, *(code.partition("@")[0] for code in outcome.codes)}
    key, levels = exercise.hints.choose(outcome.codes)
    assert len(levels) == LEVELS
    assert key in {*outcome.codes, *(code.partition("@")[0] for code in outcome.codes), "*"}


@pytest.mark.parametrize("exercise", EXERCISES, ids=NAMES)
def test_an_exercise_has_mistakes_and_hints_of_its_own(exercise):
    assert len(exercise.mutants) >= 3
    assert "*" in exercise.hints.own
    assert len(exercise.hints.own) >= 3
    for levels in exercise.hints.own.values():
        assert all(levels)
        assert len(set(levels)) == LEVELS


def test_most_mistakes_get_a_hint_of_the_exercises_own(tmp_path):
    falling_back = [
        (exercise.name, name) for exercise, name in MUTANTS if not exercise.mutants[name].expected.startswith("?")
        and exercise.hints.choose([exercise.mutants[name].expected])[0] == "*"
    ]  # fmt: skip
    assert len(falling_back) <= len(MUTANTS) // 5, falling_back


# Stubs and hints


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1\n", "got neither"),
        (f"{BEGIN}\nx = 1\n", "line 1: expected ### END SOLUTION after"),
        (f"x = 1\n{END}\n", "line 2: expected ### BEGIN SOLUTION before"),
        (f"{BEGIN}\n{BEGIN}\n{END}\n", "line 2: expected ### END SOLUTION for line 1 first"),
    ],
)
def test_markers_that_do_not_match_are_refused(text, sentence):
    with pytest.raises(MarkerError, match=re.escape(sentence)):
        stub_of(text)


def test_a_planted_bug_stands_in_the_stub():
    solution = f"def f(x):\n    {BEGIN}\n    y = x\n    return 2 * y\n    {INSTEAD}y = -x\n    {INSTEAD}return y\n    {END}\n"
    assert stub_of(solution) == "def f(x):\n    y = -x\n    return y\n"
    assert shown_solution(solution) == "def f(x):\n    y = x\n    return 2 * y\n"


def test_a_hint_is_chosen_by_what_was_found():
    own = {"scale@grad_b": ("a", "b", "c"), "sign": ("d", "e", "f"), "*": ("g", "h", "i")}
    hints = Hints(own, {"raised": ("j", "k", "l"), "sign": ("m", "n", "o")})
    assert hints.choose(["scale@grad_b", "sign"])[0] == "scale@grad_b"
    assert hints.choose(["scale@grad_W", "sign@grad_x"]) == ("sign", ("d", "e", "f"))
    assert hints.choose(["raised"])[1][0] == "j"
    assert hints.choose(["unheard-of"])[0] == "*"
    assert hints.choose([])[0] == "*"
    with pytest.raises(ValueError, match="expected 3 levels of hints for sign, got 1"):
        read_hints("# sign\n1. only one\n")


# The process in which a student's file runs


def checked(text, folder, name="dense_backward", time_limit=60.0):
    exercise = by_name(name)
    path = folder / exercise.file_name
    path.write_text(text)
    outcome = check_file(exercise, path, time_limit)
    return outcome, answer(exercise, path, outcome, Outcome("").to_dict())


def test_a_loop_that_never_ends_is_stopped_and_its_line_shown(tmp_path):
    text = "def dense_backward(grad_y, x, W):\n    while True:\n        grad_y = grad_y + 1\n"
    outcome, said = checked(text, tmp_path, time_limit=1.0)
    assert outcome.kind == "timed-out"
    assert outcome.line in (2, 3)
    assert f"02_dense_backward.py:{outcome.line}:  " in said
    assert "still running after 1 s" in said


def test_pythons_start_does_not_count_however_long_it_takes(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import time\ntime.sleep(1.5)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(running_module, "GRACE", 0.5)
    text = "def dense_backward(grad_y, x, W):\n    while True:\n        pass\n"
    outcome, _ = checked(text, tmp_path, time_limit=0.5)
    assert (outcome.kind, outcome.line) in [("timed-out", 2), ("timed-out", 3)]
    monkeypatch.setattr(running_module, "START", 0.5)
    outcome, _ = checked(text, tmp_path)
    assert (outcome.kind, outcome.message) == ("died", "Python took longer than 0.5 s to start, and was stopped; close other programs")


def test_a_loop_at_the_top_of_the_file_is_stopped_too(tmp_path):
    assert checked("while True:\n    try:\n        1 / 0\n    except BaseException:\n        pass\n", tmp_path, time_limit=1.0)[0].kind == "timed-out"


def test_a_backward_that_is_declared_to_be_no_derivative_is_compared_with_the_derivative(tmp_path):
    text = (
        "from aescratch import surrogate_gradient\n\n"
        '@surrogate_gradient("a rule", "grad_a = grad_y", "a paper", lambda grad_y, y: 1.0 * grad_y)\n'
        "def sigmoid_backward(grad_y, y):\n    return grad_y.copy()\n"
    )
    outcome = looked_at(by_name("sigmoid_backward"), text, tmp_path)
    assert outcome.kind == "wrong"
    assert not any("rule" in report for report in outcome.reports)


def test_a_syntax_error_shows_its_line(tmp_path):
    outcome, said = checked("def dense_backward(grad_y, x, W):\n    return (grad_y\n", tmp_path)
    assert outcome.kind == "syntax-error"
    assert "02_dense_backward.py:2:  return (grad_y" in said
    assert "was never closed" in said
    assert "Traceback" not in said


def test_an_exception_shows_the_students_own_line_and_the_shapes(tmp_path):
    text = "def dense_backward(grad_y, x, W):\n    grad_W = helper(x, grad_y)\n    return grad_W\ndef helper(a, b):\n    return a @ b\n"
    outcome, said = checked(text, tmp_path)
    assert (outcome.kind, outcome.line) == ("raised", 5)
    assert "(02_dense_backward.py:5): in `a @ b`, a has shape (7, 5) and b has shape (7, 3), which don't fit (" in said
    assert "\n      return a @ b\n" in said
    assert "; dense_backward was given grad_y (7, 3), x (7, 5), W (5, 3)" in said
    assert "dense_backward raised ValueError (02_dense_backward.py:5): in `a @ b`" in said
    assert "which don't fit (matmul: " in said


SLIPS = {
    "grad_x = grad_y @ W": ("`grad_y @ W`, grad_y has shape (7, 3) and W has shape (5, 3)", "transpose-missing"),
    "grad_x = grad_y * W": ("`grad_y * W`, grad_y has shape (7, 3) and W has shape (5, 3)", "misfit"),
    "grad_x = np.zeros(x.shape); grad_x += (grad_y\n        @ x.T)": ("`grad_y @ x.T`, grad_y has shape (7, 3) and x.T has shape (5, 7)", "other-name"),
    "grad_x = np.zeros(x.shape); grad_x[:] = grad_y": ("`grad_x[:] = grad_y`, grad_x[:] has shape (7, 5) and grad_y has shape (7, 3)", "misfit"),
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_shapes_that_do_not_fit_are_told_with_the_operation_a_question_and_a_hint(slip, tmp_path):
    text = f"import numpy as np\ndef dense_backward(grad_y, x, W):\n    {slip}\n    return grad_x, x.T @ grad_y, grad_y.sum(axis=0)\n"
    outcome, said = checked(text, tmp_path)
    shapes, code = SLIPS[slip]
    assert outcome.kind == "raised"
    assert f": in {shapes}, which don't fit (" in said
    assert "; dense_backward was given grad_y (7, 3)" in said
    assert "  ask yourself: " in said
    assert outcome.codes[0] == code
    if code == "misfit":
        key, (first, *_) = by_name("dense_backward").hints.choose(outcome.codes)
        assert (key, first.partition(",")[0]) == ("misfit", "Write the indices under each of the two arrays in the message")


def test_another_exception_tells_no_shapes_and_only_numpy_is_called_again(tmp_path):
    body = "    print('called')\n    return a\ndef dense_backward(grad_y, x, W):\n    return {}\n"
    for line in ("same(grad_y) @ W", "grad_y @ np.random.permutation(W)", "np.array(int('x' + str(len(x @ x.T))))"):
        outcome, _ = checked("import numpy as np\ndef same(a):\n" + body.format(line), tmp_path)
        assert outcome.kind == "raised"
        assert "misfit" not in outcome.codes
        assert "has shape" not in outcome.message + "".join(outcome.reports)


@pytest.mark.in_turn
@pytest.mark.parametrize(
    ("text", "line"),
    [("import nothing_of_the_kind\n", 1), ("1 / 0\n", 1), ("def f():\n    return 1 / 0\nf()\n", 2), ("x = 1\nexit()\n", 2), ("input()\n", 1)],
)
def test_an_exception_when_the_file_is_read(text, line, tmp_path):
    outcome, said = checked(text, tmp_path)
    assert (outcome.kind, outcome.line) == ("asks-for-input" if "input" in text else "raised", line)
    assert f"02_dense_backward.py:{line}:  {text.splitlines()[line - 1].strip()}" in said


def test_a_function_that_is_missing_or_takes_something_else(tmp_path):
    outcome, said = checked("def dense_backwards(grad_y, x, W):\n    pass\n", tmp_path)
    assert outcome.kind == "missing-function"
    assert "there is no function dense_backward in 02_dense_backward.py" in said
    outcome, said = checked("import numpy\ndef dense_backward(dout, x, w):\n    pass\n", tmp_path)
    assert outcome.kind == "other-arguments"
    assert "dense_backward takes dout, x, w, but the checks pass grad_y, x, W by name, as in the stub" in said
    assert "02_dense_backward.py:2:  def dense_backward(dout, x, w):" in said
    outcome, said = checked("def dense_backward(*given):\n    pass\n", tmp_path)
    assert outcome.kind == "raised"
    assert "expected backward to name its arguments, got dense_backward with *given" in said
    renamed = by_name("dense_backward").solution.replace("grad_y", "dout").replace("x, W)", "x, W, verbose=False)")
    assert checked(renamed, tmp_path)[0].passed


@pytest.mark.parametrize("text", ["import os\nos._exit(0)\n", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"])
def test_a_process_that_ends_early_is_no_pass(text, tmp_path):
    outcome, said = checked(text, tmp_path)
    assert outcome.kind == "died"
    assert "before the checks finished" in said


@pytest.mark.in_turn
def test_what_is_printed_is_shown_and_harms_nothing(tmp_path):
    solution = by_name("dense_forward").solution.replace("return x", "print('hello', x.shape); return x")
    outcome, said = checked(solution, tmp_path, "dense_forward")
    assert outcome.passed
    assert "your code printed:\n    | hello (7, 5)" in said
    noisy = solution.replace("print('hello', x.shape)", "[print('y' * 1000) for _ in range(9999)]")
    outcome, said = checked(noisy, tmp_path, "dense_forward")
    assert outcome.passed
    assert len(outcome.printed) <= 2000
    assert "your code printed more; the first 5 lines:" in checked(noisy.replace("* 1000", ""), tmp_path, "dense_forward")[1]


@pytest.mark.in_turn
@pytest.mark.parametrize(
    ("name", "mistake"),
    [("dense_backward", "bias averaged"), ("top_k_backward", "another expectation"), ("own_checker", "steps over the kink"),
     ("vq_backward", "the last one wins")],
)
def test_the_answers_in_the_documentation_are_the_answers(name, mistake, tmp_path):
    exercise = by_name(name)
    _, said = checked(exercise.mutated(exercise.mutants[mistake]), tmp_path, name)
    page = (pathlib.Path(__file__).parent.parent / "docs" / "exercises.md").read_text(encoding="utf-8")
    rounding = re.compile(r"\d(\.\d)?e-\d+")  # differs from machine to machine
    assert rounding.sub("e", "".join(f"    {line}\n" for line in said.splitlines())) in rounding.sub("e", page)


def test_the_documentation_counts_the_exercises():
    page = (pathlib.Path(__file__).parent.parent / "docs" / "exercises.md").read_text(encoding="utf-8")
    numbers = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"]
    chapters = numbers[len({exercise.chapter for exercise in EXERCISES})]
    assert f"The path has {len(EXERCISES)} exercises in {chapters} chapters" in " ".join(page.split())
    predicted = numbers[sum("PREDICTION" in exercise.stub for exercise in EXERCISES)]
    assert f"{predicted.capitalize()} exercises first ask what you expect" in page


def test_what_changed_since_the_last_check():
    before = Outcome("wrong", codes=["sign@grad_x"], verdicts={"grad_x": "fail", "grad_b": "fail"}).to_dict()
    assert changed_since(before, Outcome("wrong", codes=["sign@grad_x"], verdicts={"grad_x": "fail", "grad_b": "pass"})) == "since the last check: grad_b is now right"
    assert changed_since(before, Outcome("wrong", codes=["scale@grad_x"], verdicts=before["verdicts"])) == ""
    assert changed_since(before, Outcome("raised")) == "the check before this one said: not right yet"
    assert changed_since(before, Outcome("passed", verdicts={"grad_x": "pass"})) == ""
    assert changed_since(Outcome("").to_dict(), Outcome("passed")) == ""
    assert changed_since(Outcome("not-begun").to_dict(), Outcome("not-begun")) == ""
    assert changed_since(Outcome("passed").to_dict(), Outcome("passed")) == ""


@pytest.mark.in_turn
def test_a_question_is_asked_once_and_no_table_is_shown_without_rows(tmp_path):
    text = "def dense_backward(grad_y, x, W):\n    return x.T @ grad_y, grad_y.sum(axis=0), grad_y @ W.T\n"
    outcome, said = checked(text, tmp_path)
    assert outcome.reports[0].count("ask yourself: In which order") == 3
    assert said.count("ask yourself: In which order") == 1
    assert said.count("is the gradient that belongs to ") == 3
    assert "tensor  shape" in outcome.reports[0]
    assert "tensor  shape" not in said
    _, said = checked(by_name("dense_backward").solution.replace("sum(axis=0)", "mean(axis=0)"), tmp_path)
    assert "tensor  shape" in said
    _, said = checked("def is_right(loss, grad, x):\n    return None\n", tmp_path, "own_checker")
    assert "tried on" not in said
    assert "fail: nothing was judged" in said


def test_what_is_wrong_with_the_numbers_comes_before_an_argument_that_is_returned(tmp_path):
    _, said = checked("def relu_backward(grad_y, a):\n    return grad_y\n", tmp_path, "relu_backward")
    assert said.index("is the upstream gradient itself") < said.index("returns its argument grad_y itself")
    outcome, said = checked(by_name("dense_backward").solution.replace("grad_y.sum(axis=0)", "grad_y"), tmp_path)
    assert said.index("grad_b has shape (7, 3), expected (3,)") < said.index("if its values are right, return a copy")
    assert by_name("dense_backward").hints.choose(outcome.codes)[1][0].startswith("b has one entry for each unit")


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("grad_z", "error: backward returns its argument grad_z itself, or a view of all of it; if its values are right, return"),
        ("grad_z[:]", "error: backward returns its argument grad_z itself, or a view of all of it; if its values are right, return"),
        ("grad_z[::-1]", "error: backward returns an array that shares memory with its argument grad_z: changing one"),
    ],
)
def test_an_argument_that_is_returned_is_told_from_a_part_of_it(returned, words, tmp_path):
    text = by_name("reparameterize_backward").solution.replace("grad_z.copy()", returned)
    assert words in checked(text, tmp_path, "reparameterize_backward")[1]


def test_an_argument_changed_in_place_and_returned_is_one_mistake(tmp_path):
    text = "def relu_backward(grad_y, a):\n    grad_y[a <= 0] = 0\n    return grad_y\n"
    _, said = checked(text, tmp_path, "relu_backward")
    assert said.count("error: ") == 1
    assert "backward changed grad_y, one of its arguments" in said
    assert said.endswith("fail: the values of 19 of 21 entries agree, and 2 lie at kinks; see above")


@pytest.mark.parametrize("returned", ["grad_y if a > 0 else 0", "grad_y * max(a, 0)", "grad_y and a"])
def test_a_condition_on_an_array_is_told_without_numpys_advice(returned, tmp_path):
    outcome, said = checked(f"def relu_backward(grad_y, a):\n    return {returned}\n", tmp_path, "relu_backward")
    assert outcome.codes == ["truth-value", "raised"]
    assert "relu_backward raised ValueError (03_relu_backward.py:2): a condition (if, and, or, max) works with one" in said
    assert "a.any()" not in said
    assert by_name("relu_backward").hints.choose(outcome.codes)[0] == "truth-value"


def test_a_returned_name_is_traced_to_the_line_that_assigns_it(tmp_path):
    for right, wrong in (("x.T @ grad_y", "grad_y.T @ x"), ("grad_y.sum(axis=0)", "grad_y.sum(axis=0, keepdims=True)")):
        _, said = checked(by_name("dense_backward").solution.replace(right, wrong), tmp_path)
        assert f"= {wrong}\n    ask yourself: " in said


@pytest.mark.parametrize("whole", ["grad_y.sum()", "np.sum(grad_y)"])
def test_a_sum_over_all_axes_is_told_as_that(whole, tmp_path):
    text = by_name("dense_backward").solution
    said = checked(text.replace("grad_y.sum(axis=0)", whole), tmp_path)[1]
    assert "error: grad_b is the right gradient summed over everything\n" in said
    assert f"grad_b = {whole}\n    ask yourself: Which indices must the result still have?" in said
    wrong = checked(by_name("kl_sparsity_backward").solution.replace("h.mean(axis=0)", "h.mean(axis=1)"), tmp_path, "kl_sparsity_backward")
    assert "runs over all axes" not in wrong[1]
    inner = by_name("softmax_backward").solution.replace("e.sum(axis=1, keepdims=True)", "e.sum()")
    assert "p = e / e.sum()\n    likely cause: `e.sum()` runs over all axes" in checked(inner, tmp_path, "softmax_backward")[1]


def test_a_sign_in_the_line_comes_before_a_term_too_many(tmp_path):
    text = by_name("sigmoid_backward").solution.replace("(1 - y)", "(1 + y)")
    _, said = checked(text, tmp_path, "sigmoid_backward")
    assert "the term `y` has the wrong sign" in said
    assert "a term too many" not in said


def test_a_mistake_of_several_gradients_or_of_the_upstream_gradient_is_told_once(tmp_path):
    text = by_name("autoencoder_backward").solution.replace(" / len(x)", "")
    outcome, said = checked(text, tmp_path, "autoencoder_backward")
    assert said.count(" entries differ") == 1
    assert said.count("; the same mistake makes grad_b1, grad_W2, grad_b2 wrong") == 1
    assert list(outcome.verdicts.values()) == ["fail"] * 4
    outcome, said = checked(by_name("sigmoid_backward").solution.replace("grad_y * y", "y"), tmp_path, "sigmoid_backward")
    assert "with ones in place of the upstream gradient" in said
    assert "for an upstream gradient of 0" not in said
    assert outcome.codes[:2] == ["upstream-ignored@grad_a", "other-upstream@grad_a"]


def test_a_right_prediction_is_called_right_before_the_code_is_begun(tmp_path):
    exercise = by_name("kl_sparsity_backward")
    right = re.search(r'^PREDICTION = "\w"', exercise.solution, re.MULTILINE)[0]
    said = checked(exercise.stub.replace("PREDICTION = None", right), tmp_path, exercise.name)[1]
    assert ": not begun yet\n  pass: the prediction is right\n  write your code at" in said
    assert "prediction" not in checked(by_name("relu_backward").stub, tmp_path, "relu_backward")[1]


def test_general_hints_use_the_exercises_names_and_end_with_its_answer():
    said = [level for each in EXERCISES for levels in each.hints.general.values() for level in levels]
    assert not [level for level in said if "{upstream}" in level or "{answer}" in level]
    hints = by_name("reparameterize_backward").hints
    assert hints.general["upstream-ignored"][0].startswith("What would your gradient be if grad_z were all zeros?")
    assert hints.general["misfit"][2].endswith(hints.own["*"][2])
    assert by_name("dense_forward").hints.general["upstream-ignored"][0].startswith("What would your gradient be if the upstream")
    kept = Hints({"*": ("a", "b", KEPT_BACK)}, {})
    assert filled({"misfit": ("a", "b", "Transpose. {answer}")}, kept.own, "")["misfit"][2] == "Transpose."


def test_a_forward_that_raises_says_the_shapes(tmp_path):
    _, said = checked("def dense(x, W, b):\n    return W.T @ x + b\n", tmp_path, "dense_forward")
    assert "; dense was given x (7, 5), W (5, 3), b (3,)" in said
    text = by_name("adam_step").solution.replace("beta1 * m", "beta1 * m.T")
    _, said = checked(text, tmp_path, "adam_step")
    assert "; adam_step was given value (5, 3), grad (5, 3), m (5, 3), v (5, 3)\n" in said


@pytest.mark.in_turn
@pytest.mark.parametrize(
    ("name", "right", "wrong", "hint"),
    [
        ("dense_forward", "x @ W", "numpy.dot(x, W)", "an unknown name"),
        ("tied_weights", 'PREDICTION = "c"', "PREDICTION = c", "an unknown name"),
        ("tied_weights", "1 - h**2", "1 - (x @ W + b) ** 2", "applies tanh"),
        ("tied_weights", "(x_hat - x) / len(x)", "x_hat - x", "Where does N appear in tied_loss?"),
        ("sigmoid_backward", "grad_y * y * (1 - y)", "grad_y * y * (1 - y) * y * (1 - y)", "slope"),
        ("sigmoid_backward", "grad_y * y * (1 - y)", "y * (1 - y)", "if grad_y were all zeros"),
        ("autoencoder_backward", "return grad_W1, grad_b1, grad_W2, grad_b2", "return grad_W2, grad_b2, grad_W1, grad_b1", "in which order"),
    ],
)
def test_a_hint_fits_what_newcomers_write(name, right, wrong, hint, tmp_path):
    exercise = by_name(name)
    assert right in exercise.solution
    outcome, _ = checked(exercise.solution.replace(right, wrong), tmp_path, name)
    assert hint in exercise.hints.choose(outcome.codes)[1][0]


# The commands


@pytest.fixture
def course(tmp_path, monkeypatch, capsys):
    """A student's folder, which is the current folder."""
    monkeypatch.chdir(tmp_path)
    assert main(["exercises", "init", "course"]) == 0
    capsys.readouterr()
    monkeypatch.chdir("course")
    return tmp_path / "course"


def run(capsys, *words):
    outcome = main(["exercises", *words])
    printed = capsys.readouterr()
    return outcome, printed.out, printed.err


def test_from_init_to_the_solution(course, capsys, monkeypatch):
    file = course / "02_dense_backward.py"
    solution = by_name("dense_backward").solution
    outcome, out, _ = run(capsys, "start", "dense_backward")
    assert outcome == 0
    assert "write your code in 02_dense_backward.py, then: aescratch exercises check" in out
    assert file.read_text() == by_name("dense_backward").stub
    (course / "notes" / "deeper").mkdir(parents=True)
    monkeypatch.chdir("notes/deeper")  # every command works from here

    outcome, out, _ = run(capsys, "check")
    assert outcome == 1
    assert "dense_backward: not begun yet" in out

    file.write_text(solution.replace("grad_y.sum(axis=0)", "grad_y.mean(axis=0)"))
    outcome, out, _ = run(capsys, "check")
    assert outcome == 1
    assert "dense_backward: not right yet" in out
    assert "error: grad_b is the right gradient, times 1/N (N = 7, the number of rows of x)\n" in out
    assert "      02_dense_backward.py:28  grad_b = grad_y.mean(axis=0)\n" in out
    assert "ask yourself:" in out
    assert "for a hint: aescratch exercises hint dense_backward" in out

    levels = by_name("dense_backward").hints.own["scale@grad_b"]
    for level, words in ((1, []), (2, []), (3, ["--answer"]), (3, ["--answer", "--level", "3"])):
        outcome, out, _ = run(capsys, "hint", *words)
        assert outcome == 0
        assert out == f"dense_backward, hint {level} of 3 on the factor of grad_b:\n  {levels[level - 1]}\n"
    assert run(capsys, "hint", "2", "--level", "1")[1].endswith(f"{levels[0]}\n")

    outcome, _, err = run(capsys, "solution", "dense_backward")
    assert outcome == 2
    assert "hasn't passed yet" in err

    file.write_text(solution)
    outcome, out, _ = run(capsys, "check", "dense_backward")
    assert outcome == 0
    assert "dense_backward: passed" in out
    assert "the last check" not in out
    assert "next: aescratch exercises start relu_backward" in out
    assert f"1 of {len(EXERCISES)} pass" in out
    assert "it needs no hint" in run(capsys, "hint")[1]
    assert run(capsys, "solution", "dense_backward")[1] == by_name("dense_backward").shown_solution

    outcome, out, _ = run(capsys, "reset", "dense_backward")
    assert outcome == 0
    assert "kept in ../../backups/02_dense_backward.1.py" in out.replace(os.sep, "/")
    assert file.read_text() == by_name("dense_backward").stub
    assert (course / "backups/02_dense_backward.1.py").read_text() == solution
    run(capsys, "reset", "dense_backward")
    assert (course / "backups/02_dense_backward.2.py").read_text() == by_name("dense_backward").stub
    progress = json.loads((course / "progress.json").read_text())
    assert progress["exercises"]["dense_backward"]["passed"] is True
    assert progress["exercises"]["dense_backward"]["checks"] == 3
    assert run(capsys, "check")[0] == 1
    assert re.search(r"dense_backward +passed ", run(capsys, "list")[1]), "what has passed once stays so"


def test_start_leaves_what_was_written(course, capsys):
    run(capsys, "start", "1")
    (course / "01_dense_forward.py").write_text("mine\n")
    assert "continue in 01_dense_forward.py" in run(capsys, "start", "1")[1]
    assert (course / "01_dense_forward.py").read_text() == "mine\n"


def test_start_without_a_name_goes_on_to_the_next_after_a_pass(course, capsys):
    run(capsys, "start")
    assert (course / "01_dense_forward.py").is_file()
    assert "continue in 01_dense_forward.py" in run(capsys, "start")[1]
    (course / "01_dense_forward.py").write_text(EXERCISES[0].solution)
    assert "[#......" in run(capsys, "check", "--all")[1], "a first success is seen"
    assert "write your code in 02_dense_backward.py" in run(capsys, "start")[1]


@pytest.mark.in_turn
def test_check_all_and_the_list(course, capsys):
    for exercise in EXERCISES[:2]:
        run(capsys, "start", exercise.name)
    (course / "01_dense_forward.py").write_text(EXERCISES[0].solution)
    outcome, out, _ = run(capsys, "check", "--all")
    assert outcome == 1
    assert out.startswith("dense_forward: passed\ndense_backward: not begun yet\n[")
    (course / "02_dense_backward.py").write_text(EXERCISES[1].solution)
    assert run(capsys, "check", "--all")[0] == 0
    _, out, _ = run(capsys, "list")
    assert re.search(r"^   1  dense_forward +passed ", out, re.MULTILINE)
    assert re.search(r"^>  2  dense_backward +passed ", out, re.MULTILINE)
    assert all(name in out for name in NAMES)
    assert out.endswith(f"2 of {len(EXERCISES)} pass\n")


def test_giving_up_is_recorded(course, capsys):
    outcome, out, _ = run(capsys, "solution", "1", "--give-up")
    assert (outcome, out) == (0, EXERCISES[0].shown_solution)
    assert json.loads((course / "progress.json").read_text())["exercises"]["dense_forward"]["gave_up"] is True
    assert run(capsys, "solution", "1")[0] == 0
    run(capsys, "start", "1")
    (course / "01_dense_forward.py").write_text(out)
    assert run(capsys, "check")[0] == 0
    assert re.search(r"dense_forward +seen ", run(capsys, "list")[1])


REFUSED = [
    (["check"], "there is no 01_dense_forward.py yet; create it with aescratch exercises start dense_forward"),
    (["check", "--all"], "no exercise was started yet; begin with aescratch exercises start dense_forward"),
    (["check", "dense_forward", "--all"], "unexpected argument 'dense_forward' beside --all; leave one of them out"),
    (["start", "dense_forwards"], "there is no exercise 'dense_forwards'; did you mean dense_forward?"),
    (["start", "zzz"], "there is no exercise 'zzz'; see aescratch exercises list"),
    (["reset"], "expected the name of the exercise to reset, so that none is reset by mistake"),
    (["hint", "1", "--level", "4"], "expected --level from 1 to 3, got 4"),
    (["list", "--give-up"], "--give-up is for aescratch exercises solution; leave it out"),
    (["list", "x"], "unexpected argument 'x'; leave it out"),
    (["init"], "expected a folder after init, such as aescratch exercises init course"),
    (["init", "."], ". already holds exercises; go there and run aescratch exercises list"),
]


@pytest.mark.parametrize(("words", "sentence"), REFUSED, ids=lambda words: " ".join(words) if isinstance(words, list) else "")
def test_what_is_refused(course, capsys, words, sentence):
    assert run(capsys, *words) == (2, "", f"aescratch: {sentence}\n")


def test_outside_any_folder_of_exercises(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome, _, err = run(capsys, "list")
    assert outcome == 2
    assert "is outside; make a folder with aescratch exercises init DIR" in err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 2, "current": null, "exercises": {}}', '{"format": 1, "current": null, "exercises": {"dense_forward": {"checks": "3"}}}', '{"format": 1, "exercises": {}}', '{"format": 1, "current": 0, "exercises": {}}', "[" * 100_000], ids=range(9))
def test_a_damaged_progress_file_is_refused_in_one_sentence(course, capsys, text):
    (course / "progress.json").write_text(text)
    outcome, _, err = run(capsys, "list")
    assert outcome == 2
    assert "repair it, or delete it and run aescratch exercises init on the folder, which keeps your files" in err
    assert err.count("\n") == 1


def test_init_says_where_to_go(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "init", "my work")[1].endswith("begin with\n  cd 'my work'\n  aescratch exercises start dense_forward\n")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir("here")
    assert "cd " not in run(capsys, "init", ".")[1]


def test_init_again_after_the_progress_is_gone_finds_the_files(course, capsys):
    run(capsys, "start", "1")
    (course / "progress.json").unlink()
    assert run(capsys, "init", ".")[0] == 0
    assert re.search(r"dense_forward +started ", run(capsys, "list")[1])


def test_watch_checks_what_is_saved_and_never_moves_on(course):
    workspace = Workspace.find(course)
    first, second = EXERCISES[:2]
    checks = []

    def looks():
        yield  # nothing was saved
        workspace.path(first).write_text(first.solution)
        yield
        yield
        workspace.start(second)
        yield
        workspace.path(first).unlink()
        yield

    workspace.start(first)
    watching_module.watch(workspace, first, lambda exercise: checks.append(exercise.name), looks())
    assert checks == [first.name, first.name, second.name]


def test_watch_ends_with_control_c(course, capsys, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(watching_module, "ticks", interrupted)
    run(capsys, "start", "1")
    outcome, out, _ = run(capsys, "watch")
    assert outcome == 0
    assert "dense_forward: not begun yet" in out
    assert "watching: save a file to check it; Control-C to stop" in out


def test_the_command_on_a_shell_with_little_around(course):
    environment = {"PYTHONPATH": os.path.dirname(os.path.dirname(ae.__file__)), "PATH": os.environ.get("PATH", "")}
    (course / "01_dense_forward.py").write_text(EXERCISES[0].solution)
    done = subprocess.run(
        [sys.executable, "-m", "aescratch", "exercises", "check", "1"], capture_output=True, text=True, check=False,
        env=environment, cwd=course,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("dense_forward: passed\nnext: ")


def test_a_workspace_that_is_none():
    with pytest.raises(WorkspaceError, match="expected to run inside a folder of exercises"):
        Workspace.find(EXERCISES[0].folder)
