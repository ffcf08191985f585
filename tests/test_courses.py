"""A teacher's own exercises: written, validated, released without any answer, and used by a student."""

import json
import os
import pathlib
import re
import shutil
import textwrap

import numpy as np
import pytest

from aescratch.classroom import (
    CourseError,
    Workspace,
    WorkspaceError,
    all_exercises,
    check_file,
    read_course,
    recognising,
    trying,
)
from aescratch.classroom import leaks as leaks_module
from aescratch.classroom import validating as validating_module
from aescratch.classroom.answering import wrapped
from aescratch.classroom.grading import proving
from aescratch.classroom.leaks import leaks_in, secrets_of
from aescratch.classroom.packaging.cells import task
from aescratch.classroom.packaging.wheel import NAME
from aescratch.classroom.references import _plain, _same, _value, record
from aescratch.classroom.releasing import ReleaseError, build, leak_problems, release, released
from aescratch.classroom.scaffolding import FILES, TEMPLATE, scaffold
from aescratch.classroom.stubs import HIDDEN, MarkerError, regions, stub_of, without
from aescratch.classroom.trying import tried
from aescratch.foundations.language import in_language
from aescratch.programs.cli import main

BUILTIN = all_exercises()


def run(capsys, *words):
    outcome = main(["exercises", *words])
    printed = capsys.readouterr()
    return outcome, printed.out, printed.err


@pytest.fixture
def source(tmp_path):
    """The folder of a teacher, with one exercise that works."""
    scaffold("softplus", tmp_path / "source")
    return tmp_path / "source"


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (path, old, text.count(old))
    path.write_text(text.replace(old, new), encoding="utf-8")


REFERENCE = '''
import numpy as np
from aescratch.classroom.comparing import Slip, check_forward
FUNCTIONS = ("softplus_backward",)
### BEGIN REFERENCE
def RIGHT(grad_y, a):
    return grad_y * np.exp(a) / (1 + np.exp(a))
SLIPS = (Slip("halved", lambda grad_y, a: grad_y * 0.5 / (1 + np.exp(-a)), "it is halved", "Why a half?"),)
### END REFERENCE
def check(student, seed):
    rng = np.random.default_rng(seed)
    draws = [{"grad_y": rng.normal(size=(7, 3)), "a": rng.normal(size=(7, 3))} for _ in range(2)]
    yield check_forward(student.softplus_backward, RIGHT, draws, "grad_a", SLIPS)
    ### BEGIN HIDDEN TESTS
    secret = [{"grad_y": np.ones((2, 3)), "a": np.full((2, 3), 17.125)}]
    yield check_forward(student.softplus_backward, RIGHT, secret * 2, "grad_a")
    ### END HIDDEN TESTS
'''


# Reading a course


def test_a_course_is_read_in_its_order(source):
    scaffold("another", source)
    (source / "__pycache__").mkdir()
    (source / "notes.txt").write_text("not an exercise")
    assert [(e.number, e.name, e.points) for e in read_course(source)] == [(1, "softplus", 10), (2, "another", 10)]
    replace(source / "02_another/about.md", "points: 10", "points: 25")
    replace(source / "01_softplus/about.md", "points: 10\n", "")
    assert [exercise.points for exercise in read_course(source)] == [10, 25]
    assert read_course(None) == BUILTIN


def remove(name):
    return lambda folder: (folder / name).unlink()


def rename(name):
    return lambda folder: folder.rename(folder.parent / name)


def about(text):
    return lambda folder: (folder / "about.md").write_text(text)


UNREADABLE = [
    (remove("checks.py"), "expected checks.py in 01_softplus, got none"),
    (remove("solution.py"), "expected solution.py in 01_softplus, got none"),
    (remove("about.md"), "expected about.md in 01_softplus, got none"),
    (rename("02_softplus"), "expected the exercises to be numbered 1, 2, 3, ..., got 02_softplus in place 1"),
    (rename("softplus"), "expected a folder such as 01_my_exercise, got softplus"),
    (rename("01_soft plus"), "expected a folder such as 01_my_exercise, got 01_soft plus"),
    (shutil.rmtree, "expected folders such as 01_my_exercise in"),
    (lambda folder: shutil.copytree(folder, folder.parent / "01_other"), "got 01_softplus in place 2"),
    (lambda folder: shutil.copytree(folder, folder.parent / "02_softplus"), "to have a unique name, got softplus twice"),
    (about(""), "01_softplus/about.md to begin with '# title'"),
    (about("# T\nchapter: 1\n\nTask"), "01_softplus/about.md to begin with '# title'"),
    (about("# T\nchapter: 1\nminutes: ten\n\nTask"), "expected minutes in 01_softplus/about.md to be a whole number of at least 1, got 'ten'"),
    (about("# T\nchapter: 1\nminutes: 10\nminute: 3\n\nTask"), "01_softplus/about.md to begin with '# title'"),
    (about("# T\nchapter: 1\nminutes: 10\npoints: many\n\nTask"), "to be a whole number of at least 1, got 'many'; write a line such as 'points: 10'"),
    (lambda folder: (folder / "about.md").write_bytes(b"# T\nchapter: 1\nminutes: 10\n\nZo\xeb"), "01_softplus/about.md in UTF-8"),
]


