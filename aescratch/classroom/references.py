"""The right values of the checks, recorded so that they can be handed out without the code that computes them.

    checks.py, between ### BEGIN REFERENCE and ### END REFERENCE:  RIGHT, and SLIPS where there are any
    the checks run on the solution at seed 0 --record--> recorded.json: inputs, the right value, and each slip's
    the released checks.py --replayed--> RIGHT and SLIPS that look up their inputs
"""

import copy
import functools
import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aescratch.classroom.comparing import Slip
from aescratch.classroom.exercise import CourseError, Exercise
from aescratch.foundations.language import gettext

RECORDED = "recorded.json"
INSTEAD = "from aescratch.classroom import replayed\n\nRIGHT, SLIPS = replayed(__file__)"
SAME = 1e-9  # relative; inputs are drawn again, and another machine's logarithm may differ in its last digit
Call = dict[str, Any]  # {"inputs": {...}, "right": value, "slips": [value of each]}


def record(exercise: Exercise) -> str:
    """Return the text of recorded.json: the values of RIGHT and of every slip at the inputs drawn with seed 0."""
    checks = exercise.checks
    if not callable(getattr(checks, "RIGHT", None)):
        message = gettext("expected a function RIGHT in the marked reference of {name}/checks.py")
        raise CourseError(message.format(name=exercise.folder.name))
    calls: list[Call] = []
    right, slips = checks.RIGHT, getattr(checks, "SLIPS", ())

    @functools.wraps(right)
    def noted(*given: Any, **named: Any) -> Any:
        inputs = inspect.signature(right).bind(*given, **named).arguments
        before = {name: _plain(value) for name, value in inputs.items()}
        others = [_plain(slip.forward(*copy.deepcopy(given), **copy.deepcopy(named))) for slip in slips]
        value = right(*given, **named)
        calls.append({"inputs": before, "right": _plain(value), "slips": others})
        return value

    checks.RIGHT = noted  # type: ignore[attr-defined]
    try:
        list(exercise.reports_on(exercise.shown_solution, 0, checks=checks))
    except CourseError:
        raise
    except Exception as error:
        message = gettext("its checks raised {kind} on the solution: {error}")
        raise CourseError(message.format(kind=type(error).__name__, error=error)) from error
    if not calls:
        message = gettext(
            "the reference in {folder}/checks.py is marked, but check() never calls RIGHT outside the hidden tests"
        )
        raise CourseError(message.format(folder=exercise.folder.name))
    words = [{"code": slip.code, "cause": slip.cause, "question": slip.question} for slip in slips]
    return json.dumps({"seed": 0, "slips": words, "calls": calls}, indent=1) + "\n"


def replayed(checks: str) -> tuple[Callable[..., Any], tuple[Slip, ...]]:
    """Return RIGHT and SLIPS from the values recorded beside a released checks.py."""
    recorded = json.loads((Path(checks).parent / RECORDED).read_text(encoding="utf-8"))

    def look_up(given: tuple[Any, ...], named: Mapping[str, Any]) -> Call:
        for call in recorded["calls"]:
            inputs: Call = call["inputs"]
            bound = {**dict(zip(inputs, given, strict=False)), **named}
            if bound.keys() == inputs.keys() and all(_same(bound[name], inputs[name]) for name in inputs):
                return call
        message = gettext(
            "expected the inputs that the checks draw at seed 0, got others; a released exercise has the right "
            "values for those only: grade with the folder that it was released from"
        )
        raise ValueError(message)

    def right(*given: Any, **named: Any) -> Any:
        return _value(look_up(given, named)["right"])

    def slipped(which: int) -> Callable[..., Any]:
        return lambda *given, **named: _value(look_up(given, named)["slips"][which])

    return right, tuple(Slip(forward=slipped(n), **words) for n, words in enumerate(recorded["slips"]))


def _plain(value: Any) -> Any:
    """Return an array, a number, a tuple of them, or a function in a form that JSON can store."""
    if isinstance(value, (tuple, list)):
        return {"tuple": [_plain(part) for part in value]}
    if callable(value):
        return {"function": getattr(value, "__name__", type(value).__name__)}
    if isinstance(value, (np.generic, np.ndarray)):
        return {"array": value.tolist(), "dtype": str(value.dtype), "shape": list(value.shape)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    message = gettext("expected RIGHT to take and return arrays, numbers, text and tuples of them, got {kind}")
    raise CourseError(message.format(kind=type(value)))


def _value(plain: Any) -> Any:
    """Return the value that `_plain` was given."""
    if not isinstance(plain, dict):
        return plain
    if "tuple" in plain:
        return tuple(_value(part) for part in plain["tuple"])
    array = np.array(plain["array"], dtype=plain["dtype"]).reshape(plain["shape"])
    return array if plain["shape"] else array[()]


def _same(value: Any, recorded: Any) -> bool:
    """Whether an input equals the recorded one."""
    plain = _plain(value)
    if not (isinstance(plain, dict) and "array" in plain and isinstance(recorded, dict)):
        return bool(plain == recorded)
    if any(plain[key] != recorded.get(key) for key in ("dtype", "shape")):
        return False
    if np.asarray(value).dtype.kind not in "fc":
        return bool(plain == recorded)
    return bool(np.allclose(value, _value(recorded), SAME, SAME, equal_nan=True))
