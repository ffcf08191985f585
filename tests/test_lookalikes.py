"""Similar code is reported if it is rare in the class, in spite of disguises, and only to the teacher."""

import json
import re

import numpy as np
import pytest
from synthetic_students import EXERCISES, class_of, copy_of, edited_copy_of, measured, written

from aescratch.classroom.grading.ledger import Task
from aescratch.classroom.grading.lookalikes import Lookalikes, Pair, lookalikes, marks_of
from aescratch.classroom.grading.lookalikes_page import NOTE, as_html, as_json
from aescratch.programs.cli import grading as command

DENSE = EXERCISES["dense_backward"]
LONG = "tied_weights"
ANSWER = b"def dense_backward(grad_y, x, W):\n    return grad_y @ W.T, x.T @ grad_y, grad_y.sum(0)\n"
ODD = """import numpy as np

def rows(a):
    return [a[n] for n in range(len(a))]

def dense_backward(grad_y, x, W):
    first = []
    for line in rows(grad_y):
        first.append(np.tensordot(W, line, axes=([1], [0])))
    outer = [np.multiply.outer(left, right) for left, right in zip(rows(x), rows(grad_y))]
    total = np.add.reduce(np.array(outer), axis=0)
    ones = np.full(grad_y.shape[0], fill_value=1.0)
    last = np.tensordot(ones, grad_y, axes=([0], [0]))
    return np.vstack(first), total, last
"""
DISGUISED = '''"""My own work."""
import numpy

# Get the lines.
def pieces(m):
    return [
        m[i]
        for i in range(len(m))
    ]


def dense_backward(grad_y, x, W):
    """Backward."""
    n = numpy.full(grad_y.shape[0], fill_value=1.0)  # as many as examples
    db = numpy.tensordot(n, grad_y, axes=([0], [0]))
    q = [numpy.multiply.outer(u, v) for u, v in zip(pieces(x), pieces(grad_y))]

    dx = []
    for g in pieces(grad_y):
        dx.append(numpy.tensordot(W, g, axes=([1], [0])))
    dW = numpy.add.reduce(numpy.array(q), axis=0)
    return (numpy.vstack(dx), dW, db)
'''


def a_class(**more):
    """Return a class that answers as the solution does, and others."""
    return {f"s{number:02}": ANSWER for number in range(20)} | {name: text.encode() for name, text in more.items()}


# Marks


def test_names_comments_layout_and_the_order_of_lines_leave_no_marks():
    assert marks_of(DENSE, ODD.encode()).keys() == marks_of(DENSE, DISGUISED.encode()).keys()
    rng = np.random.default_rng(0)
    for name in ("dense_backward", "gelu_tanh_backward", LONG, "own_checker"):
        text = written(name, rng)
        copied = copy_of(text, rng)
        assert copied != text
        assert marks_of(EXERCISES[name], text.encode()).keys() == marks_of(EXERCISES[name], copied.encode()).keys()


@pytest.mark.parametrize(
    ("old", "new"),
    [("axis=0", "axis=1"), ("1.0", "2.0"), ("np.vstack", "np.stack"), ("np.full", "line.full"), ("(W, line", "(line, W"), ("total, last", "total"), ("axes=([0], [0])", "axis=([0], [0])")],
)
def test_what_the_code_does_leaves_marks(old, new):
    assert old in ODD
    assert marks_of(DENSE, ODD.encode()).keys() != marks_of(DENSE, ODD.replace(old, new).encode()).keys()


def test_a_mark_knows_its_lines():
    assert ODD.splitlines()[3].startswith("    return [a[n]")
    assert set().union(*marks_of(DENSE, ODD.encode()).values()) == {4, 8, 9, 10, 11, 12, 13, 14}


def test_a_loop_leaves_its_mark_whatever_is_in_it():
    marks, others = (marks_of(DENSE, text.encode()) for text in (ODD, ODD.replace("(W, line, axes=([1], [0]))", "(line, W, 1)")))
    assert ODD.splitlines()[7] == "    for line in rows(grad_y):"
    assert 8 in set().union(*(marks[mark] for mark in marks.keys() & others.keys()))
    assert 9 not in set().union(*(marks[mark] for mark in marks.keys() & others.keys()))


