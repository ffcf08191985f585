"""The same submissions through all graders: our command, the layouts of Gradescope, PrairieLearn and
Classroom 50, and, where these are installed, the real nbgrader, the real otter and a real notebook kernel. Each grader
takes half a minute or more, so they have their turns: the real nbgrader, the real otter, the layouts, the kernel.

    pip install jupytext nbclient ipykernel nbgrader otter-grader
"""

import concurrent.futures
import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest
from layouts import PLACES, points_of_parts

import aescratch as ae
from aescratch.classroom import all_exercises
from aescratch.classroom.grading.judging import missing_protections
from aescratch.classroom.packaging.cells import write_notebooks
from aescratch.classroom.packaging.nbgrader import write_course
from aescratch.classroom.packaging.otter import write_assignment
from aescratch.classroom.stubs import shown_solution

SEED = "918273645 and more"
EXERCISES = {exercise.name: exercise for exercise in all_exercises()}
DENSE, BUG = EXERCISES["dense_backward"], EXERCISES["find_the_bug_1"]
RELU, SIGMOID, TIED = EXERCISES["relu_backward"], EXERCISES["sigmoid_backward"], EXERCISES["tied_weights"]
CONTRACTION, CHECKER = EXERCISES["contraction_backward"], EXERCISES["own_checker"]
SOME = (DENSE, RELU, SIGMOID, TIED, CONTRACTION, BUG, CHECKER)


def mistaken(exercise, name):
    """The solution with a typical mistake in it."""
    return shown_solution(exercise.mutated(exercise.mutants[name]))


def stopped(exercise, first, top=""):
    """The solution with other lines where its function would return, and above it."""
    text = exercise.shown_solution
    (line,) = (line for line in text.splitlines() if line.startswith("    return "))
    return top + text.replace(line, f"{first}\n{line}")


STUDENTS = {
    "right": {exercise: exercise.shown_solution for exercise in SOME},
    "wrong": {
        DENSE: mistaken(DENSE, "bias averaged"), RELU: mistaken(RELU, "zero passes"), SIGMOID: mistaken(SIGMOID, "sign"),
        TIED: mistaken(TIED, "averaged"), CONTRACTION: mistaken(CONTRACTION, "no mean"), BUG: BUG.stub,
        CHECKER: mistaken(CHECKER, "everything accepted"),
    },
    "odd": {
        DENSE: stopped(DENSE, "    while True:\n        time.sleep(1)", "import time\n\n\n"),  # without an end
        RELU: stopped(
            RELU, "    print('loud', file=sys.stderr)",
            "import sys, warnings\nprint('loud', file=sys.stderr)\nwarnings.warn('loud')\n",
        ),
        SIGMOID: stopped(SIGMOID, "    from aescratch.functions import sigmoid_backward\n    return sigmoid_backward(grad_y, y)"),
        TIED: "def tied_backward(:\n    pass\n",
        CONTRACTION: CONTRACTION.stub, BUG: BUG.stub.replace("\n", "  # mine\n", 1),
    },
}  # fmt: skip
SUBMISSIONS = {(student, exercise.name): text for student, texts in STUDENTS.items() for exercise, text in texts.items()}

# nbgrader starts a kernel for each, which takes four seconds: every second one, and those that other tests look at.
BY_NBGRADER = {*list(SUBMISSIONS)[::2], *((student, DENSE.name) for student in STUDENTS)}
# otter takes as long, also to run its tests on the solutions when it makes an assignment of them.
IN_OTTER = (DENSE, RELU, TIED, BUG)
BY_OTTER = {(student, exercise.name) for student in ("wrong", "odd") for exercise in IN_OTTER}


def run(words, folder, home):
    """Run a program of this environment, and return what it printed."""
    environment = {
        **os.environ, "HOME": str(home), "PYTHONPATH": str(pathlib.Path(ae.__file__).parent.parent),
        "PATH": os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]]),
    }  # fmt: skip
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def answered(notebook, answers, is_answer):
    """A notebook with other sources in the cells that are to be written, in their order."""
    cells = [cell for cell in notebook["cells"] if is_answer(cell)]
    for cell, answer in zip(cells, answers, strict=True):
        cell["source"] = answer.splitlines(keepends=True)
    return json.dumps(notebook)


