"""Findings that all checks share: about the values of a tensor, and about a backward that raises."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from aescratch.foundations.sources import PACKAGE, innermost
from aescratch.inspection.gradcheck.report import FAIL, INCONCLUSIVE, PASS, UNCHECKED, Finding, TensorResult

LONGEST_SOURCE = 100  # characters of a line that is shown


def value_findings(tensors: Sequence[TensorResult]) -> list[Finding]:
    """Return a finding for each tensor that didn't pass, with the numbers of its worst entry, or isn't tested."""
    findings = []
    for tensor in tensors:
        unseen = (tensor.verdicts == PASS) & np.isnan(tensor.numeric)
        if tensor.verdict == FAIL:
            if ((tensor.verdicts == FAIL) & np.isfinite(tensor.analytic)).any():  # others were reported before
                findings.append(_wrong_values(tensor))
        elif tensor.is_untested and not tensor.count("kink"):
            message = (
                f"{tensor.name}: the gradient is 0 everywhere, by backward and by {tensor.numeric_is}, which tests "
                "nothing; try other inputs or parameters"
            )
            findings.append(Finding("zero-gradient", tensor.name, INCONCLUSIVE, message))
        elif tensor.zero_is_meant and not (tensor.analytic.any() or np.nan_to_num(tensor.numeric).any()):
            message = (
                f"{tensor.name}: the gradient is 0 everywhere, by backward and by {tensor.numeric_is}, here and at "
                "other inputs"
            )
            findings.append(Finding("zero-gradient", tensor.name, "note", message))
        elif tensor.verdict == INCONCLUSIVE:
            findings.append(_not_settled(tensor))
        elif _is_zero_to_rounding(tensor):
            unseen[...] = False  # this message includes it
            message = (
                f"{tensor.name}: the gradient is 0 to rounding, by backward and by {tensor.numeric_is}: the loss "
                "doesn't depend on it, as it doesn't on a bias before a batch normalisation in training"
            )
            findings.append(Finding("zero-gradient", tensor.name, "note", message))
        if unseen.any():
            largest, entries = float(np.abs(tensor.analytic[unseen]).max()), int(unseen.sum())
            message = (
                f"{tensor.name}: in {entries} of {tensor.verdicts.size} entries the output doesn't change at all when "
                f"the input moves, and backward gives at most {largest:.1e}: too small to be seen, taken as 0; try "
                "other inputs"
            )
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
        "lie at kinks": kinks, "have a numeric estimate too rough to judge by": unsure - lost,
        "have no numeric estimate, since the function is NaN or infinite a small step away": lost,
    }  # fmt: skip
    told = " and ".join(f"{count} {what}" for what, count in counts.items() if count)
    message = f"{tensor.name}: of {tensor.verdicts.size} entries {told}; "
    message += "try other inputs, another seed, or inputs where the function is smoother"
    return Finding("not-settled", tensor.name, INCONCLUSIVE, message, {"kinks": kinks, "inconclusive": unsure})


def _wrong_values(tensor: TensorResult) -> Finding:
    failing = (tensor.verdicts == FAIL) & np.isfinite(tensor.analytic)
    errors = np.where(failing, np.nan_to_num(tensor.relative_error, nan=np.inf, posinf=np.inf), -1.0)
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(errors)), errors.shape))
    analytic, numeric = float(tensor.analytic[worst]) + 0.0, float(tensor.numeric[worst])  # + 0.0: no -0 in the text
    left, right = (float(slope) + 0.0 for slope in tensor.slopes[worst])
    evidence: dict[str, Any] = {"entries": int(failing.sum()), "worst": list(worst), "analytic": analytic}
    if np.isnan(numeric):
        found = f"the slopes on the two sides of the kink there are {left:.9g} and {right:.9g}"
        evidence["slopes"] = [left, right]
    else:
        found = f"{tensor.numeric_is} {numeric:.9g}"
        evidence["numeric"] = numeric
    message = f"{tensor.name}: {evidence['entries']} of {failing.size} entries differ"
    if tensor.analytic.any() or np.isnan(numeric):
        message += f"; at {worst} backward gives {analytic:.9g}, {found}"
    else:
        message += f": backward gives 0 everywhere, {found} at {worst}"
    compared = np.isfinite(tensor.numeric)
    if not tensor.rule and compared.any() and not tensor.numeric[compared].any():
        message += (
            "; the output doesn't change with it at all: if backward replaces the derivative by a rule on purpose, "
            "declare the rule with ae.surrogate_gradient"
        )
    return Finding("wrong-values", tensor.name, "error", message, evidence)


def problem_with(gradient: Any, shape: tuple[int, ...]) -> tuple[str, str] | None:
    """Return why a gradient can't be compared, as a code and a text, or None."""
    if gradient is None:
        return "wrong-type", f"is None, expected an array of shape {shape}; return the gradient"
    if not isinstance(gradient, (np.ndarray, np.generic)) or isinstance(gradient, np.ma.MaskedArray):
        return "wrong-type", f"has type {type(gradient).__name__}, expected an array of shape {shape}"
    if gradient.shape != shape:
        return "wrong-shape", f"has shape {gradient.shape}, expected {shape}, the shape of the array that it belongs to"
    if gradient.dtype.kind != "f":
        return "wrong-dtype", f"has dtype {gradient.dtype}, expected floats"
    if not np.isfinite(gradient).all():
        return "not-finite", f"has {int((~np.isfinite(gradient)).sum())} entries that are NaN or infinite"
    return None


