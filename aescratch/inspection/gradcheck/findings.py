"""Findings that all checks share: about the values of a tensor, and about a backward that raises."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext, gettext_noop, joined, told
from aescratch.foundations.sources import PACKAGE, innermost
from aescratch.inspection.gradcheck.misfits import misfit_of
from aescratch.inspection.gradcheck.report import FAIL, INCONCLUSIVE, PASS, UNCHECKED, Finding, TensorResult

LONGEST_SOURCE = 100  # characters of a line that is shown
OF_TRUTH_VALUES = "truth value of an array"  # in NumPy's message, whose advice, any() or all(), seldom fits a gradient
NO_CONDITION = gettext_noop(
    "{name} raised {kind}{where}: a condition (if, and, or, max) works with one number, but it got an array; for each "
    "entry use a mask such as (a > 0), or np.where"
)
NO_FIT = gettext_noop("{name} raised {kind}{where}: {misfit} ({error})")
WHICH_ENTRIES = gettext_noop("Is the condition about one number, or about each entry of an array by itself?")


def value_findings(tensors: Sequence[TensorResult]) -> list[Finding]:
    """Return a finding for each tensor that didn't pass, with the numbers of its worst entry, or isn't tested."""
    findings = []
    for tensor in tensors:
        unseen = (tensor.verdicts == PASS) & np.isnan(tensor.numeric)
        if tensor.verdict == FAIL:
            if ((tensor.verdicts == FAIL) & np.isfinite(tensor.analytic)).any():  # others were reported before
                findings.append(_wrong_values(tensor))
        elif tensor.is_untested and not tensor.count("kink"):
            message = gettext(
                "{tensor}: the gradient is 0 everywhere, by backward and by {other}, which tests nothing; try other "
                "inputs or parameters"
            ).format(tensor=tensor.name, other=told(tensor.numeric_is))
            findings.append(Finding("zero-gradient", tensor.name, INCONCLUSIVE, message))
        elif tensor.zero_is_meant and not (tensor.analytic.any() or np.nan_to_num(tensor.numeric).any()):
            message = gettext(
                "{tensor}: the gradient is 0 everywhere, by backward and by {other}, here and at other inputs"
            ).format(tensor=tensor.name, other=told(tensor.numeric_is))
            findings.append(Finding("zero-gradient", tensor.name, "note", message))
        elif tensor.verdict == INCONCLUSIVE:
            findings.append(_not_settled(tensor))
        elif _is_zero_to_rounding(tensor):
            unseen[...] = False  # this message includes it
            message = gettext(
                "{tensor}: the gradient is 0 to rounding, by backward and by {other}: the loss doesn't depend on it, "
                "as it doesn't on a bias before a batch normalisation in training"
            ).format(tensor=tensor.name, other=told(tensor.numeric_is))
            findings.append(Finding("zero-gradient", tensor.name, "note", message))
        if unseen.any():
            largest, entries = float(np.abs(tensor.analytic[unseen]).max()), int(unseen.sum())
            message = gettext(
                "{tensor}: in {count} of {entries} entries the output doesn't change at all when the input moves, and "
                "backward gives at most {largest:.1e}: too small to be seen, taken as 0; try other inputs"
            ).format(tensor=tensor.name, count=entries, entries=tensor.verdicts.size, largest=largest)
            findings.append(Finding("unseen-gradient", tensor.name, "note", message, {"entries": entries}))
    return findings


def _is_zero_to_rounding(tensor: TensorResult) -> bool:
    """Whether all checked entries are 0, some of them to rounding."""
    if tensor.is_zero is None or not tensor.is_zero.any():
        return False
    exactly = (tensor.analytic == 0) & (tensor.numeric == 0)
    return bool((tensor.is_zero | exactly)[tensor.verdicts != UNCHECKED].all())


def _not_settled(tensor: TensorResult) -> Finding:
    kinks, unsure = tensor.count("kink"), tensor.count(INCONCLUSIVE)
    lost = int(((tensor.verdicts == INCONCLUSIVE) & ~np.isfinite(tensor.numeric)).sum())
    counts = {
        gettext("{count} lie at kinks"): kinks,
        gettext("{count} have a numeric estimate too rough to judge by"): unsure - lost,
        gettext(
            "{count} have no numeric estimate, since the function is NaN or infinite a small step away"
        ): lost,
    }
    these = gettext(" and ").join(what.format(count=count) for what, count in counts.items() if count)
    message = gettext(
        "{tensor}: of {entries} entries {these}; try other inputs, another seed, or inputs where the function is "
        "smoother"
    ).format(tensor=tensor.name, entries=tensor.verdicts.size, these=these)
    return Finding("not-settled", tensor.name, INCONCLUSIVE, message, {"kinks": kinks, "inconclusive": unsure})


def _wrong_values(tensor: TensorResult) -> Finding:
    failing = (tensor.verdicts == FAIL) & np.isfinite(tensor.analytic)
    errors = np.where(failing, np.nan_to_num(tensor.relative_error, nan=np.inf, posinf=np.inf), -1.0)
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(errors)), errors.shape))
    analytic, numeric = float(tensor.analytic[worst]) + 0.0, float(tensor.numeric[worst])  # + 0.0: no -0 in the text
    left, right = (float(slope) + 0.0 for slope in tensor.slopes[worst])
    evidence: dict[str, Any] = {"entries": int(failing.sum()), "worst": list(worst), "analytic": analytic}
    if np.isnan(numeric):
        found = gettext("the slopes on the two sides of the kink there are {left:.9g} and {right:.9g}")
        found = found.format(left=left, right=right)
        evidence["slopes"] = [left, right]
    else:
        found = joined(" ", [told(tensor.numeric_is), f"{numeric:.9g}"])
        evidence["numeric"] = numeric
    message = gettext("{tensor}: {count} of {entries} entries differ")
    if tensor.analytic.any() or np.isnan(numeric):
        message += gettext("; at {place} backward gives {analytic:.9g}, {found}")
    else:
        message += gettext(": backward gives 0 everywhere, {found} at {place}")
    message = message.format(
        tensor=tensor.name, count=evidence["entries"], entries=failing.size, place=worst, analytic=analytic, found=found
    )
    compared = np.isfinite(tensor.numeric)
    if not tensor.rule and compared.any() and not tensor.numeric[compared].any():
        message += gettext(
            "; the output doesn't change with it at all: if backward replaces the derivative by a rule on purpose, "
            "declare the rule with ae.surrogate_gradient"
        )
    return Finding("wrong-values", tensor.name, "error", message, evidence)


def problem_with(gradient: Any, shape: tuple[int, ...]) -> tuple[str, str] | None:
    """Return why a gradient can't be compared, as a code and a text, or None."""
    if gradient is None:
        return "wrong-type", gettext(
            "is None, expected an array of shape {shape}; return the gradient"
        ).format(shape=shape)
    if not isinstance(gradient, (np.ndarray, np.generic)) or isinstance(gradient, np.ma.MaskedArray):
        said = gettext("has type {kind}, expected an array of shape {shape}")
        return "wrong-type", said.format(kind=type(gradient).__name__, shape=shape)
    if gradient.shape != shape:
        said = gettext("has shape {got}, expected {shape}, the shape of the array that it belongs to")
        return "wrong-shape", said.format(got=gradient.shape, shape=shape)
    if gradient.dtype.kind != "f":
        return "wrong-dtype", gettext("has dtype {dtype}, expected floats").format(dtype=gradient.dtype)
    if not np.isfinite(gradient).all():
        said = gettext("has {count} entries that are NaN or infinite")
        return "not-finite", said.format(count=int((~np.isfinite(gradient)).sum()))
    return None