@pytest.mark.parametrize(("damage", "sentence"), UNREADABLE, ids=[sentence for _, sentence in UNREADABLE])
def test_a_course_that_is_not_as_it_should_be_is_refused_in_one_sentence(source, capsys, damage, sentence):
    damage(source / "01_softplus")
    with pytest.raises(CourseError, match=re.escape(sentence)):
        read_course(source)
    outcome, out, err = run(capsys, "validate", str(source))
    assert (outcome, out, err.count("\n")) == (2, "", 1)
    assert sentence in err


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        ("checks.py", "def check(:\n", "01_softplus/checks.py is invalid: SyntaxError, line 1"),
        ("checks.py", "FUNCTIONS = ()\n", "01_softplus/checks.py is invalid: AttributeError"),
        ("checks.py", "FUNCTIONS = ('f')\ndef check(student, seed):\n    yield 1\n", "FUNCTIONS to be a tuple such as (\"relu\",), got 'f'"),
        ("checks.py", "FUNCTIONS = ('f',)\ndef check(student, seed):\n    return 1\n", "check(student, seed) to yield reports, but it has no yield"),
        ("checks.py", "FUNCTIONS = ('f',)\ndef check(student):\n    yield 1\n", "student and seed, got check(student); take both"),
        ("mutants.py", "MUTANT = {}\n", "01_softplus/mutants.py is invalid: AttributeError"),
        ("hints.md", "# *\n1. only one\n", "01_softplus/hints.md is invalid: ValueError: expected 3 levels"),
        ("solution.py", "### BEGIN SOLUTION\nx = (\n### END SOLUTION\n", "01_softplus/solution.py is invalid: SyntaxError, line 2"),
        ("solution.py", "x = 1\n", "01_softplus/solution.py is invalid: expected ### BEGIN SOLUTION"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(source, capsys, file, text, sentence):
    (source / "01_softplus" / file).write_text(text)
    for words in (["validate", str(source)], ["release", str(source), str(source.parent / "out")]):
        outcome, _, err = run(capsys, *words)
        assert outcome == 2
        assert sentence in err
    assert not (source.parent / "out").exists()


# new and validate


@pytest.mark.in_turn
def test_new_writes_an_exercise_that_validates(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome, out, _ = run(capsys, "new", "mine", "--in", "source")
    assert outcome == 0
    assert all(name in out for name in FILES)
    assert run(capsys, "new", "more", "--in", "source")[0] == 0
    assert sorted(path.name for path in (tmp_path / "source").iterdir()) == ["01_mine", "02_more"]
    outcome, out, _ = run(capsys, "validate", "source", "--jobs", "2")
    assert outcome == 0, out
    assert re.search(r"^mine +ok +ok +ok +4 +3 +ok +3 of 4 +ok ", out, re.MULTILINE)
    assert out.endswith("all 2 are valid, and a release gives no answer away\n")
    for name, sentence in (("mine", "source already has an exercise 'mine'"), ("1st", "letters, digits and underscores"), ("a/b", "letters")):
        outcome, _, err = run(capsys, "new", name, "--in", "source")
        assert outcome == 2
        assert sentence in err


OURS = "__import__('aescratch').functions.sigmoid(a)"
BROKEN = [
    ("solution.py", "return grad_y * slope", "return slope", "softplus: its solution should pass, but it is wrong"),
    ("mutants.py", "sign@grad_a", "scale@grad_a", "the answer to the mistake 'minus' should be scale@grad_a, but it is wrong: sign@grad_a"),
    ("mutants.py", '"np.exp(-a)", "np.exp(a)"', '"np.exp(-b)", "np.exp(b)"', "expected 'np.exp(-b)' once in the solution of softplus, got it 0 times"),
    ("mutants.py", '"-grad_y * slope", "sign@grad_a"', '"1.0 * grad_y * slope", "sign@grad_a"', "'minus' should be sign@grad_a, but it is passed"),
    ("hints.md", "# *", "# anything", "expected a section '# *' in hints.md, got none"),
    ("solution.py", "    a : array (N, H)\n", "    a : array\n", "should have a line such as 'a : array (N, D)' for a"),
    ("solution.py", "    Returns\n    -------\n", "", "the docstring of softplus_backward should say what it returns"),
    ("solution.py", "    ### BEGIN SOLUTION\n", "    grad_y = grad_y + undefined\n    ### BEGIN SOLUTION\n", "its stub should be reported as not-begun, but it is raised"),
    ("checks.py", "rng = np.random", "assert seed == 0\n    rng = np.random", "its solution should pass at seed 11, but it is raised"),
    ("checks.py", "default_rng(seed)", "default_rng(0)", "its checks draw the same inputs at every seed"),
    ("checks.py", "yield check", "if seed == 23:\n        return\n    yield check", "its solution should pass at seed 23, but it is inconclusive"),
    ("solution.py", "import numpy as np\n", "import numpy as np\nimport matplotlib.pyplot as plt\n", "softplus: in its solution line 4 imports matplotlib, which is not available in grading"),
    ("solution.py", "1.0 / (1.0 + np.exp(-a))", OURS, "its solution should get all points when it is graded like a submission, at seed 0, but it is not-in-grading"),
    ("solution.py", "slope = 1.0", "np.random.seed(1234)\n    slope = 1.0", "its solution should pass, but it is wrong: changed-random-state"),
    ("solution.py", "grad_y * slope", "grad_y * (slope if a[0, 0] > 0 else 1)", "its solution should pass at seed 47, but it is wrong"),
    ("solution.py", "return np.logaddexp(0.0, a)", "return np.log1p(a * a)", "the function softplus in the stub returns other values than the one in the checks"),
    ("checks.py", "size=(7, 3)", "size=(7, 7)", "its checks give H and N of softplus_backward the same size"),
    ("checks.py", "rng = np.random.default_rng(seed)", "np.random.seed(seed)\n    rng = np.random", "its checks use global random numbers"),
    ("checks.py", "np.random.default_rng(seed)", "np.random.default_rng()", "or others that don't depend on the seed alone"),
    ("mutants.py", '"0.5 * grad_y * slope"', f'"0.5 * grad_y * {OURS}"', "the mistake 'halved' should be wrong when it is graded, as it is in the student's own check, but it is not-in-grading"),
]


@pytest.mark.in_turn
@pytest.mark.parametrize(("file", "old", "new", "sentence"), BROKEN, ids=[sentence for *_, sentence in BROKEN])
def test_validate_says_what_is_wrong(source, capsys, file, old, new, sentence):
    replace(source / "01_softplus" / file, old, new)
    outcome, out, _ = run(capsys, "validate", str(source))
    assert outcome == 1
    assert sentence in out


@pytest.mark.in_turn
def test_validate_says_it_in_korean(source, capsys):
    for file, old, new, _ in (BROKEN[place] for place in (1, 5, 6, 9, 15, 16)):
        replace(source / "01_softplus" / file, old, new)
    with in_language("ko"):
        outcome, out, _ = run(capsys, "validate", str(source))
    assert outcome == 1
    heading, row, count, *problems = out.splitlines()
    assert heading.split() == ["연습", "문제", "시작", "파일", "해답", "배포본", "실수", "시드", "채점", "힌트", "형상", "초"]
    assert "4개 가운데 2개" in row
    assert count == f"고칠 것 {len(problems)}개:"
    assert len(problems) == 6
    for problem in problems:
        assert re.search("[가-힣]", problem)
        assert not re.search(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", problem)
    with in_language("ko"):
        assert "셀 하나에 작성한다" in task(read_course(source)[0]).text


ENDLESS = [
    ("solution.py", "return grad_y * slope", "while True: pass", "its solution should pass, but it is timed-out, line 27: still running after 0.3 s"),
    ("mutants.py", '"-grad_y * slope"', '"sum(n for n in iter(int, 1))"', "the answer to the mistake 'minus' should be sign@grad_a, but it is timed-out, line 27"),
    ("checks.py", "rng = np.random", "while seed == 0: pass\n    rng = np.random", "its solution should pass, but it is timed-out, line 17: still running after 3 s, so it was stopped; look for a loop that never ends (in checks.py)"),
    ("mutants.py", '"-grad_y * slope", "sign@grad_a"', '"sum(n for n in iter(int, 1))", "sign@grad_a", "a cause", "a question"', "01_softplus: expected every mistake to finish in time, but 'minus' doesn't"),
]


@pytest.mark.in_turn
@pytest.mark.parametrize(("file", "old", "new", "sentence"), ENDLESS, ids=[f"{file}: {sentence}" for file, *_, sentence in ENDLESS])
def test_what_never_ends_is_told_and_ended(source, capsys, monkeypatch, file, old, new, sentence):
    monkeypatch.setattr(proving, "LIMITS", proving.Limits(seconds=0.3))
    monkeypatch.setattr(trying, "LONGEST", 3.0)
    replace(source / "01_softplus" / file, old, new)
    outcome, out, _ = run(capsys, "validate", str(source))
    assert outcome == 1
    assert sentence in out


@pytest.mark.parametrize(("old", "new"), [("1.0 / (1.0 + np.exp(-a))", OURS), ("import numpy as np\n", "import numpy as np, pytest\n")])
def test_release_refuses_a_solution_that_grading_cannot_use(source, tmp_path, capsys, old, new):
    replace(source / "01_softplus/solution.py", old, new)
    outcome, out, _ = run(capsys, "release", str(source), str(tmp_path / "out"))
    assert outcome == 1
    assert "not available in grading" in out
    assert os.listdir(tmp_path) == ["source"]


def test_a_solution_that_earns_less_than_all_points_is_told(source, monkeypatch):
    (exercise,) = read_course(source)
    entries = proving.entries
    monkeypatch.setattr(proving, "entries", lambda *given: [entry._replace(points=entry.of / 2) for entry in entries(*given)])
    (problem,) = proving.solution_problems(exercise)
    assert "should get all points when it is graded like a submission, at seed 0, but it loses some for 'shapes': right" in problem


@pytest.mark.in_turn
def test_one_mistake_of_a_teachers_is_told_once(source, capsys):
    """If the solution fails, everything that depends on it would fail, too."""
    replace(source / "01_softplus/solution.py", "return grad_y * slope", "return 2 * grad_y * slope")
    _, out, _ = run(capsys, "validate", str(source))
    assert "\n1 to correct:\n" in out
    assert re.search(r"^softplus +ok +wrong +- +- +- +- +3 of 4 +ok +-$", out, re.MULTILINE)
    replace(source / "01_softplus/solution.py", "return 2 * grad_y * slope", "return grad_y * slope")
    replace(source / "01_softplus/mutants.py", "sign@grad_a", "a guess")
    assert "\n1 to correct:\n" in run(capsys, "validate", str(source))[1]


def test_a_mark_that_editors_put_before_a_text_is_none_of_it(source, capsys):
    for path in (source / "01_softplus").iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    outcome, out, _ = run(capsys, "validate", str(source))
    assert outcome == 0
    assert "3 of 4" in out


def test_a_mistake_that_passes_at_another_seed_is_found(source, capsys):
    replace(source / "01_softplus/checks.py", "rng = np.random", "if seed == 47:\n        student = KIND\n    rng = np.random")
    replace(source / "01_softplus/checks.py", "def check(", "class KIND:\n    @staticmethod\n    def softplus_backward(grad_y, a):\n        return grad_y / (1 + np.exp(-a))\n\n\ndef check(")
    outcome, out, _ = run(capsys, "validate", str(source))
    assert outcome == 1
    assert "the mistake 'minus' shouldn't pass at seed 47, but it is passed" in out


def test_a_slow_check_is_found(source, capsys, monkeypatch):
    monkeypatch.setattr(validating_module, "SLOW", 0.0)
    outcome, out, _ = run(capsys, "validate", str(source))
    assert outcome == 1
    assert re.search(r"a check of its solution takes \d\.\d s; draw smaller inputs", out)


# Handing out


@pytest.fixture(scope="module")
def handout(tmp_path_factory):
    """The built-in path as students get it."""
    folder = tmp_path_factory.mktemp("handout") / "out"
    release(BUILTIN, folder)
    return folder


@pytest.mark.in_turn(3)
def test_the_built_in_path_is_handed_out_without_its_answers(handout):
    assert sorted(path.name for path in handout.iterdir()) == ["README.md", "course", "progress.json"]
    assert not [path for path in handout.parent.iterdir() if path != handout], "nothing is left beside it"
    handed_out = read_course(handout / "course")
    for exercise, original in zip(handed_out, BUILTIN, strict=True):
        assert exercise.released
        assert not original.released
        assert (exercise.name, exercise.title, exercise.points) == (original.name, original.title, original.points)
        assert exercise.stub == original.stub
        assert exercise.mutants == {}
        assert "###" not in (exercise.folder / "checks.py").read_text()
        for key, levels in exercise.hints.own.items():
            assert levels[:2] == original.hints.own[key][:2]
            assert levels[2] == "Your teacher keeps this level: ask for it when the idea alone doesn't help."


SOME = BUILTIN[::10]  # `aescratch exercises validate builtin` proves all of them


@pytest.mark.in_turn
@pytest.mark.parametrize("exercise", SOME, ids=[exercise.name for exercise in SOME])
def test_a_released_exercise_answers_as_the_original(exercise, handout):
    students = released(exercise, handout)
    mistakes = [exercise.mutated(mutant) for mutant in exercise.mutants.values()]
    for text in (exercise.stub, exercise.shown_solution, *(mistakes[:1]), *(mistakes[-1:])):
        answer, wanted = tried(students, text), tried(exercise, text)
        assert (answer.kind, answer.codes, answer.reports) == (wanted.kind, wanted.codes, wanted.reports)
        assert answer.line in (wanted.line, 0)


@pytest.mark.in_turn
def test_mistakes_of_checks_that_release_changes_are_explained_as_released_too(handout):
    exercise = next(exercise for exercise in BUILTIN if exercise.name == "relu_backward")
    students = released(exercise, handout)
    assert (students.folder / "checks.py").read_text() != (exercise.folder / "checks.py").read_text()
    assert validating_module.released_problems(exercise, students) == []


def test_what_a_mistake_comes_to_is_computed_anew_where_the_checks_have_changed(source):
    (exercise,) = read_course(source)
    (before,) = recognising._tensors(exercise, exercise.solution, 0, 0)
    assert recognising._tensors(exercise, exercise.solution, 0, 0)[0] is before
    replace(exercise.folder / "checks.py", "default_rng(seed)", "default_rng(seed + 1)")
    (after,) = recognising._tensors(exercise, exercise.solution, 0, 0)
    assert not np.array_equal(before, after)


def test_a_mistake_that_shows_in_a_later_report_is_told_apart_as_released_too(handout):
    exercise = next(exercise for exercise in BUILTIN if exercise.name == "top_k_backward")
    answer = tried(released(exercise, handout), exercise.mutated(exercise.mutants["one too many"]))
    assert answer.codes[0].startswith("one-too-many@")
    assert len(answer.reports) == 1, "the first report passes"


def test_a_part_of_a_course_is_handed_out(tmp_path, capsys, monkeypatch):
    outcome, _, _ = run(capsys, "release", "builtin", str(tmp_path / "out"), "--only", "dense_backward", "sigmoid_backward")
    assert outcome == 0
    monkeypatch.chdir(tmp_path / "out")
    assert [exercise["number"] for exercise in json.loads(run(capsys, "list", "--json")[1])] == [2, 4]
    assert "sigmoid_backward" not in run(capsys, "start", "dense_backward")[1]
    assert (tmp_path / "out/02_dense_backward.py").is_file()
    outcome, _, err = run(capsys, "release", "builtin", str(tmp_path / "more"), "--only", "dense_backwards")
    assert (outcome, err.count("\n")) == (2, 1)
    assert "there is no exercise 'dense_backwards'; did you mean dense_backward?" in err
    shutil.copytree(tmp_path / "out/course/02_dense_backward", tmp_path / "out/course/02_dense")
    with pytest.raises(CourseError, match="got 02_dense_backward in place 2"):
        read_course(tmp_path / "out/course")


def test_formulas_are_handed_out_when_asked_for(tmp_path, capsys):
    build(SOME, tmp_path / "all", formulas=True)
    assert leak_problems(SOME, tmp_path / "all", formulas=True) == []
    for exercise, original in zip(read_course(tmp_path / "all/course"), SOME, strict=True):
        assert exercise.hints.own == original.hints.own
    assert run(capsys, "release", "builtin", str(tmp_path / "out"), "--formulas", "--only", "gelu_backward")[0] == 0
    (exercise,) = read_course(tmp_path / "out/course")
    assert exercise.hints.own == BUILTIN[exercise.number - 1].hints.own


def test_release_refuses_hints_that_leave_a_mistake_without_one(source, tmp_path, capsys):
    hints = source / "01_softplus" / "hints.md"
    hints.write_text(hints.read_text().partition("# *")[0])
    outcome, said, _ = run(capsys, "release", str(source), str(tmp_path / "out"))
    assert outcome == 1
    assert said.splitlines() == ["nothing was written:", "  softplus: expected a section '# *' in hints.md, got none"]
    assert not (tmp_path / "out").exists()


@pytest.mark.in_turn
def test_a_student_works_with_what_was_handed_out(source, tmp_path, capsys, monkeypatch):
    out = tmp_path / "out"
    outcome, said, _ = run(capsys, "release", str(source), str(out))
    assert outcome == 0
    assert "1 exercises, all validated, without answers" in said
    assert "the package that students install contains most of the answers" in said
    solution = read_course(source)[0].shown_solution
    shutil.rmtree(source)
    monkeypatch.chdir(out)
    assert re.search(r" 1  softplus .*Softplus, backward", run(capsys, "list")[1])
    assert "write your code in 01_softplus.py" in run(capsys, "start", "softplus")[1]
    outcome, said, _ = run(capsys, "check")
    assert outcome == 1
    assert "softplus: not begun yet\n  write your code at 01_softplus.py:" in said
    (out / "01_softplus.py").write_text(solution.replace("grad_y * slope", "-grad_y * slope"))
    assert "error: grad_a has the wrong sign: it is minus the right gradient, everywhere\n" in run(capsys, "check")[1]
    assert "The slope is never negative" in run(capsys, "hint", "--level", "2")[1]
    assert "Your teacher keeps this level" in run(capsys, "hint", "--answer")[1]
    (out / "01_softplus.py").write_text(solution)
    outcome, said, _ = run(capsys, "check")
    assert outcome == 0
    assert "all exercises pass: you are done" in said
    outcome, _, err = run(capsys, "solution", "softplus", "--give-up")
    assert (outcome, err) == (2, "aescratch: the solution of softplus is not in this course; your teacher has it\n")
    outcome, _, err = run(capsys, "release", str(out / "course"), str(tmp_path / "again"))
    assert outcome == 2
    assert "expected solution.py in 01_softplus, got none; name the folder that it was released from" in err
    (out / "course/01_softplus/checks.py").unlink()
    with pytest.raises(WorkspaceError, match=r"can't be used: expected checks\.py in 01_softplus, got none.*ask your teacher"):
        Workspace.find(out)


def test_hidden_tests_and_references_are_taken_out_and_replayed(source, tmp_path):
    (source / "01_softplus/checks.py").write_text(REFERENCE)
    (exercise,) = read_course(source)
    release([exercise], tmp_path / "out")
    students = released(exercise, tmp_path / "out")
    checks = (students.folder / "checks.py").read_text()
    assert "RIGHT, SLIPS = replayed(__file__)" in checks
    assert not re.search("###|secret|17.125|lambda|def RIGHT", checks)
    recorded = (students.folder / "recorded.json").read_text()
    assert "lambda" not in recorded
    assert "17.125" not in recorded, "what a hidden test draws is hidden too"
    assert len(json.loads(recorded)["calls"]) == 2
    assert "solution NAME" not in (tmp_path / "out" / "README.md").read_text()
    halved = exercise.shown_solution.replace("grad_y * slope", "0.5 * grad_y * slope")
    outcome = tried(students, halved)
    assert outcome.codes[0] == "halved@grad_a"
    assert "ask yourself: Why a half?" in outcome.reports[0]
    assert outcome.reports == tried(exercise, halved).reports[:1]
    only_hidden = exercise.shown_solution.replace("return grad_y * slope", "return grad_y * np.where(a == 17.125, 9, slope)")
    assert tried(students, only_hidden).passed
    assert not tried(exercise, only_hidden).passed
    path = tmp_path / "01_softplus.py"
    path.write_text(exercise.shown_solution)
    assert check_file(students, path).passed
    with_other_inputs = tried(students, exercise.shown_solution, seed=1)
    assert not with_other_inputs.passed
    assert "has the right values for those only: grade with the folder that it was released from" in with_other_inputs.message


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("def RIGHT(", "def WRONG(", "expected a function RIGHT in the marked reference"),
        ("softplus_backward, RIGHT, draws", "softplus_backward, lambda grad_y, a: RIGHT(grad_y, a), draws", ""),
        ("### END REFERENCE\n", "", "expected ### END REFERENCE after ### BEGIN REFERENCE"),
        ("### END HIDDEN TESTS\n", "", "01_softplus: checks.py, line 14: expected ### END HIDDEN TESTS after"),
        ('RIGHT, draws, "grad_a", SLIPS)', 'lambda grad_y, a: grad_y, draws, "grad_a")', "never calls RIGHT outside the hidden tests"),
    ],
)
def test_references_that_cannot_be_recorded(source, tmp_path, old, new, sentence):
    (source / "01_softplus/checks.py").write_text(REFERENCE)
    replace(source / "01_softplus/checks.py", old, new)
    if not sentence:
        release(read_course(source), tmp_path / "out")
        return
    with pytest.raises(ReleaseError, match=re.escape(sentence)):
        release(read_course(source), tmp_path / "out")


def test_values_of_every_kind_come_back_from_a_recording(source):
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(2, 3)), np.arange(3), np.float32(0.1), 1.5, 3, True, None, "text", (rng.normal(size=2), 1.0), np.zeros((0, 3))]
    for value in values:
        back = _value(json.loads(json.dumps(_plain(value))))
        assert type(back) is type(value)
        assert _plain(back) == _plain(value)
        assert _same(value, json.loads(json.dumps(_plain(value))))
    assert _plain(len) == {"function": "len"}
    assert not _same(values[0] + 1e-6, _plain(values[0]))
    assert _same(values[0] * (1 + 1e-14), _plain(values[0]))
    with pytest.raises(CourseError, match="arrays, numbers, text and tuples"):
        _plain({1})
    assert json.loads(record(BUILTIN[0]))["seed"] == 0


