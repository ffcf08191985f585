"""Imports that grading lacks cost nothing until they are used, and then have their own outcome; a course may allow some."""

import importlib.util
import os
import re

import pytest

from aescratch.classroom import CourseError, all_exercises, check_file, read_course
from aescratch.classroom.grading import allowed, sandbox
from aescratch.classroom.grading.absent import ready_lines
from aescratch.classroom.grading.judging import Limits, judge_at, judge_text
from aescratch.classroom.grading.ledger import digest_of_exercise
from aescratch.classroom.grading.reasons import mistake
from aescratch.classroom.packaging.gradescope import setup_of
from aescratch.classroom.releasing import release
from aescratch.classroom.scaffolding import scaffold
from aescratch.classroom.validating import table_of, validate
from aescratch.programs.cli import main

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the confined process needs Unix")
DENSE = next(exercise for exercise in all_exercises() if exercise.name == "dense_backward")
START = "import numpy as np\ndef dense_backward(grad_y, x, W):\n"
RETURN = "    return grad_y @ W.T, x.T @ grad_y, grad_y.sum(0)\n"
SCIPY = importlib.util.find_spec("scipy") is not None


def graded(text, exercise=DENSE):
    return judge_text(exercise, text.encode(), exercise.file_name, seed=5)


UNUSED = {
    "matplotlib": "import matplotlib.pyplot as plt\n",
    "a function of scipy": "from scipy.special import erf\n",
    "several": "import torch.nn.functional as F, pandas as pd\nfrom sklearn import metrics, svm as s\n",
    "everything of it": "from scipy.special import *\n",
    "this package": "import aescratch as ae\nfrom aescratch.functions import dense_backward as theirs\n",
    "in a function": "def draw():\n    import matplotlib.pyplot as plt\n    plt.show()\n",
    "by its name": "import importlib\nscipy = importlib.import_module('scipy')\n",
    "a file of one's own": "import helpers\n",
    "as a program": "import matplotlib.pyplot as plt\nif __name__ == '__main__':\n    plt.show()\n",
    "with another way": "try:\n    from scipy.special import erf\nexcept ImportError:\n    from math import erf\nassert erf(0) == 0\n",
    "with another way, in a function": "def load():\n    import scipy\ntry:\n    load()\nexcept Exception:\n    scipy = None\nassert scipy is None\n",
    "suppressed": "import contextlib\nwith contextlib.suppress(ImportError):\n    import scipy\nassert 'scipy' not in globals()\n",
    "looked for": "import importlib.util\nassert importlib.util.find_spec('scipy') is None\n",
}


@pytest.mark.parametrize("words", UNUSED)
def test_an_import_that_is_not_used_costs_nothing(words):
    outcome = graded(UNUSED[words] + START + RETURN).outcome
    assert outcome.passed, outcome


def test_so_it_is_without_bubblewrap(monkeypatch):
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: ([], "none"))
    assert graded(UNUSED["several"] + START + RETURN).outcome.passed
    outcome = graded("import scipy\n" + START + "    scipy.special.erf(x)\n" + RETURN).outcome
    assert (outcome.kind, outcome.line) == ("not-in-grading", 4)


USED = {
    "an attribute": ("import scipy\n" + START + "    scipy.special.erf(x)\n" + RETURN, "scipy", 4),
    "a call": ("from scipy.special import erf\n" + START + "    erf(x)\n" + RETURN, "scipy", 4),
    "a number": ("from scipy.constants import pi\n" + START + "    pi * x\n" + RETURN, "scipy", 4),
    "NumPy's operator": ("from scipy.constants import pi\n" + START + "    x @ pi\n" + RETURN, "scipy", 4),
    "when the file is read": ("import torch\ntorch.manual_seed(0)\n" + START + RETURN, "torch", 2),
    "a class": ("from torch.nn import Module\nclass Net(Module): pass\n" + START + RETURN, "torch", 2),
    "a type": ("import pandas\n" + START + "    isinstance(x, pandas)\n" + RETURN, "pandas", 4),
    "its version": ("import scipy\nscipy.__version__\n" + START + RETURN, "scipy", 2),
    "this package": ("import aescratch as ae\n" + START + "    return ae.functions.dense_backward(grad_y, x, W)\n", "aescratch", 4),
}  # fmt: skip