class AtWork:
    """The results of all graders; when one is requested, its group of graders runs in parallel."""

    GROUPS = (("grade",), tuple(PLACES), ("nbgrader",), ("otter",))

    def __init__(self, pool, new_folder):
        self.pool, self.new_folder = pool, new_folder
        self.futures, self.roots = {}, []

    def outcomes(self, *names):
        """The results of a grader: a folder, and the points of each submission."""
        for name in names:
            if name in ("nbgrader", "otter"):
                pytest.importorskip(name)
                pytest.importorskip("jupytext")
            elif missing := missing_protections():
                pytest.skip("; ".join(missing))
        for group in self.GROUPS:
            if set(group) & set(names) - set(self.futures):
                works = {name: self.work_of(name) for name in group}
                for name, work in works.items():
                    self.futures[name] = self.pool.submit(work, self.new_folder(name), self.new_folder("home"))
        return [self.futures[name].result() for name in names]

    def work_of(self, name):
        """The function that runs a grader in a folder, with a home; an autograder is laid out now, outside threads."""
        if name not in PLACES:
            return {"grade": graded_by_us, "nbgrader": graded_by_nbgrader, "otter": graded_by_otter}[name]
        self.roots.append(pathlib.Path(tempfile.mkdtemp()))
        PLACES[name].laid_out(self.roots[-1], SOME, *([] if name == "classroom50" else ["--seed", SEED]))
        return functools.partial(graded_in_the_layout_of, PLACES[name], self.roots[-1])


@pytest.fixture(scope="module")
def at_work(tmp_path_factory):
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        everything = AtWork(pool, tmp_path_factory.mktemp)
        yield everything
    for root in everything.roots:
        shutil.rmtree(root)


def graded_by_us(folder, _):
    """The points of each submission by our own command."""
    for (student, name), text in SUBMISSIONS.items():
        (folder / "in" / student).mkdir(parents=True, exist_ok=True)
        (folder / "in" / student / EXERCISES[name].file_name).write_text(text)
    words = ["in", "--out", "grades.json", "--seed", SEED, "--only", *(exercise.name for exercise in SOME)]
    run([sys.executable, "-m", "aescratch", "exercises", "grade", *words], folder, folder)
    students = json.loads((folder / "grades.json").read_text())["students"]
    found = {(each["student"], one["exercise"]): one["points"] for each in students for one in each["exercises"]}
    return folder, {place: found[place] for place in SUBMISSIONS}


def graded_in_the_layout_of(place, root, folder, _):
    """The points of each submission, by an autograder in the folders that a platform makes for it."""
    points = {}
    for student, texts in STUDENTS.items():
        results, _ = place.graded(root, {exercise.file_name: text for exercise, text in texts.items()})
        parts = points_of_parts(results)
        for exercise in texts:
            mine = [value for part, value in parts.items() if part.startswith(f"{exercise.title}: ")]
            points[student, exercise.name] = sum(mine)
        if place.kind == "prairielearn":
            assert results["score"] == pytest.approx(sum(parts.values()) / sum(each.points for each in SOME))
    return folder, points


@pytest.fixture(scope="module")
def nbgrader(at_work):
    return at_work.outcomes("nbgrader")[0]


