"""Evidence, for the teacher, that right gradients were estimated by differences and not computed by a formula.

    calls of the submission, with what it returned --against the solution's values--> agreement, noise -> a sentence

Formulas agree to a few units in the last place. A difference quotient with the step h agrees to about ε/h, and its last
digits are noise: they change at random when an argument changes slightly. Single precision, a constant with few digits
and an approximation agree as badly, but aren't noisy, and are no evidence. A complex step is exact; its source, or
complex numbers in its functions, reveal it.
"""

import contextlib
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from aescratch.backend import Array
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.quotients_in_source import Shown, shown_in
from aescratch.classroom.outcome import Ended
from aescratch.foundations.language import gettext, joined
from aescratch.inspection.gradcheck import Report
from aescratch.inspection.gradcheck.binding import UPSTREAM_NAMES, as_list, copied
from aescratch.inspection.gradcheck.numeric import EPSILON

AGREES = 1e-5  # relative to the largest entry: a larger difference is an error, not inaccuracy
ROUGH, SHOWN = 20.0, 4.0  # units in the last place of the largest argument; the second if the source shows a quotient
SLIGHTLY = 2.0**-33  # relative change of arguments: far more than their last place, but negligible for a formula
LARGER, GROWS = 2.0**10, 8.0  # the first scales inputs up; the noise of a fixed step grows by more than the second
NEAR = 2.0**-30  # scales inputs down until they lie within a step of a kink at 0
MOST_INPUTS = 6  # at which a function is examined
Ask = Callable[[dict[str, Any]], Any]


class Call(NamedTuple):
    """A call by name, and its result."""

    function: str
    arguments: dict[str, Any]
    returned: Any


