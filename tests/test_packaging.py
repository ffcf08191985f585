"""Notebooks' cells, and the packages for graders: their content, and the results of running an autograder.zip."""

import contextlib
import json
import linecache
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
from layouts import PLACES

from aescratch.classroom import all_exercises
from aescratch.classroom.grading.formats import shortened
from aescratch.classroom.grading.judging import Judgement, judge_text, missing_protections
from aescratch.classroom.grading.marks import entries
from aescratch.classroom.grading.parts import declared, fair_seed, steps_of
from aescratch.classroom.grading.sandbox import landlocked
from aescratch.classroom.grading.seeds import kept_seed
from aescratch.classroom.outcome import outcome_of
from aescratch.classroom.packaging import check_here, require_here, score_here
from aescratch.classroom.packaging.cells import CODE, Cell, write_notebook
from aescratch.classroom.packaging.nbgrader import _cells as nbgrader_cells
from aescratch.classroom.packaging.otter import _tests as otter_tests
from aescratch.classroom.packaging.otter import prompted
from aescratch.classroom.stubs import HOLE
from aescratch.programs.cli import main

DATA = pathlib.Path(__file__).parent / "data"
EXERCISES = {exercise.name: exercise for exercise in all_exercises()}
DENSE, BUG = EXERCISES["dense_backward"], EXERCISES["find_the_bug_1"]
RIGHT = DENSE.shown_solution
AVERAGED = RIGHT.replace("grad_y.sum(axis=0)", "grad_y.mean(axis=0)")


def notebook_with(source, name="<ipython-input-1>"):
    """The namespace of a notebook in which a cell with this source was run."""
    namespace = {"__name__": "__main__"}
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)  # as IPython does
    exec(compile(source, name, "exec"), namespace)
    return namespace


@pytest.fixture
def seed(tmp_path, monkeypatch):
    """A course's seed in the working folder, where a grader's notebook looks for it."""
    monkeypatch.chdir(tmp_path)
    return kept_seed(tmp_path, "three")


@pytest.mark.in_turn
@pytest.mark.parametrize(
    ("source", "said"), [(RIGHT, "passed"), (DENSE.stub, "not begun yet"), (AVERAGED, "not right yet")]
)
def test_a_cell_gets_the_answer_of_the_command(tmp_path, monkeypatch, capsys, source, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "1000")  # the command breaks its lines where a terminal does
    main(["exercises", "init", "."])
    (tmp_path / "cell.py").write_text(source)
    (tmp_path / DENSE.file_name).write_text(source)
    capsys.readouterr()
    main(["exercises", "check", "dense_backward"])
    command = capsys.readouterr().out
    check_here("dense_backward", notebook_with(source))
    printed = capsys.readouterr().out.replace("cell.py", DENSE.file_name)
    assert printed.startswith(f"dense_backward: {said}")
    assert printed in command


@pytest.mark.usefixtures("seed")
@pytest.mark.parametrize("source", ["x = 1", "from aescratch.functions import dense_backward"])
def test_a_function_that_wasnt_written_in_the_notebook_is_missing(capsys, source):
    namespace = notebook_with(source)
    check_here("dense_backward", namespace)
    assert "there is no dense_backward defined in this notebook" in capsys.readouterr().out
    assert score_here("dense_backward", namespace, 10) == 0
    assert "defined in this notebook" in capsys.readouterr().out
    with pytest.raises(AssertionError, match="defined in this notebook"):
        require_here("dense_backward", namespace)


@pytest.mark.usefixtures("seed")
def test_points_are_a_plain_number_with_nothing_on_the_error_stream(capfd):
    """nbgrader gives all points for text that isn't a number, such as np.float64(3.0), and none for output on stderr."""
    noise = "import sys\nprint('loud', file=sys.stderr)\n"
    namespace = notebook_with(noise + AVERAGED.replace("grad_x = ", "print('loud', file=sys.stderr); grad_x = "))
    capfd.readouterr()
    points = score_here("dense_backward", namespace, 5)
    printed, errors = capfd.readouterr()
    assert type(points) is float
    assert 0 < points < 5
    assert "values of grad_b: 0 of" in printed
    assert errors == ""
    assert score_here("dense_backward", notebook_with(RIGHT), 5) == 5.0


