"""Readers' complaints about messages: each test shows that the old sentence is gone, and what replaces it."""

import inspect
import json

import mistakes
import numpy as np
import pytest

import aescratch as ae
from aescratch.classroom.exercise import all_exercises
from aescratch.classroom.looking import look
from aescratch.foundations.sources import innermost, is_users
from aescratch.inspection.gradcheck.causes.describe import between
from aescratch.inspection.recording import call_by_name
from aescratch.programs.cli.program import main

N, D, H = 7, 5, 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, D))
A = {"a": RNG.normal(size=(N, H))}
LARGE = {"a": 1000 * A["a"]}
DENSE = {"x": X, "W": RNG.normal(size=(D, H)), "b": RNG.normal(size=H)}


def findings(report, *codes):
    return [finding for finding in report.findings if finding.code in codes]


def line_of(function, text):
    """The number and the text of the line of a function that holds a text."""
    lines, first = inspect.getsourcelines(function)
    return next((first + i, line.strip()) for i, line in enumerate(lines) if text in line)


# The student's own line


def inside_numpy(grad_y, a):
    return np.reshape(grad_y, 4)


def inside_the_methods_of_arrays(grad_y, a):
    return grad_y.mean(axis=3)


def inside_an_attribute_of_numpy(grad_y, a):
    return np.no_such_function(grad_y)


def inside_this_package(grad_y, a):
    return ae.functions.dense_backward(grad_y.T, a, a)


def inside_the_standard_library(grad_y, a):
    return json.loads("no JSON")


def inside_a_function_of_its_own(grad_y, a):
    return helper(grad_y)


def helper(grad_y):
    return np.concatenate([grad_y, grad_y[0]])


RAISING = [
    (inside_numpy, "np.reshape"), (inside_the_methods_of_arrays, ".mean"), (inside_an_attribute_of_numpy, "no_such"),
    (inside_this_package, "dense_backward"), (inside_the_standard_library, "json.loads"), (helper, "concatenate"),
]  # fmt: skip


class TestTheStudentsLine:
    @pytest.mark.parametrize(("function", "text"), RAISING, ids=[function.__name__ for function, _ in RAISING])
    def test_exceptions_raised_inside_numpy_lose_the_students_line(self, function, text):
        backward = inside_a_function_of_its_own if function is helper else function
        report = ae.check_function(ae.functions.tanh, backward, A)
        (finding,) = findings(report, "raised")
        number, source = line_of(function, text)
        assert (finding.evidence["line"], finding.evidence["source"]) == (number, source)
        assert finding.evidence["file"].endswith("test_complaints.py")
        assert f"test_complaints.py:{number})\n    {source}\n" in str(report)
        assert f"<pre>{source.split('(')[0]}" in report._repr_html_()

    def test_exceptions_in_a_layer_and_in_a_model_too(self):
        class Layer:
            def forward(self, x):
                return x * 2

            def backward(self, grad):
                return np.stack([grad, 1])

        class Model(ae.Autoencoder):
            def backward(self):
                np.linalg.inv(self.parameters[0].value)

        number, source = line_of(Layer.backward, "np.stack")
        assert findings(ae.check_layer(Layer(), X), "raised")[0].evidence["line"] == number
        number, source = line_of(Model.backward, "inv")
        (finding,) = findings(ae.check_gradients(Model([D, H], rng=0), X), "raised")
        assert (finding.evidence["line"], finding.evidence["source"]) == (number, source)

    def test_aescratch_check_loses_it_too(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "mine.py").write_text(
            "import numpy as np\n"
            "def f(x):\n    return np.reshape(x, 4)\n"
            "def f_backward(grad_y, x):\n    return grad_y\n"
            "def g(x):\n    return x * 2\n"
            "def g_backward(grad_y, x):\n    return np.concatenate([grad_y, 2])\n"
            "import aescratch as ae\n"
            "class Wide(ae.Dense):\n    def __init__(self):\n        super().__init__(0, 3)\n"
        )
        assert main(["check", "mine.py:f_backward", "--input", "x=7,5"]) == 2
        assert "mine.py:3: ValueError: cannot reshape" in (said := capsys.readouterr().err)
        assert "at: return np.reshape(x, 4)" in said
        assert main(["check", "mine.py:Wide"]) == 2
        assert "mine.py:13: " in (said := capsys.readouterr().err)
        assert "at: super().__init__(0, 3)" in said
        assert main(["check", "mine.py:g_backward", "--input", "x=7,5"]) == 1
        assert "(mine.py:9)\n    return np.concatenate([grad_y, 2])\n" in capsys.readouterr().out

    def test_whose_a_line_is(self):
        assert is_users(__file__)
        assert is_users("<ipython-input-3-abc>")
        assert is_users("<stdin>")
        for filename in (np.__file__, pytest.__file__, ae.__file__, "<frozen importlib._bootstrap>", "<string>"):
            assert not is_users(filename)
        with pytest.raises(ValueError, match="matmul") as raised:
            inside_this_package(X, X)
        assert innermost(raised.value).name == "inside_this_package"
        assert innermost(raised.value, lambda filename: False) is None