def changed_parameter(name: str, severity: str = "error") -> Finding:
    """Return the finding for a backward that changed a value."""
    return Finding("changed-parameter", name, severity, f"backward changed the value of {name}; only an optimiser may")


def single_precision(who: str, dtype: Any) -> Finding:
    """Return the finding for a forward, or a loss, whose result has less precision than float64."""
    message = (
        f"{who} computes in {dtype}, too coarse for differences; keep the dtype of the inputs, float64 here"
    )
    return Finding("single-precision", None, INCONCLUSIVE, message, {"dtype": str(dtype)})


def is_ours(filename: str) -> bool:
    """Whether a file belongs to this package, also through a link."""
    return PACKAGE in pathlib.Path(filename).resolve().parents


def raised(error: Exception) -> Finding:
    """Return the finding for a backward that raised: type, text, and the line of the user's code."""
    frame = innermost(error)
    place = {} if frame is None else place_of_line(frame.filename, frame.lineno, frame.line)
    evidence = {"exception": type(error).__name__, **place}
    where = f" ({place['file']}:{place['line']})" if place else ""
    if isinstance(error, NotImplementedError):
        says = f", and says: {error}" if str(error) else ""
        return Finding("not-implemented", None, "error", f"backward isn't written yet{where}{says}", evidence)
    message = f"backward raised {type(error).__name__}: {error}{where}"
    return Finding("raised", None, "error", message, evidence)


def place_of_line(filename: str, line: int | None, source: str | None) -> dict[str, Any]:
    """Return the evidence for a finding about a line of the user's code: file, number, and the line itself if known."""
    text = (source or "").strip()
    shown = text if len(text) <= LONGEST_SOURCE else f"{text[:LONGEST_SOURCE]} …"
    return {"file": shown_path(filename), "line": line, **({"source": shown} if shown else {})}


def interrupted() -> Finding:
    """Return the note that Control-C ended the search for causes."""
    message = "Control-C ended the search for causes; all gradients have been compared, and their verdicts are valid"
    return Finding("interrupted", None, "note", message)


def timed_out(seconds: float) -> Finding:
    """Return the finding for a backward that didn't return in time."""
    message = (
        f"backward was still running after {seconds:g} s, and was stopped; look for a loop that never ends, "
        "or allow more time with time_limit="
    )
    return Finding("timed-out", None, "error", message, {"seconds": seconds})


def shown_path(filename: str) -> str:
    """Return a path as a report shows it: relative to the working directory, or only the file's name."""
    path = pathlib.Path(filename)
    try:
        return path.resolve().relative_to(pathlib.Path.cwd()).as_posix()
    except (ValueError, OSError):
        return path.name