@pytest.mark.usefixtures("seed")
def test_a_part_is_right_or_raises_why():
    namespace = notebook_with(AVERAGED)
    require_here("dense_backward", namespace, "values of grad_W")
    with pytest.raises(AssertionError, match="1/N"):
        require_here("dense_backward", namespace, "values of grad_b")
    with pytest.raises(AssertionError, match="dense_backward: not right yet"):
        require_here("dense_backward", namespace)
    require_here("dense_backward", notebook_with(RIGHT))


def test_without_the_courses_seed_there_are_no_points(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for score in (score_here, require_here):
        with pytest.raises(ValueError, match=r"expected seed\.json in .* or above it, got none"):
            score("dense_backward", notebook_with(RIGHT), "values of grad_W" if score is require_here else 10)


@pytest.mark.usefixtures("seed")
@pytest.mark.parametrize(("part", "name", "expected"), [
    ("values of grad_q", "dense_backward", "expected a part of dense_backward, one of shapes, .*'values of grad_q'"),
    (None, "dense_backwards", "expected the name of an exercise, got 'dense_backwards'"),
])  # fmt: skip
def test_an_unknown_part_or_exercise_is_refused(part, name, expected):
    with pytest.raises(ValueError, match=expected):
        require_here(name, notebook_with(RIGHT), part)


@pytest.mark.usefixtures("seed")
def test_the_cells_of_all_functions_count():
    exercise = EXERCISES["find_the_bug_3"]
    first, second = exercise.shown_solution.split("def sample_backward", 1)
    namespace = notebook_with(first)
    name = "<ipython-input-2>"
    source = "import numpy as np\n\n\ndef sample_backward" + second
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), namespace)
    assert score_here("find_the_bug_3", namespace, 10) == 10.0


@pytest.mark.parametrize("exercise", all_exercises(), ids=lambda exercise: exercise.name)
def test_otters_version_holds_the_stub_as_prompt_and_the_solution(exercise):
    lines = prompted(exercise.solution).splitlines()
    student, inside = [], False
    for line in lines:  # as otter assign does it
        if line.endswith(("# BEGIN PROMPT", "# END PROMPT")):
            continue
        if line.strip() == "# BEGIN SOLUTION NO PROMPT":
            inside = True
        elif line.strip() == "# END SOLUTION":
            inside = False
        elif not inside:
            student.append(line)
    assert "\n".join(student).rstrip() == exercise.stub.rstrip()
    namespace = {}
    exec("\n".join(lines), namespace)  # the solution's version runs
    assert all(callable(namespace[name]) for name in exercise.checks.FUNCTIONS)


@pytest.mark.parametrize("name", ["dense_backward", "find_the_bug_3", "pretraining", "own_checker"])
def test_every_mistake_earns_a_step_of_each_part(name):
    """Otter's tests give all their points or none, so a test for each step gives the same points."""
    exercise = EXERCISES[name]
    steps = {part.name: steps_of(exercise, part) for part in declared(exercise)}
    assert [found[-1] for found in steps.values()] == [part.of for part in declared(exercise)]
    in_part = 0
    for mutant in exercise.mutants.values():
        reports = []
        with contextlib.suppress(Exception), np.errstate(all="ignore"):
            reports.extend(exercise.reports_on(exercise.mutated(mutant), fair_seed(exercise, 0)))
        for entry in entries(exercise, Judgement(outcome_of(reports), reports)):
            assert entry.points in (0, *steps[entry.part])
            in_part += 0 < entry.points < entry.of
    assert in_part
    points = [float(re.search(r"points: (.*)", test)[1]) for test in otter_tests(exercise)]
    assert sum(points) == pytest.approx(exercise.points)
    assert len(points) == 1 + sum(map(len, steps.values()))


