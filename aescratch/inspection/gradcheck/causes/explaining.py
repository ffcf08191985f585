"""From a pair whose gradient is wrong to a cause, or to a description if no cause can be claimed.

looks -> candidates that fit the first -> those that fit every other look too, with one reading of their factor
      -> the simplest statement, with others that predict the same
"""

from __future__ import annotations

import contextlib
import inspect
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from aescratch.foundations.language import gettext, gettext_noop
from aescratch.inspection.gradcheck.binding import Pair
from aescratch.inspection.gradcheck.causes.catalogue import STAGES
from aescratch.inspection.gradcheck.causes.describe import describe
from aescratch.inspection.gradcheck.causes.draws import Looks, dimensions_of, shrunk, takes_a_number
from aescratch.inspection.gradcheck.causes.judge import BOUNDS, FITS, Judge
from aescratch.inspection.gradcheck.causes.looks import Look, Unusable
from aescratch.inspection.gradcheck.lines import Scene, WrongLine, wrong_lines
from aescratch.inspection.gradcheck.report import Finding

EVALUATIONS = 6  # of forward, for one derivative
MOST_ENTRIES = 400  # of all inputs; with more entries, looks are taken at small sizes
MOST_DERIVATIVES = 200_000
TOO_SLOW = 1.0  # seconds for one look, more than small arrays need: machine load must not change the text
TRIALS = 3
LONG = 3.0  # seconds of processor time, after which only the usual causes are tried for the remaining gradients
VANISHING = 1e-6  # of the largest entry
SATURATED = 0.5  # a share of entries that vanish at the given inputs only; with more, nothing is claimed
OTHER_UPSTREAM = 1.7  # of an output that is a number, so that multiplying by it shows
UNMEASURED = gettext_noop(
    "These facts are for random inputs of usual size: at the given inputs the right gradient can't be measured well "
    "enough to look for a cause"
)
TOO_LARGE = gettext_noop(
    "no cause was looked for, since that takes too long with {entries} entries, and no smaller inputs were found that "
    "forward takes; pass smaller ones"
)
UNTAKEN = gettext_noop("No cause was looked for: forward or backward fails at random inputs of usual size")


def explain(pair: Pair, names: Sequence[str], *, seed: int = 0) -> list[Finding]:
    """Return at most one finding for each gradient that is wrong: its cause, or else a description.

    The names are the inputs whose gradients backward returns, in its order; the seed is that of the further looks. A
    finding has the code "cause", with a statement and a question, or "described". This function never raises.
    """
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return _explain(pair, names, seed)
    except Exception:
        return []


def _explain(pair: Pair, names: Sequence[str], seed: int) -> list[Finding]:
    dimensions = dimensions_of(pair, names)
    smaller = _too_much(pair, names)
    if smaller:
        try:
            pair, dimensions = shrunk(pair, dimensions, lambda small: _too_much(small, names))
        except Unusable:
            entries = sum(np.size(pair.inputs[name]) for name in names)
            message = gettext(TOO_LARGE).format(entries=entries)
            return [Finding("described", None, "note", message, {"entries": entries})]
    looks = Looks.at(pair, names, dimensions, seed)
    looks.find_generic()
    given, generic = looks.given, looks.generic
    wrong = [name for name in names if is_wrong(given, name)]
    if generic is None:
        findings = [describe(given, name, [], UNTAKEN) for name in wrong if _has_its_shape(given, name)]
    else:
        findings = _judged(looks, generic, wrong, _lines(looks, names)) if wrong else []
        hidden = [name for name in names if name not in wrong and is_hidden(given, name) and is_wrong(generic, name)]
        findings += [describe(generic, name, [], UNMEASURED) for name in hidden]
    for finding in findings if smaller else ():
        finding.evidence["at_smaller_sizes"] = True
        at = gettext("; all this at smaller inputs of the same kind")
        finding.message, finding.proof = finding.message + ("" if finding.proof else at), finding.proof + at
    return findings


def _lines(looks: Looks, names: Sequence[str]) -> list[WrongLine]:
    """Return the lines of backward that make gradients wrong, searched for at generic inputs.

    If other gradients are wrong there than at the given inputs, the pair isn't made for generic inputs.
    """
    base, others = looks.given, list[Scene]()
    first = scene_of(base, names)
    right = first.right(names)
    at_generic = None if looks.generic is None else scene_of(looks.generic, names)
    is_alike = at_generic is not None and at_generic.right(names) == right
    if at_generic and is_alike and looks.base is not base:
        base, first, others = looks.base, at_generic, [first]
    drawn = [scene_of(each, names) for each in looks.drawn(base, looks.draws if is_alike else {})]
    if takes_a_number(base):
        first = scene_of(base.altered({}, np.asarray(OTHER_UPSTREAM)), names)
    alike = (scene for scene in drawn if scene.right(names) == right)  # no right one if backward raises
    scenes = [first, *others, *(scene for scene in alike if right or scene.returned() or not first.returned())]
    own = [inspect.unwrap(function) for function in (base.pair.forward, base.pair.backward)]
    return wrong_lines(scenes, names, [n for n in names if n not in right], also=own)


