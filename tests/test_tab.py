"""Exercises in a browser's tab: the same answers as the command line gives, from one interpreter that goes on."""

import base64
import io
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

import aescratch as ae
from aescratch.classroom import WorkspaceError, all_exercises, check_file
from aescratch.classroom.answering import answer
from aescratch.classroom.exercise import read_exercise
from aescratch.classroom.grading.submissions import read_submissions
from aescratch.classroom.tab import runner
from aescratch.classroom.tab.in_place import check_in_place
from aescratch.classroom.workspace import NEW
from aescratch.foundations.language import in_language
from aescratch.programs.cli import main

EXERCISES = all_exercises()
RELU = next(exercise for exercise in EXERCISES if exercise.name == "relu_backward")
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
WITH_CLOCK = pytest.mark.skipif(sys.version_info < (3, 12), reason="a clock needs Python 3.12, as browsers have")
HANGUL = re.compile("[가-힣]")
LOOPS = {
    "on several lines": "def relu_backward(grad_y, a):\n    while True:\n        a = a + 1\n",
    "on one line": "def relu_backward(grad_y, a):\n\n    while True: pass\n",
    "in an expression": "def relu_backward(grad_y, a):\n\n    return [0 for _ in iter(int, 1)]\n",
    "that catches": "def relu_backward(grad_y, a):\n  for _ in range(3):\n    try:\n      while a is a: a = a\n    except: 0\n",
    "asleep": "import time\ndef relu_backward(grad_y, a):\n    time.sleep(60)\n",
    "while it is read": "a = 1\n\nwhile a:\n    a += 1\n",
}
LINES = {"on several lines": {2, 3}, "that catches": {4}, "while it is read": {3, 4}}


@pytest.fixture
def tab(tmp_path):
    """A tab with the built-in path, before anything was written."""
    return runner.Tab(str(tmp_path))


@pytest.mark.in_turn
@pytest.mark.parametrize("exercise", EXERCISES, ids=[exercise.name for exercise in EXERCISES])
def test_a_solution_passes(tab, exercise):
    found = tab.check(exercise.folder.name, exercise.solution, 10.0)
    assert found["passed"], found["text"]
    assert [name for name, entry in json.loads(found["progress"])["exercises"].items() if entry["passed"]] == [exercise.name]
    assert found["text"] == f"{exercise.name}: passed"


# All mistakes of all exercises are compared in a browser, by a script before a release.
@pytest.mark.in_turn
@pytest.mark.parametrize("name", ["dense_forward", "top_k_backward", "kl_sparsity_backward", "xavier_uniform", "adam_step"])
def test_a_mistake_is_answered_as_on_the_command_line(tab, name):
    exercise = next(each for each in EXERCISES if each.name == name)
    text = exercise.mutated(next(iter(exercise.mutants.values())))
    found = tab.check(name, text, 10.0)
    path = tab.folder / exercise.file_name
    assert found["text"] == answer(exercise, path, check_file(exercise, path), NEW)
    assert found["kind"] == "wrong"


NOISY = """import warnings
import numpy as np
print("one", 2)
warnings.warn("three")

def relu_backward(grad_y, a):
    print("four" * 1000)
    return np.log(-np.abs(a)) * grad_y
"""
WARNING = """import warnings
for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning, FutureWarning, UserWarning):
    warnings.warn("it is said to be a " + kind.__name__, kind)
"""
BROKEN = {
    "noisy": NOISY,
    "warning": WARNING,
    "recursion": "def relu_backward(grad_y, a):\n    return relu_backward(grad_y, a)\n",
    "input": "def relu_backward(grad_y, a):\n    return grad_y * (a > float(input()))\n",
    "leaves": "import sys\nsys.exit('bye')\n",
}


