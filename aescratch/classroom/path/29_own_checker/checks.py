"""Try a student's checker on right gradients and on wrong ones, and record where it evaluates the loss.

    cases(rng) -> Case, right or wrong --is_right(loss, grad, x)--> its answer, and the points it asked at -> Report
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from aescratch import functions
from aescratch.backend import Array
from aescratch.classroom import TOLERANCE
from aescratch.foundations.language import gettext
from aescratch.inspection.gradcheck import Finding, Report, TensorResult
from aescratch.inspection.gradcheck.findings import raised
from aescratch.inspection.gradcheck.unflagged import with_warnings

FUNCTIONS = ("is_right",)
SHOWN = 3  # of the gradients of a kind that were judged wrongly
STEP_MATTERS = ("ordinary", "kink", "curved")  # codes of right gradients that a bad step makes look wrong
SHORT_CUTS = ("not-finite", "shape")  # codes of wrong ones that may be answered without asking the loss
ROUNDING = 1e-12  # by which x may be off that was moved and put back
LARGE, SMALL = 3e-4, 1e-9  # steps beyond which a difference quotient in float64 is of little use


class Case(NamedTuple):
    """A loss, a claimed gradient at x, whether it is right, and the words and the question for a wrong answer."""

    code: str
    words: str
    loss: Callable[[Array], Any]
    grad: Callable[[Array], Any]
    x: Array
    right: bool
    question: str


class CheckerReport(Report):
    """A report on a checker's answers."""

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table as texts, the head first."""
        names = {"right_gradients": gettext("right gradients"), "wrong_gradients": gettext("wrong gradients")}
        rows = [(names[t.name], str(t.verdicts.size), str(t.count("pass")), t.verdict) for t in self.tensors]
        return [(gettext("tried on"), gettext("number"), gettext("judged rightly"), gettext("verdict")), *rows]

    def summary(self) -> str:
        """Return the last line: the verdict, and how many answers are right."""
        number = sum(tensor.verdicts.size for tensor in self.tensors)
        agree = sum(tensor.count("pass") for tensor in self.tensors)
        if not number:
            return gettext("{verdict}: nothing was judged; see above").format(verdict=self.verdict)
        sentence = gettext("{verdict}: {agree} of {number} gradients are judged rightly")
        return sentence.format(verdict=self.verdict, agree=agree, number=number)


def check(student: Any, seed: int) -> Iterator[Report]:
    """Yield the report on is_right."""
    title = gettext("trial of is_right on right gradients and on wrong ones")
    findings: list[Finding] = []
    answers: dict[bool, list[bool]] = {True: [], False: []}
    for case in in_order(list(cases(np.random.default_rng(seed))), seed):
        asked = Asked(case)
        x = case.x.copy()
        try:
            answer = with_warnings(student.is_right, asked.loss, asked.grad, x)
        except Exception as error:
            found = raised(error)
            message = found.message.replace("backward", "is_right", 1)
            found.message = gettext("{message}; it was given {case}").format(message=message, case=gettext(case.words))
            yield CheckerReport(title, [], [found], TOLERANCE)
            return
        if not isinstance(answer, (bool, np.bool_)):
            sentence = gettext("is_right returned {type} for {case}, expected True or False")
            message = sentence.format(type=type(answer).__name__, case=gettext(case.words))
            yield CheckerReport(title, [], [Finding("wrong-type", None, "error", message)], TOLERANCE)
            return
        if np.abs(x - case.x).max() > ROUNDING and not any(found.code == "changed-argument" for found in findings):
            message = gettext("is_right changed x; restore every entry that you change, or work on a copy")
            findings.append(Finding("changed-argument", "x", "error", message))
        answers[case.right].append(bool(answer) == case.right)
        if bool(answer) != case.right and answers[case.right].count(False) <= SHOWN:
            first = answers[case.right].count(False) == 1
            findings.append(asked.finding(first))
    tensors = [_counted("right_gradients", answers[True], 1.0), _counted("wrong_gradients", answers[False], 0.0)]
    yield CheckerReport(title, tensors, findings, TOLERANCE)


def _counted(name: str, judged_rightly: list[bool], wanted: float) -> TensorResult:
    """Return answers as a tensor of ones for accepted and zeros for refused."""
    right = np.array(judged_rightly)
    answers = np.where(right, wanted, 1 - wanted)
    verdicts = np.where(right, "pass", "fail")
    slopes = np.full((right.size, 2), np.nan)
    return TensorResult(name, answers, np.full(right.shape, wanted), verdicts, slopes, zero_is_meant=True)


class Asked:
    """The loss of a case, which records how far from x it is evaluated, and on which sides."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.moves: list[Array] = []

    def loss(self, x: Any) -> Any:
        """Return the loss at x, and record x."""
        given = np.array(x, dtype=float)
        if given.shape != self.case.x.shape:
            raise ValueError(f"expected loss to be given an array of shape {self.case.x.shape}, got {given.shape}")
        self.moves.append(given - self.case.x)
        return self.case.loss(given)

    def grad(self, x: Any) -> Any:
        """Return the claimed gradient at x; its name is the same in all cases, so it gives nothing away."""
        return self.case.grad(x)

    def finding(self, asks: bool) -> Finding:
        """Return the finding for a wrong answer, with a question about the evaluations, or the case's own."""
        case = self.case
        verb, kind = ("refused", "right") if case.right else ("accepted", "wrong")
        code, seen, question = self._manner() or (f"{verb}-{case.code}", "", gettext(case.question))
        refused = gettext("it rejected the right gradient of {case}{seen}")
        accepted = gettext("it accepted the wrong gradient of {case}{seen}")
        message = (refused if case.right else accepted).format(case=gettext(case.words), seen=seen)
        return Finding(code, f"{kind}_gradients", "error", message, {"case": case.code}, "", question if asks else "")

    def _manner(self) -> tuple[str, str, str] | None:
        """Return a code, an observation and a question if the points of evaluation explain the answer."""
        case = self.case
        moved = [move for move in self.moves if move.any()]
        if not moved and case.code not in (*SHORT_CUTS, "whole"):
            return (
                "never-asked", gettext("; it never evaluated the loss at a point other than x"),
                gettext("Can you find a slope from the loss at a single point?"),
            )  # fmt: skip
        if not moved or case.code not in STEP_MATTERS:
            return None
        step = float(np.median([np.abs(move).max() for move in moved]))
        entries = [np.count_nonzero(move) for move in moved]
        if entries[0] == 1 and entries[-1] > 2:
            seen = gettext("; it evaluated the loss at points where {number} entries of x had changed")
            return (
                "not-restored", seen.format(number=entries[-1]),
                gettext("When you change the next entry, have you restored the previous one?"),
            )  # fmt: skip
        if step > LARGE:
            return (
                "step-large", gettext("; its steps were {step:.1g}").format(step=step),
                gettext("How straight is the loss over such a step? And is there a kink within it?"),
            )  # fmt: skip
        if step < SMALL:
            question = gettext(
                "float64 has 16 digits. How many of them are left in the difference of two losses so close together?"
            )
            return "step-small", gettext("; its steps were {step:.1g}").format(step=step), question
        if case.code != "kink" and len({float(np.sign(move.sum())) for move in moved}) == 1:
            seen = gettext("; it evaluated the loss only on one side of x, {step:.1g} away").format(step=step)
            question = gettext(
                "How fast does the error of a quotient shrink with the step, from one side, and from both?"
            )
            return "one-sided", seen, question
        return None