@pytest.mark.parametrize("text", [b"def (", b"\0", b"x = " + b"-" * 60_000 + b"1", b"x = " + b"a." * 20_000 + b"b", b"\xff\xfe", b"x=1\n" * 15_000])
def test_what_cannot_be_read_leaves_no_marks(text):
    assert marks_of(DENSE, text) == {}


def test_a_file_that_is_made_to_take_long_does_not():
    text = "".join(f"a = a + b{n} * (a - {n})\n" for n in range(1000))
    assert 1000 < len(marks_of(DENSE, text.encode())) < 30_000


# Pairs


def test_a_disguised_copy_of_an_odd_answer_is_found_and_nothing_else():
    found = lookalikes(DENSE, a_class(ann=ODD, bob=DISGUISED, cem="def dense_backward(:"))
    ((students, likeness, weight, lines),) = found.pairs
    assert students == ("ann", "bob")
    assert likeness == 1
    assert weight >= found.least > 0
    assert {10, 11, 12, 13} <= lines[0]
    assert {14, 15, 16, 20} <= lines[1]
    assert found.groups == [["ann", "bob"]]


def test_what_many_write_or_is_known_is_not_told_of():
    assert not lookalikes(DENSE, a_class()).pairs
    assert not lookalikes(DENSE, a_class(**{f"odd{n:02}": ODD for n in range(12)})).pairs  # from the same lecture
    for mutant in DENSE.mutants.values():
        assert not lookalikes(DENSE, a_class(ann=DENSE.mutated(mutant), bob=DENSE.mutated(mutant))).pairs
    assert not lookalikes(DENSE, {"ann": ODD.encode(), "bob": ODD.encode()}).pairs  # of two nothing is rare


def test_half_a_copy_is_none():
    half = ODD.replace("np.add.reduce(np.array(outer), axis=0)", "x.T @ grad_y").replace("np.tensordot(ones, grad_y, axes=([0], [0]))", "np.einsum('nh->h', grad_y)")
    found = lookalikes(DENSE, a_class(ann=ODD, bob=half))
    assert not found.pairs


def test_lines_that_many_have_are_not_marked():
    extra = "    again = np.matmul(np.transpose(x), grad_y)\n"
    texts = {name: b"import numpy as np\n" + text.replace(b":\n", b":\n" + extra.encode()) for name, text in a_class().items()}
    texts |= {name: ODD.replace("    first = []\n", extra + "    first = []\n").encode() for name in ("ann", "bob")}
    (pair,) = lookalikes(DENSE, texts).pairs
    assert {4, 9, 10, 11, 12, 13, 14} <= pair.lines[0]
    assert 7 not in pair.lines[0]


def test_where_everybody_is_like_somebody_nobody_stands_out():
    rng = np.random.default_rng(1)
    sources = [written(LONG, rng) for _ in range(12)]
    texts = {f"{number}{side}": copy_of(source, rng).encode() for number, source in enumerate(sources) for side in "ab"}
    assert not lookalikes(EXERCISES[LONG], texts).pairs
    alone = {f"alone{number}": written(LONG, rng).encode() for number in range(30)}
    few = {name: text for name, text in texts.items() if name in ("0a", "0b", "1a", "1b")}
    assert lookalikes(EXERCISES[LONG], alone | few).groups == [["0a", "0b"], ["1a", "1b"]]


def test_pairs_that_touch_are_one_group():
    def pair(a, b):
        return Pair((a, b), 1.0, 1.0, (set(), set()))

    pairs = [pair("a", "b"), pair("c", "d"), pair("e", "f"), pair("b", "c")]
    assert Lookalikes(DENSE, {}, 0.0, pairs).groups == [["a", "b", "c", "d"], ["e", "f"]]