@pytest.mark.in_turn
@pytest.mark.parametrize("name", BROKEN)
def test_what_a_process_says_is_said_here(tab, name):
    found = tab.check("relu_backward", BROKEN[name], 10.0)
    path = tab.folder / RELU.file_name
    wanted = check_file(RELU, path)
    said = found["text"], answer(RELU, path, wanted, NEW)
    if name == "recursion":  # ends on either line, as the depth is reached
        said = [re.sub(r"\.py:[12](: .*)?", ".py", text) for text in said]
    assert said[0] == said[1]
    assert str(tab.folder) not in said[0]
    assert found["printed"] == wanted.printed


@WITH_CLOCK
@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_is_stopped_and_its_line_named(tab, name):
    told = []
    began = time.monotonic()
    found = tab.check("relu_backward", LOOPS[name], 0.3, lambda *news: told.append(news))
    assert time.monotonic() - began < 5
    assert found["kind"] == "timed-out"
    assert "still running after 0.3 s, so it was stopped; look for a loop that never ends" in found["text"]
    (line,) = map(int, re.findall(r"03_relu_backward\.py:(\d+):", found["text"]))
    assert line in LINES.get(name, {3})
    assert told[-1] in {("line", line) for line in LINES.get(name, {3})}


def test_what_was_stopped_from_outside_gets_the_same_words(tab):
    found = tab.stopped("relu_backward", LOOPS["on one line"], 10.0, 3, "one\ntwo\n")
    assert found["text"].splitlines()[1:] == [
        "  still running after 10 s, so it was stopped; look for a loop that never ends",
        "  03_relu_backward.py:3:  while True: pass",
        "  your code printed:", "    | one", "    | two",
    ]  # fmt: skip
    died = tab.died("relu_backward", LOOPS["on one line"], "Maximum call stack size exceeded", 3, "")
    assert died["kind"] == "died"
    assert "03_relu_backward.py:3:" in died["text"]
    assert "Python ended before the checks finished: Maximum call stack size exceeded" in died["text"]


def test_what_is_printed_is_told_as_it_comes_and_bounded(tmp_path):
    runner.open_course(str(tmp_path))
    told = []
    text = RELU.stub.replace('raise NotImplementedError("your turn")', 'print("∂", 1)\n    for i in range(9**3):\n        print(i)')
    for name, words, most in (("check", ("relu_backward", text), 2000), ("run_cell", ("for i in range(9**5):\n    print(i)",), 20_000)):
        told.clear()
        found = json.loads(runner.call(name, json.dumps([*words, 30.0]), lambda *news: told.append(news)))["result"]
        printed = "".join(value for what, value in told if what == "printed")
        assert printed.startswith(found["printed"])
        assert most - 4 <= len(found["printed"].encode()) <= len(printed.encode()) <= most + 4


@needs_node
@pytest.mark.parametrize(("how", "word"), [("stopped", 10), ("died", "the stack is full")])
def test_the_page_passes_on_what_a_worker_told_before_it_was_ended(how, word):
    """By the page's own script, with a worker that answers nothing but the calls for the next one's answer."""
    script = """
        const [runner, how] = process.argv.slice(1), sent = [];
        globalThis.setTimeout = (late) => setImmediate(late);  // the time is up at once
        globalThis.Worker = class {
          postMessage({ id, call, arguments: values }) {
            if (call === "check") {
              const news = [{ line: 1 }, { printed: "one\\n" }, { line: 3 }, { printed: "two" }];
              for (const data of [...news, ...(how === "died" ? [{ id, fatal: "the stack is full" }] : [])]) this.onmessage({ data });
            } else {
              sent.push([call, values]);
              setImmediate(() => this.onmessage({ data: { id, result: { exercises: [] } } }));
            }
          }
          terminate() { sent.push(["terminated"]); }
        };
        const { Runner } = await import(runner);
        await new Runner({ worker: "none" }).call("check", "relu_backward", "text", { seconds: 10 });
        console.log(JSON.stringify(sent));
    """
    place = pathlib.Path(runner.__file__).with_name("runner.js").as_uri()
    command = ["node", "--no-warnings", "--input-type=module", "-e", script, place, how]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    sent = json.loads(done.stdout)
    assert [call for call, *_ in sent] == ["load", "terminated", "load", how]
    assert sent[-1][1] == ["relu_backward", "text", word, 3, "one\ntwo"]