def test_without_jupytext_it_says_how_to_install_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "jupytext", None)
    assert main(["exercises", "package", "notebooks", str(tmp_path / "out")]) == 4
    assert "pip install jupytext" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "expected"), [
    (["notebooks", "out", "--seed", "3"], "--seed is for gradescope and prairielearn and nbgrader and otter, not for notebooks"),
    (["otter", "out", "--exercises", "mine"], "--exercises is for notebooks and gradescope and prairielearn and nbgrader"),
    (["nbgrader", "out", "--assignment", "a/b"], "expected --assignment to be letters"),
    (["gradescope", "out", "--only", "dense_backwards"], "there is no exercise 'dense_backwards'"),
    (["gradescope", "out", "--exercises", "nowhere"], "expected a folder of exercises"),
    (["gradescope", "out", "--exercises", "wrong"], "dense_backward: its solution should get all points when it is graded like a submission, at seed 0, but it is wrong"),
    (["gradescope", "out", "--exercises", "released"], "name the folder that it was released from"),
])  # fmt: skip
def test_what_isnt_understood_is_said(tmp_path, monkeypatch, capsys, words, expected):
    monkeypatch.chdir(tmp_path)
    for name in ("wrong", "released"):
        shutil.copytree(DENSE.folder, tmp_path / name / "01_dense_backward")
    (tmp_path / "wrong/01_dense_backward/solution.py").write_text(DENSE.solution.replace("sum(axis=0)", "mean(axis=0)"))
    (tmp_path / "released/01_dense_backward/solution.py").rename(tmp_path / "released/01_dense_backward/stub.py")
    assert main(["exercises", "package", *words]) == 2
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


GRADESCOPE, PRAIRIELEARN, CLASSROOM50 = PLACES["gradescope"], PLACES["prairielearn"], PLACES["classroom50"]
# What a container's root may do by default: no namespaces of its own.
CAPABILITIES = (
    "-all,+chown,+dac_override,+fsetid,+fowner,+mknod,+net_raw,+setgid,+setuid,+setfcap,+setpcap,+net_bind_service,"
    "+sys_chroot,+kill,+audit_write"
)
CONTAINED = ["setpriv", f"--bounding-set={CAPABILITIES}", f"--inh-caps={CAPABILITIES}"]


@pytest.fixture(scope="module")
def autograder():
    """A function that lays an autograder out, once for the same place and options, and returns the folder."""
    roots = {}

    def unpacked(*options, new=False, place=GRADESCOPE):
        if (place, options) in roots and not new:
            return roots[place, options]
        root = pathlib.Path(tempfile.mkdtemp())
        roots[(place, options) if not new else root] = root
        place.laid_out(root, [DENSE], "--seed", "5", *options)
        if not new:  # once, not for each submission, as Gradescope does when the image is built
            compiling = "-m compileall -q"
            if place is GRADESCOPE:
                assert f'python" {compiling} "$source_folder/package"' in (root / "source/setup.sh").read_text()
            subprocess.run([sys.executable, *compiling.split(), str(root / place.code / "package")], check=True)
        return root

    yield unpacked
    for root in roots.values():
        shutil.rmtree(root)


def graded(root, source, *, file=DENSE.file_name, place=GRADESCOPE, **how):
    """The results for a submission with this source, as the platform would read them, and what was printed."""
    return place.graded(root, {} if source is None else {file: source}, **how)


def total(results):
    if "gradable" in results:
        return round(results["score"] * DENSE.points, 9)
    return results["score"] if "score" in results else sum(test["score"] for test in results["tests"])


def needs_bubblewrap():
    if missing := missing_protections():
        pytest.skip("; ".join(missing))


@pytest.mark.in_turn
def test_an_autograder_is_the_same_to_the_byte_and_holds_what_it_needs(autograder):
    root = autograder()
    assert (root / "autograder.zip").read_bytes() == (autograder(new=True) / "autograder.zip").read_bytes()
    with zipfile.ZipFile(root / "autograder.zip") as archive:
        modes = {info.filename: stat.S_IMODE(info.external_attr >> 16) for info in archive.infolist()}
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755
    assert "package/aescratch/functions/affine.py" in modes
    assert not [name for name in modes if "__pycache__" in name]
    for script in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", "-n", str(root / "source" / script)], check=True)