# Leaks


def notebook(source="", output="", metadata=""):
    cell = {"cell_type": "code", "source": [source], "metadata": {"note": metadata}, "outputs": [{"output_type": "stream", "text": [output]}]}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})


@pytest.fixture(scope="module")
def secrets():
    return secrets_of(BUILTIN)


SECRET = BUILTIN[1]  # dense_backward
LINE = "    grad_W = x.T @ grad_y"
LEAKS = {
    "the whole solution": ("course/02_dense_backward/stub.py", SECRET.solution),
    "the solution as it is shown": ("course/02_dense_backward/stub.py", SECRET.shown_solution),
    "one line": ("README.md", f"Hello\n{LINE}\nbye"),
    "one short line": ("README.md", "Hello: return lam * W, bye"),
    "other whitespace": ("README.md", "grad_W=x . T@grad_y"),
    "a comment": ("course/01_dense_forward/checks.py", f"# {LINE}\n"),
    "another line break": ("notes.txt", "grad_W = x.T \\\n    @ grad_y\n"),
    "a comment between": ("notes.txt", "grad_a = (grad_rho_hat  # of the mean\n"
                          "p = e / e.sum(  # over the classes\n    axis=1, keepdims=True)\n"),
    "a docstring": ("course/02_dense_backward/stub.py", SECRET.stub.replace("    Parameters", f"{LINE}\n\n    Parameters")),
    "a hint": ("course/05_gelu_backward/hints.md", "# *\n1. Phi = 0.5 * (1 + erf(a / np.sqrt(2)))\n2. x\n3. y\n"),
    "a notebook's cell": ("a.ipynb", notebook(source=LINE)),
    "a notebook's cell, in parts": ("a.ipynb", json.dumps({"cells": [{"source": ["    grad_W = x.T", " @ ", "grad_y\n"]}]})),
    "a notebook's output": ("a.ipynb", notebook(output=f"running\\n{LINE}\n")),
    "a notebook's metadata": ("a.ipynb", notebook(metadata=LINE)),
    "a key of JSON": ("a.json", json.dumps({LINE: 1})),
    "a page": ("a.html", "<p>grad_y <b>*</b> (a &gt; 0) is; <i>return</i> grad_y * (a &gt; 0)</p>"),
    "an expression that is assigned": ("README.md", "the gradient is x.T @ grad_y, of course"),
    "an expression that is returned": ("course/04_sigmoid_backward/about.md", "# T\nchapter: 1\nminutes: 5\n\nTry grad_y * y * (1 - y)."),
    "an expression with other numbers": ("course/04_sigmoid_backward/hints.md", "# *\n1. grad_y*y*(1.-y)\n2. x\n3. y\n"),
    "an expression under other names": ("a.txt", "Multiply: g * s * (1 - s)"),
    "an expression without NumPy's name": ("a.txt", "from numpy import exp, pi, sqrt\nbelow = exp(-q*q / 2.) / sqrt(2. * pi)"),
    "an expression in a notebook": ("a.ipynb", notebook(source="g = u * s * (1. - s)")),
    "a line with other numbers": ("a.txt", "grad_y * (a > 0.) is; return grad_y * (a > 0.0)"),
    "a mistake's text": ("README.md", "beware of x.T @ grad_y / len(x)"),
    "a reference's text": ("README.md", "v_hat = v / (1 - beta2 ** (t + shift)) if correct_v else v"),
    "a slip's text": ("README.md", "perhaps lambda x, W, b: x @ W - b, perhaps not"),
    "a slip as it stands there": ("README.md", 'Slip("bias-subtracted", lambda x, W, b: x @ W - b, "the bias is subtracted",'),
    "a marker": ("README.md", "### BEGIN SOLUTION"),
    "a spaced marker": ("README.md", "###  END   HIDDEN TESTS"),
    "a bug's marker": ("README.md", "### STUB return 1"),
    "a backup": ("course/02_dense_backward/stub.py~", "x"),
    "an editor's file": (".02_dense_backward.py.swp", "x"),
    "a solution by name": ("course/01_dense_forward/solution.py", "x"),
    "compiled code": ("course/01_dense_forward/__pycache__/checks.cpython-311.pyc", "x"),
    "a repository": (".git/config", "x"),
    "checkpoints": (".ipynb_checkpoints/a.ipynb", "{}"),
    "not text": ("a.bin", b"\x00\x01\x02"),
    "not the picture that it says": ("a.png", b"\xff\xfe\x00 no picture"),
}