def test_what_code_changes_is_put_back(tab):
    text = (
        "import builtins, os, sys, time, warnings\nimport numpy as np\nfrom aescratch import functions\n"
        "np.seterr(all='raise')\nnp.random.seed(0)\nsys.setrecursionlimit(200)\nsys.path.append('x')\n"
        "os.environ['WRITTEN'] = '1'\nos.chdir('/')\nnp.dot = functions.relu = None\nbuiltins.hex = None\n"
        "sys.stdout = sys.stdin = None\ndel functions.gelu\ntime.sleep = None\nimport helper, math\n"
        "math.exp = np.random.rand = np.linalg.norm = None\nsys.argv.append('x')\n"
    )
    (tab.folder / "helper.py").write_text("x = 1\n")

    def state():
        return [
            np.geterr(), np.random.get_state()[1].tolist(), sys.getrecursionlimit(), list(sys.path), "helper" in sys.modules,  # noqa: NPY002
            dict(os.environ), os.getcwd(), np.dot, math.exp, np.random.rand, np.linalg.norm, list(sys.argv),
            ae.functions.relu, ae.functions.gelu, hex, sys.stdout, sys.stdin, time.sleep,
        ]  # fmt: skip

    before = state()
    assert tab.check("relu_backward", text, 10.0)["kind"] == "missing-function"
    assert state() == before


def test_a_module_of_python_is_kept_and_one_of_the_students_forgotten(tab, monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    (tab.folder / "helper.py").write_text("import colorsys\n")
    assert tab.check("relu_backward", f"import helper\n{RELU.solution}", 10.0)["passed"]
    assert "colorsys" in sys.modules
    assert "helper" not in sys.modules


def test_a_module_beside_the_file_is_read_anew(tab):
    text = "from helper import mask\ndef relu_backward(grad_y, a):\n    return grad_y * mask(a)\n"
    for mask, passed in (("a < 0", False), ("a > 0", True)):
        (tab.folder / "helper.py").write_text(f"def mask(a):\n    return {mask}\n")
        assert tab.check("relu_backward", text, 10.0)["passed"] is passed


def test_a_course_may_be_named_from_where_a_notebook_is(tmp_path, monkeypatch):
    monkeypatch.chdir(RELU.folder.parent)
    path = tmp_path / "cell.py"
    path.write_text(RELU.solution)
    assert check_in_place(read_exercise(pathlib.Path(RELU.folder.name)), path, 10.0).passed


def test_a_course_says_what_is_known_of_it(tab):
    course = tab.course()
    found = {each["short"]: each for each in course["exercises"]}
    assert list(found) == [exercise.name for exercise in EXERCISES]
    assert found["relu_backward"]["name"] == "03_relu_backward"
    assert found["relu_backward"]["text"] == RELU.stub


def test_hints_are_those_of_the_command_line(tab, capsys, monkeypatch):
    tab.check("relu_backward", RELU.mutated(RELU.mutants["no mask"]), 10.0)
    first = tab.hint("relu_backward")
    monkeypatch.chdir(tab.folder)
    assert main(["exercises", "hint", "--level", "1"]) == 0
    assert capsys.readouterr().out == f"{first['text']}\n"
    assert "hint 2 of 3" in tab.hint("relu_backward")["text"]
    assert "the last hint tells what to write" in tab.hint("relu_backward")["text"]
    assert "hint 3 of 3" in tab.hint("relu_backward", True)["text"]


def test_a_reset_puts_the_stub_back(tab):
    tab.write("relu_backward", "mine = 1\n")
    found = tab.reset("relu_backward")
    assert found["text"] == (tab.folder / RELU.file_name).read_text() == RELU.stub


def test_work_goes_on_in_a_terminal_and_back(tab, tmp_path_factory, capsys, monkeypatch):
    tab.check("relu_backward", RELU.solution, 10.0)
    handed_in = tab.hand_in()
    assert handed_in["name"] == "hand-in.zip"
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(handed_in["base64"]))) as archive:
        archive.extractall(elsewhere)
    monkeypatch.chdir(elsewhere)
    assert main(["exercises", "list", "--json"]) == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out) if each["passed"]] == ["relu_backward"]
    other = runner.Tab(str(tmp_path_factory.mktemp("other")))
    course = other.take_hand_in(handed_in["base64"])
    assert course["taken"] == ["03_relu_backward.py"]
    assert [each["short"] for each in course["exercises"] if each["passed"]] == ["relu_backward"]
    assert other.progress() == tab.progress()