def log_sum(a):
    e = np.exp(a)
    return np.log(e.sum(axis=1))


def safe_log_sum(a):
    top = a.max(axis=1, keepdims=True)
    return (top + np.log(np.exp(a - top).sum(axis=1, keepdims=True)))[:, 0]


def overflowing(grad_y, a):
    e = np.exp(a)
    p = e / e.sum(axis=1, keepdims=True)
    return grad_y[:, None] * p


class TestNumericalWarnings:
    def test_the_first_line_that_overflowed_is_named(self):
        with np.errstate(all="ignore"):
            report = ae.check_function(safe_log_sum, overflowing, LARGE)
        (finding,) = findings(report, "not-finite")
        number, source = line_of(overflowing, "np.exp")
        assert (finding.evidence["line"], finding.evidence["source"]) == (number, source)
        assert finding.evidence["warning"] == "overflow encountered in exp"
        later, _ = line_of(overflowing, "e.sum")
        assert finding.message.endswith(
            f"NumPy met overflow encountered in exp ({finding.evidence['file']}:{number}), "
            f"then invalid value encountered in divide ({finding.evidence['file']}:{later})"
        )

    def test_that_of_the_forward_too(self):
        with np.errstate(all="ignore"):
            report = ae.check_function(log_sum, overflowing, LARGE)
        finding = findings(report, "not-finite")[0]
        assert (finding.tensor, finding.severity) == (None, "inconclusive")
        assert finding.evidence["line"] == line_of(log_sum, "np.exp")[0]
        assert "log_sum returns 4 numbers that are NaN or infinite" in finding.message
        assert "too rough" not in str(report)

    def test_that_of_a_models_loss_and_backward_too(self):
        class Logarithm(ae.Autoencoder):
            def loss(self, x, rng=None):
                return super().loss(x, rng) + np.log(-self.parameters[0].value).sum()

        class Root(ae.Autoencoder):
            def backward(self):
                super().backward()
                self.parameters[0].grad[...] = np.sqrt(self.parameters[0].grad)

        (finding,) = ae.check_gradients(Logarithm([D, H], activation=ae.Tanh, rng=0), X).findings
        assert finding.evidence["line"] == line_of(Logarithm.loss, "np.log")[0]
        report = ae.check_gradients(Root([D, H], activation=ae.Tanh, rng=0), X)
        (finding,) = findings(report, "not-finite")
        assert finding.evidence["line"] == line_of(Root.backward, "np.sqrt")[0]

    def test_nan_of_which_numpy_says_nothing_gets_the_line_that_is_found_by_changing_it(self):
        (finding,) = findings(ae.check_function(ae.functions.tanh, lambda grad_y, y: grad_y * np.nan, A), "not-finite")
        assert "warning" not in finding.evidence
        assert finding.evidence["source"] == "grad_y * np.nan"
        assert finding.cause == "this isn't the gradient of what the forward computes"
        assert finding.message == "grad_a has 21 entries that are NaN or infinite"

    def test_the_run_itself_is_not_changed(self):
        calls = []

        def counting(grad_y, y):
            calls.append(dict(np.geterr()))
            return grad_y * (1 - y**2)

        with np.errstate(over="ignore", under="warn"):
            ae.check_function(ae.functions.tanh, counting, A)
        assert {call["over"] for call in calls} <= {"ignore"}


# Never written, written in part, added to, not finite, zero