def test_what_is_handed_out_has_no_leak(handout, secrets):
    assert leaks_in(handout, secrets) == []


@pytest.mark.in_turn
@pytest.mark.parametrize("name", LEAKS)
def test_a_planted_leak_is_found(name, handout, tmp_path, secrets):
    folder = tmp_path / "out"
    shutil.copytree(handout, folder, ignore=shutil.ignore_patterns("0[6-9]_*", "[1-9][0-9]_*"))  # more takes long to read
    path, content = LEAKS[name]
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = leaks_in(folder, secrets)
    assert [leak for leak in found if leak.path == path], found


SHORT = ["x.T @ y", "h.mean(axis=0)", "grad_y * slope", "a * b + c", "np.array(x, dtype=float)", "g * (x > 0)", "functions.tanh(x @ W1)"]


@pytest.mark.parametrize("text", SHORT)
def test_what_anybody_writes_is_no_secret(text, secrets):
    assert secrets.found_in(f"so {text} it is") == []


def test_every_solution_is_found_by_itself(tmp_path, secrets):
    for exercise in BUILTIN:
        (tmp_path / "a.txt").write_text(exercise.solution.replace("### BEGIN SOLUTION", "").replace("### END SOLUTION", ""))
        assert [leak for leak in leaks_in(tmp_path, secrets) if "holds a line of" in f"holds {leak.what}"], exercise.name