def test_a_hand_in_is_what_grading_reads(tab, tmp_path):
    tab.check("relu_backward", RELU.solution, 10.0)
    (tmp_path / "all" / "Ann").mkdir(parents=True)
    (tmp_path / "all" / "Ann" / "handin.zip").write_bytes(base64.b64decode(tab.hand_in()["base64"]))
    (submission,) = read_submissions([tmp_path / "all"], EXERCISES).submissions
    assert submission.files == {"relu_backward": RELU.solution.encode()}


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}', '{"format": 1, "current": 3, "exercises": {}}'])
def test_progress_that_cant_be_read_is_refused_and_nothing_lost(tab, text):
    tab.check("relu_backward", RELU.solution, 10.0)
    before = tab.progress()
    with pytest.raises(WorkspaceError, match="but it is invalid"):
        tab.set_progress(text)
    assert tab.progress() == before
    assert tab.set_progress(before)["current"] == "relu_backward"


def test_a_zip_that_cant_be_read_is_refused(tab):
    for data in (b"", b"PK\x03\x04", b"no zip at all"):
        with pytest.raises(WorkspaceError, match="expected a zip"):
            tab.take_hand_in(base64.b64encode(data).decode())


def test_the_course_is_in_the_language_in_force(tmp_path):
    with in_language("ko"):
        course = runner.open_course(str(tmp_path))
        found = next(each for each in course["exercises"] if each["short"] == "tied_weights")
        answered = runner.TABS[0].check("tied_weights", found["text"], 10.0)
    assert course["language"] == "ko"
    assert all(HANGUL.search(said) for said in (found["title"], found["text"]))
    assert answered["text"].startswith("tied_weights: 아직 시작하지 않았다\n")


def test_calls_are_json_and_errors_sentences(tmp_path):
    course = json.loads(runner.call("open_course", json.dumps([str(tmp_path)])))["result"]
    assert course["language"] == "en"
    assert json.loads(runner.call("check", json.dumps(["nothing", "", 1.0]))) == {"error": "there is no exercise 'nothing' here"}
    assert json.loads(runner.call("hand_in", "[]"))["error"].startswith("there is nothing to hand in")
    assert json.loads(runner.call("_named", "[]"))["error"].startswith("expected")
    with in_language("ko"):
        for name, *values in (("check", "nothing", "", 1.0), ("hand_in",), ("take_hand_in", "")):
            assert HANGUL.search(json.loads(runner.call(name, json.dumps(values)))["error"])


def test_cells_share_their_names_and_show_what_they_draw(tab):
    texts = "import matplotlib.pyplot as plt\nx = 6", "plt.plot([1, x]);\nx * 7", "\n1 / 0\n2"
    first, second, third = (tab.run_cell(text, 10.0) for text in texts)
    assert (first["printed"], second["printed"], third["printed"]) == ("", "42\n", "")
    assert [len(each["figures"]) for each in (first, second, third)] == [0, 1, 0]
    assert base64.b64decode(second["figures"][0]).startswith(b"\x89PNG")
    assert third["error"].splitlines()[1].endswith("line 2, in <module>")
    assert tab.run_cell("x", 10.0)["printed"] == "6\n"
