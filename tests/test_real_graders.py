"""The packaged exercises through the real nbgrader, the real otter and a real notebook kernel, where these are installed.

    pip install jupytext nbclient ipykernel nbgrader otter-grader
"""

import concurrent.futures
import functools
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest

import aescratch as ae
from aescratch.classroom import all_exercises
from aescratch.classroom.grading.judging import judge_text
from aescratch.classroom.grading.marks import entries
from aescratch.classroom.grading.seeds import seed_for
from aescratch.classroom.packaging.nbgrader import write_course
from aescratch.classroom.packaging.notebooks import write_notebooks
from aescratch.classroom.packaging.otter import write_assignment

SEED = "918273645 and more"
EXERCISES = {exercise.name: exercise for exercise in all_exercises()}
DENSE, BUG = EXERCISES["dense_backward"], EXERCISES["find_the_bug_1"]
RIGHT = DENSE.shown_solution
ANSWERS = {
    "right": RIGHT,
    "averaged": RIGHT.replace("grad_y.sum(axis=0)", "grad_y.mean(axis=0)"),
    "untouched": DENSE.stub,
    "shadowed": "def dense_backward(grad_y, x, W:\n    pass\n",
    "noisy": "import sys, warnings\nprint('loud', file=sys.stderr)\nwarnings.warn('loud')\n"
    + RIGHT.replace("grad_x = ", "print('loud', file=sys.stderr)\n    grad_x = "),
    "borrowed": RIGHT.replace("grad_x = ", "from aescratch.functions import dense_backward\n"
                              "    return dense_backward(grad_y, x, W)\n    grad_x = "),
    "endless": RIGHT.replace("grad_x = ", "while True:\n        pass\n    grad_x = "),
}


def run(words, folder, home):
    """Run a program of this environment, and return what it printed."""
    environment = {
        **os.environ, "HOME": str(home), "PYTHONPATH": str(pathlib.Path(ae.__file__).parent.parent),
        "PATH": os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]]),
    }  # fmt: skip
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@functools.cache
def marks_of(exercise, source):
    """The entries that grading gives for a file with this source."""
    text = source.encode()
    return entries(exercise, judge_text(exercise, text, exercise.file_name, seed=seed_for(exercise, text, SEED)))


def answered(notebook, answers, is_answer):
    """A notebook with other sources in the cells that are to be written, in their order."""
    cells = [cell for cell in notebook["cells"] if is_answer(cell)]
    for cell, answer in zip(cells, answers, strict=True):
        cell["source"] = answer.splitlines(keepends=True)
    return json.dumps(notebook)