@pytest.mark.in_turn
def test_an_autograder_gives_right_wrong_and_empty_submissions_their_points(autograder):
    needs_bubblewrap()
    root = autograder()
    assert total(graded(root, RIGHT)[0]) == DENSE.points
    partly, _ = graded(root, AVERAGED)
    assert 0 < total(partly) < DENSE.points
    assert "1/N" in json.dumps(partly)
    empty, _ = graded(root, None)
    assert total(empty) == 0
    names = [[(test["name"], test["max_score"]) for test in results["tests"]] for results in (partly, empty)]
    assert names[0] == names[1]
    assert sum(most for _, most in names[0]) == DENSE.points
    assert stat.S_IMODE((root / "source").stat().st_mode) == 0o700
    assert [path.name for path in (root / "results").iterdir()] == ["results.json"]


_STEALING = (
    "def _reached(path):\n    try:\n        open(path).close()\n    except OSError:\n        return False\n"
    "    return True\n\n\nreached = any([_reached(path) for path in {paths}])\n"
    + RIGHT.replace("    grad_x = ", "    assert reached\n    grad_x = ")
)


def stealing(*paths):
    """A right answer where any of these files can be read, and a wrong one elsewhere."""
    assert paths
    return _STEALING.format(paths=[str(path) for path in paths])


def closed_files(root, code):
    """The files of an autograder that no submission may read."""
    files = root / code / "package/aescratch/functions/affine.py", root / code / "seed.json"
    assert all(path.is_file() for path in files)
    return files


HOSTILE = {
    "the solutions": lambda root, code: stealing(closed_files(root, code)[0]),
    "the seed": lambda root, code: stealing(closed_files(root, code)[1]),
    "the package": lambda root, code: "import sys\nsys.path.insert(0, {!r})\n".format(str(root / code / "package"))
    + "from aescratch.functions import dense_backward\n",
    "the results": lambda root, code: "open({!r}, 'w').write('{{\"score\": 100}}')\n".format(str(root / "results/results.json"))
    + RIGHT,
    "the process": lambda root, code: "import os\nos._exit(0)\n" + RIGHT,
}


@pytest.mark.in_turn
@pytest.mark.parametrize("target", HOSTILE)
def test_a_hostile_submission_gets_nothing(autograder, target):
    needs_bubblewrap()
    root = autograder()
    results, _ = graded(root, HOSTILE[target](root, GRADESCOPE.code))
    assert total(results) == 0
    assert len(results["tests"]) > 1


def tools_without_bubblewrap(folder):
    """A folder with the programs that the scripts need, and no bubblewrap."""
    folder.mkdir()
    for name in ("bash", "chmod", "mkdir", "mktemp", "rm", "cp"):
        (folder / name).symlink_to(shutil.which(name))
    return str(folder)


def without_landlock(root, place=GRADESCOPE):
    """The same autograder on a machine whose Landlock is too old."""
    file = root / place.code / "package" / "aescratch" / "classroom" / "grading" / "landlock.py"
    file.write_text(re.sub(r"(?m)^OLDEST = 3\b", "OLDEST = 10**6", file.read_text()))
    return root


@pytest.mark.in_turn
def test_where_nothing_can_be_confined_nothing_is_graded_and_the_results_say_so(autograder, tmp_path):
    root = without_landlock(autograder(new=True))
    results, printed = graded(root, RIGHT, path=tools_without_bubblewrap(tmp_path / "bin"))
    assert results["score"] == 0
    assert "could not be graded safely on this machine" in results["output"]
    assert "install bubblewrap" in printed


@pytest.mark.in_turn(3)
@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can let a submission be another user")
def test_a_teacher_may_allow_it_and_the_answers_stay_closed(autograder, tmp_path):
    root = without_landlock(autograder("--unconfined", new=True))
    path = tools_without_bubblewrap(tmp_path / "bin")
    assert total(graded(root, RIGHT, path=path)[0]) == DENSE.points
    (root / "open.txt").write_text("")
    assert total(graded(root, stealing(root / "open.txt"), path=path)[0]) == DENSE.points  # it can tell
    assert total(graded(root, stealing(*closed_files(root, GRADESCOPE.code)), path=path)[0]) == 0
    assert total(graded(root, HOSTILE["the results"](root, GRADESCOPE.code), path=path)[0]) == 0