def model_with(change, kind=ae.Autoencoder):
    """A model whose backward is ours, and then changes the first gradient, given what stood in it before."""

    class Changed(kind):
        def backward(self):
            before = self.parameters[0].grad.copy()
            super().backward()
            change(self.parameters[0].grad, before)

    return Changed([D, H], activation=ae.Tanh, rng=0)


class TestNeverWrittenIsNotZeroAndNotNaN:
    def test_encoder_backward_never_called(self):
        class Never(ae.Autoencoder):
            def backward(self):
                self.decoder.backward(self.reconstruction.backward())

        report = ae.check_gradients(Never([D, H], activation=ae.Tanh, rng=0), X)
        assert [f.message for f in findings(report, "never-written")] == [
            f"encoder.{name}.grad was never written: backward left it unchanged" for name in ("W1", "b1")
        ]
        assert "without a finite value" not in str(report)
        assert "too rough" not in str(report)
        assert [tensor.verdict for tensor in report.tensors] == ["fail", "fail", "pass", "pass"]
        assert "encoder.dense1.backward is never called" in str(report)

    def test_no_line_is_suspected_where_a_part_is_never_called(self):
        class Penalised(ae.Autoencoder):
            def loss(self, x, rng=None):
                self.h = self.encoder.forward(self.as_batch(x))
                x_hat = self.decoder.forward(self.h)
                return self.reconstruction.forward(x_hat, x) + 0.5 * (self.h**2).sum() / len(x)

            def backward(self):
                grad_x_hat = self.reconstruction.backward()
                grad_h = self.decoder.backward(grad_x_hat)
                grad_h += self.h / len(self.h)

        model = Penalised([D, H], activation=ae.Tanh, rng=0)
        for parameter in model.parameters:
            parameter.value[...] = np.random.default_rng(1).normal(size=parameter.shape)
        report = ae.check_gradients(model, X)
        assert "encoder.dense1.backward is never called" in str(report)
        assert "Look first" not in str(report)

    def test_some_entries_never_written(self):
        def leave(grad, before):
            grad[2:] = before[2:]

        report = ae.check_gradients(model_with(leave), X)
        (finding,) = findings(report, "never-written")
        assert finding.message == "encoder.W1.grad was written only in part: backward left 9 of 15 entries unchanged"
        assert not findings(report, "wrong-values")

    def test_a_layer_that_adds_with_plus_equals(self):
        def add(grad, before):
            grad += before

        report = ae.check_gradients(model_with(add), X)
        (finding,) = findings(report, "adds-gradient")
        assert finding.message.startswith("backward adds to encoder.W1.grad instead of writing it")
        assert {tensor.verdict for tensor in report.tensors} == {"pass"}, "what is added is right"
        assert report.verdict == "fail"
        assert not findings(report, "rows-not-exchangeable", "not-a-batch-mean", "not-finite", "not-settled")

    def test_what_is_added_may_be_wrong_as_well(self):
        def add(grad, before):
            grad *= 2
            grad += before

        report = ae.check_gradients(model_with(add), X)
        assert findings(report, "adds-gradient")
        assert [f.tensor for f in findings(report, "wrong-values")] == ["encoder.W1"]

    def test_what_makes_a_gradient_out_of_what_stood_there(self):
        def multiply(grad, before):
            grad *= before

        (finding,) = findings(ae.check_gradients(model_with(multiply), X), "adds-gradient")
        assert finding.message.startswith("backward computes with the old value of encoder.W1.grad,")

    def test_written_as_nan(self):
        def spoil(grad, before):
            grad[0] = np.nan

        report = ae.check_gradients(model_with(spoil), X)
        (finding,) = findings(report, "not-finite")
        assert finding.message == "backward writes 3 entries of encoder.W1.grad that are NaN or infinite"
        assert "1 times what it should be" not in str(report)

    def test_zero_everywhere(self):
        def erase(grad, before):
            grad[...] = 0

        (finding,) = findings(ae.check_gradients(model_with(erase), X), "wrong-values")
        assert finding.message.startswith("encoder.W1: 15 of 15 entries differ: backward gives 0 everywhere, the difference quotient ")

    def test_a_loss_that_is_nan_a_small_step_away_is_not_rough(self):
        def root(a):
            return np.sqrt(np.where(np.abs(a - A["a"]) > 0, -1.0, 1.0)) * a

        report = ae.check_function(root, lambda grad_y, a: grad_y * 1.0, A)
        (finding,) = findings(report, "not-settled")
        assert "too rough" not in finding.message
        assert "of 21 entries 21 have no numeric estimate, since the function is NaN or infinite a small step away" in finding.message

    @pytest.mark.parametrize("start", [None, 0.0])
    def test_a_layers_gradient_that_is_never_written(self, start):
        class Layer:
            def __init__(self):
                self.W, self.dW = DENSE["W"].copy(), None if start is None else np.full((D, H), start)

            def forward(self, x):
                self.x = x
                return x @ self.W

            def backward(self, grad):
                return grad @ self.W.T

        report = ae.check_layer(Layer(), X)
        (finding,) = findings(report, "never-written")
        assert finding.message == "the gradient of W was never written: backward left it unchanged"
        assert report.verdict == "fail"
        assert not findings(report, "wrong-values", "wrong-type", "cause")

    @pytest.mark.parametrize("kind", ["array", "number", "returned"])
    def test_a_layer_that_adds_is_told_so_wherever_its_gradient_is(self, kind):
        class Layer:
            def __init__(self):
                self.W = 0.7 if kind == "number" else DENSE["W"].copy()
                self.dW = 0.0 if kind == "number" else np.zeros((D, H))

            def forward(self, x):
                self.x = x
                return x * self.W if kind == "number" else x @ self.W

            def backward(self, grad):
                if kind == "number":
                    self.dW += float((self.x * grad).sum())
                    return grad * self.W
                self.dW += self.x.T @ grad
                return (grad @ self.W.T, self.dW) if kind == "returned" else grad @ self.W.T

        report = ae.check_layer(Layer(), X)
        assert [finding.tensor for finding in findings(report, "adds-gradient")] == ["W"]
        assert not findings(report, "never-written")

    def test_one_that_nothing_depends_on_need_not_be_written(self):
        class Layer(ae.Dense):
            def __init__(self):
                super().__init__(D, H, rng=0)
                self.unused = ae.Parameter("unused", np.ones(2))

        assert not findings(ae.check_layer(Layer(), X), "never-written")