@pytest.mark.in_turn
def test_a_link_is_no_file(handout, tmp_path):
    shutil.copytree(handout, tmp_path / "out")
    try:
        (tmp_path / "out/link.md").symlink_to(SECRET.folder / "solution.py")
    except OSError as error:
        pytest.skip(f"no links here: {error}")
    assert leak_problems(BUILTIN, tmp_path / "out") == ["link.md has a link in place of a file; remove it"]


HOLE = "    ### BEGIN SOLUTION\n"
PLANTED = [
    ("hints.md", "1. If a grows,", "1. slope = 1.0 / (1.0 + np.exp(-a)). If a grows,", "hints.md has a line of the solution"),
    ("about.md", "Compute how", "return grad_y*slope, compute how", "about.md has a line of the solution"),
    ("solution.py", "The input of softplus.", "slope = 1.0 / (1.0 + np.exp(-a))", "stub.py has a line of the solution"),
    ("solution.py", HOLE, f"    # 1.0 / (1.0 + np.exp(a))\n    # slope = 1.0/(1.0 + np.exp(-a))\n{HOLE}", "stub.py has a line of the solution"),
    ("checks.py", "yield check", "# grad_y * np.ones_like(slope)\n    yield check", "checks.py has a line of the known mistakes"),
    ("checks.py", "yield check", "### BEGIN HIDDEN TESTS\n    assert softplus(3.0) > 3.0\n    ### END HIDDEN TESTS\n    # assert softplus(3.0) > 3.0\n    yield check", "checks.py has a line of the hidden tests"),
    ("checks.py", "student.softplus_backward,", "lambda grad_y, a: 1 / 0,", "its solution should pass the released checks"),
]