def graded_by_nbgrader(course, home):
    """The folder of a course in which nbgrader has graded all answers, and the points of each."""
    write_course(SOME, course, "ps1", SEED)
    run(["nbgrader", "generate_assignment", "ps1"], course, home)
    chosen = {place: text for place, text in SUBMISSIONS.items() if place in BY_NBGRADER}
    for (student, name), text in chosen.items():
        folder, file = course / "submitted" / student / "ps1", f"{EXERCISES[name].folder.name}.ipynb"
        folder.mkdir(parents=True, exist_ok=True)
        released = json.loads((course / "release" / "ps1" / file).read_text())
        solution = answered(released, [text], lambda cell: cell["metadata"].get("nbgrader", {}).get("solution"))
        (folder / file).write_text(solution)
    run(["nbgrader", "autograde", "ps1"], course, home)
    script = (
        "import json\nfrom nbgrader.api import Gradebook\n"
        "with Gradebook('sqlite:///gradebook.db') as book:\n"
        "    found = [[s.student.id, n.name, n.score, n.max_score] for s in book.assignment_submissions('ps1')"
        " for n in s.notebooks]\nprint(json.dumps(found))"
    )
    rows = json.loads(run([sys.executable, "-c", script], course, home).splitlines()[-1])
    points = {(student, name.partition("_")[2]): score for student, name, score, _ in rows}
    return course, {place: points[place] for place in chosen}


@pytest.mark.parametrize("name", [
    *(pytest.param(name, marks=pytest.mark.in_turn(2)) for name in PLACES),
    pytest.param("nbgrader", marks=pytest.mark.in_turn(0)), pytest.param("otter", marks=pytest.mark.in_turn(1)),
])  # fmt: skip
def test_everything_that_grades_gives_the_points_that_our_command_gives(at_work, name):
    assert len(SUBMISSIONS) == 20
    (_, ours), (_, points) = at_work.outcomes("grade", name)
    assert points == pytest.approx({place: ours[place] for place in points}, abs=1e-9)
    assert set(points) == {"nbgrader": BY_NBGRADER, "otter": BY_OTTER}.get(name, set(SUBMISSIONS))


@pytest.mark.in_turn
def test_the_submissions_tell_right_partly_right_and_wrong_apart(at_work):
    ((_, ours),) = at_work.outcomes("grade")
    assert all(ours["right", exercise.name] == exercise.points for exercise in SOME)
    partly = [ours["wrong", exercise.name] / exercise.points for exercise in SOME if exercise is not BUG]
    assert all(0 < share < 1 for share in partly)
    assert ours["wrong", BUG.name] == 0
    odd = {name: points for (student, name), points in ours.items() if student == "odd"}
    assert odd == {**dict.fromkeys(odd, 0), RELU.name: RELU.points}


@pytest.mark.in_turn(0)
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


@pytest.mark.in_turn(0)
def test_nbgrader_keeps_the_answer_and_what_the_points_are_for(nbgrader):
    course, _ = nbgrader
    notebook = json.loads((course / "autograded" / "wrong" / "ps1" / f"{DENSE.folder.name}.ipynb").read_text())
    (answer,), (printed, points) = (cell["outputs"] for cell in notebook["cells"][-2:])
    assert (answer["ename"], answer["evalue"][:29]) == ("NotRight", "dense_backward: not right yet")
    assert answer["traceback"] == answer["evalue"].splitlines()
    assert printed["name"] == "stdout"
    assert "values of grad_b: 0 of" in "".join(printed["text"])
    assert "1/N" in "".join(printed["text"])
    assert 0 < float("".join(points["data"]["text/plain"])) < DENSE.points


@pytest.mark.in_turn(0)
def test_the_feedback_of_nbgrader_shows_the_reasons_and_not_the_seed(nbgrader, tmp_path):
    course, _ = nbgrader
    words = ["--student=wrong", f"--notebook={DENSE.folder.name}"]
    run(["nbgrader", "generate_feedback", "ps1", *words], course, tmp_path)
    text = (course / "feedback" / "wrong" / "ps1" / f"{DENSE.folder.name}.html").read_text()
    assert "values of grad_b: 0 of" in text
    assert SEED not in text
    assert str(course) not in text


@pytest.mark.in_turn(0)
@pytest.mark.parametrize(("student", "said"), [("right", "passes all the tests"), ("wrong", "not right yet")])
def test_the_students_button_of_nbgrader_knows(nbgrader, student, said, tmp_path):
    course, _ = nbgrader
    notebook = course / "submitted" / student / "ps1" / f"{DENSE.folder.name}.ipynb"
    assert said in run(["nbgrader", "validate", str(notebook)], course, tmp_path)