@pytest.mark.in_turn(2)
@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can let a submission be another user")
def test_a_teacher_may_allow_it_in_prairielearn_and_both_copies_stay_closed(autograder, tmp_path):
    root = without_landlock(autograder("--unconfined", new=True, place=PRAIRIELEARN), PRAIRIELEARN)
    how = {"path": tools_without_bubblewrap(tmp_path / "bin"), "place": PRAIRIELEARN}
    with tempfile.NamedTemporaryFile() as file:  # in a folder that is open to all
        os.chmod(file.name, 0o644)
        assert total(graded(root, stealing(file.name), **how)[0]) == DENSE.points  # it can tell
    copies = [root / place / "aescratch" / "seed.json" for place in ("serverFilesCourse", "shared")]
    assert all(copy.is_file() for copy in copies)
    assert total(graded(root, stealing(*copies), **how)[0]) == 0


@pytest.mark.in_turn
@pytest.mark.parametrize("place", [GRADESCOPE, PRAIRIELEARN], ids=lambda place: place.kind)
def test_where_landlock_stands_in_a_submission_is_graded_and_steals_nothing(autograder, tmp_path, place):
    """Without bubblewrap, or where a container's root may make no namespaces, so that bubblewrap doesn't work."""
    if not landlocked():
        pytest.skip("needs Linux 6.2 or newer, with Landlock")
    contained = place is PRAIRIELEARN and os.getuid() == 0 and shutil.which("setpriv")
    path = None if contained else tools_without_bubblewrap(tmp_path / "bin")
    root, how = autograder(place=place), {"path": path, "place": place, "before": CONTAINED if contained else ()}
    assert total(graded(root, RIGHT, **how)[0]) == DENSE.points
    (root / "open.txt").write_text("")
    assert total(graded(root, stealing(root / "open.txt", *closed_files(root, place.code)), **how)[0]) == 0
    assert total(graded(root, HOSTILE["the results"](root, place.code), **how)[0]) == 0


@pytest.fixture
def prairielearn(autograder):
    """What PrairieLearn reads for a submission."""
    needs_bubblewrap()
    root = autograder(place=PRAIRIELEARN)
    return lambda source: graded(root, source, place=PRAIRIELEARN)[0]


@pytest.mark.in_turn
def test_prairielearn_reads_points_part_by_part_and_the_answer(prairielearn):
    partly = prairielearn(AVERAGED)
    marks = entries(DENSE, judge_text(DENSE, AVERAGED.encode(), "cell.py", seed=5))
    assert partly["gradable"]
    assert partly["score"] == pytest.approx(float(sum(entry.points for entry in marks)) / DENSE.points)
    assert [(test["points"], test["max_points"]) for test in partly["tests"]] == [
        (float(entry.points), float(entry.of)) for entry in marks
    ]
    assert "1/N" in partly["output"]
    assert any("1/N" in test["message"] for test in partly["tests"])


@pytest.mark.in_turn
@pytest.mark.parametrize(("source", "said"), [("def dense_backward(:", "not valid Python yet"), (None, "there is no file")])
def test_what_python_cant_read_costs_no_attempt_in_prairielearn(prairielearn, source, said):
    results = prairielearn(source)
    assert (results["gradable"], results["score"]) == (False, 0)
    assert said in results["format_errors"][0]


@pytest.mark.in_turn
def test_what_prairielearn_couldnt_grade_safely_costs_no_attempt(autograder, tmp_path):
    root = without_landlock(autograder(new=True, place=PRAIRIELEARN), PRAIRIELEARN)
    path = tools_without_bubblewrap(tmp_path / "bin")
    results, printed = graded(root, RIGHT, path=path, place=PRAIRIELEARN)
    assert (results["gradable"], results["score"]) == (False, 0)
    assert "could not be graded safely on this machine" in results["message"]
    assert "install bubblewrap" in printed
    assert stat.S_IMODE((root / "results").stat().st_mode) == 0o755  # who reads the results need not be root
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