@pytest.mark.parametrize(("file", "old", "new", "sentence"), PLANTED, ids=[sentence for *_, sentence in PLANTED])
def test_nothing_is_left_behind_if_something_fails(source, tmp_path, capsys, file, old, new, sentence):
    replace(source / "01_softplus" / file, old, new)
    outcome, out, _ = run(capsys, "release", str(source), str(tmp_path / "out"))
    assert outcome == 1
    assert out.startswith("nothing was written:\n  ")
    assert sentence in out
    assert os.listdir(tmp_path) == ["source"]


def test_what_the_stub_gives_is_no_secret(source, tmp_path):
    given = "    y = np.logaddexp(0.0, a)\n"
    for file in ("solution.py", "checks.py"):
        replace(source / "01_softplus" / file, "    return np.logaddexp(0.0, a)\n", f"{given}    return y\n")
    replace(source / "01_softplus/solution.py", HOLE, f"{HOLE}{given}")
    assert (source / "01_softplus/solution.py").read_text().count(given) == 2
    release(read_course(source), tmp_path / "out")
    assert given in (tmp_path / "out/course/01_softplus/checks.py").read_text()


def test_files_beside_an_exercise(source, tmp_path, capsys):
    folder = source / "01_softplus"
    (folder / "plot.png").write_bytes(b"\x89PNG and so on")
    (folder / "helper.py").write_text("x = 1\n### BEGIN HIDDEN TESTS\ny = 2\n### END HIDDEN TESTS\n")
    (folder / "solution.py~").write_text("an editor's")
    (folder / "__pycache__").mkdir()
    release(read_course(source), tmp_path / "out")
    handed_out = sorted(os.listdir(tmp_path / "out/course/01_softplus"))
    assert handed_out == ["about.md", "checks.py", "helper.py", "hints.md", "plot.png", "stub.py"]
    assert (tmp_path / "out/course/01_softplus/helper.py").read_text() == "x = 1\n"
    (folder / "answers.docx").write_bytes(b"PK")
    assert "can't tell whether answers.docx holds an answer" in run(capsys, "release", str(source), str(tmp_path / "more"))[1]
    assert "already exists; choose another name" in run(capsys, "release", str(source), str(tmp_path / "out"))[1]


