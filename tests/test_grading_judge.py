"""Judging gives the same answer as the student's own check, although the submission runs confined.

Only the wrong line, and the mistake in it, are left to the check, which runs the student's file with changes.
"""

import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import time
import types
import warnings

import numpy as np
import pytest
from test_exercise_styles import STYLES as OTHER_STYLES
from test_exercises import prediction_of

import aescratch as ae
from aescratch.classroom import all_exercises
from aescratch.classroom.comparing import seeking_causes
from aescratch.classroom.grading import calls, channel, confinement, landlock, sandbox
from aescratch.classroom.grading.channel import Malformed, Packer, Unpacker
from aescratch.classroom.grading.judging import Limits, judge_text, missing_protections
from aescratch.classroom.grading.marks import entries
from aescratch.classroom.grading.seeds import seed_for
from aescratch.classroom.grading.stand_in import Conversation, StandIn
from aescratch.classroom.looking import look
from aescratch.classroom.stubs import HOLE
from aescratch.inspection.gradcheck.causes import explaining

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the confined process needs Unix")
EXERCISES = {exercise.name: exercise for exercise in all_exercises()}
DENSE = EXERCISES["dense_backward"]
SEED = 5
START = "import numpy as np\ndef dense_backward(grad_y, x, W):\n"
RETURN = "    return grad_y @ W.T, x.T @ grad_y, grad_y.sum(0)\n"


def judge(exercise, path, *, seed):
    """Return the judgement of a file."""
    return judge_text(exercise, path.read_bytes(), path.name, seed=seed)