@pytest.mark.in_turn
def test_prairielearns_results_stay_below_a_megabyte():
    results = {"output": "\u0394" * 10**6, "tests": [{"name": "a", "message": "\0" * 10**6}] * 50, "score": 0.5}
    text = shortened(results, 10**6)
    assert len(text.encode()) < 10**6
    read = json.loads(text)
    assert read["score"] == 0.5
    assert read["tests"][49]["name"] == "a"
    assert read["output"].endswith(" ...")
    assert len(read["output"]) > 1000
    assert json.loads(shortened({"output": "short"}, 10**6)) == {"output": "short"}


def test_a_question_for_prairielearn_is_the_same_to_the_byte_and_shows_no_answer(autograder):
    first, second = (autograder(place=PRAIRIELEARN, new=True) for _ in range(2))
    folders = ("questions", "serverFilesCourse")
    names = [
        sorted(path.relative_to(root) for folder in folders for path in (root / folder).rglob("*") if path.is_file())
        for root in (first, second)
    ]
    assert names[0] == names[1]
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names[0])
    question = first / "questions" / "aescratch" / DENSE.folder.name
    info = json.loads((question / "info.json").read_text())
    assert info["externalGradingOptions"]["entrypoint"] == f"/grade/{PRAIRIELEARN.run}"
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", info["uuid"])
    assert (question / DENSE.file_name).read_text() == DENSE.stub
    assert DENSE.task.strip() in (question / "question.html").read_text()
    shown = "".join(path.read_text() for path in question.iterdir() if path.is_file())
    assert not [line for line in RIGHT.splitlines() if line not in DENSE.stub.splitlines() and line in shown]
    assert os.access(first / PRAIRIELEARN.run, os.X_OK)


@pytest.fixture(scope="module")
def classroom50(tmp_path_factory):
    """A folder with an autograder for Classroom 50, and a student's repository beside it."""
    root = tmp_path_factory.mktemp("classroom50")
    CLASSROOM50.laid_out(root, [DENSE])
    return root