def test_regions_and_what_is_without_them():
    text = "a\n### BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS\nc\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS\n"
    assert regions(text, HIDDEN) == [(2, 4), (6, 7)]
    assert without(text, HIDDEN) == "a\nc\n"
    assert without(text, HIDDEN, "x") == "a\nx\nc\n"
    assert without("a\n", HIDDEN, "x") == "a\n"
    with pytest.raises(MarkerError, match="line 1: expected ### END HIDDEN TESTS after"):
        without("### BEGIN HIDDEN TESTS\n", HIDDEN)
    hidden = "### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n### BEGIN HIDDEN TESTS\nassert x\n### END HIDDEN TESTS\n"
    assert stub_of(hidden) == 'raise NotImplementedError("your turn")\n'


def test_a_build_is_the_same_twice(tmp_path):
    for name in ("a", "b"):
        build(SOME, tmp_path / name)
    for path in (tmp_path / "a").rglob("*.*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


# For programs, and on a narrow terminal


def test_list_and_check_for_programs(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(capsys, "init", ".")
    run(capsys, "start", "1")
    outcome, out, _ = run(capsys, "check", "--json")
    assert outcome == 1
    assert json.loads(out)["dense_forward"]["kind"] == "not-begun"
    (tmp_path / "01_dense_forward.py").write_text(BUILTIN[0].shown_solution)
    assert json.loads(run(capsys, "check", "--all", "--json")[1])["dense_forward"]["kind"] == "passed"
    first, *_ = json.loads(run(capsys, "list", "--json")[1])
    assert (first["name"], first["number"], first["points"], first["passed"], first["current"]) == ("dense_forward", 1, 10, True, True)


def test_long_lines_are_wrapped_and_tables_are_not():
    table = "  tensor  shape   entries  kinks  relative error  at      verdict  and this is long"
    text = f"name: wrong\n{table}\n  error: " + "word " * 30 + "\n    | " + "printed " * 20
    lines = wrapped(text, 80).splitlines()
    assert lines[:2] == ["name: wrong", table]
    assert all(len(line) <= 80 for line in lines[2:-1])
    assert lines[3].startswith("    word")
    assert " ".join(" ".join(lines[2:-1]).split()) == "error: " + ("word " * 30).strip()
    assert wrapped(text, 1000).split() == text.split()


# The page for teachers


def test_the_page_for_teachers_does_what_it_says(tmp_path, capsys, monkeypatch):
    page = (pathlib.Path(__file__).parent.parent / "docs/own-exercise.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    said = ""
    blocks = re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)
    commands = [line.split()[2:] for block in blocks for line in block.splitlines() if line.startswith("    aescratch exercises")]
    assert [words[0] for words in commands] == ["new", "validate", "release"]
    for words in commands:
        outcome, out, _ = run(capsys, *words)
        assert outcome == 0
        said += out
    seconds = re.compile(r"\d\.\d\d$", re.MULTILINE)
    assert seconds.sub("t", textwrap.dedent(blocks[2])) in f"{seconds.sub('t', said)}"
    assert page.count(textwrap.indent("\n".join((TEMPLATE / "about.md").read_text(encoding="utf-8").splitlines()[:4]), "    ")) == 1
    assert set(os.listdir("handout")) - {"start.ipynb"} == {"README.md", NAME, "course", "progress.json"}
    assert f"at least {leaks_module.LEAST} tokens" in page
    assert f"({leaks_module.LEAST_WRONG} tokens for the last two)" in page
    assert f"`return lam * W` has {len(leaks_module.tokens_of('return lam * W'))}" in page
    columns = re.findall(r"^\| (\w+) \| ", page, re.MULTILINE)[1:]
    assert tuple(columns) == validating_module.COLUMNS[1:]


ELU = '''
import numpy as np
def elu(a, alpha):
    """Return ELU of a.

    Parameters
    ----------
    a : array (N, H)
    alpha : float

    Returns
    -------
    y : array (N, H)
    """
    ### BEGIN SOLUTION
    return np.where(a > 0, a, alpha * np.expm1(np.minimum(a, 0)))
    ### END SOLUTION
'''


def test_the_pages_checks_of_values_work(tmp_path, capsys):
    page = (pathlib.Path(__file__).parent.parent / "docs/own-exercise.md").read_text(encoding="utf-8")
    folder = scaffold("elu", tmp_path / "mine")
    block = re.search(r"^    import numpy as np\n.*?^    +### END HIDDEN TESTS\n", page, re.MULTILINE | re.DOTALL).group()
    mistake = re.search(r'`(Mutant\("np.expm1.*?\))`', page).group(1)
    (folder / "checks.py").write_text(textwrap.dedent(block))
    (folder / "solution.py").write_text(ELU)
    (folder / "mutants.py").write_text(
        f"from aescratch.classroom.exercise import Mutant\nMUTANTS = {{'no 1': {mistake}}}\n"
    )
    (folder / "hints.md").write_text("# one-missing\n1. a\n2. b\n3. c\n# *\n1. a\n2. b\n3. c\n")
    outcome, out, err = run(capsys, "validate", str(tmp_path / "mine"))
    assert (outcome, err) == (0, "")
    assert re.search(r"^elu +ok +ok +ok +1 +3 +ok +1 of 1 +ok ", out, re.MULTILINE)


def test_a_file_that_passes_by_calling_the_package_is_told_so(source, tmp_path):
    path = tmp_path / BUILTIN[0].file_name
    path.write_text("from aescratch.functions import dense\n")
    outcome = check_file(BUILTIN[0], path)
    assert outcome.passed
    assert "it passes only because of line 1" in outcome.message