@pytest.fixture(scope="module")
def at_work(tmp_path_factory):
    """What nbgrader and otter come to, at work at the same time, as futures; only those that are installed."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        yield {
            name: pool.submit(work, tmp_path_factory.mktemp(name), tmp_path_factory.mktemp("home"))
            for name, work in (("otter", graded_by_otter), ("nbgrader", graded_by_nbgrader))
            if all(importlib.util.find_spec(module) for module in (name, "jupytext"))
        }


@pytest.fixture(scope="module")
def nbgrader(at_work):
    pytest.importorskip("nbgrader")
    pytest.importorskip("jupytext")
    return at_work["nbgrader"].result()


def graded_by_nbgrader(course, home):
    """The folder of a course in which nbgrader has graded all answers, and the points by student and notebook."""
    write_course([DENSE, BUG], course, "ps1", SEED)
    run(["nbgrader", "generate_assignment", "ps1"], course, home)
    for student, answer in ANSWERS.items():
        folder = course / "submitted" / student / "ps1"
        folder.mkdir(parents=True)
        bug = {"right": [(BUG, BUG.shown_solution)], "averaged": [(BUG, BUG.stub)]}.get(student, [])
        for exercise, source in [(DENSE, answer), *bug]:
            released = json.loads((course / "release" / "ps1" / f"{exercise.folder.name}.ipynb").read_text())
            (folder / f"{exercise.folder.name}.ipynb").write_text(
                answered(released, [source], lambda cell: cell["metadata"].get("nbgrader", {}).get("solution"))
            )
    run(["nbgrader", "autograde", "ps1"], course, home)
    script = (
        "import json\nfrom nbgrader.api import Gradebook\n"
        "with Gradebook('sqlite:///gradebook.db') as book:\n"
        "    found = [[s.student.id, n.name, n.score, n.max_score] for s in book.assignment_submissions('ps1')"
        " for n in s.notebooks]\nprint(json.dumps(found))"
    )
    rows = json.loads(run([sys.executable, "-c", script], course, home).splitlines()[-1])
    return course, {(student, name): (score, most) for student, name, score, most in rows}


@pytest.mark.parametrize("student", ANSWERS)
def test_nbgrader_gives_the_points_that_grading_gives(nbgrader, student):
    _, scores = nbgrader
    score, most = scores[student, DENSE.folder.name]
    assert most == DENSE.points
    assert score == pytest.approx(float(sum(entry.points for entry in marks_of(DENSE, ANSWERS[student]))))


def test_nbgrader_tells_right_partly_right_and_wrong_apart(nbgrader):
    _, scores = nbgrader
    got = {student: scores[student, DENSE.folder.name][0] for student in ANSWERS}
    assert got["right"] == got["noisy"] == DENSE.points
    assert 0 < got["averaged"] < DENSE.points
    assert got["untouched"] == got["shadowed"] == got["borrowed"] == got["endless"] == 0
    assert scores["right", BUG.folder.name] == (BUG.points, BUG.points)
    assert scores["averaged", BUG.folder.name] == (0, BUG.points)


def test_what_nbgrader_releases_gives_nothing_away(nbgrader):
    course, _ = nbgrader
    for exercise in (DENSE, BUG):
        text = (course / "release" / "ps1" / f"{exercise.folder.name}.ipynb").read_text()
        for word in ("HIDDEN", "SOLUTION", SEED, "score_here(", "STUB"):
            assert word not in text
        asked = [line.strip() for line in exercise.shown_solution.splitlines() if line.strip() not in exercise.stub]
        assert asked
        for line in asked:
            assert line not in text


def test_nbgrader_keeps_the_answer_and_what_the_points_are_for(nbgrader):
    course, _ = nbgrader
    notebook = json.loads((course / "autograded" / "averaged" / "ps1" / f"{DENSE.folder.name}.ipynb").read_text())
    (answer,), (printed, points) = (cell["outputs"] for cell in notebook["cells"][-2:])
    assert (answer["ename"], answer["evalue"][:29]) == ("NotRight", "dense_backward: not right yet")
    assert answer["traceback"] == answer["evalue"].splitlines()
    assert printed["name"] == "stdout"
    assert "values of grad_b: 0 of" in "".join(printed["text"])
    assert "1/N" in "".join(printed["text"])
    assert 0 < float("".join(points["data"]["text/plain"])) < DENSE.points


def test_the_feedback_of_nbgrader_shows_the_reasons_and_not_the_seed(nbgrader, tmp_path):
    course, _ = nbgrader
    run(["nbgrader", "generate_feedback", "ps1", "--student=averaged"], course, tmp_path)
    text = (course / "feedback" / "averaged" / "ps1" / f"{DENSE.folder.name}.html").read_text()
    assert "values of grad_b: 0 of" in text
    assert SEED not in text
    assert str(course) not in text


@pytest.mark.parametrize(("student", "said"), [("right", "passes all the tests"), ("averaged", "not right yet")])
def test_the_students_button_of_nbgrader_knows(nbgrader, student, said, tmp_path):
    course, _ = nbgrader
    notebook = course / "submitted" / student / "ps1" / f"{DENSE.folder.name}.ipynb"
    assert said in run(["nbgrader", "validate", str(notebook)], course, tmp_path)


@pytest.fixture(scope="module")
def otter(at_work):
    pytest.importorskip("otter")
    pytest.importorskip("jupytext")
    return at_work["otter"].result()


def graded_by_otter(folder, home):
    """The folder of an assignment of which otter has graded some answers, and the tests of each student."""
    write_assignment([DENSE, BUG], folder, "week_1", SEED)
    run(["otter", "assign", "week_1.ipynb", "dist"], folder, home)  # which also runs the tests on the solutions
    (autograder,) = (folder / "dist" / "autograder").glob("*.zip")
    scores = {}
    for student in ("right", "averaged", "endless"):
        released = json.loads((folder / "dist" / "student" / "week_1.ipynb").read_text())
        answers = [ANSWERS[student], BUG.shown_solution if student == "right" else BUG.stub]
        notebook = folder / student / "week_1.ipynb"
        notebook.parent.mkdir()
        notebook.write_text(answered(released, answers, lambda cell: "".join(cell["source"]).startswith('"""')))
        run(["otter", "run", "-a", str(autograder), "-o", str(notebook.parent), str(notebook)], folder, home)
        scores[student] = json.loads((notebook.parent / "results.json").read_text())["tests"]
    return folder, scores