def mend(finding: Finding, pair: Pair, names: Sequence[str], *, seed: int = 0) -> None:
    """Add the line at fault to a finding about a backward that raises or returns no gradient."""
    with contextlib.suppress(Exception), np.errstate(all="ignore"):
        looks = Looks.at(pair, names, dimensions_of(pair, names), seed)
        right = scene_of(looks.given, names).right(names)
        for line in _lines(looks, names):
            if line.cause and right.union(line.mended) == set(names):
                finding.cause, finding.question = line.cause, line.question
                finding.evidence |= line.evidence


def scene_of(look: Look, names: Sequence[str]) -> Scene:
    """Return a look as the scene that the search for a line works on."""

    def gradients() -> dict[str, Any]:
        returned = look.pair.at(look.inputs).gradients(look.upstream, look.output)
        return dict(zip(names, returned, strict=True))

    inputs = [value for value in look.inputs.values() if isinstance(value, np.ndarray)]
    arrays = {name: look.inputs[name] for name in names}

    def anew() -> Scene:
        return scene_of(look.altered({}), names)

    def objective() -> float:
        return float((look.upstream * look.evaluate()).sum())

    return Scene(arrays, objective, gradients, inputs, arguments=look.inputs, anew=anew)


def _judged(looks: Looks, generic: Look, wrong: Sequence[str], lines: Sequence[WrongLine]) -> list[Finding]:
    """Return a cause or a description for every wrong gradient; if the given inputs aren't generic, others lead."""
    several = [line for line in lines if len(line.mended) > 1]
    findings = [_of_line(line, line.mended) for line in several]
    told = {name for line in several for name in line.mended}
    by_line = {name: line for line in lines if len(line.mended) < 2 for name in line.mended or wrong[:1]}
    left = [name for name in wrong if name not in told]
    given, looks, start = looks.given, replace(looks, names=left), time.process_time()
    for name in left:
        line, judge = by_line.get(name), Judge(looks, name)
        is_late = time.process_time() - start > LONG
        judged = is_wrong(generic, name) and vanishing(given, name) <= vanishing(generic, name) + SATURATED
        is_mended = line is not None and bool(line.cause)
        cause = judge.cause(STAGES[:2] if is_mended or is_late else STAGES) if judged else None
        if line is None:
            unknown = [describe(given, name, judge.ruled_out)] if _has_its_shape(given, name) else []
            findings += [cause] if cause else unknown
        elif is_mended and (cause is None or line.evidence["edit"] == "sign-of-term"):  # not a term too many
            findings.append(_of_line(line, [name]))
            findings[-1].evidence = {**(cause.evidence if cause else {}), **line.evidence}
        elif cause is None:
            finding = describe(given, name, judge.ruled_out, advice=line.advice)
            finding.evidence |= line.evidence
            finding.message += line.remark
            findings.append(finding)
        else:
            cause.evidence |= line.evidence if is_mended else {}
            findings.append(cause)
    return findings


def _has_its_shape(look: Look, name: str) -> bool:
    """Whether a gradient has the shape of its input, so that facts about its values can be told."""
    return bool(look.returned[name].shape == look.truth(name).shape)


def _of_line(line: WrongLine, mended: Sequence[str]) -> Finding:
    """Return the finding about a line that makes gradients wrong."""
    tensors = [f"grad_{name}" for name in mended]
    message = line.message(tensors)
    return Finding("cause", tensors[-1], "error", message, line.evidence, line.cause, line.question, line.proof)


def _too_much(pair: Pair, names: Sequence[str]) -> bool:
    """Whether looks must be taken at small sizes: decided by counts, and by time only if forward is very slow."""
    entries, fastest = sum(np.size(pair.inputs[name]) for name in names), float("inf")
    output: Any = None
    for _ in range(TRIALS):
        start = time.perf_counter()
        output = pair.output()
        fastest = min(fastest, time.perf_counter() - start)
    counted = entries > MOST_ENTRIES or np.size(output) * entries > MOST_DERIVATIVES
    return counted or fastest * entries * EVALUATIONS > TOO_SLOW


def vanishing(look: Look, name: str) -> float:
    """Return the share of entries at which the right gradient is almost 0, as where a sigmoid is flat."""
    sizes = np.abs(look.truth(name))
    return float(np.mean(sizes <= VANISHING * sizes.max(initial=0.0)))


def is_hidden(look: Look, name: str) -> bool:
    """Whether only few entries of the right gradient are known well enough to compare."""
    return bool(look.usable(name).mean() < 0.5)


def is_wrong(look: Look, name: str) -> bool:
    """Whether the gradient that was returned for this input differs from the right one by more than rounding."""
    if name not in look.returned:
        return False
    returned, truth = look.returned[name], look.truth(name)
    if returned.shape != truth.shape:
        return True
    largest = max(float(np.abs(truth).max()), float(np.abs(returned).max()))
    off = np.abs(returned - truth) > FITS * largest + BOUNDS * look.error(name)
    return bool((off & look.usable(name)).any())