# The order of a report: the place first, then from the loss backward


def two_layers(x, W1, W2):
    return np.tanh(x @ W1) @ W2


def two_layers_backward(grad_y, x, W1, W2):
    h = np.tanh(x @ W1)
    return grad_y @ W2.T @ W1.T, 3 * x.T @ (grad_y @ W2.T), 3 * h.T @ grad_y


class TestOrder:
    INPUTS = {"x": X, "W1": DENSE["W"], "W2": RNG.normal(size=(H, 2))}  # noqa: RUF012

    def test_w1_the_furthest_from_the_mistake_is_reported_first(self):
        report = ae.check_function(two_layers, two_layers_backward, self.INPUTS)
        assert [tensor.name for tensor in report.tensors] == ["grad_x", "grad_W1", "grad_W2"]
        told = list(dict.fromkeys(finding.tensor for finding in report.sorted_findings()))
        assert told == ["grad_W2", "grad_W1", "grad_x"]
        assert str(report).index("error: grad_W2") < str(report).index("error: grad_W1") < str(report).index("error: grad_x")

    def test_the_place_comes_before_all_values(self):
        class Wrong(ae.Autoencoder):
            def backward(self):
                grad_h = self.decoder.backward(self.reconstruction.backward())
                self.encoder.backward(2 * grad_h)

        report = ae.check_gradients(Wrong([D, H], activation=ae.Tanh, rng=0), X)
        told = [(finding.code, finding.tensor) for finding in report.sorted_findings()]
        assert told[0][0] == "first-wrong"
        assert [tensor for code, tensor in told if code == "wrong-values"] == ["encoder.b1", "encoder.W1"]

    def test_what_is_said_of_a_part_stays_behind_its_place(self):
        def wrong(self, grad):
            return grad * (1 - np.sin(self.y) ** 2) * np.cos(3 * self.y)

        Odd = type("Odd", (ae.Tanh,), {"backward": mistakes.without_source(wrong)})
        report = ae.check_gradients(ae.Autoencoder([D, H], activation=Odd, rng=0), X)
        first, second = report.sorted_findings()[:2]
        assert (first.code, second.code) == ("first-wrong", "described")
        assert second.tensor.startswith(f"{first.tensor}: ")

    def test_hints_follow_the_same_order(self, tmp_path):
        exercise = next(each for each in all_exercises() if each.name == "tied_weights")
        path = tmp_path / exercise.file_name
        path.write_text(exercise.shown_solution.replace("(x_hat - x) / len(x)", "x_hat - x"))
        assert look(exercise, path).codes[0] == "count-missing@grad_c"