def test_the_page_says_how_large_the_package_for_classroom50_is(classroom50):
    page = (pathlib.Path(__file__).parent.parent / "docs" / "graders.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"packed folder \((\d\.\d) MB; (\d\.\d) MB unpacked\)", page)
    files = [path for path in (classroom50 / CLASSROOM50.code).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    sizes = sum(len(zlib.compress(path.read_bytes())) for path in files), sum(path.stat().st_size for path in files)
    assert [size / 1e6 for size in sizes] == pytest.approx(list(map(float, said)), abs=0.3)


@pytest.mark.in_turn
def test_classroom50_gets_hundredths_of_points_and_the_answer(classroom50):
    needs_bubblewrap()
    result, _ = CLASSROOM50.graded(classroom50, {DENSE.file_name: AVERAGED})
    marks = entries(DENSE, judge_text(DENSE, AVERAGED.encode(), "cell.py", seed=5))
    assert [test["score"] for test in result["tests"]] == [100 * entry.points for entry in marks]
    assert [test["passed"] for test in result["tests"]] == [entry.points == entry.of for entry in marks]
    assert result["score"] == sum(test["score"] for test in result["tests"])
    assert result["max-score"] == sum(test["max-score"] for test in result["tests"]) == 100 * DENSE.points
    assert (result["classroom"], result["owner"], result["review"]) == ("dl", "kim", "https://v")
    first, _, fence, *said = (classroom50 / "student" / "release-body.md").read_text().splitlines()
    assert first == f"### {result['score'] / 100:g} of {DENSE.points} points"
    assert fence == said[-1] == "```"
    assert sum("1/N" in line for line in said) == 2  # of the part, and in the answer


@pytest.mark.in_turn
def test_nothing_in_a_repository_stands_in_for_classroom50s_autograder(classroom50, tmp_path):
    """The judge doesn't import the student's modules, on a machine without bubblewrap."""
    if not landlocked():
        pytest.skip("needs Linux 6.2 or newer, with Landlock")
    ending = "import os\nprint('taken over')\nos._exit(0)\n"
    modules = dict.fromkeys(("json.py", "numpy/__init__.py", "aescratch/__init__.py", "sitecustomize.py"), ending)
    files = {DENSE.file_name: AVERAGED.replace("grad_x = ", "print('`````')\n    grad_x = "), "result.json": '{"score": 1000}'}
    result, printed = CLASSROOM50.graded(classroom50, files | modules, path=tools_without_bubblewrap(tmp_path / "bin"))
    assert result["score"] == 699
    assert "taken over" not in printed
    assert (classroom50 / "student" / "release-body.md").read_text().count("\n``````\n") == 2


def test_what_classroom50_couldnt_grade_is_an_error_of_ours_and_no_result(classroom50):
    path = classroom50 / CLASSROOM50.code / "package/aescratch/classroom/grading/runs.py"
    kept = path.read_text()
    path.write_text("raise RuntimeError('broken')\n")
    done = CLASSROOM50.started(classroom50, {DENSE.file_name: RIGHT})
    path.write_text(kept)
    assert done.returncode != 0
    assert not (classroom50 / CLASSROOM50.results).exists()
    assert "broken" in done.stderr


def test_what_classroom50_publishes_is_small_enough_and_holds_no_secret(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["exercises", "package", "classroom50", "week-1"]) == 0
    assert not list(pathlib.Path("week-1").rglob("seed.json"))
    assert pathlib.Path(shutil.make_archive("week-1", "gztar", "week-1")).stat().st_size < 10 * 2**20  # all its runner takes
    for words in (["--seed", "3"], ["--exercises", "mine"]):  # a course's seed, and answers to exercises of one's own
        assert main(["exercises", "package", "classroom50", "out", *words]) == 2


def test_a_broken_autograder_says_that_nothing_was_graded(autograder):
    root = autograder("--unconfined", new=True)
    (root / "source/package/aescratch/classroom/grading/runs.py").write_text("raise RuntimeError('broken')\n")
    results, printed = graded(root, RIGHT)
    assert results["score"] == 0
    assert "Nothing was graded: the autograder failed" in results["output"]
    assert "broken" in printed


@pytest.mark.in_turn
def test_a_teachers_own_exercises_go_into_the_autograder(autograder, tmp_path):
    needs_bubblewrap()
    shutil.copytree(DENSE.folder, tmp_path / "mine" / "01_dense_backward", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "mine" / ".git").mkdir()
    (tmp_path / "mine" / ".git" / "config").write_text("")
    (tmp_path / "mine" / "01_dense_backward" / "solution.pyc").write_text("")
    root = autograder("--exercises", str(tmp_path / "mine"))
    assert not (root / "source/exercises/.git").exists()
    assert not list((root / "source/exercises").rglob("*.pyc"))
    assert (root / "source/exercises/01_dense_backward/checks.py").is_file()
    assert total(graded(root, RIGHT, file="01_dense_backward.py")[0]) == DENSE.points


@pytest.mark.parametrize("exercise", all_exercises(), ids=lambda exercise: exercise.name)
def test_what_nbgrader_will_release_is_the_stub_and_no_line_of_the_answer(exercise):
    cells = nbgrader_cells(exercise, "")
    (solution,) = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")]
    released = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", HOLE, solution.text, flags=re.DOTALL)
    shown = [line.strip() for cell in cells if cell is not solution for line in cell.text.splitlines()]
    assert exercise.stub.strip() in (released.strip(), *(cell.text.strip() for cell in cells))
    for line in exercise.shown_solution.splitlines():
        if line.strip() not in map(str.strip, exercise.stub.splitlines()):
            assert line.strip() not in [*shown, *map(str.strip, released.splitlines())]
    ids = [cell.metadata["nbgrader"]["grade_id"] for cell in cells if cell.metadata]
    assert len(ids) == len(set(ids))


def cells_of(path):
    return ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]


def test_a_teachers_own_exercises_go_beside_the_notebooks_without_their_answers(tmp_path, monkeypatch):
    pytest.importorskip("jupytext", reason="needs jupytext: pip install jupytext")
    for name in ("01_my_own", "02_next_week"):
        shutil.copytree(DENSE.folder, tmp_path / "mine" / name, ignore=shutil.ignore_patterns("__pycache__"))
    words = ["--exercises", str(tmp_path / "mine"), "--only", "my_own", "--assignment", "week_1", "--seed", "5"]
    assert main(["exercises", "package", "nbgrader", str(tmp_path / "course"), *words]) == 0
    folder = tmp_path / "course" / "source" / "week_1"
    assert [path.name for path in (folder / "course").iterdir()] == ["01_my_own"], "next week's isn't handed out yet"
    assert not list(folder.rglob("solution.py"))
    assert not list(folder.rglob("mutants.py"))
    *_, check, test = cells_of(folder / "01_my_own.ipynb")
    monkeypatch.chdir(folder)
    namespace = notebook_with(AVERAGED)
    *statements, last = test.replace("### END HIDDEN TESTS", "").strip().splitlines()
    with pytest.raises(AssertionError, match="my_own: not right yet"):
        exec(check, namespace)
    exec("\n".join(statements), namespace)
    assert 0 < eval(last, namespace) < DENSE.points


def test_notebooks_are_the_same_to_the_byte_and_hold_task_stub_and_check(tmp_path, capsys):
    pytest.importorskip("jupytext", reason="needs jupytext: pip install jupytext")
    for name in ("first", "second"):
        assert main(["exercises", "package", "notebooks", str(tmp_path / name)]) == 0
    assert "run" in capsys.readouterr().out
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert files == [f"{exercise.folder.name}.ipynb" for exercise in all_exercises()]
    assert all((tmp_path / "first" / f).read_bytes() == (tmp_path / "second" / f).read_bytes() for f in files)
    for exercise, file in zip(all_exercises(), files, strict=True):
        task, stub, check = cells_of(tmp_path / "first" / file)
        assert task.startswith(f"# {exercise.title}\n\n{exercise.task}")
        assert stub == exercise.stub.strip()
        assert check.endswith(f'check_here("{exercise.name}", globals())')


def test_a_comment_that_looks_like_a_question_to_ipython_stays_a_comment(tmp_path):
    pytest.importorskip("jupytext", reason="needs jupytext: pip install jupytext")
    write_notebook(tmp_path / "a.ipynb", [Cell(CODE, "# grad_b2?\n# %timeit\nx = 1")])
    assert cells_of(tmp_path / "a.ipynb") == ["# grad_b2?\n# %timeit\nx = 1"]


@pytest.mark.usefixtures("seed")
def test_what_a_cell_says_to_the_notebook_is_none_of_its_code():
    """IPython keeps %timeit and the like in this form."""
    source = "get_ipython().run_line_magic('matplotlib', 'inline')\n" + RIGHT
    namespace = {"get_ipython": lambda: SimpleNamespace(run_line_magic=lambda *words: None)}
    linecache.cache["<ipython-input-3>"] = (len(source), None, source.splitlines(keepends=True), "<ipython-input-3>")
    exec(compile(source, "<ipython-input-3>", "exec"), namespace)
    assert score_here("dense_backward", namespace, 10) == 10.0


def test_the_pages_commands_run_and_its_numbers_are_right(tmp_path, monkeypatch):
    pytest.importorskip("jupytext", reason="needs jupytext: pip install jupytext")
    text = (pathlib.Path(__file__).parent.parent / "docs" / "graders.md").read_text()
    commands = re.findall(r"^    aescratch (.*)$", text, re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    assert [main(command.split()) for command in commands] == [0] * 8
    marks = entries(DENSE, judge_text(DENSE, AVERAGED.encode(), "cell.py", seed=5))
    points = float(sum(entry.points for entry in marks))
    assert f"gets {points:g} of {DENSE.points} points, as everywhere" in " ".join(text.split())