@pytest.fixture(scope="module")
def otter(at_work):
    return at_work.outcomes("otter")[0]


def graded_by_otter(folder, home):
    """The folder of an assignment of which otter has graded all answers, the points of each, and what it wrote."""
    write_assignment(IN_OTTER, folder, "week_1", SEED)
    run(["otter", "assign", "week_1.ipynb", "dist"], folder, home)  # which also runs the tests on the solutions
    (autograder,) = (folder / "dist" / "autograder").glob("*.zip")
    points = {}
    for student in sorted({student for student, _ in BY_OTTER}):
        released = json.loads((folder / "dist" / "student" / "week_1.ipynb").read_text())
        answers = [STUDENTS[student][exercise] for exercise in IN_OTTER]
        notebook = folder / student / "week_1.ipynb"
        notebook.parent.mkdir()
        notebook.write_text(answered(released, answers, lambda cell: "".join(cell["source"]).startswith('"""')))
        run(["otter", "run", "-a", str(autograder), "-o", str(notebook.parent), str(notebook)], folder, home)
        tests = results_of_otter(folder, student)
        for exercise in IN_OTTER:
            mine = [test.get("score", 0) for test in tests if test["name"].startswith(exercise.name)]
            points[student, exercise.name] = sum(mine)
    return folder, points


def results_of_otter(folder, student):
    return json.loads((folder / student / "results.json").read_text())["tests"]


@pytest.mark.in_turn(1)
def test_what_otter_releases_gives_nothing_away(otter):
    folder, _ = otter
    text = (folder / "dist" / "student" / "week_1.ipynb").read_text()
    for exercise in (DENSE, BUG):
        asked = [line.strip() for line in exercise.shown_solution.splitlines() if line.strip() not in exercise.stub]
        assert not [line for line in (*asked, "STUB", "SOLUTION", SEED) if line in text]
    student = [path for path in (folder / "dist" / "student").rglob("*") if path.is_file()]
    assert not [path for path in student if SEED.encode() in path.read_bytes() or path.name == "seed.json"]


@pytest.mark.in_turn(1)
def test_a_student_of_otter_reads_the_answer_of_the_checks(otter):
    folder, _ = otter
    output = "\n".join(test.get("output", "") for test in results_of_otter(folder, "wrong"))
    assert "dense_backward: not right yet" in output
    assert "1/N" in output


@pytest.mark.in_turn(3)
def test_a_notebook_checks_itself_in_a_real_kernel(tmp_path):
    pytest.importorskip("jupytext")
    pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    (path,) = write_notebooks([DENSE], tmp_path)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    task, stub, check = notebook.cells
    assert stub.source == DENSE.stub.strip()
    sources = {
        "x = 1": "is missing", DENSE.stub: "not begun yet", STUDENTS["wrong"][DENSE]: "not right yet",
        DENSE.shown_solution: "passed",
    }  # fmt: skip
    written = [cell for source in sources for cell in (nbformat.v4.new_code_cell(source), {**check, "id": f"c{len(source)}"})]
    notebook.cells = [task, *map(nbformat.from_dict, written)]
    script = (
        "import sys, nbformat, nbclient\nnotebook = nbformat.read(sys.argv[1], 4)\nnbclient.execute(notebook)\n"
        "nbformat.write(notebook, sys.argv[1])"
    )
    nbformat.write(notebook, path)
    run([sys.executable, "-c", script, str(path)], tmp_path, tmp_path)
    for cell, said in zip(nbformat.read(path, as_version=4).cells[2::2], sources.values(), strict=True):
        assert [output.output_type for output in cell.outputs] == ["stream"]
        assert cell.outputs[0].text.startswith("dense_backward: ")
        assert said in cell.outputs[0].text.partition("\n")[0]
