"""The checks that exercises use: of a backward, of a forward's values, and of a prediction before either.

    check_backward(student's backward, forward, inputs, seed)   -> Report, of check_function
    check_forward(student's forward, right one, draws)     -> Report, with a cause if a known slip gives these values
    check_prediction(student, the right letter, ...)       -> Report, with a question if another letter was chosen
"""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from aescratch.foundations.declared import declaration_of
from aescratch.foundations.language import gettext, gettext_noop, joined
from aescratch.inspection.gradcheck import Finding, Report, TensorResult, check_function
from aescratch.inspection.gradcheck.binding import bind, call, changed, copied, name_of, same, with_copies
from aescratch.inspection.gradcheck.findings import problem_with, raised
from aescratch.inspection.gradcheck.printing import PASS

EXPLAINING = ContextVar("explaining", default=True)  # whether to search for causes, which takes most of the time
BAD_MANNERS = ("changed-argument", "shared-memory", "changed-random-state")
OF_UPSTREAM = ("upstream-ignored", "not-linear")
TOLERANCE = 1e-9  # for values that aren't estimated
Inputs = Mapping[str, Any]
NO_PREDICTION, NO_SUCH_LETTER, WRONG_PREDICTION = "no-prediction", "no-such-letter", "wrong-prediction"  # codes


@contextlib.contextmanager
def seeking_causes(wanted: bool) -> Iterator[None]:
    """Switch the search for causes on or off in the checks that run inside."""
    token = EXPLAINING.set(wanted)
    try:
        yield
    finally:
        EXPLAINING.reset(token)


class Slip(NamedTuple):
    """A forward with a typical mistake: its values, and the cause and the question to show for them."""

    code: str
    forward: Callable[..., Any]
    cause: str
    question: str


class ValueReport(Report):
    """A report on values, where nothing is estimated and there are no kinks."""

    agreement = gettext_noop("{agree} of {entries} entries agree within {tolerance:g}")

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table as texts, the head first."""
        return [(*row[:3], *row[4:]) for row in super().rows()]


class PredictionReport(Report):
    """A report on a prediction, where there is no tensor."""

    @property
    def verdict(self) -> str:
        """``"pass"`` or ``"fail"``."""
        return self._verdict_of_findings()

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table as texts, the head first."""
        return [(gettext("asked for"), gettext("verdict")), ("PREDICTION", self.verdict)]

    def summary(self) -> str:
        """Return the last line: the verdict, and what is next."""
        right, wrong = gettext("pass: the prediction is right"), gettext("fail: the code is checked once this is right")
        return right if self.verdict == PASS else wrong


def check_backward(
    backward: Callable[..., Any], forward: Callable[..., Any], inputs: Inputs, seed: int,
    wrt: Sequence[str] | None = None, at: str = "", held: Mapping[str, str] | None = None,
) -> Report:  # fmt: skip
    """Return the gradient checker's report on a student's backward; the caller limits the time.

    Parameters
    ----------
    backward, forward : callable
        The student's, and ours.
    inputs : dict
        Forward's arguments, of sizes that are distinct primes.
    seed : int
        The seed of the upstream gradients; pass the one that the checks were given, so that no number can be guessed.
    wrt : list of str, optional
        Which inputs get a gradient, if not those of our own pair.
    at : str
        A description of the inputs, such as ``"large logits"``, for the report's first line.
    held : dict of str to str, optional
        Arguments of our forward that copy others and stay fixed while those move: ``{"E_held": "E"}`` is sg[E].
    """
    backward = undeclared(backward)
    report = check_function(
        forward, backward, inputs, wrt=wrt, held=held, rng=seed + 1, time_limit=None, explain=EXPLAINING.get()
    )
    report.title = report.title.replace(f", rng={seed + 1}", "")  # secret in grading
    if at:
        report.title = gettext("{title}, at {inputs}").format(title=report.title, inputs=gettext(at))
    report.findings = [finding for finding in report.findings if finding.code != "equal-sizes"]  # the sizes are ours
    report.findings = _in_order(_joined(report.findings))
    for finding in report.findings:
        if finding.code in BAD_MANNERS:  # elsewhere only a note beside right values; an exercise is stricter
            finding.severity = "error"
        if finding.code == "raised":
            pair = bind(forward, backward, with_copies(inputs, held or {}))
            output = call(forward, copied(pair.inputs))
            given = pair.arguments(np.ones(np.shape(output)), output)
            own = name_of(backward)
            finding.message = finding.message.replace("backward", own, 1) + _given(own, given)
    return report