# Hints belong to a mistake


def quiet_look(exercise, path):
    """What a process of its own, in which warnings are no errors, says of a file."""
    with np.errstate(all="ignore"):
        return look(exercise, path)


@pytest.fixture
def course(tmp_path, monkeypatch, capsys):
    """A student's folder, and a function that checks an exercise with changes in its solution, and asks for hints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("aescratch.programs.cli.student.check_file", lambda exercise, path, seconds: quiet_look(exercise, path))
    assert main(["exercises", "init", "."]) == 0

    def said(*words):
        capsys.readouterr()
        assert main(["exercises", *words]) in (0, 1)
        return capsys.readouterr().out

    def checked(name, *changes):
        exercise = next(each for each in all_exercises() if each.name == name)
        text = exercise.shown_solution
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / exercise.file_name).write_text(text)
        return said("check", name)

    said.checked = checked
    return said


class TestHints:
    GELU = (  # three mistakes of which one code is found, so that they are told apart by their numbers
        ("/ np.sqrt(2 * np.pi)", "/ np.sqrt(np.pi)"), ("-a * a / 2", "-a * a"), ("Phi + a * density", "Phi - a * density"),
    )  # fmt: skip
    VAE = ("beta * mu / N", "mu / N"), ("sigma**2 - 1", "sigma - 1"), ("0.5 * (sigma**2", "(sigma**2")

    @pytest.mark.in_turn
    @pytest.mark.parametrize(("name", "mistakes"), [("gelu_backward", GELU), ("vae_backward", VAE)], ids=["gelu", "vae"])
    def test_three_different_mistakes_with_one_hint_each_printed_the_answer(self, course, name, mistakes):
        for change in mistakes:
            course.checked(name, change)
            assert f"{name}, hint 1 of 3" in course("hint")

    def test_the_same_mistake_goes_on_where_it_was(self, course):
        first, second, _ = self.GELU
        course.checked("gelu_backward", first)
        assert "hint 1 of 3" in course("hint")
        course.checked("gelu_backward", second)
        assert "hint 1 of 3" in course("hint")
        course.checked("gelu_backward", first, ("    Phi =", "    # a line more\n    Phi ="))
        assert "hint 2 of 3" in course("hint")

    def test_exceptions_are_told_apart_by_their_text_and_not_by_their_line(self, course):
        course.checked("gelu_backward", ("np.exp(", "np.exponential("))
        assert "hint 1 of 3" in course("hint")
        course.checked("gelu_backward", ("np.exp(", "np.exponential("), ("    Phi =", "\n    Phi ="))
        assert "hint 2 of 3" in course("hint")
        course.checked("gelu_backward", ("Phi + a", "phi + a"))
        assert "hint 1 of 3" in course("hint")

    def test_the_last_level_warns_before_it_shows_the_answer(self, course):
        exercise = next(each for each in all_exercises() if each.name == "gelu_backward")
        course.checked("gelu_backward", self.GELU[0])
        shown = [course("hint"), course("hint"), course("hint"), course("hint"), course("hint", "--level", "3")]
        answers = {levels[2] for levels in exercise.hints.own.values()}
        assert not any(answer in text for text in shown for answer in answers)
        for text in shown[2:]:
            assert text.startswith("gelu_backward: the last hint tells what to write. What would you try after hint 2?")
            assert "aescratch exercises hint gelu_backward --answer" in text
        assert any(answer in course("hint", "--answer") for answer in answers)


PLANTED = [exercise for exercise in all_exercises() if exercise.is_planted]
ANSWERS = {
    "find_the_bug_1": ["mean", "cause", "ruled out"], "find_the_bug_2": ["h1", "cause", "ReLU", "ruled out"],
    "find_the_bug_3": ["variance", "deviation", "cause", "ask yourself"],
}  # fmt: skip


class TestPlantedBugs:
    @pytest.mark.parametrize("exercise", PLANTED, ids=lambda exercise: exercise.name)
    def test_find_the_bug_prints_the_answer_when_checked_untouched(self, course, exercise):
        course("start", exercise.name)
        said = course("check")
        assert f"{exercise.name}: not begun yet" in said
        assert "the file is not edited yet" in said
        assert " entries differ" in said, "the task is to read which"
        assert not [word for word in ANSWERS[exercise.name] if word in said]

    @pytest.mark.parametrize("exercise", PLANTED, ids=lambda exercise: exercise.name)
    def test_nor_do_the_hints_before_something_was_edited(self, course, exercise):
        course("start", exercise.name)
        for again in range(2):  # before the first check, and after it
            course("check") if again else None
            shown = [course("hint"), course("hint"), course("hint", "--level", "3"), course("hint", "--answer")]
            assert [text for text in shown if " of 3 " in text] == shown[:1]
            assert "change a line and check it before you ask for more" in shown[-1]

    def test_after_an_edit_of_the_loss_not_begun_yet(self, course):
        planted = (" + grad_rho_hat / N", " + grad_rho_hat")
        said = course.checked("find_the_bug_1", planted, ("return 0.5 * ((x_hat - x) ** 2)", "return 0.4 * ((x_hat - x) ** 2)"))
        assert "not begun yet" not in said
        assert "find_the_bug_1: not right yet" in said
        assert "you edited the file, but the bug is still there" in said
        assert "you changed sparse_loss, which is not checked: the bug is in sparse_backward" in said
        assert "ruled out" not in said

    def test_an_edit_of_its_function_has_a_whole_report(self, course):
        said = course.checked("find_the_bug_3", ("0.5 * log_var) * eps", "log_var) * eps"), ("    return mu", "    s = 1\n    return mu"))
        assert "you edited the file, but the bug is still there" in said
        assert "likely cause: the noise is scaled by the variance" in said


# Sentences that were true but unhelpful, or misleading


def cause(report):
    (finding,) = findings(report, "cause")
    return finding


def dense_backward(grad_y, x, W, b):
    return grad_y @ W.T, x.T @ grad_y, grad_y.sum(axis=0)


class TestSentences:
    def test_entries_off_by_a_thousandth_are_1_times_the_right_ones(self):
        def slightly_off(grad_y, y):
            return grad_y * (1 - y**2) * (1 + 0.001 * np.sin(40 * grad_y))

        report = ae.check_function(ae.functions.tanh, mistakes.without_source(slightly_off), A)
        (finding,) = findings(report, "described")
        assert " 1 times the right ones" not in finding.message
        assert "gradients is 0.9999" in finding.message, "nor has what is wrong a cosine of 1"
        assert "they are between 0.999 and 1.001 times the right ones" in finding.message

    @pytest.mark.parametrize(
        ("ratio", "words"),
        [((0.999, 1.001), "between 0.999 and 1.001"), ((1.0001, 1.0001), "1.0001"), ((-2.0, 0.5), "between -2 and 0.5"),
         ((1.00000001, 1.0001), "between 1.00000001 and 1.0001"), ((2.0, 2.0), "2"), ((1.2345678, 1.2345679), "1.23")],
    )  # fmt: skip
    def test_factors_have_as_many_digits_as_it_takes(self, ratio, words):
        assert between(*ratio) == words

    def test_grad_logits_is_right_now_beside_entries_that_are_nan(self, course):
        name = "softmax_backward"
        course.checked(name, ("p / ", "2 * p / "))
        said = course.checked(name, ("logits - logits.max(axis=1, keepdims=True)", "logits"))
        assert "grad_logits has 21 entries that are NaN or infinite" in said
        assert "grad_logits is now right" not in said

    def test_losses_have_no_upstream_gradients(self):
        def wrong(x_hat, x):
            return 2 * (x_hat - x) / len(x)

        inputs = {"x_hat": X, "x": RNG.normal(size=(N, D))}
        report = ae.check_function(ae.functions.squared_error, wrong, inputs)
        assert "draws of inputs and sizes" in report.proofs()
        assert "upstream" not in report.proofs()
        wrong_tanh = ae.check_function(ae.functions.tanh, lambda grad_y, y: 2 * grad_y * (1 - y**2), A)
        assert "draws of inputs, upstream gradients and sizes" in wrong_tanh.proofs()

    def test_what_would_it_be_if_grad_y_were_all_zeros_where_it_was_0_already(self, course):
        zeros = "What would your gradient be if grad_y were all zeros?"
        course.checked("sigmoid_backward", ("grad_y * y", "np.abs(grad_y) * y"))
        assert zeros not in course("hint")
        course.checked("sigmoid_backward", ("grad_y * y", "y"))
        assert zeros in course("hint")

    def test_which_sums_and_which_means_for_a_missing_2(self):
        def scaled(factor):
            return lambda x_hat, x: factor(x) * (x_hat - x) / len(x)

        inputs = {"x_hat": X, "x": RNG.normal(size=(N, D))}
        of_2 = cause(ae.check_function(ae.functions.squared_error, scaled(lambda x: 2), inputs))
        assert of_2.question == "Which constants appear in the forward, and what happens to each in a gradient?"
        of_n = cause(ae.check_function(ae.functions.squared_error, scaled(len), inputs))
        assert of_n.question.startswith("Over what does the forward sum")

    @pytest.mark.parametrize(
        ("backward", "asks"),
        [
            (lambda grad_y, a: grad_y * (a <= 0), "which entries does your gradient keep?"),
            (lambda grad_y, a: grad_y * (1 - np.tanh(a) ** 2) ** 2, "how often do you multiply by its derivative?"),
            (lambda grad_y, a: grad_y + (1 - np.tanh(a) ** 2), "join the derivative with what comes back?"),
            (lambda grad_y, a: grad_y * np.abs(np.cos(a)), "which sign has your gradient there?"),
        ],
        ids=["inverted mask", "slope twice", "added", "unsigned"],
    )
    def test_the_chain_rule_along_one_path_for_an_inverted_mask(self, backward, asks):
        forward = ae.functions.relu if "entries" in asks else (lambda a: np.sin(a)) if "sign" in asks else ae.functions.tanh
        found = cause(ae.check_function(forward, backward, {"a": 2 * A["a"]}))
        assert found.evidence["hypothesis"] == "slope-misused"
        assert asks in found.question

    def test_ones_returned_as_grad_b_are_no_formula_times_1_over_n(self):
        def ones_for_b(grad_y, x, W, b):
            return grad_y @ W.T, x.T @ grad_y, np.ones(len(b))

        found = cause(ae.check_function(lambda x, W, b: x @ W + b, ones_for_b, DENSE))
        assert found.cause == "grad_b is 1 in every entry for all inputs: backward returned ones"
        assert found.evidence["hypothesis"] == "other-upstream"

    def test_ones_of_one_size_only_are_named_as_ones(self):
        report = ae.check_function(lambda x, W, b: x @ W + b, lambda grad_y, x, W, b: (grad_y @ W.T, x.T @ grad_y, np.ones(H)), DENSE)
        assert cause(report).cause == "grad_b is 1 in every entry for all inputs: backward returned ones"

    def test_a_formula_with_ones_as_upstream_is_still_one(self):
        def ones_for_the_upstream(grad_y, x, W, b):
            return grad_y @ W.T, x.T @ np.ones_like(grad_y), grad_y.sum(axis=0)

        found = cause(ae.check_function(lambda x, W, b: x @ W + b, ones_for_the_upstream, DENSE))
        assert found.cause == "grad_W is what the right formula gives, with ones in place of the upstream gradient"

    @pytest.mark.in_turn
    @pytest.mark.parametrize("starred", ["args", "x_and_args", "options"])
    def test_a_layer_whose_forward_takes_args_is_not_located(self, starred):
        class Layer(ae.Tanh):
            def backward(self, grad):
                return super().backward(2 * grad)

        class Starred(Layer):
            def forward(self, *args):
                return super().forward(*args)

        class WithX(Layer):
            def forward(self, a, *args):
                return super().forward(a, *args)

        class Options(Layer):
            def forward(self, a, **options):
                return super().forward(a, **options)

        kind = {"args": Starred, "x_and_args": WithX, "options": Options}[starred]
        report = ae.check_gradients(ae.Autoencoder([D, H], activation=kind, rng=0), X)
        assert "unexpected keyword argument" not in str(report)
        (first,) = findings(report, "first-wrong")
        assert first.tensor == f"encoder.{kind.__name__.lower()}1"
        assert first.cause.endswith("is the right gradient, times 2")

    def test_arguments_under_the_names_that_a_call_has_them_by(self):
        def function(a, *rest, scale=1, **options):
            return a, rest, scale, options

        assert call_by_name(function, {"a": 1, "rest0": 2, "rest1": 3, "scale": 4, "b": 5}) == (1, (2, 3), 4, {"b": 5})


# How sure a cause is folds away


def wrong_layer(kind, change):
    """A class of layers whose backward returns what `change` makes of the right gradient."""
    return type("Odd", (kind,), {"backward": lambda self, grad: change(kind.backward(self, grad))})


@pytest.fixture(scope="module")
def doubled():
    return ae.check_function(ae.functions.tanh, lambda grad_y, y: 2 * grad_y * (1 - y**2), A)


class TestTheProof:
    def test_it_is_read_when_asked_for(self, doubled):
        begins = str(doubled).partition("verdict\n")[2].partition("\n")[2]
        assert begins.startswith("error: grad_a is the right gradient, times 2\n")
        assert "  ask yourself: Which constants" in begins
        assert "draws" not in str(doubled)
        assert doubled.proofs().startswith("grad_a is the right gradient, times 2: it reproduces all ")
        assert "draws of inputs, upstream gradients and sizes, to " in doubled.proofs()
        assert "; the next best cause is off by " in doubled.proofs()
        assert ae.check_function(ae.functions.tanh, ae.functions.tanh_backward, A).proofs() == ""

    def test_in_html_it_folds_away(self, doubled):
        page = doubled._repr_html_()
        inside = page.partition("<details><summary>How sure is that?</summary>")[2].partition("</details>")[0]
        assert "it reproduces all " in inside
        assert "it reproduces all " not in page.replace(inside, "")

    def test_programs_have_it_too(self, doubled):
        (found,) = [finding for finding in doubled.to_dict()["findings"] if finding["code"] == "cause"]
        assert found["message"] == found["cause"]
        assert found["proof"].startswith("it reproduces all ")

    def test_that_of_a_part_in_a_network_stands_with_its_place(self):
        kind = wrong_layer(ae.Tanh, lambda grad: 2 * grad)
        report = ae.check_gradients(ae.Autoencoder([D, H], activation=kind, rng=0), X)
        (first,) = findings(report, "first-wrong")
        assert first.proof.startswith("it reproduces all ")
        assert "draws" not in str(report)

    def test_causes_of_exercises_have_one(self, tmp_path):
        exercise = next(each for each in all_exercises() if each.name == "vae_backward")
        path = tmp_path / exercise.file_name
        path.write_text(exercise.mutated(exercise.mutants["beta forgotten"]))
        (report,) = look(exercise, path).reports
        assert "likely cause: the divergence's gradient for mu lacks the factor beta\n" in report

    @pytest.mark.in_turn(2)
    def test_no_finding_is_longer_than_somebody_reads(self):
        """Those about causes are held to it in every test of the catalogue; here are whole reports, and models'."""
        reports = []
        for mistake in mistakes.MISTAKES[::42]:
            forward, make, _ = mistakes.PAIRS[mistake.pair]
            with np.errstate(all="ignore"):
                inputs = make(np.random.default_rng(0))
                reports.append(ae.check_function(forward, mistake.backward, inputs, wrt=mistakes.wanted(mistake.pair)))
        changes = (lambda grad: 2 * grad, lambda grad: grad**2, lambda grad: grad[::-1].copy(), lambda grad: 0 * grad)
        for kind in (ae.Tanh, ae.GELU, ae.Sigmoid):
            for change in changes:
                model = ae.Autoencoder([D, H], activation=wrong_layer(kind, change), rng=0)
                reports.append(ae.check_gradients(model, X))
        found = [finding for report in reports for finding in report.findings]
        assert len(found) > 35
        assert not [finding for finding in found if mistakes.too_long(finding)]

    def test_many_rows_are_counted_and_not_listed(self):
        def wrong_in_half(grad_y, y):
            grad = grad_y * (1 - y**2)
            grad[::2] *= np.sin(grad[::2])
            return grad

        report = ae.check_function(ae.functions.tanh, mistakes.without_source(wrong_in_half), {"a": RNG.normal(size=(40, 2))})
        assert "40 of 80 entries are wrong, all in 20 of 40 rows; " in findings(report, "described")[0].message