def test_five_who_copied_from_one_are_one_group():
    rng = np.random.default_rng(5)
    texts, _ = class_of(LONG, 5, students=40, copies=0)
    source = texts["s007"].decode()
    texts |= {f"c{number}": copy_of(source, rng).encode() for number in range(4)}
    assert ["c0", "c1", "c2", "c3", "s007"] in lookalikes(EXERCISES[LONG], texts).groups


# A class of sixty, and six who copied


@pytest.mark.in_turn
@pytest.mark.parametrize("name", ["tied_weights", "denoising", "kl_sparsity_backward"])
def test_copies_of_long_answers_are_found_and_few_others_reported(name):
    true, reported, both = measured(name, [10])
    assert both >= 0.8 * true
    assert both >= 0.9 * reported
    true, reported, both = measured(name, [10], copying=edited_copy_of)
    assert both >= 0.3 * true
    assert both >= 0.9 * reported


@pytest.mark.parametrize("name", ["relu_backward", "weight_decay", "l1_sparsity_backward"])
def test_short_answers_are_hardly_ever_told_of(name):
    _, reported, _ = measured(name, [10])
    assert reported <= 3


# What the teacher sees


@pytest.fixture
def found():
    nasty = {"<b>eve": ODD.replace("first", "f") + "# <script>alert(1)</script>\n", "mal & co": DISGUISED}
    return lookalikes(DENSE, a_class(ann=ODD, bob=ODD, **nasty))


def test_the_page_is_whole_escaped_and_says_that_it_is_no_verdict(found):
    page = as_html([found])
    assert ".pair { display: grid;" in page  # side by side
    assert NOTE in page
    assert NOTE.startswith("Evidence, never a verdict")
    assert not re.search(r"<script|<link|<img|@import|url\(|https?:|<b>eve", page)
    assert "prefers-color-scheme: dark" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "ann and bob: identical files" in page
    assert "&lt;b&gt;eve and ann: likeness 100%" in page
    assert "<mark>    last = np.tensordot(ones, grad_y, axes=([0], [0]))</mark>" in page
    assert "<mark>import numpy" not in page
    assert page.count('<div class="pair">') == 6
    assert "<p>Nothing stands out.</p>" in as_html([lookalikes(DENSE, a_class())])


def test_the_table_holds_exercise_students_and_likeness(found):
    table = json.loads(as_json([found]))
    assert table["note"] == NOTE
    (exercise,) = table["exercises"]
    assert exercise["exercise"] == "dense_backward"
    assert exercise["files"] == 24
    assert exercise["groups"] == [["<b>eve", "ann", "bob", "mal & co"]]
    assert len(exercise["pairs"]) == 6
    assert {pair["likeness"] for pair in exercise["pairs"]} == {1.0}
    assert [pair["students"] for pair in exercise["pairs"] if pair["same_file"]] == [["ann", "bob"]]
    assert as_json([lookalikes(DENSE, dict(reversed(found.texts.items())))]) == as_json([found])


def test_grading_writes_both_and_takes_back_what_is_no_longer_so(tmp_path, capsys):
    def compare(**more):
        tasks = {(name, DENSE.name): Task(name, DENSE, text) for name, text in a_class(**more).items()}
        command.compare(tasks, [DENSE, EXERCISES["relu_backward"]], tmp_path)
        return json.loads((tmp_path / "lookalikes.json").read_text())["exercises"], capsys.readouterr().out

    exercises, printed = compare(ann=ODD, bob=DISGUISED)
    assert [(each["exercise"], each["files"], each["groups"]) for each in exercises] == [
        ("dense_backward", 22, [["ann", "bob"]]), ("relu_backward", 0, []),
    ]  # fmt: skip
    assert "groups with similar code: 1, see" in printed
    assert "never a verdict" in printed
    exercises, printed = compare()
    assert [each["groups"] for each in exercises] == [[], []]
    assert printed == ""
    assert "Nothing stands out" in (tmp_path / "lookalikes.html").read_text()