def well_formed(
    inputs: Mapping[str, Any], names: Sequence[str], gradients: Sequence[Any], returned: Any
) -> tuple[dict[str, Array], list[Finding]]:
    """Return the gradients that can be compared, by input, and a finding for each that can't."""
    if returned is None:
        wanted = ", ".join(f"grad_{name}" for name in names)
        message = gettext(
            "backward returns None; end it with a return statement: return {wanted}"
        ).format(wanted=wanted)
        return {}, [Finding("wrong-type", None, "error", message)]
    is_one = isinstance(returned, list) and len(names) == 1
    hint = gettext("; a list is taken as several gradients") if is_one else ""
    if len(gradients) != len(names):
        message = gettext("backward returns {count} gradients, expected {expected}, for {names}")
        if len(gradients) == 1:
            message = gettext("backward returns 1 gradient, expected {expected}, for {names}")
        message = message.format(count=len(gradients), expected=len(names), names=", ".join(names)) + hint
        return {}, [Finding("wrong-count", None, "error", message, {"expected": len(names), "got": len(gradients)})]
    fine, findings = {}, []
    for name, gradient in zip(names, gradients, strict=True):
        problem = problem_with(gradient, inputs[name].shape)
        if problem is None:
            fine[name] = gradient
        else:
            code, text = problem
            message = gettext("{tensor} {problem}").format(tensor=f"grad_{name}", problem=text) + hint
            findings.append(Finding(code, f"grad_{name}", "error", message))
    return fine, findings