def _joined(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings with one on wrong values for all gradients that one line makes wrong."""
    dropped: set[int] = set()
    for cause in findings:
        mended = [f"grad_{name}" for name in cause.evidence.get("mends", ())]
        wrong = [each for each in findings if each.code == "wrong-values" and each.tensor in mended]
        if len(wrong) > 1:
            names = ", ".join(str(each.tensor) for each in wrong[1:])
            wrong[0].message += gettext("; the same mistake makes {names} wrong").format(names=names)
            dropped |= {id(each) for each in wrong[1:]}
    return [finding for finding in findings if id(finding) not in dropped]


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings without those that say the same mistake again, and those on shared memory last.

    An argument that was changed is often returned too. An array in place of the upstream gradient makes backward break
    the law that it is linear in that.
    """
    overwritten = {each.tensor for each in findings if each.code == "changed-argument"}
    sharing = [each for each in findings if each.code == "shared-memory" and each.tensor not in overwritten]
    replaced = {each.tensor: each for each in findings if each.evidence.get("hypothesis") == "other-upstream"}
    lawless = [each for each in findings if each.code in OF_UPSTREAM and each.tensor in replaced]
    for each in lawless:
        replaced[each.tensor].evidence["law"] = each.code
    apart = {id(each) for each in lawless}
    others = [each for each in findings if each.code != "shared-memory" and id(each) not in apart]
    return [*others, *sharing]


def undeclared(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Return a backward without a declared gradient: an exercise asks for the derivative."""
    if declaration_of(backward) is None:
        return backward

    @functools.wraps(backward, updated=())
    def as_a_derivative(*arguments: Any, **named: Any) -> Any:
        return backward(*arguments, **named)

    return as_a_derivative


def check_forward(
    forward: Callable[..., Any], right: Callable[..., Any], draws: Sequence[Inputs], output: str = "y",
    slips: Sequence[Slip] = (),
) -> Report:  # fmt: skip
    """Return a report on a student's forward: the values of its output, entry by entry, at every draw of inputs.

    Parameters
    ----------
    forward, right : callable
        The student's, and one that gives the right values.
    draws : sequence of dict
        At least two inputs, so that no slip fits by chance.
    output : str
        The name of the output.
    slips : sequence of Slip
        Typical mistakes.
    """
    tensors: list[TensorResult] = []
    impure: dict[str, Finding] = {}
    title = gettext("check of the values that {name} returns").format(name=forward.__name__)
    for inputs in draws:
        arguments = copied(inputs)
        try:
            value, again = call(forward, arguments), call(forward, copied(inputs))
        except Exception as error:
            found = raised(error, forward.__name__)
            found.message += _given(forward.__name__, inputs)
            return ValueReport(title, [], [found], TOLERANCE)
        wanted = np.asarray(call(right, copied(inputs)))
        for name in changed(arguments, inputs):
            sentence = gettext(
                "{function} changed {name}, one of its arguments; work on a copy, since the caller still needs it"
            )
            message = sentence.format(function=forward.__name__, name=name)
            impure.setdefault(name, Finding("changed-argument", name, "error", message))
        if not same(value, again):
            sentence = gettext("{function} returns different values when it is called again with the same arguments")
            message = sentence.format(function=forward.__name__)
            impure.setdefault("", Finding("not-repeatable", None, "error", message))
        if problem := problem_with(np.float64(value) if isinstance(value, float) else value, wanted.shape):
            code, text = problem
            if code == "wrong-shape":
                text = gettext("has shape {got}, expected {shape}, see the docstring")
                text = text.format(got=np.shape(value), shape=wanted.shape)
            elif value is None:
                text = gettext("is None, expected an array of shape {shape}; end the function with: return {name}")
                text = text.format(shape=wanted.shape, name=output)
            found = Finding(code, output, "error", joined(" ", [output, text]))
            return ValueReport(title, [], [*impure.values(), found], TOLERANCE)
        verdicts = np.where(np.abs(value - wanted) <= TOLERANCE * float(np.abs(wanted).max()), "pass", "fail")
        no_estimates = np.full((*wanted.shape, 2), np.nan)
        tensors.append(TensorResult(output, np.asarray(value), wanted, verdicts, no_estimates, zero_is_meant=True))
    failing = next((tensor for tensor in tensors if tensor.verdict == "fail"), None)
    wrong = [] if failing is None else [_wrong(failing), *_cause(tensors, draws, slips)]
    return ValueReport(title, [failing or tensors[0]], [*impure.values(), *wrong], TOLERANCE)


def _given(name: str, arguments: Inputs) -> str:
    """Return the end of a sentence that names the shapes of a function's arguments; numbers are left out."""
    shapes = [f"{argument} {np.shape(value)}" for argument, value in arguments.items() if np.ndim(value)]
    return gettext("; {name} was given {shapes}").format(name=name, shapes=", ".join(shapes)) if shapes else ""


def check_prediction(student: Any, right: str, against: Mapping[str, str]) -> Report:
    """Return a report on the student's prediction, ``PREDICTION = "a"`` at the top of the file.

    Yield this report first: until it passes, an outcome hides the reports after it.

    Parameters
    ----------
    student : module
        The student's module, or an object with its names as attributes.
    right : str
        The letter of the right answer.
    against : dict
        For every other letter, the reason against it, as a question that doesn't give away the right answer.
    """
    given = getattr(student, "PREDICTION", None)
    letter = given.strip().lower() if isinstance(given, str) else None
    if letter == right:
        findings = []
    elif letter is not None and letter in against:
        message = gettext('PREDICTION = "{letter}" isn\'t what happens').format(letter=letter)
        findings = [Finding(WRONG_PREDICTION, None, "error", message, {"given": letter}, "", gettext(against[letter]))]
    else:
        *others, last = (f'"{each}"' for each in sorted([right, *against]))
        if given is None:
            came = gettext("is still None")
        elif letter is None:
            came = gettext("is something else")
        else:
            came = gettext('is "{letter}"').format(letter=letter[:20])
        message = gettext(
            "PREDICTION, at the top of the file, {came}; read the question there, and write {letters} or {last}: a "
            "guess is fine, and a wrong one costs nothing"
        )
        message = message.format(came=came, letters=", ".join(others), last=last)
        findings = [Finding(NO_PREDICTION if given is None else NO_SUCH_LETTER, None, "error", message)]
    return PredictionReport(gettext("your prediction, before any code"), [], findings, TOLERANCE)


def _wrong(tensor: TensorResult) -> Finding:
    failing, worst = tensor.count("fail"), tensor.worst
    sentence = gettext(
        "{name}: {failing} of {size} entries differ; at {worst} yours is {yours:.9g}, the right value is {right:.9g}"
    )
    message = sentence.format(
        name=tensor.name, failing=failing, size=tensor.verdicts.size, worst=worst,
        yours=float(tensor.analytic[worst]), right=float(tensor.numeric[worst]),
    )  # fmt: skip
    return Finding("wrong-values", tensor.name, "error", message, {"entries": failing, "worst": list(worst)})


def _cause(tensors: Sequence[TensorResult], draws: Sequence[Inputs], slips: Sequence[Slip]) -> list[Finding]:
    """Return the cause if one slip gives the student's values, at every draw."""
    values, output = [tensor.analytic for tensor in tensors], tensors[0].name
    for slip in slips:
        given = [np.asarray(call(slip.forward, copied(inputs))) for inputs in draws]
        if all(a.shape == b.shape and np.allclose(a, b, TOLERANCE, 0) for a, b in zip(values, given, strict=True)):
            evidence = {"hypothesis": slip.code}
            proof = gettext("it gives exactly these values at {number} draws of the inputs").format(number=len(draws))
            cause, question = gettext(slip.cause), gettext(slip.question)
            return [Finding("cause", output, "error", cause, evidence, cause, question, proof)]
    return []