@pytest.mark.parametrize("words", USED)
def test_what_is_used_is_named_and_told_apart(words):
    text, package, line = USED[words]
    judgement = graded(text)
    outcome = judgement.outcome
    assert (outcome.kind, outcome.line) == ("not-in-grading", line)
    assert f"uses {package}, which is not available in grading" in outcome.message
    assert mistake(outcome, judgement.reports) == ("not-in-grading", f"uses {package}, which is not available in grading")


@pytest.mark.in_turn
@pytest.mark.parametrize(
    ("line", "kind"),
    [("input('x? ')", "asks-for-input"), ("dense_backward(grad_y, x, W)", "recursion"), ("1 / 0", "raised"), ("import numpy.nothing", "raised")],
)
def test_exceptions_of_other_kinds_are_told_apart_in_check_and_grade(line, kind, tmp_path):
    text = START + f"    {line}\n" + RETURN
    path = tmp_path / DENSE.file_name
    path.write_text(text)
    for outcome in (graded(text).outcome, check_file(DENSE, path)):
        assert (outcome.kind, outcome.line) == (kind, 3)
    path.write_text(f"def dense_backward(grad_y, x, W):\n    {line}\ngrad_y = x = W = 0\n{line}\n")
    assert check_file(DENSE, path).kind == graded(path.read_text()).outcome.kind == kind


def test_lines_that_are_ready_for_a_missing_package():
    text = b"import a\ntry:\n    import b\n    import c\nexcept (ImportError, OSError):\n    import d\ntry:\n    import e\nexcept ValueError:\n    pass\n"
    assert ready_lines(text) == {3, 4}


# What the student's own check says


@pytest.mark.in_turn
def test_check_warns_of_what_grading_lacks_and_fails_nobody(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["exercises", "init", "."])
    main(["exercises", "start", "dense_backward"])
    (tmp_path / DENSE.file_name).write_text("import math, os.path\n" + UNUSED["matplotlib"] + "from scipy import special\n" + START + RETURN)
    capsys.readouterr()
    assert main(["exercises", "check"]) == 0
    out = capsys.readouterr().out
    assert re.findall(r"note: line (\d) imports (\w+), which is not available in grading", out) == [("2", "matplotlib"), ("3", "scipy")]
    assert "an unused import costs nothing, but code that uses it gets no points" in out
    (tmp_path / DENSE.file_name).write_text("import aescratch\n" + START + "    return x, W\n")
    assert main(["exercises", "check"]) == 1
    assert "note: line 1 imports aescratch, which is not available in grading" in capsys.readouterr().out


def test_a_passing_file_is_told_once_of_this_package(tmp_path):
    path = tmp_path / DENSE.file_name
    path.write_text("from aescratch.functions import dense_backward\n")
    outcome = check_file(DENSE, path)
    assert (outcome.passed, outcome.remarks) == (True, [])
    path.write_text("def dense_backward(:\n")
    assert check_file(DENSE, path).remarks == []


# What a course allows


@pytest.fixture
def source(tmp_path):
    scaffold("softplus", tmp_path / "source")
    return tmp_path / "source"


@pytest.fixture
def with_scipy(source):
    if not SCIPY:
        pytest.skip("needs SciPy")
    (source / "packages.txt").write_text("# a course's own\nscipy  # for expit\n")
    solution = source / "01_softplus/solution.py"
    text = solution.read_text().replace("import numpy as np\n", "import numpy as np\nfrom scipy.special import expit\n")
    solution.write_text(text.replace("1.0 / (1.0 + np.exp(-a))", "expit(a)"))
    mutants = source / "01_softplus/mutants.py"
    mutants.write_text(mutants.read_text().replace('"np.exp(-a)", "np.exp(a)"', '"expit(a)", "expit(-a)"'))
    return source