class Calls:
    """The calls of a submission; of calls that differ only in the upstream gradient, the first."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, bytes], Call] = {}

    def note(self, function: str, arguments: Mapping[str, Any], returned: Any) -> None:
        """Keep a call if it is the first at these inputs; its arguments must not change later."""
        arrays = [v for n, v in arguments.items() if isinstance(v, np.ndarray) and not _is_upstream(n)]
        inputs = b"".join(value.tobytes() for value in arrays)
        if sum(name == function for name, _ in self.kept) < MOST_INPUTS:
            self.kept.setdefault((function, inputs), Call(function, dict(arguments), returned))


def evidence(exercise: Exercise, text: bytes, reports: Sequence[Report], calls: Calls, asked: Any) -> str:
    """Return the evidence of difference quotients in a submission, as a sentence, or an empty text.

    If its numbers are not a formula's, it is called again, in its `Conversation`, with slightly changed arguments.
    """
    if not any(type(report) is Report and report.tensors for report in reports):
        return ""
    right = exercise.module_of(exercise.solution)
    told: dict[str, str] = {}
    counted: dict[str, tuple[str, int, bool]] = {}
    for call in list(calls.kept.values()):
        name = call.function
        formula = _called_alike(getattr(right, name, None), call.arguments)
        if name in told or formula is None or shown_in(exercise.solution, name).quotient:
            continue  # this exercise may ask for a quotient
        source, found = shown_in(text, name), list[str]()
        with contextlib.suppress(Exception):  # raised by the solution, at the changed arguments
            found = of_numbers(call, functools.partial(asked.call, name, ()), formula, source)
        if name not in counted:
            counted[name] = "", 0, False
            with contextlib.suppress(Exception, Ended):
                counted[name] = asked.counted(name, copied(call.arguments))
        helper, times, is_complex = counted[name]
        if source.imaginary:
            imaginary = gettext("line {line} takes an imaginary part, as a complex step does")
            found.append(imaginary.format(line=source.imaginary))
        elif is_complex:
            found.append(gettext("its own functions are called with complex numbers, as a complex step does"))
        if found and source.quotient:
            found.append(gettext("line {line} divides a difference by a step").format(line=source.quotient))
        if found and times > 1:
            entries = sum(value.size for value in _arrays(call.returned))
            calling = gettext("one call of {name}, for {entries} numbers, calls {helper} {times} times")
            found.append(calling.format(name=name, entries=entries, helper=helper, times=times))
        if found:
            told[name] = joined("", [f"{name}: ", joined("; ", found)])
    return joined("; ", told.values())


def of_numbers(call: Call, ask: Ask, formula: Callable[..., Any], source: Shown) -> list[str]:
    """Return the evidence in the numbers of a call; none if they are a formula's, or inaccurate without noise."""
    wanted, given = _arrays(formula(**copied(call.arguments))), _arrays(call.returned)
    if [value.shape for value in wanted] != [value.shape for value in given]:
        return []
    floats = {  # without masks, where other values have no meaning
        name: value for name, value in call.arguments.items()
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and (value != np.round(value)).any()
    }  # fmt: skip
    unit = EPSILON * max([1.0, *(float(np.abs(value).max()) for value in floats.values())])
    alike = [np.abs(g - w) <= AGREES * np.abs(w).max(initial=0.0) for g, w in zip(given, wanted, strict=True)]

    def off(changes: Sequence[Array], others: Sequence[Array]) -> float:
        """Return the distance of two results, relative to the largest entry, where the values agree."""
        each = (
            np.abs(a - b)[same].max(initial=0.0) / np.abs(w).max()
            for a, b, same, w in zip(changes, others, alike, wanted, strict=True) if same.any() and w.any()
        )  # fmt: skip
        return max(each, default=0.0)

    def changed(names: Sequence[str], factor: float) -> dict[str, Any]:
        """Return the arguments, with all entries of the named ones scaled by a factor and changed slightly."""
        factors = {name: factor * (1 + SLIGHTLY * rng.uniform(0.5, 1, floats[name].shape)) for name in names}
        return {**call.arguments, **{name: floats[name] * each for name, each in factors.items()}}

    def right(arguments: dict[str, Any]) -> list[Array]:
        return _arrays(formula(**copied(arguments)))

    rng = np.random.default_rng(0)
    inputs = [name for name in floats if not _is_upstream(name)]
    is_flat = not off(right(changed(inputs, 1.0)), wanted)  # like the slope of a ReLU
    accuracy = off(given, wanted)
    agrees = gettext("its values agree with a formula's only to {accuracy:.1e}, while formulas agree to {unit:.0e}")
    said: list[str] = [agrees.format(accuracy=accuracy, unit=unit)]
    if source.quotient and accuracy > SHOWN * unit:
        return said
    if source.quotient and is_flat and (now := _again(ask, near := changed(inputs, NEAR), given)):
        return [gettext("near a kink its values are those on both sides")] if off(now, right(near)) > AGREES else []
    if source.coarse or accuracy <= ROUGH * unit:
        return []  # formulas in all known styles reach 2 units, and their noise 3
    for name in floats:
        before = changed([name], 1.0)
        now = _again(ask, before, given)
        if not now:
            return [*said, gettext("it can't be called again")]
        theirs, ours = ([a - b for a, b in zip(*each, strict=True)] for each in ((now, given), (right(before), wanted)))
        if off(theirs, ours) > ROUGH * unit:
            return [*said, gettext("their last digits are noise")]
    if is_flat and (now := _again(ask, larger := changed(inputs, LARGER), given)):
        less = gettext("and less the larger its inputs are")
        return [*said, less] if off(now, right(larger)) > GROWS * accuracy else []
    return []


def _again(ask: Ask, arguments: dict[str, Any], before: Sequence[Array]) -> list[Array]:
    """Return the result of another call if its shapes are the same and it is finite, else an empty list."""
    try:
        now = _arrays(ask(copied(arguments)))
    except (Exception, Ended):
        return []
    alike = [value.shape for value in now] == [value.shape for value in before]
    return now if alike and all(np.isfinite(value).all() for value in now) else []


def _arrays(returned: Any) -> list[Array]:
    """Return a result as arrays of floats, or an empty list if that is impossible."""
    try:
        return [np.asarray(value, np.float64) for value in as_list(returned)]
    except (TypeError, ValueError):
        return []


def _called_alike(formula: Any, arguments: Mapping[str, Any]) -> Callable[..., Any] | None:
    """Return the solution's function as one that takes a submission's arguments; None if it needs others."""
    if formula is None:
        return None
    parameters = inspect.signature(formula).parameters
    ours = [name for name in parameters if _is_upstream(name)]
    called = dict(zip(filter(_is_upstream, arguments), ours, strict=False))  # upstream gradients have various names
    if not set(parameters) <= {called.get(name, name) for name in arguments}:
        return None

    def alike(**given: Any) -> Any:
        return formula(**{called.get(n, n): v for n, v in given.items() if called.get(n, n) in parameters})

    return alike


def _is_upstream(name: str) -> bool:
    return name.startswith("grad_") or name in UPSTREAM_NAMES