def both(exercise, text, folder, causes=True):
    """Return the answer of the student's check without access to the source, and the judgement, which never has it."""
    path = folder / exercise.file_name
    path.write_text(text)
    if not causes:
        with seeking_causes(False):
            return look(exercise, path, SEED), judge(exercise, path, seed=SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a student's overflow is a warning, no error
        seen = look(exercise, path, SEED)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(explaining, "wrong_lines", lambda *given, **options: [])
            without_source = look(exercise, path, SEED)
    assert shared(seen) == shared(without_source), "the source tells lines and causes, and nothing else"
    told = {line.split("; the same mistake makes ")[0] for line in differing(seen)}  # one line's mistake is told once
    assert told <= set(differing(without_source))
    return without_source, judge(exercise, path, seed=SEED)


def shared(outcome):
    """The part of an answer that doesn't need the source: everything except the wrong line and the mistake in it."""
    same = {name: getattr(outcome, name) for name in ("kind", "line", "verdicts", "message")}
    lines = [line for report in outcome.reports for line in report.splitlines()]
    numbers = [line for line in lines if re.search(r"^(pass|fail|inconclusive): |  (pass|fail|inconclusive)$", line)]
    return {**same, "numbers": sorted(numbers) if outcome.kind != "raised" else []}


def differing(outcome):
    """The lines of an answer's reports that give a gradient's wrong values."""
    lines = [line for report in outcome.reports for line in report.splitlines() if "entries differ; at" in line]
    return lines if outcome.kind != "raised" else []


def comparable(outcome):
    """What has to be the same; in which line NumPy met NaN is known only where the code runs, and no grade needs it."""
    same = {name: getattr(outcome, name) for name in ("kind", "line", "codes", "verdicts", "message")}
    return {**same, "reports": [re.sub(r"; NumPy met .*\n    .*", "", report) for report in outcome.reports]}


@pytest.fixture
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # the student's check gives paths relative to where it runs
    return tmp_path


def texts_of(exercise):
    """The solution, the stub and one mistake that doesn't need this package."""
    mutated = [exercise.mutated(mutant) for mutant in exercise.mutants.values()]
    return [exercise.solution, exercise.stub, next(text for text in mutated if "aescratch" not in text.replace(exercise.stub, ""))]


def test_one_number_for_a_bias_has_its_cause_without_the_source(here):
    seen, judgement = both(DENSE, START + RETURN.replace("grad_y.sum(0)", "np.sum(grad_y)"), here)
    assert comparable(judgement.outcome) == comparable(seen)
    assert "collapsed@grad_b" in judgement.outcome.codes
    assert "grad_b is the right gradient summed over everything" in "".join(judgement.outcome.reports)


@pytest.mark.in_turn
@pytest.mark.parametrize("name", EXERCISES)
def test_a_submission_comes_to_what_its_students_own_check_says(name, here):
    exercise = EXERCISES[name]
    causes = exercise.number % 5 == 2  # which take most of the time
    if "aescratch" in exercise.stub:
        pytest.skip("its stub needs this package, which a submission doesn't get")
    for text in texts_of(exercise)[:: 1 if causes else 2]:
        seen, judgement = both(exercise, text, here, causes)
        assert comparable(judgement.outcome) == comparable(seen)
        assert judgement.outcome.passed == (text == exercise.solution)
        assert len(judgement.reports) >= 1


TYPICAL = {
    "no Python": "def dense_backward(:\n",
    "no function": "import numpy as np\n",
    "no function of this name": "dense_backward = 3\n",
    "other arguments": "\n\ndef dense_backward(grad_y, x, W, b):\n    pass\n",
    "any arguments": "def dense_backward(*args, **kwargs):\n    pass\n",
    "a ufunc": "import numpy as np\ndense_backward = np.add\n",
    "raises when read": "import numpy as np\n\nnp.zeros(3) @ np.zeros(4)\n",
    "raises": START + "    y = x @ W\n    return y[100]\n",
    "raises an exception of its own": START + "    class Mine(KeyError): pass\n    raise Mine('no')\n",
    "returns nothing": START + "    pass\n",
    "returns two": START + "    return x, W\n",
    "returns a list of lists": START + "    return [x.tolist(), W.tolist(), grad_y.sum(0).tolist()]\n",
    "returns a dict": START + "    return {'x': x}\n",
    "returns numbers": START + "    return 1, 2.0, 'three'\n",
    "returns scalars of NumPy": START + "    return np.float64(1), np.float32(2), np.int64(3)\n",
    "returns integers": START + "    return x.astype(int), W.astype(np.uint8), W[0] > 0\n",
    "returns complex numbers": START + "    return x * 1j, W, W[0]\n",
    "returns NaN": START + "    return x * np.nan, W / 0, W[0]\n",
    "returns a masked array": START + "    return np.ma.array(x.copy()), W, W[0]\n",
    "returns single precision": START + RETURN.replace("W.T", "W.T.astype(np.float32)"),
    "returns another shape": START + "    return x[:, :, None], W[None], W[:0]\n",
    "returns an argument": START + "    return grad_y @ W.T, x.T @ grad_y, grad_y[0]\n",
    "returns a view backwards": START + "    return x[::-1], W.T.copy().T, W[1, ::-1]\n",
    "changes an argument": START + "    grad_y *= 2\n" + RETURN,
    "changes two, and returns one": START + "    x += 1\n    W[0] = 7\n    return x, W, W[0]\n",
    "seeds the global random numbers": START + "    np.random.seed(0)\n" + RETURN,
    "draws from them": START + "    import random\n    random.random()\n" + RETURN,
    "not repeatable": "calls = []\n" + START + "    calls.append(1)\n    return x * len(calls), W, W[0]\n",
    "not linear": START + "    return np.abs(grad_y) @ W.T, x.T @ grad_y, grad_y.sum(0)\n",
    "averages": START + RETURN.replace(".sum(0)", ".mean(0)"),
    "its own file": START + "    assert __file__.endswith('dense_backward.py') and __name__ == 'student'\n" + RETURN,
}  # fmt: skip


@pytest.mark.in_turn
@pytest.mark.parametrize("words", TYPICAL)
def test_what_students_do_comes_to_the_same(words, here):
    seen, judgement = both(DENSE, TYPICAL[words], here)
    assert comparable(judgement.outcome) == comparable(seen)


def confine_by(means, monkeypatch):
    """Have a process confined by this alone, or the test skipped."""
    if means == "Landlock" and not sandbox.landlocked():
        pytest.skip("needs Linux 6.2 or newer, with Landlock")
    if means != "bubblewrap":
        monkeypatch.setattr(sandbox, "bubblewrap", lambda: ([], "none"))
    if means == "neither":
        monkeypatch.setattr(sandbox, "landlocked", lambda: False)


UNUSUAL = {
    "prints": "print('hello')\n" + START + "    import sys\n    print('noise'); print('more', file=sys.stderr)\n" + RETURN,
    "einsum": START + "    return np.einsum('nh,dh->nd', grad_y, W), np.einsum('nd,nh->dh', x, grad_y), np.einsum('nh->h', grad_y)\n",
    "loops, and a list": START + "    a, b, c = np.zeros_like(x), np.zeros_like(W), np.zeros(W.shape[1])\n    for n in range(len(x)):\n        a[n] = W @ grad_y[n]\n        b += np.outer(x[n], grad_y[n])\n        c += grad_y[n]\n    return [a, b, c]\n",
    "a class": "class Back:\n    def __call__(self, grad_y, x, W):\n        return grad_y @ W.T, x.T @ grad_y, grad_y.sum(0)\ndense_backward = Back()\n",
    "a closure": "def make(n):\n    def dense_backward(grad_y, x, W):\n        return grad_y @ W.T, x.T @ grad_y, n * grad_y.sum(0)\n    return dense_backward\ndense_backward = make(1)\n",
    "a lambda": "dense_backward = lambda grad_y, x, W: (grad_y @ W.T, x.T @ grad_y, grad_y.sum(0))\n",
    "a partial": "import functools\ndef f(grad_y, x, W, axis):\n    return grad_y @ W.T, x.T @ grad_y, grad_y.sum(axis)\ndense_backward = functools.partial(f, axis=0)\n",
    "a tuple with names": "import collections\nG = collections.namedtuple('G', 'x W b')\n" + START + RETURN.replace("return ", "return G(").replace("\n", ")\n"),
    "warnings": "import warnings\n" + START + "    warnings.warn('careful')\n    np.log(0.0)\n" + RETURN,
    "annotations and dataclasses": "from __future__ import annotations\nimport dataclasses, typing\n@dataclasses.dataclass\nclass G:\n    x: typing.Any\n" + START + RETURN,
    "works on copies": START + "    grad_y = grad_y.copy()\n    grad_y *= 1\n    W = W.astype(np.longdouble)\n" + RETURN,
    "Fortran order": START + "    return np.asfortranarray(grad_y @ W.T), np.asfortranarray(x.T @ grad_y), grad_y.sum(0)\n",
    "big-endian": START + "    return (grad_y @ W.T).astype('>f8'), x.T @ grad_y, grad_y.sum(0)\n",
    "another name first": START.replace("dense_backward", "backward") + RETURN + "dense_backward = backward\n",
    "uses the library": START + "    import math, itertools, functools, collections, typing, fractions, statistics\n    np.linalg.norm(x); np.testing.assert_allclose(1, 1)\n" + RETURN,
    "a dataclass with annotations that are texts": "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass G:\n    x: float\n" + START + RETURN,
    "pickles, and finds itself": "import copy, pickle, sys\nclass G: pass\ncopy.deepcopy(pickle.loads(pickle.dumps(G())))\nthis = sys.modules[__name__]\n" + START + RETURN,
    "everything of NumPy": "from numpy import *\nfrom numpy.linalg import *\nimport numpy.typing as npt\n" + START + RETURN,
    "a method": "class D:\n    def back(self, grad_y, x, W):\n        return grad_y @ W.T, x.T @ grad_y, grad_y.sum(0)\ndense_backward = D().back\n",
    "decorated": "import functools\ndef timed(f):\n    @functools.wraps(f)\n    def inner(*a, **k): return f(*a, **k)\n    return inner\n@timed\n" + START.replace("import numpy as np\n", "") + RETURN,
    "recursion, a generator and a cache": "import functools\n@functools.lru_cache\ndef axis(n): return n - 2\ndef total(rows): return rows[0] if len(rows) == 1 else rows[0] + total(rows[1:])\n" + START + "    return tuple(g for g in (grad_y @ W.T, np.vectorize(lambda a, b: a * b)(x[:, :, None], grad_y[:, None]).sum(axis(2)), total(grad_y)))\n",
    "keyword arguments, another order and more": "def dense_backward(*, W, x, grad_y, b=None, debug=False):\n" + RETURN,
    "tests at its end": START + RETURN + "import doctest, unittest\nclass T(unittest.TestCase):\n    def test(self): pass\nif __name__ == '__main__':\n    raise SystemExit(1)\n",
    "a library that may be missing": "try:\n    import matplotlib.pyplot as plt\nexcept ImportError:\n    plt = None\n" + START + RETURN,
    "a file of its own": "import logging\nlogging.basicConfig(filename='log.txt')\n" + START + "    logging.warning('x'); np.save('x.npy', x)\n" + RETURN,
    "a byte order mark and ends of lines of Windows": ("\ufeff" + START + RETURN).replace("\n", "\r\n"),
}  # fmt: skip


STYLES = [(style, ("bubblewrap", "Landlock")[place % 2]) for place, style in enumerate(UNUSUAL)]
STYLES += [(style, "neither") for style in ("prints", "uses the library", "everything of NumPy", "tests at its end")]


@pytest.mark.in_turn
@pytest.mark.parametrize(("style", "means"), STYLES)
def test_a_right_solution_in_an_unusual_style_passes(style, means, tmp_path, monkeypatch):
    confine_by(means, monkeypatch)
    path = tmp_path / DENSE.file_name
    path.write_text(UNUSUAL[style], newline="")
    outcome = judge(DENSE, path, seed=SEED).outcome
    assert outcome.passed, outcome
    if style == "prints":
        assert outcome.printed.startswith("hello\nnoise\nmore\n")


GRADED = {key: text for key, text in OTHER_STYLES.items() if "aescratch" not in text}  # without it none can be imported


IN_ANY_WAY = [(*key, means) for place, key in enumerate(GRADED) for means in ("bubblewrap", "Landlock")[: 1 + (place % 4 == 0)]]


@pytest.mark.in_turn
@pytest.mark.parametrize(("name", "style", "means"), IN_ANY_WAY, ids=lambda text: text)
def test_a_right_file_in_another_style_gets_all_points(name, style, means, tmp_path, monkeypatch):
    confine_by(means, monkeypatch)
    exercise = EXERCISES[name]
    text = f"{prediction_of(exercise)}\n{GRADED[name, style]}".encode()
    judgement = judge_text(exercise, text, exercise.file_name, seed=seed_for(exercise, text, "a course's seed"))
    assert [entry for entry in entries(exercise, judgement) if entry.points != entry.of] == []


def test_there_are_many_styles():
    assert len(UNUSUAL) + len(GRADED) >= 60
    assert {name for name, _ in GRADED} >= {exercise.name for exercise in EXERCISES.values() if HOLE in exercise.stub and "aescratch" not in exercise.stub} - {"own_checker"}


def test_a_package_that_a_grader_does_not_have_is_said_to_be_missing(tmp_path):
    path = tmp_path / DENSE.file_name
    path.write_text("try:\n    from matplotlib import pyplot\nexcept ImportError:\n    raise\n" + START + RETURN)
    outcome = judge(DENSE, path, seed=SEED).outcome
    words = "No module named 'matplotlib'; only NumPy and Python's standard library are available in grading"
    assert (outcome.message, outcome.line) == (f"ModuleNotFoundError: {words}", 2)


@pytest.mark.parametrize("call", ["socket", "socketpair"])
def test_there_are_no_sockets_not_even_within_the_process(call, tmp_path):
    if not sandbox.bubblewrap()[0] or not calls.program():
        pytest.skip("needs bubblewrap, and a machine whose calls are known")
    path = tmp_path / DENSE.file_name
    path.write_text(f"import socket\nsocket.{call}()\n" + START + RETURN)
    outcome = judge(DENSE, path, seed=SEED).outcome
    assert (outcome.message, outcome.line) == ("PermissionError: [Errno 1] Operation not permitted", 2)


# The file


def test_a_text_that_cannot_be_read_is_said_to_be_so():
    def outcome(text):
        return judge_text(DENSE, text, DENSE.file_name, seed=0).outcome

    assert outcome(bytes(2**21)).message == "Python can't read it: 02_dense_backward.py is larger than 1024 KiB"
    assert outcome(b"x = '\xff'\n").kind == "syntax-error"
    assert outcome(b"x = '\xff'\n").message.startswith("Python can't read it: (unicode error) 'utf-8' codec can't decode")
    assert outcome(b"# coding: latin-1\nx = '\xff'\n" + (START + RETURN).encode()).passed


# Functions that a submission is given


CHECKER = """
import numpy as np
def gradient(f, x, box=None):
    grad = np.zeros_like(x)
    for i in range(x.size):
        old = x.flat[i]
        x.flat[i] = old + 1e-4
        above = f(x)
        x.flat[i] = old - 1e-4
        grad.flat[i] = (above - f(x=x)) / 2e-4
        x.flat[i] = old
    return grad
def caught(f, x):
    try: f(x, "no")
    except TypeError as error: return type(error).__name__ + ": " + str(error)
def name(f):
    return f.__name__
def goes_on(f, x):
    return f(x)
def later(f, x):
    global kept
    kept, before = f, globals().get("kept")
    return before(x) if before else 0.0
def large(f, x):
    return f(np.zeros(10**5))
def changed(f, x):
    f(x)
    return x.copy()
def inner(f, x):
    x[0] = 9
    return f()
PREDICTION = "b"
NOTHING = None
"""


@pytest.fixture
def student(tmp_path):
    limits = Limits(seconds=60.0)
    process = confinement.Confined(limits)
    conversation = Conversation(process, "checker.py", limits)
    conversation.load(CHECKER.encode())
    yield StandIn(conversation)
    process.close()


def squares(x):
    return float((x**2).sum())


def test_a_submission_calls_the_functions_that_it_is_given(student):
    x = np.arange(6.0).reshape(2, 3)
    assert np.allclose(student.gradient(squares, x), 2 * np.arange(6.0).reshape(2, 3))
    assert np.array_equal(x, np.arange(6.0).reshape(2, 3))
    assert np.allclose(student.gradient(f=squares, x=x), 2 * x)
    assert student.caught(squares, x) == "TypeError: this function can't be called with these arguments"
    assert student.name(squares) == student.name(np.tanh) == "function"  # a name may tell which is the right one
    with pytest.raises(ZeroDivisionError, match="float division by zero"):
        student.goes_on(lambda x: 1.0 / 0.0, x)
    student.later(squares, x)
    with pytest.raises(ValueError, match="expected arrays with at most 4096 entries"):
        student.large(squares, x)


def test_a_function_of_ours_is_there_for_one_call(student):
    x = np.ones(2)
    assert student.later(squares, x) == 0.0
    with pytest.raises(ValueError, match="no longer exists"):
        student.later(3.0, x)


def test_what_is_done_to_arrays_is_seen_on_both_sides(student):
    x = np.ones(3)

    def double(x):
        x *= 2
        return 0.0

    assert np.array_equal(student.changed(double, x), [2, 2, 2])
    x = np.ones(3)
    assert student.inner(lambda: float(x[0]), x) == 9.0


def test_a_submission_is_not_called_by_what_it_calls(student):
    with pytest.raises(RuntimeError, match="can't call the submission"):
        student.goes_on(lambda x: student.goes_on(squares, x), np.ones(2))


def test_values_and_names_of_a_submission(student):
    assert (student.PREDICTION, student.NOTHING, getattr(student, "MISSING", "none")) == ("b", None, "none")
    assert student.gradient is student.gradient
    assert student.gradient.__name__ == "gradient"
    assert str(student.gradient.__signature__) == "(f, x, box=None)"
    with pytest.raises(AttributeError, match=r"there is no nothing in checker\.py"):
        _ = student.nothing


def test_an_exception_reads_as_if_it_were_raised_here(student):
    with pytest.raises(AttributeError, match="'float' object has no attribute 'copy'") as caught:
        student.changed(lambda x: 0, 1.0)
    step = caught.tb
    while step.tb_next:
        step = step.tb_next
    line = 1 + CHECKER.splitlines().index("    return x.copy()")
    assert (step.tb_frame.f_code.co_filename, step.tb_lineno) == ("checker.py", line)


# Frames


VALUES = [
    None, True, 3, -2.5, float("inf"), "text", np.arange(6.0).reshape(2, 3), np.zeros((0, 3)), np.array(2.0), np.float32(1.5),
    np.arange(5, dtype=np.int16)[::-2], np.array([1 + 2j]), np.array([True]), (1, [2.0, None]), {"a": np.ones(2), "b": (1,)},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_over_as_it_is(value):
    packer = Packer()
    form = json.loads(json.dumps(packer.pack(value)))
    unpacker = Unpacker(b"".join(packer.chunks))
    back = unpacker.unpack(form)
    unpacker.end()
    assert type(back) is type(value)
    assert repr(back) == repr(value)


FORMS = [
    None, [], ["plain"], ["plain", [1]], ["plain", 1, 2], ["array", "<f8", [1], True], ["array", "<f8", [-1], True], ["array", "|O", [0], True],
    ["array", "<f8", [2**62, 2**62], True], ["array", "<f8", [0, 2**60], True], ["array", "<f8", [True], True], ["array", "<f8", [1.0], True],
    ["array", "<f8", [0] * 40, True], ["scalar", ["array", "<f8", [1], True]], ["objects", [10**9]], ["objects", ["a"]], ["tuple", 3],
    ["tuple", [["tuple", [["tuple", [["tuple", [["tuple", [["tuple", [["list", []]]]]]]]]]]]]], ["dict", [[1, ["plain", 1]]]], ["dict", [["a"]]],
    ["function", 0], ["view", 0, 0, [8], ["array", "<f8", [0], True]], ["pickle", "gASVBQ=="], ["other", 3], [["plain", 1]],
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_a_form_that_cannot_be_is_refused(form):
    with pytest.raises(Malformed):
        Unpacker(b"").unpack(form)


def test_bytes_that_belong_to_no_array_are_refused():
    unpacker = Unpacker(bytes(9))
    unpacker.unpack(["array", "<f8", [1], True])
    with pytest.raises(Malformed, match="bytes beyond the last array"):
        unpacker.end()


@pytest.mark.parametrize(("offset", "strides"), [(0, [8]), (16, [-8]), (-8, [8]), (2**40, [8]), (0, [2**40]), (0, [8, 8]), (8, [1])])
def test_a_view_is_of_the_array_that_is_here_or_none(offset, strides):
    whole = np.arange(3.0)
    values = np.arange(3.0)[:: -1 if strides == [-8] else 1].copy()
    form = ["view", 0, offset, strides, ["array", "<f8", [3], True]]
    found = Unpacker(values.tobytes(), [whole]).unpack(form)
    assert np.array_equal(found, values)
    assert np.shares_memory(found, whole) == ((offset, strides) in [(0, [8]), (16, [-8])])


def test_arrays_count_together_against_the_bytes_of_a_frame():
    packer, half = Packer(), np.zeros(channel.MOST_BYTES // 16 + 1)
    assert [packer.pack(half)[0] for _ in range(2)] == ["array", "other"]
    assert Packer().pack(half)[0] == "array", "another packer counts its own"


def test_random_headers_are_answers_or_refused():
    rng = np.random.default_rng(0)
    head, chunks = json.dumps(["tuple", [["array", "<f8", [2, 2], True], ["dict", [["a", ["plain", 1]]]]]]), bytes(32)
    refused = 0
    for _ in range(3000):
        broken = bytearray(head.encode())
        for at in rng.integers(0, len(broken), rng.integers(1, 4)):
            broken[at] = rng.integers(32, 127)
        try:
            Unpacker(chunks).unpack(channel.parsed(b'{"a": %s}' % broken)["a"])
        except (Malformed, KeyError):
            refused += 1
    assert 2000 < refused < 3000


# What the platform has


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: ([], "install bubblewrap"))
    monkeypatch.setattr(sandbox, "landlocked", lambda: True)
    monkeypatch.setattr(sandbox, "can_become_nobody", lambda: True)
    assert missing_protections() == []
    monkeypatch.setattr(sandbox, "can_become_nobody", lambda: False)
    assert missing_protections() == ([] if os.getuid() else ["a submission is root, and can start processes"])
    monkeypatch.setattr(sandbox, "landlocked", lambda: False)
    missing = missing_protections()
    assert "a submission can read the files of this machine, the solutions among them (install bubblewrap)" in missing
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    assert missing_protections()[-1] == "macOS does not limit the memory of a process"
    monkeypatch.setattr(sandbox, "can_become_nobody", lambda: False)
    assert any("can end those of its user" in words for words in missing_protections())
    monkeypatch.setattr(sandbox.sys, "platform", "linux")
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: (["bwrap"], ""))
    assert missing_protections() == []
    monkeypatch.setattr(sandbox, "os", types.SimpleNamespace(name="nt"))
    assert "on Unix only" in missing_protections()[0]


@pytest.mark.parametrize(("machine", "version", "there"), [("x86_64", 3, True), ("aarch64", 7, True), ("x86_64", 2, False), ("x86_64", 0, False), ("riscv64", 7, False)])
def test_landlock_stands_in_where_it_knows_truncation_and_the_calls_are_known(machine, version, there, monkeypatch):
    monkeypatch.setattr(landlock, "version", lambda: version)
    monkeypatch.setattr(calls.platform, "machine", lambda: machine)
    assert sandbox.landlocked.__wrapped__() == there


@pytest.mark.parametrize("size", [0, 2**19])
def test_what_is_written_where_landlock_stands_in_is_limited(size, tmp_path, monkeypatch):
    confine_by("Landlock", monkeypatch)
    text = f"for n in range(10**9):\n    with open(str(n), 'wb') as stream: stream.write(bytes({size}))\n".encode()
    outcome = judge_text(DENSE, text, DENSE.file_name, seed=SEED, limits=Limits(seconds=60.0)).outcome
    assert (outcome.kind, outcome.message) == ("died", "it wrote more than 16 MiB, or 1000 files, so it was stopped")
    outcome = judge_text(DENSE, b"import os\nos.mkdir('a')\n", DENSE.file_name, seed=SEED).outcome
    assert outcome.message == "PermissionError: [Errno 13] Permission denied: 'a'"


def outcome_of_call(program, machine, number, argument=0):
    """The filter's decision on a call, evaluated step by step like the kernel."""
    steps = list(struct.iter_unpack("<HBBI", program))
    at, loaded = 0, None
    while True:
        code, if_so, if_not, value = steps[at]
        if code == calls.LOAD:
            loaded = {calls.NUMBER_AT: number, calls.MACHINE_AT: machine, calls.FIRST_ARGUMENT_AT: argument % 2**32}[value]
        elif code == calls.RETURN:
            return value == calls.ALLOW
        else:
            at += if_so if (loaded == value if code == calls.EQUAL else loaded >= value) else if_not
        at += 1


@pytest.mark.parametrize("namespaces", [True, False])
@pytest.mark.parametrize("machine", calls.MACHINES)
def test_the_filter_refuses_what_is_named_and_nothing_else(machine, namespaces, monkeypatch):
    monkeypatch.setattr(calls.platform, "machine", lambda: machine)
    program, here = calls.program(77, namespaces), calls.MACHINES[machine]
    place = list(calls.MACHINES).index(machine)
    refused = {numbers[place] for numbers in (calls.REFUSED | ({} if namespaces else calls.WITHOUT_NAMESPACES)).values()}
    own = {numbers[place] for numbers in calls.ON_ITSELF.values()}
    for number in range(600):
        assert outcome_of_call(program, here, number, 78) == (number not in refused | own)
        assert outcome_of_call(program, here, number, 77) == outcome_of_call(program, here, number, 0) == (number not in refused)
        assert not outcome_of_call(program, here ^ 1, number)
        assert not outcome_of_call(program, here, number + calls.FOREIGN)
    assert not any(outcome_of_call(program, here, number, -1) for number in own)


def test_landlock_opens_a_library_without_the_packages_in_it(tmp_path):
    for file in ("lib/os.py", "lib/json/decoder.py", "lib/site-packages/aescratch/solution.py", "lib/a/b/dist-packages/x.py", "lib/a/c.py"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    (tmp_path / "lib" / "linked").symlink_to(tmp_path / "lib" / "site-packages")
    lib = str(tmp_path / "lib")
    hidden = [f"{lib}/site-packages", f"{lib}/a/b/dist-packages"]
    assert sorted(landlock._parts(lib, hidden)) == [f"{lib}/a/c.py", f"{lib}/json", f"{lib}/os.py"]
    assert list(landlock._parts(lib, [])) == [lib]
    assert list(landlock._parts(lib, [lib])) == []


def test_bubblewrap_that_does_not_work_is_none(monkeypatch, tmp_path):
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho bwrap: no permissions to create a new namespace >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: str(program))
    assert sandbox.bubblewrap.__wrapped__() == ([], "bubblewrap doesn't work: bwrap: no permissions to create a new namespace")
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    assert sandbox.bubblewrap.__wrapped__() == ([], "install bubblewrap")


def test_a_process_that_does_not_start_is_no_fault_of_the_submission(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: ([], "none"))
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho no numpy >&2\n")
    program.chmod(0o755)
    monkeypatch.setattr(sandbox, "python", lambda: str(program))
    path = tmp_path / "a.py"
    path.write_text(START + RETURN)
    with pytest.raises(confinement.ConfinementError, match="the confined process doesn't start: no numpy"):
        judge(DENSE, path, seed=0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a process with its parent")
@pytest.mark.parametrize("means", ["bubblewrap", "Landlock", "neither"])
def test_a_submission_ends_with_its_judge(means, tmp_path, monkeypatch):
    if means == "bubblewrap" and not sandbox.bubblewrap()[0]:
        pytest.skip(sandbox.bubblewrap()[1])
    confine_by(means, monkeypatch)
    path, mark = tmp_path / DENSE.file_name, tmp_path / "begun"
    path.write_text("import time\nprint('begun', flush=True)\ntime.sleep(1000)\n")
    program = f"""
import pathlib
from aescratch.classroom import all_exercises
from aescratch.classroom.grading import confinement, sandbox
from aescratch.classroom.grading.judging import judge_text
if {means!r} != "bubblewrap": sandbox.bubblewrap = lambda: ([], "none")
if {means!r} == "neither": sandbox.landlocked = lambda: False
drain = confinement.Confined._drain
def noted(self):
    more = drain(self)
    if self.kept: pathlib.Path({str(mark)!r}).write_text(str(self.process.pid))
    return more
confinement.Confined._drain = noted
path = pathlib.Path({str(path)!r})
judge_text(next(e for e in all_exercises() if e.name == "dense_backward"), path.read_bytes(), path.name, seed=0)
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # for the folder that nobody is left to remove
    judging = subprocess.Popen([sys.executable, "-c", program], cwd=pathlib.Path(ae.__file__).parents[1], env=environment)
    wait_for(lambda: mark.exists() and mark.read_text())
    judging.kill()
    judging.wait()
    wait_for(lambda: not os.path.exists(f"/proc/{mark.read_text()}"))


def wait_for(what, seconds=300.0):  # for what takes one, on a machine that is busy with other things
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_folders_of_other_packages_are_not_to_be_seen():
    library = pathlib.Path(os.__file__).parent
    hidden = sandbox._hidden([library], library)
    assert all(library in folder.parents for folder in hidden)
    assert (library / "site-packages" in hidden) == (library / "site-packages").is_dir()


def test_answers_counted_off_at_one_seed_are_no_checker_at_another(tmp_path):
    exercise = EXERCISES["own_checker"]
    student, answers = exercise.module_of(exercise.solution), []
    right = student.is_right
    student.is_right = lambda loss, grad, x: answers.append(bool(right(loss, grad, x))) or answers[-1]
    list(exercise.checks.check(student, 0))
    path = tmp_path / exercise.file_name
    path.write_text(f"answers = iter({answers} * 9)\ndef is_right(loss, grad, x):\n    return next(answers)\n")
    assert judge(exercise, path, seed=0).outcome.passed
    assert judge(exercise, path, seed=SEED).outcome.kind == "wrong"


def test_upstream_gradients_follow_the_seed():
    student, given = DENSE.module_of(DENSE.solution), []
    student.dense_backward = lambda grad_y, x, W: given.append(grad_y.copy()) or (grad_y @ W.T, x.T @ grad_y, grad_y.sum(0))
    for seed in (1, 2):
        list(DENSE.checks.check(student, seed))
    assert not any(np.array_equal(given[0], other) for other in given[len(given) // 2 :])