@pytest.mark.in_turn
@pytest.mark.parametrize("by", ["bubblewrap", "without it", "without it, as a plain user"])
def test_an_allowed_package_is_there_in_grading_and_no_other(with_scipy, by, monkeypatch):
    if by != "bubblewrap":
        monkeypatch.setattr(sandbox, "bubblewrap", lambda: ([], "none"))
        if "plain user" in by:  # who reads the package behind Landlock, where there is that, and not before
            monkeypatch.setattr(sandbox, "can_become_nobody", lambda: False)
    elif not sandbox.bubblewrap()[0]:
        pytest.skip(sandbox.bubblewrap()[1])
    (exercise,) = read_course(with_scipy)
    assert graded(exercise.solution, exercise).outcome.passed
    also = exercise.solution.replace("import numpy as np\n", "import numpy as np, scipy.optimize, matplotlib, aescratch\n")
    outcome = graded(also.replace("expit(a)", "expit(a); matplotlib.use('agg')"), exercise).outcome
    assert "uses matplotlib, which is not available in grading" in outcome.message
    outcome = graded(also.replace("expit(a)", "expit(a); aescratch.load('x')"), exercise).outcome
    assert "uses aescratch, which is not available in grading" in outcome.message


@pytest.mark.in_turn(3)
def test_an_allowed_package_is_no_surprise_in_check_validate_and_release(with_scipy, tmp_path):
    exercises = read_course(with_scipy)
    rows, leaks = validate(exercises)
    assert not leaks + rows[0].problems, "\n".join(table_of(rows))
    release(exercises, tmp_path / "out")
    assert (tmp_path / "out/course/packages.txt").read_text() == "scipy\n"
    (students,) = read_course(tmp_path / "out/course")
    path = tmp_path / "01_softplus.py"
    path.write_text(exercises[0].shown_solution)
    outcome = check_file(students, path)
    assert (outcome.passed, outcome.remarks) == (True, [])
    assert '"numpy>=2.0" scipy\n' in setup_of(exercises)
    assert '"numpy>=2.0"\n' in setup_of([DENSE])


def test_what_may_be_used_is_a_part_of_what_was_judged(source):
    (exercise,) = read_course(source)
    before = digest_of_exercise(exercise)
    (source / "packages.txt").write_text("scipy\n")
    assert digest_of_exercise(exercise) != before


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("scipy==1.0\n", "expected each line of packages.txt to be the name of a package, got 'scipy==1.0'"),
        ("aescratch\n", "expected packages.txt without aescratch, which contains answers"),
        ("no_such_package\n", "expected no_such_package, which packages.txt allows, to be installed here; install it"),
    ],
)
def test_packages_that_cannot_be_allowed(source, capsys, text, sentence):
    (source / "packages.txt").write_text(text)
    for words in (["validate", str(source)], ["grade", str(source), "--exercises", str(source), "--unconfined"]):
        assert main(["exercises", *words]) == 2
        assert sentence in capsys.readouterr().err


def test_what_a_package_needs_comes_with_it():
    if importlib.util.find_spec("matplotlib") is None:
        pytest.skip("needs Matplotlib")
    places = allowed.places_of(("matplotlib",))
    assert {"matplotlib", "cycler", "dateutil", "pylab.py"} <= set(places)
    assert not {"numpy", "aescratch", ".."} & set(places)
    assert all(place.exists() for place in places.values())
    with pytest.raises(CourseError, match="nothing_of_this_name"):
        allowed.places_of(("nothing_of_this_name",))


def test_several_seeds_are_judged_in_one_process_each_as_alone():
    text = (START + "    if x[0, 0] > 0: return grad_y @ W.T, x.T @ grad_y, grad_y.sum(0)\n    return x, W\n").encode()
    together = judge_at(DENSE, text, DENSE.file_name, seeds=range(6))
    alone = [judge_text(DENSE, text, DENSE.file_name, seed=seed) for seed in range(6)]
    assert [found.outcome for found in together] == [found.outcome for found in alone]
    assert {found.outcome.kind for found in together} == {"passed", "wrong"}


def test_at_each_seed_there_is_the_whole_time():
    text = DENSE.solution + "\nimport time\ntime.sleep(1)\n"
    found = judge_at(DENSE, text.encode(), DENSE.file_name, seeds=range(4), limits=Limits(seconds=3.5))
    assert [judgement.outcome.kind for judgement in found] == ["passed"] * 4