def points_in_otter(tests, exercise):
    """What the results of otter give for an exercise."""
    return sum(test.get("score", 0) for test in tests if test["name"].startswith(exercise.name))


@pytest.mark.parametrize("student", ["right", "averaged", "endless"])
def test_otter_gives_the_points_of_the_parts_that_are_all_right(otter, student):
    _, scores = otter
    marks = marks_of(DENSE, ANSWERS[student])
    whole = float(sum(entry.of for entry in marks if entry.points == entry.of))
    assert points_in_otter(scores[student], DENSE) == pytest.approx(whole)
    assert points_in_otter(scores[student], BUG) == pytest.approx(BUG.points if student == "right" else 0)
    assert {"right": whole == DENSE.points, "averaged": 0 < whole < DENSE.points, "endless": whole == 0}[student]


def test_what_otter_releases_gives_nothing_away(otter):
    folder, _ = otter
    text = (folder / "dist" / "student" / "week_1.ipynb").read_text()
    for exercise in (DENSE, BUG):
        asked = [line.strip() for line in exercise.shown_solution.splitlines() if line.strip() not in exercise.stub]
        assert not [line for line in (*asked, "STUB", "SOLUTION", SEED) if line in text]
    student = [path for path in (folder / "dist" / "student").rglob("*") if path.is_file()]
    assert not [path for path in student if SEED.encode() in path.read_bytes() or path.name == "seed.json"]


def test_a_student_of_otter_reads_the_answer_of_the_checks(otter):
    _, scores = otter
    output = "\n".join(test.get("output", "") for test in scores["averaged"])
    assert "dense_backward: not right yet" in output
    assert "1/N" in output


@pytest.mark.parametrize(("source", "said"), [(DENSE.stub, "not begun yet"), (RIGHT, "passed"),
                                              (ANSWERS["averaged"], "not right yet"), ("x = 1", "is missing")])  # fmt: skip
def test_a_notebook_checks_itself_in_a_real_kernel(tmp_path, source, said):
    pytest.importorskip("jupytext")
    pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    (path,) = write_notebooks([DENSE], tmp_path)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[1].source == DENSE.stub.strip()
    notebook.cells[1].source = source
    script = (
        "import sys, nbformat, nbclient\nnotebook = nbformat.read(sys.argv[1], 4)\nnbclient.execute(notebook)\n"
        "nbformat.write(notebook, sys.argv[1])"
    )
    nbformat.write(notebook, path)
    run([sys.executable, "-c", script, str(path)], tmp_path, tmp_path)
    outputs = nbformat.read(path, as_version=4).cells[2].outputs
    assert [output.output_type for output in outputs] == ["stream"]
    assert outputs[0].text.startswith("dense_backward: ")
    assert said in outputs[0].text.partition("\n")[0]
