"""Exercises in a browser's tab: the same answers as the command line gives, from one interpreter that goes on."""

import base64
import io
import json
import sys
import time
import zipfile

import numpy as np
import pytest

import aescratch as ae
from aescratch.classroom import Workspace, WorkspaceError, all_exercises, check_file
from aescratch.classroom.answering import answer
from aescratch.classroom.grading.submissions import read_submissions
from aescratch.classroom.looking import look
from aescratch.classroom.tab import runner
from aescratch.classroom.workspace import NEW, PROGRESS

EXERCISES = all_exercises()
RELU = next(exercise for exercise in EXERCISES if exercise.name == "relu_backward")
WITH_CLOCK = pytest.mark.skipif(sys.version_info < (3, 12), reason="a clock needs Python 3.12, as browsers have")
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


@pytest.mark.parametrize("exercise", EXERCISES, ids=[exercise.name for exercise in EXERCISES])
def test_a_solution_passes(tab, exercise):
    found = tab.check(exercise.folder.name, exercise.solution, 10.0)
    assert found["passed"], found["text"]
    assert found["passed_count"] == 1
    assert found["text"] == f"{exercise.name}: passed"


@pytest.mark.parametrize("exercise", EXERCISES, ids=[exercise.name for exercise in EXERCISES])
def test_a_mistake_is_answered_as_by_the_checks_of_the_command_line(tab, exercise):
    """The mistakes that come first are those that say most; what a process of its own adds is tested below."""
    text = exercise.mutated(min(exercise.mutants.values(), key=lambda mutant: len(mutant.new)))
    path = tab.folder / exercise.file_name
    path.write_text(text, encoding="utf-8")
    with np.errstate(all="ignore"):
        wanted = answer(exercise, path, look(exercise, path), NEW)
    assert tab.check(exercise.name, text, 60.0)["text"] == wanted