def in_order(tried: list[Case], seed: int) -> list[Case]:
    """Return the cases from plain to hard for a student, and in a secret order for grading."""
    return tried if seed == 0 else [tried[n] for n in np.random.default_rng([seed, 1]).permutation(len(tried))]


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the gradients to judge: first an ordinary one, right and wrong, then the more difficult ones."""
    x, target, W = rng.normal(size=(7, 5)), rng.normal(size=(7, 3)), rng.normal(0, 0.6, size=(5, 3))

    def loss(W: Array) -> Any:
        return 0.5 * ((np.tanh(x @ W) - target) ** 2).sum() / len(x)

    def grad(W: Array, rows: slice = slice(None)) -> Any:
        y = np.tanh(x[rows] @ W)
        return x[rows].T @ ((y - target[rows]) * (1 - y**2)) / len(x)

    one_entry = np.zeros(W.shape)
    one_entry.flat[1 + np.argmax(np.abs(grad(W)).flat[1:])] = 0.1
    few_digits = "Is your tolerance absolute, or relative to the size of the compared numbers?"
    plain = "By how much do claimed gradient and difference quotient differ here, and how do you decide?"
    yield Case("ordinary", "an ordinary loss", loss, grad, W, True, plain)
    yield Case("factor", "an ordinary loss, N times too large", loss, lambda W: len(x) * grad(W), W, False, plain)
    yield Case("sign", "an ordinary loss, with the other sign", loss, lambda W: -grad(W), W, False,
               "Do you compare the numbers, or their absolute values or squares?")
    yield Case("zeros", "an ordinary loss, all zeros", loss, np.zeros_like, W, False,
               "What does your measure of the difference give if the claimed gradient is 0?")
    yield Case("example", "an ordinary loss, of the last example only", loss, lambda W: grad(W, slice(-1, None)), W,
               False, plain)
    yield Case("entry", "an ordinary loss, one entry wrong by a tenth", loss, lambda W: grad(W) * (1 + one_entry), W,
               False, "Is every entry compared, or some of them, or a mean over all?")
    yield Case("not-finite", "an ordinary loss, one entry NaN", loss, lambda W: np.where(one_entry, np.nan, grad(W)), W,
               False, "What is the result of NaN > 1e-6? And of NaN <= 1e-6?")
    yield Case("huge", "a loss that is 1e8 times as large", lambda W: 1e8 * loss(W), lambda W: 1e8 * grad(W), W,
               True, few_digits)
    yield Case("tiny", "a loss that is 1e-8 times as large", lambda W: 1e-8 * loss(W), lambda W: 1e-8 * grad(W), W,
               True, few_digits)
    yield Case("tiny", "a loss that is 1e-8 times as large, twice too large", lambda W: 1e-8 * loss(W),
               lambda W: 2e-8 * grad(W), W, False, few_digits)
    yield from _of_particular_losses(rng)


def _of_particular_losses(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the gradients of losses that are 0, have kinks or are strongly curved, and subtle wrong ones."""
    x, upstream = rng.normal(size=(5, 3)), rng.choice([-1.0, 1.0], (5, 3)) * rng.uniform(0.5, 1.5, (5, 3))
    nothing = "By what do you divide if claimed gradient and difference quotient are both 0?"
    yield Case("zero", "a constant loss, which is 0", lambda x: 1.5, np.zeros_like, x, True, nothing)
    yield Case("not-zero", "a constant loss: 0.01 instead of 0", lambda x: 1.5, lambda x: 0 * x + 0.01, x,
               False,
               "What does your measure of the difference give if the difference quotient is 0?")
    off = np.where(rng.permutation(15).reshape(5, 3) < 6, -1.0, 1.0) * (0.1 + np.abs(x))
    yield Case("zero", "a ReLU loss, with some entries 0", lambda x: (upstream * functions.relu(x)).sum(),
               lambda x: upstream * (x > 0), off, True, nothing)
    near = np.where(x < 0, -1.0, 1.0) * rng.uniform(1e-3, 2e-3, (5, 3))
    yield Case("kink", "a sum of absolute values, a thousandth away from the kink",
               lambda x: (upstream * np.abs(x)).sum(),
               lambda x: upstream * np.sign(x), near, True, "How large is your step, and how near is the kink?")

    def slopes(x: Array) -> Any:
        return -30 * upstream * np.sin(30 * (x + np.roll(x, 1, axis=1)))

    yield Case("curved", "a strongly curved loss",
               lambda x: (upstream * np.cos(30 * (x + np.roll(x, 1, axis=1)))).sum(),
               lambda x: slopes(x) + np.roll(slopes(x), -1, axis=1), x, True,
               "How far is your quotient from the slope if the loss is curved? Which quotient is closer?")
    whole = rng.permutation(15).reshape(5, 3) - 7
    yield Case("whole", "a loss at an array x of integers", lambda x: (upstream * np.sin(x)).sum(),
               lambda x: upstream * np.cos(x), whole, True,
               "What does an array of integers store for x[0, 0] + 1e-5?")
    yield Case("close", "GELU with erf: that of GELU with tanh",
               lambda x: (upstream * functions.gelu(x)).sum(),
               lambda x: functions.gelu_tanh_backward(upstream, x), np.linspace(-2.5, 2.5, 15).reshape(5, 3), False,
               "It is wrong by less than a thousandth. How closely do right gradients agree with your quotients?")
    square = rng.normal(size=(3, 3))
    mixed = upstream[:3] @ square
    yield Case("transposed", "a product of matrices, transposed", lambda x: (mixed * x).sum() + (x**3).sum() / 3,
               lambda x: (mixed + x**2).T, square, False,
               "Do you compare entry by entry, or sums and norms, which don't change if entries are exchanged?")
    yield Case("shape", "a mean over rows, one row instead of five", lambda x: (x.mean(axis=0) * upstream[0]).sum(),
               lambda x: upstream[0] / 5, x, False,
               "What does NumPy compute for an array (5, 3) minus an array (3,)? Does the gradient have x's shape?")