def changed_parameter(name: str, severity: str = "error") -> Finding:
    """Return the finding for a backward that changed a value."""
    message = gettext("backward changed the value of {name}; only an optimiser may").format(name=name)
    return Finding("changed-parameter", name, severity, message)


def single_precision(who: str, dtype: Any) -> Finding:
    """Return the finding for a forward, or a loss, whose result has less precision than float64."""
    message = gettext(
        "{who} computes in {dtype}, too coarse for differences; keep the dtype of the inputs, float64 here"
    )
    message = message.format(who=who, dtype=dtype)
    return Finding("single-precision", None, INCONCLUSIVE, message, {"dtype": str(dtype)})


def is_ours(filename: str) -> bool:
    """Whether a file belongs to this package, also through a link."""
    return PACKAGE in pathlib.Path(filename).resolve().parents


def raised(error: Exception, name: str = "backward") -> Finding:
    """Return the finding for a function that raised: type, text, and the line of the user's code."""
    frame = innermost(error)
    place = {} if frame is None else place_of_line(frame.filename, frame.lineno, frame.line)
    evidence = {"exception": type(error).__name__, **place}
    where = f" ({place['file']}:{place['line']})" if place else ""
    if isinstance(error, NotImplementedError):
        says = gettext(", and says: {error}").format(error=error) if str(error) else ""
        message = gettext("{name} isn't written yet{where}{says}").format(name=name, where=where, says=says)
        return Finding("not-implemented", None, "error", message, evidence)
    said, question, misfit = gettext("{name} raised {kind}: {error}{where}"), "", misfit_of(error)
    if misfit:
        said, question = gettext(NO_FIT), misfit.question
        evidence["misfit"] = misfit.operation
    elif isinstance(error, ValueError) and OF_TRUTH_VALUES in str(error):
        said, question = gettext(NO_CONDITION), gettext(WHICH_ENTRIES)
        evidence["truth-value"] = True
    message = said.format(name=name, kind=type(error).__name__, error=error, where=where, misfit=misfit)
    return Finding("raised", None, "error", message, evidence, "", question)


def place_of_line(filename: str, line: int | None, source: str | None) -> dict[str, Any]:
    """Return the evidence for a finding about a line of the user's code: file, number, and the line itself if known."""
    text = (source or "").strip()
    shown = text if len(text) <= LONGEST_SOURCE else f"{text[:LONGEST_SOURCE]} …"
    return {"file": shown_path(filename), "line": line, **({"source": shown} if shown else {})}


def interrupted() -> Finding:
    """Return the note that Control-C ended the search for causes."""
    message = gettext(
        "Control-C ended the search for causes; all gradients have been compared, and their verdicts are valid"
    )
    return Finding("interrupted", None, "note", message)


def timed_out(seconds: float) -> Finding:
    """Return the finding for a backward that didn't return in time."""
    message = gettext(
        "backward was still running after {seconds:g} s, and was stopped; look for a loop that never ends, or allow "
        "more time with time_limit="
    ).format(seconds=seconds)
    return Finding("timed-out", None, "error", message, {"seconds": seconds})


def shown_path(filename: str) -> str:
    """Return a path as a report shows it: relative to the working directory, or only the file's name."""
    path = pathlib.Path(filename)
    try:
        return path.resolve().relative_to(pathlib.Path.cwd()).as_posix()
    except (ValueError, OSError):
        return path.name
